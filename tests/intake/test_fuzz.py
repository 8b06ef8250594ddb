"""Any bytes through the whole door: splitter, caller, exchange, journal entry, pure step of settle. Nothing raises.

A short form in every run; `-m long` goes on for XIETONG_FUZZ_S seconds (600) with its own seeds.
"""

import json
import os
import random
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from xietong.intake.callers import Caller
from xietong.intake.devices import DeviceBook, Rule
from xietong.protocols.hj212 import ColumnReader, Splitter, as_json, decode
from xietong.protocols.hj212.building import Part, Speaker, asking, build, number
from xietong.protocols.hj212.framing import REFUSED_BYTES
from xietong.protocols.hj212.parts import Parts
from xietong.protocols.hj212.peer import Exchange, Patience, Request
from xietong.protocols.hj212.sealing import seal
from xietong.protocols.hj212.tables import COMMANDS
from xietong.readings import Entry
from xietong.settle.taking import take

MN, KEY = "010000A8900016F000169DC0", bytes([0x30] * 16)
BOOK = DeviceBook(devices={MN: Rule(sm4_keys=(KEY,)), "LOCKED": Rule(password="1")})
BEGIN = datetime(2026, 3, 14, tzinfo=UTC)
WORDS = (
    *(b"##", b"##0100", b"CP=&&", b"&&", b"QN=", b"PNUM=2;PNO=", b"{0x", b"},", b"Flag=7;", b"\r\n", b"\xff", b"-Avg="),
    *(b"DataTime=20260314080000", b"MN=", b";", b",", b"=", b"9" * 40, b"\x00", b"RF=1;"),
)


def good(dice: random.Random) -> bytes:
    """A frame that is right, of any command, whole, in parts or sealed."""
    speaker = Speaker(dice.choice([MN, "LOCKED", "X"]), st=dice.choice(["31", "32", "91"]))
    at = BEGIN + timedelta(seconds=dice.randrange(100_000))
    content = f"DataTime=20260314{dice.randrange(24):02d}0000;" * dice.randrange(2)
    content += ";".join(
        f"a{dice.randrange(30_000):05d}-Avg={dice.random() * 1e6:.3f}" for _ in range(dice.randrange(6))
    )
    part = Part(dice.randrange(2, 5), dice.randrange(1, 5)) if dice.random() < 0.4 else None
    raw = build(speaker, dice.choice(COMMANDS).cn, number(at), content, part=part, asks=dice.random() < 0.5)
    return seal(raw[6:-6], KEY) if dice.random() < 0.2 else raw


def mangled(raw: bytes, dice: random.Random) -> bytes:
    data = bytearray(raw)
    for _ in range(dice.choice([0, 0, 1, 1, 2, 5])):
        place = dice.randrange(len(data) + 1)
        match dice.randrange(4):
            case 0:
                data[place:place] = dice.choice(WORDS)
            case 1:
                del data[place : place + dice.randrange(1, 30)]
            case 2:
                data[place : place + 1] = dice.randbytes(1)
            case _:
                data[place:place] = dice.randbytes(dice.randrange(40))
    return bytes(data)


def stream(dice: random.Random) -> Iterator[bytes]:
    """Chunks as TCP might bring them."""
    whole = b"".join(mangled(good(dice), dice) for _ in range(dice.randrange(1, 12)))
    while whole:
        size = dice.randrange(1, 400)
        yield whole[:size]
        whole = whole[size:]


def one_history(seed: int) -> None:
    dice = random.Random(seed)
    splitter, caller, parts, reader = (
        Splitter(),
        Caller("127.0.0.1", "tcp:127.0.0.1:1", lambda: BOOK),
        Parts(),
        ColumnReader(),
    )
    qn = number(BEGIN)
    request = build(Speaker(MN), "2061", qn, asking(BEGIN, BEGIN + timedelta(days=1)))
    exchange = Exchange(Request(MN, "2061", qn, request, BEGIN, BEGIN + timedelta(days=1)), Patience(), 0.0)
    came, kept, ordinal = b"", b"", 0
    for second, chunk in enumerate(stream(dice)):
        came += chunk
        judged = caller.judge(splitter.feed(chunk))
        assert splitter.held <= REFUSED_BYTES + 400 + 6
        exchange.due(float(second))
        for each in judged.kept:
            ordinal += 1
            kept += each.raw
            frame = decode(each.raw, [KEY])
            exchange.heard(frame, float(second))
            json.dumps(as_json(frame))
            received = BEGIN + timedelta(seconds=second * dice.choice([1, 40]))
            take(Entry("j", ordinal, each.kind, received, each.origin, each.raw, b""), parts, reader, lambda _: (KEY,))
        for line in judged.answers.split(b"\r\n")[:-1]:
            assert decode(line).ok
    kept += b"".join(piece.raw for piece in splitter.flush())
    # Not a byte is lost but the white space between pieces.
    assert kept.translate(None, b" \t\r\n\x0b\x0c") == came.translate(None, b" \t\r\n\x0b\x0c"), seed


def test_any_bytes_go_through_the_whole_door() -> None:
    for seed in range(300):
        one_history(seed)


@pytest.mark.long
def test_any_bytes_for_a_long_time() -> None:
    ends, seed = time.monotonic() + float(os.environ.get("XIETONG_FUZZ_S", "600")), 1_000_000
    while time.monotonic() < ends:
        one_history(seed)
        seed += 1
    print(f"fuzz of the door: {seed - 1_000_000} histories, none raised")
