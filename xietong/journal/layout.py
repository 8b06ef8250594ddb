"""The bytes of a segment: its header, its entries, and how whole ones are told from torn or damaged ones.

    segment  magic 8 | first ordinal u64 | mark 8 | journal name 32 (length, ASCII, zeros) | SHA-256 of these, first 8
    entry    mark 8 | CRC-32 of the next 24 | version u8, kind u8, origin length u16, payload length u32,
             ordinal u64, received µs i64 | origin | SHA-256 of payload | SHA-256 of the leaf | payload

All integers are big-endian. The leaf is journal name ‖ the 24 bytes ‖ origin ‖ SHA-256 of payload: it covers header
and payload hash, so a payload can be withdrawn and the leaf still stands. The mark is random for each segment:
a device that does not know it cannot plant an entry inside its payload that a search after damage would take for true.
No file is opened here.
"""

import hashlib
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, get_args

from xietong.readings import Entry, EntryKind

MAGIC = b"XTJRNL1\n"
SEGMENT_HEADER = 64
PRELUDE = 36  # bytes of an entry before its origin
HASHES = 64
MAX_ORIGIN = 1024
MAX_PAYLOAD = 16 * 1024 * 1024
LONGEST_ENTRY = PRELUDE + MAX_ORIGIN + HASHES + MAX_PAYLOAD
MAX_NAME = 31

KINDS: tuple[EntryKind, ...] = get_args(EntryKind)
VERSION = 1
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_SEGMENT = struct.Struct(">8sQ8s32s")
_PRELUDE = struct.Struct(">8sIBBHIQq")
_HEADER = struct.Struct(">BBHIQq")
_FIRST_US = (datetime(1, 1, 1, tzinfo=UTC) - EPOCH) // _MICROSECOND
_LAST_US = (datetime(9999, 12, 31, tzinfo=UTC) - EPOCH) // _MICROSECOND


@dataclass(frozen=True, slots=True)
class Segment:
    """What a segment's header says: whose it is, its first ordinal, and the mark before each of its entries."""

    journal: str
    first: int
    mark: bytes

    def encode(self) -> bytes:
        """The 64 bytes at the start of the file."""
        name = self.journal.encode("ascii")
        body = _SEGMENT.pack(MAGIC, self.first, self.mark, bytes([len(name)]) + name)
        return body + hashlib.sha256(body).digest()[:8]


def segment_name(first: int) -> str:
    """The file name of the segment that begins with this ordinal."""
    return f"{first:020d}.seg"


def decode_segment(head: bytes) -> Segment | None:
    """The header of a segment, or None where the 64 bytes are not all there or not what was written."""
    if len(head) < SEGMENT_HEADER or hashlib.sha256(head[:56]).digest()[:8] != head[56:SEGMENT_HEADER]:
        return None
    magic, first, mark, name = _SEGMENT.unpack_from(head)
    if magic != MAGIC:
        return None
    return Segment(name[1 : 1 + name[0]].decode("ascii"), first, mark)


def encode_entry(segment_mark: bytes, header: bytes, body: bytes) -> bytes:
    """The bytes of one entry from `entry_parts`, marked for the segment that it goes to."""
    return segment_mark + zlib.crc32(header).to_bytes(4, "big") + header + body


