"""The envelope of HJ 212: ## + four length digits + data segment + four CRC digits + CR LF.

Here a segment becomes a frame, and a TCP stream is cut into frames, refused frames and junk. What a frame says is
not looked at.
"""

import re
from typing import Literal, NamedTuple

from xietong.protocols.hj212.crc import crc16

HEAD, CRC = 6, 4
# The longest declarable frame is 10 + 9999 bytes; a frame that never ends is given up a little beyond it.
REFUSED_BYTES = 10_240
JUNK_BYTES = 4_096

PieceKind = Literal["hj212", "hj212-sealed", "hj212-refused", "junk"]
# An encrypted content (2025) is longer than its length digits say and its CRC is that of the plain text.
_SEALED = re.compile(rb"##[0-9]{4}[ -%\'-~]*CP=&&\{0x[^&\n]*&&[0-9A-Fa-f]{4}\s*$")


class Piece(NamedTuple):
    """One stretch of a stream: a whole frame whose length and CRC are right, an encrypted frame that only its key can
    check, a frame refused, or junk."""

    kind: PieceKind
    raw: bytes


class Envelope(NamedTuple):
    """A line taken out of its envelope; errors name what is wrong with it (header, length, crc)."""

    segment: bytes
    errors: tuple[str, ...]


def frame(segment: str | bytes) -> bytes:
    """Wrap a data segment of at most 9999 bytes; raises ValueError when it is longer."""
    data = segment.encode() if isinstance(segment, str) else segment
    if len(data) > 9999:
        raise ValueError(f"a data segment of {len(data)} bytes does not fit four length digits")
    return b"##%04d%b%04X\r\n" % (len(data), data, crc16(data))


def open_envelope(raw: bytes) -> Envelope:
    """Take the data segment out of one line; white space around the line is not part of it."""
    line = raw.strip()
    if not _starts_frame(line, 0):
        return Envelope(b"", ("header",))
    if len(line) < HEAD + CRC:
        return Envelope(b"", ("length",))
    segment = line[HEAD:-CRC]
    errors = []
    if int(line[2:HEAD]) != len(segment):
        errors.append("length")
    if not _crc_matches(segment, line[-CRC:]):
        errors.append("crc")
    return Envelope(segment, tuple(errors))


def _crc_matches(segment: bytes, digits: bytes) -> bool:
    # Compared as text: int() would also take "+1C8" or "1_C8".
    return b"%04X" % crc16(segment) == digits.upper()


def _starts_frame(data: bytes | bytearray, at: int) -> bool:
    return data[at : at + 2] == b"##" and data[at + 2 : at + HEAD].isdigit() and len(data) >= at + HEAD


def _find_start(data: bytes | bytearray, begin: int, end: int) -> int:
    """Where the next whole ##dddd begins in data[begin:end], or -1."""
    at = data.find(b"##", begin, end)
    while at >= 0 and not (at + HEAD <= end and _starts_frame(data, at)):
        at = data.find(b"##", at + 1, end)
    return at


class Splitter:
    """Cuts one device's TCP stream into pieces. The pieces depend on the bytes alone, never on how TCP cut them.

    A frame ends where its length says if the CRC is right there. Otherwise it is refused up to the next line end or
    the next ##dddd, so one bad frame never takes its neighbour with it. At most about 10 KiB are held.
    White space between frames is dropped; every other byte comes out in some piece.
    """

    def __init__(self) -> None:
        self._buffer = bytearray()

    @property
    def held(self) -> int:
        """How many bytes wait for the rest of their frame."""
        return len(self._buffer)

    def feed(self, chunk: bytes) -> list[Piece]:
        """Add what was received; returns the pieces that it completed, in order."""
        self._buffer += chunk
        return self._cut(final=False)

    def flush(self) -> list[Piece]:
        """Give up waiting (silence, or the connection ended): what is held comes out as it is."""
        return self._cut(final=True)

    def _cut(self, final: bool) -> list[Piece]:
        pieces = []
        while self._buffer:
            piece = self._frame(final) if _starts_frame(self._buffer, 0) else self._junk(final)
            if piece is None:
                break
            del self._buffer[: len(piece.raw)]
            if piece.kind != "junk" or piece.raw.strip():
                pieces.append(piece)
        return pieces

    def _take(self, kind: PieceKind, length: int) -> Piece:
        return Piece(kind, bytes(self._buffer[:length]))

    def _junk(self, final: bool) -> Piece | None:
        buffer = self._buffer
        start = _find_start(buffer, 0, len(buffer))
        if start < 0 and not final:
            # The last five bytes may be the beginning of ##dddd.
            sure = len(buffer) - (HEAD - 1)
            return self._take("junk", JUNK_BYTES) if sure >= JUNK_BYTES else None
        return self._take("junk", min(len(buffer) if start < 0 else start, JUNK_BYTES))

    def _frame(self, final: bool) -> Piece | None:
        buffer = self._buffer
        end = HEAD + int(buffer[2:HEAD]) + CRC
        broken = buffer.find(b"\n", HEAD, end) >= 0 or _find_start(buffer, HEAD, min(end, len(buffer))) >= 0
        if not broken and len(buffer) < end:
            return self._take("hj212-refused", len(buffer)) if final else None
        if broken or not _crc_matches(bytes(buffer[HEAD : end - CRC]), bytes(buffer[end - CRC : end])):
            return self._refused(final)
        tail = self._tail(end, final)
        return None if tail is None else self._take("hj212", end + tail)

    def _tail(self, end: int, final: bool) -> int | None:
        """How many bytes of CR LF, LF or nothing follow the CRC; None while that is not known yet."""
        following = bytes(self._buffer[end : end + 2])
        if following in (b"", b"\r"):
            return len(following) if final else None
        if following[:1] == b"\n":
            return 1
        return 2 if following == b"\r\n" else int(following[:1] == b"\r")

    def _refused(self, final: bool) -> Piece | None:
        buffer = self._buffer
        newline = buffer.find(b"\n", HEAD, REFUSED_BYTES)
        start = _find_start(buffer, HEAD, min(len(buffer), REFUSED_BYTES + HEAD))
        ends = [at for at in (newline + 1, start) if at > 0]
        if ends:
            sealed = _SEALED.match(buffer, 0, min(ends)) is not None
            return self._take("hj212-sealed" if sealed else "hj212-refused", min(ends))
        if final or len(buffer) >= REFUSED_BYTES + HEAD:
            return self._take("hj212-refused", min(len(buffer), REFUSED_BYTES))
        return None
