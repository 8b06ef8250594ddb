"""Items and factors: every row sourced and in a known unit, the right one in force, a park's own before ours."""

import csv
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from xietong.calc.engine.engine import UnknownValueError
from xietong.calc.factors.book import FactorBook, area_of, province_of
from xietong.calc.factors.rows import FactorRow, FactorRowError, convert_ratio, overlaps, problem
from xietong.calc.items import UnknownItemError, all_items, inputs, item, to_canonical
from xietong.units import UnitError, unit_of

ROOT = Path(__file__).parents[3]
FACTORS = ROOT / "xietong" / "calc" / "factors"
LAW = Path(__file__).parents[1] / "published" / "equivalents_of_the_law.csv"
END_2025 = date(2025, 12, 31)
OWN = {
    "purpose": "calorific_value",
    "key": "bituminous_coal",
    "value": "22.1",
    "unit": "GJ/t",
    "source": "化验报告 2025-03",
    "valid_from": "2025-01-01",
}


def rows() -> list[dict[str, str]]:
    return [row for path in sorted(FACTORS.glob("*.csv")) for row in csv.DictReader(path.open(encoding="utf-8"))]


def value(purpose: str, key: str, on: date = END_2025, **choices: str) -> float | None:
    return FactorBook.default().find(purpose, key, on, choices).value


def test_every_shipped_row_is_usable_sourced_dated_and_marked() -> None:
    every = rows()
    assert len(every) > 400
    assert [row for row in every if problem(row) is not None] == []
    assert [row for row in every if not (row["edition"] and row["table_row"] and row["valid_from"])] == []
    assert {row["confidence"] for row in every} == {"verified", "knowledge"}


def test_combustion_factors_lie_in_the_band_of_their_class() -> None:
    """The factor-10 trap: carbon content × 44/12 of a fossil fuel lies between 0.04 and 0.13 tCO2/GJ."""
    bands = {"converter_gas": (0.17, 0.19), "blast_furnace_gas": (0.25, 0.27)}
    for row in rows():
        if row["purpose"] == "carbon_content" and row["value"] != "0":
            low, high = bands.get(row["key"], (0.04, 0.13))
            assert low < float(row["value"]) * 44 / 12 < high, row["key"]


@pytest.mark.parametrize(
    ("purpose", "key", "expected", "unit"),
    [
        ("coal_equivalent", "electricity", 0.1229, "tce/MWh"),
        ("coal_equivalent", "heat", 0.03412, "tce/GJ"),
        ("coal_equivalent", "natural_gas", 13.3, "tce/10^4m3"),
        ("coal_equivalent", "water_fresh", 0.0002571, "tce/t"),
        ("coal_equivalent", "compressed_air", 0.00004, "tce/m3"),
        ("oxidation_rate", "diesel", 0.98, "1"),
        ("steam_enthalpy", "saturated_1.0MPa", 2.7771, "GJ/t"),
    ],
)
def test_a_factor_comes_in_the_unit_of_its_use(purpose: str, key: str, expected: float, unit: str) -> None:
    figure = FactorBook.default().find(purpose, key, END_2025, {})
    assert figure.value == pytest.approx(expected, rel=1e-12)
    assert figure.unit == unit
    assert figure.source


def test_the_edition_in_force_on_the_day_counts() -> None:
    assert value("coal_equivalent", "water_fresh", date(2021, 3, 31)) == pytest.approx(0.0000857)
    assert value("coal_equivalent", "water_fresh", date(2021, 4, 1)) == pytest.approx(0.0002571)


