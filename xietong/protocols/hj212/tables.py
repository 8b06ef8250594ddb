"""The tables of HJ 212 as data: commands (CN), systems (ST), results (QnRtn, ExeRtn) and the named violations.

Each row says in which editions it stands (2005, 2017, 2025). Which commands write or control is the table's own
column, and what the platform may ask by itself is FETCHING and READING below: nothing else is ever sent unasked.
"""

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal, NamedTuple

from xietong.texts import Text

# History that a device keeps and is asked for (HJ 212-2017 annex C.20 to C.23), and what may be read from it.
FETCHING = frozenset({"2031", "2041", "2051", "2061"})
READING = frozenset({"1011", "1061", "1063", "3017", "3018", "3019", "3020"})
ANSWERS = frozenset({"9011", "9012", "9013", "9014"})


class Command(NamedTuple):
    """One command. direction: from platform (down), from device (up) or both; answer: the CN that ends it, or ""."""

    cn: str
    editions: frozenset[str]
    direction: Literal["down", "up", "both"]
    controls: bool
    answer: str
    name: Text
    source: str


class System(NamedTuple):
    """One kind of monitoring, the ST of a frame."""

    st: str
    editions: frozenset[str]
    name: Text


class Violation(NamedTuple):
    """How a frame may break the standard, where that says so ("" for a rule of devices.toml), and whether it is refused
    for it or tolerated and named."""

    name: str
    treated: Literal["refused", "tolerated"]
    text: Text
    clause: Text


def _rows(name: str) -> Iterator[dict[str, str]]:
    with (Path(__file__).parent / name).open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def _name(row: Mapping[str, str]) -> Text:
    return Text(row["name_zh"], row["name_en"])


def _direction(word: str) -> Literal["down", "up", "both"]:
    return "down" if word == "down" else "up" if word == "up" else "both"


COMMANDS: tuple[Command, ...] = tuple(
    Command(
        row["cn"], frozenset(row["editions"].split()), direction=_direction(row["direction"]),
        controls=row["controls"] == "yes", answer=row["answer"], name=_name(row), source=row["source"],
    )
    for row in _rows("commands.csv")
)  # fmt: skip
SYSTEMS = {row["st"]: System(row["st"], frozenset(row["editions"].split()), _name(row)) for row in _rows("systems.csv")}
RESULTS: Mapping[tuple[str, str], Text] = {(row["field"], row["value"]): _name(row) for row in _rows("results.csv")}
VIOLATIONS = {
    row["name"]: Violation(
        row["name"],
        "refused" if row["treated"] == "refused" else "tolerated",
        _name(row),
        Text(row["clause_zh"], row["clause_en"]),
    )
    for row in _rows("violations.csv")
}
CONTROLLING = frozenset(command.cn for command in COMMANDS if command.controls and command.editions != {"2005"})

_BY_EDITION = {(command.cn, edition): command for command in COMMANDS for edition in command.editions}
_NEWEST = {command.cn: command for command in COMMANDS}


def command(cn: str, edition: str = "2025") -> Command | None:
    """The command of this number in an edition; where that edition has none, the newest that has; else None."""
    return _BY_EDITION.get((cn, edition)) or _NEWEST.get(cn)


def result(field: str, value: str) -> Text:
    """What a QnRtn or ExeRtn says; a number that the standard does not have is named by itself."""
    known = RESULTS.get((field, value.strip()))
    return known or Text(f"{field}={value}", f"{field}={value}")
