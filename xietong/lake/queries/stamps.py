"""When readings are stamped and when they were received: the newest, those of the future, those of a journal."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import NamedTuple

import pyarrow as pa

from xietong.lake.days import EPOCH, LAST_DAY, day_start
from xietong.lake.engine import quoted
from xietong.lake.schemas import READING_FILES, daily, readings
from xietong.lake.store import Lake

_LATER = '"at" > recorded_at + INTERVAL {seconds} SECOND'
_NEWEST = f'SELECT max("at") FILTER (NOT {_LATER}) AS newest FROM readings'
_FUTURE = f"""
SELECT address, count(DISTINCT "at") AS number, min("at") AS first, max("at") AS last,
       list_slice(list_distinct(list(entry)), 1, {{shown}}) AS entries
FROM readings WHERE {_LATER} GROUP BY address ORDER BY address
"""
_RECEIVED = """
SELECT entry, min(recorded_at) AS first, max(recorded_at) AS last
FROM readings WHERE starts_with(entry, {journal}) GROUP BY entry
"""


class Ahead(NamedTuple):
    """The readings of an address that are stamped after their own receipt: how many instants, which, some entries."""

    address: str
    number: int
    first: datetime
    last: datetime
    entries: tuple[str, ...]


def newest_of_day(lake: Lake, day: date, ahead_s: int) -> datetime | None:
    """The newest instant of a park day in `readings`, those stamped more than ahead_s after their receipt left out."""
    begins = day_start(day, lake.zone)
    table = lake.ask(_NEWEST.format(seconds=ahead_s), begins, begins + timedelta(days=1))
    newest: datetime | None = table.column("newest").to_pylist()[0]
    return newest


def stamped_ahead(lake: Lake, ahead_s: int, shown: int) -> list[Ahead]:
    """What is stamped more than ahead_s seconds after its own receipt, in all of `readings`, by address.

    shown: of how many entries the ids are given.
    """
    span = EPOCH, day_start(LAST_DAY, lake.zone) + timedelta(days=1)
    rows = lake.ask(_FUTURE.format(seconds=ahead_s, shown=shown), *span).to_pylist()
    return [Ahead(**{**row, "entries": tuple(row["entries"])}) for row in rows]


def receipts_of(lake: Lake, journal: str) -> Mapping[str, tuple[datetime, datetime]]:
    """Of each entry of a journal that gave `readings`, when the first and the last of them were received, UTC."""
    files = lake.reading_files(date.min, date.max)
    question = _RECEIVED.format(journal=quoted(journal + "/"))
    found = lake.engine.ask(question, {"readings": (files, READING_FILES)})
    columns = (found.column(each).to_pylist() for each in ("entry", "first", "last"))
    return {entry: (first, last) for entry, first, last in zip(*columns, strict=True)}


def instants_heard(lake: Lake, addresses: Iterable[str], begin: datetime, end: datetime) -> pa.Table:
    """Columns address and at (UTC) of `readings` in [begin, end): each instant of an address once, sorted by both."""
    asked = readings.filter(
        readings.address.isin(sorted(set(addresses))), readings["at"] >= begin, readings["at"] < end
    )
    return lake.ask(asked.select("address", "at").distinct().order_by("address", "at"), begin, end)


def first_days(lake: Lake, points: Iterable[str], end: datetime) -> Mapping[str, date]:
    """By point the first park day of `daily` on which anything came, up to an instant."""
    asked = daily.filter(daily.point.isin(sorted(points))).group_by("point").aggregate(first=daily.day.min())
    found = lake.ask(asked, EPOCH + timedelta(days=1), end).to_pylist()
    return {row["point"]: row["first"] for row in found}
