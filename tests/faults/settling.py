"""Settle for the fault tests: the real Settler under its real lock, without a park, with up to ten commits a second.

More commits a second mean more kills inside a commit. `python settling.py DATA` runs until it is killed.
"""

import sys
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from zoneinfo import ZoneInfo

from xietong.settle.lock import SettleLock
from xietong.settle.settler import Conditions, Settler


def settler(data: str) -> Settler:
    """Over this data folder; whoever calls holds the lock."""
    conditions = Conditions(commit=0.1, poll=0.02)
    return Settler(Path(data), ZoneInfo("Asia/Shanghai"), list, lambda: datetime.now(UTC), conditions)


if __name__ == "__main__":
    with SettleLock(Path(sys.argv[1])):
        settling = settler(sys.argv[1])
        print("settling", flush=True)
        settling.run(Event())
