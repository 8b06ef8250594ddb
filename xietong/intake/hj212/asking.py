"""Asker: the platform as a peer. It asks devices, over the connections they have opened, for what requests.json lists.

Settle lists what is missing; here only time-outs, retries, pauses and the one rule that matters most hold: a command
that writes or controls cannot come from that file. Everything sent is an entry before it is sent, and how an exchange
ended is an entry (kind `note`), so that settle knows it without having been there.
"""

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import NamedTuple, Protocol

from xietong.intake.devices import DeviceBook
from xietong.protocols.hj212 import decode
from xietong.protocols.hj212.building import Speaker, asking, build, number, parameters
from xietong.protocols.hj212.framing import CRC, HEAD
from xietong.protocols.hj212.peer import Exchange, Patience, Request
from xietong.protocols.hj212.sealing import is_sealed, seal, wants_seal
from xietong.protocols.hj212.tables import FETCHING, READING
from xietong.readings import EntryKind

OWN_ORIGIN = "intake:exchange"
MOST_EXCHANGES = 64
MOST_DEVICES, MOST_A_LINE = 20_000, 256  # a gateway may speak for many; one that makes up names takes nobody's place
_READ_AGAIN_S = 0.5


class Line(Protocol):
    """What is needed of a connection."""

    origin: str

    @property
    def is_open(self) -> bool:
        """Whether something can be sent."""

    def send(self, raw: bytes) -> None:
        """Send a frame."""


class Safe(Protocol):
    """Appends an entry to this process's journal: its ordinal, and the future of the commit that covers it."""

    def __call__(self, kind: EntryKind, origin: str, payload: bytes) -> "tuple[int, asyncio.Future[None]]": ...


class Wanted(NamedTuple):
    """One line of requests.json."""

    mn: str
    cn: str
    begin: datetime | None
    end: datetime | None
    parameters: str = ""


class Order(NamedTuple):
    """A command that two persons have given (see gate): the entry that proposed it, and what it says."""

    wanted: Wanted
    proposal: str
    content: str


@dataclass
class _Device:
    line: Line
    sample: bytes
    exchange: Exchange | None = None
    order: Order | None = None
    earlier_qn: str = ""
    rests_until: float = 0.0
    asked: dict[str, int] = field(default_factory=dict)  # CN → ordinal of the note that ended it


