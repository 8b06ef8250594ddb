"""Verdicts: whether figures reach what a standard itself asks (not a park's targets: those are judged in calc.grade).

A threshold may hold for subjects of one size only; whoever lies in none of the bands is not classed. Every verdict
carries the sentence that says why.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Literal, NamedTuple

from xietong.calc.engine.names import name_of
from xietong.calc.engine.rule_packs import RulePack
from xietong.calc.figures import Figure, Status
from xietong.calc.rounding import told_apart
from xietong.standard.text import TableRow, Threshold
from xietong.texts import Text

Verdict = Literal["met", "not_met", "not_classed", "not_assessable", "none"]
_NOT_WHOLE: tuple[Status, ...] = ("partial", "missing", "not_applicable")


class Judged(NamedTuple):
    """One indicator of a row (None where nothing answers the row), what it is held against, the verdict and why.

    verdict: "none" where the standard asks nothing of the figure; sign: the side on which it is met, ≤ or ≥.
    """

    row: TableRow
    figure: Figure | None
    threshold: Threshold | None
    verdict: Verdict
    reason: Text
    sign: str = "≤"


class Frame(NamedTuple):
    """Whose figures are judged: the kind of subject, whether the period is a calendar year, and how to get a figure."""

    kind: str
    whole_year: bool
    figure: Callable[[str], Figure]
    better: Callable[[str], str]


def better_of(pack: RulePack, on: date, choices: Mapping[str, str]) -> Callable[[str], str]:
    """Which way an indicator of a pack gets better."""

    def better(key: str) -> str:
        rule = pack.rule_for(key, on, choices)
        return rule.better if rule is not None else "lower"

    return better


def judged(rows: Iterable[TableRow], frame: Frame) -> list[Judged]:
    """Every indicator of every row with its verdict, in the rows' order."""
    found = []
    for row in rows:
        if not row.indicators:
            found.append(Judged(row, None, None, "not_assessable", row.note))
        found += [_judged(row, frame.figure(key), frame) for key in row.indicators]
    return found


def _judged(row: TableRow, figure: Figure, frame: Frame) -> Judged:
    name = name_of(figure.key)
    if not row.thresholds:
        return Judged(row, figure, None, "none", Text("", ""))
    if row.at and frame.kind not in row.at:
        text = Text(f"{name.zh}只对园区整体判定。", f"{name.en} is judged for the park as a whole only.")
        return Judged(row, figure, None, "not_classed", text)
    if not frame.whole_year:
        text = Text(f"{name.zh}按自然年判定，请给出整年。", f"{name.en} is judged by the calendar year; ask for one.")
        return Judged(row, figure, None, "not_classed", text)
    threshold, size = _threshold(row, frame)
    if threshold is None:
        return Judged(row, figure, None, _unclassed(size), _no_band(row, size))
    return _held_against(row, figure, threshold, frame.better(figure.key))


def _threshold(row: TableRow, frame: Frame) -> tuple[Threshold | None, Figure | None]:
    """The threshold for a subject of that size, and the figure of its size where it was asked for."""
    size: Figure | None = None
    for threshold in row.thresholds:
        if not threshold.by:
            return threshold, None
        size = frame.figure(threshold.by)
        if size.value is not None and size.status not in _NOT_WHOLE and threshold.over <= size.value < threshold.below:
            return threshold, size
    return None, size


def _unclassed(size: Figure | None) -> Verdict:
    return "not_classed" if size is not None and size.status not in _NOT_WHOLE else "not_assessable"


def _no_band(row: TableRow, size: Figure | None) -> Text:
    assert size is not None
    name = name_of(size.key)
    if size.value is None or size.status in _NOT_WHOLE:
        return Text(
            f"{name.zh}不完整，不知属于哪一档：补齐缺报后再看。",
            f"{name.en} is incomplete, so the class is unknown: supply what is missing.",
        )
    held, low = told_apart(size.value, min(threshold.over for threshold in row.thresholds), digits=6, thousands="")
    return Text(
        f"{name.zh} {held} {size.unit}，不足 {low} {size.unit}：没有规定的值，不判定。",
        f"{name.en} is {held} {size.unit}, below {low} {size.unit}: no value is laid down, no verdict.",
    )


def _held_against(row: TableRow, figure: Figure, threshold: Threshold, better: str) -> Judged:
    name, sign = name_of(figure.key), "≥" if better == "higher" else "≤"
    if figure.value is None or figure.status in _NOT_WHOLE:
        text = Text(
            f"{name.zh}没有完整的数，不能与 {sign} {threshold.value:g} {figure.unit} 比较。",
            f"{name.en} is not complete, so it cannot be held against {sign} {threshold.value:g} {figure.unit}.",
        )
        return Judged(row, figure, threshold=threshold, verdict="not_assessable", reason=text, sign=sign)
    met = figure.value >= threshold.value if better == "higher" else figure.value <= threshold.value
    held, asked = told_apart(figure.value, threshold.value, thousands="")
    text = Text(
        f"{name.zh} {held} {figure.unit}，要求 {sign} {asked} {figure.unit}。",
        f"{name.en} is {held} {figure.unit}, {sign} {asked} {figure.unit} is asked.",
    )
    return Judged(row, figure, threshold=threshold, verdict="met" if met else "not_met", reason=text, sign=sign)
