"""Batches: the figures of `accounts`, to the last digit and with the same working, however many workers there are; and
what a changed statement touches."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from functools import cache

import pytest
from small_parks import ZONE, HoursLake, monthly, park, point, stated, subject

from xietong.accounting.books.affected import touched
from xietong.accounting.books.memory import forget
from xietong.accounting.figures.account import explain, figures
from xietong.accounting.figures.batch import Accounted, accounts, each_account
from xietong.calc.figures import Figure
from xietong.park.nouns import Registry
from xietong.periods import Period

YEAR = Period.year(2025)
PERIODS = (Period.month(2025, 3), Period.month(2025, 4), YEAR)
HOURS = {"A-m": {Period.month(2025, 3).utc(ZONE)[0]: "700"}}
CODES = ("P", "Z", "A", "B")
Told = dict[str, Figure]


@pytest.fixture(autouse=True)
def nothing_remembered() -> Iterator[None]:
    forget()
    yield
    forget()


def small(diesel: str = "3", april: str = "5", sold_to: str = "") -> Registry:
    rows = [
        *monthly("A", "diesel", diesel, "t", months=[1, 2, 3]),
        stated("A", "2025-04", "diesel", april, "t", counterparty=sold_to),
        *monthly("A", "output_value", "100", "万元"),
        *monthly("B", "raw_coal", "11", "t"),
        *monthly("B", "output_value", "80", "万元"),
        *monthly("B", "cod", "0.2", "t", months=[1, 2, 3]),
    ]
    points = [point("A-m", "A", "electricity_purchased", "kWh")]
    zone = subject("Z", "zone")
    return park(zone, subject("A", zone="Z"), subject("B"), reported=rows, points=points)


def told(account: Accounted) -> Told:
    return account.figures


@cache
def lake() -> HoursLake:
    return HoursLake(HOURS)


def alone(registry: Registry) -> dict[tuple[str, Period], Told]:
    """Every figure asked for one by one."""
    return {(code, period): figures(registry, lake(), code, period) for code in CODES for period in PERIODS}


def in_batch(registry: Registry, workers: int = 1, keep: bool = False) -> dict[tuple[str, Period], Told]:
    wanted = [(code, period) for code in CODES for period in PERIODS]
    return dict(each_account(registry, lake(), wanted, told, workers, keep))


@pytest.mark.parametrize("workers", [1, 2])
def test_a_batch_gives_every_figure_with_the_working_that_explain_gives(workers: int) -> None:
    registry = small()
    made = in_batch(registry, workers)
    forget()
    assert made == alone(registry)
    some = made["P", YEAR]["comprehensive_energy_consumption"]
    assert some.value is not None
    assert some.inputs
    assert some == explain(registry, lake(), "comprehensive_energy_consumption", "P", YEAR)


def test_accounts_come_period_by_period_and_groups_after_their_units() -> None:
    found = [(each.subject, each.period) for each in accounts(small(), lake(), CODES, PERIODS)]
    assert found == [(code, period) for period in PERIODS for code in ("A", "B", "P", "Z")]


def test_what_is_asked_first_changes_no_figure() -> None:
    registry, keys = small(), list(figures(small(), lake(), "A", YEAR))
    forward = figures(registry, lake(), "A", YEAR, keys)
    forget()
    assert figures(registry, lake(), "A", YEAR, reversed(keys)) == forward


def test_a_worker_that_fails_is_heard_of() -> None:
    def fails(account: Accounted) -> Told:
        raise SystemExit(3)

    wanted = [("A", period) for period in PERIODS]
    with pytest.raises(ChildProcessError, match="before its work was done"):
        list(each_account(small(), lake(), wanted, fails, workers=2))


@pytest.mark.parametrize(
    "changed",
    [
        small(april="5.5"),
        small(diesel="4"),
        replace(small(), reported=small().reported[3:]),
        replace(small(), reported=small().reported[:-3]),
        replace(small(), reported=(*small().reported, stated("A", "2025", "lpg", "2", "t"))),
        replace(small(), choices={**small().choices, "output_value": "added"}),
    ],
)
def test_what_is_touched_and_what_is_kept_are_together_what_a_batch_from_nothing_gives(changed: Registry) -> None:
    registry = small()
    before = in_batch(registry, keep=True)
    again = touched(registry, changed, before)
    renewed = dict(each_account(changed, lake(), again, told, keep=True))
    assert any(renewed[each] != before[each] for each in renewed)
    forget()
    assert {**before, **renewed} == in_batch(changed)


def test_a_corrected_statement_touches_its_month_its_year_and_the_groups_above() -> None:
    wanted = [(code, period) for code in CODES for period in PERIODS]
    april = Period.month(2025, 4)
    expected = {(code, period) for code in ("A", "P", "Z") for period in (april, YEAR)}
    assert set(touched(small(), small(april="5.5"), wanted)) == expected
    assert touched(small(), small(), wanted) == []


def test_a_statement_that_names_another_subject_touches_that_one_too() -> None:
    wanted = [("B", Period.month(2025, 4))]
    assert touched(small(sold_to="B"), small(april="6", sold_to="B"), wanted) == wanted
    assert touched(small(), small(april="6"), wanted) == []


def test_a_statement_that_makes_an_item_due_touches_the_months_after_it() -> None:
    changed = replace(small(), reported=(*small().reported, stated("A", "2025-03", "lpg", "2", "t")))
    wanted = [("A", period) for period in PERIODS]
    assert touched(small(), changed, wanted) == wanted


def test_a_statement_of_the_day_before_a_leap_day_touches_the_year_after_it() -> None:
    """Its end is 29 February, a day that the next year has not (was: a traceback)."""
    day, later = Period.parse("2024-02-28"), Period.parse("2025-02")
    changed = replace(small(), reported=(*small().reported, stated("A", day.label, "lpg", "2", "t")))
    assert touched(small(), changed, [("A", day), ("A", later), ("B", day)]) == [("A", day), ("A", later)]


def test_a_month_that_shares_its_year_touches_the_other_months() -> None:
    """A year of 12 t, settled, shared by months that were estimated: each of them changes with one of them."""
    rows = [replace(row, method="estimate") for row in monthly("A", "lpg", "2", "t")]
    year = stated("A", "2025", "lpg", "12", "t", method="bill")
    before = replace(small(), reported=(*small().reported, year, *rows))
    after = replace(before, reported=(*small().reported, year, replace(rows[0], amount=Decimal(4)), *rows[1:]))
    wanted = [("A", Period.month(2025, month)) for month in (1, 7)]
    assert touched(before, after, wanted) == wanted
