"""What a meter's register may be believed: readings that contradict two neighbours who agree are set aside.

The roll-up of counters and the search for meter changes use the same rule (docs/decisions/0005-roll-up.md and 0017).
"""

import numpy as np
from numpy.typing import NDArray

HOUR_US = 3_600_000_000
# How long a register may read low, or show zeros, and still be taken for one that came back.
LOW_US = 6 * HOUR_US
ZEROS_US = 7 * 24 * HOUR_US

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


def set_aside(series: Ints, at_us: Ints, register: Ints) -> Flags:
    """Which readings contradict neighbours that agree. Arrays sorted by series and time.

    A lone reading above both neighbours, and a run that falls below what came before and ends with a jump at least as
    large as the fall: one reading, up to six hours, or up to a week where it shows zeros.
    """
    low, high = _low_runs(series, at_us, register), np.zeros(len(register), bool)
    if len(register) > 2:
        before, here, after = register[:-2], register[1:-1], register[2:]
        together = (series[:-2] == series[1:-1]) & (series[1:-1] == series[2:])
        high[1:-1] = together & (before <= after) & (here > after)
        # Between two dips the good readings look like spikes: they stay.
        high[1:] &= ~low[:-1]
        high[:-1] &= ~low[1:]
    return low | high


def counted(register: Ints, modulus: Ints | int) -> Ints:
    """What each reading says to have flowed since the one before it; negative where the register went back.

    modulus: where a register of known digits starts again at zero, which it did where it went from its last tenth to
    its first (0: unknown).
    """
    before, after = register[:-1], register[1:]
    last, first = (before >= modulus // 10 * 9) & (before < modulus), after <= modulus // 10
    return after - before + np.where((after < before) & last & first, modulus, 0)


def _low_runs(series: Ints, at_us: Ints, register: Ints) -> Flags:
    low = np.zeros(len(register), bool)
    borders = np.append(np.flatnonzero(np.diff(series)) + 1, len(series))
    falls = np.flatnonzero((np.diff(register) < 0) & (np.diff(series) == 0)) + 1
    ends = borders[np.searchsorted(borders, falls, side="right")]
    done = 0
    for first, end in zip(falls.tolist(), ends.tolist(), strict=True):
        if first >= done:
            done = _back(at_us[:end], register[:end], first)
            low[first:done] = True
    return low


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
