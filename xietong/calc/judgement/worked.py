"""Worked examples 算例: what is given, what must come out, and where the two differ. Files are read by the command.

A case is a table of TOML (docs/worked-examples.md): name, given, expect, tolerance, choices, targets and more.
`given` names items of items.csv or inputs of the engine; an amount is a number in the canonical unit, a text with
its unit ("12.5 万m3"), or the word missing or not_applicable; a table is several named amounts.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from xietong.calc.engine.engine import Calculation
from xietong.calc.engine.rule_packs import rule_pack
from xietong.calc.engine.rules import TABLES
from xietong.calc.factors.book import FactorBook
from xietong.calc.factors.own_book import Aside, OwnBook
from xietong.calc.factors.rows import FactorRowError
from xietong.calc.figures import Figure, missing_figure, total
from xietong.calc.items import UnknownItemError, inputs, item, to_canonical
from xietong.calc.judgement.grade import Graded, Judged, Share, grades, judge, judge_incomplete
from xietong.calc.judgement.verdicts import Frame, better_of
from xietong.calc.judgement.verdicts import judged as judged_rows
from xietong.calc.keys import group_of
from xietong.standard.text import MAIN, TableRow, table_rows
from xietong.texts import Text
from xietong.units import UnitError

USUAL_DAY = date(2025, 12, 31)
USUAL_TOLERANCE = 1e-9
_NO_AMOUNTS = ("taxable_concentration", "taxable_limit", "taxable_exceedances")
_GRADE_KEYS = {"grade": "default", "cautious_grade": "cautious", "strict_grade": "strict"}


class CaseError(ValueError):
    """A case that cannot be run, with the sentence."""

    def __init__(self, text: Text) -> None:
        super().__init__(text.en)
        self.text = text


@dataclass(frozen=True, slots=True)
class Difference:
    """One expectation that did not come true."""

    key: str
    expected: str
    actual: str
    figure: Figure | None = None
    reason: Text = Text("", "")


@dataclass(frozen=True, slots=True)
class Outcome:
    """A case that was run: no differences means that it holds."""

    name: str
    clause: str
    differences: tuple[Difference, ...]
    figures: Mapping[str, Figure]


@dataclass(frozen=True, slots=True)
class Goal:
    """A target stated in a case."""

    indicator: str
    target: float | None = None
    basic: float | None = None
    main: bool = False
    form: str = "value"
    base_value: float | None = None
    coverage: float | None = None
    waiver: str = ""


def run_case(case: Mapping[str, Any]) -> Outcome:
    """Run one case with its variants; raises CaseError where it names what does not exist."""
    first, *others = (_run(each) for each in variants(case))
    return replace(first, differences=first.differences + tuple(each for other in others for each in other.differences))


def variants(case: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The case and each of its variants written out: what a variant says stands for what the case says."""
    usual = {name: value for name, value in case.items() if name != "variants"}
    return [usual, *({**usual, **variant} for variant in case.get("variants", []))]


def _run(case: Mapping[str, Any]) -> Outcome:
    choices = {**case.get("choices", {}), **({"region": case["region"]} if "region" in case else {})}
    given = _given(case.get("given", {}), choices)
    goals = [_goal(stated) for stated in case.get("targets", [])]
    expected = {key: value for key, value in case.get("expect", {}).items() if key not in _GRADE_KEYS}
    asked = dict.fromkeys([*expected, *(goal.indicator for goal in goals)])
    pack = rule_pack(case.get("standard", MAIN))
    for key in asked:
        _require_known(key, {*pack.keys, *given})
    calculation = Calculation(given, _book(case), _day(case), choices, pack)
    figures = {key: calculation.figure(key) for key in asked}
    tolerance = float(case["tolerance"]) if "tolerance" in case else None
    found = [_compare(key, wanted, figures[key], tolerance) for key, wanted in expected.items()]
    judged = [_judged(goal, figures[goal.indicator], choices) for goal in goals]
    found += _compare_grades(case.get("expect", {}), grades(judged, case.get("waived", {})))
    frame = Frame("park", True, calculation.figure, better_of(pack, _day(case), choices))
    found += _compare_verdicts(case.get("verdicts", {}), table_rows(pack.name), frame)
    differences = tuple(difference for difference in found if difference is not None)
    return Outcome(case.get("name", "?"), case.get("clause", ""), differences, figures)


def _judged(goal: Goal, figure: Figure, choices: Mapping[str, str]) -> Judged:
    """A goal judged; a partial figure by the share of its weight that the case says came."""
    if figure.status != "partial" or goal.coverage is None:
        return judge(goal, figure)
    return judge_incomplete(
        goal, figure, Share(goal.coverage, float(choices.get("grade_coverage", "0.95")), goal.waiver)
    )


def _day(case: Mapping[str, Any]) -> date:
    """The day that selects editions and factors: `on`, or the last day of `year`."""
    on = case.get("on", date(case["year"], 12, 31) if "year" in case else USUAL_DAY)
    if not isinstance(on, date):
        raise CaseError(
            Text(f"on 应为日期，如 2024-12-31，得 {on!r}。", f"on is a date such as 2024-12-31, not {on!r}.")
        )
    return on


