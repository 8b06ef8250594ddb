"""Files of readings become one plain form (canonical Parquet) that settle brings into the lake, row by row checked.

Fast where cells are plain numbers and times (Arrow), one by one where they are not; what is refused has its row.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from xietong.detection import NEVER_BELOW, kept, mark_of
from xietong.park.nouns import Point
from xietong.park.package.cells import Amount, CellError, instant, no_such_time, stated, tidy
from xietong.park.package.clocks import OFFSET, Clocks
from xietong.park.package.contained import unreadable
from xietong.park.package.content import Content
from xietong.park.package.grid import OffGrid, note_off_grid, off_grid_remarks, to_grid
from xietong.park.package.schema import READINGS
from xietong.park.package.sheets import Rejection, rejection
from xietong.park.package.tabular import ROW
from xietong.readings import BELOW, MILLIONTH
from xietong.units import unit_of

VALUE = pa.decimal128(18, 6)
AT = pa.timestamp("us", "UTC")
# How the files of a package begin that hold what corrections said; who and why stand in their Parquet metadata.
CORRECTIONS = "readings-corrections-"
CANONICAL = pa.schema([("point", pa.string()), ("at", AT), ("value", VALUE), ("flag", pa.string()), (ROW, pa.int64())])
PLAIN_NUMBER = r"^[+-]?\d{1,12}(\.\d{1,6})?$"
PLAIN_TIME = r"^(19|20|21)\d\d-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?$"
MOST_REJECTIONS = 10_000


class Reader(NamedTuple):
    """How the cells of one file are to be understood.

    points: those that exist; stamps: whether `at` names the start or the end of an interval; at: reads a time that is
    no plain ISO one.
    """

    file: str
    zone: ZoneInfo
    points: Mapping[str, Point]
    stamps: Literal["start", "end"] = "start"
    at: Callable[[str], datetime] | None = None


@dataclass(slots=True)
class Converted:
    """What one file gave: how many readings went into the canonical file, of which points, what was refused, and what
    is odd and yet taken; moved: how many stamps were brought to the full second that was meant; content: the hash of
    the readings, however they are written."""

    accepted: int = 0
    content: str = ""
    moved: int = 0
    points: set[str] = field(default_factory=set)
    columns: set[str] = field(default_factory=set)  # those that are not ours
    rejected: list[Rejection] = field(default_factory=list)
    remarks: list[Rejection] = field(default_factory=list)
    off_grid: dict[str, OffGrid] = field(default_factory=dict)
    unknown: Counter[str] = field(default_factory=Counter)
    unknown_rows: dict[str, int] = field(default_factory=dict)
    refused: int = 0
    clock: Clocks | None = None

    def clocks(self, zone: ZoneInfo) -> Clocks:
        """The park's clocks, that remember over the whole file which times came."""
        self.clock = self.clock or Clocks(zone)
        return self.clock

    def refuse(self, reader: Reader, row: int, column: str, text: str, error: CellError) -> None:
        """Note a rejection; beyond MOST_REJECTIONS only their number."""
        self.refused += 1
        if self.refused <= MOST_REJECTIONS:
            self.rejected.append(rejection(reader.file, row, column, text, error))


def convert(pieces: Iterable[pa.Table], reader: Reader, target: Path) -> Converted:
    """Write the readings that can be used to `target` in the canonical form; the rest are rejections.

    pieces: tables with the columns point, at, value, flag (optional) and row, as text or typed.
    """
    outcome, content = Converted(), Content()
    with pq.ParquetWriter(target, CANONICAL, compression="zstd") as writer:
        try:
            for piece in pieces:
                if not _columns_fit(piece, reader, outcome):
                    break
                usable = _usable(piece, reader, outcome)
                outcome.accepted += usable.num_rows
                outcome.points.update(usable.column("point").unique().to_pylist())
                content.add(usable)
                writer.write_table(usable)
        except CellError as error:
            outcome.refuse(reader, 0, "", "", error)
        except pa.ArrowException as error:
            # A column of a type that holds neither text nor number nor time.
            outcome.refuse(reader, 0, "", "", unreadable(error))
    outcome.content = content.sha256()
    outcome.rejected += _unknown_points(reader, outcome)
    outcome.remarks += off_grid_remarks(outcome.off_grid, reader.file, reader.points)
    outcome.remarks += _came_once(reader, outcome)
    if outcome.refused > MOST_REJECTIONS:
        outcome.rejected.append(_more(reader, outcome.refused - MOST_REJECTIONS))
    return outcome


