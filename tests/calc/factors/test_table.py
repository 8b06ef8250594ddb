"""Factor tables: what breaks physics is refused with a sentence, and published tables prove that the rest is let in."""

import csv
import gzip
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

import pytest
from laid_beside import laid_beside

from xietong.calc.engine.rules import Factors
from xietong.calc.factors.rows import convert_ratio, problem
from xietong.calc.factors.table import Published, check_table, gases_that_do_not_close, published_problem
from xietong.calc.indicators.carbon import combustion_emission, fuel_heat

ROOT = Path(__file__).parents[3]
DEFRA = "factors/uk-defra-2020-conversion-factors-flat.csv.gz"
FUELS = Path(__file__).parents[1] / "published" / "fuel_defaults.csv"
# The published names whose fuel is an item of ours.
ITEM_OF = {
    "无烟煤": "anthracite",
    "烟煤": "bituminous_coal",
    "褐煤": "lignite",
    "洗精煤": "cleaned_coal",
    "其它洗煤": "other_washed_coal",
    "型煤": "briquette",
    "焦炭": "coke",
    "原油": "crude_oil",
    "燃料油": "fuel_oil",
    "汽油": "gasoline",
    "柴油": "diesel",
    "一般煤油": "kerosene",
    "石脑油": "naphtha",
    "石油焦": "petroleum_coke",
    "其它石油制品": "other_petroleum_products",
    "焦油": "coal_tar",
    "粗苯": "crude_benzene",
    "炼厂干气": "refinery_gas",
    "液化石油气": "lpg",
    "液化天然气": "lng",
    "天然气": "natural_gas",
    "焦炉煤气": "coke_oven_gas",
    "高炉煤气": "blast_furnace_gas",
    "转炉煤气": "converter_gas",
    "其它煤气": "other_coal_gas",
}


def row(purpose: str, key: str, value: str, unit: str, **more: str) -> dict[str, str]:
    return {"purpose": purpose, "key": key, "value": value, "unit": unit, "source": "化验报告", **more}


class Given(Factors):
    """Factors out of a plain mapping."""

    def __init__(self, values: Mapping[str, float]) -> None:
        self.values = values

    def __getitem__(self, key: str) -> float:
        return self.values[key]


@pytest.mark.parametrize(
    "wrong",
    [
        row("coal_equivalent", "lpg", "0.7143", "kgce/kg"),
        row("coal_equivalent", "refinery_gas", "0.5714", "kgce/kg"),
        row("coal_equivalent", "electricity", "4.04", "kgce/kWh"),
        row("coal_equivalent", "electricity", "0.404", "kgce/kWh"),
        row("equal_value", "electricity", "4.04", "kgce/kWh"),
        row("coal_equivalent", "electricity", "1.229", "kgce/kWh"),
        row("coal_equivalent", "natural_gas", "13.3", "kgce/m3"),
        row("coal_equivalent", "raw_coal", "20934", "tce/t"),
        row("coal_equivalent", "diesel", "0", "kgce/kg"),
        row("calorific_value", "diesel", "42652", "GJ/t"),
        row("calorific_value", "natural_gas", "389.31", "GJ/m3"),
        row("calorific_value", "raw_coal", "209.34", "GJ/t"),
        row("carbon_content", "diesel", "0.202", "tC/GJ"),
        row("carbon_content", "diesel", "0.00202", "tC/GJ"),
        row("carbon_content", "diesel", "20.2", "tC/GJ"),
        row("carbon_content", "anthracite", "0.1005", "tC/GJ"),
        row("carbon_content", "converter_gas", "0.0153", "tC/GJ"),
        row("carbon_content", "blast_furnace_gas", "0.0153", "tC/GJ"),
        row("carbon_content", "biomass", "0.0305", "tC/GJ"),
        row("oxidation_rate", "diesel", "98", "1"),
        row("oxidation_rate", "diesel", "0.98", "%"),
        row("grid_emission", "electricity", "5.306", "tCO2/MWh"),
        row("heat_emission", "heat", "1.1", "tCO2/GJ"),
        row("steam_enthalpy", "steam", "2777.1", "GJ/t"),
        row("gwp", "ch4", "-28", "tCO2e/t"),
        row("pollution_equivalent", "cod", "0", "kg"),
        row("environmental_tax_rate", "air", "0.95", "元/污染当量"),
        row("environmental_tax_rate", "water", "15", "元/污染当量"),
    ],
    ids=lambda each: f"{each['purpose']} {each['key']} {each['value']} {each['unit']}",
)
def test_what_breaks_physics_is_refused_with_a_sentence(wrong: dict[str, str]) -> None:
    entered, refused = check_table([wrong])
    assert entered == []
    assert [(each.place, each.column, each.rule) for each in refused] == [(0, "value", "physics")]
    assert wrong["key"] in refused[0].text.zh
    assert wrong["key"] in refused[0].text.en


