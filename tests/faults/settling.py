"""Settle for the fault tests: the real Settler under its real lock, with up to ten commits a second.

More commits a second mean more kills inside a commit. `python settling.py DATA [POINTS]` runs until it is killed;
POINTS is a pickled list of the park's point specs (none: there is no park).
"""

import pickle
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from zoneinfo import ZoneInfo

from xietong.lake.points import PointSpec
from xietong.settle.lock import SettleLock
from xietong.settle.settler import Conditions, Settler


def settler(data: str, points: Sequence[PointSpec] = ()) -> Settler:
    """Over this data folder; whoever calls holds the lock."""
    conditions = Conditions(commit=0.1, poll=0.02)
    return Settler(Path(data), ZoneInfo("Asia/Shanghai"), lambda: points, lambda: datetime.now(UTC), conditions)


if __name__ == "__main__":
    with SettleLock(Path(sys.argv[1])):
        settling = settler(sys.argv[1], *(pickle.loads(Path(each).read_bytes()) for each in sys.argv[2:]))
        print("settling", flush=True)
        settling.run(Event())
