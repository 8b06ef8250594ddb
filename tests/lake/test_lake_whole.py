"""What the lake keeps proves itself: names, seals, links and sums; what an older edition wrote is still read."""

import json
from pathlib import Path

import pytest
from lake_samples import ADDRESS, Row, batch, lake, park

from xietong.lake.errors import DamagedFile
from xietong.lake.files import durable, whole
from xietong.lake.files.whole import BEFORE, SEAL, carries_hash, chain_damage, entry_damage, file_damage
from xietong.lake.store import Lake

SPAN = park("2025-01-01"), park("2026-01-01")


@pytest.fixture
def made(tmp_path: Path) -> Lake:
    made = lake(tmp_path)
    for number in range(1, 4):
        made.append(batch([Row(f"2025-03-01 0{number}:00", str(number))]), {"web-0": number})
    return made


def change(path: Path, old: bytes, new: bytes) -> None:
    content = path.read_bytes()
    assert old in content
    path.write_bytes(content.replace(old, new, 1))


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))


def test_a_file_that_is_not_what_was_written_is_refused_and_named(tmp_path: Path, made: Lake) -> None:
    path = made.readings_table.view().files[0].path
    assert carries_hash(path)
    assert file_damage(path) == ""
    assert made.readings([ADDRESS], *SPAN).num_rows == 3
    flip(path)
    with pytest.raises(DamagedFile) as refused:
        made.readings([ADDRESS], *SPAN)  # although it was read before
    assert refused.value.path == path
    assert str(path) in refused.value.text.zh
    path.unlink()
    assert file_damage(path)


@pytest.mark.parametrize(
    ("old", "new"),
    [(b'"size":', b'"sizf":'), (b'"version":2', b'"version":3'), (b'"add"', b'"adf"'), (b"2025-03-01", b"2025-03-02")],
)
def test_a_log_entry_that_says_something_else_is_refused(tmp_path: Path, made: Lake, old: bytes, new: bytes) -> None:
    entry = made.readings_table.log / f"{2:020d}.json"
    assert entry_damage(entry) == ""
    change(entry, old, new)
    assert entry_damage(entry)
    with pytest.raises(DamagedFile) as refused:
        lake(tmp_path).readings([ADDRESS], *SPAN)
    assert refused.value.path == entry


def test_what_no_seal_covers_is_covered_by_the_entry_after(tmp_path: Path, made: Lake) -> None:
    entries = sorted(made.readings_table.log.glob("*.json"))
    assert chain_damage(entries) is None
    change(entries[0], b'"minReaderVersion":1', b'"minReaderVersion":0')
    assert chain_damage(entries) == (entries[0], "its content does not match the hash in the entry after it")
    with pytest.raises(DamagedFile):
        lake(tmp_path).readings([ADDRESS], *SPAN)


def test_a_checkpoint_is_held_against_its_sum(tmp_path: Path, made: Lake) -> None:
    made.readings_table.checkpoint()
    (checkpoint,) = made.readings_table.log.glob("*.checkpoint.parquet")
    assert lake(tmp_path).readings([ADDRESS], *SPAN).num_rows == 3
    flip(checkpoint)
    with pytest.raises(DamagedFile) as refused:
        lake(tmp_path).readings([ADDRESS], *SPAN)
    assert refused.value.path == checkpoint


def test_the_writer_drops_a_damaged_checkpoint_where_the_log_tells_all_of_it(tmp_path: Path, made: Lake) -> None:
    made.readings_table.checkpoint()
    (checkpoint,) = made.readings_table.log.glob("*.checkpoint.parquet")
    checkpoint.write_bytes(checkpoint.read_bytes()[:100])
    assert lake(tmp_path).positions() == made.positions()
    log = made.readings_table.log
    assert [path.name for path in log.iterdir() if "checkpoint" in path.name] == []  # its sum and its name went too
    assert lake(tmp_path).readings([ADDRESS], *SPAN).num_rows == 3


