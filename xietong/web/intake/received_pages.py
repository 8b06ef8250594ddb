"""应收与收到: the matrix of what was due and what came, by point and day of a month and by enterprise and month of a
year. Every cell is a link down to the hours; the same stands in a table beside it.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_safe

from xietong.park.nouns import Registry
from xietong.periods import Period
from xietong.web.evidence import behind_figures
from xietong.web.evidence.due_and_received import (
    Cell,
    Gap,
    Line,
    days_of_month,
    gaps,
    share,
    together,
    with_substitutes,
)
from xietong.web.intake import intake_state
from xietong.web.intake.device_pages import share_words
from xietong.web.months import facts
from xietong.web.months.months_received import MonthCell, gathered
from xietong.web.shell import links, park_data
from xietong.web.shell.asked import NothingThereError, page_or_404, period_or_404, subject_or_404
from xietong.web.shell.languages import reading_language
from xietong.wording.places import full_name
from xietong.wording.words import name_of, spoken

# More points than this are not listed one by one unless an enterprise is chosen; of more than so many, only those of
# some enterprises are looked up at a time.
MOST_POINTS, MOST_AT_ONCE, A_PAGE = 60, 3000, 40
KINDS = {
    "whole": gettext_lazy("完整"),
    "partial": gettext_lazy("部分"),
    "missing": gettext_lazy("没有收到"),
    "stopped": gettext_lazy("停产"),
    "not_due": gettext_lazy("不应收"),
    "ahead": gettext_lazy("未到"),
}
DECLARED = {
    "calibration": gettext_lazy("校准"),
    "maintenance": gettext_lazy("维护"),
    "fault": gettext_lazy("故障"),
    "start_up": gettext_lazy("启动"),
    "shut_down": gettext_lazy("停机"),
}
_OWNERS = ("enterprise", "supply")


@require_safe
def received(request: HttpRequest) -> HttpResponse:
    """The matrix of a month (`month`, this one where none is asked) for the park or one `enterprise`."""
    registry = park_data.registry()
    today = park_data.clock().astimezone(registry.zone).date()
    month = _month_or_404(request.GET.get("month") or f"{today:%Y-%m}")
    chosen = request.GET.get("enterprise", "")
    if chosen:
        subject_or_404(registry, chosen)
    year, owners = month.start.year, _owners(registry)
    measured = _measured(registry, owners, chosen)
    page, last = page_or_404(request.GET.get("page", "1"), len(measured) if _are_many(registry) else 0, A_PAGE)
    shown = measured[(page - 1) * A_PAGE : page * A_PAGE] if _are_many(registry) else measured
    groups = _groups(registry, month, chosen, dict(shown))
    context = {
        "here": "received",
        "month": f"{month.start:%Y-%m}",
        "year": year,
        "before": _href(_moved(month, -1), chosen),
        "after": _href(_moved(month, 1), chosen),
        "enterprise": chosen,
        "enterprises": _enterprises(registry, owners),
        "groups": groups,
        "headline": _headline([line for group in groups for line in group["lines"]]),
        "page": page,
        "last": last,
        "previous": _href(f"{month.start:%Y-%m}", chosen, page - 1) if page > 1 else "",
        "following": _href(f"{month.start:%Y-%m}", chosen, page + 1) if page < last else "",
        "are_points_shown": any(group["points"] for group in groups),
        **_reported(registry, month, chosen, owners, today),
    }
    return render(request, "web/received.html", context)


def _month_or_404(text: str) -> Period:
    month = period_or_404(text)
    if month.month_count != 1 or f"{month.start:%Y-%m}" != text:
        raise NothingThereError(gettext("“%(text)s”不是月份；请写成 2025-03。") % {"text": text})
    return month


def _moved(month: Period, by: int) -> str:
    number = month.start.year * 12 + month.start.month - 1 + by
    return f"{number // 12:04}-{number % 12 + 1:02}"


def _href(month: str, enterprise: str, page: int = 1) -> str:
    asked = {"month": month, "enterprise": enterprise, "page": "" if page == 1 else str(page)}
    return reverse("received") + "?" + urlencode({name: value for name, value in asked.items() if value})


def _are_many(registry: Registry) -> bool:
    return len(registry.points) > MOST_AT_ONCE


def _measured(registry: Registry, owners: Mapping[str, str], chosen: str) -> list[tuple[str, list[str]]]:
    """Each enterprise with the codes of its points, by code; the chosen one alone where there is one."""
    found: dict[str, list[str]] = {}
    for point in registry.points.values():
        owner = owners.get(point.subject, point.subject)
        if chosen in ("", owner):
            found.setdefault(owner, []).append(point.code)
    return sorted(found.items())


def _owners(registry: Registry) -> dict[str, str]:
    """Subject → the enterprise (or works) it belongs to; itself where there is none above it."""
    found = {}
    for code in registry.subjects:
        at, seen = code, {code}
        while registry.subjects[at].kind not in _OWNERS:
            parent = registry.subjects[at].parent
            if parent not in registry.subjects or parent in seen:
                at = code
                break
            at = parent
            seen.add(at)
        found[code] = at
    return found


def _enterprises(registry: Registry, owners: Mapping[str, str]) -> list[dict[str, str]]:
    language = reading_language()
    measured = {owners[point.subject] for point in registry.points.values() if point.subject in owners}
    stating = {owners[row.subject] for row in registry.reported if row.subject in owners}
    listed = [each for each in registry.subjects.values() if each.code in measured | stating]
    return [{"code": each.code, "name": links.subject_name(each, language)} for each in listed]


def _groups(registry: Registry, month: Period, chosen: str, measured: Mapping[str, list[str]]) -> list[dict[str, Any]]:
    """Enterprise by enterprise: its points together and, where they are few or it was chosen, each by itself."""
    codes = [code for listed in measured.values() for code in listed]
    days = days_of_month(month.start.year, month.start.month)
    every = intake_state.received_lines(registry, days, codes if chosen or _are_many(registry) else None)
    by_owner = {
        owner: lines
        for owner, listed in measured.items()
        if (lines := [every[code] for code in listed if _is_shown(every[code], month)])
    }
    are_few = sum(len(lines) for lines in by_owner.values()) <= MOST_POINTS
    if chosen:
        by_owner = {owner: _marked(registry, month, lines) for owner, lines in by_owner.items()}
    found = []
    for owner, lines in sorted(by_owner.items()):
        cells = together(lines)
        found.append(
            {
                "code": owner,
                "name": full_name(registry, owner),
                "href": _href(f"{month.start:%Y-%m}", owner),
                "share": share_words(share(cells)),
                "days": [_day(cell, _href(f"{month.start:%Y-%m}", owner)) for cell in cells],
                "lines": lines,
                "points": [_point(registry, each) for each in lines] if chosen or are_few else [],
                "count": len(lines),
                **_told(cells),
            }
        )
    return found


def _is_shown(shown: Line, month: Period) -> bool:
    """Points in force in the month; of those that owe nothing regularly only such as gave something."""
    point = shown.point
    is_over = point.until is not None and point.until <= month.start.date()
    is_to_come = point.since is not None and point.since >= month.end.date()
    owes = point.interval_s > 0 and shown.first is None
    return shown.has_anything or (owes and not is_over and not is_to_come)


def _marked(registry: Registry, month: Period, lines: Sequence[Line]) -> list[Line]:
    """The lines with the gaps of an outlet's pollutants marked where substitutes stand for all of them."""
    wanted = {
        (each.point.subject, each.point.item)
        for each in lines
        if each.point.quantity == "concentration" and (share(each.cells) or 1.0) < 1.0
    }
    stood: dict[str, tuple[int, int]] = {}
    for outlet, item in sorted(wanted):
        stood |= behind_figures.substituted_hours(registry, outlet, item, month)
    whole = {code for code, (hours, missing) in stood.items() if hours and not missing}
    return [with_substitutes(each) if each.point.code in whole else each for each in lines]


