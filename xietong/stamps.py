"""Stamps of readings against the interval of their point, for every door: a hair beside the grid is meant to be on it.

Sheets and programs compute times in floats (=A2+1/24, 3600 × n), so that a full hour comes as 59:59.999.
"""

from datetime import UTC, datetime, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

SECOND_US, DAY_S = 1_000_000, 86_400
# How far beside its grid the stamp of an interval may lie and still be meant: what a sheet rounds to when it shows
# seconds. An instant may be of any moment: only the noise of a float is taken off it.
CLOSE_US, NOISE_US = SECOND_US // 2, 1_000
_MIDNIGHT = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
Micros = TypeVar("Micros", int, NDArray[np.int64])


def grid_s(shape: str, interval_s: int) -> int:
    """The grid of a point's stamps in seconds, from midnight in park time; 0 where it has none: an instant, or an
    interval that parts no day."""
    if shape not in ("amount", "mean") or not interval_s:
        return 0
    step = min(interval_s, DAY_S)
    return step if DAY_S % step == 0 else 0


def shift_us(local_us: Micros, step_us: Micros) -> Micros:
    """From a park time to the nearest place of a grid that begins at midnight, in µs; to the later of two as near."""
    beyond = local_us % step_us
    return (beyond * 2 >= step_us) * step_us - beyond


def on_grid(at: datetime, step_s: int, zone: ZoneInfo) -> datetime:
    """The instant (UTC) that a stamp means: on its grid where it lies a hair beside it, else as it came.

    step_s: of `grid_s`; with 0 only the noise of a float is taken off.
    """
    local = at.astimezone(zone).replace(tzinfo=UTC)
    step_us, close_us = (step_s * SECOND_US, CLOSE_US) if step_s else (SECOND_US, NOISE_US)
    shift = shift_us((local - _MIDNIGHT) // _MICROSECOND, step_us)
    return at + timedelta(microseconds=shift) if abs(shift) <= close_us else at
