"""One frame decoded: Frame and decode. Total: any bytes give a Frame, none raises."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from xietong.protocols.hj212.content import Content, Value, read_content
from xietong.protocols.hj212.editions import Edition, edition_of
from xietong.protocols.hj212.framing import open_envelope
from xietong.protocols.hj212.header import Header, read_header
from xietong.protocols.hj212.sealing import is_sealed, unseal

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
    opened: bytes = b""

    @property
    def plain(self) -> bytes:
        """The frame with its content in plain words: the bytes themselves unless the content was encrypted."""
        return self.opened or self.raw


def decode(raw: bytes, keys: Iterable[bytes] = ()) -> Frame:
    """Decode one frame, with or without its CR LF; keys: of SM4, tried in turn on an encrypted content.

    Sources: HJ 212-2017 6.3 and appendices A to C; facts of 2025.
    """
    if is_sealed(raw):
        return _decode_sealed(raw, keys)
    return _decode_plain(raw, *open_envelope(raw))


def _decode_sealed(raw: bytes, keys: Iterable[bytes]) -> Frame:
    """Without a key that fits, neither length nor CRC can be checked."""
    opened = unseal(raw, keys)
    if opened is None:
        return _decode_plain(raw, open_envelope(raw).segment, ("encrypted",))
    return replace(_decode_plain(opened.frame, *open_envelope(opened.frame)), raw=raw, opened=opened.frame)


def _decode_plain(raw: bytes, segment: bytes, errors: tuple[str, ...]) -> Frame:
    header_text, mark, content_text = _text(segment).partition("CP=&&")
    header = read_header(header_text) if header_text else _NO_HEADER
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
