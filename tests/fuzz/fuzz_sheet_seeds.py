"""Sheets to begin with, and how one becomes another: cells of a text, parts of an archive, columns of a table."""

import csv
import gzip
import io
import random
import zipfile
import zlib
from collections.abc import Callable
from functools import cache

import pyarrow as pa
import pyarrow.parquet as pq
import xlsxwriter
from fuzz_park import FILES

from xietong.park.bringing.bills import SHIPPED
from xietong.park.bringing.template import COLUMNS, FILLED_IN, NOTES, SHEET
from xietong.park.package.mapping import FileMapping, read_mapping
from xietong.park.package.schema import TABLES
from xietong.park.package.tabular import Shape
from xietong.park.package.workbook import UNREADABLE

KINDS = {
    b"C": ".csv",
    b"G": ".csv.gz",
    b"X": ".xlsx",
    b"L": ".xls",
    b"Q": ".parquet",
    b"T": ".table",
    b"M": ".toml",
}  # fmt: skip
READINGS = (
    "point,at,value,flag\nM1,2025-03-14T07:00,12.5,N\nM2,2025-03-14 08:00:00,<0.025,\nM3,2025-03-14T09:00+08:00,ND,D\n"
)
THEIRS = "表号;时刻;读数\nM1;14.03.2025 24:00;1.234,5\nM1;15.03.2025 00:00;--\n"
BILLS = "户号,户名,年月,用电量\n0610001,甲,202503,1000.5\n610002,甲,2025年3月,20\n0610003,乙,2025-03,7\n9,丙,202503,1\n"
PACKAGE = tuple(sorted(TABLES))
MAPPINGS = (
    FileMapping(),
    FileMapping(table="reported"),
    FILLED_IN,
    *(read_mapping(path) for path in sorted(SHIPPED.glob("*.toml"))),
    FileMapping(
        columns={"point": "表号", "at": "时刻", "value": ("读数", "value")},
        shape=Shape(delimiter=";", encoding="gb18030"),
        at="%d.%m.%Y %H:%M",
        stamps="end",
        closes_day=True,
        missing=("--", ""),
        decimal=",",
    ),
    FileMapping(shape=Shape(encoding="utf-16", delimiter="\t")),
    FileMapping(columns={"value": "value", "at": "at"}, constants={"point": "M1"}, shape=Shape(header_row=2)),
    FileMapping(
        table="reported", constants={"subject": "E01", "unit": "t"}, columns={"item": "item", "amount": "value"}
    ),
)
CELLS = (
    *("", "0", "-0", "1e5", "1e99", "-1", "12.5", "1,234.5"),
    *("1.234,5", "<3", "0.025L", "ND", "nd", "L", "<", "NaN", "inf"),
    *("\uff11\uff12\uff0e\uff15", "9" * 30, "0." + "0" * 30 + "1", "=6*7", "+1"),
    *("@SUM(A1)", "2025", "2025-03", "2025-02-30", "2025-13"),
    *("2025-03-14T07:00", "2025-03-14T24:00", "0001-01-01T00:00"),
    *("9999-12-31T23:59:59.999999", "2199-12-31T23:59+14:00"),
    *("1900-01-01T00:00+14:00", "2025-W11-5", "E01", "YL", "E99"),
    *("M1", "M2", "M3", "是", "true", "fuel", "bill", "park"),
    *("electricity_purchased", "coke", "cod", "t", "kWh", "万元"),
    *("10^4m3", "2025-01..2025-06", "2025-Q1", "outside:x"),
    *("\x00", "\u200b", "\ufeff", "\ud7ff", "\U0010ffff", '"'),
    *("a\nb", "a\r", "x" * 300, "\x1f", "٣", "½", "²", "㎏"),
    *("environment", "-2147483649", "1e-7", "999999999999.999999", "1000000000000", "00:00", "0610001", "户号", "甲厂"),
)  # fmt: skip
XML = (
    *(b"<v></v>", b"<v>1e999</v>", b"<v>NaN</v>", b'<f>A1</f>'),
    *(b't="s"', b't="d"', b't="e"', b't="b"', b"&#0;", b"&amp;"),
    *(b"<!DOCTYPE x>", b'r="XFD1048576"', b'r="A0"', b's="99999"'),
    *(b"]]>", b"<![CDATA[", b"<c", b"</row>", b'hidden="1"'),
    *(b'<mergeCell ref="A1:B2"/>', b'state="hidden"', b'date1904="1"'),
    *(b"<v>-1</v>", b"<v>99999999999</v>", b'r:id="rId9"'),
    *(b"<t>", b'xml:space="preserve"', b'count="4294967295"'),
    *(b"\xff\xfe", b'encoding="UTF-16"', b'Target="../../x"'),
)  # fmt: skip
TOML = (
    *('table = "reported"', "[file]", "[times]", "[columns]"),
    *("[constants]", "[numbers]", "[accounts]", "header_row = 0"),
    *('delimiter = "\\n"', 'delimiter = "\\u0000"'),
    *('encoding = "base64"', 'encoding = "rot13"', 'encoding = "idna"'),
    *('format = "%Y %Y"', 'format = "%"', 'format = "%z"'),
    *('format = "%j %w"', 'decimal = ","', 'missing = "x"', "sheet = 3"),
    *('midnight = "closes_its_day"', 'stamps = "end"'),
    *('utility = "gas"', "value = []", 'at = ["a", 1]', "point = 1.5"),
    *("encoding = 1", "header_row = true", "header_row = 99999999999999999999"),
    *('missing = [1, "a"]', 'point = {a = 1}'),
    *('encoding = "utf-16"', 'encoding = "utf-7"', 'encoding = "\\u0000"'),
    *('table = "x"', "delimiter = '\"'", 'delimiter = ";;"', "times = 1"),
)  # fmt: skip
TYPES = (
    *(pa.string(), pa.string(), pa.large_string(), pa.int64(), pa.float64(), pa.timestamp("ns"), pa.bool_(), pa.null()),
    *(pa.timestamp("us", "UTC"), pa.decimal128(38, 10), pa.binary(), pa.date32(), pa.list_(pa.string()), pa.uint64()),
    *(pa.dictionary(pa.int32(), pa.string()), pa.time64("us")),
)
Blind = Callable[[bytes], bytes]


