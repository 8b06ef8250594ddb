"""Small parks that get each grade, expected by hand.

One enterprise, one year: 1,000 MWh × 0.1229 tce/MWh (GB/T 2589-2020) = 122.9 tce on 1,000 万元 is 0.1229 tce/万元;
80 of 100 t of by-products used is 80 %; 2 t of COD on 1,000 万元 is 2 kg/万元.
"""

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Literal

import pytest
from small_parks import HoursLake, hours_of, monthly, park, point, stated, subject

from xietong.accounting import UnknownNameError
from xietong.evaluation import Evaluation, as_json, evaluate
from xietong.park.nouns import Effect, Limit, Measure, Registry, ReportedAmount, Target
from xietong.periods import Period

ENERGY, RECYCLING, COD = "energy_per_output_value", "resource_utilization_rate", "cod_emission_intensity"
FACTS = (
    stated("A", "2025", "electricity_purchased", "1000", "MWh"),
    stated("A", "2025", "output_value", "1000", "万元"),
    stated("A", "2025", "byproduct_generated", "100", "t"),
    stated("A", "2025", "byproduct_used", "80", "t"),
    stated("A", "2025", "cod", "2", "t"),
)


def target(key: str, wanted: float, basic: float, main: bool = False, code: str = "P") -> Target:
    return Target(key, code, 2025, wanted, basic, main)


def graded(*targets: Target, facts: tuple[ReportedAmount, ...] = FACTS, rule: str = "default") -> Evaluation:
    registry = park(subject("A"), reported=facts, targets=targets, choices={"grade_rule": rule})
    return evaluate(registry, None, "P", 2025)


def names(answer: Evaluation) -> tuple[str, str, str]:
    return answer.grades["default"].grade, answer.grades["cautious"].grade, answer.grades["strict"].grade


def test_all_targets_met_is_excellent_under_every_reading() -> None:
    answer = graded(target(ENERGY, 0.1229, 0.2, main=True), target(RECYCLING, 80, 60))
    assert names(answer) == ("excellent", "excellent", "excellent")


def test_main_at_basic_and_all_at_basic_is_qualified_and_strictly_needs_improvement() -> None:
    answer = graded(target(ENERGY, 0.12, 0.13, main=True), target(RECYCLING, 80, 60))
    assert names(answer) == ("qualified", "qualified", "needs_improvement")


def test_another_indicator_below_basic_makes_the_three_readings_differ_from_one_another() -> None:
    below = graded(target(ENERGY, 0.12, 0.13, main=True), target(RECYCLING, 95, 90))
    assert names(below) == ("qualified", "needs_improvement", "needs_improvement")
    assert RECYCLING in below.grades["default"].reason.zh


def test_a_main_indicator_below_basic_needs_improvement_under_every_reading() -> None:
    answer = graded(target(ENERGY, 0.11, 0.12, main=True), target(RECYCLING, 80, 60))
    assert names(answer) == ("needs_improvement",) * 3
    assert ENERGY in answer.reason.en


def test_a_main_indicator_without_data_cannot_be_assessed() -> None:
    answer = graded(target(ENERGY, 0.2, 0.3, main=True), facts=FACTS[:1])
    assert names(answer) == ("not_assessable",) * 3
    assert answer.lines[0].judged.meets_target is None


def test_the_park_chooses_which_reading_is_its_grade() -> None:
    goals = (target(ENERGY, 0.12, 0.13, main=True), target(RECYCLING, 80, 60))
    assert graded(*goals, rule="strict").grade == "needs_improvement"
    assert graded(*goals).grade == "qualified"


def test_another_indicator_without_data_is_left_out_only_for_a_recorded_reason() -> None:
    registry = park(subject("A"), reported=FACTS[:2], targets=[target(ENERGY, 0.2, 0.3, main=True), target(COD, 3, 4)])
    assert evaluate(registry, None, "P", 2025).grade == "not_assessable"
    waived = evaluate(registry, None, "P", 2025, waived={COD: "园区无废水排放（2025-12-20 管委会备案）"})
    assert waived.grade == "excellent"
    assert dict(waived.grades["default"].left_out)[COD].startswith("园区无废水")


