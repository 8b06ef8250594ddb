"""What a standard's text says, as data: clauses, rows of tables, terms, interpretations. Nothing is computed here.

The park standard is the folder itself; every other standard is a folder with a `standard.toml` on one of the SHELVES.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from xietong.texts import Text

_FOLDER = Path(__file__).parent
MAIN = "park-coordination"
# Where standards are looked for; whoever brings one of his own puts its folder here before the first question.
SHELVES: list[Path] = [_FOLDER]


@dataclass(frozen=True, slots=True)
class About:
    """A standard: its name, what it is, where it comes from, the module of its rules, the keys it takes over.

    confidence: verified, or knowledge where its text could not be held against the original.
    """

    name: str
    title: Text
    source: str
    edition: str
    confidence: str
    folder: Path
    module: str = ""
    takes_over: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Clause:
    """A numbered sentence, list item or table row: force is 应, 宜, 可, 不得 or "" (none).

    confidence: verified, or knowledge where the wording could not be held against the original; lacking: what no code
    answers (of another standard; for the park standard `coverage` says it).
    """

    id: str
    force: str
    gloss: Text
    confidence: str = "verified"
    lacking: Text = Text("", "")


@dataclass(frozen=True, slots=True)
class Threshold:
    """A value that an indicator must reach, for subjects whose figure `by` lies in [over, below); "" for all."""

    value: float
    by: str = ""
    over: float = 0.0
    below: float = float("inf")


@dataclass(frozen=True, slots=True)
class TableRow:
    """A row of tables 1 to 5 with the indicators that answer it.

    "{pollutant}" in a key stands for every pollutant; `at` names the kinds of subject for which the indicators speak
    (none: all), `instead` the indicators for the others; `main` is the default of a target that says nothing.
    thresholds: what the standard itself asks; note: what a reader must know, such as why nothing answers the row.
    """

    id: str
    indicators: tuple[str, ...]
    main: bool
    at: tuple[str, ...] = ()
    instead: tuple[str, ...] = ()
    thresholds: tuple[Threshold, ...] = ()
    note: Text = Text("", "")

    @property
    def table(self) -> int:
        """The table's number, 1 to 5."""
        return int(self.id[1])


@dataclass(frozen=True, slots=True)
class Interpretation:
    """An open point and how it is read; options begin with the default, choice is the park's key ("" where ours).

    alternatives: other readings that nobody can choose, in words, so that a reader knows what was not taken;
    printed: where the reading in force is told ("xietong account", "page evaluation" …); words: what its options are
    called, in their order.
    """

    id: str
    clauses: tuple[str, ...]
    question: Text
    options: tuple[str, ...]
    choice: str = ""
    alternatives: Text = Text("", "")
    printed: tuple[str, ...] = ()
    words: tuple[Text, ...] = ()

    def word_of(self, option: str) -> Text:
        """What an option is called ("constant:2020" by its kind, the year behind it); itself where nobody named it."""
        kind, _, of = option.partition(":")
        for known, word in zip(self.options, self.words, strict=False):
            if known.partition(":")[0] == kind:
                return Text(f"{word.zh}（{of}）", f"{word.en} ({of})") if of.isdecimal() else word
        return Text(option, option)

    def in_force(self, choices: Mapping[str, str]) -> str:
        """The reading that counts under a park's choices."""
        return choices.get(self.choice, self.options[0]) if self.choice else self.options[0]

    def sentence(self, choices: Mapping[str, str]) -> Text:
        """What is asked, the reading in force, and what else there was or can be chosen.

        A point of a park's choice names the key and the values of park.toml; any other states its own reading.
        """
        other, question = self.alternatives, self.question
        if not self.choice:
            return Text(f"{question.zh}未取：{other.zh}。", f"{question.en} Not taken: {other.en}.")
        taken = self.in_force(choices)
        rest = [each for each in self.options if each.partition(":")[0] != taken.partition(":")[0]]
        word, words = self.word_of(taken), [(self.word_of(each), each) for each in rest]
        zh = "、".join(f"{each.zh}（{key}）" if each.zh != key else key for each, key in words)
        en = ", ".join(f"{each.en} ({key})" if each.en != key else key for each, key in words)
        return Text(
            f"{question.zh}现取：{word.zh}（{self.choice} = {taken}）；也可选：{zh}。",
            f"{question.en} Taken: {word.en} ({self.choice} = {taken}); can be chosen: {en}.",
        )


