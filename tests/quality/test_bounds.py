"""Physical bounds by quantity: data with their source, in the unit of the point, and what they leave alone."""

import csv
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

import xietong.quality.bounds as bounds
from xietong.quality.bounds import Bounds, Values, bounds_of, doubtful, may_be_doubtful, park_time, sentinels
from xietong.units import UNITS

FOLDER = Path(bounds.__file__).parent


def test_every_row_has_a_source_and_a_known_unit() -> None:
    for name in ("bounds.csv", "sentinels.csv"):
        with (FOLDER / name).open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        assert rows
        assert all(row["source"].strip() for row in rows)
        if name == "bounds.csv":
            assert all(UNITS[row["unit"]].dimension == row["dimension"] for row in rows)


@pytest.mark.parametrize(
    ("item", "unit", "shape", "interval_s", "low", "high"),
    [
        ("so2", "mg/m3", "mean", 3600, "-5", "300000"),
        ("so2", "g/m3", "mean", 3600, "-0.005", "300"),
        ("hydrogen_chloride", "ug/m3", "mean", 3600, "-5000", "3000000000"),
        ("cod", "mg/L", "sample", 0, "-5", "500000"),
        ("o2", "%", "mean", 3600, "-0.5", "25"),
        ("oxygen", "%", "instant", 60, "-0.5", "25"),
        ("ph", "pH", "mean", 3600, "0", "14"),
        ("temperature", "℃", "mean", 60, "-90", "3000"),
        ("wastewater", "m3/h", "mean", 900, "-0.5", "1000000"),
        ("wastewater", "m3", "amount", 86400, "-12", "24000000"),
        ("electricity_purchased", "kWh", "counter", 900, "0", None),
        ("electricity_purchased", "kWh", "amount", 900, None, "100000000"),
        ("running", "1", "state", 60, None, None),
    ],
)
def test_bounds_are_in_the_unit_of_the_point(
    item: str, unit: str, shape: str, interval_s: int, low: str | None, high: str | None
) -> None:
    found = bounds_of(item, unit, shape, interval_s)
    assert (found.low, found.high) == (low and Decimal(low), high and Decimal(high))


def test_registers_of_sixteen_and_thirty_two_bits_are_what_their_bits_say() -> None:
    known = sentinels()
    for whole in (2**16 - 1, 2**15 - 1, 2**32 - 1, 2**31 - 1):
        assert known[Decimal(whole)].kind == "saturation"
        assert known[Decimal(whole) / 10].kind == "saturation"
        assert known[Decimal(whole) / 100].kind == "saturation"
    for value in ("6553.6", "-32768", "99999999", "-9999", "-999", "-99", "9999", "99999"):
        assert Decimal(value) in known


def _day(shown: list[str], known: Bounds | None = None) -> tuple[list[int], list[int]]:
    """Hourly values of one day; the hours that are sentinels and those far above the day."""
    micro = np.array([int(Decimal(value) * 1_000_000) for value in shown], np.int64)
    at = np.arange(len(shown), dtype=np.int64) * 3_600_000_000
    hour, day = park_time(at, ZoneInfo("UTC"))
    known = known or Bounds(peak_times=1000, peak_floor=Decimal(5))
    if not may_be_doubtful(micro, micro / 1e6, known):
        return [], []
    found = doubtful(Values(hour, day, micro / 1e6, micro), known)
    return np.flatnonzero(found[0]).tolist(), np.flatnonzero(found[1]).tolist()


@pytest.mark.parametrize(
    ("shown", "sentinel", "peak"),
    [
        (["10"] * 23 + ["9999"], [23], []),
        (["6553.6"] + ["10"] * 23, [0], []),
        (["9999"] * 24, list(range(24)), []),  # away all day
        (["4999.4"] * 23 + ["9999"], [23], []),
        (["4999.5"] * 23 + ["9999"], [], []),  # no more than twice what flows
        (["9998", "9999", "10000"] * 8, [], []),  # a flow that passes there
        (["60000"] * 23 + ["65535"], [], []),  # once, where the flow is near it
        (["60000"] * 21 + ["65535"] * 3, [21, 22, 23], []),  # clipped
        (["10"] * 23 + ["10000"], [], [23]),
        (["10"] * 23 + ["9990"], [], []),  # not quite
        (["0.2"] * 23 + ["450"], [], []),  # from below detection to a true exceedance
        (["0"] * 23 + ["400"], [], []),  # a batch let out
        (["0.01"] * 12 + ["120"] * 12, [], []),  # half a day of work
        (["10"] * 5 + ["10000"], [], []),  # too little to tell from
        (["10"] * 20 + ["10000"] * 4, [], []),  # too many to be a slip
    ],
)
def test_what_stands_for_none_and_what_is_far_above_its_day(
    shown: list[str], sentinel: list[int], peak: list[int]
) -> None:
    assert _day(shown) == (sentinel, peak)


def test_the_hour_that_comes_twice_is_two() -> None:
    """26 October 2025 in Berlin has two hours from two o'clock on."""
    first = int(datetime(2025, 10, 26, 0, tzinfo=UTC).timestamp()) * 1_000_000
    hour, day = park_time(np.array([first, first + 3_600_000_000], np.int64), ZoneInfo("Europe/Berlin"))
    assert hour[0] != hour[1]
    assert day[0] == day[1]
