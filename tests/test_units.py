"""Units: exact conversion, and refusal where there is none."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xietong.units import UNITS, UnitError, canonical, convert, spellings

NAMES = sorted(UNITS)
FULL_WIDTH = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}


@pytest.mark.parametrize(
    ("value", "unit", "to", "expected"),
    [
        ("1", "MWh", "GJ", "3.6"),  # SI brochure: 1 kWh = 3.6 MJ
        ("1", "万kWh", "MWh", "10"),
        ("12.5", "万m3", "m3", "125000"),
        ("3600", "kWh", "GJ", "12.96"),
        ("1", "m3/s", "m3/h", "3600"),
        ("1", "L/s", "m3/h", "3.6"),
        ("240", "m3/d", "m3/h", "10"),
        ("1", "m3/min", "m3/h", "60"),
        ("2.4", "万m3/d", "m3/h", "1000"),
        ("1", "km3/h", "m3/h", "1000"),
        ("1", "m3/h", "m3/d", "24"),
        ("24", "t/d", "t/h", "1"),
        ("1", "kg/h", "t/d", "0.024"),
        ("1", "g/s", "kg/h", "3.6"),
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


@pytest.mark.parametrize(
    ("written", "unit"),
    [
        ("10^4kWh", "万kWh"),
        ("10⁴m³/d", "万m3/d"),
        ("m³/天", "m3/d"),
        ("吨/日", "t/d"),
        ("立方米/分钟", "m3/min"),
        ("10⁴kW·h", "万kWh"),
        ("×10^4 kW.h", "万kWh"),
        ("万千瓦时", "万kWh"),
        ("万 kWh", "万kWh"),
        ("（万度）", "万kWh"),
        ("亿千瓦时", "亿kWh"),
        ("10^8kWh", "亿kWh"),
        ("千瓦时", "kWh"),
        ("kW·h", "kWh"),
        ("MWh", "MWh"),
        ("兆瓦时", "MWh"),
        ("吨", "t"),
        ("万吨", "万t"),
        ("10^4t", "万t"),
        ("万m³", "万m3"),
        ("万立方米", "万m3"),
        ("10^4m³", "10^4m3"),
        ("㎥", "m3"),
        ("GJ", "GJ"),
        ("百万千焦", "GJ"),
        ("kNm³", "kNm3"),
        ("万标方", "万Nm3"),
        ("吨标准煤", "tce"),
        ("万吨标准煤", "万tce"),
        ("tCO₂", "tCO2"),
        ("kWh".translate(FULL_WIDTH), "kWh"),
        ("mg/m³", "mg/m3"),
        ("µg/m3", "ug/m3"),
        ("℃", "℃"),
        ("%".translate(FULL_WIDTH), "%"),
        ("千元", "千元"),
    ],
)
def test_usual_spellings_are_understood(written: str, unit: str) -> None:
    assert canonical(written) == unit


@pytest.mark.parametrize(
    ("value", "unit", "to", "expected"),
    [
        ("7000", "kcal", "kJ", "29307.6"),  # GB/T 2589-2020: 1 kgce = 29307.6 kJ = 7000 kcal
        ("1", "亿kWh", "万kWh", "10000"),
        ("1", "kNm3", "m3", "1000"),
        ("1", "千元", "万元", "0.1"),
        ("1", "万GJ", "TJ", "10"),
    ],
)
def test_units_that_only_lists_use(value: str, unit: str, to: str, expected: str) -> None:
    assert convert(Decimal(value), unit, to) == Decimal(expected)


@pytest.mark.parametrize(
    "written", ["", "mWh", "mj", "T", "104kWh", "10^5kWh", "10^4", "万", "万万kWh", "kWh/kWh", "吨吨"]
)
def test_what_could_be_another_unit_is_refused(written: str) -> None:
    with pytest.raises(UnitError):
        canonical(written)


def test_every_spelling_leads_to_a_unit_and_is_none_itself() -> None:
    assert {name for name in spellings().values() if name not in UNITS} == set()
    assert {name for name, unit in spellings().items() if name in UNITS and name != unit} == set()
