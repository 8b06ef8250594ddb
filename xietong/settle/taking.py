"""The pure step of settle: one journal entry in, the readings that it gives out.

A function of the entry, of the parts remembered from earlier entries of its journal, and of the keys: no lake and no
clock.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple
from zoneinfo import ZoneInfo

from xietong.lake.filing import SHEET
from xietong.protocols import modbus, mqtt, opcua, pushed
from xietong.protocols.hj212 import ColumnReader, Columns, Frame, decode
from xietong.protocols.hj212.columns import columns_of
from xietong.protocols.hj212.parts import Gap, Given, Parts, is_part
from xietong.protocols.hj212.sealing import is_sealed
from xietong.protocols.values import Message
from xietong.readings import Entry, Reading


class Taken(NamedTuple):
    """What an entry gives: its own readings as columns; readings of messages in parts (of this entry and of earlier
    ones); the gaps of messages that were waited for long enough; its frame, where it was decoded whole."""

    columns: Columns | None
    readings: Sequence[Reading]
    gaps: Sequence[Gap]
    frame: Frame | None


_NOTHING = Given([], [])


def take(entry: Entry, parts: Parts, reader: ColumnReader, keys: Callable[[str], Sequence[bytes]]) -> Taken:
    """Take one entry, in the order of its journal; keys: the SM4 keys of a device, the newest first."""
    # Time does not pass at a file: it is a commit of its own, and nothing else may come into that.
    late = (parts.tick(entry.received_at) if entry.kind != "file" else None) or _NOTHING
    if entry.kind != "hj212":
        return Taken(None, late.readings, late.gaps, None)
    frame = _decoded(entry.payload, keys)
    if frame is None:
        return Taken(reader.columns(entry.payload), late.readings, late.gaps, None)
    if not is_part(frame):
        return Taken(columns_of(frame), late.readings, late.gaps, frame)
    given = parts.add(frame, entry)
    return Taken(None, [*late.readings, *given.readings], [*late.gaps, *given.gaps], frame)


def pushed_readings(entry: Entry, zone: ZoneInfo) -> Iterator[Reading]:
    """The readings of a body that was pushed over HTTP: what a program says for a point is like what a sheet says."""
    for row in pushed.opened(entry.payload, zone):
        yield Reading(
            f"{SHEET}{row.point}", row.at, value=row.value, flag=row.flag, entry=entry.id, recorded_at=entry.received_at
        )


def mqtt_readings(entry: Entry, zone: ZoneInfo) -> Iterator[Reading]:
    """The readings of a message of MQTT, by the mapping that was in force when it came."""
    yield from _readings(entry, mqtt.decode(mqtt.opened(entry.payload), entry.received_at, zone))


def modbus_readings(entry: Entry, _zone: ZoneInfo) -> Iterator[Reading]:
    """The readings of a poll of Modbus, by the register map that was in force then."""
    yield from _readings(entry, modbus.decode(modbus.opened(entry.payload)))


def opcua_readings(entry: Entry, zone: ZoneInfo) -> Iterator[Reading]:
    """The readings of a notice of OPC UA, by the nodes that were in force then."""
    yield from _readings(entry, opcua.decode(opcua.opened(entry.payload), zone))


# Kinds of entries that are taken by themselves, each from its payload alone.
READINGS_OF: Mapping[str, Callable[[Entry, ZoneInfo], Iterator[Reading]]] = {
    "pushed": pushed_readings,
    "mqtt": mqtt_readings,
    "modbus": modbus_readings,
    "opcua": opcua_readings,
}
# Those of them that a device said by itself: their newest values are live.
LIVE_KINDS = frozenset(READINGS_OF) - {"pushed"}


def _readings(entry: Entry, message: Message) -> Iterator[Reading]:
    for each in message.values:
        yield Reading(
            each.address, each.at, value=each.value, flag=each.flag, entry=entry.id, recorded_at=entry.received_at
        )


def _decoded(raw: bytes, keys: Callable[[str], Sequence[bytes]]) -> Frame | None:
    """A frame that the quick way does not read, encrypted or one part of a message; None for all others."""
    if is_sealed(raw):
        return decode(raw, keys(decode(raw).mn))
    return decode(raw) if b"PNUM=" in raw else None
