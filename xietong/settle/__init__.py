"""Settle 结转: journal entries become readings in the lake, each exactly once, and hours and days are rolled up.

The only writer of the lake. No Django here: what it must know of the park's points comes in as a callable.
"""

from xietong.settle.lock import SettleBusy, SettleLock
from xietong.settle.settler import Conditions, Settler

__all__ = ["Conditions", "SettleBusy", "SettleLock", "Settler"]
