"""Figures of different subjects are computed at once, the same one once; what is kept is kept by what it rests on."""

import threading
import time
from collections.abc import Callable

import pytest
from small_parks import HoursLake, monthly, park, subject

from xietong.accounting.books import memory
from xietong.accounting.figures import account as accounts
from xietong.calc.figures import Figure
from xietong.park.nouns import Registry
from xietong.periods import Period
from xietong.web.figures import balance_figures
from xietong.web.shell import park_data, park_figures
from xietong.web.shell.shelf import SHELF

KEY, YEAR = "comprehensive_energy_consumption", Period.year(2025)


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> Registry:
    rows = [row for code in "AB" for row in monthly(code, "electricity_purchased", "100", "MWh")]
    monkeypatch.setattr(park_data, "lake", lambda _: None)
    SHELF.clear()
    memory.forget()
    return park(subject("A"), subject("B"), reported=rows)


def together(*asked: Callable[[], object]) -> None:
    threads = [threading.Thread(target=each, daemon=True) for each in asked]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
        assert not thread.is_alive()


def test_figures_of_different_subjects_are_computed_at_once(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each waits inside its computation for the other."""
    both, found = threading.Barrier(2), dict[str, Figure]()

    def explained(park: Registry, lake: None, key: str, subject: str, period: Period) -> Figure:
        both.wait(10)
        return accounts.explain(park, lake, key, subject, period)

    monkeypatch.setattr("xietong.web.shell.park_figures.explain", explained)

    def ask(code: str) -> Callable[[], object]:
        return lambda: found.update({code: park_figures.figure_tree(registry, code, KEY, YEAR)})

    together(ask("A"), ask("B"))
    assert {code: figure.value for code, figure in found.items()} == {
        "A": pytest.approx(147.48),
        "B": pytest.approx(147.48),
    }


def test_the_same_figure_is_computed_once(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []
    whole = accounts.Account._made

    def counted(self: accounts.Account, key: str) -> Figure:
        made.append(key)
        time.sleep(0.05)  # the others come while it is being made
        return whole(self, key)

    monkeypatch.setattr(accounts.Account, "_made", counted)
    together(*[lambda: park_figures.figure_tree(registry, "A", KEY, YEAR)] * 4)
    assert made.count(KEY) == 1


def test_a_balance_is_made_anew_when_readings_two_years_before_change(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What stands in for hours at the start of the year before comes from there, and weighs what is absent now."""
    held: dict[int, int] = {}
    made: list[int] = []
    lake = HoursLake({})
    monkeypatch.setattr(park_data, "lake", lambda _: lake)
    monkeypatch.setattr("xietong.accounting.books.memory.stamp", lambda _lake, year: held.get(year, 0))
    monkeypatch.setattr("xietong.accounting.balances.balance_sheet.balance", lambda *_: made.append(1))

    def made_after(year: int) -> int:
        held[year] = held.get(year, 0) + 1
        for _ in range(2):
            balance_figures.balance(registry, "P", YEAR)
        return len(made)

    assert [made_after(year) for year in (2025, 2024, 2023, 2022, 2026)] == [1, 2, 3, 3, 3]
