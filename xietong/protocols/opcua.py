"""Values of OPC UA as the journal keeps them: a line with the nodes in force, then a line for each value. No sockets.

    {"server": "scada", "url": "opc.tcp://10.0.0.9:4840", "how": "notified", "at": "2025-03-01T00:00:01+00:00",
     "nodes": [{"name": "kwh", "node": "ns=2;s=M1.kWh", "scale": "0.001"}]}   (all in one line)
    {"name": "kwh", "type": "Double", "value": "12.5", "status": 0, "source": "2025-03-01T00:00:00.25+00:00"}

A value that the server notified or remembers has the instant that it states; one that was read has that of the reading:
a source's time does not move while its value stays as it is. docs/decisions/0021-polled-sources.md has the reasons.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from types import MappingProxyType
from typing import Any, Literal, NamedTuple, get_args
from zoneinfo import ZoneInfo

from xietong.protocols.values import EXACT, NO_READING, Message, Unused, Value, is_plausible, rounded
from xietong.stamps import on_grid
from xietong.texts import Text

How = Literal["notified", "read", "history"]
Time = Literal["source", "server"]
TIMES: tuple[Time, ...] = get_args(Time)
NUMBERS = frozenset(
    {"SByte", "Byte", "Int16", "UInt16", "Int32", "UInt32", "Int64", "UInt64", "Float", "Double", "Boolean"}
)
# A value of which the server says that it may be wrong is kept with this mark, and marks not known to be usable do not
# count; one that a person has set in place of the source is marked as HJ 212 marks what was entered by hand.
UNCERTAIN, BY_HAND = "U", "S"
_GOOD_LOCAL_OVERRIDE = 0x00960000
LONGEST_VALUE = 4096
_ANY_ZONE = ZoneInfo("UTC")
_TRUTH = {"True": Decimal(1), "False": Decimal(0)}


@dataclass(frozen=True, slots=True)
class Node:
    """What one value of a server is. node: its NodeId as text; time: whose time is its instant, the source's or the
    server's; value = stated × scale + offset; unit: that of the value, for persons and for `xietong doctor`."""

    name: str
    node: str
    time: Time = "source"
    scale: Decimal = Decimal(1)
    offset: Decimal = Decimal(0)
    unit: str = ""


class Stated(NamedTuple):
    """One value as the server stated it. type: the name of its built-in type, with [] for a list; value: as text,
    exact; status: the whole status code; source, server: their times, UTC, None where they were not stated."""

    name: str
    type: str
    value: str
    status: int
    source: datetime | None
    server: datetime | None


class Notice(NamedTuple):
    """Values of one server that came together. at: when; nodes: what those of the values mean; grid: by name the
    interval in seconds on whose grid the stamps of its point lie (0: any instant), as the registry had it."""

    server: str
    url: str
    how: How
    at: datetime
    nodes: tuple[Node, ...]
    values: tuple[Stated, ...]
    grid: Mapping[str, int] = MappingProxyType({})


def sealed(notice: Notice) -> bytes:
    """The payload of the journal entry: the line of the nodes, and a line for each value."""
    said = {"server": notice.server, "url": notice.url, "how": notice.how, "at": notice.at.isoformat()}
    grid = {name: notice.grid[name] for name in (each.name for each in notice.nodes) if name in notice.grid}
    head: dict[str, object] = {**said, **({"grid": grid} if grid else {})}
    lines = [{**head, "nodes": [_plain(each) for each in notice.nodes]}, *(_told(each) for each in notice.values)]
    return b"\n".join(json.dumps(line, separators=(",", ":"), ensure_ascii=False).encode() for line in lines)


def opened(payload: bytes) -> Notice:
    """What `sealed` was given."""
    head, *rest = (json.loads(line) for line in payload.split(b"\n"))
    nodes = tuple(_node(each) for each in head["nodes"])
    at = datetime.fromisoformat(head["at"])
    values, grid = tuple(_stated(each) for each in rest), head.get("grid", {})
    return Notice(head["server"], head["url"], how=head["how"], at=at, nodes=nodes, values=values, grid=grid)


def decode(notice: Notice, zone: ZoneInfo = _ANY_ZONE) -> Message:
    """The readings of a notice, and which values are none and why. zone: park time, in which the grids of points lie;
    who only counts may leave it out."""
    nodes = {each.name: each for each in notice.nodes}
    found = [_taken(notice, nodes[each.name], each, zone) for each in notice.values]
    values = tuple(each for each in found if isinstance(each, Value))
    return Message(values, tuple(each for each in found if isinstance(each, Unused)))


