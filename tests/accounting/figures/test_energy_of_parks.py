"""Energy of enterprises and parks: nothing counted twice, energy per product, prices, certificates, grades of steam."""

from collections.abc import Iterable
from dataclasses import replace

import pytest
from small_parks import monthly, park, stated, subject

from xietong.accounting import explain, figures
from xietong.calc.figures import Figure
from xietong.park.nouns import Registry, ReportedAmount
from xietong.periods import Period

YEAR = Period.parse("2025")


def value(registry: Registry, key: str, code: str = "P", period: str = "2025") -> Figure:
    return explain(registry, None, key, code, Period.parse(period))


# ---- a heat plant inside the park ----

PLANT = (
    stated("S", "2025", "raw_coal", "10000", "t", use="conversion"),
    stated("S", "2025", "electricity_generated", "12000", "MWh"),
    stated("S", "2025", "heat_generated", "90000", "GJ"),
    stated("S", "2025", "electricity_sold", "9000", "MWh"),
    stated("S", "2025", "heat_sold", "20000", "GJ"),
    stated("S", "2025", "steam_sold:1.0MPa_230C", "15000", "t"),
    stated("A", "2025", "electricity_purchased", "5000", "MWh"),
    stated("A", "2025", "steam_purchased:1.0MPa_230C", "15000", "t"),
    stated("B", "2025", "electricity_purchased", "4000", "MWh"),
    stated("B", "2025", "heat_purchased", "20000", "GJ"),
)


def plant_park(*more: ReportedAmount, choices: dict[str, str] | None = None) -> Registry:
    subjects = (subject("S", "supply"), subject("A"), subject("B"))
    return park(*subjects, reported=(*PLANT, *more), choices=choices)


@pytest.mark.parametrize("choices", [{}, {"electricity_basis": "equal_value"}, {"carbon_view": "market"}])
def test_a_park_with_its_own_heat_plant_uses_the_coal_and_nothing_more(choices: dict[str, str]) -> None:
    registry = plant_park(choices=choices)
    assert value(registry, "comprehensive_energy_consumption").value == pytest.approx(7143)
    carbon = value(registry, "carbon_emission_total")
    burnt = value(registry, "combustion_emission:raw_coal", "S")
    assert burnt.value
    assert carbon.value == pytest.approx(burnt.value)


def test_the_parts_add_up_to_the_park() -> None:
    registry = plant_park()
    parts = [value(registry, "comprehensive_energy_consumption", code).value or 0 for code in "SAB"]
    assert sum(parts) == pytest.approx(7143)
    assert all(parts)


def test_the_plant_converts_what_it_burns() -> None:
    efficiency = value(plant_park(), "energy_conversion_efficiency", "S")
    assert efficiency.value == pytest.approx((12000 * 0.1229 + 90000 * 0.03412) / 7143 * 100)
    assert "energy_conversion_efficiency" in figures(plant_park(), None, "S", YEAR)


def test_raw_material_living_and_what_is_passed_on_stand_apart() -> None:
    more = (
        stated("A", "2025", "natural_gas", "10", "10^4m3"),
        stated("A", "2025", "natural_gas", "90", "10^4m3", use="feedstock"),
        stated("A", "2025", "natural_gas", "2", "10^4m3", use="living"),
        stated("A", "2025", "diesel", "50", "t", use="export"),
    )
    registry = plant_park(*more)
    shown = figures(registry, None, "P", YEAR)
    assert shown["comprehensive_energy_consumption"].value == pytest.approx(7143 + 133)
    assert shown["energy_with_feedstock"].value == pytest.approx(7143 + 133 + 1197)
    assert value(registry, "combustion_emission", "A").items() == {"natural_gas": pytest.approx(216.219, rel=1e-4)}


# ---- energy per product ----


def test_one_product_takes_all_energy() -> None:
    reported = (*monthly("A", "electricity_purchased", "100", "MWh"), *monthly("A", "product:steel", "50", "t"))
    shown = figures(park(subject("A"), reported=reported), None, "A", YEAR)
    assert shown["energy_per_product:steel"].value == pytest.approx(1200 * 0.1229 / 600)
    assert shown["energy_per_product:steel"].unit == "tce/t"