@pytest.mark.parametrize(
    ("year", "choices", "expected"),
    [
        (2023, {}, 0.5568),
        (2024, {}, 0.5366),
        (2025, {}, 0.5306),
        (2020, {"grid_series": "compliance"}, 0.6101),
        (2021, {"grid_series": "compliance"}, 0.5810),
        (2023, {"grid_series": "compliance"}, 0.5703),
        (2025, {"grid_area": "regional", "region": "陕西省西安市"}, 0.5543),
        (2025, {"grid_area": "provincial", "region": "陕西"}, 0.6335),
        (2024, {"grid_area": "provincial", "region": "610100"}, 0.6558),
        (2025, {"grid_area": "regional", "region": "蒙东"}, 0.5122),
        (2025, {"grid_area": "regional", "region": "Sichuan"}, 0.2472),
        (2015, {"grid_series": "compliance", "grid_area": "regional", "region": "陕西"}, 0.6671),
    ],
)
def test_the_grid_factor_follows_year_series_and_area(year: int, choices: dict[str, str], expected: float) -> None:
    assert value("grid_emission", "electricity", date(year, 12, 31), **choices) == expected


def test_shaanxi_and_shanxi_are_told_apart() -> None:
    named = [province_of(region) for region in ("陕西", "山西", "Shaanxi", "Shanxi", "黑龙江", "610100")]
    assert [row["code"] if row else None for row in named] == ["61", "14", "61", "14", "23", "61"]
    assert province_of("somewhere") is None


def test_inner_mongolia_has_no_one_grid() -> None:
    with pytest.raises(UnknownValueError) as caught:
        FactorBook.default().find(
            "grid_emission", "electricity", END_2025, {"grid_area": "regional", "region": "内蒙古"}
        )
    assert "factors.csv" in caught.value.text.zh
    assert "内蒙古（regional）" in caught.value.text.zh
    assert area_of({"grid_area": "provincial", "region": "内蒙古"}) == "内蒙古"


def test_an_unknown_factor_says_what_to_do() -> None:
    with pytest.raises(UnknownValueError) as caught:
        FactorBook.default().find("calorific_value", "residue_oil", END_2025, {})
    assert "渣油" in caught.value.text.zh
    assert "purpose=calorific_value, key=residue_oil" in caught.value.text.en


def test_a_range_shows_its_bounds_and_says_that_a_default_was_taken() -> None:
    figure = FactorBook.default().find("coal_equivalent", "natural_gas", END_2025, {})
    assert figure.trace["range"] == "1.1000–1.3300"
    assert "1.1000–1.3300" in figure.remarks[0].en


def test_a_parks_own_factor_outranks_ours_and_says_so() -> None:
    book = FactorBook.default().with_rows([OWN])
    assert book.find("calorific_value", "bituminous_coal", END_2025, {}).value == 22.1
    assert "园区自有系数" in book.find("calorific_value", "bituminous_coal", END_2025, {}).source
    assert book.find("calorific_value", "bituminous_coal", date(2024, 12, 31), {}).value == 19.57
    assert value("calorific_value", "bituminous_coal") == 19.57


def test_a_factor_of_one_subject_counts_for_it_alone() -> None:
    row = {**OWN, "subject": "ENT-01"}
    for subjects, expected in (((), 19.57), (("ENT-02",), 19.57), (("ENT-01",), 22.1)):
        book = FactorBook.default().with_rows([row], subjects)
        assert book.find("calorific_value", "bituminous_coal", END_2025, {}).value == expected


def test_a_subjects_factor_comes_before_its_parks() -> None:
    rows = [OWN, {**OWN, "subject": "ENT-01", "value": "23"}, {**OWN, "subject": "ENT-02", "value": "24"}]
    keys = {"bituminous_coal": 22.1, "bituminous_coal@ENT-01": 23.0, "bituminous_coal@ENT-02": 24.0}
    park = FactorBook.default().with_rows(rows, ["PARK"])
    for key, expected in {**keys, "bituminous_coal@ENT-03": 22.1}.items():
        assert park.find("calorific_value", key, END_2025, {}).value == expected
    works = FactorBook.default().with_rows(rows, ["ENT-02", "ENT-01"])
    assert works.find("calorific_value", "bituminous_coal", END_2025, {}).value == 24.0