@pytest.mark.parametrize(
    "good",
    [
        row("coal_equivalent", "lpg", "1.7143", "kgce/kg"),
        row("coal_equivalent", "raw_coal", "0.5", "kgce/kg"),
        row("coal_equivalent", "natural_gas", "1.1", "kgce/m3"),
        row("coal_equivalent", "coal_slime", "0.4286", "kgce/kg"),
        row("coal_equivalent", "water_fresh", "0.0857", "kgce/t"),
        row("equal_value", "electricity", "0.28078", "kgce/kWh"),
        row("equal_value", "electricity", "0.404", "kgce/kWh"),
        row("calorific_value", "lng", "41.868", "GJ/t"),
        row("calorific_value", "bituminous_coal", "26.18", "MJ/kg"),
        row("carbon_content", "converter_gas", "0.0496", "tC/GJ"),
        row("carbon_content", "closed_furnace_gas", "0.03951", "tC/GJ"),
        row("carbon_content", "hydrogen", "0", "tC/GJ"),
        row("oxidation_rate", "diesel", "98", "%"),
        row("oxidation_rate", "diesel", "0.98", "1"),
        row("grid_emission", "electricity", "0", "tCO2/MWh"),
        row("grid_emission", "electricity", "0.5306", "kgCO2/kWh"),
        row("environmental_tax_rate", "nox", "4.8", "元/污染当量"),
    ],
    ids=lambda each: f"{each['purpose']} {each['key']} {each['value']} {each['unit']}",
)
def test_what_can_be_true_enters(good: dict[str, str]) -> None:
    entered, refused = check_table([good])
    assert refused == []
    assert len(entered) == 1


def test_a_table_that_contradicts_itself_loses_the_later_row() -> None:
    rows = [
        row("calorific_value", "raw_coal", "20.934", "GJ/t", valid_from="2025-01-01"),
        row("coal_equivalent", "raw_coal", "0.7143", "kgce/kg", valid_from="2025-01-01", valid_to="2026-01-01"),
        row("coal_equivalent", "raw_coal", "0.60", "kgce/kg", valid_from="2026-01-01"),
        row("calorific_value", "raw_coal", "21", "GJ/t", valid_from="2025-06-01"),
        row("coal_equivalent", "raw_coal", "0.60", "kgce/kg", subject="ENT-01"),
        row("gwp", "ch4", "28", "tCO2e/t", series="AR5"),
        row("gwp", "ch4", "27.9", "tCO2e/t", series="AR6"),
        row("gwp", "ch4", "27", "tCO2e/t", source="  "),
        row("gwp", "ch4", "27", "tCO2e/phlogiston"),
    ]
    entered, refused = check_table(rows)
    assert [(each.place, each.column, each.rule) for each in refused] == [
        (2, "value", "physics"),
        (3, "valid_from", "overlap"),
        (7, "source", "required"),
        (8, "unit", "unit"),
    ]
    assert "20.934 ÷ 29.3076 = 0.7143" in refused[0].text.en
    assert len(entered) == 5


