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

if __name__ == "__main__":
    data = Path(sys.argv[1])
    with SettleLock(data):
        settler = Settler(
            data, ZoneInfo("Asia/Shanghai"), list, lambda: datetime.now(UTC), Conditions(commit=0.1, poll=0.02)
        )
        print("settling", flush=True)
        settler.run(Event())
