"""The workbook of a month: what a subject owes goes out, what it filled in comes back by the one rule set."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
import xlsxwriter
from park_packages import write_package

from xietong.park.bringing.receiving import Answer, Manner, Reception
from xietong.park.bringing.template import COLUMNS, HEADER_ROW, NOTES, SHEET, lines_owed, write_template
from xietong.park.package.mapping import FileMapping
from xietong.park.package.tabular import Shape, tables
from xietong.park.registry import snapshot
from xietong.periods import Period

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
MARCH = Period.parse("2025-03")
STATED = "subject,period,item,amount,unit,use,opening,closing,counterparty\n"
STATED += "E01,2025-01,coke,1200,t,,,,\nE01,2025-02,coke,1100,t,,,,\nE01,2025-02,raw_coal,50,t,fuel,20,30,\n"
STATED += "E01,2024-02,natural_gas,9,10^4m3,,,,\n"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    changes: dict[str, str | bytes | None] = {"reported.csv": STATED, "expected.csv": None}
    answer = Reception(tmp_path / "data", "clerk", NOON).package(write_package(tmp_path / "package", changes))
    assert answer.rejected == []
    return tmp_path / "data"


def lines(path: Path) -> list[dict[str, str]]:
    shape = Shape(sheet=SHEET, header_row=HEADER_ROW)
    found = [row for piece in tables(path, shape) for row in piece.to_pylist()]
    return [{name: str(value) for name, value in row.items()} for row in found]


def fill_in(template: Path, target: Path, values: dict[str, dict[str, str]]) -> Path:
    """The template with cells of some items typed in, as a spreadsheet program would save it."""
    book = xlsxwriter.Workbook(str(target))
    sheet = book.add_worksheet(SHEET)
    book.add_worksheet(NOTES)
    sheet.write_row(HEADER_ROW - 1, 0, COLUMNS)
    for number, row in enumerate(lines(template), start=HEADER_ROW):
        typed = {**row, **values.get(row["item"], {})}
        for column, name in enumerate(COLUMNS):
            if typed[name]:
                sheet.write(number, column, typed[name])
    book.close()
    return target


def bring(data: Path, path: Path, manner: Manner | None = None) -> Answer:
    return Reception(data, "clerk", NOON).file(path, FileMapping(), manner)


def march() -> dict[str, object]:
    return {row.item: row.amount for row in snapshot.load().reported if row.period == MARCH}


def template(tmp_path: Path) -> Path:
    write_template(tmp_path / "E01.xlsx", snapshot.load(), "E01", MARCH)
    return tmp_path / "E01.xlsx"


def test_without_a_due_list_it_asks_for_what_came_in_the_twelve_months_before(data: Path, tmp_path: Path) -> None:
    rows = lines(template(tmp_path))
    assert [(row["item"], row["unit"], row["last"], row["use"], row["opening"], row["row"]) for row in rows] == [
        ("coke", "t", "1100 t（2025-02）", "", "", "4"),
        ("raw_coal", "t", "50 t（2025-02）", "fuel", "30", "5"),
    ]
    assert {(row["subject"], row["period"], row["amount"], row["closing"]) for row in rows} == {
        ("E01", "2025-03", "", "")
    }


@pytest.mark.parametrize(
    ("period", "items"),
    [("2025-02", ["coke"]), ("2025-03", ["coke", "raw_coal"]), ("2025-12", ["coke", "output_value", "raw_coal"])],
)
def test_a_due_list_decides_by_its_frequency(tmp_path: Path, period: str, items: list[str]) -> None:
    due = "subject,item,frequency\nE01,coke,month\nE01,raw_coal,quarter\nE01,output_value,year\nW01,cod,month\n"
    Reception(tmp_path / "data", "clerk", NOON).package(write_package(tmp_path / "package", {"expected.csv": due}))
    assert [line.item for line in lines_owed(snapshot.load(), "E01", Period.parse(period))] == items


def test_a_filled_in_workbook_is_entered_and_what_is_empty_stays_missing(data: Path, tmp_path: Path) -> None:
    answer = bring(data, fill_in(template(tmp_path), tmp_path / "in.xlsx", {"coke": {"amount": "1150.5"}}))
    assert (answer.accepted, answer.rejected) == (1, [])
    assert [(each.rule, each.row) for each in answer.remarks] == [("not_filled", 5)]
    assert {name: str(amount) for name, amount in march().items()} == {"coke": "1150.5"}
    row = next(each for each in snapshot.load().reported if each.period == MARCH)
    assert (row.entry, row.row) == (answer.entries["in.xlsx"], 4)


WRONG = {"coke": {"amount": "1,150"}, "raw_coal": {"amount": "40", "closing": "500"}}


def test_one_error_and_nothing_is_entered_but_the_file_is_kept(data: Path, tmp_path: Path) -> None:
    path = fill_in(template(tmp_path), tmp_path / "in.xlsx", {**WRONG, "raw_coal": {"amount": "40", "closing": "25"}})
    answer = bring(data, path)
    assert (answer.accepted, march(), list(answer.entries)) == (0, {}, ["in.xlsx"])
    [error] = answer.rejected
    assert (error.sheet, error.cell, error.rule, error.clause, error.value) == (
        SHEET,
        "E4",
        "thousands",
        "6.1.4",
        "1,150",
    )
    assert "1,150" in error.message.zh
    assert "1150" not in error.message.zh  # no number is suggested, it may be 1.150
    assert "填报!E4" in error.message.zh
    assert [each.rule for each in answer.remarks] == ["nothing_entered"]
    assert [
        each for each in (data / "evidence").rglob("*") if each.is_file() and each.read_bytes() == path.read_bytes()
    ]


def test_part_of_it_is_entered_where_the_person_says_so(data: Path, tmp_path: Path) -> None:
    path = fill_in(template(tmp_path), tmp_path / "in.xlsx", {**WRONG, "raw_coal": {"amount": "40", "closing": "25"}})
    answer = bring(data, path, Manner(partial=True))
    assert (answer.accepted, [each.cell for each in answer.rejected]) == (1, ["E4"])
    assert list(march()) == ["raw_coal"]


def test_the_workbook_of_errors_corrected_is_taken(data: Path, tmp_path: Path) -> None:
    marked = tmp_path / "errors.xlsx"
    answer = bring(data, fill_in(template(tmp_path), tmp_path / "in.xlsx", WRONG), Manner(errors=marked))
    assert [(each.cell, each.rule) for each in answer.rejected] == [("E4", "thousands"), ("L5", "stock")]
    rows = lines(marked)
    assert [(row["row"], row["amount"]) for row in rows] == [("4", "1,150"), ("5", "40")]
    assert ["填报!E4" in rows[0]["problem"], "填报!L5" in rows[1]["problem"]] == [True, True]
    corrected = {"coke": {"amount": "1150"}, "raw_coal": {"closing": "25"}}
    again = bring(data, fill_in(marked, tmp_path / "again.xlsx", corrected))
    assert (again.accepted, again.rejected) == (2, [])


def test_an_unknown_workbook_keeps_the_contract_of_partial_acceptance(data: Path, tmp_path: Path) -> None:
    book = xlsxwriter.Workbook(str(tmp_path / "own.xlsx"))
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, ["subject", "period", "item", "amount", "unit"])
    sheet.write_row(1, 0, ["E01", "2025-03", "coke", 10, "t"])
    sheet.write_row(2, 0, ["E01", "2025-03", "raw_coal", "x", "t"])
    book.close()
    answer = bring(data, tmp_path / "own.xlsx")
    assert (answer.accepted, [(each.rule, each.cell) for each in answer.rejected]) == (1, [("number", "D3")])
