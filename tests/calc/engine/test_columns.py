"""Every rule's expression over columns of random inputs is the rule's own function called row by row: what is shown,
added up and checked of a rule is what its source says."""

import importlib
import math
import pkgutil
import random
from collections.abc import Iterator, Mapping
from typing import Any
from zlib import crc32

import numpy as np
import pytest

import xietong.calc
from xietong.calc.engine.columns import Columns, calculated
from xietong.calc.engine.expression_text import text_of
from xietong.calc.engine.rule_packs import rule_pack
from xietong.calc.engine.rule_source import expression_in
from xietong.calc.engine.rules import TABLES, NotApplicableError, Rule, UnknownValueError
from xietong.standard.text import standards

ROWS = 14
NAMES = ("so2", "cod", "bod5", "hfc_23", "cf4", "sf6", "ch4", "nf3")
REFUSED = (NotApplicableError, UnknownValueError, LookupError, ZeroDivisionError)
Row = dict[str, Any]


class Table:
    """A made-up table of factors: one number a key, always the same; some keys are not known."""

    def __init__(self, purpose: str) -> None:
        self._purpose = purpose

    def __getitem__(self, key: str) -> float:
        return 0.1 + crc32(f"{self._purpose}:{key}".encode()) % 1000 / 1250

    def nearest(self, key: str, group: str) -> float:
        return self[key] if key in self else self[group]

    def known(self, key: str) -> bool:
        return key in self

    def __contains__(self, key: object) -> bool:
        return crc32(f"{self._purpose}?{key}".encode()) % 3 > 0


def every_rule() -> Iterator[Rule]:
    """The rules of every standard."""
    for module in pkgutil.walk_packages(xietong.calc.__path__, "xietong.calc."):
        importlib.import_module(module.name)
    for name in standards():
        rule_pack(name)
    return (rule for table in TABLES.values() for rules in table.values() for rule in rules)


def drawn(rule: Rule, chance: random.Random, left_out: bool) -> list[Row]:
    """Rows of random arguments: numbers around one, and amounts of one to four names; left_out: without what is
    optional, whose default counts then."""
    arguments = [each for each in rule.amounts if not (left_out and each.optional)]
    rows = []
    for _ in range(ROWS):
        names = chance.sample(NAMES, chance.randint(1, 4))
        row: Row = {}
        for argument in arguments:
            if argument.shape == "number":
                row[argument.name] = chance.uniform(0.2, 2.0)
            else:
                named = names if chance.random() < 0.6 else chance.sample(NAMES, 2)
                row[argument.name] = {name: chance.uniform(0.2, 2.0) for name in named}
        rows.append(row)
    return rows


def columns(rule: Rule, rows: list[Row]) -> Columns:
    """The rows as columns under the keys that the rule asks for."""
    numbers: dict[str, Any] = {}
    amounts: dict[str, dict[str, Any]] = {}
    for argument in rule.amounts:
        group, _, part = argument.source.partition(":")
        if argument.name not in rows[0]:
            numbers |= {argument.source: argument.default} if argument.shape == "number" else {}
        elif argument.shape == "items":
            named = dict.fromkeys(name for row in rows for name in row[argument.name])
            amounts[group] = {name: np.array([row[argument.name].get(name, np.nan) for row in rows]) for name in named}
        else:
            column = np.array([row[argument.name] for row in rows])
            if part:
                amounts.setdefault(group, {})[part] = column
            else:
                numbers[group] = column
    return Columns(numbers, amounts, {each.name: Table(each.name) for each in rule.tables})


def by_function(rule: Rule, row: Row) -> Any:
    """What the rule's own function gives; None where it refuses."""
    try:
        return rule.function(**row, **{each.name: Table(each.name) for each in rule.tables})
    except REFUSED:
        return None


def in_row(result: Any, row: int) -> Any:
    """What the columns give for one row."""
    if isinstance(result, Mapping):
        found = {name: in_row(column, row) for name, column in result.items()}
        return {name: amount for name, amount in found.items() if not math.isnan(amount)}
    return float(result[row]) if np.ndim(result) else float(result)


def test_every_rule_over_columns_is_its_function_row_by_row() -> None:
    chance, tried, wrong = random.Random(1), 0, []
    compared: dict[str, int] = {}
    for rule in every_rule():
        for left_out in (False, True):
            rows = drawn(rule, chance, left_out)
            if not rows[0]:
                continue
            result = calculated(rule.expression, columns(rule, rows))
            for number, row in enumerate(rows):
                expected = by_function(rule, row)
                if expected is None:
                    continue
                tried += 1
                compared[rule.function.__name__] = compared.get(rule.function.__name__, 0) + 1
                if in_row(result, number) != pytest.approx(expected, rel=1e-12, abs=1e-12):
                    wrong.append((rule.key, row, expected, in_row(result, number)))
    assert wrong == []
    assert tried > 8_000
    silent = {rule.function.__name__ for rule in every_rule()} - set(compared)
    assert silent == set(), "never compared: every drawn row was refused"


def test_the_text_of_every_expression_reads_back_as_the_expression() -> None:
    for rule in every_rule():
        assert text_of(rule.expression) == rule.formula
        assert expression_in(rule.formula + " ") == rule.expression


def added(one: Any, other: Any) -> Any:
    """Two results added, name by name."""
    if isinstance(one, Mapping):
        return {name: one.get(name, 0.0) + other.get(name, 0.0) for name in {**one, **other}}
    return one + other


def test_every_rule_that_says_it_is_additive_is() -> None:
    """f(a + b) = f(a) + f(b) by the rule's own function, over amounts of the same names."""
    chance, wrong, tried = random.Random(2), [], 0
    for rule in every_rule():
        if not rule.additive:
            continue
        for row in drawn(rule, chance, left_out=False):
            other = {
                name: {each: chance.uniform(0.2, 2.0) for each in amount}
                if isinstance(amount, dict)
                else chance.uniform(0.2, 2.0)
                for name, amount in row.items()
            }
            both = {name: added(amount, other[name]) for name, amount in row.items()}
            parts = by_function(rule, row), by_function(rule, other)
            if None in parts:
                continue
            tried += 1
            if by_function(rule, both) != pytest.approx(added(*parts), rel=1e-12, abs=1e-12):
                wrong.append((rule.key, row, other))
    assert wrong == []
    assert tried > 500


def test_what_multiplies_by_factors_and_is_not_additive_is_known_by_name() -> None:
    """Computed as one whole, by the factors of the period's last day: taxes of a month, an index of a year, a share
    that treatment ran."""
    undivided = {rule.key for rule in every_rule() if rule.tables and not rule.additive}
    assert undivided == {
        "value_at_constant_price",
        "emission_by_coefficient",
        "outlet_equivalents",
        "outlet_tax",
        "solid_waste_tax",
    }
