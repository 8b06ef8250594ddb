"""The browser form of a month as plain values: owed lines and typed cells in, what the template prints out.

No request and no database: what was posted comes as a mapping of names, verdicts as the months' room tells them.
"""

import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from xietong.calc.items import UnknownItemError, all_items, item
from xietong.park.bringing.months import COLUMNS
from xietong.park.bringing.template import Line, amount_text, known_cells, units_of
from xietong.park.nouns import Registry
from xietong.park.package.schema import TABLES
from xietong.park.package.sheets import Row
from xietong.texts import Language
from xietong.units import UNITS
from xietong.web.shell.links import entry_href
from xietong.wording.places import full_name
from xietong.wording.words import spoken, term

REPORTED = TABLES["reported"]
NAME = re.compile(r"r(\d{1,4})-([a-z]+)")
EMPTY_ROWS = 3
# The header of the kept file is row 1.
FIRST = 2
OF = "of"
_ASKED = frozenset({*COLUMNS, OF})
Verdict = Mapping[str, Any]


class Typed(NamedTuple):
    """One row as it was typed: its number in the kept file, the owed line that it answers ("" for none), its cells."""

    number: int
    of: str
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class FormLine:
    """One line of the form: what is known of it, what was typed, and what the rules say of that, by column."""

    number: int
    of: str
    cells: Mapping[str, str]
    title: str = ""
    place: str = ""
    last: str = ""
    stated: str = ""
    entry: str = ""
    entry_href: str = ""
    units: Sequence[str] = ()
    errors: Mapping[str, list[Verdict]] = field(default_factory=dict)
    remarks: Sequence[Verdict] = ()

    @property
    def is_owed(self) -> bool:
        """Whether it is one that the month asks for, so that subject and item stand fast."""
        return bool(self.of)

    @property
    def is_empty(self) -> bool:
        """Whether it is one of those at the end that wait for a further item."""
        return not self.of and not self.cells

    @property
    def has_stocks(self) -> bool:
        """Whether stocks were stated of it before."""
        return bool(self.cells.get("opening") or self.cells.get("closing"))

    @property
    def is_open(self) -> bool:
        """Whether something in its fold wants to be seen."""
        return bool(self.errors.keys() - {"amount", "unit", "item", "subject"})


def key_of(line: Line) -> str:
    """What an owed line is known by from one page to the next."""
    like = line.like
    use = (like.method, like.use, like.counterparty) if like else ("", "", "")
    return json.dumps([line.subject, line.item, line.period.label, *use], ensure_ascii=False, separators=(",", ":"))


def typed(posted: Mapping[str, str], period: str, subject: str) -> list[Typed]:
    """The rows of a posted form, in its order; those in which nothing stands are left out."""
    rows: dict[int, dict[str, str]] = defaultdict(dict)
    for name, text in posted.items():
        match = NAME.fullmatch(name)
        if match and match[2] in _ASKED:
            rows[int(match[1])][match[2]] = " ".join(text.replace("\0", "").split())
    found: list[Typed] = []
    for _, cells in sorted(rows.items()):
        of = cells.pop(OF, "")
        if of or any(text for name, text in cells.items() if name not in ("subject", "period")):
            cells = {**cells, "subject": cells.get("subject") or subject, "period": cells.get("period") or period}
            found.append(Typed(FIRST + len(found), of, cells))
    return found


def as_rows(rows: Iterable[Typed], file: str) -> tuple[Row, ...]:
    """The typed rows as the rule set takes them."""
    return tuple(Row(file, each.number, {}, dict(each.cells)) for each in rows)


def stamp_of(lines: Iterable[Line]) -> str:
    """A mark that changes when what is stated of the month changes: two people at one form are told of each other."""
    stated = [[key_of(line), line.now.entry, line.now.row] for line in lines if line.now]
    return hashlib.sha256(json.dumps(sorted(stated), ensure_ascii=False).encode()).hexdigest()[:16]


def form_lines(
    owed: Sequence[Line], rows: Sequence[Typed], answer: Mapping[str, Any], place: "Place"
) -> Iterator[FormLine]:
    """Every line of the form: the owed ones in their order, what else was typed, and a few empty ones."""
    verdicts = _by_row(answer)
    mine = {each.of: each for each in rows if each.of}
    keys = {key_of(line) for line in owed}
    number = 0
    for line in owed:
        yield _owed(number, line, mine.get(key_of(line)), verdicts, place)
        number += 1
    for each in rows:
        if each.of not in keys:
            yield _further(number, each, verdicts)
            number += 1
    for _ in range(EMPTY_ROWS):
        yield FormLine(number, "", {})
        number += 1


class Place(NamedTuple):
    """Whose form it is, and in which language it is read."""

    registry: Registry
    subject: str
    language: Language


Verdicts = Mapping[int, tuple[dict[str, list[Verdict]], list[Verdict]]]


def _by_row(answer: Mapping[str, Any]) -> Verdicts:
    found: dict[int, tuple[dict[str, list[Verdict]], list[Verdict]]] = defaultdict(lambda: (defaultdict(list), []))
    for each in answer.get("errors", ()):
        found[each["row"]][0][each["column"]].append(each)
    for each in answer.get("remarks", ()):
        if each["rule"] not in ("not_filled", "as_before"):
            found[each["row"]][1].append(each)
    return {row: (dict(errors), remarks) for row, (errors, remarks) in found.items()}


def _owed(number: int, line: Line, row: Typed | None, verdicts: Verdicts, place: Place) -> FormLine:
    known = known_cells(line)
    errors, remarks = verdicts.get(row.number, ({}, [])) if row else ({}, [])
    cells = {**known, **(row.cells if row else {})}
    last, now = line.last, line.now
    elsewhere = line.subject != place.subject
    return FormLine(
        number=number,
        of=key_of(line),
        cells=cells,
        title=_title(line.item, place.language),
        place=full_name(place.registry, line.subject).in_language(place.language) if elsewhere else "",
        last=f"{amount_text(last)} {last.unit}" if last else "",
        stated=f"{amount_text(now)} {now.unit}" if now else "",
        entry=now.entry if now else "",
        entry_href=entry_href(now.entry, row=str(now.row)) if now else "",
        units=list(dict.fromkeys([*units_of(line), cells.get("unit", line.unit)])),
        errors=errors,
        remarks=remarks,
    )


def _further(number: int, row: Typed, verdicts: Verdicts) -> FormLine:
    errors, remarks = verdicts.get(row.number, ({}, []))
    return FormLine(number, "", row.cells, errors=errors, remarks=remarks)


def _title(name: str, language: Language) -> str:
    try:
        known = item(name)
    except UnknownItemError:
        return name
    said = spoken(known.name, language)
    return f"{said} · {known.kind}" if known.kind and known.kind not in said else said


def choices(language: Language) -> dict[str, list[tuple[str, str]]]:
    """What can be picked: items and units by name, methods and uses in words."""
    return {
        "items": [(key, spoken(each.name, language)) for key, each in all_items().items()],
        "units": [(unit, unit) for unit in UNITS],
        "method": [(each, term("method", each).in_language(language)) for each in REPORTED.column("method").values],
        "use": [(each, term("use", each).in_language(language)) for each in REPORTED.column("use").values],
    }
