"""lake.json: what settle last made of the lake, written beside it where no damage to the lake can take it along.

It says which version each table must show, with the hash of that version's log entry, and how far each journal has
been settled. A reader that finds less, or something else, refuses: an older copy, or a log whose newest entry is gone,
would give other figures without a word. Only settle writes it.
"""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from xietong.lake.errors import DamagedFile, LakeBehind
from xietong.lake.files.durable import replace_file
from xietong.lake.files.whole import digest
from xietong.readings import Mark


class Version(NamedTuple):
    """A version of a table and the hash of its log entry."""

    number: int
    entry: str


class Standing(NamedTuple):
    """versions: by table, what a reader must find at least; journals: the furthest that each was ever settled;
    given_up: up to which entry a person has said that what is gone is gone."""

    versions: Mapping[str, Version] = MappingProxyType({})
    journals: Mapping[str, Mark] = MappingProxyType({})
    given_up: Mapping[str, int] = MappingProxyType({})


Expected = Callable[[], Version | None]


def standing_path(lake: Path) -> Path:
    """Where it stands for a lake in this folder: beside it, DATA/lake.json."""
    return lake.with_name(lake.name + ".json")


def read_standing(path: Path) -> Standing | None:
    """What settle last wrote; None where it never did. Raises DamagedFile where it is not what was written."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    try:
        told = json.loads(content)
        stated = told["standing"]
        if told["sha256"] != digest(_plain(stated)):
            raise DamagedFile(path, "its content does not match its hash")
        return Standing(
            {name: Version(*each) for name, each in stated["versions"].items()},
            {name: Mark(*each) for name, each in stated["journals"].items()},
            stated["given_up"],
        )
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise DamagedFile(path, f"it cannot be read: {error}") from error


def write_standing(path: Path, standing: Standing) -> None:
    """Put it in the place of the one before, durably."""
    stated = {
        "versions": {name: list(each) for name, each in standing.versions.items()},
        "journals": {name: [mark.ordinal, mark.print] for name, mark in standing.journals.items()},
        "given_up": dict(standing.given_up),
    }
    replace_file(path, json.dumps({"sha256": digest(_plain(stated)), "standing": stated}, indent=1).encode())


def _plain(stated: Mapping[str, Any]) -> bytes:
    return json.dumps(stated, sort_keys=True).encode()


class Expectation:
    """What the tables of a lake must show, read again only when lake.json was replaced."""

    def __init__(self, lake: Path) -> None:
        self._path = standing_path(lake)
        self._key: tuple[int, int, int] | None = None
        self._versions: Mapping[str, Version] = {}

    def of(self, table: str) -> Expected:
        """What this table must show, to be asked before the table is looked at: settle commits before it says so."""
        return lambda: self._now().get(table)

    def _now(self) -> Mapping[str, Version]:
        try:
            stat = self._path.stat()
        except FileNotFoundError:
            return {}
        key = (stat.st_ino, stat.st_size, stat.st_mtime_ns)
        if key != self._key:
            standing = read_standing(self._path)
            self._versions, self._key = (standing.versions if standing else {}), key
        return self._versions


def require_lake(lake: Path) -> None:
    """Raise LakeBehind where settle has made a lake in this folder and there is none now."""
    if not (lake / "readings").is_dir() and (standing := read_standing(standing_path(lake))) is not None:
        wanted = standing.versions.get("readings")
        if wanted is not None:
            raise LakeBehind(lake / "readings", -1, wanted.number)
