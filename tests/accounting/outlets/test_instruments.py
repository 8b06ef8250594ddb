"""Outlets: mass from concentration × flow, oxygen correction, hours above the limit, against a plain second method."""

import random
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

import pytest
from small_parks import HoursLake, hours_of, park, point, stated, subject

from xietong.accounting import explain, figures
from xietong.calc.figures import Figure
from xietong.calc.indicators.outlet_gas import at_reference_oxygen
from xietong.park.nouns import Limit, Registry, ReportedAmount
from xietong.periods import Period

MONTH = Period.parse("2025-03")
SUBJECTS = (subject("A"), subject("A-1", "outlet", "A", discharges_to="environment"))
GAS = (
    point("C", "A-1", "nox", "mg/m3", "mean"),
    point("Q", "A-1", "waste_gas", "m3/s", "mean"),
    point("O", "A-1", "o2", "%", "mean"),
)
LIMIT = Limit("A-1", "nox", "concentration", Decimal(50), "mg/m3", "hour", Decimal(6))


def stack(*rows: ReportedAmount, limits: tuple[Limit, ...] = (LIMIT,)) -> Registry:
    return park(*SUBJECTS, points=GAS, limits=limits, reported=rows)


def noisy(seed: int, low: float, high: float, digits: int) -> dict[datetime, str]:
    dice = random.Random(seed)
    return {at: f"{dice.uniform(low, high):.{digits}f}" for at in hours_of("2025-03", "0")}


HOURS = {"C": noisy(1, 20, 60, 2), "Q": noisy(2, 9, 11, 3), "O": noisy(3, 5, 9, 2)}


def emission(lake: HoursLake, *rows: ReportedAmount) -> Figure:
    return explain(stack(*rows), lake, "nox_emission", "A", MONTH)


def test_mass_is_the_sum_of_concentration_times_flow() -> None:
    kilograms = sum(float(HOURS["C"][at]) * float(HOURS["Q"][at]) * 3600 * 1e-6 for at in HOURS["C"])
    figure = emission(HoursLake(HOURS))
    assert figure.value == pytest.approx(kilograms / 1000, rel=1e-12)
    assert figure.status == "ok"


def test_the_working_of_a_mass_can_be_followed_with_a_calculator() -> None:
    leaf = emission(HoursLake(HOURS)).inputs[0]
    while leaf.key != "nox" or not leaf.inputs or leaf.inputs[0].key != "nox_mean":
        leaf = leaf.inputs[0]
    mean, flow = leaf.inputs
    assert mean.value is not None
    assert flow.value is not None
    assert leaf.value == pytest.approx(mean.value * flow.value * 1e-9, rel=1e-6)
    assert (leaf.trace["point"], leaf.trace["flow_point"]) == ("C", "Q")


def test_hours_without_both_are_left_out_and_named() -> None:
    hours = {**HOURS, "C": {at: value for index, (at, value) in enumerate(HOURS["C"].items()) if index >= 44}}
    figure = emission(HoursLake(hours))
    assert figure.status == "partial"
    assert figure.missing
    tonnes = sum(float(hours["C"][at]) * float(HOURS["Q"][at]) * 3600 * 1e-9 for at in hours["C"])
    assert figure.value == pytest.approx(tonnes, rel=1e-12)


def test_an_hour_without_flow_emits_nothing_and_needs_no_concentration() -> None:
    first = min(HOURS["C"])
    hours = {
        "C": {at: value for at, value in HOURS["C"].items() if at != first},
        "Q": {**HOURS["Q"], first: "0"},
        "O": HOURS["O"],
    }
    assert emission(HoursLake(hours)).status == "ok"


def test_compliance_judges_the_corrected_concentration_hour_by_hour() -> None:
    corrected = [at_reference_oxygen(float(HOURS["C"][at]), float(HOURS["O"][at]), 6.0) for at in HOURS["C"]]
    above = sum(value is not None and value > 50 for value in corrected)
    assert 50 < above < 700
    keys = ["nox_exceedance_hours", "nox_compliance_rate", "nox_highest_outlet", "nox_concentration"]
    found = figures(stack(), HoursLake(HOURS), "P", MONTH, keys)
    assert found["nox_exceedance_hours"].value == above
    assert found["nox_compliance_rate"].value == pytest.approx((744 - above) / 744 * 100)
    highest = found["nox_highest_outlet"]
    assert highest.value == pytest.approx(max(value for value in corrected if value is not None), abs=1e-5)
    assert (highest.trace["subject"], highest.trace["limit"]) == ("A-1", "50")
    assert found["nox_concentration"].status == "not_applicable"
    assert "排放口" in found["nox_concentration"].missing[0].zh


