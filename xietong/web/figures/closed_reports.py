"""封存的报告: what was closed, one report with its difference to today, and the working of one of its figures.

Reading only: closing and reopening are acts on the command line.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_safe

from xietong.accounting.closed.comparing import Difference, against_today
from xietong.accounting.closed.differences import FigureChange, Row, RowChange
from xietong.accounting.closed.reports import BrokenReportError, Closed, closed_reports, is_reopened, opened
from xietong.accounting.figures.account import UnknownNameError
from xietong.accounting.models import ClosedReport
from xietong.calc.factors.book import PURPOSES
from xietong.calc.figures import Figure
from xietong.park.nouns import Registry
from xietong.web.evidence import lines
from xietong.web.evidence.tree import walk
from xietong.web.figures.factors import called
from xietong.web.figures.figure import working
from xietong.web.shell import park_data
from xietong.web.shell.asked import NothingThereError, page_or_fragment
from xietong.web.shell.languages import reading_language
from xietong.wording.places import full_name
from xietong.wording.words import spoken, title_of

KINDS = {"account": gettext_lazy("核算"), "evaluation": gettext_lazy("评估")}
CHANGES = {"new": gettext_lazy("新增"), "changed": gettext_lazy("改动"), "gone": gettext_lazy("不再采用")}


@require_safe
def closed_list(request: HttpRequest) -> HttpResponse:
    """Every closed report of the park, the newest revision of each first."""
    registry = park_data.registry()
    return render(request, "web/closed_list.html", {"rows": [_row(each, registry) for each in closed_reports()]})


def _row(report: ClosedReport, registry: Registry) -> dict[str, Any]:
    return {
        "href": reverse("closed-report", args=[report.pk]),
        "name": _subject_name(report.subject, registry),
        "subject": report.subject,
        "period": report.period,
        "kind": str(KINDS.get(report.kind, report.kind)),
        "revision": report.revision,
        "at": report.closed_at.astimezone(registry.zone),
        "person": report.person,
        "reason": report.reason,
        "reopened": is_reopened(report),
    }


def _subject_name(code: str, registry: Registry) -> str:
    """Its full name; the code where the registry no longer has it."""
    return full_name(registry, code).in_language(reading_language()) if code in registry.subjects else code


def _opened(report: int) -> Closed:
    found = ClosedReport.objects.filter(pk=report).select_related("reopening").first()
    if found is None:
        raise NothingThereError(gettext("没有这份封存的报告；请从列表里选。"))
    try:
        return opened(found)
    except BrokenReportError as error:
        raise NothingThereError(error.text.in_language(reading_language())) from error


@require_safe
def closed_report(request: HttpRequest, report: int) -> HttpResponse:
    """One closed report: its figures as they were, what they come to now, and what has changed since."""
    registry, closed = park_data.registry(), _opened(report)
    try:
        difference = against_today(closed, registry, park_data.lake(registry))
    except UnknownNameError:
        difference = Difference((), (), (), (), 0)
    changes = {each.key: each for each in difference.figures}
    shown = [
        _figure(report, key, each, changes.get(key), registry)
        for key, each in closed.figures.items()
        if _is_worth(each)
    ]
    context = {
        "closed": closed,
        "name": _subject_name(closed.subject, registry),
        "kind": str(KINDS.get(closed.kind, closed.kind)),
        "at": closed.at.astimezone(registry.zone),
        "reopened_at": closed.reopened.at.astimezone(registry.zone) if closed.reopened else None,
        "made": closed.made_from,
        "as_of": datetime.fromisoformat(closed.made_from["registry_as_of"]).astimezone(registry.zone),
        "choices": sorted(closed.made_from["choices"].items()),
        "figures": shown,
        "changed": len(changes),
        "rows": [_change(each) for each in (*difference.factors, *difference.choices, *difference.statements)],
        "factors": [_factor(each) for each in closed.made_from["factors"]],
        "year": closed.period[:4],
    }
    return render(request, "web/closed_report.html", context)


def _is_worth(figure: Figure) -> bool:
    return figure.status != "not_applicable"


def _figure(report: int, key: str, figure: Figure, change: FigureChange | None, registry: Registry) -> dict[str, Any]:
    """A line of the report: the figure as it was, and the change where there is one.

    A kind ("product:steel") stands behind a title that does not name it, as titles once did not.
    """
    title, kind = spoken(title_of(figure), reading_language()), key.partition(":")[2]
    return {
        "key": key,
        "title": title,
        "whose": _subject_name(key.partition(" ")[0], registry) if " " in key else kind * (kind not in title),
        "figure": figure,
        "href": reverse("closed-figure", args=[report, key]),
        "now": None if change is None else change.after,
        "difference": None if change is None else change.difference,
        "ratio": None if change is None else change.ratio,
        "is_changed": change is not None,
    }


def _change(change: RowChange) -> dict[str, Any]:
    return {
        "what": str(CHANGES[change.what]),
        "name": _called(change.name),
        "before": _stated(change.before),
        "after": _stated(change.after),
    }


def _called(name: Row) -> str:
    """What a changed row is about: purpose, key, whose, which period or choice."""
    language = reading_language()
    purpose = PURPOSES.get(name.get("purpose", ""))
    parts = [] if purpose is None else [purpose.in_language(language)]
    parts += [called(name[part], language) for part in ("key", "item") if name.get(part)]
    parts += [name[part] for part in ("choice", "subject", "period") if name.get(part)]
    return " · ".join(parts)


def _stated(row: Row | None) -> str:
    if row is None:
        return "—"
    value = row.get("published") or " ".join(row.get(part, "") for part in ("value", "amount", "unit"))
    return "；".join(part for part in (" ".join(value.split()), row.get("source", "")) if part)


def _factor(row: Row) -> dict[str, str]:
    return {
        "name": _called({name: row.get(name, "") for name in ("purpose", "key", "subject")}),
        "value": row.get("published") or f"{row['value']} {row['unit']}",
        "source": row.get("source", ""),
    }


@require_safe
def closed_figure(request: HttpRequest, report: int, key: str) -> HttpResponse:
    """How a closed figure came about: its working as it was, to be followed with a calculator."""
    registry, closed = park_data.registry(), _opened(report)
    found = closed.figures
    if key not in found:
        raise NothingThereError(gettext("封存的报告里没有这个数；请从报告里点开。"))
    try:
        path = list(walk(found[key], request.GET.get("at", "")))
    except LookupError as error:
        raise NothingThereError(gettext("这个指标没有这一项输入；请从指标本身点开。")) from error
    context = working(path, request.path, request.GET.get("all") == "1") | {
        "base": request.path,
        "subject": closed.subject,
        "subject_name": _subject_name(closed.subject, registry),
        "period": closed.period,
        "year": closed.period[:4],
        "months": [],
        "weak": [],
        "revisions": _no_lines(),
        "closed": closed,
        "closed_href": reverse("closed-report", args=[report]),
    }
    return page_or_fragment(request, "figure", context)


def _no_lines() -> Iterable[object]:
    return lines.revision_lines([], park_data.registry().zone)
