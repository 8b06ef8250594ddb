"""Samples of a laboratory, and registers behind transformers, from the sheet to what the roll-up is told."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from park_packages import write_package

from xietong.journal import find
from xietong.park.bringing.evidence import kept_path
from xietong.park.bringing.prepared import rows
from xietong.park.bringing.receiving import Reception
from xietong.park.package.mapping import read_mapping
from xietong.park.registry import snapshot

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
POINTS = """code,subject,quantity,item,unit,shape,interval_s,multiplier,basis
L1,W01-O1,concentration,cod,mg/L,sample,,,
L2,W01-O1,concentration,ammonia_nitrogen,mg/L,sample,,,
C1,E01,energy,electricity_purchased,kWh,counter,900,60,daily_reset
"""
SHEET = "采样时间,COD,氨氮\n2025-03-03 09:00,<3,0.12\n2025-03-10 09:00,32,0.025L\n2025-03-17 09:00,ND,\n"
ABSENT: dict[str, str | bytes | None] = {"limits.csv": None}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    answer = Reception(tmp_path / "data", "clerk", NOON).package(
        write_package(tmp_path / "package", {**ABSENT, "points.csv": POINTS})
    )
    assert answer.rejected == []
    return tmp_path / "data"


@pytest.mark.parametrize(
    ("point", "column", "values", "rejected"),
    [("L1", "COD", ["1.5", "32", "0"], []), ("L2", "氨氮", ["0.12", "0.0125"], [(4, "required")])],
)
def test_a_sheet_of_a_laboratory_is_read_point_by_point(
    data: Path, tmp_path: Path, point: str, column: str, values: list[str], rejected: list[tuple[int, str]]
) -> None:
    path, mapping = tmp_path / "lab.csv", tmp_path / "lab.toml"
    path.write_text(SHEET, encoding="utf-8")
    mapping.write_text(
        f'[columns]\nat = "采样时间"\nvalue = "{column}"\n[constants]\npoint = "{point}"\n', encoding="utf-8"
    )
    answer = Reception(data, "clerk", NOON).file(path, read_mapping(mapping))
    assert [(each.row, each.rule) for each in answer.rejected] == rejected
    assert answer.readings == len(values)
    told = json.loads(find(data / "journal", answer.entries["lab.csv"]).payload)
    assert kept_path(data, told["sha256"]).read_bytes() == SHEET.encode()
    with rows(data, told) as path:
        made = pq.read_table(path).to_pylist()
    assert [(row["point"], row["value"]) for row in made] == [(point, Decimal(value)) for value in values]
    assert made[0]["at"] == datetime(2025, 3, 3, 1, tzinfo=UTC)


def test_what_the_roll_up_is_told(data: Path) -> None:
    specs = {spec.address: spec for spec in snapshot.point_specs(snapshot.load())}
    assert (specs["sheet:L1"].shape, specs["sheet:L1"].interval_s) == ("sample", 0)
    meter = specs["sheet:C1"]
    assert (meter.multiplier, meter.daily_reset) == (Decimal(60), True)
    assert not specs["sheet:L1"].daily_reset
