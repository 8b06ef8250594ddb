"""What the standard's text says, as data: clauses, rows of tables, terms, interpretations. Nothing is computed here."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from xietong.texts import Text

_FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Clause:
    """A numbered sentence, list item or table row: force is 应, 宜, 可, 不得 or "" (none)."""

    id: str
    force: str
    gloss: Text


@dataclass(frozen=True, slots=True)
class TableRow:
    """A row of tables 1 to 5 with the indicators that answer it.

    "{pollutant}" in a key stands for every pollutant; `at` names the kinds of subject for which the indicators speak
    (none: all), `instead` the indicators for the others; `main` is the default of a target that says nothing.
    """

    id: str
    indicators: tuple[str, ...]
    main: bool
    at: tuple[str, ...] = ()
    instead: tuple[str, ...] = ()

    @property
    def table(self) -> int:
        """The table's number, 1 to 5."""
        return int(self.id[1])


@dataclass(frozen=True, slots=True)
class Interpretation:
    """An open point and how it is read; options begin with the default, choice is the park's key ("" where ours)."""

    id: str
    clauses: tuple[str, ...]
    question: Text
    options: tuple[str, ...]
    choice: str = ""


@dataclass(frozen=True, slots=True)
class Covered:
    """What answers a clause beyond the rules and cases that name it, and what is lacking (empty texts: nothing).

    code: modules of xietong; tests: files; shown: "page NAME" by the name of its address, or a command.
    """

    code: tuple[str, ...] = ()
    tests: tuple[str, ...] = ()
    shown: tuple[str, ...] = ()
    lacking: Text = Text("", "")


def _load(name: str) -> dict[str, Any]:
    return tomllib.loads((_FOLDER / f"{name}.toml").read_text(encoding="utf-8"))


@cache
def clauses() -> Mapping[str, Clause]:
    """Every clause by its number, in the text's order."""
    return {
        row["id"]: Clause(row["id"], row["force"], Text(row["zh"], row["en"])) for row in _load("clauses")["clause"]
    }


@cache
def table_rows() -> tuple[TableRow, ...]:
    """The rows of tables 1 to 5 in order."""
    return tuple(
        TableRow(
            row["id"], tuple(row["indicators"]), row["main"], tuple(row.get("at", ())), tuple(row.get("instead", ()))
        )
        for row in _load("tables")["row"]
    )


@cache
def interpretations() -> tuple[Interpretation, ...]:
    """The open points of the text."""
    return tuple(
        Interpretation(
            row["id"],
            tuple(row["clauses"]),
            Text(row["zh"], row["en"]),
            tuple(row["options"]),
            row.get("choice", ""),
        )
        for row in _load("interpretations")["interpretation"]
    )


@cache
def coverage() -> Mapping[str, Covered]:
    """What answers each clause, by its number."""
    found = {}
    for row in _load("coverage")["covered"]:
        code, tests, shown = (tuple(row.get(part, ())) for part in ("code", "tests", "shown"))
        answer = Covered(code, tests, shown, Text(row.get("zh", ""), row.get("en", "")))
        found.update(dict.fromkeys(row["clauses"], answer))
    return found


@cache
def terms() -> Mapping[str, Mapping[str, Text]]:
    """The words of the field: group (noun, status, grade, indicator, family, input, factor) → key → both languages."""
    return {
        group: {key: Text(word["zh"], word["en"]) for key, word in words.items()}
        for group, words in _load("terms").items()
    }


def default_main(indicator: str) -> bool:
    """Whether an indicator is a main one where a target does not say: by its row in the tables."""
    return any(row.main and indicator in row.indicators for row in table_rows())
