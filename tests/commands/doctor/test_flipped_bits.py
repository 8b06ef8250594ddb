"""One bit flipped in any file that figures come from: the doctor names the file, or every answer is what it was.

Never does a flipped bit give another figure silently. SQLite is apart: it has no hashes, see docs/reliability.md.
"""

import os
import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from deltalake.exceptions import DeltaError

from xietong.commands.doctor import files, lake
from xietong.commands.doctor.checks import Check
from xietong.journal import JournalError, JournalWriter, find
from xietong.lake.errors import LakeError
from xietong.lake.points import PointSpec
from xietong.lake.store import Lake
from xietong.park.bringing.evidence import enter, keep
from xietong.protocols.pushed import sealed
from xietong.settle import Conditions, Settler

ZONE = ZoneInfo("Asia/Shanghai")
AT = datetime(2025, 3, 1, 8, tzinfo=UTC)
POINTS = [PointSpec("P", "sheet:P"), PointSpec("F", "sheet:F")]
CSV = b"point,at,value\n" + b"".join(b"F,2025-03-01T%02d:00,%d.5\n" % (hour, hour) for hour in range(24))
SEED = 20261122


def settle(data: Path) -> None:
    conditions = Conditions(commit=0.0, live=0.0)
    Settler(data, ZONE, lambda: POINTS, lambda: AT, conditions).run(Event(), once=True)


def push(writer: JournalWriter, hour: int) -> None:
    row = f'{{"point": "P", "at": "2025-03-01T{hour:02}:00", "value": {hour}.25}}'
    body = f'{{"readings": [{row}]}}'.encode()
    writer.append("pushed", "http:scada", sealed(body, []), AT + timedelta(hours=hour))
    writer.commit()


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two journals, a kept file, a lake of several commits; one entry waits for settle."""
    data = tmp_path_factory.mktemp("flipped") / "data"
    (data / "journal").mkdir(parents=True)
    with JournalWriter(data / "journal", "web-0") as writer:
        for hour in range(6):
            push(writer, hour)
            settle(data)
        more = {"format": "csv", "stamps": "start", "points": {"F": {"interval_s": 3600, "shape": "amount"}}}
        enter(data, [keep(data, CSV, "readings.csv", "readings", more)], "cli:test", AT)
        settle(data)
        Lake(data / "lake", ZONE).readings_table.checkpoint()
        push(writer, 6)
        settle(data)
        push(writer, 7)
    return data


def answers(data: Path) -> list[object]:
    """What the park's figures are made of, and the evidence behind it, as everybody reads them."""
    lake = Lake(data / "lake", ZONE)
    span = datetime(2025, 2, 1, tzinfo=UTC), datetime(2025, 4, 1, tzinfo=UTC)
    tables = [
        lake.readings([point.address for point in POINTS], *span),
        lake.hourly([point.point for point in POINTS], *span),
        lake.daily([point.point for point in POINTS], *span),
    ]
    entries = [find(data / "journal", f"web-0/{ordinal}") for ordinal in range(1, 9)]
    return [*(table.to_pylist() for table in tables), entries, lake.readings_table.transaction("web-0")]


@pytest.fixture(autouse=True)
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    """The registry that the doctor asks for the mapping: the points that settle rolled up for."""
    monkeypatch.setattr(lake, "load", lambda: SimpleNamespace(zone=ZONE))
    monkeypatch.setattr(lake, "point_specs", lambda _: POINTS)


def checks(data: Path) -> list[Check]:
    return [*files.evidence(data), *lake.lake(data)]


def flipped(path: Path, bit: int) -> bytes:
    content = bytearray(path.read_bytes())
    content[bit // 8] ^= 1 << bit % 8
    return bytes(content)


def said(data: Path, ask: Callable[[Path], list[object]]) -> list[object] | str:
    """The answers, or what was raised in their place: to refuse is right, and never to answer something else."""
    try:
        return ask(data)
    except (LakeError, JournalError, DeltaError, OSError, ValueError) as error:
        return f"{type(error).__name__}: {error}"


def bits(data: Path, flips: int) -> Iterator[tuple[Path, int]]:
    """So many bits, each file in turn; the folder's other files hold no figures."""
    chance = random.Random(SEED)
    files = sorted(path for name in ("journal", "evidence", "lake") for path in (data / name).rglob("*"))
    files = [path for path in files if path.is_file()]
    for number in range(flips):
        path = files[number % len(files)]
        yield path, chance.randrange(path.stat().st_size * 8)


def flip_and_look(data: Path, flips: int) -> None:
    before, found = answers(data), 0
    assert [check for check in checks(data) if check.status == "failed"] == []
    for path, bit in bits(data, flips):
        whole, times = path.read_bytes(), path.stat()
        path.chmod(0o644)
        path.write_bytes(flipped(path, bit))
        now, failed = said(data, answers), [check for check in checks(data) if check.status == "failed"]
        path.write_bytes(whole)
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
        is_named = any(str(path) in check.found.en and check.remedy.en for check in failed)
        assert is_named or now == before, f"bit {bit} of {path}: {now} with {failed}"
        found += is_named
    print(f"\n{flips} bits flipped: {found} found and located, {flips - found} without effect on any answer")
    assert found > flips * 0.4  # the others lie in files that have been replaced
    assert said(data, answers) == before


@pytest.mark.slow
def test_a_flipped_bit_is_named_or_changes_no_answer(data: Path) -> None:
    flip_and_look(data, 40)


def test_hours_that_lag_behind_the_readings_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two entries are settled, the hours of the second are not made, and no settle is at work."""
    with JournalWriter(tmp_path / "journal", "web-0") as writer:
        push(writer, 1)
        settle(tmp_path)
        assert [check for check in checks(tmp_path) if check.status == "failed"] == []
        push(writer, 2)
    with monkeypatch.context() as patched:
        patched.setattr(Lake, "roll_up", lambda *_: [])
        settle(tmp_path)
    (check,) = [check for check in checks(tmp_path) if check.status == "failed"]
    assert check.found.en == "on 1 days hours and days lag behind the readings: figures are without them"
    settle(tmp_path)
    assert [check for check in checks(tmp_path) if check.status == "failed"] == []


@pytest.mark.long
def test_many_flipped_bits(data: Path) -> None:
    flip_and_look(data, int(os.environ.get("XIETONG_FLIPS", "3000")))
