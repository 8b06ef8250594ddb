"""The listener is killed in the middle of exchanges: the gap is filled all the same, and every hour counts once."""

import asyncio
import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from test_gap import MN, NOW, QUICK, SETTINGS, ZONE, memory, points

from xietong.demo.logger import Logger
from xietong.protocols.hj212 import Frame
from xietong.protocols.hj212.building import Speaker
from xietong.settle import Settler

KILLS = 3


class Slow(Logger):
    """It begins to answer, and the rest of its first answers never comes."""

    def answers(self, asked: Frame) -> list[bytes]:
        said = super().answers(asked)
        return said[:3] if len(self.asked) <= KILLS else said


async def with_kills(data: Path, logger: Slow, uploads: list[bytes]) -> None:
    """Start the listener; as soon as a request has come, kill it -9; the last one lives until all is asked."""
    for turn in range(KILLS + 1):
        command = [sys.executable, "-m", "xietong.intake", "--data", str(data), "--port", "0"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            port = int(process.stdout.readline().rpartition(":")[2])
            end, before = asyncio.Event(), len(logger.asked)
            running = asyncio.create_task(logger.run(("127.0.0.1", port), uploads if turn == 0 else uploads[-1:], end))
            async with asyncio.timeout(30):
                while len(logger.asked) == before:
                    await asyncio.sleep(0.02)
            await asyncio.sleep(0.05 if turn < KILLS else 1.0)
            process.kill() if turn < KILLS else process.terminate()
            end.set()
            await asyncio.gather(running, return_exceptions=True)


@pytest.mark.slow
def test_killed_in_the_middle_of_exchanges_the_gap_is_filled_and_counts_once(tmp_path: Path) -> None:
    (tmp_path / "devices.toml").write_text(SETTINGS)
    kept, sent = memory(72, gap=range(30, 54))
    logger = Slow(Speaker(MN, st="31"), {"2061": kept})
    settler = Settler(tmp_path, ZONE, points, lambda: NOW, QUICK)
    stop = threading.Event()
    settling = threading.Thread(target=settler.run, args=(stop,))
    settling.start()
    try:
        asyncio.run(with_kills(tmp_path, logger, [frame for at in sent for frame in logger.upload("2061", at)]))
    finally:
        stop.set()
        settling.join()
    settler.finish()
    found = settler.lake.readings([points()[0].address], NOW - timedelta(days=9), NOW).column("at").to_pylist()
    assert sorted(set(found)) == sorted(kept)
    hours = settler.lake.hourly(["SO2"], NOW - timedelta(days=9), NOW).to_pylist()
    assert [(hour["hour"], hour["readings"], hour["conflicts"]) for hour in hours] == [
        (at, 1, 0) for at in sorted(kept)
    ]
    assert len(logger.asked) >= KILLS + 1
