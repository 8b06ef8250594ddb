"""Rule: a plain function of a standard's arithmetic with what it says of itself, and the table of its standard's rules.

    @indicator(clause="6.3.2b", unit="tce/万元")
    def energy_per_output_value(comprehensive_energy_consumption: float, output_value: float) -> float: ...

The function's name is the indicator, its arguments are the inputs; a second edition or a park's choice is a second
function, whose name goes on after two underscores (electricity_energy__equal_value). Where one rule holds for every
pollutant, `family` enters it once a member. RULES are those of the park standard; another standard has a table of its
own (calc.engine.rule_packs). How rules are resolved is in calc.engine.engine.
"""

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple, Protocol

from xietong.calc.engine.additivity import require_additive
from xietong.calc.engine.expression_text import text_of
from xietong.calc.engine.rule_source import expression_of
from xietong.calc.expressions import Node
from xietong.calc.figures import Figure
from xietong.standard.text import MAIN
from xietong.texts import Text

Items = Mapping[str, float]
NONE: Items = {}


class UnknownValueError(Exception):
    """A factor or an input that a rule needs and that does not exist: data about data, caught by the engine."""

    def __init__(self, text: Text) -> None:
        super().__init__(text.en)
        self.text = text


class NotApplicableError(Exception):
    """Raised by a rule where the indicator says nothing for these inputs: caught by the engine, with the sentence."""

    def __init__(self, text: Text) -> None:
        super().__init__(text.en)
        self.text = text


# Numbers that are this near are one on paper.
LAST_DIGITS = 1e-9


def less(one: float, other: float) -> bool:
    """Whether one number lies below another by more than the last binary digits: 29.999…9 % is 30 % on paper."""
    return one < other - LAST_DIGITS


class FactorSource(Protocol):
    """Where the engine asks for factors; `xietong.calc.factors.book.FactorBook` is one."""

    def find(self, purpose: str, key: str, on: date, choices: Mapping[str, str]) -> Figure:
        """The factor in force on that day as a Figure of kind "factor"; raises UnknownValueError."""


# What a rule of named amounts tells of one of them, why it counts or is left out: its name, the amounts given by input,
# and whether it counts; None where there is nothing to tell.
Told = Callable[[str, Mapping[str, Items], bool], Text | None]
_TOLD: dict[Callable[..., Any], Told] = {}


def telling(told: Told) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Have a rule of named amounts tell of each of them; stands under @indicator."""

    def mark(function: Callable[..., Any]) -> Callable[..., Any]:
        _TOLD[function] = told
        return function

    return mark


_ADDITIVE: set[Callable[..., Any]] = set()


def additive(function: Callable[..., Any]) -> Callable[..., Any]:
    """Have a rule say that it is a sum of amounts times factors; stands under @indicator, which proves it.

    Parts of a period, or of a group, may then be computed by the factors of their own and added up.
    """
    _ADDITIVE.add(function)
    return function


class Factors:
    """One purpose's factors as a rule sees them: factors[key]; remembers which were used, for the working."""

    def __init__(self, source: FactorSource, purpose: str, on: date, choices: Mapping[str, str]) -> None:
        self._source, self._purpose, self._on, self._choices = source, purpose, on, choices
        self.used: dict[str, Figure] = {}
        self.lacking: dict[str, Text] = {}

    def __getitem__(self, key: str) -> float:
        if key not in self.used:
            self.used[key] = self._source.find(self._purpose, key, self._on, self._choices)
        value = self.used[key].value
        assert value is not None
        return value

    def nearest(self, key: str, group: str) -> float:
        """The factor of that key, else of the group it belongs to; a park's own row of the group goes before a shipped
        one of the key. The working shows it under the key."""
        if key not in self.used:
            found = self._known(key)
            if found is None or "own" not in found.trace:
                of_group = self._known(group)
                if found is None or (of_group is not None and "own" in of_group.trace):
                    self.used[key] = of_group or self._source.find(self._purpose, group, self._on, self._choices)
        return self[key]

    def known(self, key: str) -> bool:
        """Whether there is a factor of that key, where having none is no lack."""
        found = key in self
        self.lacking.pop(key, None)
        return found

    def __contains__(self, key: object) -> bool:
        return self._known(str(key)) is not None

    def _known(self, key: str) -> Figure | None:
        """The factor of that key; None, and why in `lacking`, where there is none."""
        try:
            return self._source.find(self._purpose, key, self._on, self._choices)
        except UnknownValueError as unknown:
            self.lacking[key] = unknown.text
            return None


@dataclass(frozen=True, slots=True)
class Argument:
    """One input of a rule: its name, its shape (number, items, factors), whether it may be absent, and its source.

    source is the key asked for; "pollutant_emission:cod" is one amount out of an Items input. default: what an absent
    number counts for.
    """

    name: str
    shape: str
    optional: bool
    source: str
    default: float = 0.0


