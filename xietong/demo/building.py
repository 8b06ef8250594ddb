"""Building the demo's data folder through the platform's own doors: load, a running listener, settle.

Every step is told with its time. What a step does is its command's business; serving is `xietong.processes`'.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from xietong.demo.devices import DeviceError, Played, play
from xietong.processes import Door, Supervisor, is_free, platform

LISTENER_PATIENCE_S = 20.0
Say = Callable[[str], None]


class BuildError(Exception):
    """A step of the building failed; the sentence says which and what it said."""


@dataclass(frozen=True, slots=True)
class Marker:
    """What a demo folder holds, as its demo.json says."""

    seed: int
    year: int
    built: bool = False

    @classmethod
    def read(cls, data: Path) -> "Marker | None":
        """The marker of a folder, None where it is no demo's."""
        try:
            return cls(**json.loads((data / "demo.json").read_text()))
        except (FileNotFoundError, TypeError, ValueError):
            return None

    def write(self, data: Path) -> None:
        """Mark the folder."""
        (data / "demo.json").write_text(json.dumps(asdict(self)) + "\n")


def people(data: Path) -> dict[str, str]:
    """Found the folder and give its people new passwords: {name: password}."""
    return dict(json.loads(_run(data, "xietong.demo", "people")))


def build(data: Path, marker: Marker, door: Door, say: Say) -> None:
    """Build the park of a marker into a founded data folder; raises BuildError."""
    marker.write(data)
    demo = data / "demo"
    since = datetime.now(UTC).date().isoformat()
    with _step(say, "生成园区", "making the park"):
        given = ("--seed", str(marker.seed), "--year", str(marker.year), "--folder", str(demo), "--live-since", since)
        _run(data, "xietong.demo", "park", *given)
    with _step(say, "载入数据包", "loading the package"):
        _load(data, demo / "package", say)
    with _step(say, "设备经 HJ 212 上报全年数据", "devices send their year over HJ 212"):
        say(f"      {_played(_through_listener(data, demo / 'frames', door, say))}")
    shutil.rmtree(demo / "frames")  # every byte of it is in the journal now
    with _step(say, "结转为监测值并汇总", "settling into readings, hours and days"):
        _run(data, "xietong", "settle", "--once")
    Marker(marker.seed, marker.year, built=True).write(data)


def _run(data: Path, module: str, *arguments: str) -> str:
    """Run one of our own commands to its end and give what it printed; raises BuildError where it failed."""
    command = (sys.executable, "-m", module, *arguments)
    done = subprocess.run(command, env=_environment(data), capture_output=True, text=True, check=False)
    if done.returncode:
        told = (done.stderr.strip() or done.stdout.strip()).splitlines()[-8:]
        raise BuildError("\n".join((f"{module} {' '.join(arguments[:1])} ended with {done.returncode}:", *told)))
    return done.stdout


def _environment(data: Path) -> Mapping[str, str]:
    return os.environ | {"XIETONG_DATA": str(data)}


def _load(data: Path, package: Path, say: Say) -> None:
    answer = json.loads(_run(data, "xietong", "load", str(package), "--json"))
    if answer["rejected"]:
        raise BuildError(f"the loader refused {len(answer['rejected'])} rows, first {answer['rejected'][0]}")
    say(f"      {answer['accepted']:,} 行 · rows")


def _through_listener(data: Path, frames: Path, door: Door, say: Say) -> Played:
    quiet = [each._replace(command=(*each.command, "--quiet")) for each in platform(data, door, "intake")]
    supervisor = Supervisor(quiet, say)
    try:
        supervisor.start()
        _await_listener(door, supervisor)
        return play(sorted(frames.glob("*.txt")), door.host, door.hj212_port, lambda _: None)
    except DeviceError as error:
        raise BuildError(f"a device was not answered: {error}") from error
    finally:
        supervisor.stop()


def _await_listener(door: Door, supervisor: Supervisor) -> None:
    deadline = time.monotonic() + LISTENER_PATIENCE_S
    while is_free(door.host, door.hj212_port):
        if time.monotonic() > deadline:
            raise BuildError(f"the HJ 212 listener did not open {door.host}:{door.hj212_port}")
        supervisor.tend()
        time.sleep(0.05)


def _played(played: Played) -> str:
    rate = played.acknowledged / max(played.seconds, 1e-9)
    return (
        f"{played.acknowledged:,} 帧已落盘并应答 · frames safe on disk and answered, "
        f"{played.seconds:.1f} s ({rate:,.0f}/s)"
    )


@contextmanager
def _step(say: Say, zh: str, en: str) -> Iterator[None]:
    say(f"  … {zh} · {en}")
    began = time.monotonic()
    yield
    say(f"  ✓ {zh} · {en}: {time.monotonic() - began:.1f} s")
