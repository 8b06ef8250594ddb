"""Emissions that nobody measured: computed from the subject's own factors, after measured and reported ones."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

import pytest
from small_parks import HoursLake, hours_of, monthly, park, point, stated, subject

from xietong.accounting.figures.account import account
from xietong.calc.figures import Figure
from xietong.park.nouns import Registry, ReportedAmount, Subject
from xietong.periods import Period

MONTH = Period.parse("2025-03")
E = subject("E")
S1, S2 = subject("S1", "outlet", "E", "environment"), subject("S2", "outlet", "E", "environment")


def row(purpose: str, key: str, value: str, unit: str, of: str) -> dict[str, str]:
    return {"purpose": purpose, "key": key, "value": value, "unit": unit, "source": "化验单", "subject": of}


SULFUR = (
    row("sulfur_content", "raw_coal", "0.8", "%", "S1"),
    row("removal_efficiency", "so2", "90", "%", "S1"),
)
COATING = (
    row("emission_coefficient", "vocs/product:paint", "8", "kg/t", "E"),
    row("removal_efficiency", "vocs", "80", "%", "E"),
)


def registry(*subjects: Subject, factors: Iterable[Mapping[str, str]], reported: Iterable[ReportedAmount]) -> Registry:
    return replace(park(E, *subjects, reported=reported), factors=tuple(factors))


def emission(of: Registry, code: str, name: str = "so2", period: str = "2025-03") -> Figure:
    return account(of, None, code, Period.parse(period)).figure(f"{name}_emission")


def test_an_outlet_whose_coal_and_sulfur_are_known_has_an_emission() -> None:
    known = registry(S1, factors=SULFUR, reported=[stated("S1", "2025-03", "raw_coal", "1000", "t")])
    for code in ("S1", "E", "P"):
        assert emission(known, code).value == pytest.approx(1000 * 0.008 * 2 * 0.8 * 0.1)
    worked = [each for each in _below(emission(known, "P")) if each.kind == "factor"]
    assert {each.key.partition(":")[0] for each in worked} == {
        "sulfur_content",
        "sulfur_conversion",
        "removal_efficiency",
    }
    assert any(each.source == "硫平衡 sulfur balance" for each in _below(emission(known, "P")))


def test_the_coal_burnt_at_an_outlet_is_not_energy_of_the_enterprise_twice() -> None:
    rows = [stated("S1", "2025-03", "raw_coal", "1000", "t"), stated("E", "2025-03", "raw_coal", "1000", "t")]
    of = registry(S1, factors=SULFUR, reported=rows)
    energy = account(of, None, "P", MONTH).figure("comprehensive_energy_consumption")
    assert energy.value == pytest.approx(714.3)


def test_the_only_outlet_takes_the_coal_of_its_enterprise_and_two_need_telling_apart() -> None:
    rows = [stated("E", "2025-03", "raw_coal", "1000", "t")]
    assert emission(registry(S1, factors=SULFUR, reported=rows), "S1").value == pytest.approx(1.28)
    both = (*SULFUR, *({**each, "subject": "S2"} for each in SULFUR))
    shared = emission(registry(S1, S2, factors=both, reported=rows), "S1")
    assert shared.status == "missing"
    assert "S1、S2" in shared.missing[0].zh


def test_what_was_reported_or_measured_comes_first_and_a_deviation_is_named() -> None:
    rows = [stated("S1", "2025-03", "raw_coal", "1000", "t"), stated("S1", "2025-03", "so2", "1.5", "t", "manual")]
    figure = emission(registry(S1, factors=SULFUR, reported=rows), "S1")
    assert figure.value == 1.5
    assert any("物料衡算" in each.zh and "1.28" in each.zh for part in _below(figure) for each in part.remarks)
    near = [rows[0], stated("S1", "2025-03", "so2", "1.3", "t", "manual")]
    kept = emission(registry(S1, factors=SULFUR, reported=near), "S1")
    assert not any("物料衡算" in each.zh for part in _below(kept) for each in part.remarks)


def test_valid_automatic_data_come_before_a_balance() -> None:
    of = registry(S1, factors=SULFUR, reported=[stated("S1", "2025-03", "raw_coal", "1000", "t")])
    points = (
        point("C", "S1", "so2", "mg/m3", "mean"),
        replace(point("Q", "S1", "waste_gas", "m3"), quantity="flow"),
    )
    of = replace(of, points={each.code: each for each in points})
    lake = HoursLake({"C": hours_of("2025-03", "20"), "Q": hours_of("2025-03", "100000")})
    figure = account(of, lake, "S1", MONTH).figure("so2_emission")
    assert figure.value == pytest.approx(20 * 100000 * 744 * 1e-9)


def test_months_without_a_statement_are_computed_and_the_year_is_their_sum() -> None:
    rows = [*monthly("S1", "raw_coal", "1000", "t"), stated("S1", "2025-01", "so2", "2", "t")]
    figure = emission(registry(S1, factors=SULFUR, reported=rows), "P", period="2025")
    assert figure.value == pytest.approx(2 + 11 * 1.28)


def test_a_coefficient_counts_treatment_only_as_far_as_it_provably_ran() -> None:
    made = stated("E", "2025-03", "product:paint", "500", "t")
    hours = [
        stated("E", "2025-03", "treatment_run_hours", "360", "h"),
        stated("E", "2025-03", "production_run_hours", "480", "h"),
    ]
    proved = emission(registry(factors=COATING, reported=[made, *hours]), "E", "vocs")
    assert proved.value == pytest.approx(4 * (1 - 0.8 * 0.75))
    unproved = emission(registry(factors=COATING, reported=[made]), "E", "vocs")
    assert unproved.value == pytest.approx(4)
    assert any("treatment_run_hours" in each.en for part in _below(unproved) for each in part.remarks)


def test_a_balance_without_a_removal_says_what_row_is_lacking() -> None:
    of = registry(S1, factors=SULFUR[:1], reported=[stated("S1", "2025-03", "raw_coal", "1000", "t")])
    figure = emission(of, "S1")
    assert figure.status == "missing"
    assert "removal_efficiency" in figure.missing[0].en


def test_an_own_sulfur_content_changes_no_energy() -> None:
    rows = [stated("E", "2025-03", "raw_coal", "1000", "t")]
    of = registry(S1, factors=[{**SULFUR[0], "subject": "E"}], reported=rows)
    lines = account(of, None, "P", MONTH).figure("fuel_energy").inputs
    assert [each.key for each in lines] == ["raw_coal"]


def _below(figure: Figure) -> list[Figure]:
    return [figure, *(each for child in figure.inputs for each in _below(child))]