def _point(registry: Registry, shown: Line) -> dict[str, Any]:
    point = shown.point
    href = reverse("point", args=[point.code])
    return {
        "name": spoken(name_of(point.item), reading_language()),
        "place": full_name(registry, point.subject),
        "code": point.code,
        "href": f"{href}?period={shown.cells[0].day:%Y-%m}",
        "never": shown.first is None,
        "share": share_words(share(shown.cells)),
        "days": [_day(cell, f"{href}?period={cell.day.isoformat()}") for cell in shown.cells],
        **_told(shown.cells),
    }


def _day(cell: Cell, href: str) -> dict[str, Any]:
    """One cell: its day, its classes, the sentence behind it and the way down."""
    level = cell.received * 10 // cell.due if cell.due else 0
    marks = [
        name
        for name, is_so in (
            ("invalid", cell.invalid),
            ("guess", cell.estimated),
            ("stood", cell.substituted),
            ("halted", cell.stopped_h and cell.due),
            ("declared", cell.declared),
        )
        if is_so
    ]
    return {
        "number": cell.day.day,
        "css": " ".join([cell.kind, f"q{level}", *marks]),
        "text": cell_text(cell),
        "href": href if cell.kind not in ("ahead", "not_due") or cell.invalid else "",
    }


def cell_text(cell: Cell) -> str:
    """What a cell says in words."""
    parts = [cell.day.isoformat(), str(KINDS[cell.kind])]
    if cell.due:
        parts.append(f"{cell.received}/{cell.due}")
    if cell.invalid:
        parts.append(gettext("%(n)s 个无效") % {"n": cell.invalid})
    if cell.estimated:
        parts.append(gettext("含估算"))
    if cell.substituted:
        parts.append(gettext("排放量已用替代值"))
    if cell.stopped_h and cell.due:
        parts.append(gettext("停产 %(n)s 小时，不应收") % {"n": cell.stopped_h})
    if cell.declared:
        parts.append(gettext("已申报：%(what)s") % {"what": "、".join(str(DECLARED[each]) for each in cell.declared)})
    return " · ".join(parts)


