"""Files are kept as evidence before anything made of them is; rows say which entry and row they came from."""

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from park_packages import FILES, write_package

from xietong.journal import find
from xietong.park import models
from xietong.park.bringing.evidence import keep, kept_path
from xietong.park.bringing.receiving import Answer, Reception
from xietong.park.package.mapping import FileMapping
from xietong.park.package.reading import PackageError
from xietong.park.registry import snapshot

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
READINGS = "point,at,value\nM1,2025-01-01T00:00,12.5\nM1,2025-01-01T00:15,13\nM7,2025-01-01T00:15,13\n"


def load(data: Path, folder: Path) -> Answer:
    return Reception(data, "clerk", NOON).package(folder)


def payload(data: Path, entry: str) -> dict[str, Any]:
    found = find(data / "journal", entry)
    assert (found.kind, found.origin, found.received_at) == ("file", "cli:clerk", NOON)
    told: dict[str, Any] = json.loads(found.payload)
    return told


def test_every_file_of_a_package_is_kept_and_named_in_the_journal(tmp_path: Path) -> None:
    answer = load(tmp_path / "data", write_package(tmp_path / "package"))
    assert set(answer.entries) == set(FILES)
    for name, entry in answer.entries.items():
        content = FILES[name].encode()
        told = payload(tmp_path / "data", entry)
        assert told["name"] == name
        assert told["purpose"] == "package-table"
        assert (told["sha256"], told["size"]) == (hashlib.sha256(content).hexdigest(), len(content))
        kept = kept_path(tmp_path / "data", told["sha256"])
        assert kept.read_bytes() == content
        assert kept.stat().st_mode & 0o777 == 0o444
    coke = next(each for each in snapshot.load().reported if each.item == "coke")
    assert (coke.entry, coke.row) == (answer.entries["reported.csv"], 3)


def test_readings_wait_in_the_journal_in_the_plain_form_with_the_original_beside(tmp_path: Path) -> None:
    answer = load(tmp_path / "data", write_package(tmp_path / "package", {"readings-1.csv": READINGS}))
    assert (answer.accepted, answer.readings) == (23 + 2, 2)
    assert [(each.file, each.row, each.value, each.rule) for each in answer.rejected] == [
        ("readings-1.csv", 4, "M7", "unknown_point")
    ]
    told = payload(tmp_path / "data", answer.entries["readings-1.csv"])
    assert told["purpose"] == "readings"
    assert kept_path(tmp_path / "data", told["sha256"]).read_bytes() == READINGS.encode()
    assert told["points"] == {"M1": {"interval_s": 900, "shape": "amount", "unit": "kWh"}}
    assert (told["rows"], told["read"]) == (2, {"mapping": {}, "zone": "Asia/Shanghai"})
    assert [path.stem for path in (tmp_path / "data" / "prepared").iterdir()] == [told["prepared"]]
    refused = models.Act.objects.get(verb="refuse_rows").what
    assert (refused["file"], refused["rejected"], len(refused["cells"])) == ("package", 1, 1)
    assert (refused["cells"][0]["row"], refused["cells"][0]["value"]) == (4, "M7")
    assert refused["cells"][0]["en"] == answer.rejected[0].message.en
    act = models.Act.objects.get(verb="bring_readings")
    assert (act.who, act.entry) == ("clerk", answer.entries["readings-1.csv"])


def test_the_same_readings_again_are_not_brought_twice(tmp_path: Path) -> None:
    folder = write_package(tmp_path / "package", {"readings.csv": READINGS})
    load(tmp_path / "data", folder)
    again = load(tmp_path / "data", folder)
    assert (again.accepted, again.readings) == (25, 0)
    assert "readings.csv" not in again.entries


def test_readings_of_a_point_that_is_registered_later_are_brought_then(tmp_path: Path) -> None:
    folder = write_package(tmp_path / "package", {"readings.csv": "point,at,value\nM7,2025-01-01T00:15,13\n"})
    assert load(tmp_path / "data", folder).readings == 0
    points = FILES["points.csv"] + "M7,E01,energy,coke,t,amount,900,,,sheet,,,\n"
    write_package(folder, {"points.csv": points})
    assert load(tmp_path / "data", folder).readings == 1


