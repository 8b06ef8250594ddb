"""Rule: a plain function of a standard's arithmetic with what it says of itself, and the table of its standard's rules.

    @indicator(clause="6.3.2b", unit="tce/万元")
    def energy_per_output_value(comprehensive_energy_consumption: float, output_value: float) -> float: ...

The function's name is the indicator, its arguments are the inputs; a second edition or a park's choice is a second
function, whose name goes on after two underscores (electricity_energy__equal_value). Where one rule holds for every
pollutant, `family` enters it once a member. RULES are those of the park standard; another standard has a table of its
own (calc.rule_packs). How rules are resolved is in calc.engine.
"""

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Any, NamedTuple, Protocol

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


def less(one: float, other: float) -> bool:
    """Whether one number lies below another by more than the last binary digits: 29.999…9 % is 30 % on paper."""
    return one < other - 1e-9


class FactorSource(Protocol):
    """Where the engine asks for factors; `xietong.calc.factors.FactorBook` is one."""

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

    source is the key asked for; "pollutant_emission:cod" is one amount out of an Items input.
    """

    name: str
    shape: str
    optional: bool
    source: str


@dataclass(frozen=True, slots=True)
class Rule:
    """One function of the standard's arithmetic with what it says of itself."""

    key: str
    function: Callable[..., Any]
    clause: str
    unit: str
    title: Text
    formula: str
    arguments: tuple[Argument, ...]
    better: str = "lower"
    since: date = date.min
    until: date = date.max
    when: Mapping[str, str] = field(default_factory=dict)
    told: Told | None = None
    amounts: tuple[Argument, ...] = field(init=False)
    tables: tuple[Argument, ...] = field(init=False)

    def __post_init__(self) -> None:
        """Tell the arguments that are amounts from those that are tables of factors."""
        for name, wanted in (("amounts", False), ("tables", True)):
            chosen = tuple(each for each in self.arguments if (each.shape == "factors") == wanted)
            object.__setattr__(self, name, chosen)

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
        """Enter a function under its own name, up to "__"; the function itself stays as it is."""

        def enter(function: Callable[..., Any]) -> Callable[..., Any]:
            rule = Rule(
                key=function.__name__.partition("__")[0],
                function=function,
                clause=clause,
                unit=unit,
                title=_title(function, Text("", "")),
                formula=_formula(function, {}),
                arguments=_arguments(function, {}),
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
                rule = Rule(
                    key=key.format(member.key),
                    function=function,
                    clause=member.clause,
                    unit=member.unit,
                    title=_title(function, member.name),
                    formula=_formula(function, renamed),
                    arguments=_arguments(function, renamed),
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


def _formula(function: Callable[..., Any], names: Mapping[str, str]) -> str:
    """The returned expression over the inputs' own keys, the function's local names written out."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    written: dict[str, ast.expr] = {
        node.id: ast.Constant(function.__globals__[node.id])
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and isinstance(function.__globals__.get(node.id), int | float)
    }
    written |= {name: ast.Name(_spelt(source)) for name, source in names.items()}
    formula = ""
    for node in (each for each in ast.walk(tree) if isinstance(each, ast.Assign | ast.Return) and each.value):
        expression = _written_out(node.value, written)
        assert isinstance(expression, ast.expr)
        if isinstance(node, ast.Assign):
            written[ast.unparse(node.targets[0])] = expression
        else:
            formula = ast.unparse(expression)
    return formula


def _written_out(node: object, names: Mapping[str, ast.expr]) -> object:
    """A copy of an expression with names replaced."""
    if isinstance(node, ast.Name):
        return names.get(node.id, node)
    if isinstance(node, list):
        return [_written_out(each, names) for each in node]
    if isinstance(node, ast.AST):
        return type(node)(**{field: _written_out(value, names) for field, value in ast.iter_fields(node)})
    return node


def _spelt(source: str) -> str:
    group, _, part = source.partition(":")
    return f"{group}[{part!r}]" if part else group


@cache
def line_formula(formula: str, part: str, apart: bool = False) -> str:
    """The formula of one named amount, out of {part: … for part, amount in items.items()} or {"part": …, …}.

    The amount of the first form stands under the part's own key; where that is no name (0.95MPa, raw_coal@ENT-01), or
    where amounts of several inputs must be told apart, as items['0.95MPa']; "" where the formula has another form.
    """
    tree = ast.parse(formula or "0", mode="eval").body
    if isinstance(tree, ast.Dict):
        named = dict(zip((ast.unparse(key) for key in tree.keys if key), tree.values, strict=False))
        return ast.unparse(named[repr(part)]) if repr(part) in named else ""
    if not isinstance(tree, ast.DictComp) or not isinstance(tree.generators[0].target, ast.Tuple):
        return ""
    name, amount = (ast.unparse(each) for each in tree.generators[0].target.elts)
    items = ast.unparse(tree.generators[0].iter).removesuffix(".items()")
    stands = part if part.isidentifier() and not apart else f"{items}[{part!r}]"
    for node in ast.walk(tree.value):
        if isinstance(node, ast.Name) and node.id in (name, amount):
            node.id = repr(part) if node.id == name else stands
    return ast.unparse(tree.value)


@cache
def names_in_line(formula: str, part: str) -> frozenset[str] | None:
    """The inputs that one amount of a written-out table {"part": …, …} rests on; None for every other form."""
    table = ast.parse(formula or "0", mode="eval").body
    if not isinstance(table, ast.Dict) or None in table.keys:
        return None
    line = ast.parse(line_formula(formula, part) or "0", mode="eval")
    return frozenset(node.id for node in ast.walk(line) if isinstance(node, ast.Name))


def _arguments(function: Callable[..., Any], sources: Mapping[str, str]) -> tuple[Argument, ...]:
    shapes = {float: "number", Items: "items", Factors: "factors"}
    hints = inspect.get_annotations(function, eval_str=True)
    return tuple(
        Argument(name, shapes[hints[name]], parameter.default is not inspect.Parameter.empty, sources.get(name, name))
        for name, parameter in inspect.signature(function).parameters.items()
    )
