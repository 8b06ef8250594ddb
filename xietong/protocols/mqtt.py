"""Messages of MQTT as the journal keeps them: a line with the mapping in force, then the very bytes. No sockets here.

    {"topic": "works/m1", "qos": 1, "retained": false, "mid": 7,
     "mapping": {"time": "ts", "form": "unix_ms", "values": ["kw"]}}   (all in one line)
    {"ts": 1740787200000, "kw": 12.5}

A path names the way through objects and lists by keys and places with a dot between, `data.0.kw`; in a key "~" is
written ~0 and "." ~1, and an empty key is ~2. Text is a value only where it says below detection ("<0.02", "ND"). The
same bytes always give the same values, which is how settle reads them again later.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from types import MappingProxyType
from typing import Any, Literal, NamedTuple, get_args
from zoneinfo import ZoneInfo

from xietong.detection import device_limit_in, kept
from xietong.periods import is_skipped
from xietong.protocols.values import (
    LARGEST,
    LONGEST_ADDRESS,
    MOST_VALUES,
    NO_READING,
    Message,
    Unused,
    Value,
    is_plausible,
    rounded,
)
from xietong.readings import BELOW
from xietong.stamps import on_grid
from xietong.texts import Text

Form = Literal["iso", "unix_s", "unix_ms", "park", "receipt"]
FORMS: tuple[Form, ...] = get_args(Form)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECONDS = {"unix_s": 10**6, "unix_ms": 10**3}
_DIGITS = re.compile(r"(\d{8})(\d{6})", re.ASCII)


@dataclass(frozen=True, slots=True)
class TopicMapping:
    """Where a message says when and what: the path and form of its time ("" with "receipt": it has none), and the paths
    of its values; none named: every number in it but the time."""

    time: str = ""
    form: Form = "receipt"
    values: tuple[str, ...] = ()


class Heard(NamedTuple):
    """A message and how it came.

    mid: the broker's number for it while it is unacknowledged; mapping: None where no topic of the settings fits;
    first: when it was first received, where this repeats a message that the broker took for unacknowledged; grid: by
    path the interval in seconds on whose grid the stamps of its point lie (0: any instant), as the registry had it.
    """

    topic: str
    qos: int
    retained: bool
    mid: int
    mapping: TopicMapping | None
    first: datetime | None
    body: bytes
    grid: Mapping[str, int] = MappingProxyType({})


class _NotUsed(Exception):
    def __init__(self, path: str, sentence: Text) -> None:
        self.unused = Unused(path, sentence)
        super().__init__(sentence.en)


def sealed(heard: Heard) -> bytes:
    """The payload of the journal entry: the line, a line feed, and the very body."""
    mapping = heard.mapping
    head: dict[str, object] = {"topic": heard.topic, "qos": heard.qos, "retained": heard.retained, "mid": heard.mid}
    head["mapping"] = mapping and {"time": mapping.time, "form": mapping.form, "values": mapping.values}
    if heard.first is not None:
        head["first"] = heard.first.isoformat()
    if heard.grid:
        head["grid"] = dict(heard.grid)
    return json.dumps(head, separators=(",", ":")).encode() + b"\n" + heard.body


def opened(payload: bytes) -> Heard:
    """What `sealed` was given."""
    head, _, body = payload.partition(b"\n")
    told = json.loads(head)
    stated, first = told["mapping"], told.get("first")
    mapping = stated and TopicMapping(stated["time"], stated["form"], tuple(stated["values"]))
    at = datetime.fromisoformat(first) if first else None
    return Heard(
        told["topic"],
        told["qos"],
        retained=told["retained"],
        mid=told["mid"],
        mapping=mapping,
        first=at,
        body=body,
        grid=told.get("grid", {}),
    )


def decode(heard: Heard, received_at: datetime, zone: ZoneInfo) -> Message:
    """The values of a message, and what in it is none. zone: park time, for the form "park"."""
    mapping = heard.mapping
    if mapping is None:
        return Message((), (Unused("", _NO_MAPPING),))
    try:
        leaves = _leaves(heard.body)
        at = _at(heard, mapping, leaves, heard.first or received_at, zone)
        wanted = _wanted(mapping, leaves)
    except _NotUsed as error:
        return Message((), (error.unused,))
    found = [_taken(heard.topic, path, leaves, _meant(at, path, heard, zone)) for path in wanted]
    values = tuple(each for each in found if isinstance(each, Value))
    return Message(values, tuple(each for each in found if isinstance(each, Unused)))


def _leaves(body: bytes) -> dict[str, object]:
    """Everything in the body that is no object and no list, by its path."""
    try:
        told = json.loads(body, parse_float=Decimal, parse_int=Decimal, parse_constant=Decimal, object_pairs_hook=_once)
    except (ValueError, RecursionError, InvalidOperation):
        raise _NotUsed("", _NO_JSON) from None
    found: dict[str, object] = {}
    waiting: list[tuple[str, Any]] = [("", told)]
    while waiting:
        path, value = waiting.pop()
        inside = list(_inside(value))
        if isinstance(value, dict | list):
            waiting += [(f"{path}.{name}" if path else name, each) for name, each in reversed(inside)]
        else:
            found[path] = value
    return found


def _inside(value: object) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, each in value.items():
            yield key.replace("~", "~0").replace(".", "~1") or "~2", each
    elif isinstance(value, list):
        for place, each in enumerate(value):
            yield str(place), each


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object in which every name stands once: of two values under one name nobody knows which is meant."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands twice")
    return found


def _at(
    heard: Heard, mapping: TopicMapping, leaves: Mapping[str, object], received_at: datetime, zone: ZoneInfo
) -> datetime:
    if mapping.form == "receipt":
        if heard.retained:
            raise _NotUsed("", _RETAINED)
        return received_at
    stated = leaves.get(mapping.time)
    try:
        at = _instant(stated, mapping.form)
    except (ValueError, OverflowError, InvalidOperation):
        at = None
    if at is not None and at.tzinfo is None:
        at = _of_two(at, received_at, zone)
        if at is None:
            raise _NotUsed(mapping.time, _CLOCKS)
    if at is None or not is_plausible(at):
        raise _NotUsed(mapping.time, _NO_TIME)
    return at


def _meant(at: datetime, path: str, heard: Heard, zone: ZoneInfo) -> datetime:
    """The instant on the grid of the value's point; a time of receipt is nobody's computation and stays."""
    is_stated = heard.mapping is not None and heard.mapping.form != "receipt"
    return on_grid(at, heard.grid[path], zone) if is_stated and path in heard.grid else at


def _of_two(at: datetime, received_at: datetime, zone: ZoneInfo) -> datetime | None:
    """A park time as an instant. Of a time that clocks show twice the receipt says which: before the second it can only
    be the first, and in the hour (or what clocks go back by) behind it a message is of the second. None where nobody
    can say, and where clocks go forward over it."""
    if is_skipped(at, zone):
        return None
    first, second = (at.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if first == second or received_at < second:
        return first
    return second if received_at - second < second - first else None


def _instant(stated: object, form: Form) -> datetime | None:
    """The time as a mapping's form says it, naive where it is park time; None or ValueError where it is not so."""
    if form in _MICROSECONDS:
        if isinstance(stated, bool) or not isinstance(stated, Decimal | str):
            return None
        number = Decimal(stated)
        if not number.is_finite() or not 0 <= number < LARGEST * 10:
            return None
        return _EPOCH + timedelta(microseconds=round(number * _MICROSECONDS[form]))
    text = str(stated) if isinstance(stated, Decimal | str) else ""
    digits = _DIGITS.fullmatch(text)
    at = datetime.fromisoformat(f"{digits[1]}T{digits[2]}" if digits else text)
    if (at.tzinfo is None) != (form == "park"):
        return None
    return at if form == "park" else at.astimezone(UTC)