def test_products_of_one_unit_share_by_output_and_others_are_told_why_not() -> None:
    power = stated("A", "2025", "electricity_purchased", "1000", "MWh")
    two = (stated("A", "2025", "product:a", "300", "t"), stated("A", "2025", "product:b", "100", "t"))
    registry = park(subject("A"), reported=(power, *two))
    assert value(registry, "energy_per_product:a", "A").value == pytest.approx(122.9 / 400)
    assert value(registry, "energy_per_product:b", "A").value == pytest.approx(122.9 / 400)
    assert "按产量分摊" in value(registry, "energy_per_product:a", "A").inputs[0].child("product_share").remarks[0].zh
    mixed = park(subject("A"), reported=(power, two[0], stated("A", "2025", "product:b", "7", "台")))
    refused = value(mixed, "energy_per_product:a", "A")
    assert refused.status == "not_applicable"
    assert "工序" in refused.missing[0].zh
    assert "台" in refused.missing[0].zh


def by_process(*more: ReportedAmount) -> Registry:
    """Two processes with energy and product of their own; 100 MWh of the enterprise's 1,000 are shared."""
    subjects = (subject("A"), subject("A1", "process", "A"), subject("A2", "process", "A"))
    reported = (
        stated("A", "2025", "electricity_purchased", "1000", "MWh"),
        stated("A1", "2025", "electricity_purchased", "600", "MWh"),
        stated("A2", "2025", "electricity_purchased", "300", "MWh"),
        stated("A1", "2025", "product:iron", "200", "t"),
        stated("A2", "2025", "product:pump", "30", "台"),
    )
    return park(*subjects, reported=(*reported, *more))


def test_products_with_processes_take_their_energy_and_share_the_rest() -> None:
    registry = by_process()
    iron, pump = value(registry, "energy_per_product:iron", "A"), value(registry, "energy_per_product:pump", "A")
    assert iron.value == pytest.approx(122.9 * 600 / 900 / 200)
    assert pump.value == pytest.approx(122.9 * 300 / 900 / 30)
    assert (iron.unit, pump.unit) == ("tce/t", "tce/台")
    assert value(registry, "energy_per_product:iron", "A1").value == pytest.approx(600 * 0.1229 / 200)
    share = iron.inputs[0].child("product_share")
    assert share.inputs[0].title.zh.startswith("A1")


def test_a_product_without_a_process_sends_all_back_to_the_output() -> None:
    registry = by_process(stated("A", "2025", "product:slag", "50", "t"))
    assert value(registry, "energy_per_product:iron", "A").status == "not_applicable"


def test_a_product_that_nobody_stated_is_named() -> None:
    assert "product:gold" in value(by_process(), "energy_per_product:gold", "A").missing[0].zh
    every = value(by_process(), "energy_per_product", "A")
    assert set(every.items()) == {"iron", "pump"}
    assert value(by_process(), "energy_per_product").status == "not_applicable"


def test_groups_have_no_energy_per_product() -> None:
    assert not [key for key in figures(by_process(), None, "P", YEAR) if key.startswith("energy_per_product")]


# ---- prices ----


def priced(price: str, rows: Iterable[dict[str, str]] = (), period: str = "2025") -> dict[str, Figure]:
    reported = (
        stated("A", "2025", "electricity_purchased", "1000", "MWh"),
        stated("A", "2025", "output_value", "2200", "万元"),
        stated("A", "2025", "added_value", "550", "万元"),
    )
    registry = park(subject("A"), reported=reported, choices={"price": price})
    registry = replace(registry, factors=tuple(rows))
    keys = ["output_value", "energy_per_output_value", "energy_per_added_value", "carbon_emission_intensity"]
    return figures(registry, None, "P", Period.parse(period), keys)


def index(value: str, unit: str = "1", year: int = 2025) -> dict[str, str]:
    return {
        "purpose": "price_index",
        "key": "2020",
        "value": value,
        "unit": unit,
        "source": "陕西统计年鉴 2025 表 9-3",
        "valid_from": f"{year}-01-01",
        "valid_to": f"{year + 1}-01-01",
    }


def test_current_prices_say_so() -> None:
    found = priced("current")
    assert found["energy_per_output_value"].value == pytest.approx(122.9 / 2200)
    assert found["energy_per_added_value"].value == pytest.approx(122.9 / 550)
    assert "现价" in [remark.zh for remark in found["output_value"].remarks]


