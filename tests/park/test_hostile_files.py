"""Files made to hang, blow up or mislead: each gets a sentence, and the program that reads them lives on."""

import gzip
import random
import subprocess
import zipfile
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter

from xietong.park.package import contained
from xietong.park.package.cells import CellError
from xietong.park.package.tabular import Shape, tables

HEADER = ["point", "at", "value"]


def read(path: Path) -> tuple[list[dict[str, object]], list[str]]:
    notes: list[str] = []
    rows = [row for piece in tables(path, Shape(), lambda said: notes.append(said.rule)) for row in piece.to_pylist()]
    return rows, notes


def refused(path: Path) -> str:
    with pytest.raises(CellError) as caught:
        read(path)
    assert caught.value.text.zh
    assert caught.value.text.en
    return caught.value.rule


def workbook(path: Path, options: dict[str, object] | None = None) -> xlsxwriter.Workbook:
    book = xlsxwriter.Workbook(str(path), options or {})
    book.add_worksheet("电表").write_row(0, 0, HEADER)
    return book


def rewritten(source: Path, target: Path, changes: dict[str, bytes]) -> Path:
    """The workbook with parts replaced or added."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            if name not in changes:
                new.writestr(name, old.read(name))
        for name, content in changes.items():
            new.writestr(name, content)
    return target


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    book = workbook(tmp_path / "plain.xlsx")
    book.worksheets()[0].write_row(1, 0, ["M1", "2025-03-14T07:00", 12.5])
    book.close()
    return tmp_path / "plain.xlsx"


def sheet_xml(rows: str) -> bytes:
    start = (
        '<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
    )
    return f"{start}{rows}</sheetData></worksheet>".encode()


@pytest.mark.slow
def test_a_zip_bomb_is_refused_by_what_it_declares(tmp_path: Path, plain: Path) -> None:
    bomb = rewritten(plain, tmp_path / "bomb.xlsx", {"xl/worksheets/sheet1.xml": b" " * (257 << 20)})
    assert bomb.stat().st_size < 1 << 20
    assert refused(bomb) == "expands"


@pytest.mark.slow
def test_a_bomb_that_declares_less_than_it_holds_is_refused(tmp_path: Path, plain: Path) -> None:
    bomb = rewritten(plain, tmp_path / "bomb.xlsx", {"xl/worksheets/sheet1.xml": b" " * (300 << 20)})
    content = bytearray(bomb.read_bytes())
    size = (300 << 20).to_bytes(4, "little")
    assert content.count(size) >= 1
    bomb.write_bytes(bytes(content).replace(size, (1000).to_bytes(4, "little")))
    assert refused(bomb) in ("too_large", "unreadable", "too_slow")


@pytest.mark.parametrize(("place", "byte"), [(8, 0x01), (10, 99)], ids=["encrypted", "packed in an unknown way"])
def test_an_archive_that_nobody_can_unpack_is_said_to_be_so(tmp_path: Path, plain: Path, place: int, byte: int) -> None:
    content = bytearray(plain.read_bytes())
    at = content.find(b"PK\x01\x02")
    while at >= 0:  # every entry of the directory
        content[at + place] |= byte
        at = content.find(b"PK\x01\x02", at + 4)
    (tmp_path / "closed.xlsx").write_bytes(bytes(content))
    assert refused(tmp_path / "closed.xlsx") == "unreadable"


def test_entities_are_never_expanded(tmp_path: Path, plain: Path) -> None:
    laughs = b'<?xml version="1.0"?><!DOCTYPE sst [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]><sst>&b;</sst>'
    assert refused(rewritten(plain, tmp_path / "laughs.xlsx", {"xl/sharedStrings.xml": laughs})) == "entities"


def test_a_cell_at_the_far_corner_takes_no_memory_of_the_parent(tmp_path: Path, plain: Path) -> None:
    corner = sheet_xml('<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>')
    assert refused(rewritten(plain, tmp_path / "corner.xlsx", {"xl/worksheets/sheet1.xml": corner})) == "too_large"


def test_too_many_columns_are_refused(tmp_path: Path) -> None:
    book = workbook(tmp_path / "wide.xlsx")
    book.worksheets()[0].write(1, 16_383, "x")
    book.close()
    assert refused(tmp_path / "wide.xlsx") == "too_many_columns"
    (tmp_path / "wide.csv").write_text(",".join(["x"] * 1_001) + "\n", encoding="utf-8")
    assert refused(tmp_path / "wide.csv") == "too_wide"
    (tmp_path / "long.csv").write_text("x" * (3 << 20), encoding="utf-8")
    assert refused(tmp_path / "long.csv") in ("too_wide", "unreadable")
    (tmp_path / "open.csv").write_text('a,b\n"' + '\n","' * 5_000, encoding="utf-8")
    assert refused(tmp_path / "open.csv") == "too_wide"


@pytest.mark.slow
def test_a_packed_text_that_expands_without_end_is_refused(tmp_path: Path) -> None:
    with gzip.open(tmp_path / "bomb.csv.gz", "wb") as file:
        for _ in range(100):
            file.write(b"M1,2025,1\n" * 100_000)
    assert refused(tmp_path / "bomb.csv.gz") == "too_large"


def test_a_parquet_bomb_dies_in_the_child(tmp_path: Path) -> None:
    huge = pa.DictionaryArray.from_arrays(pa.array([0] * 50_000, pa.int32()), pa.array(["x" * 1_000_000]))
    pq.write_table(pa.table({"point": huge}), tmp_path / "bomb.parquet", compression="zstd", store_schema=False)
    assert (tmp_path / "bomb.parquet").stat().st_size < 1 << 20
    assert refused(tmp_path / "bomb.parquet") == "too_large"


def test_a_parquet_file_whose_columns_have_no_readable_names_is_refused(tmp_path: Path) -> None:
    pq.write_table(pa.table({"zzzz": ["1"], "at": ["1"]}), tmp_path / "names.parquet", store_schema=False)
    content = (tmp_path / "names.parquet").read_bytes()
    (tmp_path / "names.parquet").write_bytes(content.replace(b"zzzz", b"zz\x9fz"))
    assert refused(tmp_path / "names.parquet") == "unreadable"


def test_formulas_without_a_computed_value_are_refused(tmp_path: Path, plain: Path) -> None:
    book = workbook(tmp_path / "stale.xlsx")
    book.worksheets()[0].write_row(1, 0, ["M1", "2025-03-14T07:00"])
    book.worksheets()[0].write_formula(1, 2, "=6*7")
    book.close()
    assert refused(tmp_path / "stale.xlsx") == "uncalculated"
    bare = sheet_xml('<row r="1"><c r="C1"><f>6*7</f><v></v></c></row>')
    assert refused(rewritten(plain, tmp_path / "bare.xlsx", {"xl/worksheets/sheet1.xml": bare})) == "uncalculated"


def test_what_misleads_but_can_be_read_is_read_with_a_remark(tmp_path: Path, plain: Path) -> None:
    saved = sheet_xml('<row r="1" hidden="1"><c r="C1"><f>6*7</f><v>42</v></c></row>')
    saved = saved.replace(b"</sheetData>", b'</sheetData><mergeCells count="1"><mergeCell ref="A1:B1"/></mergeCells>')
    with zipfile.ZipFile(plain) as archive:
        calculated = archive.read("xl/workbook.xml").replace(b'fullCalcOnLoad="1"', b"")
    changes = {
        "xl/worksheets/sheet1.xml": saved,
        "xl/workbook.xml": calculated.replace(b"<sheet ", b'<sheet state="hidden" '),
        "xl/vbaProject.bin": b"\0",
        "xl/externalLinks/externalLink1.xml": b"<externalLink/>",
    }
    odd = rewritten(plain, tmp_path / "odd.xlsx", changes)
    _, notes = read(odd)
    assert notes == ["macros", "external_links", "hidden_sheet", "formulas", "hidden", "merged"]


def test_errors_and_formulas_in_other_hands_are_told(tmp_path: Path, plain: Path) -> None:
    """#DIV/0! is read as empty, never as zero; a formula in another notation is told like Excel's own."""
    rows = '<row r="1"><c r="A1"><v>1</v></c><c r="C1" t="e"><v>#DIV/0!</v></c></row>'
    wrong = rewritten(plain, tmp_path / "wrong.xlsm", {"xl/worksheets/sheet1.xml": sheet_xml(rows)})
    assert read(wrong)[1] == ["error_values"]
    with zipfile.ZipFile(plain) as archive:
        calculated = archive.read("xl/workbook.xml").replace(b'fullCalcOnLoad="1"', b"")
    bare = sheet_xml('<row r="1"><c><f>6*7</f><v>42</v></c></row>')
    changes = {"xl/worksheets/sheet1.xml": bare, "xl/workbook.xml": calculated}
    assert read(rewritten(plain, tmp_path / "bare.xlsx", changes))[1] == ["formulas"]


