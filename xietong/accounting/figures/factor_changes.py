"""Factors that change inside a period: a year is the sum of its months, each at the factor in force at its end.

A rule that says it is additive is applied to each run of months with the same factors, and the lines are
added; what is stated for longer than a run, and so for none of them, takes the factor of the period's last day and says
so. A run of months without a factor counts for nothing and is named: the rest is computed and the figure partial. Most
periods see no change and pay one look at the days on which rows begin or end.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import cache
from itertools import pairwise
from typing import NamedTuple

from xietong.accounting.factors.in_force import day_of
from xietong.calc.engine.engine import RULES, Calculation, Rule, UnknownValueError, rule_for
from xietong.calc.factors.book import FactorBook
from xietong.calc.figures import Figure, worst
from xietong.calc.keys import parted, subject_of
from xietong.periods import Period
from xietong.texts import Text

LEAST = 1e-12
_REST = Text("按月分不开的部分，用期末系数", "what is not known by months, at the last factor")


class Spanned(NamedTuple):
    """A period's calculation by the factors of its last day, and how to make those of its spans and of other inputs."""

    period: Period
    factors: FactorBook
    choices: Mapping[str, str]
    of_span: Callable[[Period], Calculation]
    over: Callable[[Mapping[str, Figure]], Calculation]

    @property
    def spans(self) -> tuple[Period, ...]:
        """The runs of months between days on which any factor changes; () where none does inside the period."""
        period = self.period
        if period.month_count < 2:
            return ()
        days = self.factors.days_of_change(period.start.date(), day_of(period))
        firsts = {Period.month(day.year, day.month).start for day in days}
        cuts = sorted(first for first in firsts if period.start < first)
        edges = [period.start, *cuts, period.end]
        return tuple(Period(start, end) for start, end in pairwise(edges)) if cuts else ()


def span_figures(asked: Spanned) -> dict[str, Figure]:
    """The figures in which a factor that changed inside the period counts month by month, by key; mostly none."""
    spans = asked.spans
    if not spans:
        return {}
    found: dict[str, Figure] = {}
    of_spans: dict[Period, Calculation] = {}
    days = [day_of(span) for span in spans]
    for key in _in_order():
        rule = rule_for(key, days[-1], asked.choices)
        if rule is None or not rule.additive or not _may_change(asked, rule, days):
            continue
        calculation = asked.over(found)
        whole = calculation.figure(key)
        if whole.status == "missing":
            if not any(child.value is not None or child.items() for child in whole.inputs):
                continue
            of_spans = of_spans or {span: asked.of_span(span) for span in spans}
            of_months = {span: _by_line(span, part, rule) for span, part in of_spans.items()}
            covered = _covered(whole, list(of_months.items()))
            if covered is not None:  # what rests on it rests on what each span has of it
                found[key] = covered
                of_spans = {span: part.beside({key: of_months[span]}) for span, part in of_spans.items()}
            continue
        lines = whole.inputs if whole.kind == "items" else (whole,)
        if not any(line.value is not None and _changes(asked, line, days) for line in lines):
            continue
        parts = [(span, of_spans.get(span) or asked.of_span(span)) for span in spans]
        rest = asked.over(found | dict(_rest(rule, calculation, [part for _, part in parts]))).figure(key)
        figures = [replace(_by_line(span, part, rule), title=Text(span.label, span.label)) for span, part in parts]
        found[key] = _added(asked, whole, [*figures, replace(rest, title=_REST)], days)
    return found


@cache
def _in_order() -> tuple[str, ...]:
    """The keys of additive rules with factors, each after those that it rests on."""
    ordered: dict[str, None] = {}

    def visit(key: str) -> None:
        if key in ordered or key not in RULES:
            return
        for rule in RULES[key]:
            for argument in rule.amounts:
                visit(argument.source)
        ordered[key] = None

    for key in sorted(RULES):
        visit(key)
    return tuple(key for key in ordered if any(rule.additive and rule.tables for rule in RULES[key]))


def _may_change(asked: Spanned, rule: Rule, days: Sequence[date]) -> bool:
    """Whether a row of the rule's purposes begins or ends inside the period."""
    return any(asked.factors.days_of_change(days[0], days[-1], argument.name) for argument in rule.tables)


