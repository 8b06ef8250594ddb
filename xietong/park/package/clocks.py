"""Park times in a zone whose clocks change: the hour that comes twice, and the one that never comes.

A time without an offset that clocks show twice is, in a file, the first of the two; where a point has it twice, the
second row is the second. One that has it only once leaves open which it is: it counts as the first and is named.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from xietong.lake.days import from_us, offsets

# How a text ends that says its offset.
OFFSET = r"\d[ ]*([zZ]|[+-]\d\d:?\d\d)\s*$"
_US = pa.timestamp("us", "UTC")


@dataclass(slots=True)
class Clocks:
    """The park's clocks over one file: which (point, instant) came already; both: those of them that came twice."""

    zone: ZoneInfo
    seen: Counter[tuple[int, int]] = field(default_factory=Counter)

    def told_apart(self, at: pa.Array, place: pa.Array, is_local: NDArray[np.bool_]) -> pa.Array:
        """The instants, of times that come twice the second row of a point an hour (or what clocks go back by) later.

        place: the point of each row as a number, null where unknown; is_local: rows whose time said no offset.
        """
        moved = np.asarray(pc.fill_null(at, 0).cast(pa.int64())).copy()
        known = np.asarray(pc.is_valid(at)) & is_local & np.asarray(pc.is_valid(place))
        if not known.any():
            return at
        codes = np.asarray(pc.fill_null(place, -1))
        ends = (int(moved[known].min()), int(moved[known].max()))
        for begin, end, back in _twice(ends, self.zone):
            for row in np.flatnonzero(known & (moved >= begin) & (moved < end)).tolist():
                key = (int(codes[row]), int(moved[row]))
                self.seen[key] += 1
                if self.seen[key] > 1:
                    moved[row] += back
        return pc.if_else(pc.is_valid(at), pa.array(moved, pa.int64()).cast(_US), None)

    @property
    def open(self) -> list[datetime]:
        """The times that clocks show twice and that a point has only once, in order, as instants."""
        alone = {at for (_, at), times in self.seen.items() if times == 1}
        return [from_us(at) for at in sorted(alone)]


def _twice(ends: tuple[int, int], zone: ZoneInfo) -> Iterable[tuple[int, int, int]]:
    """The spans of instants, in µs, whose park times come again, and after how long."""
    first, last = (from_us(end).astimezone(UTC).date() for end in ends)
    for (_, before), (at, after) in pairwise(offsets(first, last + timedelta(days=1), zone)):
        if after < before:
            yield at - (before - after), at, before - after
