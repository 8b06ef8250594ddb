"""Power cuts under load at every door that acknowledges, on a file system that forgets what was not fsynced.

The broker has its power elsewhere: what it has acknowledged it keeps until our fsync.
"""

import os
import random
import time
from pathlib import Path

import pytest
from doors import WholePlatform
from rig import ForgetfulDisk, rounds

from xietong.commands.doctor import files

SEED = 20261122


def settled_in(whole: WholePlatform) -> None:
    """What a person who sets the platform up has on the disk before the first reading comes."""
    for path in (whole.data / "mqtt.toml", whole.data, whole.data.parent):
        handle = os.open(path, os.O_RDONLY)
        os.fsync(handle)
        os.close(handle)


def cut(whole: WholePlatform, disk: ForgetfulDisk) -> list[str]:
    """Cut the power and bring everything up again; the doors that had acknowledged what was not in the lake then."""
    disk.cut_power()
    whole.kill_all()
    disk.power_on()
    waiting = whole.waiting(whole.now(torn_tail=True))
    for name in whole.services:
        whole.start(name)
    whole.await_ready(whole.services)
    return waiting


def run(folder: Path, cuts: int) -> None:
    disk = ForgetfulDisk(folder, SEED)
    whole = WholePlatform(folder, disk.mounted_at / "data")
    chance, between = random.Random(SEED), set[str]()
    try:
        settled_in(whole)
        whole.begin()
        for _ in range(cuts):
            time.sleep(chance.uniform(2.0, 4.0))
            between.update(cut(whole, disk))
        counted = whole.finish()
        damaged = [each for each in files.evidence(whole.data) if each.status == "failed"]
    finally:
        whole.clear()
        disk.unmount()
    print(f"\npower cuts: {cuts}; between acknowledgement and settling at {', '.join(sorted(between))}")
    print("\n".join(f"{door:<10} {each}" for door, each in counted.items()))
    assert damaged == []
    assert {"hj212", "mqtt", "push"} & between
    for door, each in counted.items():
        assert (each.lost, each.wrong, each.doubled) == (0, 0, 0), (door, each)
        assert each.acknowledged == each.found, (door, each)
    assert all(counted[door].acknowledged > 0 for door in ("hj212", "mqtt", "mqtt-plain", "push"))


@pytest.mark.slow
def test_power_cuts_lose_and_double_nothing_at_any_door(tmp_path: Path) -> None:
    run(tmp_path, 2)


@pytest.mark.long
def test_many_power_cuts_lose_and_double_nothing_at_any_door(tmp_path: Path) -> None:
    run(tmp_path, rounds(20))
