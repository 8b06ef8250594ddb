"""Torn and damaged journals: cut at every byte, any bit flipped. What is read is always what was written."""

import tempfile
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xietong.journal import (
    UNFINISHED,
    CorruptSegment,
    JournalReader,
    JournalWriter,
    find,
    layout,
    open_writer,
    print_of,
    read,
)
from xietong.journal.standing import last_ordinal, standing
from xietong.readings import Mark

NOW = datetime(2025, 3, 14, tzinfo=UTC)
PEER = "tcp:127.0.0.1:50122"
PAYLOADS = [b"one", b"", b"three" * 30, b"##0101QN=1;", b"\x00" * 90, b"six", b"seven", b"eight" * 9]
FIRST = "00000000000000000001.seg"
SEGMENT = 64  # bytes of a segment's header
payload_lists = st.lists(st.binary(max_size=200), min_size=1, max_size=12)


def mark(length: int) -> bytes:
    """Randomness that does not change from run to run."""
    return bytes(range(1, length + 1))


def write(root: Path, payloads: list[bytes], *, segment_bytes: int = 1 << 20, group: int = 2) -> None:
    with JournalWriter(root, "intake-0", segment_bytes=segment_bytes, randomness=mark) as writer:
        for number, payload in enumerate(payloads):
            writer.append("hj212", PEER, payload, NOW)
            if number % group == 1:
                writer.commit()
        writer.commit()


def strict(root: Path) -> tuple[list[bytes], CorruptSegment | None]:
    """What a reader gets that stops at damage, and the damage."""
    payloads: list[bytes] = []
    try:
        for entry in read(root, "intake-0"):
            assert entry.ordinal == len(payloads) + 1
            payloads.append(entry.payload)
    except CorruptSegment as damage:
        return payloads, damage
    return payloads, None


def lenient(root: Path) -> tuple[dict[int, bytes], list[CorruptSegment]]:
    """What a reader gets that steps over damage, by ordinal, and all damage."""
    damages: list[CorruptSegment] = []
    reader = JournalReader(root, "intake-0", on_damage=damages.append)
    found: dict[int, bytes] = {}
    while entries := reader.read(limit=3):
        for entry in entries:
            assert entry.ordinal > max(found, default=0)
            found[entry.ordinal] = entry.payload
    reader.close()
    return found, damages


def assert_true(found: dict[int, bytes], payloads: list[bytes]) -> None:
    for ordinal, payload in found.items():
        assert payload == payloads[ordinal - 1]


def continue_after(root: Path) -> int:
    """Another writer comes, appends one entry; its ordinal."""
    with open_writer(root, "intake") as writer:
        return writer.record("hj212", PEER, b"afterwards", NOW) if writer.name == "intake-0" else -1


def ends(root: Path) -> list[int]:
    """The byte at which each entry of the first segment ends."""
    lengths = [36 + len(PEER) + 64 + len(entry.payload) for entry in read(root, "intake-0")]
    return [SEGMENT + sum(lengths[: number + 1]) for number in range(len(lengths))]


def test_cut_at_every_byte_leaves_the_whole_entries(tmp_path: Path) -> None:
    write(tmp_path / "whole", PAYLOADS)
    whole = (tmp_path / "whole" / "intake-0" / FIRST).read_bytes()
    stops = ends(tmp_path / "whole")
    assert stops[-1] == len(whole)
    for length in range(len(whole) + 1):
        root = tmp_path / f"cut-{length}"
        (root / "intake-0").mkdir(parents=True)
        (root / "intake-0" / FIRST).write_bytes(whole[:length])
        kept = sum(1 for stop in stops if stop <= length)
        assert strict(root) == (PAYLOADS[:kept], None)
        assert continue_after(root) == kept + 1
        assert strict(root) == ([*PAYLOADS[:kept], b"afterwards"], None)
        assert max(path.stat().st_size for path in (root / "intake-0").glob("*.seg")) == ends(root)[-1]


