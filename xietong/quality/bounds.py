"""What a quantity can be at all: physical bounds by item and unit, and numbers by which devices say that they have
none.

Both are data with their sources (bounds.csv, sentinels.csv); what stands there as "ours" is no standard's. Used where a
point states no bounds of its own. Which reading is out is a function of its point and its park day alone, so that it is
the same whatever the order in which readings came (docs/decisions, "What a quantity can be").
"""

import csv
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from xietong.quality.registers import Flags, Ints
from xietong.readings import MILLIONTH
from xietong.standard.thresholds import int_of, seconds_of
from xietong.texts import Text
from xietong.units import UNITS, convert

Floats = NDArray[np.float64]
# How else the field names what a row of bounds.csv is of.
_ALSO: Mapping[str, str] = {
    "o2": "oxygen",
    "a19001": "oxygen",
    "oxygen_content": "oxygen",
    "a01014": "humidity",
    "moisture": "humidity",
    "dust": "particulate",
    "w01001": "ph",
}
# Readings so many times apart from the rest of a day need so many other hours to be told from, and are so many at most.
LEAST_HOURS, MOST_PEAKS = int_of("reading.least_hours"), int_of("reading.most_peaks")
# A reading stamped so much later than it was received is of a clock that is wrong, in seconds.
FUTURE_S = seconds_of("validity.clock_ahead")
# A sentinel is believed where another value of the day is at least half as large, saturation only once a day.
BACKED = int_of("reading.backed")
_QUARTER_US = 900_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Bounds(NamedTuple):
    """What a value of a point can be, in the point's unit; None: nothing is known.

    drift: between low and zero an instrument only drifts, and the value is zero; peak_times, peak_floor: a value so
    many times above the median of its day, and of the floor, is in doubt (0: never).
    """

    low: Decimal | None = None
    high: Decimal | None = None
    drift: bool = False
    peak_times: int = 0
    peak_floor: Decimal = Decimal(0)


class Sentinel(NamedTuple):
    """A number that stands for none: its kind (sentinel, saturation) and what it is."""

    value: Decimal
    kind: str
    told: Text


NOTHING_KNOWN = Bounds()


@cache
def sentinels() -> Mapping[Decimal, Sentinel]:
    """Every such number, as it stands in a reading."""
    rows = [Sentinel(Decimal(row["value"]), row["kind"], Text(row["zh"], row["en"])) for row in _rows("sentinels.csv")]
    return {row.value: row for row in rows}


def bounds_of(item: str, unit: str, shape: str, interval_s: int) -> Bounds:
    """The bounds of a point's values: the row of its item, else that of its dimension; of amounts over its interval."""
    known = UNITS.get(unit)
    if known is None or shape == "state":
        return NOTHING_KNOWN
    table = _table()
    row = table.get((_ALSO.get(item, item).partition(":")[0], known.dimension)) or table.get(("*", known.dimension))
    if row is None:
        return NOTHING_KNOWN
    if shape == "counter":  # a register: what it shows is bounded by its digits alone
        return Bounds(low=Decimal(0))
    hours = Decimal(max(interval_s, 3600)) / 3600 if row["per"] == "hour" else Decimal(1)
    low, high, floor = (
        convert(Decimal(row[name]), row["unit"], unit) if row[name] else None for name in ("low", "high", "peak_floor")
    )
    return Bounds(
        None if low is None else _sixth(low * hours),
        None if high is None else _sixth(high * hours),
        drift=low is not None and low < 0 and known.dimension not in ("temperature", "pressure"),
        peak_times=int(row["peak_times"] or 0),
        peak_floor=_sixth((floor or Decimal(0)) * hours),
    )


def park_time(at_us: Ints, zone: ZoneInfo) -> tuple[Ints, Ints]:
    """The park hour of each instant, counted through the days, and its park day."""
    quarters, place = np.unique(at_us // _QUARTER_US, return_inverse=True)
    local = [(_EPOCH + timedelta(microseconds=int(each) * _QUARTER_US)).astimezone(zone) for each in quarters]
    day = np.array([each.toordinal() for each in local], np.int64)
    begin = np.array([(each.hour, each.fold) for each in local], np.int64).reshape(len(local), 2)
    return (day * 100 + begin[:, 0] * 2 + begin[:, 1])[place], day[place]


class Values(NamedTuple):
    """Usable readings of a point by time: their hour and park day as numbers, what they say (scaled), and what stands
    in the reading itself, in millionths."""

    hour: Ints
    day: Ints
    scaled: Floats
    raw: Ints


def is_sentinel(raw: Ints) -> Flags:
    """Which readings (in millionths) show a number that stands for none, whatever stands beside them."""
    return np.isin(raw, _kinds()[0])


def may_be_doubtful(raw: Ints, scaled: Floats, bounds: Bounds) -> bool:
    """Whether any value could be in doubt at all; nearly no point has one."""
    if not len(raw):
        return False
    high = bounds.peak_times * float(bounds.peak_floor)
    return bool(is_sentinel(raw).any() or (bounds.peak_times and np.abs(scaled).max() >= high))


def doubtful(values: Values, bounds: Bounds) -> tuple[Flags, Flags]:
    """Which readings are sentinels that nothing beside them backs, and which stand far above their day.

    The same rule as the roll-up's (lake.hours), over one point.
    """
    suspect, saturated = (np.isin(values.raw, each) for each in _kinds())
    size = np.abs(values.scaled)
    is_sentinel, is_peak = np.zeros(len(size), bool), np.zeros(len(size), bool)
    high = bounds.peak_times * float(bounds.peak_floor) if bounds.peak_times else np.inf
    for day in np.unique(values.day[suspect | (size >= high)]).tolist():
        here = np.flatnonzero(values.day == day)
        plain = ~suspect[here]
        limit = _of_a_day(values.hour[here][plain], size[here][plain], bounds)
        shown = values.scaled[here]
        backing = shown[plain & (size[here] < limit)]
        beside = np.where(shown < 0, -backing.min(initial=0.0), backing.max(initial=0.0))
        is_peak[here] = plain & (size[here] >= limit)
        twice = saturated[here] & (saturated[here].sum() > 1)
        is_sentinel[here] = suspect[here] & ((size[here] > BACKED * beside) | twice)
    return is_sentinel, is_peak


@cache
def _kinds() -> tuple[Ints, Ints]:
    """All sentinels, and those that are saturation, in millionths."""
    rows = {int(value * 1_000_000): row.kind for value, row in sentinels().items()}
    full = [micro for micro, kind in rows.items() if kind == "saturation"]
    return np.array(sorted(rows), np.int64), np.array(sorted(full), np.int64)


def _of_a_day(hour: Ints, size: Floats, bounds: Bounds) -> float:
    """From which size on a value of the day is in doubt; by the highest of each hour."""
    if not len(size):
        return np.inf
    begins = np.flatnonzero(np.append(True, np.diff(hour) != 0))
    highest = np.maximum.reduceat(size, begins)
    above_zero = highest[highest > 0]
    if bounds.peak_times and len(above_zero) >= LEAST_HOURS:
        asked = bounds.peak_times * max(float(np.median(above_zero)), float(bounds.peak_floor))
        return asked if 0 < (highest >= asked).sum() <= MOST_PEAKS else np.inf
    return np.inf


def _sixth(value: Decimal) -> Decimal:
    return value.quantize(MILLIONTH)


@cache
def _table() -> Mapping[tuple[str, str], Mapping[str, str]]:
    return {(row["item"], row["dimension"]): row for row in _rows("bounds.csv")}


def _rows(name: str) -> list[dict[str, str]]:
    with Path(__file__).with_name(name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
