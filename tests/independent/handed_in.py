"""What was handed in of the demo park: the rows of its package and the raw HJ 212 frames as they lie in the journal.

Hours that devices measured, and what stands in for hours without; nothing here knows a factor. Nothing of the platform
is imported and nothing that it made is read.
"""

import csv
import re
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

D = Decimal
Row = dict[str, str]
Hours = dict[str, Decimal]

AIR = ("particulate", "so2", "nox")
# HJ/T 212-2005 codes → HJ 212-2017 codes.
OLD_CODES = {
    "01": "a34013",
    "02": "a21026",
    "03": "a21002",
    "S01": "a19001",
    "S03": "a01012",
    "B02": "a00000",
    "011": "w01018",
    "060": "w21003",
    "B01": "w00000",
}
COUNTED_FLAGS = ("", "N", "T", "S")


class Point(NamedTuple):
    """One measured quantity of an outlet with the bounds that its readings must keep."""

    outlet: str
    item: str
    low: Decimal | None
    high: Decimal | None


def table(package: Path, name: str) -> list[Row]:
    """The rows of one CSV file."""
    with (package / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


# ---- what was reported ----


def enterprise_totals(package: Path, year: str) -> dict[str, Decimal]:
    """Monthly amounts of enterprises, summed: item → amount. No item of the demo is stated in two ways."""
    kinds = {row["code"]: row["kind"] for row in table(package, "subjects")}
    totals: dict[str, Decimal] = defaultdict(D)
    for row in table(package, "reported"):
        if row["period"].startswith(f"{year}-") and kinds[row["subject"]] in ("enterprise", "supply"):
            totals[row["item"]] += D(row["amount"])
    return totals


# ---- what the devices sent ----


def frames(journal: Path) -> Iterator[str]:
    """The data segments of the hourly frames in the order in which they came."""
    for segment in sorted(journal.glob("intake-*/*.seg")):
        raw = segment.read_bytes()
        for head in re.finditer(rb"##(\d{4})(?=QN=|ST=)", raw):
            text = raw[head.end() : head.end() + int(head[1])]
            if b";CN=2061;" in text and text.endswith(b"&&"):
                yield text.decode("ascii")


def values(segment: str) -> Iterator[tuple[str, str, Decimal, str]]:
    """(address, hour as yyyyMMddHH in park time, value, flag) of one frame."""
    header, _, content = segment.partition("CP=&&")
    mn = header.partition("MN=")[2].partition(";")[0]
    hour = content.partition("DataTime=")[2][:10]
    for group in content.removesuffix("&&").split(";")[1:]:
        pairs = dict(part.split("=", 1) for part in group.split(","))
        code = next(iter(pairs)).partition("-")[0]
        flag = pairs.get(f"{code}-Flag", "")
        for field in ("Avg", "Cou"):
            if f"{code}-{field}" in pairs:
                address = f"hj212:{mn}/{OLD_CODES.get(code, code)}/{field}"
                yield address, hour, D(pairs[f"{code}-{field}"]), flag


def points_of_outlets(package: Path) -> dict[str, Point]:
    """The points that make masses and volumes, by address."""
    found = {}
    for row in table(package, "points"):
        if row["source"].startswith("hj212:") and row["role"] == "total":
            bounds = (D(row[side]) if row[side] else None for side in ("low", "high"))
            found[row["source"]] = Point(row["subject"], row["item"], *bounds)
    return found


def counts(point: Point, value: Decimal, flag: str) -> bool:
    """Whether a reading is valid: its mark says so and it lies within the point's bounds."""
    above = point.low is None or value >= point.low
    return flag in COUNTED_FLAGS and above and (point.high is None or value <= point.high)


class Measured(NamedTuple):
    """(outlet, item) → hour → value of the valid hours, and the (outlet, hour) of stops."""

    hours: dict[tuple[str, str], Hours]
    stops: set[tuple[str, str]]


def measured_hours(package: Path, journal: Path, year: str) -> Measured:
    """What the outlets' devices measured in a year.

    Of two readings for one hour the first that came is the one; whether it is valid is asked afterwards.
    """
    points = points_of_outlets(package)
    seen: set[tuple[str, str]] = set()
    hours: dict[tuple[str, str], Hours] = defaultdict(dict)
    stops: set[tuple[str, str]] = set()
    for segment in frames(journal):
        for address, hour, value, flag in values(segment):
            point = points.get(address)
            if point is None or not hour.startswith(year) or (address, hour) in seen:
                continue
            seen.add((address, hour))
            if flag == "F":
                stops.add((point.outlet, hour))
            elif counts(point, value, flag):
                hours[point.outlet, point.item][hour] = value
    return Measured(hours, stops)


def by_month(amounts: Hours) -> dict[str, tuple[Decimal, int]]:
    """month → (sum, hours)."""
    sums: dict[str, tuple[Decimal, int]] = {}
    for hour, amount in amounts.items():
        before, count = sums.get(hour[4:6], (D(0), 0))
        sums[hour[4:6]] = before + amount, count + 1
    return sums


def carried(hours: dict[tuple[str, str], Hours], outlet: str, name: str) -> Hours:
    """hour → t of a pollutant (measured concentration × flow of the same hour), or the flow itself."""
    own = hours.get((outlet, name), {})
    if name in ("waste_gas", "wastewater"):
        return own
    medium, tonnes = ("waste_gas", D("1e-9")) if name in AIR else ("wastewater", D("1e-6"))
    flow = hours.get((outlet, medium), {})
    return {hour: value * flow[hour] * tonnes for hour, value in own.items() if hour in flow}


def hours_of(year: str) -> list[str]:
    """Every hour of a year as yyyyMMddHH."""
    first, last = datetime(int(year), 1, 1, tzinfo=UTC), datetime(int(year) + 1, 1, 1, tzinfo=UTC)
    return [f"{first + timedelta(hours=hour):%Y%m%d%H}" for hour in range((last - first).days * 24)]


def stands_in(measured: Measured, outlet: str, name: str, year: str) -> Hours:
    """What stands in for hours of a pollutant of an outlet without a valid amount; hours of stops were not due."""
    off = {hour for code, hour in measured.stops if code == outlet}
    came = carried(measured.hours, outlet, name)
    return substituted(name, came, [hour for hour in hours_of(year) if hour not in off])


def substituted(name: str, came: Hours, due: list[str]) -> Hours:
    """hour → t that stands in for a due hour without a valid amount: HJ 75-2017 for gas, HJ 356-2019 for water."""
    if not came or name in ("vocs", "waste_gas", "wastewater"):
        return {}
    return gas_substituted(came, due) if name in AIR else water_substituted(came, due)


def gas_substituted(came: Hours, due: list[str]) -> Hours:
    """The highest of the last 180, 720 or 2160 valid hours, by the length of the gap and the quarter's capture rate."""
    shares: dict[int, Decimal] = {}
    for quarter in range(4):
        own = [hour for hour in due if (int(hour[4:6]) - 1) // 3 == quarter]
        shares[quarter] = D(sum(hour in came for hour in own)) / len(own) if own else D(0)
    found: Hours = {}
    valid: list[Decimal] = []
    gap: list[str] = []
    for hour in [*due, ""]:
        if hour and hour not in came:
            gap.append(hour)
            continue
        for lacking in gap:
            share = shares[(int(lacking[4:6]) - 1) // 3]
            back = 0 if share < D("0.75") else 2160 if share < D("0.9") else 180 if len(gap) <= 24 else 720
            if back and valid:
                found[lacking] = max(valid[-back:])
        gap = []
        valid += [came[hour]] if hour else []
    return found


def water_substituted(came: Hours, due: list[str]) -> Hours:
    """A valid day counts for all its hours; another becomes the highest of thirty valid days before it, in months of
    which three quarters of the days are valid."""
    days: dict[str, list[str]] = defaultdict(list)
    for hour in due:
        days[hour[:8]].append(hour)
    sums = {day: [came[hour] for hour in hours if hour in came] for day, hours in days.items()}
    good = {day: len(sums[day]) * 4 >= len(hours) * 3 for day, hours in days.items()}
    whole = {day: sum(sums[day], D(0)) * len(days[day]) / len(sums[day]) for day in days if good[day]}
    found: Hours = {}
    for day, hours in days.items():
        month = [good[each] for each in days if each[:6] == day[:6]]
        lacking = [hour for hour in hours if hour not in came]
        before = [whole[each] for each in days if each < day and good[each]][-30:]
        if not lacking or sum(month) * 4 < len(month) * 3 or not (good[day] or before):
            continue
        rest = (whole[day] if good[day] else max(before)) - sum(sums[day], D(0))
        found |= {hour: max(rest, D(0)) / len(lacking) for hour in lacking}
    return found


def stopped_months(stops: set[tuple[str, str]], outlet: str) -> dict[str, int]:
    """Hours of stops of an outlet by month: they were not due."""
    found: dict[str, int] = defaultdict(int)
    for code, hour in stops:
        found[hour[4:6]] += code == outlet
    return found
