"""Shares written the wrong way: 0.95 where 95 % is meant, 95 where 0.95 is meant, and more than all of it."""

from pathlib import Path

import pytest
from park_packages import FILES, write_package

from xietong.park.package.cells import read as read_cell
from xietong.park.package.reading import read_package
from xietong.park.package.rules import Known
from xietong.park.package.schema import TABLES


@pytest.mark.parametrize(
    ("target", "basic", "words"),
    [("0.95", "", "0.95 %；若写的是小数形式的份额"), ("95", "0.9", "请改写成百分数"), ("120", "80", "超过 100 %")],
)
def test_a_share_that_looks_like_the_other_way_of_writing_it_is_remarked(
    target: str, basic: str, words: str, tmp_path: Path
) -> None:
    row = f"renewable_energy_share,YL,2026,{target},{basic},false\n"
    package = read_package(write_package(tmp_path, {"targets.csv": FILES["targets.csv"] + row}), Known())
    assert len(package.tables["targets"]) == 3
    (remark,) = package.remarks
    assert (remark.row, remark.rule) == (4, "percentage")
    assert words in remark.message.zh


def test_plain_percentages_and_other_units_are_left_alone(tmp_path: Path) -> None:
    rows = "renewable_energy_share,YL,2026,95,90,false\nenergy_per_output_value,YL,2026,0.4,0.6,true\n"
    package = read_package(write_package(tmp_path, {"targets.csv": FILES["targets.csv"] + rows}), Known())
    assert package.remarks == []


@pytest.mark.parametrize(
    ("stated", "kept"), [("0.9", "0.9"), ('"0.9"', "0.9"), ("1", "1"), ("95", None), ("0.951", None)]
)
def test_the_coverage_that_a_grade_needs_is_a_share(stated: str, kept: str | None, tmp_path: Path) -> None:
    park = FILES["park.toml"] + f"grade_coverage = {stated}\n"
    package = read_package(write_package(tmp_path, {"park.toml": park}), Known())
    assert package.park["choices"].get("grade_coverage") == kept
    if kept is None:
        (rejection,) = package.rejected
        assert (rejection.column, rejection.rule) == ("choices.grade_coverage", "choice")
        assert "0.95" in rejection.message.zh


def test_a_waiver_is_a_column_of_targets(tmp_path: Path) -> None:
    header, *rows = FILES["targets.csv"].splitlines()
    waived = [f"{header},waiver", f"{rows[0]},热力公司账单迟到（管委会 2026-01-20）", f"{rows[1]},"]
    package = read_package(write_package(tmp_path, {"targets.csv": "\n".join(waived) + "\n"}), Known())
    assert [row.values["waiver"] for row in package.tables["targets"]] == ["热力公司账单迟到（管委会 2026-01-20）", ""]
    assert read_cell(TABLES["targets"].column("waiver"), "", package.zone) == ""
