"""Any bytes as a device's stream through the whole door: splitter, caller, exchange, entry, pure step of settle.

Beyond "nothing raises": no byte is lost, pieces do not depend on how TCP cut the stream, a frame whose CRC is right is
never refused for it, and what a frame says is the same read quickly or exactly, built anew or sealed.
"""

import json
import random
import zlib
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from xietong.intake.devices import DeviceBook, Rule
from xietong.intake.hj212.callers import Caller
from xietong.protocols.hj212 import ColumnReader, Frame, Piece, Splitter, answer, as_json, decode, frame, glance
from xietong.protocols.hj212.building import Part, Speaker, asking, build, number
from xietong.protocols.hj212.columns import Columns, columns_of
from xietong.protocols.hj212.framing import REFUSED_BYTES, open_envelope
from xietong.protocols.hj212.parts import Parts
from xietong.protocols.hj212.peer import Exchange, Patience, Request
from xietong.protocols.hj212.sealing import is_sealed, seal
from xietong.protocols.hj212.tables import COMMANDS
from xietong.readings import Entry, EntryKind
from xietong.settle.batch import Batch
from xietong.settle.taking import take

MN, KEY = "010000A8900016F000169DC0", bytes([0x30] * 16)
BOOK = DeviceBook(devices={MN: Rule(sm4_keys=(KEY,)), "LOCKED": Rule(password="1")})
BEGIN = datetime(2026, 3, 14, tzinfo=UTC)
LONGEST_CHUNK = 400
WORDS = (
    *(b"##", b"##0100", b"CP=&&", b"&&", b"QN=", b"PNUM=2;PNO="),
    *(b"{0x", b"},", b"Flag=7;", b"\r\n", b"\xff", b"-Avg="),
    *(b"DataTime=20260314080000", b"MN=", b";", b",", b"="),
    *(b"9" * 40, b"\x00", b"RF=1;", b"00010101000000", b"-Flag="),
    *(
        b"99991231235959",
        b"20260230000000",
        b"PNUM=",
        b"PNO=9999;",
        b"QnRtn=1",
        b"ExeRtn=100",
        b"CN=9011;",
        b"\xb5\xe7",
    ),
)
FRAMES = Path(__file__).parents[1] / "frames"
Blind = Callable[[bytes], bytes]


class Decoder:
    """The target of a campaign: where to begin, how to change, what must hold."""

    longest = 14_000

    def seeds(self) -> list[bytes]:
        """Streams to begin with: the frames of the tests, and histories of good ones."""
        lines = [line for path in FRAMES.glob("*.txt") for line in path.read_bytes().splitlines(keepends=True)]
        dice = random.Random(212)
        made = [b"".join(good(dice) for _ in range(dice.choice([1, 1, 2, 5]))) for _ in range(120)]
        return [*lines, b"".join(lines), *made]

    def mutate(self, data: bytes, dice: random.Random, blind: Blind) -> bytes:
        """Another stream: frames changed, taken out, doubled, moved, made, given a right CRC again, or sealed."""
        lines = data.splitlines(keepends=True) or [b""]
        for _ in range(dice.choice([1, 1, 2, 4])):
            place = dice.randrange(len(lines))
            lines[place : place + 1] = _changed(lines[place], dice, blind)
            lines = lines or [b""]
        if dice.random() < 0.1:
            dice.shuffle(lines)
        return b"".join(lines)

    def check(self, data: bytes) -> None:
        """What must hold of any stream; AssertionError or anything raised is a crash."""
        dice = random.Random(zlib.crc32(data))
        pieces = _history(data, dice)
        whole = Splitter()
        assert [*whole.feed(data), *whole.flush()] == pieces, "the pieces depend on how the stream was cut"
        for piece in dict.fromkeys(pieces):
            _check_piece(piece)


def good(dice: random.Random) -> bytes:
    """A frame that is right, of any command, whole, in parts or sealed."""
    speaker = Speaker(dice.choice([MN, "LOCKED", "X"]), st=dice.choice(["31", "32", "91"]))
    at = BEGIN + timedelta(seconds=dice.randrange(100_000))
    content = f"DataTime=20260314{dice.randrange(24):02d}0000;" * dice.randrange(2)
    largest, decimals = dice.choice([1e6, 1e6, 1e14]), dice.choice([0, 3, 3, 9])
    content += ";".join(
        f"a{dice.randrange(30_000):05d}-Avg={dice.random() * largest:.{decimals}f}" for _ in range(dice.randrange(6))
    )
    part = Part(dice.randrange(2, 5), dice.randrange(1, 5)) if dice.random() < 0.4 else None
    raw = build(speaker, dice.choice(COMMANDS).cn, number(at), content, part=part, asks=dice.random() < 0.5)
    return seal(raw[6:-6], KEY) if dice.random() < 0.2 else raw


def _changed(line: bytes, dice: random.Random, blind: Blind) -> list[bytes]:
    """What one line of the stream becomes."""
    match dice.randrange(8):
        case 0:
            return []
        case 1:
            return [line, line]
        case 2:
            return [good(dice), line]
        case 3:
            return [_mangled(line, dice)]
        case 4:
            return [blind(line)]
        case 5:
            return [_reframed(blind(_segment(line)))]
        case 6:
            return [_sealed(_segment(line)[:9_999])]
        case _:
            return [_reframed(_mangled(_segment(line), dice))]


def _segment(line: bytes) -> bytes:
    bare = line.rstrip()
    return bare[6:-4] if bare.startswith(b"##") else bare


def _reframed(segment: bytes) -> bytes:
    return frame(segment[:9_999])


