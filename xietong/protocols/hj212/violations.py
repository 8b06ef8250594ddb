"""What in a frame is not as the standard wants it, by name; violations.csv says what each means and how it is treated.

Nothing is dropped here: a refused frame stays evidence, a tolerated one gives its readings.
"""

import re

from xietong.protocols.hj212.codes import find
from xietong.protocols.hj212.frames import Frame
from xietong.protocols.hj212.framing import CRC, HEAD
from xietong.protocols.hj212.tables import ANSWERS, SYSTEMS, command

LONGEST_CONTENT, LONGEST_SEGMENT = 950, 1024
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
    if frame.errors == ("crc",) or "crc" in frame.errors:
        line = frame.raw.strip()
        if b"%04X" % modbus(line[HEAD:-CRC]) == line[-CRC:].upper():
            return ("modbus_crc",)
    reasons = tuple(name for name in ("length", "crc") if name in frame.errors)
    return reasons[:1] if reasons else ("no_header",)


def modbus(data: bytes) -> int:
    """CRC-16/MODBUS, which some loggers compute instead of appendix A's; only to tell a device what it does wrong."""
    register = 0xFFFF
    for byte in data:
        register ^= byte
        for _ in range(8):
            register = (register >> 1) ^ (0xA001 if register & 1 else 0)
    return register
