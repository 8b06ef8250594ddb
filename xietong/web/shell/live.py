"""The newest readings, one line a device, from the live.json that settle replaces by atomic rename.

Pure but for reading that one file; ages are counted from the clock that comes in.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

from xietong.park.nouns import Point, Registry
from xietong.texts import Text
from xietong.wording.places import full_name
from xietong.wording.words import name_of

STALE_INTERVALS = 3
MOST_VALUES, MOST_LINES = 6, 60


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
    """The devices that spoke last, the latest first, how many there are in all, and what no device could be made of."""

    devices: tuple[Device, ...]
    count: int
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


class Heard(NamedTuple):
    """How long ago a device was heard (None: never), whether that is too long for what it sends, and its newest values
    of that hour, by address."""

    age: timedelta | None
    is_stale: bool
    newest: Mapping[str, Mapping[str, Any]]


def heard(content: Mapping[str, Any], registry: Registry, now: datetime) -> dict[str, Heard]:
    """MN → when it was heard, of every device that ever spoke; now is an aware instant."""
    intervals = {address: point.interval_s for point in registry.points.values() for address in point.addresses}
    newest: dict[str, list[tuple[datetime, str]]] = {}
    readings = content.get("readings", {})
    for address, reading in readings.items():
        mn = mn_of(address)
        if mn:
            newest.setdefault(mn, []).append((_instant(reading["at"]), address))
    devices = content.get("devices", {})
    found = {}
    for mn in sorted({*devices, *newest}):
        told, values = devices.get(mn, {}), newest.get(mn, [])
        latest = max((at for at, _ in values), default=None)
        seen = _instant(told["last_seen"]) if told.get("last_seen") else latest
        known = [address for at, address in values if latest and latest - at < timedelta(hours=1)]
        interval = min((intervals[address] for address in known if address in intervals), default=60) or 60
        age = None if seen is None else now - seen
        is_stale = age is None or age > timedelta(seconds=max(STALE_INTERVALS * interval, 120))
        found[mn] = Heard(age, is_stale, {address: readings[address] for address in sorted(known)})
    return found


def live(content: Mapping[str, Any], registry: Registry, now: datetime) -> Live:
    """The live view; now is an aware instant."""
    points = {address: point for point in registry.points.values() for address in point.addresses}
    limits = {(each.subject, each.item): float(each.value) for each in registry.limits if each.kind == "concentration"}
    places, told = Places(registry, points, limits, _subjects(registry)), content.get("devices", {})
    every = sorted(
        heard(content, registry, now).items(), key=lambda each: (each[1].age is None, each[1].age or timedelta())
    )
    lines = tuple(_device(mn, told.get(mn, {}), each, places) for mn, each in every[:MOST_LINES])
    intake = content.get("intake", {})
    refused = sum(int(count) for count in intake.get("refused", {}).values())
    youngest = every[0][1].age if every else None
    return Live(
        lines,
        len(every),
        age=youngest,
        frames=int(intake.get("frames", 0)),
        refused=refused,
        junk=int(intake.get("junk", 0)),
    )


@dataclass(frozen=True, slots=True)
class Places:
    """What the registry knows of addresses: the point behind each, the limits of outlets, and where devices stand."""

    registry: Registry
    points: Mapping[str, Point]
    limits: Mapping[tuple[str, str], float]
    subjects: Mapping[str, str]


def _subjects(registry: Registry) -> dict[str, str]:
    """MN → the subject of the first point that names it."""
    found: dict[str, str] = {}
    for point in registry.points.values():
        found.setdefault(mn_of(point.source), point.subject)
    return found


def mn_of(address: str) -> str:
    """The MN of a device's lake address; "" for other addresses."""
    scheme, _colon, rest = address.partition(":")
    return rest.partition("/")[0] if scheme == "hj212" else ""


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _device(mn: str, told: Mapping[str, Any], known: Heard, places: Places) -> Device:
    values = [_value(address, reading, places) for address, reading in known.newest.items() if address in places.points]
    refused = {str(reason): int(count) for reason, count in told.get("refused", {}).items()}
    return Device(
        mn=mn,
        place=_place(mn, places),
        values=tuple(values[:MOST_VALUES]),
        age=known.age,
        is_stale=known.is_stale,
        frames=int(told.get("frames", 0)),
        refused=sum(refused.values()),
        refusals=tuple(sorted(refused.items())),
        edition=str(told.get("edition", "")),
        clock_offset_s=told.get("clock_offset_s"),
    )


def _place(mn: str, places: Places) -> Text:
    if mn in places.subjects:
        return full_name(places.registry, places.subjects[mn])
    return Text("未登记的设备", "a device not in the registry")


def _value(address: str, reading: Mapping[str, Any], places: Places) -> LiveValue:
    point = places.points[address]
    value = float(reading["value"]) * float(point.multiplier)
    limit = places.limits.get((point.subject, point.item))
    href = f"/entries/{quote(reading['entry'])}/?{urlencode({'address': address})}"
    # A limit is judged against the corrected concentration: a measured one of a furnace would mislead.
    comparable = point.unit == "mg/L" or "corrected" in point.basis
    above = limit is not None and comparable and value > limit
    return LiveValue(
        name_of(point.item), value, unit=point.unit, flag=str(reading.get("flag", "")), href=href, above_limit=above
    )