def test_any_byte_damaged_is_found_or_torn_and_never_read_as_truth(tmp_path: Path) -> None:
    write(tmp_path / "whole", PAYLOADS)
    whole = (tmp_path / "whole" / "intake-0" / FIRST).read_bytes()
    starts = [SEGMENT, *ends(tmp_path / "whole")]
    for at in range(len(whole)):
        root = tmp_path / f"flip-{at}"
        (root / "intake-0").mkdir(parents=True)
        path = root / "intake-0" / FIRST
        path.write_bytes(whole[:at] + bytes([whole[at] ^ (1 << at % 8)]) + whole[at + 1 :])
        hit = sum(1 for start in starts if start <= at)  # the number of the damaged entry; 0 is the header
        payloads, damage = strict(root)
        if hit < len(PAYLOADS):
            assert payloads == PAYLOADS[: max(hit - 1, 0)]
            assert damage is not None
            assert (damage.path, damage.offset) == (path, starts[hit - 1] if hit else 0)
            assert str(path) in damage.text.zh
        else:
            assert (payloads, damage) == (PAYLOADS[:-1], None)
        found, damages = lenient(root)
        assert_true(found, PAYLOADS)
        assert len(found) == len(PAYLOADS) - (1 if hit else 0)
        assert len(damages) == (1 if hit < len(PAYLOADS) else 0)