def test_completion_is_worked_by_hand() -> None:
    answer = graded(target(ENERGY, 0.12, 0.13, main=True), target(COD, 1.6, 2), target(RECYCLING, 90, 60))
    completion = {line.judged.key: line.judged.completion for line in answer.lines}
    assert completion == {
        ENERGY: pytest.approx(0.12 / 0.1229),
        COD: pytest.approx(1.6 / 2),
        RECYCLING: pytest.approx(80 / 90),
    }


def test_weak_points_come_worst_first_and_name_the_enterprise_that_weighs_most() -> None:
    facts = (*FACTS, stated("B", "2025", "cod", "6", "t"), stated("B", "2025", "output_value", "1000", "万元"))
    goals = (target(ENERGY, 0.05, 0.13, main=True), target(COD, 1, 5))
    registry = park(subject("A"), subject("B"), reported=facts, targets=goals)
    answer = evaluate(registry, None, "P", 2025)
    short = [each for each in answer.weak if each.kind == "target"]
    assert [each.key for each in short] == [COD, ENERGY]
    assert short[0].contributor is not None
    assert (short[0].contributor.subject, short[0].contributor.share) == ("B", 0.75)
    assert "B公司" in answer.advice[0].zh
    assert "75.0%" in answer.advice[0].en


def test_targets_of_an_enterprise_are_judged_beside_the_parks_and_do_not_grade_it() -> None:
    answer = graded(target(ENERGY, 0.2, 0.3, main=True), target(ENERGY, 0.1, 0.11, code="A"))
    assert answer.grade == "excellent"
    assert [(line.subject, line.judged.meets_target) for line in answer.below] == [("A", False)]
    assert any(each.subject == "A" for each in answer.weak)


def partial(months: int, wanted: float = 0.13, needed: str = "0.75", waiver: str = "") -> Registry:
    rows = [*monthly("A", "electricity_purchased", "100", "MWh", range(1, months + 1)), FACTS[1]]
    goals = [replace(target(ENERGY, wanted, wanted + 0.01, main=True), waiver=waiver)]
    return park(subject("A"), reported=rows, targets=goals, choices={"grade_coverage": needed})


def test_a_gap_that_cannot_turn_the_verdict_does_not_stop_the_grade() -> None:
    """10 of 12 months: 0.1229 as it came, 0.14748 filled up: one met, one not, so undecided. 9: 0.11061 and 0.14748."""
    assert evaluate(partial(10), None, "P", 2025).grade == "not_assessable"
    answer = evaluate(partial(10, 0.15), None, "P", 2025)
    assert answer.grade == "excellent"
    assert answer.lines[0].judged.actual == pytest.approx(0.1229)
    assert answer.lines[0].judged.status == "partial"
    assert "补足" in answer.lines[0].judged.reasons[0].zh


def test_too_little_data_decides_nothing() -> None:
    """8 of 12 months is under three quarters: even a target far away is not held to be met."""
    assert evaluate(partial(8, 99), None, "P", 2025).grade == "not_assessable"


def test_a_grade_needs_95_percent_unless_the_park_chose_otherwise() -> None:
    """10 of 12 months is 83.3 %: enough for a choice of 0.8, too little for the usual 0.95, which says so."""
    assert evaluate(partial(10, 0.15, "0.8"), None, "P", 2025).grade == "excellent"
    usual = evaluate(partial(10, 0.15, "0.95"), None, "P", 2025)
    assert usual.grade == "not_assessable"
    assert "83.3%" in usual.lines[0].judged.reasons[0].zh
    assert "waiver" in usual.lines[0].judged.reasons[0].zh
    assert as_json(usual)["indicators"][0]["coverage"] == pytest.approx(10 / 12, abs=1e-4)


