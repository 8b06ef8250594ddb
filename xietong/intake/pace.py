"""Pace: how many frames a sender may bring a second; whoever is faster is read later, never dropped.

A token bucket without a clock of its own. A burst is what a device may catch up with after an outage.
"""

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
