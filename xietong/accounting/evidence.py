"""The way down from a metered figure: a point and a span → its hours → their readings → the entries they came in."""

from bisect import bisect_right
from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from xietong.lake.store import Lake
from xietong.park.nouns import Point

MOST_HOURS, MOST_READINGS = 744, 5_000


class OpenHour(NamedTuple):
    """One hour of a point: the lake's row and the readings it was made from, each with its entry."""

    hour: datetime
    row: dict[str, Any]
    readings: tuple[dict[str, Any], ...]


class OpenReadings(NamedTuple):
    """The hours of a span; truncated where there were more than are shown."""

    hours: tuple[OpenHour, ...]
    truncated: bool

    @property
    def entries(self) -> tuple[str, ...]:
        """The entries behind the hours, each once, in order."""
        return tuple(dict.fromkeys(reading["entry"] for hour in self.hours for reading in hour.readings))


def open_readings(lake: Lake, point: Point, start: datetime, end: datetime) -> OpenReadings:
    """The hours of a point in [start, end) (instants) with their readings; at most a month of them."""
    rows = lake.hourly([point.code], start, end).to_pylist()
    shown = rows[:MOST_HOURS]
    if not shown:
        return OpenReadings((), truncated=False)
    last = min(end, shown[-1]["hour"] + timedelta(hours=1))
    readings = lake.readings(point.addresses, shown[0]["hour"], last).to_pylist()
    starts = [row["hour"] for row in shown]
    by_hour: dict[datetime, list[dict[str, Any]]] = defaultdict(list)
    for reading in readings[:MOST_READINGS]:
        by_hour[starts[bisect_right(starts, reading["at"]) - 1]].append(reading)
    hours = tuple(OpenHour(row["hour"], row, tuple(by_hour[row["hour"]])) for row in shown)
    return OpenReadings(hours, truncated=len(rows) > MOST_HOURS or len(readings) > MOST_READINGS)
