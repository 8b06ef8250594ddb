"""A seller inside that states some energy and not its sale: the total falls by no more than it can have had.

By hand, of 2024: A buys 5,000 MWh over the fence and names S for 1,000 more, S bought 200: 6,000 MWh are known to have
been used at least. Coal 0.7143, power 0.1229, heat 0.03412 tce a unit; steam of 1.0 MPa by its enthalpy.
"""

from dataclasses import replace
from decimal import Decimal

import pytest
from small_parks import park, stated, subject
from test_own_make import BOUGHT, CARBON, ENERGY, RENEWABLE, YEAR, Row, closes, of, small

from xietong.park.nouns import Flow, Registry

FROM_S: Row = ("A", "electricity_purchased", "1000", "S")
HEAT: Row = ("A", "heat_purchased", "1000", "S")
STEAM: Row = ("A", "steam_purchased:1.0MPa", "100", "S")
WATER: Row = ("A", "hot_water_purchased:70C", "1000", "S")
POWER_TCE, HEAT_TCE, COAL_TCE = 0.1229, 0.03412, 0.7143


@pytest.mark.parametrize(
    "had",
    [
        ("S", "electricity_purchased", "200"),
        ("S", "electricity_made:solar", "200"),
        ("S", "electricity_generated", "200"),
        ("S", "electricity_renewable_self_used", "200"),
    ],
)
def test_the_total_falls_by_what_the_seller_can_have_had(had: Row) -> None:
    """Was: 5,200 × 0.1229 = 639.08 tce, ok."""
    registry = small(had, FROM_S, BOUGHT)
    found = of(registry)
    assert found.value == pytest.approx(6000 * POWER_TCE)
    assert found.status == of(registry, CARBON).status == "partial"
    assert any("S Ltd" in said.en and "buyers inside" in said.en for said in found.missing)
    closes(registry)


def test_coal_can_have_made_a_part_of_it() -> None:
    """50 t of coal are 35.715 tce; 122.9 tce came out: the park used 5,000 MWh and the 1,000."""
    registry = small(("S", "raw_coal", "50"), FROM_S, BOUGHT)
    assert of(registry).value == pytest.approx(6000 * POWER_TCE)
    assert of(registry).status == "partial"
    enough = small(("S", "raw_coal", "500"), FROM_S, BOUGHT)
    assert of(enough).value == pytest.approx(5000 * POWER_TCE + 500 * COAL_TCE)
    closes(enough)


@pytest.mark.parametrize("sold", ["100", "400"])
@pytest.mark.parametrize("other", ["A", "outside:电网", "B"])
def test_a_part_of_the_sale_is_stated(sold: str, other: str) -> None:
    """S bought 400 and states some sale, A names it for 1,000: what S had is 400 whatever it says."""
    rows: list[Row] = [("S", "electricity_purchased", "400"), ("S", "electricity_sold", sold, other), FROM_S, BOUGHT]
    if other == "B":
        rows.append(("B", "electricity_purchased", sold, "S"))
    registry = small(*rows)
    used = 6000 + (int(sold) if other == "B" else 0)
    assert of(registry).value == pytest.approx(used * POWER_TCE)
    assert of(registry).status == "partial"
    assert of(registry, code="S").status == ("ok" if other == "A" else "partial")
    closes(registry)


def test_meters_that_differ_by_less_than_a_twentieth_are_one_quantity() -> None:
    rows: list[Row] = [("S", "electricity_purchased", "970"), ("S", "electricity_sold", "970", "A"), FROM_S, BOUGHT]
    registry = small(*rows)
    assert of(registry).value == pytest.approx(5970 * POWER_TCE)
    assert of(registry).status == "ok"


def test_heat_and_steam_likewise() -> None:
    heat = small(("S", "raw_coal", "10"), HEAT, BOUGHT)
    assert of(heat).value == pytest.approx(5000 * POWER_TCE + 1000 * HEAT_TCE)
    steam = small(("S", "raw_coal", "1"), STEAM, BOUGHT)
    bought = of(steam, "steam_heat_purchased:1.0MPa", "A").value or 0
    assert of(steam).value == pytest.approx(5000 * POWER_TCE + bought * HEAT_TCE)
    assert of(heat).status == of(steam).status == "partial"
    closes(heat)
    closes(steam)