def test_another_park_leaves_no_trace(tmp_path: Path) -> None:
    load(tmp_path / "data", write_package(tmp_path / "one"))
    before = sorted((tmp_path / "data").rglob("*"))
    other = write_package(tmp_path / "two", {"park.toml": '[park]\ncode = "XX"\nname = "别的园"\n'})
    with pytest.raises(PackageError):
        load(tmp_path / "data", other)
    assert sorted((tmp_path / "data").rglob("*")) == before


def test_a_sheet_of_reported_amounts_is_known_by_its_columns(tmp_path: Path) -> None:
    load(tmp_path / "data", write_package(tmp_path / "package"))
    sheet = tmp_path / "march.csv"
    sheet.write_text("subject,period,item,amount,unit\nE01,2025-03,coke,1300,t\nE01,2025-03,coke,1300,MWh\n")
    answer = Reception(tmp_path / "data", "clerk", NOON).file(sheet, FileMapping())
    assert answer.accepted == 1
    assert [(each.row, each.column, each.rule) for each in answer.rejected] == [(3, "unit", "unit_mismatch")]
    march = [each for each in snapshot.load().reported if each.period.label == "2025-03"]
    assert [(each.entry, each.row) for each in march] == [(answer.entries["march.csv"], 2)]
    assert payload(tmp_path / "data", answer.entries["march.csv"])["purpose"] == "original"


def test_a_sheet_of_reported_amounts_comes_in_by_a_mapping_too(tmp_path: Path) -> None:
    load(tmp_path / "data", write_package(tmp_path / "package"))
    sheet = tmp_path / "bill.csv"
    sheet.write_text("月份,电量\n2025-04,1500.5\n")
    mapping = FileMapping(
        table="reported",
        columns={"period": "月份", "amount": "电量"},
        constants={"subject": "E01", "item": "electricity_purchased", "unit": "MWh", "method": "bill"},
    )
    answer = Reception(tmp_path / "data", "clerk", NOON).file(sheet, mapping)
    assert answer.rejected == []
    bill = next(each for each in snapshot.load().reported if each.method == "bill")
    assert (str(bill.amount), bill.item, bill.period.label) == ("1500.5", "electricity_purchased", "2025-04")


def test_the_same_bytes_are_kept_once(tmp_path: Path) -> None:
    first = keep(tmp_path, b"abc", "a.csv", "original")
    (tmp_path / "b.csv").write_bytes(b"abc")
    second = keep(tmp_path, tmp_path / "b.csv", "b.csv", "original")
    assert first.sha256 == second.sha256 == hashlib.sha256(b"abc").hexdigest()
    assert [each.name for each in (tmp_path / "evidence").rglob("*") if each.is_file()] == [first.sha256]


def test_a_period_that_excel_made_a_date_does_not_pass_for_a_day(tmp_path: Path) -> None:
    load(tmp_path / "data", write_package(tmp_path / "package"))
    book = xlsxwriter.Workbook(str(tmp_path / "march.xlsx"))
    sheet = book.add_worksheet()
    for place, name in enumerate(["subject", "period", "item", "amount", "unit"]):
        sheet.write(0, place, name)
    style = book.add_format({"num_format": "yyyy-mm"})
    for row, period in enumerate(["2025-03", None, 2025], start=1):
        sheet.write_row(row, 0, ["E01", period, "coke", 12.5, "t"])
    sheet.write_datetime(2, 1, datetime(2025, 3, 1, tzinfo=UTC).replace(tzinfo=None), style)
    book.close()
    answer = Reception(tmp_path / "data", "clerk", NOON).file(tmp_path / "march.xlsx", FileMapping())
    assert answer.accepted == 2
    assert [(each.row, each.column, each.rule) for each in answer.rejected] == [(3, "period", "period")]
    assert {"2025-03", "2025"} <= {each.period.label for each in snapshot.load().reported if each.item == "coke"}
