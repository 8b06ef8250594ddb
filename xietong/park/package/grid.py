"""Stamps of files and pushes against the interval of their point, as columns, by the one rule of xietong.stamps: a hair
beside the grid is brought onto it, what lies off it is named.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from xietong.park.nouns import Point
from xietong.park.package.cells import CellError
from xietong.park.package.sheets import Rejection, rejection
from xietong.stamps import CLOSE_US, NOISE_US, SECOND_US, grid_s, shift_us


class OnGrid(NamedTuple):
    """Stamps (UTC) on their grid as far as they were meant so; moved: how many were; off: which places lie off it."""

    at: pa.Array
    moved: int
    off: Sequence[int]


@dataclass(slots=True)
class OffGrid:
    """How many stamps of one point lie off its grid, and the first of them."""

    count: int
    row: int
    shown: str


def to_grid(at: pa.Array, place: pa.Array, points: Sequence[Point], zone: ZoneInfo) -> OnGrid:
    """Bring stamps onto the grid of their point's interval, counted from midnight in park time.

    at: µs UTC, null where there is none; place: the index of each one's point, null where it has none.
    """
    steps = np.array([grid_s(point.shape, point.interval_s) for point in points] or [0], np.int64) * SECOND_US
    index = pc.fill_null(place, 0).to_numpy(zero_copy_only=False)
    known = pc.and_(pc.is_valid(at), pc.is_valid(place)).to_numpy(zero_copy_only=False)
    local = pc.local_timestamp(at.cast(pa.timestamp("us", zone.key)))
    local_us = pc.fill_null(local.cast(pa.int64()), 0).to_numpy(zero_copy_only=False)
    has_grid = steps[index] > 0
    shift = shift_us(local_us, np.where(has_grid, steps[index], SECOND_US))
    is_close = np.abs(shift) <= np.where(has_grid, CLOSE_US, NOISE_US)
    is_moved = known & is_close & (shift != 0)
    meant = pc.fill_null(at.cast(pa.int64()), 0).to_numpy(zero_copy_only=False) + np.where(is_moved, shift, 0)
    kept = pa.array(meant, pa.int64(), mask=~pc.is_valid(at).to_numpy(zero_copy_only=False)).cast(at.type)
    return OnGrid(kept, int(is_moved.sum()), np.flatnonzero(known & has_grid & ~is_close).tolist())


def note_off_grid(noted: dict[str, OffGrid], found: OnGrid, point: pa.Array, rows: pa.Array) -> None:
    """Count the stamps off the grid by point, and keep the first of each."""
    for index in found.off:
        code = point[index].as_py()
        if code in noted:
            noted[code].count += 1
        else:
            noted[code] = OffGrid(1, rows[index].as_py(), found.at[index].as_py().isoformat())


def off_grid_remarks(noted: Mapping[str, OffGrid], file: str, points: Mapping[str, Point]) -> Iterator[Rejection]:
    """What is to be told of them, a sentence a point: they are taken as they are."""
    for code, each in noted.items():
        step = points[code].interval_s
        said = CellError(
            "off_grid",
            f"监测点 {code} 有 {each.count} 个时刻不在它每 {step} 秒一段的起点上，按各自落入的小时计，可能进错时段；"
            "请核对时刻（时段终点用 --stamps end）或 points.csv 的 interval_s",
            f"{each.count} stamps of point {code} are no start of its intervals of {step} s; each counts in the hour "
            "in which it lies, which may be the wrong one; check the stamps (--stamps end for ends of intervals), or "
            "interval_s in points.csv",
        )
        yield rejection(file, each.row, "at", each.shown, said)
