"""Live: what live.json tells, the newest reading of each address and the state of each device and journal.

It is a convenience for pages, made from the journals alone: it may be deleted, and no figure rests on it. It says up to
which entry it has counted, so that a crash neither loses a count nor makes one twice.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from xietong.lake.durable import replace_file
from xietong.protocols.hj212 import Columns, decode
from xietong.protocols.hj212.content import read_time
from xietong.readings import Entry

# Whatever a stranger sends may become a name here; these bounds keep the file a page can read.
MOST_ADDRESSES, MOST_DEVICES, MOST_PEERS, MOST_DAMAGES = 50_000, 5_000, 1_000, 100
_REASONS = ("encrypted", "length", "crc", "header")
_OWN_ORIGIN = "intake:"


@dataclass
class Device:
    """What is known of one device by what it sent."""

    last_seen: str = ""
    frames: int = 0
    refused: dict[str, int] = field(default_factory=dict)
    edition: str = ""
    clock_offset_s: float | None = None


@dataclass
class _Known:
    readings: dict[str, dict[str, str]] = field(default_factory=dict)
    devices: dict[str, Device] = field(default_factory=dict)
    frames: int = 0
    refused: dict[str, int] = field(default_factory=dict)
    junk: int = 0
    peers: dict[str, dict[str, int]] = field(default_factory=dict)
    damage: list[dict[str, Any]] = field(default_factory=list)
    positions: dict[str, int] = field(default_factory=dict)


class Live:
    """Counts entries as they are taken and writes what it knows by atomic rename."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known = _read(path)
        self._last: dict[str, Entry] = {}
        self._latest: dict[int, tuple[Entry, Columns]] = {}

    @property
    def positions(self) -> Mapping[str, int]:
        """Up to which entry each journal has been counted."""
        return self._known.positions

    def frame(self, entry: Entry, columns: Columns | None) -> None:
        """Count an accepted frame; columns are its readings, None where it has none."""
        self._known.positions[entry.journal] = entry.ordinal
        self._known.frames += 1
        mn = columns.mn if columns else decode(entry.payload).mn
        device = self._device(mn)
        if device is not None:
            device.frames += 1
            self._last[mn] = entry
        if columns is not None:
            # Frames of one shape share their list of addresses: only the newest of each is looked at when written.
            before = self._latest.get(id(columns.addresses))
            if before is None or before[1].at_us <= columns.at_us:
                self._latest[id(columns.addresses)] = (entry, columns)

    def other(self, entry: Entry) -> None:
        """Count whatever is no accepted frame."""
        self._known.positions[entry.journal] = entry.ordinal
        if entry.kind == "junk":
            self._count_junk(entry)
        elif entry.kind == "hj212-refused":
            frame = decode(entry.payload)
            reason = next((reason for reason in _REASONS if reason in frame.errors), "length")
            self._known.refused[reason] = self._known.refused.get(reason, 0) + 1
            self._peer(_host(entry.origin), "refused", 1)
            device = self._known.devices.get(frame.mn)  # its name has no CRC behind it: it makes no new device
            if device is not None:
                device.refused[reason] = device.refused.get(reason, 0) + 1

    def damaged(self, told: Mapping[str, Any]) -> None:
        """Remember a damage: where, and its sentence in both languages; the same one once."""
        if dict(told) not in self._known.damage:
            self._known.damage = [*self._known.damage, dict(told)][-MOST_DAMAGES:]

    def write(self, now: datetime, settled: Mapping[str, int]) -> None:
        """Replace live.json; settled: up to which entry each journal is in the lake."""
        self._look_at_latest()
        known = self._known
        content = {
            "written_at": now.isoformat(),
            "readings": known.readings,
            "devices": {mn: vars(device) for mn, device in known.devices.items()},
            "intake": {"frames": known.frames, "refused": known.refused, "junk": known.junk, "peers": known.peers},
            "damage": known.damage,
            "positions": known.positions,
            "settled": dict(settled),
        }
        replace_file(self._path, json.dumps(content, ensure_ascii=False).encode())

    def _look_at_latest(self) -> None:
        for entry, columns in self._latest.values():
            for address, reading in _told(entry, columns):
                before = self._known.readings.get(address)
                if before is None and len(self._known.readings) >= MOST_ADDRESSES:
                    continue
                if before is None or before["at"] <= reading["at"]:
                    self._known.readings[address] = reading
        self._latest.clear()
        for mn, entry in self._last.items():
            _describe(self._known.devices[mn], entry)
        self._last.clear()

    def _device(self, mn: str) -> Device | None:
        if mn and mn not in self._known.devices and len(self._known.devices) < MOST_DEVICES:
            self._known.devices[mn] = Device()
        return self._known.devices.get(mn)

    def _count_junk(self, entry: Entry) -> None:
        told = _left_out(entry)
        pieces, kind, peer = (
            (int(told["pieces"]), told["left_out"], str(told["peer"])) if told else (1, "junk", _host(entry.origin))
        )
        if kind == "junk":
            self._known.junk += pieces
        else:
            self._known.refused["left_out"] = self._known.refused.get("left_out", 0) + pieces
        self._peer(peer, "junk" if kind == "junk" else "refused", pieces)

    def _peer(self, peer: str, kind: str, pieces: int) -> None:
        if peer in self._known.peers or len(self._known.peers) < MOST_PEERS:
            counts = self._known.peers.setdefault(peer, {})
            counts[kind] = counts.get(kind, 0) + pieces


def _read(path: Path) -> _Known:
    """The last live.json; one that is missing or unreadable only means that counting begins anew."""
    try:
        told = json.loads(path.read_bytes())
        intake = told["intake"]
        return _Known(
            readings=dict(told["readings"]),
            devices={mn: Device(**known) for mn, known in told["devices"].items()},
            frames=int(intake["frames"]),
            refused=dict(intake["refused"]),
            junk=int(intake["junk"]),
            peers=dict(intake["peers"]),
            damage=list(told["damage"]),
            positions=dict(told["positions"]),
        )
    except (OSError, ValueError, TypeError, LookupError, AttributeError):
        return _Known()


def _left_out(entry: Entry) -> dict[str, Any] | None:
    """What intake tells of pieces that it counted and did not keep."""
    if not entry.origin.startswith(_OWN_ORIGIN):
        return None
    try:
        told = json.loads(entry.payload)
    except ValueError:
        return None
    return told if {"pieces", "left_out", "peer"} <= told.keys() else None


def _host(origin: str) -> str:
    """The peer of an origin without its port."""
    return origin.removeprefix("tcp:").rpartition(":")[0] or origin


def _told(entry: Entry, columns: Columns) -> Iterator[tuple[str, dict[str, str]]]:
    at, received = columns.at.isoformat(), entry.received_at.isoformat()
    for address, value, flag in zip(columns.addresses, columns.values, columns.flags, strict=True):
        yield address, {"at": at, "value": value, "flag": flag, "entry": entry.id, "received_at": received}


def _describe(device: Device, entry: Entry) -> None:
    frame = decode(entry.payload)
    device.last_seen = entry.received_at.isoformat()
    device.edition = frame.edition
    sent_at = read_time(frame.qn)
    if sent_at is not None:
        device.clock_offset_s = round((sent_at - entry.received_at).total_seconds(), 3)
