"""Large files of readings (Parquet or CSV: point, at, value, flag) on their way into the lake.

Every row is taken exactly or returned with its number and a sentence; none is lost and none is altered. What the
columns are called, and which entry the file is, the caller says.
"""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from xietong.lake import rejections as said
from xietong.lake.days import from_us, offsets
from xietong.lake.engine import Engine, quoted
from xietong.lake.files.parquet import by_partition
from xietong.lake.rejections import RejectedRow
from xietong.lake.schemas import INSTANT

SHEET = "sheet:"
# So many rejected rows are described one by one; the rest are only counted.
ROWS_DESCRIBED = 1_000


@dataclass(frozen=True, slots=True)
class SheetFile:
    """A file of readings and how to read it.

    columns: our names (point, at, value, flag) → the file's, where they differ; `flag` may be absent from the file.
    ends: point → seconds, for amounts and means whose stamps are the ends of their intervals: so much is taken off.
    points: the codes that are known, None where any is taken. A time without an offset is park time.
    prefix: what the addresses of its readings begin with.
    """

    path: Path
    entry: str
    recorded_at: datetime
    columns: Mapping[str, str] = field(default_factory=dict)
    ends: Mapping[str, int] = field(default_factory=dict)
    points: frozenset[str] | None = None
    prefix: str = SHEET


class Filed(NamedTuple):
    """What became of a file: the table's version after it, rows taken, rows not taken, and the first of those."""

    version: int
    accepted: int
    refused: int
    rejected: tuple[RejectedRow, ...]


class Sorted(NamedTuple):
    """A file's readings by park day, each day sorted by address and instant, and the rows that are none."""

    days: Mapping[date, pa.Table]
    accepted: int
    refused: int
    rejected: tuple[RejectedRow, ...]


def sort_file(engine: Engine, file: SheetFile, zone: ZoneInfo) -> Sorted:
    """Read, check and sort a file; touches no table."""
    cursor = engine.cursor()
    try:
        source = _source(cursor, file)
        if isinstance(source, RejectedRow):
            return Sorted({}, 0, 1, (source,))
        # A CSV is parsed once and kept; of a Parquet file each question below reads only the columns it needs.
        kind = "TABLE" if source.is_csv else "VIEW"
        cursor.execute(f"CREATE TEMP {kind} typed AS SELECT {source.typed} FROM ({source.sql})")
        points = _points(cursor, file)
        cursor.register("known", points)
        rows = cursor.sql(_sorted_sql(cursor, zone)).to_arrow_table()
        refused = int(_scalars(cursor, "SELECT count(*) FROM typed")[0]) - rows.num_rows
        rejected = _rejected(cursor, source) if refused else []
        broken = _broken_lines(cursor) if source.is_csv else []
        described = sorted([*_described(rejected, broken), *broken])[:ROWS_DESCRIBED]
        return Sorted(_days(rows, points, file), rows.num_rows, refused + len(broken), tuple(described))
    finally:
        cursor.close()


# ---- reading ----


class _Source(NamedTuple):
    sql: str  # point, at, value, flag of the file as they stand
    typed: str  # point, utc_us or local_us, value, flag as we keep them; NULL where they cannot be
    is_csv: bool


def _source(cursor: duckdb.DuckDBPyConnection, file: SheetFile) -> _Source | RejectedRow:
    is_csv = file.path.suffix.lower() not in (".parquet", ".pq")
    try:
        types = _csv_header(file.path) if is_csv else _parquet_columns(cursor, file.path)
    except (UnicodeDecodeError, duckdb.Error) as error:
        return said.unreadable(file.path, error)
    ours = {name: file.columns.get(name, name) for name in ("point", "at", "value", "flag")}
    for name in ("point", "at", "value"):
        if ours[name] not in types:
            return said.no_column(name, ours[name], file.path)
    flag = f'"{ours["flag"]}"' if ours["flag"] in types else "''"
    columns = ", ".join(f'"{ours[name]}" AS "{name}"' for name in ("point", "at", "value"))
    typed = _TYPED.format(at=_at_sql(types[ours["at"]]), value=_value_sql(types[ours["value"]]))
    return _Source(f"SELECT {columns}, {flag} AS flag FROM {_scan(file.path, types, is_csv)}", typed, is_csv)


