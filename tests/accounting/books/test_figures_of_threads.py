"""Figures asked for by several threads at once are those that one thread gets, and each account is made once.

S makes power by sun and coal and sells it to A and B, W is the works that A discharges to: units that ask each other.
"""

import sys
import threading
from collections import UserDict
from collections.abc import ItemsView, Iterator, Mapping, Sequence
from threading import Event

import pytest
from small_parks import park, point, stated, subject

from xietong.accounting.books.memory import forget
from xietong.accounting.figures.account import books_of, figures
from xietong.accounting.figures.tables import table_keys
from xietong.accounting.inputs.inputs import engine_inputs
from xietong.accounting.own_make.inputs import Asked, own_make_inputs
from xietong.calc.engine.engine import Calculation
from xietong.calc.factors.book import FactorBook
from xietong.calc.figures import Figure
from xietong.park.nouns import Registry
from xietong.periods import Period

YEAR = Period.year(2024)
CODES = ("P", "东", "西", "S", "A", "B", "W")
ROWS = (
    ("S", "electricity_made:solar", "1000", "MWh", ""),
    ("S", "electricity_purchased", "300", "MWh", ""),
    ("S", "electricity_sold", "400", "MWh", "A"),
    ("S", "electricity_sold", "200", "MWh", "outside:grid"),
    ("S", "raw_coal", "900", "t", ""),
    ("S", "heat_sold", "4000", "GJ", "B"),
    ("A", "electricity_purchased", "5000", "MWh", ""),
    ("A", "heat_purchased", "700", "GJ", "B"),
    ("A", "output_value", "8000", "万元", ""),
    ("B", "heat_purchased", "4000", "GJ", "S"),
    ("B", "heat_sold", "700", "GJ", "A"),
    ("B", "electricity_renewable_self_used", "80", "MWh", ""),
    ("B", "output_value", "6000", "万元", ""),
    ("B", "solid_waste_generated", "60", "t", ""),
    ("W", "electricity_purchased", "90", "MWh", ""),
)


def traded() -> Registry:
    units = (subject("S", zone="东"), subject("A", zone="西"), subject("B", zone="西"), subject("W", zone="东"))
    zones = (subject("东", "zone"), subject("西", "zone"))
    outlets = (subject("A-W1", "outlet", "A", discharges_to="W"), subject("W-W1", "outlet", "W", "environment"))
    rows = [stated(code, "2024", item, amount, unit, counterparty=to) for code, item, amount, unit, to in ROWS]
    return park(*units, *zones, *outlets, reported=rows, points=[point("M1", "A", "electricity_purchased", "kWh")])


def all_of(registry: Registry, code: str) -> Mapping[str, Figure]:
    keys = [key for keys in table_keys(registry.subjects[code].kind).values() for key in keys]
    return figures(registry, None, code, YEAR, dict.fromkeys(keys))


