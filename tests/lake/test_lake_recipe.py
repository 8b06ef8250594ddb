"""The recipe of docs/decisions/0004: nothing lost, nothing doubled, whatever dies when."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from deltalake import DeltaTable
from lake_samples import ADDRESS, ZONE, Row, batch, every, lake, park

from xietong.lake.errors import LakeConflict, PositionsGoBackwards
from xietong.lake.files import table as tables
from xietong.lake.files.durable import replace_file, sync_file, sync_files, sync_folder
from xietong.lake.files.table import is_whole
from xietong.lake.store import Lake


def count(made: Lake) -> int:
    return int(made.readings([ADDRESS], park("2025-01-01"), park("2026-01-01")).num_rows)


def test_a_batch_and_its_positions_arrive_together(tmp_path: Path) -> None:
    made = lake(tmp_path)
    assert made.positions() == {}
    made.append(batch(every("2025-03-01 23:45", 900, ["1", "2"])), {"intake-0": 7, "cli-0": 1})
    again = lake(tmp_path)
    assert again.positions() == {"intake-0": 7, "cli-0": 1}
    found = again.readings([ADDRESS], park("2025-03-01"), park("2025-03-03"))
    assert [str(day) for day in found.column("day").to_pylist()] == ["2025-03-01", "2025-03-02"]
    assert sorted(path.parent.name for path in (tmp_path / "lake").rglob("part-*.parquet")) == [
        "day=2025-03-01",
        "day=2025-03-02",
    ]


def test_positions_move_without_readings(tmp_path: Path) -> None:
    made = lake(tmp_path)
    made.append(batch([]), {"intake-0": 3})
    made.append(batch([]), {"intake-0": 4})
    assert lake(tmp_path).positions() == {"intake-0": 4}
    assert count(made) == 0


@pytest.mark.parametrize("positions", [{"intake-0": 6}, {"intake-0": 7}, {"intake-0": 6, "web-0": 1}])
def test_what_was_settled_is_not_settled_again(tmp_path: Path, positions: dict[str, int]) -> None:
    made = lake(tmp_path)
    made.append(batch([Row("2025-03-01 00:00", "1")]), {"intake-0": 7})
    with pytest.raises(PositionsGoBackwards) as raised:
        made.append(batch([Row("2025-03-01 01:00", "1")]), positions)
    assert raised.value.settled == 7
    assert "intake-0" in raised.value.text.zh
    assert count(made) == 1
    assert made.positions() == {"intake-0": 7}


def test_of_two_writers_one_is_refused(tmp_path: Path) -> None:
    first, second = lake(tmp_path), lake(tmp_path)
    first.append(batch([Row("2025-03-01 00:00", "1")]), {"intake-0": 1})
    assert second.positions() == {"intake-0": 1}
    first.append(batch([Row("2025-03-01 01:00", "2")]), {"intake-0": 2})
    with pytest.raises(LakeConflict):
        second.append(batch([Row("2025-03-01 01:00", "2")]), {"intake-0": 2})
    assert count(first) == 2
    assert second.positions() == {"intake-0": 2}
    second.append(batch([Row("2025-03-01 02:00", "3")]), {"intake-0": 3})
    assert count(first) == count(second) == 3


# A child that dies by SIGKILL at a named place of its second append.
CHILD = """
import os, signal, sys
sys.path.insert(0, sys.argv[3])
from pathlib import Path
from lake_samples import Row, batch, lake
from xietong.lake import store
from xietong.lake.files import table
made = lake(Path(sys.argv[1]))
made.append(batch([Row("2025-03-01 00:00", "1")]), {"intake-0": 1})
def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)
if sys.argv[2] == "before the commit":
    store.DurableTable.commit = die
else:
    table.sync_files = die
made.append(batch([Row("2025-03-01 01:00", "2")]), {"intake-0": 2})
"""


@pytest.mark.slow
@pytest.mark.parametrize(("place", "settled"), [("before the commit", 1), ("before the return", 2)])
def test_a_writer_that_is_killed_leaves_all_or_nothing(tmp_path: Path, place: str, settled: int) -> None:
    command = [sys.executable, "-c", CHILD, str(tmp_path), place, str(Path(__file__).parent)]
    died = subprocess.run(command, capture_output=True, timeout=60)
    assert died.returncode == -signal.SIGKILL, died.stderr.decode()
    assert len(list((tmp_path / "lake").rglob("part-*.parquet"))) == 2  # the orphan of the first case does no harm
    made = lake(tmp_path)
    assert made.positions() == {"intake-0": settled}
    assert count(made) == settled
    made.append(batch([Row("2025-03-01 05:00", "3")]), {"intake-0": settled + 1})
    assert count(made) == settled + 1


@pytest.mark.parametrize("left", [b"", b"\0" * 300, b'{"commitInfo":{"lines":3}}\n', b'{"commitInfo":{"li'])
def test_a_log_entry_torn_by_a_power_cut_never_happened(tmp_path: Path, left: bytes) -> None:
    made = lake(tmp_path)
    made.append(batch([Row("2025-03-01 00:00", "1")]), {"intake-0": 1})
    torn = made.readings_table.log / f"{2:020d}.json"
    torn.write_bytes(left)
    assert not is_whole(torn)
    reader = lake(tmp_path)
    assert [count(reader), count(reader), count(made)] == [1, 1, 1]  # a reader is not stopped by it
    assert torn.exists()
    assert lake(tmp_path).positions() == {"intake-0": 1}
    assert not torn.exists()
    made.append(batch([Row("2025-03-01 01:00", "2")]), {"intake-0": 2})
    assert count(reader) == 2


def test_nothing_is_answered_before_it_is_safe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every file that the table names, and every folder on the way to it, was fsynced when append returned."""
    synced: set[str] = set()
    real = os.fsync

    def fsync(handle: int) -> None:
        synced.add(str(Path(f"/proc/self/fd/{handle}").readlink()))
        real(handle)

    monkeypatch.setattr(os, "fsync", fsync)
    made = lake(tmp_path)
    made.append(batch(every("2025-03-01 12:00", 43_200, ["1", "2"])), {"intake-0": 1})
    must = [path for path in (tmp_path / "lake").rglob("*") if path.suffix in (".parquet", ".json") or path.is_dir()]
    must.append(tmp_path / "lake")
    assert len(must) == 9
    assert [str(path) for path in must if str(path) not in synced] == []


