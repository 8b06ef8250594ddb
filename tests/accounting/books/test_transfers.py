"""What one tenant gives another to use is generated once and used once, also where neither statement names the other:
A generates 100 t and gives 60 t to B."""

from dataclasses import replace
from decimal import Decimal

import pytest
from small_parks import park, stated, subject

from xietong.accounting import explain
from xietong.park.nouns import Flow
from xietong.periods import Period

YEAR = Period.parse("2025")


def used(family: str, *amounts: tuple[str, str, str], material: str = "矿渣", gave: str = "60") -> float | None:
    """The park's use; amounts: (unit, what became of it, t)."""
    rows = [stated(code, "2025", f"{family}_{way}", tonnes, "t") for code, way, tonnes in amounts]
    registry = park(subject("A"), subject("B"), subject("C"), reported=rows)
    flow = Flow("A", "B", material, Decimal(gave), "t", YEAR)
    return explain(replace(registry, flows=(flow,)), None, f"{family}_used", "P", YEAR).value


@pytest.mark.parametrize("family", ["byproduct", "solid_waste", "hazardous_waste"])
def test_both_ends_state_the_use_and_it_counts_once(family: str) -> None:
    assert used(family, ("A", "generated", "100"), ("A", "used", "60"), ("B", "used", "60")) == 60


def test_only_the_taker_states_it() -> None:
    assert used("byproduct", ("A", "generated", "100"), ("B", "used", "60")) == 60


def test_the_givers_use_is_too_small_to_hold_what_it_gave() -> None:
    assert used("byproduct", ("A", "generated", "100"), ("A", "used", "30"), ("B", "used", "60")) == 90


def test_the_taker_uses_its_own_beside() -> None:
    """B generates 20 and uses 80: 60 of them are A's."""
    rows = (("A", "generated", "100"), ("A", "used", "75"), ("B", "generated", "20"), ("B", "used", "80"))
    assert used("byproduct", *rows) == 95


def test_a_taker_that_uses_no_more_than_its_own_states_only_its_own() -> None:
    rows = (("A", "generated", "100"), ("A", "used", "75"), ("B", "generated", "50"), ("B", "used", "50"))
    assert used("byproduct", *rows) == 125


def test_the_givers_balance_leaves_room_for_what_it_gave() -> None:
    """A: generated 100 = used 30 + disposed 40 + the 30 it gave: its use does not hold them."""
    rows = (("A", "generated", "100"), ("A", "used", "30"), ("A", "disposed", "40"), ("B", "used", "30"))
    assert used("solid_waste", *rows, gave="30") == 60
    closed = (("A", "generated", "100"), ("A", "used", "60"), ("A", "disposed", "40"), ("B", "used", "30"))
    assert used("solid_waste", *closed, gave="30") == 60


def test_what_the_works_outside_takes_is_no_transfer() -> None:
    rows = [stated("A", "2025", "byproduct_used", "60", "t"), stated("C", "2025", "byproduct_used", "60", "t")]
    registry = replace(
        park(subject("A"), subject("C"), reported=rows),
        flows=(Flow("A", "outside:水泥厂", "矿渣", Decimal(60), "t", YEAR),),
    )
    assert explain(registry, None, "byproduct_used", "P", YEAR).value == 120
