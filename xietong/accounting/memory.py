"""What was computed is remembered in memory by what it was made from: the registry's content and the lake's files.

A few registries' books are kept, each bounded; a new registry or new readings of the years concerned make new books,
so nothing stale is ever shown and nothing is ever invalidated by hand.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from typing import Any, TypeVar

from xietong.accounting.books import Books, Ground
from xietong.accounting.extracts import Keep
from xietong.accounting.factors import day_of
from xietong.accounting.metered import LakeTables
from xietong.accounting.touched import related
from xietong.lake.store import Lake
from xietong.park.nouns import Registry
from xietong.periods import Period

Made = TypeVar("Made")
BOOKS_KEPT, EXTENTS_KEPT, REGISTRIES_KEPT = 8, 32, 4


class Memory:
    """A bounded memory: the least recently used is forgotten first."""

    def __init__(self, size: int) -> None:
        self._size, self._kept = size, OrderedDict[Hashable, Any]()
        self._lock = threading.Lock()

    def get(self, key: Hashable, make: Callable[[], Made]) -> Made:
        """What was made under the key, made now where it is not there; two threads may make the same thing twice."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                found: Made = self._kept[key]
                return found
        made = make()
        with self._lock:
            self._kept[key] = made
            while len(self._kept) > self._size:
                self._kept.popitem(last=False)
        return made

    def clear(self) -> None:
        """Let go of everything."""
        with self._lock:
            self._kept.clear()


_books = Memory(BOOKS_KEPT)
_extents = Memory(EXTENTS_KEPT)
_fingerprints = Memory(REGISTRIES_KEPT)
_grounds = Memory(REGISTRIES_KEPT)
# The newest books of what the lake was read by: the next ones take over what a changed statement does not touch.
_latest: dict[Hashable, Books] = {}
_NOT_READ = frozenset(
    {"reported", "targets", "documents", "measures", "effects", "flows", "key_lists", "expected", "factors", "choices"}
    | {"accounts"}
)


def forget() -> None:
    """Let go of all that is remembered: the next figures are made from nothing but registry and lake."""
    for memory in (_books, _extents, _fingerprints, _grounds):
        memory.clear()
    _latest.clear()


def books_for(registry: Registry, lake: LakeTables | None, period: Period) -> Books:
    """The books of a period's figures: they reach back one year, for what was due and for its weight, and
    into the year before, for what stands in for hours at its start."""
    # A lake without a folder is told apart by its identity; what was made of it holds it, so no other can take that.
    years = range(period.start.year - 2, day_of(period).year + 1)
    stamps = tuple(stamp(lake, year) for year in years)
    whole, read = fingerprints(registry)
    root = None if lake is None else str(getattr(lake, "root", id(lake)))

    def keep(key: Hashable, extent: Period, make: Callable[[], Made]) -> Made:
        made_of = tuple(stamp(lake, year) for year in range(extent.start.year, day_of(extent).year + 1))
        _, made = _extents.get((read, root, key, made_of), lambda: (lake, make()))
        return made

    def books() -> Books:
        before = _latest.get((read, root, years, stamps))
        ground = _grounds.get(whole, lambda: Ground(registry, before.ground if before else None))
        made = Books(ground, lake, _once(keep))
        if before is not None:
            made.take_over(before, related(before.registry, registry))
        _latest[read, root, years, stamps] = made
        while len(_latest) > REGISTRIES_KEPT:
            _latest.pop(next(iter(_latest)))
        return made

    return _books.get((whole, root, years, stamps), books)


def _once(keep: Keep) -> Keep:
    """Ask the memory once a key: books are of one state of the lake, so its stamps need not be taken again."""
    own: dict[Hashable, Any] = {}

    def kept(key: Hashable, extent: Period, make: Callable[[], Made]) -> Made:
        if key not in own:
            own[key] = keep(key, extent, make)
        found: Made = own[key]
        return found

    return kept


def fingerprint(registry: Registry) -> int:
    """A number for the registry's whole content."""
    return fingerprints(registry)[0]


def fingerprints(registry: Registry) -> tuple[int, int]:
    """A number for the registry's whole content, and one for that part of it by which the lake is read."""
    key = id(registry)  # the registry is held, so that its identity cannot be reused
    _, numbers = _fingerprints.get(key, lambda: (registry, _content(registry)))
    return numbers


def _content(registry: Registry) -> tuple[int, int]:
    numbers = {name: hash(_hashable(getattr(registry, name))) for name in registry.__slots__}
    read = tuple(number for name, number in numbers.items() if name not in _NOT_READ)
    return hash(tuple(numbers.values())), hash(read)


def _hashable(value: object) -> Hashable:
    if isinstance(value, Mapping):
        return tuple((key, _hashable(each)) for key, each in sorted(value.items()))
    if isinstance(value, tuple):
        return tuple(_hashable(each) for each in value)
    return value if isinstance(value, Hashable) else repr(value)


def stamp(lake: LakeTables | None, year: int) -> Hashable:
    """What the lake's rolled-up tables hold of one calendar year: it changes when, and only when, their files do."""
    if lake is None:
        return None
    if not isinstance(lake, Lake):
        return lake.version()
    named = {str(year)} | {f"{year}-{month:02}" for month in range(1, 13)} | {f"{year - 1}-12", f"{year + 1}-01"}
    files = [*lake.hourly_table.view().files, *lake.daily_table.view().files]
    return hash(tuple(sorted(str(file.path) for file in files if file.partition in named)))