def _scan(path: Path, names: Mapping[str, str], is_csv: bool) -> str:
    if not is_csv:
        return f"read_parquet({quoted(str(path))})"
    types = ", ".join(f"{quoted(name)}: 'VARCHAR'" for name in names)
    return (
        f"read_csv({quoted(str(path))}, auto_detect = false, header = true, delim = ',', quote = '\"', escape = '\"', "
        f"columns = {{{types}}}, ignore_errors = true, store_rejects = true)"
    )


def _csv_header(path: Path) -> dict[str, str]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return dict.fromkeys(next(csv.reader(file), []), "VARCHAR")


def _parquet_columns(cursor: duckdb.DuckDBPyConnection, path: Path) -> dict[str, str]:
    empty = cursor.sql(f"SELECT * FROM read_parquet({quoted(str(path))}) LIMIT 0")
    return dict(zip(empty.columns, map(str, empty.types), strict=True))


_TYPED = """
    trim(CAST(point AS VARCHAR)) AS point, {at}, {value} AS value, coalesce(trim(CAST(flag AS VARCHAR)), '') AS flag
"""


def _at_sql(kind: str) -> str:
    """A time with an offset is an instant (utc_us), without one it is park time (local_us)."""
    if kind == "TIMESTAMP WITH TIME ZONE":
        return 'epoch_us("at") AS utc_us, CAST(NULL AS BIGINT) AS local_us'
    if kind.startswith("TIMESTAMP") or kind == "DATE":
        return 'CAST(NULL AS BIGINT) AS utc_us, epoch_us(CAST("at" AS TIMESTAMP)) AS local_us'
    text = "regexp_replace(replace(CAST(\"at\" AS VARCHAR), '/', '-'), ' +([+-]|Z)', '\\1')"
    return (
        f"CASE WHEN {_ZONED} THEN epoch_us(TRY_CAST({text} AS TIMESTAMPTZ)) END AS utc_us, "
        f"CASE WHEN {_ZONED} THEN NULL WHEN contains(\"at\", '/') "
        "THEN epoch_us(TRY_CAST(replace(\"at\", '/', '-') AS TIMESTAMP)) "
        'ELSE epoch_us(TRY_CAST("at" AS TIMESTAMP)) END AS local_us'
    )


# Told by what follows the colon; sixteen characters hold no more than 2025-01-31 08:15.
_ZONED = """(length("at") > 16 AND ("at" LIKE '%:%+%' OR "at" LIKE '%:%-%' OR "at" LIKE '%Z'))"""


# What the two binary kinds cannot tell apart, as a share of the value.
_BINARY = {"DOUBLE": 1e-12, "FLOAT": 1e-7}


def _value_sql(kind: str) -> str:
    """Six decimals, exactly; a binary fraction is taken at the millionth that it stands for, and no other."""
    exact = "TRY_CAST(value AS DECIMAL(18,6))"
    if kind in _BINARY:
        return (
            f"CASE WHEN abs(value - CAST({exact} AS DOUBLE)) <= 5e-10 + {_BINARY[kind]} * abs(value) THEN {exact} END"
        )
    return f"CASE WHEN TRY_CAST(value AS DECIMAL(38,18)) = {exact} THEN {exact} END"


def _points(cursor: duckdb.DuckDBPyConnection, file: SheetFile) -> pa.Table:
    """The known points of the file: id in the order of their addresses, and what to take off their stamps."""
    codes = sorted(code for code in _scalars(cursor, "SELECT DISTINCT point FROM typed WHERE point <> ''") if code)
    codes = [code for code in codes if file.points is None or code in file.points]
    return pa.table(
        {
            "id": pa.array(range(len(codes)), pa.int32()),
            "point": pa.array(codes, pa.string()),
            "off_us": pa.array([file.ends.get(code, 0) * 1_000_000 for code in codes], pa.int64()),
        }
    )


def _scalars(cursor: duckdb.DuckDBPyConnection, sql: str) -> list[Any]:
    return [row[0] for row in cursor.sql(sql).fetchall()]


# ---- sorting ----


def _sorted_sql(cursor: duckdb.DuckDBPyConnection, zone: ZoneInfo) -> str:
    steps = _offsets(cursor, zone)
    return f"""
    WITH instants AS (
        SELECT id, value, flag,
               coalesce(utc_us, local_us - {_offset_sql("local_us", steps, local=True)}) - off_us AS at_us
        FROM typed JOIN known USING (point) WHERE value IS NOT NULL AND coalesce(utc_us, local_us) {_PLAUSIBLE}
    )
    SELECT id, make_timestamp(at_us) AS "at", value, flag,
           CAST(make_timestamp(at_us + {_offset_sql("at_us", steps, local=False)}) AS DATE) AS day
    FROM instants ORDER BY day, id, at_us
    """


