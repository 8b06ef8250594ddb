"""What was computed is remembered in memory by what it was made from: the act that the registry was read at, else its
content, and the lake's files (`made_of`, the one place where that is written down).

A few registries' books are kept, each bounded; a new registry or new readings of the years concerned make new books,
so nothing stale is ever shown and nothing is ever invalidated by hand.
"""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from functools import cache
from operator import attrgetter
from typing import Any, NamedTuple, TypeVar, cast

from xietong.accounting.books.affected import related
from xietong.accounting.books.consolidation import Books, Ground
from xietong.accounting.factors.in_force import day_of
from xietong.accounting.sources.lake_years import Keep
from xietong.lake.store import Lake
from xietong.park.nouns import Registry
from xietong.periods import Period

Made = TypeVar("Made")
_ABSENT = object()
BOOKS_KEPT, EXTENTS_KEPT, REGISTRIES_KEPT = 8, 32, 4


class Gates:
    """A lock for each key, there as long as somebody holds it or waits for it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._gates: dict[Hashable, tuple[threading.RLock, int]] = {}

    @contextmanager
    def one_at_a_time(self, key: Hashable) -> Iterator[None]:
        """Alone with a key; whoever asks for another one does not wait."""
        with self._lock:
            gate, others = self._gates.get(key, (threading.RLock(), 0))
            self._gates[key] = gate, others + 1
        try:
            with gate:
                yield
        finally:
            with self._lock:
                _, still = self._gates.pop(key)
                if still > 1:
                    self._gates[key] = gate, still - 1


class Memory:
    """A bounded memory: the least recently used is forgotten first."""

    def __init__(self, size: int) -> None:
        self._size, self._kept = size, OrderedDict[Hashable, Any]()
        self._lock, self._gates = threading.Lock(), Gates()

    def get(self, key: Hashable, make: Callable[[], Made]) -> Made:
        """What was made under the key, made now where it is not there; who asks meanwhile waits for the one answer."""
        found = self._find(key)
        if found is _ABSENT:
            with self._gates.one_at_a_time(key):
                found = self._find(key)
                if found is _ABSENT:
                    found = make()
                    self.put(key, found)
        return cast("Made", found)

    def last(self, key: Hashable) -> object:
        """What was put under the key; None where nothing was, or it is forgotten."""
        with self._lock:
            return self._kept.get(key)

    def put(self, key: Hashable, made: object) -> None:
        """Remember this under the key from now on, as what was used last."""
        with self._lock:
            self._kept[key] = made
            self._kept.move_to_end(key)
            while len(self._kept) > self._size:
                self._kept.popitem(last=False)

    def _find(self, key: Hashable) -> object:
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key, _ABSENT)

    def clear(self) -> None:
        """Let go of everything."""
        with self._lock:
            self._kept.clear()


_books = Memory(BOOKS_KEPT)
_extents = Memory(EXTENTS_KEPT)
_grounds = Memory(REGISTRIES_KEPT)
# The newest books of what the lake was read by: the next ones take over what a changed statement does not touch.
_latest = Memory(REGISTRIES_KEPT)
_NOT_READ = frozenset(
    {"reported", "targets", "documents", "measures", "effects", "flows", "key_lists", "expected", "factors", "choices"}
    | {"accounts"}
)


def forget() -> None:
    """Let go of all that is remembered: the next figures are made from nothing but registry and lake."""
    for memory in (_books, _extents, _grounds, _latest):
        memory.clear()


class MadeOf(NamedTuple):
    """What the figures of a period are made of: a registry, a lake, and what that holds of the years in reach."""

    registry: str
    root: str | None
    years: range
    stamps: tuple[Hashable, ...]


def made_of(registry: Registry, lake: Lake | None, period: Period) -> MadeOf:
    """What tells the figures of a period from all others: whatever is kept of them is kept under this.

    They reach back one year, for what was due and for its weight, and into the year before, for what stands in for
    hours at its start.
    """
    years = range(period.start.year - 2, day_of(period).year + 1)
    root = None if lake is None else str(lake.root)
    return MadeOf(fingerprint(registry), root, years, tuple(stamp(lake, year) for year in years))


def books_for(registry: Registry, lake: Lake | None, period: Period) -> Books:
    """The books of a period's figures."""
    key = made_of(registry, lake, period)
    whole, root, years, stamps = key
    read = ground_of_readings(registry)

    def keep(key: Hashable, extent: Period, make: Callable[[], Made]) -> Made:
        held = tuple(stamp(lake, year) for year in range(extent.start.year, day_of(extent).year + 1))
        made: Made = _extents.get((read, root, key, held), make)
        return made

    def books() -> Books:
        found = _latest.last((read, root, years, stamps))
        before = found if isinstance(found, Books) else None
        ground = _grounds.get(whole, lambda: Ground(registry, before.ground if before else None))
        made = Books(ground, lake, _once(keep))
        if before is not None:
            made.take_over(before, related(before.registry, registry))
        _latest.put((read, root, years, stamps), made)
        return made

    return _books.get(key, books)


