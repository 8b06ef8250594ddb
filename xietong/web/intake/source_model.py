"""Sources other than HJ 212 as the people of the intake see them, and where data and points do not meet: addresses that
come and no point uses, and points whose source never came.

Pure: what the processes told (intake.source_state), live.json, the registry and the clock come in.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from xietong.intake.source_state import SourceError, SourceState, WriterStates
from xietong.lake.filing import SHEET
from xietong.park.nouns import Point, Registry
from xietong.readings import CORRECTED
from xietong.texts import Text
from xietong.web.intake.device_model import device_of

State = Literal["connected", "away", "unknown"]
# A process tells of its sources every second; one that has not for so long is not running.
DEAD = timedelta(seconds=60)
# What people and programs file for points themselves: it cannot come and be unused.
_OWN = (SHEET, CORRECTED)


@dataclass(frozen=True, slots=True)
class KnownSource:
    """One broker, Modbus device or OPC UA server. state: unknown where its process does not run;
    points: those of the registry that it feeds."""

    told: SourceState
    writer: str
    state: State
    age: timedelta | None
    points: tuple[Point, ...]

    @property
    def errors(self) -> tuple[SourceError, ...]:
        """What went wrong, the newest first."""
        return tuple(reversed(self.told.last_errors))


@dataclass(frozen=True, slots=True)
class Unused:
    """An address whose values are kept and feed no point: the newest of them and the entry that holds it."""

    address: str
    device: str
    value: str
    at: datetime
    entry: str


def sources(told: Iterable[WriterStates], registry: Registry, now: datetime) -> list[KnownSource]:
    """Every source that is told of, those that need a person first."""
    fed: dict[str, list[Point]] = {}
    for point in registry.points.values():
        kind, colon, _ = point.source.partition(":")
        if colon:
            fed.setdefault("mqtt" if kind == "mqtt" else device_of(point.source), []).append(point)
    listed = [(writer, each) for writer in told for each in writer.sources]
    brokers = sum(each.kind == "mqtt" for _, each in listed)
    found = []
    for writer, each in listed:
        # Which of several brokers a topic comes from is not said by its address.
        key = ("mqtt" if brokers == 1 else "") if each.kind == "mqtt" else f"{each.kind}:{each.name}"
        last = datetime.fromisoformat(each.last_message_at) if each.last_message_at else None
        age = None if last is None else now - last
        found.append(KnownSource(each, writer.writer, _state(writer, each, now), age, tuple(fed.get(key, ()))))
    order = {"away": 0, "unknown": 1, "connected": 2}
    return sorted(found, key=lambda source: (order[source.state], source.told.kind, source.told.name))


def _state(writer: WriterStates, each: SourceState, now: datetime) -> State:
    if now - writer.written_at > DEAD:
        return "unknown"
    return "connected" if each.connected else "away"


def problems(told: Iterable[WriterStates]) -> list[tuple[str, Text]]:
    """Why settings are not used: the process, with the source they are of where it is one's, and the sentence."""
    return [
        (" · ".join(filter(None, (each.writer, name))), text) for each in told for name, text in each.problems.items()
    ]


def unused(content: Mapping[str, Any], registry: Registry) -> list[Unused]:
    """Addresses of live.json that no point uses, by name."""
    used = {address for point in registry.points.values() for address in point.addresses}
    return [
        Unused(
            address,
            device_of(address),
            str(reading["value"]),
            datetime.fromisoformat(reading["at"]),
            str(reading.get("entry", "")),
        )
        for address, reading in sorted(content.get("readings", {}).items())
        if address not in used and not address.startswith(_OWN)
    ]


def unheard(content: Mapping[str, Any], registry: Registry) -> list[Point]:
    """Points that a device or broker should feed and for whose address live.json has nothing; the lake may still."""
    seen = content.get("readings", {})
    return [
        point
        for point in registry.points.values()
        if point.source not in ("", "sheet") and not any(address in seen for address in point.addresses)
    ]
