"""Properties of every rule of every standard, generated over the tables of rules: no rule escapes by being new.

Each rule is a plain function, called here with made-up factors: it never turns round in any one input, it scales with
its amounts by a whole power or says here why not, and through a case it gives the same in whatever unit an amount is
stated.
"""

import math
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from typing import Any
from zlib import crc32

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xietong.calc.engine.rule_packs import rule_pack
from xietong.calc.engine.rules import TABLES, Argument, NotApplicableError, Rule, UnknownValueError
from xietong.calc.items import Item, all_items, item, to_canonical
from xietong.calc.judgement.worked import run_case
from xietong.standard.text import standards
from xietong.units import UNITS, unit_of

# No deadline: two busy cores are no fault of the rules.
few = settings(max_examples=5, deadline=None)
amount = st.floats(min_value=0.5, max_value=1e6, allow_nan=False).map(lambda value: round(value, 3))
NEARLY = 1e-6
PARTS: Mapping[str, tuple[str, ...]] = {
    "outlet_emission": ("so2", "cod"),
    "outlet_equivalents": ("so2", "cod"),
    "taxed_equivalents": ("so2", "cod"),
    "emission_activity": ("so2/raw_coal", "nox/raw_coal"),
    "generated_by_coefficient": ("so2/raw_coal", "nox/raw_coal"),
    "sample_concentration": ("S1/1", "S1/2"),
    "sample_flow": ("S1/1", "S1/2"),
}
# Rules that scale with their amounts by no whole power, each with why.
NOT_SCALING = {
    "corrected_concentration": "oxygen stands in a difference with 21 %",
    "standard_dry_flow": "temperature stands in a sum with 273 K",
    "payable_share": "a share picked by bands",
    "emission_by_coefficient": "the share of run time is no amount",
    "value_at_constant_price": "the base year is no amount but selects the index",
}
# Rules that may turn round in an input, each with why.
NOT_MONOTONE = {
    "flow_weighted_concentration": "a flow above the mean draws it up, one below draws it down",
    "value_at_constant_price": "the base year is no amount but selects the index",
}


class Invented:
    """Factors made up from their names: between 0.1 and 0.9, the same every time."""

    def __init__(self, purpose: str) -> None:
        self.purpose = purpose

    def __getitem__(self, key: str) -> float:
        return 0.1 + crc32(f"{self.purpose}:{key}".encode()) % 800 / 1000

    def __getattr__(self, name: str) -> Any:
        return lambda key, *_: self[key]

    def __contains__(self, _key: object) -> bool:
        return True


@cache
def rules() -> tuple[Rule, ...]:
    """Every rule once a function."""
    for name in standards():
        rule_pack(name)
    every = [rule for table in TABLES.values() for each in table.values() for rule in each]
    return tuple({rule.function: rule for rule in every}.values())


def but(exceptions: Mapping[str, str]) -> list[Rule]:
    return [rule for rule in rules() if rule.key not in exceptions]


def named(rule: Rule) -> str:
    return f"{rule.function.__module__.rpartition('.')[2]}.{rule.function.__name__}"


def parts_of(argument: Argument) -> tuple[str, ...]:
    if argument.source in PARTS:
        return PARTS[argument.source]
    known = [each.part for each in all_items().values() if each.input == argument.source and each.part not in ("", "*")]
    return tuple(known[:2]) or ("one", "other")


def drawn(data: st.DataObject, rule: Rule) -> dict[str, Any]:
    """Amounts for every argument, optional ones too."""
    values: dict[str, Any] = {}
    for argument in rule.arguments:
        if argument.shape == "factors":
            values[argument.name] = Invented(argument.name)
        elif argument.shape == "items":
            values[argument.name] = {part: data.draw(amount, f"{argument.name}:{part}") for part in parts_of(argument)}
        else:
            values[argument.name] = data.draw(amount, argument.name)
    return values


def result(rule: Rule, values: Mapping[str, Any]) -> dict[str, float]:
    """The lines of a rule's answer, or its one number; nothing where it says that the inputs contradict each other."""
    try:
        found = rule.function(**values)
    except (UnknownValueError, NotApplicableError, ZeroDivisionError):
        return {}
    return dict(found) if isinstance(found, Mapping) else {"": float(found)}


def scaled(rule: Rule, values: Mapping[str, Any], factor: float) -> dict[str, Any]:
    shapes = {argument.name: argument.shape for argument in rule.arguments}
    return {
        name: value
        if shapes[name] == "factors"
        else {part: each * factor for part, each in value.items()}
        if isinstance(value, Mapping)
        else value * factor
        for name, value in values.items()
    }


def close(one: float, other: float) -> bool:
    return math.isclose(one, other, rel_tol=NEARLY, abs_tol=NEARLY)


