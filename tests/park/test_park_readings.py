"""Files of readings become one plain form; what cannot be used has its row; stamps mean what the file says."""

import gzip
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter

from xietong.park.nouns import Point
from xietong.park.package.mapping import FileMapping, read_mapping, reads_times, renamed
from xietong.park.package.reading import PackageError
from xietong.park.package.readings import CANONICAL, Converted, Reader, convert, is_canonical
from xietong.park.package.tabular import tables

SHANGHAI = ZoneInfo("Asia/Shanghai")
POINTS = {
    "M1": Point("M1", "E01", "energy", "electricity_purchased", "kWh", "amount", 900),
    "T1": Point("T1", "E01", "temperature", "temperature", "℃", "instant", 60),
    "C1": Point("C1", "E01", "concentration", "cod", "mg/L", "mean", 3600),
}


def bring(path: Path, mapping: FileMapping | None = None) -> tuple[Converted, list[dict[str, Any]]]:
    mapping = mapping or FileMapping()
    times = reads_times(mapping, SHANGHAI)
    reader = Reader(path.name, SHANGHAI, POINTS, stamps=mapping.stamps, at=times)
    target = path.with_name("canonical.parquet")
    outcome = convert(renamed(tables(path, mapping.shape), mapping), reader, target)
    return outcome, pq.read_table(target).to_pylist()


def write(folder: Path, text: str, name: str = "readings.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_plain_rows_pass_and_bad_rows_are_named(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "point,at,value,flag\n"
        "M1,2025-03-14T07:00,12.5,\n"
        "M1,2025-03-14T07:15:00+08:00,13,N\n"
        "M1,2025-02-30T07:00,1,\n"
        "M9,2025-03-14T07:00,1,\n"
        "\n"
        "M9,2025-03-14T07:15,1,\n"
        'M1,2025-03-14T07:30,"1,250",\n'
        "M1,2025-03-14T07:45,,\n"
        "T1,2025-03-14 07:00:01,-5.25,\n"
        "T1,yesterday,abc,\n",
    )
    outcome, rows = bring(path)
    assert [(row["point"], row["at"], row["value"], row["flag"], row["row"]) for row in rows] == [
        ("M1", datetime(2025, 3, 13, 23, tzinfo=UTC), Decimal("12.5"), "", 2),
        ("M1", datetime(2025, 3, 13, 23, 15, tzinfo=UTC), Decimal(13), "N", 3),
        ("T1", datetime(2025, 3, 13, 23, 0, 1, tzinfo=UTC), Decimal("-5.25"), "", 10),
    ]
    assert outcome.accepted == 3
    assert outcome.points == {"M1", "T1"}
    assert {(each.row, each.column, each.value, each.rule) for each in outcome.rejected} == {
        (4, "at", "2025-02-30T07:00", "instant"),
        (5, "point", "M9", "unknown_point"),
        (8, "value", "1,250", "thousands"),
        (9, "value", "", "required"),
        (11, "at", "yesterday", "instant"),
        (11, "value", "abc", "number"),
    }
    unknown = next(each for each in outcome.rejected if each.rule == "unknown_point")
    assert "its 2 readings" in unknown.message.en


def test_half_the_limit_is_kept_of_what_lies_below_detection(tmp_path: Path) -> None:
    """What it counts as is the roll-up's, by the shape and the park's choice."""
    text = "point,at,value\nC1,2025-03-14T07:00,<0.05\nM1,2025-03-14T07:00,0.05L\nC1,2025-03-14T08:00,ND\n"
    path = write(tmp_path, text)
    assert [row["value"] for row in bring(path)[1]] == [Decimal("0.025"), Decimal("0.025"), Decimal(0)]


def test_a_value_of_many_digits_keeps_six_decimals_and_a_huge_one_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, "point,at,value\nM1,2025-01-01T00:00,1.23456789\nM1,2025-01-01T00:15,1234567890123\n")
    outcome, rows = bring(path)
    assert [row["value"] for row in rows] == [Decimal("1.234568")]
    assert [(each.row, each.rule) for each in outcome.rejected] == [(3, "number")]


