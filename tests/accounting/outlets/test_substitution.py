"""HJ 75-2017 and HJ 356-2019: what stands in for hours without a valid amount, by hand and by a second method."""

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Literal

import numpy as np
import pytest
from small_parks import ZONE, HoursLake, hours_of, park, point, stated, subject

from xietong.accounting import explain, figures
from xietong.accounting.outlets.substitution import Calendar, Series, Stand, by_days
from xietong.calc.figures import Figure
from xietong.park.nouns import Event, Limit, Registry, ReportedAmount
from xietong.periods import Period

MARCH, YEAR = Period.parse("2025-03"), Period.parse("2025")
SUBJECTS = (subject("A"), subject("A-1", "outlet", "A", discharges_to="environment"))
SINCE = Period.parse("2025-01").start.date()
C = replace(point("C", "A-1", "nox", "mg/m3", "mean"), since=SINCE)
Q = replace(point("Q", "A-1", "waste_gas", "m3"), since=SINCE)
WATER = (
    replace(point("C", "A-1", "cod", "mg/L", "mean"), since=SINCE),
    replace(point("Q", "A-1", "wastewater", "m3"), since=SINCE),
)
QUARTER = hours_of("2025-Q1", "10")
AT = sorted(QUARTER)


def stack(*rows: ReportedAmount, events: tuple[Event, ...] = ()) -> Registry:
    limit = Limit("A-1", "nox", "concentration", Decimal(50), "mg/m3", "hour")
    return replace(park(*SUBJECTS, points=(C, Q), limits=[limit], reported=rows), events=events)


def gas(values: dict[datetime, str], registry: Registry | None = None, period: Period = MARCH) -> Figure:
    return explain(registry or stack(), HoursLake({"C": values, "Q": QUARTER}), "nox", "A-1", period)


def without(first: int, count: int, values: dict[datetime, str] | None = None) -> dict[datetime, str]:
    """The quarter's hours at 20 mg/m3, so many of them left out."""
    gone = set(AT[first : first + count])
    return {at: value for at, value in (values or dict.fromkeys(AT, "20")).items() if at not in gone}


HOUR_T = 20 * 10 * 1e-9


def test_a_short_gap_takes_the_highest_of_the_180_valid_hours_before() -> None:
    """Gap at hour 1500 for 24 h; 100 mg/m3 180 hours before it counts, 200 mg/m3 181 hours before it does not."""
    values = dict.fromkeys(AT, "20") | {AT[1320]: "100", AT[1319]: "200"}
    figure = gas(without(1500, 24, values))
    assert figure.status == "estimated"
    assert figure.value == pytest.approx((744 - 24) * HOUR_T + 24 * 100 * 10 * 1e-9)
    counts = {name: figure.inputs[0].trace[name] for name in ("hours", "hours_substituted", "hours_missing")}
    assert counts == {"hours": "720", "hours_substituted": "24", "hours_missing": "0"}
    assert "替代 24" in figure.inputs[0].remarks[0].zh.replace("HJ 75-2017 ", "")


def test_a_gap_of_more_than_a_day_takes_the_highest_of_720() -> None:
    values = dict.fromkeys(AT, "20") | {AT[780]: "90", AT[779]: "300"}
    figure = gas(without(1500, 25, values))
    assert figure.value == pytest.approx((744 - 25) * HOUR_T + 25 * 90 * 10 * 1e-9)


def test_a_capture_rate_below_90_takes_2160_hours() -> None:
    """300 of 2160 hours lacking is 86.1 %: the maximum of all that came before, however short the gap."""
    values = dict.fromkeys(AT, "20") | {AT[3]: "70"}
    figure = gas(without(1500, 300, values))
    assert figure.value == pytest.approx((744 - 300) * HOUR_T + 300 * 70 * 10 * 1e-9)
    assert figure.inputs[0].child("nox_substituted").trace["valid_share"] == f"{1860 / 2160:.4f}"


def test_below_75_there_is_no_rule_and_what_was_reported_counts() -> None:
    """541 of 2160 hours lacking is 74.95 %."""
    lacking = without(1500, 541)
    alone = gas(lacking)
    assert alone.status == "partial"
    assert alone.value == pytest.approx((744 - 541) * HOUR_T)
    manual = stated("A-1", "2025-03", "nox", "3", "t", method="manual")
    assert gas(lacking, stack(manual)).value == 3.0


