"""介质平衡 and 一个总量: the balances of a subject's media month by month; a park's energy and carbon reconciled."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from xietong.accounting.boundary import GROUPS
from xietong.park.nouns import Registry
from xietong.periods import Period
from xietong.web.figures import balance_figures
from xietong.web.figures.balance_context import Reader, medium_section, steps_section, total_section
from xietong.web.shell import links, park_data
from xietong.web.shell.asked import NothingThereError, newest_year, period_or_404, subject_or_404, years_of
from xietong.web.shell.languages import reading_language


@require_safe
def balance(request: HttpRequest) -> HttpResponse:
    """介质平衡（5.4.4）: every medium of a subject, month by month, with what is not accounted for."""
    reader = asked_reader(request)
    found = balance_figures.balance(reader.registry, reader.subject.code, reader.period)
    sections = [medium_section(reader, each) for each in found.media]
    kinds = ("park", "zone", "enterprise", "supply", "process", "equipment", "treatment")
    context = page_context(reader, request, kinds)
    return render(request, "web/balance.html", context | {"sections": sections})


@require_safe
def one_total(request: HttpRequest) -> HttpResponse:
    """一个总量: energy and carbon from the units and from the fence, and the way to the statistical figure."""
    reader = asked_reader(request)
    if reader.subject.kind not in GROUPS:
        sentence = gettext("“%(name)s”不是园区、区域或行业，没有下属单位可以勾稽；请从列表里选。")
        raise NothingThereError(sentence % {"name": links.subject_name(reader.subject, reader.language)})
    found = balance_figures.one_total(reader.registry, reader.subject.code, reader.period)
    context = page_context(reader, request, ("park", "zone", "sector")) | {
        "sections": [total_section(reader, each) for each in found.totals],
        "way": steps_section(found.way),
    }
    return render(request, "web/one_total.html", context)


def asked_reader(request: HttpRequest) -> Reader:
    """Whose page of which period was asked for, the park and its newest year by default."""
    registry = park_data.registry()
    subject = subject_or_404(registry, request.GET.get("subject") or registry.park.code)
    asked = request.GET.get("period")
    period = period_or_404(asked) if asked else Period.year(newest_year(years_of(registry)))
    return Reader(registry, subject, period, reading_language())


def page_context(reader: Reader, request: HttpRequest, kinds: tuple[str, ...]) -> dict[str, Any]:
    """What the head of such a page prints: whose, of which period, and what else can be chosen."""
    year = reader.period.start.year
    return {
        "subject": reader.subject.code,
        "subject_name": links.subject_name(reader.subject, reader.language),
        "subjects": _subjects(reader.registry, kinds, reader),
        "period": reader.period.label,
        "year": year,
        "periods": _periods(reader),
        "here": request.path,
        "is_group": reader.subject.kind in GROUPS,
    }


def _subjects(registry: Registry, kinds: tuple[str, ...], reader: Reader) -> list[dict[str, Any]]:
    groups = links.subject_groups(registry, reader.language)
    codes = {each.code for each in registry.subjects.values() if each.kind in kinds} | {reader.subject.code}
    kept = [{**group, "subjects": [each for each in group["subjects"] if each["code"] in codes]} for group in groups]
    return [group for group in kept if group["subjects"]]


def _periods(reader: Reader) -> list[str]:
    """The years that can be looked at, the months of the one shown, and the period asked for."""
    years = years_of(reader.registry)
    months = [month.label for month in Period.year(reader.period.start.year).months()]
    labels = [str(year) for year in years] + months
    return labels if reader.period.label in labels else [reader.period.label, *labels]
