"""How far the lake says that each journal has been settled, read from its log without opening the table.

For whoever is about to write a journal: it needs no more than the newest log entry that moves positions, since every
one of those names all journals.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from xietong.lake.errors import DamagedFile
from xietong.lake.files.standing import read_standing, standing_path
from xietong.lake.files.whole import entry_damage
from xietong.readings import Mark

# Beside a journal's position the lake keeps what its last settled entry is known by.
PRINT = "#print"


def marks_of(transactions: Mapping[str, int]) -> dict[str, Mark]:
    """The marks that the transaction versions of the lake say."""
    return {
        name: Mark(ordinal, transactions.get(name + PRINT)) for name, ordinal in transactions.items() if "#" not in name
    }


class Settled(NamedTuple):
    """The furthest that each journal was ever settled, what could not be read of it, and every mark that is told.

    every: the lake's and lake.json's own. Where the two come from different copies they differ, and the journal of
    either holds one of them: only one that holds both is the journal that goes on.
    """

    marks: Mapping[str, Mark]
    damage: DamagedFile | None
    every: Sequence[tuple[str, Mark]] = ()


def settled_marks(lake: Path) -> Settled:
    """How far each journal was settled, by the lake and by lake.json beside it, as far as both can be read."""
    found: dict[str, Mark] = {}
    every: list[tuple[str, Mark]] = []
    damage = None
    for look in (logged_marks, _said):
        try:
            for name, mark in look(lake).items():
                every.append((name, mark))
                if name not in found or found[name].ordinal < mark.ordinal:
                    found[name] = mark
        except DamagedFile as error:
            damage = error
    return Settled(found, damage, every)


def logged_marks(lake: Path) -> Mapping[str, Mark]:
    """How far each journal is settled by the lake's own log; raises DamagedFile where it cannot be read."""
    return marks_of(_newest(lake / "readings" / "_delta_log"))


def _said(lake: Path) -> Mapping[str, Mark]:
    standing = read_standing(standing_path(lake))
    return standing.journals if standing else {}


def _newest(log: Path) -> dict[str, int]:
    """The transaction versions of the newest entry that has any; a torn newest entry was never answered for."""
    entries = sorted(log.glob("[0-9]*.json"), reverse=True)
    for number, entry in enumerate(entries):
        wrong = entry_damage(entry)
        if wrong and number:
            raise DamagedFile(entry, wrong)
        if not wrong:
            lines = [json.loads(line) for line in entry.read_text().splitlines()]
            moved = {line["txn"]["appId"]: int(line["txn"]["version"]) for line in lines if "txn" in line}
            if moved:
                return moved
    if entries and int(entries[-1].stem) > 0:
        raise DamagedFile(entries[-1], "no entry of the log says how far the journals are settled")
    return {}
