"""A disk that refuses: full in the middle of a write, failing fdatasync, a folder that cannot be written."""

import asyncio
import errno
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from xietong.journal import GroupCommit, JournalReader, JournalWriteError, JournalWriter, read, sync_folder

NOW = datetime(2025, 3, 14, tzinfo=UTC)
PEER = "tcp:127.0.0.1:50122"
ENTRY = 36 + len(PEER) + 64 + 10  # bytes of an entry with a payload of ten
FIRST = "00000000000000000001.seg"


class Disk:
    """Stands before os.pwrite and os.fdatasync: `room` bytes are left (None: enough), `failing` makes fsync fail."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.room: int | None = None
        self.failing = False
        self._pwrite, self._fdatasync = os.pwrite, os.fdatasync
        monkeypatch.setattr(os, "pwrite", self.pwrite)
        monkeypatch.setattr(os, "fdatasync", self.fdatasync)

    def pwrite(self, handle: int, data: memoryview, offset: int) -> int:
        if self.room is None:
            return self._pwrite(handle, data, offset)
        if self.room == 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        written = self._pwrite(handle, data[: self.room], offset)
        self.room -= written
        return written

    def fdatasync(self, handle: int) -> None:
        if self.failing:
            raise OSError(errno.EIO, "Input/output error")
        self._fdatasync(handle)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    return Disk(monkeypatch)


def append(writer: JournalWriter, *letters: str) -> list[int]:
    return [writer.append("hj212", PEER, letter.encode() * 10, NOW) for letter in letters]


def letters_in(root: Path) -> str:
    return "".join(chr(entry.payload[0]) for entry in read(root, "intake-0"))


@pytest.mark.parametrize("room", [0, 1, ENTRY - 1, ENTRY, 2 * ENTRY + 50, 3 * ENTRY - 1])
def test_a_full_disk_acknowledges_nothing_and_works_again_with_space(tmp_path: Path, disk: Disk, room: int) -> None:
    with JournalWriter(tmp_path, "intake-0") as writer:
        append(writer, "a", "b")
        assert writer.commit() == 2
        append(writer, "c", "d", "e")
        disk.room = room
        with pytest.raises(JournalWriteError, match=r"\(No space left on device\)") as refused:
            writer.commit()
        assert "未确认" in refused.value.text.zh
        assert writer.durable == 2
        kept = "cde"[: room // ENTRY]
        assert (tmp_path / "intake-0" / FIRST).stat().st_size == 64 + (2 + len(kept)) * ENTRY
        assert letters_in(tmp_path) == "ab" + kept
        disk.room = None
        assert append(writer, "x", "y") == [3 + len(kept), 4 + len(kept)]
        assert writer.commit() == 4 + len(kept)
    assert letters_in(tmp_path) == "ab" + kept + "xy"


@pytest.mark.parametrize("room", [0, 10, 64, 64 + ENTRY + 3])
def test_a_full_disk_at_a_new_segment(tmp_path: Path, disk: Disk, room: int) -> None:
    with JournalWriter(tmp_path, "intake-0", segment_bytes=1) as writer:
        append(writer, "a")
        writer.commit()
        append(writer, "b", "c")
        disk.room = room
        with pytest.raises(JournalWriteError):
            writer.commit()
        reader = JournalReader(tmp_path, "intake-0")
        seen = [entry.ordinal for entry in reader.read()] + [entry.ordinal for entry in reader.read()]
        disk.room = None
        append(writer, "x")
        last = writer.commit()
        assert last == seen[-1] + 1
        assert [entry.ordinal for entry in reader.read()] == [last]
    assert letters_in(tmp_path) == ("abx" if room > 64 else "ax")


def test_what_a_failed_fdatasync_may_have_lost_is_written_again(tmp_path: Path, disk: Disk) -> None:
    with JournalWriter(tmp_path, "intake-0") as writer:
        append(writer, "a")
        writer.commit()
        append(writer, "b")
        disk.failing = True
        with pytest.raises(JournalWriteError, match="Input/output error"):
            writer.commit()
        assert writer.durable == 1
        # The kernel drops the page and calls it clean: the bytes on the disk are not those written.
        with (tmp_path / "intake-0" / FIRST).open("r+b") as segment:
            segment.seek(64 + ENTRY)
            segment.write(bytes(ENTRY))
        disk.failing = False
        append(writer, "c")
        assert writer.commit() == 3
    assert letters_in(tmp_path) == "abc"


def test_a_commit_without_new_entries_finishes_a_failed_one(tmp_path: Path, disk: Disk) -> None:
    with JournalWriter(tmp_path, "intake-0", segment_bytes=1) as writer:
        append(writer, "a")
        disk.failing = True
        with pytest.raises(JournalWriteError):
            writer.commit()
        with pytest.raises(JournalWriteError):
            writer.commit()
        disk.failing = False
        assert writer.commit() == 1
        append(writer, "b")
        assert writer.commit() == 2
    assert letters_in(tmp_path) == "ab"


def test_a_segment_is_durable_before_the_next_begins(tmp_path: Path, disk: Disk) -> None:
    """Readers sync their last segment only: that holds because of this."""
    with JournalWriter(tmp_path, "intake-0", segment_bytes=1) as writer:
        append(writer, "a")
        disk.failing = True
        with pytest.raises(JournalWriteError):
            writer.commit()
        append(writer, "b")
        with pytest.raises(JournalWriteError):
            writer.commit()
        assert len(list((tmp_path / "intake-0").iterdir())) == 1


def test_a_group_whose_disk_is_full_fails_as_a_whole_and_the_next_succeeds(tmp_path: Path, disk: Disk) -> None:
    with JournalWriter(tmp_path, "intake-0") as writer:

        async def use() -> list[int | BaseException]:
            group = GroupCommit(writer)
            disk.room = 0
            failed = await asyncio.gather(
                *(group.append("hj212", PEER, b"lost", NOW) for _ in range(5)), return_exceptions=True
            )
            disk.room = None
            late = await group.append("hj212", PEER, b"kept", NOW)
            await group.close()
            return [*failed, late]

        *failed, late = asyncio.run(use())
    assert all(isinstance(each, JournalWriteError) for each in failed)
    assert late == 1
    assert [entry.payload for entry in read(tmp_path, "intake-0")] == [b"kept"]


def test_what_gathers_while_a_commit_fails_fails_too(tmp_path: Path, disk: Disk) -> None:
    """It was dropped with the batch: the next commit must not answer for it."""
    refused, real = threading.Event(), disk.pwrite

    def slow(handle: int, data: memoryview, offset: int) -> int:
        assert refused.wait(20)
        return real(handle, data, offset)

    with JournalWriter(tmp_path, "intake-0") as writer, pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "pwrite", slow)

        async def use() -> list[int | BaseException]:
            group = GroupCommit(writer)
            disk.room = 0
            first = asyncio.ensure_future(group.append("hj212", PEER, b"first", NOW))
            await asyncio.sleep(0.1)  # the commit of the first waits in its thread
            second = asyncio.ensure_future(group.append("hj212", PEER, b"second", NOW))
            await asyncio.sleep(0.1)
            refused.set()
            results = await asyncio.wait_for(asyncio.gather(first, second, return_exceptions=True), 20)
            await group.close()
            return list(results)

        results = asyncio.run(use())
    assert all(isinstance(each, JournalWriteError) for each in results)
    assert list(read(tmp_path, "intake-0")) == []


def told_of_the_disk(root: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is brought to the disk from now on, in its order, and what is cut."""
    done: list[str] = []

    def told(what: str, real: Callable[..., None]) -> Callable[..., None]:
        def call(handle: int, *more: int) -> None:
            path = Path(f"/proc/self/fd/{handle}").readlink()
            assert path.is_dir() or path.stat().st_size, f"{path} is brought to the disk before it holds anything"
            done.append(f"{what} {path.relative_to(root)}")
            real(handle, *more)

        return call

    for what in ("fsync", "fdatasync", "ftruncate"):
        monkeypatch.setattr(os, what, told(what, getattr(os, what)))
    return done


