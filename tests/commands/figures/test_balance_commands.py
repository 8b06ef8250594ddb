"""balance, total and breakdown through a loaded package: a head meter with nine sub-meters, a heat plant and
its tenants, a waste that one tenant gives another."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from xietong.cli import main

pytestmark = pytest.mark.django_db
NINE = [f"S{number}" for number in range(1, 10)]
METER = "E01,energy,electricity_purchased,kWh,amount,3600,sheet"
FILES: Mapping[str, str] = {
    "park.toml": '[park]\ncode = "YL"\nname = "云岭工业园"\nname_en = "Yunling"\nregion = "陕西"\n',
    "subjects.csv": "code,kind,name,name_en,parent,zone,sector\nYL,park,云岭,Yunling,,,\n"
    "E01,enterprise,青塬特钢,Steel,YL,东区,钢铁\nE02,enterprise,渼陂化工,Chemicals,YL,西区,化工\n"
    "W01,supply,云岭热电,Heat,YL,西区,能源\n",
    "points.csv": "code,subject,quantity,item,unit,shape,interval_s,source,role\n"
    f"HEAD,{METER},total\n" + "".join(f"{code},{METER},sub\n" for code in NINE),
    "readings.csv": "point,at,value,flag\n"
    + "".join(
        f"{code},2025-03-14T{hour:02}:00:00,{value},\n"
        for code, value in [("HEAD", 1000), *((code, 100) for code in NINE)]
        for hour in range(24)
    ),
    "reported.csv": "subject,period,item,amount,unit,counterparty\n"
    "W01,2025,raw_coal,1000,t,\nW01,2025,heat_generated,5200,GJ,\nW01,2025,heat_sold,5000,GJ,\n"
    "E01,2025,heat_purchased,4000,GJ,W01\nE02,2025,heat_purchased,900,GJ,云岭热电\n"
    "E01,2025,byproduct_generated,100,t,\nE01,2025,byproduct_used,60,t,\nE02,2025,byproduct_used,60,t,\n",
    "flows.csv": "from,to,material,amount,unit,period\nE01,E02,矿渣,60,t,2025\n",
}


@pytest.fixture(autouse=True)
def _park(tmp_path: Path, settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    settings.DATA = tmp_path / "data"
    folder = tmp_path / "package"
    folder.mkdir()
    for name, text in FILES.items():
        (folder / name).write_text(text, encoding="utf-8")
    assert main(["load", str(folder)]) == 0
    assert main(["settle", "--once"]) == 0
    capsys.readouterr()


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(list(arguments)) == 0
    return capsys.readouterr().out


def answer(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(told(capsys, *arguments, "--json"))
    return found


def test_a_head_meter_with_nine_sub_meters(capsys: pytest.CaptureFixture[str]) -> None:
    day = ("balance", "--subject", "E01", "--period", "2025-03-14", "--medium", "electricity")
    found = answer(capsys, *day)["balances"][0]
    assert (found["supply"]["value"], found["use"]["value"]) == (24.0, pytest.approx(21.6))
    assert found["meters"]["rest"]["value"] == pytest.approx(2.4)
    assert found["meters"]["share"]["value"] == pytest.approx(10.0)
    assert len(found["lines"]["use"]) == 9
    assert found["lines"]["use"][0]["inputs"][0]["trace"]["point"] == "S1"
    listed = told(capsys, *day)
    assert "总表" in listed
    assert "2.4 MWh" in listed
    total = answer(capsys, "account", "--subject", "YL", "--period", "2025-03-14", "--key", "electricity_purchased")
    assert total["figures"][0]["value"] == 24.0


def test_heat_of_the_park_with_what_is_lost_between_seller_and_buyers(capsys: pytest.CaptureFixture[str]) -> None:
    found = answer(capsys, "balance", "--period", "2025", "--medium", "heat")["balances"][0]
    assert (found["supply"]["value"], found["residual"]["value"]) == (5200, 100)
    assert found["residual"]["formula"] == "heat_supply - heat_use"
    assert found["trade"]["residual_share"]["value"] == pytest.approx(2.0)
    assert found["trade"]["sellers"][0]["subject"] == "W01"
    english = told(capsys, "balance", "--period", "2025", "--medium", "heat", "--lang", "en", "--trend")
    assert "heat: sold inside less bought inside" in english
    assert "2024: nothing was due" in english or "2024: no data came" in english


def test_one_total_and_the_way_to_statistics(capsys: pytest.CaptureFixture[str]) -> None:
    found = answer(capsys, "total", "--period", "2025")
    energy, carbon = found["totals"]
    assert energy["total"]["value"] == pytest.approx(714.3 + 24 * 0.1229)  # the 100 GJ that nobody bought stay inside
    for total in (energy, carbon):
        assert total["from_units"]["difference"]["value"] == 0
        assert total["from_fence"]["difference"]["value"] == 0
    assert [line["title"] for line in energy["from_units"]["lines"]][1] == (
        "减：内部转移（一家外供、另一家购入）：热力与蒸汽"
    )
    assert found["statistical"]["statistical"]["value"] == pytest.approx(energy["total"]["value"])
    listed = told(capsys, "total", "--period", "2025")
    assert "与总量之差" in listed
    assert "青塬特钢" in listed


def test_parts_by_sector_zone_enterprise_and_source(capsys: pytest.CaptureFixture[str]) -> None:
    for by in ("sector", "zone", "enterprise", "source"):
        found = answer(capsys, "breakdown", "comprehensive_energy_consumption", "--by", by, "--period", "2025")[
            "breakdowns"
        ][0]
        parts = sum(part["value"] or 0 for part in found["parts"])
        assert parts + found["remainder"]["value"] == pytest.approx(found["whole"]["value"], rel=1e-12)
    assert "渼陂化工" in told(capsys, "breakdown", "heat_purchased", "--by", "enterprise", "--period", "2025")


def test_a_waste_passed_on_is_used_once(capsys: pytest.CaptureFixture[str]) -> None:
    found = answer(capsys, "account", "--period", "2025", "--key", "byproduct_used", "--key", "byproduct_generated")
    assert [figure["value"] for figure in found["figures"]] == [60, 100]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("breakdown", "so2_emission", "--by", "moon"), "sector, zone, enterprise or source"),
        (("breakdown", "energy_per_output_value", "--by", "zone"), "is a ratio"),
        (("total", "--subject", "E01"), "gathers no units"),
        (("balance", "--subject", "E99"), 'no subject "E99"'),
    ],
)
def test_bad_use_is_one_sentence(capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], sentence: str) -> None:
    assert main([*arguments, "--period", "2025", "--lang", "en"]) == 2
    assert sentence in capsys.readouterr().err
