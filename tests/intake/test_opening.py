"""Which journal a door goes on with: never one that the lake was made from further than it goes, or otherwise."""

import shutil
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from xietong.intake.opening import open_journal
from xietong.journal import JournalReader, print_of
from xietong.lake.files.standing import Standing, standing_path, write_standing
from xietong.lake.schemas import READINGS
from xietong.lake.store import Lake
from xietong.readings import Mark
from xietong.settle.journals.gone import gone

AT = datetime(2025, 3, 1, tzinfo=UTC)


def write(data: Path, count: int, said: str = "frame") -> str:
    """Append so many entries through the door's own opening; the journal that was taken."""
    with open_journal(data, "intake") as writer:
        for number in range(count):
            writer.append("hj212", "tcp:127.0.0.1:1", f"{said} {number}".encode(), AT)
        writer.commit()
        return writer.name


def settle(data: Path, upto: int) -> None:
    """What a settle leaves that has taken the first entries of intake-0."""
    entries = JournalReader(data / "journal", "intake-0").read()
    lake = Lake(data / "lake", ZoneInfo("Asia/Shanghai"))
    lake.positions()
    lake.append(READINGS.empty_table(), {"intake-0": upto}, {"intake-0": print_of(entries[upto - 1])})


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Ten entries, of which eight are settled."""
    assert write(tmp_path, 10) == "intake-0"
    settle(tmp_path, 8)
    return tmp_path


def test_a_journal_that_holds_what_was_settled_goes_on(data: Path) -> None:
    assert write(data, 1) == "intake-0"


def test_a_lost_journal_gives_its_name_to_no_other(data: Path) -> None:
    shutil.rmtree(data / "journal")
    assert write(data, 1) == "intake-1"
    assert write(data, 1) == "intake-1"


def test_an_older_journal_is_not_gone_on_with(data: Path, tmp_path: Path) -> None:
    shutil.rmtree(data / "journal")
    (data / "lake").rename(data / "aside")
    write(data, 7)
    (data / "aside").rename(data / "lake")
    assert write(data, 1) == "intake-1"


def test_a_journal_with_another_entry_where_one_was_settled_is_not_gone_on_with(data: Path) -> None:
    shutil.rmtree(data / "journal")
    (data / "lake").rename(data / "aside")
    write(data, 10, said="other frame")
    (data / "aside").rename(data / "lake")
    assert write(data, 1) == "intake-1"


def test_lake_json_counts_where_the_lake_itself_is_older_or_lost(data: Path) -> None:
    write_standing(standing_path(data / "lake"), Standing(journals={"intake-0": Mark(12)}))
    assert write(data, 1) == "intake-1"
    shutil.rmtree(data / "lake")
    assert write(data, 1) == "intake-1"


def test_a_copy_that_went_on_further_than_the_lake_is_not_gone_on_with(data: Path) -> None:
    """lake.json is the copy's and fits its journal; the lake is another's, and settle will cut that journal."""
    shutil.rmtree(data / "journal")
    (data / "lake").rename(data / "aside")
    write(data, 12, said="other frame")
    last = JournalReader(data / "journal", "intake-0").read()[-1]
    (data / "aside").rename(data / "lake")
    write_standing(standing_path(data / "lake"), Standing(journals={"intake-0": Mark(12, print_of(last))}))
    assert write(data, 1) == "intake-1"
    assert [each.journal for each in gone(data)] == ["intake-0"]


@pytest.mark.parametrize("damaged", ["first", "lake.json"])
def test_where_it_cannot_be_said_what_was_settled_a_new_journal_begins(data: Path, damaged: str) -> None:
    write_standing(standing_path(data / "lake"), Standing(journals={"intake-0": Mark(8), "intake-1": Mark(3)}))
    path = data / "lake.json" if damaged == "lake.json" else data / f"lake/readings/_delta_log/{0:020d}.json"
    if damaged == "first":
        lake = Lake(data / "lake", ZoneInfo("Asia/Shanghai"))
        lake.positions()
        lake.readings_table.commit([], {})
        for entry in sorted(path.parent.glob("*.json"))[1:]:
            entry.write_bytes(b"{}")
    path.write_bytes(b"{}")
    assert write(data, 1) not in ("intake-0", *(("intake-1",) if damaged == "first" else ()))
