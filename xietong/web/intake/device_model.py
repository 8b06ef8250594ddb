"""Devices as the people of the intake see them: heard or silent, what they sent, what was refused, what was asked.

Pure: live.json, requests.json, the registry and the clock come in. Nothing here is a figure.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal
from urllib.parse import quote

from xietong.park.nouns import Point, Registry
from xietong.protocols.hj212.tables import VIOLATIONS, command, result
from xietong.protocols.values import source_of
from xietong.readings import Entry
from xietong.texts import Text
from xietong.web.shell import live
from xietong.wording.places import full_name

State = Literal["online", "one_way", "silent", "never"]
UNKNOWN_PLACE = Text("未登记的设备", "a device not in the registry")
_OTHERS = ("mqtt:", "modbus:", "opcua:")
# A device's clock may differ by this much before it is worth a word, in seconds.
CLOCK_TOLERANCE_S = 60.0


@dataclass(frozen=True, slots=True)
class Breach:
    """One way in which a device breaks the standard: in words, the clause, whether frames were refused for it, how
    often, where it was last seen (at and entry; none where live.json does not say)."""

    name: str
    text: Text
    clause: Text
    is_refused: bool
    times: int
    at: datetime | None
    entry: str


@dataclass(frozen=True, slots=True)
class Question:
    """Something asked of the device: what (the command's words), over which span, how it ended and when; sent: how
    often it was sent; entry: the note of the end; order: the entry of the proposal where two persons ordered it."""

    command: Text
    begin: datetime | None
    end: datetime | None
    outcome: str
    said: Text | None
    frames: int
    at: datetime | None
    sent: int = 0
    entry: str = ""
    order: str = ""


@dataclass(frozen=True, slots=True)
class KnownDevice:
    """One device by registry or by what it sent. age: since it was last heard; told: what live.json says of it; to_ask:
    the lines of requests.json about it. What is derived is made when it is looked at: there may be 10,000 devices."""

    mn: str
    place: Text
    subject: str
    points: tuple[Point, ...]
    state: State
    age: timedelta | None
    last_seen: datetime | None
    told: Mapping[str, Any] = field(default_factory=dict)
    to_ask: tuple[Mapping[str, Any], ...] = ()

    @property
    def edition(self) -> str:
        """The edition of HJ 212 that it speaks; "" where it never did."""
        return str(self.told.get("edition", ""))

    @property
    def breaches(self) -> tuple[Breach, ...]:
        """What of its frames is not as the standard wants it, by name."""
        return tuple(_breaches(self.told.get("violations", {})))

    @property
    def last_question(self) -> Question | None:
        """The newest thing that was asked of it."""
        last = self.told.get("asked", {}).get("last")
        return None if last is None else _question(last, self.edition)

    @property
    def questions(self) -> tuple[Question, ...]:
        """What was asked of it, the newest first."""
        history = self.told.get("asked", {}).get("history", [])
        return tuple(_question(each, self.edition) for each in reversed(history))

    @property
    def vain(self) -> tuple[tuple[Question, int], ...]:
        """Spans asked for without getting them, and how often."""
        spans: list[list[Any]] = self.told.get("asked", {}).get("vain", [])
        return tuple((_question(dict(zip(_SPAN, span, strict=False)), self.edition), int(span[3])) for span in spans)

    @property
    def waiting(self) -> tuple[Question, ...]:
        """What is to be asked next."""
        return tuple(_question(each, self.edition) for each in self.to_ask)

    def matches(self, words: str) -> bool:
        """Whether the words stand in its number, its place or the codes of its points; in any case of letters."""
        named = (self.mn, self.place.zh, self.place.en, self.subject, *(point.code for point in self.points))
        return words.casefold() in "\n".join(named).casefold()

    @property
    def is_registered(self) -> bool:
        """Whether a point of the park names it."""
        return bool(self.points)

    @property
    def frames(self) -> int | None:
        """Accepted frames of HJ 212; None for other protocols, of which none are counted."""
        return None if self.mn.startswith(_OTHERS) else int(self.told.get("frames", 0))

    @property
    def refused(self) -> dict[str, int]:
        """Frames not used, by reason."""
        return {str(name): int(count) for name, count in self.told.get("refused", {}).items()}

    @property
    def latest_refused(self) -> Breach | None:
        """The newest refusal whose entry is known."""
        known = [each for each in self.breaches if each.is_refused and each.entry and each.at]
        return max(known, key=lambda each: (each.at, each.name), default=None)

    @property
    def clock_offset_s(self) -> float | None:
        """Seconds by which its clock is ahead of ours (negative: behind)."""
        offset = self.told.get("clock_offset_s")
        return None if offset is None else float(offset)

    @property
    def file_wanted(self) -> Text | None:
        """Why its enterprise is to be asked for a file."""
        wanted = self.told.get("file_wanted")
        return Text(wanted["zh"], wanted["en"]) if wanted else None


def reason_text(name: str) -> Text:
    """A reason for refusing or a violation in words; its own name where the table has none."""
    known = VIOLATIONS.get(name)
    return known.text if known else Text(name, name)


def devices(
    content: Mapping[str, Any], requests: Mapping[str, Any], registry: Registry, now: datetime
) -> list[KnownDevice]:
    """Every device that the registry names or that ever spoke; those that need a person first.

    content, requests: live.json and requests.json, {} where there are none; now: an aware instant.
    """
    points = points_of_devices(registry)
    seen = live.heard(content, registry, now) | _others(content, points, now)
    waiting: dict[str, list[Mapping[str, Any]]] = {}
    for each in requests.get("requests", []):
        waiting.setdefault(str(each["mn"]), []).append(each)
    told = content.get("devices", {})
    found = [
        _device(mn, points.get(mn, ()), (seen.get(mn), told.get(mn, {}), waiting.get(mn, [])), registry, now)
        for mn in sorted({*points, *seen})
    ]
    order = {"silent": 0, "never": 1, "one_way": 2, "online": 3}
    return sorted(found, key=lambda each: (not each.is_registered, order[each.state], each.subject, each.mn))


def device_of(address: str) -> str:
    """What sends under a lake address: an MN of HJ 212, scheme and topic (or address) elsewhere; "" for none."""
    if address.startswith(_OTHERS):
        return source_of(address)
    return live.mn_of(address)


def _others(
    content: Mapping[str, Any], points: Mapping[str, tuple[Point, ...]], now: datetime
) -> dict[str, live.Heard]:
    """What was heard by other protocols than HJ 212, by the newest value of each: no frames are counted there."""
    heard: dict[str, datetime] = {}
    for address, reading in content.get("readings", {}).items():
        name = device_of(address) if address.startswith(_OTHERS) else ""
        if name:
            at = datetime.fromisoformat(reading.get("received_at") or reading["at"])
            heard[name] = max(at, heard.get(name, at))
    return {name: live.Heard(now - at, _is_stale(now - at, points.get(name, ())), {}) for name, at in heard.items()}


def _is_stale(age: timedelta, points: tuple[Point, ...]) -> bool:
    interval = min((point.interval_s for point in points if point.interval_s > 0), default=60)
    return age > timedelta(seconds=max(live.STALE_INTERVALS * interval, 120))


def points_of_devices(registry: Registry) -> dict[str, tuple[Point, ...]]:
    """MN, or topic or address of another protocol → the points that name it."""
    found: dict[str, tuple[Point, ...]] = {}
    for point in registry.points.values():
        mn = device_of(point.source)
        if mn:
            found[mn] = (*found.get(mn, ()), point)
    return found


def _device(
    mn: str,
    points: tuple[Point, ...],
    known: tuple[live.Heard | None, Mapping[str, Any], list[Mapping[str, Any]]],
    registry: Registry,
    now: datetime,
) -> KnownDevice:
    line, told, waiting = known
    subject = points[0].subject if points else ""
    return KnownDevice(
        mn=mn,
        place=full_name(registry, subject) if subject else UNKNOWN_PLACE,
        subject=subject,
        points=points,
        state=_state(line, told),
        age=None if line is None else line.age,
        last_seen=None if line is None or line.age is None else now - line.age,
        told=told,
        to_ask=tuple(waiting),
    )


_SPAN = ("cn", "begin", "end")


def _state(line: live.Heard | None, told: Mapping[str, Any]) -> State:
    if line is None or line.age is None:
        return "never"
    if line.is_stale:
        return "silent"
    return "one_way" if told.get("one_way") else "online"


def _breaches(violations: Mapping[str, Mapping[str, Any]]) -> Iterator[Breach]:
    for name, seen in sorted(violations.items()):
        known = VIOLATIONS.get(name)
        is_refused = known is not None and known.treated == "refused"
        yield Breach(
            name,
            reason_text(name),
            clause=known.clause if known else Text("", ""),
            is_refused=is_refused,
            times=int(seen["times"]),
            at=_instant(seen.get("at")),
            entry=str(seen.get("entry", "")),
        )


def _question(told: Mapping[str, Any], edition: str) -> Question:
    cn, code = str(told.get("cn", "")), told.get("code")
    outcome = str(told.get("exchange") or "")
    field_name = "QnRtn" if outcome == "refused" else "ExeRtn"
    said = result(field_name, str(code)) if code else None
    return Question(
        command_text(cn, edition),
        _instant(told.get("begin")),
        end=_instant(told.get("end")),
        outcome=outcome,
        said=said,
        frames=int(told.get("frames") or 0),
        at=_instant(told.get("at")),
        sent=int(told.get("sent") or 0),
        entry=str(told.get("entry") or ""),
        order=str(told.get("order") or ""),
    )


def command_text(cn: str, edition: str = "") -> Text:
    """A command by its number and its words."""
    known = command(cn, edition) if edition else command(cn)
    return Text(f"{cn} {known.name.zh}", f"{cn} {known.name.en}") if known else Text(cn, cn)


def _instant(text: object) -> datetime | None:
    return datetime.fromisoformat(str(text)) if text else None


def claimed_mn(entry: Entry) -> str:
    """The MN that a refused frame claims, as far as its bytes show one; "" for others. Nothing vouches for it."""
    found = entry.payload.partition(b"MN=")[2].partition(b";")[0]
    return found[:40].decode("ascii", errors="replace") if entry.kind == "hj212-refused" and found else ""


def href_of(mn: str) -> str:
    """The page of a device."""
    return f"/devices/{quote(mn, safe='')}/"


def refused_of(entries: Iterable[Entry], most: int, mn: str = "") -> list[Entry]:
    """The newest refused frames and junk, the newest first; mn: only what claims to be of that device."""
    found = [each for each in entries if each.kind in ("hj212-refused", "junk") and mn in ("", claimed_mn(each))]
    return sorted(found, key=lambda each: each.received_at, reverse=True)[:most]
