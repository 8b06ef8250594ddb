"""Polls of Modbus: every type and order against `struct`, what is no number, what is asked; no entry pretends."""

import struct
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from xietong.protocols.modbus import (
    BITS,
    ORDERS,
    TABLES,
    WIDTHS,
    Answer,
    Order,
    Poll,
    Register,
    Request,
    decode,
    number,
    opened,
    requests,
    sealed,
    why,
)
from xietong.protocols.values import Message

DUE = datetime(2025, 3, 1, tzinfo=UTC)
SENT, ANSWERED = DUE.replace(microsecond=2_000), DUE.replace(second=1, microsecond=31_000)
CODES = {"int16": "h", "uint16": "H", "int32": "i", "uint32": "I", "int64": "q", "uint64": "Q", "float32": "f",
         "float64": "d"}  # fmt: skip
ORDERED = st.sampled_from(ORDERS)


def sent_by_a_device(big: bytes, words: Order, order: Order) -> tuple[int, ...]:
    """What a device of this order puts into its registers, from the bytes of the value, the highest first."""
    pairs = [big[at : at + 2] for at in range(0, len(big), 2)]
    if words == "low_first":
        pairs.reverse()
    return tuple(struct.unpack(">H" if order == "high_first" else "<H", pair)[0] for pair in pairs)


def polled(registers: list[Register], *answers: Answer) -> Message:
    """What settle makes of a poll, through the journal's payload."""
    poll = Poll("m1", "10.0.0.5:502/1", DUE, 0, tuple(registers), answers)
    assert opened(sealed(poll)) == poll
    return decode(opened(sealed(poll)))


def told(register: Register, words: tuple[int, ...]) -> Message:
    return polled([register], Answer(Request(register.table, register.at, register.width), SENT, ANSWERED, words))


def value(register: Register, *words: int) -> str:
    (found,) = told(register, words).values
    assert (found.address, found.at) == ("modbus:m1/v", ANSWERED.replace(microsecond=0))
    return f"{found.value:f}"


def reason(register: Register, *words: int) -> str:
    message = told(register, words)
    (unused,) = message.unused
    assert message.values == ()
    return unused.sentence.en


HOLDING = Register("v", "holding", 100, "uint16")


@given(st.sampled_from(sorted(CODES)), ORDERED, ORDERED, st.data())
def test_every_type_in_every_order_is_what_struct_put_there(
    kind: str, words: Order, order: Order, data: st.DataObject
) -> None:
    bits, code = int(kind[-2:]), CODES[kind]
    if kind.startswith("float"):
        stated = Fraction(data.draw(st.floats(-(2.0**36), 2.0**36, width=32 if bits == 32 else 64)))
        raw = struct.pack(f">{code}", float(stated))
    else:
        low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if kind[0] == "i" else (0, 2**bits - 1)
        stated = Fraction(data.draw(st.integers(low, high)))
        raw = struct.pack(f">{code}", int(stated))
    register = Register("v", "holding", 0, kind, words, order)
    found = number(register, sent_by_a_device(raw, words, order))
    assert found is not None
    assert Fraction(found) == stated


