"""What the entry of a message (MQTT), a poll (Modbus) or a notice (OPC UA) says: its values, what is none and why.

By the mapping inside the entry alone, as settle reads it.
"""

from collections.abc import Callable, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext

from xietong.protocols import modbus, mqtt, opcua
from xietong.protocols.values import Message, source_of
from xietong.readings import Entry
from xietong.web.shell.languages import reading_language

Header = list[tuple[str, str]]


def decoded(entry: Entry, address: str, zone: ZoneInfo) -> dict[str, Any]:
    """The part `frame` of the entry's page; address: that of the value that was asked for, "" for none."""
    header, message, places = _READ[entry.kind](entry, zone)
    language = reading_language()
    values = [
        _row(_path(each.address), places, f"{each.value.normalize():f}", each.flag, each.address == address)
        for each in message.values
    ]
    values += [
        _row(each.path, places, each.said or None, each.sentence.in_language(language)) for each in message.unused
    ]
    return {"frame": {"header": header, "values": values}}


def is_message(entry: Entry) -> bool:
    """Whether an entry is of a kind that is read here."""
    return entry.kind in _READ


def _row(path: str, places: Mapping[str, str], value: str | None, flag: str, is_marked: bool = False) -> dict[str, Any]:
    return {
        "code": path,
        "name": "—",
        "field": places.get(path, "—"),
        "value": value,
        "flag": flag,
        "marked": is_marked,
    }


def _path(address: str) -> str:
    """What stands behind the source in an address: the path of MQTT, the name of a register or node elsewhere."""
    return address[len(source_of(address)) + 1 :]


def _mqtt(entry: Entry, zone: ZoneInfo) -> tuple[Header, Message, Mapping[str, str]]:
    heard = mqtt.opened(entry.payload)
    return [(gettext("主题"), heard.topic)], mqtt.decode(heard, entry.received_at, zone), {}


def _modbus(entry: Entry, _zone: ZoneInfo) -> tuple[Header, Message, Mapping[str, str]]:
    poll = modbus.opened(entry.payload)
    header = [
        (gettext("设备"), poll.device),
        (gettext("地址"), poll.address),
        (gettext("此前没有应答的询问"), str(poll.missed)),
    ]
    places = {each.name: f"{each.table} {each.at} {each.type} {each.unit}".rstrip() for each in poll.registers}
    return header, modbus.decode(poll), places


def _opcua(entry: Entry, zone: ZoneInfo) -> tuple[Header, Message, Mapping[str, str]]:
    notice = opcua.opened(entry.payload)
    header = [(gettext("设备"), notice.server), (gettext("地址"), notice.url), (gettext("方式"), notice.how)]
    return header, opcua.decode(notice, zone), {each.name: f"{each.node} {each.unit}".rstrip() for each in notice.nodes}


_READ: Mapping[str, Callable[[Entry, ZoneInfo], tuple[Header, Message, Mapping[str, str]]]] = {
    "mqtt": _mqtt,
    "modbus": _modbus,
    "opcua": _opcua,
}
