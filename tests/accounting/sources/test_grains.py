"""One quantity stated at several grains: one statement counts, a year is always the sum of its parts, the other named.

The expected amounts are sums and ratios by hand.
"""

from dataclasses import replace
from decimal import Decimal

import pytest
from small_parks import RECORDED, monthly, park, stated, subject

from xietong.accounting import explain
from xietong.accounting.books.consolidation import Ground
from xietong.calc.figures import Figure
from xietong.park.nouns import Registry, ReportedAmount
from xietong.periods import Period

HALVES, QUARTERS = ("2025-H1", "2025-H2"), tuple(f"2025-Q{number}" for number in range(1, 5))
MONTHS = tuple(f"2025-{month:02}" for month in range(1, 13))


def of_a(*rows: ReportedAmount, **choices: str) -> Registry:
    return park(subject("A"), reported=rows, choices=choices)


def amount(registry: Registry, period: str, key: str = "diesel", code: str = "A") -> Figure:
    return explain(registry, None, key, code, Period.parse(period))


def adds_up(registry: Registry, year: float, key: str = "diesel") -> None:
    assert amount(registry, "2025", key).value == pytest.approx(year, rel=1e-12)
    for parts in (HALVES, QUARTERS, MONTHS):
        values = [amount(registry, part, key).value or 0.0 for part in parts]
        assert sum(values) == pytest.approx(year, rel=1e-12)


def named(registry: Registry) -> list[str]:
    return [each.text.zh for _, asides in Ground(registry).statements.all_beside() for each in asides if each.is_named]


def test_a_year_against_its_months_counts_once_and_the_other_is_named() -> None:
    """The fault list: the year stated as 120, twelve months of 11 are 132: 9.1 % apart."""
    registry = of_a(stated("A", "2025", "diesel", "120", "t"), *monthly("A", "diesel", "11", "t"))
    adds_up(registry, 132)
    for key, period in (("diesel", "2025"), ("diesel", "2025-H1"), ("comprehensive_energy_consumption", "2025")):
        said = amount(registry, period, key).remarks
        assert any("120 t" in each.zh and "132" in each.zh and "9.1 %" in each.zh for each in said), key
    assert any("120 t" in each.en for each in amount(registry, "2025", "carbon_emission_total", "P").remarks)
    assert len(named(registry)) == 1


def test_a_year_within_five_percent_of_its_months_is_not_worth_a_word() -> None:
    registry = of_a(stated("A", "2025", "diesel", "126", "t"), *monthly("A", "diesel", "11", "t"))
    adds_up(registry, 132)
    assert amount(registry, "2025").remarks == ()
    assert named(registry) == []


@pytest.mark.parametrize(("whole", "parts"), [("2025", HALVES), ("2025", QUARTERS), ("2025-Q2", MONTHS[3:6])])
def test_halves_quarters_and_months_count_before_what_holds_them(whole: str, parts: tuple[str, ...]) -> None:
    registry = of_a(
        stated("A", whole, "diesel", "120", "t"), *(stated("A", each, "diesel", "50", "t") for each in parts)
    )
    assert amount(registry, whole).value == 50 * len(parts)
    assert sum(amount(registry, part).value or 0.0 for part in parts) == 50 * len(parts)
    assert len(named(registry)) == 1


def test_a_month_against_its_days() -> None:
    days = [stated("A", f"2025-03-{day:02}", "diesel", "1", "t") for day in range(1, 32)]
    registry = of_a(stated("A", "2025-03", "diesel", "40", "t"), *days)
    assert (amount(registry, "2025-03").value, amount(registry, "2025-03").status) == (31.0, "ok")
    assert len(named(registry)) == 1
    some = of_a(stated("A", "2025-03", "diesel", "40", "t"), *days[:30])
    assert (amount(some, "2025-03").value, amount(some, "2025-03").status) == (40.0, "ok")


