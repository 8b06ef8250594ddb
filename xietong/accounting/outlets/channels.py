"""Which points of an outlet make a channel: a pollutant's concentration, the flow beside it, the oxygen that corrects
it and the limit it is judged by, for the dates on which all of them hold. The sums are made in `hours`."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

from xietong.accounting.outlets.hours import Channel
from xietong.calc.items import UnknownItemError, item
from xietong.calc.judgement.emission_limits import averaging_of
from xietong.park.nouns import Limit, Point, Registry
from xietong.periods import Period
from xietong.units import UNITS, convert, unit_of

VOLUMES: Mapping[str, str] = {"air": "waste_gas", "water": "wastewater"}
OXYGEN = frozenset({"o2", "oxygen", "a19001"})
_BASE_UNITS = {"air_concentration": "mg/m3", "water_concentration": "mg/L"}
_FLOW_UNITS = {"flow": "m3/h", "mass_flow": "t/h", "volume": "m3", "mass": "t"}
_RATES = frozenset({"mean", "instant"})

Span = tuple[datetime, datetime]


class _Parts(NamedTuple):
    """What a channel is made of; without a value it is one of volume. hour_limit: that of hours beside a daily one."""

    value: Point | None
    flow: Point | None
    oxygen: Point | None = None
    limit: Limit | None = None
    hour_limit: Limit | None = None


def concentration_unit(point: Point) -> str:
    """mg/m3 or mg/L where the point measures a concentration, else ""."""
    return _BASE_UNITS.get(unit_of(point.unit).dimension, "")


def is_concentration(point: Point) -> bool:
    """Whether the point measures a pollutant's concentration as it leaves, not corrected and not a check."""
    if point.role != "total" or not concentration_unit(point) or "corrected" in point.basis:
        return False
    try:
        return item(point.item).input == "pollutant_emission"
    except UnknownItemError:
        return False


def is_flow(point: Point) -> bool:
    """Whether the point measures how much gas or water passes."""
    dimension = unit_of(point.unit).dimension
    if point.role != "total" or dimension not in _FLOW_UNITS:
        return False
    named = point.item in VOLUMES.values() or point.quantity in ("flow", "volume")
    if dimension == "mass_flow":  # t/d is how the field writes m3/d of water
        return named and point.shape in _RATES
    return dimension == "flow" or (named and point.shape in ("amount", "counter"))


def medium(points: Iterable[Point]) -> str:
    """Whether an outlet carries air or water, by its concentrations, else by what its flow is called."""
    listed = tuple(points)
    units = {concentration_unit(point) for point in listed}
    if "mg/L" in units or any(point.item == VOLUMES["water"] for point in listed):
        return "water"
    return "air"


def channels(registry: Registry, outlet: str, points: Iterable[Point], span: Period) -> Iterator[Channel]:
    """Every channel of one outlet in force during a span: its pollutants, then its volume under the volume's item."""
    listed = sorted(points, key=lambda point: (point.since or date.min, point.code))
    flows = [point for point in listed if is_flow(point)]
    oxygen = [point for point in listed if point.item in OXYGEN or point.quantity in OXYGEN]
    for value in _in_turn([point for point in listed if is_concentration(point)]):
        of_item = (limit for limit in registry.limits if limit.subject == outlet and limit.item == value.item)
        limits = [limit for limit in of_item if _can_judge(limit, value)]
        for flow in _or_none(flows):
            for judging, start, end in _judged_spans(limits, _service(value, flow, span)):
                parts = _Parts(value, flow, _beside(oxygen, start), *judging)
                yield _channel(outlet, value.item, parts, _utc((start, end), registry.zone))
    volume = VOLUMES[medium(listed)]
    for flow in flows:
        start, end = _service(flow, None, span)
        if start < end:
            yield _channel(outlet, volume, _Parts(None, flow), _utc((start, end), registry.zone))


def _can_judge(limit: Limit, value: Point) -> bool:
    """Whether a point's values can be held against a limit: one of concentration, over hours or days, in their unit."""
    unit = unit_of(limit.unit).dimension if limit.unit in UNITS else ""
    fits = unit == unit_of(value.unit).dimension
    return limit.kind == "concentration" and fits and averaging_of(limit.averaging) is not None


def _or_none(flows: list[Point]) -> Sequence[Point | None]:
    return flows or (None,)


