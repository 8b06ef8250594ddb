"""Parquet files as the lake writes them: zstd, dictionaries, exact decimals as integers, never over another file."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from xietong.lake.files.whole import digest

# One point's year of quarter hours lies in one or two groups: small enough to skip by address, large enough to pack.
ROWS_A_GROUP = 122_880
_IN_DICTIONARY = ["address", "flag", "entry", "at", "recorded_at", "point", "hour", "first_entry"]


class NewFile(NamedTuple):
    """A file that was written but that no log entry names yet."""

    path: Path
    partition: str
    rows: int
    size: int
    modified_ms: int


def new_name(folder: Path, version: int, sha256: str) -> tuple[Path, BinaryIO]:
    """Open a file that did not exist, named for the table version that it is meant for and for its content's hash.

    A crash leaves such a file without a log entry; its name stays taken, so that nothing is ever written over.
    """
    attempt = 0
    while True:
        path = folder / f"part-{version:020d}-{attempt}-{sha256}.parquet"
        try:
            return path, path.open("xb")
        except FileExistsError:
            attempt += 1


def write_file(folder: Path, partition: str, version: int, table: pa.Table) -> NewFile:
    """Write an Arrow table as one new Parquet file (not yet fsynced); partition: the value its rows share."""
    content = pa.BufferOutputStream()
    pq.write_table(
        table,
        content,
        compression="zstd",
        use_dictionary=[name for name in _IN_DICTIONARY if name in table.schema.names],
        row_group_size=ROWS_A_GROUP,
        store_decimal_as_integer=True,
    )
    written = memoryview(content.getvalue())
    path, file = new_name(folder, version, digest(written))
    with file:
        file.write(written)
    return described(path, partition, table.num_rows)


def described(path: Path, partition: str, rows: int) -> NewFile:
    """What the log must say of a file on disk."""
    stat = path.stat()
    return NewFile(path, partition, rows, stat.st_size, stat.st_mtime_ns // 1_000_000)


def by_partition(table: pa.Table, column: str) -> Mapping[Any, pa.Table]:
    """Cut a table that is sorted by a column into its runs, each without that column."""
    if table.num_rows == 0:
        return {}
    runs = pc.run_end_encode(table.column(column).combine_chunks())
    ends = runs.run_ends.to_pylist()
    rest = table.drop_columns([column])
    return {
        value: rest.slice(start, end - start)
        for value, start, end in zip(runs.values.to_pylist(), [0, *ends], ends, strict=False)
    }
