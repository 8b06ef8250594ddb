"""What the platform answers to a frame: 9014 to data, 9013 to a notice. When to send it is intake's business."""

import re
from typing import NamedTuple

from xietong.protocols.hj212.frames import Frame, decode
from xietong.protocols.hj212.framing import frame as framed
from xietong.protocols.hj212.header import ANSWER, SPLIT

_NOTICES = frozenset({"1013", "9015"})  # a device asks for the time, or says that it lives
# The header as the standard writes it; whatever differs takes the long way through decode.
_PLAIN = re.compile(
    rb"##[0-9]{4}(QN=[0-9]{17};)ST=[0-9]{2};CN=([0-9]{4});(PW=[^;,&]*;MN=[!-%'-+\--:<-~]{1,64};)Flag=([0-9]{1,2});"
)


def wants_answer(frame: Frame | bytes) -> bool:
    """Whether the Flag asks for an answer (bit A). An answer itself (9011 … 9014) is never answered."""
    if isinstance(frame, bytes):
        plain = _PLAIN.match(frame)
        if plain is None:
            return wants_answer(decode(frame))
        return bool(int(plain[4]) & ANSWER) and _answerable(plain[2].decode())
    return bool((frame.flag or 0) & ANSWER) and _answerable(frame.cn)


def answer(frame: Frame, cn: str = "") -> bytes:
    """The answering frame: the same QN, PW and MN, ST=91, Flag of the frame's edition without bit A.

    cn: 9013 for notices and 9014 for data unless given. Source: HJ 212-2017 annex C.
    """
    quoted = f"QN={frame.qn};" if frame.qn else ""
    return _build(quoted.encode(), f"PW={frame.pw};MN={frame.mn};".encode(), frame.flag or 0, cn or _command(frame.cn))


class Glance(NamedTuple):
    """What intake must know of an accepted frame: the answer it asks for, who speaks (PW and MN as written), its
    command, and whether it is one part of several."""

    answer: bytes | None
    who: bytes
    cn: str
    is_part: bool


def glance(raw: bytes) -> Glance:
    """Look at an accepted frame just enough; one written otherwise than the standard does takes the long way."""
    plain = _PLAIN.match(raw)
    if plain is None:
        frame = decode(raw)
        given = answer(frame) if wants_answer(frame) else None
        who = f"PW={frame.pw};MN={frame.mn};".encode()
        return Glance(given, who, frame.cn, frame.pnum is not None)
    flag, command = int(plain[4]), plain[2].decode()
    is_part = bool(flag & SPLIT) or raw.startswith((b"PNUM=", b"PNO="), plain.end())
    if not flag & ANSWER or not _answerable(command):
        return Glance(None, plain[3], command, is_part)
    return Glance(_build(plain[1], plain[3], flag, _command(command)), plain[3], command, is_part)


def reply(raw: bytes) -> bytes | None:
    """The answer that an accepted frame asks for, or None: the quick way of wants_answer and answer together."""
    return glance(raw).answer


def _build(quoted: bytes, who: bytes, flag: int, command: str) -> bytes:
    return framed(b"%bST=91;CN=%b;%bFlag=%d;CP=&&&&" % (quoted, command.encode(), who, flag & ~0b11))


def _answerable(command: str) -> bool:
    return not command.startswith("9") or command == "9015"


def _command(command: str) -> str:
    return "9013" if command in _NOTICES else "9014"
