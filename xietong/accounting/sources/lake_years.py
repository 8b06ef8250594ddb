"""Extracts: what one version of the lake says of a park, fetched once a calendar year (or once a shorter span) for all
points together, and kept as long as the books that own them."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable
from datetime import datetime, timedelta
from functools import lru_cache
from typing import NamedTuple, Protocol, TypeVar

from xietong.accounting.left_out import LeftOut
from xietong.accounting.outlets.channels import OXYGEN, channels, hours_of, is_concentration, is_flow
from xietong.accounting.outlets.events import struck_hours
from xietong.accounting.outlets.gaps import stands_of
from xietong.accounting.outlets.hours import Bucket, Channel, Flow, Judged, Mass, OutletHours, outlet_hours
from xietong.accounting.outlets.substitution import REACH_DAYS, Stand
from xietong.accounting.outlets.tax_concentrations import Taxable
from xietong.accounting.sources.meters import (
    Metered,
    Totals,
    hours_owed,
    hours_received,
    is_amount_point,
    month_totals,
    run_hours,
    service,
    span_totals,
)
from xietong.accounting.sources.statements import base_of
from xietong.calc.items import UnknownItemError, item
from xietong.lake.queries.meter_totals import hours_to_sum, newest_hour
from xietong.lake.store import Lake
from xietong.park.nouns import Point, Registry
from xietong.park.registry.presence import here_of, points_here
from xietong.park.registry.stops import Stops
from xietong.periods import Period

Made = TypeVar("Made")


class Keep(Protocol):
    """Remembers what was made of an extent of the lake, under a key."""

    def __call__(self, key: Hashable, extent: Period, make: Callable[[], Made]) -> Made:
        """What is kept under the key, made now where it is not there or no longer true."""


class Slice(NamedTuple):
    """One channel in one span: what was due and what came.

    observed: hours due of the concentration, each once however many ducts it is carried by; stands: what stands in for
    hours without a valid amount; taxable: what the environmental tax goes by; left_out: values that do not count.
    """

    channel: Channel
    due: int
    mass: Mass | None
    flow: Flow | None
    judged: Judged | None
    observed: int = 0
    stands: tuple[Stand, ...] = ()
    taxable: Taxable | None = None
    left_out: LeftOut = ()


OUTLETS_TOGETHER = 8
Slices = dict[tuple[str, str, datetime], list[Slice]]


class Extracts:
    """The lake's answers for one registry; without a lake, nothing came from anywhere."""

    def __init__(self, registry: Registry, lake: Lake | None, keep: Keep) -> None:
        self.registry, self._lake = registry, lake
        self._keep = keep
        self.stops = Stops(registry)
        self._complete: dict[tuple[str, datetime, datetime], tuple[int, int]] = {}
        self._amount_points: dict[tuple[str, str], list[Point]] = defaultdict(list)
        self._outlet_points: dict[str, list[Point]] = defaultdict(list)
        self._states: set[str] = set()
        for _, point in sorted(points_here(registry.points, here_of(registry.subjects)).items()):
            self._enter(point)

    def _enter(self, point: Point) -> None:
        subject = self.registry.subjects.get(point.subject)
        if subject is None:
            return
        if subject.kind == "outlet" or (subject.kind == "treatment" and _is_end(point)):
            self._outlet_points[subject.code].append(point)
        elif not is_concentration(point):
            self._enter_amount(point)

    def _enter_amount(self, point: Point) -> None:
        try:
            measured = item(point.item)
        except UnknownItemError:
            return
        if is_amount_point(point, measured):
            self._amount_points[point.subject, base_of(measured.item)].append(point)
            if point.shape == "state":
                self._states.add(point.code)

    def amount_points(self, subject: str, name: str) -> tuple[Point, ...]:
        """The points that measure amounts of that item for the subject itself."""
        return tuple(self._amount_points.get((subject, name), ()))

    def amount_pairs(self) -> tuple[tuple[str, str], ...]:
        """The subjects and items of which points measure amounts, or what was removed."""
        facilities = [code for code in self._outlet_points if self.inlet_items(code)]
        return (*self._amount_points, *((code, "pollutant_removed") for code in facilities))

    def inlet_items(self, facility: str) -> tuple[str, ...]:
        """The pollutants that are measured where they enter a treatment facility; nothing for any other subject."""
        if facility not in self._outlet_points or self.registry.subjects[facility].kind != "treatment":
            return ()
        return tuple(sorted({point.item for point in self._outlet_points[facility] if is_concentration(point)}))

    def outlets(self) -> tuple[str, ...]:
        """The outlets with instruments."""
        return tuple(code for code in self._outlet_points if self.registry.subjects[code].kind == "outlet")

    def outlet_items(self, outlet: str) -> tuple[str, ...]:
        """The pollutants and volumes that the outlet's points measure."""
        points = self._outlet_points.get(outlet, [])
        named = {point.item for point in points if is_concentration(point)}
        if any(is_flow(point) for point in points):
            named |= {channel.item for channel in channels(self.registry, outlet, points, _ALWAYS) if not channel.unit}
        return tuple(sorted(named))

    def fetch(self, period: Period) -> None:
        """Read at once all that figures of a period can ask of the lake: its months' years and those before them."""
        spans = {_extent(span): span for each in (period, period.previous_year()) for span in _spans(each)}
        for span in spans.values():
            self.metered("", span)
            for outlet in list(self._outlet_points)[:1]:
                self.outlet(outlet, "", span)

    def metered(self, point: str, span: Period) -> Metered | None:
        """What came from a point in a month or in a shorter span; None where nothing came."""
        if self._lake is None:
            return None
        extent = _extent(span)
        if point in self._states:
            ran: Totals = self._keep(("states", extent), extent, lambda: self._fetch_states(extent))
            return ran.get((point, span.start))
        totals: Totals = self._keep(("totals", extent), extent, lambda: self._fetch_totals(extent))
        return totals.get((point, span.start))

    def _fetch_totals(self, extent: Period) -> Totals:
        assert self._lake is not None
        fetch = month_totals if extent.month_count else span_totals
        return fetch(self._lake, extent, self.registry.zone)

    def _fetch_states(self, extent: Period) -> Totals:
        assert self._lake is not None
        return run_hours(self._lake, sorted(self._states), extent, self.registry.zone)

    def hours(self, point: Point, span: Period) -> int:
        """How many hours of a span the point's valid readings stand for."""
        came = self.metered(point.code, span)
        if came is None:
            return 0
        return hours_received(point, came, self.owed(point, span))

    def owed(self, point: Point, span: Period) -> int:
        """How many hours of a month or a shorter span the point owed, stops of production taken off."""
        stopped = self.stopped(point, span)
        return hours_owed(point, span, self.metered(point.code, span), stopped, self.registry.zone)

    def completeness(self, point: Point, span: Period) -> tuple[int, int]:
        """Hours owed and received of a point in a span; every group that the point is in asks for them again."""
        key = (point.code, span.start, span.end)
        found = self._complete.get(key)
        if found is None:
            found = self._complete[key] = (self.owed(point, span), self.hours(point, span))
        return found

    def stopped(self, point: Point, span: Period) -> int:
        """Hours of a span on which the point was in service and production was declared to stand still."""
        return self.stops.hours_within(point.subject, service(point, span))

    def outlet(self, outlet: str, name: str, span: Period) -> tuple[Slice, ...]:
        """What one outlet sent out of one pollutant (or volume) in a month or a shorter span, channel by channel."""
        if outlet not in self._outlet_points:
            return ()
        extent = _extent(span)
        slices: Slices = self._keep(("outlets", extent), _reach(extent), lambda: self._fetch_outlets(extent))
        return tuple(slices.get((outlet, name, span.start), ()))

    def _fetch_outlets(self, extent: Period) -> Slices:
        """A few outlets at a time, so that their hours of a year never lie in memory all together."""
        codes, found = sorted(self._outlet_points), Slices()
        newest = self._newest(codes, _reach(extent)) if len(codes) > OUTLETS_TOGETHER else None
        for first in range(0, len(codes), OUTLETS_TOGETHER):
            found |= self._slices(codes[first : first + OUTLETS_TOGETHER], extent, newest)
        return found

    def _newest(self, outlets: Iterable[str], reach: Period) -> datetime | None:
        """The newest hour that came from any of the outlets."""
        if self._lake is None:
            return None
        points = [point.code for outlet in outlets for point in self._outlet_points[outlet]]
        return newest_hour(self._lake, points, reach.utc(self.registry.zone))

    def _slices(self, outlets: Iterable[str], extent: Period, newest: datetime | None) -> Slices:
        spans = tuple(extent.months()) or (extent,)
        buckets = [_bucket(number, span, self.registry) for number, span in enumerate(spans)]
        reach = _reach(extent)
        listed = [
            channel
            for outlet in outlets
            for channel in channels(self.registry, outlet, self._outlet_points[outlet], reach)
        ]
        before = [_bucket(-1, Period(reach.start, extent.start), self.registry)] if reach != extent else []
        hours = self._hours(listed, reach, [*before, *buckets])
        hours = hours._replace(newest=newest) if hours and newest else hours
        stands = stands_of(hours, buckets, self.stops) if hours and before else {}
        found: dict[tuple[str, str, datetime], list[Slice]] = defaultdict(list)
        for number, channel in enumerate(listed):
            for bucket, span in zip(buckets, spans, strict=True):
                key = (number, bucket.number)
                mass, flow, judged = _came(hours, key)
                due = self._hours_owed(channel, bucket, hours.stops.get(key, 0) if hours else 0)
                whole = mass if channel.value_point else flow
                due = max(due, whole.hours if whole else 0)
                if due > 0:
                    others = found[channel.outlet, channel.item, span.start]
                    filled = stands.get(key, ()) if self.registry.subjects[channel.outlet].kind == "outlet" else ()
                    own = Slice(
                        channel,
                        due,
                        mass=mass,
                        flow=flow,
                        judged=judged,
                        observed=due - _together(channel, others),
                        stands=tuple(filled),
                    )
                    if hours:
                        own = own._replace(taxable=hours.taxable.get(key), left_out=hours.left_out.get(key, ()))
                    others.append(own)
        return found

    def _hours_owed(self, channel: Channel, bucket: Bucket, reported: int) -> int:
        """Hours of a bucket that a channel owed: of a stop declared and one its devices reported the longer counts."""
        start, end = max(channel.start, bucket.start), min(channel.end, bucket.end)
        declared = self.stops.hours(channel.outlet, start, end) if start < end else 0
        return hours_of(channel, bucket.start, bucket.end) - max(reported, declared)

    def _hours(self, listed: list[Channel], extent: Period, buckets: list[Bucket]) -> OutletHours | None:
        if self._lake is None or not listed:
            return None
        points = {
            point
            for channel in listed
            for point in (channel.value_point, channel.flow_point, channel.oxygen_point)
            if point
        }
        start, end = extent.utc(self.registry.zone)
        # What is read before the span holds into it.
        holds = max((max(each.value_s, each.flow_s, 3600) for each in listed if each.is_sliced), default=0)
        came = hours_to_sum(self._lake, sorted(points), (start - timedelta(seconds=holds), end))
        if not came.num_rows:
            return None
        return outlet_hours(came, listed, buckets, struck_hours(self.registry, listed, extent))


