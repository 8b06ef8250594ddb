"""What units sell each other lowers a group's total by nothing, what leaves it by what left, by hand.

GB/T 2589: what the network loses inside the fence is the park's consumption. Coal 0.7143, power 0.1229, heat 0.03412
tce a unit; heat 0.11, power 0.5306 tCO2.
"""

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

import pytest
from small_parks import monthly, park, stated, subject

from xietong.accounting.balances.one_total import TOTALS, reconcile
from xietong.accounting.figures.account import account
from xietong.calc.figures import Figure
from xietong.park.nouns import Flow, Registry, ReportedAmount, Subject
from xietong.periods import Period

ENERGY, CARBON = TOTALS
YEAR = Period.parse("2025")
COAL = stated("W", "2025", "raw_coal", "1000", "t")
ZONE = Subject("东", "zone", "东区", "East", parent="P")


def small(*rows: ReportedAmount, **choices: str) -> Registry:
    units = (subject("W", "supply", zone="东"), subject("A", zone="东"), subject("B"), ZONE)
    return park(*units, reported=rows, choices=choices)


def heat(unit: str, amount: str, other: str = "", item: str = "heat_purchased", period: str = "2025") -> ReportedAmount:
    return stated(unit, period, item, amount, "GJ", counterparty=other)


def sale(amount: str, other: str = "", period: str = "2025") -> ReportedAmount:
    return heat("W", amount, other, "heat_sold", period)


def of(registry: Registry, key: str = ENERGY, code: str = "P", period: Period = YEAR) -> Figure:
    return account(registry, None, code, period).figure(key)


def closes(registry: Registry) -> None:
    for key in TOTALS:
        found = reconcile(registry, None, "P", YEAR, key)
        assert (found.from_units.difference.value, found.from_fence.difference.value) == (0.0, 0.0), key


@pytest.mark.parametrize(
    ("rows", "out"),
    [
        ([sale("900", "A"), heat("A", "900", "W")], 0),  # all of it arrives
        ([sale("900", "A"), heat("A", "850", "W")], 0),  # 50 GJ are lost: the coal holds them
        ([sale("900", "A")], 0),  # nobody states a purchase
        ([sale("900", "A"), heat("A", "930", "W")], 0),  # the buyer states more: over no fence
        ([heat("A", "930", "W")], 0),  # only the buyer states it
        ([sale("900"), heat("A", "850", "W")], 0),  # only the buyer names the other end
        ([sale("900", "A"), heat("A", "850")], 0),  # only the seller does
        ([sale("600", "A"), sale("300", "B"), heat("A", "580", "W"), heat("B", "300", "W")], 0),
        ([sale("900", "outside:热网")], 900),  # it left
        ([sale("600", "A"), heat("A", "590", "W"), sale("300", "outside:热网")], 300),
        ([sale("900", "园外某厂")], 900),  # a name that is nobody's here
        ([sale("900")], 900),  # nobody knows where to: the park's choice, outside unless stated
    ],
)
def test_only_what_left_lowers_the_total(rows: list[ReportedAmount], out: float) -> None:
    registry = small(COAL, *rows)
    assert of(registry).value == pytest.approx(714.3 - out * 0.03412, rel=1e-12)
    burnt = of(registry, "combustion_emission:raw_coal", "W").value or 0
    assert of(registry, CARBON).value == pytest.approx(burnt - out * 0.11, rel=1e-12)
    assert of(registry).status == "ok"
    closes(registry)


def test_a_buyer_that_buys_over_the_fence_too() -> None:
    """A buys 850 of W's 900 and 200 of the city's network: 714.3 + 200 × 0.03412."""
    registry = small(COAL, sale("900", "A"), heat("A", "850", "W"), heat("A", "200", "outside:城市热网"))
    assert of(registry).value == pytest.approx(714.3 + 200 * 0.03412, rel=1e-12)
    closes(registry)


def test_what_was_lost_is_a_line_with_a_name() -> None:
    registry = small(COAL, sale("900", "A"), heat("A", "850", "W"))
    sold = of(registry, "heat_sold")
    assert [(line.key, line.value) for line in sold.inputs] == [("heat_sold", 900), ("lost:W", -50)]
    assert "lost in the network" in sold.inputs[1].title.en
    assert sold.value == 850
    found = {line.key: line.value for line in reconcile(registry, None, "P", YEAR, ENERGY).from_units.lines}
    assert found["lost_0"] == pytest.approx(50 * 0.03412)


