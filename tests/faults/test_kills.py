"""kill -9 of intake and of settle under as many HJ 212 frames as they take: every acknowledged one counts exactly once.

The kills of every door, which `make test` plays, are in test_every_door.py.
"""

import random
import signal
import time
from pathlib import Path

import pytest
from rig import Platform, rounds

from xietong.journal import read

SEED = 20261122


def kill_both_again_and_again(platform: Platform, kills: int) -> int:
    """Kill intake and settle in turn, so many times each; how many kills fell between acknowledgement and settling."""
    chance, between = random.Random(SEED), 0
    platform.start_intake()
    for _ in range(kills):
        platform.start_settle()
        time.sleep(chance.uniform(0.1, 0.6))
        between += kill_intake(platform)
        platform.start_intake()
        time.sleep(chance.uniform(0.2, 0.9))
        platform.kill(platform.settle)
        between += platform.waiting(platform.acknowledged_by_now()) > 0
    platform.start_settle()
    return between


def kill_intake(platform: Platform) -> bool:
    """Kill intake; whether something acknowledged was not in the lake then. Settle stands still while that is seen."""
    assert platform.settle is not None
    platform.settle.send_signal(signal.SIGSTOP)
    platform.kill(platform.intake)
    unsettled = platform.waiting(platform.acknowledged_by_now())
    platform.settle.send_signal(signal.SIGCONT)
    return unsettled > 0


def run(data: Path, acknowledged: Path, kills: int) -> None:
    platform = Platform(data, acknowledged)
    try:
        between = kill_both_again_and_again(platform, kills)
        counted = platform.finish()
    finally:
        platform.clear()
    print(f"\nkills: intake {kills}, settle {kills}; between acknowledgement and settling: {between}; {counted}")
    entries = list(read(data / "journal", "intake-0"))  # raises where a segment is damaged
    assert [entry.ordinal for entry in entries] == list(range(1, len(entries) + 1))
    assert between > 0, "no kill fell between acknowledgement and settling: this run shows nothing"
    assert counted.acknowledged > 20 * kills
    assert (counted.lost, counted.doubled, counted.wrong) == (0, 0, 0)
    assert counted.found == counted.acknowledged


@pytest.mark.long
def test_killed_very_often_nothing_is_lost_or_doubled(tmp_path: Path) -> None:
    run(tmp_path / "data", tmp_path / "acknowledged", rounds(200))
