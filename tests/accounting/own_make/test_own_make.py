"""Power and heat made here without a counted input enters by what is used of it; what leaves lowers nothing else.

By hand, in MWh: PV makes 1,000, 800 are used, 200 go to the grid, 5,000 are bought: 5,800 × 0.1229 = 712.82 tce, of
them 800 ÷ 5,800 = 13.793 % renewable. Carbon of 2024 by 0.5366 tCO2/MWh.
"""

from collections.abc import Sequence

import pytest
from small_parks import park, stated, subject

from xietong.accounting.balances.balance_sheet import balance
from xietong.accounting.balances.one_total import TOTALS, reconcile
from xietong.accounting.figures.account import account
from xietong.calc.figures import Figure
from xietong.park.nouns import Registry, ReportedAmount
from xietong.periods import Period

ENERGY, CARBON = TOTALS
RENEWABLE = "renewable_energy_share"
YEAR = Period.parse("2024")
Row = tuple[str, str, str] | tuple[str, str, str, str]


def small(*rows: Row, **choices: str) -> Registry:
    """S sells, A and B buy; S and A lie in the east; a row is subject, item, amount and perhaps the other end."""
    units = (subject("S", zone="东"), subject("A", zone="西"), subject("B", zone="西"))
    zones = (subject("东", "zone"), subject("西", "zone"))
    return park(*units, *zones, reported=[_stated(row) for row in rows], choices=choices)


def _stated(row: Row, period: str = "2024") -> ReportedAmount:
    name = row[1]
    unit = (
        "t"
        if name.startswith(("steam", "hot_water", "raw_coal", "diesel"))
        else "GJ"
        if name.startswith("heat")
        else "MWh"
    )
    return stated(row[0], period, row[1], row[2], unit, counterparty=row[3] if len(row) > 3 else "")


def of(registry: Registry, key: str = ENERGY, code: str = "P", period: Period = YEAR) -> Figure:
    return account(registry, None, code, period).figure(key)


def closes(registry: Registry) -> None:
    for key in TOTALS:
        found = reconcile(registry, None, "P", YEAR, key)
        assert found.from_units.difference.value == pytest.approx(0, abs=1e-6), key
        assert found.from_fence.difference.value == pytest.approx(0, abs=1e-6), key


def supply(registry: Registry, code: str = "P", medium: str = "electricity") -> dict[str, float | None]:
    whole = balance(registry, None, code, YEAR).of(medium).whole
    return {side: whole.totals[side].value for side in ("supply", "use", "sold")}


BOUGHT: Row = ("A", "electricity_purchased", "5000")
SURPLUS: Row = ("A", "electricity_sold", "200", "outside:电网")
USED: Row = ("A", "electricity_renewable_self_used", "800")


@pytest.mark.parametrize(
    "rows",
    [
        [("A", "electricity_generated", "1000"), USED],  # the items there always were
        [("A", "electricity_made:solar", "1000")],
        [("A", "electricity_made:solar", "1000"), USED],
        [("A", "electricity_made:wind", "1000"), ("A", "electricity_generated", "1000")],
        [("A", "electricity_made:光伏", "600"), ("A", "electricity_made:wind", "400"), USED],
    ],
)
@pytest.mark.parametrize("code", ["A", "P", "西"])
def test_a_surplus_to_the_grid_takes_off_nothing(rows: Sequence[Row], code: str) -> None:
    registry = small(BOUGHT, SURPLUS, *rows)
    assert of(registry, code=code).value == pytest.approx(712.82, rel=1e-12)
    assert of(registry, RENEWABLE, code).value == pytest.approx(800 / 58, rel=1e-12)
    assert of(registry, CARBON, code).value == pytest.approx(5000 * 0.5366)
    assert supply(registry, code) == {"supply": 6000, "use": 5800, "sold": 200}
    closes(registry)


SALE: tuple[Row, ...] = (
    ("S", "electricity_sold", "1000", "A"),
    ("A", "electricity_purchased", "1000", "S"),
    ("A", "electricity_purchased", "4000", "outside:电网"),
)


@pytest.mark.parametrize("made", ["electricity_generated", "electricity_made:solar", "electricity_made:wind"])
def test_a_seller_inside_is_at_zero_and_the_park_uses_it(made: str) -> None:
    registry = small(("S", made, "1000"), *SALE)
    assert of(registry).value == pytest.approx(614.5)
    assert of(registry).status == "ok"
    assert of(registry, RENEWABLE).value == pytest.approx(20)
    assert (of(registry, code="S").value, of(registry, CARBON, "S").value) == (0, 0)
    assert of(registry, RENEWABLE, "A").value == pytest.approx(20)  # it is its user's
    assert of(registry, RENEWABLE, "西").value == pytest.approx(20)
    assert of(registry, CARBON).value == pytest.approx(4000 * 0.5366)
    assert supply(registry)["supply"] == 5000
    closes(registry)


