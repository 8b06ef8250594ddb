"""Settler: takes journal entries, adds their readings to the lake together with the journals' positions, rolls up.

Exactly once: the lake's commit carries both. What was read and not committed is read again after a crash; what was
committed and not noted elsewhere is known by the lake. The journal is made durable before the lake relies on it.
"""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event
from typing import NamedTuple
from zoneinfo import ZoneInfo

from xietong.intake.devices import Asking, BadSettings, BookFile, DeviceBook
from xietong.journal import CorruptSegment, JournalError, print_of
from xietong.lake.points import PointSpec
from xietong.lake.store import Lake
from xietong.park.bringing import prepared
from xietong.protocols.hj212 import ColumnReader
from xietong.readings import Entry, Mark
from xietong.settle.batch import Batch
from xietong.settle.devices.due import NO_STOPS, Standstills, missing
from xietong.settle.devices.live import Live
from xietong.settle.devices.register import Register
from xietong.settle.devices.requests import plan, write
from xietong.settle.imports import import_file
from xietong.settle.journals.carrying import carry_over
from xietong.settle.journals.followers import Follower, Followers
from xietong.settle.journals.keeping import StandingKeeper
from xietong.settle.taking import LIVE_KINDS, READINGS_OF, Taken, take
from xietong.texts import Text

LOG = logging.getLogger("xietong.settle")


# With ten thousand devices there is always a newer entry; whoever is this near to now misses nothing that waits.
CAUGHT_UP = timedelta(seconds=60)


class Conditions(NamedTuple):
    """When to commit (readings, seconds since the first that waits), to roll up while idle and while busy, to look for
    a changed registry, to say what devices are to be asked for, and to look for new entries; in seconds."""

    batch: int = 50_000
    commit: float = 5.0
    live: float = 1.0
    roll_up: float = 3.0
    roll_up_busy: float = 60.0
    registry: float = 10.0
    asking: float = 30.0
    poll: float = 0.2


USUAL = Conditions()


