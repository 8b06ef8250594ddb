"""Substitution 替代: what stands in for the emission of hours that have no valid value (HJ 75-2017, HJ 356-2019).

It replaces amounts only, never a concentration, a flow or a reading. Sulphur dioxide, nitrogen oxides and particulate
go by hours and the quarter's capture rate, water by days and the month's share of valid days. Arrays in, sums out.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from decimal import Decimal
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from xietong.standard.thresholds import float_of, int_of

# HJ 75-2017 names no other gas.
BY_HOURS = frozenset({"so2", "nox", "particulate", "smoke_dust"})
# Below these shares of valid data there is no rule: a person decides.
LEAST_CAPTURE, GOOD_CAPTURE = float_of("substitution.least_capture"), float_of("substitution.good_capture")
LONG_GAP_H = int_of("substitution.long_gap")
LEAST_DAY, LEAST_DAYS = float_of("validity.hours_of_a_day"), float_of("validity.days_of_a_month")
DAYS_BACK, DAYS_SEARCHED = int_of("substitution.days_before"), int_of("substitution.days_searched")
# The highest of so many valid hours before a gap stands in for it.
SHORT_BACK, LONG_BACK = int_of("substitution.hours_for_a_short_gap"), int_of("substitution.hours_for_a_long_gap")
POOR_BACK = int_of("substitution.hours_at_poor_capture")
# Days before a year whose hours may be the last valid ones: 2160 hours are 90 days.
REACH_DAYS = int_of("substitution.reach")
# Amounts come as whole millionths.
MICRO = 1_000_000

Hours = NDArray[np.int64]
_NONE: Hours = np.array([], np.int64)


class Stand(NamedTuple):
    """Hours of one bucket that were substituted by one rule, and what stands in for them (mg per unit).

    rule: "180", "720", "2160" (the maximum of so many valid hours before), "day" (the day's own valid hours) or "30d"
    (the maximum of thirty valid days before); rate: the share of valid data that led to it.
    """

    rule: str
    rate: float
    hours: int
    mg_per_unit: Decimal


class Series(NamedTuple):
    """One channel: hours since 1970 that have a valid amount, the amounts, and the hours that were due, all rising.

    parts, part_amounts: hours of which only a part is known, and its amount, which counts already.
    """

    valid: Hours
    amounts: Hours
    due: Hours
    parts: Hours = _NONE
    part_amounts: Hours = _NONE


class Calendar(NamedTuple):
    """The first hours of the buckets (and the end of the last), and the park's offset from UTC in hours."""

    edges: Hours
    offset_h: int


Stands = dict[int, list[Stand]]


def by_hours(series: Series, calendar: Calendar) -> Stands:
    """HJ 75-2017, by bucket: each gap takes the highest hour among those before it, as many as the capture rate says.

    Only gaps inside the buckets are looked at; what lies before them serves as the valid hours before.
    """
    quarter = _quarters(series.due, calendar)
    is_missing = ~np.isin(series.due, series.valid, assume_unique=True)
    rates = {each: 1 - float(is_missing[quarter == each].mean()) for each in np.unique(quarter).tolist()}
    found: dict[tuple[int, str, float], list[int]] = defaultdict(list)
    for places in _runs(np.flatnonzero(is_missing)):
        first = int(np.searchsorted(series.valid, series.due[places[0]]))
        for place in places:
            rate = rates[int(quarter[place])]
            back = _hours_back(rate, len(places))
            bucket = int(np.searchsorted(calendar.edges, series.due[place], side="right")) - 1
            if back and first and 0 <= bucket < len(calendar.edges) - 1:
                found[bucket, str(back), rate].append(int(series.amounts[max(0, first - back) : first].max()))
    return _told(found)


def _hours_back(rate: float, gap_h: int) -> int:
    if rate < LEAST_CAPTURE:
        return 0
    if rate < GOOD_CAPTURE:
        return POOR_BACK
    return SHORT_BACK if gap_h <= LONG_GAP_H else LONG_BACK


def _quarters(hours: Hours, calendar: Calendar) -> Hours:
    months = ((hours + calendar.offset_h) * 3600).astype("datetime64[s]").astype("datetime64[M]").astype(np.int64)
    quarters: Hours = months // 3
    return quarters


def _runs(places: Hours) -> Iterator[list[int]]:
    """Places that follow each other, as runs."""
    cuts = np.flatnonzero(np.diff(places) > 1) + 1
    return (run.tolist() for run in np.split(places, cuts) if len(run))


def _told(found: Mapping[tuple[int, str, float], list[int]]) -> Stands:
    stands: Stands = defaultdict(list)
    for (bucket, rule, rate), amounts in sorted(found.items()):
        stands[bucket].append(Stand(rule, rate, len(amounts), Decimal(sum(amounts)) / MICRO))
    return dict(stands)


class _Day(NamedTuple):
    """A park day: hours due and valid, what came in the valid ones, and in parts of others."""

    due: int
    valid: int
    came: int
    in_parts: int = 0

    @property
    def is_valid(self) -> bool:
        return self.valid >= LEAST_DAY * self.due

    @property
    def whole(self) -> Decimal:
        """The amount of a valid day, its own valid hours standing for the rest."""
        return Decimal(self.came) * self.due / self.valid / MICRO


def by_days(series: Series, calendar: Calendar) -> Stands:
    """HJ 356-2019, by bucket: a valid day counts for all its hours, another takes the highest of thirty valid days
    before it; a bucket with too few valid days is left as it is."""
    days = _days(series, calendar)
    stands: Stands = {}
    edges = (calendar.edges + calendar.offset_h) // 24
    for bucket, (opens, closes) in enumerate(pairwise(edges.tolist())):
        within = [day for day in days if opens <= day < closes]
        rate = sum(days[day].is_valid for day in within) / len(within) if within else 0.0
        if rate < LEAST_DAYS:
            continue
        sums: dict[str, tuple[int, Decimal]] = {}
        for day in within:
            _add(sums, day, days)
        stands[bucket] = [Stand(rule, rate, hours, amount) for rule, (hours, amount) in sorted(sums.items())]
    return {bucket: found for bucket, found in stands.items() if found}


def _add(sums: dict[str, tuple[int, Decimal]], at: int, days: Mapping[int, _Day]) -> None:
    """What stands in for the hours of one day that have none."""
    day = days[at]
    if day.valid >= day.due:
        return
    earlier = range(at - 1, at - 1 - DAYS_SEARCHED, -1)
    before = [days[each].whole for each in earlier if each in days and days[each].is_valid]
    came = Decimal(day.came + day.in_parts) / MICRO
    if day.is_valid:
        rule, whole = "day", day.whole
    elif before:
        rule, whole = "30d", max(before[:DAYS_BACK])
    else:
        return
    hours, amount = sums.get(rule, (0, Decimal(0)))
    sums[rule] = hours + day.due - day.valid, amount + max(Decimal(0), whole - came)


def _days(series: Series, calendar: Calendar) -> dict[int, _Day]:
    due, counts = np.unique((series.due + calendar.offset_h) // 24, return_counts=True)
    is_due = np.isin(series.valid, series.due, assume_unique=True)
    day_of, came = (series.valid[is_due] + calendar.offset_h) // 24, series.amounts[is_due]
    places = np.searchsorted(due, day_of)
    valid = np.bincount(places, minlength=len(due))
    sums = np.zeros(len(due), np.int64)
    np.add.at(sums, places, came)
    in_parts = np.zeros(len(due), np.int64)
    part_due = np.isin(series.parts, series.due, assume_unique=True)
    part_days = (series.parts[part_due] + calendar.offset_h) // 24
    np.add.at(in_parts, np.searchsorted(due, part_days), series.part_amounts[part_due])
    rows = zip(due.tolist(), counts.tolist(), valid.tolist(), sums.tolist(), in_parts.tolist(), strict=True)
    return {row[0]: _Day(*row[1:]) for row in rows}
