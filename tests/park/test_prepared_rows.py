"""Rows that are prepared of a file wait for settle, need not stay, and are made again the same, bit for bit."""

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from threading import Event
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter
from park_packages import write_package

from xietong.journal import find
from xietong.park.bringing.evidence import kept_path
from xietong.park.bringing.prepared import LEFT_BEHIND_S, is_there, rows, rows_about, sweep
from xietong.park.bringing.receiving import Reception
from xietong.park.package.mapping import FileMapping, mapping_of, told_of
from xietong.park.package.tabular import Shape
from xietong.park.registry import snapshot
from xietong.settle.settler import Settler

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SHANGHAI = ZoneInfo("Asia/Shanghai")
POINTS = """code,subject,quantity,item,unit,shape,interval_s
A,E01,energy,electricity_purchased,kWh,amount,3600
C,W01-O1,concentration,cod,mg/L,mean,3600
"""
BEGIN, HOURS = datetime(2025, 1, 1, tzinfo=SHANGHAI), 48
Told = dict[str, Any]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    changes: dict[str, str | bytes | None] = {"points.csv": POINTS, "limits.csv": None}
    Reception(tmp_path / "data", "clerk", NOON).package(write_package(tmp_path / "package", changes))
    return tmp_path / "data"


def hour(number: int) -> datetime:
    return BEGIN + timedelta(hours=number)


def plain(folder: Path) -> tuple[Path, FileMapping]:
    """Values of 1.5 an hour, some of them odd: below detection, no number, a point that is none."""
    path = folder / "plain.csv"
    cells = ["1.5"] * HOURS
    cells[3:6], cells[9] = ("<0.5", "n/a", ""), "0.5L"
    lines = [f"{'Z' if n == 7 else 'C'},{hour(n):%Y-%m-%dT%H:%M},{cell},N\n" for n, cell in enumerate(cells)]
    path.write_text("point,at,value,flag\n" + "".join(lines), encoding="utf-8")
    return path, FileMapping()


def of_a_vendor(folder: Path) -> tuple[Path, FileMapping]:
    """GB 18030, semicolons, decimal commas, stamps at the end, 00:00 closing its day."""
    path = folder / "vendor.csv"
    ends = [hour(n + 1) for n in range(HOURS)]
    days = [(end - timedelta(days=1) if end.hour == 0 else end).strftime("%d.%m.%Y") for end in ends]
    lines = [f"{day} {end:%H:%M};1.000,5\n" for day, end in zip(days, ends, strict=True)]
    path.write_bytes(("导出\n时刻;电量\n" + "".join(lines)).encode("gb18030"))
    mapping = FileMapping(
        table="readings",
        columns={"at": ("时刻",), "value": ("用量", "电量")},
        constants={"point": "A"},
        shape=Shape(header_row=2, delimiter=";", encoding="gb18030"),
        at="%d.%m.%Y %H:%M",
        stamps="end",
        closes_day=True,
        missing=("--",),
        decimal=",",
        thousands=" ",
    )
    return path, mapping


def dragged(folder: Path) -> tuple[Path, FileMapping]:
    """A workbook whose stamps are =A2+1/24, each a hair off."""
    path = folder / "dragged.xlsx"
    book = xlsxwriter.Workbook(str(path))
    sheet, style = book.add_worksheet("数据"), book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
    sheet.write_row(0, 0, ["point", "at", "value"])
    serial = 45658 - 1e-8
    for row in range(1, HOURS + 1):
        sheet.write_row(row, 0, ["A", "", row / 8])
        sheet.write_number(row, 1, serial, style)
        serial += 1 / 24
    book.close()
    return path, FileMapping(shape=Shape(sheet="数据"))


def doubles(folder: Path) -> tuple[Path, FileMapping]:
    """Parquet without a zone and with doubles."""
    path = folder / "doubles.parquet"
    at = pa.array([hour(n).replace(tzinfo=None) for n in range(HOURS)], pa.timestamp("ms"))
    pq.write_table(pa.table({"point": ["A"] * HOURS, "at": at, "value": [n / 10 for n in range(HOURS)]}), path)
    return path, FileMapping()


KINDS = (plain, of_a_vendor, dragged, doubles)


def bring(data: Path, path: Path, mapping: FileMapping) -> Told:
    """Import a file; what its entry says."""
    answer = Reception(data, "clerk", NOON).file(path, mapping)
    assert list(answer.entries) == [path.name]
    told: Told = json.loads(find(data / "journal", answer.entries[path.name]).payload)
    return told


def settled(data: Path) -> list[Told]:
    """Settle all; the readings that are then in the lake."""
    settler = Settler(data, SHANGHAI, lambda: snapshot.point_specs(snapshot.load()), lambda: NOON)
    settler.run(Event(), once=True)
    found = settler.lake.readings(["sheet:A", "sheet:C"], hour(-24), hour(HOURS + 24))
    return [{**row, "entry": str(row["entry"])} for row in found.to_pylist()]


def in_evidence(data: Path) -> set[str]:
    return {path.name for path in (data / "evidence").glob("*/*")}


