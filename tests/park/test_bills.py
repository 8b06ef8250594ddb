"""A utility's list by account number: what small tenants never report themselves."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
import xlsxwriter
from park_packages import write_package

from xietong.calc import items
from xietong.park.bringing.bills import SHIPPED, shipped
from xietong.park.bringing.receiving import Answer, Reception
from xietong.park.bringing.sending import send_package
from xietong.park.package.mapping import FileMapping, read_mapping
from xietong.park.package.schema import TABLES
from xietong.park.registry import snapshot

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ACCOUNTS = "utility,account,subject,since,until\nelectricity,0610001,E01,,\nelectricity,0610002,E01,,2025-04-01\n"
ACCOUNTS += "electricity,0610003,W01,,\ngas,0610003,E01,,\n"
UTILITIES = sorted(path.stem for path in SHIPPED.glob("*.toml"))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = write_package(tmp_path / "package", {"accounts.csv": ACCOUNTS})
    answer = Reception(tmp_path / "data", "clerk", NOON).package(folder)
    assert answer.rejected == []
    return tmp_path / "data"


def mapping(name: str) -> FileMapping:
    path = shipped(name)
    assert path is not None
    return read_mapping(path)


def bring(data: Path, text: str, name: str = "electricity") -> Answer:
    path = data.parent / "list.csv"
    path.write_text(text, encoding="utf-8")
    return Reception(data, "clerk", NOON).file(path, mapping(name))


def bills() -> dict[tuple[str, str, str], tuple[Decimal | None, str]]:
    found = [row for row in snapshot.load().reported if row.method == "bill"]
    return {(row.subject, row.period.label, row.item): (row.amount, row.unit) for row in found}


def test_the_accounts_of_a_subject_are_one_statement(data: Path) -> None:
    answer = bring(
        data, "户号,户名,年月,用电量\n0610001,甲,202503,1000.5\n0610002,甲,202503,20\n0610003,乙,2025年3月,7\n"
    )
    assert (answer.accepted, answer.rejected) == (2, [])
    assert bills() == {
        ("E01", "2025-03", "electricity_purchased"): (Decimal("1020.5"), "kWh"),
        ("W01", "2025-03", "electricity_purchased"): (Decimal(7), "kWh"),
    }
    note = next(row.note for row in snapshot.load().reported if row.subject == "E01" and row.method == "bill")
    assert note == "户号 0610001: 1000.5; 0610002: 20"


def test_part_of_the_accounts_is_not_taken_for_all(data: Path) -> None:
    answer = bring(data, "户号,年月,用电量\n0610001,202503,1000\n0610003,202503,7\n")
    assert [(each.row, each.rule) for each in answer.rejected] == [(2, "missing_account")]
    assert "0610002" in answer.rejected[0].message.zh
    assert list(bills()) == [("W01", "2025-03", "electricity_purchased")]


def test_an_account_given_up_is_due_no_more(data: Path) -> None:
    answer = bring(data, "户号,年月,用电量\n0610001,202504,1000\n")
    assert answer.rejected == []
    assert bills()["E01", "2025-04", "electricity_purchased"] == (Decimal(1000), "kWh")


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ("999,202503,7", "unknown_account"),
        ("0610003,三月,7", "period"),
        ("0610003,2025-03-15,7", "period"),
        ("0610003,202513,7", "period"),
        ("0610003,202503,x", "number"),
        ("0610003,202503,", "required"),
        ("0610003,202503,-5", "negative"),
        ("0610003,202503,7\n0610003,202503,8", "duplicate"),
    ],
)
def test_a_line_that_says_nothing_is_named(data: Path, line: str, rule: str) -> None:
    answer = bring(data, f"户号,年月,用电量\n{line}\n")
    assert [each.rule for each in answer.rejected] == [rule]
    assert bills() == {}


def test_a_workbook_that_lost_zeros_and_made_dates_of_months_is_understood(data: Path, tmp_path: Path) -> None:
    book = xlsxwriter.Workbook(str(tmp_path / "list.xlsx"))
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, ["用户编号", "账期", "总电量"])
    sheet.write(1, 0, 610003)
    sheet.write_datetime(1, 1, datetime.fromisoformat("2025-03-01"), book.add_format({"num_format": "yyyy-mm"}))
    sheet.write(1, 2, 7)
    book.close()
    answer = Reception(data, "clerk", NOON).file(tmp_path / "list.xlsx", mapping("electricity"))
    assert (answer.rejected, bills()) == ([], {("W01", "2025-03", "electricity_purchased"): (Decimal(7), "kWh")})


def test_a_number_counts_within_its_utility(data: Path) -> None:
    assert bring(data, "户号,年月,用气量\n0610003,202503,80\n", "gas").rejected == []
    assert bills() == {("E01", "2025-03", "natural_gas"): (Decimal(80), "m3")}


def test_a_list_without_any_of_the_headings_is_refused_with_them(data: Path) -> None:
    [error] = bring(data, "户号,年月,数量\n0610003,202503,80\n").rejected
    assert error.rule == "missing_column"
    assert "结算电量" in error.message.zh


def test_a_bill_beside_a_statement_with_a_counterparty_is_remarked(data: Path) -> None:
    path = data.parent / "own.csv"
    text = "subject,period,item,amount,unit,counterparty\nW01,2025-03,electricity_purchased,7,kWh,电网\n"
    path.write_text(text, encoding="utf-8")
    assert Reception(data, "clerk", NOON).file(path, FileMapping()).rejected == []
    answer = bring(data, "户号,年月,用电量\n0610003,202503,7\n")
    assert [(each.rule, each.row) for each in answer.remarks] == [("stated_beside", 2)]


def test_accounts_go_out_as_they_came_in(data: Path, tmp_path: Path) -> None:
    send_package(data, tmp_path / "out")
    exported = (tmp_path / "out/accounts.csv").read_text(encoding="utf-8").splitlines()
    assert exported[0] == "utility,account,subject,since,until,note"
    assert exported[1:] == sorted(f"{line}," for line in ACCOUNTS.splitlines()[1:])


def test_there_is_a_mapping_for_every_utility_whose_unit_fits() -> None:
    assert tuple(UTILITIES) == tuple(sorted(TABLES["accounts"].column("utility").values))
    for name in UTILITIES:
        stated = mapping(name)
        assert stated.utility == name
        known = items.item(stated.constants["item"])
        assert items.to_canonical(known, Decimal(1), stated.constants["unit"]) > 0
    assert shipped("../electricity") is None
