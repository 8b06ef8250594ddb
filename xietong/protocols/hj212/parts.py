"""Messages that come in parts (PNUM, PNO; HJ 212-2017 annex C.49 and C.50), put together as entries are read.

A pure function of the order of the entries and of their receipt times: nothing depends on when it is read. Parts may
come in any order, again, with another QN each, with or without a DataTime of their own. A message gives its readings
when its last part is there; WAIT after its newest part it gives what came, with the gap named, and what comes later is
given when it comes. FORGET after its newest part it is forgotten. A message that has been forgotten leaves no trace, so
the state at any entry follows from the entries since the oldest message that is still remembered.
"""

import re
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

from xietong.protocols.hj212.columns import readings
from xietong.protocols.hj212.content import read_content, read_time
from xietong.protocols.hj212.frames import Frame
from xietong.readings import Entry, Reading

WAIT = timedelta(seconds=30)  # 10 s, three times: HJ 212-2017 table 1
FORGET = timedelta(minutes=10)
CLOSE = timedelta(seconds=2)
MOST_MESSAGES = 10_000
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


@dataclass
class _Message:
    first: int
    newest: datetime
    data_time: datetime | None = None
    parts: dict[int, list[_Part]] = field(default_factory=dict)
    qns: set[datetime] = field(default_factory=set)
    firsts: set[datetime] = field(default_factory=set)
    given: set[Hashable] = field(default_factory=set)
    is_open: bool = True


def is_part(frame: Frame) -> bool:
    """Whether a frame is one part of several."""
    return frame.ok and frame.pnum is not None and frame.pno is not None and 1 <= frame.pno <= frame.pnum > 1


class Parts:
    """The messages of one journal that are not forgotten yet."""

    def __init__(self) -> None:
        self._messages: dict[tuple[str, str, str, int], list[_Message]] = {}
        self._count = 0
        self._next: datetime | None = None

    @property
    def since(self) -> int | None:
        """The oldest entry that the state rests on; None where it rests on none."""
        firsts = [message.first for messages in self._messages.values() for message in messages]
        return min(firsts, default=None)

    def tick(self, at: datetime) -> Given | None:
        """Time has come to an entry received at this instant: give up waiting, and forget. Call it for every entry."""
        if self._next is None or at < self._next:
            return None
        found = Given([], [])
        for key, messages in list(self._messages.items()):
            for message in messages:
                if message.is_open and at >= message.newest + WAIT:
                    message.is_open = False
                    found.readings.extend(_new(message))
                    found.gaps.append(_gap(key, message))
            self._keep(key, [message for message in messages if at < message.newest + FORGET])
        self._plan()
        return found

    def add(self, frame: Frame, entry: Entry) -> Given:
        """Take one part (after `tick` of its entry); gives readings where the message is whole or was given before."""
        assert frame.pnum is not None
        assert frame.pno is not None
        key = (frame.mn, frame.st, frame.cn, frame.pnum)
        message = self._message(key, frame, entry)
        message.newest = max(message.newest, entry.received_at)
        due = entry.received_at + WAIT
        self._next = due if self._next is None else min(self._next, due)
        message.data_time = message.data_time or frame.data_time
        copies = message.parts.setdefault(frame.pno, [])
        if all(_content(part.frame) != _content(frame) for part in copies):
            copies.append(_Part(frame, entry))
        if message.is_open and len(message.parts) < frame.pnum:
            return Given([], [])
        message.is_open = False
        return Given(list(_new(message)), [])

    # ---- inside ----

    def _message(self, key: tuple[str, str, str, int], frame: Frame, entry: Entry) -> _Message:
        messages = self._messages.setdefault(key, [])
        qn = read_time(frame.qn)
        found = _same_time(messages, frame) or _close(messages, frame, qn)
        if found is None:
            found = _Message(entry.ordinal, entry.received_at, frame.data_time)
            messages.append(found)
            self._count += 1
            if self._count > MOST_MESSAGES:
                self._drop_oldest()
        first = _first_qn(frame, qn)
        if qn and first:
            found.qns.add(qn)
            found.firsts.add(first)
        return found

    def _drop_oldest(self) -> None:
        key, oldest = min(
            ((key, message) for key, messages in self._messages.items() for message in messages),
            key=lambda pair: pair[1].first,
        )
        self._keep(key, [message for message in self._messages[key] if message is not oldest])

    def _keep(self, key: tuple[str, str, str, int], messages: list[_Message]) -> None:
        self._count += len(messages) - len(self._messages[key])
        if messages:
            self._messages[key] = messages
        else:
            del self._messages[key]

    def _plan(self) -> None:
        due = [
            message.newest + (WAIT if message.is_open else FORGET)
            for messages in self._messages.values()
            for message in messages
        ]
        self._next = min(due, default=None)


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
    copies = message.parts.get(frame.pno or 0)
    return copies is None or _content(frame) in (_content(part.frame) for part in copies)


def _first_qn(frame: Frame, qn: datetime | None) -> datetime | None:
    return qn - timedelta(milliseconds=(frame.pno or 1) - 1) if qn else None


def _content(frame: Frame) -> bytes:
    return frame.plain.partition(b"CP=&&")[2].rstrip()[:-4]


def _gap(key: tuple[str, str, str, int], message: _Message) -> Gap:
    mn, _, cn, pnum = key
    missing = tuple(number for number in range(1, pnum + 1) if number not in message.parts)
    return Gap(mn, cn, message.data_time.isoformat() if message.data_time else "", pnum, missing)


def _new(message: _Message) -> Iterator[Reading]:
    """The readings of a message that it has not given yet."""
    for reading in _readings(message):
        key = (reading.address, reading.at, reading.value, reading.flag)
        if key not in message.given:
            message.given.add(key)
            yield reading


def _readings(message: _Message) -> Iterator[Reading]:
    """What the parts at hand say. A reading names the entry that holds it, the newest of a text cut inside an item."""
    pnum = next(iter(message.parts.values()))[0].frame.pnum or 0
    keeps_whole = any(number > 1 and parts[0].frame.data_time for number, parts in message.parts.items())
    for run in _runs(message.parts):
        parts = [message.parts[number][0] for number in run]
        texts = [_text(part.frame) for part in parts]
        if any(_cuts_an_item(one, two) for one, two in pairwise(texts)):
            texts, parts = [_joined(texts)], [max(parts, key=lambda part: part.entry.ordinal)]
        if run[0] > 1:
            texts[0] = _without_loose_beginning(texts[0])
        if run[-1] < pnum and not keeps_whole:
            texts[-1] = _without_loose_end(texts[-1])
        yield from _said(message, parts, texts)
    for number, versions in message.parts.items():
        for again in versions[1:]:
            text = _text(again.frame) if number == 1 else _without_loose_beginning(_text(again.frame))
            text = text if number == pnum or keeps_whole else _without_loose_end(text)
            yield from _said(message, [again], [text])


def _without_loose_beginning(text: str) -> str:
    """Without a first item whose beginning may stand in the part before, which is not at hand."""
    return text if text.startswith("DataTime=") else text.partition(";")[2]


def _without_loose_end(text: str) -> str:
    """Without a last item whose end may stand in the part behind, which is not at hand."""
    return text if _FINISHED.search(text) else text.rpartition(";")[0]


def _said(message: _Message, parts: list[_Part], texts: list[str]) -> Iterator[Reading]:
    for part, text in zip(parts, texts, strict=True):
        said = read_content(text)
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
    content = _content(frame).removesuffix(b"&&")
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
