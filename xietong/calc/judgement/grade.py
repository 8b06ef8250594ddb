"""The comparison with targets (clause 7.3.4) and the grade (clause 7.4) in its three readings.

The three sentences of 7.4.4–7.4.6 overlap: `default` takes them in the text's order, `cautious` lets 7.4.6 win for
basic values, `strict` for targets. An indicator without complete data is never counted as met.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple, Protocol

from xietong.calc.engine.rules import RULES
from xietong.calc.figures import Figure, Status
from xietong.calc.rounding import share_apart
from xietong.texts import Text

GradeRule = Literal["default", "cautious", "strict"]
GradeName = Literal["excellent", "qualified", "needs_improvement", "not_assessable"]
RULE_NAMES: tuple[GradeRule, ...] = ("default", "cautious", "strict")
GRADE_NAMES: Mapping[GradeName, Text] = {
    "excellent": Text("优良", "excellent"),
    "qualified": Text("合格", "qualified"),
    "needs_improvement": Text("需改进", "needs improvement"),
    "not_assessable": Text("无法评定", "not assessable"),
}


class Goal(Protocol):
    """What must be reached; park.nouns.Target is one. form: value, reduction_percent, ceiling or requirement."""

    @property
    def indicator(self) -> str: ...
    @property
    def target(self) -> float | None: ...
    @property
    def basic(self) -> float | None: ...
    @property
    def main(self) -> bool: ...
    @property
    def form(self) -> str: ...
    @property
    def base_value(self) -> float | None: ...


@dataclass(frozen=True, slots=True)
class Judged:
    """One indicator beside its target and basic value, both in the indicator's own unit.

    meets_target and meets_basic are None where nothing can be said, with the reasons; completion is
    (actual/target)^±1, so that 1 is "reached" and more is better, None where it would divide by zero.
    """

    key: str
    actual: float | None
    target: float | None
    basic: float | None
    main: bool
    better: str
    meets_target: bool | None
    meets_basic: bool | None
    completion: float | None
    status: Status
    unit: str = ""
    reasons: tuple[Text, ...] = ()
    requirement: bool = False


@dataclass(frozen=True, slots=True)
class Graded:
    """The grade under one reading, why, which indicators fell short of what decided it, which were left out and why."""

    rule: GradeRule
    grade: GradeName
    reason: Text
    short: tuple[str, ...] = ()
    left_out: tuple[tuple[str, str], ...] = ()


def better_of(key: str) -> str:
    """The direction in which an indicator improves, by its rule: "lower" or "higher"; lower where no rule says."""
    return RULES[key][0].better if key in RULES else "lower"


def judge(goal: Goal, figure: Figure, accept_partial: bool = False) -> Judged:
    """Compare a figure with its goal (d·(actual − target) ≥ 0, facts of equal value count as reached).

    accept_partial: whether a partial figure may count as data (someone recorded why); else it decides nothing, for
    what is missing would count as zero.
    """
    better = "lower" if goal.form == "ceiling" else better_of(goal.indicator)
    target, basic = _wanted(goal, goal.target, better), _wanted(goal, goal.basic, better)
    reasons = _hindrances(goal, figure, target, accept_partial)
    actual = figure.value
    met = None if reasons or actual is None or target is None else _reached(actual, target, better)
    least = met if basic is None or met is None or actual is None else _reached(actual, basic, better)
    return Judged(
        key=goal.indicator,
        actual=actual,
        target=target,
        basic=basic,
        main=goal.main,
        better=better,
        meets_target=met,
        meets_basic=least,
        completion=_completion(actual, target, better),
        status=figure.status,
        unit=figure.unit,
        reasons=reasons,
        requirement=goal.form == "requirement",
    )


class Share(NamedTuple):
    """How much of an indicator's data came by weight, how much a grade needs, and the reason recorded for less."""

    came: float
    needed: float
    waiver: str = ""


def judge_incomplete(goal: Goal, figure: Figure, share: Share) -> Judged:
    """Compare a partial figure with its goal: where enough of its weight came, or where a reason was recorded; else it
    decides nothing and says how much is lacking."""
    if share.came >= share.needed:
        return judge(goal, figure, accept_partial=True)
    if share.waiver:
        return judge_for_reason(goal, figure, share)
    name, came = goal.indicator, share_apart(share.came, share.needed)
    said = Text(
        f"{name} 按上年量只收到 {came}，评定需要 {share.needed:.0%}；请补报，或在 targets.csv 的 waiver 列记录理由。",
        f"{name}: only {came} by last year's weight came and a grade needs {share.needed:.0%}; report the rest, or "
        "record a reason in the column waiver of targets.csv.",
    )
    undecided = judge(goal, figure)
    return replace(undecided, reasons=(said, *undecided.reasons[1:]))


def judge_for_reason(goal: Goal, figure: Figure, share: Share) -> Judged:
    """Compare what came with its goal for the recorded reason, which is told."""
    name, came = goal.indicator, share_apart(share.came, share.needed)
    said = Text(
        f"{name} 按上年量收到 {came}（评定需要 {share.needed:.0%}）；按记录的理由以已收数据评定：{share.waiver}",
        f"{name}: {came} by weight came (a grade needs {share.needed:.0%}); judged by it for the recorded reason: "
        f"{share.waiver}",
    )
    return replace(judge(goal, figure, accept_partial=True), reasons=(said,))


def _wanted(goal: Goal, stated: float | None, better: str) -> float | None:
    """A target or basic value in the indicator's unit: a percentage is an improvement on the base value."""
    if goal.form != "reduction_percent" or stated is None:
        return stated
    if goal.base_value is None:
        return None
    return goal.base_value * (1 - stated / 100 if better == "lower" else 1 + stated / 100)


