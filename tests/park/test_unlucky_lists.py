"""Utilities' lists as they are: totals, credits, merged and mangled account numbers, tenants that change, units."""

import csv
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
import xlsxwriter
from park_packages import write_package

from xietong.park.bringing.bills import shipped
from xietong.park.bringing.receiving import Answer, Reception
from xietong.park.package.mapping import read_mapping
from xietong.park.registry import snapshot

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LONG = "123456789012345678"
ACCOUNTS = "utility,account,subject,since,until\n"
ACCOUNTS += "electricity,0610001,E01,,\nelectricity,0610002,E01,,\nelectricity,0610003,W01,,\n"
ACCOUNTS += (
    f"electricity,0610009,E01,,2025-05-16\nelectricity,0610009,W01,2025-05-16,\nelectricity,{LONG},W01,2026-01-01,\n"
)
FULL_WIDTH = {code: code + 0xFEE0 for code in range(0x30, 0x3A)}
HEAD = ["户号", "年月", "用电量"]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = write_package(tmp_path / "package", {"accounts.csv": ACCOUNTS})
    assert Reception(tmp_path / "data", "clerk", NOON).package(folder).rejected == []
    return tmp_path / "data"


def bring(data: Path, path: Path) -> Answer:
    mapping = shipped("electricity")
    assert mapping is not None
    return Reception(data, "clerk", NOON).file(path, read_mapping(mapping))


def bring_csv(data: Path, *rows: Sequence[str], head: Sequence[str] = HEAD, encoding: str = "utf-8") -> Answer:
    path = data.parent / "list.csv"
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file).writerows([head, *rows])
    return bring(data, path)


def bills() -> dict[tuple[str, str], str]:
    found = [row for row in snapshot.load().reported if row.method == "bill"]
    return {(row.subject, row.period.label): f"{row.amount} {row.unit}" for row in found}


def rules(answer: Answer) -> tuple[list[tuple[int, str]], list[tuple[int, str]]]:
    return [(each.row, each.rule) for each in answer.rejected], [(each.row, each.rule) for each in answer.remarks]


E1, E2, E3 = ["0610001", "202503", "1000"], ["0610002", "202503", "20"], ["0610003", "202503", "7"]
MARCH = {("E01", "2025-03"): "1020 kWh", ("W01", "2025-03"): "7 kWh"}
# The due account of E01 that changes hands in May.
E9 = ["0610009", "202503", "0"]


@pytest.mark.parametrize(
    "total", [["合计", "", "1027"], ["总计", "202503", "1,027.00"], ["", "", "1027"], ["合 计", "", ""]]
)
def test_a_line_of_totals_is_no_account(data: Path, total: list[str]) -> None:
    answer = bring_csv(data, E1, E2, E9, E3, total)
    assert (rules(answer), bills()) == (([], [(6, "total_row")]), MARCH)


def test_a_total_that_differs_is_told(data: Path) -> None:
    answer = bring_csv(data, E1, E2, E9, E3, ["合计", "", "1127"])
    assert rules(answer) == ([], [(6, "total_differs")])
    assert "1027" in answer.remarks[0].message.zh


def test_a_credit_of_the_month_is_added(data: Path) -> None:
    answer = bring_csv(data, E1, ["0610001", "202503", "-80"], E2, E9, E3)
    assert rules(answer) == ([], [(3, "adjusted")])
    assert bills()["E01", "2025-03"] == "940 kWh"


def test_more_credit_than_use_is_refused(data: Path) -> None:
    answer = bring_csv(data, E3, ["0610003", "202503", "-80"])
    assert [rule for _, rule in rules(answer)[0]] == ["negative"]
    assert bills() == {}


@pytest.mark.parametrize("second", [["0610001", "202503", "300"], E1])
def test_two_amounts_of_one_account_enter_nothing_of_its_subject(data: Path, second: list[str]) -> None:
    """Tariffs, meters or a repetition: nobody can tell, and half of it would pass for the whole."""
    answer = bring_csv(data, E1, second, E2, E9, E3)
    assert rules(answer) == ([(3, "duplicate")], [])
    assert list(bills()) == [("W01", "2025-03")]


@pytest.mark.parametrize(
    "written",
    [" 0610003 ", "'0610003", '="0610003"', "\t0610003", "0610 003", "610003", "0610003".translate(FULL_WIDTH)],
)
def test_an_account_that_a_spreadsheet_got_at_is_understood(data: Path, written: str) -> None:
    assert rules(bring_csv(data, [written, "202503", "7"])) == ([], [])
    assert bills() == {("W01", "2025-03"): "7 kWh"}


@pytest.mark.parametrize("written", ["1.23457E+17", "1.23e17", "6.10E+05", "610003.0"])
def test_an_account_that_lost_digits_is_refused(data: Path, written: str) -> None:
    assert rules(bring_csv(data, [written, "202503", "7"])) == ([(2, "digits_lost")], [])


