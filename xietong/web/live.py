"""The newest readings, one line a device, from the live.json that settle replaces by atomic rename.

Pure but for reading that one file; ages are counted from the clock that comes in.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from xietong.park.nouns import Point, Registry
from xietong.texts import Text
from xietong.web.places import full_name
from xietong.web.words import name_of

STALE_INTERVALS = 3
MOST_VALUES = 6


@dataclass(frozen=True, slots=True)
class LiveValue:
    """One newest value of a device: what it is, the number, its unit, and the entry that holds it."""

    name: Text
    value: float
    unit: str
    flag: str
    href: str
    above_limit: bool


@dataclass(frozen=True, slots=True)
class Device:
    """One device: where it stands, its newest values, how old they are and what it sent."""

    mn: str
    place: Text
    values: tuple[LiveValue, ...]
    age: timedelta | None
    is_stale: bool
    frames: int
    refused: int
    refusals: tuple[tuple[str, int], ...]
    edition: str
    clock_offset_s: float | None


@dataclass(frozen=True, slots=True)
class Live:
    """Every device that ever spoke, the latest first, and what no device could be made of."""

    devices: tuple[Device, ...]
    age: timedelta | None
    frames: int
    refused: int
    junk: int


def read_live(path: Path) -> Mapping[str, Any]:
    """The file's content; empty where settle has not written one yet."""
    try:
        found = json.loads(path.read_bytes())
    except FileNotFoundError:
        return {}
    return found if isinstance(found, dict) else {}


def live(content: Mapping[str, Any], registry: Registry, now: datetime) -> Live:
    """The live view; now is an aware instant."""
    points = {address: point for point in registry.points.values() for address in point.addresses}
    limits = {(each.subject, each.item): float(each.value) for each in registry.limits if each.kind == "concentration"}
    newest: dict[str, list[tuple[datetime, str, Mapping[str, Any]]]] = {}
    for address, reading in content.get("readings", {}).items():
        mn = mn_of(address)
        if mn:
            newest.setdefault(mn, []).append((_instant(reading["at"]), address, reading))
    devices = content.get("devices", {})
    lines = [
        _device(mn, devices.get(mn, {}), newest.get(mn, []), Places(registry, points, limits), now)
        for mn in sorted({*devices, *newest})
    ]
    lines.sort(key=lambda line: (line.age is None, line.age or timedelta()))
    ages = [line.age for line in lines if line.age is not None]
    intake = content.get("intake", {})
    refused = sum(int(count) for count in intake.get("refused", {}).values())
    return Live(
        tuple(lines), min(ages, default=None), int(intake.get("frames", 0)), refused, int(intake.get("junk", 0))
    )


@dataclass(frozen=True, slots=True)
class Places:
    """What the registry knows of addresses: the point behind each, and the limits of outlets."""

    registry: Registry
    points: Mapping[str, Point]
    limits: Mapping[tuple[str, str], float]


def mn_of(address: str) -> str:
    """The MN of a device's lake address; "" for other addresses."""
    scheme, _colon, rest = address.partition(":")
    return rest.partition("/")[0] if scheme == "hj212" else ""


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _device(
    mn: str,
    told: Mapping[str, Any],
    newest: list[tuple[datetime, str, Mapping[str, Any]]],
    places: Places,
    now: datetime,
) -> Device:
    latest = max((at for at, _, _ in newest), default=None)
    seen = _instant(told["last_seen"]) if told.get("last_seen") else latest
    known = [(address, reading) for at, address, reading in newest if latest and latest - at < timedelta(hours=1)]
    values = [_value(address, reading, places) for address, reading in sorted(known) if address in places.points]
    refused = {str(reason): int(count) for reason, count in told.get("refused", {}).items()}
    age = None if seen is None else now - seen
    interval = min((places.points[a].interval_s for a, _ in known if a in places.points), default=60) or 60
    return Device(
        mn=mn,
        place=_place(mn, places),
        values=tuple(values[:MOST_VALUES]),
        age=age,
        is_stale=age is None or age > timedelta(seconds=max(STALE_INTERVALS * interval, 120)),
        frames=int(told.get("frames", 0)),
        refused=sum(refused.values()),
        refusals=tuple(sorted(refused.items())),
        edition=str(told.get("edition", "")),
        clock_offset_s=told.get("clock_offset_s"),
    )


def _place(mn: str, places: Places) -> Text:
    for point in places.registry.points.values():
        if mn_of(point.source) == mn:
            return full_name(places.registry, point.subject)
    return Text("未登记的设备", "a device not in the registry")


def _value(address: str, reading: Mapping[str, Any], places: Places) -> LiveValue:
    point = places.points[address]
    value = float(reading["value"]) * float(point.multiplier)
    limit = places.limits.get((point.subject, point.item))
    href = f"/entries/{quote(reading['entry'])}/?{urlencode({'address': address})}"
    # A limit is judged against the corrected concentration: a measured one of a furnace would mislead.
    comparable = point.unit == "mg/L" or "corrected" in point.basis
    above = limit is not None and comparable and value > limit
    return LiveValue(name_of(point.item), value, point.unit, str(reading.get("flag", "")), href, above)
