"""One segment file for reading: opened, scanned piece by piece, searched by ordinal and searched after damage.

Shared by the reader and by the writer's recovery; nothing is changed here.
"""

import os
from pathlib import Path

from xietong.journal.errors import CorruptSegment
from xietong.journal.layout import PRELUDE, SEGMENT_HEADER, Head, Scan, Segment, decode_segment, head, next_head, scan

CHUNK = 1024 * 1024
NEAR = 128 * 1024  # below this distance a search walks from entry to entry


def segment_paths(folder: Path) -> list[Path]:
    """The segments of one journal in the order of their ordinals."""
    return sorted(path for path in folder.glob("*.seg") if path.stem.isdigit())


def never_begun(path: Path) -> bool:
    """Whether nothing was ever durable in this segment: a power cut came when it had just been made."""
    content = path.read_bytes()
    return len(content) < SEGMENT_HEADER or not content.strip(b"\0")


class SegmentFile:
    """An open segment. Offsets count from the start of the file; entries begin at 64."""

    def __init__(self, path: Path, handle: int, segment: Segment) -> None:
        self.path, self.handle, self.segment = path, handle, segment

    @classmethod
    def open(cls, path: Path, journal: str, *, lenient: bool = False) -> "SegmentFile | None":
        """Open for reading; None where the header is not written yet.

        Raises CorruptSegment for a header that is damaged or another journal's. lenient takes the mark from the first
        entry instead, and answers None where that is gone too.
        """
        handle = os.open(path, os.O_RDONLY)
        opened = None
        try:
            segment = _segment(path, journal, os.pread(handle, SEGMENT_HEADER + PRELUDE, 0), lenient)
            opened = cls(path, handle, segment) if segment else None
        finally:
            if opened is None:
                os.close(handle)
        return opened

    def close(self) -> None:
        """Let go of the file."""
        os.close(self.handle)

    def size(self) -> int:
        """Bytes in the file now."""
        return os.fstat(self.handle).st_size

    def scan(self, offset: int, expected: int, limit: int | None = None) -> Scan:
        """Whole entries from this offset, as many as one chunk holds; `used` counts from offset."""
        length = CHUNK
        while True:
            data = os.pread(self.handle, length, offset)
            found = scan(data, self.segment, expected, limit)
            if found.entries or found.damage or len(data) < length:
                return found
            length *= 4  # one entry is longer than the chunk

    def next_whole(self, offset: int, at_least: int) -> Head | None:
        """The first whole entry, every hash verified, that begins at or after offset with such an ordinal."""
        data = os.pread(self.handle, max(self.size() - offset, 0), offset)

        def whole(candidate: Head) -> bool:
            piece = data[candidate.start : candidate.stop]
            return candidate.ordinal >= at_least and bool(scan(piece, self.segment, candidate.ordinal).entries)

        found = next_head(data, 0, self.segment.mark, whole)
        return Head(found.ordinal, found.start + offset, found.stop + offset) if found else None

    def locate(self, ordinal: int) -> Head | None:
        """Where this entry lies, by bisection and then from header to header; None where it is not (whole) here."""
        at = self._before(ordinal)
        while True:
            found = head(os.pread(self.handle, PRELUDE, at), 0, self.segment.mark)
            here = Head(found.ordinal, at, at + found.stop) if found else self.next_whole(at + 1, 1)
            if here is None or here.ordinal > ordinal or here.stop > self.size():
                return None
            if here.ordinal == ordinal:
                return here
            at = here.stop

    def last(self) -> int:
        """The ordinal of the last entry whose header is whole; first - 1 where there is none."""
        last, at = self.segment.first - 1, self._before(2**62)
        while found := head(os.pread(self.handle, PRELUDE, at), 0, self.segment.mark):
            last, at = found.ordinal, at + found.stop
        return last

    def _before(self, ordinal: int) -> int:
        low, high = SEGMENT_HEADER, self.size()
        while high - low > NEAR:
            middle = (low + high) // 2
            window = os.pread(self.handle, NEAR // 2, middle)
            probe = next_head(window, 0, self.segment.mark, lambda _: True)
            if probe is not None and probe.ordinal <= ordinal:
                low = middle + probe.start
            else:
                high = middle
        return low


def _segment(path: Path, journal: str, start: bytes, lenient: bool) -> Segment | None:
    if len(start) < SEGMENT_HEADER:
        return None
    segment = decode_segment(start)
    if segment is not None and segment.journal == journal and segment.first == int(path.stem):
        return segment
    if not lenient:
        reason = "the segment's header is damaged" if segment is None else f"it belongs to {segment.journal}"
        raise CorruptSegment(path, 0, reason, SEGMENT_HEADER)
    mark = start[SEGMENT_HEADER : SEGMENT_HEADER + 8]
    return Segment(journal, int(path.stem), mark) if head(start, SEGMENT_HEADER, mark) else None
