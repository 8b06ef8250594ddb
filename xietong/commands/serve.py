"""`xietong serve`: run the platform on a data folder, intake, settle and web under one parent; no Django here.

Where the data folder has an mqtt.toml, modbus.toml or opcua.toml there is a process of that name as well.
"""

import argparse
import os
from pathlib import Path

from xietong.cli import UsageError
from xietong.processes import SOURCES, Announcement, Door, is_free, note_door, platform
from xietong.processes import run as run_services


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
    data = Path(arguments.data or os.environ.get("XIETONG_DATA", "data")).absolute()
    door = Door(arguments.host, arguments.port, arguments.hj212_port).with_ports()
    _require_park(data)
    require_free(door, arguments.only)
    services = platform(data, door, arguments.only)
    if not services:
        raise UsageError(
            f"{data} 里没有 {arguments.only}.toml，请先写明从哪里取什么（见 docs/commands.md）。 · "
            f"{data} holds no {arguments.only}.toml; say there first what to take from where, see docs/commands.md."
        )
    note_door(data, door)
    wants_web = arguments.only in (None, "web")
    run_services(services, Announcement(door, say) if wants_web else _nothing, say)
    return 0


def require_free(door: Door, only: str | None = None) -> None:
    """Raise UsageError with the remedy where a port that is needed is taken."""
    needed = {"web": ("--port", door.web_port), "intake": ("--hj212-port", door.hj212_port)}
    for service, (option, port) in needed.items():
        if only in (None, service) and not is_free(door.host, port):
            raise UsageError(
                f"端口 {port} 已被占用，请停止占用它的程序或用 {option} 换一个端口。 · "
                f"port {port} of {door.host} is taken; stop what listens there or choose another with {option}."
            )


def say(line: str) -> None:
    """Print at once, for whoever watches."""
    print(line, flush=True)


def _require_park(data: Path) -> None:
    if not os.environ.get("DATABASE_URL") and not (data / "park.sqlite3").exists():
        raise UsageError(
            f"{data} 里还没有园区数据库，请先运行 xietong init 或 xietong load。 · "
            f"{data} holds no park database; run xietong init or xietong load first."
        )


def _nothing() -> None:
    """Without the web server there is nothing to announce."""
