"""What every protocol but HJ 212 gives: values with address and instant, and what is none with the reason.

Here stands, once, which numbers can be readings and how they are rounded; what a message means is its own module's.
"""

from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import NamedTuple

from xietong.readings import MILLIONTH
from xietong.texts import Text

MOST_VALUES, LONGEST_ADDRESS = 1_000, 500
FIRST, LAST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
LARGEST = Decimal(10) ** 12
# A double has at most 767 significant digits: with these the product with a scale is exact, and is rounded once.
EXACT = Context(prec=1200)


class Value(NamedTuple):
    """One value: its lake address, UTC, the number to six decimals (half to even, as for HJ 212), and the source's own
    mark ("": none; a mark that is not known to be usable does not count)."""

    address: str
    at: datetime
    value: Decimal
    flag: str = ""


class Unused(NamedTuple):
    """What in a message is no reading (path "": the message), why, and the beginning of what it said; the entry keeps
    it."""

    path: str
    sentence: Text
    said: str = ""


class Message(NamedTuple):
    """A message taken apart."""

    values: tuple[Value, ...]
    unused: tuple[Unused, ...]


def rounded(stated: Decimal) -> Decimal | None:
    """The number as the lake keeps it; None where it is not finite or has more than 12 digits before the point."""
    if not stated.is_finite() or not -LARGEST < stated < LARGEST:  # abs() would overflow at 1e1000000
        return None
    kept = stated.quantize(MILLIONTH, ROUND_HALF_EVEN, EXACT) + 0  # no negative zero
    return kept if abs(kept) < LARGEST else None


def is_plausible(at: datetime) -> bool:
    """Whether a stated time can be meant: a clock that was never set says 1970, one in a wrong unit year 50000."""
    return FIRST <= at < LAST


def source_of(address: str) -> str:
    """What sends under a lake address: mqtt:TOPIC, modbus:DEVICE, opcua:SERVER; the address itself where it is none."""
    if address.startswith("mqtt:"):
        return address.partition("#")[0]
    return address.partition("/")[0] if address.startswith(("modbus:", "opcua:")) else address


NO_READING = Text(
    "不是有限数，或小数点前超过 12 位；只存证。",
    "it is not finite, or has more than 12 digits before the point; it is kept.",
)