def test_the_literal_deduction_is_a_choice_and_printed() -> None:
    usual, literal = (
        small(("S", "electricity_made:solar", "1000"), *SALE, **each) for each in ({}, {"own_make_sold": "taken_off"})
    )
    assert of(literal, CARBON, "S").value == pytest.approx(-536.6)
    assert of(literal, CARBON).value == pytest.approx(4000 * 0.5366)
    assert "own_make_sold = zero" in of(usual, CARBON, "S").remarks[-1].zh
    assert any("own_make_sold = taken_off" in said.en for said in of(literal, CARBON, "S").remarks)
    closes(literal)


def test_partly_inside_and_partly_outside() -> None:
    """Of 1,000 S uses 100, sells 600 to A and 300 to the grid: 100 + 600 + 4,000 are used."""
    rows: list[Row] = [
        ("S", "electricity_made:solar", "1000"),
        ("S", "electricity_sold", "600", "A"),
        ("S", "electricity_sold", "300", "outside:电网"),
        ("A", "electricity_purchased", "600", "S"),
        ("A", "electricity_purchased", "4000", "outside:电网"),
    ]
    registry = small(*rows)
    assert of(registry).value == pytest.approx(4700 * 0.1229)
    assert of(registry, RENEWABLE).value == pytest.approx(700 / 47)
    assert of(registry, code="S").value == pytest.approx(100 * 0.1229)
    assert of(registry, code="东").value == pytest.approx(100 * 0.1229)
    assert of(registry, RENEWABLE, "A").value == pytest.approx(600 / 46)
    assert of(registry, CARBON).value == pytest.approx(4000 * 0.5366)
    assert supply(registry) == {"supply": 5000, "use": 4700, "sold": 300}
    closes(registry)


@pytest.mark.parametrize("left_out", [0, 1])
def test_a_sale_that_one_side_alone_states(left_out: int) -> None:
    rows = [row for place, row in enumerate(SALE) if place != left_out]
    registry = small(("S", "electricity_made:solar", "1000"), *rows)
    assert of(registry).value == pytest.approx(614.5)
    assert of(registry, RENEWABLE).value == pytest.approx(20)
    closes(registry)


def test_several_sellers_and_one_that_buys_too() -> None:
    """S makes 1,000 and buys 50; B makes 400 of waste heat beside no fuel; both sell 1,000 and 400 to A."""
    rows: list[Row] = [
        *SALE,
        ("S", "electricity_made:solar", "1000"),
        ("S", "electricity_purchased", "50", "outside:电网"),
        ("B", "electricity_made:waste_heat", "400"),
        ("B", "electricity_sold", "400", "A"),
        ("A", "electricity_purchased", "400", "B"),
    ]
    registry = small(*rows)
    assert of(registry).value == pytest.approx(5450 * 0.1229)
    assert of(registry, RENEWABLE).value == pytest.approx(1000 / 54.5)
    assert of(registry, code="S").value == pytest.approx(50 * 0.1229)
    assert of(registry, code="B").value == 0
    closes(registry)


def test_months_add_up_to_the_year() -> None:
    rows = [
        _stated(row, f"2024-{month:02}")
        for month in range(1, 13)
        for row in (
            ("A", "electricity_purchased", "500"),
            ("A", "electricity_made:solar", "100"),
            ("A", "electricity_sold", "20"),
        )
    ]
    registry = park(subject("A"), reported=rows)
    months = [of(registry, period=Period.month(2024, month)).value or 0 for month in range(1, 13)]
    assert of(registry).value == pytest.approx(12 * 580 * 0.1229)
    assert sum(months) == pytest.approx(of(registry).value)


def test_a_missing_month_of_what_was_made_is_named() -> None:
    made = [_stated(("A", "electricity_made:solar", "100"), f"2024-{month:02}") for month in range(1, 12)]
    registry = park(subject("A"), reported=[*made, _stated(BOUGHT)])
    found = of(registry)
    assert found.value == pytest.approx(5000 * 0.1229 + 1100 * 0.1229)
    assert found.status == "partial"


# ---- what a counted input made does not enter again ----


