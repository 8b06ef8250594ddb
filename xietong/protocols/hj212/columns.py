"""A frame's readings: the exact way through decode, and a quick way that gives settle the same as columns.

Address: hj212:MN/code/field@CN with codes of 2005 written as of 2017; the state of an analyser (PolId) is
hj212:MN/PolId.code/Info@CN, so that each keeps its own.
"""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from operator import itemgetter
from typing import NamedTuple

from xietong.detection import device_limit_in, kept, mark_of
from xietong.protocols.hj212.codes import modern
from xietong.protocols.hj212.content import MARKS, NUMERIC_FIELDS, Value, is_spelt_right, read_number, read_time
from xietong.protocols.hj212.frames import Frame, decode
from xietong.readings import BELOW, MILLIONTH, Reading

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_LIMIT = Decimal(10) ** 12


def readings(frame: Frame, entry: str, recorded_at: datetime) -> list[Reading]:
    """The numbers of an accepted frame that has a DataTime; at is UTC.

    What is stated as below detection is one too. A number of 10^12 or more does not fit a reading and is left in the
    frame; more than six decimals are rounded half to even at the sixth.
    """
    if not frame.ok or frame.data_time is None or not frame.mn:
        return []
    at = frame.data_time.astimezone(UTC)
    return [
        Reading(_address(frame.mn, value, frame.cn), at, value=fitting, flag=mark, entry=entry, recorded_at=recorded_at)
        for value in frame.values
        for number, mark in _said(value)
        if (fitting := _fitting(number)) is not None
    ]


def _said(value: Value) -> Iterator[tuple[Decimal, str]]:
    """The number and the mark of a value, if it is one; below detection (`<0.02`, or its limit under a mark `<`) what
    is kept of it, under our mark."""
    number, limit = _number(value), None
    if value.field in NUMERIC_FIELDS:
        limit = (
            device_limit_in(value.value) if isinstance(value.value, str) else number if value.flag == BELOW else None
        )
    if limit is not None:
        yield kept(max(limit, Decimal(0))), mark_of(value.flag)
    elif number is not None:
        yield number, value.flag


def _number(value: Value) -> Decimal | None:
    """What of a value is a number; the Info of an instrument is a state where it is one (HJ 212-2017 annex C.42)."""
    if value.field == "Info":
        return read_number(value.value) if isinstance(value.value, str) else None
    return value.value if value.field in NUMERIC_FIELDS and isinstance(value.value, Decimal) else None


def _address(mn: str, value: Value, cn: str) -> str:
    code = modern(value.code)
    return f"hj212:{mn}/{f'{value.owner}.{code}' if value.owner else code}/{value.field}@{cn}"


def _fitting(value: Decimal) -> Decimal | None:
    if abs(value) >= _LIMIT:
        return None
    exponent = value.as_tuple().exponent
    if isinstance(exponent, int) and exponent < -6:
        rounded = value.quantize(MILLIONTH, rounding=ROUND_HALF_EVEN)
        return rounded if abs(rounded) < _LIMIT else None
    return value


class Columns(NamedTuple):
    """One frame's readings: addresses, values (decimal digits) and flags side by side; at in µs since 1970, UTC.

    is_plain: the frame is written just as the standard writes it, as the quick way found.
    """

    mn: str
    at_us: int
    addresses: list[str]
    values: tuple[str, ...]
    flags: tuple[str, ...]
    is_plain: bool = True

    @property
    def at(self) -> datetime:
        """The instant, UTC."""
        return _EPOCH + timedelta(microseconds=self.at_us)


class _Plan(NamedTuple):
    """How to read a content of a known shape: the addresses, and where values and their flags stand in it."""

    addresses: list[str]
    values: Callable[[list[str]], tuple[str, ...]]
    flags: Callable[[list[str]], tuple[str, ...]]


# The header as the standard writes it; whatever differs takes the exact way.
_PLAIN = re.compile(
    rb"##[0-9]{4}QN=[0-9]{17};ST=[0-9]{2};CN=([0-9]{4});PW=[^;,&=]*;MN=([0-9A-Za-z_]{1,64});Flag=[0-9]{1,3};"
    rb"(?:PNUM=[0-9]{1,4};PNO=[0-9]{1,4};)?CP=&&DataTime=([0-9]{14});([!-%\'-~]+)&&[0-9A-Fa-f]{4}\s*"
)
_VALUES = re.compile(r"(?:-?[0-9]{1,12}(?:\.[0-9]{1,6})?,)+")
_KEY = re.compile(r"([0-9A-Za-z]+)-([A-Za-z]+)")
_NO_SEPARATORS = bytes(byte for byte in range(256) if byte not in b"=,;")
_SHAPES_KEPT = 20_000


