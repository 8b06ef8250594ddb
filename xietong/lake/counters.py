"""Counters: from what a meter's register shows to what flowed in each hour. Pure arithmetic on sorted arrays.

The rules (docs/decisions/0005-roll-up.md): a lone reading that contradicts two neighbours who agree is set aside, as
are up to three zeros in a row; a register that goes back is a meter change or reset and gives no amount across that
step; what flowed in a gap is known as a whole and spread evenly over its hours, marked estimated.
"""

from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from xietong.lake.days import DAY_US, HOUR_US
from xietong.lake.decimals import from_micro, to_micro
from xietong.lake.schemas import TOTAL
from xietong.quality.registers import set_aside

# Clock jitter: a step up to a tenth longer than the interval is not a gap.
JITTER = 0.1
# What flowed over more than a year is not spread over its hours: nobody could use such hours.
LONGEST_SPREAD_US = 366 * DAY_US
# How many usable readings on either side can change what a step says: a run set aside is at most three long and
# hangs on its two neighbours, whose own state hangs on theirs; twelve is more than twice that.
CONTEXT = 12

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


class Meters(NamedTuple):
    """What is known of each row's meter, indexed by the row's `sid`.

    series: steps are taken only inside one series; interval_us; numerator, denominator, sign: the multiplier, exact.
    """

    series: Ints
    interval_us: Ints
    numerator: list[int]
    denominator: list[int]
    sign: Ints


def floor_hour(at_us: Ints, phase_us: int) -> Ints:
    """The start of each instant's hour; phase_us: by how much park hours lag UTC hours (India: half an hour)."""
    return at_us - (at_us + phase_us) % HOUR_US


def hours_of_counters(rows: pa.Table, meters: Meters, phase_us: int) -> pa.Table:
    """Hours from deduplicated register readings.

    rows, sorted by pid and at_us: pid, sid, at_us, raw DECIMAL(18,6), usable, stopped, conflict, entry.
    Answers pid, hour_us, total, readings, minimum, maximum, invalid, stopped, conflicts, estimated, first_entry.
    """
    pid, sid, at_us = (rows.column(name).to_numpy() for name in ("pid", "sid", "at_us"))
    usable, stopped, conflict = (rows.column(name).to_numpy() for name in ("usable", "stopped", "conflict"))
    taken = np.flatnonzero(usable)
    register = to_micro(rows.column("raw"))
    believed = usable.copy()
    believed[taken[set_aside(meters.series[sid[taken]], register[taken])]] = False
    step = _steps(np.flatnonzero(believed), sid, at_us, register, meters)
    pieces = _pieces(step, at_us, phase_us)

    own = _key(pid, floor_hour(at_us, phase_us))
    theirs = _key(pid[step.end[pieces.step]], pieces.hour_us)
    keys = np.unique(np.concatenate([own, theirs]))
    into, from_pieces = np.searchsorted(keys, own), np.searchsorted(keys, theirs)

    total = np.zeros(len(keys), np.int64)
    np.add.at(total, from_pieces, pieces.amount)
    known = np.bincount(from_pieces, minlength=len(keys)) > 0
    first = np.full(len(keys), len(pid), np.int64)
    np.minimum.at(first, into, np.arange(len(pid)))
    closing = np.full(len(keys), len(pid), np.int64)
    np.minimum.at(closing, from_pieces, step.end[pieces.step])

    def count(mask: Flags) -> pa.Array:
        return pa.array(np.bincount(into[mask], minlength=len(keys)), pa.int32())

    amounts = from_micro(total, TOTAL)
    return pa.table(
        {
            "pid": pa.array(keys >> 32, pa.int32()),
            "hour_us": ((keys & 0xFFFFFFFF) - _ZERO_HOUR) * HOUR_US - phase_us,
            "total": pc.if_else(pa.array(known), amounts, pa.nulls(len(keys), TOTAL)),
            "readings": count(believed),
            "minimum": pa.nulls(len(keys), TOTAL),  # of a register they would say nothing
            "maximum": pa.nulls(len(keys), TOTAL),
            "invalid": count(~believed & ~stopped),
            "stopped": count(stopped),
            "conflicts": count(conflict),
            "estimated": np.bincount(from_pieces[step.gap[pieces.step]], minlength=len(keys)) > 0,
            "first_entry": rows.column("entry").take(pa.array(np.where(first < len(pid), first, closing))),
        }
    )


class _Steps(NamedTuple):
    start: Ints
    end: Ints
    amount: Ints
    sign: Ints
    gap: Flags


class _Pieces(NamedTuple):
    step: Ints
    hour_us: Ints
    amount: Ints


_ZERO_HOUR = 1 << 31


def _key(pid: Ints, hour_us: Ints) -> Ints:
    # Hours are numbered from 1970 by floor division, which also puts half-hour zones on whole numbers.
    return (pid.astype(np.int64) << 32) | (-(-hour_us // HOUR_US) + _ZERO_HOUR)


def _steps(believed: Ints, sid: Ints, at_us: Ints, register: Ints, meters: Meters) -> _Steps:
    start, end = believed[:-1], believed[1:]
    lasting = at_us[end] - at_us[start]
    good = (
        (meters.series[sid[start]] == meters.series[sid[end]])
        & (register[end] >= register[start])
        & (lasting <= LONGEST_SPREAD_US)
    )
    start, end, lasting = start[good], end[good], lasting[good]
    amount, fits = _multiplied(register[end] - register[start], sid[end], meters)
    gap = lasting > meters.interval_us[sid[end]] * (1 + JITTER)
    return _Steps(start[fits], end[fits], amount[fits], meters.sign[sid[end]][fits], gap[fits])


def _multiplied(amount: Ints, sid: Ints, meters: Meters) -> tuple[Ints, Flags]:
    """amount × multiplier in whole millionths, half up; and where the product still fits."""
    product, fits = amount.copy(), np.ones(len(amount), bool)
    for number in np.unique(sid):
        top, bottom = meters.numerator[number], meters.denominator[number]
        if top == bottom:
            continue
        where = np.flatnonzero(sid == number)
        exact = (amount[where].astype(object) * (2 * top) + bottom) // (2 * bottom)
        fits[where] = exact < 2**62
        product[where] = np.where(fits[where], exact, 0).astype(np.int64)
    return product, fits


def _pieces(step: _Steps, at_us: Ints, phase_us: int) -> _Pieces:
    """Each step cut at the full hours; the pieces of a step add up to it exactly."""
    begin, end = at_us[step.start], at_us[step.end]
    first = floor_hour(begin, phase_us)
    count = (floor_hour(end - 1, phase_us) - first) // HOUR_US + 1
    which = np.repeat(np.arange(len(count)), count)
    nth = np.arange(len(which)) - np.repeat(np.cumsum(count) - count, count)
    hour = first[which] + nth * HOUR_US
    t0, t1, amount = begin[which], end[which], step.amount[which]

    def until(at: Ints) -> Ints:
        share = np.rint(amount * ((at - t0) / (t1 - t0))).astype(np.int64)
        return np.where(at == t1, amount, np.minimum(share, amount))

    piece = until(np.minimum(hour + HOUR_US, t1)) - until(np.maximum(hour, t0))
    return _Pieces(which, hour, piece * step.sign[which])