@dataclass(frozen=True, slots=True)
class Covered:
    """What answers a clause beyond the rules and cases that name it, and what is lacking (empty texts: nothing).

    code: modules of xietong; tests: files; shown: "page NAME" by the name of its address, or a command.
    """

    code: tuple[str, ...] = ()
    tests: tuple[str, ...] = ()
    shown: tuple[str, ...] = ()
    lacking: Text = Text("", "")


@cache
def standards() -> Mapping[str, About]:
    """Every standard by its name, the park standard first."""
    folders = [_FOLDER, *(folder for shelf in SHELVES for folder in sorted(shelf.iterdir()))]
    told = {folder: folder / "standard.toml" for folder in folders}
    read = (_about(folder, tomllib.loads(file.read_text("utf-8"))) for folder, file in told.items() if file.is_file())
    return {each.name: each for each in read}


def _about(folder: Path, stated: Mapping[str, Any]) -> About:
    return About(
        stated["name"],
        Text(stated["zh"], stated["en"]),
        source=stated["source"],
        edition=stated["edition"],
        confidence=stated["confidence"],
        folder=folder,
        module=stated.get("module", ""),
        takes_over=tuple(stated.get("takes_over", ())),
    )


def about(standard: str) -> About:
    """The standard of that name; raises KeyError."""
    return standards()[standard]


def _load(name: str, standard: str = MAIN) -> dict[str, Any]:
    file = about(standard).folder / f"{name}.toml"
    return tomllib.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}


@cache
def clauses(standard: str = MAIN) -> Mapping[str, Clause]:
    """Every clause by its number, in the text's order."""
    usual = about(standard).confidence
    return {row["id"]: _clause(row, usual) for row in _load("clauses", standard).get("clause", ())}


def _clause(row: Mapping[str, str], confidence: str) -> Clause:
    lacking = Text(row.get("lacking_zh", ""), row.get("lacking_en", ""))
    gloss = Text(row["zh"], row["en"])
    return Clause(row["id"], row["force"], gloss, row.get("confidence", confidence), lacking)


@cache
def table_rows(standard: str = MAIN) -> tuple[TableRow, ...]:
    """The rows of tables 1 to 5 in order; of another standard those of its list of indicators."""
    return tuple(_table_row(row) for row in _load("tables", standard).get("row", ()))


def _table_row(row: Mapping[str, Any]) -> TableRow:
    return TableRow(
        row["id"],
        tuple(row["indicators"]),
        main=row["main"],
        at=tuple(row.get("at", ())),
        instead=tuple(row.get("instead", ())),
        thresholds=tuple(Threshold(**each) for each in row.get("threshold", ())),
        note=Text(row.get("zh", ""), row.get("en", "")),
    )


@cache
def interpretations(standard: str = MAIN) -> tuple[Interpretation, ...]:
    """The open points of the text."""
    return tuple(
        Interpretation(
            row["id"],
            tuple(row["clauses"]),
            question=Text(row["zh"], row["en"]),
            options=tuple(row["options"]),
            choice=row.get("choice", ""),
            alternatives=Text(row.get("alternatives_zh", ""), row.get("alternatives_en", "")),
            printed=tuple(row.get("printed", ())),
            words=tuple(map(Text, row.get("words_zh", ()), row.get("words_en", ()))),
        )
        for row in _load("interpretations", standard).get("interpretation", ())
    )


@cache
def choices() -> Mapping[str, tuple[str, ...]]:
    """Every choice that a park may make, under every standard: its values, the default first."""
    every = (each for standard in standards() for each in interpretations(standard) if each.choice)
    return {each.choice: each.options for each in every}


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
def terms(standard: str = MAIN) -> Mapping[str, Mapping[str, Text]]:
    """The words of the field: group (noun, status, grade, indicator, family, input, factor) → key → both languages."""
    return {
        group: {key: Text(word["zh"], word["en"]) for key, word in words.items()}
        for group, words in _load("terms", standard).items()
    }


def default_main(indicator: str) -> bool:
    """Whether an indicator is a main one where a target does not say: by its row in the tables."""
    return any(row.main and indicator in row.indicators for row in table_rows())