@cache
def seeds() -> list[bytes]:
    """Files of every kind, each under the mappings that may fit."""
    texts = [(READINGS, 0), (FILES["reported.csv"], 1), (BILLS, 3), (BILLS.replace("用电量", "用水量"), 6)]
    found = [b"C" + bytes([manner]) + text.encode() for text, manner in texts]
    found += [b"C\x07" + THEIRS.encode("gb18030"), b"C\x08" + READINGS.replace(",", "\t").encode("utf-16")]
    found += [b"C\x09x\n" + READINGS.encode(), b"C\x0a" + FILES["reported.csv"].replace("amount", "value").encode()]
    found += [b"G\x00" + gzip.compress(READINGS.encode()), b"C\x00" + READINGS.encode("utf-8-sig")]
    found += [b"X" + bytes([manner]) + _workbook(text) for text, manner in texts]
    found += [b"X\x02" + _template(), b"L\x00" + _workbook(READINGS)[:600]]
    found += [b"Q" + bytes([manner]) + _parquet(text) for text, manner in texts[:2]]
    for name, text in FILES.items():
        if name.removesuffix(".csv") in TABLES:
            found.append(b"T" + bytes([PACKAGE.index(name.removesuffix(".csv"))]) + text.encode())
    found += [b"M\x00" + path.read_bytes() for path in sorted(SHIPPED.glob("*.toml"))]
    return [*found, b'M\x00[columns]\npoint = "code"\nat = "shape"\nvalue = "interval_s"\n[times]\nformat = "%Y"\n']


def _workbook(text: str) -> bytes:
    made = io.BytesIO()
    book = xlsxwriter.Workbook(made, {"in_memory": True})
    page = book.add_worksheet("电表")
    for number, cells in enumerate(csv.reader(io.StringIO(text))):
        for place, cell in enumerate(cells):
            page.write(number, place, float(cell) if cell.replace(".", "").isdigit() else cell)
    book.close()
    return made.getvalue()


def _template() -> bytes:
    made = io.BytesIO()
    book = xlsxwriter.Workbook(made, {"in_memory": True})
    page, _ = book.add_worksheet(SHEET), book.add_worksheet(NOTES)
    page.write_row(2, 0, COLUMNS)
    page.write_row(3, 0, ["E01", "2025-03", "coke", "焦炭", "1150.5", "t"])
    page.write_row(4, 0, ["E01", "2025-03", "raw_coal", "原煤", "", "t", "", "fuel"])
    book.close()
    return made.getvalue()


def _parquet(text: str) -> bytes:
    header, *rows = list(csv.reader(io.StringIO(text)))
    return _written(pa.table({name: [row[place] for row in rows] for place, name in enumerate(header)}))


def _written(table: pa.Table) -> bytes:
    made = io.BytesIO()
    pq.write_table(table, made)
    return made.getvalue()


def mutated(data: bytes, dice: random.Random, blind: Blind) -> bytes:
    """Another file made of one."""
    if dice.random() < 0.05:  # what is shortened for its coverage alone would soon be no sheet at all
        data = dice.choice(seeds())
    head, body = data[:2].ljust(2, b"\0"), data[2:]
    if dice.random() < 0.05:
        head = head[:1] + dice.randbytes(1)
    changes = {b"X": _archive, b"L": _blindly, b"Q": _columns, b"M": _lines, b"G": _packed}
    return head + changes.get(head[:1], _text)(body, dice, blind)


