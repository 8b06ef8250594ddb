"""Counters: from what a meter's register shows to what flowed in each hour. Pure arithmetic on sorted arrays.

The rules (docs/decisions/0005-roll-up.md and 0017): a reading that contradicts neighbours who agree is set aside; a
register of known digits that starts again at zero goes on counting; a recorded change of the meter parts the old one
from the new. What flowed in a gap is known as a whole and spread evenly over its hours, marked estimated; what flowed
across a change that nobody recorded, or between a meter's dates and its readings, is estimated from the rate beside.
"""

from collections.abc import Iterator
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from xietong.lake.days import HOUR_US, midnights
from xietong.lake.decimals import from_micro, to_micro
from xietong.lake.rollup.paces import beside, jumped, pace_of
from xietong.lake.schemas import PART, PARTS, TOTAL, VALUE
from xietong.quality.registers import counted, set_aside
from xietong.standard.thresholds import float_of, int_of, microseconds_of

# Clock jitter: a step longer than the interval by up to this share is not a gap.
JITTER = float_of("validity.clock_jitter")
# What flowed over more than this is not spread over its hours: nobody could use such hours.
LONGEST_SPREAD_US = microseconds_of("register.longest_spread")
# Across a change that nobody recorded no register says what flowed: for longer than this the rate beside says nothing.
LONGEST_ESTIMATE_US = microseconds_of("register.longest_estimate")
# How many usable readings on either side can change what a step says, besides those within REACH_US: a run set aside
# has four and hangs on its neighbours, whose own state hangs on theirs; and a step is held against six on each side.
CONTEXT = 24
# A run that reads low lasts up to six hours (quality.registers.LOW_US), and so do the runs at its two ends and among
# the steps beside.
REACH_US = 32 * HOUR_US
# A register that is declared to start again at midnight and did not fall there did start again, unless what it shows
# then were to have flowed so many times faster than in the steps beside.
MUCH_FASTER = int_of("register.restart_faster")
CHANGES = pa.schema(
    [
        ("pid", pa.int32()),
        ("sid", pa.int32()),
        ("at_us", pa.int64()),
        ("opening", pa.bool_()),
        ("raw", VALUE),
    ]
)

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
Floats = NDArray[np.float64]


class Meters(NamedTuple):
    """What is known of each row's meter, indexed by the row's `sid`.

    series: steps are taken only inside one series; interval_us; numerator, denominator, sign: the multiplier, exact;
    since_us, until_us: the dates of the mapping; modulus: where the register starts again, in millionths (0: unknown);
    changes: the registers recorded when meters were changed, by the schema CHANGES; daily: whether the register starts
    again at zero every park midnight; parted: whether what flowed in parts of an hour is kept too; zone: the park's,
    whose days may be of 23 or 25 hours.
    """

    series: Ints
    interval_us: Ints
    numerator: list[int]
    denominator: list[int]
    sign: Ints
    since_us: Ints
    until_us: Ints
    modulus: Ints
    changes: pa.Table
    daily: Flags
    parted: Flags
    zone: ZoneInfo


class _Rows(NamedTuple):
    """Register readings and recorded registers of meter changes, by pid and time.

    meter: what steps may not cross; register in millionths; real: a reading, not a record; number: its row as given.
    """

    pid: Ints
    sid: Ints
    at_us: Ints
    register: Ints
    usable: Flags
    meter: Ints
    real: Flags
    number: Ints


class _Steps(NamedTuple):
    """What flowed from one instant to the next; row: the one that made it known; gap: its hours are estimated; jump:
    it was far faster than the steps beside, and is counted as read."""

    row: Ints
    begin_us: Ints
    end_us: Ints
    amount: Ints
    gap: Flags
    jump: Flags


class _Pieces(NamedTuple):
    step: Ints
    hour_us: Ints
    amount: Ints
    begin_us: Ints
    end_us: Ints


def floor_hour(at_us: Ints, phase_us: int) -> Ints:
    """The start of each instant's hour; phase_us: by how much park hours lag UTC hours (India: half an hour)."""
    return at_us - (at_us + phase_us) % HOUR_US


