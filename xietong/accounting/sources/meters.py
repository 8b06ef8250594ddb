"""Metered amounts: what a point measured over a span, from the lake's daily table (months) or hourly table (less).

A point's amount is exact; how many of its due hours came decides between ok and partial. The lake has already applied
multiplier and sign; missing is no row there and a reason here.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from xietong.accounting.amounts import Amount, absent, amount, idle
from xietong.accounting.left_out import left_out_said
from xietong.calc.figures import Figure, Status
from xietong.calc.items import Item, to_canonical, unit_kept
from xietong.lake.queries.meter_totals import hours_by_month, hours_run, totals_by_month, totals_of_span
from xietong.lake.store import Lake
from xietong.park.nouns import Point
from xietong.periods import Period
from xietong.readings import MILLIONTH
from xietong.texts import Text
from xietong.units import UnitError, convert, unit_of

# What the state of a device (1 runs, all else stands) tells the hours of.
RUN_HOURS = frozenset({"treatment_run_hours", "production_run_hours"})
# What a rate becomes when an hour has passed.
_INTEGRALS = {"power": ("kW", "kWh"), "flow": ("m3/h", "m3"), "mass_flow": ("t/h", "t")}


class Metered(NamedTuple):
    """What came from one point in one span, in the point's own unit.

    hours: with a valid or an estimated value; day_hours: those of the park days with
    any row; owed: readings that these days owed, stops
    of production taken off; jump: the largest step of a register far faster than those beside it, none where there was
    none (of other shapes: nothing).
    """

    total: Decimal
    readings: int
    hours: int
    estimated: bool
    conflicts: int
    day_hours: int
    owed: int
    left_out: int = 0
    jump: Decimal | None = None


Totals = Mapping[tuple[str, datetime], Metered]


def month_totals(lake: Lake, year: Period, zone: ZoneInfo) -> Totals:
    """The totals of all points by month of one calendar year."""
    found = totals_by_month(lake, (year.start.date(), year.end.date()), year.utc(zone))
    totals = {(point, _midnight(day)): Metered(*came) for (point, day), came in found.items()}
    return {**totals, **_with_estimates(lake, totals, year, zone)}


def _with_estimates(lake: Lake, totals: Totals, year: Period, zone: ZoneInfo) -> Totals:
    """The months of counters that bridge a gap, their estimated hours counted: the total holds them already."""
    bridged = sorted({point for (point, _), came in totals.items() if came.estimated})
    if not bridged:
        return {}
    months = tuple(year.months())
    found = hours_by_month(lake, bridged, year.utc(zone), [month.utc(zone)[0] for month in months[1:]])
    counted = {(point, months[place].start): hours for (point, place), hours in found.items()}
    return {key: came._replace(hours=counted.get(key, 0)) for key, came in totals.items() if came.estimated}


def span_totals(lake: Lake, span: Period, zone: ZoneInfo) -> Totals:
    """The totals of all points over one span that is no month, such as a day or an hour."""
    return {(point, span.start): Metered(*came) for point, came in totals_of_span(lake, span.utc(zone)).items()}


def run_hours(lake: Lake, points: Iterable[str], span: Period, zone: ZoneInfo) -> Totals:
    """How long the devices behind state points ran, by month of a span or over it."""
    whole = None if span.month_count else span.start.date()
    found: dict[tuple[str, datetime], Metered] = {}
    for (point, day), (ran, known) in hours_run(lake, points, span.utc(zone), whole).items():
        exact = Decimal(0) if ran is None else Decimal(ran).quantize(MILLIONTH)
        found[point, span.start if whole else _midnight(day)] = Metered(
            exact, known, hours=known, estimated=False, conflicts=0, day_hours=0, owed=0
        )
    return found


def is_amount_point(point: Point, item: Item) -> bool:
    """Whether the point measures amounts of that item, or a rate that becomes one."""
    if point.role == "total" and point.shape == "state":
        return item.item in RUN_HOURS
    if point.role != "total" or point.shape == "sample":
        return False
    try:
        _exact(point, item, Metered(Decimal(1), 1, hours=1, estimated=False, conflicts=0, day_hours=0, owed=0))
    except UnitError:
        return False
    return True


def service(point: Point, span: Period) -> Period:
    """The part of the span on which the point was in service; empty where it was not."""
    start = max(span.start, _midnight(point.since) if point.since else span.start)
    end = min(span.end, _midnight(point.until) if point.until else span.end)
    return Period(start, max(start, end))


def hours_due(point: Point, span: Period, zone: ZoneInfo | None = None) -> int:
    """Hours of the span on which the point was in service; a day on which clocks change has 23 or 25 in its zone."""
    within = service(point, span)
    return _hours_of(within, zone) if zone else (within.end - within.start) // timedelta(hours=1)


@lru_cache(maxsize=4096)
def _hours_of(span: Period, zone: ZoneInfo) -> int:
    start, end = span.utc(zone)
    return max(timedelta(), end - start) // timedelta(hours=1)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, datetime.min.time())


def metered_amount(
    point: Point, item: Item, span: Period, came: Metered | None, stopped: int = 0, zone: ZoneInfo | None = None
) -> Amount:
    """What a point measured in a span, in the item's canonical unit, its trace leading to the readings.

    stopped: hours of declared stops of production; zone: the park's, whose clocks may change.
    """
    unit = unit_kept(item, integral_unit(point))
    if hours_due(point, span, zone) == 0:
        return idle(item.item, unit)
    due = hours_owed(point, span, came, stopped, zone)
    trace = {
        "subject": point.subject,
        "point": point.code,
        "start": _moment(span.start),
        "end": _moment(span.end),
        "period": span.label,
    }
    # What a register shows after an hour tells of it too, without a reading in it.
    if came is None or (came.readings == 0 and came.hours == 0 and not came.estimated):
        if due == 0:
            return idle(item.item, unit, _stood_still(point, span))
        return absent(item.item, unit, _nothing(point, span), trace=trace)
    received = hours_received(point, came, due)
    status: Status = "estimated" if came.estimated else "ok"
    # An hour with three quarters of its amounts is covered, and yet its sum lacks the fourth.
    if point.shape == "amount" and came.left_out:
        status = "partial"
    figure = Figure(
        item.item,
        None,
        unit,
        "partial" if received < due else status,
        title=Text(f"{span.label} · {point.code}", f"{span.label} · {point.code}"),
        source="计量 meter",
        missing=_lacking(point, span, came, (received, due)),
        trace={**trace, "hours": str(received), "hours_due": str(due)},
        remarks=(*_jumped(point, came), *_conflicts(point, came), *_left_out(point, came)),
    )
    return amount(figure, _exact(point, item, came), share=Decimal(received) / due if due else Decimal(1))


def hours_owed(point: Point, span: Period, came: Metered | None, stopped: int, zone: ZoneInfo | None = None) -> int:
    """Hours in service less those of a stop of production, declared or reported by the device: the longer counts."""
    reported = hours_stopped(point, came) if came is not None else 0
    return max(0, hours_due(point, span, zone) - max(stopped, reported))


def hours_stopped(point: Point, came: Metered) -> int:
    """Hours on which the device reported a stop of production: they were not due."""
    if not came.day_hours or not 0 < point.interval_s <= 3600:
        return 0
    return max(0, came.day_hours - came.owed * point.interval_s // 3600)


def hours_received(point: Point, came: Metered, due: int) -> int:
    """Hours received of those due; a point read less often than hourly stands for its whole interval."""
    if point.interval_s > 3600:
        return min(due, came.readings * point.interval_s // 3600)
    return min(due, came.hours)


@lru_cache(maxsize=256)
def _moment(at: datetime) -> str:
    """The bounds of months stand in every trace."""
    return at.isoformat()


def integral_unit(point: Point) -> str:
    """The unit of what a point measures over time: kWh of a power, m3 of a flow, else its own."""
    _, integral = _INTEGRALS.get(unit_of(point.unit).dimension, ("", point.unit))
    return integral


def _exact(point: Point, item: Item, came: Metered) -> Decimal:
    if point.shape == "state":
        return came.total
    dimension = unit_of(point.unit).dimension
    if dimension not in _INTEGRALS:
        return to_canonical(item, came.total, point.unit)
    rate, integral = _INTEGRALS[dimension]
    per_hour = convert(came.total, point.unit, rate)
    if point.shape in ("mean", "instant") and came.readings:
        per_hour = (per_hour / came.readings * came.hours).quantize(MILLIONTH)
    return to_canonical(item, per_hour, integral)


def _nothing(point: Point, span: Period) -> Text:
    return Text(
        f"监测点 {point.code} 在 {span.label} 没有数据；请检查设备或补传。",
        f"point {point.code} sent nothing for {span.label}; check the device or send it later.",
    )


def _stood_still(point: Point, span: Period) -> Text:
    return Text(
        f"监测点 {point.code} 在 {span.label} 停产，无应收数据。",
        f"point {point.code} owed nothing for {span.label}: production stood still.",
    )


def _lacking(point: Point, span: Period, came: Metered, hours: tuple[int, int]) -> tuple[Text, ...]:
    """What the value lacks: hours, and what came and is not in it; an amount and a register lose by every reading."""
    received, due = hours
    left_out = _left_out(point, came) if point.shape in ("amount", "counter") else ()
    return (_share(point, span, received, due), *left_out) if received < due else left_out


def _left_out(point: Point, came: Metered) -> tuple[Text, ...]:
    return (left_out_said(point.code, came.left_out),) if came.left_out else ()


def _share(point: Point, span: Period, received: int, due: int) -> Text:
    return Text(
        f"监测点 {point.code} 在 {span.label} 应收 {due} 小时，收到 {received} 小时"
        f"（{received / due:.1%}）；合计不含缺失时段。",
        f"point {point.code}: {received} of {due} hours of {span.label} came ({received / due:.1%}); "
        "the sum leaves out the rest.",
    )


def _jumped(point: Point, came: Metered) -> tuple[Text, ...]:
    if point.shape != "counter" or not came.estimated or came.jump is None:
        return ()
    jump = f"{came.jump.normalize():f} {point.unit}"
    return (
        Text(
            f"监测点 {point.code} 的表计读数一步跳升 {jump}，比前后各步快百倍以上；这一段照读数计入并标为估算，"
            "可能不是用量。请现场核对；换过表就补录止码和起码，读数有误用更正说明（xietong import --corrects）。",
            f"the register of point {point.code} jumped by {jump} in one step, more than a hundred times faster than "
            "the steps around; the amount is as read, marked as estimated, and may be no consumption. Inspect it; "
            "enter the change with both registers if there was one, or correct readings (xietong import --corrects).",
        ),
    )


def _conflicts(point: Point, came: Metered) -> tuple[Text, ...]:
    if not came.conflicts:
        return ()
    return (
        Text(
            f"监测点 {point.code} 有 {came.conflicts} 个时刻收到互相矛盾的值，按最先收到的计。",
            f"point {point.code} got conflicting values at {came.conflicts} instants; the first received counts.",
        ),
    )
