"""Journals that are not the ones the lake was made from: older copies, and copies that went on by themselves.

An older copy has nothing that the lake lacks. Of one that went on, the entries from where it differs are taken into a
journal under a name of their own, exactly as they are, and the journal is cut there, so that no reading of the lake
names another frame. The whole copy stays beside it.
"""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from xietong.journal import (
    JournalBehind,
    JournalDiffers,
    JournalError,
    JournalReader,
    JournalWriter,
    last_ordinal,
    print_of,
    standing,
    sync_folder,
)
from xietong.lake.queries.stamps import receipts_of
from xietong.lake.store import Lake
from xietong.readings import Entry, Mark


def carry_over(root: Path, lake: Lake, report: Callable[[JournalError], None]) -> list[str]:
    """Look at every journal before it is followed; answers those that are not to be. Hold SettleLock.

    A copy that went on is carried over whole or, after a crash, from where that ended.
    """
    _finish_cuts(root)
    passed = []
    for name, mark in sorted(lake.marks().items()):
        found = standing(root, name, mark)
        if found == "whole":
            continue
        passed.append(name)
        if not (root / name).is_dir():
            report(JournalBehind(root / name, mark.ordinal, 0))
            continue
        kept = _agreeing(root, name, lake, mark)
        if kept is not None:
            report(JournalDiffers(root / name, kept + 1))
            _carry(root, name, kept)
        else:
            report(JournalBehind(root / name, mark.ordinal, last_ordinal(root, name)))
    return passed


def _agreeing(root: Path, name: str, lake: Lake, mark: Mark) -> int | None:
    """The last entry that is the one the lake was made from; None where nothing in the journal says otherwise.

    The lake keeps when each reading's entry came, to the microsecond: an entry of that name and another time is
    another entry.
    """
    received, agreed = receipts_of(lake, name), 0
    for entry in _entries(root, name):
        times = received.get(entry.id)
        # Its standing is not whole: what it holds at the mark, if anything, is another entry.
        if entry.ordinal == mark.ordinal or (times is not None and times != (entry.received_at, entry.received_at)):
            return agreed
        if times is not None:
            agreed = entry.ordinal
    return None


def _entries(root: Path, name: str, after: int = 0) -> Iterator[Entry]:
    """Every whole entry, stepping over damage."""
    reader = JournalReader(root, name, after, on_damage=lambda _: None)
    try:
        while found := reader.read():
            yield from found
    finally:
        reader.close()


def _carry(root: Path, name: str, kept: int) -> None:
    """Copy what follows the last agreeing entry into a journal of its own, then cut the journal behind that entry.

    The new name follows from the first entry that is copied, so that a second attempt goes on with the same journal.
    """
    first = next(_entries(root, name, kept))
    with JournalWriter(root, f"carried-{print_of(first):016x}") as writer:
        there = writer.durable
        for number, entry in enumerate(_entries(root, name, kept)):
            if number >= there:
                writer.append(entry.kind, entry.origin, entry.payload, entry.received_at)
            if number % 10_000 == 0:
                writer.commit()
        writer.commit()
    _cut(root, name, kept, f"{print_of(first):016x}")


def _cut(root: Path, name: str, kept: int, mark: str) -> None:
    """Put a journal of the agreeing entries alone in the place of the copy, which stays beside it."""
    beside = root / f"{name}.cut-{mark}"
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir()
    with JournalWriter(beside, name) as writer:
        for number, entry in enumerate(_entries(root, name)):
            if entry.ordinal > kept:
                break
            if writer.append(entry.kind, entry.origin, entry.payload, entry.received_at) != entry.ordinal:
                break  # damage lies before it: what is behind keeps its place in the copy alone
            if number % 10_000 == 0:
                writer.commit()
        writer.commit()
    (root / name).rename(root / f"{name}.copy-{mark}")
    sync_folder(root)
    _finish_cuts(root)


def _finish_cuts(root: Path) -> None:
    """Give a journal that was cut its name, once the copy has left it; a power cut may have come between."""
    for beside in root.glob("*.cut-*"):
        name, _, mark = beside.name.partition(".cut-")
        if (root / f"{name}.copy-{mark}").is_dir() and not (root / name).exists():
            (beside / name).rename(root / name)
            sync_folder(root)
        if (root / f"{name}.copy-{mark}").is_dir():
            shutil.rmtree(beside, ignore_errors=True)