def test_where_all_arrives_the_sum_stays_as_it_was() -> None:
    sold = of(small(COAL, sale("900", "A"), heat("A", "900", "W")), "heat_sold")
    assert (sold.value, [line.key for line in sold.inputs if line.key.startswith("lost")]) == (900, [])


def test_power_counts_the_same_way() -> None:
    rows = [
        stated("W", "2025", "electricity_sold", "400", "MWh", counterparty="A"),
        stated("A", "2025", "electricity_purchased", "380", "MWh", counterparty="W"),
        stated("B", "2025", "electricity_purchased", "100", "MWh"),
    ]
    registry = small(COAL, *rows)
    assert of(registry).value == pytest.approx(714.3 + 100 * 0.1229, rel=1e-12)
    closes(registry)


def test_steam_that_arrives_at_a_lower_pressure() -> None:
    """What left at 1.0 MPa and came in at 0.8 MPa cancels grade by grade."""
    rows = [
        stated("W", "2025", "steam_sold:1.0MPa", "100", "t", counterparty="A"),
        stated("A", "2025", "steam_purchased:0.8MPa", "95", "t", counterparty="W"),
    ]
    registry = small(COAL, *rows)
    assert of(registry).value == pytest.approx(714.3, rel=1e-12)
    unnamed = small(COAL, rows[0], replace(rows[1], counterparty=""))
    steam = of(unnamed, "steam_heat_purchased:0.8MPa").value or 0
    whole = of(unnamed, "steam_heat_sold:1.0MPa").value or 0
    assert of(unnamed).value == pytest.approx(714.3 + (steam - whole) * 0.03412, rel=1e-12)


def test_a_month_that_the_buyer_did_not_state_lowers_nothing() -> None:
    rows = [*monthly("W", "heat_sold", "75", "GJ"), *monthly("A", "heat_purchased", "70", "GJ", range(1, 12))]
    named = [replace(row, counterparty="A" if row.subject == "W" else "W") for row in rows]
    found = of(small(COAL, *named))
    assert found.value == pytest.approx(714.3, rel=1e-12)
    assert found.status == "partial"
    assert any("A Ltd" in reason.en for reason in found.missing)


def test_a_recorded_flow_names_the_other_end() -> None:
    registry = small(COAL, sale("900"), heat("A", "850"))
    flow = Flow("W", "A", "heat", Decimal("900"), "GJ", YEAR)
    assert of(replace(registry, flows=(flow,))).value == pytest.approx(714.3, rel=1e-12)


def test_a_zone_lets_out_what_it_sells_elsewhere_in_the_park() -> None:
    registry = small(COAL, sale("500", "A"), heat("A", "480", "W"), sale("300", "B"), heat("B", "300", "W"))
    assert of(registry, code="东").value == pytest.approx(714.3 - 300 * 0.03412, rel=1e-12)
    assert of(registry).value == pytest.approx(714.3, rel=1e-12)
    assert of(registry, code="W").value == pytest.approx(714.3 - 800 * 0.03412, rel=1e-12)


# ---- sold to nobody knows whom ----


@pytest.mark.parametrize(("bought", "kept"), [(0, 900), (700, 200), (2000, 0)])
def test_unnamed_sales_by_the_parks_choice(bought: int, kept: int) -> None:
    """Where they stayed, what nobody bought is not taken off."""
    rows = [COAL, sale("900"), *([heat("A", str(bought))] if bought else [])]
    usual = 714.3 + (bought - 900) * 0.03412
    assert of(small(*rows)).value == pytest.approx(usual, rel=1e-12)
    inside = small(*rows, unnamed_sales="inside")
    assert of(inside).value == pytest.approx(usual + kept * 0.03412, rel=1e-12)
    closes(inside)


# ---- units whose input is not known ----


def dark(*rows: ReportedAmount) -> Registry:
    """W supplies and states no fuel; B burns 100 t of coal."""
    return small(stated("B", "2025", "raw_coal", "100", "t"), *rows)