def _mangled(raw: bytes, dice: random.Random) -> bytes:
    data = bytearray(raw)
    for _ in range(dice.choice([1, 1, 2, 5])):
        place = dice.randrange(len(data) + 1)
        match dice.randrange(4):
            case 0:
                data[place:place] = dice.choice(WORDS)
            case 1:
                del data[place : place + dice.randrange(1, 30)]
            case 2:
                word = dice.choice(WORDS)
                data[place : place + len(word)] = word
            case _:
                data[place : place + 1] = dice.randbytes(dice.choice([1, 1, 40]))
    return bytes(data)


def _chunks(data: bytes, dice: random.Random) -> Iterable[bytes]:
    while data:
        size = dice.randrange(1, LONGEST_CHUNK)
        yield data[:size]
        data = data[size:]


def _history(data: bytes, dice: random.Random) -> list[Piece]:
    """The stream as a connection brings it, answered, kept and settled; gives its pieces."""
    splitter, caller = Splitter(), Caller("127.0.0.1", "tcp:127.0.0.1:1", lambda: BOOK)
    exchange, settled = _exchange(), _Settled(dice)
    pieces: list[Piece] = []
    for second, chunk in enumerate(_chunks(data, dice)):
        found = splitter.feed(chunk)
        pieces += found
        assert splitter.held <= REFUSED_BYTES + LONGEST_CHUNK + 6
        judged = caller.judge(found)
        assert [each.raw for each in judged.kept] == [each.raw for each in found], "a piece was not kept as it came"
        exchange.due(float(second))
        for each in judged.kept:
            exchange.heard(decode(each.raw, [KEY]), float(second))
            settled.take(each.kind, each.origin, each.raw, second)
        for line in judged.answers.split(b"\r\n")[:-1]:
            assert decode(line).ok
    pieces += splitter.flush()
    # Not a byte is lost but the white space between pieces.
    came = b"".join(piece.raw for piece in pieces)
    assert came.translate(None, b" \t\r\n\x0b\x0c") == data.translate(None, b" \t\r\n\x0b\x0c"), "bytes were lost"
    settled.end()
    return pieces


def _exchange() -> Exchange:
    qn = number(BEGIN)
    request = build(Speaker(MN), "2061", qn, asking(BEGIN, BEGIN + timedelta(days=1)))
    return Exchange(Request(MN, "2061", qn, request, BEGIN, BEGIN + timedelta(days=1)), Patience(), 0.0)


class _Settled:
    """Settle's side: the entries taken one by one into a batch, which must become the lake's table."""

    def __init__(self, dice: random.Random) -> None:
        self._parts, self._reader, self._batch = Parts(), ColumnReader(), Batch()
        self._dice, self._ordinal = dice, 0

    def take(self, kind: EntryKind, origin: str, raw: bytes, second: int) -> None:
        self._ordinal += 1
        received = BEGIN + timedelta(seconds=second * self._dice.choice([1, 40]))
        entry = Entry("j", self._ordinal, kind, received, origin, raw, b"")
        taken = take(entry, self._parts, self._reader, lambda _: (KEY,))
        if taken.columns is not None:
            self._batch.add(entry, taken.columns)
        self._batch.add_readings(taken.readings)

    def end(self) -> None:
        # What is waited for is given, and all is forgotten.
        for hours in (1, 2):
            note = Entry("j", self._ordinal + hours, "note", BEGIN + timedelta(days=1, hours=hours), "", b"{}", b"")
            taken = take(note, self._parts, self._reader, lambda _: ())
            self._batch.add_readings(taken.readings)
        assert self._parts.held == 0
        assert self._parts.since is None
        assert self._batch.table().num_rows == self._batch.rows


def _check_piece(piece: Piece) -> None:
    errors = open_envelope(piece.raw).errors
    if piece.kind == "hj212":
        assert errors == (), f"a frame was taken although {errors}"
        _check_frame(piece.raw)
    elif piece.kind == "hj212-refused":
        assert errors != (), "a frame was refused although its length and CRC are right"
    found = decode(piece.raw, [KEY])
    assert decode(piece.raw, [KEY]) == found
    assert found.ok or not found.values
    json.dumps(as_json(found), ensure_ascii=False).encode()


def _check_frame(raw: bytes) -> None:
    """A frame that was taken says the same in whatever way it is read, or built again."""
    found = decode(raw)
    reader = ColumnReader()
    assert _same(reader.columns(raw), columns_of(found)), "read quickly it says something else"
    assert _same(reader.columns(raw), columns_of(found)), "read quickly for the second time it says something else"
    if raw.isascii():  # what is not is quoted byte for byte by the quick way, and as text by the exact one
        assert glance(raw).answer in (None, answer(found))
    segment = open_envelope(raw).segment
    assert _bare(decode(frame(segment))) == _bare(found), "built again it says something else"
    if not is_sealed(raw) and segment.partition(b"CP=&&")[1] and segment.endswith(b"&&"):
        assert _bare(decode(_sealed(segment), [KEY])) == _bare(found), "sealed and opened it says something else"


def _sealed(segment: bytes) -> bytes:
    """With its content encrypted, where it has one."""
    content = segment.partition(b"CP=&&")[2]
    return seal(segment, KEY) if content.endswith(b"&&") else frame(segment)


def _bare(found: Frame) -> Frame:
    """What a frame says, without the bytes that said it."""
    return replace(found, raw=b"", opened=b"")


def _same(quick: Columns | None, exact: Columns | None) -> bool:
    if quick is None or exact is None:
        return quick is exact
    return (quick.mn, quick.at_us, quick.addresses, quick.flags) == (
        exact.mn,
        exact.at_us,
        exact.addresses,
        exact.flags,
    ) and [Decimal(each) for each in quick.values] == [Decimal(each) for each in exact.values]