def test_waste_heat_of_counted_coal_does_not_enter_and_its_supply_is_taken_off() -> None:
    coal: Row = ("A", "raw_coal", "10000")
    rows: list[Row] = [
        coal,
        ("A", "electricity_made:waste_heat", "1000"),
        ("A", "electricity_sold", "300", "outside:电网"),
    ]
    registry = small(*rows)
    assert of(registry, code="A").value == pytest.approx(7143 - 300 * 0.1229)
    assert of(registry).value == pytest.approx(7143 - 300 * 0.1229)
    assert of(registry, RENEWABLE).value in (None, 0)
    closes(registry)


def test_anothers_waste_heat_is_counted_as_the_coal_of_the_park() -> None:
    """B's power is of A's coal: inside it enters no second time, outside it is not taken off a third."""
    rows: list[Row] = [
        ("A", "raw_coal", "10000"),
        ("B", "electricity_made:waste_heat", "1000"),
        ("B", "electricity_sold", "600", "A"),
        ("A", "electricity_purchased", "600", "B"),
        ("B", "electricity_sold", "400", "outside:电网"),
    ]
    registry = small(*rows)
    assert of(registry).value == pytest.approx(7143)
    assert of(registry, code="B").value == 0
    closes(registry)


def test_a_plant_that_burns_what_it_generates_from_is_as_it_was() -> None:
    rows = [
        stated("A", "2024", "raw_coal", "10000", "t", use="conversion"),
        *(_stated(row) for row in (("A", "electricity_generated", "9000"), USED, ("A", "electricity_sold", "3000"))),
    ]
    registry = park(subject("A"), reported=rows)
    assert of(registry).value == pytest.approx(7143 + (800 - 3000) * 0.1229)
    assert of(registry, CARBON, "A").value == pytest.approx(
        (of(registry, "combustion_emission:raw_coal").value or 0) - 3000 * 0.5366
    )


def test_diesel_of_forklifts_makes_no_power() -> None:
    registry = small(BOUGHT, SURPLUS, USED, ("A", "electricity_generated", "1000"), ("A", "diesel", "10"))
    assert of(registry).value == pytest.approx(712.82 + 14.571)


def test_power_that_the_fuel_may_have_made_says_so() -> None:
    rows: list[Row] = [
        BOUGHT,
        ("A", "raw_coal", "10000"),
        ("A", "electricity_generated", "1000"),
        ("A", "electricity_sold", "200"),
    ]
    found = of(small(*rows))
    assert found.value == pytest.approx(4800 * 0.1229 + 7143)


def test_heat_and_steam_of_a_seller() -> None:
    """S makes 1,000 GJ of waste heat, or steam, of no counted fuel and sells it to A: S is at zero, A uses it."""
    heat: list[Row] = [
        ("S", "heat_made:waste_heat", "1000"),
        ("S", "heat_sold", "1000", "A"),
        ("A", "heat_purchased", "1000", "S"),
    ]
    registry = small(*heat)
    assert (of(registry, code="S").value, of(registry, CARBON, "S").value) == (0, 0)
    assert of(registry).value == pytest.approx(34.12)
    closes(registry)
    steam: list[Row] = [
        ("S", "steam_generated:0.8MPa", "100"),
        ("S", "steam_sold:0.8MPa", "100", "A"),
        ("A", "steam_purchased:0.8MPa", "100", "S"),
    ]
    registry = small(*steam)
    assert of(registry, code="S").value == pytest.approx(0, abs=1e-9)
    assert of(registry).value == pytest.approx(of(registry, code="A").value)
    closes(registry)


def test_solar_heat_is_renewable_and_its_supply_is_not() -> None:
    rows: list[Row] = [
        ("A", "heat_made:solar", "500"),
        ("A", "heat_purchased", "500"),
        ("A", "heat_sold", "100", "outside:x"),
    ]
    registry = small(*rows)
    assert of(registry).value == pytest.approx(900 * 0.03412)
    assert of(registry, RENEWABLE).value == pytest.approx(400 / 9)
    assert supply(registry, "A", "heat") == {"supply": 1000, "use": 900, "sold": 100}
    closes(registry)


def test_equal_value_counts_the_same_amounts() -> None:
    registry = small(BOUGHT, SURPLUS, ("A", "electricity_made:solar", "1000"), electricity_basis="equal_value")
    factor = of(registry, "electricity_energy").value or 0
    assert of(registry).value == pytest.approx(factor)
    assert of(registry, "electricity_consumed").value == 5800
    assert of(registry, RENEWABLE).value == pytest.approx(800 / 58)