@pytest.fixture
def often() -> Iterator[None]:
    """Threads that give way to each other a thousand times as often as usual."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(5e-6)
    yield
    sys.setswitchinterval(usual)


def test_threads_get_the_figures_that_one_gets(often: None) -> None:
    registry = traded()
    forget()
    alone = {code: all_of(registry, code) for code in CODES}
    assert alone["P"]["comprehensive_energy_consumption"].status == "ok"
    for first in range(2):
        forget()
        found, together = dict[tuple[int, str], Mapping[str, Figure]](), threading.Barrier(4)

        def ask(start: int, found: dict[tuple[int, str], Mapping[str, Figure]], together: threading.Barrier) -> None:
            together.wait(10)
            for code in (*CODES[start:], *CODES[:start]):
                found[start, code] = all_of(registry, code)

        starts = [(first + step) % len(CODES) for step in (0, 1, 3, 5)]
        threads = [threading.Thread(target=ask, args=(start, found, together), daemon=True) for start in starts]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
            assert not thread.is_alive()
        assert len(found) == 4 * len(CODES)
        for (_, code), figures_of in found.items():
            assert figures_of == alone[code], code


def test_threads_go_on_with_what_the_first_of_them_made() -> None:
    """Both are in the middle of making it: one of the two is kept, and both have that one."""
    registry, both, got = traded(), threading.Barrier(2), list[object]()
    forget()
    books = books_of(registry, None, "A", YEAR)
    assert books is books_of(registry, None, "B", YEAR)

    def make() -> object:
        both.wait(10)
        return object()

    threads = [threading.Thread(target=lambda: got.append(books.remember("key", make))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got[0] is got[1] is books.remember("key", object)


class Halting(UserDict[str, Figure]):
    """What was made, whose merging into the inputs halts in one thread until it may go on."""

    def __init__(self, given: Mapping[str, Figure], held: Sequence[threading.Thread], events: Sequence[Event]) -> None:
        super().__init__(given)
        self.held, (self.inside, self.go_on) = held, events

    def items(self) -> ItemsView[str, Figure]:
        if threading.current_thread() in self.held:
            self.inside.set()
            assert self.go_on.wait(10)
        return super().items()


def test_own_make_is_found_whole_or_not_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """One thread is in the middle of putting it in; another asks for a figure of it."""
    forget()
    held, events = list[threading.Thread](), (Event(), Event())

    def halting(asked: Asked) -> Halting:
        return Halting(own_make_inputs(asked), held, events)

    monkeypatch.setattr("xietong.accounting.inputs.inputs.own_make_inputs", halting)
    books = books_of(traded(), None, "S", YEAR)
    inputs = engine_inputs(books, books.registry.subjects["S"], YEAR)
    held.append(threading.Thread(target=lambda: "electricity_own" in inputs, daemon=True))
    held[0].start()
    assert events[0].wait(10)
    assert inputs["electricity_own"].value == pytest.approx(1000.0)  # what the sun made
    events[1].set()
    held[0].join(10)


class Slow(dict[str, Figure]):
    """Inputs of which one thread waits for one until it may go on."""

    def __init__(self, key: str, given: Mapping[str, Figure]) -> None:
        super().__init__(given)
        self.key, self.waiter = key, threading.Thread()
        self.inside, self.go_on = threading.Event(), threading.Event()

    def __getitem__(self, key: str) -> Figure:
        if key == self.key and threading.current_thread() is self.waiter:
            self.inside.set()
            assert self.go_on.wait(10)
        return super().__getitem__(key)


@pytest.mark.parametrize("key", ["comprehensive_energy_consumption", "energy_intensity"])
def test_what_another_thread_is_making_is_neither_a_circle_nor_absent(key: str) -> None:
    """One thread waits inside the purchase of power; another asks for the same figure, or one that rests on it."""
    given = {
        "electricity_purchased": Figure("electricity_purchased", 1000.0, "MWh"),
        "output_value": Figure("output_value", 500.0, "万元"),
    }
    wanted = Calculation(given, FactorBook.default(), YEAR.start.date(), {}).figure(key)
    inputs = Slow("electricity_purchased", given)
    calculation = Calculation(inputs, FactorBook.default(), YEAR.start.date(), {})
    inputs.waiter = threading.Thread(target=calculation.figure, args=("comprehensive_energy_consumption",), daemon=True)
    inputs.waiter.start()
    assert inputs.inside.wait(10)
    assert calculation.figure(key) == wanted
    inputs.go_on.set()
    inputs.waiter.join(10)
    assert calculation.figure(key) == wanted


def test_a_calculation_that_failed_once_can_be_asked_again() -> None:
    """An input that could not be read makes no circle of what was being made of it."""

    class Torn(dict[str, Figure]):
        is_torn = True

        def __getitem__(self, key: str) -> Figure:
            if self.is_torn:
                raise OSError(5, "Input/output error")
            return super().__getitem__(key)

    inputs = Torn(electricity_purchased=Figure("electricity_purchased", 1000.0, "MWh"))
    calculation = Calculation(inputs, FactorBook.default(), YEAR.start.date(), {})
    with pytest.raises(OSError, match="Input"):
        calculation.figure("comprehensive_energy_consumption")
    inputs.is_torn = False
    assert calculation.figure("comprehensive_energy_consumption").value == pytest.approx(122.9)
