"""Folders that were restored or copied while they were written: what is acknowledged from then on is never lost.

The devices go on sending and fsync their list. Of it counts what was acknowledged before the copy began (where the copy
has it) and everything after the restored folder was started; what came between went to the folder that is gone.
"""

import json
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from rig import HERE, Counted, Platform, rounds

SEED = 20261130


class Restored:
    """One run: a platform, the folder that comes in its place, and which part of the devices' list must be there."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.chance = random.Random(seed)
        self.folder = folder
        self.platform = Platform(folder / "data", folder / "acknowledged")
        self.counts: list[tuple[int, int]] = []  # spans of bytes of the list

    @property
    def data(self) -> Path:
        return self.platform.data

    def run(self) -> tuple[int, int]:
        """Intake and settle for a while, then SIGKILL to both; the span of the list that was acknowledged."""
        before = self.listed()
        self.platform.start_intake()
        self.platform.start_settle()
        self.wait_for_commit()
        time.sleep(self.chance.uniform(0.0, 0.5))
        self.kill()
        return before, self.listed()

    def wait_for_commit(self) -> None:
        """Until settle has brought something more into the lake."""
        log = self.data / "lake" / "readings" / "_delta_log"
        before, ends = max(map(str, log.glob("0*.json")), default=""), time.monotonic() + 30
        while max(map(str, log.glob("0*.json")), default="") <= max(before, str(log / f"{0:020d}.json")):
            assert time.monotonic() < ends, "settle brought nothing into the lake"
            time.sleep(0.02)

    def kill(self) -> None:
        self.platform.kill(self.platform.intake)
        self.platform.kill(self.platform.settle)
        time.sleep(0.2)  # what was acknowledged is on the list by now

    def listed(self) -> int:
        return self.platform.acknowledged.stat().st_size

    def settle(self) -> None:
        command = [sys.executable, "-m", "xietong", "settle", "--once", "--data", str(self.data)]
        settled = subprocess.run(command, capture_output=True, text=True, timeout=120)
        assert settled.returncode == 0, settled.stderr

    def copy_while_running(self, first: str, then: str) -> Path:
        """The folder as a copy has it that takes one part and, a while later, the rest."""
        copy = self.folder / "copy"
        before = self.listed()
        self.platform.start_intake()
        self.platform.start_settle()
        self.wait_for_commit()
        self.counts.append((before, self.listed()))
        shutil.copytree(self.data / first, copy / first)
        self.wait_for_commit()
        time.sleep(self.chance.uniform(0.0, 0.3))
        _copy_moving(self.data / then, copy / then)
        self.kill()
        return copy

    def count(self) -> tuple[Counted, dict[str, int]]:
        """Go on with the restored folder, settle all, and count."""
        span = self.run()
        self.counts.append(span)
        self.settle()
        whole = self.platform.acknowledged.read_bytes()
        kept = self.folder / "counted"
        kept.write_bytes(b"".join(whole[start:end] for start, end in self.counts))
        assert span[1] > span[0], "nothing was acknowledged by the restored folder: this run shows nothing"
        named = subprocess.run(
            [sys.executable, str(HERE / "named.py"), str(self.data)], capture_output=True, text=True, timeout=120
        )
        assert named.returncode == 0, named.stderr
        return self.platform.count(kept), json.loads(named.stdout)


def _copy_moving(source: Path, target: Path) -> None:
    """Copy a folder in which files come and go, its log last: a copy that names files which are not there is none."""
    names = sorted(source.rglob("*"), key=lambda path: ("_delta_log" not in path.parts, path.name))
    for path in names:
        if path.is_file():
            (target / path.relative_to(source)).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target / path.relative_to(source))


def journal_copied_first(run: Restored) -> None:
    replace(run.data, run.copy_while_running("journal", "lake"))


def lake_copied_first(run: Restored) -> None:
    replace(run.data, run.copy_while_running("lake", "journal"))


def journal_lost(run: Restored) -> None:
    run.counts.append(run.run())
    run.settle()
    shutil.rmtree(run.data / "journal")


def lake_lost(run: Restored) -> None:
    run.counts.append(run.run())
    shutil.rmtree(run.data / "lake")


def put_back_older(run: Restored, name: str) -> None:
    """One folder as it was, and the other as it went on."""
    run.counts.append(run.run())
    shutil.copytree(run.data / name, run.folder / "older")
    run.counts.append(run.run())
    run.settle()
    replace(run.data / name, run.folder / "older")


def older_journal_put_back(run: Restored) -> None:
    put_back_older(run, "journal")


def older_lake_put_back(run: Restored) -> None:
    put_back_older(run, "lake")


def journal_cut_short(run: Restored) -> None:
    run.counts.append(run.run())
    run.settle()
    for path in (run.data / "journal").glob("*/*.seg"):
        with path.open("r+b") as file:
            file.truncate(64 + run.chance.randrange(path.stat().st_size - 64))


def went_on_in_two_copies(run: Restored, journal_runs: int) -> None:
    """The lake went on in one copy of the folder, the journal in another, for so many runs; both acknowledged."""
    run.counts.append(run.run())
    shutil.copytree(run.data, run.folder / "other")
    run.counts.append(run.run())
    run.settle()
    shutil.move(run.data, run.folder / "first")
    shutil.move(run.folder / "other", run.data)
    run.counts.extend(run.run() for _ in range(journal_runs))


def journal_of_a_copy_that_went_on(run: Restored) -> None:
    went_on_in_two_copies(run, 1)
    replace(run.data / "lake", run.folder / "first" / "lake")


def journal_of_a_copy_that_went_on_further(run: Restored) -> None:
    """The same, and the copy has acknowledged more: its lake.json fits its journal, the other's lake does not."""
    went_on_in_two_copies(run, 3)
    run.settle()
    replace(run.data / "lake", run.folder / "first" / "lake")


