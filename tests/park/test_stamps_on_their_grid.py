"""Stamps that a sheet computed: what it shows counts, a hair off the grid is on it, what lies off it is named."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from xietong.park.nouns import Point
from xietong.park.package.grid import to_grid
from xietong.park.package.mapping import FileMapping, renamed
from xietong.park.package.readings import Converted, Reader, convert
from xietong.park.package.tabular import tables

SHANGHAI = ZoneInfo("Asia/Shanghai")
POINTS = {
    "H": Point("H", "O", "concentration", "nox", "mg/m3", "mean", 3600),
    "Q": Point("Q", "O", "energy", "electricity_purchased", "kWh", "amount", 900),
    "T": Point("T", "O", "concentration", "nox", "mg/m3", "mean", 600),
    "D": Point("D", "O", "flow", "wastewater", "m3", "amount", 86400),
    "C": Point("C", "O", "energy", "electricity_purchased", "kWh", "counter", 3600),
    "I": Point("I", "O", "temperature", "temperature", "℃", "instant", 60),
}
# 1 July 2025 as Excel counts days; and as the date system of 1904 does.
FIRST, FIRST_1904 = 45839, 45839 - 1462
BEGIN = datetime(2025, 6, 30, 16, tzinfo=UTC)


def bring(path: Path, *, stamps: str = "start", zone: ZoneInfo = SHANGHAI) -> tuple[Converted, list[dict[str, Any]]]:
    mapping = FileMapping(stamps="end" if stamps == "end" else "start")
    reader = Reader(path.name, zone, POINTS, stamps=mapping.stamps)
    target = path.with_name("canonical.parquet")
    outcome = convert(renamed(tables(path, mapping.shape), mapping), reader, target)
    return outcome, pq.read_table(target).to_pylist()


def dragged(folder: Path, point: str, step: float, count: int, *, from_1904: bool = False) -> Path:
    """A workbook as it is made by =A2+step drawn down: the sum of floats, each a little off."""
    path = folder / "dragged.xlsx"
    book = xlsxwriter.Workbook(str(path), {"date_1904": from_1904})
    sheet, style = book.add_worksheet(), book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
    sheet.write_row(0, 0, ["point", "at", "value"])
    serial = (FIRST_1904 if from_1904 else FIRST) - 1e-8
    for row in range(1, count + 1):
        sheet.write(row, 0, point)
        sheet.write_number(row, 1, serial, style)
        sheet.write(row, 2, row)
        serial += step
    book.close()
    return path


@pytest.mark.parametrize(
    ("point", "minutes", "stamps", "from_1904"),
    [
        ("H", 60, "start", False),
        ("H", 60, "end", True),
        ("Q", 15, "end", False),
        ("T", 10, "start", False),
        ("C", 60, "start", False),
        ("I", 1, "end", False),
    ],
)
def test_a_dragged_column_is_what_the_sheet_shows(
    tmp_path: Path, point: str, minutes: int, stamps: str, from_1904: bool
) -> None:
    count = 200
    outcome, rows = bring(dragged(tmp_path, point, minutes / 1440, count, from_1904=from_1904), stamps=stamps)
    shift = timedelta(minutes=minutes) if stamps == "end" and point not in "CI" else timedelta()
    assert [row["at"] for row in rows] == [BEGIN + timedelta(minutes=minutes) * each - shift for each in range(count)]
    assert (outcome.rejected, outcome.remarks) == ([], [])


@pytest.mark.parametrize("suffix", ["csv", "parquet", "canonical"])
def test_fractions_of_a_second_in_csv_and_parquet(tmp_path: Path, suffix: str) -> None:
    ats = [BEGIN + timedelta(hours=each) - timedelta(microseconds=1 + each * 1000) for each in range(5)]
    if suffix == "csv":
        path = tmp_path / "readings.csv"
        path.write_text("point,at,value\n" + "".join(f"H,{at.isoformat()},1\n" for at in ats), encoding="utf-8")
    else:
        path = tmp_path / "readings.parquet"
        unit = pa.timestamp("us", "UTC") if suffix == "canonical" else pa.timestamp("ns", "UTC")
        columns = {
            "point": ["H"] * 5,
            "at": pa.array(ats, unit),
            "value": pa.array([Decimal(1)] * 5, pa.decimal128(18, 6)),
        }
        pq.write_table(pa.table({**columns, "flag": [""] * 5}), path)
    outcome, rows = bring(path)
    assert [row["at"] for row in rows] == [BEGIN + timedelta(hours=each) for each in range(5)]
    assert outcome.moved == 5  # so that the canonical file of a package is not kept as it came


def test_a_stamp_off_the_grid_is_taken_and_named_once_a_point(tmp_path: Path) -> None:
    path = tmp_path / "readings.csv"
    lines = ["H,2025-07-01T00:30,1", "H,2025-07-01T01:00:02,1", "H,2025-07-01T02:00,1", "Q,2025-07-01T00:10,1"]
    lines += ["C,2025-07-01T00:00:07,1", "I,2025-07-01T00:00:07.250,1", "D,2025-07-01T08:00,1", "D,2025-07-02,1"]
    path.write_text("point,at,value\n" + "\n".join(lines) + "\n", encoding="utf-8")
    outcome, rows = bring(path)
    assert len(rows) == 8
    assert [(each.rule, each.row, each.message.en.partition(" are no")[0][-18:]) for each in outcome.remarks] == [
        ("off_grid", 2, "2 stamps of point H"[-18:]),
        ("off_grid", 5, "1 stamps of point Q"[-18:]),
        ("off_grid", 8, "1 stamps of point D"[-18:]),
    ]
    assert rows[5]["at"].microsecond == 250_000


@pytest.mark.parametrize(("cell", "hint"), [("45839.0416666", "Excel"), ("2025/7/1 1:00", "2025-03-14T07:00")])
def test_a_time_that_is_none_is_refused_with_what_it_looks_like(tmp_path: Path, cell: str, hint: str) -> None:
    path = tmp_path / "readings.csv"
    path.write_text(f"point,at,value\nH,{cell},1\n", encoding="utf-8")
    (refused,) = bring(path)[0].rejected
    assert (refused.row, refused.rule) == (2, "instant")
    assert hint in refused.message.zh
    assert hint in refused.message.en


def test_a_zone_of_half_hours_and_a_changed_clock_keep_their_own_grid(tmp_path: Path) -> None:
    path = tmp_path / "readings.csv"
    ats = ["2025-03-29T00:00", "2025-03-30T00:00", "2025-03-31T00:00"]
    path.write_text("point,at,value\n" + "".join(f"{code},{at},1\n" for code in "DH" for at in ats), encoding="utf-8")
    for zone in ("Europe/Berlin", "Asia/Kolkata", "Asia/Kathmandu"):
        assert bring(path, zone=ZoneInfo(zone))[0].remarks == []


@given(st.integers(0, 10**15), st.integers(-(10**6), 10**6), st.sampled_from(list(POINTS)))
def test_a_stamp_moves_by_half_a_second_at_most_and_onto_its_grid(second: int, beside: int, code: str) -> None:
    start = (second // 86400 % 50_000) * 86_400_000_000 + second % 24 * 3_600_000_000
    at = pa.array([start + beside], pa.int64()).cast(pa.timestamp("us", "UTC"))
    found = to_grid(at, pa.array([0], pa.int32()), [POINTS[code]], ZoneInfo("UTC"))
    moved = found.at.cast(pa.int64())[0].as_py() - (start + beside)
    assert abs(moved) <= 500_000
    if moved:
        assert (start + beside + moved) % 1_000_000 == 0
    assert found.moved == (moved != 0)


def test_a_point_in_a_file_of_decimal_commas_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "readings.csv"
    path.write_text('point,at,value\nH,2025-07-01T00:00,"1,5"\nH,2025-07-01T01:00,1.5\nH,2025-07-01T02:00,"1.234,5"\n')
    mapping = FileMapping(decimal=",")
    reader, target = Reader(path.name, SHANGHAI, POINTS), tmp_path / "canonical.parquet"
    outcome = convert(renamed(tables(path, mapping.shape), mapping), reader, target)
    assert [str(row["value"]) for row in pq.read_table(target).to_pylist()] == ["1.500000", "1234.500000"]
    assert [(each.row, each.column) for each in outcome.rejected] == [(3, "value")]
