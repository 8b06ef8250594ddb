"""How fast a register ran: the pace of each step, what runs beside it, and steps far faster than all around them."""

import numpy as np
from numpy.typing import NDArray

from xietong.standard.thresholds import int_of

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
Floats = NDArray[np.float64]

# A step is held against so many on either side, of which so many must rise; it jumped where it is so many times faster
# than the fastest but one of them (ours: the load of a plant that starts lasts, and a steel works goes from 3 to 157).
STEPS_BESIDE, LEAST_RISING = int_of("register.steps_beside"), int_of("register.least_rising")
JUMP_TIMES = int_of("register.jump_times")


def pace_of(amount: Ints, lasting: Ints, trusted: Flags) -> Floats:
    """What flowed a microsecond in each step that may be trusted; nan in the others."""
    pace = np.full(len(amount), np.nan)
    pace[trusted] = amount[trusted] / lasting[trusted]
    return pace


def beside(pace: Floats) -> Floats:
    """The mean pace of the steps before and after each one; of one where only that is known, nan where neither is."""
    both = np.stack([np.append(np.nan, pace[:-1]), np.append(pace[1:], np.nan)]) if len(pace) else np.empty((2, 0))
    known = ~np.isnan(both)
    mean = np.full(len(pace), np.nan)
    np.divide(np.where(known, both, 0).sum(axis=0), known.sum(axis=0), out=mean, where=known.any(axis=0))
    return mean


def jumped(pace: Floats, meter: Ints) -> Flags:
    """Which steps are far faster than those beside them of the same meter; nan where a pace is not known.

    One of those beside may be as fast: a register may go up in two steps. What stays fast is a load.
    """
    rising = np.zeros(len(pace), np.int64)
    fastest, second = np.zeros(len(pace)), np.zeros(len(pace))
    known = np.nan_to_num(pace, nan=0.0)
    for back in range(1, min(STEPS_BESIDE, len(pace) - 1) + 1):
        same = meter[back:] == meter[:-back]
        for here, there in ((slice(back, None), slice(None, -back)), (slice(None, -back), slice(back, None))):
            other = np.where(same, known[there], 0.0)
            rising[here] += other > 0
            second[here] = np.maximum(second[here], np.minimum(fastest[here], other))
            fastest[here] = np.maximum(fastest[here], other)
    return (rising >= LEAST_RISING) & (known > JUMP_TIMES * second)
