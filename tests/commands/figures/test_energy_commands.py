"""Energy through a loaded package: stocks, a heat plant, steam grades, prices, key enterprises, and bad input named."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from xietong.cli import main

pytestmark = pytest.mark.django_db
HEADER = "subject,period,item,amount,unit,use,opening,closing,counterparty\n"
FILES: Mapping[str, str] = {
    "park.toml": '[park]\ncode = "YL"\nname = "云岭工业园"\nregion = "陕西"\n'
    '[choices]\nprice = "constant:2020"\nclean_energy = "park_list"\n',
    "subjects.csv": "code,kind,name,parent,key_energy\nYL,park,云岭,,\nHP,supply,热电厂,YL,true\n"
    "E01,enterprise,钢厂,YL,true\nE02,enterprise,化工,YL,\n",
    "reported.csv": HEADER + "HP,2025-01,raw_coal,1000,t,conversion,200,150,煤矿\n"
    "HP,2025-01,raw_coal,50,t,export,,,邻厂\n"
    "HP,2025-01,electricity_generated,1200,MWh,,,,\n"
    "HP,2025-01,heat_generated,9000,GJ,,,,\n"
    "HP,2025-01,electricity_sold,800,MWh,,,,\n"
    "HP,2025-01,steam_sold:1.0MPa_250C,2000,t,,,,\n"
    "E01,2025-01,electricity_purchased,800,MWh,,,,\n"
    "E02,2025-01,steam_purchased:1.0MPa_250C,2000,t,,,,\n"
    "E02,2025-01,natural_gas,30,10^4m3,feedstock,,,\n"
    "E01,2025-01,product:steel,400,t,,,,\n"
    "E01,2025-01,output_value,1100,万元,,,,\n"
    "E01,2024-01,electricity_purchased,750,MWh,,,,\n"
    "HP,2024-01,raw_coal,900,t,conversion,0,0,\n",
    "factors.csv": "key,value,unit,source,purpose,valid_from,valid_to\n"
    "2020,110,%,统计年鉴,price_index,2025-01-01,2026-01-01\n",
    "key_lists.csv": "subject,list,year,reason\nE01,重点用能单位,2025,年耗 1 万 tce 以上\nHP,重点用能单位,2025,\n"
    "HP,重点用能单位,2024,\n",
}


def load(tmp_path: Path, settings: Settings, capsys: pytest.CaptureFixture[str], **changes: str) -> dict[str, Any]:
    settings.DATA = tmp_path / "data"
    folder = tmp_path / "package"
    folder.mkdir(exist_ok=True)
    files = {**FILES, **{f"{name}.csv": text for name, text in changes.items()}}
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    main(["load", str(folder), "--json"])
    answer: dict[str, Any] = json.loads(capsys.readouterr().out)
    answer["remarks"] = [each for each in answer["remarks"] if each["file"] != "factors.csv"]
    return answer


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main([*arguments]) == 0
    return capsys.readouterr().out


def value(capsys: pytest.CaptureFixture[str], key: str, subject: str = "YL") -> Any:
    found = json.loads(told(capsys, "account", "--subject", subject, "--period", "2025-01", "--key", key, "--json"))
    return found["figures"][0]["value"]


def test_a_month_of_a_park_with_a_heat_plant(
    tmp_path: Path, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    targets = "indicator,subject,year,target,basic,main\nenergy_per_product:steel,E01,2025,0.3,0.4,true\n"
    answer = load(tmp_path, settings, capsys, targets=targets)
    assert (answer["rejected"], answer["remarks"]) == ([], [])
    assert value(capsys, "raw_coal") == 200 + 1000 - 50 - 150
    assert value(capsys, "comprehensive_energy_consumption") == pytest.approx(714.3)
    assert value(capsys, "energy_with_feedstock") == pytest.approx(714.3 + 399)
    burnt = value(capsys, "combustion_emission:raw_coal", "HP")
    assert value(capsys, "carbon_emission_total") == pytest.approx(burnt)
    efficiency = (1200 * 0.1229 + 9000 * 0.03412) / 714.3 * 100
    assert value(capsys, "energy_conversion_efficiency", "HP") == pytest.approx(efficiency)
    assert value(capsys, "steam_heat_sold:1.0MPa_250C", "HP") == pytest.approx(2000 * (2943.2 - 83.74) / 1000)
    assert value(capsys, "output_value", "E01") == pytest.approx(1000)
    assert value(capsys, "energy_per_product:steel", "E01") == pytest.approx(800 * 0.1229 / 400)
    working = told(capsys, "explain", "raw_coal", "--subject", "HP", "--period", "2025-01")
    assert "= 200 t + 1,000 t − 50 t − 150 t" in working
    for term in ("期初库存", "本期收入 · 煤矿", "外供（售出、调出） · 邻厂", "期末库存"):
        assert term in working
    listed = told(capsys, "account", "--subject", "E01", "--period", "2025-01")
    assert "energy_per_product:steel" in listed
    assert "energy_with_feedstock" in listed


def test_the_changes_of_key_enterprises(tmp_path: Path, settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    load(tmp_path, settings, capsys)
    found = json.loads(told(capsys, "key-enterprises", "--period", "2025-01", "--json"))
    movements = [(each["subject"], each["movement"]) for each in found["enterprises"]]
    assert movements == [("E01", "entered"), ("HP", "stayed")]
    plant = found["enterprises"][1]["figures"][0]
    sold = 800 * 0.1229 + 2000 * (2943.2 - 83.74) / 1000 * 0.03412
    assert plant["value"] == pytest.approx(714.3 - sold)
    assert plant["value_before"] == pytest.approx(900 * 0.7143)
    assert plant["change"] == pytest.approx(714.3 - sold - 642.87)
    assert found["enterprises"][0]["reasons"] == ["年耗 1 万 tce 以上"]
    assert found["same_enterprises"]["comprehensive_energy_consumption"]["value"] == plant["value"]
    printed = told(capsys, "key-enterprises", "--period", "2025-01", "重点用能单位")
    assert "E01 钢厂  新列入" in printed
    assert main(["key-enterprises", "nobody", "--period", "2025-01"]) == 2
    assert "重点用能单位" in capsys.readouterr().err


BAD_ROWS = [
    ("E01,2025-02,raw_coal,-5,t,,,,", "amount", "negative"),
    ("E01,2025-03,raw_coal,100,t,,20,,", "closing", "stock"),
    ("E01,2025-04,raw_coal,100,t,,,20,", "opening", "stock"),
    ("E01,2025-05,raw_coal,100,t,,20,130,", "closing", "stock"),
    ("E01,2025-06,raw_coal,100,m3,,,,", "unit", "unit_mismatch"),
    ("E01,2025-07,hot_water_purchased,100,t,,,,", "item", "item"),
]
DOUBTFUL_ROWS = [
    ("E02,2025-05,natural_gas,125000,10^4m3,,,,", "amount", "magnitude"),
    ("E02,2025-06,natural_gas,13,m3,,,,", "amount", "magnitude"),
    ("E01,2025-02,raw_coal,100,t,,40,20,", "opening", "stock_gap"),
    ("E01,2025-02,steam_purchased:high,100,t,,,,", "item", "grade"),
    ("E01,2025-02,hot_water_purchased:20C,100,t,,,,", "item", "grade"),
]
SOUND_ROWS = "E02,2025-07,natural_gas,125000,m3,,,,\nE01,2025-03,raw_coal,100,t,,20,20,\n"
BAD_FACTORS = [
    ("lpg,0.7143,tce/t,手册,coal_equivalent,,", "1.714"),
    ("raw_coal,95,1,化验,oxidation_rate,,", "百分数"),
    ("coke,0.95,%,化验,oxidation_rate,,", "百分数"),
    ("2020,110,1,统计年鉴,price_index,,", "百分数"),
    ("electricity,4.04,kgce/kWh,旧表,coal_equivalent,,", "0.1229"),
    ("95C,15,℃,合同,water_temperature,,", "20"),
]


def test_rows_about_energy_that_cannot_be_are_refused_with_the_remedy(
    tmp_path: Path, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    factors = "key,value,unit,source,purpose,valid_from,valid_to\n" + "\n".join(row for row, _ in BAD_FACTORS) + "\n"
    rows = HEADER + "".join(f"{row}\n" for row, *_ in BAD_ROWS)
    rejected = load(tmp_path, settings, capsys, reported=rows, factors=factors)["rejected"]
    stated = sorted((each["row"], each["column"], each["rule"]) for each in rejected if each["file"] == "reported.csv")
    assert stated == [(number, *expected) for number, (_, *expected) in enumerate(BAD_ROWS, 2)]
    assert all("请" in each["message"] for each in rejected)
    of_factors = sorted(
        (each["row"], each["rule"], each["message"]) for each in rejected if each["file"] == "factors.csv"
    )
    assert [(row, rule) for row, rule, _ in of_factors] == [(number + 2, "physics") for number in range(6)]
    for (_, says), (_, _, message) in zip(BAD_FACTORS, of_factors, strict=True):
        assert says in message


def test_rows_about_energy_that_are_in_doubt_are_kept_and_named(
    tmp_path: Path, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    before = "".join(f"E02,2025-{month:02},natural_gas,12.{month},10^4m3,,,,\n" for month in range(1, 5))
    first = load(tmp_path, settings, capsys, reported=HEADER + before + "E01,2025-01,raw_coal,100,t,,20,30,\n")
    assert first["remarks"] == []
    rows = "".join(f"{row}\n" for row, *_ in DOUBTFUL_ROWS)
    answer = load(tmp_path, settings, capsys, reported=HEADER + rows + SOUND_ROWS)
    assert answer["rejected"] == []
    found = [(each["row"], each["column"], each["rule"]) for each in answer["remarks"]]
    assert found == [(number, *expected) for number, (_, *expected) in enumerate(DOUBTFUL_ROWS, 2)]
    listed = json.loads(told(capsys, "quality", "--json"))["doubts"]
    assert sorted(each["rule"] for each in listed) == sorted(rule for *_, rule in DOUBTFUL_ROWS)
    printed = told(capsys, "quality", "--kind", "doubt", "--period", "2025-02")
    assert len(printed.splitlines()) == 3
    assert "期末库存 30 t 与 2025-02 期初库存 40 t 不等" in printed


def test_an_old_year_is_counted_by_the_old_edition(
    tmp_path: Path, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    old = "E01,2020-01,water_fresh,10000,t,,,,\nE01,2025-01,water_fresh,10000,t,,,,\nE01,2020-01,raw_coal,10,t,,,,\n"
    load(tmp_path, settings, capsys, reported=HEADER + old)
    for period, energy, edition in (("2020-01", "0.857", "2008"), ("2025-01", "2.571", "2020")):
        working = told(capsys, "explain", "fresh_water_energy", "--subject", "E01", "--period", period)
        assert f"fresh_water_energy = {energy} tce" in working
        assert f"GB/T 2589 综合能耗计算通则 {edition}" in working
