"""Readers of a journal: follow it from a position, open one entry, make what was read durable.

A reader sees entries as soon as they are in the file, before they are safe there: whoever makes anything durable
from them calls sync first, else a power cut could leave the copy ahead of its evidence.
"""

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from xietong.journal.errors import CorruptSegment, JournalBehind, NoSuchEntry
from xietong.journal.folders import sync_folder
from xietong.journal.layout import MAX_NAME, SEGMENT_HEADER, Head, segment_name
from xietong.journal.segments import SegmentFile, never_begun, segment_paths
from xietong.readings import Entry

UNFINISHED = "it ends inside an entry"
_NAME = re.compile(rf"(?=.{{1,{MAX_NAME}}}$)[a-z][a-z0-9]*(-[a-z0-9]+)*")
_ENTRY = re.compile(r"([a-z0-9-]+)/([1-9][0-9]{0,18})")


def names(root: Path) -> list[str]:
    """The journals under root, in order; an absent root has none."""
    if not root.is_dir():
        return []
    return sorted(folder.name for folder in root.iterdir() if _NAME.fullmatch(folder.name) and folder.is_dir())


class JournalReader:
    """Follows one journal from after a given ordinal; a poll costs the new bytes only, and every hash is verified.

    Damage raises CorruptSegment at each read until it is mended; where on_damage is given it is told instead, once,
    and reading goes on at the next whole entry. position is the ordinal read last.
    """

    def __init__(
        self, root: Path, name: str, after: int = 0, on_damage: Callable[[CorruptSegment], None] | None = None
    ) -> None:
        self.name, self.folder, self.position = name, root / name, after
        self._on_damage = on_damage
        self._told: tuple[Path, int] | None = None
        self._file: SegmentFile | None = None
        self._offset = 0

    def read(self, limit: int | None = None) -> list[Entry]:
        """The next entries, at most limit and about a megabyte at once; [] where there is nothing new.

        Raises CorruptSegment, or JournalBehind where the journal ends before the position that was asked for.
        """
        while self._file is not None or self._start():
            entries, damage = self._step(limit)
            if entries:
                return entries
            if not (self._pass_damage(damage) if damage else self._advance()):
                return []
        return []

    def rest(self) -> CorruptSegment | None:
        """What stands behind the last whole entry, once `read` gives nothing more; None where nothing does.

        It may be the beginning of an entry (reason UNFINISHED) that is being written or was torn by a power cut, or a
        last entry that is damaged: nobody can tell from the bytes whether that one had been acknowledged.
        """
        if self._file is None:
            return None
        found, left = self._file.scan(self._offset, self.position + 1, 1), self._file.size() - self._offset
        if found.entries or left <= 0:
            return None
        return CorruptSegment(self._file.path, self._offset, found.damage or UNFINISHED)

    def sync(self) -> None:
        """Make durable what was read; call it before making anything durable from it."""
        if self._file is not None:
            # Segments before this one were made durable before the writer began it.
            os.fdatasync(self._file.handle)
            sync_folder(self.folder)

    def close(self) -> None:
        """Let go of the open segment."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _step(self, limit: int | None) -> tuple[list[Entry], str]:
        assert self._file is not None
        found = self._file.scan(self._offset, self.position + 1, limit)
        self._offset += found.used
        self.position += len(found.entries)
        return found.entries, found.damage

    def _start(self) -> bool:
        """Open the segment that holds the entry after the position, at that entry."""
        paths = segment_paths(self.folder)
        before = [path for path in paths if int(path.stem) <= self.position + 1]
        if not before:
            return self._start_late(paths)
        opened = self._opened(before[-1])
        if opened is None:
            return len(before) < len(paths) and self._enter(paths[len(before)])
        start = self._start_offset(opened, last_segment=len(before) == len(paths))
        self._file, self._offset = opened, start
        return True

    def _start_late(self, paths: list[Path]) -> bool:
        if paths:
            return self._enter(paths[0])
        if self.position:
            raise JournalBehind(self.folder, self.position, 0)
        return False

    def _start_offset(self, opened: SegmentFile, *, last_segment: bool) -> int:
        if opened.segment.first == self.position + 1:
            return SEGMENT_HEADER
        here = opened.locate(self.position)
        if here is not None:
            return here.stop
        later = opened.next_whole(SEGMENT_HEADER, self.position + 1)
        if later is not None:
            self.position = later.ordinal - 1
            return later.start
        if last_segment:
            raise JournalBehind(self.folder, self.position, opened.last())
        return opened.size()

    def _pass_damage(self, reason: str) -> bool:
        """Step over damage that whole entries follow; False at a torn tail, which may yet be finished or cut."""
        assert self._file is not None
        resume = self._file.next_whole(self._offset + 1, self.position + 1)
        if resume is None and self._next_path() is None:
            return False
        return self._resume_after(reason, resume)

    def _resume_after(self, reason: str, resume: Head | None) -> bool:
        assert self._file is not None
        following = None if resume else self._next_path()
        until = resume.ordinal if resume else int(following.stem) if following else 0
        lost = (self.position + 1, until - 1) if until > self.position + 1 else None
        start = resume.start if resume else None
        self._damaged(CorruptSegment(self._file.path, self._offset, reason, start, lost))
        if resume is None:
            return following is not None and self._enter(following)
        self._offset, self.position = resume.start, resume.ordinal - 1
        return True

    def _advance(self) -> bool:
        """At the end of a segment: go to the next one, if there is one and nothing came to this one meanwhile."""
        assert self._file is not None
        following = self._next_path()
        if following is None:
            return False
        # The writer was done with this segment before it began the next one: now its size is final.
        if self._file.size() == self._offset:
            return self._enter(following)
        if self._file.scan(self._offset, self.position + 1, 1).entries:
            return True
        return self._resume_after("the segment ends inside an entry", None)

    def _enter(self, path: Path) -> bool:
        """Continue at the start of this segment; False while its header is not there yet."""
        opened = self._opened(path)
        if opened is None:
            later = _after(self.folder, path)
            return later is not None and self._enter(later)
        first, expected = opened.segment.first, self.position + 1
        if first != expected:
            missing = CorruptSegment(path, 0, f"entries {expected} to {first - 1} are missing before it")
            self._damaged(missing, opened)
        self.close()
        self._file, self._offset, self.position = opened, SEGMENT_HEADER, first - 1
        return True

    def _next_path(self) -> Path | None:
        assert self._file is not None
        expected = self.folder / segment_name(self.position + 1)
        if expected != self._file.path and expected.exists():
            return expected
        return _after(self.folder, self._file.path)

    def _opened(self, path: Path) -> SegmentFile | None:
        try:
            return SegmentFile.open(path, self.name)
        except CorruptSegment as error:
            if never_begun(path):
                return None  # the writer sets it aside when it opens
            opened = SegmentFile.open(path, self.name, lenient=True)
            self._damaged(error, opened)
            return opened

    def _damaged(self, error: CorruptSegment, opened: SegmentFile | None = None) -> None:
        if self._on_damage is None:
            if opened is not None:
                opened.close()
            raise error
        if (error.path, error.offset) != self._told:
            self._told = error.path, error.offset
            self._on_damage(error)


def read(root: Path, name: str, after: int = 0, limit: int | None = None) -> Iterator[Entry]:
    """Entries of one journal after an ordinal, at most limit; ends at the (perhaps torn) tail.

    Raises CorruptSegment at damage in the middle, and JournalBehind where the journal ends before `after`.
    """
    reader = JournalReader(root, name, after)
    left = limit
    try:
        while left is None or left > 0:
            entries = reader.read(left)
            if not entries:
                return
            yield from entries
            left = None if left is None else left - len(entries)
    finally:
        reader.close()


def sync(root: Path, name: str) -> None:
    """Make durable what any reader has read of this journal so far; nothing to do where it has no segment."""
    paths = segment_paths(root / name)
    if not paths:
        return
    handle = os.open(paths[-1], os.O_RDONLY)
    try:
        os.fdatasync(handle)
    finally:
        os.close(handle)
    sync_folder(root / name)


def find(root: Path, entry_id: str) -> Entry:
    """The entry of this id (journal/ordinal), hashes verified. Raises NoSuchEntry, or CorruptSegment where it lies."""
    named = _ENTRY.fullmatch(entry_id)
    if named is None or not _NAME.fullmatch(named[1]):
        raise NoSuchEntry(entry_id)
    name, ordinal = named[1], int(named[2])
    paths = [path for path in segment_paths(root / name) if int(path.stem) <= ordinal]
    opened = SegmentFile.open(paths[-1], name) if paths else None
    if opened is None:
        raise NoSuchEntry(entry_id)
    try:
        here = opened.locate(ordinal)
        if here is None:
            raise NoSuchEntry(entry_id)
        found = opened.scan(here.start, ordinal, 1)
        if not found.entries:
            raise CorruptSegment(opened.path, here.start, found.damage)
        return found.entries[0]
    finally:
        opened.close()


def _after(folder: Path, path: Path) -> Path | None:
    return next((later for later in segment_paths(folder) if later.name > path.name), None)
