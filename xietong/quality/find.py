"""Finding cases in readings: gap, stuck, meter change, jump, late, conflict, out of range and the like. Only the
data speak.

Each finder takes one point's series and gives spans; where doubt begins is a parameter, by default a row
of standard/thresholds.toml.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa

from xietong.quality.bounds import park_time
from xietong.quality.cases import Case, Kind, sentence, told
from xietong.quality.registers import HOUR_US, Flags, Ints, counted, set_aside
from xietong.quality.series import Columns, Series, Watched, columns, from_us, series_of
from xietong.readings import CORRECTED
from xietong.standard.thresholds import float_of, int_of, microseconds_of

ENTRIES_SHOWN = 10
# More days than any park has; a day's number stands below its meter's.
DAYS = 1_000_000
# A calibration in the midst of a run of equal values does not end it.
BRIDGED_US = microseconds_of("reading.bridged")


class Parameters(NamedTuple):
    """Where doubt begins.

    gap_intervals: silence between two readings of more than so many intervals (1 or more) and an hour is a gap (ours).
    stuck_readings, stuck_hours: the same value five times (the public rule catalogues) and for 12 h (ours): five equal
    readings alone come every day where a signal is slow, so both must hold.
    stuck_share: the point normally varies: outside its long runs at most this share of its steps is no change (ours).
    stuck_times: and the run is so many times longer than any other run of equal values (ours).
    stuck_usual: and its value makes up at most this share of the point's other readings: a base load is none (ours).
    stuck_digits: an amount is at least so many units of its last digit: below, a low load may well repeat (ours).
    jump_times: a register rises so many times faster than in nearly all (jump_share) of its other rising steps, of
    which there are at least jump_steps (ours: a plant that is switched on multiplies its load, but not by twenty).
    late_hours: so much newer data came in an earlier entry (ours: a day).
    """

    gap_intervals: float = float_of("reading.gap_intervals")
    stuck_readings: int = int_of("reading.stuck_readings")
    stuck_hours: float = float_of("reading.stuck_hours")
    stuck_share: float = float_of("reading.stuck_share")
    stuck_times: float = float_of("reading.stuck_times")
    stuck_usual: float = float_of("reading.stuck_usual")
    stuck_digits: int = int_of("reading.stuck_digits")
    jump_times: float = float_of("reading.jump_times")
    jump_share: float = float_of("reading.jump_share")
    jump_steps: int = int_of("reading.jump_steps")
    late_hours: float = float_of("reading.late_hours")


class Span(NamedTuple):
    """A finding inside a series: from and to in µs, how many readings, their indices, and two values to show (µ)."""

    start_us: int
    end_us: int
    number: int
    indices: Ints
    first: int = 0
    last: int = 0


Finder = Callable[[Series, Parameters], Iterator[Span]]


def find_cases(
    readings: pa.Table,
    points: Sequence[Watched],
    span: tuple[datetime, datetime],
    zone: ZoneInfo,
    parameters: Parameters | None = None,
) -> list[Case]:
    """Every case of the points in [start, end), in order of point, time and kind.

    readings: address, at, value, flag, entry, recorded_at as the lake keeps them: every reading of the points'
    addresses in the span. A point without any reading in it is one gap where it has a `since`, and no case otherwise.
    """
    table = columns(readings)
    found = [
        _case(kind, series, each, table, zone)
        for series in series_of(table, points, span, zone)
        for kind, finder in FINDERS.items()
        for each in finder(series, parameters or Parameters())
    ]
    return sorted(found, key=lambda case: (case.point, case.start, case.kind))


# ---- the finders ----


def gaps(series: Series, parameters: Parameters) -> Iterator[Span]:
    """Due hours without data. Before the first reading only where the point says since when it is in force."""
    step = series.step_us
    if step <= 0 or not (len(series.at_us) or series.watched.since):
        return
    known_start = series.watched.since is not None or len(series.at_us) == 0
    begin = series.start_us - step if known_start else int(series.at_us[0])
    at = np.concatenate([[begin], series.at_us, [series.end_us]])
    allowed = int(max(step, HOUR_US) * parameters.gap_intervals)
    for index in np.flatnonzero(np.diff(at) > allowed).tolist():
        around = np.array([n for n in (index - 1, index) if 0 <= n < len(series.at_us)], np.int64)
        yield Span(int(at[index]) + step, int(at[index + 1]), 0, around)


def stuck(series: Series, parameters: Parameters) -> Iterator[Span]:
    """The same value, not zero, for long, where the point normally varies."""
    kept = np.flatnonzero(series.usable)
    if series.watched.shape in ("counter", "state", "sample") or len(kept) < 2 * parameters.stuck_readings:
        return
    value, at = series.micro[kept], series.at_us[kept]
    broken = (np.diff(value) != 0) | (np.diff(at) > max(3 * series.step_us, BRIDGED_US))
    starts = np.concatenate([[0], np.flatnonzero(broken) + 1])
    lengths = np.diff(np.concatenate([starts, [len(value)]]))
    lasting = at[starts + lengths - 1] - at[starts] + series.step_us
    long = (lengths >= parameters.stuck_readings) & (lasting >= parameters.stuck_hours * HOUR_US) & (value[starts] != 0)
    others = lengths[~long & (value[starts] != 0)]
    if not len(others) or (others - 1).sum() > parameters.stuck_share * others.sum():
        return
    if series.watched.shape == "amount":
        long &= np.abs(value[starts]) >= parameters.stuck_digits * int(np.gcd.reduce(value))
    longest = parameters.stuck_times * int(others.max())
    for run in np.flatnonzero(long & (lengths >= longest)).tolist():
        rows = kept[starts[run] : starts[run] + lengths[run]]
        begin, held = int(at[starts[run]]), int(value[starts[run]])
        if (value == held).sum() - len(rows) <= parameters.stuck_usual * (len(value) - len(rows)):
            yield Span(begin, begin + int(lasting[run]), len(rows), rows, held)


def meter_changes(series: Series, _: Parameters) -> Iterator[Span]:
    """A register that went back and stayed back, where that is neither its turn at zero nor a recorded change;
    one that starts again every midnight goes back every day."""
    if series.watched.shape != "counter" or series.watched.daily_reset:
        return
    usable = np.flatnonzero(series.usable)
    at, register = series.at_us[usable], series.micro[usable]
    kept = usable[~set_aside(series.meter[usable], at, register)]
    back = (counted(series.micro[kept], series.modulus) < 0) & (np.diff(series.meter[kept]) == 0)
    for index in np.flatnonzero(back).tolist():
        pair = kept[index : index + 2]
        times, values = series.at_us[pair].tolist(), series.micro[pair].tolist()
        yield Span(times[0], times[1], number=2, indices=pair, first=values[0], last=values[1])


def jumps(series: Series, parameters: Parameters) -> Iterator[Span]:
    """A register that rose far faster than ever and stayed up: of consumption and of another meter that shows more the
    readings look alike, so nobody can tell but who goes there."""
    if series.watched.shape != "counter":
        return
    usable = np.flatnonzero(series.usable)
    at, register, meter = series.at_us[usable], series.micro[usable], series.meter[usable]
    believed = np.flatnonzero(~set_aside(meter, at, register))
    kept = usable[believed]
    rose = counted(series.micro[kept], series.modulus)
    pace = np.where(np.diff(meter[believed]) == 0, rose / np.maximum(np.diff(series.at_us[kept]), 1), 0.0)
    rising = np.sort(pace[pace > 0])
    if len(rising) < parameters.jump_steps:
        return
    usual = rising[min(int(len(rising) * parameters.jump_share), len(rising) - 2)]
    for index in np.flatnonzero(pace > parameters.jump_times * usual).tolist():
        pair = kept[index : index + 2]
        times, values = series.at_us[pair].tolist(), series.micro[pair].tolist()
        yield Span(times[0], times[1], number=2, indices=pair, first=values[0], last=values[1])


def strays(series: Series, _: Parameters) -> Iterator[Span]:
    """Register readings that are not taken for what the meter showed, for they contradict those around them."""
    if series.watched.shape != "counter":
        return
    usable = np.flatnonzero(series.usable)
    at, register = series.at_us[usable], series.micro[usable]
    meter, daily = series.meter[usable], None
    if series.watched.daily_reset:
        daily = meter
        meter = meter * DAYS + park_time(at, series.zone)[1]
    yield from _runs(series, set_aside(meter, at, register, daily), usable)


def late(series: Series, parameters: Parameters) -> Iterator[Span]:
    """Readings that came in a later entry of a journal than one so much newer of the same address."""
    behind = np.zeros(len(series.at_us), bool)
    group = series.source * (1 + int(series.journal.max(initial=0))) + series.journal
    for number in np.unique(group):
        rows = np.flatnonzero(group == number)
        if series.watched.addresses[series.source[rows[0]]].startswith(CORRECTED):
            continue  # a correction is always later than what it corrects
        rows = rows[np.lexsort((series.at_us[rows], series.ordinal[rows]))]
        at, ordinal = series.at_us[rows], series.ordinal[rows]
        newest = np.maximum.accumulate(at)
        # What is newest before an entry: rows of the same entry do not make each other late.
        before = np.searchsorted(ordinal, ordinal, side="left") - 1
        behind[rows] = (before >= 0) & (newest[before] - at >= parameters.late_hours * HOUR_US)
    yield from _runs(series, behind)


def conflicts(series: Series, _: Parameters) -> Iterator[Span]:
    """Instants for which different values were stated."""
    yield from _runs(series, series.conflict)


def out_of_range(series: Series, _: Parameters) -> Iterator[Span]:
    """Values outside the point's bounds that the device itself did not mark."""
    said = np.flatnonzero(series.unmarked)  # a mark in between neither ends the span nor belongs to it
    yield from _runs(series, (series.beyond & ~series.sentinel)[said], said)