def test_a_damaged_checkpoint_behind_which_the_log_is_gone_stays_and_is_refused(tmp_path: Path, made: Lake) -> None:
    made.readings_table.checkpoint()
    (checkpoint,) = made.readings_table.log.glob("*.checkpoint.parquet")
    checkpoint.write_bytes(b"")
    (made.readings_table.log / f"{0:020d}.json").unlink()
    with pytest.raises(DamagedFile):
        lake(tmp_path).positions()
    assert checkpoint.exists()


def test_a_damaged_newest_entry_is_settled_again_from_the_journal(tmp_path: Path, made: Lake) -> None:
    change(made.readings_table.log / f"{3:020d}.json", b'"version":3', b'"version":7')
    again = lake(tmp_path)
    assert again.positions() == {"web-0": 2}
    again.append(batch([Row("2025-03-01 03:00", "3")]), {"web-0": 3})
    assert again.readings([ADDRESS], *SPAN).num_rows == 3


def test_a_lake_of_an_older_edition_is_read_and_written_on(tmp_path: Path, made: Lake) -> None:
    """Files without a hash in their names, entries without a seal, and no link to the entry before."""
    for entry in made.readings_table.log.glob("*.json"):
        lines = [json.loads(line) for line in entry.read_text().splitlines()]
        for name in (SEAL, BEFORE):
            lines[0]["commitInfo"].pop(name, None)
        for line in lines:
            if "add" in line:
                path = made.readings_table.folder / line["add"]["path"]
                old = path.with_name("-".join(path.name.split("-")[:3]) + ".parquet")
                path.rename(old)
                line["add"]["path"] = str(old.relative_to(made.readings_table.folder))
        entry.write_text("".join(json.dumps(line) + "\n" for line in lines))
    again = lake(tmp_path)
    assert again.readings([ADDRESS], *SPAN).num_rows == 3
    assert not any(carries_hash(file.path) for file in again.readings_table.view().files)
    again.positions()
    again.append(batch([Row("2025-03-01 04:00", "4")]), {"web-0": 4})
    assert lake(tmp_path).readings([ADDRESS], *SPAN).num_rows == 4


def test_what_a_crash_left_of_a_checkpoint_is_in_nobodys_way(tmp_path: Path, made: Lake) -> None:
    half = made.readings_table.folder / "_checkpoint" / "_delta_log"
    half.mkdir(parents=True)
    (half / f"{9:020d}.json").write_text("half an en")
    made.readings_table.checkpoint()
    assert not half.parent.exists()
    assert made.readings_table.checkpoints() == [3]
    assert lake(tmp_path).readings([ADDRESS], *SPAN).num_rows == 3


def test_of_what_is_proven_the_files_that_are_gone_are_forgotten_first_then_the_oldest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_at: list[str] = []

    def is_well(path: Path) -> str:
        looked_at.append(path.stem)
        return ""

    monkeypatch.setattr(whole, "file_damage", is_well)
    monkeypatch.setattr(whole, "_proven", {})
    monkeypatch.setattr(whole, "_MOST_PROVEN", 4)
    paths = [tmp_path / f"{number}.parquet" for number in range(6)]

    def looked(*numbers: int) -> list[str]:
        looked_at.clear()
        whole.prove(paths[number] for number in numbers)
        return looked_at

    for path in paths:
        path.write_bytes(b"")
    assert looked(0, 1, 2) == ["0", "1", "2"]
    for path in paths[:2]:
        path.unlink()
    assert looked(3) == ["3"]  # the fourth: those that are gone make room
    assert looked(2, 3) == []
    assert looked(4, 5) == ["4", "5"]  # all four are there: the older two make room
    assert looked(4, 5) == []
    assert looked(2) == ["2"]


def test_making_names_durable_leaves_no_file_open(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"")
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(3):
        durable.sync_file(tmp_path / "a")
        durable.sync_folder(tmp_path)
    assert len(list(Path("/proc/self/fd").iterdir())) == before
