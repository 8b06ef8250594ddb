"""Exact values as whole millionths: DECIMAL(18,6) in Arrow and int64 in NumPy are the same number, without a detour."""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Micro = NDArray[np.int64]


def from_micro(micro: Micro, kind: pa.DataType | None = None) -> pa.Array:
    """Millionths (int64) as an Arrow decimal array, DECIMAL(18,6) unless another kind of scale 6 is given."""
    words = np.empty((len(micro), 2), np.int64)
    words[:, 0] = micro
    words[:, 1] = micro >> 63  # the sign, carried through the upper half of the 128 bits
    return pa.Array.from_buffers(kind or pa.decimal128(18, 6), len(micro), [None, pa.py_buffer(words)])


def to_micro(column: pa.ChunkedArray | pa.Array) -> Micro:
    """An Arrow DECIMAL(18,6) array without nulls as millionths; 18 digits always fit into int64."""
    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if isinstance(array, pa.ChunkedArray):  # no chunks at all
        return np.empty(0, np.int64)
    words = np.frombuffer(array.buffers()[1], np.int64)
    return words[2 * array.offset : 2 * (array.offset + len(array)) : 2].copy()