class Settler:
    """One data folder's settle; hold SettleLock while it lives.

    load_points: the mapping of the moment, asked again and again; clock: UTC now, for the times written in live.json;
    load_stops: the declared stops of production of the moment, by point.
    """

    def __init__(
        self,
        data: Path,
        zone: ZoneInfo,
        load_points: Callable[[], Sequence[PointSpec]],
        clock: Callable[[], datetime],
        conditions: Conditions = USUAL,
        load_stops: Callable[[], Standstills] = lambda: NO_STOPS,
    ) -> None:
        self._data, self._clock, self._conditions = data, clock, conditions
        self.lake = Lake(data / "lake", zone, is_settling=True)
        self._live = Live(data / "live.json")
        self._register = Register(data / "registry.json", load_points, load_stops)
        self._standing = StandingKeeper(self.lake)
        self._settled, self._marks = self.lake.positions(), self.lake.marks()
        passed = carry_over(data / "journal", self.lake, self._report)
        counted = dict(self._live.positions)
        self._followers = Followers(data / "journal", self._settled, counted, self._report, passed)
        self._counted = counted
        self._batch = Batch()
        self._reader = ColumnReader()
        self._touched: set[Follower] = set()
        self._waiting_since: float | None = None
        self._uncommitted = 0
        self._rolled_at = self._looked_at = self._written_at = float("-inf")
        self._is_rolled = self._has_asked = False
        self._asked_at = float("-inf")
        self._settings = self._read_settings()
        prepared.sweep(data)

    def step(self) -> int:
        """Take what has come, at most about a megabyte a journal; commit and roll up where it is time.

        Returns how many entries were taken; 0 means that there is nothing more for now.
        """
        taken, is_behind = 0, False
        for follower in self._followers.look():
            entry = None
            for entry in follower.entries():
                self._take(entry, follower)
                taken += 1
            is_behind = is_behind or (entry is not None and self._clock() - entry.received_at > CAUGHT_UP)
            if self._batch.rows >= self._conditions.batch:
                self.commit()
        if self._is_due():
            self.commit()
        self._roll_up_if_due(busy=taken > 0)
        if not is_behind:  # what waits in a journal is not missing
            self._ask_if_due()
        return taken

    def finish(self, roll_up: bool = True) -> None:
        """Commit whatever waits, and roll it up unless the next start is to do that."""
        self.commit()
        self._write_live()
        if roll_up:
            self._roll_up()

    def run(self, stop: Event, once: bool = False) -> None:
        """Settle until stop is set, or once: until nothing more is there. Ends in good order either way."""
        try:
            while not stop.is_set():
                if self.step() == 0:
                    if once:
                        break
                    stop.wait(self._conditions.poll)
            self.finish(roll_up=once)
        finally:
            self._followers.close()

    def commit(self) -> None:
        """Bring the batch into the lake, durably, with the positions of every journal."""
        self._waiting_since = None
        if self._uncommitted == 0:
            return
        if self._batch.rows or self._uncommitted >= self._conditions.batch:
            for follower in self._touched:
                follower.sync()
            positions = self._followers.positions()
            prints = self._followers.prints(positions)
            self.lake.append(self._batch.table(), positions, self._known(prints))
            self._has_settled(positions, prints)
            self._touched.clear()
            self._uncommitted = 0
        self._batch.clear()
        if time.monotonic() - self._written_at >= self._conditions.live:
            self._write_live()

    # ---- inside ----

    def _read_settings(self) -> BookFile:
        """devices.toml; one that cannot be used is told of, and without it nothing is asked and nothing opened."""
        path = self._data / "devices.toml"
        try:
            return BookFile(path)
        except BadSettings as error:
            self._tell(error.text, {"path": path.name})
            return BookFile(path, DeviceBook(asking=Asking(on=False)))

    def _take(self, entry: Entry, follower: Follower) -> None:
        self._touched.add(follower)
        self._waiting_since = self._waiting_since or time.monotonic()
        counts = entry.ordinal > self._counted.get(entry.journal, 0)
        settles = entry.ordinal > self._settled.get(entry.journal, 0)
        self._uncommitted += settles
        taken = take(entry, follower.parts, self._reader, self._keys)
        if settles:
            if taken.columns is not None:
                self._batch.add(entry, taken.columns)
            self._batch.add_readings(taken.readings)
            if entry.kind in READINGS_OF:
                self._batch.add_readings(READINGS_OF[entry.kind](entry, self.lake.zone))
            if entry.kind == "file":
                self._import(entry, follower)
        if counts:
            self._count(entry, taken)

    def _count(self, entry: Entry, taken: Taken) -> None:
        self._live.readings(taken.readings)
        for gap in taken.gaps:
            self._live.gap(gap, entry)
        if entry.kind == "hj212":
            self._live.frame(entry, taken.columns, taken.frame)
        else:
            self._live.other(entry)
            if entry.kind in LIVE_KINDS:
                self._live.readings(READINGS_OF[entry.kind](entry, self.lake.zone))
            self._has_asked = self._has_asked or entry.kind == "note"

    def _keys(self, mn: str) -> Sequence[bytes]:
        return self._settings.book.rule(mn).sm4_keys

    def _import(self, entry: Entry, follower: Follower) -> None:
        """A file of readings is one commit of its own, with the position of its entry."""
        self.commit()
        follower.sync()
        positions = {**self._followers.positions(), entry.journal: entry.ordinal}
        prints = {**self._followers.prints(positions), entry.journal: print_of(entry)}
        imported = import_file(self.lake, self._data, entry, (positions, self._known(prints)))
        if imported.committed:
            self._has_settled(positions, prints)
        if imported.problem:
            self._tell(imported.problem, {"entry": entry.id})

    def _known(self, prints: Mapping[str, int]) -> dict[str, int]:
        """What the last settled entry of every journal is known by: each commit says all of it again."""
        before = {name: mark.print for name, mark in self._marks.items() if mark.print is not None}
        return before | dict(prints)

    def _has_settled(self, positions: dict[str, int], prints: Mapping[str, int]) -> None:
        known = self._known(prints)
        self._settled = positions
        self._marks = {name: Mark(at, known.get(name)) for name, at in positions.items() if "#" not in name}
        self._is_rolled = False
        self._standing.note(self._marks, is_rolled=False)

    def _is_due(self) -> bool:
        if self._waiting_since is None:
            return False
        waited = time.monotonic() - self._waiting_since
        return self._batch.rows >= self._conditions.batch or waited >= self._conditions.commit

    def _roll_up_if_due(self, busy: bool) -> None:
        now = time.monotonic()
        pause = self._conditions.roll_up_busy if busy else self._conditions.roll_up
        if self._batch.rows == 0 and now - self._rolled_at >= pause:
            self._roll_up()

    def _roll_up(self) -> None:
        if time.monotonic() - self._looked_at >= self._conditions.registry and self._register.look():
            self._is_rolled = False
        if not self._is_rolled:
            addresses = (point.address for point in self._register.points)
            self._live.registered = frozenset([*self._register.devices, *addresses])
            self.lake.roll_up(self._register.points)
            self._is_rolled = True
            self._standing.note(self._marks, is_rolled=True)
        self._rolled_at = time.monotonic()

    def _ask_if_due(self) -> None:
        """Say what devices are to be asked for, now and then, and at once when intake has told how an exchange went."""
        now = time.monotonic()
        if self._batch.rows or not (self._has_asked or now - self._asked_at >= self._conditions.asking):
            return
        self._asked_at, self._has_asked = now, False
        problem = self._settings.look()
        if problem is not None:
            self._tell(problem.text, {"path": "devices.toml"})
        book, at = self._settings.book, self._clock()
        window = timedelta(days=book.asking.window_days)
        spans = missing(self.lake, self._register.points, at, window, self._register.stops)
        wanted = plan(spans, self._live.devices, book, at)
        write(self._data / "requests.json", wanted, self._live.positions, at)
        self._write_live()  # who is one-way and what is wanted in a file has changed with it

    def _write_live(self) -> None:
        self._written_at = time.monotonic()
        self._live.write(self._clock(), {name: each for name, each in self._settled.items() if "#" not in name})

    def _report(self, error: JournalError) -> None:
        where = {}
        if isinstance(error, CorruptSegment):
            where = {"path": str(error.path.relative_to(self._data)), "offset": str(error.offset)}
        self._tell(error.text, where)

    def _tell(self, text: Text, where: dict[str, str]) -> None:
        """Say what is wrong, on standard error and in live.json."""
        LOG.error("%s", text.en)
        self._live.damaged({**where, "zh": text.zh, "en": text.en})