def test_an_ordinary_workbook_has_no_remark(plain: Path) -> None:
    assert read(plain) == ([{"point": "M1", "at": "2025-03-14T07:00", "value": "12.5", "row": 2}], [])


def test_dates_of_1904_and_full_width_digits_are_understood(tmp_path: Path) -> None:
    book = workbook(tmp_path / "mac.xlsx", {"date_1904": True})
    style = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
    digits = "12".translate({code: code + 0xFEE0 for code in range(0x30, 0x3A)})
    book.worksheets()[0].write(1, 0, "M1")
    book.worksheets()[0].write_datetime(1, 1, datetime.fromisoformat("2025-03-14T07:00"), style)
    book.worksheets()[0].write(1, 2, digits)
    book.close()
    rows, notes = read(tmp_path / "mac.xlsx")
    assert (rows, notes) == ([{"point": "M1", "at": "2025-03-14T07:00:00", "value": digits, "row": 2}], [])


def test_a_child_that_says_nothing_is_ended(tmp_path: Path, plain: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contained, "SILENCE_S", 0.0)
    assert refused(plain) == "too_slow"


def test_who_stops_reading_leaves_no_child(plain: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[subprocess.Popen[bytes]] = []
    really = subprocess.Popen

    def start(*command: Any, **more: Any) -> subprocess.Popen[bytes]:
        started.append(really(*command, **more))
        return started[-1]

    monkeypatch.setattr(subprocess, "Popen", start)
    pieces = tables(plain, Shape())
    assert next(pieces).column_names == [*HEADER, "row"]
    del pieces
    assert [each.poll() is not None for each in started] == [True]


def damaged(content: bytes, dice: random.Random) -> bytes:
    """A file with bytes changed, taken out or put in."""
    result = bytearray(content)
    for _ in range(dice.choice([1, 3, 20])):
        place = dice.randrange(len(result))
        end = place + dice.choice([0, 1, dice.randrange(1, 50)])
        result[place:end] = dice.randbytes(dice.choice([0, 1, 20]))
        result = result or bytearray(b"x")
    return bytes(result)


@pytest.mark.parametrize(
    "runs", [pytest.param(60, marks=pytest.mark.slow), pytest.param(20_000, marks=pytest.mark.long)]
)
def test_a_damaged_file_is_read_or_refused_in_a_sentence(tmp_path: Path, plain: Path, runs: int) -> None:
    pq.write_table(pa.table({"point": ["M1"] * 500, "value": [1.5] * 500}), tmp_path / "plain.parquet")
    (tmp_path / "plain.csv.gz").write_bytes(gzip.compress(b"point,at,value\nM1,2025,1\n" * 100))
    seeds = [plain, tmp_path / "plain.parquet", tmp_path / "plain.csv.gz"]
    dice = random.Random(runs)
    refusals: list[str] = []
    for number in range(runs):
        seed = seeds[number % len(seeds)]
        path = tmp_path / f"damaged{''.join(seed.suffixes)}"
        path.write_bytes(damaged(seed.read_bytes(), dice))
        try:
            read(path)
        except CellError as error:
            refusals.append(error.text.zh)
    assert all(refusals)
    assert len(refusals) > runs / 4