def _once(keep: Keep) -> Keep:
    """Ask the memory once a key: books are of one state of the lake, so its stamps need not be taken again."""
    own: dict[Hashable, Any] = {}

    def kept(key: Hashable, extent: Period, make: Callable[[], Made]) -> Made:
        if key not in own:
            own[key] = keep(key, extent, make)
        found: Made = own[key]
        return found

    return kept


def fingerprint(registry: Registry) -> str:
    """What tells the registry from every other: the act that it was read at, else the SHA-256 of all that it holds."""
    return registry.read_at or _digest(registry, "whole", registry.facts)


def ground_of_readings(registry: Registry) -> str:
    """The SHA-256 of that part of the registry by which the lake is read."""
    return _digest(registry, "read", [name for name in registry.facts if name not in _NOT_READ])


def _digest(registry: Registry, called: str, names: Iterable[str]) -> str:
    if called not in registry.known:
        found = hashlib.sha256()
        for name in names:
            for piece in _pieces(getattr(registry, name)):
                found.update(piece)
            found.update(b"\x1d")
        registry.known[called] = found.hexdigest()
    return registry.known[called]


def _pieces(value: object) -> Iterator[bytes]:
    """A value in bytes, the same for what is equal and no others for what is not: -1 and -2, 1 and "1" differ."""
    listed: Iterable[object] = (value,)
    if isinstance(value, Mapping):
        listed = (part for key in sorted(value) for part in (key, value[key]))
    elif isinstance(value, tuple):
        listed = value
    for each in listed:
        told = _columns(type(each))(each) if is_dataclass(each) and not isinstance(each, type) else each
        told = sorted(told.items()) if isinstance(told, Mapping) else told
        yield repr(told).encode() + b"\x1e"


@cache
def _columns(kind: Hashable) -> Callable[[object], object]:
    """What reads all columns of one kind of fact; its period by its two ends."""
    assert isinstance(kind, type)
    assert is_dataclass(kind)
    names = [each.name for each in fields(kind)]
    return attrgetter(*(end for name in names for end in _ENDS.get(name, (name,))))


_ENDS: Mapping[str, tuple[str, ...]] = {"period": ("period.start", "period.end")}


def stamp(lake: Lake | None, year: int) -> Hashable:
    """What the lake's rolled-up tables hold of one calendar year: it changes when, and only when, their files do."""
    if lake is None:
        return None
    named = {str(year)} | {f"{year}-{month:02}" for month in range(1, 13)} | {f"{year - 1}-12", f"{year + 1}-01"}
    files = [*lake.hourly_table.view().files, *lake.daily_table.view().files]
    return tuple(sorted(str(file.path) for file in files if file.partition in named))
