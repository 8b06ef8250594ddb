"""Units: exact conversion, and refusal where there is none."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xietong.units import UNITS, UnitError, convert

NAMES = sorted(UNITS)


@pytest.mark.parametrize(
    ("value", "unit", "to", "expected"),
    [
        ("1", "MWh", "GJ", "3.6"),  # SI brochure: 1 kWh = 3.6 MJ
        ("1", "万kWh", "MWh", "10"),
        ("12.5", "万m3", "m3", "125000"),
        ("3600", "kWh", "GJ", "12.96"),
        ("1", "m3/s", "m3/h", "3600"),
        ("1", "L/s", "m3/h", "3.6"),
        ("250", "kg", "t", "0.25"),
        ("1.5", "亿元", "万元", "15000"),
        ("35", "ug/L", "mg/L", "0.035"),
    ],
)
def test_known_conversions(value: str, unit: str, to: str, expected: str) -> None:
    assert convert(Decimal(value), unit, to) == Decimal(expected)


@pytest.mark.parametrize(("unit", "to"), [("kWh", "t"), ("mg/m3", "mg/L"), ("furlong", "m3"), ("m3", "Furlong")])
def test_what_cannot_be_converted_says_why(unit: str, to: str) -> None:
    with pytest.raises(UnitError) as refused:
        convert(Decimal(1), unit, to)
    assert refused.value.text.zh
    assert unit in refused.value.text.en or to in refused.value.text.en


@given(st.decimals(-(10**9), 10**9, places=6), st.sampled_from(NAMES), st.sampled_from(NAMES))
def test_there_and_back(value: Decimal, unit: str, to: str) -> None:
    if UNITS[unit].dimension == UNITS[to].dimension:
        there_and_back = convert(convert(value, unit, to), to, unit)
        assert abs(there_and_back - value) <= abs(value) * Decimal("1e-24")