def test_an_outlet_shows_its_flow_weighted_mean_corrected_with_the_measured_one_beside() -> None:
    figure = explain(stack(), HoursLake(HOURS), "nox_concentration", "A-1", MONTH)
    flows = {at: float(value) for at, value in HOURS["Q"].items()}
    corrected = {at: at_reference_oxygen(float(HOURS["C"][at]), float(HOURS["O"][at]), 6.0) or 0.0 for at in flows}
    weighted = sum(corrected[at] * flows[at] for at in flows) / sum(flows.values())
    assert figure.value == pytest.approx(weighted, rel=1e-6)
    measured = figure.child("nox_measured").value
    assert measured == pytest.approx(
        sum(float(HOURS["C"][at]) * flows[at] for at in flows) / sum(flows.values()), rel=1e-6
    )
    assert figure.child("nox_limit").value == 50.0


def test_a_daily_limit_judges_daily_means() -> None:
    """Half of one day at 120 and half at 20 mg/L: mean 70 above 60, all 24 hours; the rest of the month at 30."""
    values = dict.fromkeys(hours_of("2025-03", "0"), "30")
    day = sorted(values)[48:72]
    values |= {at: "120" if index < 12 else "20" for index, at in enumerate(day)}
    points = (point("C", "A-1", "cod", "mg/L", "mean"), point("Q", "A-1", "wastewater", "m3"))
    limit = Limit("A-1", "cod", "concentration", Decimal(60), "mg/L", "day")
    registry = park(*SUBJECTS, points=points, limits=[limit])
    lake = HoursLake({"C": values, "Q": hours_of("2025-03", "10")})
    assert explain(registry, lake, "cod_exceedance_hours", "A", MONTH).value == 24.0
    highest = explain(registry, lake, "cod_highest_outlet", "A", MONTH)
    assert (highest.value, highest.trace["at"]) == (70.0, "2025-03-02T16:00:00+00:00")


def test_a_limit_of_hours_counts_beside_one_of_days() -> None:
    """One hour at 160 of a day whose mean is 47.5, and a day at 80: 1 hour above 100, 24 hours of a day above 60."""
    values = dict.fromkeys(hours_of("2025-03", "40"), "40")
    days = sorted(values)
    values[days[30]] = "160"
    values[days[31]] = "100"
    values |= dict.fromkeys(days[48:72], "80")
    points = (point("C", "A-1", "nox", "mg/m3", "mean"), point("Q", "A-1", "waste_gas", "m3/s", "mean"))
    day = Limit("A-1", "nox", "concentration", Decimal(60), "mg/m3", "day")
    hour = Limit("A-1", "nox", "concentration", Decimal(100), "mg/m3", "hour")
    lake = HoursLake({"C": values, "Q": hours_of("2025-03", "10")})
    for limits in ([day, hour], [hour, day]):
        registry = park(*SUBJECTS, points=points, limits=limits)
        assert explain(registry, lake, "nox_exceedance_hours", "A", MONTH).value == 25.0
        assert explain(registry, lake, "nox_compliance_rate", "A", MONTH).value == pytest.approx(719 / 744 * 100)


def test_a_newer_limit_replaces_one_that_nobody_ended() -> None:
    since = Period.parse("2025-03-16").start.date()
    old = Limit("A-1", "nox", "concentration", Decimal(50), "mg/m3", "hour")
    new = Limit("A-1", "nox", "concentration", Decimal(30), "mg/m3", "hour", since=since)
    lake = HoursLake({"C": hours_of("2025-03", "40"), "Q": hours_of("2025-03", "10")})
    assert explain(stack(limits=(old, new)), lake, "nox_exceedance_hours", "A", MONTH).value == 16 * 24


def test_without_a_limit_nothing_is_judged() -> None:
    found = figures(stack(limits=()), HoursLake(HOURS), "A", MONTH, ["nox_compliance_rate", "nox_emission"])
    assert found["nox_compliance_rate"].status == "not_applicable"
    assert found["nox_emission"].status == "ok"


def test_valid_automatic_data_outrank_what_was_reported() -> None:
    said = stated("A-1", "2025-03", "nox", "9", "t", method="manual")
    value = emission(HoursLake(HOURS)).value
    figure = explain(stack(said), HoursLake(HOURS), "nox", "A-1", MONTH)
    assert figure.value == value
    assert "9" in figure.remarks[0].zh


def test_what_was_reported_outranks_an_invalid_automatic_month() -> None:
    said = stated("A-1", "2025-03", "nox", "9", "t", method="manual")
    few = {**HOURS, "C": dict(list(HOURS["C"].items())[:300])}
    assert emission(HoursLake(few), said).value == 9.0
    assert emission(HoursLake(few)).status == "partial"


def test_waste_gas_is_the_flow() -> None:
    volume = sum(float(value) * 3600 for value in HOURS["Q"].values())
    assert explain(stack(), HoursLake(HOURS), "waste_gas", "P", MONTH).value == pytest.approx(volume, rel=1e-12)


def test_limits_change_on_their_day() -> None:
    """Half a month under 50 and half under 30 mg/m3: constant 40 mg/m3 at the reference oxygen is above only then."""
    since = Period.parse("2025-03-16").start.date()
    limits = (
        Limit("A-1", "nox", "concentration", Decimal(50), "mg/m3", "hour", until=since),
        Limit("A-1", "nox", "concentration", Decimal(30), "mg/m3", "hour", since=since),
    )
    lake = HoursLake({"C": hours_of("2025-03", "40"), "Q": hours_of("2025-03", "10")})
    found = figures(stack(limits=limits), lake, "A", MONTH, ["nox_exceedance_hours", "nox_emission"])
    assert found["nox_exceedance_hours"].value == 16 * 24
    assert found["nox_emission"].value == pytest.approx(744 * 40 * 10 * 3600 * 1e-9)