def test_a_parks_own_list_of_clean_energy() -> None:
    row = {"purpose": "clean_share", "key": "coke_oven_gas", "value": "1", "unit": "1", "source": "园区清单"}
    assert value("clean_share", "coke_oven_gas") == 0.0
    own = FactorBook.default().with_rows([row])
    assert own.find("clean_share", "coke_oven_gas", END_2025, {"clean_energy": "park_list"}).value == 1.0
    assert own.find("clean_share", "coke_oven_gas", END_2025, {}).value == 0.0


@pytest.mark.parametrize(
    ("change", "column", "rule"),
    [
        ({"source": ""}, "source", "required"),
        ({"purpose": "taste"}, "purpose", "known"),
        ({"value": "twenty"}, "value", "number"),
        ({"value": "NaN"}, "value", "number"),
        ({"low": "23", "high": "24"}, "value", "range"),
        ({"valid_from": "2025"}, "valid_from", "date"),
        ({"unit": "kWh"}, "unit", "unit"),
        ({"unit": "GJ/kWh"}, "unit", "unit"),
    ],
)
def test_an_unusable_row_is_named_by_column_and_rule(change: dict[str, str], column: str, rule: str) -> None:
    wrong = problem({**OWN, **change})
    assert wrong is not None
    assert wrong[:2] == (column, rule)
    with pytest.raises(FactorRowError):
        FactorBook.default().with_rows([{**OWN, **change}])


def test_two_rows_in_force_at_once_are_refused() -> None:
    first = FactorRow("gwp", "ch4", Decimal(28), "tCO2e/t", "x", date(2020, 1, 1), date(2025, 1, 1))
    second = FactorRow("gwp", "ch4", Decimal(27), "tCO2e/t", "x", date(2024, 12, 31))
    assert overlaps([second, first]) is not None
    assert overlaps([FactorRow("gwp", "ch4", Decimal(27), "tCO2e/t", "x", date(2025, 1, 1)), first]) is None
    with pytest.raises(FactorRowError):
        FactorBook.default().with_rows([OWN, OWN])


def test_ratios_of_units() -> None:
    assert convert_ratio(Decimal("0.1229"), "kgce/kWh", "tce/MWh") == Decimal("0.1229")
    assert convert_ratio(Decimal("1.33"), "kgce/m3", "tce/10^4m3") == Decimal("13.3")
    with pytest.raises(UnitError):
        convert_ratio(Decimal(1), "kgce", "tce/MWh")


def test_which_fuels_are_clean_and_which_renewable() -> None:
    fuels = [each.item for each in all_items().values() if each.carrier == "fuel"]
    renewable = {fuel for fuel in fuels if value("renewable_share", fuel) == 1}
    assert renewable == {"biogas", "biomass", "ethanol"}
    assert {fuel for fuel in fuels if value("clean_share", fuel) == 1} == renewable | {"natural_gas", "lng", "hydrogen"}


def test_grid_factors_of_an_area_move_slowly() -> None:
    """No second extraction of the provincial table exists; a slipped digit or a swapped year would leap."""
    series: dict[str, list[float]] = {}
    for row in rows():
        if row["purpose"] == "grid_emission" and row["series"] == "statistical":
            series.setdefault(row["region"], []).append(float(row["value"]))
    assert len(series) == 1 + 7 + 30
    for region, values in series.items():
        assert len(values) == 3, region
        assert all(0.1 < each < 0.8 for each in values), region
        assert max(values) - min(values) < 0.15, region


def grid_values(series: str = "statistical") -> dict[str, list[float]]:
    """Area → the values of the data years 2021, 2022 and 2023."""
    found: dict[str, list[float]] = {}
    for row in sorted(rows(), key=lambda row: row["valid_from"]):
        if row["purpose"] == "grid_emission" and row["series"] == series:
            found.setdefault(row["region"], []).append(float(row["value"]))
    return found