@pytest.mark.parametrize("rule", but(NOT_SCALING), ids=named)
@few
@given(data=st.data())
def test_a_rule_scales_with_its_amounts_by_a_whole_power(rule: Rule, data: st.DataObject) -> None:
    values = drawn(data, rule)
    once, twice, fourfold = (result(rule, scaled(rule, values, factor)) for factor in (1.0, 2.0, 4.0))
    for line in set(once) & set(twice) & set(fourfold):
        one, two, four = once[line], twice[line], fourfold[line]
        if min(abs(one), abs(two)) < NEARLY:
            continue
        assert any(close(two / one, 2.0**power) and close(four / one, 4.0**power) for power in (-1, 0, 1, 2)), line


@pytest.mark.parametrize("rule", but(NOT_MONOTONE), ids=named)
@few
@given(data=st.data())
def test_a_rule_never_turns_round_in_any_one_input(rule: Rule, data: st.DataObject) -> None:
    """f at x, x + d and x + 2d never goes up and then down, nor down and then up."""
    values = drawn(data, rule)
    more = data.draw(amount, "more")
    numbers = [argument for argument in rule.arguments if argument.shape != "factors"]
    for argument in numbers:
        steps = [result(rule, {**values, argument.name: _more(values[argument.name], more * n)}) for n in (0, 1, 2)]
        for line in set(steps[0]) & set(steps[1]) & set(steps[2]):
            first, second, third = (step[line] for step in steps)
            size = max(abs(first), abs(second), abs(third), 1.0) * 1e-9
            rising, falling = (second - first, third - second)
            assert not (rising > size and falling < -size), (argument.name, line)
            assert not (rising < -size and falling > size), (argument.name, line)


def _more(value: Any, more: float) -> Any:
    if isinstance(value, Mapping):
        first = next(iter(value))
        return {**value, first: value[first] + more}
    return value + more


def units_of(stated: Item) -> list[str]:
    """The units in which an item may be stated: those of its own dimension, and those that the table adds."""
    same = [name for name, unit in UNITS.items() if unit.dimension == unit_of(stated.unit).dimension]
    return [*same, *(name for name, _ in stated.also)]


@pytest.mark.parametrize("name", sorted(all_items()))
def test_an_amount_in_any_unit_comes_back_the_same(name: str) -> None:
    stated = item(f"{name}:x" if all_items()[name].part == "*" else name)
    for unit in units_of(stated):
        one = to_canonical(stated, Decimal(1), unit)
        assert to_canonical(stated, Decimal("123.456") / one, unit) == pytest.approx(
            Decimal("123.456"), rel=Decimal("1e-20")
        )


def feeding(rule: Rule) -> dict[str, str]:
    """For each input of a rule an item that feeds it."""
    found = {}
    for argument in rule.arguments:
        base, _, part = argument.source.partition(":")
        items = [each for each in all_items().values() if each.input == base and part in ("", each.part)]
        if items and items[0].part != "*":
            found[argument.source] = items[0].item
    return found


@pytest.mark.parametrize("rule", [rule for rule in rules() if feeding(rule)], ids=named)
def test_a_rule_gives_the_same_in_whatever_unit_its_amounts_are_stated(rule: Rule) -> None:
    canonical = {name: item(name).unit for name in feeding(rule).values()}
    amounts = {name: Decimal(1000 + 7 * number) for number, name in enumerate(canonical)}
    given_plain = {name: f"{value:f} {canonical[name]}" for name, value in amounts.items()}
    status, worth = _worth(rule, given_plain)
    for name, unit in canonical.items():
        for other in units_of(item(name)):
            if other == unit or (item(name).base == "product"):
                continue
            there = amounts[name] / to_canonical(item(name), Decimal(1), other)
            found = _worth(rule, {**given_plain, name: f"{there:f} {other}"})
            assert found[0] == status, (name, other)
            assert found[1] == pytest.approx(worth, rel=1e-12), (name, other)


def _worth(rule: Rule, given_amounts: Mapping[str, str]) -> tuple[str, dict[str, float]]:
    standard = next(name for name, table in TABLES.items() if rule in table.get(rule.key, []))
    case = {"name": "t", "given": given_amounts, "choices": dict(rule.when), "region": "陕西", "standard": standard}
    figure = run_case({**case, "expect": {rule.key: {}}}).figures[rule.key]
    lines = figure.items() or ({"": figure.value} if figure.value is not None else {})
    return figure.status, lines


def test_the_exceptions_are_rules_that_exist() -> None:
    keys = {rule.key for rule in rules()}
    assert keys >= {*NOT_SCALING, *NOT_MONOTONE}
    assert len(rules()) > 100