def is_canonical(path: Path) -> bool:
    """Whether a file needs no conversion: it is Parquet with exactly the canonical columns and types."""
    if path.suffix != ".parquet":
        return False
    schema = pq.read_schema(path)
    wanted = [CANONICAL.field(name) for name in ("point", "at", "value", "flag")]
    return [(field.name, field.type) for field in schema][:4] == [(field.name, field.type) for field in wanted]


def _columns_fit(piece: pa.Table, reader: Reader, outcome: Converted) -> bool:
    missing = [column.name for column in READINGS.columns if column.required and column.name not in piece.column_names]
    known = [column.name for column in READINGS.columns]
    for name in piece.column_names:
        if name not in (*known, ROW) and name not in outcome.columns:
            outcome.columns.add(name)
            remark = CellError(
                "unknown_column",
                f"不认识的列，没有读入；监测值的列是 {'、'.join(known)}",
                f"no such column is known, so it was not read; the columns of readings are {', '.join(known)}",
            )
            outcome.remarks.append(rejection(reader.file, 1, name, "", remark))
    for name in missing:
        problem = CellError(
            "missing_column",
            "缺少这一必需的列，整个文件没有载入；请补上",
            "this column is needed and the header lacks it, so the whole file was left out; add it",
        )
        outcome.refuse(reader, 1, name, "", problem)
    return not missing


def _usable(piece: pa.Table, reader: Reader, outcome: Converted) -> pa.Table:
    rows = piece.column(ROW).combine_chunks()
    point = _strings(piece.column("point"))
    codes = sorted(reader.points)
    place = pc.index_in(point, pa.array(codes, pa.string()))
    read = _instants(piece.column("at").combine_chunks(), reader)
    at, wrong_at = outcome.clocks(reader.zone).told_apart(read.at, place, read.is_local), read.wrong
    cells, points = piece.column("value").combine_chunks(), [reader.points[code] for code in codes]
    value, below, wrong_value = _values(cells, place, points)
    flag = _strings(piece.column("flag")) if "flag" in piece.column_names else pa.nulls(len(point), pa.string())
    value, flag = _undetected(value, _marks(pc.fill_null(flag, "")), below, is_ours=cells.type == VALUE)
    for column, wrong in (("at", wrong_at), ("value", wrong_value)):
        for index, text, error in wrong:
            outcome.refuse(reader, rows[index].as_py(), column, text, error)
    _note_unknown(point, place, rows, outcome)
    if reader.stamps == "end":
        at = _starts(at, place, points)
    on_grid = to_grid(at, place, points, reader.zone)
    outcome.moved += on_grid.moved
    note_off_grid(outcome.off_grid, on_grid, point, rows)
    at = on_grid.at
    table = pa.table([point, at, value, flag, rows], schema=CANONICAL)
    return table.filter(pc.and_(pc.is_valid(place), pc.and_(pc.is_valid(at), pc.is_valid(value))))


def _strings(column: pa.ChunkedArray) -> pa.Array:
    return pc.utf8_trim_whitespace(column.combine_chunks().cast(pa.string()))


def _note_unknown(point: pa.Array, place: pa.Array, rows: pa.Array, outcome: Converted) -> None:
    for index in pc.indices_nonzero(pc.is_null(place)).to_pylist():
        code = point[index].as_py() or ""
        outcome.unknown[code] += 1
        outcome.unknown_rows.setdefault(code, rows[index].as_py())


def _unknown_points(reader: Reader, outcome: Converted) -> Iterator[Rejection]:
    for code, count in outcome.unknown.items():
        problem = CellError(
            "unknown_point",
            f"登记簿里没有这个监测点，它的 {count} 个监测值没有载入；请先在 points.csv 登记",
            f"the registry has no such point, so its {count} readings were left out; enter it in points.csv first",
        )
        yield rejection(reader.file, outcome.unknown_rows[code], "point", code, problem)


def _more(reader: Reader, count: int) -> Rejection:
    problem = CellError(
        "more",
        f"另有 {count} 处不能用，没有逐一列出；改正上面各处后再载入即可看到",
        f"{count} more cells cannot be used and are not listed; correct those above and load again to see them",
    )
    return rejection(reader.file, 0, "", "", problem)


