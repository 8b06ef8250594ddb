"""Rows that are loaded with a remark: a target below zero, a factor's key that nothing asks for, a flow to itself."""

from decimal import Decimal
from typing import Any

import pytest

from xietong.park.package.odd_rows import circular_flow, negative_target, unknown_factor_key
from xietong.park.package.sheets import Row


def row(**values: Any) -> Row:
    return Row("x.csv", 2, values, {name: str(value) for name, value in values.items()})


@pytest.mark.parametrize(
    ("key", "target", "odd"),
    [
        ("energy_per_output_value", "-1", True),
        ("energy_per_output_value", "1", False),
        ("carbon_emission_reduction", "-1", False),
    ],
)
def test_a_target_below_zero(key: str, target: str, odd: bool) -> None:
    found = list(negative_target(row(indicator=key, target=Decimal(target), basic=None)))
    assert [each.rule for each in found] == (["negative"] if odd else [])


@pytest.mark.parametrize(
    ("purpose", "key", "odd"),
    [
        ("calorific_value", "xx", True),
        ("calorific_value", "raw_coal", False),
        ("emission_coefficient", "nox/natural_gas", False),
        ("emission_coefficient", "vocs/product:paint", False),
        ("emission_coefficient", "nox/xx", True),
        ("grid_emission", "electricity", False),
        ("environmental_tax_rate", "water", False),
        ("steam_enthalpy", "1.0MPa", False),
    ],
)
def test_a_factor_that_nothing_asks_for(purpose: str, key: str, odd: bool) -> None:
    assert bool(list(unknown_factor_key(row(purpose=purpose, name=key)))) is odd


def test_a_flow_to_itself() -> None:
    (said,) = circular_flow(row(origin="A", destination="A"))
    assert said.rule == "same_ends"
    assert list(circular_flow(row(origin="A", destination="B"))) == []
