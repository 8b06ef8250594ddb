"""Metered amounts: hours and days of the lake become amounts, beside or instead of what was reported."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

import pyarrow as pa
import pytest
from small_parks import ZONE, HoursLake, hours_of, park, point, stated, subject

from xietong.accounting import explain
from xietong.calc.figures import Figure
from xietong.park.nouns import Point, ReportedAmount
from xietong.periods import Period

LATE = datetime(2025, 3, 16, tzinfo=ZONE)
METER = point("M", "A", "electricity_purchased", "kWh")


def power(
    lake: HoursLake, *rows: ReportedAmount, period: str = "2025-03", points: tuple[Point, ...] = (METER,)
) -> Figure:
    registry = park(subject("A"), points=points, reported=rows)
    return explain(registry, lake, "electricity_purchased", "A", Period.parse(period))


def test_a_month_is_the_sum_of_its_days_and_its_trace_leads_to_the_readings() -> None:
    figure = power(HoursLake({"M": hours_of("2025-03", "2.5")}))
    assert (figure.value, figure.status) == (744 * 2.5 / 1000, "ok")
    leaf = figure.inputs[0]
    assert (leaf.trace["point"], leaf.trace["start"], leaf.trace["end"]) == (
        "M",
        "2025-03-01T00:00:00",
        "2025-04-01T00:00:00",
    )


def test_missing_hours_make_it_partial_and_are_counted() -> None:
    figure = power(HoursLake({"M": hours_of("2025-03", "1000", without=range(10))}))
    assert (figure.value, figure.status) == (734.0, "partial")
    assert "744" in figure.missing[0].zh
    assert "734" in figure.missing[0].zh


def test_a_day_and_an_hour_come_from_the_hourly_table() -> None:
    lake = HoursLake({"M": hours_of("2025-03", "1000")})
    assert power(lake, period="2025-03-14").value == 24.0
    assert power(lake, period="2025-03-14T07").value == 1.0


def test_the_bill_counts_and_the_meter_stands_beside_it() -> None:
    lake = HoursLake({"M": hours_of("2025-03", "1000")})
    bill = stated("A", "2025-03", "electricity_purchased", "800", "MWh", method="bill")
    figure = power(lake, bill)
    assert figure.value == 800.0
    assert "744" in figure.remarks[0].zh
    near = stated("A", "2025-03", "electricity_purchased", "750", "MWh", method="bill")
    assert power(lake, near).remarks == ()


def test_the_meter_fills_the_months_without_a_bill() -> None:
    lake = HoursLake({"M": hours_of("2025", "1000")})
    bills = [stated("A", f"2025-{month:02}", "electricity_purchased", "1", "MWh") for month in range(1, 12)]
    figure = power(lake, *bills, period="2025")
    assert (figure.value, figure.status) == (11 + 744.0, "ok")


def test_an_estimate_yields_to_a_complete_meter() -> None:
    lake = HoursLake({"M": hours_of("2025-03", "1000")})
    guess = stated("A", "2025-03", "electricity_purchased", "9", "MWh", method="estimate")
    assert power(lake, guess).value == 744.0


def test_only_total_meters_are_summed() -> None:
    sub = point("S", "A", "electricity_purchased", "kWh", role="sub")
    second = point("N", "A", "electricity_purchased", "MWh")
    lake = HoursLake({code: hours_of("2025-03", "1") for code in ("M", "S", "N")})
    assert power(lake, points=(METER, sub, second)).value == 744.744


def test_power_becomes_energy_over_its_hours() -> None:
    rate = point("R", "A", "electricity_purchased", "kW", "mean")
    assert power(HoursLake({"R": hours_of("2025-03", "500")}), points=(rate,)).value == 372.0


def test_a_silent_meter_is_missing() -> None:
    figure = power(HoursLake({}))
    assert (figure.value, figure.status) == (None, "missing")
    assert "M" in figure.missing[0].zh


def changed(table: pa.Table, name: str, values: Sequence[object]) -> pa.Table:
    field = table.schema.field(name)
    return table.set_column(table.schema.get_field_index(name), field, pa.array(values, field.type))


def bridged(days: pa.Table) -> pa.Table:
    """The last ten hours of the month were bridged by a counter: in the total, marked as estimated."""
    hours = [24 if day.day < 31 else 14 for day in days.column("day").to_pylist()]
    return changed(changed(days, "hours", hours), "estimated", [hour < 24 for hour in hours])


def test_a_counter_that_bridges_a_gap_is_estimated_and_not_partial() -> None:
    figure = power(HoursLake({"M": hours_of("2025-03", "1000")}, daily=bridged))
    assert (figure.value, figure.status) == (744.0, "estimated")


def jumped(rows: pa.Table) -> pa.Table:
    """At noon of the 14th the register went up by 700 in one step; rows: hours or days."""
    if "hour" in rows.column_names:
        at = [f"{hour.astimezone(ZONE):%d %H}" == "14 12" for hour in rows.column("hour").to_pylist()]
    else:
        at = [day.day == 14 for day in rows.column("day").to_pylist()]
    return changed(changed(rows, "maximum", [Decimal(700) if each else None for each in at]), "estimated", at)


@pytest.mark.parametrize("period", ["2025-03", "2025-03-14", "2025-03-14T12"])
def test_a_register_that_jumped_is_estimated_and_says_by_how_much(period: str) -> None:
    lake = HoursLake({"M": hours_of("2025-03", "1")}, jumped, jumped)
    figure = power(lake, period=period, points=(replace(METER, shape="counter"),))
    assert figure.status == "estimated"
    (said,) = figure.inputs[0].remarks
    assert "700 kWh" in said.zh
    assert "jumped by 700 kWh" in said.en
    assert power(lake, period="2025-03-13", points=(replace(METER, shape="counter"),)).status == "ok"


def stopped(days: pa.Table) -> pa.Table:
    """On the last day of the month the device said that production stood still."""
    last = [day.day == 31 for day in days.column("day").to_pylist()]
    for name, value in (("hours", 24), ("due", 24)):
        days = changed(days, name, [0 if stands else value for stands in last])
    return days


def test_what_stood_still_was_not_due() -> None:
    figure = power(HoursLake({"M": hours_of("2025-03", "1000")}, daily=stopped))
    assert figure.status == "ok"
    assert figure.inputs[0].trace["hours_due"] == "720"


def test_a_meter_that_came_in_the_middle_of_the_month_owes_the_rest() -> None:
    late = replace(METER, since=date(2025, 3, 16))
    lake = HoursLake({"M": {at: value for at, value in hours_of("2025-03", "1000").items() if at >= LATE}})
    figure = power(lake, points=(late,))
    assert (figure.value, figure.status) == (16 * 24.0, "ok")


def test_hours_of_a_whole_year_add_up_exactly() -> None:
    figure = power(HoursLake({"M": hours_of("2025", "0.1")}), period="2025")
    assert figure.value == 0.876
