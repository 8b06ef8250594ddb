"""The worked examples: every one holds, each says where its answer comes from, and a case can fail."""

import json
import tomllib
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from xietong.calc.judgement.worked import CaseError, run_case
from xietong.cli import main

FOLDER = Path(__file__).parents[2] / "cases"
CASES = [
    (path.stem, case)
    for path in sorted(FOLDER.glob("*.toml"))
    for case in tomllib.loads(path.read_text(encoding="utf-8"))["case"]
]


def differences(**case: Any) -> list[tuple[str, str, str]]:
    return [(each.key, each.expected, each.actual) for each in run_case({"name": "t", **case}).differences]


@pytest.mark.parametrize("case", [case for _, case in CASES], ids=[f"{stem}: {case['name']}" for stem, case in CASES])
def test_case(case: dict[str, Any]) -> None:
    assert run_case(case).differences == ()


def test_there_are_enough_and_each_names_its_source_or_second_method() -> None:
    assert len(CASES) >= 200
    assert {stem for stem, _ in CASES} >= {"energy", "carbon", "pollutants", "recycling", "grade", "environmental_tax"}
    assert [case["name"] for _, case in CASES if not (case.get("source") or case.get("second_method"))] == []
    assert [name for name, times in Counter(case["name"] for _, case in CASES).items() if times > 1] == []
    assert [case["name"] for _, case in CASES if not case["expect"]] == []


def test_a_wrong_value_status_or_grade_is_a_difference() -> None:
    given = {"diesel": 100}
    assert differences(given=given, expect={"comprehensive_energy_consumption": 145.71}) == []
    assert differences(given=given, expect={"comprehensive_energy_consumption": 145.72})
    assert differences(given=given, expect={"comprehensive_energy_consumption": 145.72}, tolerance=0.02) == []
    assert differences(given=given, expect={"comprehensive_energy_consumption": {"status": "partial"}})
    assert differences(given={"diesel": "missing"}, expect={"comprehensive_energy_consumption": 0})
    targets = [{"indicator": "comprehensive_energy_consumption", "target": 100, "main": True}]
    found = differences(given=given, targets=targets, expect={"grade": "excellent"})
    assert found == [("grade", "excellent", "needs_improvement")]


def test_a_variant_is_run_and_can_differ() -> None:
    case = {"given": {"electricity_purchased": 1000}, "expect": {"carbon_emission_total": 530.6}}
    right = {"year": 2024, "expect": {"carbon_emission_total": 536.6}}
    assert differences(**case, variants=[right]) == []
    assert differences(**case, variants=[right, {"year": 2024}])[0][0] == "carbon_emission_total"


def test_a_year_or_a_day_selects_the_factors() -> None:
    given = {"electricity_purchased": 1000}
    assert differences(given=given, year=2024, expect={"carbon_emission_total": 536.6}) == []
    assert differences(given=given, on=date(2023, 6, 30), expect={"carbon_emission_total": 556.8}) == []


def test_items_gather_under_their_input_in_canonical_units() -> None:
    case = {
        "diesel": "2000 kg",
        "natural_gas": "10000 m3",
        "solid_waste_generated:ash": 1,
        "solid_waste_generated:slag": 2,
    }
    expect = {"fuel_consumed:diesel": 2, "fuel_consumed:natural_gas": 1, "solid_waste_generated": 3}
    assert differences(given=case, expect=expect) == []


@pytest.mark.parametrize(
    "case",
    [
        {"given": {"phlogiston": 1}, "expect": {"comprehensive_energy_consumption": 1}},
        {"given": {"diesel": 1}, "expect": {"phlogiston_intensity": 1}},
        {"given": {"diesel": "1 kWh"}, "expect": {"comprehensive_energy_consumption": 1}},
        {"given": {"diesel": "much"}, "expect": {"comprehensive_energy_consumption": 1}},
        {"given": {"diesel": 1}, "expect": {}, "targets": [{"goal": "x"}]},
        {"given": {"diesel": 1}, "expect": {}, "factors": [{"purpose": "x"}]},
        {"given": {"diesel": 1}, "expect": {}, "on": "2024-12-31"},
    ],
)
def test_a_case_that_cannot_be_run_says_so(case: dict[str, Any]) -> None:
    with pytest.raises(CaseError):
        run_case(case)


def test_the_command_runs_a_folder(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["case", str(FOLDER)]) == 0
    assert f"{len(CASES)} cases, 0 differ" in capsys.readouterr().out


def test_the_command_prints_the_working_of_what_differs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "wrong.toml"
    path.write_text(
        '[[case]]\nname = "wrong"\ngiven = { diesel = 100 }\nexpect = { comprehensive_energy_consumption = 1 }\n'
    )
    assert main(["case", str(path)]) == 1
    printed = capsys.readouterr().out
    assert "expected 1.0 ± 1e-09, got 145.71" in printed
    assert "coal_equivalent:diesel: 1.4571 tce/t  (GB/T 2589" in printed
    assert main(["case", str(path), "--json"]) == 1
    answer = json.loads(capsys.readouterr().out)[0]
    assert (answer["ok"], answer["differences"][0]["key"]) == (False, "comprehensive_energy_consumption")
    assert answer["figures"]["comprehensive_energy_consumption"]["value"] == pytest.approx(145.71)


@pytest.mark.parametrize("text", ["", "not toml [", "case = 1\n", "[[case]]\ngiven = { phlogiston = 1 }\n"])
def test_bad_files_are_bad_use(tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(text)
    assert main(["case", str(path)]) == 2
    assert main(["case", str(tmp_path / "absent.toml")]) == 2
    assert "xietong case: " in capsys.readouterr().err


def test_the_example_in_the_documentation_holds() -> None:
    page = (FOLDER.parents[1] / "docs" / "worked-examples.md").read_text(encoding="utf-8")
    example = tomllib.loads(page.partition("```toml\n")[2].partition("```")[0])["case"]
    assert [run_case(case).differences for case in example] == [()]


def test_clauses_are_listed_with_their_indicators(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["clauses", "--json"]) == 0
    listed = {each["clause"]: each for each in json.loads(capsys.readouterr().out)}
    assert len(listed) == 187
    assert listed["T1-1"]["indicators"] == ["energy_per_output_value"]
    assert "comprehensive_energy_consumption" in listed["6.3.2a"]["indicators"]
    assert main(["clauses", "--force", "不得"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == ["5.3.4-2", "6.1.4-2"]
