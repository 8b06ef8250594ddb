"""Evaluation 评估: one year of a subject against its targets (7.3.4), graded in three readings of 7.4.

Comparison and grading are in `calc.grade`; weak points and advice in `weakness`. Nothing is stored here.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from xietong.accounting.figures.account import Account, Coverage, UnknownNameError, account, coverage
from xietong.accounting.figures.refusals import REFUSED
from xietong.calc.engine.names import title_of
from xietong.calc.figures import Figure
from xietong.calc.judgement.grade import (
    GRADE_NAMES,
    Graded,
    GradeRule,
    Judged,
    Share,
    grades,
    judge,
    judge_for_reason,
    judge_incomplete,
)
from xietong.evaluation.coverage import share_received
from xietong.evaluation.goals import goals_of, nothing_to_judge, of_nobody, unknown_indicator
from xietong.evaluation.weakness import Weakness, advice_on, weak_points
from xietong.lake.store import Lake
from xietong.park.nouns import Registry, Target
from xietong.periods import Period
from xietong.texts import Text

_INCOMPLETE = Text(
    "数据不完整；按已收数据和按应报数补足两种算法，结论相同。",
    "the data are incomplete; what came and what came scaled up to what was due lead to the same verdict.",
)


@dataclass(frozen=True, slots=True)
class Line:
    """One target of the subject or of a subject below it, judged, with the figure and its title.

    coverage: the share of the figure's data that came, by last year's weight; waiver: the reason recorded for
    doing with less than the park's choice asks for.
    """

    subject: str
    title: Text
    judged: Judged
    figure: Figure
    coverage: float = 1.0
    waiver: str = ""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The year's comparison, the grade under the park's own reading and under all three, what is weak, what to do.

    below: the targets of sectors, zones and enterprises under the subject; they do not enter its grade. remarks: the
    targets that could not be judged, and why.
    """

    subject: str
    year: int
    rule: GradeRule
    grades: Mapping[GradeRule, Graded]
    lines: tuple[Line, ...]
    below: tuple[Line, ...]
    weak: tuple[Weakness, ...]
    advice: tuple[Text, ...]
    coverage: Coverage
    remarks: tuple[Text, ...] = ()

    @property
    def grade(self) -> str:
        """The grade under the reading that the park chose."""
        return self.grades[self.rule].grade

    @property
    def reason(self) -> Text:
        """Why, in one sentence."""
        return self.grades[self.rule].reason


def evaluate(
    registry: Registry,
    lake: Lake | None,
    subject: str,
    year: int,
    waived: Mapping[str, str] | None = None,
) -> Evaluation:
    """Evaluate one year of a subject; raises UnknownNameError for a subject that does not exist.

    waived: recorded reasons, by indicator, for leaving out one that is not main and has no data; besides those of the
    targets themselves.
    """
    account(registry, lake, subject, Period.year(year))
    own, remarks = _lines(registry, lake, subject, year)
    below, said_below = _lines_below(registry, lake, subject, year)
    remarks += said_below + (of_nobody(registry, year) if subject == registry.park.code else ())
    period = Period.year(year)
    came = coverage(registry, lake, subject, period)
    judged = grades((line.judged for line in own), _waivers(own) | dict(waived or {}))
    weak = weak_points(account(registry, lake, subject, period), registry, (own, below), came)
    advice = advice_on(subject, weak)
    return Evaluation(
        subject,
        year,
        rule=_rule(registry),
        grades=judged,
        lines=own,
        below=below,
        weak=weak,
        advice=advice,
        coverage=came,
        remarks=remarks,
    )


def _waivers(lines: Iterable[Line]) -> dict[str, str]:
    return {line.judged.key: line.waiver for line in lines if line.waiver}


def _rule(registry: Registry) -> GradeRule:
    chosen = registry.choices.get("grade_rule", "default")
    return "cautious" if chosen == "cautious" else "strict" if chosen == "strict" else "default"


Lines = tuple[tuple[Line, ...], tuple[Text, ...]]


def _lines_below(registry: Registry, lake: Lake | None, subject: str, year: int) -> Lines:
    """The judged targets of all subjects below one, and what is to be said of those that cannot be judged."""
    every = [_lines(registry, lake, each.code, year) for each in registry.below(subject) if each.code != subject]
    return tuple(line for lines, _ in every for line in lines), tuple(said for _, told in every for said in told)


