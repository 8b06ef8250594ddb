"""Treatment facilities: run time by state points, kilograms removed by both ends, what they cost in kWh and CO2e."""

from dataclasses import replace

import pytest
from small_parks import HoursLake, hours_of, park, point, stated, subject

from xietong.accounting import explain, figures
from xietong.calc.figures import Figure
from xietong.park.nouns import Point, Registry, ReportedAmount
from xietong.periods import Period

MARCH = Period.parse("2025-03")
PLANT = (
    subject("A"),
    subject("T", "treatment", "A"),
    subject("A-1", "outlet", "A", discharges_to="environment"),
)
STATES = (
    point("T-RS", "T", "treatment_run_hours", "1", "state"),
    point("A-RS", "T", "production_run_hours", "1", "state"),
)
ENDS = (
    point("T-C", "T", "cod", "mg/L", "mean"),
    point("T-Q", "T", "wastewater", "m3"),
    point("A-C", "A-1", "cod", "mg/L", "mean"),
    point("A-Q", "A-1", "wastewater", "m3"),
)
METER = point("T-E", "T", "treatment_electricity", "kWh")
HOURS = {
    "T-RS": hours_of("2025-03", "1") | hours_of("2025-03-10", "0"),
    "A-RS": hours_of("2025-03", "1") | hours_of("2025-03-20", "0"),
    "T-C": hours_of("2025-03", "300"),
    "T-Q": hours_of("2025-03", "10"),
    "A-C": hours_of("2025-03", "50"),
    "A-Q": hours_of("2025-03", "10"),
    "T-E": hours_of("2025-03", "5"),
}


def plant(*points: Point, rows: tuple[ReportedAmount, ...] = ()) -> Registry:
    return park(*PLANT, points=points, reported=rows)


def of(registry: Registry, key: str, code: str = "T") -> Figure:
    return explain(registry, HoursLake(HOURS), key, code, MARCH)


@pytest.mark.parametrize("code", ["T", "A", "P"])
def test_the_operation_rate_is_the_run_time_of_treatment_in_that_of_production(code: str) -> None:
    """720 of 744 hours each, on different days: the rate is 100 %; with half a day more of production it is 98.4 %."""
    assert of(plant(*STATES), "treatment_operation_rate", code).value == pytest.approx(100)
    longer = HOURS["A-RS"] | dict.fromkeys(list(hours_of("2025-03-20", "1"))[:12], "1")
    rate = explain(plant(*STATES), HoursLake(HOURS | {"A-RS": longer}), "treatment_operation_rate", code, MARCH)
    assert rate.value == pytest.approx(720 / 732 * 100)


def test_an_hour_of_maintenance_is_not_run_time() -> None:
    first = min(hours_of("2025-03-11", "1"))
    lake = HoursLake(HOURS | {"T-RS": HOURS["T-RS"] | {first: "3"}})
    assert explain(plant(*STATES), lake, "treatment_run_hours", "T", MARCH).value == 719.0


def test_what_was_removed_is_what_entered_less_what_left() -> None:
    """744 h × 10 m3 × (300 − 50) mg/L = 1,860 kg, for 744 × 5 kWh: 2 kWh/kg; grid 0.5306 kg/kWh."""
    registry = plant(*ENDS, METER)
    for code in ("T", "A", "P"):
        assert of(registry, "pollutant_removed", code).value == pytest.approx(1860)
        assert of(registry, "treatment_energy_intensity", code).value == pytest.approx(2)
        assert of(registry, "treatment_carbon_intensity", code).value == pytest.approx(2 * 0.5306)
    node = of(registry, "pollutant_removed")
    while node.inputs[0].key != "cod_load":
        node = node.inputs[0]
    assert [each.value for each in node.inputs] == [2232.0, 372.0]


def test_the_inlet_is_no_emission() -> None:
    assert of(plant(*ENDS), "cod_emission", "P").value == pytest.approx(0.372)


def test_reagents_count_as_carbon() -> None:
    """1 t of limestone is 0.44 t CO2: 440 kg on top."""
    rows = (stated("T", "2025-03", "treatment_reagent:limestone", "1", "t"),)
    found = of(plant(*ENDS, METER, rows=rows), "treatment_carbon_intensity")
    assert found.value == pytest.approx((744 * 5 * 0.5306 + 440) / 1860, rel=1e-3)


def test_what_was_stated_goes_before_what_was_measured() -> None:
    rows = (stated("T", "2025-03", "pollutant_removed", "1800", "kg"),)
    assert of(plant(*ENDS, rows=rows), "pollutant_removed").value == 1800.0


def test_ends_that_were_exchanged_are_found() -> None:
    exchanged = [replace(each, subject={"T": "A-1", "A-1": "T"}[each.subject]) for each in ENDS]
    found = of(plant(*exchanged), "pollutant_removed")
    assert (found.value, found.status) == (None, "missing")
    assert "接反" in found.missing[0].zh


def test_several_outlets_that_could_be_meant_are_asked_about() -> None:
    twin = subject("A-2", "outlet", "A", discharges_to="environment")
    more = [replace(each, code=f"{each.code}2", subject="A-2") for each in ENDS[2:]]
    registry = park(*PLANT, twin, points=[*ENDS, *more])
    lake = HoursLake(HOURS | {"A-C2": HOURS["A-C"], "A-Q2": HOURS["A-Q"]})
    assert "上级" in explain(registry, lake, "pollutant_removed", "T", MARCH).missing[0].zh
    own = park(*PLANT[:2], replace(PLANT[2], parent="T"), twin, points=[*ENDS, *more])
    assert explain(own, lake, "pollutant_removed", "T", MARCH).value == pytest.approx(1860)


def test_the_account_of_a_facility_shows_its_three_figures() -> None:
    shown = figures(plant(*STATES, *ENDS, METER), HoursLake(HOURS), "T", MARCH)
    assert {"treatment_operation_rate", "treatment_energy_intensity", "treatment_carbon_intensity"} <= set(shown)
    assert all(shown[key].status == "ok" for key in ("treatment_operation_rate", "treatment_energy_intensity"))
