"""SM4 of HJ 212-2025 (6.4.2, appendix A.2): the content alone is encrypted, ECB, no padding.

Whole blocks of 16 bytes are written {0xE4,0x3E,…}, the rest (less than a block) stays plain behind them. The CRC is
that of the plain segment and the length digits may be the plain ones, so only the key shows whether a frame is whole.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from xietong.protocols.hj212.crc import crc16

BLOCK = 16
_OPENING = b"CP=&&{0x"
_SEALED = re.compile(
    rb"(##[0-9]{4})(.*?CP=&&)\{(0x[0-9A-Fa-f]{2}(?:,0x[0-9A-Fa-f]{2})*)\}(.{0,15})&&([0-9A-Fa-f]{4})\s*", re.DOTALL
)
_PRINTED = re.compile(rb"[ -~]+")


class Opened(NamedTuple):
    """A sealed frame with its content in plain words, in an envelope whose length digits are the plain segment's."""

    frame: bytes
    key: bytes


@lru_cache(maxsize=1024)
def _cipher(key: bytes) -> "Cipher[modes.ECB]":
    return Cipher(algorithms.SM4(key), modes.ECB())


def read_key(text: str) -> bytes | None:
    """A key as people write it, 16 characters or 32 hexadecimal digits; None where it is neither."""
    if len(text) == BLOCK and text.isascii():
        return text.encode()
    try:
        key = bytes.fromhex(text)
    except ValueError:
        return None
    return key if len(key) == BLOCK else None


def is_sealed(raw: bytes | bytearray) -> bool:
    """Whether the content looks encrypted."""
    return _OPENING in raw


def wants_seal(cn: str) -> bool:
    """Whether the standard has the content of a command encrypted: 2000 to 2999, 1014 and 3020 (HJ 212-2025)."""
    return cn.startswith("2") or cn in ("1014", "3020")


def seal(segment: bytes, key: bytes) -> bytes:
    """A frame with its content encrypted; its length digits are the plain segment's, as the standard prints them.

    Raises ValueError where the segment has no content between CP=&& and &&.
    """
    head, mark, content = segment.partition(b"CP=&&")
    if not mark or not content.endswith(b"&&"):
        raise ValueError("a data segment without CP=&&…&& cannot be encrypted")
    plain = content[:-2]
    whole = len(plain) - len(plain) % BLOCK
    if not whole:
        return b"##%04d%b%04X\r\n" % (len(segment), segment, crc16(segment))
    encryptor = _cipher(key).encryptor()
    blocks = encryptor.update(plain[:whole]) + encryptor.finalize()
    written = b"{" + b",".join(b"0x%02X" % byte for byte in blocks) + b"}" + plain[whole:]
    return b"##%04d%b%b%b&&%04X\r\n" % (len(segment), head, mark, written, crc16(segment))


def unseal(raw: bytes, keys: Iterable[bytes]) -> Opened | None:
    """Open a sealed frame with the first key whose plain segment has the frame's CRC; None where none fits."""
    found = _SEALED.fullmatch(raw.strip() + b"\r\n")
    if found is None:
        return None
    _, head, written, tail, crc = found.groups()
    # Some loggers compute the CRC of what they send, the cipher: then it says nothing of the key, but the text does.
    over_cipher = b"%04X" % crc16(raw.strip()[6:-4]) == crc.upper()
    blocks = bytes(int(each, 16) for each in written.split(b","))
    if len(blocks) % BLOCK:
        return None
    for key in keys:
        decryptor = _cipher(key).decryptor()
        plain = decryptor.update(blocks) + decryptor.finalize()
        segment = head + plain + tail + b"&&"
        if b"%04X" % crc16(segment) == crc.upper() or (over_cipher and _PRINTED.fullmatch(plain)):
            crc = b"%04X" % crc16(segment)
            return Opened(b"##%04d%b%b\r\n" % (len(segment) % 10_000, segment, crc), key)
    return None
