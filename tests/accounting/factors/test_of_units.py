"""An enterprise's own factor reaches the figures of its park: the enterprises add up to it, by hand.

A burns 100 t of raw coal at its own 0.65 tce/t, B 50 t at GB/T 2589's 0.7143: 65 + 35.715 = 100.715 tce. Heat of A by
its own 19.05 GJ/t, of B by the shipped value, each times the shipped carbon content and oxidation rate.
"""

from collections.abc import Mapping
from dataclasses import replace

import pytest
from small_parks import monthly, park, stated, subject

from xietong.accounting import explain
from xietong.accounting.figures.account import account
from xietong.calc.figures import Figure
from xietong.park.nouns import Registry
from xietong.periods import Period

YEAR = Period.parse("2025")
ENERGY, CARBON = "comprehensive_energy_consumption", "energy_carbon_emission"


def own(purpose: str, value: str, unit: str, of: str) -> Mapping[str, str]:
    row = {"key": "raw_coal", "purpose": purpose, "value": value, "unit": unit, "subject": of}
    row |= {"source": "2025 年入炉煤月度实测", "edition": "2025", "valid_from": "2025-01-01", "valid_to": ""}
    return {**row, "evidence": "coal-2025.pdf"}


OWN = (own("coal_equivalent", "0.65", "tce/t", "A"), own("calorific_value", "19.05", "GJ/t", "A"))


def coal(*factors: Mapping[str, str], months: int = 12) -> Registry:
    rows = [stated("A", "2025", "raw_coal", "100", "t"), stated("B", "2025", "raw_coal", "50", "t")]
    rows += monthly("C", "raw_coal", "1", "t", range(1, months + 1))
    units = (subject("A", zone="east"), subject("B"), subject("C"), subject("Z", "zone"))
    named = replace(units[3], name="east")
    listed = park(*units[:3], named, reported=[row for row in rows if row.subject != "C" or months < 12])
    return replace(listed, factors=factors)


def of(registry: Registry, key: str, code: str) -> float:
    value = explain(registry, None, key, code, YEAR).value
    assert value is not None
    return value


def lines(registry: Registry, code: str) -> dict[str, Figure]:
    return {line.key: line for line in account(registry, None, code, YEAR).inputs["fuel_consumed"].inputs}


def test_the_park_counts_each_enterprise_by_its_own_factor() -> None:
    assert of(coal(*OWN), ENERGY, "P") == pytest.approx(100 * 0.65 + 50 * 0.7143, rel=1e-12)
    assert of(coal(), ENERGY, "P") == pytest.approx(150 * 0.7143, rel=1e-12)


@pytest.mark.parametrize("key", [ENERGY, CARBON])
def test_the_enterprises_add_up_to_the_park(key: str) -> None:
    registry = coal(*OWN)
    assert of(registry, key, "P") == pytest.approx(of(registry, key, "A") + of(registry, key, "B"), rel=1e-12)
    assert of(registry, key, "Z") == pytest.approx(of(registry, key, "A"), rel=1e-12)
    assert of(registry, key, "P") != pytest.approx(of(coal(), key, "P"), rel=1e-3)


def test_the_working_shows_whose_coal_it_is_and_whose_factor() -> None:
    fuels = lines(coal(*OWN), "P")
    assert {key: line.value for key, line in fuels.items()} == {"raw_coal@A": 100.0, "raw_coal": 50.0}
    assert fuels["raw_coal@A"].title.zh == "原煤（A公司）"
    energy = explain(coal(*OWN), None, "fuel_energy", "P", YEAR).child("raw_coal@A")
    factor = next(part for part in energy.inputs if part.kind == "factor")
    assert (factor.value, factor.trace["subject"]) == (0.65, "A")


def test_a_factor_of_a_facility_counts_for_its_enterprise_and_in_the_park() -> None:
    boiler = subject("K", "process", "A")
    registry = coal(own("coal_equivalent", "0.65", "tce/t", "K"))
    registry = replace(registry, subjects={**registry.subjects, "K": boiler})
    assert of(registry, ENERGY, "A") == pytest.approx(65)
    assert of(registry, ENERGY, "P") == pytest.approx(65 + 50 * 0.7143)


def test_what_is_absent_beside_an_own_factor_is_still_named() -> None:
    """C reported 6 of 12 months: the rest of the park is partial and says so, A's part is not."""
    fuels = lines(coal(*OWN, months=6), "P")
    assert (fuels["raw_coal"].status, fuels["raw_coal"].value) == ("partial", 56.0)
    assert "C公司" in fuels["raw_coal"].missing[0].zh
    assert fuels["raw_coal@A"].status == "ok"


def test_a_factor_that_is_not_in_force_changes_nothing() -> None:
    late = {**own("coal_equivalent", "0.65", "tce/t", "A"), "valid_from": "2026-01-01"}
    assert of(coal(late), ENERGY, "P") == pytest.approx(of(coal(), ENERGY, "P"), rel=1e-12)


def test_what_only_the_park_states_stays_in_one_piece() -> None:
    registry = replace(park(subject("A"), reported=[stated("P", "2025", "raw_coal", "7", "t")]), factors=OWN)
    assert list(lines(registry, "P")) == ["raw_coal"]


