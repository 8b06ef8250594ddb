"""Small parks built by hand for the tests of accounting and evaluation, and real small lakes of given hours."""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from typing import Any, Literal
from unittest.mock import patch
from zoneinfo import ZoneInfo

import ibis
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from xietong.lake.days import days_of
from xietong.lake.files.parquet import write_file
from xietong.lake.files.table import DurableTable
from xietong.lake.schemas import DAILY, HOURLY, HOURLY_FILES, PARTS, TOTAL
from xietong.lake.store import Lake
from xietong.park.nouns import (
    DEFAULT_CHOICES,
    Expected,
    Limit,
    Point,
    Registry,
    ReportedAmount,
    Shape,
    Subject,
    SubjectKind,
    Target,
)
from xietong.periods import Period

ZONE = ZoneInfo("Asia/Shanghai")
Role = Literal["total", "sub", "check"]
RECORDED = datetime(2026, 1, 10, tzinfo=UTC)


def subject(
    code: str,
    kind: SubjectKind = "enterprise",
    parent: str = "P",
    discharges_to: str = "",
    zone: str = "",
    sector: str = "",
) -> Subject:
    name = f"{code}公司"
    return Subject(code, kind, name, f"{code} Ltd", parent, zone, sector, discharges_to=discharges_to)


PARK = Subject("P", "park", "园区", name_en="Park")


def stated(
    code: str,
    period: str,
    item: str,
    amount: str,
    unit: str,
    method: str = "",
    use: str = "",
    counterparty: str = "",
) -> ReportedAmount:
    exact = None if amount.startswith("<") else Decimal(amount)
    below = Decimal(amount[1:]) if amount.startswith("<") else None
    return ReportedAmount(
        subject=code,
        period=Period.parse(period),
        item=item,
        amount=exact,
        unit=unit,
        entry="cli-0/1",
        row=len(f"{code}{period}{item}"),
        recorded_at=RECORDED,
        method=method,
        use=use,
        counterparty=counterparty,
        below=below,
    )


def monthly(code: str, item: str, amount: str, unit: str, months: Iterable[int] = range(1, 13)) -> list[ReportedAmount]:
    return [stated(code, f"2025-{month:02}", item, amount, unit) for month in months]


def park(
    *subjects: Subject,
    reported: Iterable[ReportedAmount] = (),
    points: Iterable[Point] = (),
    limits: Iterable[Limit] = (),
    expected: Iterable[Expected] = (),
    targets: Iterable[Target] = (),
    choices: Mapping[str, str] | None = None,
) -> Registry:
    return Registry(
        code="P",
        name="园区",
        name_en="Park",
        region="陕西",
        zone=ZONE,
        choices={**DEFAULT_CHOICES, **(choices or {})},
        subjects={each.code: each for each in (PARK, *subjects)},
        points={each.code: each for each in points},
        reported=tuple(reported),
        limits=tuple(limits),
        expected=tuple(expected),
        targets=tuple(targets),
    )


def point(code: str, of: str, item: str, unit: str, shape: Shape = "amount", role: Role = "total") -> Point:
    return Point(code, of, "", item, unit, shape, 3600, role=role)


Table = Callable[[pa.Table], pa.Table]
Hours = Mapping[str, Mapping[datetime, str]]
_LAKES = TemporaryDirectory(prefix="xietong-lakes-")


def _as_it_is(table: pa.Table) -> pa.Table:
    return table


class HoursLake(Lake):
    """A real lake of given hours and of the days that they make, written straight into its tables: no readings.

    hours: by point the total of each hour, one reading due and come; hourly, daily: what else the rows should say.
    asked: how many questions it was asked.
    """

    def __init__(self, hours: Hours, hourly: Table = _as_it_is, daily: Table = _as_it_is) -> None:
        super().__init__(Path(mkdtemp(dir=_LAKES.name)) / "lake", ZONE)
        self.asked = 0
        self.hours = hours
        if any(hours.values()):
            self.say(hours, hourly, daily)

    def say(self, hours: Hours, hourly: Table = _as_it_is, daily: Table = _as_it_is) -> None:
        """Put these hours and their days in the place of all that the lake holds; nothing is made durable."""
        self.hours = hours
        rows = hourly(_hours(hours))
        rows = rows.append_column("day", days_of(np.asarray(rows.column("hour").cast(pa.int64())), ZONE))
        rows = rows.append_column("parts", pa.nulls(len(rows), PARTS))
        with patch("os.fsync"):
            _put(self.hourly_table, rows.select(HOURLY_FILES.names), 7)
            _put(self.daily_table, daily(_days(rows)), 4)

    def ask(self, question: str | ibis.Table, start: datetime, end: datetime) -> pa.Table:
        self.asked += 1
        return super().ask(question, start, end)


def _put(table: DurableTable, rows: pa.Table, width: int) -> None:
    """Commit rows as one file a month (of hours) or a year (of days), and nothing of what was there."""
    parts = pc.utf8_slice_codeunits(rows.column("day").cast(pa.string()), 0, width)
    version = table.claim().version() + 1
    files = []
    for part in pc.unique(parts).to_pylist():
        folder = table.folder / f"{table.partition}={part}"
        folder.mkdir(exist_ok=True)
        files.append(write_file(folder, part, version, rows.filter(pc.equal(parts, part))))
    table.commit(files, {}, table.view().files)


def _hours(hours: Hours) -> pa.Table:
    """Rows of HOURLY, by point and hour."""
    rows = [(code, at, value) for code, own in sorted(hours.items()) for at, value in sorted(own.items())]
    codes, instants, values = zip(*rows, strict=True)
    totals = pa.array(values, pa.string()).cast(TOTAL)
    return _table(
        HOURLY,
        {
            "point": codes,
            "hour": instants,
            "total": totals,
            "readings": [1] * len(rows),
            "due": [1] * len(rows),
            "minimum": totals,
            "maximum": totals,
        },
    )


def _days(hours: pa.Table) -> pa.Table:
    """Rows of DAILY: the sum of the day's hours, of which 24 are due."""
    days = hours.group_by(["point", "day"], use_threads=False).aggregate([("total", "sum"), ("total", "count")])
    counts = days.column("total_count")
    said = {"total": days.column("total_sum"), "readings": counts, "hours": counts, "due": [24] * len(days)}
    return _table(DAILY, {"point": days.column("point"), "day": days.column("day"), **said})


def _table(schema: pa.Schema, given: Mapping[str, Any]) -> pa.Table:
    """The lake's columns; those that are not given as where nothing is wrong."""
    number = len(given["point"])
    usual = {"minimum": None, "maximum": None, "invalid": 0, "conflicts": 0, "estimated": False, "first_entry": "x/1"}
    said = {**{name: [value] * number for name, value in usual.items()}, **given}
    columns = [said[field.name] for field in schema]
    return pa.table(
        [
            column.cast(field.type) if isinstance(column, pa.Array | pa.ChunkedArray) else pa.array(column, field.type)
            for column, field in zip(columns, schema, strict=True)
        ],
        schema=schema,
    )


def hours_of(period: str, value: str, without: Iterable[int] = ()) -> dict[datetime, str]:
    """The same value in every hour of a period, some hours (counted from 0) left out."""
    start, end = Period.parse(period).utc(ZONE)
    left_out = set(without)
    count = int((end - start) / timedelta(hours=1))
    return {start + timedelta(hours=hour): value for hour in range(count) if hour not in left_out}
