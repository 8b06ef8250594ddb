"""数据质量: what is doubtful in the readings of a subject's points in a year."""

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from xietong.web.intake import intake_state
from xietong.web.shell import park_data
from xietong.web.shell.asked import page_or_fragment, subject_or_404, year_or_newest, years_of
from xietong.web.shell.folding import folded
from xietong.web.shell.languages import reading_language
from xietong.web.shell.links import subject_name

MOST_CASES = 4


@require_safe
def quality(request: HttpRequest) -> HttpResponse:
    """数据质量: what is doubtful in the readings of a subject's points in a year; the cockpit fetches it late."""
    registry = park_data.registry()
    subject = subject_or_404(registry, request.GET.get("subject") or registry.park.code)
    year = year_or_newest(request.GET.get("year"), years_of(registry))
    below = {each.code for each in registry.below(subject.code)}
    cases = [
        {
            "sentence": case.sentence,
            "href": reverse("point", args=[case.point])
            + "?"
            + urlencode({"start": case.start.isoformat(), "end": case.end.isoformat()}),
        }
        for case in intake_state.quality_cases(registry, year)
        if registry.points[case.point].subject in below
    ]
    name = subject_name(subject, reading_language())
    return page_or_fragment(request, "quality", {"cases": folded(cases, MOST_CASES), "name": name, "year": year})