def test_of_two_own_factors_for_one_day_the_first_counts() -> None:
    second = {**OWN[0], "value": "0.60"}
    assert of(coal(*OWN, second), ENERGY, "A") == pytest.approx(100 * 0.65, rel=1e-12)


def test_a_row_without_evidence_or_approval_does_not_outrank_and_says_so() -> None:
    bare = {**OWN[0], "evidence": ""}
    proposed = {**OWN[0], "approval": "proposed"}
    for row, why in ((bare, "it has no evidence"), (proposed, "it is proposed and not approved")):
        registry = coal(row)
        assert of(registry, ENERGY, "A") == pytest.approx(100 * 0.7143, rel=1e-12)
        assert of(registry, ENERGY, "P") == pytest.approx(150 * 0.7143, rel=1e-12)
        said = factor_of(registry, "A").remarks[-1]
        assert f"the own factor 0.65 tce/t is not used: {why}" in said.en
        assert "未采用" in said.zh


def factor_of(registry: Registry, code: str) -> Figure:
    [line] = explain(registry, None, "fuel_energy", code, YEAR).inputs[:1]
    energy = explain(registry, None, "fuel_energy", code, YEAR)
    line = next(part for part in energy.inputs if part.key.startswith("raw_coal"))
    return next(part for part in line.inputs if part.kind == "factor")


def test_the_working_says_why_an_own_factor_was_chosen() -> None:
    said = factor_of(coal(*OWN), "A").remarks[-1].en
    assert "0.65 tce/t has evidence (coal-2025.pdf) and approval and goes before the built-in 0.7143 kgce/kg" in said
    assert "GB/T 2589" in said


def test_a_row_without_evidence_fills_a_gap_that_no_built_in_factor_does() -> None:
    row = {**OWN[0], "purpose": "grid_emission", "key": "electricity", "value": "0.4", "unit": "tCO2/MWh"}
    row |= {"subject": "", "evidence": "", "region": "内蒙古"}
    bought = [stated("A", "2025", "electricity_purchased", "10", "MWh")]
    registry = replace(park(subject("A"), reported=bought, choices={"grid_area": "regional"}), factors=(row,))
    registry = replace(registry, region="内蒙古")
    figure = explain(registry, None, "purchased_electricity_emission", "A", YEAR)
    assert figure.value == pytest.approx(4.0)
    assert "although it has no evidence" in figure.inputs[0].inputs[-1].remarks[-1].en


CARRIERS = (
    ("grid_emission", "electricity", "tCO2/MWh", "electricity_purchased", "MWh", 0.5306, "0.30"),
    ("heat_emission", "heat", "tCO2/GJ", "heat_purchased", "GJ", 0.11, "0.06"),
)


@pytest.mark.parametrize(("purpose", "key", "unit", "item", "counted", "usual", "own_value"), CARRIERS)
def test_a_units_own_factor_of_power_or_heat_reaches_its_park(
    purpose: str, key: str, unit: str, item: str, counted: str, usual: float, own_value: str
) -> None:
    """A buys 100 by its supplier's factor, B and C 50 and 30 by the published one: the parts add up."""
    rows = [stated(code, "2025", item, amount, counted) for code, amount in (("A", "100"), ("B", "50"), ("C", "30"))]
    row = {**own(purpose, own_value, unit, "A"), "key": key, "legal_basis": "省级主管部门公告"}
    bare = park(subject("A", zone="east"), subject("B"), subject("C", sector="s"), reported=rows)
    registry = replace(bare, factors=(row,))
    assert of(registry, CARBON, "P") == pytest.approx(100 * float(own_value) + 80 * usual, rel=1e-12)
    assert of(registry, CARBON, "P") == pytest.approx(sum(of(registry, CARBON, code) for code in "ABC"), rel=1e-12)
    assert of(bare, CARBON, "P") == pytest.approx(180 * usual, rel=1e-12)
    assert of(replace(bare, factors=({**row, "evidence": ""},)), CARBON, "P") == pytest.approx(180 * usual, rel=1e-12)


def test_the_working_of_the_park_shows_the_unit_apart_and_the_rest() -> None:
    rows = [stated(code, "2025", "heat_purchased", "10", "GJ") for code in ("A", "B")]
    row = {**own("heat_emission", "0.06", "tCO2/GJ", "A"), "key": "heat"}
    registry = replace(park(subject("A"), subject("B"), reported=rows), factors=(row,))
    figure = explain(registry, None, "purchased_heat_emission", "P", YEAR)
    assert [part.title.en for part in figure.inputs] == ["A Ltd", "the other units"]
    assert [part.value for part in figure.inputs] == pytest.approx([0.6, 1.1])
    assert "both are added" in figure.remarks[-1].en


def test_an_own_equal_value_of_one_unit_reaches_the_parks_energy() -> None:
    rows = [stated(code, "2025", "electricity_purchased", "100", "MWh") for code in ("A", "B")]
    row = {**own("equal_value", "0.28", "tce/MWh", "A"), "key": "electricity"}
    chosen = {"electricity_basis": "equal_value"}
    registry = replace(park(subject("A"), subject("B"), reported=rows, choices=chosen), factors=(row,))
    assert of(registry, ENERGY, "P") == pytest.approx(of(registry, ENERGY, "A") + of(registry, ENERGY, "B"), rel=1e-12)
    assert of(registry, ENERGY, "A") == pytest.approx(28.0, rel=1e-12)
