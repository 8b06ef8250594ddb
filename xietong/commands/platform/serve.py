"""`xietong serve`: run the platform on a data folder, intake, settle and web under one parent; no Django here.

Where the data folder has an mqtt.toml, modbus.toml or opcua.toml there is a process of that name as well.
"""

import argparse
import fcntl
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from xietong.cli import UsageError
from xietong.park.privacy import shut_to_others
from xietong.park.traces import LOST_PARK, held_a_park
from xietong.processes import SOURCES, Announcement, Door, is_free, note_door, platform
from xietong.processes import run as run_services

DYING_S = 2.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which of the processes, and where they listen."""
    web_port, hj212_port = os.environ.get("XIETONG_WEB_PORT", "8000"), os.environ.get("XIETONG_HJ212_PORT", "9212")
    names = ("intake", *SOURCES, "settle", "web")
    parser.add_argument("--only", choices=names, help="只运行一个进程 · one process only")
    parser.add_argument("--host", default="127.0.0.1", help="监听地址 · the address to listen on")
    parser.add_argument("--port", type=int, default=int(web_port), help="网页端口 · port of the pages")
    parser.add_argument("--hj212-port", type=int, default=int(hj212_port), help="HJ 212 端口 · port of HJ 212")


def run(arguments: argparse.Namespace) -> int:
    """Run until SIGTERM or SIGINT; a process that dies is started again."""
    os.umask(0o077)  # the data folder is its owner's alone
    data = Path(arguments.data or os.environ.get("XIETONG_DATA", "data")).absolute()
    door = Door(arguments.host, arguments.port, arguments.hj212_port).with_ports()
    _require_park(data)
    if arguments.only in (None, "settle", "web"):
        _require_database(data)
    with _alone(data, arguments.only):
        return _serve(data, door, arguments.only)


def _serve(data: Path, door: Door, only: str | None) -> int:
    require_free(door, only, waits_for_web=only is None)
    mended = " ".join(map(str, shut_to_others(data)))
    if mended:
        say(f"别的用户曾可读取 {mended}，已收回 · others could read {mended}; now they cannot")
    services = platform(data, door, only)
    if not services:
        raise UsageError(
            f"{data} 里没有 {only}.toml，请先写明从哪里取什么（见 docs/commands.md）。 · "
            f"{data} holds no {only}.toml; say there first what to take from where, see docs/commands.md."
        )
    note_door(data, door)
    wants_web = only in (None, "web")
    run_services(services, Announcement(door, say) if wants_web else _nothing, say)
    return 0


@contextmanager
def _alone(data: Path, only: str | None) -> Iterator[None]:
    """One platform at a time on a data folder; a process that was asked for alone runs beside others.

    The kernel holds it for the parent alone, so that it is free again when that was killed.
    """
    if only is not None:
        yield
        return
    handle = os.open(data / "serve.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        raise UsageError(
            f"{data} 上已经有一个平台在运行，什么也没有启动；一个数据目录同时只能有一个，请先停止它，"
            "或用 --data 另指目录。 · "
            f"a platform runs on {data} already and nothing was started; a data folder has one at a time: stop it "
            "first, or name another folder with --data."
        ) from None
    try:
        yield
    finally:
        os.close(handle)


def require_free(door: Door, only: str | None = None, *, waits_for_web: bool = False) -> None:
    """Raise UsageError with the remedy where a port that is needed is taken.

    waits_for_web: the pages wait for their port by themselves, with a sentence, while devices are received.
    """
    needed = {"web": ("--port", door.web_port), "intake": ("--hj212-port", door.hj212_port)}
    for service, (option, port) in needed.items():
        if service == "web" and waits_for_web:
            continue
        if only in (None, service) and not _comes_free(door.host, port):
            raise UsageError(
                f"端口 {port} 已被占用，请停止占用它的程序或用 {option} 换一个端口。 · "
                f"port {port} of {door.host} is taken; stop what listens there or choose another with {option}."
            )


def _comes_free(host: str, port: int) -> bool:
    """Whether a port is free, or becomes so while the processes of a killed parent end."""
    ends = time.monotonic() + DYING_S
    while not is_free(host, port):
        if time.monotonic() > ends:
            return False
        time.sleep(0.1)
    return True


def say(line: str) -> None:
    """Print at once, for whoever watches."""
    print(line, flush=True)


def _require_park(data: Path) -> None:
    if not os.environ.get("DATABASE_URL") and not (data / "park.sqlite3").exists():
        if held_a_park(data):
            raise UsageError(f"{LOST_PARK.zh} · {LOST_PARK.en}")
        raise UsageError(
            f"{data} 里还没有园区数据库，请先运行 xietong init 或 xietong load。 · "
            f"{data} holds no park database; run xietong init or xietong load first."
        )


def _require_database(data: Path) -> None:
    """A child looks, so that the parent stays without Django. Intake alone runs whatever the database is."""
    command = [sys.executable, "-m", "xietong", "init", "--check", "--data", str(data)]
    looked = subprocess.run(command, capture_output=True, text=True)
    if looked.returncode:
        raise UsageError(
            f"{looked.stderr.strip()}\n设备数据可先由 xietong serve --only intake 接收并存证。 · "
            "meanwhile xietong serve --only intake receives and keeps what devices send."
        )


def _nothing() -> None:
    """Without the web server there is nothing to announce."""
