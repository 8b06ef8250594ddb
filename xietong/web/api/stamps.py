"""Stamps of pushed readings against the interval of their point, by the rule of sheets: a hair beside the grid is meant
to be on it (an hour that a program computed comes as 07:59:59.99), what lies off it counts as it is and is named.
"""

from collections.abc import Collection, Sequence
from typing import NamedTuple

import pyarrow as pa

from xietong.park.nouns import Registry
from xietong.park.package.grid import OffGrid, note_off_grid, to_grid
from xietong.protocols.pushed import Problem, PushedRow, full_second
from xietong.texts import Text


class Stamps(NamedTuple):
    """The places whose stamps count at their nearest full second; a remark for each point with stamps off its grid."""

    meant: frozenset[int]
    remarks: Sequence[Problem]


def stamps_of(rows: Collection[PushedRow], park: Registry) -> Stamps:
    """What the stamps of rows that are taken mean; every row is of a point of the park."""
    codes = sorted({row.point for row in rows})
    place = {code: index for index, code in enumerate(codes)}
    at = pa.array([row.at for row in rows], pa.timestamp("us", "UTC"))
    index = pa.array([place[row.point] for row in rows], pa.int32())
    found = to_grid(at, index, [park.points[code] for code in codes], park.zone)
    kept = found.at.to_pylist()
    meant = {row.place for row, now in zip(rows, kept, strict=True) if now != row.at and now == full_second(row.at)}
    noted: dict[str, OffGrid] = {}
    points = pa.array([row.point for row in rows], pa.string())
    note_off_grid(noted, found, points, pa.array([row.place for row in rows], pa.int64()))
    remarks = [_remark(code, each, park.points[code].interval_s) for code, each in noted.items()]
    return Stamps(frozenset(meant), remarks)


def _remark(code: str, each: OffGrid, step_s: int) -> Problem:
    said = Text(
        f"监测点 {code} 有 {each.count} 个时刻（如 {each.shown}）不在它每 {step_s} 秒一段的起点上，已收下，"
        "按各自落入的小时计，可能进错时段；at 应是时段起点，请核对时刻或登记的 interval_s。",
        f"{each.count} stamps of point {code} (such as {each.shown}) are no start of its intervals of {step_s} s; they "
        "are taken, and each counts in the hour in which it lies, which may be the wrong one; at is the start of the "
        "interval: check the stamps, or the registered interval_s.",
    )
    return Problem(each.row, "at", said)
