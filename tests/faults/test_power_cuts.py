"""Power cuts under load, on a file system that forgets what was not fsynced: each acknowledged frame counts once."""

import random
import time
from pathlib import Path

import pytest
from rig import ForgetfulDisk, Platform, rounds

from xietong.journal import CorruptSegment, JournalReader

SEED = 20261122


def cut_again_and_again(platform: Platform, disk: ForgetfulDisk, cuts: int) -> int:
    """Cut the power so many times; how many cuts fell between acknowledgement and settling."""
    chance, between = random.Random(SEED), 0
    for _ in range(cuts):
        platform.start_intake()
        platform.start_settle()
        time.sleep(chance.uniform(0.1, 1.8))
        disk.cut_power()
        acknowledged = platform.acknowledged_by_now()
        platform.kill(platform.intake)
        assert platform.settle is not None
        platform.settle.kill()  # it may have met the dead disk and ended already
        platform.settle.communicate()
        disk.power_on()
        between += platform.waiting(acknowledged, torn_tail=True) > 0
    platform.start_intake()
    platform.start_settle()
    return between


def damage_in(journal: Path) -> list[CorruptSegment]:
    """Read every entry with its hashes; what is damaged between whole entries."""
    damages: list[CorruptSegment] = []
    reader = JournalReader(journal, "intake-0", on_damage=damages.append)
    while reader.read():
        pass
    reader.close()
    return damages


def run(folder: Path, cuts: int) -> None:
    disk = ForgetfulDisk(folder, SEED)
    data = disk.mounted_at / "data"
    data.mkdir()
    platform = Platform(data, folder / "acknowledged")
    try:
        between = cut_again_and_again(platform, disk, cuts)
        counted = platform.finish()
        disk.cut_power()
        disk.power_on()
        after = platform.count(platform.acknowledged)
        damages = damage_in(data / "journal")
    finally:
        platform.clear()
        disk.unmount()
    print(f"\npower cuts: {cuts}; between acknowledgement and settling: {between}; {counted}")
    assert damages == []
    assert between > 0, "no cut fell between acknowledgement and settling: this run shows nothing"
    assert counted.acknowledged > 20 * cuts
    assert (counted.lost, counted.doubled, counted.wrong) == (0, 0, 0)
    assert counted.found == counted.acknowledged
    assert after == counted, "settle --once returned before its readings were durable"


@pytest.mark.slow
def test_20_power_cuts_lose_and_double_nothing(tmp_path: Path) -> None:
    run(tmp_path, 20)


@pytest.mark.long
def test_many_power_cuts_lose_and_double_nothing(tmp_path: Path) -> None:
    run(tmp_path, rounds(200))