@pytest.mark.parametrize(("months", "wanted", "grade"), [(10, 0.15, "excellent"), (8, 0.05, "needs_improvement")])
def test_a_recorded_reason_lets_what_came_be_judged_and_is_printed(months: int, wanted: float, grade: str) -> None:
    answer = evaluate(partial(months, wanted, "0.95", "账单迟到，管委会 2026-01-20 备案"), None, "P", 2025)
    assert answer.grade == grade
    assert "账单迟到" in answer.lines[0].judged.reasons[0].zh


def test_weight_is_last_years_not_the_number_of_tenants() -> None:
    """A had 9,900 of 10,000 MWh: without B 99 % came, without A 1 %."""
    for absent, came in (("B", 0.99), ("A", 0.01)):
        rows = [
            stated(code, "2024", "electricity_purchased", much, "MWh") for code, much in (("A", "9900"), ("B", "100"))
        ]
        rows += [replace(row, period=Period.parse("2025")) for row in rows if row.subject != absent]
        rows.append(stated("A", "2025", "output_value", "1000", "万元"))
        goals = [target(ENERGY, 99, 100, main=True)]
        answer = evaluate(park(subject("A"), subject("B"), reported=rows, targets=goals), None, "P", 2025)
        assert answer.lines[0].coverage == pytest.approx(came)
        assert answer.grade == ("excellent" if came > 0.95 else "not_assessable")


def test_a_waiver_of_the_targets_leaves_out_what_has_no_data_and_is_not_main() -> None:
    lesser = replace(target(COD, 3, 4), waiver="园区无废水排放（2025-12-20 管委会备案）")
    goals = [target(ENERGY, 0.2, 0.3, main=True), lesser]
    answer = evaluate(park(subject("A"), reported=FACTS[:2], targets=goals), None, "P", 2025)
    assert answer.grade == "excellent"
    assert as_json(answer)["left_out"] == {COD: lesser.waiver}


def test_a_percentage_target_is_taken_of_its_base() -> None:
    """20 % less than 0.15 is 0.12: missed by 0.1229; 18 % less is 0.123: met."""
    for percent, met in ((20.0, False), (18.0, True)):
        goal = Target(ENERGY, "P", 2025, percent, 10.0, True, "reduction_percent", 2020, 0.15)
        assert graded(goal).lines[0].judged.meets_target is met


def test_a_requirement_in_words_is_listed_and_not_counted() -> None:
    words = Target("M", "P", 2025, None, None, False, "requirement", requirement="年底前建成再生水管网")
    answer = graded(target(ENERGY, 0.2, 0.3, main=True), words)
    assert answer.grade == "excellent"
    assert answer.lines[1].judged.requirement


def test_coverage_counts_what_was_due() -> None:
    answer = evaluate(partial(9), None, "P", 2025)
    assert (answer.coverage.due, answer.coverage.received) == (24, 21)


def test_an_outlet_above_its_limit_is_a_weak_point_with_its_hours() -> None:
    limit = Limit("A-1", "so2", "concentration", Decimal(35), "mg/m3", "hour")
    points = (point("C", "A-1", "so2", "mg/m3", "mean"), point("Q", "A-1", "waste_gas", "m3"))
    subjects = (subject("A"), subject("A-1", "outlet", "A", discharges_to="environment"))
    lake = HoursLake(
        {"C": {**hours_of("2025-03", "20"), **hours_of("2025-03-14", "36")}, "Q": hours_of("2025-03", "5")}
    )
    answer = evaluate(park(*subjects, points=points, limits=[limit]), lake, "P", 2025)
    found = [each for each in answer.weak if each.kind == "exceedance"]
    assert [(each.subject, each.key) for each in found] == [("A-1", "so2_exceedance_hours")]
    assert "24" in found[0].sentence.zh
    assert any("5.5.3" in advice.zh for advice in answer.advice)