def _taken(notice: Notice, node: Node, stated: Stated, zone: ZoneInfo) -> Value | Unused:
    said = f"{stated.value} {stated.type} {stated.status:08X}"
    severity = stated.status >> 30
    if severity > 1:
        return Unused(node.name, _bad(stated.status), said)
    exact = _number(stated)
    if exact is None:
        return Unused(node.name, _NO_NUMBER, said)
    kept = rounded(EXACT.fma(exact, node.scale, node.offset)) if exact.is_finite() else None
    if kept is None:
        return Unused(node.name, NO_READING, said)
    at = _instant(notice, node, stated)
    if at is None or not is_plausible(at):
        return Unused(node.name, _NO_TIME, said)
    if notice.how != "read" and node.name in notice.grid:
        at = on_grid(at, notice.grid[node.name], zone)
    flag = UNCERTAIN if severity else BY_HAND if stated.status & 0xFFFF0000 == _GOOD_LOCAL_OVERRIDE else ""
    return Value(f"opcua:{notice.server}/{node.name}", at, kept, flag)


def _number(stated: Stated) -> Decimal | None:
    if stated.type not in NUMBERS:
        return None
    if stated.type == "Boolean":
        return _TRUTH.get(stated.value)
    try:
        return Decimal(stated.value)
    except InvalidOperation:
        return None


def _instant(notice: Notice, node: Node, stated: Stated) -> datetime | None:
    if notice.how == "read":
        return notice.at.replace(microsecond=0)
    return stated.source if node.time == "source" else stated.server


def _bad(status: int) -> Text:
    name = _NAMES.get(status & 0xFFFF0000, f"0x{status:08X}")
    return Text(
        f"服务器说这个值不可用（{name}）；缺失不等于零，原值已存证。",
        f"the server says that this value is bad ({name}); missing is not zero, and what it stated is kept.",
    )


def _plain(node: Node) -> dict[str, object]:
    """A node as JSON, without what is usual."""
    told: dict[str, object] = {
        "name": node.name,
        "node": node.node,
        "time": node.time,
        "scale": str(node.scale),
        "offset": str(node.offset),
        "unit": node.unit,
    }
    return {word: value for word, value in told.items() if _USUAL.get(word) != value}


_USUAL: Mapping[str, str] = {"time": "source", "scale": "1", "offset": "0", "unit": ""}


def _node(told: Mapping[str, Any]) -> Node:
    every = {**_USUAL, **told}
    return Node(**{**every, "scale": Decimal(every["scale"]), "offset": Decimal(every["offset"])})


def _told(stated: Stated) -> dict[str, object]:
    told: dict[str, object] = {"name": stated.name, "type": stated.type, "value": stated.value, "status": stated.status}
    for word, instant in (("source", stated.source), ("server", stated.server)):
        if instant is not None:
            told[word] = instant.isoformat()
    return told


def _stated(told: Mapping[str, Any]) -> Stated:
    source, server = (datetime.fromisoformat(told[word]) if word in told else None for word in ("source", "server"))
    return Stated(told["name"], told["type"], value=told["value"], status=told["status"], source=source, server=server)


# OPC 10000-4 and 10000-8: the status codes of values that are met most; any other is named by its number.
_NAMES: Mapping[int, str] = {
    0x80000000: "Bad",
    0x80050000: "BadCommunicationError",
    0x80310000: "BadNoCommunication",
    0x80320000: "BadWaitingForInitialData",
    0x80330000: "BadNodeIdInvalid",
    0x80340000: "BadNodeIdUnknown",
    0x803A0000: "BadNotReadable",
    0x80890000: "BadConfigurationError",
    0x808A0000: "BadNotConnected",
    0x808B0000: "BadDeviceFailure",
    0x808C0000: "BadSensorFailure",
    0x808D0000: "BadOutOfService",
}
_NO_NUMBER = Text(
    "不是单个的数（文字、时间、列表或空）；只存证，请核对 node。",
    "it is no single number (text, time, a list or nothing); it is kept. Compare `node`.",
)
_NO_TIME = Text(
    "服务器没有给出这里要的时刻（或不在 2000 至 2099 年），只存证；可把 time 改为另一个（source、server），并校时。",
    "the server states no such time (or none in 2000 to 2099), so the value is only kept; set `time` to the other one "
    "of source and server, and the clock right.",
)
