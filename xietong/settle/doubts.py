"""Doubts: the quality cases of a park's points, found in the lake's readings for whoever asks, command or page."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta

from xietong.lake.days import FIRST_DAY, LAST_DAY, day_start
from xietong.lake.points import PointSpec
from xietong.lake.queries.stamps import newest_of_day, stamped_ahead
from xietong.lake.store import Lake
from xietong.quality.bounds import FUTURE_S
from xietong.quality.cases import Case, sentence, told
from xietong.quality.find import ENTRIES_SHOWN, find_cases
from xietong.quality.series import Watched

# So many readings are looked at together; a year of a quarter-hourly point is 35,040.
READINGS_AT_ONCE = 2_000_000


def cases_in(lake: Lake, specs: Sequence[PointSpec], asked: tuple[datetime, datetime] | None) -> Iterator[Case]:
    """The cases of all points in a span, or in all their data.

    Silence at the end counts up to the newest reading of the park inside an asked span; without one, each point is
    looked at only up to its own newest reading, since nothing says until when it was meant to be looked at.
    """
    yield from _future(lake, specs)
    data = _extent(lake)
    if data is None:
        return
    for group in _groups(watched(specs), data):
        addresses = [address for point in group for address in point.addresses]
        span = (max(asked[0], data[0]), min(asked[1], data[1])) if asked else data
        if span[0] >= span[1]:
            return
        readings = lake.readings(addresses, *span)
        for case in find_cases(readings, group, span, lake.zone):
            if asked or case.kind != "gap" or case.end < span[1]:
                yield case


def watched(specs: Sequence[PointSpec]) -> list[Watched]:
    """The mapping of the roll-up as the search wants it: one row a point."""
    points: dict[str, Watched] = {}
    for spec in specs:
        before = points.get(spec.point)
        if before is not None:  # how its device's values are judged, not its corrections
            points[spec.point] = before._replace(addresses=(*before.addresses, spec.address))
            continue
        points[spec.point] = Watched(
            spec.point,
            (spec.address,),
            shape=spec.shape,
            interval_s=spec.interval_s,
            low=spec.low,
            high=spec.high,
            multiplier=spec.multiplier,
            since=spec.since_utc,
            until=spec.until_utc,
            digits=spec.digits,
            changes=tuple(change.at_utc for change in spec.changes),
            daily_reset=spec.daily_reset,
            checked=spec.checked,
            peak_times=spec.peak_times,
            peak_floor=spec.peak_floor,
        )
    return list(points.values())


def _extent(lake: Lake) -> tuple[datetime, datetime] | None:
    """From the first park day with readings to the end of the newest hour that has any."""
    days = sorted({file.partition for file in lake.readings_table.view().files} - {str(FIRST_DAY), str(LAST_DAY)})
    for day in reversed(days):
        newest = newest_of_day(lake, date.fromisoformat(day), FUTURE_S)
        if newest is not None:
            return day_start(date.fromisoformat(days[0]), lake.zone), newest + timedelta(hours=1)
    return None


def _future(lake: Lake, specs: Sequence[PointSpec]) -> Iterator[Case]:
    """What is stamped long after its own receipt, whatever period is asked: nobody would ask for 2099."""
    points = {spec.address: spec.point for spec in specs if spec.checked}
    for ahead in stamped_ahead(lake, FUTURE_S, ENTRIES_SHOWN) if points else ():
        if ahead.address in points:
            times = ahead.first.astimezone(UTC), ahead.last.astimezone(UTC)
            facts = told(points[ahead.address], times, lake.zone, (ahead.number, "", ""))
            yield Case("future", points[ahead.address], *times, sentence("future", facts), ahead.entries)


def _groups(points: list[Watched], data: tuple[datetime, datetime]) -> Iterator[list[Watched]]:
    seconds = (data[1] - data[0]).total_seconds()
    group: list[Watched] = []
    expected = 0.0
    for point in points:
        expected += seconds / max(point.interval_s, 60)
        group.append(point)
        if expected > READINGS_AT_ONCE:
            yield group
            group, expected = [], 0.0
    if group:
        yield group
