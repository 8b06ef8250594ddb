"""What in a frame is not as the standard wants it, by name; violations.csv says what each means and how it is treated.

Nothing is dropped here: a refused frame stays evidence, a tolerated one gives its readings.
"""

import re
from functools import cache
from typing import NamedTuple

from xietong.protocols.hj212.codes import find
from xietong.protocols.hj212.crc import crc16
from xietong.protocols.hj212.frames import Frame
from xietong.protocols.hj212.framing import CRC, HEAD
from xietong.protocols.hj212.tables import ANSWERS, SYSTEMS, command

LONGEST_CONTENT, LONGEST_SEGMENT = 950, 1024
# A CRC of another kind is a CRC: whoever sent it is a device that must be mended, not noise.
BY_ALGORITHM = frozenset({"modbus_crc", "modbus_swapped_crc", "swapped_crc", "span_crc", "other_crc"})
BY_BYTES = frozenset({"lower_case_crc", "over_long"})  # what raw_violations finds
_MN = re.compile(r"[0-9A-F]{24}")
_OWN_WORDS = re.compile(r"SB[0-9]{1,3}|L[A-Za-z0-9]{1,3}|L(?:eq|dn|Mx|Mn|A)")


def violations(frame: Frame) -> tuple[str, ...]:
    """The names of what is wrong with a frame, each once; a refused frame says only why it was refused."""
    if not frame.ok:
        return _refused(frame)
    found = [name for name in frame.errors if name != "encrypted"]
    found += raw_violations(frame.raw)
    found += _by_header(frame)
    if "DataTime" in frame.parameters:  # what can be read has become the frame's time
        found.append("data_time")
    if any(find(value.code) is None and not _OWN_WORDS.fullmatch(value.code) for value in frame.values):
        found.append("unknown_code")
    return tuple(dict.fromkeys(found))


def raw_violations(raw: bytes) -> tuple[str, ...]:
    """Those that the bytes of an accepted frame show without reading it: quick enough for every frame."""
    digits = raw.rstrip()[-CRC:]
    lower = ("lower_case_crc",) if digits != digits.upper() else ()
    if len(raw) <= LONGEST_CONTENT or b"CP=&&{0x" in raw:
        return lower
    segment = raw.rstrip()[HEAD:-CRC]
    content = segment.partition(b"CP=&&")[2]
    too_long = len(segment) > LONGEST_SEGMENT or len(content) - 2 > LONGEST_CONTENT
    return (*lower, "over_long") if too_long else lower


def _by_header(frame: Frame) -> list[str]:
    known = command(frame.cn, frame.edition)
    checks = (
        ("answer_st", frame.cn in ANSWERS and frame.st != "91"),
        ("unknown_cn", known is None),
        ("wrong_way", known is not None and known.direction == "down"),
        ("unknown_st", frame.st not in SYSTEMS),
        ("mn_form", frame.edition != "2005" and not _MN.fullmatch(frame.mn)),
    )
    return [name for name, is_so in checks if is_so]


def _refused(frame: Frame) -> tuple[str, ...]:
    if "encrypted" in frame.errors:
        return ("encrypted",)
    if "crc" in frame.errors:
        line = frame.raw.strip()
        mistaken = crc_mistake(line[HEAD:-CRC], line[:HEAD], line[-CRC:])
        if mistaken:
            return (mistaken,)
    reasons = tuple(name for name in ("length", "crc") if name in frame.errors)
    return reasons[:1] if reasons else ("no_header",)


def crc_mistake(segment: bytes, head: bytes, digits: bytes) -> str:
    """What a device did instead of appendix A to get the CRC that it sent; "" where nothing known gives it.

    Only to tell whoever mends the device: the frame is refused all the same. Of random digits one frame in about four
    thousand is named by chance.
    """
    try:
        sent = int(digits, 16)
    except ValueError:
        return ""
    swapped = swapped_of(sent)
    of_modbus, own = modbus(segment), crc16(segment)
    content = segment[segment.find(b"CP=") :]
    spans = (head + segment, head[2:] + segment, segment.removesuffix(b"&&"), content, segment + b"\r\n")
    tried = (
        ("modbus_crc", sent == of_modbus),
        ("modbus_swapped_crc", swapped == of_modbus),
        ("swapped_crc", swapped == own),
        ("span_crc", any(crc16(each) == sent for each in spans)),
        ("other_crc", any(other.of(segment) in (sent, swapped) for other in OTHERS)),
    )
    return next((name for name, is_so in tried if is_so), "")


def swapped_of(crc: int) -> int:
    """A CRC with its two bytes exchanged."""
    return (crc >> 8) | (crc & 0xFF) << 8


class Algorithm(NamedTuple):
    """A CRC-16 as catalogues describe it: polynomial (reflected where the register is), start, final XOR."""

    polynomial: int
    start: int
    final: int
    is_reflected: bool

    def of(self, data: bytes) -> int:
        """The CRC of some bytes."""
        register, table = self.start, _table(self)
        for byte in data:
            if self.is_reflected:
                register = (register >> 8) ^ table[(register ^ byte) & 0xFF]
            else:
                register = (register << 8 & 0xFFFF) ^ table[(register >> 8) ^ byte]
        return register ^ self.final


@cache
def _table(algorithm: Algorithm) -> tuple[int, ...]:
    """What each byte does to an empty register: refused frames come in floods, and bit by bit would be slow."""
    return tuple(_shifted(algorithm, byte if algorithm.is_reflected else byte << 8) for byte in range(256))


def _shifted(algorithm: Algorithm, register: int) -> int:
    for _ in range(8):
        if algorithm.is_reflected:
            register = (register >> 1) ^ (algorithm.polynomial if register & 1 else 0)
        else:
            register = (register << 1 ^ (algorithm.polynomial if register & 0x8000 else 0)) & 0xFFFF
    return register


# ARC, CCITT-FALSE, XMODEM, KERMIT, X-25, USB: what libraries offer under the name "CRC16".
OTHERS = (
    Algorithm(0xA001, 0, 0, is_reflected=True),
    Algorithm(0x1021, 0xFFFF, 0, is_reflected=False),
    Algorithm(0x1021, 0, 0, is_reflected=False),
    Algorithm(0x8408, 0, 0, is_reflected=True),
    Algorithm(0x8408, 0xFFFF, 0xFFFF, is_reflected=True),
    Algorithm(0xA001, 0xFFFF, 0xFFFF, is_reflected=True),
)
_MODBUS = Algorithm(0xA001, 0xFFFF, 0, is_reflected=True)


def modbus(data: bytes) -> int:
    """CRC-16/MODBUS, which some loggers compute instead of appendix A's; only to tell a device what it does wrong."""
    return _MODBUS.of(data)
