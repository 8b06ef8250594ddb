"""Messages that come in parts (PNUM, PNO; HJ 212-2017 annex C.49 and C.50), put together as entries are read.

A pure function of the order of the entries and of their receipt times: nothing depends on when it is read. Parts may
come in any order, again, with another QN each, with or without a DataTime of their own. A message gives its readings
when its last part is there; WAIT after its newest part it gives what came, with the gap named, and what comes later is
given when it comes. FORGET after its newest part it is forgotten. A message that has been forgotten leaves no trace, so
the state at any entry follows from the entries since the oldest message that is still remembered.
"""

import hashlib
import heapq
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import NamedTuple

from xietong.protocols.hj212.columns import readings
from xietong.protocols.hj212.content import read_content, read_time
from xietong.protocols.hj212.frames import Frame
from xietong.readings import Entry, Reading

WAIT = timedelta(seconds=30)  # 10 s, three times: HJ 212-2017 table 1
FORGET = timedelta(minutes=10)
CLOSE = timedelta(seconds=2)
MOST_OF_A_DEVICE, MOST_HELD, MOST_VERSIONS = 500, 50_000, 16
_KEY = re.compile(r"\s*(?:DataTime|[0-9A-Za-z]+-[A-Za-z]+)=")
_WHOLE = re.compile(r"\s*[0-9A-Za-z]+(?:-[A-Za-z]+)?=.+")
_FINISHED = re.compile(r"-Flag=[A-Za-z]\s*;?$")


class Gap(NamedTuple):
    """What a message still lacks: the device, the command, its DataTime ("" where no part told) and which parts."""

    mn: str
    cn: str
    data_time: str
    pnum: int
    missing: tuple[int, ...]


class Given(NamedTuple):
    """What the parts give at an entry: readings, each once for a message, and the gaps of messages given up waiting."""

    readings: list[Reading]
    gaps: list[Gap]


class _Part(NamedTuple):
    frame: Frame
    entry: Entry


@dataclass(eq=False)
class _Message:
    """parts: those at hand, gone once the message is whole; texts: the hashes of every part that came, by number."""

    key: tuple[str, str, int]
    first: int
    newest: datetime
    data_time: datetime | None
    pnum: int
    texts: dict[int, set[bytes]] = field(default_factory=dict)
    parts: dict[int, list[_Part]] = field(default_factory=dict)
    qns: set[datetime] = field(default_factory=set)
    firsts: set[datetime] = field(default_factory=set)
    given: set[tuple[str, datetime, Decimal | None, str]] = field(default_factory=set)
    keeps_whole: bool = False
    is_open: bool = True
    is_gone: bool = False

    @property
    def held(self) -> int:
        """How many frames are kept."""
        return sum(map(len, self.parts.values()))


def is_part(frame: Frame) -> bool:
    """Whether a frame is one part of several."""
    return frame.ok and frame.pnum is not None and frame.pno is not None and 1 <= frame.pno <= frame.pnum > 1