class Asker:
    """All exchanges of one process. now: seconds of the loop's clock; clock: UTC, for QN."""

    def __init__(
        self,
        data: Path,
        journal: str,
        safe: Safe,
        book: Callable[[], DeviceBook],
        clock: Callable[[], datetime],
    ) -> None:
        self._file = RequestFile(data / "requests.json")
        self._journal, self._safe, self._book, self._clock = journal, safe, book, clock
        self._devices: dict[str, _Device] = {}
        self._lines: dict[Line, set[str]] = {}
        self._busy: set[str] = set()

    def met(self, mn: str, line: Line, sample: bytes) -> None:
        """A device spoke on a connection; the newest one is where it is asked. sample: a data frame of its, or b""."""
        device = self._devices.get(mn)
        if device is None:
            if not mn or len(self._devices) >= MOST_DEVICES or len(self._lines.get(line, ())) >= MOST_A_LINE:
                return
            device = self._devices[mn] = _Device(line, sample)
            self._lines.setdefault(line, set()).add(mn)
        elif device.line is not line and device.exchange is None:
            self._lines.get(device.line, set()).discard(mn)
            self._lines.setdefault(line, set()).add(mn)
            device.line = line
        device.sample = sample or device.sample

    def knows(self, mn: str, line: Line) -> bool:
        """Whether this device is known to speak on this connection, and how it writes itself."""
        device = self._devices.get(mn)
        return device is not None and device.line is line and bool(device.sample)

    def listens_to(self, mn: str) -> bool:
        """Whether an exchange with this device is under way."""
        return mn in self._busy

    def heard(self, mn: str, raw: bytes, now: float) -> None:
        """A frame of a device with an exchange under way, kept already."""
        device = self._devices[mn]
        if device.exchange is not None:
            device.exchange.heard(decode(raw, self._book().rule(mn).sm4_keys), now)
            self._look_at(mn, device, now)

    def left(self, line: Line, now: float) -> None:
        """A connection ended."""
        for mn in self._lines.pop(line, set()):
            device = self._devices.pop(mn)
            if device.exchange is not None:
                device.exchange.cut()
                self._look_at(mn, device, now)

    def stop(self, now: float) -> None:
        """The process ends: note what is under way as cut, and ask nothing more."""
        for line in list(self._lines):
            self.left(line, now)

    def tick(self, now: float) -> None:
        """Time passes: send again, give up, begin what is wanted."""
        for mn in list(self._busy):
            self._go_on(mn, self._devices[mn], now)
        self._file.look(now)
        if not self._book().asking.on:
            return
        for wanted in self._file.wanted:
            device = self._devices.get(wanted.mn)
            if device is not None and self._may_begin(device, wanted, now):
                self._begin(device, wanted, now)

    def can_take(self, mn: str) -> bool:
        """Whether a device is there and free for a command."""
        device = self._devices.get(mn)
        return device is not None and device.exchange is None and bool(device.sample) and device.line.is_open

    def command(self, order: Order, now: float) -> None:
        """Carry out a command of two persons, which the gate has checked, on a device that can take it."""
        device = self._devices[order.wanted.mn]
        device.order = order
        self._begin(device, order.wanted, now, order.content)

    # ---- inside ----

    def _may_begin(self, device: _Device, wanted: Wanted, now: float) -> bool:
        settled = self._file.positions.get(self._journal, 0)
        return (
            device.exchange is None
            and bool(device.sample)
            and device.line.is_open
            and now >= device.rests_until
            and len(self._busy) < MOST_EXCHANGES
            and device.asked.get(wanted.cn, 0) <= settled  # settle knows how the last one went
            and wanted.cn in FETCHING | READING
            and self._book().rule(wanted.mn).ask
        )

    def _begin(self, device: _Device, wanted: Wanted, now: float, text: str = "") -> None:
        limits = self._book().asking
        qn = number(self._clock())
        if wanted.begin is not None and wanted.end is not None:
            text = asking(wanted.begin, wanted.end)
        raw = build(self._speaker(device, wanted.mn), wanted.cn, qn, text or wanted.parameters)
        keys = self._book().rule(wanted.mn).sm4_keys
        if keys and is_sealed(device.sample) and wants_seal(wanted.cn):
            raw = seal(raw[HEAD : -CRC - 2], keys[0])  # a device that encrypts is spoken to likewise
        request = Request(wanted.mn, wanted.cn, qn=qn, frame=raw, begin=wanted.begin, end=wanted.end)
        device.exchange = Exchange(request, Patience(limits.timeout_s, limits.sends), now, device.earlier_qn)
        self._busy.add(wanted.mn)
        self._go_on(wanted.mn, device, now)

    def _speaker(self, device: _Device, mn: str) -> Speaker:
        """The device as it writes itself, unless the settings say otherwise."""
        rule, said = self._book().rule(mn), decode(device.sample, self._book().rule(mn).sm4_keys)
        return Speaker(mn, rule.password or said.pw, rule.st or said.st, rule.edition or said.edition)

    def _go_on(self, mn: str, device: _Device, now: float) -> None:
        if device.exchange is None:
            return
        raw = device.exchange.due(now)
        if raw is not None:
            line = device.line
            _, safe = self._safe("hj212-sent", line.origin, raw)
            safe.add_done_callback(lambda done: _send_if_kept(line, raw, done))
        self._look_at(mn, device, now)

    def _look_at(self, mn: str, device: _Device, now: float) -> None:
        """Note how an exchange ended, where it has."""
        exchange = device.exchange
        if exchange is None or exchange.result is None:
            return
        note = {"exchange": exchange.result.outcome, "sent": exchange.sent, **_told(exchange)}
        if device.order is not None:
            note["order"] = device.order.proposal
        ordinal, _ = self._safe("note", OWN_ORIGIN, json.dumps(note, ensure_ascii=False).encode())
        device.asked[exchange.request.cn] = ordinal
        device.earlier_qn = exchange.request.qn
        device.rests_until = now + self._book().asking.pause_s
        device.exchange = device.order = None
        self._busy.discard(mn)


def _send_if_kept(line: Line, raw: bytes, done: "asyncio.Future[None]") -> None:
    """Nothing leaves that is not in the journal; a disk that refuses makes the exchange time out and try again."""
    if not done.cancelled() and done.exception() is None:
        line.send(raw)


def _told(exchange: Exchange) -> dict[str, object]:
    request, result = exchange.request, exchange.result
    assert result is not None
    return {
        "mn": request.mn,
        "cn": request.cn,
        "qn": request.qn,
        "begin": request.begin.isoformat() if request.begin else None,
        "end": request.end.isoformat() if request.end else None,
        "code": result.code,
        "frames": result.frames,
    }


class RequestFile:
    """requests.json, which settle replaces by atomic rename: what is wanted, and up to which entries it knows."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: tuple[int, int] | None = None
        self._look_at = float("-inf")
        self.wanted: list[Wanted] = []
        self.positions: Mapping[str, int] = {}

    def look(self, now: float) -> None:
        """Read it again where it was replaced; one that cannot be read wants nothing."""
        if now < self._look_at:
            return
        self._look_at = now + _READ_AGAIN_S
        try:
            found = self._path.stat()
            seen = (found.st_mtime_ns, found.st_ino)
            if seen == self._seen:
                return
            self._seen = seen
            told = json.loads(self._path.read_bytes())
            self.wanted = [_wanted(each) for each in told["requests"]]
            self.positions = {str(name): int(number) for name, number in told["positions"].items()}
        except (OSError, ValueError, TypeError, LookupError, AttributeError):
            self.wanted, self.positions = [], {}


def _wanted(told: Mapping[str, str | None]) -> Wanted:
    begin, end = (datetime.fromisoformat(text) if text else None for text in (told.get("begin"), told.get("end")))
    said = {"PolId": told["factor"]} if told.get("factor") else {}
    words = parameters({key: value for key, value in said.items() if value})
    return Wanted(str(told["mn"]), str(told["cn"]), begin, end, words)
