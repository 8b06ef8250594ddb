"""lake.json and the reads: a table that is not the one settle left is refused, and settle makes it good again."""

import json
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from threading import Event

import pytest
from settle_folder import BEGIN, PEER, ZONE, Folder, hour_frame

from xietong.journal import JournalWriter
from xietong.lake.errors import DamagedFile, LakeBehind
from xietong.lake.files.standing import read_standing, require_lake, standing_path
from xietong.lake.points import PointSpec
from xietong.lake.store import Lake
from xietong.readings import Mark
from xietong.settle.journals.keeping import give_up

DAY = BEGIN, BEGIN + timedelta(days=1)


def total(folder: Folder) -> float:
    """The sum of the day's hourly means as a figure would have it, by a process that has just begun."""
    (row,) = Lake(folder.data / "lake", ZONE).daily(["SO2"], *DAY).to_pylist()
    return float(row["total"])


@pytest.fixture
def settled(folder: Folder) -> Folder:
    """Two hours that were settled and rolled up one after the other."""
    folder.points = [PointSpec("SO2", "hj212:XT01/a21026/Avg@2061", shape="mean")]
    for hour in range(2):
        folder.write(hour_frame(hour, str(10 * (hour + 1))))
        folder.settler().run(Event(), once=True)
    assert total(folder) == 30
    return folder


def newest(folder: Folder, table: str) -> Path:
    return max((folder.data / "lake" / table / "_delta_log").glob("0*.json"))


def older(folder: Folder, table: str) -> None:
    """The table as it was one commit before, as an older copy has it."""
    newest(folder, table).unlink()


DAMAGES: dict[str, Callable[[Path], object]] = {
    "emptied": lambda path: path.write_bytes(b""),
    "deleted": lambda path: path.unlink(),
    "garbled": lambda path: path.write_bytes(b"\xff" * 40),
    "cut": lambda path: path.write_bytes(path.read_bytes()[:99]),
}


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("table", ["daily", "hourly", "readings"])
def test_a_table_without_its_newest_entry_is_refused_and_made_good(settled: Folder, table: str, damage: str) -> None:
    DAMAGES[damage](newest(settled, table))
    with pytest.raises(DamagedFile):
        Lake(settled.data / "lake", ZONE).ask(f"SELECT * FROM {table}", *DAY)
    settled.settler().run(Event(), once=True)
    assert total(settled) == 30
    assert sorted(settled.entries()) == ["intake-0/1", "intake-0/2"]


def test_a_table_of_another_copy_at_the_same_version_is_refused(settled: Folder) -> None:
    path = newest(settled, "daily")
    path.write_text(path.read_text() + "\n")
    with pytest.raises(LakeBehind):
        total(settled)
    settled.settler().run(Event(), once=True)
    assert total(settled) == 30


def test_a_lost_lake_is_no_empty_one(settled: Folder) -> None:
    require_lake(settled.data / "lake")  # it is there
    shutil.rmtree(settled.data / "lake")
    with pytest.raises(LakeBehind):
        require_lake(settled.data / "lake")
    settled.settler().run(Event(), once=True)
    assert total(settled) == 30


def test_hours_whose_files_are_damaged_are_made_anew(settled: Folder) -> None:
    for path in (settled.data / "lake" / "hourly").glob("*/*.parquet"):
        path.write_bytes(b"")
    settled.write(hour_frame(2, "30"))
    settled.settler().run(Event(), once=True)
    assert total(settled) == 60
    assert (settled.data / "lake" / "hourly.damaged-0").is_dir()


def test_what_cannot_be_made_good_stays_refused_until_a_person_gives_it_up(settled: Folder) -> None:
    """An older lake and an older journal under a newer lake.json: the second hour is nowhere any more."""
    said = standing_path(settled.data / "lake").read_bytes()
    for name in ("lake", "journal"):
        shutil.rmtree(settled.data / name)
    settled.write(hour_frame(0, "10"))
    standing_path(settled.data / "lake").write_bytes(said)
    settled.settler().run(Event(), once=True)
    with pytest.raises(LakeBehind):
        total(settled)
    give_up(settled.data / "lake")
    settled.settler().run(Event(), once=True)
    assert total(settled) == 10
    kept = read_standing(standing_path(settled.data / "lake"))
    assert kept is not None
    assert kept.journals["intake-0"].ordinal == 2  # no other entry is ever given that name


def test_a_garbled_lake_json_is_refused_and_written_anew(settled: Folder) -> None:
    path = standing_path(settled.data / "lake")
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(DamagedFile):
        total(settled)
    settled.settler().run(Event(), once=True)
    assert total(settled) == 30


def test_in_which_order_lake_json_names_its_parts_is_nothing_to_its_print(settled: Folder) -> None:
    path = standing_path(settled.data / "lake")
    kept, told = read_standing(path), json.loads(path.read_bytes())
    told["standing"] = dict(reversed(told["standing"].items()))
    path.write_text(json.dumps(told))
    assert read_standing(path) == kept


def test_a_copy_that_went_on_is_carried_over_and_names_no_other_frame(settled: Folder) -> None:
    """The lake settled two entries; the journal is a copy that kept the first and went on with three of its own."""
    shutil.rmtree(settled.data / "journal")
    settled.write(hour_frame(0, "10"), hour_frame(3, "40"), hour_frame(4, "50"), hour_frame(5, "60"))
    settled.settler().run(Event(), once=True)
    (told,) = json.loads((settled.data / "live.json").read_bytes())["damage"]
    assert told["en"].startswith("entry 2 of journal ")
    assert (settled.data / "journal" / "intake-0").is_dir()  # under its own name again, and not at the next start
    entries = sorted(settled.entries())
    carried = {entry.partition("/")[0] for entry in entries} - {"intake-0"}
    assert len(carried) == 1
    assert entries == sorted(["intake-0/1", "intake-0/2", *(f"{carried.copy().pop()}/{n}" for n in (1, 2, 3))])
    assert total(settled) == 180  # 10, 20, 40, 50, 60
    settled.settler().run(Event(), once=True)
    assert sorted(settled.entries()) == entries
    assert settled.settler().lake.marks()["intake-0"] == Mark(2, settled.settler().lake.marks()["intake-0"].print)
    assert len(list((settled.data / "journal").glob("intake-0.copy-*"))) == 1


def test_a_copy_that_went_on_less_far_is_told_by_when_its_entries_came(settled: Folder) -> None:
    """The lake settled three entries; the copy kept the first and took in one of its own an hour later."""
    settled.write(hour_frame(2, "30"))
    settled.settler().run(Event(), once=True)
    shutil.rmtree(settled.data / "journal")
    settled.write(hour_frame(0, "10"))
    with JournalWriter(settled.data / "journal", "intake-0") as writer:
        writer.append("hj212", PEER, hour_frame(3, "40"), BEGIN + timedelta(hours=1))
        writer.commit()
    settled.settler().run(Event(), once=True)
    (told,) = json.loads((settled.data / "live.json").read_bytes())["damage"]
    assert told["en"].startswith("entry 2 of journal ")
    (carried,) = {entry for entry in settled.entries() if not entry.startswith("intake-0/")}
    assert sorted(settled.entries()) == sorted([carried, "intake-0/1", "intake-0/2", "intake-0/3"])
    assert total(settled) == 100  # 10, 20, 30, 40