@given(st.sampled_from([16, 32, 48, 64]), ORDERED, ORDERED, st.data())
def test_integers_without_a_letter_in_struct(bits: int, words: Order, order: Order, data: st.DataObject) -> None:
    stated = data.draw(st.integers(-(2 ** (bits - 1)) + 1, 2 ** (bits - 1) - 1))
    kinds = {
        "int": stated.to_bytes(bits // 8, "big", signed=True),
        "uint": abs(stated).to_bytes(bits // 8, "big"),
        "magnitude": (abs(stated) + (2 ** (bits - 1) if stated < 0 else 0)).to_bytes(bits // 8, "big"),
    }
    for kind, raw in kinds.items():
        register = Register("v", "input", 0, f"{kind}{bits}", words, order)
        assert number(register, sent_by_a_device(raw, words, order)) == (abs(stated) if kind == "uint" else stated)
    digits = f"{abs(stated) % 10 ** (bits // 4):0{bits // 4}d}"
    register = Register("v", "input", 0, f"bcd{bits}", words, order)
    assert number(register, sent_by_a_device(bytes.fromhex(digits), words, order)) == Decimal(digits)


@given(st.integers(0, 0xFFFF), st.integers(0, 15), ORDERED)
def test_a_bit_of_a_word(word: int, bit: int, order: Order) -> None:
    register = Register("v", "holding", 0, "bit", "high_first", order, bit)
    told_by_text = f"{word:016b}"[::-1][bit]
    assert number(register, sent_by_a_device(word.to_bytes(2, "big"), "high_first", order)) == int(told_by_text)


def test_the_four_orders_by_their_usual_names() -> None:
    """123456.75 is 47F12060 in IEEE 754, as every manual that speaks of ABCD and CDAB has it in its own example."""
    orders: dict[tuple[Order, Order], tuple[int, int]] = {
        ("high_first", "high_first"): (0x47F1, 0x2060),  # ABCD
        ("low_first", "high_first"): (0x2060, 0x47F1),  # CDAB
        ("high_first", "low_first"): (0xF147, 0x6020),  # BADC
        ("low_first", "low_first"): (0x6020, 0xF147),  # DCBA
    }
    for (words, order), sent in orders.items():
        assert value(Register("v", "holding", 100, "float32", words, order), *sent) == "123456.750000"


def test_scale_and_offset_are_exact_and_rounded_once() -> None:
    assert value(replace(HOLDING, scale=Decimal("0.1")), 3) == "0.300000"
    assert value(replace(HOLDING, type="int16", scale=Decimal("-0.01"), offset=Decimal(40)), 0xFFFE) == "40.020000"
    assert value(replace(HOLDING, scale=Decimal("0.0000005")), 5) == "0.000002"  # 2.5 millionths: half to even
    big = Register("v", "holding", 100, "uint64", scale=Decimal("0.00000001"))
    assert value(big, 0x0FFF, 0xFFFF, 0xFFFF, 0xFFFF) == "11529215046.068470"  # 2**60 - 1 = 1152921504606846975
    assert value(replace(HOLDING, type="int16", scale=Decimal(-1)), 0) == "0.000000"


@given(st.lists(st.integers(0, 0xFFFF), min_size=4, max_size=4), st.sampled_from(sorted(WIDTHS)), ORDERED, ORDERED)
@example([0x7FF8, 0, 0, 0], "float64", "high_first", "high_first")
@example([0xFF80, 0, 0, 0], "float32", "high_first", "high_first")
@example([0x7FEF, 0xFFFF, 0xFFFF, 0xFFFF], "float64", "high_first", "high_first")
def test_whatever_a_device_sends_is_a_number_of_the_lake_or_is_none_with_the_reason(
    words: list[int], kind: str, order: Order, bytes_order: Order
) -> None:
    register = Register("v", "holding", 100, kind, order, bytes_order, scale=Decimal("12.5"), offset=Decimal("-3"))
    message = told(register, tuple(words[: register.width]))
    assert len(message.values) + len(message.unused) == 1
    for each in message.values:
        assert abs(each.value) < 10**12
        assert each.value.as_tuple().exponent == -6
    for unused in message.unused:
        assert unused.said == "".join(f"{word:04X}" for word in words[: register.width])
        assert unused.sentence.zh


@pytest.mark.parametrize(
    ("kind", "words", "said"),
    [
        ("float32", (0x7FC0, 0), "no number"),
        ("float32", (0x7F80, 0), "no number"),
        ("float64", (0xFFF0, 0, 0, 0), "no number"),
        ("float32", (0x7F7F, 0xFFFF), "12 digits"),
        ("uint64", (0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF), "12 digits"),
        ("bcd16", (0x12A4,), "no number"),
    ],
)
def test_what_is_no_reading_is_told_with_its_words(kind: str, words: tuple[int, ...], said: str) -> None:
    assert said in reason(replace(HOLDING, type=kind), *words)


def test_the_values_by_which_a_device_says_that_it_has_none() -> None:
    assert "absent" in reason(replace(HOLDING, type="int16", absent=(0x8000, 0xFFFF)), 0x8000)
    assert value(replace(HOLDING, type="int16", absent=(0x8000,)), 0x8001) == "-32767.000000"
    turned = Register("v", "holding", 100, "uint32", "low_first", absent=(0x7FFFFFFF,))
    assert "absent" in reason(turned, 0xFFFF, 0x7FFF)
    assert value(replace(HOLDING, absent=(0xFFFF,)), 0) == "0.000000"  # a zero that was measured is a zero


def test_coils_are_zero_and_one() -> None:
    bits = [Register(name, "coil", at, "bit") for at, name in enumerate("abc", 16)]
    message = polled(bits, Answer(Request("coil", 15, 4), SENT, ANSWERED, (1, 0, 1, 1)))
    assert [int(each.value) for each in message.values] == [0, 1, 1]


def test_no_answer_is_no_reading_and_never_zero() -> None:
    other = Register("w", "input", 7, "int16")
    good = Answer(Request("holding", 100, 1), SENT, ANSWERED, (9,))
    for failure in ("exception 2", "exception 99", "timeout", "connection", "garbled", "not_asked"):
        message = polled([HOLDING, other], good, Answer(Request("input", 7, 1), SENT, None, (), failure))
        assert [each.address for each in message.values] == ["modbus:m1/v"]
        assert [(each.path, each.sentence) for each in message.unused] == [("w", why(failure))]
        assert "zero" in why(failure).en or "used" in why(failure).en
    assert [each.path for each in polled([HOLDING, other], good).unused] == ["w"]
    assert polled([HOLDING]).values == ()
    assert reason(replace(HOLDING, type="uint32"), 1) == why("garbled").en  # shorter than the map says


def test_a_map_of_later_changes_nothing_of_earlier() -> None:
    before = sealed(Poll("m1", "a", DUE, 0, (HOLDING,), (Answer(Request("holding", 100, 1), SENT, ANSWERED, (7,)),)))
    after = replace(HOLDING, scale=Decimal(10))
    assert after != HOLDING
    assert [each.value for each in decode(opened(before)).values] == [7]


def test_an_instant_of_a_clock_that_was_never_set_is_none() -> None:
    at = datetime(1970, 1, 1, tzinfo=UTC)
    message = polled([HOLDING], Answer(Request("holding", 100, 1), at, at, (7,)))
    assert message.values == ()
    assert "clock" in message.unused[0].sentence.en


REGISTERS = st.builds(
    Register, st.text(min_size=1, max_size=3), st.sampled_from(TABLES), st.integers(0, 700),
    st.sampled_from(sorted(WIDTHS)),
)  # fmt: skip


@given(st.lists(REGISTERS, max_size=30), st.integers(0, 40), st.integers(4, 125))
def test_requests_read_every_register_whole_within_the_limits(registers: list[Register], gap: int, most: int) -> None:
    wanted = [replace(each, type="bit") if each.table in BITS else each for each in registers]
    found = requests(wanted, gap, most)
    for each in wanted:
        assert any(
            one.table == each.table and one.at <= each.at and each.at + each.width <= one.at + one.size for one in found
        )
    for one in found:
        assert 1 <= one.size <= (min(2000, most * 16) if one.table in BITS else most)
    needed = {(each.table, each.at + step) for each in wanted for step in range(each.width)}
    asked = [(one.table, one.at + step) for one in found for step in range(one.size)]
    if gap == 0:  # nothing that nobody wants is asked for: a device may refuse a whole request for it
        assert set(asked) == needed


def test_neighbours_are_read_in_one_request() -> None:
    row = [Register(str(at), "holding", at, "uint32") for at in range(0, 124, 2)]
    assert requests(row) == (Request("holding", 0, 124),)
    assert requests([*row, Register("x", "holding", 124, "uint32")]) == (
        Request("holding", 0, 124), Request("holding", 124, 2),
    )  # fmt: skip
    apart = [Register("a", "input", 0, "uint16"), Register("b", "input", 5, "uint16")]
    assert requests(apart) == (Request("input", 0, 1), Request("input", 5, 1))
    assert requests(apart, gap=4) == (Request("input", 0, 6),)