def _lines(registry: Registry, lake: Lake | None, subject: str, year: int) -> Lines:
    """The judged targets of a subject, and what is to be said of those that cannot be judged."""
    targets, remarks = goals_of(registry, subject, year)
    lines, aside = [], []
    for target in targets:
        try:
            line = _line(registry, lake, target)
        except UnknownNameError as error:
            aside.append(unknown_indicator(target, error))
            continue
        said = nothing_to_judge(registry, target) if line.figure.value is None else None
        if said is None:
            lines.append(line)
        else:
            aside.append(said)
    return tuple(lines), (*remarks, *aside)


def _line(registry: Registry, lake: Lake | None, target: Target) -> Line:
    period = Period.year(target.year)
    if target.form == "requirement":
        figure = Figure(target.indicator, None, "", "not_applicable")
        words = target.requirement or target.indicator
        return Line(target.subject, Text(words, words), judge(target, figure), figure)
    figure = account(registry, lake, target.subject, period).figure(target.indicator)
    judged, came = judge(target, figure), 1.0 if figure.value is not None else 0.0
    if figure.status == "partial":
        before = account(registry, lake, target.subject, period.previous_year()).figure(target.indicator)
        came = share_received(figure, before)
        share = Share(came, float(registry.choices.get("grade_coverage", "0.95")), target.waiver)
        judged = _despite_gaps(target, figure, share, account(registry, lake, target.subject, period, filled=True))
    return Line(target.subject, title_of(figure), judged=judged, figure=figure, coverage=came, waiver=target.waiver)


def _despite_gaps(target: Target, figure: Figure, share: Share, filled: Account) -> Judged:
    """A partial figure decides only where enough of it came and the absent part could not turn the verdict, or where a
    reason for it was recorded."""
    if REFUSED in figure.trace:
        refused = judge(target, figure)
        refused = replace(refused, reasons=(*figure.missing[:1], *refused.reasons))
        return judge_for_reason(target, figure, share) if share.waiver else refused
    if share.came < share.needed:
        return judge_incomplete(target, figure, share)
    whole = filled.figure(target.indicator)
    bare, full = judge(target, figure, accept_partial=True), judge(target, whole, accept_partial=True)
    agree = (bare.meets_target, bare.meets_basic) == (full.meets_target, full.meets_basic)
    if whole.status == "partial" or not agree:
        return judge_for_reason(target, figure, share) if share.waiver else judge(target, figure)
    return replace(bare, reasons=(_INCOMPLETE,))


def as_json(evaluation: Evaluation) -> dict[str, Any]:
    """The evaluation as plain values for `--json` and the API."""
    graded = evaluation.grades
    return {
        "subject": evaluation.subject,
        "year": evaluation.year,
        "grade": evaluation.grade,
        "grade_rule": evaluation.rule,
        "default_grade": graded["default"].grade,
        "cautious_grade": graded["cautious"].grade,
        "strict_grade": graded["strict"].grade,
        "grade_name": GRADE_NAMES[graded[evaluation.rule].grade]._asdict(),
        "reason": evaluation.reason._asdict(),
        "reasons": {rule: each.reason._asdict() for rule, each in graded.items()},
        "indicators": [_line_json(line) for line in evaluation.lines],
        "below": [_line_json(line) for line in evaluation.below],
        "weak": [each.as_json() for each in evaluation.weak],
        "advice": [each._asdict() for each in evaluation.advice],
        "remarks": [each._asdict() for each in evaluation.remarks],
        "coverage": {
            "due": evaluation.coverage.due,
            "received": evaluation.coverage.received,
            "share": evaluation.coverage.share,
            "absent": [each._asdict() for each in evaluation.coverage.absent],
        },
        "left_out": dict(graded[evaluation.rule].left_out),
    }


def _line_json(line: Line) -> dict[str, Any]:
    judged = line.judged
    return {
        "subject": line.subject,
        "key": judged.key,
        "title": line.title._asdict(),
        "actual": judged.actual,
        "unit": judged.unit,
        "target": judged.target,
        "basic": judged.basic,
        "main": judged.main,
        "better": judged.better,
        "meets_target": judged.meets_target,
        "meets_basic": judged.meets_basic,
        "completion": judged.completion,
        "status": judged.status,
        "reasons": [each._asdict() for each in judged.reasons],
        "coverage": line.coverage,
        "waiver": line.waiver,
    }