def _in_turn(values: list[Point]) -> Iterator[Point]:
    """Points of one pollutant that follow each other; one that overlaps an earlier one would count twice. Samples of a
    laboratory yield to an analyser."""
    taken: dict[str, list[Point]] = defaultdict(list)
    for value in sorted(values, key=lambda point: point.shape == "sample"):
        if not any(_overlap(value, other) for other in taken[value.item]):
            taken[value.item].append(value)
            yield value


def _overlap(one: Point, other: Point) -> bool:
    return (one.since or date.min) < (other.until or date.max) and (other.since or date.min) < (one.until or date.max)


def _service(one: Point, other: Point | None, span: Period) -> Span:
    """The park time within the span on which both points were in service."""
    start, end = span.start, span.end
    for point in (one, other):
        if point is not None:
            start = max(start, _midnight(point.since)) if point.since else start
            end = min(end, _midnight(point.until)) if point.until else end
    return start, end


def _midnight(day: date) -> datetime:
    return datetime.combine(day, datetime.min.time())


def _judged_spans(limits: list[Limit], service: Span) -> Iterator[tuple[tuple[Limit, ...], datetime, datetime]]:
    """The service cut where limits begin and end, with the limits in force: that of daily means and that of hours, or
    the one that there is, or none. Of several alike in force the newest counts."""
    start, end = service
    newest = sorted(limits, key=lambda limit: limit.since or date.min, reverse=True)
    cuts = {_midnight(day) for limit in newest for day in (limit.since, limit.until) if day}
    edges = [start, *sorted(cut for cut in cuts if start < cut < end), end]
    for opens, closes in pairwise(edges):
        if opens < closes:
            held = [limit for limit in newest if _holds(limit, opens)]
            daily = [limit for limit in held if _is_daily(limit)]
            hourly = [limit for limit in held if not _is_daily(limit)]
            yield (*daily[:1], *hourly[:1]), opens, closes


def _is_daily(limit: Limit) -> bool:
    return averaging_of(limit.averaging) == "day"


def _holds(limit: Limit, at: datetime) -> bool:
    return (limit.since is None or _midnight(limit.since) <= at) and (
        limit.until is None or at < _midnight(limit.until)
    )


def _beside(points: list[Point], at: datetime) -> Point | None:
    return next((point for point in points if point.until is None or at < _midnight(point.until)), None)


def _utc(span: Span, zone: ZoneInfo) -> Span:
    return Period(*span).utc(zone)


def _channel(outlet: str, name: str, parts: _Parts, span: Span) -> Channel:
    value, flow, oxygen, limit, hour_limit = parts
    reference = limit.o2_reference if limit else None
    hour_reference = hour_limit.o2_reference if hour_limit else None
    unit = concentration_unit(value) if value else ""
    return Channel(
        outlet=outlet,
        item=name,
        unit=unit,
        value_point=value.code if value else "",
        value_factor=convert(Decimal(1), value.unit, unit) if value else Decimal(1),
        flow_point=flow.code if flow else "",
        flow_factor=_flow_factor(flow) if flow else Decimal(1),
        flow_is_mean=flow is not None and flow.shape in _RATES,
        oxygen_point=oxygen.code if oxygen and (reference is not None or hour_reference is not None) else "",
        oxygen_reference=reference,
        limit=convert(limit.value, limit.unit, unit) if limit else None,
        daily=limit is not None and _is_daily(limit),
        start=span[0],
        end=span[1],
        hour_limit=convert(hour_limit.value, hour_limit.unit, unit) if hour_limit else None,
        hour_oxygen_reference=hour_reference,
        sampled=value is not None and value.shape == "sample",
        value_s=_every(value),
        flow_s=_every(flow),
        flow_is_counter=flow is not None and flow.shape == "counter",
    )


def _every(point: Point | None) -> int:
    """For how long a reading holds, in seconds; of samples and where nothing is due for an hour."""
    return point.interval_s if point is not None and point.interval_s > 0 and point.shape != "sample" else 3600


def _flow_factor(flow: Point) -> Decimal:
    dimension = unit_of(flow.unit).dimension
    # A day's flow by the hour is no finite decimal; twelve decimals hold every hour's amount to the lake's six.
    return convert(Decimal(1), flow.unit, _FLOW_UNITS[dimension]).quantize(Decimal("1e-12"))


def hours_of(channel: Channel, start: datetime, end: datetime) -> int:
    """Hours of a span of instants on which the channel was in service."""
    return max(0, int((min(channel.end, end) - max(channel.start, start)) / timedelta(hours=1)))