def _told(cells: Sequence[Cell]) -> dict[str, Any]:
    """A line's month in numbers and words: due, received, the gaps named, days marked."""
    return {
        "due": sum(cell.due for cell in cells),
        "received": sum(cell.received for cell in cells),
        "gaps": gap_words(gaps(cells)),
        "partial": sum(cell.kind == "partial" for cell in cells),
        "invalid": sum(cell.invalid for cell in cells),
        "estimated": sum(cell.estimated for cell in cells),
        "substituted": sum(cell.substituted for cell in cells),
        "stopped": sum(cell.stopped_h for cell in cells),
        "declared": ", ".join(str(cell.day.day) for cell in cells if cell.declared),
    }


def gap_words(found: Iterable[Gap]) -> str:
    """Days of the month, as 3–5, 9."""
    return ", ".join(
        str(each.first.day) if each.first == each.last else f"{each.first.day}–{each.last.day}" for each in found
    )


def _headline(lines: Sequence[Line]) -> dict[str, Any]:
    cells = [cell for each in lines for cell in each.cells]
    return {
        "share": share_words(share(cells)),
        "points": len(lines),
        "missing": sum(1 for each in lines if any(cell.kind == "missing" for cell in each.cells)),
        "never": sum(1 for each in lines if not each.has_anything),
    }


def _reported(registry: Registry, month: Period, chosen: str, owners: Mapping[str, str], today: date) -> dict[str, Any]:
    """Enterprise by month of the year, and what one chosen enterprise lacks of the month."""
    language = reading_language()
    months = gathered(facts.months_reported(registry, month.start.year, today), owners)
    shown = {code: cells for code, cells in months.items() if chosen in ("", code)}
    rows = [_reporter(registry, code, cells) for code, cells in sorted(shown.items())]
    lacking = [
        {
            "name": spoken(name_of(item), language),
            "place": full_name(registry, subject),
            "href": links.figure_href(subject, item, month),
        }
        for cells in (shown.values() if chosen else ())
        for subject, item in cells[month.start.month - 1].lacking
    ]
    return {"reporters": rows, "lacking": lacking}


def _reporter(registry: Registry, code: str, cells: Sequence[MonthCell]) -> dict[str, Any]:
    due, stated = sum(cell.due for cell in cells), sum(cell.stated for cell in cells)
    return {
        "name": full_name(registry, code),
        "share": share_words(stated / due if due else None),
        "due": due,
        "stated": stated,
        "estimated": sum(cell.estimated for cell in cells),
        "gaps": ", ".join(str(cell.month.start.month) for cell in cells if cell.due and not cell.stated),
        "partial": ", ".join(str(cell.month.start.month) for cell in cells if 0 < cell.stated < cell.due),
        "months": [_month_cell(cell, code) for cell in cells],
    }


def _month_cell(cell: MonthCell, code: str) -> dict[str, Any]:
    kind = "not_due" if not cell.due else "missing" if not cell.stated else "whole"
    kind = "partial" if 0 < cell.stated < cell.due else kind
    level = cell.stated * 10 // cell.due if cell.due else 0
    text = [f"{cell.month.start:%Y-%m}", str(KINDS[kind])] + ([f"{cell.stated}/{cell.due}"] if cell.due else [])
    if cell.estimated:
        text.append(gettext("%(n)s 项为估算") % {"n": cell.estimated})
    return {
        "number": cell.month.start.month,
        "css": " ".join([kind, f"q{level}", *(["guess"] if cell.estimated else [])]),
        "text": " · ".join(text),
        "href": _href(f"{cell.month.start:%Y-%m}", code) + "#reported" if cell.due else "",
    }
