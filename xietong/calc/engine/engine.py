"""The engine: resolves what is asked for through the rules, each key once, and keeps the working.

An argument of a rule is a number (`float`), several named amounts (`Items`), or a table of factors (`Factors`, whose
name is the factors' purpose). What was not due is left out of a sum; what was due and is absent makes it partial where
the argument has a default, and missing where it has none; a missing factor makes whatever needs it missing. Editions
and park choices select among functions of one name; they are never an `if` in a rule.
"""

import math
from collections import ChainMap
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import date
from threading import get_ident
from typing import Any, cast

from xietong.calc.engine.names import name_of, names_of
from xietong.calc.engine.rule_packs import PARK_STANDARD, RulePack
from xietong.calc.engine.rule_source import line_formula, names_in_line
from xietong.calc.engine.rules import (
    RULES,
    Factors,
    FactorSource,
    Items,
    NotApplicableError,
    Rule,
    UnknownValueError,
    family,
    indicator,
    rule_for,
)
from xietong.calc.figures import Figure, Kind, Status, missing_figure, retitled, worst
from xietong.calc.keys import parted
from xietong.texts import Text

__all__ = [
    "RULES",
    "Calculation",
    "FactorSource",
    "Factors",
    "Items",
    "NotApplicableError",
    "Rule",
    "UnknownValueError",
    "calculate",
    "family",
    "indicator",
    "rule_for",
]

_NO_VALUE = ("missing", "not_applicable")


class Calculation:
    """One subject and period: resolves keys to Figures, each once, by the rules of one standard.

    inputs: asked only for what is needed, so that a mapping which makes its figures on demand makes no others.
    Several threads may ask one calculation: each makes what it does not find, and finds the same.
    """

    def __init__(
        self,
        inputs: Mapping[str, Figure],
        factors: FactorSource,
        on: date,
        choices: Mapping[str, str],
        pack: RulePack = PARK_STANDARD,
    ) -> None:
        self._given, self._factors, self._on, self._choices = inputs, factors, on, choices
        self._pack, self._rules = pack, pack.in_force(on, choices)
        self._known: dict[str, Figure] = {}
        self._supplied: dict[str, bool] = {}
        # What is being made just now, by thread: a key that another thread is making is no circle.
        self._open: dict[int, list[str]] = {}
        self._resting: dict[int, set[str]] = {}

    def figure(self, key: str) -> Figure:
        """The figure of that key: a given input, else by its rule, else missing with the reason.

        "fuel_consumed:diesel" is one amount of an Items figure. Raises RecursionError that names the circle where
        rules need each other.
        """
        known = self._known.get(key)
        if known is not None:
            return known
        opened = self._open.setdefault(get_ident(), [])
        if key in opened:
            raise RecursionError(" → ".join([*opened[opened.index(key) :], key]))
        opened.append(key)
        try:
            made = self._known[key] = self._made(key)
        finally:
            opened.pop()
        return made

    def beside(self, given: Mapping[str, Figure]) -> "Calculation":
        """The same with these inputs in place of its own."""
        inputs = ChainMap(dict(given), cast("dict[str, Figure]", self._given))
        return Calculation(inputs, self._factors, self._on, self._choices, self._pack)

    def _made(self, key: str) -> Figure:
        rule = self._rules[key]
        if key in self._given:
            return self._rules.shared(key, self._given[key], lambda given: _named(_settled(given), rule))
        return self._part(key) if rule is None else self._apply(rule)

    def _part(self, key: str) -> Figure:
        group, part = parted(key)
        if part and self._is_supplied(group):
            whole = self.figure(group)
            if whole.has(part):
                return replace(whole.child(part), key=key)
            if whole.status == "missing":
                return missing_figure(key, whole.unit, *whole.missing)
        name = name_of(key)
        return missing_figure(
            key, "", Text(f"没有收到{name.zh}；请填报或接入。", f"{name.en} was not supplied; report or connect it.")
        )

    def _is_supplied(self, key: str) -> bool:
        """Whether the key was given (if only as missing), or rests on anything that was."""
        found = self._supplied.get(key)
        if found is None:
            resting = self._resting.setdefault(get_ident(), set())
            if key in resting:
                return False  # what rests on itself alone rests on nothing
            resting.add(key)
            try:
                found = self._supplied[key] = self._rests_on_given(key)
            finally:
                resting.discard(key)
        return found

    def _rests_on_given(self, key: str) -> bool:
        if key in self._given:
            return self.figure(key).status != "not_applicable"
        rule = self._rules[key]
        return any(self._is_supplied(argument.source) for argument in (() if rule is None else rule.amounts))

    def _apply(self, rule: Rule) -> Figure:
        tables = {
            argument.name: Factors(self._factors, argument.name, self._on, self._choices) for argument in rule.tables
        }
        taken: dict[str, Figure] = {}
        for argument in rule.amounts:
            if argument.optional and not self._is_supplied(argument.source):
                continue
            figure = self.figure(argument.source)
            if not (argument.optional and figure.status == "not_applicable"):
                taken[argument.name] = figure
        return self._refusal(rule, taken) or _call(rule, taken, tables)

    def _refusal(self, rule: Rule, taken: Mapping[str, Figure]) -> Figure | None:
        """The outcome where a needed input has no value, or none of the possible ones has: the reasons travel up."""
        if taken and not any(figure.status in _NO_VALUE for figure in taken.values()):
            return None
        blocked = [
            taken[argument.name]
            for argument in rule.amounts
            if not argument.optional and taken[argument.name].status in _NO_VALUE
        ]
        blocked += [figure for figure in taken.values() if _cannot_be_known(figure) and figure not in blocked]
        if not blocked and rule.amounts and all(figure.status in _NO_VALUE for figure in taken.values()):
            if not taken:
                return self._nothing(rule)
            blocked = list(taken.values())
        if not blocked:
            return None
        status: Status = "missing" if any(figure.status == "missing" for figure in blocked) else "not_applicable"
        reasons = [figure for figure in blocked if figure.status == status]
        return _outcome(rule, None, status, _reasons(reasons), tuple(taken.values()))

    def _nothing(self, rule: Rule) -> Figure:
        sources = [argument.source for argument in rule.amounts]
        if any(source in self._given or source in self._known for source in sources):
            text = Text(f"{rule.title.zh}：没有应报的数据。", f"{rule.title.en}: nothing was due.")
            return _outcome(rule, None, "not_applicable", (text,), ())
        names = names_of(sources)
        text = Text(
            f"没有收到{rule.title.zh}所需的任何一项（{names.zh}）；请填报或接入。",
            f"none of what {rule.title.en} needs was supplied ({names.en}); report or connect it.",
        )
        return _outcome(rule, None, "missing", (text,), ())


