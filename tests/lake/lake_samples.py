"""Small batches of readings for the tests of the lake: park time in, Arrow tables out."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import pyarrow as pa

from xietong.lake.points import PointSpec
from xietong.lake.schemas import READING_FILES
from xietong.lake.store import Lake

ZONE = ZoneInfo("Asia/Shanghai")
ADDRESS = "hj212:MN1/a21026/Avg@2061"
RECEIVED = "2025-06-01 00:00"


def park(text: str) -> datetime:
    """Park time as an instant."""
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


class Row(NamedTuple):
    at: str
    value: str
    flag: str = "N"
    address: str = ADDRESS
    entry: str = "intake-0/1"
    recorded_at: str = RECEIVED


def batch(rows: Iterable[Row]) -> pa.Table:
    listed = list(rows)
    return pa.table(
        {
            "address": [row.address for row in listed],
            "at": pa.array([park(row.at) for row in listed], READING_FILES.field("at").type),
            "value": pa.array([Decimal(row.value) for row in listed], pa.decimal128(18, 6)),
            "flag": [row.flag for row in listed],
            "entry": [row.entry for row in listed],
            "recorded_at": pa.array([park(row.recorded_at) for row in listed], READING_FILES.field("recorded_at").type),
        },
        READING_FILES,
    )


def every(start: str, seconds: int, values: Iterable[str], **more: str) -> list[Row]:
    """One reading each so many seconds."""
    first = datetime.fromisoformat(start)
    return [
        Row((first + timedelta(seconds=seconds * index)).isoformat(sep=" "), value, **more)
        for index, value in enumerate(values)
    ]


def lake(folder: Path) -> Lake:
    return Lake(folder / "lake", ZONE)


def point(shape: str, interval_s: int = 900, **more: Any) -> PointSpec:
    return PointSpec("P1", ADDRESS, shape=shape, interval_s=interval_s)._replace(**more)


def rolled(folder: Path, rows: Iterable[Row], *points: PointSpec) -> Lake:
    made = lake(folder)
    made.append(batch(rows), {})
    made.roll_up(points)
    return made


def hours(made: Lake, code: str = "P1", year: int = 2025) -> list[dict[str, Any]]:
    """The hours of a year, with `hour` as park time text."""
    rows = made.hourly([code], park(f"{year}-01-01"), park(f"{year + 1}-01-01")).to_pylist()
    return [{**row, "hour": row["hour"].astimezone(ZONE).strftime("%m-%d %H:%M")} for row in rows]


def days(made: Lake, code: str = "P1", year: int = 2025) -> list[dict[str, Any]]:
    return list(made.daily([code], park(f"{year}-01-01"), park(f"{year + 1}-01-01")).to_pylist())


def totals(rows: list[dict[str, Any]], key: str = "hour") -> dict[Any, Any]:
    return {row[key]: row["total"] for row in rows}
