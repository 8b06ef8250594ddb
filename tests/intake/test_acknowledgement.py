"""Nothing is acknowledged before it is safe: the listener over a disk that is slow, failing and full."""

import asyncio
import errno
import os
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from xietong.intake import serve
from xietong.journal import read
from xietong.protocols.hj212 import frame

FRAMES = [
    frame(f"QN=2025031407300000{number};ST=31;CN=2051;PW=1;MN=A{number};Flag=5;CP=&&DataTime=20250314073000&&")
    for number in range(3)
]
Device = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def with_a_device(data: Path, device: Device) -> None:
    """Run one device against a listener in this process."""

    async def run() -> None:
        stop, told = asyncio.Event(), asyncio.get_running_loop().create_future()
        serving = asyncio.create_task(serve(data, "127.0.0.1", 0, stop, lambda host, port: told.set_result(port)))
        reader, writer = await asyncio.open_connection("127.0.0.1", await told)
        await device(reader, writer)
        writer.close()
        stop.set()
        await serving

    asyncio.run(run())


@pytest.mark.slow
def test_the_answer_waits_for_the_fsync(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    disk, real = threading.Event(), os.fdatasync

    def slow(handle: int) -> None:
        assert disk.wait(20)
        real(handle)

    monkeypatch.setattr(os, "fdatasync", slow)

    async def device(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(FRAMES[0])
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.shield(first := asyncio.ensure_future(reader.readline())), 0.3)
        assert len(list(read(tmp_path / "journal", "intake-0"))) == 1
        disk.set()
        assert b"QN=20250314073000000;ST=91;CN=9014" in await first

    with_a_device(tmp_path, device)


@pytest.mark.slow
@pytest.mark.parametrize("call", ["fdatasync", "pwrite"])
def test_a_refusing_disk_acknowledges_nothing_and_the_connection_lives_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, call: str
) -> None:
    failing, real = threading.Event(), getattr(os, call)

    def refuse(*arguments: object) -> object:
        if failing.is_set():
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(*arguments)

    monkeypatch.setattr(os, call, refuse)

    async def device(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(FRAMES[0])
        assert b"QN=20250314073000000;" in await reader.readline()
        failing.set()
        writer.write(FRAMES[1])
        answer = asyncio.ensure_future(reader.readline())
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.shield(answer), 0.3)
        failing.clear()
        writer.write(FRAMES[2] + FRAMES[1])
        assert b"QN=20250314073000002;" in await answer
        assert b"QN=20250314073000001;" in await reader.readline()

    with_a_device(tmp_path, device)
    kept = [entry.payload for entry in read(tmp_path / "journal", "intake-0")]
    # A frame whose write came through before the fsync failed stays, unacknowledged; the device sent it again.
    assert kept == [FRAMES[0], *([FRAMES[1]] if call == "fdatasync" else []), FRAMES[2], FRAMES[1]]
    assert caplog.text.count("nothing of this batch was acknowledged") == 1
