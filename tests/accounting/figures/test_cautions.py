"""Figures that add up and yet say something odd: each is told, and none of them earns a grade."""

from dataclasses import replace
from datetime import date

import pytest
from small_parks import park, stated, subject

from xietong.accounting.figures.account import account
from xietong.calc.figures import Figure
from xietong.park.nouns import Registry
from xietong.periods import Period

ENERGY, CARBON = "comprehensive_energy_consumption", "carbon_emission_total"


def of(registry: Registry, key: str, code: str = "A", period: str = "2025-01") -> Figure:
    return account(registry, None, code, Period.parse(period)).figure(key)


def test_more_supplied_than_came_in_is_told_and_has_no_intensity() -> None:
    """A roof of cells that sells 400 MWh and states no input: (100 − 400) × 0.1229 = −36.87 tce."""
    rows = [
        stated("A", "2025-01", "electricity_renewable_self_used", "100", "MWh"),
        stated("A", "2025-01", "electricity_sold", "400", "MWh"),
        stated("A", "2025-01", "output_value", "100", "万元"),
    ]
    registry = park(subject("A"), reported=rows)
    energy = of(registry, ENERGY)
    assert energy.value == pytest.approx(-36.87, rel=1e-12)
    assert any("below zero" in remark.en for remark in energy.remarks)
    for key in ("energy_per_output_value", "energy_utilization_efficiency"):
        figure = of(registry, key)
        assert (figure.value, figure.status) == (None, "missing")
        assert "below zero" in figure.missing[-1].en


GAS = stated("A", "2025-01", "natural_gas", "100", "10^4m3", use="feedstock")
BURNT = stated("A", "2025-01", "natural_gas", "40", "10^4m3")
AMMONIA = stated("A", "2025-01", "carbon_output:ammonia", "1000", "t")
HEAT = 389.31 * 0.0153 * 44 / 12


def test_raw_material_without_a_carbon_balance_makes_the_total_a_lower_bound() -> None:
    """GB/T 32150: what came in less what left in products; without these nobody knows how much was emitted."""
    output = stated("A", "2025-01", "output_value", "100", "万元")
    registry = park(subject("A"), reported=[GAS, BURNT, output])
    for key in (CARBON, "carbon_emission_total_location", "carbon_emission_intensity"):
        figure = of(registry, key)
        assert figure.status == "partial"
        assert any("natural gas used as raw material" in reason.en for reason in figure.missing)
        assert any("lower bound" in reason.en for reason in figure.missing)
    assert of(registry, CARBON).value == pytest.approx(40 * 0.99 * HEAT, rel=1e-12)
    assert of(registry, "energy_carbon_emission").status == "ok"
    assert of(registry, ENERGY).status == "ok"
    balanced = of(park(subject("A"), reported=[GAS, BURNT, AMMONIA]), CARBON)
    assert balanced.value == pytest.approx((40 * 0.99 + 100) * HEAT, rel=1e-12)
    assert (balanced.status, balanced.missing) == ("ok", ())


def test_one_unit_of_a_park_states_no_product_of_its_balance() -> None:
    """B's raw material counts in full in the park: 100 + 50 of gas, an upper bound that names B."""
    other = stated("B", "2025-01", "natural_gas", "50", "10^4m3", use="feedstock")
    registry = park(subject("A"), subject("B"), reported=[GAS, BURNT, AMMONIA, other])
    figure = of(registry, CARBON, "P")
    assert figure.status == "partial"
    assert figure.value == pytest.approx((40 * 0.99 + 150) * HEAT, rel=1e-12)
    assert any(
        "B Ltd counts as emitted in full" in reason.en and "upper bound" in reason.en for reason in figure.missing
    )
    whole = park(subject("A"), reported=[GAS, BURNT, AMMONIA])
    assert of(whole, CARBON, "P").status == "ok"


def test_a_subject_that_was_not_yet_or_no_longer_here_owes_nothing() -> None:
    here = [stated(code, "2025-07", "electricity_purchased", "10", "MWh") for code in ("A", "B")]
    joined, left = replace(subject("A"), since=date(2025, 7, 1)), replace(subject("B"), until=date(2025, 8, 1))
    registry = park(joined, left, reported=here)
    for code, period in (("A", "2025-06"), ("B", "2025-08")):
        for key in (ENERGY, "energy_per_output_value"):
            figure = of(registry, key, code, period)
            assert figure.status == "not_applicable"
            assert "nothing was due" in figure.missing[0].en
    assert of(registry, ENERGY, "A", "2025-07").status == "ok"
    assert of(registry, ENERGY, "A", "2025-08").status == "missing"