def test_without_targets_there_is_no_grade() -> None:
    assert names(graded()) == ("not_assessable",) * 3


def test_the_answer_is_plain_json() -> None:
    answer = as_json(graded(target(ENERGY, 0.12, 0.13, main=True), target(RECYCLING, 95, 90)))
    assert json.loads(json.dumps(answer)) == answer
    assert (answer["grade"], answer["cautious_grade"], answer["strict_grade"]) == (
        "qualified",
        "needs_improvement",
        "needs_improvement",
    )
    wanted = {"key", "actual", "target", "basic", "main", "better", "meets_target", "meets_basic", "completion"}
    assert wanted <= set(answer["indicators"][0])


def test_a_subject_that_does_not_exist_is_refused() -> None:
    with pytest.raises(UnknownNameError):
        evaluate(park(), None, "Q", 2025)


SHARE, REDUCTION = "renewable_energy_share", "carbon_emission_reduction"


def test_a_share_that_should_rise_names_the_largest_users_of_what_does_not_count() -> None:
    """A: 1000 MWh, all certified: nothing left. B: 300 of 400 MWh not renewable: 300 × 0.1229 = 36.87 tce."""
    rows = [
        stated("A", "2025", "electricity_purchased", "1000", "MWh"),
        stated("A", "2025", "green_certificates", "1000", "MWh"),
        stated("B", "2025", "electricity_purchased", "400", "MWh"),
        stated("B", "2025", "green_power_traded", "100", "MWh"),
    ]
    registry = park(subject("A"), subject("B"), reported=rows, targets=[target(SHARE, 90, 80)])
    weak = evaluate(registry, None, "P", 2025).weak[0]
    assert weak.contributor is None
    assert weak.cause is not None
    assert weak.cause.zh == "消费非可再生能源最多的是B公司（36.87 tce，占 100.0%）"


def saved(measure: str, tonnes: int, stage: Literal["expected", "verified"]) -> Effect:
    return Effect(measure, "carbon", Decimal(tonnes), "tCO2e", stage)


def test_a_reduction_names_the_measures_that_fell_short_and_no_fuel() -> None:
    measures = {code: Measure(code, "A", f"措施{code}", commissioned=date(2025, 1, 1)) for code in ("M1", "M2", "M3")}
    effects = [saved("M1", 100, "expected"), saved("M1", 60, "verified"), saved("M2", 10, "expected")]
    effects += [saved("M3", 5, "expected"), saved("M3", 7, "verified")]
    registry = replace(
        park(subject("A"), reported=FACTS, targets=[target(REDUCTION, 100, 50)]),
        measures=measures,
        effects=tuple(effects),
    )
    answer = evaluate(registry, None, "P", 2025)
    assert answer.lines[0].judged.actual == 67
    advice = answer.advice[0].zh
    assert "M1，预期 100 tCO2e，核实 60 tCO2e" in advice
    assert "M2，预期 10 tCO2e，未经核实" in advice
    assert "M3" not in advice
    assert "最大的部分" not in advice


def test_a_near_miss_is_told_with_the_digits_that_show_it() -> None:
    """949.96 of 1000 is 94.996 %: "95, target 95" would say that it was met."""
    rows = [
        stated("A", "2025", "byproduct_generated", "1000", "t"),
        stated("A", "2025", "byproduct_used", "949.96", "t"),
    ]
    goal = Target("resource_utilization_rate", "A", 2025, 95.0, 94.998, main=True)
    found = evaluate(park(subject("A"), reported=rows, targets=[goal]), None, "A", 2025)
    weak = next(each for each in found.weak if each.key == "resource_utilization_rate")
    for sentence in (*weak.sentence, *found.advice[0]):
        assert "94.996" in sentence
        assert "94.998" in sentence
        assert "99.996%" in sentence
