"""One point's readings as arrays, in time order, each instant once: what the finders look at."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from xietong.quality.bounds import FUTURE_S, Bounds, Values, doubtful, is_sentinel, may_be_doubtful, park_time
from xietong.quality.registers import Flags, Ints
from xietong.readings import BELOW, CORRECTED

# HJ 212's marks under which a value counts (as in the roll-up); any other mark is the device's own word on its value.
UNMARKED = ("", "N", "T", "S", BELOW)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICRO = timedelta(microseconds=1)


class Watched(NamedTuple):
    """What the search must know of a point. low and high are in its unit, after the multiplier; since ≤ at < until.

    digits: of a register before its decimals (0: unknown); changes: when its meter was changed, as recorded;
    daily_reset: its register starts again every midnight; checked: numbers that stand for none and values far above
    their day are looked for; peak_times, peak_floor: see bounds.
    """

    point: str
    addresses: tuple[str, ...]
    shape: str
    interval_s: int
    low: Decimal | None = None
    high: Decimal | None = None
    multiplier: Decimal = Decimal(1)
    since: datetime | None = None
    until: datetime | None = None
    digits: int = 0
    changes: tuple[datetime, ...] = ()
    daily_reset: bool = False
    checked: bool = False
    peak_times: int = 0
    peak_floor: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Series:
    """Readings of one point in [start_us, end_us), sorted by instant; of several at one instant the first received.

    micro: values as stated, in millionths; unmarked: the device did not mark it; usable: nor is it out of range;
    beyond: outside the range; sentinel: a number that stands for none; peak: far above its day;
    conflict: another value was stated for the instant, in the table's row other_row;
    row: the table's row; journal, ordinal, source: where each came from (journal and address as numbers);
    zone: the park's.
    """

    watched: Watched
    start_us: int
    end_us: int
    at_us: Ints
    micro: Ints
    unmarked: Flags
    beyond: Flags
    sentinel: Flags
    peak: Flags
    conflict: Flags
    other_row: Ints
    row: Ints
    journal: Ints
    ordinal: Ints
    source: Ints
    zone: ZoneInfo

    @property
    def usable(self) -> Flags:
        """Neither marked, nor out of range, nor in doubt by what the point else shows."""
        return self.unmarked & ~self.beyond & ~self.sentinel & ~self.peak

    @property
    def meter(self) -> Ints:
        """Which of the meters that followed one another each reading is of; of the very instant of a change that of the
        reading beside it that is nearer."""
        changes = np.array(sorted(to_us(each) for each in self.watched.changes), np.int64)
        meter = np.searchsorted(changes, self.at_us, side="left").astype(np.int64)
        between = np.flatnonzero(np.isin(self.at_us[1:-1], changes)) + 1
        fell = np.abs(np.diff(self.micro))
        meter[between] += fell[between] < fell[between - 1]
        return meter

    @property
    def modulus(self) -> int:
        """Where the register starts again at zero, in millionths; 0: unknown."""
        return int(10 ** (self.watched.digits + 6)) if self.watched.digits else 0

    @property
    def step_us(self) -> int:
        """The interval in µs."""
        return self.watched.interval_s * 1_000_000


def to_us(at: datetime) -> int:
    """An instant as microseconds since 1970."""
    return (at - _EPOCH) // _MICRO


def from_us(at_us: int) -> datetime:
    """The other way round."""
    return _EPOCH + at_us * _MICRO


class Columns(NamedTuple):
    """Readings as arrays, sorted by address."""

    bounds: dict[str, tuple[int, int]]
    at_us: Ints
    micro: Ints
    unmarked: Flags
    recorded_us: Ints
    journal: Ints
    ordinal: Ints
    entries: pa.ChunkedArray


def columns(readings: pa.Table) -> Columns:
    """Take a table of readings (address, at, value, flag, entry, recorded_at) apart."""
    readings = readings.sort_by("address")
    address = readings.column("address").combine_chunks().dictionary_encode()
    codes = np.asarray(address.indices)
    edges = np.concatenate([[0], np.flatnonzero(np.diff(codes)) + 1, [len(codes)]]) if len(codes) else np.zeros(1, int)
    names = address.dictionary.to_pylist()
    entry = readings.column("entry")
    journal = pc.replace_substring_regex(entry, "/[^/]*$", "").combine_chunks().dictionary_encode()
    millionths = pc.multiply(readings.column("value"), pa.scalar(Decimal(1_000_000)))
    return Columns(
        {names[codes[lo]]: (int(lo), int(hi)) for lo, hi in pairwise(edges)},
        np.asarray(readings.column("at").cast(pa.int64())),
        micro=np.asarray(millionths.cast(pa.int64())),
        unmarked=np.asarray(pc.is_in(readings.column("flag"), pa.array(UNMARKED))),
        recorded_us=np.asarray(readings.column("recorded_at").cast(pa.int64())),
        journal=np.asarray(journal.indices).astype(np.int64),
        ordinal=np.asarray(pc.replace_substring_regex(entry, "^.*/", "").cast(pa.int64())),
        entries=entry,
    )


def series_of(
    table: Columns, points: Sequence[Watched], span: tuple[datetime, datetime], zone: ZoneInfo
) -> Iterator[Series]:
    """The series of each point within the span and the point's own dates."""
    for watched in points:
        start, end = span
        start = max(start, watched.since) if watched.since else start
        end = min(end, watched.until) if watched.until else end
        if start < end:
            yield _series(table, watched, (to_us(start), to_us(end)), zone)


