"""The demo park's devices as they appear on the network: they play their year's frames and wait for each answer.

Everything goes through the platform's real listener, several devices at a time, each on its own connection.
"""

import asyncio
import re
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

BATCH = 128
PATIENCE_S = 30.0
_QN = re.compile(rb"QN=(\d+);")
_ANSWER = re.compile(rb"QN=(\d+);.*?CN=9014;")


class DeviceError(Exception):
    """The platform did not answer a device as it must."""


@dataclass(slots=True)
class Played:
    """What the devices sent, and how many frames were answered after they were safe."""

    frames: int = 0
    acknowledged: int = 0
    seconds: float = 0.0


def play(paths: Iterable[Path], host: str, port: int, progress: Callable[[Played], None]) -> Played:
    """Send every device's frames at once; returns when all are acknowledged, raises DeviceError where one is not."""
    return asyncio.run(_play_all(list(paths), host, port, progress))


async def _play_all(paths: list[Path], host: str, port: int, progress: Callable[[Played], None]) -> Played:
    played, began = Played(), time.monotonic()
    watch = asyncio.create_task(_report(played, began, progress))
    try:
        async with asyncio.TaskGroup() as group:
            for path in paths:
                group.create_task(_play(path, host, port, played))
    except* (OSError, DeviceError, TimeoutError) as errors:
        raise DeviceError(str(errors.exceptions[0]) or "the listener fell silent") from errors
    finally:
        watch.cancel()
    played.seconds = time.monotonic() - began
    progress(played)
    return played


async def _report(played: Played, began: float, progress: Callable[[Played], None]) -> None:
    while True:
        await asyncio.sleep(0.5)
        played.seconds = time.monotonic() - began
        progress(played)


async def _play(path: Path, host: str, port: int, played: Played) -> None:
    """One device: it keeps at most two batches on the way, so that a slow platform slows it down."""
    frames = path.read_bytes().split(b"\r\n")[:-1]
    reader, writer = await asyncio.open_connection(host, port)
    answers = _Answers(reader, frames, played)
    try:
        for first in range(0, len(frames), BATCH):
            batch = frames[first : first + BATCH]
            writer.write(b"\r\n".join([*batch, b""]))
            await writer.drain()
            played.frames += len(batch)
            await answers.until(first)
        await answers.until(len(frames))
    finally:
        writer.close()


class _Answers:
    """The answers on one connection: each must be a 9014 with the QN of the next frame."""

    def __init__(self, reader: asyncio.StreamReader, frames: list[bytes], played: Played) -> None:
        self._reader, self._frames, self._played = reader, frames, played
        self._rest = b""
        self._count = 0

    async def until(self, count: int) -> None:
        while self._count < count:
            chunk = await asyncio.wait_for(self._reader.read(65536), PATIENCE_S)
            if not chunk:
                raise DeviceError(f"the listener closed the connection after {self._count} answers")
            *lines, self._rest = (self._rest + chunk).split(b"\r\n")
            for line in lines:
                self._one(line)

    def _one(self, line: bytes) -> None:
        sent, answered = _QN.search(self._frames[self._count]), _ANSWER.search(line)
        if not answered or not sent or answered[1] != sent[1]:
            raise DeviceError(f"frame {self._count + 1} was answered by {line[:120]!r}")
        self._count += 1
        self._played.acknowledged += 1