def sentinel_values(series: Series, _: Parameters) -> Iterator[Span]:
    """Numbers by which a device says that it has none, and registers that are full; each number by itself."""
    for value in np.unique(series.micro[series.sentinel]).tolist():
        yield from _runs(series, series.sentinel & (series.micro == value))


def peaks(series: Series, _: Parameters) -> Iterator[Span]:
    """Values orders of magnitude above all others of their day."""
    yield from _runs(series, series.peak)


FINDERS: dict[Kind, Finder] = {
    "gap": gaps,
    "stuck": stuck,
    "meter_change": meter_changes,
    "jump": jumps,
    "late": late,
    "conflict": conflicts,
    "out_of_range": out_of_range,
    "sentinel": sentinel_values,
    "peak": peaks,
    "stray": strays,
}


# ---- from spans to cases ----


def _runs(series: Series, mask: Flags, among: Ints | None = None) -> Iterator[Span]:
    """Readings under the mask, merged where they follow one another; the mask is over `among`, all where it is None."""
    found = np.flatnonzero(mask)
    if not len(found):
        return
    for run in np.split(found, np.flatnonzero(np.diff(found) > 1) + 1):
        rows = run if among is None else among[run]
        values = series.micro[rows]
        times = int(series.at_us[rows[0]]), int(series.at_us[rows[-1]]) + series.step_us
        yield Span(*times, len(rows), rows, int(values.min()), int(values.max()))


def _case(kind: Kind, series: Series, span: Span, table: Columns, zone: ZoneInfo) -> Case:
    shown = series.row[span.indices]
    first, last = span.first, span.last
    if kind == "conflict":
        others = series.other_row[span.indices]
        first, last = int(table.micro[shown[0]]), int(table.micro[others[0]])
        shown = np.stack([shown, others], axis=1).ravel()
    entries = dict.fromkeys(table.entries.take(pa.array(_sample(shown))).to_pylist())
    times = from_us(span.start_us), from_us(span.end_us)
    facts = told(series.watched.point, times, zone, (span.number, _number(first), _number(last)))
    return Case(kind, series.watched.point, *times, sentence(kind, facts), tuple(entries))


def _sample(rows: Ints) -> Ints:
    """At most so many rows: from the beginning and the end."""
    half = ENTRIES_SHOWN // 2
    return rows if len(rows) <= ENTRIES_SHOWN else np.concatenate([rows[:half], rows[-half:]])


def _number(micro: int) -> str:
    return f"{micro / 1e6:.6f}".rstrip("0").rstrip(".")
