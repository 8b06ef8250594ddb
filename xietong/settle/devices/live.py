"""Live: what live.json tells, the newest reading of each address and the state of each device and journal.

It is a convenience for pages, made from the journals alone: it may be deleted, and no figure rests on it. It says up to
which entry it has counted, so that a crash neither loses a count nor makes one twice.
"""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from xietong.lake.files.durable import replace_file
from xietong.protocols.hj212 import Columns, Frame, decode
from xietong.protocols.hj212.parts import Gap
from xietong.protocols.hj212.violations import BY_ALGORITHM, BY_BYTES, raw_violations, violations
from xietong.readings import Entry, Reading
from xietong.settle.devices.device import Device, host

# Whatever a stranger sends may become a name here; these bounds keep the file a page can read.
MOST_ADDRESSES, MOST_DEVICES, MOST_PEERS, MOST_DAMAGES = 100_000, 12_000, 1_000, 100
_REASONS = ("encrypted", "length", "crc", "header")
_OWN_ORIGIN = "intake:"
_QN_BEGINS, _QN_ENDS, _MOST_JUDGED = 9, 27, 40_000  # ##dddd QN=17 digits; as a plain frame begins


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


@dataclass
class _Judged:
    """What frames of one header and one shape break, and those not told yet; addresses: kept so that its id is."""

    mn: str
    edition: str
    names: tuple[str, ...]
    addresses: list[str]
    times: int = 0
    entry: Entry | None = None


class Live:
    """Counts entries as they are taken and writes what it knows by atomic rename."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known = _read(path)
        self._last: dict[str, tuple[Entry, str, str]] = {}  # by MN: its newest frame, edition, QN
        self._latest: dict[int, tuple[Entry, Columns]] = {}
        self._judged: dict[tuple[bytes, int], _Judged] = {}
        # Devices and addresses that the park's points name: strangers never crowd them out.
        self.registered: Collection[str] = ()

    @property
    def positions(self) -> Mapping[str, int]:
        """Up to which entry each journal has been counted."""
        return self._known.positions

    @property
    def devices(self) -> dict[str, Device]:
        """Every device that ever spoke, by its MN."""
        return self._known.devices

    def frame(self, entry: Entry, columns: Columns | None, frame: Frame | None = None) -> None:
        """Count an accepted frame; columns are its readings, None where it has none; frame: it, where decoded."""
        self._known.positions[entry.journal] = entry.ordinal
        self._known.frames += 1
        if columns is None or not columns.is_plain:
            frame = frame or decode(entry.payload)
        mn = frame.mn if frame else columns.mn if columns else ""
        device = self._device(mn)
        if device is not None:
            device.frames += 1
            if frame is not None:
                device.said(frame, entry)
                self._last[mn] = (entry, frame.edition, frame.qn)
            elif columns is not None:
                edition = self._judge(device, entry, columns)
                self._last[mn] = (entry, edition, entry.payload[_QN_BEGINS : _QN_ENDS - 1].decode())
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
            self._count_refused(entry)
        elif entry.kind == "note":
            self._take_note(entry)

    def readings(self, readings: Iterable[Reading]) -> None:
        """Take in what the parts of a message gave: the newest of each address."""
        for reading in readings:
            at, received = reading.at.isoformat(), reading.recorded_at.isoformat()
            told = {"at": at, "value": f"{reading.value:f}", "flag": reading.flag, "entry": reading.entry}
            self._newest(reading.address, {**told, "received_at": received})

    def gap(self, gap: Gap, entry: Entry) -> None:
        """Mark a message whose missing part did not come in time."""
        device = self._device(gap.mn)
        if device is not None:
            device.lacks(gap, entry)

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
                self._newest(address, reading)
        self._latest.clear()
        self._name_breaches()
        for mn, (entry, edition, qn) in self._last.items():
            self._known.devices[mn].describe(edition, qn, entry)
        self._last.clear()

    def _judge(self, device: Device, entry: Entry, columns: Columns) -> str:
        """Name what a plain frame breaks: seen once for each header and shape of content, counted at every frame.

        Answers its edition, which is one of header and shape too.
        """
        device.breaks(raw_violations(entry.payload), entry)
        head = entry.payload[_QN_ENDS : entry.payload.find(b";CP=")]
        key = (head, id(columns.addresses))
        judged = self._judged.get(key)
        if judged is None:
            if len(self._judged) >= _MOST_JUDGED:
                self._name_breaches()
                self._judged.clear()
            frame = decode(entry.payload)
            device.speaks_with(frame.pw, frame.mn, entry)
            names = tuple(name for name in violations(frame) if name not in BY_BYTES)
            judged = self._judged[key] = _Judged(columns.mn, frame.edition, names, columns.addresses)
        if judged.names:
            judged.times += 1
            judged.entry = entry
        return judged.edition

    def _name_breaches(self) -> None:
        for judged in self._judged.values():
            if judged.times and judged.entry is not None:
                self._known.devices[judged.mn].breaks(judged.names, judged.entry, judged.times)
                judged.times, judged.entry = 0, None

    def _newest(self, address: str, reading: dict[str, str]) -> None:
        before = self._known.readings.get(address)
        if before is None and len(self._known.readings) >= MOST_ADDRESSES and address not in self.registered:
            return
        if before is None or before["at"] <= reading["at"]:
            self._known.readings[address] = reading

    def _count_refused(self, entry: Entry) -> None:
        """Why a frame was refused: by a rule, as its origin says, or by itself."""
        frame = decode(entry.payload)
        by_rule = entry.origin.partition("#")[2]
        named = (by_rule,) if by_rule else violations(frame)
        reason = by_rule or next((reason for reason in _REASONS if reason in frame.errors), "length")
        self._known.refused[reason] = self._known.refused.get(reason, 0) + 1
        self._peer(host(entry.origin), "refused", 1)
        # A name without a CRC behind it makes no new device; another algorithm's is a CRC, if not the standard's.
        is_crc = BY_ALGORITHM.issuperset(named)
        known = self._device(frame.mn) if is_crc else self._known.devices.get(frame.mn)
        if known is not None:
            known.refused[reason] = known.refused.get(reason, 0) + 1
            known.breaks(named, entry)

    def _take_note(self, entry: Entry) -> None:
        note = _json(entry)
        if note and {"exchange", "mn", "cn"} <= note.keys():
            device = self._device(str(note["mn"]))
            if device is not None:
                device.answered(note, entry.received_at, entry.id)

    def _device(self, mn: str) -> Device | None:
        if mn and mn not in self._known.devices:
            if len(self._known.devices) >= MOST_DEVICES and mn not in self.registered:
                return None
            self._known.devices[mn] = Device()
        return self._known.devices.get(mn)

    def _count_junk(self, entry: Entry) -> None:
        told = _left_out(entry)
        pieces, kind, peer = (
            (int(told["pieces"]), told["left_out"], str(told["peer"])) if told else (1, "junk", host(entry.origin))
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
    told = _json(entry) if entry.origin.startswith(_OWN_ORIGIN) else None
    return told if told and {"pieces", "left_out", "peer"} <= told.keys() else None


def _json(entry: Entry) -> dict[str, Any] | None:
    try:
        told = json.loads(entry.payload)
    except ValueError:
        return None
    return told if isinstance(told, dict) else None


def _told(entry: Entry, columns: Columns) -> Iterator[tuple[str, dict[str, str]]]:
    at, received = columns.at.isoformat(), entry.received_at.isoformat()
    for address, value, flag in zip(columns.addresses, columns.values, columns.flags, strict=True):
        yield address, {"at": at, "value": value, "flag": flag, "entry": entry.id, "received_at": received}
