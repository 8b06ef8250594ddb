"""Reading 监测值 and Entry 存证: the two nouns that every room shares. No behaviour lives here."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

# Addresses of what persons say in place of a reading: "corrected:POINT". Such a reading counts before any other of its
# instant, the newest first; one marked WITHDRAWN says that the reading was wrong and nothing is known in its place.
CORRECTED, WITHDRAWN = "corrected:", "X"
# What a value of a reading is kept to, and an amount made of readings.
MILLIONTH = Decimal("0.000001")
# Our mark of a value below detection, half of whose limit is kept (see detection).
BELOW = "<"
EntryKind = Literal[
    "hj212", "hj212-refused", "junk", "file", "act", "hj212-sent", "note", "pushed", "mqtt", "modbus", "opcua"
]


@dataclass(frozen=True, slots=True)
class Entry:
    """One piece of evidence as it lies in a journal.

    journal: the writer's name, such as "intake-0"; ordinal: 1, 2, 3 … within that journal, never reused;
    received_at: receipt time, UTC; origin: who sent it, such as "tcp:127.0.0.1:50122";
    payload: the very bytes; payload_sha256: their hash as stored beside them.
    """

    journal: str
    ordinal: int
    kind: EntryKind
    received_at: datetime
    origin: str
    payload: bytes
    payload_sha256: bytes

    @property
    def id(self) -> str:
        """The entry's name everywhere: journal/ordinal, such as "intake-0/12345"."""
        return f"{self.journal}/{self.ordinal}"


@dataclass(frozen=True, slots=True)
class Mark:
    """How far a journal has been settled: the ordinal of its last settled entry and what that entry is known by.

    print: 63 bits of the entry's hash; None where an older edition settled it.
    """

    ordinal: int
    print: int | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """One value that a device or a sheet stated, keyed by what the device calls itself.

    address: such as "hj212:MN/a21026/Avg@2061" or "sheet:POINT"; at: UTC, the start of the interval for amounts
    and means, else the instant; value: exact, at most 12 digits before and 6 after the point;
    flag: the device's own mark ("" where it sent none); entry: the Entry's id; recorded_at: UTC receipt time.
    """

    address: str
    at: datetime
    value: Decimal
    flag: str
    entry: str
    recorded_at: datetime
