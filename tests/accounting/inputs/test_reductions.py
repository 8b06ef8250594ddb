"""Reduction by measures (6.5.3e): baseline less actual in a boundary, labelled, counted once, cumulative by year."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Literal

import pytest
from small_parks import park, subject

from xietong.accounting.figures.account import explain
from xietong.accounting.inputs.baselines import savings
from xietong.calc.figures import Figure
from xietong.park.nouns import Effect, Measure, Registry
from xietong.periods import Period

Stage = Literal["expected", "verified", "baseline", "actual"]


def effect(measure: str, stage: Stage, amount: str, unit: str = "MWh", method: str = "电表 meter") -> Effect:
    return Effect(measure, "electricity_purchased", Decimal(amount), unit, stage, method)


def registry(*effects: Effect, started: Iterable[tuple[str, date]] = (("LAMPS", date(2024, 1, 1)),)) -> Registry:
    measures = {code: Measure(code, "E1", code, commissioned=day) for code, day in started}
    return replace(park(subject("E1")), measures=measures, effects=effects)


def figure(of: Registry, key: str = "carbon_emission_reduction", period: str = "2025", at: str = "E1") -> Figure:
    return explain(of, None, key, at, Period.parse(period))


def test_a_saving_is_the_baseline_less_the_actual() -> None:
    found = figure(registry(effect("LAMPS", "baseline", "1000"), effect("LAMPS", "actual", "800000", "kWh")))
    assert found.value == pytest.approx(200 * 0.5306)
    assert found.status == "ok"
    saved = found.child("measure_reductions").child("LAMPS").inputs[0]
    given = next(each for each in walk(saved) if each.trace.get("boundary"))
    assert [(each.key, each.value) for each in given.inputs] == [("baseline", 1000), ("actual", 800)]
    assert given.trace["boundary"] == "E1"
    assert "实测 measured" in given.source


def walk(figure: Figure) -> Iterable[Figure]:
    yield figure
    for child in figure.inputs:
        yield from walk(child)


@pytest.mark.parametrize("method", ["估算", "Model of the boiler", "排放系数"])
def test_what_is_estimated_says_so(method: str) -> None:
    found = figure(registry(effect("LAMPS", "baseline", "1000"), effect("LAMPS", "actual", "800", method=method)))
    assert found.value == pytest.approx(106.12)
    assert found.status == "estimated"


def test_measures_that_follow_each_other_in_one_boundary_count_a_saving_once() -> None:
    """1000 → 800 by lamps, then the motors' study starts from 1000 again and ends at 700: 300 saved, not 500."""
    both = registry(
        effect("LAMPS", "baseline", "1000"),
        effect("LAMPS", "actual", "800"),
        effect("MOTORS", "baseline", "1000"),
        effect("MOTORS", "actual", "700"),
        started=(("LAMPS", date(2024, 1, 1)), ("MOTORS", date(2025, 1, 1))),
    )
    assert figure(both).value == pytest.approx(300 * 0.5306)
    motors = savings(both)["MOTORS"][0]
    assert motors.effect.amount == 100
    assert "LAMPS" in motors.remarks[0].en
    assert savings(both)["LAMPS"][0].remarks == ()


def test_a_lower_baseline_stays_as_it_was_stated() -> None:
    both = registry(
        effect("LAMPS", "baseline", "1000"),
        effect("LAMPS", "actual", "800"),
        effect("MOTORS", "baseline", "750"),
        effect("MOTORS", "actual", "700"),
        started=(("LAMPS", date(2024, 1, 1)), ("MOTORS", date(2025, 1, 1))),
    )
    assert savings(both)["MOTORS"][0].effect.amount == 50
    assert savings(both)["MOTORS"][0].remarks == ()


def test_verified_amounts_of_one_boundary_are_named_as_possibly_counted_twice() -> None:
    both = registry(
        effect("LAMPS", "verified", "200"),
        effect("MOTORS", "verified", "100"),
        started=(("LAMPS", date(2024, 1, 1)), ("MOTORS", date(2025, 1, 1))),
    )
    assert figure(both).value == pytest.approx(300 * 0.5306)
    assert all(
        "baseline and actual" in each.remarks[0].en for code in ("LAMPS", "MOTORS") for each in savings(both)[code]
    )


def test_what_got_worse_counts_against_the_sum() -> None:
    assert figure(
        registry(effect("LAMPS", "baseline", "800"), effect("LAMPS", "actual", "900"))
    ).value == pytest.approx(-53.06)


def test_a_baseline_without_an_actual_is_no_saving() -> None:
    found = figure(registry(effect("LAMPS", "baseline", "1000")))
    assert (found.value, found.status) == (None, "not_applicable")


def test_units_that_do_not_measure_the_same_make_no_saving() -> None:
    assert savings(registry(effect("LAMPS", "baseline", "1000"), effect("LAMPS", "actual", "8", "t"))) == {}


def test_the_cumulative_reduction_adds_the_years_by_the_factors_of_each() -> None:
    """From July 2023: half a year at 0.5568, 2024 at 0.5366, half of 2025 at 0.5306."""
    lamps = registry(effect("LAMPS", "verified", "200"), started=(("LAMPS", date(2023, 7, 1)),))
    found = figure(lamps, "cumulative_carbon_reduction", "2025-H1")
    assert found.value == pytest.approx(100 * 0.5568 + 200 * 0.5366 + 100 * 0.5306)
    by_year = found.child("reductions_by_year")
    assert [each.key for each in by_year.inputs] == ["2023", "2024", "2025"]
    assert figure(lamps, "carbon_emission_reduction", "2025-H1").value == pytest.approx(100 * 0.5306)


def test_without_measures_nothing_is_cumulated() -> None:
    assert figure(registry(started=()), "cumulative_carbon_reduction").status == "not_applicable"
