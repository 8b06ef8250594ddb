"""Simulated devices that keep their own fsynced list of what was acknowledged. Imports nothing of the project.

`python sender.py PORT LIST [PAUSE]` runs until SIGTERM. Every frame is sent at most once and differs from every other,
so a reading that the lake holds twice was doubled on our side. A line of LIST: device, second, of a frame acknowledged.
"""

import asyncio
import os
import signal
import sys
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import BinaryIO

DEVICES = 8
BEGIN = datetime(2025, 3, 14, tzinfo=timezone(timedelta(hours=8)))
PAUSE_S = 0.002


def crc_of(register: int) -> int:
    """HJ 212-2017 appendix A, eight shifts, bit by bit."""
    for _ in range(8):
        register = (register >> 1) ^ 0xA001 if register & 1 else register >> 1
    return register


SHIFTED = [
    crc_of(low) for low in range(256)
]  # (high byte moved down) ^ SHIFTED[low byte] is the same, for shifts are linear


def crc(data: bytes) -> int:
    """HJ 212-2017 appendix A: the register's high byte moved down, xor the byte, then eight shifts."""
    register = 0xFFFF
    for byte in data:
        mixed = (register >> 8) ^ byte
        register = (mixed >> 8) ^ SHIFTED[mixed & 0xFF]
    return register


def frame(device: int, second: int) -> bytes:
    at = (BEGIN + timedelta(seconds=second)).strftime("%Y%m%d%H%M%S")
    values = f"a34013-Rtd={second}.{device},a34013-Flag=N;a21026-Rtd={second}.5{device},a21026-Flag=N"
    segment = f"QN={at}{device:03d};ST=31;CN=2011;PW=123456;MN=FAULT{device};Flag=5;CP=&&DataTime={at};{values}&&"
    return b"##%04d%b%04X\r\n" % (len(segment), segment.encode(), crc(segment.encode()))


class Acknowledged:
    """The list, fsynced now and then and at the end."""

    def __init__(self, file: BinaryIO) -> None:
        self.file, self.waiting = file, bytearray()

    def add(self, device: int, second: int) -> None:
        self.waiting += b"%d %d\n" % (device, second)

    def keep(self) -> None:
        waiting, self.waiting = self.waiting, bytearray()
        if waiting:
            self.file.write(waiting)
            self.file.flush()
            os.fsync(self.file.fileno())

    async def keep_on(self) -> None:
        while True:
            await asyncio.sleep(0.03)
            self.keep()


async def send_on(device: int, port: int, acknowledged: Acknowledged, pause_s: float) -> None:
    second = 0
    while True:
        with suppress(OSError, TimeoutError, asyncio.IncompleteReadError):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                while True:
                    second += 1  # whatever happens to this frame, it is not sent again
                    sent = frame(device, second)
                    writer.write(sent)
                    async with asyncio.timeout(3):
                        answer = await reader.readuntil(b"\r\n")
                    assert sent[6:27] in answer, (sent, answer)
                    assert b"CN=9014" in answer, answer
                    acknowledged.add(device, second)
                    await asyncio.sleep(pause_s)
            finally:
                writer.close()
        await asyncio.sleep(0.05)


async def main(port: int, path: str, pause_s: float = PAUSE_S) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    with Path(path).open("ab") as file:
        acknowledged = Acknowledged(file)
        tasks: list[asyncio.Task[object]] = [
            asyncio.create_task(send_on(device, port, acknowledged, pause_s)) for device in range(DEVICES)
        ]
        tasks.append(asyncio.create_task(acknowledged.keep_on()))
        stopped: asyncio.Task[object] = asyncio.create_task(stop.wait())
        done, _ = await asyncio.wait([stopped, *tasks], return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        acknowledged.keep()
        for task in done:
            task.result()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), sys.argv[2], *map(float, sys.argv[3:])))
