"""A receiver of by-products or waste: a rate of its own, one of what it received; the park counts what passed on once.

By hand: A makes 1,000 t of slag and gives B 900; B uses 600 of it and 400 of its own 500 t of gypsum.
"""

from dataclasses import replace
from decimal import Decimal

import pytest
from small_parks import park, stated, subject

from xietong.accounting.figures.account import account, figures
from xietong.calc.figures import Figure
from xietong.park.nouns import Flow, Registry, ReportedAmount
from xietong.periods import Period

YEAR = Period.parse("2025")
OWN, RECEIVED, KINDS = (
    "resource_utilization_rate",
    "byproduct_received_utilization_rate",
    "byproduct_utilization_by_kind",
)


def tonnes(code: str, item: str, amount: str, other: str = "") -> ReportedAmount:
    return stated(code, "2025", item, amount, "t", counterparty=other)


ROWS = (
    tonnes("A", "byproduct_generated:slag", "1000"),
    tonnes("A", "byproduct_used:slag", "900", "B"),
    tonnes("B", "byproduct_used:slag", "600", "A"),
    tonnes("B", "byproduct_generated:gypsum", "500"),
    tonnes("B", "byproduct_used:gypsum", "400"),
)


def two(*rows: ReportedAmount) -> Registry:
    return park(subject("A"), subject("B"), reported=rows or ROWS)


def of(registry: Registry, key: str, code: str = "B") -> Figure:
    return account(registry, None, code, YEAR).figure(key)


def test_the_receiver_has_a_rate_of_its_own_and_one_of_what_it_received() -> None:
    assert of(two(), OWN).value == pytest.approx(80)
    assert of(two(), RECEIVED).value == pytest.approx(600 / 9)
    assert RECEIVED in figures(two(), None, "B", YEAR)
    assert of(two(), OWN, "A").value == pytest.approx(90)
    assert of(two(), OWN, "P").value == pytest.approx(1300 / 15)


def test_kinds_are_counted_once() -> None:
    assert of(two(), KINDS).items() == {"gypsum": pytest.approx(80)}
    assert of(two(), KINDS, "P").items() == {"gypsum": pytest.approx(80), "slag": pytest.approx(90)}


def test_a_giver_outside_and_what_the_receiver_states_itself() -> None:
    rows = (
        *ROWS[3:],
        tonnes("B", "byproduct_used:slag", "600", "outside:钢厂"),
        tonnes("B", "byproduct_received:slag", "800"),
    )
    assert of(two(*rows), OWN).value == pytest.approx(80)
    assert of(two(*rows), RECEIVED).value == pytest.approx(75)
    assert of(two(*rows), OWN, "P").value == pytest.approx(80)


def test_what_was_received_and_nobody_stated_is_asked_for() -> None:
    rows = (*ROWS[3:], tonnes("B", "byproduct_used:slag", "600", "outside:钢厂"))
    found = of(two(*rows), RECEIVED)
    assert (found.value, found.status) == (None, "missing")
    assert "byproduct_received" in found.missing[0].zh


def test_a_part_of_the_use_may_be_stated_as_received() -> None:
    rows = (
        tonnes("B", "solid_waste_generated", "100"),
        tonnes("B", "solid_waste_used", "90"),
        tonnes("B", "solid_waste_used_received", "30"),
        tonnes("B", "solid_waste_received", "40"),
        tonnes("B", "solid_waste_disposed", "40"),
    )
    assert of(two(*rows), "solid_waste_utilization_rate").value == pytest.approx(60)
    assert of(two(*rows), "solid_waste_received_utilization_rate").value == pytest.approx(75)
    assert of(two(*rows), "solid_waste_imbalance").value == pytest.approx(0)


def test_own_stock_of_earlier_years_is_nobody_elses() -> None:
    rows = (
        tonnes("B", "solid_waste_generated:slag", "100"),
        tonnes("B", "solid_waste_used:ash", "20"),
        tonnes("B", "solid_waste_used_from_stock:ash", "20"),
    )
    assert of(two(*rows), "solid_waste_used_received").value is None


@pytest.mark.parametrize(("to", "used"), [("B", 600), ("C", None)])
def test_a_use_without_a_kind_is_of_others_only_where_its_giver_gave_it_to_this_unit(
    to: str, used: float | None
) -> None:
    rows = (ROWS[3], tonnes("B", "byproduct_used", "600", "A"))
    flow = Flow("A", to, "slag", Decimal(900), "t", YEAR)
    registry = replace(park(*map(subject, "ABC"), reported=rows), flows=(flow,))
    assert of(registry, "byproduct_used_received").value == used
