"""Polls of Modbus as the journal keeps them: a line with the map in force, a line for each answer. No sockets here.

    {"device": "m1", "address": "10.0.0.5:502/1", "due": "2025-03-01T00:00:00+00:00", "missed": 0,
     "map": [{"name": "kwh", "table": "holding", "at": 4096, "type": "uint32", "scale": "0.01"}]}   (all in one line)
    {"table": "holding", "at": 4096, "count": 2, "sent": "…00.002+00:00", "answered": "…00.03+00:00",
     "words": "0001E240"}   (all in one line)

A register map says what the words of a device mean; the same entry always gives the same values, whatever the map of
the day is. An instant is that of the answer, cut to the whole second: docs/decisions/0021-polled-sources.md.
"""

import json
import math
import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal, NamedTuple, get_args

from xietong.protocols.values import EXACT, NO_READING, Message, Unused, Value, is_plausible, rounded
from xietong.texts import Text

Table = Literal["holding", "input", "coil", "discrete"]
TABLES: tuple[Table, ...] = get_args(Table)
Order = Literal["high_first", "low_first"]
ORDERS: tuple[Order, ...] = get_args(Order)
# How many registers a value of each type fills.
WIDTHS: Mapping[str, int] = {
    "bit": 1,
    **{f"{kind}{bits}": bits // 16 for kind in ("int", "uint", "magnitude", "bcd") for bits in (16, 32, 48, 64)},
    "float32": 2,
    "float64": 4,
}
BITS: tuple[Table, ...] = ("coil", "discrete")
MOST_WORDS, MOST_BITS = 125, 2_000  # of one request, Modbus Application Protocol 1.1b3, 6.1 to 6.4
_FLOATS = {2: ">f", 4: ">d"}


@dataclass(frozen=True, slots=True)
class Register:
    """What one value of a device is.

    at: the address on the wire, from 0; type: of WIDTHS ("bit" of a coil or discrete input, or of a word by `bit`, 0
    the lowest); words, bytes: which word of several, which byte of a word comes first; value = raw × scale + offset;
    absent: raw values, as unsigned numbers of the whole width, by which the device says that it has none;
    unit: that of the value, for persons and for `xietong doctor`.
    """

    name: str
    table: Table
    at: int
    type: str
    words: Order = "high_first"
    bytes: Order = "high_first"
    bit: int = 0
    scale: Decimal = Decimal(1)
    offset: Decimal = Decimal(0)
    absent: tuple[int, ...] = ()
    unit: str = ""

    @property
    def width(self) -> int:
        """How many registers, or coils, it fills."""
        return WIDTHS[self.type]


class Request(NamedTuple):
    """One question to a device: `size` registers, or bits, of a table from address `at`."""

    table: Table
    at: int
    size: int


class Answer(NamedTuple):
    """What came of a request. words: the registers as the device sent them, each of 16 bits; bits of coils as 0 and 1;
    failure: "" or why there are none: "exception N", "timeout", "connection", "garbled", "not_asked"; raw: the bytes
    that came in place of an answer, in hexadecimal."""

    request: Request
    sent: datetime | None
    answered: datetime | None
    words: tuple[int, ...] = ()
    failure: str = ""
    raw: str = ""

    @property
    def is_answered(self) -> bool:
        """Whether the device said anything to it, if only that it refuses."""
        return not self.failure or self.failure.startswith("exception ")


class Poll(NamedTuple):
    """One poll of one device: all that was asked and answered, and the map in force.

    address: host:port/unit; due: when it was to be; missed: how many polls before it gave nothing and are no entries.
    """

    device: str
    address: str
    due: datetime
    missed: int
    registers: tuple[Register, ...]
    answers: tuple[Answer, ...]


def requests(registers: Iterable[Register], gap: int = 0, most: int = MOST_WORDS) -> tuple[Request, ...]:
    """The fewest requests that read whole registers that adjoin, or lie at most `gap` apart, in one; `most` words each
    (bits: sixteen times as many, at most 2,000). No value is ever split between two requests."""
    found: list[Request] = []
    for table in TABLES:
        largest = min(MOST_BITS, most * 16) if table in BITS else most
        for each in sorted((one for one in registers if one.table == table), key=lambda one: (one.at, one.width)):
            last, end = (found[-1] if found else None), each.at + each.width
            if last and last.table == table and each.at <= last.at + last.size + gap and end - last.at <= largest:
                found[-1] = last._replace(size=max(last.size, end - last.at))
            else:
                found.append(Request(table, each.at, each.width))
    return tuple(found)


def split(request: Request, registers: Iterable[Register]) -> tuple[Request, ...]:
    """The same registers each in a request of its own: where one address is refused, the others are still read."""
    inside = {Request(each.table, each.at, each.width) for each in registers if _holds(request, each)}
    return tuple(sorted(inside, key=lambda one: (one.at, one.size)))


def sealed(poll: Poll) -> bytes:
    """The payload of the journal entry: the line of the map, and a line for each answer."""
    head = {"device": poll.device, "address": poll.address, "due": poll.due.isoformat(), "missed": poll.missed}
    lines = [{**head, "map": [_plain(each) for each in poll.registers]}, *(_told(each) for each in poll.answers)]
    return b"\n".join(json.dumps(line, separators=(",", ":"), ensure_ascii=False).encode() for line in lines)


def opened(payload: bytes) -> Poll:
    """What `sealed` was given."""
    head, *rest = (json.loads(line) for line in payload.split(b"\n"))
    registers = tuple(_register(each) for each in head["map"])
    due = datetime.fromisoformat(head["due"])
    return Poll(
        head["device"],
        head["address"],
        due=due,
        missed=head["missed"],
        registers=registers,
        answers=tuple(_answer(each) for each in rest),
    )


def decode(poll: Poll) -> Message:
    """The values of a poll, and which registers gave none and why."""
    found = [_taken(poll, register) for register in poll.registers]
    values = tuple(each for each in found if isinstance(each, Value))
    return Message(values, tuple(each for each in found if isinstance(each, Unused)))


def number(register: Register, words: Sequence[int]) -> Decimal | None:
    """What the words of a register say, before scale and offset; None where they are no number (NaN, infinity, digits
    of BCD above 9). words: as many as the register is wide."""
    raw = pattern(register, words)
    bits = 16 * register.width
    if register.type == "bit":
        return Decimal(raw >> register.bit & 1)
    if register.type.startswith("float"):
        value = float(struct.unpack(_FLOATS[register.width], raw.to_bytes(bits // 8, "big"))[0])
        return Decimal(value) if math.isfinite(value) else None
    if register.type.startswith("bcd"):
        digits = f"{raw:x}"
        return Decimal(digits) if digits.isdecimal() else None
    top = 1 << bits - 1
    if register.type.startswith("int"):
        return Decimal(raw - 2 * top if raw >= top else raw)
    if register.type.startswith("magnitude"):
        return Decimal(top - raw if raw >= top else raw)
    return Decimal(raw)


def pattern(register: Register, words: Sequence[int]) -> int:
    """The words of a register as one unsigned number, by its order of words and bytes."""
    ordered = words if register.words == "high_first" else words[::-1]
    raw = 0
    for word in ordered:
        raw = raw << 16 | (word if register.bytes == "high_first" else (word & 0xFF) << 8 | word >> 8)
    return raw


def why(failure: str) -> Text:
    """The sentence for an answer that did not come or was an exception."""
    code = failure.removeprefix("exception ")
    if code != failure:
        zh, en = _EXCEPTIONS.get(
            code, ("设备以未知的异常码拒绝", "the device refuses with a code that is not the standard's")
        )
        return Text(f"异常应答 {code}：{zh}；缺失不等于零。", f"exception {code}: {en}; missing is not zero.")
    return _FAILURES[failure]


def _taken(poll: Poll, register: Register) -> Value | Unused:
    answer = next((each for each in poll.answers if _holds(each.request, register)), None)
    if answer is None or answer.failure or answer.answered is None:
        return Unused(register.name, why(answer.failure if answer else "not_asked"))
    begin = register.at - answer.request.at
    words = answer.words[begin : begin + register.width]
    if len(words) < register.width:
        return Unused(register.name, why("garbled"))
    said = "".join(f"{word:04X}" for word in words) if register.table not in BITS else str(words[0])
    if pattern(register, words) in register.absent and register.type != "bit":
        return Unused(register.name, _ABSENT, said)
    stated = number(register, words)
    if stated is None:
        return Unused(register.name, _NO_NUMBER, said)
    kept = rounded(EXACT.fma(stated, register.scale, register.offset))
    if kept is None:
        return Unused(register.name, NO_READING, said)
    at = answer.answered.replace(microsecond=0)
    if not is_plausible(at):
        return Unused(register.name, _OWN_CLOCK, said)
    return Value(f"modbus:{poll.device}/{register.name}", at, kept)


def _holds(request: Request, register: Register) -> bool:
    end = request.at + request.size
    return request.table == register.table and request.at <= register.at and register.at + register.width <= end


def _plain(register: Register) -> dict[str, object]:
    """A register as JSON, without what is usual."""
    told: dict[str, object] = {
        "name": register.name,
        "table": register.table,
        "at": register.at,
        "type": register.type,
        "words": register.words,
        "bytes": register.bytes,
        "bit": register.bit,
        "scale": str(register.scale),
        "offset": str(register.offset),
        "absent": list(register.absent),
        "unit": register.unit,
    }
    return {word: value for word, value in told.items() if word not in _USUAL or value != _USUAL[word]}


_USUAL: Mapping[str, object] = {
    "words": "high_first", "bytes": "high_first", "bit": 0, "scale": "1", "offset": "0", "absent": [], "unit": "",
}  # fmt: skip


def _register(told: Mapping[str, Any]) -> Register:
    every = {**_USUAL, **told}
    exact = {"scale": Decimal(every["scale"]), "offset": Decimal(every["offset"]), "absent": tuple(every["absent"])}
    return Register(**{**every, **exact})


def _told(answer: Answer) -> dict[str, object]:
    table, at, size = answer.request
    told: dict[str, object] = {"table": table, "at": at, "count": size}
    for word, instant in (("sent", answer.sent), ("answered", answer.answered)):
        if instant is not None:
            told[word] = instant.isoformat()
    if answer.failure:
        told |= {"failure": answer.failure} | ({"raw": answer.raw} if answer.raw else {})
    elif table in BITS:
        told["bits"] = "".join(str(each) for each in answer.words)
    else:
        told["words"] = "".join(f"{each:04X}" for each in answer.words)
    return told


def _answer(told: Mapping[str, Any]) -> Answer:
    request = Request(told["table"], told["at"], told["count"])
    sent, answered = (datetime.fromisoformat(told[word]) if word in told else None for word in ("sent", "answered"))
    text = told.get("words", "")
    words = tuple(int(text[at : at + 4], 16) for at in range(0, len(text), 4)) or tuple(map(int, told.get("bits", "")))
    return Answer(
        request, sent, answered=answered, words=words, failure=told.get("failure", ""), raw=told.get("raw", "")
    )


# Modbus Application Protocol Specification V1.1b3, section 7.
_EXCEPTIONS = {
    "1": ("设备不支持这个功能，请核对 table", "the device knows no such function; compare `table` with its manual"),
    "2": ("没有这个地址，请核对 address（从 0 起）", "it has no such address; compare `address`, which counts from 0"),
    "3": ("数量或值不被接受，可减小 most", "it does not take this many; a smaller `most` may help"),
    "4": ("设备内部故障", "the device has failed inside"),
    "5": ("设备已收到、尚未完成", "the device has taken the question and is not done"),
    "6": ("设备忙", "the device is busy"),
    "8": ("设备存储器校验错", "the device's memory fails its parity check"),
    "10": ("网关没有通路", "the gateway has no path to it"),
    "11": ("网关后的设备不应答，请核对 unit", "nobody answers behind the gateway; compare `unit`"),
}
_FAILURES = {
    "timeout": Text(
        "在 timeout_s 内没有应答；缺失不等于零，平台会继续询问。",
        "no answer within timeout_s; missing is not zero, and it is asked again.",
    ),
    "connection": Text(
        "连不上，或连接中断；缺失不等于零，平台会继续重连，请检查地址、端口和网络。",
        "no connection, or it ended; missing is not zero, and it is tried again. Look at host, port and network.",
    ),
    "garbled": Text(
        "应答与所问不符（功能码、长度或校验），未采用；请核对 framing 和网关设置。",
        "the answer does not fit the question (function, length or checksum) and is not used; compare `framing`.",
    ),
    "not_asked": Text(
        "同一次询问中前面的请求没有应答，这里没有再问；缺失不等于零。",
        "an earlier request of this poll had no answer, so this was not asked; missing is not zero.",
    ),
}
_ABSENT = Text(
    "设备说这里没有值（约定的无效码）；缺失不等于零。",
    "the device says it has none here (absent); missing is not zero.",
)
_NO_NUMBER = Text(
    "寄存器里不是数（NaN、无穷大，或 BCD 中有非十进制数字）；只存证，请核对 type、words 和 bytes。",
    "the registers hold no number (NaN, infinity, or BCD with digits above 9); kept. Compare type, words and bytes.",
)
_OWN_CLOCK = Text(
    "平台的时钟不在 2000 至 2099 年，只存证；请校时。", "the platform's clock is not in 2000 to 2099; set it."
)