def test_parquet_is_read_by_its_types_and_canonical_parquet_is_known(tmp_path: Path) -> None:
    local = [datetime(2025, 3, 14, hour, tzinfo=UTC).replace(tzinfo=None) for hour in (7, 8, 9)]
    table = pa.table({"point": ["M1", "M1", "M1"], "at": local, "value": [1.1, float("nan"), None]})
    pq.write_table(table, tmp_path / "readings.parquet")
    outcome, rows = bring(tmp_path / "readings.parquet")
    assert [(row["at"], row["value"]) for row in rows] == [(datetime(2025, 3, 13, 23, tzinfo=UTC), Decimal("1.1"))]
    assert [(each.row, each.column) for each in outcome.rejected] == [(2, "value"), (3, "value")]
    assert not is_canonical(tmp_path / "readings.parquet")
    assert is_canonical(tmp_path / "canonical.parquet")
    assert pq.read_schema(tmp_path / "canonical.parquet").equals(CANONICAL)


@pytest.mark.parametrize("suffix", [".parquet", ".xlsx", ".txt"])
def test_a_file_that_is_not_what_it_says_is_refused(tmp_path: Path, suffix: str) -> None:
    outcome, rows = bring(write(tmp_path, "point,at,value\n", f"readings{suffix}"))
    assert rows == []
    assert [(each.row, each.rule) for each in outcome.rejected] == [
        (0, "file_type" if suffix == ".txt" else "unreadable")
    ]


def test_a_workbook_is_read_with_its_own_dates(tmp_path: Path) -> None:
    book = xlsxwriter.Workbook(str(tmp_path / "meters.xlsx"))
    sheet = book.add_worksheet("电表")
    style = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
    for column, name in enumerate(["表号", "时间", "电量"]):
        sheet.write(1, column, name)
    sheet.write(2, 0, "M1")
    sheet.write_datetime(2, 1, datetime(2025, 3, 14, 7, 0, tzinfo=UTC).replace(tzinfo=None), style)
    sheet.write(2, 2, 12.5)
    book.close()
    mapping = write(
        tmp_path,
        '[columns]\npoint = "表号"\nat = "时间"\nvalue = "电量"\n[file]\nsheet = "电表"\nheader_row = 2\n',
        "m.toml",
    )
    outcome, rows = bring(tmp_path / "meters.xlsx", read_mapping(mapping))
    assert outcome.rejected == []
    assert [(row["at"], row["value"], row["row"]) for row in rows] == [
        (datetime(2025, 3, 13, 23, tzinfo=UTC), Decimal("12.5"), 3)
    ]


STEEL = """[columns]
at = "date"
value = "Usage_kWh"
[constants]
point = "M1"
[times]
format = "%d/%m/%Y %H:%M"
stamps = "end"
midnight = "closes_its_day"
"""


def test_stamps_at_the_end_and_a_midnight_that_closes_its_own_day(tmp_path: Path) -> None:
    path = tmp_path / "steel.csv.gz"
    lines = "date,Usage_kWh,CO2\n31/12/2018 23:45,3.78,0\n31/12/2018 00:00,3.67,0\n01/01/2018 00:15,3.17,0\n"
    path.write_bytes(gzip.compress(("\ufeff" + lines).encode()))
    outcome, rows = bring(path, read_mapping(write(tmp_path, STEEL, "m.toml")))
    assert outcome.rejected == []
    assert [row["at"] for row in rows] == [
        datetime(2018, 12, 31, 15, 30, tzinfo=UTC),
        datetime(2018, 12, 31, 15, 45, tzinfo=UTC),
        datetime(2017, 12, 31, 16, 0, tzinfo=UTC),
    ]