@pytest.mark.parametrize("other", ["outside:热网", ""])
def test_who_supplies_and_states_no_input_lowers_nothing(other: str) -> None:
    registry = dark(sale("900", other))
    found = of(registry)
    assert found.status == "partial"
    assert found.value == pytest.approx(71.43, rel=1e-12)
    assert any("W Ltd supplied more power or heat than the input it reported" in reason.en for reason in found.missing)
    assert of(registry, CARBON).status == "partial"
    assert (of(registry, CARBON).value or 0) == pytest.approx(of(registry, CARBON, "B").value, rel=1e-12)
    assert of(registry, code="W").value == pytest.approx(-900 * 0.03412, rel=1e-12)
    closes(registry)


def test_steam_too_that_was_made_of_nothing_lowers_nothing() -> None:
    found = of(dark(stated("W", "2025", "steam_sold:1.0MPa", "100", "t", counterparty="outside:热网")))
    assert found.status == "partial"
    assert found.value == pytest.approx(71.43, rel=1e-12)


def test_what_it_sold_inside_came_from_somewhere_too() -> None:
    """W states no fuel and sells A 900 of what A buys: they are the park's consumption, and the figure partial."""
    registry = dark(sale("900", "A"), heat("A", "900", "W"))
    found = of(registry)
    assert found.value == pytest.approx(71.43 + 900 * 0.03412, rel=1e-12)
    assert found.status == "partial"
    assert any("W Ltd supplied more power or heat than the input it reported" in reason.en for reason in found.missing)
    lost = of(dark(sale("900", "A"), heat("A", "850", "W")))
    assert lost.value == pytest.approx(71.43 + 850 * 0.03412, rel=1e-12)
    assert lost.status == "partial"
    closes(registry)


def test_a_part_of_the_input_is_known() -> None:
    """Coal of eleven months 7.8573 tce, heat of twelve 10.236 tce: W counts as nothing, not as −2.38."""
    coal = monthly("W", "raw_coal", "1", "t", range(1, 12))
    out = [sale("25", "outside:热网", f"2025-{month:02}") for month in range(1, 13)]
    found = of(dark(*coal, *out))
    assert found.status == "partial"
    assert found.value == pytest.approx(71.43, rel=1e-12)
    assert of(dark(*coal, *out), "heat_sold").value == pytest.approx(11 * 0.7143 / 0.03412, rel=1e-12)


def test_what_is_known_to_be_enough_is_taken_off() -> None:
    coal = monthly("W", "raw_coal", "2", "t", range(1, 12))
    found = of(dark(*coal, sale("300", "outside:热网")))
    assert found.value == pytest.approx(71.43 + 22 * 0.7143 - 300 * 0.03412, rel=1e-12)


def test_equal_value_makes_no_good_plant_a_dark_one() -> None:
    """714.3 tce of coal and 3,000 MWh to the grid: 906 tce at equal value is more than went in, and right."""
    out = stated("W", "2025", "electricity_sold", "3000", "MWh", counterparty="outside:国网")
    found = of(small(COAL, out, electricity_basis="equal_value"))
    assert found.status == "ok"
    assert found.value == pytest.approx(714.3 - 3000 * 0.302, rel=1e-12)


def test_power_and_heat_are_taken_back_until_the_unit_is_at_zero() -> None:
    """Diesel 10 t = 14.571 tce; 100 MWh = 12.29 and 100 GJ = 3.412 go out: 1.131 too much, kept of the power."""
    rows = [
        stated("W", "2025", "diesel", "10", "t"),
        stated("W", "2025", "electricity_sold", "100", "MWh", counterparty="outside:国网"),
        sale("100", "outside:热网"),
    ]
    registry = dark(*rows)
    assert of(registry).value == pytest.approx(71.43, rel=1e-12)
    assert of(registry, "electricity_sold").value == pytest.approx((14.571 - 3.412) / 0.1229, rel=1e-9)
    assert of(registry, "heat_sold").value == 100


def sums(registry: Registry, keys: Iterable[str] = TOTALS) -> list[float | None]:
    return [of(registry, key).value for key in keys]


def test_names_in_full_and_codes_say_the_same() -> None:
    one = small(COAL, sale("900", "A公司"), heat("A", "850", "W Ltd"))
    assert sums(one) == sums(small(COAL, sale("900", "A"), heat("A", "850", "W")))
