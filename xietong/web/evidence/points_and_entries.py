"""The way down from a figure: a point's months, days and hours, the readings of an hour, the raw entry itself."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_safe

from xietong.journal import CorruptSegment, NoSuchEntry, find
from xietong.park.nouns import Point, Registry
from xietong.web.evidence import behind_figures, lines, raw_entry
from xietong.web.evidence.due_and_received import Calendar, due_in_hour
from xietong.web.shell import links, park_data
from xietong.web.shell.asked import (
    MOST_MONTHS,
    NothingThereError,
    instant_or_404,
    page_or_fragment,
    period_or_404,
)
from xietong.web.shell.languages import reading_language
from xietong.wording.words import name_of, spoken

LONGEST = timedelta(days=31 * MOST_MONTHS)
MONTHS_ABOVE, DAYS_ABOVE = timedelta(days=62), timedelta(hours=49)
SHAPES = {
    "counter": gettext_lazy("累计表"),
    "amount": gettext_lazy("时段量"),
    "mean": gettext_lazy("时段均值"),
    "instant": gettext_lazy("瞬时值"),
    "state": gettext_lazy("状态"),
    "sample": gettext_lazy("样品"),
}


@dataclass(slots=True)
class Bin:
    """The hours of one month, one day or one hour of a point, as far as they came."""

    label: str
    href: str
    is_mean: bool
    total: Decimal = Decimal(0)
    hours: int = 0
    readings: int = 0
    due: int = 0
    invalid: int = 0
    estimated: bool = False

    @property
    def value(self) -> float | None:
        """The sum of amounts, or the mean of means; None where no hour had a value."""
        if not self.hours:
            return None
        return float(self.total / self.hours) if self.is_mean else float(self.total)

    def add(self, hour: Mapping[str, Any]) -> None:
        """Count one row of the lake's hourly table in."""
        self.due += hour["due"]
        self.invalid += hour["invalid"]
        self.readings += hour["readings"]
        self.estimated = self.estimated or bool(hour["estimated"])
        if hour["readings"]:
            self.hours += 1
            self.total += hour["total"] / hour["readings"] if self.is_mean else hour["total"]


@require_safe
def point(request: HttpRequest, code: str) -> HttpResponse:
    """监测点: what one point measured over a span, by month, day or hour as the span allows."""
    registry = park_data.registry()
    shown = _point_or_404(registry, code)
    start, end = _span(request, registry)
    hours = behind_figures.hours_of(registry, code, start, end)
    local = [at.astimezone(registry.zone).strftime("%Y-%m-%d %H:%M") for at in (start, end)]
    context = _about(registry, shown) | {
        "start": local[0],
        "end": local[1],
        "total": sum(1 for hour in hours if hour["readings"]),
        "bins": _bins(shown, hours, registry, end - start),
    }
    return page_or_fragment(request, "point", context)


@require_safe
def readings(request: HttpRequest, code: str, hour: str) -> HttpResponse:
    """监测值: the readings of one hour of a point as they came, each with the entry that holds it."""
    registry = park_data.registry()
    shown, span = _point_or_404(registry, code), period_or_404(hour)
    start, end = span.utc(registry.zone)
    rows = behind_figures.readings_of(registry, shown.addresses, start, end)
    context = _about(registry, shown) | {
        "label": span.label,
        "readings": [
            {
                "at": row["at"].astimezone(registry.zone),
                "value": raw_entry.plain(row["value"]),
                "flag": row["flag"],
                "entry": row["entry"],
                "href": links.entry_href(row["entry"], address=row["address"], at=row["at"].isoformat()),
            }
            for row in rows
        ],
    }
    return page_or_fragment(request, "readings", context)


