"""An enterprise's own factor reaches the figures of its park: the enterprises add up to it, by hand.

A burns 100 t of raw coal at its own 0.65 tce/t, B 50 t at GB/T 2589's 0.7143: 65 + 35.715 = 100.715 tce. Heat of A by
its own 19.05 GJ/t, of B by the shipped value, each times the shipped carbon content and oxidation rate.
"""

from collections.abc import Mapping
from dataclasses import replace

import pytest
from small_parks import monthly, park, stated, subject

from xietong.accounting import explain
from xietong.accounting.accounts import account
from xietong.calc.figures import Figure
from xietong.park.nouns import Registry
from xietong.periods import Period

YEAR = Period.parse("2025")
ENERGY, CARBON = "comprehensive_energy_consumption", "energy_carbon_emission"


def own(purpose: str, value: str, unit: str, of: str) -> Mapping[str, str]:
    row = {"key": "raw_coal", "purpose": purpose, "value": value, "unit": unit, "subject": of}
    return {**row, "source": "2025 年入炉煤月度实测", "edition": "2025", "valid_from": "2025-01-01", "valid_to": ""}


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