def _is_end(point: Point) -> bool:
    """Whether a point of a treatment facility measures what enters it: a concentration, a flow, the oxygen beside."""
    return is_concentration(point) or is_flow(point) or point.item in OXYGEN


def _reach(extent: Period) -> Period:
    """What is read for a year: it and the days before it, whose hours stand in for what is lacking at its start."""
    if not extent.month_count:
        return extent
    return Period(extent.start - timedelta(days=REACH_DAYS), extent.end)


def _came(hours: OutletHours | None, key: tuple[int, int]) -> tuple[Mass | None, Flow | None, Judged | None]:
    return (hours.mass.get(key), hours.flow.get(key), hours.judged.get(key)) if hours else (None, None, None)


def _together(channel: Channel, others: list[Slice]) -> int:
    """Hours due that earlier channels of the same analyser observe already: another duct beside it."""
    alike = [each for each in others if each.channel.value_point == channel.value_point and channel.value_point]
    if not any(channel.start < each.channel.end and each.channel.start < channel.end for each in alike):
        return 0
    return min(sum(each.observed for each in alike), max(each.due for each in alike))


@lru_cache(maxsize=1024)
def _extent(span: Period) -> Period:
    """What is fetched together with a span: the calendar year of a month, else the span alone."""
    return Period.year(span.start.year) if span.month_count == 1 else span


def _spans(period: Period) -> tuple[Period, ...]:
    return tuple(period.months()) or (period,)


def _bucket(number: int, span: Period, registry: Registry) -> Bucket:
    start, end = span.utc(registry.zone)
    offset = start.astimezone(registry.zone).utcoffset() or timedelta()
    return Bucket(number, start, end, int(offset.total_seconds()))


_ALWAYS = Period(Period.year(1900).start, Period.year(2200).end)
