"""The cockpit and the live panel: one plain function per URL."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from xietong.accounting.boundary import GROUPS
from xietong.accounting.figures.tables import table_keys
from xietong.calc.figures import Figure
from xietong.calc.judgement.grade import Judged
from xietong.park.nouns import Registry, Subject
from xietong.periods import Period
from xietong.web.cockpit import context, verdicts
from xietong.web.cockpit import model as model
from xietong.web.months import facts
from xietong.web.shell import links, park_data, park_figures
from xietong.web.shell.asked import page_or_fragment, subject_or_404, year_or_newest, years_of
from xietong.web.shell.languages import reading_language


@require_safe
def cockpit(request: HttpRequest) -> HttpResponse:
    """总览: the grade, three columns, tables 1 to 5, what moved, and what is coming in now."""
    registry = park_data.registry()
    subject = subject_or_404(registry, request.GET.get("subject") or registry.park.code)
    years = years_of(registry)
    year = year_or_newest(request.GET.get("year"), years)
    return render(request, "web/cockpit.html", cockpit_context(registry, subject, year) | {"years": years})


def cockpit_context(registry: Registry, subject: Subject, asked_year: int) -> dict[str, Any]:
    """Everything the cockpit's templates print of one subject and year."""
    language = reading_language()
    now = park_data.clock().astimezone(registry.zone).replace(tzinfo=None)
    evaluation = park_figures.evaluation(registry, subject.code, asked_year)
    goals = {line.judged.key: line.judged for line in evaluation.lines if not line.judged.requirement}

    def figures_of(period: Period) -> Mapping[str, Figure]:
        return park_figures.subject_figures(registry, subject.code, period)

    year = model.gather(figures_of, asked_year, now)
    place = context.Place(registry, subject.code, year, language)
    panels = [model.panel(plan, year, goals, language) for plan in model.PANELS]
    better, worse = model.movers(year, park_figures.all_keys(registry, subject.code))
    return {
        "subject": subject.code,
        "subject_name": links.subject_name(subject, language),
        "subjects": links.subject_groups(registry, language),
        "year": asked_year,
        "is_group": subject.kind in GROUPS,
        "verdict": verdicts.verdict(evaluation, language),
        "completeness": verdicts.completeness(evaluation.coverage),
        "columns": context.columns(place, panels),
        "joint": context.joint_chart(place),
        "tables": (tables := _tables(place, goals, subject)),
        "are_five": len(tables) == 5,
        "better": context.mover_lines(place, better),
        "worse": context.mover_lines(place, worse),
        **verdicts.findings(evaluation, place),
        **context.owed_lines(place, facts.owed_reports(registry, now.date()), now.date()),
        "live": park_data.live_view(registry),
        "gone": [each.in_language(language) for each in park_data.evidence_gone()],
    }


def _tables(place: context.Place, goals: Mapping[str, Judged], subject: Subject) -> list[dict[str, Any]]:
    found = []
    for number, keys in table_keys(subject.kind).items():
        rows = [model.row(key, place.year, goals) for key in keys]
        found.append(context.pollutant_table(place, rows) if number == 3 else context.table(place, number, rows))
    return found


@require_safe
def live(request: HttpRequest) -> HttpResponse:
    """实时: the newest readings with their age, one line a device; a fragment for htmx, a page without it."""
    registry = park_data.registry()
    return page_or_fragment(request, "live", {"live": park_data.live_view(registry)})
