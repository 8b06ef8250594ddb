"""The engine that reads the lake's files: DuckDB on one machine, asked in SQL or with Ibis expressions."""

from collections.abc import Collection, Iterable, Mapping
from threading import Lock

import duckdb
import ibis
import pyarrow as pa
import pyarrow.parquet as pq

from xietong.lake.files.table import ActiveFile
from xietong.lake.files.whole import prove
from xietong.lake.schemas import PARTS

# An instance of DuckDB keeps some 7 KB a question for ever (measured on 2.0: temporary views over new files); settle
# asks all day long, so an instance makes way for a new one, which costs a few milliseconds.
QUESTIONS_AN_INSTANCE = 500


class Engine:
    """One in-memory DuckDB; every question gets its own cursor, so threads do not meet."""

    def __init__(self) -> None:
        self._lock, self._asked = Lock(), 0
        self._connection = _connect()

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """A DuckDB cursor with its own temporary views; the caller closes it."""
        with self._lock:
            self._asked += 1
            if self._asked > QUESTIONS_AN_INSTANCE:
                self._connection, self._asked = _connect(), 1  # not closed: that would close open cursors too
            return self._connection.cursor()

    def ask(
        self,
        question: str | ibis.Table,
        files: Mapping[str, tuple[Collection[ActiveFile], pa.Schema]],
        tables: Mapping[str, pa.Table] | None = None,
    ) -> pa.Table:
        """Answer SQL or an Ibis expression as an Arrow table.

        files: for each name in the question, the Parquet files behind it and the Arrow schema that it must show;
        tables: further names, as Arrow tables. Raises DamagedFile where a file is not what was written.
        """
        for paths, _ in files.values():
            prove(file.path for file in paths)
        cursor = self.cursor()
        try:
            for name, (paths, schema) in files.items():
                cursor.execute(f"CREATE OR REPLACE TEMP VIEW {name} AS {scan(paths, schema)}")
            for name, table in (tables or {}).items():
                cursor.register(name, table)
            sql = question if isinstance(question, str) else str(ibis.to_sql(question, dialect="duckdb"))
            return cursor.sql(sql).to_arrow_table()
        finally:
            cursor.close()


def _connect() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(config={"autoinstall_known_extensions": False})
    connection.execute("SET TimeZone = 'UTC'")
    return connection


def quoted(text: str) -> str:
    """A text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def scan(files: Iterable[ActiveFile], schema: pa.Schema) -> str:
    """SQL that reads files with the given columns; no files give no rows of the same columns."""
    listed = list(files)
    paths = ", ".join(quoted(str(file.path)) for file in listed)
    if paths:
        columns = ", ".join(_column(field, listed[0]) for field in schema)
        return f"SELECT {columns} FROM read_parquet([{paths}], hive_partitioning = true)"
    empty = ", ".join(f'CAST(NULL AS {_TYPES[str(field.type)]}) AS "{field.name}"' for field in schema)
    return f"SELECT {empty} WHERE false"


def _column(field: pa.Field, file: ActiveFile) -> str:
    """The column; nothing in its place where files of an earlier edition of the roll-up, all alike, lack it."""
    if field.name in _LATER and field.name not in pq.read_schema(file.path).names:
        return f'CAST(NULL AS {_TYPES[str(field.type)]}) AS "{field.name}"'
    return f'"{field.name}"'


_LATER = frozenset({"parts"})
_TYPES = {
    str(PARTS): 'STRUCT("at" INTEGER, lasts INTEGER, "value" DECIMAL(28,6), below BOOLEAN)[]',
    "string": "VARCHAR",
    "timestamp[us, tz=UTC]": "TIMESTAMPTZ",
    "decimal128(18, 6)": "DECIMAL(18,6)",
    "decimal128(28, 6)": "DECIMAL(28,6)",
    "int32": "INTEGER",
    "int16": "SMALLINT",
    "bool": "BOOLEAN",
    "date32[day]": "DATE",
}