def test_substituted_data_outrank_what_was_reported_which_stands_beside() -> None:
    """540 of 2160: 75 % exactly, so March is automatic with 540 substituted hours although only 27 % of it is valid."""
    manual = stated("A-1", "2025-03", "nox", "3", "t", method="manual")
    figure = gas(without(1500, 540), stack(manual))
    assert figure.value == pytest.approx(744 * HOUR_T)
    assert any("3 t" in remark.zh for remark in figure.remarks)


def test_concentration_and_flow_are_never_substituted() -> None:
    lake = HoursLake({"C": without(1500, 24), "Q": QUARTER})
    found = figures(stack(), lake, "A-1", MARCH, ["nox_concentration", "waste_gas"])
    assert found["nox_concentration"].value == 20.0
    assert found["nox_concentration"].trace["hours"] == "720"
    gone = HoursLake({"C": QUARTER, "Q": without(1500, 24, QUARTER)})
    assert explain(stack(), gone, "waste_gas", "A-1", MARCH).status == "partial"


def event(kind: Literal["stop", "start_up", "maintenance"], first: int, count: int, whose: str = "A-1") -> Event:
    return Event(whose, kind, AT[first], AT[first] + timedelta(hours=count))


def test_hours_of_a_stop_are_neither_due_nor_substituted() -> None:
    figure = gas(without(1500, 24), stack(events=(event("stop", 1500, 24, "A"),)))
    assert figure.status == "ok"
    assert figure.value == pytest.approx(720 * HOUR_T)


def test_hours_under_maintenance_are_invalid_whatever_came_and_substituted() -> None:
    values = dict.fromkeys(AT, "20") | {AT[1500]: "999"}
    figure = gas(values, stack(events=(event("maintenance", 1500, 2),)))
    assert figure.status == "estimated"
    assert figure.value == pytest.approx(744 * HOUR_T)


def test_start_up_counts_for_the_amount_and_not_against_the_limit() -> None:
    values = dict.fromkeys(AT, "20") | dict.fromkeys(AT[1500:1504], "80")
    lake = HoursLake({"C": values, "Q": QUARTER})
    plain = figures(stack(), lake, "A", MARCH, ["nox_exceedance_hours", "nox_emission"])
    started = stack(events=(event("start_up", 1500, 3, "A"),))
    found = figures(started, lake, "A", MARCH, ["nox_exceedance_hours", "nox_emission"])
    assert (plain["nox_exceedance_hours"].value, found["nox_exceedance_hours"].value) == (4.0, 1.0)
    assert plain["nox_emission"].value == found["nox_emission"].value


def test_what_is_still_to_come_is_not_substituted() -> None:
    """Data end on 25 March: the last six days stay out of the sum and named."""
    days = {at: "20" for at in AT if at.astimezone(ZONE) < datetime(2025, 3, 26, tzinfo=ZONE)}
    flow = dict.fromkeys(days, "10")
    figure = explain(stack(), HoursLake({"C": days, "Q": flow}), "nox", "A-1", MARCH)
    assert figure.status == "partial"
    assert figure.value == pytest.approx(25 * 24 * HOUR_T)


def test_a_year_against_a_second_method() -> None:
    """Every hour of a year by its own: the same gaps, counted with lists."""
    dice = random.Random(7)
    hours = sorted(hours_of("2025", "0"))
    amounts = {at: f"{dice.uniform(5, 60):.1f}" for at in hours}
    for _ in range(60):
        first, long = dice.randrange(8700), dice.choice((1, 2, 5, 24, 30, 60))
        for at in hours[first : first + long]:
            amounts.pop(at, None)
    lake = HoursLake({"C": amounts, "Q": dict.fromkeys(hours, "10")})
    figure = explain(stack(), lake, "nox", "A-1", YEAR)
    assert figure.value == pytest.approx(_second_method(hours, amounts), rel=1e-12)
    assert figure.status == "estimated"


