"""The intake process: arguments, signals, and the line that says it is ready."""

import argparse
import asyncio
import gc
import logging
import os
import resource
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from xietong.intake.devices import BadSettings
from xietong.intake.hj212.listener import USUAL, Conditions, serve
from xietong.intake.hj212.pace import Rate
from xietong.terminal import Shown

PORT = 9212
# A look through the objects of ten thousand connections takes a tenth of a second, in which nobody is answered. With
# Python's own thresholds there was one every 15 s; nearly everything here is freed without the collector.
COLLECTED_AFTER = (10_000, 20, 50)
OTHER_FILES = 256  # segments, settings, and connections between their acceptance and their admission


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the HJ 212 listener until SIGTERM or SIGINT; 0 after an orderly end, 1 where it could not listen."""
    given = _parser().parse_args(arguments)
    os.umask(0o077)  # what devices send is nobody else's to read
    logging.basicConfig(stream=Shown(sys.stderr), level=logging.WARNING, format="%(asctime)s %(name)s %(message)s")
    try:
        asyncio.run(_run(given))
    except BadSettings as error:
        print(f"xietong.intake: {error.text.zh} · {error.text.en}", file=sys.stderr)
        return 1
    except OSError as error:
        where = error.filename or f"{given.host}:{given.port}"
        print(f"xietong.intake: {where}: {error.strerror or error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m xietong.intake", description="HJ 212 数据接收 · HJ 212 listener")
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("XIETONG_DATA", "data")), metavar="DIR")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=PORT, help="0: 任选空闲端口 · any free port")
    parser.add_argument("--half-frame-s", type=float, default=USUAL.half_frame, metavar="S")
    parser.add_argument("--whole-frame-s", type=float, default=USUAL.whole_frame, metavar="S")
    parser.add_argument("--first-byte-s", type=float, default=USUAL.first_byte, metavar="S")
    parser.add_argument("--idle-s", type=float, default=USUAL.idle, metavar="S")
    parser.add_argument("--connections", type=int, default=USUAL.connections, metavar="N")
    parser.add_argument("--connections-a-peer", type=int, default=USUAL.connections_a_peer, metavar="N")
    parser.add_argument("--rate", type=float, default=USUAL.rate.steady, help="每设备每秒帧数 · frames/s of a device")
    parser.add_argument("--burst", type=float, default=USUAL.rate.burst, help="一次可补多少帧 · frames at once")
    parser.add_argument("--quiet", action="store_true", help="不说明监听地址 · do not say where it listens")
    return parser


async def _run(given: argparse.Namespace) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    gc.set_threshold(*COLLECTED_AFTER)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    connections = min(given.connections, _raised_file_limit() - OTHER_FILES)
    if connections < given.connections:
        print(f"xietong.intake: {_few(connections, given.connections)}", file=sys.stderr)
    conditions = Conditions(
        half_frame=given.half_frame_s,
        whole_frame=given.whole_frame_s,
        first_byte=given.first_byte_s,
        idle=given.idle_s,
        connections=connections,
        connections_a_peer=given.connections_a_peer,
        rate=Rate(given.rate, given.burst),
    )
    await serve(
        given.data,
        given.host,
        port=given.port,
        stop=stop,
        ready=_say_nothing if given.quiet else _say_ready,
        conditions=conditions,
    )


def _raised_file_limit() -> int:
    """A connection is an open file; the usual soft limit is 1024. How many there may be now."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return sys.maxsize if hard == resource.RLIM_INFINITY else hard


def _few(connections: int, wanted: int) -> str:
    zh = f"打开文件数的硬上限（ulimit -Hn）只够 {connections} 个连接，不够 {wanted} 个；请调高（LimitNOFILE）。"
    en = (
        f"the hard limit of open files (ulimit -Hn) is enough for {connections} connections, not for {wanted}; "
        "raise it (LimitNOFILE in systemd)."
    )
    return f"{zh} · {en}"


def _say_nothing(host: str, port: int) -> None:
    del host, port


def _say_ready(host: str, port: int) -> None:
    print(f"listening {host}:{port}", flush=True)
