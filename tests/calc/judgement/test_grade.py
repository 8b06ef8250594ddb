"""Clause 7.4 in its three readings: every grade, the cases in which they differ, and what cannot be graded."""

from itertools import product
from typing import NamedTuple

import pytest

from xietong.calc.figures import Figure, Status
from xietong.calc.judgement.grade import RULE_NAMES, Judged, grade, grades, judge
from xietong.texts import Text


class Goal(NamedTuple):
    """A target as calc needs it."""

    indicator: str = "energy_per_output_value"
    target: float | None = 0.5
    basic: float | None = 0.6
    main: bool = True
    form: str = "value"
    base_value: float | None = None


def figure(value: float | None, status: Status = "ok") -> Figure:
    return Figure("energy_per_output_value", value, "tce/万元", status)


def judged(state: str, main: bool, key: str = "k") -> Judged:
    """state: met (target), basic (only basic), below, silent."""
    verdicts = {"met": (True, True), "basic": (False, True), "below": (False, False), "silent": (None, None)}
    target, basic = verdicts[state]
    return Judged(key, 1.0, 1.0, 1.0, main, "lower", target, basic, 1.0, "ok")


@pytest.mark.parametrize(
    ("value", "meets_target", "meets_basic"),
    [(0.49, True, True), (0.5, True, True), (0.1 + 0.4, True, True), (0.55, False, True), (0.61, False, False)],
)
def test_lower_is_better_for_an_intensity(value: float, meets_target: bool, meets_basic: bool) -> None:
    result = judge(Goal(), figure(value))
    assert (result.meets_target, result.meets_basic) == (meets_target, meets_basic)


@pytest.mark.parametrize(("value", "meets_target"), [(79.9, False), (80.0, True), (80.1, True)])
def test_higher_is_better_for_a_rate(value: float, meets_target: bool) -> None:
    goal = Goal("resource_utilization_rate", 80.0, 70.0)
    result = judge(goal, Figure("resource_utilization_rate", value, "%"))
    assert (result.better, result.meets_target) == ("higher", meets_target)


def test_completion_is_above_one_where_the_target_is_surpassed() -> None:
    assert judge(Goal(), figure(0.25)).completion == pytest.approx(2.0)
    higher = Goal("resource_utilization_rate", 80.0, 70.0)
    assert judge(higher, Figure("resource_utilization_rate", 60.0, "%")).completion == pytest.approx(0.75)
    assert judge(Goal(), figure(0.0)).completion is None
    assert judge(Goal(target=0.0, basic=None), figure(0.0)).completion == 1.0


def test_a_percentage_is_a_reduction_of_the_base_value() -> None:
    goal = Goal(target=10.0, basic=5.0, form="reduction_percent", base_value=0.8)
    result = judge(goal, figure(0.73))
    assert result.target == pytest.approx(0.72)
    assert result.basic == pytest.approx(0.76)
    assert (result.meets_target, result.meets_basic) == (False, True)
    assert judge(Goal(target=10.0, form="reduction_percent"), figure(0.7)).meets_target is None


def test_a_ceiling_is_never_to_be_passed_whatever_the_indicator_likes() -> None:
    goal = Goal("resource_utilization_rate", 80.0, None, form="ceiling")
    assert judge(goal, Figure("resource_utilization_rate", 81.0, "%")).meets_target is False


def test_without_a_basic_value_the_target_is_the_basic_requirement() -> None:
    assert judge(Goal(basic=None), figure(0.55)).meets_basic is False


def test_what_is_incomplete_proves_nothing() -> None:
    assert judge(Goal(), figure(0.1, "partial")).meets_target is None
    assert judge(Goal(), figure(0.1, "partial"), accept_partial=True).meets_target is True
    assert judge(Goal(), figure(0.1, "estimated")).meets_target is True
    assert judge(Goal(), figure(None, "missing")).meets_target is None


def test_the_figures_own_reason_is_the_reason() -> None:
    why = Text("电表坏了。", "the meter is broken.")
    absent = Figure("energy_per_output_value", None, "tce/万元", "missing", missing=(why,))
    assert judge(Goal(), absent).reasons == (why,)
    assert judge(Goal(), figure(None, "missing")).reasons[0].en.startswith("energy_per_output_value has no data")


def test_why_there_is_no_grade_names_the_silent_or_says_there_are_no_targets() -> None:
    assert "a (main)" in grade([judged("silent", True, "a")], "default").reason.en
    assert "no target in numbers" in grade([], "default").reason.en


def test_a_requirement_in_words_is_not_counted() -> None:
    words = judge(Goal(target=None, form="requirement"), figure(None, "missing"))
    assert grade([words, judged("met", True)], "default").grade == "excellent"
    assert grade([words], "default").grade == "not_assessable"


def test_no_data_of_a_main_indicator_is_not_assessable_even_when_waived() -> None:
    every = [judged("silent", True, "a"), judged("met", False, "b")]
    assert {each.grade for each in grades(every, {"a": "broken"}).values()} == {"not_assessable"}
    assert grades(every)["default"].short == ("a",)


def test_another_without_data_is_left_out_only_for_a_recorded_reason() -> None:
    every = [judged("met", True, "a"), judged("silent", False, "b")]
    assert grade(every, "default").grade == "not_assessable"
    waived = grade(every, "default", {"b": "the analyser was being replaced"})
    assert (waived.grade, waived.left_out) == ("excellent", (("b", "the analyser was being replaced"),))


def test_without_main_indicators_all_are() -> None:
    assert grade([judged("met", False), judged("below", False)], "default").grade == "needs_improvement"


def test_a_lesser_indicator_below_its_basic_value_parts_the_readings() -> None:
    every = [judged("met", True, "a"), judged("below", False, "b")]
    assert [grade(every, rule).grade for rule in RULE_NAMES] == ["qualified", "needs_improvement", "needs_improvement"]
    assert "b" in grade(every, "default").reason.en


def test_a_lesser_indicator_short_of_its_target_parts_strict_from_the_others() -> None:
    every = [judged("met", True, "a"), judged("basic", False, "b")]
    assert [grade(every, rule).grade for rule in RULE_NAMES] == ["qualified", "qualified", "needs_improvement"]


def expected(states: tuple[str, ...], mains: tuple[bool, ...], rule: str) -> str:
    """The three readings as sentences about counts: a second way to the same answer."""
    pairs = list(zip(states, mains, strict=True))
    main = [state for state, is_main in pairs if is_main] or list(states)
    if states.count("met") == len(states):
        return "excellent"
    refused = {"default": "below" in main, "cautious": "below" in states, "strict": True}[rule]
    return "needs_improvement" if refused else "qualified"


def test_every_combination_of_three_indicators() -> None:
    seen = set()
    for states in product(("met", "basic", "below"), repeat=3):
        for mains in product((True, False), repeat=3):
            every = [judged(state, main, f"k{n}") for n, (state, main) in enumerate(zip(states, mains, strict=True))]
            for rule in RULE_NAMES:
                result = grade(every, rule)
                assert result.grade == expected(states, mains, rule), (states, mains, rule)
                assert result.reason.zh
                assert result.reason.en
                seen.add((rule, result.grade))
    assert ("strict", "qualified") not in seen
    assert ("default", "qualified") in seen
