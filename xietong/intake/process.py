"""The intake process: arguments, signals, and the line that says it is ready."""

import argparse
import asyncio
import logging
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from xietong.intake.listener import USUAL, Conditions, serve

PORT = 9212


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the HJ 212 listener until SIGTERM or SIGINT; 0 after an orderly end, 1 where it could not listen."""
    given = _parser().parse_args(arguments)
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(asctime)s %(name)s %(message)s")
    try:
        asyncio.run(_run(given))
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
    parser.add_argument("--idle-s", type=float, default=USUAL.idle, metavar="S")
    return parser


async def _run(given: argparse.Namespace) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    conditions = Conditions(half_frame=given.half_frame_s, idle=given.idle_s)
    await serve(given.data, given.host, given.port, stop, _say_ready, conditions)


def _say_ready(host: str, port: int) -> None:
    print(f"listening {host}:{port}", flush=True)
