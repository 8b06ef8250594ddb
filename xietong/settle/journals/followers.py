"""Followers: a reader for each journal, from where lake and live.json left off; a damaged one stops nobody else."""

from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path

from xietong.journal import CorruptSegment, JournalError, JournalReader, names, print_of
from xietong.protocols.hj212.parts import Parts
from xietong.readings import Entry

Report = Callable[[JournalError], None]
# Beside a journal's position the lake keeps where the oldest message began that parts are still remembered of.
PARTS = "#parts"


class Follower:
    """Reads one journal. taken: the last entry that was given out; it counts as settled with the next lake commit."""

    def __init__(self, root: Path, name: str, after: int, report: Report) -> None:
        self.name, self.taken = name, after
        self.last: Entry | None = None
        self.parts = Parts()
        self._report = report
        self._reader = JournalReader(root, name, after, on_damage=self._damaged)
        self._broken = False

    def entries(self) -> Iterator[Entry]:
        """About a megabyte of further entries, at most; none from a journal that cannot be read on."""
        if self._broken:
            return
        try:
            found = self._reader.read()
        except JournalError as error:
            self._broken = True
            self._report(error)
            return
        for entry in found:
            yield entry
            self.last = entry
            self.taken = entry.ordinal  # only now: a commit made in between must not cover it

    def sync(self) -> None:
        """Make what was read durable, before anything made from it becomes so."""
        self._reader.sync()

    @property
    def floor(self) -> int:
        """After which entry one must read again to remember the same parts."""
        since = self.parts.since
        return self.taken if since is None else since - 1

    def close(self) -> None:
        """Let go of the open segment."""
        self._reader.close()

    def _damaged(self, error: CorruptSegment) -> None:
        self._report(error)


class Followers:
    """Every journal of a data folder; new ones are found as they appear."""

    def __init__(
        self,
        root: Path,
        settled: Mapping[str, int],
        counted: Mapping[str, int],
        report: Report,
        passed: Collection[str] = (),
    ) -> None:
        """passed: journals that are not followed, because they are not the ones that were settled."""
        self._root, self._report, self._passed = root, report, frozenset(passed)
        self._settled = {name: number for name, number in settled.items() if not name.endswith(PARTS)}
        self._floors = {name: number for name, number in settled.items() if name.endswith(PARTS)}
        self._counted = counted
        self._all: dict[str, Follower] = {}

    def look(self) -> list[Follower]:
        """Every follower, those of new journals included."""
        for name in names(self._root):
            if name not in self._all and name not in self._passed:
                self._all[name] = Follower(self._root, name, self._start(name), self._report)
        return list(self._all.values())

    def positions(self) -> dict[str, int]:
        """Up to which entry each journal has been taken, and what the lake says of journals that are gone."""
        taken = {name: follower.taken for name, follower in self._all.items()}
        found = {name: max(number, self._settled.get(name, 0)) for name, number in (self._settled | taken).items()}
        return found | self._floors_now(found)

    def prints(self, positions: Mapping[str, int]) -> dict[str, int]:
        """What the entries at these positions are known by, of the journals that have just been read so far."""
        last = {name: each.last for name, each in self._all.items()}
        return {name: print_of(at) for name, at in last.items() if at is not None and at.ordinal == positions[name]}

    def _floors_now(self, positions: Mapping[str, int]) -> dict[str, int]:
        """The floor of every journal that has, or once had, parts of messages."""
        found = dict(self._floors)
        for name, follower in self._all.items():
            key = name + PARTS
            if follower.parts.since is not None or key in found:
                found[key] = max(found.get(key, 0), min(follower.floor, positions[name]))
        return found

    def close(self) -> None:
        """Close every reader."""
        for follower in self._all.values():
            follower.close()

    def _start(self, name: str) -> int:
        """Where the lake is, or where live.json is if that is further back: what is settled is then only counted.

        Further back still where parts of messages were waiting for the rest. Without any count (live.json is new or
        was lost) counting begins where the lake is.
        """
        settled = self._settled.get(name, 0)
        return min(settled, self._counted.get(name, settled), self._floors.get(name + PARTS, settled))