def test_a_settled_year_counts_before_estimated_months_which_share_it() -> None:
    """A bill of 120 over months guessed at 11: each month is 10 of it."""
    months = [replace(row, method="estimate") for row in monthly("A", "diesel", "11", "t")]
    registry = of_a(stated("A", "2025", "diesel", "120", "t", method="bill"), *months)
    adds_up(registry, 120)
    assert amount(registry, "2025-03").value == pytest.approx(10)
    assert amount(registry, "2025-03").status == "estimated"
    assert len(named(registry)) == 1


def test_the_park_can_choose_the_longest_span() -> None:
    rows = (stated("A", "2025", "diesel", "120", "t"), *monthly("A", "diesel", "11", "t"))
    registry = of_a(*rows, statement_grain="longest")
    adds_up(registry, 120)
    assert amount(registry, "2025-07").status == "estimated"


def test_months_that_do_not_fill_the_year_leave_it_its_own_statement() -> None:
    months = monthly("A", "diesel", "10", "t", range(1, 12))
    registry = of_a(stated("A", "2025", "diesel", "120", "t"), *months)
    assert (amount(registry, "2025").value, amount(registry, "2025").status) == (120.0, "ok")
    assert (amount(registry, "2025-H2").value, amount(registry, "2025-H2").status) == (50.0, "partial")


def test_parts_that_already_exceed_the_whole_show_it_wrong() -> None:
    """Eleven months of 13 are 143, more than the year's 120: December is missing, the year is no number for it."""
    registry = of_a(stated("A", "2025", "diesel", "120", "t"), *monthly("A", "diesel", "13", "t", range(1, 12)))
    assert (amount(registry, "2025").value, amount(registry, "2025").status) == (143.0, "partial")
    assert any("143" in each.zh for each in amount(registry, "2025").remarks)


def test_spans_that_cross_each_other_are_not_added() -> None:
    registry = of_a(stated("A", "2025-01..2025-04", "diesel", "40", "t"), stated("A", "2025-Q2", "diesel", "30", "t"))
    half = amount(registry, "2025-H1")
    assert (half.value, half.status) == (30.0, "partial")
    assert "2025-Q2" in named(registry)[0]


def test_a_month_stated_by_two_sellers_is_both_and_a_correction_replaces() -> None:
    grid, plant = (stated("A", "2025-03", "electricity_purchased", "5", "MWh", counterparty=who) for who in ("G", "B"))
    assert amount(of_a(grid, plant), "2025-03", "electricity_purchased").value == 10.0
    later = replace(grid, amount=Decimal(7), recorded_at=RECORDED.replace(month=2))
    assert amount(of_a(grid, later, plant), "2025-03", "electricity_purchased").value == 12.0


def test_a_yearly_total_and_monthly_kinds_are_one_quantity() -> None:
    """1,000 t a year; twelve months of 60 t ash and 40 t slag are 1,200: counted once, not 2,200."""
    kinds = [
        *monthly("A", "solid_waste_generated:fly_ash", "60", "t"),
        *monthly("A", "solid_waste_generated:slag", "40", "t"),
    ]
    registry = of_a(stated("A", "2025", "solid_waste_generated", "1000", "t"), *kinds)
    adds_up(registry, 1200, "solid_waste_generated")
    assert len(named(registry)) == 1
    some = of_a(stated("A", "2025", "solid_waste_generated", "1000", "t"), *kinds[:12])
    assert amount(some, "2025", "solid_waste_generated").value == 1000.0


def test_kinds_of_one_period_that_exceed_their_total_are_named() -> None:
    ash = stated("A", "2025", "solid_waste_generated:fly_ash", "130", "t")
    registry = of_a(ash, stated("A", "2025", "solid_waste_generated", "100", "t"))
    assert amount(registry, "2025", "solid_waste_generated").value == 100.0
    assert "130" in named(registry)[0]


def test_other_units_are_compared_in_one() -> None:
    registry = of_a(stated("A", "2025", "diesel", "132000", "kg"), *monthly("A", "diesel", "11", "t"))
    adds_up(registry, 132)
    assert named(registry) == []
