"""The readings of a park as a package takes them out: each value of an instant once, and every correction."""

from collections.abc import Iterable
from datetime import UTC, date, datetime

import pyarrow as pa

from xietong.lake.points import PointSpec
from xietong.lake.rollup.hours import RECEIVED
from xietong.lake.schemas import INSTANT, READING_FILES
from xietong.lake.store import Lake
from xietong.readings import CORRECTED

_CORRECTIONS = f"""
SELECT r.entry FROM readings r SEMI JOIN specs s ON r.address = s.address
WHERE starts_with(r.address, '{CORRECTED}')
GROUP BY r.entry ORDER BY max(r.recorded_at) DESC, length(r.entry), r.entry
"""
_DAY = f"""
WITH mine AS (
    SELECT s.point, r."at", r.value, coalesce(r.flag, '') AS flag, r.recorded_at, r.entry,
           starts_with(r.address, '{CORRECTED}') AS corrected
    FROM readings r JOIN specs s ON r.address = s.address
    WHERE (s.since IS NULL OR r."at" >= s.since) AND (s.until IS NULL OR r."at" < s.until) {{recorded}}
), ranked AS (
    SELECT *, row_number() OVER same_instant = 1 AS counts, row_number() OVER same_value AS copy FROM mine
    WINDOW same_instant AS (PARTITION BY point, "at", corrected
                            ORDER BY {RECEIVED}, length(entry), entry, value, flag),
           same_value AS (PARTITION BY point, "at", corrected, value
                          ORDER BY {RECEIVED}, length(entry), entry, flag)
)
SELECT point, "at", value, flag, counts, corrected, entry FROM ranked WHERE copy = 1 OR corrected
ORDER BY point, "at", value, entry
"""


def spec_table(specs: Iterable[PointSpec]) -> pa.Table:
    """Which addresses are which point's, and when: what a sheet gave for a point is its own at any time."""
    dated = [(spec, not spec.address.startswith(("sheet:", CORRECTED))) for spec in specs]
    return pa.table(
        {
            "point": pa.array([spec.point for spec, _ in dated], pa.string()),
            "address": pa.array([spec.address for spec, _ in dated], pa.string()),
            "since": pa.array([spec.since_utc if device else None for spec, device in dated], INSTANT),
            "until": pa.array([spec.until_utc if device else None for spec, device in dated], INSTANT),
        }
    )


def correcting_entries(lake: Lake, specs: pa.Table) -> list[str]:
    """The entries of `readings` that corrected a point of the spec_table, the newest first."""
    files = lake.reading_files(date.min, date.max)
    found = lake.engine.ask(_CORRECTIONS, {"readings": (files, READING_FILES)}, {"specs": specs})
    entries: list[str] = found.column("entry").to_pylist()
    return entries


def readings_of_day(lake: Lake, day: date, specs: pa.Table, as_of: datetime | None) -> pa.Table:
    """A park day of `readings`, of every point of the spec_table; as_of: only what was received by then.

    Columns point, at (UTC), value (the device's own unit), flag, counts (whether it is the one that counts of its
    instant), corrected, entry; sorted by point, instant, value and entry.
    """
    recorded = "" if as_of is None else f"AND r.recorded_at <= TIMESTAMPTZ '{as_of.astimezone(UTC).isoformat()}'"
    files = lake.reading_files(day, day)
    question = _DAY.format(recorded=recorded)
    return lake.engine.ask(question, {"readings": (files, READING_FILES)}, {"specs": specs})
