"""The hour-by-hour formulas of an outlet against hand arithmetic and the second form that HJ 212 prints."""

import pytest

from xietong.calc.indicators.outlet_gas import at_reference_oxygen, gas_mass_kg, water_mass_kg


@pytest.mark.parametrize(
    ("measured", "oxygen", "reference", "corrected"),
    [(35.0, 13.0, 9.0, 52.5), (50.0, 9.0, 9.0, 50.0), (30.0, 3.0, 3.5, 30.0 * 17.5 / 18.0)],
)
def test_reference_oxygen(measured: float, oxygen: float, reference: float, corrected: float) -> None:
    excess, reference_excess = 21 / (21 - oxygen), 21 / (21 - reference)
    assert at_reference_oxygen(measured, oxygen, reference) == pytest.approx(corrected)
    assert corrected == pytest.approx(measured * excess / reference_excess)


@pytest.mark.parametrize("oxygen", [20.0, 20.9, 21.0, 25.0, -0.1])
def test_no_correction_where_the_oxygen_allows_none(oxygen: float) -> None:
    assert at_reference_oxygen(35.0, oxygen, 9.0) is None


def test_masses() -> None:
    assert gas_mass_kg(30.0, 150_000.0) == pytest.approx(4.5)
    assert water_mass_kg(50.0, 1_200.0) == pytest.approx(60.0)