def _second_method(hours: list[datetime], amounts: dict[datetime, str]) -> float:
    quarter = {at: (at.astimezone(ZONE).month - 1) // 3 for at in hours}
    own = {q: [at in amounts for at in hours if quarter[at] == q] for q in range(4)}
    rates = {q: sum(valid) / len(valid) for q, valid in own.items()}
    total, index = 0.0, 0
    while index < len(hours):
        if hours[index] in amounts:
            total += float(amounts[hours[index]])
            index += 1
            continue
        end = next((n for n in range(index, len(hours)) if hours[n] in amounts), len(hours))
        before = [float(amounts[at]) for at in hours[:index] if at in amounts]
        for at in hours[index:end]:
            back = 2160 if rates[quarter[at]] < 0.9 else 180 if end - index <= 24 else 720
            total += max(before[-back:])
        index = end
    return total * 10 * 1e-9


def water(values: dict[datetime, str]) -> Figure:
    registry = park(*SUBJECTS, points=WATER)
    return explain(registry, HoursLake({"C": values, "Q": QUARTER}), "cod", "A-1", MARCH)


def day(number: int, count: int = 24) -> list[datetime]:
    """The first hours of a day of March."""
    start = datetime(2025, 3, number, tzinfo=ZONE).astimezone(UTC)
    return [start + timedelta(hours=hour) for hour in range(count)]


def test_a_valid_day_of_water_stands_for_all_its_hours() -> None:
    """23 of 24 hours, as with the daily check of the analyser: 23 × 300 g, and 300 g for the hour that lacks."""
    values = dict.fromkeys(AT, "20") | dict.fromkeys(day(10), "30")
    del values[day(10)[5]]
    figure = water(values)
    assert figure.status == "estimated"
    assert figure.value == pytest.approx((30 * 24 * 20 + 24 * 30) * 10 * 1e-6)


def test_an_invalid_day_of_water_takes_the_highest_of_thirty_valid_days() -> None:
    """17 of 24 hours is 71 %: the day becomes the highest of the days before, 24 h × 50 mg/L × 10 m3."""
    values = dict.fromkeys(AT, "20") | dict.fromkeys(day(2), "50")
    for at in day(20)[17:]:
        del values[at]
    assert water(values).value == pytest.approx((29 * 24 * 20 + 2 * 24 * 50) * 10 * 1e-6)


def test_a_month_with_too_few_valid_days_of_water_is_left_as_it_came() -> None:
    """8 of 31 days lacking is 74.2 %."""
    values = dict.fromkeys(AT, "20")
    for number in range(3, 11):
        for at in day(number):
            del values[at]
    figure = water(values)
    assert figure.status == "partial"
    assert figure.value == pytest.approx(23 * 24 * 20 * 10 * 1e-6)


def test_two_ducts_add_their_masses_and_count_their_hours_once() -> None:
    """One analyser, two ducts of 10 and 30 m3/h; hours above the limit are the outlet's, not the ducts'."""
    second = replace(Q, code="Q2")
    limit = Limit("A-1", "nox", "concentration", Decimal(50), "mg/m3", "hour")
    registry = park(*SUBJECTS, points=(C, Q, second), limits=[limit])
    values = dict.fromkeys(AT, "20") | dict.fromkeys(AT[1500:1506], "80")
    lake = HoursLake({"C": values, "Q": QUARTER, "Q2": dict.fromkeys(AT, "30")})
    keys = ["nox_exceedance_hours", "nox_compliance_rate", "nox_emission"]
    found = figures(registry, lake, "A", MARCH, keys)
    assert found["nox_exceedance_hours"].value == 6.0
    assert found["nox_compliance_rate"].value == pytest.approx((744 - 6) / 744 * 100)
    assert found["nox_emission"].value == pytest.approx((738 * 20 + 6 * 80) * 40 * 1e-9)
    mean = explain(registry, lake, "nox_concentration", "A-1", MARCH)
    assert mean.status == "ok"
    assert mean.value == pytest.approx((738 * 20 + 6 * 80) / 744)
    assert mean.trace["hours_due"] == "744"


def test_what_came_of_an_invalid_day_is_never_taken_down() -> None:
    """17 of 24 hours at 100 mg/L are more than any whole day before: they count as they came, and nothing is added."""
    values = dict.fromkeys(AT, "20") | dict.fromkeys(day(20, 17), "100")
    for at in day(20)[17:]:
        del values[at]
    assert water(values).value == pytest.approx((30 * 24 * 20 + 17 * 100) * 10 * 1e-6)


def test_valid_days_before_a_long_stop_are_still_the_days_before() -> None:
    """Due on day 0 (50 an hour) and from day 60 on; day 60 has nothing, so that day 0 stands for it, not later ones."""
    due = np.concatenate([np.arange(24), np.arange(60 * 24, 65 * 24)])
    valid = np.concatenate([np.arange(24), np.arange(61 * 24, 65 * 24)])
    amounts = np.where(valid < 24, 50, 99) * 1_000_000
    calendar = Calendar(np.array([60 * 24, 65 * 24]), 0)
    assert by_days(Series(valid, amounts, due), calendar) == {0: [Stand("30d", 0.8, 24, Decimal(24 * 50))]}
