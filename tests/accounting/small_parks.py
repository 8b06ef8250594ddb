"""Small parks built by hand for the tests of accounting and evaluation, and a lake of hours kept in memory."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Literal
from zoneinfo import ZoneInfo

import pyarrow as pa

from xietong.lake.schemas import DAILY, HOURLY
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


class HoursLake:
    """Hours kept in memory; days are summed from them as the lake does."""

    def __init__(self, hours: Mapping[str, Mapping[datetime, str]], edition: int = 1) -> None:
        self.hours, self.edition, self.asked = hours, edition, 0

    def version(self) -> int:
        return self.edition

    def hourly(self, points: Iterable[str], start: datetime, end: datetime) -> pa.Table:
        self.asked += 1
        rows = [
            (code, at, Decimal(value), 1, 1)
            for code in points
            for at, value in self.hours.get(code, {}).items()
            if start <= at < end
        ]
        values = [row[2] for row in rows]
        return _table(HOURLY, rows, {"minimum": values, "maximum": values})

    def daily(self, points: Iterable[str], start: datetime, end: datetime) -> pa.Table:
        self.asked += 1
        days: dict[tuple[str, date], list[Decimal]] = {}
        for code in points:
            for at, value in self.hours.get(code, {}).items():
                if start <= at < end:
                    days.setdefault((code, at.astimezone(ZONE).date()), []).append(Decimal(value))
        rows = [(code, day, sum(values, Decimal(0)), len(values), 24) for (code, day), values in sorted(days.items())]
        return _table(DAILY, rows, {"hours": [row[3] for row in rows]})


def _table(schema: pa.Schema, rows: Sequence[tuple[object, ...]], more: Mapping[str, Sequence[object]]) -> pa.Table:
    """The lake's columns: point, hour or day, total, readings, due; the rest as where nothing is wrong."""
    columns = [list(column) for column in zip(*rows, strict=True)] or [[] for _ in range(5)]
    given = dict(zip((schema.names[0], schema.names[1], "total", "readings", "due"), columns, strict=True))
    usual = {"minimum": None, "maximum": None, "invalid": 0, "conflicts": 0, "estimated": False, "first_entry": "x/1"}
    given |= {name: [value] * len(rows) for name, value in usual.items()} | dict(more)
    return pa.table([pa.array(given[field.name], field.type) for field in schema], schema=schema)


def hours_of(period: str, value: str, without: Iterable[int] = ()) -> dict[datetime, str]:
    """The same value in every hour of a period, some hours (counted from 0) left out."""
    start, end = Period.parse(period).utc(ZONE)
    left_out = set(without)
    count = int((end - start) / timedelta(hours=1))
    return {start + timedelta(hours=hour): value for hour in range(count) if hour not in left_out}
