"""What a meter's register may be believed: readings that contradict two neighbours who agree are set aside.

The roll-up of counters and the search for meter changes use the same rule (docs/decisions/0005-roll-up.md).
"""

import numpy as np
from numpy.typing import NDArray

ZEROS_SET_ASIDE = 3

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


def set_aside(series: Ints, register: Ints) -> Flags:
    """Which readings contradict neighbours that agree. Arrays sorted by series and time.

    A lone reading below or above both, and up to ZEROS_SET_ASIDE zeros in a row, where what follows is not less than
    what came before.
    """
    low = np.zeros(len(register), bool)
    high = low.copy()
    for length in range(1, ZEROS_SET_ASIDE + 1):
        span = len(register) - length - 1
        if span < 1:
            break
        before, after = register[:span], register[length + 1 :]
        agree = before <= after
        for k in range(1, length + 2):
            agree &= series[k : k + span] == series[:span]
        if length == 1:
            here = register[1:-1]
            low[1:-1] = agree & (here < before)
            high[1:-1] = agree & (here > after)
            continue
        zeros = agree & (before > 0)
        for k in range(1, length + 1):
            zeros &= register[k : k + span] == 0
        for k in range(1, length + 1):
            low[k : k + span] |= zeros
    # Between two dips the good readings look like spikes: they stay.
    high[1:] &= ~low[:-1]
    high[:-1] &= ~low[1:]
    return low | high
