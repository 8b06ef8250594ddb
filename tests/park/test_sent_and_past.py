"""The readings of a park as they go out in a package, and the lake as it was known at a moment."""

import hashlib
import json
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from park_packages import write_package

from xietong.journal import JournalWriter
from xietong.lake.past import known_at
from xietong.lake.points import PointSpec
from xietong.lake.schemas import READING_FILES
from xietong.lake.store import Lake
from xietong.park.bringing.receiving import Reception
from xietong.park.bringing.sending import save, send_package
from xietong.park.registry.snapshot import NoParkError

ZONE = ZoneInfo("Asia/Shanghai")
# The load is dated by the test's own clock: what was recorded before it, the park did not know of.
LOADED = datetime(2026, 3, 1, 12, tzinfo=UTC)
FIRST, SECOND, THIRD = (datetime(2026, 3, day, 12, tzinfo=UTC) for day in (2, 3, 4))
DEVICE = "hj212:YL0001/w01018/Avg@2061"


class Row(NamedTuple):
    """A reading, its instant in park time."""

    address: str
    at: str
    value: str
    recorded_at: datetime = FIRST
    entry: str = "cli-0/1"
    flag: str = ""


def batch(rows: Iterable[Row]) -> pa.Table:
    listed = list(rows)
    columns: dict[str, list[Any]] = {
        "address": [row.address for row in listed],
        "at": [datetime.fromisoformat(row.at).replace(tzinfo=ZONE) for row in listed],
        "value": [Decimal(row.value) for row in listed],
        "flag": [row.flag for row in listed],
        "entry": [row.entry for row in listed],
        "recorded_at": [row.recorded_at for row in listed],
    }
    return pa.table({name: pa.array(columns[name], READING_FILES.field(name).type) for name in READING_FILES.names})


