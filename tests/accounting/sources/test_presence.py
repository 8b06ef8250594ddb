"""Statements and readings of a time at which their subject was not in the park: kept, named, not counted."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from small_parks import monthly, park, point, stated, subject

from xietong.accounting import explain
from xietong.calc.figures import Figure
from xietong.park.nouns import Registry
from xietong.park.registry.presence import Presence, here_of
from xietong.park.registry.snapshot import point_specs
from xietong.periods import Period

GONE = replace(subject("C"), until=date(2025, 8, 1))
LATE = replace(subject("N"), since=date(2025, 3, 15))


def amount(registry: Registry, period: str, code: str = "C", key: str = "diesel") -> Figure:
    return explain(registry, None, key, code, Period.parse(period))


def test_a_statement_after_the_firm_left_is_named_and_not_counted() -> None:
    """The fault list: 999 t for September of a firm that left on 1 August; the other firm has 10."""
    rows = (stated("C", "2025-09", "diesel", "999", "t"), stated("A", "2025-09", "diesel", "10", "t"))
    registry = park(subject("A"), GONE, reported=rows)
    whole = amount(registry, "2025-09", "P")
    assert (whole.value, whole.status) == (10.0, "ok")
    assert "999 t" in whole.remarks[0].zh
    assert "2025-08-01" in whole.remarks[0].en
    assert amount(registry, "2025-09").status == "not_applicable"
    assert any(
        "999" in each.zh for each in amount(registry, "2025-09", "P", "comprehensive_energy_consumption").remarks
    )
    assert amount(registry, "2025", "P").value == 10.0


def test_what_lies_below_a_firm_leaves_with_it() -> None:
    outlet = subject("C-1", "outlet", "C", discharges_to="environment")
    rows = (stated("C-1", "2025-09", "so2", "5", "t"), stated("C-1", "2025-07", "so2", "2", "t"))
    registry = park(GONE, outlet, reported=rows)
    assert amount(registry, "2025-09", "P", "so2").value is None
    assert amount(registry, "2025-07", "P", "so2").value == 2.0


@pytest.mark.parametrize(("period", "counts"), [("2025-03", True), ("2025-02", False), ("2025-04", True)])
def test_the_month_in_which_it_came_is_its_own_and_the_one_before_is_not(period: str, counts: bool) -> None:
    registry = park(LATE, reported=[stated("N", period, "diesel", "10", "t")])
    assert (amount(registry, period, "N").value is not None) is counts


@pytest.mark.parametrize("period", ["2025", "2025-H2", "2025-Q3"])
def test_a_span_that_reaches_out_is_missing_and_says_for_which_months_to_state_it(period: str) -> None:
    registry = park(GONE, reported=[stated("C", period, "diesel", "100", "t")])
    found = amount(registry, period)
    assert (found.value, found.status) == (None, "missing")
    last = Period.parse(period).start.month
    fitting = Period(Period.parse(period).start, Period.month(2025, 7).end).label
    assert last <= 7
    assert fitting in found.remarks[0].zh
    again = park(GONE, reported=[stated("C", fitting, "diesel", "100", "t")])
    assert amount(again, period).value == 100.0


def test_a_day_after_it_left_does_not_fill_its_month() -> None:
    gone = replace(GONE, until=date(2025, 8, 16))
    days = [stated("C", f"2025-08-{day:02}", "diesel", "1", "t") for day in range(1, 32)]
    assert amount(park(gone, reported=days), "2025-08").value == 15.0


def test_products_and_output_are_not_counted_either() -> None:
    rows = [*monthly("C", "product:steel", "5", "t"), *monthly("C", "output_value", "2", "万元")]
    registry = park(GONE, reported=rows)
    assert amount(registry, "2025", key="product:steel").value == 35.0
    assert amount(registry, "2025", "P", "output_value").value == 14.0


def test_presence_is_what_a_subject_and_all_above_it_have_in_common() -> None:
    parts = {each.code: each for each in (GONE, replace(subject("L", "process", "C"), since=date(2025, 2, 1)))}
    assert here_of(parts)["L"].presence == Presence(date(2025, 2, 1), date(2025, 8, 1))
    assert here_of({"A": subject("A")}) == {}


def test_a_points_readings_end_where_its_subject_left() -> None:
    until = replace(point("M", "C", "electricity_purchased", "MWh"), until=date(2025, 12, 1))
    ends = {spec.until_utc for spec in point_specs(park(GONE, points=[until]))}
    assert ends == {datetime(2025, 7, 31, 16, tzinfo=UTC)}


@pytest.mark.parametrize(
    ("month", "here"),
    [("2025-01", False), ("2025-02", True), ("2025-07", True), ("2025-08", False), ("2026-03", False)],
)
def test_who_came_and_left_was_here_from_the_one_to_the_other(month: str, here: bool) -> None:
    assert Presence(date(2025, 2, 28), date(2025, 8, 1)).meets(Period.parse(month)) is here