def lake_and_lake_json_lost_with_the_journal(run: Restored) -> None:
    """Nothing is left to be held against: a new folder in all but name, and what comes is taken from the first on."""
    run.run()
    for name in ("journal", "lake"):
        shutil.rmtree(run.data / name)
    (run.data / "lake.json").unlink()


def replace(folder: Path, other: Path) -> None:
    """Another folder in the place of one that has burned."""
    shutil.rmtree(folder)
    shutil.move(other, folder)


KINDS: tuple[Callable[[Restored], None], ...] = (
    journal_copied_first,
    lake_copied_first,
    journal_lost,
    lake_lost,
    older_journal_put_back,
    older_lake_put_back,
    journal_cut_short,
    journal_of_a_copy_that_went_on,
    journal_of_a_copy_that_went_on_further,
    lake_and_lake_json_lost_with_the_journal,
)


def played(folder: Path, kind: Callable[[Restored], None], seed: int) -> Counted:
    folder.mkdir()
    run = Restored(folder, seed)
    try:
        kind(run)
        counted, named = run.count()
    finally:
        run.platform.clear()
    print(f"\n{kind.__name__}: {counted}; {named}")
    assert (counted.lost, counted.doubled, counted.wrong) == (0, 0, 0)
    assert counted.found == counted.acknowledged > 0
    assert named["misnamed"] == 0
    assert named["readings"] > named["gone"]
    return counted


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_what_a_restored_folder_acknowledges_is_never_lost(tmp_path: Path, kind: Callable[[Restored], None]) -> None:
    played(tmp_path / "run", kind, SEED)


@pytest.mark.long
def test_restored_again_and_again_nothing_acknowledged_is_lost(tmp_path: Path) -> None:
    acknowledged = 0
    for number in range(rounds(45)):
        folder = tmp_path / str(number)
        acknowledged += played(folder, KINDS[number % len(KINDS)], SEED + number).acknowledged
        shutil.rmtree(folder)
    print(f"\n{acknowledged} acknowledged and found")
