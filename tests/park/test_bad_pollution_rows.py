"""Slips in what balances, coefficients and waste accounts rest on: each is refused by its cell, with the remedy."""

from pathlib import Path

import pytest
from park_packages import write_package

from xietong.park.package.reading import read_package
from xietong.park.package.rules import Known

HEAD = "key,value,unit,source,purpose,subject,valid_from\n"
REPORTED = "subject,period,item,amount,unit,opening,closing\n"
SLIPS = [
    ("so2,120,%,设计值,removal_efficiency,W01-O1,2025-01-01", "120"),
    ("so2,95,1,设计值,removal_efficiency,W01-O1,2025-01-01", "95"),
    ("so2,0.95,%,设计值,removal_efficiency,W01-O1,2025-01-01", "0.95"),
    ("so2,-5,%,设计值,removal_efficiency,W01-O1,2025-01-01", "-5"),
    ("raw_coal,0.8,1,化验单,sulfur_content,W01-O1,2025-01-01", "0.8"),
    ("raw_coal,25,1,化验单,ash_content,W01-O1,2025-01-01", "25"),
    ("raw_coal,150,%,化验单,fly_ash_share,W01-O1,2025-01-01", "150"),
]
FINE = [
    "so2,95,%,设计值,removal_efficiency,W01-O1,2025-01-01",
    "so2,0.95,1,设计值,removal_efficiency,W01-O1,2025-01-01",
    "so2,0,%,无治理设施,removal_efficiency,W01-O1,2025-01-01",
    "raw_coal,0.8,%,化验单,sulfur_content,W01-O1,2025-01-01",
    "natural_gas,20,mg/m3,气质报告,sulfur_content,W01-O1,2025-01-01",
    "nox/natural_gas,18.71,kg/10^4m3,系数手册,emission_coefficient,W01-O1,2025-01-01",
    "vocs/product:paint,8,kg/t,系数手册,emission_coefficient,W01-O1,2025-01-01",
]


@pytest.mark.parametrize(("row", "value"), SLIPS)
def test_a_percentage_that_slipped_is_refused_with_the_two_ways_to_write_it(
    tmp_path: Path, row: str, value: str
) -> None:
    package = read_package(write_package(tmp_path, {"factors.csv": HEAD + row + "\n"}), Known())
    (rejection,) = package.rejected
    assert (rejection.file, rejection.row, rejection.column, rejection.value) == ("factors.csv", 2, "value", value)
    assert rejection.rule == "physics"
    assert rejection.message.zh.count("请核对") == 1


@pytest.mark.parametrize("row", FINE)
def test_the_same_written_rightly_is_accepted(tmp_path: Path, row: str) -> None:
    assert read_package(write_package(tmp_path, {"factors.csv": HEAD + row + "\n"}), Known()).rejected == []


def test_a_coefficient_in_the_unit_of_another_activity_is_refused(tmp_path: Path) -> None:
    row = "nox/natural_gas,18.71,kg/t,系数手册,emission_coefficient,W01-O1,2025-01-01\n"
    (rejection,) = read_package(write_package(tmp_path, {"factors.csv": HEAD + row}), Known()).rejected
    assert (rejection.column, rejection.value) == ("unit", "kg/t")
    assert "kg/10^4m3" in rejection.message.en


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ("E01,2025,hazardous_waste_stored,-3,t,,", "amount"),
        ("E01,2025,hazardous_waste_stored,3,t,2,-1", "closing"),
        ("E01,2025,hazardous_waste_stored,3,t,-2,1", "opening"),
        ("E01,2025,solid_waste_used:slag,-3,t,,", "amount"),
        ("E01,2025,water_reused,-3,m3,,", "amount"),
    ],
)
def test_negative_waste_stock_and_water_are_refused(tmp_path: Path, row: str, column: str) -> None:
    (rejection,) = read_package(write_package(tmp_path, {"reported.csv": REPORTED + row + "\n"}), Known()).rejected
    assert (rejection.column, rejection.rule) == (column, "negative")


@pytest.mark.parametrize("amount", ["0.025L", "<0.025", "ND"])
def test_below_detection_as_an_amount_is_kept_as_stated(tmp_path: Path, amount: str) -> None:
    row = f"W01-O1,2025-01,cod,{amount},t,,\n"
    package = read_package(write_package(tmp_path, {"reported.csv": REPORTED + row}), Known())
    assert package.rejected == []