def hours_of_counters(rows: pa.Table, meters: Meters, phase_us: int) -> pa.Table:
    """Hours from deduplicated register readings.

    rows, sorted by pid and at_us: pid, sid, at_us, raw DECIMAL(18,6), usable, stopped, conflict, entry.
    Answers pid, hour_us, total, readings, minimum, maximum, invalid, stopped, conflicts, estimated, first_entry, parts.
    minimum is none; maximum is what a step added that was far faster than those beside, none where there was none.
    """
    every = _with_changes(rows, meters)
    taken = np.flatnonzero(every.usable)
    starts_anew = np.where(meters.daily[every.sid[taken]], every.meter[taken], -1)
    aside = set_aside(_runs(every, meters)[taken], every.at_us[taken], every.register[taken], starts_anew)
    believed = taken[~aside | ~every.real[taken]]
    step = _multiplied(_steps(every, believed, meters), every.sid, meters)
    pieces = _pieces(step, phase_us)

    pid, at_us = (rows.column(name).to_numpy() for name in ("pid", "at_us"))
    stopped, conflict = (rows.column(name).to_numpy() for name in ("stopped", "conflict"))
    counted = np.zeros(len(pid), bool)
    counted[every.number[believed[every.real[believed]]]] = True
    own = _key(pid, floor_hour(at_us, phase_us))
    theirs = _key(every.pid[step.row[pieces.step]], pieces.hour_us)
    keys = np.unique(np.concatenate([own, theirs]))
    into, from_pieces = np.searchsorted(keys, own), np.searchsorted(keys, theirs)

    total = np.zeros(len(keys), np.int64)
    np.add.at(total, from_pieces, pieces.amount)
    known = np.bincount(from_pieces, minlength=len(keys)) > 0
    first, closing = (np.full(len(keys), len(pid), np.int64) for _ in range(2))
    np.minimum.at(first, into, np.arange(len(pid)))
    np.minimum.at(closing, from_pieces, every.number[step.row[pieces.step]])

    def count(mask: Flags) -> pa.Array:
        return pa.array(np.bincount(into[mask], minlength=len(keys)), pa.int32())

    return pa.table(
        {
            "pid": pa.array(keys >> 32, pa.int32()),
            "hour_us": ((keys & 0xFFFFFFFF) - _ZERO_HOUR) * HOUR_US - phase_us,
            "total": pc.if_else(pa.array(known), from_micro(total, TOTAL), pa.nulls(len(keys), TOTAL)),
            "readings": pc.max_element_wise(count(counted), pa.array(_was_read(every, believed, keys, phase_us))),
            "minimum": pa.nulls(len(keys), TOTAL),
            "maximum": _jumps(step, pieces, from_pieces, len(keys)),
            "invalid": count(~counted & ~stopped),
            "stopped": count(stopped),
            "conflicts": count(conflict),
            "estimated": np.bincount(from_pieces[step.gap[pieces.step]], minlength=len(keys)) > 0,
            "first_entry": rows.column("entry").take(pa.array(np.where(first < len(pid), first, closing))),
            "parts": _parts(step, pieces, every.sid, meters, (from_pieces, len(keys))),
        }
    )


def _jumps(step: _Steps, pieces: _Pieces, into: Ints, count: int) -> pa.Array:
    """The largest amount of a step in each hour that was far faster than those beside it; none in the others."""
    found, jumps = np.zeros(count, np.int64), step.jump[pieces.step]
    np.maximum.at(found, into[jumps], np.abs(step.amount[pieces.step][jumps]))
    return pc.if_else(pa.array(found > 0), from_micro(found, TOTAL), pa.nulls(count, TOTAL))


def _was_read(every: _Rows, believed: Ints, keys: Ints, phase_us: int) -> NDArray[np.int32]:
    """One for the hours in which recorded registers of a change stand: somebody read the meter then."""
    records = believed[~every.real[believed]]
    return np.isin(keys, _key(every.pid[records], floor_hour(every.at_us[records], phase_us))).astype(np.int32)