def _changes(asked: Spanned, figure: Figure, days: Sequence[date]) -> bool:
    """Whether a factor that a figure's line used is another one on one of these days."""
    whose = "@" + subject_of(figure.key) if "@" in figure.key else ""
    return any(_another(asked, f"{used.key}{whose}", days) for used in _used(figure))


def _used(figure: Figure) -> Iterator[Figure]:
    """The factors a figure used itself; of one that is a sum of units, those of its lines."""
    for child in figure.inputs:
        if child.kind == "factor":
            yield child
        elif not figure.formula and child.kind == "indicator":
            yield from _used(child)


def _another(asked: Spanned, used: str, days: Sequence[date]) -> bool:
    purpose, key = parted(used)
    values = set()
    for day in days:
        try:
            values.add(asked.factors.find(purpose, key, day, asked.choices).value)
        except UnknownValueError:
            values.add(None)
    return len(values) > 1


def _added(asked: Spanned, whole: Figure, lines: Sequence[Figure], days: Sequence[date]) -> Figure:
    """The lines added up, name by name where the figure has several; a name whose factors stay is left as it is."""
    if whole.kind != "items":
        return _sum(whole, lines)
    named = [
        _sum(line, [replace(each.child(line.key), title=each.title) for each in lines if each.has(line.key)])
        if line.value is not None and _changes(asked, line, days)
        else line
        for line in whole.inputs
    ]
    status = worst("partial" if line.status == "missing" else line.status for line in named)
    missing = tuple(dict.fromkeys((*whole.missing, *(reason for line in named for reason in line.missing))))
    return replace(whole, inputs=tuple(named), status=worst([whole.status, status]), missing=missing)


def _sum(whole: Figure, lines: Sequence[Figure]) -> Figure:
    """The lines with a value, and those that lack their factor; what is absent of the amounts the whole says itself."""
    least = LEAST * max(1.0, abs(whole.value or 0.0))
    counted = [line for line in lines if abs(line.value or 0.0) > least or _lacks_factor(line)]
    values = [line.value for line in counted if line.value is not None]
    if not values:
        return whole
    remarks = [*whole.remarks, _SUM] + ([_NOT_BY_MONTH] if any(line.title is _REST for line in counted) else [])
    lacking = [line for line in counted if line.value is None]
    unsplit = {"unsplit": "yes"} if _NOT_BY_MONTH in remarks else {}
    return replace(
        whole,
        trace={**whole.trace, **unsplit},
        value=sum(values),
        status=worst([whole.status, "partial"]) if lacking else whole.status,
        missing=tuple(dict.fromkeys((*whole.missing, *(reason for line in lacking for reason in line.missing)))),
        formula="",
        inputs=tuple(counted),
        remarks=tuple(dict.fromkeys(remarks)),
    )


def _lacks_factor(line: Figure) -> bool:
    """Whether all amounts of a line came and it has no value: there was no factor then."""
    amounts = [child for child in line.inputs if child.kind != "factor"]
    return line.status == "missing" and bool(amounts) and all(child.value is not None for child in amounts)


# ---- months without a factor ----


def _by_line(span: Period, part: Calculation, rule: Rule) -> Figure:
    """A part's figure; of a rule that makes a line of every name, the lines that have their factors although others do
    not; what lacks one names the months."""
    whole = part.figure(rule.key)
    groups = [argument.source for argument in rule.amounts if argument.shape == "items"]
    if whole.status != "missing":
        return whole
    if not groups:
        return replace(whole, missing=(_without(span), *whole.missing)) if _lacks_factor(whole) else whole
    given = {source: part.figure(source) for source in groups}
    names = dict.fromkeys(name for figure in given.values() for name in figure.items())
    if not names:
        return whole
    lines = [_alone(span, part, rule, given, name) for name in names]
    if any(line is None for line in lines):
        return whole
    return replace(whole, kind="items", inputs=tuple(line for line in lines if line), status="partial")