def _blindly(body: bytes, dice: random.Random, blind: Blind) -> bytes:
    return blind(body)


def _packed(body: bytes, dice: random.Random, blind: Blind) -> bytes:
    try:
        text = gzip.decompress(body)
    except (OSError, EOFError, zlib.error):
        return blind(body)
    return gzip.compress(_text(text, dice, blind)) if dice.random() < 0.7 else blind(body)


def _text(body: bytes, dice: random.Random, blind: Blind) -> bytes:
    """Cells changed, doubled, moved or taken out; or the encoding; or bytes."""
    if dice.random() < 0.1:
        return blind(body)
    encoding = "utf-16" if body[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8"
    text = body.decode(encoding, "replace")
    mark = dice.choice([",", ",", ";", "\t"])
    lines = [line.split(mark) for line in text.split("\n")]
    for _ in range(dice.choice([1, 1, 2, 5])):
        _change(lines, dice)
    if dice.random() < 0.03:
        encoding = dice.choice(["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-be", "latin-1"])
    return "\n".join(mark.join(cells) for cells in lines).encode(encoding, "replace")


def _change(lines: list[list[str]], dice: random.Random) -> None:
    place = dice.randrange(len(lines))
    cells = lines[place]
    column = dice.randrange(len(cells)) if cells else 0
    match dice.randrange(8):
        case 0:
            del lines[place]
            lines.extend([] if lines else [[""]])
        case 1:
            lines.insert(place, list(dice.choice(lines)))
        case 2:
            cells[column:column] = [dice.choice(CELLS)]
        case 3:
            del cells[column : column + 1]
        case 4:
            for each in lines:
                dice.shuffle(each)
        case _:
            cells[column : column + 1] = [dice.choice(CELLS)]


def _lines(body: bytes, dice: random.Random, blind: Blind) -> bytes:
    """A mapping with lines put in, taken out or moved."""
    if dice.random() < 0.1:
        return blind(body)
    lines = body.decode("utf-8", "replace").split("\n")
    for _ in range(dice.choice([1, 2, 3])):
        place = dice.randrange(len(lines) + 1)
        if dice.random() < 0.6:
            lines[place:place] = [dice.choice(TOML)]
        else:
            del lines[place : place + 1]
    return "\n".join(lines).encode()


def _archive(body: bytes, dice: random.Random, blind: Blind) -> bytes:
    """A workbook with one part changed; or its bytes."""
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            parts = {name: archive.read(name) for name in archive.namelist()}
    except UNREADABLE:
        return blind(body)
    if not parts or dice.random() < 0.2:
        return blind(body)
    name = dice.choice(
        [each for each in parts if "sheet" in each or "shared" in each or dice.random() < 0.3] or [*parts]
    )
    part = bytearray(parts[name])
    match dice.randrange(5):
        case 0:
            del parts[name]
        case 1:
            parts[name] = blind(bytes(part))
        case 2:
            parts[dice.choice(["xl/vbaProject.bin", "xl/externalLinks/e.xml", "xl/x.xml", "../x"])] = bytes(part)
        case _:
            marks = [at for at, byte in enumerate(part) if byte in b"<>"] or [0]
            at = dice.choice(marks)
            part[at : at + dice.choice([0, 0, 5, 20])] = dice.choice(
                [*XML, dice.choice(CELLS).encode("utf-8", "replace")]
            )
            parts[name] = bytes(part)
    return _zipped(parts, dice)


def _zipped(parts: dict[str, bytes], dice: random.Random) -> bytes:
    made = io.BytesIO()
    way = dice.choice([zipfile.ZIP_DEFLATED, zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED, zipfile.ZIP_LZMA])
    with zipfile.ZipFile(made, "w", way) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return made.getvalue()


def _columns(body: bytes, dice: random.Random, blind: Blind) -> bytes:
    """A Parquet file with a column of another type, name or content; or its bytes."""
    try:
        table = pq.read_table(io.BytesIO(body))
        names = table.column_names
    except (pa.ArrowException, OSError, UnicodeDecodeError):
        return blind(body)
    if not table.num_columns or dice.random() < 0.3:
        return blind(body)
    place = dice.randrange(table.num_columns)
    name = dice.choice([names[place], "row", "value", "at", "point", "flag"])
    values: list[object] = [dice.choice([*CELLS, None]) for _ in range(table.num_rows)]
    kind = dice.choice(TYPES)
    try:
        column = pa.array(values, pa.string()).cast(kind)
    except (pa.ArrowException, ValueError):
        column = pa.array([dice.choice([None, 0, 1, 2**62]) for _ in values], pa.int64())
        column = _cast(column, kind)
    return _written(table.set_column(place, name, column))


def _cast(column: pa.Array, kind: pa.DataType) -> pa.Array:
    try:
        return column.cast(kind, safe=False)
    except (pa.ArrowException, ValueError):
        return column