def _came_once(reader: Reader, outcome: Converted) -> Iterator[Rejection]:
    """A remark where clocks go back and the file does not say which of two equal times it means."""
    times = outcome.clocks(reader.zone).open
    if times:
        first, last = (at.astimezone(reader.zone).strftime("%Y-%m-%d %H:%M") for at in (times[0], times[-1]))
        problem = CellError(
            "time_twice",
            f"时钟拨回，{first} 至 {last} 的时刻当天出现两次，文件里只有一次且没有写时区偏移（{len(times)} 个时刻），"
            "按第一次计；若是第二次，或缺了一次，请写明偏移（如 +01:00）后再导入",
            f"clocks go back and show {first} to {last} twice, while the file has them once and without an offset "
            f"({len(times)} times); they count as the first; if they are the second, or one is lacking, write the "
            "offset (such as +01:00) and import the file again",
        )
        yield rejection(reader.file, 0, "at", "", problem)


Wrong = list[tuple[int, str, CellError]]


class _Read(NamedTuple):
    """Instants in UTC, null where the cell names none; is_local: of a time without an offset; and what is wrong."""

    at: pa.Array
    is_local: NDArray[np.bool_]
    wrong: Wrong


def _instants(column: pa.Array, reader: Reader) -> _Read:
    if pa.types.is_timestamp(column.type):
        if column.type.tz is not None:
            return _Read(column.cast(AT, safe=False), np.zeros(len(column), bool), _empty(column))
        at = _in_park_time(column, reader.zone)
        skipped = pc.indices_nonzero(pc.and_(pc.is_valid(column), pc.is_null(at))).to_pylist()
        unknown = [(index, str(column[index].as_py()), no_such_time()) for index in skipped]
        return _Read(at, np.ones(len(column), bool), [*_empty(column), *unknown])
    text = column.cast(pa.string())
    plain = pa.nulls(len(text), AT)
    if reader.at is None:
        try:
            local = pc.if_else(pc.match_substring_regex(text, PLAIN_TIME), text, None).cast(pa.timestamp("us"))
            plain = _in_park_time(local, reader.zone)
        except pa.ArrowInvalid:
            # A 31 February among them: one by one, so that only it is refused.
            plain = pa.nulls(len(text), AT)
    read = reader.at or (lambda cell: instant(tidy(cell), reader.zone))
    slow: list[datetime | None] = [None] * len(text)
    wrong: Wrong = []
    for index in pc.indices_nonzero(pc.is_null(plain)).to_pylist():
        cell = text[index].as_py() or ""
        try:
            slow[index] = read(cell)
        except CellError as error:
            wrong.append((index, cell, error))
    said = pc.fill_null(pc.match_substring_regex(text, OFFSET), False)
    return _Read(pc.coalesce(plain, pa.array(slow, AT)), ~np.asarray(said), wrong)


def _in_park_time(local: pa.Array, zone: ZoneInfo) -> pa.Array:
    """Naive park times as instants: the first of two, null over which clocks go forward."""
    zoned = pc.assume_timezone(local, zone.key, ambiguous="earliest", nonexistent="earliest")
    shown = pc.local_timestamp(zoned)
    return pc.if_else(pc.equal(shown, local.cast(shown.type)), zoned.cast(AT, safe=False), None)


def _marks(flag: pa.Array) -> pa.Array:
    """Marks as the standard writes them: one letter in the other case, or full-width, is that letter."""
    plain = pc.utf8_trim_whitespace(pc.utf8_normalize(flag, form="NFKC"))
    return pc.if_else(pc.equal(pc.utf8_length(plain), 1), pc.utf8_upper(plain), plain)


def _undetected(value: pa.Array, flag: pa.Array, below: Sequence[int], *, is_ours: bool) -> tuple[pa.Array, pa.Array]:
    """Values and marks with those below detection under our mark. A plain number that a sheet itself marks so is the
    limit, as laboratories write it; in a file of ours (is_ours) it is what was kept of it already."""
    alone = [] if is_ours else pc.indices_nonzero(pc.equal(flag, BELOW)).to_pylist()
    if not below and not alone:
        return value, flag
    values, marks = value.to_pylist(), flag.to_pylist()
    for index in {*alone} - {*below}:
        values[index] = None if values[index] is None else kept(values[index])
    for index in below:
        marks[index] = mark_of(marks[index])
    return pa.array(values, VALUE), pa.array(marks, pa.string())


