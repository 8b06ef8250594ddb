"""The engine: a plain function's name is the indicator, its arguments are the inputs.

    @indicator(clause="6.3.2 b)", unit="tce/万元")
    def energy_per_output_value(comprehensive_energy_consumption: float, output_value: float) -> float: ...

An argument is a number (`float`), several named amounts (`Items`), or a table of factors (`Factors`, whose name is the
factors' purpose). An argument with a default is used without where nothing was due; one without a default makes the
figure missing. Editions and park choices select among functions of one name; they are never an `if` in a rule.
"""

import ast
import inspect
import math
import textwrap
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Protocol

from xietong.calc.figures import Figure, Status, missing_figure, worst
from xietong.texts import Text

Items = Mapping[str, float]


class UnknownValueError(Exception):
    """A factor or an input that a rule needs and that does not exist: data about data, caught by the engine."""

    def __init__(self, text: Text) -> None:
        super().__init__(text.en)
        self.text = text


class FactorSource(Protocol):
    """Where the engine asks for factors; `xietong.calc.factors.FactorBook` is one."""

    def find(self, purpose: str, key: str, on: date, choices: Mapping[str, str]) -> Figure:
        """The factor in force on that day as a Figure of kind "factor"; raises UnknownValueError."""


class Factors:
    """One purpose's factors as a rule sees them: factors[key]; remembers which were used, for the working."""

    def __init__(self, source: FactorSource, purpose: str, on: date, choices: Mapping[str, str]) -> None:
        self._source, self._purpose, self._on, self._choices = source, purpose, on, choices
        self.used: dict[str, Figure] = {}

    def __getitem__(self, key: str) -> float:
        if key not in self.used:
            self.used[key] = self._source.find(self._purpose, key, self._on, self._choices)
        value = self.used[key].value
        assert value is not None
        return value


@dataclass(frozen=True, slots=True)
class Argument:
    """One input of a rule: its name, its shape and whether it may be absent."""

    name: str
    shape: str
    optional: bool


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

    def applies(self, on: date, choices: Mapping[str, str]) -> bool:
        """Whether this edition is in force and the park chose it."""
        return self.since <= on < self.until and all(choices.get(name) == value for name, value in self.when.items())


RULES: dict[str, list[Rule]] = {}