class Parts:
    """The messages of one journal that are not forgotten yet. A device that sends parts without end holds at most
    MOST_OF_A_DEVICE of them: its own oldest message is then given as it is, and nobody else's."""

    def __init__(self) -> None:
        self._devices: dict[str, list[_Message]] = {}
        self._due: list[tuple[datetime, int, str, _Message]] = []
        self._held = self._turn = 0

    @property
    def since(self) -> int | None:
        """The oldest entry that the state rests on; None where it rests on none."""
        return min((messages[0].first for messages in self._devices.values()), default=None)

    @property
    def held(self) -> int:
        """How many frames are kept in memory."""
        return self._held

    def tick(self, at: datetime) -> Given | None:
        """Time has come to an entry received at this instant: give up waiting, and forget. Call it for every entry."""
        if not self._due or at < self._due[0][0]:
            return None
        found = Given([], [])
        while self._due and at >= self._due[0][0]:
            _, _, mn, message = heapq.heappop(self._due)
            if message.is_gone:
                continue
            if message.is_open and at >= message.newest + WAIT:
                _give_up(mn, message, found)
            if at >= message.newest + FORGET:
                self._forget(mn, message)
            else:
                self._plan(mn, message)
        return found

    def add(self, frame: Frame, entry: Entry) -> Given:
        """Take one part (after `tick` of its entry); gives readings where the message is whole or was given before."""
        assert frame.pno is not None
        message = self._message(frame, entry)
        message.newest = max(message.newest, entry.received_at)
        message.data_time = message.data_time or frame.data_time
        message.keeps_whole = message.keeps_whole or (frame.pno > 1 and frame.data_time is not None)
        texts = message.texts.setdefault(frame.pno, set())
        text, part = _digest(frame), _Part(frame, entry)
        if text in texts:
            return Given([], [])
        if len(texts) >= MOST_VERSIONS or (len(message.texts) == message.pnum and not message.parts and texts):
            if len(texts) < MOST_VERSIONS:
                texts.add(text)
            return Given(list(_fresh(message, _alone(message, part))), [])
        texts.add(text)
        message.parts.setdefault(frame.pno, []).append(part)
        self._held += 1
        found = Given([], [])
        if not message.is_open or len(message.texts) == message.pnum:
            message.is_open = False
            found.readings.extend(_fresh(message, _readings(message)))
            if len(message.texts) == message.pnum:
                self._let_go(message)
        self._make_room(frame.mn, found)
        return found

    # ---- inside ----

    def _message(self, frame: Frame, entry: Entry) -> _Message:
        assert frame.pnum is not None
        key = (frame.st, frame.cn, frame.pnum)
        messages = [
            each
            for each in self._devices.get(frame.mn, ())
            if each.key == key and entry.received_at < each.newest + FORGET
        ]
        qn = read_time(frame.qn)
        found = _same_time(messages, frame) or _close(messages, frame, qn)
        if found is None:
            found = _Message(key, entry.ordinal, entry.received_at, frame.data_time, frame.pnum)
            self._devices.setdefault(frame.mn, []).append(found)
            self._plan(frame.mn, found)
        first = _first_qn(frame, qn)
        if qn and first:
            found.qns.add(qn)
            found.firsts.add(first)
        return found

    def _plan(self, mn: str, message: _Message) -> None:
        self._turn += 1
        due = message.newest + (WAIT if message.is_open else FORGET)
        heapq.heappush(self._due, (due, self._turn, mn, message))

    def _make_room(self, mn: str, found: Given) -> None:
        """Give and forget the oldest messages of a device that takes too much."""
        messages = self._devices[mn]
        while messages and (
            len(messages) > MOST_OF_A_DEVICE
            or self._held > MOST_HELD
            or sum(message.held for message in messages) > MOST_OF_A_DEVICE
        ):
            oldest = messages[0]
            if oldest.is_open:
                _give_up(mn, oldest, found)
            self._forget(mn, oldest)

    def _forget(self, mn: str, message: _Message) -> None:
        self._let_go(message)
        message.is_gone = True
        messages = self._devices[mn]
        messages.remove(message)
        if not messages:
            del self._devices[mn]

    def _let_go(self, message: _Message) -> None:
        self._held -= message.held
        message.parts = {}


def _give_up(mn: str, message: _Message, found: Given) -> None:
    """Give what came of a message whose missing parts are waited for no longer, and name the gap."""
    message.is_open = False
    found.readings.extend(_fresh(message, _readings(message)))
    missing = tuple(number for number in range(1, message.pnum + 1) if number not in message.texts)
    at = message.data_time.isoformat() if message.data_time else ""
    found.gaps.append(Gap(mn, message.key[1], at, message.pnum, missing))


def _same_time(messages: list[_Message], frame: Frame) -> _Message | None:
    if frame.data_time is None:
        return None
    return next((each for each in messages if each.data_time == frame.data_time), None)


def _close(messages: list[_Message], frame: Frame, qn: datetime | None) -> _Message | None:
    """The message that a part belongs to by its QN, where one of the two does not know its DataTime.

    The same QN; else a QN that counts up by a millisecond a part, as annex C prints it; else, for a part without
    DataTime, the newest message where it lacks this part and began just before. Nothing looser: a part in the wrong
    message would be a wrong value, one that is not placed is a gap.
    """
    fitting = [each for each in messages if qn and _may_take(each, frame)]
    for numbers, wanted in (("qns", qn), ("firsts", _first_qn(frame, qn))):
        exact = [each for each in fitting if wanted in getattr(each, numbers)]
        if exact:
            return exact[-1]
    newest = messages[-1] if messages else None
    if newest in fitting and newest is not None and newest.data_time and frame.data_time is None and qn:
        return newest if any(timedelta(0) <= qn - other <= CLOSE for other in newest.qns) else None
    return None