@pytest.mark.parametrize("rest", [b"", b"no entry at all" * 9])
def test_what_another_writer_left_is_durable_before_it_is_continued(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rest: bytes
) -> None:
    """Who wrote it may have died before its fsync; and what is cut is safe beside it first."""
    with JournalWriter(tmp_path / "journal", "intake-0") as writer:
        append(writer, "a")
        writer.commit()
    segment = tmp_path / "journal" / "intake-0" / FIRST
    with segment.open("ab") as file:
        file.write(rest)
    done = told_of_the_disk(tmp_path, monkeypatch)
    with JournalWriter(tmp_path / "journal", "intake-0") as writer:
        torn = f"journal/intake-0/{segment.stem}.{64 + ENTRY}.torn"
        cut = [f"fsync {torn}", "fsync journal/intake-0", f"ftruncate journal/intake-0/{FIRST}"] if rest else []
        assert done[2:] == [*cut, f"fsync journal/intake-0/{FIRST}", "fsync journal/intake-0"]
        assert writer.durable == 1


def test_a_segment_that_stands_already_is_never_begun_anew(tmp_path: Path) -> None:
    with JournalWriter(tmp_path, "intake-0", segment_bytes=1) as writer:
        append(writer, "a")
        writer.commit()
        second = tmp_path / "intake-0" / f"{2:020d}.seg"
        second.write_bytes(b"of somebody else")
        append(writer, "b")
        with pytest.raises(JournalWriteError, match="exists"):
            writer.commit()
        assert second.read_bytes() == b"of somebody else"


