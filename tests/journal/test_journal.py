"""The journal in ordinary use: ordinals, segments, following, finding, one writer, group commit."""

import asyncio
import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from xietong.journal import (
    CorruptSegment,
    GroupCommit,
    JournalBehind,
    JournalReader,
    JournalWriter,
    NoSuchEntry,
    find,
    names,
    open_writer,
    print_of,
    read,
    sync,
)
from xietong.journal.errors import JournalBusy

NOW = datetime(2025, 3, 14, 7, 30, 0, 123456, tzinfo=UTC)
PEER = "tcp:127.0.0.1:50122"


def fill(root: Path, count: int, *, segment_bytes: int = 64 * 1024 * 1024, group: int = 3) -> None:
    """Write entries with payload b'payload N', committed in groups."""
    with JournalWriter(root, "intake-0", segment_bytes=segment_bytes) as writer:
        for number in range(writer.durable + 1, writer.durable + count + 1):
            assert writer.append("hj212", PEER, b"payload %d" % number, NOW) == number
            if number % group == 0:
                writer.commit()
        writer.commit()


def test_an_entry_comes_back_as_it_went_in(tmp_path: Path) -> None:
    origin, at = "sheet:电表 3.xlsx", NOW + timedelta(microseconds=1)
    with JournalWriter(tmp_path, "web-0") as writer:
        assert writer.append("file", origin, b"\x00\xff##junk", at) == 1
        assert writer.commit() == 1
    (entry,) = read(tmp_path, "web-0")
    assert (entry.journal, entry.ordinal, entry.kind, entry.origin) == ("web-0", 1, "file", origin)
    assert (entry.received_at, entry.payload, entry.id) == (at, b"\x00\xff##junk", "web-0/1")
    # sha256sum of these eight bytes.
    assert entry.payload_sha256.hex() == "ca51170fbc5bb7f5a918bd32a55d106390749e89a8b09e7ee6074ed93024c7c2"


def test_ordinals_go_on_over_segments_and_restarts(tmp_path: Path) -> None:
    for _ in range(3):
        fill(tmp_path, 20, segment_bytes=1000)
    entries = list(read(tmp_path, "intake-0"))
    assert [entry.ordinal for entry in entries] == list(range(1, 61))
    assert [entry.payload for entry in entries] == [b"payload %d" % number for number in range(1, 61)]
    segments = sorted(path.name for path in (tmp_path / "intake-0").iterdir())
    assert len(segments) > 5
    assert segments[0] == "00000000000000000001.seg"


@pytest.mark.parametrize("after", [0, 1, 2, 3, 17, 39, 40])
def test_reading_starts_after_any_entry(tmp_path: Path, after: int) -> None:
    fill(tmp_path, 40, segment_bytes=1500)
    assert [entry.ordinal for entry in read(tmp_path, "intake-0", after)] == list(range(after + 1, 41))
    assert len(list(read(tmp_path, "intake-0", after, limit=5))) == min(5, 40 - after)


def test_a_reader_follows_the_writer_over_segments(tmp_path: Path) -> None:
    reader = JournalReader(tmp_path, "intake-0")
    assert reader.read() == []
    seen: list[int] = []
    with JournalWriter(tmp_path, "intake-0", segment_bytes=700) as writer:
        for number in range(1, 50):
            writer.append("hj212", PEER, b"x" * number, NOW)
            writer.commit()
            while entries := reader.read(limit=2):
                seen += [entry.ordinal for entry in entries]
            reader.sync()
            assert reader.position == number
    assert seen == list(range(1, 50))
    assert reader.read() == []


def test_what_comes_to_a_segment_while_the_reader_looks_for_the_next_is_not_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = JournalReader(tmp_path, "intake-0")
    with JournalWriter(tmp_path, "intake-0", segment_bytes=300) as writer:
        writer.record("hj212", PEER, b"first", NOW)
        assert [entry.ordinal for entry in reader.read()] == [1]
        real = JournalReader._next_path

        def late(self: JournalReader) -> Path | None:
            monkeypatch.setattr(JournalReader, "_next_path", real)
            for payload in (b"x" * 300, b"in the next segment"):
                writer.record("hj212", PEER, payload, NOW)
            return real(self)

        monkeypatch.setattr(JournalReader, "_next_path", late)
        assert [entry.ordinal for entry in reader.read()] == [2]
        assert [entry.ordinal for entry in reader.read()] == [3]


def test_a_poll_reads_the_new_bytes_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(tmp_path, 3000)
    reader = JournalReader(tmp_path, "intake-0")
    while reader.read():
        pass
    fetched: list[int] = []
    real = os.pread

    def counted(handle: int, length: int, offset: int) -> bytes:
        data = real(handle, length, offset)
        fetched.append(len(data))
        return data

    with JournalWriter(tmp_path, "intake-0") as writer:
        writer.append("hj212", PEER, b"x" * 300, NOW)
        writer.commit()
        monkeypatch.setattr(os, "pread", counted)
        assert len(reader.read()) == 1
        assert reader.read() == []
    assert sum(fetched) < 1000


def test_a_very_long_entry_is_read(tmp_path: Path) -> None:
    payload = os.urandom(5_000_000)
    with JournalWriter(tmp_path, "cli-0") as writer:
        assert writer.record("act", "cli:load", b"before", NOW) == 1
        assert writer.record("file", "cli:load", payload, NOW) == 2
        assert writer.record("act", "cli:load", b"after", NOW) == 3
        with pytest.raises(ValueError, match="at most"):
            writer.append("file", "cli:load", bytes(17_000_000), NOW)
        with pytest.raises(ValueError, match="time zone"):
            writer.append("file", "cli:load", b"", NOW.replace(tzinfo=None))
    assert [entry.payload for entry in read(tmp_path, "cli-0")] == [b"before", payload, b"after"]


