"""State of the sources that we go to ourselves (brokers, Modbus devices, OPC UA servers): DATA/sources/WRITER.json.

Each such process tells here, for the pages, who is connected, when it was last heard, what it said and what of that is
no reading and why. A convenience: it may be deleted, no figure rests on it, and where the disk refuses it is left out.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from xietong.texts import Text

FOLDER = "sources"
MOST_ERRORS, LONGEST_EXCERPT = 20, 200
PAUSE = timedelta(seconds=1)


@dataclass(slots=True)
class SourceError:
    """Something that went wrong with a source or a value of it; the same sentence again only counts.

    at: the last time, ISO 8601 in UTC; excerpt: the beginning of what was said, as text; entry: the journal entry that
    holds it, "" where nothing was kept; times: how often since the source was first seen.
    """

    at: str
    zh: str
    en: str
    excerpt: str = ""
    entry: str = ""
    times: int = 1


@dataclass(slots=True)
class SourceState:
    """What one process knows of one source.

    address: where it is, without passwords; since: when it was first seen; messages: messages or polls that are kept;
    readings, refused: values of them that are readings, and that are none; missed: polls that gave nothing;
    last_errors: the newest last, at most 20. Times are ISO 8601 in UTC, "" for never.
    """

    name: str
    kind: str = ""
    address: str = ""
    connected: bool = False
    since: str = ""
    last_message_at: str = ""
    messages: int = 0
    readings: int = 0
    refused: int = 0
    missed: int = 0
    last_errors: list[SourceError] = field(default_factory=list)

    def heard(self, at: datetime, readings: int, refused: Iterable[tuple[Text, str]], entry: str = "") -> None:
        """Count a message that is safe in the journal; refused: for each value that is none, why, and what it was."""
        self.last_message_at = at.isoformat()
        self.messages += 1
        self.readings += readings
        for text, excerpt in refused:
            self.refused += 1
            self.wrong(at, text, excerpt, entry)

    def wrong(self, at: datetime, text: Text, excerpt: str = "", entry: str = "") -> None:
        """Remember what went wrong."""
        before = next((each for each in self.last_errors if each.en == text.en), None)
        if before is not None:
            self.last_errors.remove(before)
        times = before.times + 1 if before else 1
        told = SourceError(
            at.isoformat(), text.zh, en=text.en, excerpt=excerpt[:LONGEST_EXCERPT], entry=entry, times=times
        )
        self.last_errors = [*self.last_errors, told][-MOST_ERRORS:]


class SourceStates:
    """The file of one process; what an earlier process of that writer knew is carried on."""

    def __init__(self, data: Path, writer: str, kind: str, clock: Callable[[], datetime]) -> None:
        self._path, self._writer, self._kind, self._clock = data / FOLDER / f"{writer}.json", writer, kind, clock
        self._known = {each.name: each for each in _read(self._path)}
        self._active: dict[str, SourceState] = {}
        self._written_at: datetime | None = None
        self.problems: Mapping[str, Text] = {}  # of the settings, by the name of the source, "" for the whole file

    def source(self, name: str, address: str) -> SourceState:
        """The state of a source of the settings, not connected as yet."""
        state = self._known.setdefault(name, SourceState(name, since=self._clock().isoformat()))
        state.kind, state.address, state.connected = self._kind, address, False
        self._active[name] = state
        return state

    def known(self, name: str) -> SourceState:
        """What is known of a source that is told of; KeyError where it is none."""
        return self._active[name]

    def forget(self, name: str) -> None:
        """A source that is no longer settled, or was settled otherwise, is no longer told of."""
        self._active.pop(name, None)

    def write(self, now: bool = False) -> None:
        """Replace the file, at most once a second unless now."""
        at = self._clock()
        if not now and self._written_at is not None and timedelta() <= at - self._written_at < PAUSE:
            return
        self._written_at = at
        content = {
            "writer": self._writer,
            "kind": self._kind,
            "written_at": at.isoformat(),
            "problems": {name: {"zh": text.zh, "en": text.en} for name, text in self.problems.items()},
            "sources": [asdict(each) for each in self._active.values()],
        }
        try:
            self._path.parent.mkdir(exist_ok=True)
            beside = self._path.with_name(self._path.name + ".new")
            beside.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
            beside.replace(self._path)
        except OSError:  # a full disk is told of by whoever cannot keep evidence on it
            return


@dataclass(frozen=True, slots=True)
class WriterStates:
    """One file as a page reads it. problems: why settings in the data folder are not used, by the name of the source,
    "" for the whole file."""

    writer: str
    kind: str
    written_at: datetime
    problems: Mapping[str, Text]
    sources: tuple[SourceState, ...]


def read_states(data: Path) -> tuple[WriterStates, ...]:
    """Every file of the folder, by writer; one that cannot be read is left out."""
    found = []
    for path in sorted((data / FOLDER).glob("*.json")):
        told = _json(path)
        try:
            problems = {name: Text(str(each["zh"]), str(each["en"])) for name, each in told["problems"].items()}
            written_at = datetime.fromisoformat(told["written_at"])
            found.append(WriterStates(told["writer"], told["kind"], written_at, problems, tuple(_sources(told))))
        except (LookupError, TypeError, ValueError, AttributeError):
            continue
    return tuple(found)


def _read(path: Path) -> list[SourceState]:
    try:
        return list(_sources(_json(path)))
    except (LookupError, TypeError):
        return []


def _sources(told: Mapping[str, Any]) -> Iterable[SourceState]:
    for each in told["sources"]:
        yield SourceState(**{**each, "last_errors": [SourceError(**error) for error in each["last_errors"]]})


def _json(path: Path) -> Mapping[str, Any]:
    try:
        told = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return told if isinstance(told, dict) else {}
