"""Below detection: what each door makes of it, and that the park's choice is followed, also one that it makes later.

Expected: the interpretation below-detection: half the limit or zero in means, zero in amounts. A day of 12 hours below
0.04 and 12 at 2 mg/L, 10 m3 an hour: 12 × 2 × 10 = 240 g; the mean (12 × 0.02 + 12 × 2) ÷ 24 = 1.01, or 1.
"""

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow.parquet as pq
import pytest
from small_parks import park, subject
from test_slices import DAY, lake_of

from xietong.accounting import figures
from xietong.park.nouns import Point
from xietong.park.package.mapping import FileMapping, renamed
from xietong.park.package.readings import Converted, Reader, convert
from xietong.park.package.tabular import tables
from xietong.park.registry.snapshot import point_specs
from xietong.protocols import mqtt, pushed
from xietong.protocols.hj212 import ColumnReader, frame

ZONE = ZoneInfo("Asia/Shanghai")
POINTS = (
    Point("C", "O1", "concentration", "cod", "mg/L", "mean", 3600),
    Point("Q", "O1", "flow", "wastewater", "m3/h", "mean", 3600),
    Point("V", "O1", "volume", "wastewater", "m3", "amount", 3600),
    Point("R", "O1", "energy", "electricity_purchased", "kWh", "counter", 3600),
)
KEYS = ["cod_concentration", "cod_emission"]


@pytest.mark.parametrize(("choice", "mean"), [("half", 1.01), ("zero", 1.0)])
def test_a_choice_counts_for_what_the_lake_already_holds(tmp_path: Path, choice: str, mean: float) -> None:
    """The lake was made while the park chose the other way."""
    made, asked = (
        park(
            *(subject("A"), subject("O1", "outlet", "A", discharges_to="environment")),
            points=POINTS[:2],
            choices={"below_detection": each},
        )
        for each in ("zero" if choice == "half" else "half", choice)
    )
    stamps = range(0, 86400, 3600)
    series = {"Q": dict.fromkeys(stamps, "10"), "C": {at: "<0.02" if at < 43200 else "2" for at in stamps}}
    lake = lake_of(tmp_path, made, series)
    lake.roll_up(point_specs(asked))
    found = figures(asked, lake, "O1", DAY, KEYS)
    assert found["cod_concentration"].value == pytest.approx(mean, rel=1e-12)
    assert found["cod_emission"].value == pytest.approx(0.00024, rel=1e-12)
    assert {each.status for each in found.values()} == {"ok"}


@pytest.mark.parametrize(
    ("stated", "flag", "wanted"),
    [
        ("<0.04", "", ("0.020000", "<")),
        ("<0.04", "N", ("0.020000", "<")),
        ("< 0.04", "T", ("0.020000", "<")),
        ("ND", "", ("0.000000", "<")),
        ("0.04", "<", ("0.020000", "<")),
        ("<0.04", "D", ("0.020000", "D")),
    ],
)
def test_every_door_keeps_half_the_limit_under_one_mark(
    tmp_path: Path, stated: str, flag: str, wanted: tuple[str, str]
) -> None:
    reading = {"point": "C", "at": "2025-03-01T08:00", "value": stated, "flag": flag}
    (row,) = pushed.decode(json.dumps({"readings": [reading]}).encode(), ZONE).rows
    assert (str(row.value), row.flag) == wanted
    (kept,) = sheet(tmp_path, f"C,2025-03-01T08:00,{stated},{flag}")[1]
    assert (str(kept["value"]), kept["flag"]) == wanted
    content = f"DataTime=20250301080000;w01018-Avg={stated},w01018-Flag={flag}"
    columns = ColumnReader().columns(frame(f"QN=20250301090000000;ST=32;CN=2061;PW=1;MN=X;Flag=5;CP=&&{content}&&"))
    assert columns is not None
    assert (f"{Decimal(columns.values[0]):.6f}", columns.flags[0]) == wanted
    if not flag:
        said = mqtt.Heard(
            "w", 1, False, 1, mqtt.TopicMapping("", "receipt", ("v",)), None, json.dumps({"v": stated}).encode()
        )
        (value,) = mqtt.decode(said, datetime(2025, 3, 1, tzinfo=UTC), ZONE).values
        assert (str(value.value), value.flag) == wanted


@pytest.mark.parametrize(
    "stated", ["<", "<-1", "<0,04", "<0.04 mg/L", "<<0.04", "12L", "0.04<", "<NaN", "<1e99", "LOD"]
)
def test_what_says_no_limit_is_no_reading(stated: str) -> None:
    reading = {"point": "C", "at": "2025-03-01T08:00", "value": stated}
    found = pushed.decode(json.dumps({"readings": [reading]}).encode(), ZONE)
    assert (found.rows, [each.field for each in found.problems]) == ((), ["value"])
    content = f"DataTime=20250301080000;w01018-Avg={stated},w01018-Flag=N"
    assert (
        ColumnReader().columns(frame(f"QN=20250301090000000;ST=32;CN=2061;PW=1;MN=X;Flag=5;CP=&&{content}&&")) is None
    )


@pytest.mark.parametrize("row", ["R,2025-03-01T08:00,<5,", "C,2025-03-01T08:00,<-5,", "V,2025-03-01T08:00,12L,"])
def test_a_sheet_says_where_nothing_lies_below_detection(tmp_path: Path, row: str) -> None:
    """Of a register; a limit below zero; a volume with its litres behind it, which counted as zero."""
    outcome, kept = sheet(tmp_path, row, "C,2025-03-01T09:00,0.04L,", "V,2025-03-01T09:00,<0.5,")
    assert [(each.row, each.column, each.rule) for each in outcome.rejected] == [(2, "value", "detection")]
    assert [(str(each["value"]), each["flag"]) for each in kept] == [("0.020000", "<"), ("0.250000", "<")]


def test_our_own_file_comes_back_as_it_was(tmp_path: Path) -> None:
    """In a canonical file half the limit stands already under our mark; beside a row that is refused too."""
    outcome, first = sheet(tmp_path, "C,2025-03-01T08:00,<0.04,")
    again = tmp_path / "again.parquet"
    convert(tables(tmp_path / "canonical.parquet", FileMapping().shape), reader("canonical.parquet"), again)
    assert [(str(each["value"]), each["flag"]) for each in pq.read_table(again).to_pylist()] == [("0.020000", "<")]
    assert (outcome.rejected, len(first)) == ([], 1)


def reader(name: str) -> Reader:
    return Reader(name, ZONE, {each.code: each for each in POINTS})


def sheet(folder: Path, *rows: str) -> tuple[Converted, list[dict[str, object]]]:
    path, target = folder / "readings.csv", folder / "canonical.parquet"
    path.write_text("\n".join(["point,at,value,flag", *rows, ""]), encoding="utf-8")
    mapping = FileMapping()
    return convert(renamed(tables(path, mapping.shape), mapping), reader(path.name), target), pq.read_table(
        target
    ).to_pylist()
