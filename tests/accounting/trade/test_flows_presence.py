"""Flows of a time at which an end was not in the park: kept, named, not counted; and key units that left with what they
belong to."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from small_parks import park, stated, subject

from xietong.accounting.balances.balance_sheet import balance
from xietong.accounting.books.memory import books_for
from xietong.accounting.checking.key_enterprises import key_enterprises
from xietong.accounting.checking.monitored_units import unwatched
from xietong.accounting.figures.account import account
from xietong.accounting.trade.inside_trade import Trade
from xietong.park.nouns import Flow, Registry, ReportedAmount, Subject
from xietong.park.package.sheets import Row
from xietong.park.registry.doubts import of_registry, remarks_of_flows
from xietong.periods import Period

MARCH, YEAR = Period.parse("2025-03"), Period.parse("2025")
Tree = tuple[Subject, ...]


def gone(code: str) -> Tree:
    return (replace(subject(code), until=date(2025, 3, 1)),)


def late(code: str) -> Tree:
    return (replace(subject(code), since=date(2025, 4, 1)),)


def below(code: str) -> Tree:
    """A firm of a zone that left: its own dates are open."""
    return (replace(subject("Z", "zone"), until=date(2025, 3, 1)), subject(code, parent="Z"))


def here(code: str) -> Tree:
    """It left in the course of the month, which is its own."""
    return (replace(subject(code), until=date(2025, 3, 2)),)


def flow(origin: str, destination: str, material: str, amount: str, unit: str = "t", period: str = "2025-03") -> Flow:
    return Flow(origin, destination, material, Decimal(amount), unit, Period.parse(period))


def registry(*subjects: Subject, flows: tuple[Flow, ...], reported: tuple[ReportedAmount, ...] = ()) -> Registry:
    return replace(park(*subjects, reported=reported), flows=flows)


# ---- trade: W sells 100 MWh, A buys 140, a flow says that 90 of them came from W ----

SOLD = (
    stated("W", "2025-03", "electricity_generated", "120", "MWh"),
    stated("W", "2025-03", "electricity_sold", "100", "MWh"),
    stated("A", "2025-03", "electricity_purchased", "140", "MWh"),
)
POWER = flow("W", "A", "electricity", "90", "MWh")


def trade(*subjects: Subject) -> Trade:
    of = registry(*subjects, flows=(POWER,), reported=SOLD)
    found = balance(of, None, "P", MARCH).of("electricity").whole.trade
    assert found is not None
    return found


@pytest.mark.parametrize("seller", [gone("W"), late("W"), below("W")])
def test_nothing_came_from_a_seller_that_was_not_here(seller: Tree) -> None:
    found = trade(subject("A"), *seller)
    assert (found.imported.figure.value, found.is_checked) == (140, False)


@pytest.mark.parametrize("buyer", [gone("A"), late("A"), below("A")])
def test_nothing_went_to_a_buyer_that_was_not_here(buyer: Tree) -> None:
    found = trade(subject("W"), *buyer)
    assert (found.unnamed.figure.value, found.is_checked) == (100, False)


def test_the_month_in_which_an_end_left_is_its_own() -> None:
    for subjects in ((subject("A"), *here("W")), (*here("A"), subject("W"))):
        found = trade(*subjects)
        assert [each.figure.value for each in (found.sold, found.bought, found.imported)] == [100, 90, 50]


# ---- what was received, and what is used twice ----


def tonnes(code: str, item: str, amount: str, other: str = "") -> ReportedAmount:
    return stated(code, "2025-03", item, amount, "t", counterparty=other)


@pytest.mark.parametrize(("giver", "rate"), [(gone("A"), None), (below("A"), None), (here("A"), 600 / 9)])
def test_what_one_who_was_not_here_gave_is_not_received(giver: Tree, rate: float | None) -> None:
    rows = (tonnes("B", "byproduct_used:slag", "600", "A"), tonnes("B", "byproduct_generated:gypsum", "500"))
    of = registry(*giver, subject("B"), flows=(flow("A", "B", "slag", "900"),), reported=rows)
    found = account(of, None, "B", YEAR).figure("byproduct_received_utilization_rate")
    assert found.value == (None if rate is None else pytest.approx(rate))


@pytest.mark.parametrize(("giver", "counts"), [(gone("A"), False), (here("A"), True)])
def test_a_use_is_not_of_what_was_received_by_a_flow_that_does_not_count(giver: Tree, counts: bool) -> None:
    rows = (tonnes("B", "byproduct_used:slag", "300", "A"), tonnes("B", "byproduct_generated", "500"))
    of = registry(*giver, subject("B"), flows=(flow("A", "B", "slag", "900"),), reported=rows)
    assert account(of, None, "B", YEAR).figure("resource_utilization_rate").value == (0 if counts else 60)


@pytest.mark.parametrize(("period", "used"), [("2025-03", 60), ("2025-09", 120), ("2025", 120)])
def test_nothing_is_taken_off_for_a_flow_after_the_giver_left(period: str, used: float) -> None:
    """A and B state 60 t each; only a flow while both were here says that they are the same."""
    rows = (
        tonnes("A", "byproduct_generated", "60"),
        tonnes("A", "byproduct_used", "60"),
        tonnes("B", "byproduct_used", "60"),
    )
    giver = replace(subject("A"), until=date(2025, 8, 1))
    of = registry(giver, subject("B"), flows=(flow("A", "B", "slag", "60", period=period),), reported=rows)
    assert account(of, None, "P", YEAR).figure("byproduct_used").value == used


# ---- what is said of them ----


def test_a_flow_that_does_not_count_is_named_with_what_to_do() -> None:
    left = replace(subject("A"), until=date(2025, 8, 1))
    outside = flow("outside:电网", "A", "electricity", "90", "MWh", "2025-09")
    whole = flow("A", "B", "slag", "900", period="2025")
    fine = flow("outside:电网", "B", "electricity", "90", "MWh", "2025-09")
    of = registry(left, subject("B"), flows=(outside, whole, fine))
    found = of_registry(of)
    assert [(each.row, each.rule) for each in found] == [(whole, "outside"), (outside, "outside")]
    assert Period(YEAR.start, Period.month(2025, 7).end).label in found[0].text.zh
    assert "A → B" in found[0].text.en
    assert "900 t" in found[0].text.en
    assert found[0].as_json()["destination"] == "B"
    assert [each.row for each in of_registry(of, Period.parse("2025-09"))] == [whole, outside]
    assert of_registry(of, Period.parse("2024")) == []


def test_loading_says_it_of_the_rows_that_it_brings() -> None:
    of = registry(*gone("A"), subject("B"), flows=(flow("A", "B", "slag", "900"), flow("A", "B", "ash", "1")))
    values = {"origin": "A", "destination": "B", "material": "slag", "period": "2025-03"}
    [remark] = remarks_of_flows([Row("flows.csv", 7, values, {"period": "2025-03"})], of)
    assert (remark.file, remark.row, remark.column, remark.rule) == ("flows.csv", 7, "period", "outside")


# ---- key units ----


def test_a_key_unit_that_left_with_its_zone_is_no_key_unit() -> None:
    zone, firm = below("A")
    of = park(zone, replace(firm, key_energy=True))
    year = Period.parse("2026")
    assert unwatched(books_for(of, None, year), year) == ()
    assert [unit.subject.code for unit in key_enterprises(of, None, year, keys=()).units] == ["A"]
    assert key_enterprises(of, None, year, keys=()).units[0].movement == "left"
    assert key_enterprises(of, None, Period.parse("2027"), keys=()).units == ()
    sector = subject("S", "sector", "Z")
    assert key_enterprises(park(zone, sector), None, Period.parse("2027"), "sectors", ()).units == ()
