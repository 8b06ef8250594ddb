"""The simulated live devices: while the demo runs they send real-time frames (CN 2011) through the real listener.

Their process goes on through restarts of the listener until it is told to end.
"""

import asyncio
from datetime import datetime, timedelta, timezone

import numpy as np

from xietong.demo.layout import Layout, Outlet, layout
from xietong.demo.meters import CODES, LIVE, LIVE_EVERY_S
from xietong.protocols.hj212 import frame

RETRY_S = 3.0
CHINA = timezone(timedelta(hours=8))
FLAG = {"2005": 1, "2017": 5, "2025": 9}
ST = {"gas": "31", "water": "32"}


def real_time_frame(outlet: Outlet, at: datetime, dice: np.random.Generator) -> bytes:
    """One real-time frame of an outlet at an instant of China's time: each pollutant near its usual value."""
    values = [
        f"{CODES[item]}-Rtd={usual * dice.lognormal(0, 0.09):.2f},{CODES[item]}-Flag=N"
        for item, usual in outlet.means.items()
    ]
    stamp = at.strftime("%Y%m%d%H%M%S")
    return frame(
        f"QN={stamp}{at.microsecond // 1000:03};ST={ST[outlet.medium]};CN=2011;PW=123456;MN={outlet.device};"
        f"Flag={FLAG[outlet.edition]};CP=&&DataTime={stamp};{';'.join(values)}&&"
    )


def live_outlets(cast: Layout) -> list[Outlet]:
    """The outlets whose devices send real-time values."""
    return [outlet for outlet in cast.devices if outlet.code in LIVE and outlet.edition != "2005"]


async def _device(outlet: Outlet, host: str, port: int, delay: float) -> None:
    """One device: connect, send, wait for the answer, wait; after a broken connection try again."""
    dice = np.random.default_rng()
    await asyncio.sleep(delay)
    while True:
        try:
            await _session(outlet, host, port, dice)
        except (OSError, TimeoutError, asyncio.IncompleteReadError):
            await asyncio.sleep(RETRY_S)


async def _session(outlet: Outlet, host: str, port: int, dice: np.random.Generator) -> None:
    reader, writer = await asyncio.open_connection(host, port)
    try:
        while True:
            writer.write(real_time_frame(outlet, datetime.now(CHINA), dice))
            await writer.drain()
            await asyncio.wait_for(reader.readuntil(b"\r\n"), LIVE_EVERY_S)
            await asyncio.sleep(LIVE_EVERY_S)
    finally:
        writer.close()


async def _send(cast: Layout, host: str, port: int) -> None:
    outlets = live_outlets(cast)
    async with asyncio.TaskGroup() as group:
        for number, outlet in enumerate(outlets):
            group.create_task(_device(outlet, host, port, number * LIVE_EVERY_S / len(outlets)))


def send(seed: int, year: int, host: str, port: int) -> None:
    """Send until the process is told to end."""
    asyncio.run(_send(layout(seed, year), host, port))
