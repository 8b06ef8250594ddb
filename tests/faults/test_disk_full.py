"""A disk that is full to its last page, with the whole platform at work on it: nothing is acknowledged that is not
safe, everybody says why, and all of it goes on by itself once there is room.
"""

import http.client
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from check import DOORS
from doors import WholePlatform
from mosquitto import until
from pusher import READINGS
from small_disk import SmallDisk

from xietong.disks import FULL
from xietong.journal import names, read
from xietong.processes import platform

pytestmark = pytest.mark.slow
MEGABYTES = 64
FULL_FOR_S, SETTLED_S, LAST_PAGE = 2.0, 2.0, 20


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    disk = SmallDisk(tmp_path, MEGABYTES)
    yield disk
    disk.unmount()


def sizes(whole: WholePlatform) -> dict[str, int]:
    """How many lines each door's list has."""
    return {door: (whole.lists / door).read_bytes().count(b"\n") for door in DOORS}


def entries(whole: WholePlatform) -> dict[str, int]:
    """How many whole entries each journal has; raises where one is damaged."""
    root = whole.data / "journal"
    return {name: sum(1 for _ in read(root, name)) for name in names(root)}


def fill_until_nothing_is_taken(whole: WholePlatform, disk: SmallDisk) -> None:
    """Fill the disk, again and again: what a process gives back is room again; a page half full takes a little more."""

    def stands_still() -> bool:
        disk.fill()
        before = entries(whole)
        time.sleep(SETTLED_S)
        disk.fill()
        return entries(whole) == before

    assert until(stands_still, 60), "journals grow on a full disk"


def pushed(whole: WholePlatform) -> tuple[int, str | None, str]:
    """The status, Retry-After and sentence that a push gets."""
    connection = http.client.HTTPConnection("127.0.0.1", whole.door.web_port, timeout=20)
    body = json.dumps({"readings": [{"point": "PUSH0", "at": f"2024-01-01T{h:02}:00", "value": h} for h in range(24)]})
    headers = {"Authorization": f"Bearer {whole.secret}", "Idempotency-Key": "on a full disk"}
    connection.request("POST", "/api/readings", body, headers)
    answer = connection.getresponse()
    return answer.status, answer.headers["Retry-After"], json.loads(answer.read())["rejected"][0]["message"]


def command(whole: WholePlatform, *arguments: object) -> tuple[int, str]:
    """Status and complaints of a command of ours."""
    command = [sys.executable, "-m", "xietong", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, env=whole.environment, timeout=120)
    return done.returncode, done.stderr


def test_on_a_full_disk_nothing_is_acknowledged_and_everything_goes_on_when_there_is_room(
    tmp_path: Path, disk: SmallDisk
) -> None:
    whole = WholePlatform(tmp_path, disk.mounted_at / "data")
    whole.services = {each.name: each for each in platform(whole.data, whole.door)}  # settle as it is, its park with it
    try:
        whole.begin()
        assert until(lambda: all(sizes(whole).values()), 60)
        at_work = {name: process.pid for name, process in whole.processes.items()}
        fill_until_nothing_is_taken(whole, disk)
        said_nothing_is_taken(whole, disk, tmp_path)
        disk.empty()
        before = sizes(whole)
        assert until(lambda: all(now > before[door] for door, now in sizes(whole).items()), 90), (sizes(whole), before)
        assert {name: process.pid for name, process in whole.processes.items()} == at_work
        assert all(process.poll() is None for process in whole.processes.values())
        counted = whole.finish()
    finally:
        whole.clear()
    print("\n" + "\n".join(f"{door:<10} {each}" for door, each in counted.items()))
    for door, each in counted.items():
        assert (each.lost, each.wrong, each.doubled) == (0, 0, 0), (door, each)
        assert each.acknowledged == each.found > 0, (door, each)
    assert entries(whole)  # every journal reads through, whatever a write left half done


def said_nothing_is_taken(whole: WholePlatform, disk: SmallDisk, folder: Path) -> None:
    """While it is full: no list grows but the broker's own, no journal does, and everybody says why."""
    before, kept = sizes(whole), entries(whole)
    evidence = {path.name for path in (whole.data / "evidence").rglob("*") if path.is_file()}
    time.sleep(FULL_FOR_S)
    disk.fill()
    now = sizes(whole)
    acknowledged = {door: now[door] - before[door] for door in DOORS}
    taken = {name: count - kept[name] for name, count in entries(whole).items()}
    assert sum(taken.values()) < LAST_PAGE, (taken, acknowledged)  # the rest of a page may take a frame or two
    assert acknowledged["hj212"] <= taken["intake-0"]
    assert acknowledged["push"] <= taken["web-0"] * READINGS
    assert acknowledged["import"] == 0
    status, retry, sentence = pushed(whole)
    assert (status, FULL.zh in sentence) == (503, True), sentence
    assert int(retry or 0) > 0
    file = folder / "once.csv"
    file.write_text("point,at,value\nFILE0,2024-01-01T00:00,1\n")
    status, sentence = command(whole, "import", file)
    assert status == 1
    assert FULL.zh in sentence
    assert "Traceback" not in sentence
    status, sentence = command(whole, "doctor")
    assert status == 1
    assert "磁盘剩余 0.0 GB" in sentence
    kept_now = {path.name for path in (whole.data / "evidence").rglob("*") if path.is_file()}
    assert {name for name in kept_now - evidence if not name.startswith("incoming-")} == set()
