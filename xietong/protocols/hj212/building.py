"""Frames that are sent: any command of the tables, requests for what a device keeps, and messages in parts.

Whether a command may be sent at all is decided above (xietong.intake); here it is only written down.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from xietong.protocols.hj212.content import CHINA
from xietong.protocols.hj212.editions import Edition
from xietong.protocols.hj212.framing import frame
from xietong.protocols.hj212.header import ANSWER, SPLIT

LONGEST_CONTENT = 950
_VERSION_BITS: Mapping[Edition, int] = {"2005": 0, "2017": 4, "2025": 8}


class Speaker(NamedTuple):
    """Who a frame is about, as the device writes it of itself."""

    mn: str
    pw: str = "123456"
    st: str = "32"
    edition: Edition = "2017"


class Part(NamedTuple):
    """Which part of how many: PNUM and PNO."""

    pnum: int
    pno: int


def stamp(at: datetime) -> str:
    """yyyyMMddHHmmss in China Standard Time, as DataTime, BeginTime and EndTime are written."""
    return at.astimezone(CHINA).strftime("%Y%m%d%H%M%S")


def number(at: datetime) -> str:
    """A QN: the instant with its milliseconds."""
    return f"{stamp(at)}{at.microsecond // 1000:03d}"


def build(speaker: Speaker, cn: str, qn: str, content: str, *, asks: bool = True, part: Part | None = None) -> bytes:
    """One frame of any command; asks: it wants an answer (bit A). Raises ValueError beyond 9999 bytes."""
    flag = _VERSION_BITS[speaker.edition] | (ANSWER if asks else 0) | (SPLIT if part else 0)
    parts = f"PNUM={part.pnum};PNO={part.pno};" if part else ""
    st = "91" if cn in ("9011", "9012", "9013", "9014") else speaker.st
    head = f"QN={qn};ST={st};CN={cn};PW={speaker.pw};MN={speaker.mn};Flag={flag};{parts}"
    return frame(f"{head}CP=&&{content}&&")


def parameters(given: Mapping[str, str]) -> str:
    """The content that states parameters: KEY=VALUE joined by semicolons."""
    return ";".join(f"{key}={value}" for key, value in given.items())


def asking(begin: datetime, end: datetime, factor: str = "") -> str:
    """The content of a request for history, both instants included; factor: one PolId only (annex C.20 to C.23)."""
    span = {"BeginTime": stamp(begin), "EndTime": stamp(end)}
    return parameters(({"PolId": factor} if factor else {}) | span)


def split(data_time: str, items: Sequence[str], limit: int = LONGEST_CONTENT) -> list[str]:
    """The contents of a message's parts, each with its DataTime and whole items, none longer than the limit."""
    head = f"DataTime={data_time}"
    contents = [head]
    for item in items:
        if len(contents[-1]) + 1 + len(item.encode()) > limit and contents[-1] != head:
            contents.append(head)
        contents[-1] += f";{item}"
    return contents


def message(
    speaker: Speaker, cn: str, qns: Iterable[str], contents: Sequence[str], *, asks: bool = True
) -> list[bytes]:
    """The frames of a message, one for each content, with PNUM and PNO where there are several; a QN for each."""
    several = len(contents) > 1
    return [
        build(speaker, cn, qn, content, asks=asks, part=Part(len(contents), number) if several else None)
        for number, (qn, content) in enumerate(zip(qns, contents, strict=False), start=1)
    ]