def test_find_opens_one_entry_by_its_name(tmp_path: Path) -> None:
    fill(tmp_path, 4000, segment_bytes=300_000, group=100)
    for ordinal in (1, 2, 1234, 1999, 2000, 2001, 3999, 4000):
        assert find(tmp_path, f"intake-0/{ordinal}").payload == b"payload %d" % ordinal
    for absent in ("intake-0/4001", "intake-0/0", "intake-1/1", "../intake-0/1", "intake-0/x", "", "/1", "intake-0"):
        with pytest.raises(NoSuchEntry):
            find(tmp_path, absent)


def test_names_and_sync_of_what_is_not_there(tmp_path: Path) -> None:
    assert names(tmp_path / "absent") == []
    sync(tmp_path, "intake-0")
    fill(tmp_path, 1)
    (tmp_path / "lost+found").mkdir()
    (tmp_path / "web-0").mkdir()
    assert names(tmp_path) == ["intake-0", "web-0"]
    assert list(read(tmp_path, "web-0")) == []
    sync(tmp_path, "web-0")
    sync(tmp_path, "intake-0")


def test_a_journal_has_one_writer_and_the_next_takes_the_next_name(tmp_path: Path) -> None:
    with open_writer(tmp_path, "intake") as first:
        with pytest.raises(JournalBusy):
            JournalWriter(tmp_path, "intake-0")
        with open_writer(tmp_path, "intake") as second:
            assert (first.name, second.name) == ("intake-0", "intake-1")
    with open_writer(tmp_path, "intake") as again:
        assert again.name == "intake-0"


def test_a_journal_older_than_its_readings_is_not_skipped_over(tmp_path: Path) -> None:
    with pytest.raises(JournalBehind):
        list(read(tmp_path, "intake-0", after=1))
    fill(tmp_path, 10)
    with pytest.raises(JournalBehind) as behind:
        list(read(tmp_path, "intake-0", after=11))
    assert (behind.value.after, behind.value.last) == (11, 10)


def test_a_group_resolves_after_the_fsync_that_covers_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    real = os.fdatasync
    with JournalWriter(tmp_path, "intake-0") as writer:

        def slow(handle: int) -> None:
            time.sleep(0.005)
            real(handle)
            synced.append(handle)

        monkeypatch.setattr(os, "fdatasync", slow)

        async def one(group: GroupCommit, number: int) -> int:
            await asyncio.sleep(0.001 * (number % 7))
            ordinal = await group.append("hj212", PEER, b"%d" % number, NOW)
            assert synced
            assert writer.durable >= ordinal
            return ordinal

        async def many() -> list[int]:
            group = GroupCommit(writer)
            ordinals = await asyncio.gather(*(one(group, number) for number in range(200)))
            await group.close()
            return ordinals

        ordinals = asyncio.run(many())
    assert sorted(ordinals) == list(range(1, 201))
    assert len(synced) < 40
    assert sorted(int(entry.payload) for entry in read(tmp_path, "intake-0")) == list(range(200))


@pytest.mark.parametrize("at", [datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)])
def test_the_first_and_the_last_day_there_is_come_back(tmp_path: Path, at: datetime) -> None:
    """A clock that was never set must not make an entry look damaged."""
    with JournalWriter(tmp_path, "intake-0") as writer:
        writer.record("hj212", PEER, b"x", at)
        writer.record("hj212", PEER, b"y", NOW)
    assert [entry.received_at for entry in read(tmp_path, "intake-0")] == [at, NOW]


def test_the_longest_origin(tmp_path: Path) -> None:
    with JournalWriter(tmp_path, "intake-0") as writer:
        writer.record("hj212", "o" * 1024, b"x", NOW)
        with pytest.raises(ValueError, match="origin"):
            writer.append("hj212", "o" * 1025, b"x", NOW)
        writer.record("hj212", PEER, b"y", NOW)
    assert [len(entry.origin) for entry in read(tmp_path, "intake-0")] == [1024, len(PEER)]


def test_a_writer_that_is_refused_keeps_nothing_open_and_no_lock(tmp_path: Path) -> None:
    fill(tmp_path, 3)
    with JournalWriter(tmp_path, "intake-0"):
        before = len(list(Path("/proc/self/fd").iterdir()))
        with pytest.raises(JournalBusy, match="one live writer"):
            JournalWriter(tmp_path, "intake-0")
        assert len(list(Path("/proc/self/fd").iterdir())) == before
    (segment,) = (tmp_path / "intake-0").iterdir()
    segment.write_bytes(b"\xff" * 400)
    for _ in range(2):
        with pytest.raises(CorruptSegment):
            JournalWriter(tmp_path, "intake-0")


def test_a_mark_knows_an_entry_by_the_first_63_bits_of_its_leaf(tmp_path: Path) -> None:
    """What the lake keeps is a number of 64 bits with a sign; here it is read from the file by hand."""
    fill(tmp_path, 1)
    (entry,) = read(tmp_path, "intake-0")
    leaf = (tmp_path / "intake-0" / f"{1:020d}.seg").read_bytes()[64 + 36 + len(PEER) + 32 :][:8]
    assert print_of(entry) == int.from_bytes(leaf, "big") // 2
