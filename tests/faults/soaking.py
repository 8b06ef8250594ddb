"""Settle for the soak: the real Settler under its real lock, which prints now and then what its memory is made of.

`python soaking.py DATA SECONDS FACTOR` runs until it is killed, and prints JSON every so many SECONDS: see `told`.
FACTOR: how much faster than usual it commits and rolls up, so that hours of upkeep fit into minutes.
"""

import ctypes
import gc
import json
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from zoneinfo import ZoneInfo

import pyarrow as pa

from xietong.lake.files import whole
from xietong.lake.points import PointSpec
from xietong.settle.lock import SettleLock
from xietong.settle.settler import USUAL, Conditions, Settler

DEVICES, CODES = 8, ("a34013", "a21026")


class Mallinfo(ctypes.Structure):
    """glibc's mallinfo2: bytes of its heaps, as `size_t`."""

    _fields_ = [
        (name, ctypes.c_size_t)
        for name in [
            "arena",
            "ordblks",
            "smblks",
            "hblks",
            "hblkhd",
            "usmblks",
            "fsmblks",
            "uordblks",
            "fordblks",
            "keepcost",
        ]
    ]


def points() -> list[PointSpec]:
    """One point for each address that sender.py fills, so that its hours and days are made too."""
    return [
        PointSpec(f"P{device}-{code}", f"hj212:FAULT{device}/{code}/Rtd@2011", shape="mean", interval_s=60)
        for device in range(DEVICES)
        for code in CODES
    ]


def rss_kb() -> int:
    """What the kernel counts as resident."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0])


def told(settler: Settler, began: float) -> dict[str, float]:
    """Where memory is: resident, of Arrow, of malloc in use and free, of DuckDB; counts of what is remembered."""
    libc = ctypes.CDLL(None)
    libc.mallinfo2.restype = Mallinfo
    heap = libc.mallinfo2()
    cursor = settler.lake.engine.cursor()
    duck = sum(row[0] for row in cursor.execute("SELECT memory_usage_bytes FROM duckdb_memory()").fetchall())
    cursor.close()
    return {
        "s": round(time.monotonic() - began, 1),
        "rss_mb": round(rss_kb() / 1024, 1),
        "arrow_mb": round(pa.total_allocated_bytes() / 2**20, 1),
        "used_mb": round((heap.uordblks + heap.hblkhd) / 2**20, 1),
        "free_mb": round(heap.fordblks / 2**20, 1),
        "duck_mb": round(duck / 2**20, 1),
        "objects": len(gc.get_objects()),
        "proven": len(whole._proven),
        "commits": settler.lake.version(),
    }


def tell_on(settler: Settler, every_s: float) -> None:
    began = time.monotonic()
    while True:
        time.sleep(every_s)
        print(json.dumps(told(settler, began)), flush=True)


if __name__ == "__main__":
    factor = float(sys.argv[3])
    usual = Conditions(
        commit=USUAL.commit / factor, roll_up=USUAL.roll_up / factor, roll_up_busy=USUAL.roll_up_busy / factor
    )
    with SettleLock(Path(sys.argv[1])):
        mapping = points()
        settling = Settler(
            Path(sys.argv[1]), ZoneInfo("Asia/Shanghai"), lambda: mapping, lambda: datetime.now(UTC), usual
        )
        print("settling", flush=True)
        threading.Thread(target=tell_on, args=(settling, float(sys.argv[2])), daemon=True).start()
        settling.run(Event())
