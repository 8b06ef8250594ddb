"""One quantity stated twice in other words: a year without counterparty, use or grade beside months that name them.

Found by trying: 1,200 MWh of a year without a counterparty and twelve months of 110 from the grid became 2,520, ok.
"""

from dataclasses import replace
from decimal import Decimal

import pytest
from small_parks import monthly, park, stated, subject

from xietong.accounting import explain
from xietong.accounting.books.consolidation import Ground
from xietong.accounting.figures.account import account
from xietong.calc.figures import Figure
from xietong.park.nouns import Registry, ReportedAmount
from xietong.periods import Period

ENERGY = "comprehensive_energy_consumption"
BOUGHT = "electricity_purchased"


def of_a(*rows: ReportedAmount, **choices: str) -> Registry:
    return park(subject("A"), subject("B"), reported=rows, choices=choices)


def amount(registry: Registry, period: str, key: str = ENERGY, code: str = "A") -> Figure:
    return explain(registry, None, key, code, Period.parse(period))


def named(registry: Registry) -> list[str]:
    return [each.text.zh for _, asides in Ground(registry).statements.all_beside() for each in asides if each.is_named]


def each_month(item: str, unit: str, amount: str, use: str = "", counterparty: str = "") -> list[ReportedAmount]:
    return [replace(row, use=use, counterparty=counterparty) for row in monthly("A", item, amount, unit)]


def test_a_year_without_a_counterparty_and_its_months_with_one_are_one_quantity() -> None:
    """12 × 110 = 1,320 MWh × 0.1229 tce/MWh; the year's 1,200 is 10 % apart and named at every figure."""
    months = each_month(BOUGHT, "MWh", "110", counterparty="outside:grid")
    registry = of_a(stated("A", "2025", BOUGHT, "1200", "MWh"), *months)
    for code in ("A", "P"):
        found = amount(registry, "2025", code=code)
        assert found.value == pytest.approx(1320 * 0.1229, rel=1e-12)
        assert any("1200 MWh" in each.zh and "1320" in each.zh for each in found.remarks), code
    halves = [amount(registry, half).value or 0 for half in ("2025-H1", "2025-H2")]
    assert sum(halves) == pytest.approx(1320 * 0.1229)
    assert len(named(registry)) == 1


def test_within_five_percent_nothing_is_said() -> None:
    months = each_month(BOUGHT, "MWh", "100", counterparty="outside:grid")
    registry = of_a(stated("A", "2025", BOUGHT, "1201", "MWh"), *months)
    assert amount(registry, "2025", BOUGHT).value == 1200
    assert named(registry) == []


def test_a_second_supplier_of_another_size_is_added() -> None:
    """A yearly bill of the grid and a neighbour's roof month by month: 5,000 + 12 × 80."""
    months = each_month(BOUGHT, "MWh", "80", counterparty="B")
    registry = of_a(stated("A", "2025", BOUGHT, "5000", "MWh"), *months)
    assert amount(registry, "2025", BOUGHT).value == 5960


def test_two_that_name_their_suppliers_are_two() -> None:
    months = each_month(BOUGHT, "MWh", "110", counterparty="B")
    registry = of_a(stated("A", "2025", BOUGHT, "1200", "MWh", counterparty="outside:grid"), *months)
    assert amount(registry, "2025", BOUGHT).value == 2520
    assert named(registry) == []


@pytest.mark.parametrize(("year", "expected"), [("1250", 2570), ("1000", 2320)])
def test_a_year_that_names_its_supplier_may_be_of_another(year: str, expected: float) -> None:
    """5.6 % and 32 % apart: only a year within 5 % of its months without a name is taken as theirs."""
    rows = (stated("A", "2025", BOUGHT, year, "MWh", counterparty="outside:grid"), *monthly("A", BOUGHT, "110", "MWh"))
    assert amount(of_a(*rows), "2025", BOUGHT).value == expected
    near = replace(rows[0], amount=Decimal(1310))
    assert amount(of_a(near, *rows[1:]), "2025", BOUGHT).value == 1320


def test_suppliers_that_follow_each_other_fill_the_year_together() -> None:
    first, last = (each_month(BOUGHT, "MWh", "100", counterparty=name) for name in ("outside:a", "outside:b"))
    registry = of_a(stated("A", "2025", BOUGHT, "1150", "MWh"), *first[:6], *last[6:])
    assert amount(registry, "2025", BOUGHT).value == 1200


def test_one_month_that_names_its_supplier_does_not_bring_the_year_back() -> None:
    months = [*monthly("A", BOUGHT, "10", "MWh")[:11], *each_month(BOUGHT, "MWh", "10", counterparty="outside:x")[11:]]
    registry = of_a(stated("A", "2025", BOUGHT, "120", "MWh"), *months)
    assert amount(registry, "2025", BOUGHT).value == 120


@pytest.mark.parametrize("use", ["fuel", "conversion"])
def test_a_year_of_coal_without_a_use_and_its_months_with_one(use: str) -> None:
    registry = of_a(stated("A", "2025", "raw_coal", "1200", "t"), *each_month("raw_coal", "t", "110", use=use))
    assert amount(registry, "2025").value == pytest.approx(1320 * 0.7143, rel=1e-12)
    assert len(named(registry)) == 1


def test_burnt_with_or_without_the_word_is_one_line_however_far_apart() -> None:
    registry = of_a(stated("A", "2025", "raw_coal", "400", "t"), *each_month("raw_coal", "t", "110", use="fuel"))
    assert amount(registry, "2025").value == pytest.approx(1320 * 0.7143, rel=1e-12)
    both = of_a(stated("A", "2025-03", "raw_coal", "4", "t"), stated("A", "2025-03", "raw_coal", "3", "t", use="fuel"))
    assert amount(both, "2025-03", "raw_coal").value == 7


def test_raw_material_is_another_use_and_stays_another_amount() -> None:
    registry = of_a(stated("A", "2025", "raw_coal", "1200", "t"), *each_month("raw_coal", "t", "100", use="feedstock"))
    assert amount(registry, "2025").value == pytest.approx(1200 * 0.7143, rel=1e-12)
    assert amount(registry, "2025", "energy_with_feedstock").value == pytest.approx(2400 * 0.7143, rel=1e-12)


def test_a_year_of_steam_without_a_grade_and_months_of_several() -> None:
    """Twelve months of 1,000 t at a grade of its own each; the year's 11,500 t without one is 4.2 % apart."""
    months = [stated("A", f"2025-{m:02}", f"steam_purchased:1.0MPa_{229 + m}C", "1000", "t") for m in range(1, 13)]
    registry, alone = of_a(stated("A", "2025", "steam_purchased", "11500", "t"), *months), of_a(*months)
    assert amount(registry, "2025").value == amount(alone, "2025").value
    assert amount(registry, "2025").status == "ok"


def test_a_year_with_stocks_is_held_against_its_months_as_well() -> None:
    year = replace(stated("A", "2025", "raw_coal", "1200", "t"), opening=Decimal(10), closing=Decimal(10))
    registry = of_a(year, *each_month("raw_coal", "t", "110", counterparty="outside:mine"))
    assert account(registry, None, "A", Period.parse("2025")).figure("raw_coal").value == 1320