class ColumnReader:
    """Reads frames into columns and remembers the shapes of contents, which a device repeats all day.

    Gives exactly what `readings` gives of the same accepted frame. The CRC is not checked again where the shape is
    known: intake did, and the journal's hash vouches for the bytes since.
    """

    def __init__(self) -> None:
        self._plans: dict[tuple[str, ...], _Plan | None] = {}

    def columns(self, raw: bytes) -> Columns | None:
        """The readings of an accepted frame, or None where it has none."""
        plain = _PLAIN.fullmatch(raw)
        quick = self._quick(*plain.groups()) if plain else None
        return quick or _exact(raw)

    def _quick(self, cn: bytes, mn: bytes, time: bytes, body: bytes) -> Columns | None:
        at = read_time(time.decode())
        if at is None:
            return None
        tokens = body.decode().replace(";", ",").replace("=", ",").split(",")
        shape = (mn.decode(), cn.decode(), body.translate(None, _NO_SEPARATORS).decode(), *tokens[0::2])
        plan = self._plans[shape] if shape in self._plans else self._learn(shape)
        if plan is None:
            return None
        tokens.append("")
        values = plan.values(tokens)
        flags = plan.flags(tokens)
        if not _VALUES.fullmatch(",".join(values) + ",") or not MARKS.issuperset(flags):
            return None
        return Columns(shape[0], (at - _EPOCH) // _MICROSECOND, plan.addresses, values, flags)

    def _learn(self, shape: tuple[str, ...]) -> _Plan | None:
        if len(self._plans) >= _SHAPES_KEPT:
            self._plans.clear()
        mn, cn, separators, *keys = shape
        plan = _plan(mn, cn, separators, keys)
        self._plans[shape] = plan
        return plan


def _plan(mn: str, cn: str, separators: str, keys: list[str]) -> _Plan | None:
    """The plan of a shape, or None where only the exact way is sure."""
    matches = [_KEY.fullmatch(key) for key in keys]
    if not all(matches) or set(separators[0::2]) != {"="} or "=" in separators[1::2]:
        return None
    ends = [index for index, mark in enumerate(separators[1::2], start=1) if mark == ";"]
    addresses: list[str] = []
    at_values: list[int] = []
    at_flags: list[int] = []
    for begin, end in zip([0, *ends], [*ends, len(keys)], strict=True):
        item = {index: match.groups() for index, match in enumerate(matches[begin:end], start=begin) if match}
        flags = {code: index for index, (code, field) in item.items() if field == "Flag"}
        if not flags.keys() <= {code for code, field in item.values() if field != "Flag"}:
            return None
        if any(field == "Info" or not is_spelt_right(code, field) for code, field in item.values()):
            return None
        for index, (code, field) in item.items():
            if field in NUMERIC_FIELDS:
                addresses.append(_address(mn, Value(code, field, None, ""), cn))
                at_values.append(2 * index + 1)
                at_flags.append(2 * flags[code] + 1 if code in flags else -1)
    return _Plan(addresses, _getter(at_values), _getter(at_flags)) if addresses else None


def _getter(places: list[int]) -> Callable[[list[str]], tuple[str, ...]]:
    if len(places) == 1:
        (place,) = places
        return lambda tokens: (tokens[place],)
    return itemgetter(*places)


def _exact(raw: bytes) -> Columns | None:
    return columns_of(decode(raw))


def columns_of(frame: Frame) -> Columns | None:
    """The readings of a decoded frame as columns, or None where it has none."""
    found = readings(frame, "", _EPOCH)
    if not found:
        return None
    return Columns(
        frame.mn,
        (found[0].at - _EPOCH) // _MICROSECOND,
        [reading.address for reading in found],
        tuple(f"{reading.value:f}" for reading in found),
        tuple(reading.flag for reading in found),
        is_plain=False,
    )