@require_safe
def entry(request: HttpRequest, journal: str, ordinal: int) -> HttpResponse:
    """存证: one piece of evidence as it was received, the value that was asked for marked in it."""
    registry = park_data.registry()
    try:
        found = find(park_data.data_folder() / "journal", f"{journal}/{ordinal}")
    except NoSuchEntry as error:
        raise NothingThereError(gettext("没有 %(id)s 这条存证。") % {"id": f"{journal}/{ordinal}"}) from error
    except CorruptSegment as error:
        sentence = gettext("存证 %(id)s 所在的日志段已损坏，读不出原文；请管理员查看日志段，勿改动它。")
        raise NothingThereError(sentence % {"id": f"{journal}/{ordinal}"}) from error
    wanted = raw_entry.Wanted(**{name: request.GET.get(name, "") for name in ("address", "at", "row")})
    context = raw_entry.shown(found, wanted, park_data.data_folder(), registry)
    stated = behind_figures.revisions_of(found.id, wanted.row)
    context["revisions"] = lines.revision_lines(stated, registry.zone)
    return page_or_fragment(request, "entry", context)


def _point_or_404(registry: Registry, code: str) -> Point:
    if code not in registry.points:
        raise NothingThereError(gettext("园区里没有代码为“%(code)s”的监测点；它可能已更名。") % {"code": code})
    return registry.points[code]


def _span(request: HttpRequest, registry: Registry) -> tuple[datetime, datetime]:
    """The asked span as instants: `start` and `end`, or a `period`; this year where nothing is asked."""
    if request.GET.get("start") and request.GET.get("end"):
        return _bounded(*(instant_or_404(request.GET[name], registry.zone) for name in ("start", "end")))
    year = park_data.clock().astimezone(registry.zone).year
    return period_or_404(request.GET.get("period", str(year))).utc(registry.zone)


def _bounded(start: datetime, end: datetime) -> tuple[datetime, datetime]:
    """The span, where it is not longer than a page may ask."""
    if end - start > LONGEST:
        sentence = gettext("页面一次最多看 %(years)s 年；请从指标的依据里点开。")
        raise NothingThereError(sentence % {"years": MOST_MONTHS // 12})
    return start, end


def _about(registry: Registry, shown: Point) -> dict[str, Any]:
    language = reading_language()
    subject = registry.subjects.get(shown.subject)
    return {
        "point": shown,
        "point_name": spoken(name_of(shown.item), language),
        "shape_word": str(SHAPES[shown.shape]),
        "subject_name": links.subject_name(subject, language) if subject else shown.subject,
    }


def _bins(shown: Point, hours: Iterable[Mapping[str, Any]], registry: Registry, length: timedelta) -> list[Bin]:
    """The hours gathered by month, day or hour, in order; of hours also those between that owed something and did not
    come: missing is a row without a value."""
    form = "%Y-%m" if length > MONTHS_ABOVE else "%Y-%m-%d" if length > DAYS_ABOVE else "%Y-%m-%dT%H"
    if form.endswith("%H"):
        hours = _with_missing(shown, list(hours), registry)
    found: dict[str, Bin] = {}
    for hour in hours:
        label = hour["hour"].astimezone(registry.zone).strftime(form)
        if label not in found:
            found[label] = Bin(label, _deeper(shown.code, label), shown.shape not in ("counter", "amount"))
        found[label].add(hour)
    return list(found.values())


def _with_missing(shown: Point, hours: list[Mapping[str, Any]], registry: Registry) -> Iterator[Mapping[str, Any]]:
    """The hours and, in the park days that they touch, those that owe readings and have no row."""
    came = {hour["hour"]: hour for hour in hours}
    days = sorted({at.astimezone(registry.zone).date() for at in came})
    calendar = Calendar(registry, days, park_data.clock())
    for day in days:
        at, end = calendar.span(day)
        while at < end:
            due = due_in_hour(shown, at, calendar)
            if at in came:
                yield came[at]
            elif due:
                yield {"hour": at, "total": Decimal(0), "readings": 0, "due": due, "invalid": 0, "estimated": False}
            at += timedelta(hours=1)


def _deeper(code: str, label: str) -> str:
    if "T" in label:
        return reverse("readings", args=[code, label])
    return reverse("point", args=[code]) + "?" + urlencode({"period": label})
