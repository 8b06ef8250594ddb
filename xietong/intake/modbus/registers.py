"""DATA/modbus.toml: the devices that are polled over Modbus TCP, and what their registers mean.

    [device.m1]              host, port, unit, interval_s, timeout_s, framing, shared, gap, most
    [[device.m1.register]]   name, table, address, type, words, bytes, bit, scale, offset, absent, unit

A mistake in a device leaves the others as they are; docs/commands.md lists the words.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Literal, get_args

from xietong.intake.settings_file import Settled, Told, each_alone, read_told, text
from xietong.protocols.modbus import BITS, MOST_WORDS, ORDERS, TABLES, WIDTHS, Register
from xietong.protocols.values import MOST_VALUES
from xietong.texts import Text

FILE = "modbus.toml"
Framing = Literal["tcp", "rtu"]
FRAMINGS: tuple[Framing, ...] = get_args(Framing)
_DEVICE = {"host", "port", "unit", "interval_s", "timeout_s", "framing", "shared", "gap", "most", "register"}
_REGISTER = {"name", "table", "address", "type", "words", "bytes", "bit", "scale", "offset", "absent", "unit"}


@dataclass(frozen=True, slots=True)
class Device:
    """One device. interval_s: polls begin at whole multiples of it since midnight UTC; framing: "rtu" for gateways that
    pass serial frames on as they are; shared: one connection serves all devices of this host and port that say so;
    gap, most: see protocols.modbus.requests."""

    name: str
    host: str
    port: int
    unit: int
    interval_s: int
    timeout_s: float
    registers: tuple[Register, ...]
    framing: Framing = "tcp"
    shared: bool = False
    gap: int = 0
    most: int = MOST_WORDS

    @property
    def address(self) -> str:
        """Where it is: host:port/unit."""
        return f"{self.host}:{self.port}/{self.unit}"


def read_devices(path: Path) -> Settled[Device]:
    """The devices of the file; none where there is none. Raises BadSettings where the whole of it cannot be read."""
    known = read_told(path)
    if known is None:
        return Settled({}, {})
    known.only({"device"})
    return each_alone(known, "device", _device)


def _device(name: str, told: Told) -> Device:
    told.only(_DEVICE)
    interval, timeout = told.whole("interval_s", 1, 86_400, 60), told.exact("timeout_s", Decimal(3))
    if not Decimal("0.05") <= timeout <= 60:
        raise told.wrong("timeout_s", "应是 0.05 到 60 秒", "it must be 0.05 to 60 seconds")
    registers = tuple(_register(each) for each in told.tables("register"))
    if len(registers) > MOST_VALUES:
        raise told.wrong("register", f"超过 {MOST_VALUES} 个", f"there are more than {MOST_VALUES}")
    for each, times in Counter(one.name for one in registers).items():
        if times > 1:
            raise told.wrong(f"register {each}", "名称重复", "the name stands twice")
    return Device(
        name=name,
        host=told.text("host", None),
        port=told.whole("port", 1, 65535, 502),
        unit=told.whole("unit", 0, 255, 1),
        interval_s=interval,
        timeout_s=float(timeout),
        registers=registers,
        framing=told.one_of("framing", FRAMINGS, "tcp"),
        shared=told.truth("shared"),
        gap=told.whole("gap", 0, 100, 0),
        most=told.whole("most", 4, MOST_WORDS, MOST_WORDS),
    )


def _register(told: Told) -> Register:
    told.only(_REGISTER)
    name = told.take("name", _name, None, "应是不含 / 和 # 的文字", "it must be text without / and #")
    table = told.one_of("table", TABLES, "holding")
    is_bit = table in BITS
    kind = told.one_of("type", ("bit",) if is_bit else tuple(WIDTHS), "bit" if is_bit else None)
    unfit = {"words", "bytes", "bit"} if is_bit else {"words"} if WIDTHS[kind] == 1 else set()
    unfit |= {"bit"} if kind != "bit" else {"absent"}
    for word in sorted(each for each in unfit if each in told):
        raise told.wrong(word, f"类型 {kind} 没有这一项", f"there is no such thing with {kind} of {table}")
    register = Register(
        name=name,
        table=table,
        at=told.whole("address", 0, 65_536 - WIDTHS[kind]),
        type=kind,
        words=told.one_of("words", ORDERS, "high_first"),
        bytes=told.one_of("bytes", ORDERS, "high_first"),
        bit=told.whole("bit", 0, 15, None if kind == "bit" and not is_bit else 0),
        scale=told.exact("scale", Decimal(1)),
        offset=told.exact("offset", Decimal(0)),
        absent=told.take("absent", _patterns(kind), (), *_ABSENT),
        unit=told.text("unit"),
    )
    if register.scale == 0:
        raise told.wrong("scale", "不能是零", "it cannot be zero")
    return register


_ABSENT = Text(
    "应是寄存器原始值的列表，如 [0x8000]，且不超出类型的宽度",
    "it must list raw values such as [0x8000], none wider than the type",
)


def _patterns(kind: str) -> Callable[[object], tuple[int, ...] | None]:
    """Raw values as unsigned numbers; a negative one stands for its two's complement."""
    bits = 16 * WIDTHS[kind]

    def check(value: object) -> tuple[int, ...] | None:
        listed = value if isinstance(value, list) else []
        found = [each for each in listed if type(each) is int and -(1 << bits - 1) <= each < 1 << bits]
        return tuple(each % (1 << bits) for each in found) if 0 < len(found) == len(listed) else None

    return check


def _name(value: object) -> str | None:
    name = text(value)
    return name if name is not None and not set(name) & set("/#") else None