def _book(case: Mapping[str, Any]) -> FactorBook:
    rows = [{name: str(value) for name, value in row.items()} for row in case.get("factors", [])]
    try:
        return OwnBook(rows, Aside(), ())
    except FactorRowError as error:
        raise CaseError(error.text) from error


def _goal(stated: Mapping[str, Any]) -> Goal:
    try:
        return Goal(**stated)
    except TypeError as error:
        raise CaseError(Text(f"目标写法不对：{dict(stated)}。", f"a target cannot be read: {dict(stated)}.")) from error


def _require_known(key: str, known: Collection[str]) -> None:
    if group_of(key) not in known:
        raise CaseError(Text(f"没有名为 {key} 的指标。", f"there is no indicator {key}."))


def _given(stated: Mapping[str, Any], choices: Mapping[str, str]) -> dict[str, Figure]:
    """The engine's inputs: items gather under their input, everything else is an input itself."""
    parts: dict[str, list[Figure]] = {}
    given: dict[str, Figure] = {}
    for name, value in stated.items():
        if isinstance(value, Mapping):
            children = tuple(_part_amount(name, part, each) for part, each in value.items())
            given[name] = Figure(name, None, "", kind="items", inputs=children, source="given")
            continue
        input_name, part = _place(name)
        parts.setdefault(input_name, []).append(_amount(name, part or input_name, value))
    for name, figures in parts.items():
        if inputs().get(name) == "items":
            given[name] = Figure(name, None, "", kind="items", inputs=tuple(figures), source="given")
        else:
            given[name] = figures[0] if len(figures) == 1 else total(name, figures[0].unit, figures, "given")
    if choices.get("output_value") == "added" and "added_value" in given:
        given["output_value"] = replace(given["added_value"], key="output_value")
    return given


def _place(name: str) -> tuple[str, str]:
    """The engine input that a given name feeds and its part of it; raises CaseError where nothing needs it."""
    try:
        known = item(name)
        return known.input, known.part
    except UnknownItemError as error:
        every = [rule for table in TABLES.values() for rules in table.values() for rule in rules]
        wanted = {argument.source for rule in every for argument in rule.arguments}
        if name in wanted or any(name in table for table in TABLES.values()):
            return name, ""
        raise CaseError(
            Text(f"给出的 {name} 既不是填报项目，也没有指标用到它。", f"{name} is no item, and no indicator needs it.")
        ) from error


def _part_amount(table: str, part: str, value: object) -> Figure:
    """One named amount of a table; a table of concentrations or limits has not the unit of the item's amounts."""
    figure = _amount(part, part, value)
    return replace(figure, unit="") if table in _NO_AMOUNTS else figure


def _amount(name: str, key: str, value: object) -> Figure:
    try:
        unit = item(name).unit
    except UnknownItemError:
        unit = ""
    if value == "missing":
        return missing_figure(key, unit, Text(f"没有收到 {name}。", f"{name} was not received."))
    if value == "not_applicable":
        return Figure(key, None, unit, "not_applicable")
    number = _number(name, value)
    return Figure(key, float(number), unit, title=Text("", ""), source="given")


def _number(name: str, value: object) -> Decimal:
    amount, _, unit = str(value).partition(" ")
    try:
        number = Decimal(amount)
        return to_canonical(item(name), number, unit) if unit else number
    except (InvalidOperation, UnitError, UnknownItemError) as error:
        raise CaseError(
            Text(f"{name} 的数量“{value}”读不懂。", f'the amount "{value}" of {name} cannot be read.')
        ) from error


def _compare(key: str, wanted: object, figure: Figure, tolerance: float | None) -> Difference | None:
    stated: Mapping[str, Any] = wanted if isinstance(wanted, Mapping) else {"value": wanted}
    allowed = stated.get("tolerance", tolerance)
    if "status" in stated and figure.status != stated["status"]:
        return Difference(key, str(stated["status"]), figure.status, figure)
    if "value" not in stated:
        return None
    if figure.value is None:
        return Difference(key, str(stated["value"]), figure.status, figure)
    expected = float(stated["value"])
    margin = abs(expected) * USUAL_TOLERANCE if allowed is None else float(allowed)
    if abs(figure.value - expected) > margin:
        return Difference(key, f"{expected} ± {margin:g}", repr(figure.value), figure)
    return None


def _compare_verdicts(expected: Mapping[str, str], rows: Iterable[TableRow], frame: Frame) -> list[Difference | None]:
    """What a standard's own thresholds say of the figures, where a case expects it."""
    if not expected:
        return []
    told = {each.figure.key: each for each in judged_rows(rows, frame) if each.figure is not None}
    return [
        Difference(key, verdict, told[key].verdict, told[key].figure, told[key].reason)
        for key, verdict in expected.items()
        if told[key].verdict != verdict
    ]


def _compare_grades(expect: Mapping[str, Any], graded: Mapping[Any, Graded]) -> list[Difference | None]:
    found: list[Difference | None] = []
    for key, rule in _GRADE_KEYS.items():
        if key in expect and graded[rule].grade != expect[key]:
            found.append(Difference(key, str(expect[key]), graded[rule].grade, reason=graded[rule].reason))
    return found