def _values(column: pa.Array, place: pa.Array, points: Sequence[Point]) -> tuple[pa.Array, list[int], Wrong]:
    """Values, null where the cell has none, and which are below detection: of these half the limit is kept, and the
    file itself keeps what was written."""
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if not pa.types.is_string(column.type) and not pa.types.is_large_string(column.type):
        value, wrong = _numbers(column)
        return value, [], wrong
    text = column.cast(pa.string())
    plain = pc.if_else(pc.match_substring_regex(text, PLAIN_NUMBER), text, None).cast(VALUE)
    slow: list[Decimal | None] = [None] * len(text)
    wrong, below = Wrong(), list[int]()
    for index in pc.indices_nonzero(pc.is_null(plain)).to_pylist():
        cell, number = text[index].as_py() or "", place[index].as_py()
        try:
            found = _stated(cell, None if number is None else points[number])
        except CellError as error:
            wrong.append((index, cell, error))
            continue
        slow[index] = kept(found.below or Decimal(0)) if found.value is None else found.value.quantize(MILLIONTH)
        below += [index] if found.value is None else []
    return pc.coalesce(plain, pa.array(slow, VALUE)), below, wrong


def _stated(cell: str, point: Point | None) -> Amount:
    if not cell.strip():
        raise _nothing()
    found = stated(cell)
    if max(abs(each or Decimal(0)) for each in found) >= 10**12:
        raise _too_large()
    if found.value is None and point is not None:
        _check_limit(found, tidy(cell), point)
    return found


def _check_limit(found: Amount, text: str, point: Point) -> None:
    """Refuse a limit of detection where there is none: below zero, of a register, or a volume with its litres."""
    if (found.below or 0) < 0 or point.shape in NEVER_BELOW:
        raise CellError(
            "detection",
            "这样的值没有“未检出”可言（检出限为负，或是表底、状态）；请写读到的数",
            "nothing of this kind lies below detection (a limit below zero, or a register or state); write what was "
            "read",
        )
    if text.endswith("L") and unit_of(point.unit).dimension in ("volume", "flow"):
        raise CellError(
            "detection",
            f"可能是升，也可能是“低于检出限”，不能猜；请只写数，单位即登记的 {point.unit}，未检出写“<”加检出限",
            f"L may mean litres here, or below detection, and nobody can tell; write the number alone, in the "
            f"registered unit {point.unit}, or “<” and the limit of detection",
        )


def _nothing() -> CellError:
    return CellError(
        "required",
        "是空的，不算监测值（缺失不等于零）；请补填或删去这一行",
        "it is empty, which is no reading (missing is not zero); fill it in or delete the row",
    )


def _too_large() -> CellError:
    return CellError(
        "number",
        "整数部分超过 12 位，不可能是真实读数；请核对单位",
        "it has more than 12 digits before the point, which no real reading has; check the unit",
    )


def _numbers(column: pa.Array) -> tuple[pa.Array, Wrong]:
    """Typed numbers of a Parquet file: infinite, absent or too large ones are refused."""
    as_float = column.cast(pa.float64(), safe=False)
    fits = pc.fill_null(pc.and_(pc.is_finite(as_float), pc.less(pc.abs(as_float), 1e12)), False)
    kept = pc.if_else(fits, column, None)
    value = kept.cast(VALUE, safe=False) if pa.types.is_decimal(column.type) else kept.cast(pa.float64()).cast(VALUE)
    wrong: Wrong = []
    for index in pc.indices_nonzero(pc.invert(fits)).to_pylist():
        cell = column[index].as_py()
        wrong.append((index, "" if cell is None else str(cell), _nothing() if cell is None else _too_large()))
    return value, wrong


def _empty(column: pa.Array) -> Wrong:
    return [(index, "", _nothing()) for index in pc.indices_nonzero(pc.is_null(column)).to_pylist()]


def _starts(at: pa.Array, place: pa.Array, points: list[Point]) -> pa.Array:
    """Stamps at the end of an interval become its start; a counter's and an instant's stay."""
    lengths = [point.interval_s if point.shape in ("amount", "mean") else 0 for point in points]
    seconds = pc.take(pa.array(lengths, pa.int64()), place)
    return pc.subtract(at, seconds.cast(pa.duration("s")).cast(pa.duration("us")))
