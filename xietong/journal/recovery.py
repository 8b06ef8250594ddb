"""What a writer does before it continues a journal: find the last whole entry, cut the torn rest, make all durable.

Whole entries are never cut. Bytes that are more than the beginning of one entry are kept beside the segment as
`.torn`, for they might be an acknowledged entry that the disk damaged.
"""

import os
from pathlib import Path
from typing import NamedTuple

from xietong.journal.errors import CorruptSegment
from xietong.journal.folders import sync_folder
from xietong.journal.layout import SEGMENT_HEADER
from xietong.journal.segments import SegmentFile, never_begun, segment_paths


class Cut(NamedTuple):
    """What was cut from a segment: where, how many bytes, why."""

    path: Path
    offset: int
    length: int
    reason: str


class Recovered(NamedTuple):
    """Where a writer continues: path None means that the next commit begins a new segment."""

    path: Path | None
    handle: int | None
    mark: bytes
    size: int
    last: int
    cut: tuple[Cut, ...]


class _End(NamedTuple):
    offset: int
    last: int
    damage: str
    holed: bool


def recover(folder: Path, journal: str) -> Recovered:
    """Recover the journal in folder, whose lock is held. Raises CorruptSegment where its last segment is unreadable."""
    cuts: list[Cut] = []
    last = 0
    for path in reversed(segment_paths(folder)):
        opened = _opened(path, journal)
        if opened is None:
            last = max(last, int(path.stem) - 1)
            cuts.append(_set_aside(path))
            continue
        try:
            end = _end(opened)
        finally:
            opened.close()
        handle = os.open(path, os.O_RDWR)
        cuts.extend(_cut(path, handle, end))
        os.fsync(handle)
        sync_folder(folder)
        if end.holed or end.last < last:  # a new segment, so that what follows is not read through the damage
            os.close(handle)
            return Recovered(None, None, mark=b"", size=0, last=max(end.last, last), cut=tuple(cuts))
        return Recovered(path, handle, mark=opened.segment.mark, size=end.offset, last=end.last, cut=tuple(cuts))
    sync_folder(folder)
    return Recovered(None, None, mark=b"", size=0, last=last, cut=tuple(cuts))


def _opened(path: Path, journal: str) -> SegmentFile | None:
    """The segment, or None where nothing was ever in it."""
    try:
        return SegmentFile.open(path, journal)
    except CorruptSegment:
        opened = SegmentFile.open(path, journal, lenient=True)
        if opened is None and not never_begun(path):
            raise
        return opened


def _end(opened: SegmentFile) -> _End:
    """The end of the last whole entry, stepping over damage that whole entries follow."""
    offset, last, holed = SEGMENT_HEADER, opened.segment.first - 1, False
    while True:
        found = opened.scan(offset, last + 1)
        offset, last = offset + found.used, last + len(found.entries)
        if found.entries:
            continue
        resume = opened.next_whole(offset + 1, last + 1)
        if resume is None:
            return _End(offset, last, found.damage, holed)
        offset, last, holed = resume.start, resume.ordinal - 1, True


def _cut(path: Path, handle: int, end: _End) -> list[Cut]:
    length = os.fstat(handle).st_size - end.offset
    if length <= 0:
        return []
    if end.damage:
        rest = os.pread(handle, length, end.offset)
        _keep(path.with_name(f"{path.stem}.{end.offset}.torn"), rest)
    os.ftruncate(handle, end.offset)
    return [Cut(path, end.offset, length, end.damage or "the write was cut short")]


def _keep(path: Path, rest: bytes) -> None:
    with path.open("wb") as kept:
        kept.write(rest)
        kept.flush()
        os.fsync(kept.fileno())
    sync_folder(path.parent)


def _set_aside(path: Path) -> Cut:
    length = path.stat().st_size
    path.rename(path.with_suffix(".torn"))
    sync_folder(path.parent)
    return Cut(path, 0, length, "the segment was cut short before its first entry")
