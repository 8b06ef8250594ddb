"""Pace: how many frames a sender may bring a second; whoever is faster is read later, never dropped.

A token bucket without a clock of its own. A burst is what a device may catch up with after an outage.
"""

from collections import OrderedDict
from typing import NamedTuple


class Rate(NamedTuple):
    """Frames a second for ever, and frames at once."""

    steady: float
    burst: float


class Pace:
    """One sender's bucket."""

    __slots__ = ("_at", "_left", "_rate")

    def __init__(self, rate: Rate, now: float) -> None:
        self._rate, self._left, self._at = rate, rate.burst, now

    def wait(self, frames: int, now: float) -> float:
        """Count frames that came; how many seconds to let the sender wait, 0.0 where it is within its rate."""
        left = min(self._rate.burst, self._left + (now - self._at) * self._rate.steady) - frames
        self._left, self._at = left, now
        return -left / self._rate.steady if left < 0 else 0.0


class Paces:
    """The pace of each device by its name, of at most so many: of more, the one silent longest is forgotten."""

    def __init__(self, rate: Rate, most: int) -> None:
        self._rate, self._most = rate, most
        self._all: OrderedDict[str, Pace] = OrderedDict()

    def __len__(self) -> int:
        return len(self._all)

    def wait(self, name: str, frames: int, now: float) -> float:
        """Count frames of a device; how many seconds to let it wait."""
        if name not in self._all and len(self._all) >= self._most:
            self._all.popitem(last=False)
        pace = self._all.setdefault(name, Pace(self._rate, now))
        self._all.move_to_end(name)
        return pace.wait(frames, now)