@pytest.mark.parametrize(("stated_index", "unit"), [("1.1", "1"), ("110", "%")])
def test_constant_prices_divide_by_the_index_of_the_year(stated_index: str, unit: str) -> None:
    found = priced("constant:2020", [index(stated_index, unit)])
    assert found["output_value"].value == pytest.approx(2000)
    assert found["energy_per_output_value"].value == pytest.approx(122.9 / 2000)
    assert found["energy_per_added_value"].value == pytest.approx(122.9 / 500)
    assert "陕西统计年鉴" in found["output_value"].child("price_index:2020").source
    assert found["output_value"].child("value_at_current_price").value == 2200


def test_constant_prices_without_an_index_are_missing_not_current() -> None:
    for rows in ([], [index("1.1", year=2024)]):
        found = priced("constant:2020", rows)
        assert found["output_value"].status == "missing"
        assert "purpose=price_index，key=2020" in found["energy_per_output_value"].missing[0].zh


def test_the_base_year_needs_no_index_and_two_years_need_two() -> None:
    assert priced("constant:2025")["output_value"].value == 2200
    across = priced("constant:2020", [index("1.1")], "2024-07..2025-12")
    assert across["output_value"].status == "missing"


# ---- green certificates ----


def certified(*rows: tuple[str, str, str]) -> Registry:
    reported = [stated(code, "2025", name, amount, "MWh") for code, name, amount in rows]
    return park(subject("A"), subject("B"), reported=reported)


def test_one_tenants_surplus_of_certificates_turns_nobody_elses_power_green() -> None:
    registry = certified(
        ("A", "electricity_purchased", "100"),
        ("A", "green_certificates", "250"),
        ("B", "electricity_purchased", "300"),
    )
    assert value(registry, "renewable_electricity", "A").value == 100
    whole = value(registry, "renewable_electricity")
    assert whole.value == 100
    assert value(registry, "renewable_energy_share").value == pytest.approx(25)
    counted = whole.child("green_certificates")
    assert (counted.value, counted.child("certificates_beyond_purchase").value) == (100, 150)
    assert "A公司" in counted.remarks[0].zh
    assert value(registry, "green_certificates").value == 100
    assert value(registry, "certified_electricity").value == 100


def test_certificates_beyond_the_purchase_or_like_the_green_power_are_named() -> None:
    registry = certified(
        ("A", "electricity_purchased", "100"), ("A", "green_power_traded", "60"), ("A", "green_certificates", "60")
    )
    remarks = [remark.zh for remark in value(registry, "green_certificates", "A").remarks]
    assert "20 MWh 不计入" in remarks[0]
    assert "同一批" in remarks[1]
    fine = certified(
        ("A", "electricity_purchased", "100"), ("A", "green_power_traded", "60"), ("A", "green_certificates", "30")
    )
    assert value(fine, "green_certificates", "A").remarks == ()
    assert value(fine, "renewable_energy_share", "A").value == pytest.approx(90)
    basis = park(subject("A"), reported=fine.reported, choices={"electricity_basis": "equal_value"})
    assert value(basis, "renewable_energy_share", "A").value == pytest.approx(90)


# ---- factors of the park's own ----


def own_park(choice: str, *factors: dict[str, str]) -> Registry:
    reported = (
        stated("A", "2025", "coke_oven_gas", "10", "10^4m3"),
        stated("A", "2025", "raw_coal", "86", "t"),
        stated("A", "2025", "hot_water_purchased:95C", "1000", "t"),
    )
    registry = park(subject("A"), reported=reported, choices={"clean_energy": choice})
    return replace(registry, factors=factors)


LISTED = {
    "purpose": "clean_share",
    "key": "coke_oven_gas",
    "value": "1",
    "unit": "1",
    "source": "园区清单",
    "evidence": "清单.pdf",
}


def test_the_parks_list_of_clean_energy_counts_where_it_was_chosen() -> None:
    energy = 61.43 + 86 * 0.7143 + 314.01 * 0.03412
    assert value(own_park("park_list", LISTED), "clean_energy_share").value == pytest.approx(61.43 / energy * 100)
    assert value(own_park("statistics", LISTED), "clean_energy_share").value == 0
    without = value(own_park("park_list"), "clean_energy_share")
    assert without.value == 0
    assert "purpose=clean_share" in without.remarks[0].zh
    assert value(own_park("statistics"), "clean_energy_share").remarks == ()


def test_the_temperature_of_water_is_no_factor_of_the_parks_own() -> None:
    line = value(own_park("park_list", LISTED), "hot_water_heat_purchased:95C", "A")
    assert line.value == pytest.approx(314.01)
    assert [child.remarks for child in line.inputs if child.kind == "factor"] == [()]