def _runs(every: _Rows, meters: Meters) -> Ints:
    """Within what a register only rises: its meter, and the park day where it starts again every midnight."""
    daily = np.flatnonzero(meters.daily[every.sid])
    day = np.zeros(len(every.at_us), np.int64)
    day[daily] = midnights(every.at_us[daily], meters.zone)[0]
    return every.meter * _DAYS + day


# More days than any lake has.
_DAYS = 1_000_000
_ZERO_HOUR = 1 << 31


def _key(pid: Ints, hour_us: Ints) -> Ints:
    return (pid.astype(np.int64) << 32) | (-(-hour_us // HOUR_US) + _ZERO_HOUR)


def _with_changes(rows: pa.Table, meters: Meters) -> _Rows:
    """The readings with the recorded registers of their meters' changes among them, each part a meter of its own."""
    changes = meters.changes.filter(pc.is_in(meters.changes.column("pid"), pc.unique(rows.column("pid"))))
    pid, sid, at_us = (
        np.concatenate([rows.column(name).to_numpy(), changes.column(name).to_numpy()]).astype(np.int64)
        for name in ("pid", "sid", "at_us")
    )
    opening = np.concatenate([np.zeros(rows.num_rows, bool), changes.column("opening").to_numpy()])
    real = np.arange(len(pid)) < rows.num_rows
    register = np.concatenate([to_micro(rows.column("raw")), to_micro(changes.column("raw"))])
    after = opening | _of_the_new(pid, at_us, register, opening)
    order = np.lexsort((real, opening, after, at_us, pid)) if changes.num_rows else np.arange(len(pid))
    usable = np.concatenate([rows.column("usable").to_numpy(), np.ones(changes.num_rows, bool)])
    # A record stands for the reading that follows it: that one's entry shows where an hour without readings came from.
    number = np.minimum(np.cumsum(real[order]) - real[order], max(rows.num_rows - 1, 0))
    meter = meters.series[sid[order]] + (1 + len(meters.series)) * np.cumsum(opening[order])
    at_us, register, usable, real = at_us[order], register[order], usable[order], real[order]
    number = number.astype(np.int64)
    return _Rows(
        pid[order], sid[order], at_us=at_us, register=register, usable=usable, meter=meter, real=real, number=number
    )


def _of_the_new(pid: Ints, at_us: Ints, register: Ints, opening: Flags) -> Flags:
    """Readings of the very instant of a recorded change that show the new meter already: those nearer to its register
    than to the old one's. Records stand after the readings, the old meter's before the new one's."""
    found = np.zeros(len(pid), bool)
    for new in np.flatnonzero(opening).tolist():
        here = np.flatnonzero((pid == pid[new]) & (at_us == at_us[new]) & ~opening)
        old = here[-1:]
        readings = here[:-1]
        nearer = np.abs(register[readings] - register[new]) < np.abs(register[readings] - register[old])
        found[readings] = nearer
    return found


def _steps(every: _Rows, believed: Ints, meters: Meters) -> _Steps:
    """From each believed register to the next of the same meter, and what must be estimated for want of one."""
    start, end = believed[:-1], believed[1:]
    begin_us, end_us, sid = every.at_us[start], every.at_us[end], every.sid[end]
    lasting = end_us - begin_us
    amount = counted(every.register[believed], meters.modulus[sid])
    same = (every.meter[start] == every.meter[end]) & (lasting > 0)
    rising = same & (amount >= 0) & (lasting <= LONGEST_ESTIMATE_US)
    over, rest_us = np.zeros(len(start), bool), lasting
    if meters.daily[sid].any():
        within = rising & (~meters.daily[sid] | ~_crosses(begin_us, end_us, meters.zone))
        shown = _Believed(every.at_us[believed], every.register[believed])
        over, rest_us = _over_midnight(shown, amount, meters, sid, pace_of(amount, lasting, within))
    amount = np.where(over, every.register[end], amount)
    known = same & (amount >= 0) & (lasting <= LONGEST_SPREAD_US)
    gap = lasting > meters.interval_us[sid] * (1 + JITTER)
    pace = pace_of(amount, lasting, known & ~over & (lasting <= LONGEST_ESTIMATE_US))
    if over.any():
        amount, known, gap = _with_rest(_Parts(amount, known, gap), over & same, rest_us, pace)
    usual = beside(pace)
    broken = same & (amount < 0) & (lasting <= LONGEST_ESTIMATE_US) & ~np.isnan(usual)
    amount[broken] = np.rint(usual[broken] * lasting[broken]).astype(np.int64)
    kept = known | broken
    jump = jumped(pace_of(amount, lasting, known & ~over), every.meter[end]) & ~broken
    estimated = gap | broken | jump
    between = _Steps(
        end[kept], begin_us[kept], end_us=end_us[kept], amount=amount[kept], gap=estimated[kept], jump=jump[kept]
    )
    ends = _ends(every, believed, pace, meters)
    return _Steps(*(np.concatenate(both) for both in zip(between, *ends, strict=True)))


def _crosses(begin_us: Ints, end_us: Ints, zone: ZoneInfo) -> Flags:
    """Whether a step goes over the midnight that ends the park day in which it began."""
    return np.asarray(midnights(begin_us, zone)[0] != midnights(end_us - 1, zone)[0])


class _Parts(NamedTuple):
    amount: Ints
    known: Flags
    gap: Flags


class _Believed(NamedTuple):
    at_us: Ints
    register: Ints


def _over_midnight(believed: _Believed, amount: Ints, meters: Meters, sid: Ints, pace: Floats) -> tuple[Flags, Ints]:
    """Which steps of registers that start again every midnight go over one, and how long each lasted before it.

    At midnight itself the register may show the whole day yet (it did not fall there), or nothing already.
    Where it did not fall it may have started again and passed where it was, or not have started again (late, or not
    at all that night): the latter where it would else have run far faster than beside.
    """
    begin_us, end_us = believed.at_us[:-1], believed.at_us[1:]
    over, midnight = np.zeros(len(sid), bool), end_us.copy()
    daily = np.flatnonzero(meters.daily[sid])
    if len(daily):
        midnight[daily] = midnights(end_us[daily], meters.zone)[1]
        over[daily] = True
    whole = (begin_us == midnight) & np.append(False, amount[:-1] >= 0)
    over &= (begin_us <= midnight) & ((midnight < end_us) | (amount < 0))
    over &= (begin_us < midnight) | (amount < 0) | whole
    faster = np.fmax(np.append(np.nan, pace[:-1]), np.append(pace[1:], np.nan))
    anew = believed.register[1:] / np.maximum(end_us - midnight, 1)
    went_on = (amount >= 0) & (anew > MUCH_FASTER * faster) & (amount <= MUCH_FASTER * faster * (end_us - begin_us))
    return over & ~went_on, midnight - begin_us


def _with_rest(parts: _Parts, over: Flags, rest_us: Ints, pace: Floats) -> _Parts:
    """What flowed between the last reading of a day and midnight, of which no register tells: at the pace of the step
    before, as an estimate; of more than a day nothing is said."""
    before = np.append(np.nan, pace[:-1])
    before = np.where(np.isnan(before), beside(pace), before)
    rest = np.where(rest_us > 0, before * rest_us, 0.0)
    told = over & (rest_us <= LONGEST_ESTIMATE_US) & ~np.isnan(rest)
    amount = parts.amount.copy()
    amount[told] += np.rint(rest[told]).astype(np.int64)
    return _Parts(amount, (parts.known & ~over) | told, parts.gap | (told & (rest_us > 0)))


def _ends(every: _Rows, believed: Ints, pace: Floats, meters: Meters) -> Iterator[_Steps]:
    """A dated meter's first and last interval, which no pair of readings covers, at the pace of the step beside it."""
    if len(believed) < 2:
        return
    new = np.append(True, np.diff(every.meter[believed]) != 0)
    for place, dates in (
        (np.flatnonzero(new), meters.since_us),
        (np.flatnonzero(np.append(new[1:], True)), meters.until_us),
    ):
        first = dates is meters.since_us
        row, step = believed[place], place if first else place - 1
        date, at = dates[every.sid[row]], every.at_us[row]
        begin, end = (date, at) if first else (at, date)
        longest = np.maximum(meters.interval_us[every.sid[row]], HOUR_US) * (1 + JITTER)
        known = (step >= 0) & (step < len(pace))
        next_to = np.where(known, pace[np.clip(step, 0, len(pace) - 1)], np.nan)
        near = every.real[row] & (end > begin) & (end - begin <= longest) & ~np.isnan(next_to)
        amount = np.rint(next_to[near] * (end - begin)[near]).astype(np.int64)
        every_one = np.ones(len(amount), bool)
        yield _Steps(row[near], begin[near], end_us=end[near], amount=amount, gap=every_one, jump=~every_one)


def _multiplied(step: _Steps, sids: Ints, meters: Meters) -> _Steps:
    """Amounts × multiplier in whole millionths, half up, with the sign; a product that does not fit is left out."""
    sid = sids[step.row]
    product, fits = step.amount.copy(), np.ones(len(sid), bool)
    for number in np.unique(sid):
        top, bottom = meters.numerator[number], meters.denominator[number]
        if top == bottom:
            continue
        where = np.flatnonzero(sid == number)
        exact = (step.amount[where].astype(object) * (2 * top) + bottom) // (2 * bottom)
        fits[where] = exact < 2**62
        product[where] = np.where(fits[where], exact, 0).astype(np.int64)
    amount = product[fits] * meters.sign[sid[fits]]
    gap, jump = step.gap[fits], step.jump[fits]
    return _Steps(step.row[fits], step.begin_us[fits], end_us=step.end_us[fits], amount=amount, gap=gap, jump=jump)


def _pieces(step: _Steps, phase_us: int) -> _Pieces:
    """Each step cut at the full hours; the pieces of a step add up to it exactly."""
    first = floor_hour(step.begin_us, phase_us)
    count = (floor_hour(step.end_us - 1, phase_us) - first) // HOUR_US + 1
    which = np.repeat(np.arange(len(count)), count)
    nth = np.arange(len(which)) - np.repeat(np.cumsum(count) - count, count)
    hour = first[which] + nth * HOUR_US
    t0, t1, amount = step.begin_us[which], step.end_us[which], step.amount[which]

    def until(at: Ints) -> Ints:
        share = np.rint(amount * ((at - t0) / (t1 - t0))).astype(np.int64)
        return np.where(at == t1, amount, np.clip(share, np.minimum(amount, 0), np.maximum(amount, 0)))

    begin, end = np.maximum(hour, t0), np.minimum(hour + HOUR_US, t1)
    return _Pieces(which, hour, until(end) - until(begin), begin, end)


def _parts(step: _Steps, pieces: _Pieces, sids: Ints, meters: Meters, places: tuple[Ints, int]) -> pa.Array:
    """The pieces of each hour, of meters whose parts are kept: when they begin, how long they last and their amount.

    places: the hour of each piece, and how many hours there are. What flowed in longer than an hour is no part of it.
    """
    into, count = places
    lasting = (step.end_us - step.begin_us)[pieces.step]
    kept = meters.parted[sids[step.row[pieces.step]]] & (lasting <= HOUR_US * (1 + JITTER))
    order = np.flatnonzero(kept)[np.lexsort((pieces.begin_us[kept], into[kept]))]
    ends = np.cumsum(np.bincount(into[order], minlength=count))
    offsets = np.concatenate([[0], ends]).astype(np.int32)
    values = pa.StructArray.from_arrays(
        [
            pa.array((pieces.begin_us - pieces.hour_us)[order] // 1000, pa.int32()),
            pa.array((pieces.end_us - pieces.begin_us)[order] // 1000, pa.int32()),
            from_micro(pieces.amount[order], TOTAL),
            pa.array(np.zeros(len(order), bool)),
        ],
        fields=list(PART),
    )
    made = pa.ListArray.from_arrays(pa.array(offsets), values, type=PARTS)
    return pc.if_else(pa.array(np.diff(offsets) > 0), made, pa.nulls(count, PARTS))
