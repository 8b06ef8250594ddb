"""What the processes that go to their sources share: a journal, settings looked at again and again, and their state.

`mqtt`, `modbus` and `opcua` each bring what their file settles and what serves one setting of it. A source whose
setting stays as it is goes on undisturbed when others change; a mistake in one leaves it as it was before.
"""

import argparse
import asyncio
import logging
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Hashable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Generic, NamedTuple, Protocol, TypeVar

from xietong.intake.devices import BadSettings, stamp
from xietong.intake.grids import Grids
from xietong.intake.hj212.listener import utc_now
from xietong.intake.opening import open_journal
from xietong.intake.settings_file import Settled
from xietong.intake.source_state import SourceStates
from xietong.journal import GroupCommit, JournalError, JournalWriter
from xietong.terminal import Shown

LOG = logging.getLogger("xietong.intake")
LOOK_S = 1.0
Setting = TypeVar("Setting", bound=Hashable)


class Source(Protocol):
    """What serves one setting: `run` until `end` is called; whatever it raises is a bug and ends the process."""

    def run(self) -> Awaitable[None]:
        """Serve."""

    def end(self) -> None:
        """Ask it to stop soon; `run` then returns."""


class Ground(NamedTuple):
    """What every source of a process stands on."""

    data: Path
    writer: JournalWriter
    group: GroupCommit
    states: SourceStates
    clock: Callable[[], datetime]
    grids: Grids


class Kind(NamedTuple, Generic[Setting]):
    """One kind of source. name: of the process and the journal; file: its settings in the data folder; read: what they
    settle, may raise BadSettings; begin: what makes a Source of a setting, asked once a process."""

    name: str
    file: str
    read: Callable[[Path], Settled[Setting]]
    begin: Callable[[Ground], Callable[[Setting], Source]]


def main(kind: Kind[Setting], arguments: Sequence[str] | None = None) -> int:
    """Run until SIGTERM or SIGINT; 0 after an orderly end, 1 where the journal cannot be opened."""
    program = f"xietong.intake.{kind.name}"
    parser = argparse.ArgumentParser(prog=f"python -m {program}", description=f"{kind.file} 的数据接收 · intake")
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("XIETONG_DATA", "data")), metavar="DIR")
    given = parser.parse_args(arguments)
    logging.basicConfig(stream=Shown(sys.stderr), level=logging.WARNING, format="%(asctime)s %(name)s %(message)s")
    try:
        asyncio.run(_run(kind, given.data))
    except (JournalError, OSError) as error:
        print(f"{program}: {error}", file=sys.stderr)
        return 1
    return 0


async def _run(kind: Kind[Setting], data: Path) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await serve(kind, data, stop)


async def serve(kind: Kind[Setting], data: Path, stop: asyncio.Event, clock: Callable[[], datetime] = utc_now) -> None:
    """Serve every source of the settings of the moment until stop is set."""
    with open_journal(data, kind.name) as writer:
        group, states = GroupCommit(writer), SourceStates(data, writer.name, kind.name, clock)
        make = kind.begin(
            Ground(data, writer, group=group, states=states, clock=clock, grids=Grids(data / "registry.json"))
        )
        settings, served = _Settings(data / kind.file, kind.read, states), _Served(make, states)
        try:
            while not stop.is_set():
                if settings.look():
                    await served.change(settings.settled)
                served.check()
                states.write()
                await _pause(stop)
        finally:
            await served.change(Settled({}, {}), is_end=True)
            states.write(now=True)
        await group.close()


@dataclass(frozen=True, slots=True)
class _Running(Generic[Setting]):
    setting: Setting
    source: Source
    task: "asyncio.Future[None]"


class _Served(Generic[Setting]):
    """The sources that run, by name."""

    def __init__(self, make: Callable[[Setting], Source], states: SourceStates) -> None:
        self._make, self._states = make, states
        self._running: dict[str, _Running[Setting]] = {}

    async def change(self, settled: Settled[Setting], is_end: bool = False) -> None:
        """End what is no longer settled so, then begin what is new: two of one name never run together."""
        gone = {name: each for name, each in self._running.items() if not _stays(name, each.setting, settled)}
        for each in gone.values():
            each.source.end()
        await asyncio.gather(*(each.task for each in gone.values()))
        for name in gone:
            del self._running[name]
            if not is_end:  # what the last process knew stays to be read
                self._states.forget(name)
        for name, setting in settled.settings.items():
            if name not in self._running:
                source = self._make(setting)
                self._running[name] = _Running(setting, source, asyncio.ensure_future(source.run()))

    def check(self) -> None:
        """A source that has failed is a bug and ends the process, which is started anew."""
        for each in self._running.values():
            if each.task.done():
                each.task.result()


def _stays(name: str, setting: Hashable, settled: Settled[Setting]) -> bool:
    return name in settled.problems or settled.settings.get(name) == setting


class _Settings(Generic[Setting]):
    """The file as it is now; where it cannot be used, the former settings hold."""

    def __init__(self, path: Path, read: Callable[[Path], Settled[Setting]], states: SourceStates) -> None:
        self._path, self._read, self._states = path, read, states
        self._seen: Hashable = ()
        self.settled: Settled[Setting] = Settled({}, {})

    def look(self) -> bool:
        """Whether the file has changed and been read."""
        seen = stamp(self._path)
        if seen == self._seen:
            return False
        self._seen = seen
        try:
            self.settled = self._read(self._path)
        except BadSettings as error:
            LOG.warning("%s · %s", error.text.zh, error.text.en)
            self._states.problems = {"": error.text}
            return False
        self._states.problems = dict(self.settled.problems)
        for text in self.settled.problems.values():
            LOG.warning("%s · %s", text.zh, text.en)
        return True


async def _pause(stop: asyncio.Event) -> None:
    try:
        await asyncio.wait_for(stop.wait(), LOOK_S)
    except TimeoutError:
        return


class Pause:
    """How long to wait before a source that is away is tried again: twice as long each time, up to a bound."""

    def __init__(self, first: float = 0.5, longest: float = 60.0) -> None:
        self._first, self._longest = first, longest
        self._next = first

    def next(self) -> float:
        """The pause of now, in seconds."""
        now, self._next = self._next, min(self._next * 2, self._longest)
        return now

    def reset(self) -> None:
        """It has worked: the next pause is the first again."""
        self._next = self._first
