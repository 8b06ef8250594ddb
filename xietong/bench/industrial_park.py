"""A made-up park for measuring accounting: enterprises in zones and sectors, their meters, outlets and statements, and
one year of readings brought into a lake through its own doors. Always the same park for the same size; nothing random.
"""

import argparse
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from xietong.lake.decimals import from_micro
from xietong.lake.points import PointSpec
from xietong.lake.schemas import INSTANT, READING_FILES
from xietong.lake.store import Lake
from xietong.park.nouns import DEFAULT_CHOICES, Limit, Point, Registry, ReportedAmount, Shape, Subject
from xietong.periods import Period

YEAR = 2025
PERIODS = (*Period.year(YEAR).months(), Period.year(YEAR))
ZONE = ZoneInfo("Asia/Shanghai")
BEGIN = datetime(YEAR, 1, 1, tzinfo=ZONE)
ZONES, SECTORS = 6, 10
DAY, HOUR = 86_400, 3_600
RECORDED = datetime(YEAR + 1, 1, 8, tzinfo=UTC)
Integers = NDArray[np.int64]


class Size(NamedTuple):
    """How large: enterprises with their points, of which there are at least eight for each enterprise's outlet."""

    enterprises: int = 300
    points: int = 2_000


class Series(NamedTuple):
    """What a point sends: its usual value and, for a counter, how much it moves on at each reading."""

    point: Point
    level: float


def park(size: Size) -> tuple[Registry, list[Series]]:
    """The park's registry and what its points send."""
    enterprises = [_enterprise(number) for number in range(size.enterprises)]
    groups = [Subject(f"Z{n}", "zone", f"{n}区", f"Zone {n}", "PARK") for n in range(ZONES)]
    groups += [Subject(f"S{n}", "sector", f"行业{n}", f"Sector {n}", "PARK") for n in range(SECTORS)]
    outlets = [outlet for number in range(size.enterprises) for outlet in _outlets(number)]
    subjects = [Subject("PARK", "park", "测速园区", "Measured park"), *groups, *enterprises, *outlets]
    series = _series(size)
    registry = Registry(
        code="PARK",
        name="测速园区",
        name_en="Measured park",
        region="陕西",
        zone=ZONE,
        choices=DEFAULT_CHOICES,
        subjects={each.code: each for each in subjects},
        points={each.point.code: each.point for each in series},
        reported=tuple(row for number in range(size.enterprises) for row in _statements(number)),
        limits=tuple(limit for outlet in outlets for limit in _limits(outlet)),
    )
    return registry, series


def filled_lake(folder: Path, registry: Registry, series: Iterable[Series]) -> Lake:
    """A lake in a new folder with the year's readings, rolled up into hours and days."""
    lake = Lake(folder, registry.zone)
    lake.append(pa.concat_tables(_readings(each) for each in series), {})
    lake.roll_up(_specs(registry))
    return lake


def bare_tables(folder: Path, registry: Registry) -> None:
    """What the bare sums need besides the lake, as Parquet files: points, enterprises, statements."""
    enterprises = [each for each in registry.subjects.values() if each.kind == "enterprise"]
    tables = {
        "enterprises": [{"enterprise": each.code, "zone": each.zone, "sector": each.sector} for each in enterprises],
        "points": [_described(registry, point) for point in registry.points.values()],
        "stated": [
            {"enterprise": row.subject, "item": row.item, "month": row.period.start.month, "amount": row.amount}
            for row in registry.reported
        ],
    }
    for name, rows in tables.items():
        pq.write_table(pa.Table.from_pylist(rows), folder / f"{name}.parquet")


def _described(registry: Registry, point: Point) -> dict[str, str]:
    is_outlet = registry.subjects[point.subject].kind == "outlet"
    flow = "flow" if point.unit == "m3/h" else "concentration" if point.unit.startswith("mg/") else ""
    return {
        "point": point.code,
        "item": point.item,
        "role": point.role,
        "outlet": point.subject if is_outlet else "",
        "enterprise": point.subject.partition("-")[0],
        "kind": flow if is_outlet else "",
    }


def later_reading(lake: Lake, registry: Registry, point: str, day: int) -> None:
    """One more reading of a point, half an hour into a day of the year, and the roll-up of that day."""
    at = BEGIN + timedelta(days=day, minutes=30)
    address = registry.points[point].addresses[0]
    lake.append(_table(address, np.array([int(at.timestamp())]), np.array([1_000_000])), {})
    lake.roll_up(_specs(registry))


def _specs(registry: Registry) -> list[PointSpec]:
    return [
        PointSpec(point.code, address, shape=point.shape, interval_s=point.interval_s)
        for point in registry.points.values()
        for address in point.addresses
    ]


# ---- subjects ----


def _code(number: int) -> str:
    return f"E{number:03}"