def test_an_instant_keeps_its_stamp_even_where_stamps_are_ends(tmp_path: Path) -> None:
    path = write(tmp_path, "point,at,value\nT1,2025-03-14T08:00,1\nC1,2025-03-14T08:00,1\n")
    _, rows = bring(path, FileMapping(stamps="end"))
    assert [row["at"].hour for row in rows] == [0, 23]


def test_a_mapping_knows_decimal_commas_and_marks_of_missing(tmp_path: Path) -> None:
    path = write(tmp_path, "t;v\n2025-01-01T00:00;1.234,5\n2025-01-01T00:15;-9\n", "m.csv")
    mapping = FileMapping(
        columns={"at": "t", "value": "v"},
        constants={"point": "M1"},
        shape=FileMapping().shape._replace(delimiter=";"),
        missing=("-9",),
        decimal=",",
    )
    outcome, rows = bring(path, mapping)
    assert (outcome.rejected, [row["value"] for row in rows]) == ([], [Decimal("1234.5")])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[columns]\nwhen = "date"\n', "columns.when"),
        ('[times]\nstamps = "middle"\n', "times.stamps"),
        ('[times]\nmidnight = "closes_its_day"\n', "times.midnight"),
        ('table = "targets"\n', "table"),
        ("[columns\n", "no sound TOML"),
    ],
)
def test_a_mapping_that_says_something_unknown_is_refused(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(PackageError, match=said):
        read_mapping(write(tmp_path, text, "m.toml"))


def test_a_mapping_that_names_no_column_of_the_file_is_refused(tmp_path: Path) -> None:
    outcome, _ = bring(write(tmp_path, "a,b\n1,2\n"), FileMapping(columns={"at": "date"}))
    assert [(each.rule, "date" in each.message.zh) for each in outcome.rejected] == [("missing_column", True)]


@pytest.mark.parametrize("line", ["header_row = 0", 'delimiter = ";;"', 'encoding = "klingon"', 'colour = "red"'])
def test_a_mapping_with_an_impossible_file_shape_is_refused(tmp_path: Path, line: str) -> None:
    with pytest.raises(PackageError, match="file"):
        read_mapping(write(tmp_path, f"[file]\n{line}\n", "m.toml"))


def test_a_gbk_file_is_read_where_the_mapping_says_so(tmp_path: Path) -> None:
    (tmp_path / "gbk.csv").write_bytes("表号,at,value\nM1,2025-01-01T00:00,1\n".encode("gb18030"))
    assert [each.rule for each in bring(tmp_path / "gbk.csv")[0].rejected] == ["encoding"]
    mapping = write(
        tmp_path,
        '[columns]\npoint = "表号"\nat = "at"\nvalue = "value"\n[file]\nencoding = "gb18030"\n',
        "m.toml",
    )
    assert bring(tmp_path / "gbk.csv", read_mapping(mapping))[0].accepted == 1


def test_a_parquet_column_of_another_kind_is_refused_and_a_dictionary_is_read(tmp_path: Path) -> None:
    words = pa.array(["M1", "M1"]).dictionary_encode()
    odd = pa.table({"point": words, "at": [[1], [2]], "value": ["1", "2"]})
    pq.write_table(odd, tmp_path / "readings.parquet")
    assert [each.rule for each in bring(tmp_path / "readings.parquet")[0].rejected] == ["unreadable"]
    at = ["2025-01-01T00:00", "2025-01-01T00:15"]
    plain = pa.table({"point": words, "at": at, "value": pa.array(["1", "2"]).dictionary_encode()})
    pq.write_table(plain, tmp_path / "readings.parquet")
    assert bring(tmp_path / "readings.parquet")[0].accepted == 2


def test_a_mark_in_the_other_case_or_full_width_is_that_mark(tmp_path: Path) -> None:
    rows = "".join(
        f"M1,2025-03-14T07:{15 * place:02},1,{mark}\n" for place, mark in enumerate(("n", "\uff2e", "d", "Ok"))
    )
    _, kept = bring(write(tmp_path, f"point,at,value,flag\n{rows}"))
    assert [row["flag"] for row in kept] == ["N", "N", "D", "Ok"]
