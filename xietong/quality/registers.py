"""What a meter's register may be believed: readings that contradict two neighbours who agree are set aside.

The roll-up of counters and the search for meter changes use the same rule (docs/decisions/0005-roll-up.md and 0017).
"""

import numpy as np
from numpy.typing import NDArray

from xietong.standard.thresholds import int_of, microseconds_of

HOUR_US = 3_600_000_000
# How long a register may read low, or show zeros, and still be taken for one that came back.
LOW_US, ZEROS_US = microseconds_of("register.low"), microseconds_of("register.zeros")

# The same for one that reads high: so long, or so many readings however far apart they are.
HIGH_US, HIGH_READINGS = LOW_US, int_of("register.high_readings")
# A step at the end is held against so many before it, and believed later where it is so many times faster.
STEPS_BESIDE, LEAST_BESIDE = int_of("register.steps_before"), int_of("register.least_before")
MUCH_FASTER = int_of("register.last_step_faster")

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
_NONE = np.zeros(0, np.int64)


def set_aside(series: Ints, at_us: Ints, register: Ints, daily: Ints | None = None) -> Flags:
    """Which readings contradict neighbours that agree. Arrays sorted by series and time; daily: the meter of those
    whose series each begin at zero (registers that start again every midnight, a series a day), −1 of all others.

    A run that leaves the course of its register and comes back to it, high or low. Low: it falls below what came before
    and ends with a jump at least as large as the fall; up to six hours, a lone reading however long, or up to a week
    where it shows zeros. High: it jumps above what comes after it, by at least half of what it then falls; up to
    six hours, or up to four readings. Where both explain a fall, the shorter run is set aside, the low one of two
    equally long. And a run at the very end that jumps faster than a thousand times what flowed before is not
    believed until it has stayed.
    """
    aside = np.zeros(len(register), bool)
    borders = np.append(np.flatnonzero(np.diff(series)) + 1, len(series))
    falls = np.flatnonzero((np.diff(register) < 0) & (np.diff(series) == 0)) + 1
    place = np.searchsorted(borders, falls, side="right")
    ends, begins = borders[place], np.append(0, borders)[place]
    done = 0
    for first, begin, end in zip(falls.tolist(), begins.tolist(), ends.tolist(), strict=True):
        if first < done:
            continue
        back = _back(at_us[:end], register[:end], first)
        high = _left(at_us, register, aside, (begin, first), _begins_high(register, daily, begin))
        if back > first and (register[first] == 0 or not high.size or back - first <= high.size):
            done = back
            aside[first:back] = True
        else:
            aside[high] = True
    kept = np.flatnonzero(~aside)
    aside[kept[_not_yet_believed(series[kept], at_us[kept], register[kept])]] = True
    return aside


def counted(register: Ints, modulus: Ints | int) -> Ints:
    """What each reading says to have flowed since the one before it; negative where the register went back.

    modulus: where a register of known digits starts again at zero, which it did where it went from its last tenth to
    its first (0: unknown).
    """
    before, after = register[:-1], register[1:]
    last, first = (before >= modulus // 10 * 9) & (before < modulus), after <= modulus // 10
    return after - before + np.where((after < before) & last & first, modulus, 0)


def _left(at_us: Ints, register: Ints, aside: Flags, part: tuple[int, int], from_zero: bool) -> Ints:
    """The run that reads high right before a fall: what stands above the reading that fell, back to the last that does
    not; nothing where it is too long, or rose by less than it fell, as a register that goes on does before a change."""
    begin, fell = part
    reach = int(np.searchsorted(at_us[begin:fell], at_us[fell] - HIGH_US)) + begin
    near = np.arange(max(begin, min(reach - 1, fell - 1 - 2 * HIGH_READINGS)), fell)
    near = near[~aside[near]]
    below = np.flatnonzero(register[near] <= register[fell])
    if len(below):
        run, before = near[below[-1] + 1 :], int(register[near[below[-1]]])
    elif from_zero and len(near) and aside[begin : near[0]].all():
        run, before = near, 0
    else:
        return _NONE
    if not len(run) or (len(run) > HIGH_READINGS and at_us[fell] - at_us[run[0]] > HIGH_US):
        return _NONE
    return run if 2 * (register[run[0]] - before) >= register[run[-1]] - register[fell] else _NONE


def _begins_high(register: Ints, daily: Ints | None, begin: int) -> bool:
    """Whether a register that starts again at midnight begins its day above twice what it showed the evening before:
    one that starts late shows little more than that."""
    if daily is None or begin == 0 or daily[begin] < 0 or daily[begin - 1] != daily[begin]:
        return False
    return bool(register[begin] > 2 * register[begin - 1])


def _not_yet_believed(series: Ints, at_us: Ints, register: Ints) -> Flags:
    """What stands at the end of each series since a jump far faster than anything that flowed in the steps before."""
    doubted = np.zeros(len(register), bool)
    if len(register) < 3:
        return doubted
    pace = np.where(np.diff(series) == 0, np.diff(register) / np.maximum(np.diff(at_us), 1), np.nan)
    usual, beside = np.full(len(pace), np.nan), np.zeros(len(pace), np.int64)
    for back in range(1, min(STEPS_BESIDE, len(pace) - 1) + 1):
        same = np.append(np.zeros(back, bool), series[back:-1] == series[: -back - 1])
        earlier = np.where(same, np.append(np.full(back, np.nan), pace[:-back]), np.nan)
        usual, beside = np.fmax(usual, earlier), beside + ~np.isnan(earlier)
    last = np.append(np.flatnonzero(np.diff(series)) + 1, len(series)) - 1
    last = last[np.searchsorted(last, np.arange(1, len(series)))]
    short = (at_us[last] - at_us[1:] <= HIGH_US) | (last - np.arange(len(pace)) <= HIGH_READINGS)
    for step in np.flatnonzero(short & (beside >= LEAST_BESIDE) & (usual > 0) & (pace >= MUCH_FASTER * usual)).tolist():
        doubted[step + 1 : last[step] + 1] = True
    return doubted


def _back(at_us: Ints, register: Ints, first: int) -> int:
    """Where a run that reads low from `first` on has come back; `first` itself where it has not."""
    before = first - 1
    level, fall = register[before], register[before] - register[first]
    reach = ZEROS_US if register[first] == 0 else LOW_US
    stop = max(first + 2, int(np.searchsorted(at_us, at_us[before] + reach, side="right")))
    after, last = register[first + 1 : stop], register[first : stop - 1][: len(register) - first - 1]
    hits = np.flatnonzero((after >= level) & (after - last >= fall))
    if not len(hits):
        return first
    back = first + 1 + int(hits[0])
    lone, soon = back == first + 1, at_us[back] - at_us[before] <= LOW_US
    return back if lone or soon or not register[first:back].any() else first