def _series(table: Columns, watched: Watched, span: tuple[int, int], zone: ZoneInfo) -> Series:
    start_us, end_us = span
    parts = [np.arange(*table.bounds.get(address, (0, 0))) for address in watched.addresses]
    source = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
    corrects = np.array([address.startswith(CORRECTED) for address in watched.addresses], bool)
    row = np.concatenate(parts).astype(np.int64)
    inside = (table.at_us[row] >= start_us) & (table.at_us[row] < end_us)
    if watched.checked:  # what is stamped long after its receipt is of no hour; settle.doubts names it
        inside &= (table.at_us[row] <= table.recorded_us[row] + FUTURE_S * 1_000_000) | corrects[source]
    row, source = row[inside], source[inside]
    said = corrects[source]
    received = np.where(said, -table.recorded_us[row], table.recorded_us[row])
    order = np.lexsort((table.micro[row], table.ordinal[row], received, ~said, table.at_us[row]))
    row, source = row[order], source[order]
    at = table.at_us[row]
    first = np.flatnonzero(np.concatenate([[True], np.diff(at) != 0])) if len(at) else np.zeros(0, np.int64)
    which = np.repeat(first, np.diff(np.concatenate([first, [len(at)]])))
    # What a person corrected is no conflict any more.
    differs = np.flatnonzero((table.micro[row] != table.micro[row[which]]) & ~corrects[source[which]])
    other = np.full(len(at), -1, np.int64)
    other[which[differs[::-1]]] = row[differs[::-1]]
    kept = row[first]
    micro = table.micro[kept]
    beyond = _beyond(watched, micro)
    said_so = table.unmarked[kept] & ~corrects[source[first]]
    sentinel, peak = _doubted(watched, at[first], micro, said_so & ~beyond, zone)
    if watched.checked:  # beyond the bounds it needs nothing beside it to be told from a measurement
        sentinel = sentinel | (beyond & said_so & is_sentinel(micro))
    return Series(
        watched,
        start_us,
        end_us=end_us,
        at_us=at[first],
        micro=micro,
        unmarked=table.unmarked[kept],
        beyond=beyond,
        sentinel=sentinel,
        peak=peak,
        conflict=other[first] >= 0,
        other_row=other[first],
        row=kept,
        journal=table.journal[kept],
        ordinal=table.ordinal[kept],
        source=source[first],
        zone=zone,
    )


def _doubted(watched: Watched, at_us: Ints, micro: Ints, usable: Flags, zone: ZoneInfo) -> tuple[Flags, Flags]:
    """Which are numbers that stand for none and which are far above their day; times are looked at where needed."""
    none = np.zeros(len(micro), bool)
    if not watched.checked or watched.shape in ("counter", "state"):
        return none, none
    bounds = Bounds(peak_times=watched.peak_times, peak_floor=watched.peak_floor)
    rows = np.flatnonzero(usable)
    scaled = (micro[rows] * (float(watched.multiplier) / 1e6)).astype(np.float64)
    if not may_be_doubtful(micro[rows], scaled, bounds):
        return none, none
    hour, day = park_time(at_us[rows], zone)
    found = doubtful(Values(hour, day, scaled, micro[rows]), bounds)
    sentinel, peak = none.copy(), none.copy()
    sentinel[rows], peak[rows] = found
    return sentinel, peak


def _beyond(watched: Watched, micro: Ints) -> Flags:
    """Outside the bounds. A float is near enough: bounds are round numbers, and a case is a question, not a figure."""
    scaled = micro * (float(watched.multiplier) / 1e6)
    beyond = np.zeros(len(micro), bool)
    if watched.low is not None:
        beyond |= scaled < float(watched.low) - 1e-9
    if watched.high is not None:
        beyond |= scaled > float(watched.high) + 1e-9
    return beyond