def test_heat_sold_as_steam_is_stated() -> None:
    """What S sold as steam of 1.0 MPa and A bought as heat is one quantity: S burnt 100 t of coal for it."""
    rows: list[Row] = [
        ("S", "raw_coal", "100"),
        ("S", "steam_sold:1.0MPa", "100", "A"),
        ("A", "heat_purchased", "270", "S"),
    ]
    registry = small(*rows)
    assert of(registry).value == pytest.approx(100 * COAL_TCE)
    assert of(registry).status == "ok"
    assert of(registry, code="S").status == "ok"


@pytest.mark.parametrize("row", [FROM_S, HEAT, STEAM, WATER])
def test_seller_zone_and_sector_are_partial_and_the_buyers_zone_is_not(row: Row) -> None:
    """S burnt 1,000 t of coal and passed an unknown part of it on."""
    registry = small(("S", "raw_coal", "1000"), row, BOUGHT)
    for code in ("S", "东"):
        for key in (ENERGY, CARBON):
            found = of(registry, key, code)
            assert found.status == "partial", (code, key)
            assert any("A公司" in said.zh for said in found.missing), (code, key)
    assert of(registry, code="西").status == of(registry, code="A").status == "ok"
    assert of(registry).status == ("partial" if row is WATER else "ok")


def test_within_one_zone_it_cancels() -> None:
    registry = small(("A", "raw_coal", "1000"), ("B", "heat_purchased", "500", "A"))
    assert of(registry, code="A").status == "partial"
    for code in ("西", "P"):
        assert of(registry, code=code).value == pytest.approx(714.3)
        assert of(registry, code=code).status == "ok"


def test_a_recorded_flow_states_the_sale_and_not_what_it_was_made_of() -> None:
    registry = small(("S", "electricity_purchased", "200"), FROM_S, BOUGHT)
    registry = replace(registry, flows=(Flow("S", "A", "electricity", Decimal(1000), "MWh", YEAR),))
    assert of(registry).value == pytest.approx(6000 * POWER_TCE)
    assert of(registry).status == "partial"


def test_one_sold_inside_and_outside_out_of_nothing_is_at_zero() -> None:
    """S sells 100 inside and 100 outside and states no input: A's 100 are used, whatever S had."""
    rows: list[Row] = [
        ("S", "electricity_sold", "100", "A"),
        ("S", "electricity_sold", "100", "outside:电网"),
        ("A", "electricity_purchased", "100", "S"),
    ]
    assert of(small(*rows)).value == pytest.approx(100 * POWER_TCE)


def test_a_purchase_of_oneself_takes_nothing_off() -> None:
    """Beyond what A brought in it cannot have sold itself anything."""
    alone = of(small(("A", "electricity_purchased", "1000", "A")))
    assert alone.value == pytest.approx(1000 * POWER_TCE)
    assert alone.status == "partial"
    beside = of(small(("A", "electricity_purchased", "1000", "A"), ("A", "electricity_purchased", "400")))
    assert beside.value == pytest.approx(1000 * POWER_TCE)
    assert beside.status == "partial"


def test_a_chain_ends_at_who_had_nothing() -> None:
    """S bought its 1,000 of B, which states nothing: they were used once, by A."""
    registry = small(("S", "electricity_purchased", "1000", "B"), FROM_S, BOUGHT)
    assert of(registry).value == pytest.approx(6000 * POWER_TCE)
    assert of(registry).status == "partial"
    closes(registry)


def test_the_renewable_share_of_a_user_whose_sale_is_stated_stays() -> None:
    """S states its sale to B and not that to A: B's share is known."""
    rows: list[Row] = [
        ("S", "electricity_made:solar", "2000"),
        ("S", "electricity_sold", "1000", "B"),
        ("B", "electricity_purchased", "1000", "S"),
        FROM_S,
    ]
    registry = small(*rows)
    assert (of(registry, RENEWABLE, "B").value, of(registry, RENEWABLE, "B").status) == (100, "ok")
    assert of(registry, RENEWABLE, "A").status == "partial"


def test_a_sector_is_told_like_a_zone() -> None:
    units = (
        subject("S", sector="钢铁"),
        subject("A", sector="化工"),
        subject("钢铁", "sector"),
        subject("化工", "sector"),
    )
    rows = [
        stated("S", "2024", "raw_coal", "1000", "t"),
        stated("A", "2024", "heat_purchased", "500", "GJ", counterparty="S"),
    ]
    registry: Registry = park(*units, reported=rows)
    assert of(registry, code="钢铁").status == "partial"
    assert of(registry, code="化工").status == "ok"
