"""What a file of readings says, as one hash: whatever pieces it comes in, and however Parquet writes it."""

import hashlib

import numpy as np
import pyarrow as pa

NAMES = ("point", "at", "value", "flag")
_DECIMAL_BYTES = 16


class Content:
    """The SHA-256 over point, at, value and flag of rows in order, column by column; row numbers are no part of it."""

    def __init__(self) -> None:
        self._columns = {name: (hashlib.sha256(), hashlib.sha256()) for name in NAMES}

    def add(self, rows: pa.Table) -> None:
        """The next rows, in canonical types and without nulls."""
        for name, (lengths, values) in self._columns.items():
            for chunk in rows.column(name).chunks:
                if not len(chunk):
                    continue
                if pa.types.is_string(chunk.type):
                    ends = np.frombuffer(chunk.buffers()[1], np.int32)[chunk.offset : chunk.offset + len(chunk) + 1]
                    lengths.update(np.diff(ends).tobytes())
                    values.update(memoryview(chunk.buffers()[2] or b"")[ends[0] : ends[-1]])
                elif pa.types.is_decimal(chunk.type):
                    start = chunk.offset * _DECIMAL_BYTES
                    values.update(memoryview(chunk.buffers()[1])[start : start + len(chunk) * _DECIMAL_BYTES])
                else:
                    values.update(chunk.cast(pa.int64()).to_numpy(zero_copy_only=False).tobytes())

    def sha256(self) -> str:
        """The hash, in hexadecimal."""
        every = [part.digest() for pair in self._columns.values() for part in pair]
        return hashlib.sha256(b"".join(every)).hexdigest()
