"""`bench devices`: 10,000 HJ 212 connections and 2,000 MQTT clients, each sending every 10 s, on the running platform.

Everything is a process of its own on the same two cores: intake, MQTT intake, settle and web as `xietong serve` has
them, a real Mosquitto, and the simulated devices. The figure is the worse p99 of HJ 212 (frame sent to 9014 heard) and
of MQTT (message published to our PUBACK, which is after the fsync, seen between us and the broker). Then the power
fails: the connections fall silent without an end, and as many new ones come at once.
"""

import argparse
import json
import re
import shutil
import signal
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from xietong.bench.machine import machine, raise_file_limit, stay_on_two_cores
from xietong.bench.rig import SETTINGS, Devices, Watch, broker, devices, register, running, until
from xietong.intake.hj212.listener import USUAL
from xietong.journal import names, read
from xietong.processes import Door, free_port
from xietong.protocols.mqtt import opened

LIMIT_MS, LIMIT_KB = 250, 40
SETTLE_S = 300.0
_FRAME = re.compile(rb"##\d{4}QN=(\d{17});.*?MN=([^;]+);")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """How many devices, how long, from how many addresses."""
    parser.add_argument("--connections", type=int, default=10_000, help="HJ 212 连接数 · connections of HJ 212")
    parser.add_argument("--clients", type=int, default=2_000, help="MQTT 客户端数 · clients of MQTT")
    parser.add_argument("--seconds", type=float, default=60.0, help="平稳阶段时长 · length of the steady phase")
    parser.add_argument("--interval", type=float, default=10.0, help="每台设备的发送间隔 · seconds between two sends")
    parser.add_argument("--sources", type=int, default=1, help="设备来自多少个地址 · addresses; 1: behind one gateway")
    parser.add_argument("--doors-only", action="store_true", help="不运行结转和网页 · without settle and web")
    parser.add_argument("--folder", type=Path, help="数据所在磁盘 · where the data lie (default: here)")


def run(arguments: argparse.Namespace) -> dict[str, object]:
    """Measure; figure and limit in ms, dropped, kb_a_connection. Raises OSError where files or broker are lacking, and
    RuntimeError where something acknowledged is not in the journal or a process has died."""
    raise_file_limit(arguments.connections + arguments.clients + 500)
    stay_on_two_cores()
    data = Path(tempfile.mkdtemp(prefix="bench-devices-", dir=arguments.folder or Path.cwd()))
    try:
        return _measured(data, arguments)
    finally:
        shutil.rmtree(data)


def _measured(data: Path, given: argparse.Namespace) -> dict[str, object]:
    door = Door(web_port=free_port("127.0.0.1"), hj212_port=free_port("127.0.0.1"))
    with ExitStack() as stack:
        port = free_port("127.0.0.1")
        stack.enter_context(broker(data, port))
        options = ("--broker", port, "--clients", given.clients, "--interval", given.interval)
        publishers = stack.enter_context(devices("publishers", data / "mqtt.txt", *options))
        (data / "mqtt.toml").write_text(SETTINGS.format(port=int(publishers.line())))
        if not given.doors_only:
            register(data, given.connections, given.clients)
        with running(data, door, given.doors_only) as supervisor:
            watch = Watch(data, supervisor, not given.doors_only)
            found, acknowledged = _played(data, door.hj212_port, publishers, watch, given)
            died = [name for name in supervisor.pids() if supervisor.starts(name) != 1]
        acknowledged |= publishers.end()
    if died:
        raise RuntimeError(f"{', '.join(died)} died under the load")
    lost = acknowledged - _kept(data / "journal")
    if lost:
        raise RuntimeError(f"{len(lost)} of {len(acknowledged)} acknowledged are not in the journal: {min(lost)} …")
    return _answer(found, watch, given) | {"in_the_journal": len(acknowledged)}


def _played(
    data: Path, port: int, publishers: Devices, watch: Watch, given: argparse.Namespace
) -> tuple[dict[str, Any], set[str]]:
    """All phases, one after the other; what they told, and which frames were acknowledged."""
    found: dict[str, Any] = {}
    with (
        devices("crowd", data / "first.txt", *_options(port, given, 10_000)) as crowd,
        devices("crowd", data / "again.txt", *_options(port, given, 20_000)) as again,
    ):
        found["start"] = _phase("connect", crowd, publishers, watch)
        found["steady"] = _phase(f"steady {given.seconds}", crowd, publishers, watch, given.seconds)
        crowd.process.send_signal(signal.SIGSTOP)  # silent without an end, as when the power fails
        found["power_failure"] = _phase("connect", again, publishers)
        crowd.process.send_signal(signal.SIGCONT)
        if not given.doors_only:
            found["settle"] = _settled(watch)
        return found, crowd.end() | again.end()


def _options(port: int, given: argparse.Namespace, first_port: int) -> tuple[object, ...]:
    sizes = ("--connections", given.connections, "--sources", given.sources, "--interval", given.interval)
    return ("--port", port, "--first-port", first_port, *sizes)


def _phase(
    line: str, crowd: Devices, publishers: Devices, watch: Watch | None = None, seconds: float = 0.0
) -> dict[str, Any]:
    """Tell both what to do, look at the platform meanwhile, and hear how it went."""
    for each in (crowd, publishers):
        each.say(line)
    if watch is not None:
        watch.until(time.monotonic() + seconds)
    told = {"hj212": crowd.heard(), "mqtt": publishers.heard()}
    if watch is not None:
        watch.look()
    return told


def _settled(watch: Watch) -> dict[str, float]:
    begun = time.monotonic()
    until(lambda: watch.behind() == 0.0, "settle", SETTLE_S)
    return {"most_behind_s": round(watch.lag_s, 1), "done_after_s": round(time.monotonic() - begun, 1)}


def _kept(root: Path) -> set[str]:
    """What the journals hold, as the simulated devices name it."""
    found: set[str] = set()
    for name in names(root):
        for entry in read(root, name):
            frame = _FRAME.match(entry.payload) if entry.kind == "hj212" else None
            if frame is not None:
                found.add(f"{frame[2].decode()} {frame[1].decode()}")
            elif entry.kind == "mqtt":
                heard = opened(entry.payload)
                found.add(f"{heard.topic} {json.loads(heard.body)['n']}")
    return found


def _answer(found: dict[str, Any], watch: Watch, given: argparse.Namespace) -> dict[str, object]:
    hj212, mqtt = found["steady"]["hj212"], found["steady"]["mqtt"]
    figure = max(hj212["p99_ms"], mqtt["whole_p99_ms"])
    dropped = sum(phase[door]["dropped"] for phase in (found["steady"], found["power_failure"]) for door in phase)
    grown = {name: watch.most[name] - size for name, size in watch.before.items()}
    kb = grown["intake"] / given.connections
    return {
        "name": "devices",
        "figure": figure,
        "unit": "ms",
        "limit": LIMIT_MS,
        "ratio": round(figure / LIMIT_MS, 3),
        "dropped": dropped,
        "kb_a_connection": round(kb, 1),
        "kb_limit": LIMIT_KB,
        "holds": figure <= LIMIT_MS and dropped == 0 and kb <= LIMIT_KB,
        **found,
        "rss_mb": {name: round(size / 1024) for name, size in watch.most.items()},
        "connections": given.connections,
        "clients": given.clients,
        "interval_s": given.interval,
        "addresses": given.sources,
        "door_allows": {"connections": USUAL.connections, "of_one_address": USUAL.connections_a_peer},
        "machine": machine(),
    }