@pytest.mark.parametrize("kind", KINDS)
def test_rows_made_again_are_the_very_rows(
    data: Path, tmp_path: Path, kind: Callable[[Path], tuple[Path, FileMapping]]
) -> None:
    path, mapping = kind(tmp_path)
    told = bring(data, path, mapping)
    assert told["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert is_there(data, told)
    with rows(data, told) as first:
        before = pq.read_table(first)
    assert before.num_rows == told["rows"] == HOURS - 3 * (kind is plain)
    shutil.rmtree(data / "prepared")
    path.unlink()
    with rows(data, told) as again:
        assert again.parent != data / "prepared"
        assert pq.read_table(again).equals(before)  # row numbers too


def test_what_the_rows_say(data: Path, tmp_path: Path) -> None:
    """By hand, so that not the same mistake is made twice."""
    wanted: dict[str, list[tuple[datetime, str]]] = {
        "plain": [(hour(n), "0.25" if n in (3, 9) else "1.5") for n in range(HOURS) if n not in (4, 5, 7)],
        "of_a_vendor": [(hour(n), "1000.5") for n in range(HOURS)],
        "dragged": [(hour(n), str((n + 1) / 8)) for n in range(HOURS)],
        "doubles": [(hour(n), str(n / 10)) for n in range(HOURS)],
    }
    for kind in KINDS:
        told = bring(data, *kind(tmp_path))
        shutil.rmtree(data / "prepared")
        with rows(data, told) as again:
            found = [(row["at"], row["value"]) for row in pq.read_table(again).to_pylist()]
        assert found == [(at, Decimal(value)) for at, value in wanted[kind.__name__]]


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_settled_leaves_the_original_alone_and_a_lost_lake_is_made_again(
    data: Path, tmp_path: Path, kind: Callable[[Path], tuple[Path, FileMapping]]
) -> None:
    before = in_evidence(data)
    path, mapping = kind(tmp_path)
    told = bring(data, path, mapping)
    first = settled(data)
    assert len(first) == told["rows"]
    assert in_evidence(data) - before == {told["sha256"]}
    assert list((data / "prepared").iterdir()) == []
    assert kept_path(data, told["sha256"]).read_bytes() == path.read_bytes()
    shutil.rmtree(data / "lake")
    (data / "lake.json").unlink()
    assert settled(data) == first
    answer = Reception(data, "clerk", NOON).file(path, mapping)
    assert (answer.readings, answer.entries) == (0, {})  # brought before


def gone(path: Path) -> None:
    path.unlink()


def torn(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:100])


def changed(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b"PAR1", b"PAR2"))


@pytest.mark.parametrize("spoil", [gone, torn, changed])
def test_rows_that_a_power_cut_took_before_they_were_settled_are_made_again(
    data: Path, tmp_path: Path, spoil: Callable[[Path], None]
) -> None:
    told = bring(data, *doubles(tmp_path))
    (path,) = (data / "prepared").iterdir()
    spoil(path)
    assert [row["value"] for row in settled(data)] == [Decimal(n) / 10 for n in range(HOURS)]
    assert told["rows"] == HOURS


def test_prepared_rows_count_though_the_original_was_lost_before_it_was_settled(data: Path, tmp_path: Path) -> None:
    told = bring(data, *doubles(tmp_path))
    kept_path(data, told["sha256"]).unlink()
    assert len(settled(data)) == HOURS


def test_rows_that_would_be_others_are_not_taken_and_it_is_told(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if an edition to come read a cell otherwise: no figure changes behind anybody's back."""
    bring(data, *doubles(tmp_path))
    shutil.rmtree(data / "prepared")
    monkeypatch.setattr("xietong.park.bringing.prepared.reads_times", lambda *_: lambda _: hour(0))
    monkeypatch.setattr("xietong.park.bringing.prepared.renamed", lambda pieces, _: (each.slice(1) for each in pieces))
    assert settled(data) == []
    (damage,) = json.loads((data / "live.json").read_bytes())["damage"]
    assert f"{HOURS - 1} rows were read again and are not the {HOURS} of before" in damage["en"]


def test_the_rows_of_an_original_about_an_instant(data: Path, tmp_path: Path) -> None:
    path, mapping = of_a_vendor(tmp_path)
    told = bring(data, path, mapping)
    shutil.rmtree(data / "prepared")
    found = rows_about(data, told, "A", (hour(10), hour(12)))
    assert [(row["row"], row["at"], row["value"]) for row in found] == [
        (n + 3, hour(n), Decimal("1000.5")) for n in (10, 11, 12)
    ]


def test_what_a_killed_process_left_is_let_go_of_after_a_day(data: Path) -> None:
    kept = in_evidence(data)
    left = [
        data / "prepared" / "a.parquet",
        data / "evidence" / "incoming-a",
        data / "evidence" / "incoming-b" / "rows",
    ]
    for path in left:
        path.parent.mkdir(exist_ok=True)
        path.touch()
    for age_s, expected in ((LEFT_BEHIND_S - 60, True), (LEFT_BEHIND_S + 60, False)):
        for path in (*left, *(each.parent for each in left[2:]), *(data / "evidence").glob("*/*")):
            os.utime(path, (NOON.timestamp() - age_s,) * 2)
        sweep(data, NOON.timestamp())
        assert [path.exists() for path in left] == [expected] * len(left)
    assert in_evidence(data) == kept


def test_a_mapping_is_what_it_was_after_it_was_told(tmp_path: Path) -> None:
    for kind in KINDS:
        _, mapping = kind(tmp_path)
        assert mapping_of(json.loads(json.dumps(told_of(mapping)))) == mapping
    assert told_of(FileMapping()) == {}