def test_grid_factors_changed_as_the_ministry_said() -> None:
    """The changes of 2023 on 2022 that were published with the values (China Electric Power News, 2026-01-15).

    To a tenth of a per cent: they were made from the values before these were rounded to four digits.
    """
    values = grid_values()
    said = {"national": -1.1, "华北": -6.1, "东北": -8.0, "华东": -2.1, "华中": -2.3, "西北": -5.4}
    for area, percent in said.items():
        assert (values[area][2] / values[area][1] - 1) * 100 == pytest.approx(percent, abs=0.1), area
    assert values["南方"][2] > values["南方"][1]
    assert values["西南"][2] > values["西南"][1]
    provinces = {area: value for area, value in values.items() if area not in {*said, "南方", "西南"}}
    fell = {area for area, value in provinces.items() if value[2] < value[1]}
    assert (len(fell), len(provinces) - len(fell)) == (20, 10)
    assert "北京" in fell
    assert "广东" not in fell
    residual = [float(row["value"]) for row in rows() if row["purpose"] == "residual_emission"]
    assert (residual[2] / residual[1] - 1) * 100 == pytest.approx(4.1, abs=0.1)


def test_a_region_lies_between_its_provinces() -> None:
    """Two tables of one announcement: a slipped digit or a swapped year in either would break the order."""
    values = grid_values()
    for grid in ("华北", "华东", "华中", "西北", "南方", "西南"):
        members = [province for province in values if (known := province_of(province)) and known["grid"] == grid]
        assert len(members) >= 2, grid
        for year in range(3):
            within = [values[member][year] for member in members]
            assert min(within) <= values[grid][year] <= max(within), (grid, year)


def test_every_item_has_a_unit_two_names_and_one_input() -> None:
    for each in all_items().values():
        unit_of(each.unit)
        assert each.name.zh
        assert each.name.en
        assert each.input
    assert inputs()["fuel_consumed"] == "items"
    assert inputs()["electricity_purchased"] == "number"


@pytest.mark.parametrize(
    ("name", "amount", "unit", "canonical"),
    [
        ("wastewater", "3", "万m3", "30000"),
        ("water_fresh", "5", "m3", "5"),
        ("electricity_purchased", "1500", "kWh", "1.5"),
        ("natural_gas", "25000", "m3", "2.5"),
        ("green_certificates", "7", "件", "7"),
        ("cod", "250", "kg", "0.25"),
        ("output_value", "1.5", "亿元", "15000"),
    ],
)
def test_amounts_become_canonical(name: str, amount: str, unit: str, canonical: str) -> None:
    assert to_canonical(item(name), Decimal(amount), unit) == Decimal(canonical)


def test_units_that_do_not_fit_are_refused() -> None:
    for name, unit in (("cod", "kWh"), ("natural_gas", "t"), ("electricity_purchased", "m3")):
        with pytest.raises(UnitError):
            to_canonical(item(name), Decimal(1), unit)


def test_items_with_a_kind() -> None:
    assert (item("product:steel").part, item("product:steel").input) == ("steel", "product")
    assert item("solid_waste_generated:fly_ash").part == ""
    assert item("solid_waste_generated:fly_ash").base == "solid_waste_generated"
    assert item("steam_purchased").part == "steam"
    assert item("steam_purchased:saturated_1.0MPa").part == "saturated_1.0MPa"
    for unknown in ("phlogiston", "product"):
        with pytest.raises(UnknownItemError):
            item(unknown)


def test_equivalents_agree_with_the_laws_table() -> None:
    """Every shipped value against the law's annex 2 as it was typed in from elsewhere, by the Chinese name."""
    table = list(csv.DictReader(LAW.open(encoding="utf-8")))
    ours = {
        medium: {
            row["table_row"].split(" ")[-1]: row["value"]
            for row in rows()
            if row["purpose"] == "pollution_equivalent" and row["table_row"].startswith(f"附表二 {medium}")
        }
        for medium in ("大气", "第一类", "第二类")
    }
    plain = str.maketrans("（）", "()")
    for medium in ours:
        published = {row["name"]: row["kg_per_equivalent"] for row in table if row["medium"] == medium}
        law = {name.partition("(")[0] or name: float(kg) for name, kg in published.items()}
        shared = {
            name: number
            for name, number in ours[medium].items()
            if name.translate(plain).partition("(")[0] in law and name.translate(plain).partition("(")[0] != "苯并"
        }
        assert len(shared) >= {"大气": 35, "第一类": 9, "第二类": 18}[medium], sorted(set(ours[medium]) - set(shared))
        for name, number in shared.items():
            assert float(number) == law[name.translate(plain).partition("(")[0]], name


