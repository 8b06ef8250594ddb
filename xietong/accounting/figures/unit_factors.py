"""Electricity and heat of units that bring a factor of their own, in the figures of their group: such a unit's part is
computed by its factor, the rest by the group's, and both are added. What a fuel does is in `inputs.inputs`
(key@SUBJECT)."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cache

from xietong.accounting.books.consolidation import Books
from xietong.accounting.boundary import GROUPS
from xietong.calc.engine import RULES, Calculation, Rule, rule_for
from xietong.calc.expressions import Factor, walked
from xietong.calc.factors import FactorBook
from xietong.calc.figures import Figure, worst
from xietong.park.nouns import Subject
from xietong.texts import Text

_CARRIERS = ("electricity", "heat", "water_fresh")
_VALUED = ("ok", "partial", "estimated")
_SUM = Text(
    "有单位用自己的系数：这些单位按各自系数计算，其余按统一系数计算，再相加。",
    "units with factors of their own are computed by these, the rest by the group's, and both are added.",
)
_REST = Text("其余单位", "the other units")


@dataclass(frozen=True, slots=True)
class Group:
    """A group's inputs under some choices; of: the figure of one of its units by code and key."""

    books: Books
    subject: Subject
    inputs: Mapping[str, Figure]
    factors: FactorBook
    on: date
    choices: Mapping[str, str]
    of: Callable[[str, str], Figure]

    def calculation(self, inputs: Mapping[str, Figure]) -> Calculation:
        """The engine over other inputs, day, choices and factors as they are."""
        return Calculation(inputs, self.factors, self.on, self.choices)


@cache
def _carrier_rules() -> tuple[tuple[str, str, str], ...]:
    """(key, purpose, carrier) of every additive rule of numbers with a factor of electricity, heat or water."""
    found = {
        (key, purpose, carrier)
        for key, rules in RULES.items()
        for rule in rules
        if rule.additive and all(argument.shape != "items" for argument in rule.arguments)
        for purpose, carrier in _carrier_factors(rule)
    }
    return tuple(sorted(found))


def _carrier_factors(rule: Rule) -> set[tuple[str, str]]:
    """(purpose, carrier) of the factors of electricity, heat and water that a rule names."""
    factors = {(each.purpose, each.name.word) for each in walked(rule.expression) if isinstance(each, Factor)}
    return {(purpose, carrier) for purpose, carrier in factors if carrier in _CARRIERS}


def apart_figures(group: Group) -> dict[str, Figure]:
    """The group's figures in which a unit's own factor of a carrier counts, by key; none in most parks."""
    own = group.books.own_factors
    if group.subject.kind not in GROUPS or not own.any_carrier:
        return {}
    whole = group.calculation(group.inputs)
    found = {}
    for key, purpose, carrier in _carrier_rules():
        rule = rule_for(key, group.on, group.choices)
        if rule is None or (purpose, carrier) not in _carrier_factors(rule):
            continue
        units = [
            each for each in group.books.boundary.units(group.subject.code) if own.has(each.code, purpose, carrier)
        ]
        parts = [(unit, group.of(unit.code, key)) for unit in units]
        parts = [(unit, part) for unit, part in parts if part.value is not None and part.status in _VALUED]
        if parts and whole.figure(key).value is not None:
            found[key] = _summed(group, rule, whole, parts)
    return found


def _summed(group: Group, rule: Rule, whole: Calculation, parts: list[tuple[Subject, Figure]]) -> Figure:
    rest = group.calculation(dict(_rest(group, rule, whole, [unit for unit, _ in parts]))).figure(rule.key)
    lines = [replace(part, title=Text(unit.name, unit.name_en or unit.name)) for unit, part in parts]
    if rest.value:
        lines.append(replace(rest, title=_REST))
    undivided = whole.figure(rule.key)
    return replace(
        undivided,
        value=sum(line.value for line in lines if line.value is not None),
        status=worst([undivided.status, *(line.status for line in lines)]),
        formula="",
        inputs=tuple(lines),
        remarks=(*undivided.remarks, _SUM),
    )


def _rest(group: Group, rule: Rule, whole: Calculation, units: list[Subject]) -> Iterator[tuple[str, Figure]]:
    """What the rule's amounts are without those units: the group's own less theirs."""
    for argument in rule.arguments:
        if argument.shape != "number":
            continue
        figure = whole.figure(argument.source)
        if figure.value is None:
            continue
        theirs = [group.of(unit.code, argument.source) for unit in units]
        taken = sum(each.value for each in theirs if each.value is not None)
        left = figure.value - taken
        yield argument.source, replace(figure, value=left if abs(left) > 1e-12 * abs(figure.value) else 0.0)
