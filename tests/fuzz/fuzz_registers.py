"""Any bytes as the words that a Modbus device answers, under any map: what a register says is worked out a second way,
by fractions, and every register gives a value or a reason."""

import struct
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from itertools import cycle, islice

from xietong.protocols.modbus import (
    BITS,
    MOST_BITS,
    MOST_WORDS,
    ORDERS,
    TABLES,
    WIDTHS,
    Answer,
    Poll,
    Register,
    Request,
    decode,
    opened,
    requests,
    sealed,
    split,
)

AT = datetime(2026, 3, 1, 12, 0, 0, 250_000, tzinfo=UTC)
TYPES = tuple(WIDTHS)
FACTORS = tuple(map(Decimal, ("1", "0.001", "-1", "1e6", "0", "1e-9", "123.456", "1e400", "-0.5", "3.6")))
FAILURES = ("timeout", "connection", "garbled", "not_asked", "exception 2", "exception 99")
HALF = Fraction(1, 2 * 10**6)


def check_poll(body: bytes) -> bytes:
    """What must hold of a poll made of these bytes; gives the payload of its entry."""
    bytes_left = cycle(body or b"\0")
    registers = tuple(_registers(bytes_left))
    gap, most = next(bytes_left) % 8, next(bytes_left) % (MOST_WORDS - 3) + 4
    asked = requests(registers, gap, most)
    assert all(each.size <= (min(MOST_BITS, 16 * most) if each.table in BITS else most) for each in asked)
    if next(bytes_left) % 5 == 0:
        asked = tuple(one for each in asked for one in split(each, registers))
    assert all(any(_holds(each, register) for each in asked) for register in registers), "a register is asked by none"
    poll = Poll("m1", "10.0.0.5:502/1", AT, 0, registers, tuple(_answer(each, bytes_left) for each in asked))
    payload = sealed(poll)
    assert opened(payload) == poll
    message = decode(poll)
    assert decode(opened(payload)) == message
    assert len(message.values) + len(message.unused) == len(registers), "a register gives neither a value nor a reason"
    assert all(each.sentence.zh and each.sentence.en for each in message.unused)
    given = {each.address: each.value for each in message.values}
    for register in registers:
        _compare(register, poll, given.get(f"modbus:m1/{register.name}"))
    return payload


def _registers(source: "cycle[int]") -> Iterator[Register]:
    for place in range(next(source) % 6 + 1):
        kind, table = TYPES[next(source) % len(TYPES)], TABLES[next(source) % len(TABLES)]
        kind = "bit" if table in BITS else kind
        absent = (0xFFFF, 1 << 15) if next(source) % 3 == 0 else ()
        yield Register(
            f"r{place}",
            table,
            next(source) % 64,
            kind,
            ORDERS[next(source) % 2],
            ORDERS[next(source) % 2],
            0 if table in BITS else next(source) % 16,
            FACTORS[next(source) % len(FACTORS)],
            FACTORS[next(source) % len(FACTORS)],
            absent,
        )


def _answer(request: Request, source: "cycle[int]") -> Answer:
    way = next(source)
    if way % 11 == 0:
        return Answer(request, AT, None, (), FAILURES[way % len(FAILURES)])
    found = list(islice(source, 2 * request.size))
    words = tuple(high << 8 | low for high, low in zip(found[::2], found[1::2], strict=True))
    if request.table in BITS:
        words = tuple(word & 1 for word in words)
    return Answer(request, AT, AT, words)


def _holds(request: Request, register: Register) -> bool:
    inside = range(request.at, request.at + request.size)
    return request.table == register.table and {register.at, register.at + register.width - 1} <= set(inside)


def _compare(register: Register, poll: Poll, value: Decimal | None) -> None:
    """The value beside what the bytes on the wire say, by struct and fractions."""
    answer = next(each for each in poll.answers if _holds(each.request, register))
    said = None if answer.failure else _said(register, answer.words[register.at - answer.request.at :])
    if said is None:
        assert value is None, "a value was made of nothing"
        return
    exact = said * Fraction(register.scale) + Fraction(register.offset)
    if value is None:
        assert abs(exact) >= 10**12 - 1, f"{exact} was left out"
        return
    assert abs(Fraction(value) - exact) <= HALF, f"{value} is not {float(exact)}"


def _said(register: Register, words: tuple[int, ...]) -> Fraction | None:
    sent = list(words[: register.width])
    raw = b"".join(word.to_bytes(2, "big" if register.bytes == "high_first" else "little") for word in sent)
    if register.words == "low_first":
        raw = b"".join(raw[at : at + 2] for at in range(len(raw) - 2, -1, -2))
    whole = int.from_bytes(raw, "big")
    if register.type == "bit":
        return Fraction(f"{whole:064b}"[63 - register.bit])
    if whole in register.absent:
        return None
    if register.type.startswith("float"):
        [number] = struct.unpack(">f" if len(raw) == 4 else ">d", raw)
        return Fraction(number) if number - number == 0 else None
    if register.type.startswith("bcd"):
        return Fraction(raw.hex()) if raw.hex().isdecimal() else None
    if register.type.startswith("magnitude"):
        without_sign = int.from_bytes(bytes([raw[0] & 0x7F, *raw[1:]]), "big")
        return Fraction(-without_sign if raw[0] & 0x80 else without_sign)
    return Fraction(int.from_bytes(raw, "big", signed=register.type.startswith("int")))
