"""What the two children that open files somebody sent do, with their own main called here: the rows they give, what
they remark, what they refuse. That their limits hold is shown with real children in test_hostile_files."""

import json
import resource
import zipfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter

from xietong.park.package import columnar, workbook

Answer = tuple[int, list[Any]]
SHEET = "xl/worksheets/sheet1.xml"
WORKBOOK = "xl/workbook.xml"


@pytest.fixture(autouse=True)
def unlimited(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The limits would hold for this process too: each call is only noted."""
    asked: list[str] = []
    monkeypatch.setattr(workbook, "limit", lambda: asked.append("workbook"))
    monkeypatch.setattr(columnar, "limit", lambda: asked.append("columnar"))
    return asked


def opened(capsys: pytest.CaptureFixture[str], path: Path, name: str = "") -> Answer:
    code = workbook.main([str(path), name])
    return code, [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def book(path: Path, options: dict[str, object] | None = None, *sheets: str) -> xlsxwriter.Workbook:
    made = xlsxwriter.Workbook(str(path), options or {})
    for name in sheets or ("电表",):
        made.add_worksheet(name).write_row(0, 0, ["point", "value"])
    return made


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    made = book(tmp_path / "plain.xlsx")
    made.worksheets()[0].write_row(1, 0, ["M1", 12.5])
    made.close()
    return tmp_path / "plain.xlsx"


def changed(source: Path, parts: dict[str, tuple[bytes, bytes]], added: Sequence[str] = ()) -> Path:
    """The workbook with a piece of some parts put in another's place, and further parts beside."""
    target = source.with_name("changed.xlsx")
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            before, after = parts.get(name, (b"", b""))
            content = old.read(name)
            assert before in content
            new.writestr(name, content.replace(before, after) if before else content)
        for name in added:
            new.writestr(name, b"")
    return target


def test_a_plain_workbook_gives_its_sheets_and_rows(
    plain: Path, capsys: pytest.CaptureFixture[str], unlimited: list[str]
) -> None:
    said = {"notes": [], "sheets": ["电表"]}
    assert opened(capsys, plain) == (0, [said, ["point", "value"], ["M1", "12.5"]])
    assert unlimited == ["workbook"]


def test_a_cell_of_each_kind_becomes_its_text(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Columns and rows left empty at the start stay; whole numbers carry no point; a day has its midnight."""
    made = xlsxwriter.Workbook(str(tmp_path / "kinds.xlsx"))
    sheet = made.add_worksheet()
    sheet.write_row(1, 1, ["é", 7, -0.25, 1e16, True])
    day, moment = made.add_format({"num_format": "yyyy-mm-dd"}), made.add_format({"num_format": "yyyy-mm-dd hh:mm"})
    sheet.write_datetime(1, 6, datetime.fromisoformat("2025-03-01"), day)
    sheet.write_datetime(1, 7, datetime.fromisoformat("2025-03-14T07:15"), moment)
    made.close()
    code, (_, above, row) = opened(capsys, tmp_path / "kinds.xlsx")
    assert code == 0
    assert set(above) <= {""}
    assert row == ["", "é", "7", "-0.25", "1e+16", "True", "2025-03-01T00:00:00", "2025-03-14T07:15:00"]


def test_the_days_of_a_workbook_that_counts_from_1904_are_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = []
    for from_1904 in (False, True):
        made = xlsxwriter.Workbook(str(tmp_path / "days.xlsx"), {"date_1904": from_1904})
        style = made.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        made.add_worksheet().write_datetime(0, 0, datetime.fromisoformat("2025-03-14T07:15"), style)
        made.close()
        with zipfile.ZipFile(tmp_path / "days.xlsx") as archive:
            assert (b'date1904="1"' in archive.read(WORKBOOK)) is from_1904
        rows.append(opened(capsys, tmp_path / "days.xlsx")[1][1:])
    assert rows == [[["2025-03-14T07:15:00"]]] * 2


def test_the_sheet_that_was_named_is_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = book(tmp_path / "two.xlsx", None, "说明", "电表")
    made.worksheets()[1].write_row(1, 0, ["M1", 3])
    made.worksheets()[1].hide()
    made.close()
    first, second = (
        {"notes": [], "sheets": ["说明", "电表"]},
        {"notes": [["hidden_sheet", ""]], "sheets": ["说明", "电表"]},
    )
    assert opened(capsys, tmp_path / "two.xlsx") == (0, [first, ["point", "value"]])
    assert opened(capsys, tmp_path / "two.xlsx", "电表") == (0, [second, ["point", "value"], ["M1", "3"]])
    code, said = opened(capsys, tmp_path / "two.xlsx", "水表")
    assert (code, said[0], said[1]["refused"][0]) == (3, first, "unreadable")


def test_what_is_odd_is_remarked_and_read_all_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = book(tmp_path / "odd.xlsx")
    sheet = made.worksheets()[0]
    for row in range(1, 6):
        sheet.write_formula(row, 1, "=1+1", None, 2)
    sheet.write_formula(6, 1, "=1/0", None, "#DIV/0!")
    sheet.merge_range("C1:D2", "合并")
    sheet.set_row(2, None, None, {"hidden": True})
    made.close()
    odd = changed(
        tmp_path / "odd.xlsx",
        {WORKBOOK: (b' fullCalcOnLoad="1"', b"")},
        ["xl/vbaProject.bin", "xl/externalLinks/externalLink1.bin"],
    )
    notes = [["macros", ""], ["external_links", ""], ["formulas", "B2, B3, B4"], ["error_values", "B7"]]
    notes += [["hidden", ""], ["merged", ""]]
    code, said = opened(capsys, odd)
    assert (code, said[0]["notes"]) == (0, notes)
    assert [row[1] for row in said[2:7]] == ["2"] * 5
    monkeypatch.setattr(workbook, "CHUNK", 100)  # the same, however the pieces fall that it is looked through in
    assert opened(capsys, odd)[1][0]["notes"] == notes


@pytest.mark.parametrize(
    "formula", [b'<c r="A2"><f>1+1</f></c>', b'<c r="A2"><f>1+1</f><v></v></c>', b'<c r="A2"><f/></c>']
)
def test_a_formula_without_a_value_is_refused(plain: Path, formula: bytes, capsys: pytest.CaptureFixture[str]) -> None:
    parts = {SHEET: (b"</row></sheetData>", formula + b"</row></sheetData>"), WORKBOOK: (b' fullCalcOnLoad="1"', b"")}
    bare = changed(plain, parts)
    assert opened(capsys, bare) == (3, [{"refused": ["uncalculated", "A2"]}])


def test_formulas_that_are_to_be_computed_when_opened_have_no_value_yet(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As xlsxwriter writes them, nothing having computed them."""
    made = book(tmp_path / "fresh.xlsx")
    made.worksheets()[0].write_formula("B2", "=1+1")
    made.close()
    assert opened(capsys, tmp_path / "fresh.xlsx") == (3, [{"refused": ["uncalculated", "B2"]}])


def test_a_formula_in_a_cell_without_its_place_is_remarked(plain: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cell = b"<c><f>1+1</f><v>2</v></c></row></sheetData>"
    code, said = opened(
        capsys, changed(plain, {SHEET: (b"</row></sheetData>", cell), WORKBOOK: (b' fullCalcOnLoad="1"', b"")})
    )
    assert (code, said[0]["notes"]) == (0, [["formulas", "?"]])


def test_an_archive_that_expands_too_far_is_refused(
    plain: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    many = changed(plain, {}, [f"x/{number}" for number in range(workbook.MEMBERS)])
    code, said = opened(capsys, many)
    assert (code, said[0]["refused"][0]) == (3, "expands")
    with zipfile.ZipFile(plain) as archive:
        size = sum(each.file_size for each in archive.infolist())
    monkeypatch.setattr(workbook, "EXPANDED", size)
    assert opened(capsys, plain)[0] == 0
    monkeypatch.setattr(workbook, "EXPANDED", size - 1)
    assert opened(capsys, plain) == (3, [{"refused": ["expands", f"0 MB, {len(archive.namelist())} parts"]}])


def test_a_part_that_declares_entities_is_refused(plain: Path, capsys: pytest.CaptureFixture[str]) -> None:
    laughing = changed(plain, {"xl/sharedStrings.xml": (b"<sst", b'<!DOCTYPE sst [<!ENTITY a "ha">]><sst')})
    assert opened(capsys, laughing) == (3, [{"refused": ["entities", "xl/sharedStrings.xml"]}])


def test_a_row_wider_than_is_read_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for width in (workbook.COLUMNS, workbook.COLUMNS + 1):
        made = book(tmp_path / f"{width}.xlsx")
        made.worksheets()[0].write(1, width - 1, "x")
        made.close()
    assert opened(capsys, tmp_path / "1000.xlsx")[0] == 0
    code, said = opened(capsys, tmp_path / "1001.xlsx")
    assert (code, said[-1]) == (3, {"refused": ["too_many_columns", "1001"]})


def test_an_encrypted_archive_is_said_to_be_unreadable(plain: Path, capsys: pytest.CaptureFixture[str]) -> None:
    content = bytearray(plain.read_bytes())
    at = content.find(b"PK\x01\x02")
    while at >= 0:  # every entry of the directory
        content[at + 8] |= 1
        at = content.find(b"PK\x01\x02", at + 4)
    plain.write_bytes(bytes(content))
    code, said = opened(capsys, plain)
    assert (code, said[0]["refused"][0]) == (3, "unreadable")
    assert "encrypted" in said[0]["refused"][1]


@pytest.mark.parametrize("content", [b"point,value\n", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)])
def test_what_is_no_workbook_is_said_to_be_unreadable(
    tmp_path: Path, content: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    """Plain text, and the start of a container such as Office keeps an encrypted workbook in."""
    (tmp_path / "closed.xlsx").write_bytes(content)
    code, said = opened(capsys, tmp_path / "closed.xlsx")
    assert (code, said[0]["refused"][0]) == (3, "unreadable")


def test_an_archive_that_is_no_workbook_has_nothing_to_look_through(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as archive:
        archive.writestr("readme.txt", "nothing here")
    assert list(workbook.looked_through(tmp_path / "other.zip", "")) == []


def test_a_sheet_is_found_by_the_path_its_relation_gives(plain: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Absolute as some programs write it; a part that is not there has nothing to look through."""
    relations = "xl/_rels/workbook.xml.rels"
    merged = (b"</sheetData>", b'</sheetData><mergeCells><mergeCell ref="A5:B6"/></mergeCells>')
    absolute = {relations: (b'"worksheets/', b'"/xl/worksheets/'), SHEET: merged}
    assert list(workbook.looked_through(changed(plain, absolute), "电表")) == [("merged", "")]
    gone = {relations: (b'"worksheets/', b'"elsewhere/'), SHEET: merged}
    assert list(workbook.looked_through(changed(plain, gone), "电表")) == []
    assert list(workbook.looked_through(changed(plain, {SHEET: merged}), "水表")) == []


def test_the_child_bounds_memory_time_and_what_it_may_write(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    asked: dict[int, tuple[int, int]] = {}
    monkeypatch.setattr(resource, "setrlimit", lambda which, bounds: asked.update({which: bounds}))
    workbook.limit()
    assert asked[resource.RLIMIT_FSIZE] == asked[resource.RLIMIT_CORE] == (0, 0)
    assert asked[resource.RLIMIT_CPU] == (20, 21)
    soft, hard = asked[resource.RLIMIT_AS]
    assert soft == hard > 256 << 20


def parquet(capsys: pytest.CaptureFixture[bytes], path: Path, rows: int = 2) -> tuple[int, bytes, list[str]]:
    """The child's answer; what it sets of Arrow's threads is put back."""
    threads = pa.cpu_count(), pa.io_thread_count()
    try:
        code = columnar.main([str(path), str(rows)])
    finally:
        pa.set_cpu_count(threads[0])
        pa.set_io_thread_count(threads[1])
    said = capsys.readouterr()
    return code, said.out, json.loads(said.err) if said.err else []


def test_a_parquet_file_is_given_in_batches(
    tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes], unlimited: list[str]
) -> None:
    at = pa.array([datetime(2025, 3, 14, hour, tzinfo=UTC) for hour in range(5)], pa.timestamp("us", tz="UTC"))
    table = pa.table({"表号": ["M1", "M2", None, "M4", "M5"], "at": at, "value": [1.5, None, 3.0, 4.0, 5.0]})
    pq.write_table(table, tmp_path / "readings.parquet")
    code, out, said = parquet(capsysbinary, tmp_path / "readings.parquet")
    assert (code, said, unlimited) == (0, [], ["columnar"])
    batches = list(pa.ipc.open_stream(out))
    assert [batch.num_rows for batch in batches] == [2, 2, 1]
    assert pa.Table.from_batches(batches).equals(table)


@pytest.mark.parametrize(("name", "there"), [("zz\x9fz", "names"), ("zz\0z", "names"), ("", "bytes"), ("", "missing")])
def test_a_parquet_file_that_does_not_open_is_unreadable(
    tmp_path: Path, name: str, there: str, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    path = tmp_path / "readings.parquet"
    pq.write_table(pa.table({"zzzz": ["1"], "at": ["1"]}), path, store_schema=False)
    if there == "names":
        path.write_bytes(path.read_bytes().replace(b"zzzz", name.encode("latin-1")))
    elif there == "bytes":
        path.write_bytes(path.read_bytes()[:40])
    else:
        path.unlink()
    code, out, (rule, detail) = parquet(capsysbinary, path)
    assert (code, out, rule) == (3, b"", "unreadable")
    assert detail


def test_words_of_a_parquet_file_that_are_no_utf8_are_unreadable(
    tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    path = tmp_path / "words.parquet"
    pq.write_table(
        pa.table({"point": ["wwww"]}), path, compression="none", use_dictionary=False, write_statistics=False
    )
    path.write_bytes(path.read_bytes().replace(b"wwww", b"w\xffww"))
    code, _, (rule, detail) = parquet(capsysbinary, path)
    assert (code, rule) == (3, "unreadable")
    assert "UTF8" in detail


def test_a_parquet_file_that_takes_too_much_memory_is_said_to_be_too_large(
    tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    def starved(*_: object, **__: object) -> None:
        raise pa.ArrowMemoryError("malloc of size 1000000 failed")

    monkeypatch.setattr(pq, "ParquetFile", starved)
    assert parquet(capsysbinary, tmp_path / "any")[::2] == (3, ["too_large", "malloc of size 1000000 failed"])
