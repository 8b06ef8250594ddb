"""CSV, Excel and Parquet as one stream of Arrow tables with row numbers; nothing is interpreted here."""

import codecs
import csv
import gzip
import io
import zlib
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import IO, Any, NamedTuple, cast

import pyarrow as pa

from xietong.park.package.cells import CellError
from xietong.park.package.contained import Note, parquet_batches, unreadable, workbook_rows
from xietong.park.package.dialect import BOM, check_header, doubled_bom
from xietong.park.package.schema import TABLES
from xietong.park.package.sheets import MOST_LOOKED_AT, misread
from xietong.park.package.workbook import COLUMNS

ROWS = 50_000
PIECE = 64 << 20  # characters of text in one piece, a cell counted with 50 more
LINE = 1 << 20
LINES_A_ROW = 1_000
CHUNK = 1 << 20
# A text may expand to this many times its packed size; ordinary readings expand to 5 to 30 times.
RATIO = 100
SMALL = 64 << 20
ROW = "row"
WORKBOOKS = (".xlsx", ".xlsm", ".xls", ".xlsb", ".ods")


class Shape(NamedTuple):
    """How a file lies: which sheet of a workbook, the row of its header, its delimiter and its encoding."""

    sheet: str = ""
    header_row: int = 1
    delimiter: str = ","
    encoding: str = "utf-8"


def _unheard(_note: CellError) -> None:
    """Who only wants the names of columns hears no remarks."""


def tables(path: Path, shape: Shape, note: Note = _unheard) -> Iterator[pa.Table]:
    """The file in pieces, every column by its name in the header, and `row` as a spreadsheet counts.

    Cells of CSV and Excel are text. `note` hears what is odd about a workbook and yet read. Workbooks and Parquet are
    opened by a child process with limits (decision 19). Raises CellError where the file cannot be read as what its
    name says.
    """
    suffixes = [suffix.lower() for suffix in path.suffixes[-2:]]
    if suffixes[-1:] == [".parquet"]:
        yield from _parquet(path)
    elif path.suffix.lower() in WORKBOOKS:
        yield from _gathered(workbook_rows(path, shape.sheet, note), shape.header_row)
    elif suffixes[-1:] == [".csv"] or suffixes[-2:] == [".csv", ".gz"]:
        yield from _gathered(_csv(path, shape, note), shape.header_row)
    else:
        raise CellError(
            "file_type",
            "不认识的文件类型；请用 CSV、Excel（xlsx）或 Parquet",
            "no such kind of file is known; use CSV, Excel (xlsx) or Parquet",
        )


def records(piece: pa.Table) -> list[dict[str, Any]]:
    """A piece row by row; raises CellError where a typed value is none (a time of day of a thousand hours)."""
    try:
        return list(piece.to_pylist())
    except (OverflowError, ValueError, pa.ArrowException) as error:
        raise unreadable(error) from error


def _parquet(path: Path) -> Iterator[pa.Table]:
    row = 1
    for batch in parquet_batches(path, ROWS):
        piece = pa.Table.from_batches([batch])
        doubled = [name for name in piece.column_names if piece.column_names.count(name) > 1]
        if doubled:
            raise _doubled(doubled[0])
        numbers = pa.array(range(row, row + batch.num_rows), pa.int64())
        yield piece if _is_numbered(piece) else _without_row(piece).append_column(ROW, numbers)
        row += batch.num_rows


def _is_numbered(piece: pa.Table) -> bool:
    """Whether it tells the rows of the file that it was made of; somebody else's column `row` may be anything."""
    if ROW not in piece.column_names:
        return False
    column = piece.column(ROW)
    return bool(pa.types.is_int64(column.type)) and column.null_count == 0


def _without_row(piece: pa.Table) -> pa.Table:
    return piece.drop_columns([ROW]) if ROW in piece.column_names else piece


def _doubled(name: str) -> CellError:
    return CellError(
        "doubled_column",
        f"有两列都叫“{name}”，不知该信哪一列，整个文件没有载入；请删去一列",
        f'two columns are called "{name}", so neither can be trusted and the file was left out; delete one',
    )


