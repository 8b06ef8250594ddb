"""One frame decoded: Frame and decode. Total: any bytes give a Frame, none raises."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import NamedTuple

from xietong.protocols.hj212.content import Content, Value, read_content
from xietong.protocols.hj212.editions import Edition, edition_of
from xietong.protocols.hj212.framing import open_envelope
from xietong.protocols.hj212.header import FIELDS, Header, read_header
from xietong.protocols.hj212.sealing import is_sealed, unseal

_NO_HEADER = Header("", "", cn="", pw="", mn="", flag=None, pnum=None, pno=None, rf=False, errors=())
_NO_CONTENT = Content(None, (), {}, ())
_LOOSE = re.compile(r"\bCP\s*=\s*&*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Frame:
    """What one frame says.

    ok: length and CRC are right, so the device did say this; errors: what is wrong (header, length, crc, encrypted:
    not ok) or malformed yet readable (flag, field, edition, behind_end, letter_case; header too when the CRC is right).
    A frame that is not ok states no values. Texts are "" where the frame says nothing; data_time is aware, +08:00.
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
    opened = _taken_apart(_text(segment))
    ok = not errors
    content = read_content(opened.content) if ok else _NO_CONTENT
    moved = _moved(opened.header, content.parameters) if content.parameters else ""
    header_text = opened.header + moved
    header = read_header(header_text) if header_text else _NO_HEADER
    edition, stated = edition_of(header, (value.code for value in content.values), content.data_time)
    found = dict.fromkeys((*errors, *(("header",) if moved else ()), *header.errors))
    if ok:
        found |= dict.fromkeys((*opened.names, *content.names, *(() if stated else ("edition",))))
    return Frame(
        raw, ok, errors=tuple(found), edition=edition,
        qn=header.qn, st=header.st, cn=header.cn, pw=header.pw, mn=header.mn, flag=header.flag,
        pnum=header.pnum, pno=header.pno, rf=header.rf,
        data_time=content.data_time, values=content.values, parameters=content.parameters,
    )  # fmt: skip


class _Opened(NamedTuple):
    header: str
    content: str
    names: tuple[str, ...]


def _taken_apart(text: str) -> _Opened:
    """Header and content of a segment. What stands behind the closing && is read like the content, and named: some
    loggers put a header field or a semicolon there; no mark and no value may swallow the && itself."""
    header, mark, rest = text.partition("CP=&&")
    if not mark:
        loose = _LOOSE.search(text)
        header, rest = (text[: loose.start()], text[loose.end() :]) if loose else (text, "")
    content, closing, behind = rest.partition("&&")
    if not behind:
        content = content if closing else content.rstrip("& \t\r")
        return _Opened(header, content, () if mark and closing else ("field",))
    names = ("behind_end",) if mark else ("field", "behind_end")
    return _Opened(header, f"{content};{behind.replace('&&', ';').strip('&')}", names)


def _moved(header: str, parameters: dict[str, str]) -> str:
    """Header fields that the header lacks and that stand in the content or behind it, taken out of there."""
    lacking = [name for name in FIELDS if name in parameters and not _has(header, name)]
    parts = [f"{name}={parameters.pop(name)};" for name in lacking]
    return ("" if not parts or not header or header.endswith(";") else ";") + "".join(parts)


def _has(header: str, name: str) -> bool:
    return re.search(rf"(?:^|[;,\s]){name}\s*=", header, re.IGNORECASE) is not None


def _text(segment: bytes) -> str:
    """UTF-8 as the standard says; GB 18030 is what older loggers send."""
    try:
        return segment.decode()
    except UnicodeDecodeError:
        return segment.decode("gb18030", errors="replace")
