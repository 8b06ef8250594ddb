"""PointSpec: what the roll-up must know of a point to turn readings into hours. The registry above fills it in."""

import hashlib
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple


class MeterChange(NamedTuple):
    """A meter taken down at an instant with this register, and the one put in its place with that one."""

    at_utc: datetime
    closing: Decimal
    opening: Decimal


class PointSpec(NamedTuple):
    """One address under which a point's readings come, and how they count.

    since_utc ≤ at < until_utc (None is open); shape: counter, amount, mean, instant, state or sample;
    interval_s: what is due, one reading per so many seconds (0: nothing is due); low, high: bounds of the value in the
    point's unit, that is after the multiplier; multiplier: CT × PT or the like; sign: −1 turns the direction round;
    digits: how many a register has before its decimals, after which it starts again at zero (0: unknown); changes: what
    is recorded of its meter's changes; parted: its readings are kept apart inside the hour, for what is multiplied with
    another point's; daily_reset: the register starts again at zero every park midnight; checked: whether numbers by
    which devices say that they have none, and stamps after their receipt, are left out; drift, peak_times, peak_floor:
    see quality.bounds; undetected_zero: a value below detection counts as zero, else as what is kept of it.
    """

    point: str
    address: str
    since_utc: datetime | None = None
    until_utc: datetime | None = None
    shape: str = "amount"
    interval_s: int = 3600
    low: Decimal | None = None
    high: Decimal | None = None
    multiplier: Decimal = Decimal(1)
    sign: int = 1
    digits: int = 0
    changes: tuple[MeterChange, ...] = ()
    parted: bool = False
    daily_reset: bool = False
    checked: bool = False
    drift: bool = False
    peak_times: int = 0
    peak_floor: Decimal = Decimal(0)
    undetected_zero: bool = False


# Raised when the rules of the roll-up change, so that every lake is rolled up anew.
EDITION = 6


def mapping_number(points: Iterable[PointSpec]) -> int:
    """A number that differs when the mapping differs (56 bits of SHA-256); the order of the points does not matter."""
    lines = sorted(repr(tuple(_plain(value) for value in point)) for point in points)
    digest = hashlib.sha256("\n".join([str(EDITION), *lines]).encode()).digest()
    return int.from_bytes(digest[:7], "big")


def _plain(value: object) -> str:
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    if isinstance(value, tuple):
        return str([_plain(each) for each in value])
    return value.isoformat() if isinstance(value, datetime) else str(value)
