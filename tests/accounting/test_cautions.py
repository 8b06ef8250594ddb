"""Figures that add up and yet say something odd: each is told, and none of them earns a grade."""

from dataclasses import replace
from datetime import date

import pytest
from small_parks import park, stated, subject

from xietong.accounting.accounts import account
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


def test_raw_material_without_a_carbon_balance_is_named() -> None:
    gas = stated("A", "2025-01", "natural_gas", "100", "10^4m3", use="feedstock")
    burnt = stated("A", "2025-01", "natural_gas", "40", "10^4m3")
    figure = of(park(subject("A"), reported=[gas, burnt]), CARBON)
    assert figure.value == pytest.approx(40 * 389.31 * 0.0153 * 0.99 * 44 / 12, rel=1e-12)
    assert any("natural gas used as raw material" in remark.en for remark in figure.remarks)
    ammonia = stated("A", "2025-01", "carbon_output:ammonia", "1000", "t")
    balanced = of(park(subject("A"), reported=[gas, burnt, ammonia]), CARBON)
    assert balanced.value == pytest.approx((40 * 0.99 + 100) * 389.31 * 0.0153 * 44 / 12, rel=1e-12)
    assert not any("raw material" in remark.en for remark in balanced.remarks)


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