def _enterprise(number: int) -> Subject:
    return Subject(
        _code(number),
        "enterprise",
        f"第{number}厂",
        f"Works {number}",
        "PARK",
        zone=f"Z{number % ZONES}",
        sector=f"S{number % SECTORS}",
        key_energy=number % 5 == 0,
        key_pollution=_has_stack(number),
    )


def _has_stack(number: int) -> bool:
    return number % 10 == 0


def _has_drain(number: int) -> bool:
    return number % 20 == 5


def _outlets(number: int) -> Iterator[Subject]:
    code = _code(number)
    if _has_stack(number):
        yield Subject(f"{code}-G", "outlet", f"{code}废气口", f"stack of {code}", code, discharges_to="environment")
    if _has_drain(number):
        yield Subject(f"{code}-W", "outlet", f"{code}废水口", f"drain of {code}", code, discharges_to="environment")


def _limits(outlet: Subject) -> Iterator[Limit]:
    if outlet.code.endswith("G"):
        for name, value in (("particulate", 20), ("so2", 50), ("nox", 150)):
            yield Limit(
                outlet.code,
                name,
                kind="concentration",
                value=Decimal(value),
                unit="mg/m3",
                averaging="hour",
                o2_reference=Decimal(9),
            )
    else:
        for name, value in (("cod", 50), ("ammonia_nitrogen", 5)):
            yield Limit(outlet.code, name, kind="concentration", value=Decimal(value), unit="mg/L", averaging="day")


# ---- points ----


def _series(size: Size) -> list[Series]:
    """Every enterprise's meters, then as many checks among them as make up the number of points."""
    listed = [each for number in range(size.enterprises) for each in _of_enterprise(number)]
    checks = (_check(number, size) for number in range(max(0, size.points - len(listed))))
    return [*listed, *checks]


def _of_enterprise(number: int) -> Iterator[Series]:
    code, scale = _code(number), 1 + number % 7
    yield _made(code, "electricity_purchased", unit="kWh", shape="counter", interval_s=DAY, level=900.0 * scale)
    yield _made(code, "water_fresh", unit="m3", shape="amount", interval_s=DAY, level=31.0 * scale)
    if number % 3:
        yield _made(code, "natural_gas", unit="m3", shape="amount", interval_s=DAY, level=210.0 * scale)
    else:
        yield _made(code, "heat_purchased", unit="GJ", shape="counter", interval_s=DAY, level=17.0 * scale)
    if number % 5 == 2:
        yield _made(
            code, "electricity_renewable_self_used", unit="kW", shape="mean", interval_s=HOUR, level=12.0 * scale
        )
    if _has_stack(number):
        for item, unit, level in (("particulate", "mg/m3", 6.0), ("so2", "mg/m3", 21.0), ("nox", "mg/m3", 77.0)):
            yield _made(f"{code}-G", item, unit=unit, shape="mean", interval_s=HOUR, level=level)
        yield _made(f"{code}-G", "waste_gas", unit="m3/h", shape="mean", interval_s=HOUR, level=4_200.0 * scale)
        yield _made(f"{code}-G", "o2", unit="%", shape="mean", interval_s=HOUR, level=8.0)
    if _has_drain(number):
        yield _made(f"{code}-W", "cod", unit="mg/L", shape="mean", interval_s=HOUR, level=28.0)
        yield _made(f"{code}-W", "ammonia_nitrogen", unit="mg/L", shape="mean", interval_s=HOUR, level=2.1)
        yield _made(f"{code}-W", "wastewater", unit="m3/h", shape="mean", interval_s=HOUR, level=9.0 * scale)


def _made(subject: str, item: str, unit: str, shape: Shape, interval_s: int, level: float) -> Series:
    quantity = "flow" if unit == "m3/h" else ""
    code = f"{subject}-{item}"
    return Series(
        Point(
            code,
            subject,
            quantity=quantity,
            item=item,
            unit=unit,
            shape=shape,
            interval_s=interval_s,
            source=f"modbus:{code}",
        ),
        level,
    )


_ROLES: tuple[Literal["sub", "check"], ...] = ("sub", "check")


def _check(number: int, size: Size) -> Series:
    """A sub-meter or a check meter: it counts in the monitoring's figures and in no sum."""
    code, role = _code(number % size.enterprises), _ROLES[number % 2]
    item, unit = ("electricity_purchased", "kWh") if number % 3 else ("water_fresh", "m3")
    shape: Shape = "counter" if number % 3 else "amount"
    point = Point(
        f"{code}-{role}{number:04}", code, quantity="", item=item, unit=unit, shape=shape, interval_s=DAY, role=role
    )
    return Series(point, 40.0 + number % 50)


# ---- readings ----


