"""The three tables of the lake: their columns, in Arrow for files and in Ibis for questions."""

import ibis
import pyarrow as pa

INSTANT = pa.timestamp("us", tz="UTC")
VALUE = pa.decimal128(18, 6)
TOTAL = pa.decimal128(28, 6)

READINGS = pa.schema(
    [
        ("address", pa.string()),
        ("at", INSTANT),
        ("value", VALUE),
        ("flag", pa.string()),
        ("entry", pa.string()),
        ("recorded_at", INSTANT),
        ("day", pa.date32()),
    ]
)
READING_FILES = pa.schema([field for field in READINGS if field.name != "day"])

_ROLLED = [
    ("total", TOTAL),
    ("readings", pa.int32()),
    ("due", pa.int32()),
    ("minimum", TOTAL),
    ("maximum", TOTAL),
    ("invalid", pa.int32()),
    ("conflicts", pa.int32()),
    ("estimated", pa.bool_()),
    ("first_entry", pa.string()),
]
HOURLY = pa.schema([("point", pa.string()), ("hour", INSTANT), *_ROLLED])
DAILY = pa.schema([("point", pa.string()), ("day", pa.date32()), *_ROLLED, ("hours", pa.int16())])

# What an hour is made of, where one number for it would lose something: of points whose products need finer slices than
# hours each usable reading (at and, of a meter, lasts in milliseconds), and everywhere those below detection.
PART = pa.struct([("at", pa.int32()), ("lasts", pa.int32()), ("value", TOTAL), ("below", pa.bool_())])
PARTS = pa.list_(PART)

# What is kept in the files: partition columns live in the log, and `hourly` knows its park day besides.
HOURLY_WITH_PARTS = pa.schema([*HOURLY, ("parts", PARTS)])
HOURLY_FILES = pa.schema([*HOURLY_WITH_PARTS, ("day", pa.date32())])
# The log does not declare `parts`: lakes of before are opened as they are, and who reads by the log does not miss it.
HOURLY_TABLE = pa.schema([*HOURLY, ("day", pa.date32()), ("month", pa.string())])
DAILY_TABLE = pa.schema([*DAILY, ("year", pa.string())])

# The same tables for Ibis expressions: `Lake.ask` runs them over the active files.
readings = ibis.table(ibis.Schema.from_pyarrow(READING_FILES), name="readings")
hourly = ibis.table(ibis.Schema.from_pyarrow(HOURLY), name="hourly")
daily = ibis.table(ibis.Schema.from_pyarrow(DAILY), name="daily")