def entry_parts(
    journal: str, ordinal: int, kind: EntryKind, origin: str, payload: bytes, at: datetime
) -> tuple[bytes, bytes]:
    """Header (24 bytes) and body of one entry; at must be aware. Raises ValueError where something cannot be kept."""
    sender = origin.encode("utf-8")
    if len(sender) > MAX_ORIGIN or len(payload) > MAX_PAYLOAD:
        raise ValueError(f"an entry holds at most {MAX_PAYLOAD} bytes and an origin of {MAX_ORIGIN}")
    if at.tzinfo is None:
        raise ValueError("an entry's receipt time must carry its time zone")
    lengths = len(sender), len(payload)
    header = _HEADER.pack(VERSION, KINDS.index(kind), *lengths, ordinal, (at - EPOCH) // _MICROSECOND)
    payload_hash = hashlib.sha256(payload).digest()
    leaf = hashlib.sha256(b"".join((journal.encode("ascii"), header, sender, payload_hash))).digest()
    return header, b"".join((sender, payload_hash, leaf, payload))


def print_of(entry: Entry) -> int:
    """What an entry is known by in a Mark: the first 63 bits of its leaf."""
    _, body = entry_parts(
        entry.journal, entry.ordinal, kind=entry.kind, origin=entry.origin, payload=entry.payload, at=entry.received_at
    )
    at = len(entry.origin.encode("utf-8")) + 32
    return int.from_bytes(body[at : at + 8], "big") >> 1


class Scan(NamedTuple):
    """What a run of bytes held: whole entries, how many bytes they took, and why it stopped.

    damage is "" where the bytes simply ended (at, or inside, an entry), else what is wrong at `used`.
    """

    entries: list[Entry]
    used: int
    damage: str


def scan(data: bytes, segment: Segment, expected: int, limit: int | None = None) -> Scan:
    """Read whole entries from the start of data, which must begin where an entry begins.

    expected is the ordinal of the first; every hash is verified; nothing is returned from a damaged entry on.
    """
    entries: list[Entry] = []
    at, end, sha256 = 0, len(data), hashlib.sha256
    mark, name = segment.mark, segment.journal.encode("ascii")
    while end - at >= PRELUDE and (limit is None or len(entries) < limit):
        found, crc, version, kind, origin_length, payload_length, ordinal, received = _PRELUDE.unpack_from(data, at)
        origin_at = at + PRELUDE
        header = data[at + 12 : origin_at]
        if found != mark or zlib.crc32(header) != crc:
            return Scan(entries, at, "no entry begins here")
        hash_at = origin_at + origin_length
        payload_at = hash_at + HASHES
        stop = payload_at + payload_length
        if stop > end:
            break
        payload, payload_hash = data[payload_at:stop], data[hash_at : hash_at + 32]
        leaf = sha256(name + header + data[origin_at:hash_at] + payload_hash).digest()
        if leaf != data[hash_at + 32 : payload_at]:
            return Scan(entries, at, "the entry's header does not match its hash")
        if sha256(payload).digest() != payload_hash:
            return Scan(entries, at, "the entry's payload does not match its hash")
        if ordinal != expected:
            return Scan(entries, at, f"entry {ordinal} stands where entry {expected} should")
        if version != VERSION or kind >= len(KINDS) or not _FIRST_US <= received <= _LAST_US:
            return Scan(entries, at, f"the entry was written by a newer version ({version}.{kind})")
        at_utc = EPOCH + timedelta(microseconds=received)
        origin = data[origin_at:hash_at].decode("utf-8")
        entries.append(
            Entry(
                segment.journal,
                ordinal,
                kind=KINDS[kind],
                received_at=at_utc,
                origin=origin,
                payload=payload,
                payload_sha256=payload_hash,
            )
        )
        at, expected = stop, expected + 1
    return Scan(entries, at, "")


class Head(NamedTuple):
    """An entry's place without its payload: ordinal and the offsets where it begins and ends."""

    ordinal: int
    start: int
    stop: int


def head(data: bytes, at: int, mark: bytes) -> Head | None:
    """The entry that begins at this offset, by its checked header alone; None where none begins there."""
    if len(data) - at < PRELUDE:
        return None
    found, crc, _, _, origin_length, payload_length, ordinal, _ = _PRELUDE.unpack_from(data, at)
    if found != mark or zlib.crc32(data[at + 12 : at + PRELUDE]) != crc:
        return None
    return Head(ordinal, at, at + PRELUDE + origin_length + HASHES + payload_length)


def next_head(data: bytes, at: int, mark: bytes, accept: Callable[[Head], bool]) -> Head | None:
    """The first entry that begins at or after this offset and is accepted, found by the segment's mark."""
    at = data.find(mark, at)
    while at >= 0:
        candidate = head(data, at, mark)
        if candidate is not None and accept(candidate):
            return candidate
        at = data.find(mark, at + 1)
    return None
