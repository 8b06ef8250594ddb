"""Histories of HJ 212 traffic: messages of devices, and what a network and careless loggers make of them.

A history permutes, repeats, delays, splits (PNUM, PNO) and cuts; what it says is the same as in order and once.
"""

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from xietong.protocols.hj212 import ColumnReader, Piece, Splitter
from xietong.protocols.hj212.building import Part, Speaker, build, number, split, stamp
from xietong.protocols.hj212.parts import Parts
from xietong.readings import Entry, EntryKind
from xietong.settle.taking import take

BEGIN = datetime(2026, 3, 14, tzinfo=UTC)
CODES = ("a21026", "a21002", "a34013", "a00000", "a19001", "w01018", "zz9")
Said = set[tuple[str, datetime, str, str]]


@dataclass(frozen=True)
class Message:
    """One period of one device, as its logger would like to send it."""

    speaker: Speaker
    cn: str
    at: datetime
    items: tuple[str, ...]

    def whole(self) -> bytes:
        """In one frame."""
        content = ";".join([f"DataTime={stamp(self.at)}", *self.items])
        return build(self.speaker, self.cn, number(self.at + timedelta(hours=1)), content)

    def frames(self, dice: random.Random) -> list[bytes]:
        """In one frame or in parts: each with its DataTime, or without, or cut anywhere, even inside a number."""
        style = dice.choice(["whole", "whole", "annex", "bare", "cut"])
        if style == "whole":
            return [self.whole()]
        contents = split(stamp(self.at), self.items, dice.randrange(60, 120))
        if style == "bare":
            contents = [contents[0], *(each.partition(";")[2] for each in contents[1:])]
        if style == "cut":
            contents = _cut(";".join([f"DataTime={stamp(self.at)}", *self.items]), dice)
        counts_up = dice.random() < 0.5 if style != "annex" else dice.random() < 0.8
        qns = [self.at + timedelta(hours=1, milliseconds=place * counts_up) for place in range(len(contents))]
        if len(contents) == 1:
            return [self.whole()]
        return [
            build(self.speaker, self.cn, number(qn), content, part=Part(len(contents), place), asks=dice.random() < 0.9)
            for place, (qn, content) in enumerate(zip(qns, contents, strict=True), start=1)
        ]


def _cut(text: str, dice: random.Random) -> list[str]:
    places = sorted({dice.randrange(30, len(text)) for _ in range(dice.randrange(1, 4))})
    return [text[one:two] for one, two in zip([0, *places], [*places, len(text)], strict=True)]


def messages(dice: random.Random) -> list[Message]:
    """Some hours and minutes of a few devices; every value differs from every other."""
    found, value = [], dice.randrange(1000)
    for device in range(dice.randrange(1, 4)):
        speaker = Speaker(f"010000A8900016F0000000{device:02d}", st=dice.choice(["31", "32"]))
        for period in range(dice.randrange(1, 5)):
            items = []
            for code in dice.sample(CODES, dice.randrange(1, len(CODES) + 1)):
                value += 1
                flag = dice.choice("NNNDMT")
                items.append(f"{code}-Avg={value}.{dice.randrange(100):02d},{code}-Flag={flag}")
            found.append(Message(speaker, "2061", BEGIN + timedelta(hours=period), tuple(items)))
    return found


def mangled(sent: Iterable[Message], dice: random.Random) -> Iterator[tuple[float, bytes]]:
    """(Seconds, frame): each frame one to five times, each copy delayed by up to four minutes on its own."""
    for message in sent:
        begun = dice.uniform(0, 400)
        for frame in message.frames(dice):
            for _ in range(dice.choice([1, 1, 1, 2, 3, 5])):
                yield begun + dice.choice([0.0, dice.uniform(0, 3), dice.uniform(0, 240)]), frame


def through_tcp(frames: Iterable[tuple[float, bytes]], dice: random.Random) -> list[tuple[float, Piece]]:
    """The frames in the order of their time on two connections, cut and merged by TCP as it likes."""
    lines = [(Splitter(), bytearray()) for _ in range(2)]
    found: list[tuple[float, Piece]] = []
    now = 0.0
    for now, frame in sorted(frames):
        splitter, waiting = dice.choice(lines)
        waiting += frame
        for _ in range(dice.randrange(3)):
            taken = dice.randrange(len(waiting) + 1)
            found += [(now, piece) for piece in splitter.feed(bytes(waiting[:taken]))]
            del waiting[:taken]
    for splitter, waiting in lines:
        found += [(now, piece) for piece in [*splitter.feed(bytes(waiting)), *splitter.flush()]]
    return found


def entries(pieces: Iterable[tuple[float, Piece]]) -> list[Entry]:
    """As they would lie in a journal, with a note at the end as the listener writes it after parts."""
    found: list[Entry] = []
    last = 0.0
    for last, piece in pieces:
        kind: EntryKind = "hj212" if piece.kind == "hj212" else "junk"
        found.append(_entry(len(found) + 1, kind, last, piece.raw))
    return [*found, _entry(len(found) + 1, "note", last + 31, b"{}")]


def _entry(ordinal: int, kind: EntryKind, seconds: float, payload: bytes) -> Entry:
    return Entry("intake-0", ordinal, kind, BEGIN + timedelta(days=1, seconds=seconds), "tcp:t:1", payload, b"")


def said(history: Iterable[Entry], parts: Parts | None = None) -> Said:
    """What the pure step of settle makes of entries: each reading once."""
    found: Said = set()
    parts, reader = parts or Parts(), ColumnReader()
    for entry in history:
        taken = take(entry, parts, reader, lambda _: ())
        if taken.columns is not None:
            each = taken.columns
            found |= {
                (address, each.at, str(float(value)), flag)
                for address, value, flag in zip(each.addresses, each.values, each.flags, strict=True)
            }
        found |= {(each.address, each.at, str(float(each.value)), each.flag) for each in taken.readings}
    return found