def test_the_highest_outlet_is_the_one_highest_against_its_own_limit() -> None:
    """45 of 50 mg/m3 stands higher than 90 of 200."""
    subjects = (*SUBJECTS, subject("A-2", "outlet", "A", discharges_to="environment"))
    points = (point("C", "A-1", "nox", "mg/m3", "mean"), point("D", "A-2", "nox", "mg/m3", "mean"))
    limits = [
        Limit(code, "nox", "concentration", Decimal(value), "mg/m3", "hour")
        for code, value in (("A-1", 50), ("A-2", 200))
    ]
    lake = HoursLake({"C": hours_of("2025-03", "45"), "D": hours_of("2025-03", "90")})
    found = explain(park(*subjects, points=points, limits=limits), lake, "nox_highest_outlet", "P", MONTH)
    assert (found.value, found.trace["subject"], found.trace["limit"]) == (45.0, "A-1", "50")


def test_a_replaced_analyser_goes_on_where_the_old_one_ended() -> None:
    day = Period.parse("2025-03-11").start.date()
    old, new = replace(GAS[0], until=day), replace(GAS[0], code="C2", since=day)
    hours = hours_of("2025-03", "40")
    both = HoursLake({"C": hours, "C2": hours, "Q": hours_of("2025-03", "10")})
    figure = explain(park(*SUBJECTS, points=[old, new, GAS[1]]), both, "nox_emission", "A", MONTH)
    assert figure.status == "ok"
    assert figure.value == pytest.approx(744 * 40 * 36000 * 1e-9)


def test_a_second_analyser_beside_the_first_does_not_count_twice() -> None:
    hours = hours_of("2025-03", "40")
    lake = HoursLake({"C": hours, "C2": hours, "Q": hours_of("2025-03", "10")})
    registry = park(*SUBJECTS, points=[GAS[0], replace(GAS[0], code="C2"), GAS[1]])
    assert explain(registry, lake, "nox_emission", "A", MONTH).value == pytest.approx(744 * 40 * 36000 * 1e-9)


def test_an_outlet_without_flow_has_a_plain_mean_and_no_mass() -> None:
    lake = HoursLake({"C": {**hours_of("2025-03", "40"), **hours_of("2025-03-01", "10")}})
    registry = park(*SUBJECTS, points=GAS[:1], limits=[replace(LIMIT, o2_reference=None)])
    found = figures(registry, lake, "A-1", MONTH, ["nox_concentration", "nox_emission", "nox_compliance_rate"])
    assert found["nox_concentration"].value == pytest.approx((30 * 40 + 10) / 31)
    assert found["nox_emission"].status == "not_applicable"
    assert found["nox_compliance_rate"].value == 100.0


def test_a_silent_analyser_is_missing_everywhere() -> None:
    found = figures(stack(), HoursLake({}), "A-1", MONTH, ["nox_concentration", "nox_emission", "nox_compliance_rate"])
    assert {figure.status for figure in found.values()} == {"missing"}
    assert all(figure.missing for figure in found.values())


def test_too_much_oxygen_is_not_judged() -> None:
    lake = HoursLake({"C": hours_of("2025-03", "40"), "Q": hours_of("2025-03", "10"), "O": hours_of("2025-03", "20.5")})
    found = figures(stack(), lake, "A", MONTH, ["nox_compliance_rate", "nox_emission"])
    assert found["nox_compliance_rate"].status == "missing"
    assert found["nox_emission"].status == "ok"


def test_monitoring_counts_hours_and_automatic_points() -> None:
    automatic = [replace(GAS[0], source="hj212:MN/a21002/Avg"), *GAS[1:]]
    lake = HoursLake({"C": hours_of("2025-03", "40", without=range(372)), "Q": hours_of("2025-03", "10")})
    found = figures(park(*SUBJECTS, points=automatic), lake, "P", MONTH, ["data_completeness", "automation_rate"])
    assert found["data_completeness"].value == pytest.approx(50.0)
    assert found["automation_rate"].value == pytest.approx(100 / 3)


def test_the_same_input_gives_the_same_digits() -> None:
    backwards = {code: dict(reversed(values.items())) for code, values in HOURS.items()}
    values = {emission(HoursLake(each)).value for each in (HOURS, backwards, HOURS)}
    assert len(values) == 1


def test_a_year_is_the_sum_of_its_months() -> None:
    lake = HoursLake({"C": hours_of("2025", "10"), "Q": hours_of("2025", "2"), "O": hours_of("2025", "6")})
    year = explain(stack(), lake, "nox_emission", "P", Period.parse("2025"))
    assert year.value == pytest.approx(8760 * 10 * 2 * 3600 * 1e-9, rel=1e-12)
    assert lake.asked <= 3