def test_a_checkpoint_is_shown_only_when_it_is_safe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = lake(tmp_path)
    seen: list[tuple[bool, bool]] = []
    real = sync_file

    def look(path: Path) -> None:
        seen.append((path.name.endswith(".checkpoint.parquet"), bool(made.readings_table.checkpoints())))
        real(path)

    steps: list[str] = []

    def told(what: str, act: Callable[..., None]) -> Callable[..., None]:
        def call(path: Path, *content: bytes) -> None:
            steps.append(f"{what} {path.name}")
            act(path, *content)

        return call

    monkeypatch.setattr(tables, "sync_file", look)
    monkeypatch.setattr(tables, "sync_folder", told("sync", sync_folder))
    monkeypatch.setattr(tables, "replace_file", told("write", replace_file))
    for number in range(1, 4):
        made.append(batch([Row(f"2025-03-0{number} 00:00", "1")]), {"intake-0": number})
    steps.clear()
    made.readings_table.checkpoint()
    assert seen[0] == (True, False)  # fsynced while the table still had none
    assert steps[1:] == ["sync _delta_log", "write _last_checkpoint"]  # its name is safe before anything points to it
    assert made.readings_table.checkpoints() == [3]
    for path in sorted(made.readings_table.log.glob("*.json"))[:-1]:
        path.unlink()
    assert lake(tmp_path).readings([ADDRESS], park("2025-01-01"), park("2026-01-01")).num_rows == 3
    assert DeltaTable(made.readings_table.folder).transaction_version("intake-0") == 3


def test_positions_survive_checkpoints_and_a_shortened_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "COMMITS_A_CHECKPOINT", 5)
    made, reader = lake(tmp_path), lake(tmp_path)
    made.append(batch([Row("2025-03-01 00:00", "1")]), {"cli-0": 9})
    assert count(reader) == 1
    for number in range(1, 13):
        made.append(batch([Row("2025-03-01 01:00", str(number))]), {"intake-0": number})
    assert made.readings_table.checkpoints() == [5, 10]
    made.readings_table.forget_log(before=made.version())
    assert not (made.readings_table.log / f"{4:020d}.json").exists()
    assert count(reader) == count(lake(tmp_path)) == 13  # the reader that slept through it too
    assert lake(tmp_path).positions() == {"cli-0": 9, "intake-0": 12}


def test_sync_files_syncs_files_and_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[str] = []
    monkeypatch.setattr(os, "fsync", lambda handle: synced.append(str(Path(f"/proc/self/fd/{handle}").readlink())))
    (tmp_path / "one").write_text("1")
    (tmp_path / "two").write_text("2")
    sync_files([tmp_path / "one", tmp_path / "two"])
    assert sorted(synced) == [str(tmp_path), str(tmp_path / "one"), str(tmp_path / "two")]


def test_any_delta_reader_sees_the_same(tmp_path: Path) -> None:
    made = lake(tmp_path)
    made.append(batch(every("2025-03-01 00:00", 900, ["1.5", "2.25"])), {"intake-0": 1})
    table = DeltaTable(tmp_path / "lake" / "readings").to_pyarrow_table()
    assert [str(value) for value in table.column("value").to_pylist()] == ["1.500000", "2.250000"]
    entry = (made.readings_table.log / f"{1:020d}.json").read_text().splitlines()
    assert json.loads(entry[0])["commitInfo"]["lines"] == len(entry) == 3


def test_zone_decides_the_day(tmp_path: Path) -> None:
    made = Lake(tmp_path / "lake", ZONE)
    made.append(batch([Row("2025-03-01 07:59", "1"), Row("2025-03-01 08:00", "2")]), {})
    assert [file.partition for file in made.readings_table.view().files] == ["2025-03-01"]