def indicator(
    *,
    clause: str,
    unit: str,
    better: str = "lower",
    since: date = date.min,
    until: date = date.max,
    when: Mapping[str, str] | None = None,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Enter a function among the rules under its own name; the function itself stays as it is."""

    def enter(function: Callable[..., Any]) -> Callable[..., Any]:
        rule = Rule(
            key=function.__name__,
            function=function,
            clause=clause,
            unit=unit,
            title=_title(function),
            formula=_formula(function),
            arguments=_arguments(function),
            better=better,
            since=since,
            until=until,
            when=when or {},
        )
        RULES.setdefault(rule.key, []).append(rule)
        return function

    return enter


def _title(function: Callable[..., Any]) -> Text:
    line = (inspect.getdoc(function) or "").split("\n")[0]
    zh, _, en = line.partition(": ")
    if not en:
        raise ValueError(f'{function.__name__}: the docstring must open with "中文: English."')
    return Text(zh, en.rstrip("."))


def _formula(function: Callable[..., Any]) -> str:
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    returned = [node.value for node in ast.walk(tree) if isinstance(node, ast.Return) and node.value is not None]
    return ast.unparse(returned[-1]) if returned else ""


def _arguments(function: Callable[..., Any]) -> tuple[Argument, ...]:
    shapes = {float: "number", Items: "items", Factors: "factors"}
    hints = inspect.get_annotations(function, eval_str=True)
    return tuple(
        Argument(name, shapes[hints[name]], parameter.default is not inspect.Parameter.empty)
        for name, parameter in inspect.signature(function).parameters.items()
    )


def rule_for(key: str, on: date, choices: Mapping[str, str]) -> Rule | None:
    """The rule of that key in force on that day under the park's choices: the most particular one, else None."""
    fitting = [rule for rule in RULES.get(key, []) if rule.applies(on, choices)]
    return max(fitting, key=lambda rule: (len(rule.when), rule.since), default=None)


class Calculation:
    """One subject and period: resolves keys to Figures, each once."""

    def __init__(
        self, inputs: Mapping[str, Figure], factors: FactorSource, on: date, choices: Mapping[str, str]
    ) -> None:
        self._factors, self._on, self._choices = factors, on, choices
        self._known: dict[str, Figure] = dict(inputs)
        self._open: list[str] = []

    def figure(self, key: str) -> Figure:
        """The figure of that key: a given input, else by its rule, else missing with the reason.

        Raises RecursionError that names the circle where rules need each other.
        """
        if key not in self._known:
            if key in self._open:
                raise RecursionError(" → ".join([*self._open[self._open.index(key) :], key]))
            self._open.append(key)
            rule = rule_for(key, self._on, self._choices)
            self._known[key] = self._absent(key) if rule is None else self._apply(rule)
            self._open.pop()
        return self._known[key]

    def _absent(self, key: str) -> Figure:
        return missing_figure(
            key, "", Text(f"没有收到 {key}；请填报或接入。", f"{key} was not supplied; report or connect it.")
        )

    def _has(self, key: str) -> bool:
        if key in self._known:
            return self._known[key].status != "not_applicable"
        return rule_for(key, self._on, self._choices) is not None

    def _apply(self, rule: Rule) -> Figure:
        tables = {
            argument.name: Factors(self._factors, argument.name, self._on, self._choices)
            for argument in rule.arguments
            if argument.shape == "factors"
        }
        taken: dict[str, Figure] = {}
        for argument in rule.arguments:
            if argument.shape == "factors" or (argument.optional and not self._has(argument.name)):
                continue
            figure = self.figure(argument.name)
            if argument.optional and figure.status == "not_applicable":
                continue
            taken[argument.name] = figure
        outcome = Figure(rule.key, None, rule.unit, kind="indicator", clause=rule.clause, title=rule.title)
        outcome = replace(outcome, formula=rule.formula, inputs=tuple(taken.values()))
        return self._refusal(outcome, taken) or self._call(rule, outcome, taken, tables)

    def _refusal(self, outcome: Figure, taken: Mapping[str, Figure]) -> Figure | None:
        """The outcome where an input has no value at all: the reasons travel up."""
        blocked = [figure for figure in taken.values() if figure.value is None and not figure.items()]
        blocked = [
            figure for figure in blocked if figure.kind != "items" or figure.status in ("missing", "not_applicable")
        ]
        if not blocked:
            return None
        status: Status = "missing" if any(figure.status == "missing" for figure in blocked) else "not_applicable"
        return replace(outcome, status=status, missing=_reasons(blocked))

    def _call(self, rule: Rule, outcome: Figure, taken: Mapping[str, Figure], tables: Mapping[str, Factors]) -> Figure:
        values = {name: figure.items() if figure.kind == "items" else figure.value for name, figure in taken.items()}
        try:
            result = rule.function(**values, **tables)
        except UnknownValueError as unknown:
            return replace(outcome, status="missing", missing=(*_reasons(taken.values()), unknown.text))
        except ZeroDivisionError:
            return replace(outcome, status="not_applicable", missing=(_zero(rule, taken),))
        used = tuple(figure for table in tables.values() for figure in table.used.values())
        status = worst("partial" if figure.status == "missing" else figure.status for figure in taken.values())
        outcome = replace(outcome, status=status, missing=_reasons(taken.values()))
        if isinstance(result, Mapping):
            return replace(outcome, kind="items", inputs=_lines(rule, result, taken, tables))
        if not math.isfinite(result):
            return replace(outcome, status="missing", missing=(*outcome.missing, _not_finite(rule)))
        return replace(outcome, value=float(result), inputs=outcome.inputs + used)


def _lines(rule: Rule, result: Items, taken: Mapping[str, Figure], tables: Mapping[str, Factors]) -> tuple[Figure, ...]:
    """One child a named amount, each with the inputs and factors of its own name."""
    lines = []
    for name, value in result.items():
        own = [figure.child(name) for figure in taken.values() if figure.kind == "items" and figure.has(name)]
        shared = [figure for figure in taken.values() if figure.kind != "items"]
        factors = [table.used[name] for table in tables.values() if name in table.used]
        status = worst(figure.status for figure in own + shared)
        inputs = (*own, *shared, *factors)
        lines.append(
            Figure(name, value, rule.unit, status, "indicator", rule.clause, missing=_reasons(own), inputs=inputs)
        )
    return tuple(lines)


def _reasons(figures: Iterable[Figure]) -> tuple[Text, ...]:
    return tuple(dict.fromkeys(reason for figure in figures for reason in figure.missing))


def _zero(rule: Rule, taken: Mapping[str, Figure]) -> Text:
    zeros = "、".join(name for name, figure in taken.items() if figure.value == 0) or rule.formula
    return Text(
        f"{rule.title.zh}不能计算：{zeros} 为零，不能作除数。",
        f"{rule.title.en} cannot be computed: {zeros} is zero.",
    )


def _not_finite(rule: Rule) -> Text:
    return Text(
        f"{rule.title.zh}的结果不是有限数；请核对输入。",
        f"{rule.title.en} is not a finite number; check the inputs.",
    )


def calculate(
    keys: Iterable[str],
    inputs: Mapping[str, Figure],
    factors: FactorSource,
    on: date,
    choices: Mapping[str, str],
) -> dict[str, Figure]:
    """Compute the figures of one subject and period.

    keys: what is asked for; inputs: Figures by name, in the canonical unit of each item; on: the last day of the period,
    which selects editions and factors; choices: the park's `[choices]`.
    """
    calculation = Calculation(inputs, factors, on, choices)
    return {key: calculation.figure(key) for key in keys}
