"""`bench door`: frames a second through the real listener, each acknowledged after its fsync.

Devices and listener are two processes on the same two cores. The limit is the same loop without storage
(benchmarks/bare_door.py), measured in alternation with it; figures are medians.
"""

import argparse
import json
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from xietong.bench.machine import machine, stay_on_two_cores
from xietong.journal import JournalReader

BARE_DOOR = Path(__file__).parents[2] / "benchmarks" / "bare_door.py"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """How many devices, how long, how often."""
    parser.add_argument("--connections", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=3.0, help="每次时长 · length of one run")
    parser.add_argument("--pairs", type=int, default=5, help="交替次数 · alternations of limit and listener")
    parser.add_argument("--folder", type=Path, help="日志所在磁盘 · where the journal lies (default: here)")


def run(arguments: argparse.Namespace) -> dict[str, object]:
    """Measure; figure and limit in frames/s, ratio, p99 in ms. Raises FileNotFoundError without a source tree."""
    if not BARE_DOOR.exists():
        raise FileNotFoundError(f"{BARE_DOOR}: the limit is measured from a source tree; run this in a checkout")
    stay_on_two_cores()
    bare: list[dict[str, float]] = []
    ours: list[dict[str, float]] = []
    for _ in range(arguments.pairs):
        with _listening([sys.executable, str(BARE_DOOR)]) as port:
            bare.append(_drive(port, arguments))
        ours.append(_through_intake(arguments))
    figure, limit = (statistics.median(each["frames"] / each["seconds"] for each in runs) for runs in (ours, bare))
    return {
        "name": "door",
        "figure": round(figure),
        "unit": "frames/s",
        "limit": round(limit),
        "ratio": round(figure / limit, 3),
        "p50_ms": round(statistics.median(each["p50_ms"] for each in ours), 2),
        "p99_ms": round(statistics.median(each["p99_ms"] for each in ours), 2),
        "worst_p99_ms": round(max(each["p99_ms"] for each in ours), 2),
        "limit_p99_ms": round(statistics.median(each["p99_ms"] for each in bare), 2),
        "connections": arguments.connections,
        "factors": 5,
        "pairs": arguments.pairs,
        "machine": machine(),
    }


def _through_intake(arguments: argparse.Namespace) -> dict[str, float]:
    data = Path(tempfile.mkdtemp(prefix="bench-door-", dir=arguments.folder or Path.cwd()))
    try:
        with _listening([sys.executable, "-m", "xietong.intake", "--data", str(data), "--port", "0"]) as port:
            driven = _drive(port, arguments)
        kept = _entries(data / "journal")
        if kept < driven["frames"]:
            raise RuntimeError(f"{driven['frames']} frames were acknowledged and {kept} are in the journal")
        return driven
    finally:
        shutil.rmtree(data)


def _entries(root: Path) -> int:
    reader = JournalReader(root, "intake-0")
    while reader.read():
        pass
    reader.close()
    return reader.position


@contextmanager
def _listening(command: list[str]) -> Iterator[int]:
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            yield int(server.stdout.readline().rpartition(":")[2])
        finally:
            server.send_signal(signal.SIGTERM)


def _drive(port: int, arguments: argparse.Namespace) -> dict[str, float]:
    options = ["--connections", str(arguments.connections), "--seconds", str(arguments.seconds)]
    command = [sys.executable, "-m", "xietong.bench.door_devices", "--port", str(port), *options]
    told: dict[str, float] = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
    return told
