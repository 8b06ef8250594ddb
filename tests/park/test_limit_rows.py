"""Limits that nothing could be held against, and targets that have no figure: told at the door, row by row."""

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from park_packages import write_package

from xietong.accounting.figures.account import known_keys
from xietong.calc.items import inputs
from xietong.calc.judgement.emission_limits import averaging_of, emission_limits
from xietong.calc.judgement.indicator_kinds import has_figure
from xietong.park.nouns import Registry, Subject, SubjectKind
from xietong.park.package.odd_rows import remarks_of_targets
from xietong.park.package.reading import read_package
from xietong.park.package.rules import Known
from xietong.park.package.sheets import Row

LIMITS = "subject,item,kind,value,unit,averaging\n"
TARGETS = "indicator,subject,year,target,main,form,requirement\n"


def rejected(tmp_path: Path, row: str) -> list[tuple[str, str]]:
    package = read_package(write_package(tmp_path, {"limits.csv": f"{LIMITS}{row}\n"}), Known())
    return [(each.column, each.rule) for each in package.rejected]


@pytest.mark.parametrize(
    ("row", "place"),
    [
        ("W01-O1,cod,concentration,50,kWh,day", ("unit", "unit_mismatch")),
        ("W01-O1,nox,concentration,50,kWh,hour", ("unit", "unit_mismatch")),
        ("W01-O1,nox,concentration,50,mg/L,hour", ("unit", "unit_mismatch")),
        ("W01-O1,cod,concentration,50,mg/m3,day", ("unit", "unit_mismatch")),
        ("W01-O1,cod,concentration,50,t,day", ("unit", "unit_mismatch")),
        ("W01-O1,so2,rate,5,mg/m3,hour", ("unit", "unit_mismatch")),
        ("W01-O1,so2,annual,5,mg/m3,", ("unit", "unit_mismatch")),
        ("W01-O1,so2,annual,5,kg/h,year", ("unit", "unit_mismatch")),
        ("W01-O1,cod,concentration,50,mg/L,fortnight", ("averaging", "averaging")),
        ("W01-O1,nox,concentration,50,mg/m3,month", ("averaging", "averaging")),
        ("W01-O1,nox,concentration,50,mg/m3,月均", ("averaging", "averaging")),
    ],
)
def test_a_limit_that_can_decide_nothing_is_refused(row: str, place: tuple[str, str], tmp_path: Path) -> None:
    assert rejected(tmp_path, row) == [place]


@pytest.mark.parametrize(
    "row",
    [
        "W01-O1,cod,concentration,50,mg/L,day",
        "W01-O1,cod,concentration,50,ug/L,日均值",
        "W01-O1,nox,concentration,50,mg/m3,",
        "W01-O1,nox,concentration,50,ug/m3,小时均值",
        "W01-O1,nox,concentration,50,mg/m3,Hour",
        "W01-O1,so2,rate,5,kg/h,hour",
        "W01-O1,so2,annual,5,t,year",
        "W01-O1,so2,annual,5,kg,",
    ],
)
def test_limits_as_the_field_writes_them_stay(row: str, tmp_path: Path) -> None:
    assert rejected(tmp_path, row) == []


def test_the_librarys_own_words_are_understood() -> None:
    assert {averaging_of(each.averaging) for each in emission_limits()} == {"hour", "day"}


# ---- targets ----


def remarked(tmp_path: Path, row: str) -> list[tuple[str, str]]:
    package = read_package(write_package(tmp_path, {"targets.csv": f"{TARGETS}{row}\n"}), Known())
    return [(each.column, each.rule) for each in package.remarks if each.file == "targets.csv"]


def test_every_key_that_figures_answer_is_known_at_the_door() -> None:
    assert [key for key in (*known_keys(), *inputs()) if not has_figure(key)] == []
    assert not has_figure("happiness")


@pytest.mark.parametrize(
    "key",
    ["electricity_purchased", "environmental_tax", "diesel", "cod_highest_outlet", "cod_to_works", "product:steel"],
)
def test_a_target_of_an_item_or_the_tax_has_something_to_compare(key: str, tmp_path: Path) -> None:
    assert remarked(tmp_path, f"{key},E01,2025,100,,,") == []


@pytest.mark.parametrize(("key", "rule"), [("happiness", "unknown_indicator"), ("fuel_energy", "no_figure")])
def test_a_target_of_nothing_or_of_several_amounts_is_remarked(key: str, rule: str, tmp_path: Path) -> None:
    assert remarked(tmp_path, f"{key},E01,2025,100,,,") == [("indicator", rule)]
    assert remarked(tmp_path, f"{key},E01,2025,,,requirement,words") == []


@pytest.mark.parametrize(
    ("key", "code", "is_told"),
    [
        ("cod_concentration", "P", True),
        ("cod_concentration", "A", True),
        ("cod_concentration", "A-1", False),
        ("cod_emission", "P", False),
        ("energy_per_output_value", "A-1", True),
        ("water_reuse_rate", "A-2", True),
        ("energy_per_output_value", "A", False),
    ],
)
def test_a_target_of_a_kind_of_subject_that_has_no_figure_is_remarked(key: str, code: str, is_told: bool) -> None:
    kinds: tuple[tuple[str, SubjectKind, str], ...] = (
        ("P", "park", ""),
        ("A", "enterprise", "P"),
        ("A-1", "outlet", "A"),
        ("A-2", "treatment", "A"),
    )
    units = {each: Subject(each, kind, each, parent=parent) for each, kind, parent in kinds}
    row = Row("targets.csv", 3, {"indicator": key, "subject": code, "form": "value"}, {"indicator": key})
    told = remarks_of_targets([row], Registry("P", "P", "", "陕西", ZoneInfo("Asia/Shanghai"), {}, units, {}))
    assert [(each.row, each.column, each.rule) for each in told] == ([(3, "indicator", "no_figure")] if is_told else [])
