"""Several entries that belong together: under ordinals that follow each other, durable together or not there."""

import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from xietong.journal import JournalWriteError, JournalWriter, Said, read
from xietong.journal.layout import MAX_PAYLOAD

AT = datetime(2026, 3, 1, tzinfo=UTC)


def told(folder: Path) -> list[bytes]:
    return [entry.payload for entry in read(folder, "web-0")]


def files(*payloads: bytes) -> list[Said]:
    return [Said("file", "form:clerk", payload) for payload in payloads]


def test_they_are_durable_under_ordinals_that_follow_each_other(tmp_path: Path) -> None:
    with JournalWriter(tmp_path, "web-0") as writer:
        assert writer.record("file", "form:clerk", b"first", AT) == 1
        assert list(writer.record_all(files(b"a", b"b"), AT)) == [2, 3]
        assert writer.durable == 3
        assert list(writer.record_all([], AT)) == []
    assert told(tmp_path) == [b"first", b"a", b"b"]


def test_none_is_written_where_one_cannot_be(tmp_path: Path) -> None:
    with JournalWriter(tmp_path, "web-0") as writer:
        with pytest.raises(ValueError, match="holds at most"):
            writer.record_all(files(b"a", b"x" * (MAX_PAYLOAD + 1)), AT)
        assert writer.record("pushed", "http:scada", b"next", AT) == 1
    assert told(tmp_path) == [b"next"]


def test_none_counts_where_the_disk_refuses_and_the_next_ones_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with JournalWriter(tmp_path, "web-0") as writer:
        with monkeypatch.context() as broken:
            broken.setattr(writer, "_write", refuse)
            with pytest.raises(JournalWriteError):
                writer.record_all(files(b"a", b"b"), AT)
            assert writer.durable == 0
        assert list(writer.record_all(files(b"c"), AT)) == [1]
    assert told(tmp_path) == [b"c"]


def refuse(_: object) -> None:
    raise OSError(28, "No space left on device")


def test_threads_do_not_come_between_each_others_entries(tmp_path: Path) -> None:
    """Each is told its own ordinals, and these hold what it said."""
    with JournalWriter(tmp_path, "web-0") as writer:
        given: dict[str, range] = {}

        def say(name: str) -> None:
            given[name] = writer.record_all(files(*(f"{name}{number}".encode() for number in range(3))), AT)

        threads = [threading.Thread(target=say, args=(name,)) for name in "abcdef"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    found = told(tmp_path)
    assert {name: [found[at - 1].decode() for at in ordinals] for name, ordinals in given.items()} == {
        name: [f"{name}{number}" for number in range(3)] for name in "abcdef"
    }


def test_what_a_thread_is_told_is_written_is_not_lost_with_another_threads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk refuses somebody else's entry just before: that must not take ours out of what waits to be written."""
    inside, refused = threading.Event(), threading.Event()
    with JournalWriter(tmp_path, "web-0") as writer:
        commit, write, others = writer.commit, writer._write, list[int]()

        def waiting() -> int:
            if threading.get_ident() not in others:
                inside.set()
                refused.wait(0.2)
            return commit()

        def refusing(batch: list[tuple[bytes, bytes]]) -> None:
            if threading.get_ident() in others:
                refuse(batch)
            write(batch)

        def unlucky() -> None:
            others.append(threading.get_ident())
            with pytest.raises(JournalWriteError):
                writer.record("pushed", "http:scada", b"theirs", AT)
            refused.set()

        monkeypatch.setattr(writer, "commit", waiting)
        monkeypatch.setattr(writer, "_write", refusing)
        told_of = list[range]()
        ours = threading.Thread(target=lambda: told_of.append(writer.record_all(files(b"ours"), AT)))
        ours.start()
        assert inside.wait(10)
        theirs = threading.Thread(target=unlucky)
        theirs.start()
        ours.join(10)
        theirs.join(10)
    assert told_of == [range(1, 2)]
    assert told(tmp_path) == [b"ours"]