def _hindrances(goal: Goal, figure: Figure, target: float | None, accept_partial: bool) -> tuple[Text, ...]:
    if goal.form == "requirement":
        return (Text("文字要求，凭证据由人评定。", "a requirement in words, judged by a person on its evidence."),)
    if target is None:
        return (
            Text(
                f"{goal.indicator} 没有可比的目标值（百分比目标还需要基准值 base_value）；请在 targets.csv 中补充。",
                f"{goal.indicator} has no target to compare with (a percentage needs base_value); state it in targets.",
            ),
        )
    if figure.value is None:
        usual = Text(
            f"{goal.indicator} 没有数据；请填报或接入。", f"{goal.indicator} has no data; report or connect it."
        )
        return figure.missing or (usual,)
    if figure.status == "partial" and not accept_partial:
        said = Text(
            f"{goal.indicator} 的数据不完整，不能据此认定达标。", f"{goal.indicator} is incomplete and proves nothing."
        )
        return (said, *figure.missing)
    return ()


def _reached(actual: float, wanted: float, better: str) -> bool:
    if math.isclose(actual, wanted, rel_tol=1e-9):
        return True
    return actual > wanted if better == "higher" else actual < wanted


def _completion(actual: float | None, target: float | None, better: str) -> float | None:
    if actual is None or target is None:
        return None
    over, under = (actual, target) if better == "higher" else (target, actual)
    if under == 0:
        return 1.0 if over == 0 else None
    return over / under


def grade(judged: Iterable[Judged], rule: GradeRule, waived: Mapping[str, str] | None = None) -> Graded:
    """The grade under one reading of 7.4.

    waived: recorded reasons, by key, for leaving out an indicator that is not a main one and has no data. Requirements
    in words are not counted. Where no indicator is marked main, all are.
    """
    every = [each for each in judged if not each.requirement]
    waivers = waived or {}
    left_out = tuple(
        (each.key, waivers[each.key])
        for each in every
        if each.meets_target is None and not each.main and each.key in waivers
    )
    counted = [each for each in every if each.key not in dict(left_out)]
    silent = [each for each in counted if each.meets_target is None]
    if silent or not counted:
        return Graded(rule, "not_assessable", _silence(silent), tuple(each.key for each in silent), left_out)
    name, reason, short = _READINGS[rule](counted)
    return Graded(rule, name, reason, short, left_out)


def grades(judged: Iterable[Judged], waived: Mapping[str, str] | None = None) -> dict[GradeRule, Graded]:
    """All three readings; they are always printed together."""
    every = tuple(judged)
    return {rule: grade(every, rule, waived) for rule in RULE_NAMES}


def _silence(silent: list[Judged]) -> Text:
    if not silent:
        return Text("没有可比的定量目标，无法评定。", "no target in numbers to compare with, so no grade.")
    names = "、".join(each.key + ("（主要指标）" if each.main else "") for each in silent)
    names_en = ", ".join(each.key + (" (main)" if each.main else "") for each in silent)
    return Text(
        f"下列指标缺少完整数据，无法评定：{names}。请补报；非主要指标可记录理由后不计。",
        f"these indicators lack complete data, so no grade: {names_en}. Report them; "
        "one that is not main may be left out for a recorded reason.",
    )


def _main(counted: list[Judged]) -> list[Judged]:
    return [each for each in counted if each.main] or counted


def _short_of_target(counted: list[Judged]) -> tuple[str, ...]:
    return tuple(each.key for each in counted if not each.meets_target)


def _short_of_basic(counted: list[Judged]) -> tuple[str, ...]:
    return tuple(each.key for each in counted if not each.meets_basic)


_Outcome = tuple[GradeName, Text, tuple[str, ...]]
_ALL_MET: _Outcome = (
    "excellent",
    Text("各项指标均达到或优于目标值（7.4.4）。", "all indicators reach or surpass their targets (7.4.4)."),
    (),
)


def _default(counted: list[Judged]) -> _Outcome:
    short = _short_of_target(counted)
    if not short:
        return _ALL_MET
    failing = _short_of_basic(_main(counted))
    if failing:
        said = Text(
            f"主要指标未达到基本要求：{'、'.join(failing)}（7.4.6）。",
            f"main indicators miss the basic requirement: {', '.join(failing)} (7.4.6).",
        )
        return "needs_improvement", said, failing
    beyond = _short_of_basic(counted)
    also = f"；另有非主要指标未达到基本要求：{'、'.join(beyond)}" if beyond else ""
    also_en = f"; others miss their basic value: {', '.join(beyond)}" if beyond else ""
    return (
        "qualified",
        Text(
            f"主要指标均达到基本要求，未全部达到目标值：{'、'.join(short)}{also}（7.4.5）。",
            f"main indicators meet the basic requirement, but not every target: {', '.join(short)}{also_en} (7.4.5).",
        ),
        short,
    )


def _cautious(counted: list[Judged]) -> _Outcome:
    failing = _short_of_basic(counted)
    if failing:
        said = Text(
            f"有指标未达到基本要求：{'、'.join(failing)}（7.4.6 优先）。",
            f"indicators miss their basic value: {', '.join(failing)} (7.4.6 first).",
        )
        return "needs_improvement", said, failing
    return _default(counted)


def _strict(counted: list[Judged]) -> _Outcome:
    short = _short_of_target(counted)
    if short:
        said = Text(
            f"有指标未达到目标值：{'、'.join(short)}（7.4.6 从严）。",
            f"indicators miss their targets: {', '.join(short)} (7.4.6, strictly).",
        )
        return "needs_improvement", said, short
    return _ALL_MET


_READINGS = {"default": _default, "cautious": _cautious, "strict": _strict}