def _may_take(message: _Message, frame: Frame) -> bool:
    """Whether a part can be this message's: not of another DataTime, and not another text under the same number."""
    if message.data_time is not None and frame.data_time is not None:
        return False
    texts = message.texts.get(frame.pno or 0)
    return texts is None or _digest(frame) in texts


def _first_qn(frame: Frame, qn: datetime | None) -> datetime | None:
    return qn - timedelta(milliseconds=(frame.pno or 1) - 1) if qn else None


def _content(frame: Frame) -> bytes:
    return frame.plain.partition(b"CP=&&")[2].rstrip()[:-4]


def _digest(frame: Frame) -> bytes:
    return hashlib.sha256(_content(frame)).digest()


def _fresh(message: _Message, said: Iterable[Reading]) -> Iterator[Reading]:
    """Those readings that the message has not given yet."""
    for reading in said:
        key = (reading.address, reading.at, reading.value, reading.flag)
        if key not in message.given:
            message.given.add(key)
            yield reading


def _alone(message: _Message, part: _Part) -> Iterator[Reading]:
    """What a second version of a part says for itself."""
    number, text = part.frame.pno or 1, _text(part.frame)
    text = text if number == 1 else _without_loose_beginning(text)
    text = text if number == message.pnum or message.keeps_whole else _without_loose_end(text)
    return _said(message, [part], [text])


def _readings(message: _Message) -> Iterator[Reading]:
    """What the parts at hand say. A reading names the entry that holds it, the newest of a text cut inside an item."""
    for run in _runs(message.parts):
        parts = [message.parts[number][0] for number in run]
        texts = [_text(part.frame) for part in parts]
        if any(_cuts_an_item(one, two) for one, two in pairwise(texts)):
            texts, parts = [_joined(texts)], [max(parts, key=lambda part: part.entry.ordinal)]
        if run[0] > 1:
            texts[0] = _without_loose_beginning(texts[0])
        if run[-1] < message.pnum and not message.keeps_whole:
            texts[-1] = _without_loose_end(texts[-1])
        yield from _said(message, parts, texts)
    for versions in message.parts.values():
        for again in versions[1:]:
            yield from _alone(message, again)


def _without_loose_beginning(text: str) -> str:
    """Without a first item whose beginning may stand in the part before, which is not at hand."""
    return text if text.startswith("DataTime=") else text.partition(";")[2]


def _without_loose_end(text: str) -> str:
    """Without a last item whose end may stand in the part behind, which is not at hand."""
    return text if _FINISHED.search(text) else text.rpartition(";")[0]


def _said(message: _Message, parts: list[_Part], texts: list[str]) -> Iterator[Reading]:
    owner = ""
    for part, text in zip(parts, texts, strict=True):
        said = read_content(text, owner)
        owner = said.owner
        frame = replace(part.frame, data_time=said.data_time or message.data_time, values=said.values)
        yield from readings(frame, part.entry.id, part.entry.received_at)


def _runs(parts: Iterable[int]) -> list[list[int]]:
    """Part numbers that follow each other."""
    runs: list[list[int]] = []
    for number in sorted(parts):
        if runs and runs[-1][-1] == number - 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return runs


def _text(frame: Frame) -> str:
    content = _content(frame).partition(b"&&")[0]
    try:
        return content.decode()
    except UnicodeDecodeError:
        return content.decode("gb18030", errors="replace")


def _joined(texts: list[str]) -> str:
    whole = texts[0]
    for one, two in pairwise(texts):
        whole += two if _cuts_an_item(one, two) else f";{two}"
    return whole


def _cuts_an_item(one: str, two: str) -> bool:
    """Whether a sender cut its text between these parts anywhere but at the end of a KEY=VALUE."""
    if not one or not two or one[-1] in ";," or two[0] in ";,":
        return one[-1:] == "," or two[:1] == ","
    last, first = re.split("[;,]", one)[-1], re.split("[;,]", two)[0]
    return not _WHOLE.fullmatch(last) or not _KEY.match(first)