READINGS = (
    Row("sheet:M1", "2025-03-14 07:00", "1"),
    Row("sheet:M1", "2025-03-14 07:15", "2"),
    Row("sheet:M1", "2025-03-14 07:15", "2"),  # the same twice: said once
    Row("sheet:M1", "2025-03-15 07:00", "3"),
    Row("sheet:M1", "2025-03-15 07:00", "30", SECOND, "cli-0/2"),  # another value of the same instant
    Row("sheet:M1", "2025-04-01 00:00", "4", SECOND, "cli-0/2", "N"),
    Row("sheet:M9", "2025-03-14 07:00", "99"),  # of no point
    Row(DEVICE, "2025-03-14 08:00", "5"),
    Row("corrected:M1", "2025-03-14 07:15", "20", SECOND, "web-0/1"),
    Row("corrected:M1", "2025-03-14 07:00", "0", THIRD, "web-0/9", "X"),
)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A park with READINGS; of its two corrections the journal still has the first, with who and why."""
    folder = tmp_path / "data"
    assert Reception(folder, "clerk", LOADED).package(write_package(tmp_path / "package")).rejected == []
    with JournalWriter(folder / "journal", "web-0") as journal:
        told = json.dumps({"who": "王五", "reason": "抄错表", "more": 1}, ensure_ascii=False)
        assert journal.record("act", "web", told.encode(), SECOND) == 1
    Lake(folder / "lake", ZONE).append(batch(READINGS), {})
    return folder


def rows_of(path: Path) -> list[tuple[str, str, str, str]]:
    return [
        (row["point"], f"{row['at'].astimezone(ZONE):%Y-%m-%d %H:%M}", f"{row['value'].normalize():f}", row["flag"])
        for row in pq.read_table(path).to_pylist()
    ]


@pytest.mark.django_db
def test_readings_go_out_by_month_with_what_was_superseded_and_corrected_apart(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    files = send_package(data, out)
    assert {name: rows for name, rows in files.items() if name.startswith("readings-")} == {
        "readings-2025-03.parquet": 4,
        "readings-2025-04.parquet": 1,
        "readings-superseded.parquet": 1,
        "readings-corrections-0001.parquet": 1,
        "readings-corrections-0002.parquet": 1,
    }
    assert rows_of(out / "readings-2025-03.parquet") == [
        ("M1", "2025-03-14 07:00", "1", ""),
        ("M1", "2025-03-14 07:15", "2", ""),
        ("M2", "2025-03-14 08:00", "5", ""),
        ("M1", "2025-03-15 07:00", "3", ""),
    ]
    assert rows_of(out / "readings-superseded.parquet") == [("M1", "2025-03-15 07:00", "30", "")]
    assert rows_of(out / "readings-2025-04.parquet") == [("M1", "2025-04-01 00:00", "4", "N")]
    assert pq.ParquetFile(out / "readings-2025-03.parquet").num_row_groups == 2  # one a day


@pytest.mark.django_db
def test_the_newest_correction_comes_first_with_who_and_why_where_the_journal_knows(data: Path, tmp_path: Path) -> None:
    send_package(data, tmp_path / "out")
    newest, older = (tmp_path / f"out/readings-corrections-000{number}.parquet" for number in (1, 2))
    assert rows_of(newest) == [("M1", "2025-03-14 07:00", "0", "X")]
    assert rows_of(older) == [("M1", "2025-03-14 07:15", "20", "")]
    assert not pq.read_schema(newest).metadata
    assert pq.read_schema(older).metadata == {b"who": "王五".encode(), b"reason": "抄错表".encode()}


@pytest.mark.django_db
def test_a_package_is_the_same_bytes_each_time_and_says_its_hashes(data: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    assert send_package(data, first) == send_package(data, second)
    assert {path.name: path.read_bytes() for path in first.iterdir()} == {
        path.name: path.read_bytes() for path in second.iterdir()
    }
    described = json.loads((first / "datapackage.json").read_text(encoding="utf-8"))["resources"]
    assert {each["path"] for each in described} | {"park.toml", "datapackage.json"} == {
        path.name for path in first.iterdir()
    }
    for each in described:
        content = (first / each["path"]).read_bytes()
        assert (each["bytes"], each["hash"]) == (len(content), f"sha256:{hashlib.sha256(content).hexdigest()}")


@pytest.mark.django_db
def test_a_package_as_of_a_moment_holds_what_was_recorded_by_then(data: Path, tmp_path: Path) -> None:
    """A correction keeps the number that it has today."""
    files = send_package(data, tmp_path / "out", SECOND)
    assert {name: rows for name, rows in files.items() if name.startswith("readings-")} == {
        "readings-2025-03.parquet": 4,
        "readings-2025-04.parquet": 1,
        "readings-superseded.parquet": 1,
        "readings-corrections-0002.parquet": 1,
    }
    first = send_package(data, tmp_path / "first", FIRST)
    assert [name for name in first if name.startswith("readings-")] == ["readings-2025-03.parquet"]
    with pytest.raises(NoParkError):
        send_package(data, tmp_path / "before", LOADED - timedelta(seconds=1))


def test_a_file_of_a_package_may_lie_in_a_folder_of_its_own(tmp_path: Path) -> None:
    save(tmp_path, "closed/2025.json", b"{}")
    save(tmp_path, "closed/2025.json", b"[]")
    assert (tmp_path / "closed/2025.json").read_bytes() == b"[]"


def hours(lake: Lake) -> dict[str, Decimal | None]:
    found = lake.hourly(["M1"], datetime(2025, 1, 1, tzinfo=ZONE), datetime(2026, 1, 1, tzinfo=ZONE)).to_pylist()
    return {f"{row['hour'].astimezone(ZONE):%m-%d %H}": row["total"] for row in found}


def test_the_lake_of_a_moment_has_what_was_received_by_then_and_leaves_the_other_alone(tmp_path: Path) -> None:
    """The amounts of an hour add up; of two values of an instant the first counts; a correction counts before both."""
    points = [PointSpec("M1", address, interval_s=900) for address in ("sheet:M1", "corrected:M1")]
    lake = Lake(tmp_path / "lake", ZONE)
    lake.append(batch(READINGS), {})
    version = lake.version()
    second = known_at(lake, SECOND, points, tmp_path / "second")
    assert hours(second) == {"03-14 07": Decimal(21), "03-15 07": Decimal(3), "04-01 00": Decimal(4)}
    assert (lake.version(), hours(lake)) == (version, {})


def test_before_anything_was_received_the_lake_is_empty(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "lake", ZONE)
    lake.append(batch(READINGS), {})
    past = known_at(lake, LOADED, [PointSpec("M1", "sheet:M1")], tmp_path / "past")
    assert (hours(past), past.reading_files(date.min, date.max)) == ({}, [])


def test_the_lake_of_a_moment_is_made_with_the_points_of_that_moment(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "lake", ZONE)
    lake.append(batch(READINGS), {})
    doubled = [PointSpec("M1", "sheet:M1", interval_s=900, multiplier=Decimal(2))]
    past = known_at(lake, FIRST, doubled, tmp_path / "past")
    assert hours(past) == {"03-14 07": Decimal(6), "03-15 07": Decimal(6)}
