"""One frame decoded: Frame, decode and its JSON. Total: any bytes give a Frame, none raises."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from xietong.protocols.hj212.codes import MODERN
from xietong.protocols.hj212.content import Content, Value, read_content
from xietong.protocols.hj212.editions import Edition, edition_of
from xietong.protocols.hj212.framing import open_envelope
from xietong.protocols.hj212.header import Header, read_header

_NO_HEADER = Header("", "", "", "", "", None, None, None, False, ())
_NO_CONTENT = Content(None, (), {}, False)


@dataclass(frozen=True, slots=True)
class Frame:
    """What one frame says.

    ok: length and CRC are right, so the device did say this; errors: what is wrong (header, length, crc, encrypted:
    not ok) or malformed yet readable (flag, field, edition; header too when the CRC is right). A frame that is not
    ok states no values. Texts are "" where the frame says nothing; data_time is aware, +08:00.
    """

    raw: bytes
    ok: bool
    errors: tuple[str, ...]
    edition: Edition
    qn: str
    st: str
    cn: str
    pw: str
    mn: str
    flag: int | None
    pnum: int | None
    pno: int | None
    rf: bool
    data_time: datetime | None
    values: tuple[Value, ...]
    parameters: dict[str, str] = field(default_factory=dict)


def decode(raw: bytes) -> Frame:
    """Decode one frame, with or without its CR LF. Sources: HJ 212-2017 6.3 and appendices A to C; facts of 2025."""
    segment, errors = open_envelope(raw)
    header_text, mark, content_text = _text(segment).partition("CP=&&")
    header = read_header(header_text) if header_text else _NO_HEADER
    if content_text.startswith("{0x") and errors:
        # SM4 of 2025: length and CRC are the plain text's, so neither can be checked without the key.
        errors = ("encrypted",)
    ok = not errors
    content = read_content(content_text.removesuffix("&&")) if ok else _NO_CONTENT
    edition, stated = edition_of(header, (value.code for value in content.values), content.data_time)
    found = dict.fromkeys((*errors, *header.errors))
    if ok:
        _judge(found, content, bool(mark) and content_text.endswith("&&"), stated)
    return Frame(
        raw, ok, tuple(found), edition, header.qn, header.st, header.cn, header.pw, header.mn, header.flag,
        header.pnum, header.pno, header.rf, content.data_time, content.values, content.parameters,
    )  # fmt: skip


def _judge(found: dict[str, None], content: Content, enclosed: bool, edition_fits: bool) -> None:
    if content.malformed or not enclosed:
        found["field"] = None
    if not edition_fits:
        found["edition"] = None


def _text(segment: bytes) -> str:
    """UTF-8 as the standard says; GB 18030 is what older loggers send."""
    try:
        return segment.decode()
    except UnicodeDecodeError:
        return segment.decode("gb18030", errors="replace")


def as_json(frame: Frame) -> dict[str, object]:
    """The frame as `hj212 decode` prints it. The password is left out."""
    return {
        "ok": frame.ok,
        "errors": list(frame.errors),
        "edition": frame.edition,
        "qn": frame.qn or None,
        "st": frame.st or None,
        "cn": frame.cn or None,
        "mn": frame.mn or None,
        "flag": frame.flag,
        "pnum": frame.pnum,
        "pno": frame.pno,
        "rf": frame.rf,
        "data_time": frame.data_time.isoformat() if frame.data_time else None,
        "values": [_json_row(value) for value in frame.values],
        "parameters": frame.parameters,
    }


def _json_row(value: Value) -> dict[str, object]:
    """Code as sent; code_2017 beside it where it is a code of 2005."""
    row: dict[str, object] = {"code": value.code, "field": value.field, "value": _json_value(value.value)}
    row["flag"] = value.flag or None
    return row | {"code_2017": MODERN[value.code]} if value.code in MODERN else row


def _json_value(value: Decimal | str | None) -> float | int | str | None:
    """A JSON number where a reader gets back the same digits, else the digits as text."""
    if not isinstance(value, Decimal):
        return value
    number = float(value)
    return number if Decimal(repr(number)) == value else str(value)