def _named(figure: Figure, rule: Rule | None) -> Figure:
    """A given figure under the title and clause of the rule that would have computed it."""
    if rule is None or figure.clause:
        return figure
    return retitled(figure, figure.key, figure.title if figure.title.en else rule.title, rule.clause)


def _outcome(
    rule: Rule,
    value: float | None,
    status: Status,
    missing: tuple[Text, ...],
    inputs: tuple[Figure, ...],
    kind: Kind = "indicator",
) -> Figure:
    """What a rule came to."""
    return Figure(
        rule.key,
        value,
        unit=rule.unit,
        status=status,
        kind=kind,
        clause=rule.clause,
        title=rule.title,
        missing=missing,
        formula=rule.formula,
        inputs=inputs,
        trace=rule.when,
    )


def _settled(figure: Figure) -> Figure:
    """A figure of named amounts takes its status and reasons from them; none with a value is no value."""
    if figure.kind != "items" or figure.status in _NO_VALUE:
        return figure
    missing = tuple(dict.fromkeys((*figure.missing, *_reasons(figure.inputs))))
    if not figure.items():
        absent = any(child.status == "missing" for child in figure.inputs)
        return replace(figure, status="missing" if absent else "not_applicable", missing=missing)
    status = worst([figure.status, *_parts(figure.inputs)])
    if status == figure.status and missing == figure.missing:
        return figure
    return replace(figure, status=status, missing=missing)


def _cannot_be_known(figure: Figure) -> bool:
    """Whether a rule had all it needed and still gave no value (a factor is missing): a sum without it says nothing."""
    if figure.kind != "indicator" or figure.status != "missing":
        return False
    has_all = bool(figure.inputs) and all(child.status not in _NO_VALUE for child in figure.inputs)
    return has_all or any(_cannot_be_known(child) for child in figure.inputs)


def _parts(figures: Iterable[Figure]) -> list[Status]:
    """The statuses as they count in a whole: what is absent makes the whole partial."""
    return ["partial" if figure.status == "missing" else figure.status for figure in figures]


def _call(rule: Rule, taken: Mapping[str, Figure], tables: Mapping[str, Factors]) -> Figure:
    values: dict[str, Any] = {
        name: figure.items() if figure.kind == "items" else figure.value
        for name, figure in taken.items()
        if figure.status not in _NO_VALUE
    }
    inputs, missing = tuple(taken.values()), _reasons(taken.values())
    try:
        result = rule.function(**values, **tables)
    except UnknownValueError as unknown:
        return _outcome(rule, None, "missing", (*missing, unknown.text), inputs)
    except NotApplicableError as sentence:
        return _outcome(rule, None, "not_applicable", (sentence.text,), inputs)
    except ZeroDivisionError:
        return _outcome(rule, None, "not_applicable", (_zero(rule, taken),), inputs)
    status = worst(_parts(inputs))
    if isinstance(result, Mapping):
        lines = _lines(rule, result, taken, tables)
        return _settled(_outcome(rule, None, status=status, missing=missing, inputs=lines, kind="items"))
    if not math.isfinite(result):
        return _outcome(rule, None, "missing", (*missing, _not_finite(rule)), inputs)
    used = tuple(figure for table in tables.values() for figure in table.used.values())
    return _outcome(rule, float(result), status, missing, inputs + used)


