"""Files of readings: every row taken exactly or returned with its number; times, offsets and interval ends."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from lake_samples import ZONE, park

from xietong.lake import filing
from xietong.lake.days import midnights, offsets, to_us
from xietong.lake.errors import PositionsGoBackwards
from xietong.lake.filing import Filed, SheetFile
from xietong.lake.store import Lake

RECEIVED = datetime(2026, 1, 1, tzinfo=UTC)


def file_of(path: Path, content: str | pa.Table) -> Path:
    if isinstance(content, str):
        path.write_text(content, encoding="utf-8")
    else:
        pq.write_table(content, path)
    return path


def filed(folder: Path, content: str | pa.Table, name: str = "r.csv", zone: ZoneInfo = ZONE, **more: Any) -> Filed:
    made = Lake(folder / "lake", zone)
    sheet = SheetFile(file_of(folder / name, content), "cli-0/4", RECEIVED, **more)
    return made.append_file(sheet, {"cli-0": 4})


def stored(folder: Path, *points: str) -> list[tuple[str, str, Decimal, str]]:
    """What lies in the lake, in park time."""
    rows = Lake(folder / "lake", ZONE).readings([f"sheet:{p}" for p in points], park("1980-01-01"), park("2090-01-01"))
    return [
        (row["address"], row["at"].astimezone(ZONE).strftime("%Y-%m-%d %H:%M:%S"), row["value"], row["flag"])
        for row in rows.to_pylist()
    ]


def test_rows_are_taken_and_sorted_by_day(tmp_path: Path) -> None:
    text = (
        "\ufeffpoint,at,value,flag\nP2,2025-03-02 00:00,3,\nP1,2025-03-01T23:45,2.5,D\nP1,2025-03-01 00:15:30,1e2,N\n"
    )
    result = filed(tmp_path, text)
    assert (result.accepted, result.refused, result.rejected) == (3, 0, ())
    assert stored(tmp_path, "P1", "P2") == [
        ("sheet:P1", "2025-03-01 00:15:30", Decimal(100), "N"),
        ("sheet:P1", "2025-03-01 23:45:00", Decimal("2.5"), "D"),
        ("sheet:P2", "2025-03-02 00:00:00", Decimal(3), ""),
    ]
    made = Lake(tmp_path / "lake", ZONE)
    assert made.positions() == {"cli-0": 4}
    (row, *_) = made.readings(["sheet:P1"], park("2025-03-01"), park("2025-03-02")).to_pylist()
    assert (row["entry"], row["recorded_at"], str(row["day"])) == ("cli-0/4", RECEIVED, "2025-03-01")
    with pytest.raises(PositionsGoBackwards):
        made.append_file(SheetFile(tmp_path / "r.csv", "cli-0/4", RECEIVED), {"cli-0": 4})


def test_offsets_are_honoured_and_park_time_is_the_default(tmp_path: Path) -> None:
    stamps = ["2025-03-01 08:00", "2025-03-01T00:00:00Z", "2025-03-01 09:00:00+09:00", "2025-02-28 19:00:00 -0500"]
    stamps += ["2025/3/1 8:00", "2025-03-01T08:00:00.000", "2025-03-01 08:00:00+08"]
    text = "point,at,value\n" + "".join(f"P{n},{stamp},1\n" for n, stamp in enumerate(stamps))
    assert filed(tmp_path, text).rejected == ()
    assert {row[1] for row in stored(tmp_path, *(f"P{n}" for n in range(len(stamps))))} == {"2025-03-01 08:00:00"}


def test_ends_are_shifted_to_beginnings_point_by_point(tmp_path: Path) -> None:
    text = "point,at,value\nA,2025-03-02 00:00,1\nB,2025-03-02 00:00,2\n"
    filed(tmp_path, text, ends={"A": 900})
    assert [row[:2] for row in stored(tmp_path, "A", "B")] == [
        ("sheet:A", "2025-03-01 23:45:00"),
        ("sheet:B", "2025-03-02 00:00:00"),
    ]


BAD = """point,at,value,flag
P1,2025-03-01 00:00,1,
,2025-03-01 00:00,1,
P1,yesterday,1,
P1,2025-02-30 00:00,1,
P1,2025-03-01 01:00,abc,
P1,2025-03-01 01:00,,
P1,2025-03-01 01:00,1.2345678,
P1,2025-03-01 01:00,1234567890123,
P1,2025-03-01 01:00,1,N,one too many
P9,2025-03-01 02:00,1,
P1,1900-01-01 00:00,1,
P1,2025-03-01 02:00,nan,
P1,2025-03-01 03:00,-0.000001,
"""


def test_what_cannot_be_used_is_returned_by_row(tmp_path: Path) -> None:
    result = filed(tmp_path, BAD, points=frozenset({"P1"}))
    assert (result.accepted, result.refused) == (2, 11)
    assert [(row.row, row.column, row.rule) for row in result.rejected] == [
        (3, "point", "point"),
        (4, "at", "at"),
        (5, "at", "at"),
        (6, "value", "value"),
        (7, "value", "empty"),
        (8, "value", "value"),
        (9, "value", "value"),
        (10, "", "columns"),
        (11, "point", "unknown"),
        (12, "at", "at"),
        (13, "value", "value"),
    ]
    assert all(str(row.row) in row.sentence.zh and str(row.row) in row.sentence.en for row in result.rejected)
    assert result.rejected[1].value == "yesterday"
    assert [row[2] for row in stored(tmp_path, "P1")] == [Decimal(1), Decimal("-0.000001")]


def test_of_a_line_that_is_broken_only_its_beginning_is_shown(tmp_path: Path) -> None:
    (row,) = filed(tmp_path, f"point,at,value\nP1,2025-03-01,1\nP1,2025-03-01,1,{'x' * 300}\n").rejected
    assert (row.row, row.value) == (3, f"P1,2025-03-01,1,{'x' * 300}"[:200])


def test_only_so_many_rows_are_described(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filing, "ROWS_DESCRIBED", 3)
    result = filed(tmp_path, "point,at,value\n" + "P1,never,1\n" * 10)
    assert (result.accepted, result.refused, len(result.rejected)) == (0, 10, 3)
    assert Lake(tmp_path / "lake", ZONE).positions() == {"cli-0": 4}  # the entry is settled all the same


@pytest.mark.parametrize(
    ("name", "content", "rule"),
    [
        ("r.csv", "point,time,value\nP1,2025-03-01,1\n", "missing_column"),
        ("r.csv", "", "missing_column"),
        ("r.parquet", "this is no Parquet", "unreadable"),
    ],
)
def test_a_file_that_is_none(tmp_path: Path, name: str, content: str, rule: str) -> None:
    result = filed(tmp_path, content, name)
    assert (result.accepted, result.refused, [(row.row, row.rule) for row in result.rejected]) == (0, 1, [(0, rule)])


def test_other_names_of_columns(tmp_path: Path) -> None:
    result = filed(tmp_path, "点,时间,值\nP1,2025-03-01,1\n", columns={"point": "点", "at": "时间", "value": "值"})
    assert (result.accepted, stored(tmp_path, "P1")[0][1]) == (1, "2025-03-01 00:00:00")


NAIVE = datetime.fromisoformat("2025-03-01")  # park time on purpose
INSTANT = pa.timestamp("us", tz="UTC")


@pytest.mark.parametrize(
    ("at", "value"),
    [
        (pa.array([NAIVE], pa.timestamp("us")), pa.array([0.1 + 0.2])),
        (pa.array([datetime(2025, 2, 28, 16, tzinfo=UTC)], INSTANT), pa.array([0.3], pa.float32())),
        (pa.array(["2025-03-01"]), pa.array([Decimal("0.3")], pa.decimal128(9, 2))),
        (pa.array([NAIVE], pa.timestamp("ns")), pa.array(["0.3"])),
    ],
)
def test_parquet_of_several_kinds(tmp_path: Path, at: pa.Array, value: pa.Array) -> None:
    result = filed(tmp_path, pa.table({"point": ["P1"], "at": at, "value": value}), "r.parquet")
    assert (result.accepted, result.rejected) == (1, ())
    assert stored(tmp_path, "P1") == [("sheet:P1", "2025-03-01 00:00:00", Decimal("0.300000"), "")]


def test_a_binary_fraction_between_two_millionths_is_refused(tmp_path: Path) -> None:
    values = pa.array([1.23456789, float("nan"), float("inf"), None, 2.5])
    table = pa.table({"point": ["P1"] * 5, "at": pa.array(["2025-03-01"] * 5), "value": values})
    result = filed(tmp_path, table, "r.parquet")
    assert (result.accepted, [row.row for row in result.rejected]) == (1, [1, 2, 3, 4])


def test_summer_time(tmp_path: Path) -> None:
    """Berlin, 30 March 2025: 01:30 is UTC+1, 03:30 is UTC+2; 26 October: 02:30 comes twice, the first is meant."""
    berlin = ZoneInfo("Europe/Berlin")
    stamps = ["2025-03-30 01:30", "2025-03-30 03:30", "2025-10-26 02:30", "2025-10-26 03:30"]
    filed(tmp_path, "point,at,value\n" + "".join(f"P1,{stamp},1\n" for stamp in stamps), zone=berlin)
    rows = Lake(tmp_path / "lake", berlin).readings(["sheet:P1"], park("2025-01-01"), park("2026-01-01")).to_pylist()
    assert [row["at"].strftime("%m-%d %H:%M") for row in rows] == [
        "03-30 00:30",
        "03-30 01:30",
        "10-26 00:30",
        "10-26 02:30",
    ]
    assert len(offsets(rows[0]["day"], rows[-1]["day"], berlin)) == 3


@pytest.mark.parametrize(
    ("zone", "day", "begins"),
    [
        ("Asia/Shanghai", date(2025, 3, 1), datetime(2025, 2, 28, 16, tzinfo=UTC)),
        ("America/New_York", date(2025, 2, 28), datetime(2025, 2, 28, 5, tzinfo=UTC)),
        ("UTC", date(2025, 3, 1), datetime(2025, 3, 1, tzinfo=UTC)),
    ],
)
def test_to_which_day_an_instant_belongs_and_when_it_began(zone: str, day: date, begins: datetime) -> None:
    at = np.array([to_us(datetime(2025, 3, 1, 2, tzinfo=UTC))], np.int64)
    numbers, starts = midnights(at, ZoneInfo(zone))
    assert (numbers.tolist(), starts.tolist()) == ([(day - date(1970, 1, 1)).days], [to_us(begins)])


@pytest.mark.parametrize(
    ("stamp", "is_taken"),
    [
        ("1969-12-31T23:59:59Z", False),
        ("1970-01-01T00:00:00Z", True),
        ("2100-01-01T00:00:00Z", True),
        ("2100-01-01T00:00:01Z", False),
    ],
)
def test_a_clock_that_was_never_set_is_refused_and_stops_nothing(tmp_path: Path, stamp: str, is_taken: bool) -> None:
    result = filed(tmp_path, f"point,at,value\nP1,2025-03-01,1\nP1,{stamp},2\n")
    assert result.accepted == 1 + is_taken
    assert [(row.row, row.column) for row in result.rejected] == ([] if is_taken else [(3, "at")])
