"""CSV, Excel and Parquet as one stream of Arrow tables with row numbers; nothing is interpreted here."""

import csv
import gzip
import io
import zlib
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq
import python_calamine

from xietong.park.package.cells import CellError
from xietong.park.package.sheets import decode

ROWS = 50_000
ROW = "row"


class Shape(NamedTuple):
    """How a file lies: which sheet of a workbook, the row of its header, its delimiter and its encoding."""

    sheet: str = ""
    header_row: int = 1
    delimiter: str = ","
    encoding: str = "utf-8"


def tables(path: Path, shape: Shape) -> Iterator[pa.Table]:
    """The file in pieces, every column by its name in the header, and `row` as a spreadsheet counts.

    Cells of CSV and Excel are text. Raises CellError where the file cannot be read as what its name says.
    """
    suffixes = [suffix.lower() for suffix in path.suffixes[-2:]]
    if suffixes[-1:] == [".parquet"]:
        yield from _parquet(path)
    elif suffixes[-1:] in ([".xlsx"], [".xls"], [".xlsb"], [".ods"]):
        yield from _gathered(_workbook(path, shape), shape.header_row)
    elif suffixes[-1:] == [".csv"] or suffixes[-2:] == [".csv", ".gz"]:
        yield from _gathered(_csv(path, shape), shape.header_row)
    else:
        raise CellError(
            "file_type",
            "不认识的文件类型；请用 CSV、Excel（xlsx）或 Parquet",
            "no such kind of file is known; use CSV, Excel (xlsx) or Parquet",
        )


def _parquet(path: Path) -> Iterator[pa.Table]:
    try:
        file = pq.ParquetFile(path)
        row = 1
        for batch in file.iter_batches(batch_size=ROWS):
            numbers = pa.array(range(row, row + batch.num_rows), pa.int64())
            piece = pa.Table.from_batches([batch])
            yield piece if ROW in piece.column_names else piece.append_column(ROW, numbers)
            row += batch.num_rows
    except (pa.ArrowException, OSError) as error:
        raise unreadable(error) from error


def unreadable(error: Exception) -> CellError:
    """The sentence for a file that does not open."""
    return CellError(
        "unreadable",
        f"打不开（{error}），没有载入；请重新导出",
        f"it cannot be opened ({error}) and was left out; export it again",
    )


def _csv(path: Path, shape: Shape) -> Iterator[list[str]]:
    try:
        content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        text = decode(content) if shape.encoding == "utf-8" else content.decode(shape.encoding)
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise unreadable(error) from error
    try:
        yield from csv.reader(io.StringIO(text, newline=""), delimiter=shape.delimiter, strict=True)
    except csv.Error as error:
        raise unreadable(error) from error


def _workbook(path: Path, shape: Shape) -> Iterator[list[str]]:
    try:
        book = python_calamine.CalamineWorkbook.from_path(str(path))
        sheet = book.get_sheet_by_name(shape.sheet) if shape.sheet else book.get_sheet_by_index(0)
        for row in sheet.to_python(skip_empty_area=False):
            yield [_text(cell) for cell in row]
    except (python_calamine.CalamineError, OSError) as error:
        raise unreadable(error) from error


def _text(cell: object) -> str:
    """A cell of a workbook as text.

    A date gets its midnight: Excel makes the first of March out of the period 2025-03, which must not pass for a day.
    """
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, date) and not isinstance(cell, datetime):
        return f"{cell.isoformat()}T00:00:00"
    return cell.isoformat() if isinstance(cell, datetime) else str(cell)


def _gathered(rows: Iterable[list[str]], header_row: int) -> Iterator[pa.Table]:
    numbered = enumerate(rows, start=1)
    header: list[str] = []
    for number, row in numbered:
        if number == header_row:
            header = [name.strip() for name in row]
            break
    yield _table(header, [])
    while piece := list(islice(numbered, ROWS)):
        yield _table(header, [(number, row) for number, row in piece if any(cell.strip() for cell in row)])


def _table(header: list[str], rows: list[tuple[int, list[str]]]) -> pa.Table:
    columns = {
        name: pa.array([row[place].strip() if place < len(row) else "" for _, row in rows], pa.string())
        for place, name in enumerate(header)
        if name and name != ROW
    }
    return pa.table({**columns, ROW: pa.array([number for number, _ in rows], pa.int64())})