def test_warming_potentials_agree_with_the_published_sets() -> None:
    """IPCC, 100 years: SAR (1995) table 4, AR4 (2007) table 2.14, AR5 (2013) table 8.A.1, AR6 (2021) table 7.SM.7."""
    published = {"SAR": ("21", "310"), "AR4": ("25", "298"), "AR5": ("28", "265"), "AR6": ("27.9", "273")}
    for report, (methane, nitrous_oxide) in published.items():
        assert value("gwp", "ch4", gwp=report) == float(methane)
        assert value("gwp", "n2o", gwp=report) == float(nitrous_oxide)


# The standing committees' decisions of 2017, read again from their texts: (region, pollutant, year) → 元/污染当量.
RATES = {
    ("山西太原", "air", 2025): 1.8,
    ("四川", "water", 2018): 2.8,
    ("河南省", "air", 2025): 4.8,
    ("广东", "water", 2025): 2.8,
    ("江苏省南京市", "air", 2025): 8.4,
    ("江苏省苏州市", "water", 2025): 7.0,
    ("江苏盐城", "air", 2025): 4.8,
    ("山东", "so2", 2025): 6.0,
    ("山东", "air", 2025): 1.2,
    ("山东", "total_lead", 2025): 3.0,
    ("上海", "nox", 2018): 7.6,
    ("上海", "nox", 2019): 8.55,
    ("上海", "ammonia_nitrogen", 2025): 4.8,
    ("河北省石家庄市", "so2", 2025): 6.0,
    ("河北唐山", "cod", 2025): 5.6,
    ("云南", "air", 2018): 1.2,
    ("云南", "air", 2025): 2.8,
    ("贵州", "water", 2025): 2.8,
    ("北京", "water", 2025): 14.0,
    ("湖北省武汉市", "so2", 2025): 2.4,
    ("湖北", "air", 2025): 1.2,
    ("天津", "cod", 2025): 7.5,
    ("福建", "ammonia_nitrogen", 2025): 1.5,
    ("甘肃", "air", 2025): 1.2,
}


@pytest.mark.parametrize(("region", "pollutant", "year"), RATES)
def test_a_province_sets_its_own_rate_of_tax(region: str, pollutant: str, year: int) -> None:
    found = FactorBook.default().find("environmental_tax_rate", pollutant, date(year, 12, 31), {"region": region})
    assert found.value == pytest.approx(RATES[region, pollutant, year])


def test_every_rate_of_a_province_lies_within_the_law() -> None:
    """环境保护税法附表一: 1.2 to 12 yuan of air, 1.4 to 14 of water an equivalent."""
    rows = [row for row in FactorBook.default().rows() if row.purpose == "environmental_tax_rate"]
    for row in rows:
        carrier = row.key if row.key in ("air", "water") else item(row.key).carrier
        low, high = {"air": ("1.2", "12"), "water": ("1.4", "14")}[carrier]
        assert Decimal(low) <= row.value <= Decimal(high), row
    assert len({row.region.partition(" ")[0] for row in rows}) >= 18


@pytest.mark.parametrize("region", ["江苏", "河北省保定市", "西藏", "浙江", ""])
def test_where_the_city_or_the_rate_is_not_known_nothing_is_guessed(region: str) -> None:
    with pytest.raises(UnknownValueError):
        FactorBook.default().find("environmental_tax_rate", "air", date(2025, 12, 31), {"region": region})


def test_every_shipped_row_has_what_a_reader_must_know() -> None:
    for row in FactorBook.default().rows():
        assert row.source
        assert row.table_row, row
        assert row.confidence in ("verified", "knowledge"), row
        assert row.valid_from > date(1980, 1, 1), row
        assert row.low is None or row.low <= row.value, row
        assert row.high is None or row.value <= row.high, row