def test_a_number_of_more_than_fifteen_digits_is_not_believed_from_a_workbook(data: Path, tmp_path: Path) -> None:
    book = xlsxwriter.Workbook(str(tmp_path / "list.xlsx"))
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, HEAD)
    sheet.write_row(1, 0, [int(LONG), 202602, 7])
    for row, number in enumerate([LONG, "0610003", "0610009"], start=2):
        sheet.write_row(row, 0, [number, "202601", 8])
    book.close()
    assert rules(bring(data, tmp_path / "list.xlsx"))[0] == [(2, "digits_lost")]
    assert bills() == {("W01", "2026-01"): "24 kWh"}


def test_merged_accounts_leave_the_subject_out(data: Path, tmp_path: Path) -> None:
    book = xlsxwriter.Workbook(str(tmp_path / "list.xlsx"))
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, HEAD)
    sheet.merge_range(1, 0, 2, 0, "0610003")
    sheet.write_row(1, 1, ["202503", 7])
    sheet.write_row(2, 1, ["202503", 5])
    book.close()
    assert rules(bring(data, tmp_path / "list.xlsx")) == ([(3, "required")], [(0, "merged")])
    assert bills() == {}


def test_an_account_that_changed_hands_in_the_month_belongs_to_neither(data: Path) -> None:
    answer = bring_csv(data, ["0610009", "202505", "7"])
    assert rules(answer)[0] == [(2, "shared_account")]
    assert "E01、W01" in answer.rejected[0].message.zh
    assert rules(bring_csv(data, ["0610009", "202506", "7"], ["0610003", "202506", "1"])) == ([], [])
    assert bills() == {("W01", "2025-06"): "8 kWh"}


@pytest.mark.parametrize(
    "month", ["2025年3月", "2025年03月", "2025年3月份", "202503", "2025-03", "2025/3", "2025.03", "2025-03-01"]
)
def test_months_as_they_are_written(data: Path, month: str) -> None:
    assert rules(bring_csv(data, ["0610003", month, "7"])) == ([], [])
    assert list(bills()) == [("W01", "2025-03")]


@pytest.mark.parametrize("month", ["2025.1", "2025-13", "3月", "45717", "2025-03-31", "202500"])
def test_what_may_be_another_month_is_refused(data: Path, month: str) -> None:
    """2025.1 is what a spreadsheet makes of 2025.10."""
    assert rules(bring_csv(data, ["0610003", month, "7"])) == ([(2, "period")], [])


@pytest.mark.parametrize(
    ("heading", "stated"),
    [
        ("用电量", "7 kWh"),
        ("用电量(千瓦时)", "7 kWh"),
        ("用电量（万千瓦时）", "7 万kWh"),
        ("用电量(10^4kWh)", "7 万kWh"),
        ("结算电量（MWh）", "7 MWh"),
    ],
)
def test_the_unit_of_a_heading_counts(data: Path, heading: str, stated: str) -> None:
    answer = bring_csv(data, ["0610003", "202503", "7"], head=["户号", "年月", heading])
    assert (rules(answer)[0], bills()) == ([], {("W01", "2025-03"): stated})


@pytest.mark.parametrize(("heading", "rule"), [("用电量(含线损)", "missing_column"), ("用电量(吨)", "unit_mismatch")])
def test_what_stands_in_brackets_and_fits_nothing_is_refused(data: Path, heading: str, rule: str) -> None:
    answer = bring_csv(data, ["0610003", "202503", "7"], head=["户号", "年月", heading])
    assert ([each for _, each in rules(answer)[0]], bills()) == ([rule], {})


@pytest.mark.parametrize(
    ("written", "amount"), [("1,234.56", "1234.56"), ("1,234,567", "1234567"), ("-", None), ("1,23", None)]
)
def test_thousands_are_understood_where_the_mapping_says_so(data: Path, written: str, amount: str | None) -> None:
    answer = bring_csv(data, ["0610003", "202503", written])
    assert bills() == ({("W01", "2025-03"): f"{amount} kWh"} if amount else {})
    assert bool(answer.rejected) == (amount is None)


def test_a_list_in_gbk_is_refused_with_the_way_out(data: Path) -> None:
    [error] = bring_csv(data, E3, encoding="gb18030").rejected
    assert error.rule == "encoding"
    assert "GBK" in error.message.zh
    assert "CSV UTF-8" in error.message.en


def test_a_second_sheet_is_not_passed_over_in_silence(data: Path, tmp_path: Path) -> None:
    book = xlsxwriter.Workbook(str(tmp_path / "list.xlsx"))
    for name, row in (("工商业", E3), ("居民", E1)):
        sheet = book.add_worksheet(name)
        sheet.write_row(0, 0, HEAD)
        sheet.write_row(1, 0, row)
    book.close()
    answer = bring(data, tmp_path / "list.xlsx")
    assert rules(answer) == ([], [(0, "other_sheets")])
    assert "居民" in answer.remarks[0].message.zh


def test_amounts_are_exact(data: Path) -> None:
    bring_csv(data, ["0610001", "202503", "0.1"], ["0610002", "202503", "0.2"], E9)
    assert Decimal(bills()["E01", "2025-03"].split()[0]) == Decimal("0.3")
