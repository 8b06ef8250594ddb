"""What is remembered, used by many at once: as every page does, each in a thread of its own."""

import time
from concurrent.futures import ThreadPoolExecutor

from small_parks import HoursLake, park, subject

from xietong.accounting.books.memory import REGISTRIES_KEPT, Memory, books_for, forget
from xietong.periods import Period

YEAR = Period.year(2025)


class SlowlyHashed(str):
    """The act that a registry was read at, which lets another thread run whenever it is looked up."""

    __slots__ = ()

    def __hash__(self) -> int:
        time.sleep(0.0005)
        return super().__hash__()


def test_books_of_many_registries_are_made_at_once() -> None:
    """More threads than are remembered: each puts its own away and lets the oldest go, in the same moment."""
    forget()
    lake = HoursLake({})
    made_at = [park(subject("A")).as_read_at(SlowlyHashed(number)) for number in range(4 * REGISTRIES_KEPT)]
    with ThreadPoolExecutor(len(made_at)) as threads:
        made = list(threads.map(lambda registry: books_for(registry, lake, YEAR), made_at))
    assert [each.registry.read_at for each in made] == [each.read_at for each in made_at]
    forget()


def test_what_was_put_last_is_kept_longest_and_no_more_than_its_size() -> None:
    memory = Memory(2)
    for key in ("a", "b", "a", "c"):
        memory.put(key, key.upper())
    assert [memory.last(key) for key in "abc"] == ["A", None, "C"]
    memory.clear()
    assert memory.last("a") is None