def _alone(span: Period, part: Calculation, rule: Rule, given: Mapping[str, Figure], name: str) -> Figure | None:
    """The line of one name, computed from that name alone; None where the rule makes no lines."""
    only = {
        source: replace(figure, inputs=tuple(line for line in figure.inputs if line.key == name))
        for source, figure in given.items()
    }
    found = part.beside(only).figure(rule.key)
    if found.kind == "items":
        return found.child(name) if found.has(name) else None
    amounts = tuple(line for figure in only.values() for line in figure.inputs)
    title = next((line.title for line in amounts if line.title.en), found.title)
    missing = (_without(span), *found.missing)
    return replace(found, key=name, title=title, missing=missing, inputs=amounts) if found.status == "missing" else None


def _covered(whole: Figure, parts: Sequence[tuple[Period, Figure]]) -> Figure | None:
    """What the months with a factor come to, partial, with the months that have none named; None where none has."""
    named = dict.fromkeys(line.key for _, part in parts if part.kind == "items" for line in part.inputs)
    if not named:
        return _months(whole, parts)
    lines = []
    for name in named:
        own = [(span, part.child(name)) for span, part in parts if part.kind == "items" and part.has(name)]
        first = next((line for _, line in own if line.value is not None), own[0][1])
        lines.append(_months(replace(first, missing=(), remarks=()), own) or own[-1][1])
    if not any(line.value is not None for line in lines):
        return None
    status = worst("partial" if line.status == "missing" else line.status for line in lines)
    missing = tuple(dict.fromkeys(reason for line in lines for reason in line.missing))
    return replace(whole, kind="items", status=status, missing=missing, inputs=tuple(lines), formula="")


def _months(whole: Figure, parts: Sequence[tuple[Period, Figure]]) -> Figure | None:
    """One amount over its months, those without a factor among them; None where none of them has a value."""
    values = [part.value for _, part in parts if part.value is not None]
    if not values:
        return None
    reasons = dict.fromkeys(reason for _, part in parts for reason in part.missing)
    of_months = [replace(part, title=Text(span.label, span.label)) for span, part in parts]
    return replace(
        whole,
        value=sum(values),
        status=worst(["partial" if part.status == "missing" else part.status for _, part in parts]),
        missing=tuple(reasons),
        formula="",
        inputs=tuple(each for each in of_months if each.value is not None or each.status == "missing"),
        remarks=(*whole.remarks, _SUM),
    )


def _without(span: Period) -> Text:
    return Text(
        f"{span.label} 没有可用的系数，这些月没有计入；请在 factors.csv 中补后续系数。",
        f"no factor is in force in {span.label}: these months are not counted; add the factor that follows.",
    )


def _rest(rule: Rule, whole: Calculation, parts: Sequence[Calculation]) -> Iterator[tuple[str, Figure]]:
    """What the rule's amounts are without those of the spans."""
    for argument in rule.amounts:
        figure = whole.figure(argument.source)
        taken = [part.figure(argument.source) for part in parts]
        if figure.kind == "items":
            named = [(line, [each.child(line.key) for each in taken if each.has(line.key)]) for line in figure.inputs]
            left = tuple(line for whole_line, theirs in named if (line := _less(whole_line, theirs)).value)
            nothing = replace(figure, status="not_applicable", missing=(), inputs=())
            yield argument.source, replace(figure, inputs=left) if left else nothing
        elif figure.value is not None:
            yield argument.source, _less(figure, taken)


def _less(figure: Figure, taken: Sequence[Figure]) -> Figure:
    if figure.value is None:
        return figure
    left = figure.value - sum(each.value for each in taken if each.value is not None)
    return replace(figure, value=left if abs(left) > LEAST * abs(figure.value) else 0.0)


_SUM = Text(
    "系数在本期内有变化：按各段当时的系数分别计算，再相加。",
    "a factor changed inside the period: each part is computed by the one then in force, and all are added.",
)
_NOT_BY_MONTH = Text(
    "有的数量只按更长期间填报，分不到系数变化前后，按期末系数计算；请按月填报。",
    "some amounts are stated for longer only, so that what lies before and after the change of a factor is not known: "
    "the last factor was taken; report by month.",
)