@dataclass(frozen=True, slots=True)
class Rule:
    """One function of the standard's arithmetic with what it says of itself.

    expression: what it returns, read once from its source; formula: the same as text. additive: it may be computed in
    parts of its amounts, each by the factors of its own time or unit, and added up.
    """

    key: str
    function: Callable[..., Any]
    clause: str
    unit: str
    title: Text
    expression: Node
    arguments: tuple[Argument, ...]
    additive: bool = False
    better: str = "lower"
    since: date = date.min
    until: date = date.max
    when: Mapping[str, str] = field(default_factory=dict)
    told: Told | None = None
    formula: str = field(init=False)
    amounts: tuple[Argument, ...] = field(init=False)
    tables: tuple[Argument, ...] = field(init=False)

    def __post_init__(self) -> None:
        """Tell the arguments that are amounts from those that are tables of factors; write the formula out.

        Raises NotAdditiveError where the rule says that it is additive and its expression is not.
        """
        object.__setattr__(self, "formula", text_of(self.expression))
        for name, wanted in (("amounts", False), ("tables", True)):
            chosen = tuple(each for each in self.arguments if (each.shape == "factors") == wanted)
            object.__setattr__(self, name, chosen)
        if self.additive:
            require_additive(self.key, self.expression, {each.source: each.default for each in self.amounts})

    def applies(self, on: date, choices: Mapping[str, str]) -> bool:
        """Whether this edition is in force and the park chose it."""
        return self.since <= on < self.until and all(choices.get(name) == value for name, value in self.when.items())


class Member(NamedTuple):
    """One member of a family of rules: what fills the braces of key, sources and docstring, its clause and unit."""

    key: str
    name: Text
    clause: str
    unit: str


class RuleTable(dict[str, list[Rule]]):
    """The rules of one standard: key → its editions and choices, one function each.

    edition: a number that moves when rules are entered or cleared, so that what was found among the rules can be kept.
    """

    edition = 0

    def clear(self) -> None:
        """Take every rule out."""
        super().clear()
        self.edition += 1

    def indicator(
        self,
        *,
        clause: str,
        unit: str,
        better: str = "lower",
        since: date = date.min,
        until: date = date.max,
        when: Mapping[str, str] | None = None,
    ) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Enter a function under its own name, up to "__"; the function itself stays as it is.

        Raises ValueError where its source does not fit, or is not what it says of itself.
        """

        def enter(function: Callable[..., Any]) -> Callable[..., Any]:
            arguments = _arguments(function, {})
            rule = Rule(
                key=function.__name__.partition("__")[0],
                function=function,
                clause=clause,
                unit=unit,
                title=_title(function, Text("", "")),
                expression=expression_of(function, {}, _purposes(arguments)),
                arguments=arguments,
                additive=function in _ADDITIVE,
                better=better,
                since=since,
                until=until,
                when=when or {},
                told=_TOLD.get(function),
            )
            self._enter(rule)
            return function

        return enter

    def family(
        self, *, key: str, members: Iterable[Member], sources: Mapping[str, str], better: str = "lower"
    ) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Enter one function as a rule of every member.

        In `key` and in the values of `sources` (argument → input key), {} stands for the member's key; in the
        docstring's first line {zh} and {en} stand for its name.
        """

        def enter(function: Callable[..., Any]) -> Callable[..., Any]:
            for member in members:
                renamed = {argument: source.format(member.key) for argument, source in sources.items()}
                arguments = _arguments(function, renamed)
                rule = Rule(
                    key=key.format(member.key),
                    function=function,
                    clause=member.clause,
                    unit=member.unit,
                    title=_title(function, member.name),
                    expression=expression_of(function, renamed, _purposes(arguments)),
                    arguments=arguments,
                    better=better,
                )
                self._enter(rule)
            return function

        return enter

    def _enter(self, rule: Rule) -> None:
        self.setdefault(rule.key, []).append(rule)
        self.edition += 1

    def rule_for(self, key: str, on: date, choices: Mapping[str, str]) -> Rule | None:
        """The rule of that key in force on that day under the park's choices: the most particular one, else None."""
        fitting = [rule for rule in self.get(key, ()) if rule.applies(on, choices)]
        return max(fitting, key=lambda rule: (len(rule.when), rule.since), default=None)


RULES = RuleTable()
indicator, family, rule_for = RULES.indicator, RULES.family, RULES.rule_for
# The table of each standard by its name, the park standard's included.
TABLES: dict[str, RuleTable] = {MAIN: RULES}


def rule_table(standard: str) -> RuleTable:
    """The table into which a standard's module enters its rules."""
    return TABLES.setdefault(standard, RuleTable())


def _title(function: Callable[..., Any], name: Text) -> Text:
    line = (inspect.getdoc(function) or "").split("\n")[0]
    zh, _, en = line.partition(": ")
    if not en:
        raise ValueError(f'{function.__name__}: the docstring must open with "中文: English."')
    return Text(zh.replace("{zh}", name.zh), en.replace("{en}", name.en).rstrip("."))


def _purposes(arguments: Iterable[Argument]) -> list[str]:
    """The arguments that are tables of factors."""
    return [argument.name for argument in arguments if argument.shape == "factors"]


def _arguments(function: Callable[..., Any], sources: Mapping[str, str]) -> tuple[Argument, ...]:
    shapes = {float: "number", Items: "items", Factors: "factors"}
    hints = inspect.get_annotations(function, eval_str=True)
    return tuple(
        Argument(
            name,
            shapes[hints[name]],
            parameter.default is not inspect.Parameter.empty,
            sources.get(name, name),
            float(parameter.default) if isinstance(parameter.default, int | float) else 0.0,
        )
        for name, parameter in inspect.signature(function).parameters.items()
    )
