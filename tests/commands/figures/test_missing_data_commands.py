"""Missing data as the commands tell it: the absent and their estimate, sources apart, the tax, a grade and waivers."""

import csv
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from xietong.cli import main
from xietong.park.actions import load_package
from xietong.park.package.reading import read_package
from xietong.park.registry import snapshot

pytestmark = pytest.mark.django_db
WAIVER = "园区无副产品（管委会 2026-01-05 备案）"
FILES = {
    "park.toml": '[park]\ncode = "P"\nname = "试验园"\nregion = "陕西"\n[choices]\ngrade_coverage = 0.9\n',
    "subjects.csv": "code,kind,name,parent,sector,discharges_to\nP,park,试验园,,,\nA,enterprise,甲厂,P,钢铁,\n"
    "B,enterprise,乙厂,P,钢铁,\nC,enterprise,丙厂,P,化工,\nW,enterprise,污水厂,P,,\nA-1,outlet,甲纳管口,A,,W\n"
    "A-2,outlet,甲直排口,A,,environment\nB-1,outlet,乙纳管口,B,,W\nC-1,outlet,丙纳管口,C,,W\n"
    "W-1,outlet,总排口,W,,environment\n",
    "reported.csv": "subject,period,item,amount,unit,method\nA-1,2025,cod,40,t,manual\nA-2,2025,cod,20,t,manual\n"
    "B-1,2025,cod,30,t,manual\nC-1,2025,cod,10,t,manual\nW-1,2025,cod,8,t,manual\nW-1,2025,cod,9,t,balance\n"
    "A,2024,electricity_purchased,1000,MWh,bill\nB,2024,electricity_purchased,500,MWh,bill\n"
    "C,2024,electricity_purchased,100,MWh,bill\nA,2025,electricity_purchased,1100,MWh,bill\n"
    "B,2025,electricity_purchased,550,MWh,bill\nA,2025,output_value,5000,万元,\n",
    "targets.csv": "indicator,subject,year,target,basic,main,waiver\nenergy_per_output_value,P,2025,0.05,0.06,true,\n"
    f"resource_utilization_rate,P,2025,95,90,false,{WAIVER}\n",
}


@pytest.fixture(autouse=True)
def _park(tmp_path: Path, settings: Settings) -> None:
    """Three tenants and a works; C reported power last year only."""
    settings.DATA = tmp_path
    folder = tmp_path / "package"
    folder.mkdir()
    for name, text in FILES.items():
        (folder / name).write_text(text, encoding="utf-8")
    package = read_package(folder, snapshot.known_codes())
    assert package.rejected == []
    load_package(package, dict.fromkeys(package.files, "cli-0/7"), "director", datetime(2026, 1, 5, tzinfo=UTC))


def answer(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert main([*arguments, "--json"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_a_partial_sum_has_its_estimate_on_a_line_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    """1,100 + 550 came, C had 100 last year and its sector nobody else: 100 × 1,650/1,500 = 110."""
    shown = {each["key"]: each for each in answer(capsys, "account", "--period", "2025")["figures"]}
    bare, whole = shown["electricity_purchased"], shown["electricity_purchased_with_estimate"]
    assert (bare["value"], bare["status"], bare["coverage"]["units"]) == (1650.0, "partial", "2/3")
    assert bare["coverage"]["weight"] == 0.9375
    assert "丙厂" in bare["missing"][0]
    assert (whole["value"], whole["status"], whole["estimated_share"]) == (1760.0, "estimated", 0.0625)
    assert main(["account", "--period", "2025"]) == 0
    assert "丙厂 110（上年量×趋势）" in capsys.readouterr().out
    assert main(["explain", "electricity_purchased_with_estimate", "--period", "2025"]) == 0
    assert "化工" not in (told := capsys.readouterr().out)
    assert "上年同期 2024" in told


def test_only_28_of_100_t_are_taxed(capsys: pytest.CaptureFixture[str]) -> None:
    keys = ("environmental_tax", "cod_taxed", "cod_to_works")
    asked = [part for key in keys for part in ("--key", key)]
    found = answer(capsys, "account", "--period", "2025", *asked)["figures"]
    assert [each["value"] for each in found] == [39200.0, 28.0, 80.0]


def test_sources_that_disagree_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    (finding,) = answer(capsys, "quality", "--period", "2025", "--kind", "deviation")["deviations"]
    assert (finding["subject"], finding["used"]["value"], finding["other"]["value"]) == ("W-1", 8.0, 9.0)
    assert main(["quality", "--kind", "deviation"]) == 0
    assert "相差 12.5%" in capsys.readouterr().out


def test_a_grade_says_its_coverage_and_its_waivers_which_are_exported(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = answer(capsys, "evaluate", "--year", "2025")
    assert found["grade"] == "excellent"
    assert found["left_out"] == {"resource_utilization_rate": WAIVER}
    energy = next(each for each in found["indicators"] if each["key"] == "energy_per_output_value")
    assert (energy["status"], energy["coverage"]) == ("partial", 0.9375)
    assert main(["export", str(tmp_path / "out")]) == 0
    with (tmp_path / "out/targets.csv").open(encoding="utf-8", newline="") as file:
        assert [row["waiver"] for row in csv.DictReader(file)] == ["", WAIVER]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_remark_of_the_json_is_seen_in_the_text(language: str, capsys: pytest.CaptureFixture[str]) -> None:
    shown = answer(capsys, "account", "--period", "2025", "--lang", language)["figures"]
    assert main(["account", "--period", "2025", "--lang", language]) == 0
    printed = capsys.readouterr().out
    remarks = {remark for each in shown if each["status"] != "not_applicable" for remark in each["remarks"]}
    assert remarks
    assert [remark for remark in remarks if remark not in printed] == []
