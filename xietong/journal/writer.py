"""The one live writer of a journal: appends in memory, commits with one write and one fdatasync, recovers on opening.

An entry counts only once commit returned; whole entries that a failed commit left in the file stay there with their
ordinals, because a reader may have seen them. Ordinals are never given twice to two whole entries.
"""

import fcntl
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import NamedTuple, Self

from xietong.journal.errors import CorruptSegment, JournalBusy, JournalWriteError
from xietong.journal.folders import make_folder, sync_folder
from xietong.journal.layout import SEGMENT_HEADER, Segment, encode_entry, entry_parts, segment_name
from xietong.journal.recovery import recover
from xietong.journal.standing import standing
from xietong.readings import EntryKind, Mark

SEGMENT_BYTES = 64 * 1024 * 1024
_NO_MARKS: Mapping[str, Mark] = MappingProxyType({})


class Said(NamedTuple):
    """What an entry says, before it has its place in a journal: what it is, whose it is, and the very bytes."""

    kind: EntryKind
    origin: str
    payload: bytes


class _Open(NamedTuple):
    """The segment being written."""

    path: Path
    handle: int
    mark: bytes


class JournalWriter:
    """Appends to root/name. Opening takes the lock, cuts a torn tail and continues the ordinals.

    append and commit may run in different threads; threads that each want their own answer use `record`.
    randomness(n) gives n bytes that no device can guess. Raises JournalBusy where another process writes here.
    """

    def __init__(
        self,
        root: Path,
        name: str,
        *,
        segment_bytes: int = SEGMENT_BYTES,
        randomness: Callable[[int], bytes] = os.urandom,
    ) -> None:
        self.name, self.folder = name, root / name
        self._segment_bytes, self._randomness = segment_bytes, randomness
        make_folder(root)
        make_folder(self.folder)
        self._lock = _locked(self.folder)
        try:
            found = recover(self.folder, name)
        except BaseException:
            os.close(self._lock)
            raise
        self.cut = found.cut
        self._open = _Open(found.path, found.handle, found.mark) if found.path and found.handle is not None else None
        self._size = self._durable_size = found.size
        self._last = self._durable = found.last
        self._next = found.last + 1
        self._pending: list[tuple[bytes, bytes]] = []
        self._unsynced: list[bytes] = []
        self._torn = self._suspect = self._unnamed = False
        self._gate, self._disk = threading.Lock(), threading.RLock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    @property
    def durable(self) -> int:
        """The last ordinal that is safe on disk."""
        return self._durable

    def append(self, kind: EntryKind, origin: str, payload: bytes, received_at: datetime) -> int:
        """Add one entry to the batch in memory; returns its ordinal, which holds once commit has returned.

        Raises ValueError where the payload or the origin is too long or received_at has no time zone.
        """
        return self._append([Said(kind, origin, payload)], received_at)[0]

    def _append(self, entries: Sequence[Said], received_at: datetime) -> range:
        """Add entries under ordinals that follow each other: all of them, or none where one cannot be written."""
        with self._gate:
            ordinals = range(self._next, self._next + len(entries))
            self._pending += [
                entry_parts(self.name, ordinal, *each, received_at)
                for ordinal, each in zip(ordinals, entries, strict=True)
            ]
            self._next = ordinals.stop
            return ordinals

    def commit(self) -> int:
        """Make the batch durable; returns the last durable ordinal.

        Raises JournalWriteError where the disk refused: nothing of the batch may then be acknowledged, what was
        appended meanwhile is dropped as well, and a later commit works again once the disk does.
        """
        with self._disk:
            with self._gate:
                batch, self._pending = self._pending, []
            try:
                self._write(batch)
            except OSError as error:
                with self._gate:
                    self._pending.clear()
                    self._next = self._last + 1
                raise JournalWriteError(self.folder, error) from error
            return self._durable

    def record(self, kind: EntryKind, origin: str, payload: bytes, received_at: datetime) -> int:
        """Append one entry and commit it, safely beside other threads; returns its durable ordinal."""
        return self.record_all([Said(kind, origin, payload)], received_at)[0]

    def record_all(self, entries: Sequence[Said], received_at: datetime) -> range:
        """Append several entries and commit them together, safely beside other threads; their durable ordinals.

        Raises JournalWriteError where the disk refused, ValueError as `append` does; none of them may then count.
        """
        with self._disk:
            ordinals = self._append(entries, received_at)
            self.commit()
            return ordinals

    def close(self) -> None:
        """Let go of file and lock. What was appended and not committed is gone: it was never acknowledged."""
        with self._disk:
            if self._open is not None:
                os.close(self._open.handle)
                self._open = None
            if self._lock >= 0:
                os.close(self._lock)
                self._lock = -1

    def _write(self, batch: list[tuple[bytes, bytes]]) -> None:
        if self._lock < 0:
            raise OSError("the journal is closed")
        if self._open is not None:
            self._mend(self._open)
        if batch:
            self._put(self._current(), batch)
        if self._open is not None and (batch or self._unsynced or self._unnamed):
            self._sync(self._open)

    def _mend(self, current: _Open) -> None:
        """Undo what a failed commit left: cut the torn rest, write again what a failed fdatasync may have lost."""
        if self._torn:
            os.ftruncate(current.handle, self._size)
            self._torn = False
        if self._suspect:
            _pwrite(current.handle, b"".join(self._unsynced), self._durable_size)
            self._suspect = False

    def _current(self) -> _Open:
        """The segment for the next batch; a new one only when everything before it is durable."""
        if self._open is not None and self._size >= max(self._segment_bytes, SEGMENT_HEADER + 1):
            self._sync(self._open)
            os.close(self._open.handle)
            self._open = None
        if self._open is None:
            self._open = self._begin()
        return self._open

    def _begin(self) -> _Open:
        segment = Segment(self.name, self._last + 1, self._randomness(8))
        path = self.folder / segment_name(segment.first)
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o640)
        try:
            _pwrite(handle, segment.encode(), 0)
        except OSError:
            os.close(handle)
            path.unlink()
            raise
        self._size = self._durable_size = SEGMENT_HEADER
        self._unnamed = True
        return _Open(path, handle, segment.mark)

    def _put(self, current: _Open, batch: list[tuple[bytes, bytes]]) -> None:
        encoded = [encode_entry(current.mark, header, body) for header, body in batch]
        data = b"".join(encoded)
        self._torn = True
        try:
            _pwrite(current.handle, data, self._size)
        except OSError:
            self._keep_whole(encoded, os.fstat(current.handle).st_size - self._size)
            os.ftruncate(current.handle, self._size)
            self._torn = False
            raise
        self._torn = False
        self._count(data, len(batch))

    def _keep_whole(self, encoded: list[bytes], written: int) -> None:
        """Count the entries that a failed write left whole: a reader may have seen them already."""
        for entry in encoded:
            if len(entry) > written:
                return
            written -= len(entry)
            self._count(entry, 1)

    def _count(self, data: bytes, entries: int) -> None:
        self._unsynced.append(data)
        self._size += len(data)
        self._last += entries

    def _sync(self, current: _Open) -> None:
        try:
            os.fdatasync(current.handle)
        except OSError:
            # After a failed fdatasync Linux marks the pages clean although they never reached the disk.
            self._suspect = True
            raise
        if self._unnamed:
            sync_folder(self.folder)
            self._unnamed = False
        self._unsynced.clear()
        self._durable_size, self._durable = self._size, self._last


def open_writer(root: Path, prefix: str, marks: Mapping[str, Mark] = _NO_MARKS) -> JournalWriter:
    """The writer of the first of prefix-0, prefix-1 … that is free and may go on.

    marks: how far each journal has been settled. One that does not hold what was settled of it (an older or another
    copy, a lost folder) is passed over, and so is one whose last segment cannot be read: its name is never used again.
    """
    number = 0
    while True:
        name = f"{prefix}-{number}"
        mark = marks.get(name, Mark(0))
        try:
            if standing(root, name, mark) == "whole":
                writer = JournalWriter(root, name)
                if writer.durable >= mark.ordinal:  # opening may have cut a damaged end
                    return writer
                writer.close()
        except (JournalBusy, CorruptSegment):
            pass
        number += 1


def _locked(folder: Path) -> int:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        raise JournalBusy(folder) from None
    return handle


def _pwrite(handle: int, data: bytes, offset: int) -> None:
    view = memoryview(data)
    while view:
        written = os.pwrite(handle, view, offset)
        view, offset = view[written:], offset + written