def _wanted(mapping: TopicMapping, leaves: Mapping[str, object]) -> list[str]:
    """The paths that are looked at: those named, or all of a message that is not larger than any device's."""
    if mapping.values:
        return list(mapping.values)
    if len(leaves) > MOST_VALUES:
        raise _NotUsed("", _TOO_MANY)
    is_timed = mapping.form != "receipt"
    return [path for path in leaves if not (is_timed and path == mapping.time)]


def _taken(topic: str, path: str, leaves: Mapping[str, object], at: datetime) -> Value | Unused:
    address = f"mqtt:{topic}#{path}"
    if len(address) > LONGEST_ADDRESS or not address.isprintable():
        return Unused(path, _NO_ADDRESS)
    if path not in leaves:
        return Unused(path, _ABSENT)
    stated = leaves[path]
    limit = device_limit_in(stated) if isinstance(stated, str) else None
    if limit is not None:
        return Value(address, at, kept(limit), BELOW)
    if not isinstance(stated, Decimal):
        return Unused(path, _NO_NUMBER, str(stated))
    number = rounded(stated)
    return Unused(path, NO_READING, str(stated)) if number is None else Value(address, at, number)


_NO_MAPPING = Text(
    "mqtt.toml 中没有与此主题相符的设置，消息只存证；请为它写 topics，或换一个 client 以放弃旧订阅。",
    "no topic of mqtt.toml fits this one, so the message is only kept; write topics for it, or another client name to "
    "leave old subscriptions.",
)
_NO_JSON = Text(
    "消息不是 UTF-8 编码的 JSON，或同一对象中有重名；原文已存证，没有监测值。",
    "the message is no JSON in UTF-8, or an object in it has one name twice; it is kept, and gives no readings.",
)
_RETAINED = Text(
    "代理保留的旧消息没有自带时刻，不知何时测得，只存证。",
    "a message that the broker had retained says no time of its own: nobody knows when it was measured; it is kept.",
)
_NO_TIME = Text(
    "此处没有读得懂的时刻（或不在 2000 至 2099 年），整条消息只存证；请核对 mqtt.toml 的 time 与 form 和设备时钟。",
    "no time can be read here (or it is not in 2000 to 2099), so the message is only kept; compare time and form in "
    "mqtt.toml, and the device's clock.",
)
_CLOCKS = Text(
    "时钟拨快而没有这一刻，或拨回而当天有两次、收到时已看不出是哪一次，整条消息只存证；请让设备发 UTC 或带偏移的时刻。",
    "clocks go forward over this time, or show it twice and it came too late to tell which, so the message is only "
    "kept; let the device send UTC, or a time with its offset.",
)
_TOO_MANY = Text(
    f"消息中超过 {MOST_VALUES} 个值，只存证；请在 mqtt.toml 的 values 中写明要哪些。",
    f"the message has more than {MOST_VALUES} values and is only kept; name those you want under values in mqtt.toml.",
)
_NO_ADDRESS = Text("主题或路径过长或有不可见字符，不能作为地址。", "topic or path is too long or not printable.")
_ABSENT = Text("消息里没有这个值；缺失不等于零。", "the message lacks this value; missing is not zero.")
_NO_NUMBER = Text("是文字、真假或空，不是数；只存证。", "it is text, true, false or null, no number; it is kept.")