def test_an_unknown_source_is_not_renewable_and_said() -> None:
    registry = small(BOUGHT, ("A", "electricity_made:magic", "1000"))
    assert of(registry).value == pytest.approx(6000 * 0.1229)
    assert of(registry, RENEWABLE).value in (None, 0)
    assert "magic" in of(registry).remarks[0].zh


def test_certificates_beside_own_make() -> None:
    """5,000 bought with 1,000 certificates, PV 1,000 of which 200 leave: 1,800 of 5,800 are renewable."""
    registry = small(BOUGHT, SURPLUS, ("A", "electricity_made:solar", "1000"), ("A", "green_certificates", "1000"))
    assert of(registry, RENEWABLE).value == pytest.approx(1800 / 58)
    bare = small(BOUGHT, SURPLUS, ("A", "electricity_made:solar", "1000"))
    market = "carbon_emission_total_market"
    assert of(registry, market).value == pytest.approx((of(bare, market).value or 0) * 4 / 5)


# ---- sold at another factor than it was bought ----


def residual() -> float:
    return of(small(("A", "electricity_purchased", "1")), "carbon_emission_total_market").value or 0


@pytest.mark.parametrize("proof", ["green_certificates", "green_power_traded"])
@pytest.mark.parametrize(("held", "left"), [("1000", 0), ("500", 100), ("700", 0), ("0", 600)])
def test_certified_power_that_is_resold(proof: str, held: str, left: float) -> None:
    """1,000 bought, 400 resold: certificates prove what was kept; others' power gains nothing by them."""
    rows: list[Row] = [
        ("A", "electricity_purchased", "1000"),
        ("A", proof, held),
        ("A", "electricity_sold", "400", "outside:x"),
        ("B", "electricity_purchased", "3000"),
    ]
    registry = small(*rows, carbon_view="market")
    assert of(registry, CARBON, "A").value == pytest.approx(left * residual(), abs=1e-9)
    assert of(registry, CARBON).value == pytest.approx((left + 3000) * residual())
    assert of(registry, "carbon_emission_total_location", "A").value == pytest.approx(600 * 0.5366)
    assert (of(registry, RENEWABLE, "A").value or 0) == pytest.approx(min(float(held), 600) / 6)
    closes(registry)


def test_certified_power_that_is_resold_inside() -> None:
    """A's 1,000 are certified, 400 go to B: nothing of it left the park."""
    rows: list[Row] = [
        ("A", "electricity_purchased", "1000", "outside:电网"),
        ("A", "green_certificates", "1000"),
        ("A", "electricity_sold", "400", "B"),
        ("B", "electricity_purchased", "400", "A"),
    ]
    registry = small(*rows, carbon_view="market")
    assert of(registry, CARBON).value == pytest.approx(0, abs=1e-9)
    assert of(registry, CARBON, "A").value == pytest.approx(0, abs=1e-9)
    closes(registry)


def test_what_a_plant_makes_of_fuel_is_not_resold_purchase() -> None:
    rows: list[Row] = [
        ("A", "electricity_purchased", "100"),
        ("A", "green_certificates", "100"),
        ("A", "electricity_sold", "900"),
    ]
    coal = stated("A", "2024", "raw_coal", "10000", "t", use="conversion")
    registry = park(subject("A"), reported=[coal, *(_stated(row) for row in rows)])
    assert of(registry, "certified_electricity", "A").value == 100


def test_a_month_that_supplied_all_it_made_is_read_as_its_year_is() -> None:
    """Sun of no named source beside gas: of January's 500 MWh 300 are used, February's 300 all leave. Each month uses
    what it bought and, of its own make, what it used; the two sum to the year's."""
    amounts = (("01", "500", "300", "200", "100"), ("02", "300", "0", "300", "700"))
    rows = [
        stated("S", f"2024-{month}", item, amount, unit)
        for month, made, used, sold, bought in amounts
        for item, amount, unit in (
            ("electricity_generated", made, "MWh"),
            ("electricity_renewable_self_used", used, "MWh"),
            ("electricity_sold", sold, "MWh"),
            ("electricity_purchased", bought, "MWh"),
            ("natural_gas", "6", "10^4m3"),
        )
    ]
    registry = park(subject("S"), reported=rows)
    months = [of(registry, code="S", period=Period.parse(f"2024-{month}")).value for month in ("01", "02")]
    assert months == [pytest.approx(6 * 13.3 + 400 * 0.1229), pytest.approx(6 * 13.3 + 700 * 0.1229)]
    whole = of(registry, code="S", period=Period.parse("2024-01..2024-02")).value
    assert whole == pytest.approx(12 * 13.3 + 1100 * 0.1229)