def _readings(series: Series) -> pa.Table:
    """A year of readings with a slow swing and a weekday; every 37th point lost a few days, every 11th some hours."""
    point, level = series
    count = 365 * DAY // point.interval_s
    step = np.arange(count)
    swing = 1 + 0.2 * np.sin(step * (2 * np.pi * point.interval_s / (365 * DAY))) - 0.1 * ((step // 7) % 5 == 0)
    micro = np.round(level * swing * 1e6).astype(np.int64) + (step * 7919) % 1000
    if point.shape == "counter":
        micro = np.cumsum(micro)
    kept = np.ones(count, bool)
    place = sum(map(ord, point.code))
    if place % 37 == 0:
        kept[count // 3 : count // 3 + 4 * DAY // point.interval_s] = False
    elif place % 11 == 0:
        kept[place % 400 :: 401] = False
    seconds = step * point.interval_s + int(BEGIN.timestamp())
    return _table(point.addresses[0], seconds[kept], micro[kept])


def _table(address: str, seconds: Integers, micro: Integers) -> pa.Table:
    count = len(seconds)
    at = pa.array(seconds * 1_000_000).cast(INSTANT)
    columns = {
        "address": pa.array([address]).take(_zeros(count)),
        "at": at,
        "value": from_micro(micro),
        "flag": pa.array([""]).take(_zeros(count)),
        "entry": pa.array(["bench-0/1"]).take(_zeros(count)),
        "recorded_at": at,
    }
    return pa.table(columns).cast(READING_FILES)


def _zeros(count: int) -> pa.Array:
    return pa.array(np.zeros(count, np.int32))


# ---- statements ----


def _statements(number: int) -> Iterator[ReportedAmount]:
    """What an enterprise reports month by month; every 50th forgets its diesel of one month."""
    for place, (item, unit, level, method) in enumerate(_reported(number)):
        for month in range(1, 13):
            if number % 50 == 7 and item == "diesel" and month == 8:
                continue
            yield ReportedAmount(
                subject=_code(number),
                period=Period.month(YEAR, month),
                item=item,
                amount=Decimal(round(level * (1000 + (number * 31 + place * 17 + month * 7) % 97))) / 1000,
                unit=unit,
                entry="bench-0/1",
                row=number * 1000 + place * 12 + month,
                recorded_at=RECORDED,
                method=method,
            )


def corrected(registry: Registry, subject: str, item: str, month: int) -> Registry:
    """The registry after a subject corrected one statement of one month: a tenth more."""
    period = Period.month(YEAR, month)
    rows = [
        replace(row, amount=row.amount * Decimal("1.1"), recorded_at=row.recorded_at + timedelta(days=1))
        if row.amount is not None and (row.subject, row.item, row.period) == (subject, item, period)
        else row
        for row in registry.reported
    ]
    return replace(registry, reported=tuple(rows))


def _reported(number: int) -> Iterator[tuple[str, str, float, str]]:
    """Item, unit, usual amount a month, method."""
    scale = 1 + number % 7
    yield "output_value", "万元", 820.0 * scale, ""
    yield "added_value", "万元", 240.0 * scale, ""
    yield f"product:goods{number % 9}", "t", 310.0 * scale, ""
    yield "diesel", "t", 1.3 * scale, "bill"
    if number % 4:
        yield "electricity_purchased", "MWh", 27.0 * scale, "bill"
    if number % 6 == 1:
        yield "raw_coal", "t", 42.0 * scale, "bill"
        yield "limestone", "t", 12.0 * scale, ""
    yield "solid_waste_generated", "t", 20.0 * scale, ""
    yield "solid_waste_used", "t", 15.0 * scale, ""
    yield "hazardous_waste_generated", "t", 0.6 * scale, ""
    yield "hazardous_waste_disposed", "t", 0.6 * scale, ""
    yield "water_reused", "t", 610.0 * scale, ""
    if not _has_drain(number):
        yield "wastewater", "t", 700.0 * scale, ""
        yield "cod", "t", 0.02 * scale, "manual"
    if number % 3 == 1 and not _has_stack(number):
        yield "waste_gas", "m3", 910_000.0 * scale, "manual"
        yield "nox", "t", 0.11 * scale, "manual"
        yield "vocs", "t", 0.05 * scale, "manual"
    if number % 8 == 3:
        yield "byproduct_generated", "t", 33.0 * scale, ""
        yield "byproduct_used", "t", 30.0 * scale, ""


def main(arguments: Sequence[str] | None = None) -> int:
    """`python -m xietong.bench.industrial_park FOLDER`: the lake and the files of the bare sums in a folder."""
    parser = argparse.ArgumentParser(prog="python -m xietong.bench.industrial_park")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--enterprises", type=int, default=Size().enterprises)
    parser.add_argument("--points", type=int, default=Size().points)
    given = parser.parse_args(arguments)
    registry, series = park(Size(given.enterprises, given.points))
    filled_lake(given.folder / "lake", registry, series)
    bare_tables(given.folder, registry)
    return 0


if __name__ == "__main__":
    sys.exit(main())