def _csv(path: Path, shape: Shape, note: Note) -> Iterator[list[str]]:
    number = 0
    try:
        _check_text(path, shape.encoding)
        encoding = "utf-8-sig" if shape.encoding == "utf-8" else shape.encoding
        with _opened(path) as file, io.TextIOWrapper(file, encoding=encoding, newline="") as text:
            lines = _Lines(text)
            for row in csv.reader(lines, delimiter=shape.delimiter, strict=True):
                lines.taken = 0
                number += 1
                if number == 1 and row and row[0].startswith(BOM):
                    note(doubled_bom())
                    row[0] = row[0].lstrip(BOM)
                if number == shape.header_row:
                    check_header(row, shape.delimiter)
                if len(row) > COLUMNS:
                    raise too_wide()
                yield row
    except (OSError, EOFError, zlib.error, UnicodeError, csv.Error) as error:  # UnicodeError: UTF-16 without its mark
        raise unreadable(error) from error


def _opened(path: Path) -> IO[bytes]:
    return cast("IO[bytes]", gzip.open(path, "rb")) if path.suffix.lower() == ".gz" else path.open("rb")


class _Lines:
    """Lines of a text, bounded in length, and in how many one row takes: a quote left open takes no whole file."""

    def __init__(self, text: io.TextIOWrapper) -> None:
        self.text, self.taken = text, 0

    def __iter__(self) -> Iterator[str]:
        while line := self.text.readline(LINE):
            self.taken += 1
            if len(line) >= LINE or self.taken > LINES_A_ROW:
                raise too_wide()
            yield line


def _check_text(path: Path, encoding: str) -> None:
    """Before a row is taken: that the whole file is text of its encoding, and no bomb. Raises CellError."""
    most = max(SMALL, RATIO * path.stat().st_size)
    decoder = codecs.getincrementaldecoder(encoding)()
    lines = expanded = 0
    with _opened(path) as file:
        while chunk := file.read(CHUNK):
            expanded += len(chunk)
            if expanded > most:
                raise _bomb(expanded)
            if encoding == "utf-8" and b"\0" in chunk[:MOST_LOOKED_AT]:
                raise misread(1, chunk)
            try:
                decoder.decode(chunk)
            except UnicodeDecodeError as error:
                if encoding != "utf-8":
                    raise
                raise misread(lines + error.object[: error.start].count(b"\n") + 1, chunk) from None
            lines += chunk.count(b"\n")
    decoder.decode(b"", final=True)


def too_wide() -> CellError:
    """The sentence for a row that is far too long."""
    most = (
        f"{COLUMNS} 列、{LINE >> 20} MB 或 {LINES_A_ROW} 行",
        f"{COLUMNS} columns, {LINE >> 20} MB or {LINES_A_ROW} lines",
    )
    return CellError(
        "too_wide",
        f"有一行超过 {most[0]}，多半是引号没有配对或恶意文件，没有载入；请核对分隔符和引号",
        f"one row has more than {most[1]}, so a quote is not closed or it is an attack, and the file was left out; "
        "check delimiters and quotes",
    )


def _bomb(expanded: int) -> CellError:
    return CellError(
        "too_large",
        f"解压到 {expanded >> 20} MB 还没有完，超过原文件的 {RATIO} 倍，可能是压缩炸弹，没有载入；请解压后分批导入",
        f"it expands beyond {expanded >> 20} MB, more than {RATIO} times its size; it may be a bomb, so nothing was "
        "loaded; unpack it and import it in parts",
    )


# Of two columns under a name of ours nobody knows which is meant; what else is there twice is not read.
_OURS = tuple(dict.fromkeys(each.name for name in ("readings", "reported") for each in TABLES[name].columns))


def _gathered(rows: Iterable[list[str]], header_row: int) -> Iterator[pa.Table]:
    numbered = enumerate(rows, start=1)
    header: list[str] = []
    for number, row in numbered:
        if number == header_row:
            header = [name.strip() for name in row]
            doubled = [name for name in _OURS if header.count(name) > 1]
            if doubled:
                raise _doubled(doubled[0])
            break
    yield _table(header, [])
    while piece := list(_some(numbered)):
        yield _table(header, [(number, row) for number, row in piece if any(cell.strip() for cell in row)])


def _some(numbered: Iterator[tuple[int, list[str]]]) -> Iterator[tuple[int, list[str]]]:
    """As many rows as make one piece: ROWS, or fewer where they are long."""
    characters = 0
    for number, row in islice(numbered, ROWS):
        yield number, row
        characters += sum(map(len, row)) + 50 * len(row)
        if characters > PIECE:
            return


def _table(header: list[str], rows: list[tuple[int, list[str]]]) -> pa.Table:
    columns = {
        name: pa.array([row[place].strip() if place < len(row) else "" for _, row in rows], pa.string())
        for place, name in enumerate(header)
        if name and name != ROW
    }
    return pa.table({**columns, ROW: pa.array([number for number, _ in rows], pa.int64())})
