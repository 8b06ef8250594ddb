"""Carbon through a loaded package: editions, views, gases, reductions, another standard; open points are printed."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from xietong.cli import main
from xietong.standard.text import Interpretation, choices, interpretations, standards

pytestmark = pytest.mark.django_db
REPORTED = """subject,period,item,amount,unit
E1,2025,electricity_purchased,3000000,MWh
E1,2025,green_certificates,2950000,MWh
E1,2025,natural_gas,100,万m3
E1,2025,limestone,1000,t
E1,2025,output_value,500000,万元
E1,2025,added_value,100000,万元
E1,2025,so2,10,t
E1,2025,cod,10,t
E1,2025,water_fresh,100,t
E1,2025,water_reused,300,t
E1,2025,byproduct_generated,100,t
E1,2025,byproduct_used,50,t
E1,2025,solid_waste_generated,100,t
E1,2025,solid_waste_used,85,t
E2,2025,biomass,1000,t
E2,2025,wastewater_organics:anaerobic_reactor,100,t
E2,2025,sf6,0.01,t
E2,2025,output_value,100000,万元
"""
FILES: Mapping[str, str] = {
    "subjects.csv": "code,kind,name,parent\nE1,enterprise,甲,\nE2,enterprise,乙,\n",
    "reported.csv": REPORTED,
    "targets.csv": "indicator,subject,year,target,basic,main\nenergy_per_output_value,ZP,2025,1,2,true\n",
    "measures.csv": "code,subject,name,commissioned\nM1,E1,照明,2024-01-01\nM2,E1,电机,2025-01-01\n",
    "effects.csv": "measure,item,amount,unit,stage,method\n"
    "M1,electricity_purchased,1000,MWh,baseline,电表\nM1,electricity_purchased,800,MWh,actual,电表\n"
    "M2,electricity_purchased,1000,MWh,baseline,估算\nM2,electricity_purchased,700,MWh,actual,电表\n",
}
ALL_BY = {"price": "constant:2020"}


def load(tmp_path: Path, settings: Settings, chosen: Mapping[str, str]) -> int:
    settings.DATA = tmp_path / "data"
    folder = tmp_path / "package"
    folder.mkdir(exist_ok=True)
    lines = "".join(f'{name} = "{value}"\n' for name, value in chosen.items())
    head = '[park]\ncode = "ZP"\nname = "示例"\nregion = "陕西"\n[choices]\n'
    (folder / "park.toml").write_text(head + lines, "utf-8")
    for name, content in FILES.items():
        (folder / name).write_text(content, "utf-8")
    return main(["load", str(folder)])


def answer(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    capsys.readouterr()
    assert main([*arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def figures(capsys: pytest.CaptureFixture[str], *keys: str, subject: str = "ZP") -> dict[str, Any]:
    asked = [part for key in keys for part in ("--key", key)]
    found = answer(capsys, "account", "--subject", subject, "--period", "2025", *asked)
    return {each["key"]: each for each in found["figures"]}


def test_editions_and_views_through_a_package(
    tmp_path: Path, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    keys = ("purchased_electricity_emission_location", "purchased_electricity_emission_market", "process_co2_emission")
    assert load(tmp_path, settings, {}) == 0
    old = figures(capsys, *keys)
    assert [old[key]["value"] for key in keys] == pytest.approx([1_591_800, 30_480, 440])
    assert load(tmp_path, settings, {"ghg_edition": "2025", "carbon_view": "market", "gwp": "AR6"}) == 0
    new = figures(capsys, *keys, "carbon_emission_total", "carbon_emission_total_market", "greenhouse_gases")
    assert [new[key]["value"] for key in keys] == pytest.approx([26_530, 30_480, 439.7])
    assert new["carbon_emission_total"]["value"] == new["carbon_emission_total_market"]["value"]
    lines = {line["key"]: line["value"] for line in new["greenhouse_gases"]["lines"]}
    assert lines["methane"] == pytest.approx(20 * 27.9)
    assert sum(lines.values()) == pytest.approx(new["carbon_emission_total"]["value"], rel=1e-12)


def test_a_factor_that_stands_in_for_the_areas_is_named_with_the_remedy(
    tmp_path: Path, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert load(tmp_path, settings, {"carbon_view": "market", "grid_area": "provincial"}) == 0
    found = figures(capsys, "carbon_emission_total_market", "carbon_emission_total_location")
    assert ["region=陕西" in remark for remark in found["carbon_emission_total_market"]["remarks"]] == [True]
    assert found["carbon_emission_total_location"]["remarks"] == []
    assert main(["account", "--period", "2025", "--key", "purchased_electricity_emission_market"]) == 0
    assert "factors.csv" in capsys.readouterr().out


def test_reductions_through_a_package(tmp_path: Path, settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    assert load(tmp_path, settings, {}) == 0
    found = figures(capsys, "carbon_emission_reduction", "cumulative_carbon_reduction")
    assert found["carbon_emission_reduction"]["value"] == pytest.approx(300 * 0.5306)
    assert found["carbon_emission_reduction"]["status"] == "estimated"
    assert found["cumulative_carbon_reduction"]["value"] == pytest.approx(200 * 0.5366 + 300 * 0.5306)


def test_the_account_prints_its_lines_and_its_open_points(
    tmp_path: Path, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert load(tmp_path, settings, {"carbon_view": "market"}) == 0
    capsys.readouterr()
    assert main(["account", "--period", "2025", "--key", "greenhouse_gases"]) == 0
    told = capsys.readouterr().out
    assert "甲烷 CH4" in told
    assert "现取：基于市场（carbon_view = market）；也可选：基于位置（location）。 [carbon-view]" in told


def test_another_standard_through_a_package(
    tmp_path: Path, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert load(tmp_path, settings, {}) == 0
    found = answer(capsys, "standard", "zero-carbon-park", "--period", "2025")
    assert found["standard"]["confidence"] == "knowledge"
    rows = {each["row"]: each for each in found["figures"] if each["row"].startswith("A3")}
    core = rows["A3-1"]
    assert core["key"] == "unit_energy_carbon"
    energy = 3_000_000 * 0.1229 + 100 * 13.3 + 1000 * 0.5
    assert core["value"] == pytest.approx((2162.18880924 + 50_000 * 0.8273 + 440) / energy, rel=0.01)
    assert (core["threshold"], core["verdict"], core["core"]) == (0.2, "met", True)
    verdicts = {row: each["verdict"] for row, each in rows.items()}
    assert verdicts == {
        "A3-1": "met",
        "A3-2": "met",
        "A3-3": "not_assessable",
        "A3-4": "met",
        "A3-5": "not_assessable",
        "A3-6": "not_met",
    }
    assert main(["standard", "zero-carbon-park", "--period", "2025", "--lang", "en"]) == 0
    told = capsys.readouterr().out
    assert "✓ met: carbon per energy" in told
    assert "Taken: the factor of fossil power (zero_carbon_power = fossil)" in told
    opened = answer(capsys, "explain", "unit_energy_carbon", "--standard", "zero-carbon-park", "--period", "2025")
    assert opened["value"] == core["value"]
    assert [each["key"] for each in opened["inputs"]] == ["park_co2_emission", "comprehensive_energy_consumption"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["standard", "nowhere", "--period", "2025"],
        ["explain", "carbon_emission_intensity", "--standard", "zero-carbon-park", "--period", "2025"],
        ["clauses", "--standard", "nowhere"],
    ],
)
def test_what_a_standard_does_not_know_is_bad_use(
    tmp_path: Path, settings: Settings, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    assert load(tmp_path, settings, {}) == 0
    capsys.readouterr()
    assert main(arguments) == 2
    assert "zero-carbon-park" in capsys.readouterr().err


def test_the_points_of_another_standard(capsys: pytest.CaptureFixture[str]) -> None:
    points = {each["clause"]: each for each in answer(capsys, "clauses", "--standard", "zero-carbon-park")}
    assert points["A3-1"]["indicators"] == ["unit_energy_carbon"]
    assert {each["confidence"] for each in points.values()} == {"verified", "knowledge"}
    assert points["A4-5"]["interpretations"][0]["id"] == "zero-carbon-power"
    assert main(["clauses", "--standard", "zero-carbon-park", "--force", "应"]) == 0
    assert "A3-2" not in capsys.readouterr().out


def printed_by(points: Mapping[str, Interpretation], place: str) -> set[str]:
    return {name for name, point in points.items() if place in point.printed}


def test_every_open_point_is_printed_where_it_says_and_as_it_was_chosen(
    tmp_path: Path, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    """Once with every choice left alone, once with every choice the other way."""
    other = {name: ALL_BY.get(name, values[-1]) for name, values in choices().items()}
    points = {point.id: point for point in interpretations()}
    for chosen in ({}, other):
        assert load(tmp_path, settings, chosen) in (0, 3)
        told = {
            "xietong account": answer(capsys, "account", "--period", "2025")["readings"],
            "xietong evaluate": answer(capsys, "evaluate", "--year", "2025")["readings"],
        }
        for place, readings in told.items():
            assert {each["id"] for each in readings} >= printed_by(points, place), place
            for each in readings:
                expected = chosen.get(each["choice"], each["options"][0]) if each["choice"] else each["options"][0]
                assert each["in_force"] == expected, each["id"]
                assert each["question"]
        zero = answer(capsys, "standard", "zero-carbon-park", "--period", "2025")["readings"]
        own = {point.id: point for point in interpretations("zero-carbon-park")}
        assert {each["id"] for each in zero} >= printed_by(own, "xietong standard")
        assert zero[0]["in_force"] == chosen.get("zero_carbon_power", "fossil")


def test_every_open_point_names_its_alternatives_and_a_place_where_its_choice_is_printed() -> None:
    for standard in standards():
        for point in interpretations(standard):
            assert point.printed, point.id
            assert len(point.options) > 1 or (point.alternatives.zh and point.alternatives.en), point.id
            if point.choice:
                assert {"xietong account", "xietong evaluate", "xietong standard"} & set(point.printed)


def test_the_clauses_print_every_open_point(capsys: pytest.CaptureFixture[str]) -> None:
    told = {point["id"]: point for each in answer(capsys, "clauses") for point in each["interpretations"]}
    assert set(told) == {point.id for point in interpretations()}
    assert told["carbon-view"]["options"] == ["location", "market"]
    assert told["efficiency"]["alternatives"]["en"]