def test_names_are_durable_before_the_first_acknowledgement(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The order of what reaches the disk: the journal's folders, then data, then the segment's name, then commit."""
    done = told_of_the_disk(tmp_path, monkeypatch)
    with JournalWriter(tmp_path / "journal", "intake-0") as writer:
        assert done[:2] == ["fsync .", "fsync journal"]
    done.clear()
    with JournalWriter(tmp_path / "journal", "intake-0") as writer:
        # Who made the folders may have died before their names were durable.
        assert done[:2] == ["fsync .", "fsync journal"]
        done.clear()
        append(writer, "a")
        writer.commit()
        assert done == [f"fdatasync journal/intake-0/{FIRST}", "fsync journal/intake-0"]
        done.clear()
        append(writer, "b")
        writer.commit()
        assert done == [f"fdatasync journal/intake-0/{FIRST}"]
    sync_folder(tmp_path)


WRITER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from xietong.journal import JournalWriter
writer = JournalWriter(Path(sys.argv[1]), "intake-0", segment_bytes=20_000)
print("from", writer.durable + 1, flush=True)
while True:
    for _ in range(40):
        ordinal = writer.append("hj212", "tcp:a", b"%d " % (writer._next) * 20, datetime.now(UTC))
    print(writer.commit(), flush=True)
"""


@pytest.mark.slow
def test_a_killed_writer_loses_nothing_it_had_committed(tmp_path: Path) -> None:
    acknowledged = 0
    for round_number in range(12):
        with subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE) as child:
            assert child.stdout is not None
            begun = int(child.stdout.readline().split()[1])
            assert begun > acknowledged
            for _ in range(3 + round_number):
                acknowledged = int(child.stdout.readline())
            child.kill()
            told = child.stdout.read().split(b"\n")[:-1]  # what it had said before the kill came through
            acknowledged = int(told[-1]) if told else acknowledged
        entries = list(read(tmp_path, "intake-0"))
        assert len(entries) >= acknowledged
        assert all(entry.payload == b"%d " % entry.ordinal * 20 for entry in entries)
    assert len(list((tmp_path / "intake-0").glob("*.seg"))) > 5