def _lines(rule: Rule, result: Items, taken: Mapping[str, Figure], tables: Mapping[str, Factors]) -> tuple[Figure, ...]:
    """One child a named amount, with the inputs and factors of its own name; what was absent or left out is named."""
    if names_in_line(rule.formula, "") is not None:
        return tuple(_written_line(rule, name, value, taken) for name, value in result.items())
    groups = [figure for figure in taken.values() if figure.kind == "items"]
    shared = [figure for figure in taken.values() if figure.kind != "items"]
    shared += [figure for table in tables.values() for key, figure in table.used.items() if key not in result]
    named = [child.key for group in groups for child in group.inputs if child.key not in result]
    lines = [
        _line(rule, name, value=value, groups=groups, shared=shared, tables=tables) for name, value in result.items()
    ]
    return (*lines, *(_left_out(rule, name, groups, tables) for name in dict.fromkeys(named)))


def _line(
    rule: Rule, name: str, value: float, groups: list[Figure], shared: list[Figure], tables: Mapping[str, Factors]
) -> Figure:
    own = [group.child(name) for group in groups if group.has(name)]
    # Which group each is out of: the formula names several, or the group was itself computed.
    is_apart = len(groups) > 1 or any(group.formula for group in groups)
    if is_apart:
        of = [(f"{group.key}:{name}", group.child(name)) for group in groups if group.has(name)]
        own = [retitled(figure, key, figure.title) for key, figure in of]
    factors = [table.used[name] for table in tables.values() if name in table.used]
    title = next((figure.title for figure in own if figure.title.en), Text("", ""))
    rested = [*own, *shared]
    return Figure(
        name,
        value,
        unit=rule.unit,
        status=worst(_parts(rested)),
        kind="indicator",
        clause=rule.clause,
        title=title,
        missing=_reasons(rested),
        formula=line_formula(rule.formula, name, is_apart),
        inputs=(*rested, *factors),
        remarks=_told(rule, name, groups, True),
    )


def _told(rule: Rule, name: str, groups: list[Figure], counts: bool) -> tuple[Text, ...]:
    said = rule.told(name, {group.key: group.items() for group in groups}, counts) if rule.told else None
    return (said,) if said else ()


def _written_line(rule: Rule, name: str, value: float, taken: Mapping[str, Figure]) -> Figure:
    """One amount of a rule that writes its table out, with the inputs that its own expression names.

    Where none of them has a value it has none either: nothing due is not zero.
    """
    names = names_in_line(rule.formula, name) or ()
    inputs = tuple(figure for argument, figure in taken.items() if argument in names)
    status: Status = "missing" if any(figure.status == "missing" for figure in inputs) else "not_applicable"
    if any(figure.status not in _NO_VALUE for figure in inputs):
        status = worst(_parts(inputs))
    given, formula = None if status in _NO_VALUE else value, line_formula(rule.formula, name)
    title, missing = name_of(f"{rule.key}:{name}"), _reasons(inputs)
    return Figure(
        name,
        given,
        unit=rule.unit,
        status=status,
        kind="indicator",
        clause=rule.clause,
        title=title,
        missing=missing,
        formula=formula,
        inputs=inputs,
    )


def _left_out(rule: Rule, name: str, groups: list[Figure], tables: Mapping[str, Factors]) -> Figure:
    own = tuple(group.child(name) for group in groups if group.has(name))
    line = Figure(
        name, None, rule.unit, "not_applicable", kind="indicator", clause=rule.clause, title=own[0].title, inputs=own
    )
    if any(figure.status == "missing" for figure in own):
        return replace(line, status="missing", missing=_reasons(own))
    lacking = [table.lacking[name] for table in tables.values() if name in table.lacking]
    told = list(_told(rule, name, groups, False))
    reasons = told or lacking or [reason for figure in own for reason in figure.missing]
    usual = Text(f"{rule.title.zh}不计此项。", f"{rule.title.en} does not count this one.")
    return replace(line, missing=tuple(reasons) or (usual,))


def _reasons(figures: Collection[Figure]) -> tuple[Text, ...]:
    """Every sentence once, in order; what was not due gives none beside what was."""
    said = [figure for figure in figures if figure.missing]
    if not said:
        return ()
    every = [figure for figure in figures if figure.missing or figure.status != "not_applicable"]
    due = [figure for figure in every if figure.status != "not_applicable"]
    return tuple(dict.fromkeys(reason for figure in due or every for reason in figure.missing))


def _zero(rule: Rule, taken: Mapping[str, Figure]) -> Text:
    keys = [figure.key for figure in taken.values() if figure.value == 0]
    zeros = names_of(keys) if keys else Text(rule.formula, rule.formula)
    return Text(
        f"{rule.title.zh}不能计算：{zeros.zh}为零，不能作除数；请核对该数。",
        f"{rule.title.en} cannot be computed: {zeros.en} is zero; check it.",
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
    pack: RulePack = PARK_STANDARD,
) -> dict[str, Figure]:
    """Compute the figures of one subject and period.

    keys: what is asked for; inputs: Figures by name, in canonical units; on: the last day of the period,
    which selects editions and factors; choices: the park's `[choices]`; pack: the standard whose rules count.
    """
    calculation = Calculation(inputs, factors, on, choices, pack)
    return {key: calculation.figure(key) for key in keys}