# 1970 to 2099: what lies outside is a clock that was never set or a column that is no time.
_PLAUSIBLE = "BETWEEN 0 AND 4102444800000000"


def _offsets(cursor: duckdb.DuckDBPyConnection, zone: ZoneInfo) -> list[tuple[int, int]]:
    span = "SELECT unnest([min({0}), max({0})]) FROM typed WHERE {0} {1}"
    ends = _scalars(cursor, span.format("coalesce(utc_us, local_us)", _PLAUSIBLE))
    days = [from_us(end).date() for end in ends if end is not None]
    return offsets(min(days), max(days), zone) if days else [(0, 0)]


def _offset_sql(column: str, steps: list[tuple[int, int]], local: bool) -> str:
    """The zone's offset at an instant, or at a park time: one constant, or a case for each change of clocks."""
    cases = [
        f"WHEN {column} < {after + (before_offset if local else 0)} THEN {before_offset}"
        for (_, before_offset), (after, _) in pairwise(steps)
    ]
    return f"(CASE {' '.join(cases)} ELSE {steps[-1][1]} END)" if cases else f"({steps[0][1]})"


def _days(rows: pa.Table, points: pa.Table, file: SheetFile) -> dict[date, pa.Table]:
    addresses = pa.array([file.prefix + code for code in points.column("point").to_pylist()], pa.string())
    received = pa.array([file.recorded_at], INSTANT)
    ids = rows.column("id").combine_chunks()
    table = pa.table(
        {
            "address": pa.DictionaryArray.from_arrays(ids, addresses),
            "at": rows.column("at").cast(INSTANT),
            "value": rows.column("value"),
            "flag": rows.column("flag"),
            "entry": _constant(pa.array([file.entry]), rows.num_rows),
            "recorded_at": pc.take(received, _zeros(rows.num_rows)),
            "day": rows.column("day"),
        }
    )
    return dict(by_partition(table, "day"))


def _zeros(count: int) -> pa.Array:
    return pa.array(np.zeros(count, np.int32))


def _constant(value: pa.Array, count: int) -> pa.Array:
    return pa.DictionaryArray.from_arrays(_zeros(count), value)


# ---- rows that were not taken ----

# row, rule, and point, at and value as they stand in the file
_BadRow = tuple[int, str, str | None, str | None, str | None]


def _rejected(cursor: duckdb.DuckDBPyConnection, source: _Source) -> list[_BadRow]:
    """The rows that became nothing, read once more with their numbers; only where there are any."""
    first = 2 if source.is_csv else 1
    sql = f"""
    WITH numbered AS (SELECT *, row_number() OVER () AS row FROM ({source.sql})),
    typed_again AS (SELECT row, CAST(point AS VARCHAR) AS p, CAST("at" AS VARCHAR) AS a, CAST(value AS VARCHAR) AS v,
                           {source.typed} FROM numbered)
    SELECT row + {first - 1},
           CASE WHEN coalesce(t.point, '') = '' THEN 'point' WHEN k.id IS NULL THEN 'unknown'
                WHEN NOT coalesce(coalesce(utc_us, local_us) {_PLAUSIBLE}, false) THEN 'at'
                WHEN coalesce(v, '') = '' THEN 'empty' ELSE 'value' END AS rule, p, a, v
    FROM typed_again t LEFT JOIN known k ON t.point = k.point
    WHERE k.id IS NULL OR t.value IS NULL OR NOT coalesce(coalesce(utc_us, local_us) {_PLAUSIBLE}, false)
    ORDER BY row LIMIT {ROWS_DESCRIBED}
    """
    return cursor.sql(sql).fetchall()


def _broken_lines(cursor: duckdb.DuckDBPyConnection) -> list[RejectedRow]:
    found = cursor.sql("SELECT line, min(csv_line) FROM reject_errors GROUP BY line ORDER BY line").fetchall()
    return [said.broken_line(int(line), text) for line, text in found]


def _described(rejected: list[_BadRow], broken: list[RejectedRow]) -> Iterator[RejectedRow]:
    """The sentences, with rows numbered as they stand in the file: the broken lines before them count too."""
    lines, counted = [line.row for line in broken], 0
    for row, rule, point, at, value in rejected:
        while counted < len(lines) and lines[counted] <= row + counted:
            counted += 1
        yield said.bad_row(row + counted, rule, point, at, value)
