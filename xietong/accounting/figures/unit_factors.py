"""Electricity and heat of units that bring a factor of their own, in the figures of their group: such a unit's part is
computed by its factor, the rest by the group's, and both are added. What a fuel does is in `inputs.inputs`
(key@SUBJECT).

A unit's own factor holds for what it brought over the group's fence, less what it sold over it. What units sold each
other counts at both ends by the factor of the rest, so that it cancels.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import cache
from typing import NamedTuple

from xietong.accounting.amounts import Amount
from xietong.accounting.books.consolidation import Books
from xietong.accounting.boundary import GROUPS
from xietong.accounting.trade.inside_trade import market
from xietong.accounting.trade.media import ELECTRICITY, HEAT, media_in
from xietong.calc.engine.engine import RULES, Calculation, Rule, rule_for
from xietong.calc.expressions import Factor, walked
from xietong.calc.factors.book import FactorBook
from xietong.calc.figures import Figure, worst
from xietong.calc.keys import group_of
from xietong.park.nouns import Subject
from xietong.periods import Period
from xietong.texts import Text

_CARRIERS = ("electricity", "heat", "water_fresh")
_VALUED = ("ok", "partial", "estimated")
_SUM = Text(
    "有单位用自己的系数：这些单位按各自系数计算，其余按统一系数计算，再相加。",
    "units with factors of their own are computed by these, the rest by the group's, and both are added.",
)
_INSIDE = Text(
    "该单位与园区内其他单位买卖的部分在合计中按统一系数两头抵销，它自己的系数只用于过界的部分。",
    "what the unit bought and sold inside cancels by the factor of the rest; its own holds for what crossed the fence.",
)
_TRADED = frozenset(f"{name}_{way}" for name in ("electricity", "heat", "steam") for way in ("purchased", "sold"))
_REST = Text("其余单位", "the other units")


@dataclass(frozen=True, slots=True)
class Group:
    """A group's inputs under some choices; of: the figure of one of its units by code and key; bare: a unit's
    calculation by the factors of the last day."""

    books: Books
    subject: Subject
    span: Period
    inputs: Mapping[str, Figure]
    factors: FactorBook
    on: date
    choices: Mapping[str, str]
    of: Callable[[str, str], Figure]
    bare: Callable[[str], Calculation]

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
        parts = [(unit, _over_the_fence(group, unit, key)) for unit in units]
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
        theirs = [_over_the_fence(group, unit, argument.source) for unit in units]
        taken = sum(each.value for each in theirs if each.value is not None)
        left = figure.value - taken
        yield argument.source, replace(figure, value=left if abs(left) > 1e-12 * abs(figure.value) else 0.0)


# ---- what changed hands inside ----


class _Over(NamedTuple):
    """The shares of what a unit sold and bought of a medium that went over the group's fence."""

    sold: float
    bought: float


def _over_the_fence(group: Group, unit: Subject, key: str) -> Figure:
    """A unit's figure as its group counts it: of what it bought and sold as much as went over the fence."""
    figure, shares = group.of(unit.code, key), _shares(group, unit)
    if figure.value is None or not shares:
        return figure
    own = group.bare(unit.code)
    outside = own.beside(_scaled(own, shares))
    before, after = own.figure(key).value, outside.figure(key).value
    if before is None or before == after:
        return figure
    return replace(figure, value=figure.value + (after or 0.0) - before, remarks=(*figure.remarks, _INSIDE))


def _shares(group: Group, unit: Subject) -> dict[str, _Over]:
    """By medium what of a unit's trade went over the group's fence, where a part of it did not."""
    books, found = group.books, dict[str, _Over]()
    stays = books.registry.choices.get("unnamed_sales") == "inside"
    names = [name for name in books.names if books.knows(unit.code, name) and group_of(name) in _TRADED]
    for medium in media_in(names):
        dealt = market(books, group.subject, medium, group.span)
        inside = sum(
            (dealt.bought_of(*pair).exact or Decimal(0) for pair in dealt.pairs if pair[1] == unit.code), Decimal(0)
        )
        over = _Over(
            _rest_of(dealt.sold, unit.code, dealt.stayed(unit.code, stays)), _rest_of(dealt.bought, unit.code, inside)
        )
        if over != (1.0, 1.0):
            found[medium.key] = over
    return found


def _rest_of(dealings: Mapping[tuple[str, str], Amount], unit: str, inside: Decimal) -> float:
    """The share of a unit's dealings that is not inside."""
    whole = sum((part.exact or Decimal(0) for (of, _), part in dealings.items() if of == unit), Decimal(0))
    return float((whole - min(inside, whole)) / whole) if whole > 0 else 1.0


def _scaled(own: Calculation, shares: Mapping[str, _Over]) -> dict[str, Figure]:
    """A unit's inputs of purchases and sales as far as they went over the fence."""
    given: dict[str, Figure] = {}
    for medium, name in ((ELECTRICITY, "electricity"), (HEAT, "heat")):
        if (over := shares.get(medium.key)) is not None:
            given[f"{name}_sold"] = _times(own.figure(f"{name}_sold"), over.sold)
            given[f"{name}_purchased"] = _times(own.figure(f"{name}_purchased"), over.bought)
    if (power := shares.get(ELECTRICITY.key)) is not None:
        given |= {key: _times(own.figure(key), power.sold) for key in ("electricity_sold_own", "electricity_resold")}
    if any(key.startswith("steam") for key in shares):
        given["steam_sold"] = _of_grades(own.figure("steam_sold"), {key: each.sold for key, each in shares.items()})
        bought = {key: each.bought for key, each in shares.items()}
        given["steam_purchased"] = _of_grades(own.figure("steam_purchased"), bought)
    if shares.keys() - {ELECTRICITY.key}:
        whole, left = own.figure("heat_supplied").value, own.beside(_known(given)).figure("heat_supplied").value
        given["heat_sold_own"] = _times(own.figure("heat_sold_own"), (left or 0.0) / whole if whole else 1.0)
    return _known(given)


def _known(given: Mapping[str, Figure]) -> dict[str, Figure]:
    return {key: figure for key, figure in given.items() if figure.value is not None or figure.inputs}


def _of_grades(steam: Figure, shares: Mapping[str, float]) -> Figure:
    lines = [
        _times(line, shares.get("steam" if line.key == "steam" else f"steam:{line.key}", 1.0)) for line in steam.inputs
    ]
    return replace(steam, inputs=tuple(lines))


def _times(figure: Figure, share: float) -> Figure:
    return figure if figure.value is None else replace(figure, value=figure.value * share)
