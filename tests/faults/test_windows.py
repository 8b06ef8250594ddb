"""Instants so short that kills and power cuts seldom hit them, each played on purpose on the forgetful disk."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from check import count
from rig import HERE, ForgetfulDisk

from xietong.journal import sync_folder

pytestmark = pytest.mark.slow

WRITE = """
import os, sys
from datetime import UTC, datetime
from pathlib import Path
from sender import frame
from xietong.journal import JournalWriter
data, first, last, safe = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4] == "safe"
if not safe:
    os.fdatasync = lambda handle: None
writer = JournalWriter(data / "journal", "intake-0")
for second in range(first, last + 1):
    writer.append("hj212", "tcp:127.0.0.1:5", frame(1, second), datetime.now(UTC))
writer.commit()
os._exit(0)
"""
SETTLE_AND_DIE = """
import os, sys
import xietong.lake.files.table as table
from settling import settler
real = table.sync_files
def die_before_the_log_is_durable(paths):
    paths = list(paths)
    if any(path.suffix == ".json" and int(path.stem) > 0 for path in paths):
        os._exit(9)
    real(paths)
settling = settler(sys.argv[1])
table.sync_files = die_before_the_log_is_durable
settling.step()
settling.commit()
"""


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[ForgetfulDisk]:
    disk = ForgetfulDisk(tmp_path, seed=1, written_back=0.0)
    (disk.mounted_at / "data").mkdir()
    sync_folder(disk.mounted_at)  # the data folder's own name is made durable by whoever sets the platform up
    yield disk
    disk.unmount()


def run(*command: object, status: int = 0) -> None:
    done = subprocess.run([sys.executable, *map(str, command)], cwd=HERE, capture_output=True, text=True, timeout=60)
    assert done.returncode == status, done.stderr


def settle_once(data: Path) -> None:
    run("-m", "xietong", "settle", "--once", "--data", data)


def acknowledged(folder: Path, upto: int) -> Path:
    path = folder / "acknowledged"
    path.write_text("".join(f"1 {second}\n" for second in range(1, upto + 1)))
    return path


def assert_each_once(data: Path, folder: Path, upto: int) -> None:
    counted = count(data / "lake", acknowledged(folder, upto), torn_tail=False)
    assert (counted["found"], counted["rows"], counted["doubled"]) == (upto, 2 * upto, 0)


def test_the_first_commit_of_a_journal_is_safe_with_its_names(tmp_path: Path, disk: ForgetfulDisk) -> None:
    """The power fails as soon as the first frames of a new journal, in a new segment, are acknowledged."""
    data = disk.mounted_at / "data"
    run("-c", WRITE, data, 1, 10, "safe")
    disk.cut_power()
    disk.power_on()
    settle_once(data)
    assert_each_once(data, tmp_path, 10)


def test_settle_makes_durable_what_it_read_before_it_relies_on_it(tmp_path: Path, disk: ForgetfulDisk) -> None:
    """Settle reads entries that intake has written and not fsynced; the power fails after the lake's commit.

    Were the journal shorter than the lake then, the next entries would get ordinals that count as settled.
    """
    data = disk.mounted_at / "data"
    run("-c", WRITE, data, 1, 10, "unsafe")
    settle_once(data)
    disk.cut_power()
    disk.power_on()
    run("-c", WRITE, data, 11, 15, "safe")
    settle_once(data)
    assert_each_once(data, tmp_path, 15)


def test_a_lake_commit_whose_writer_died_before_fsyncing_it_is_made_durable_by_the_next(
    tmp_path: Path, disk: ForgetfulDisk
) -> None:
    data = disk.mounted_at / "data"
    run("-c", WRITE, data, 1, 10, "safe")
    run("-c", SETTLE_AND_DIE, data, status=9)
    run("-c", WRITE, data, 11, 15, "safe")
    settle_once(data)
    disk.cut_power()
    disk.power_on()
    settle_once(data)
    assert_each_once(data, tmp_path, 15)


def test_a_lake_commit_that_the_power_cut_took_back_is_made_again(tmp_path: Path, disk: ForgetfulDisk) -> None:
    data = disk.mounted_at / "data"
    run("-c", WRITE, data, 1, 10, "safe")
    run("-c", SETTLE_AND_DIE, data, status=9)
    disk.cut_power()
    disk.power_on()
    settle_once(data)
    assert_each_once(data, tmp_path, 10)
