"""What was computed is kept, bounded, and computed once for all who wait; who asks for something else does not wait."""

import threading
import time
from functools import partial

from small_parks import HoursLake, hours_of, park, subject

from xietong.accounting.books.memory import Gates, Memory, made_of
from xietong.periods import Period


def test_an_answer_is_computed_once_for_all_who_wait() -> None:
    memory, computed, together = Memory(8), [], threading.Barrier(4)

    def compute() -> int:
        computed.append(1)
        time.sleep(0.05)  # the others come while it is being made
        return 7

    def ask() -> None:
        together.wait()
        assert memory.get("key", compute) == 7

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert computed == [1]


def test_the_answer_asked_for_longest_ago_is_given_up_first() -> None:
    memory, made = Memory(2), list[str]()

    def make(name: str) -> str:
        made.append(name)
        return name.upper()

    for name in ("a", "b", "a", "c", "a", "b"):
        assert memory.get(name, partial(make, name)) == name.upper()
    assert made == ["a", "b", "c", "b"]


def test_one_slow_answer_does_not_hold_up_another() -> None:
    memory, inside, go_on = Memory(8), threading.Event(), threading.Event()

    def slow() -> int:
        inside.set()
        go_on.wait(10)
        return 1

    thread = threading.Thread(target=lambda: memory.get("slow", slow))
    thread.start()
    assert inside.wait(10)
    assert memory.get("quick", lambda: 2) == 2
    go_on.set()
    thread.join()


def test_nothing_is_an_answer_too_and_what_failed_is_tried_again() -> None:
    memory, tries = Memory(8), list[int]()

    def fails_once() -> None:
        tries.append(1)
        if len(tries) == 1:
            raise OSError

    for _ in range(3):
        try:
            assert memory.get("key", fails_once) is None
        except OSError:
            assert tries == [1]
    assert len(tries) == 2


def test_a_gate_is_there_only_as_long_as_somebody_wants_it() -> None:
    gates = Gates()
    with gates.one_at_a_time("a"), gates.one_at_a_time("a"), gates.one_at_a_time("b"):
        assert set(gates._gates) == {"a", "b"}
    assert gates._gates == {}


def test_figures_are_made_of_the_registry_the_lake_and_the_years_in_reach() -> None:
    """Two years back: what stands in for hours at the start of the year before, by which a share is weighed."""
    made, lake, year = park(subject("A")), HoursLake({}), Period.year(2025)
    assert made_of(made, lake, year) == made_of(park(subject("A")), lake, year)
    assert list(made_of(made, lake, year).years) == [2023, 2024, 2025]
    assert list(made_of(made, lake, Period.parse("2024-12..2025-01")).years) == [2022, 2023, 2024, 2025]
    others = (made_of(park(subject("B")), lake, year), made_of(made, HoursLake({}), year), made_of(made, None, year))
    assert made_of(made, lake, year) not in others
    before = made_of(made, lake, year)
    lake.say({"M": hours_of("2022-06-01", "1")})
    assert made_of(made, lake, year) == before
    lake.say({"M": hours_of("2023-06-01", "1")})
    assert made_of(made, lake, year) != before
