"""The processes of `bench devices`: a real Mosquitto, the platform as `xietong serve` runs it, and simulated devices.

Nothing is measured here but what /proc and the lake tell.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from xietong.bench.crowd import name_of
from xietong.bench.machine import rss_kb
from xietong.journal import JournalReader
from xietong.lake.store import Lake
from xietong.processes import Door, Supervisor, platform

READY_S, LAG_EVERY_S = 60.0, 5.0
ZONE = ZoneInfo("Asia/Shanghai")
BROKER = "listener {port} 127.0.0.1\nallow_anonymous true\npersistence false\nmax_queued_messages 0\nlog_type none\n"
SETTINGS = """[broker.bench]
host = "127.0.0.1"
port = {port}
[[broker.bench.topic]]
filter = "crowd/+"
time = "ts"
form = "unix_ms"
values = ["kw"]
"""


PARK = '[park]\ncode = "P"\nname = "园区"\nregion = "陕西"\ntimezone = "Asia/Shanghai"\n'
WORKS = 100


class Devices(NamedTuple):
    """A process of simulated devices, told what to do line by line; at its end a file has what was acknowledged."""

    process: subprocess.Popen[str]
    acknowledged: Path

    def say(self, line: str) -> None:
        """Tell it to do something."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()

    def line(self) -> str:
        """The next line that it says; RuntimeError where it has died."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"the simulated devices ended with status {self.process.wait()}")
        return line

    def heard(self) -> dict[str, Any]:
        """What it answers."""
        told: dict[str, Any] = json.loads(self.line())
        return told

    def end(self) -> set[str]:
        """End it; what was acknowledged, a name and a number each."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        if self.process.wait(READY_S):
            raise RuntimeError(f"the simulated devices ended with status {self.process.returncode}")
        return set(self.acknowledged.read_text().splitlines())


@contextmanager
def devices(module: str, acknowledged: Path, *options: object) -> Iterator[Devices]:
    """Simulated devices, `crowd` or `publishers`; ended at the end, whatever happens."""
    command = [sys.executable, "-m", f"xietong.bench.{module}", "--acknowledged", str(acknowledged)]
    pipe = subprocess.PIPE
    with subprocess.Popen([*command, *map(str, options)], stdin=pipe, stdout=pipe, text=True) as process:
        try:
            yield Devices(process, acknowledged)
        finally:
            process.kill()


def register(data: Path, connections: int, clients: int) -> None:
    """Found a park that knows every simulated device: one point each, among a hundred works."""
    folder = data / "package"
    folder.mkdir()
    (folder / "park.toml").write_text(PARK, encoding="utf-8")
    works = (f"E{number},enterprise,企业{number},Works {number},P\n" for number in range(WORKS))
    outlets = (f"E{number}-G,outlet,排口{number},Outlet {number},E{number}\n" for number in range(WORKS))
    subjects = f"code,kind,name,name_en,parent\nP,park,园区,Park,\n{''.join(works)}{''.join(outlets)}"
    (folder / "subjects.csv").write_text(subjects, encoding="utf-8")
    monitors = (
        f"G{number},E{number % WORKS}-G,concentration,nox,mg/m3,mean,10,hj212:{name_of(number)}/a21002/Rtd@2011\n"
        for number in range(connections)
    )
    meters = (
        f"M{number},E{number % WORKS},power,electricity,kW,instant,10,mqtt:crowd/{number}#kw\n"
        for number in range(clients)
    )
    points = f"code,subject,quantity,item,unit,shape,interval_s,source\n{''.join(monitors)}{''.join(meters)}"
    (folder / "points.csv").write_text(points, encoding="utf-8")
    command = [sys.executable, "-m", "xietong", "load", str(folder), "--data", str(data)]
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    shutil.rmtree(folder)


@contextmanager
def broker(folder: Path, port: int) -> Iterator[int]:
    """A Mosquitto that keeps everything while we are away; its pid. FileNotFoundError where none is installed."""
    program = shutil.which("mosquitto", path=os.environ.get("PATH", "") + ":/usr/sbin")
    if program is None:
        raise FileNotFoundError("mosquitto is not installed; it is in the system's packages (apt install mosquitto)")
    settings = folder / "mosquitto.conf"
    settings.write_text(BROKER.format(port=port) + ("user root\n" if os.getuid() == 0 else ""))
    with subprocess.Popen([program, "-c", str(settings)], stdout=subprocess.DEVNULL) as process:
        try:
            until(lambda: is_open(port), "the broker")
            yield process.pid
        finally:
            process.terminate()


@contextmanager
def running(data: Path, door: Door, doors_only: bool) -> Iterator[Supervisor]:
    """The platform's processes on a data folder; ended in good order at the end."""
    services = [each for each in platform(data, door) if not doors_only or each.name in ("intake", "mqtt")]
    # Nothing but the figures goes to standard output.
    quiet = [each._replace(command=(*each.command, "--quiet")) if each.name == "intake" else each for each in services]
    supervisor = Supervisor(quiet, _stderr)
    supervisor.start()
    try:
        until(lambda: is_open(door.hj212_port), "the listener")
        if not doors_only:
            until(lambda: is_open(door.web_port), "the pages")
        yield supervisor
    finally:
        supervisor.stop()


def until(met: Callable[[], bool], what: str, seconds: float = READY_S) -> None:
    """Wait until it is so; RuntimeError where it takes longer."""
    deadline = time.monotonic() + seconds
    while not met():
        if time.monotonic() > deadline:
            raise RuntimeError(f"{what} did not become ready in {seconds:g} s")
        time.sleep(0.05)


def is_open(port: int) -> bool:
    """Whether somebody listens."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Watch:
    """Looks at the processes now and then: memory of each, and how far settle is behind."""

    def __init__(self, data: Path, supervisor: Supervisor, has_settle: bool) -> None:
        self._data, self._supervisor, self._has_settle = data, supervisor, has_settle
        self._looked_at = 0.0
        self.before = self._rss()
        self.most: dict[str, int] = {}
        self.lag_s = 0.0

    def until(self, ends: float) -> None:
        """Look once a second until then (time.monotonic)."""
        while (left := ends - time.monotonic()) > 0:
            time.sleep(min(left, 1.0))
            self.look()

    def look(self) -> None:
        """Look once; the highest of all looks is kept."""
        for name, size in self._rss().items():
            self.most[name] = max(self.most.get(name, 0), size)
        if self._has_settle and time.monotonic() - self._looked_at >= LAG_EVERY_S:
            self.lag_s = max(self.lag_s, self.behind())
            self._looked_at = time.monotonic()

    def behind(self) -> float:
        """How old the oldest entry is that is not in the lake yet, in seconds; 0 where none waits."""
        try:
            settled = Lake(self._data / "lake", ZONE).positions()
        except OSError:
            return 0.0
        now, worst = datetime.now(UTC), 0.0
        for name in ("intake-0", "mqtt-0"):
            reader = JournalReader(self._data / "journal", name, settled.get(name, 0))
            for entry in reader.read(1):
                worst = max(worst, (now - entry.received_at).total_seconds())
            reader.close()
        return worst

    def _rss(self) -> dict[str, int]:
        return {name: rss_kb(pid) for name, pid in self._supervisor.pids().items() if name != "web"}


def _stderr(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
