"""kill -9 of intake, mqtt, web, settle, imports and of several at once, under load at every door that acknowledges.

`make faults` does 300 and prints the table of docs/reliability.md; `make test` does 20.
"""

import random
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from check import DOORS
from doors import Counted, WholePlatform
from rig import rounds

from xietong.journal import names, read

SEED = 20261122
VICTIMS = (
    *(("intake",), ("settle",), ("intake", "settle")) * 2,
    *(("mqtt",), ("mqtt", "settle"), ("web",), ("import",)),
    ("intake", "mqtt", "web", "settle", "import"),
)


def victims(chance: random.Random, kills: int) -> Iterator[tuple[str, ...]]:
    """Whom each kill hits: all of these in turn, each time in another order."""
    while True:
        for each in chance.sample(VICTIMS, len(VICTIMS)):
            if kills == 0:
                return
            kills -= 1
            yield each


class Story:
    """What happened: how often each was killed, and how often a door had acknowledged what was not settled then."""

    def __init__(self) -> None:
        self.killed, self.between, self.telling = Counter[str](), Counter[str](), 0
        self.began = time.monotonic()

    def told(self, kills: int, counted: dict[str, Counted]) -> str:
        minutes = (time.monotonic() - self.began) / 60
        lines = [f"kills: {kills} in {minutes:.1f} min, {self.telling} of them between; {dict(self.killed)}"]
        lines += [f"{door:<10} between {self.between[door]:>4}  {each}" for door, each in counted.items()]
        return "\n" + "\n".join(lines)


def kill_again_and_again(whole: WholePlatform, kills: int) -> Story:
    chance, story = random.Random(SEED), Story()
    whole.begin()
    for each in victims(chance, kills):
        own = [name for name in each if name in whole.services]
        whole.await_ready(own)  # of those alone: what was killed before may come up while others are killed
        time.sleep(chance.uniform(0.1, 0.9))
        instant = whole.kill(each)
        for name in own:
            whole.start(name)
        waiting = whole.waiting(instant)
        story.killed.update(each)
        story.between.update(waiting)
        story.telling += bool(waiting)
    whole.await_ready(whole.services)
    return story


def run(root: Path, kills: int) -> None:
    whole = WholePlatform(root)
    try:
        story = kill_again_and_again(whole, kills)
        counted = whole.finish()
    finally:
        whole.clear()
    print(story.told(kills, counted))
    for name in names(root / "data/journal"):
        entries = list(read(root / "data/journal", name))  # raises where a segment is damaged
        assert [entry.ordinal for entry in entries] == list(range(1, len(entries) + 1))
    for door, each in counted.items():
        assert (each.lost, each.wrong, each.doubled) == (0, 0, 0), (door, each)
        assert each.acknowledged == each.found >= kills, (door, each)
    assert set(counted) == set(DOORS)
    assert story.telling > 0, "no kill fell between acknowledgement and settling: this run shows nothing"
    assert counted["hj212"].repeated == 0  # every frame is sent once


@pytest.mark.slow
def test_20_kills_at_every_door_lose_and_double_nothing(tmp_path: Path) -> None:
    run(tmp_path, 20)


@pytest.mark.long
def test_300_kills_at_every_door_lose_and_double_nothing(tmp_path: Path) -> None:
    run(tmp_path, rounds(300))
