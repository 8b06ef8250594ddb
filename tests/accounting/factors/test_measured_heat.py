"""One measured heat of a fuel, two accounts: energy and carbon both use it (GB/T 2589: measured before the table).

By hand: k = NCV ÷ 29.3076. 12,000 t at 24 GJ/t are 288,000 GJ: 9,826.80 tce; carbon is 288,000 GJ × the shipped carbon
content and oxidation rate.
"""

from collections.abc import Mapping
from dataclasses import replace

import pytest
from small_parks import monthly, park, stated, subject

from xietong.accounting.figures.account import account
from xietong.calc.figures import Figure
from xietong.park.nouns import Registry, ReportedAmount
from xietong.periods import Period

YEAR = Period.parse("2025")
ENERGY = "comprehensive_energy_consumption"


def row(key: str, value: str, unit: str, purpose: str = "calorific_value", **more: str) -> Mapping[str, str]:
    usual = {"source": "化验", "valid_from": "2025-01-01", "valid_to": "", "evidence": "化验单"}
    return {**usual, "key": key, "value": value, "unit": unit, "purpose": purpose, **more}


def burnt(*rows: ReportedAmount, factors: tuple[Mapping[str, str], ...]) -> Registry:
    return replace(park(subject("A"), subject("B"), reported=rows), factors=factors)


def of(registry: Registry, key: str = ENERGY, code: str = "A", period: Period = YEAR) -> Figure:
    return account(registry, None, code, period).figure(key)


COAL = stated("A", "2025", "bituminous_coal", "12000", "t")
NCV = row("bituminous_coal", "24", "GJ/t")


def test_a_measured_calorific_value_counts_in_the_energy_account() -> None:
    registry = burnt(COAL, factors=(NCV,))
    for code in ("A", "P"):
        assert of(registry, code=code).value == pytest.approx(9826.80, abs=0.005)
        assert of(registry, "fuel_heat:bituminous_coal", code).value == pytest.approx(288000)
    factor = next(part for part in of(registry, "fuel_energy:bituminous_coal").inputs if part.kind == "factor")
    assert "24 GJ/t" in factor.remarks[-1].zh
    assert "29.3076" in factor.remarks[-1].en
    assert factor.inputs[0].key == "calorific_value:bituminous_coal"


@pytest.mark.parametrize(
    ("name", "amount", "unit", "heat", "heat_unit"),
    [("natural_gas", "100", "10^4m3", "360", "GJ/10^4m3"), ("diesel", "100", "t", "43", "GJ/t")],
)
def test_gas_and_liquid_fuel_likewise(name: str, amount: str, unit: str, heat: str, heat_unit: str) -> None:
    registry = burnt(stated("A", "2025", name, amount, unit), factors=(row(name, heat, heat_unit),))
    assert of(registry).value == pytest.approx(float(amount) * float(heat) / 29.3076, rel=1e-12)


def test_a_measured_coal_equivalent_counts_in_the_carbon_account() -> None:
    """0.81 tce/t is 23.739156 GJ/t."""
    registry = burnt(COAL, factors=(row("bituminous_coal", "0.81", "tce/t", "coal_equivalent"),))
    assert of(registry).value == pytest.approx(9720)
    assert of(registry, "fuel_heat:bituminous_coal").value == pytest.approx(12000 * 23.739156, rel=1e-12)


def test_it_counts_for_its_subject_from_its_day_on_and_with_evidence_only() -> None:
    both = (*monthly("A", "bituminous_coal", "100", "t"), *monthly("B", "bituminous_coal", "100", "t"))
    registry = burnt(*both, factors=(row("bituminous_coal", "24", "GJ/t", subject="A", valid_from="2025-07-01"),))
    default, measured = 0.6677, 24 / 29.3076
    assert of(registry).value == pytest.approx(600 * default + 600 * measured, rel=1e-4)
    assert of(registry, code="B").value == pytest.approx(1200 * default, rel=1e-4)
    assert of(registry, code="P").value == pytest.approx(
        (of(registry).value or 0) + (of(registry, code="B").value or 0)
    )
    unproved = burnt(COAL, factors=({**NCV, "evidence": ""},))
    found = of(unproved)
    assert found.value == pytest.approx(8012.40, abs=0.005)
    factor = next(part for part in of(unproved, "fuel_energy:bituminous_coal").inputs if part.kind == "factor")
    assert any("没有凭证" in remark.zh for remark in factor.remarks)


def test_a_coal_equivalent_of_ones_own_stays_unless_the_heat_is_nearer() -> None:
    park_wide = row("bituminous_coal", "0.81", "tce/t", "coal_equivalent")
    assert of(burnt(COAL, factors=(park_wide, {**NCV, "value": "23.9"}))).value == pytest.approx(9720)
    nearer = burnt(COAL, factors=(park_wide, {**NCV, "value": "23.9", "subject": "A"}))
    assert of(nearer).value == pytest.approx(12000 * 23.9 / 29.3076, rel=1e-12)
