"""Values below detection, as laboratories and devices state them: `<0.02`, `0.02L`, `ND`.

Kept is half the limit, under the mark BELOW. What that counts as is the roll-up's, so that a park may choose otherwise
later (interpretation below-detection): zero in amounts; in means half the limit, or zero.
"""

import re
from decimal import Decimal

from xietong.readings import BELOW, MILLIONTH

_STATED = re.compile(r"[<≤]\s*(?P<before>.+)|(?P<after>.+)L")
_PLAIN = re.compile(r"[0-9]{1,12}(?:\.[0-9]{0,12})?")
# Shapes of which nothing lies below detection.
NEVER_BELOW = frozenset({"counter", "state"})
# HJ 212's marks under which a value counts.
_COUNTING = frozenset({"", "N", "T", "S", BELOW})


def limit_in(text: str) -> str | None:
    """The limit below which a text says that a value lies, as written, 0 of a bare ND; None where it says no such."""
    if text.upper() == "ND":
        return "0"
    found = _STATED.fullmatch(text)
    return found and (found["before"] or found["after"])


def device_limit_in(text: str) -> Decimal | None:
    """The same of what a device says, in plain digits; its L may as well be litres, and says nothing."""
    limit = limit_in(text.strip())
    return Decimal(limit) if limit and _PLAIN.fullmatch(limit) and not text.rstrip().endswith("L") else None


def kept(limit: Decimal) -> Decimal:
    """What is kept of a value below this limit."""
    return (limit / 2).quantize(MILLIONTH)


def mark_of(mark: str) -> str:
    """The mark of a value below detection: ours, unless the sender's own says that the value does not count."""
    return BELOW if mark in _COUNTING else mark
