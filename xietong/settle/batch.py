"""Batch: the readings of journal entries that wait for one lake commit, gathered as columns."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa

from xietong.protocols.hj212 import Columns
from xietong.readings import Entry, Reading

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_INSTANT = pa.timestamp("us", tz="UTC")
_VALUE = pa.decimal128(18, 6)


class Batch:
    """Readings in the order in which their entries lie in the journals."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Begin the next batch."""
        self._addresses: list[str] = []
        self._values: list[str] = []
        self._flags: list[str] = []
        self._counts: list[int] = []
        self._at: list[int] = []
        self._entries: list[str] = []
        self._received: list[int] = []

    @property
    def rows(self) -> int:
        """How many readings wait."""
        return len(self._values)

    def add(self, entry: Entry, columns: Columns) -> None:
        """Add the readings of one entry."""
        self._addresses += columns.addresses
        self._values += columns.values
        self._flags += columns.flags
        self._counts.append(len(columns.values))
        self._at.append(columns.at_us)
        self._entries.append(entry.id)
        self._received.append((entry.received_at - _EPOCH) // _MICROSECOND)

    def add_readings(self, readings: Iterable[Reading]) -> None:
        """Add readings of several entries, such as the parts of one message."""
        for reading in readings:
            self._addresses.append(reading.address)
            self._values.append(f"{reading.value:f}")
            self._flags.append(reading.flag)
            self._counts.append(1)
            self._at.append((reading.at - _EPOCH) // _MICROSECOND)
            self._entries.append(reading.entry)
            self._received.append((reading.recorded_at - _EPOCH) // _MICROSECOND)

    def table(self) -> pa.Table:
        """The batch as the lake takes it: address, at, value, flag, entry, recorded_at."""
        repeats = np.repeat(np.arange(len(self._counts), dtype=np.int32), self._counts)
        entries = pa.array(self._entries, pa.string()).take(pa.array(repeats))
        return pa.table(
            {
                "address": pa.array(self._addresses, pa.string()),
                "at": _instants(self._at, repeats),
                "value": pa.array(self._values, pa.string()).cast(_VALUE),
                "flag": pa.array(self._flags, pa.string()),
                "entry": entries,
                "recorded_at": _instants(self._received, repeats),
            }
        )


def _instants(at_us: list[int], repeats: "np.ndarray[tuple[int], np.dtype[np.int32]]") -> pa.Array:
    return pa.array(np.array(at_us, np.int64)[repeats]).cast(_INSTANT)