def test_every_coefficient_of_2589_is_its_calorific_value() -> None:
    """k = NCV ÷ 29,307.6 within a digit of the fourth decimal, NCV as printed in appendix A of 2020 (kJ/kg, kJ/m3)."""
    printed = {
        "raw_coal": 20934,
        "cleaned_coal": 26377,
        "middlings": 8374,
        "coke": 28470,
        "coal_tar": 33494,
        "crude_oil": 41868,
        "fuel_oil": 41868,
        "gasoline": 43124,
        "kerosene": 43124,
        "diesel": 42705,
        "lng": 51498,
        "lpg": 50242,
        "refinery_gas": 46055,
        "blast_furnace_gas": 3768,
        "producer_gas": 5234,
        "water_gas": 10467,
        "crude_benzene": 41869,
        "methanol": 19913,
        "ethanol": 26800,
        "hydrogen": 9756,
    }
    path = ROOT / "xietong" / "calc" / "factors" / "coal_equivalent.csv"
    rows = [each for each in csv.DictReader(path.open(encoding="utf-8")) if each["edition"] == "2020"]
    ours = {each["key"]: each for each in rows}
    for key, calorific in printed.items():
        assert abs(float(ours[key]["value"]) - calorific / 29307.6) < 1.5e-4, key
        assert ours[key]["unit"] in ("kgce/kg", "kgce/m3")


def published_rows() -> list[Published]:
    with gzip.open(laid_beside(DEFRA), "rt", encoding="utf-8-sig") as file:
        return [
            Published(
                " / ".join((each["Scope"], *(each[f"Level {level}"] for level in range(1, 5)), each["Column Text"])),
                each["UOM"].partition(" (")[0],
                each["GHG"],
                each["GHG Conversion Factor 2020"],
                "UK Government GHG Conversion Factors 2020",
            )
            for each in csv.DictReader(file)
        ]


def test_the_published_table_loses_its_one_broken_row_and_its_gases_add_up() -> None:
    rows = published_rows()
    said = [(index, text) for index, each in enumerate(rows) if (text := published_problem(each)) is not None]
    assert len(rows) == 6587
    assert len(said) == 1
    assert rows[said[0][0]].gas == "`"
    assert 'the unit "`" is not known' in said[0][1].en
    kept = [each for each in rows if each.gas != "`"]
    assert len({(each.activity, each.per) for each in kept if each.gas == "kg CO2"}) > 1000
    assert gases_that_do_not_close(kept, Decimal("0.01")) == []


def test_a_published_table_that_does_not_add_up_is_named() -> None:
    gases = {"kg CO2e": "0.20", "kg CO2": "0.15", "kg CH4": "0.01", "kg N2O": "0.01"}
    rows = [Published("gas", "kWh", gas, value, "x") for gas, value in gases.items()]
    assert "gas per kWh: CO2e 0.20 is not the sum" in gases_that_do_not_close(rows, Decimal("0.01"))[0].en
    assert published_problem(rows[0]._replace(source="")) is not None
    assert published_problem(rows[0]._replace(value="n/a")) is not None
    assert published_problem(rows[0]._replace(per="furlong")) is not None


def fuels() -> list[dict[str, str]]:
    with FUELS.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_the_published_fuel_defaults_give_their_own_emission_factors() -> None:
    assert len(fuels()) == 27
    for each in fuels():
        heat = fuel_heat({"f": 1.0}, Given({"f": float(each["ncv"])}))
        carbon = combustion_emission(heat, Given({"f": float(each["cc_tc_gj"])}), Given({"f": float(each["of"])}))
        assert carbon["f"] == pytest.approx(float(each["ef_tco2_per_unit"]), abs=1e-6), each["fuel"]


def test_the_published_fuel_defaults_all_enter() -> None:
    rows = []
    for each in fuels():
        if each["fuel"] in ITEM_OF:
            key, unit = ITEM_OF[each["fuel"]], each["ncv_unit"].replace("Nm3", "m3")
            rows.append(row("calorific_value", key, each["ncv"], unit))
            rows.append(row("carbon_content", key, each["cc_tc_gj"], "tC/GJ"))
            rows.append(row("oxidation_rate", key, each["of"], "1"))
    entered, refused = check_table(rows)
    assert refused == []
    assert len(entered) == 3 * len(ITEM_OF)
    tenfold = [{**each, "value": str(Decimal(each["value"]) * 10)} for each in rows if each["unit"] == "tC/GJ"]
    assert [problem(each) is None for each in tenfold] == [False] * len(ITEM_OF)


def test_units_of_a_rate_of_tax() -> None:
    assert convert_ratio(Decimal("0.00012"), "万元/污染当量", "元/污染当量") == Decimal("1.2")