@settings(max_examples=60, deadline=None)
@given(payloads=payload_lists, data=st.data(), segment_bytes=st.sampled_from([1, 300, 1 << 20]))
def test_recovery_after_damage_keeps_whole_entries_and_reuses_no_ordinal(
    payloads: list[bytes], data: st.DataObject, segment_bytes: int
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        write(root, payloads, segment_bytes=segment_bytes)
        path = data.draw(st.sampled_from(sorted((root / "intake-0").iterdir())))
        whole = path.read_bytes()
        at = data.draw(st.integers(0, len(whole) - 1))
        upto = data.draw(st.integers(at + 1, min(len(whole), at + 200)))
        path.write_bytes(whole[:at] + data.draw(st.binary(min_size=upto - at, max_size=upto - at)) + whole[upto:])
        before, _ = lenient(root)
        assert_true(before, payloads)
        ordinal = continue_after(root)
        after, _ = lenient(root)
        if ordinal > 0:
            assert ordinal > max(before, default=0)
            assert after.pop(ordinal) == b"afterwards"
        assert after == before


@settings(max_examples=40, deadline=None)
@given(payloads=payload_lists, data=st.data())
def test_a_lost_page_in_an_unfinished_group_stops_nobody(payloads: list[bytes], data: st.DataObject) -> None:
    """A power cut may keep later pages of a write and lose earlier ones: zeros, then whole entries."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        write(root, payloads, group=100)
        path = root / "intake-0" / FIRST
        whole = path.read_bytes()
        at = data.draw(st.integers(SEGMENT, len(whole) - 1))
        path.write_bytes(whole[:at] + bytes(min(64, len(whole) - at)) + whole[at + 64 :])
        ordinal = continue_after(root)
        found, _ = lenient(root)
        assert found.pop(ordinal) == b"afterwards"
        assert_true(found, payloads)
        told, _ = strict(root)
        assert told in (payloads[: len(told)], [*payloads[: len(told) - 1], b"afterwards"])


def test_a_device_cannot_plant_an_entry_inside_its_payload(tmp_path: Path) -> None:
    """Entry bytes of another segment inside a payload are payload, even where the entry around them is damaged."""
    write(tmp_path / "other", [b"forged"])
    forged = (tmp_path / "other" / "intake-0" / FIRST).read_bytes()[SEGMENT:]
    root = tmp_path / "journal"
    with JournalWriter(root, "intake-0") as writer:
        for payload in (b"true", b"xx" + forged, b"last"):
            writer.record("junk", PEER, payload, NOW)
    path = root / "intake-0" / FIRST
    path.write_bytes(path.read_bytes().replace(b"xx" + forged, b"xy" + forged))
    found, damages = lenient(root)
    assert found == {1: b"true", 3: b"last"}
    assert len(damages) == 1


def test_a_segment_without_header_and_first_entry_is_told_and_left_alone(tmp_path: Path) -> None:
    write(tmp_path, PAYLOADS)
    path = tmp_path / "intake-0" / FIRST
    damaged = b"\xff" * 200 + path.read_bytes()[200:]
    path.write_bytes(damaged)
    assert strict(tmp_path)[0] == []
    with pytest.raises(CorruptSegment, match="header"):
        list(read(tmp_path, "intake-0"))
    damages: list[CorruptSegment] = []
    reader = JournalReader(tmp_path, "intake-0", on_damage=damages.append)
    assert [reader.read() for _ in range(3)] == [[], [], []]
    assert [(damage.path, damage.offset) for damage in damages] == [(path, 0)]
    with open_writer(tmp_path, "intake") as writer:
        assert writer.name == "intake-1"
    assert path.read_bytes() == damaged


@pytest.mark.parametrize("content", [b"", b"XTJRNL1", bytes(64), bytes(5000)])
def test_a_segment_that_was_never_begun_is_set_aside(tmp_path: Path, content: bytes) -> None:
    write(tmp_path, PAYLOADS, segment_bytes=1)
    (tmp_path / "intake-0" / "00000000000000000009.seg").write_bytes(content)
    assert strict(tmp_path) == (PAYLOADS, None)
    assert continue_after(tmp_path) == 9
    assert strict(tmp_path) == ([*PAYLOADS, b"afterwards"], None)


def test_a_segment_of_another_journal_is_not_read(tmp_path: Path) -> None:
    write(tmp_path, [b"mine"])
    with JournalWriter(tmp_path, "intake-1") as writer:
        writer.record("hj212", PEER, b"theirs", NOW)
    (tmp_path / "intake-1" / FIRST).replace(tmp_path / "intake-0" / FIRST)
    assert strict(tmp_path)[0] == []
    with pytest.raises(CorruptSegment, match="intake-1"):
        list(read(tmp_path, "intake-0"))


def test_a_lost_segment_is_named(tmp_path: Path) -> None:
    write(tmp_path, PAYLOADS, segment_bytes=1)
    (tmp_path / "intake-0" / "00000000000000000003.seg").unlink()
    payloads, damage = strict(tmp_path)
    assert payloads == PAYLOADS[:2]
    assert damage is not None
    assert "entries 3 to 4 are missing" in damage.reason
    found, _ = lenient(tmp_path)
    assert sorted(found) == [1, 2, 5, 6, 7, 8]


def test_find_tells_damage_from_absence(tmp_path: Path) -> None:
    write(tmp_path, PAYLOADS)
    path = tmp_path / "intake-0" / FIRST
    path.write_bytes(path.read_bytes().replace(b"threethree", b"threeTHREE", 1))
    assert find(tmp_path, "intake-0/4").payload == PAYLOADS[3]
    with pytest.raises(CorruptSegment, match="payload does not match"):
        find(tmp_path, "intake-0/3")


def test_damaged_bytes_at_the_tail_are_kept_beside_the_segment(tmp_path: Path) -> None:
    write(tmp_path, PAYLOADS)
    path = tmp_path / "intake-0" / FIRST
    whole = path.read_bytes()
    path.write_bytes(whole[:-1] + b"!")
    assert continue_after(tmp_path) == len(PAYLOADS)
    (kept,) = (tmp_path / "intake-0").glob("*.torn")
    assert kept.read_bytes() == (whole[:-1] + b"!")[ends(tmp_path)[-2] :]


def test_nothing_is_written_behind_damage_that_whole_entries_follow(tmp_path: Path) -> None:
    write(tmp_path, PAYLOADS)
    path = tmp_path / "intake-0" / FIRST
    damaged = path.read_bytes().replace(b"threethree", b"threeTHREE", 1)
    path.write_bytes(damaged)
    assert continue_after(tmp_path) == len(PAYLOADS) + 1
    assert path.read_bytes() == damaged
    assert [each.name for each in sorted((tmp_path / "intake-0").glob("*.seg"))] == [FIRST, f"{9:020d}.seg"]


def test_an_entry_that_the_disk_gives_twice_is_read_once(tmp_path: Path) -> None:
    """Behind damage stands a copy of an entry that was read before it: nothing goes back."""
    write(tmp_path, [b"one", b"two", b"six", b"ten", b"end"])
    path = tmp_path / "intake-0" / FIRST
    whole, at = path.read_bytes(), [SEGMENT, *ends(tmp_path)]
    entry = [whole[start:stop] for start, stop in pairwise(at)]
    path.write_bytes(whole[:SEGMENT] + entry[0] + entry[1] + bytes(len(entry[2])) + entry[1] + entry[4])
    assert lenient(tmp_path)[0] == {1: b"one", 2: b"two", 5: b"end"}
    assert continue_after(tmp_path) == 6
    assert lenient(tmp_path)[0] == {1: b"one", 2: b"two", 5: b"end", 6: b"afterwards"}


def test_whoever_goes_on_after_an_entry_that_is_damaged_by_now_misses_none(tmp_path: Path) -> None:
    write(tmp_path, PAYLOADS)
    path = tmp_path / "intake-0" / FIRST
    path.write_bytes(path.read_bytes().replace(b"threethree", b"threeTHREE", 1))
    reader = JournalReader(tmp_path, "intake-0", after=3)
    assert [entry.ordinal for entry in reader.read()] == [4, 5, 6, 7, 8]
    reader.close()


def test_a_header_that_is_damaged_by_now_is_stepped_over(tmp_path: Path) -> None:
    """Nothing but the bytes of the entry tells where it stood: the next whole one is looked for."""
    write(tmp_path, PAYLOADS)
    path, at = tmp_path / "intake-0" / FIRST, ends(tmp_path)
    whole = path.read_bytes()
    path.write_bytes(whole[: at[1]] + bytes(36) + whole[at[1] + 36 :])
    for after, follows in ((2, [4, 5, 6, 7, 8]), (3, [4, 5, 6, 7, 8]), (4, [5, 6, 7, 8])):
        reader = JournalReader(tmp_path, "intake-0", after, on_damage=lambda _: None)
        assert [entry.ordinal for entry in reader.read()] == follows
        reader.close()


def test_how_a_journal_stands_to_what_was_settled_of_it(tmp_path: Path) -> None:
    write(tmp_path, [b"one", b"two", b"six"])
    known = [print_of(entry) for entry in read(tmp_path, "intake-0")]
    assert [last_ordinal(tmp_path, name) for name in ("intake-0", "web-0")] == [3, 0]
    marks = [Mark(0), Mark(2, known[1]), Mark(3, known[2]), Mark(3), Mark(3, known[1]), Mark(4), Mark(4, known[2])]
    said = ["whole", "whole", "whole", "whole", "other", "behind", "behind"]
    assert [standing(tmp_path, "intake-0", mark) for mark in marks] == said
    assert standing(tmp_path, "web-0", Mark(1)) == "behind"


@pytest.mark.parametrize(
    ("cut", "flip", "offset", "reason"),
    [
        (0, 0, None, ""),  # everything is whole
        (1, 0, 0, UNFINISHED),  # all but the last byte of the last entry is there
        (-1, 0, 1, UNFINISHED),  # one byte of an entry that is being written
        (0, 1, 0, "the entry's payload does not match its hash"),
    ],
)
def test_what_stands_behind_the_last_whole_entry_is_told(
    tmp_path: Path, cut: int, flip: int, offset: int | None, reason: str
) -> None:
    """offset: 0 where the last entry begins, 1 where it ends."""
    reader = JournalReader(tmp_path, "intake-0")
    assert (reader.read(), reader.rest()) == ([], None)
    write(tmp_path, PAYLOADS)
    path, at = tmp_path / "intake-0" / FIRST, ends(tmp_path)[-2:]
    whole = path.read_bytes() + b"X"
    path.write_bytes(whole[: at[1] - cut - flip] + bytes(flip) if cut >= 0 else whole)
    while reader.read():
        pass
    rest = reader.rest()
    assert (rest and rest.offset, rest.reason if rest else "") == (None if offset is None else at[offset], reason)
    reader.close()


def test_an_entry_of_a_newer_version_is_not_read_as_one_of_this(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, [b"one"])
    with JournalWriter(tmp_path, "intake-0") as newer:
        monkeypatch.setattr(layout, "VERSION", layout.VERSION + 1)
        newer.record("hj212", PEER, b"two", NOW)
    monkeypatch.undo()
    reader = JournalReader(tmp_path, "intake-0")
    assert [entry.payload for entry in reader.read()] == [b"one"]
    rest = reader.rest()
    assert rest is not None
    assert rest.reason == f"the entry was written by a newer version ({layout.VERSION + 1}.0)"
    reader.close()


def test_a_byte_too_many_between_two_entries_costs_neither(tmp_path: Path) -> None:
    write(tmp_path, PAYLOADS)
    path, at = tmp_path / "intake-0" / FIRST, ends(tmp_path)
    whole = path.read_bytes()
    path.write_bytes(whole[: at[1]] + b"!" + whole[at[1] :])
    found, (damage,) = lenient(tmp_path)
    assert sorted(found) == [1, 2, 3, 4, 5, 6, 7, 8]
    assert (damage.offset, damage.resume, damage.lost) == (at[1], at[1] + 1, None)
    assert continue_after(tmp_path) == 9


def test_damage_names_the_entries_that_it_cost(tmp_path: Path) -> None:
    write(tmp_path, PAYLOADS)
    path, at = tmp_path / "intake-0" / FIRST, ends(tmp_path)
    whole = path.read_bytes()
    path.write_bytes(whole[: at[1]] + bytes(at[3] - at[1]) + whole[at[3] :])
    _, (damage,) = lenient(tmp_path)
    assert (damage.offset, damage.resume, damage.lost) == (at[1], at[3], (3, 4))
