"""DATA/mqtt.toml: the brokers that messages are taken from, and where a message says when and what.

    [broker.works]           host, port, client, user, password_file, tls, ca
    [[broker.works.topic]]   filter, time, form, values

A file with a mistake is refused whole, with the sentence, and stops nothing but MQTT; docs/commands.md lists its words.
"""

import stat
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path

from xietong.intake.devices import BadSettings
from xietong.intake.settings_file import LONGEST_NAME, Told, read_told, text
from xietong.protocols.mqtt import FORMS, TopicMapping
from xietong.texts import Text

FILE = "mqtt.toml"


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic filter of MQTT and how messages of its topics are read."""

    filter: str
    mapping: TopicMapping


@dataclass(frozen=True, slots=True)
class Broker:
    """One broker. client: our name there, under which it keeps the session; ca: certificates to trust, "" for
    the system's."""

    name: str
    host: str
    port: int
    client: str
    user: str = ""
    password: str = field(default="", repr=False)
    password_file: str = ""
    tls: bool = False
    ca: str = ""
    topics: tuple[Topic, ...] = ()


def read_brokers(path: Path) -> tuple[Broker, ...]:
    """The brokers of the file; none where there is none. Raises BadSettings, also where a file it names is missing."""
    known = read_told(path)
    if known is None:
        return ()
    known.only({"broker"})
    found = tuple(_broker(name, told) for name, told in known.each("broker").items())
    sessions = [(each.host, each.port, each.client) for each in found]
    if len(set(sessions)) < len(sessions):
        zh, en = (
            "两处用同一代理和同一 client，会互相挤下线",
            "two share a broker and a client: they would oust each other",
        )
        raise BadSettings(path, "client", zh, en)
    return found


def _broker(name: str, told: Told) -> Broker:
    told.only({"host", "port", "client", "user", "password_file", "tls", "ca", "topic"})
    if text(name) is None:
        raise told.wrong("", "名称过长或有不可见字符", "the name is too long or not printable")
    has_tls = told.truth("tls")
    return Broker(
        name=name,
        host=told.text("host", None),
        port=told.whole("port", 1, 65535, 8883 if has_tls else 1883),
        client=told.text("client", f"xietong-{name}"),
        user=told.text("user"),
        password=told.secret("password_file"),
        password_file=told.file("password_file"),
        tls=has_tls,
        ca=told.file("ca"),
        topics=tuple(_topic(each) for each in told.tables("topic")),
    )


def _topic(told: Told) -> Topic:
    told.only({"filter", "time", "form", "values"})
    wanted = told.take("filter", _filter, None, "不是 MQTT 的主题过滤器", "it is no topic filter of MQTT")
    time, form = told.text("time"), told.text("form", "iso" if told.text("time") else "receipt")
    if form not in FORMS or (form == "receipt") != (not time):
        words = ", ".join(FORMS[:-1])
        raise told.wrong(
            "form", f"写了 time 时应是 {words} 之一，否则不写", f"with a time it is one of {words}, else absent"
        )
    values = told.texts("values")
    return Topic(wanted, TopicMapping(time, FORMS[FORMS.index(form)], tuple(dict.fromkeys(values))))


def _filter(value: object) -> str | None:
    """A topic filter by MQTT 3.1.1, 4.7: "+" and "#" fill a level, "#" only the last."""
    if not isinstance(value, str) or not value.isprintable() or not 0 < len(value) <= LONGEST_NAME * 2:
        return None
    levels = value.split("/")
    is_right = all(("+" not in each or each == "+") for each in levels) and "#" not in "".join(levels[:-1])
    return value if is_right and (levels[-1] == "#" or "#" not in levels[-1]) else None


def exposed(broker: Broker) -> Text | None:
    """The warning of a broker beyond this machine without TLS; None where all is well."""
    try:
        is_near = ip_address(broker.host).is_loopback
    except ValueError:
        is_near = broker.host == "localhost"
    if broker.tls or is_near:
        return None
    return Text(
        f"MQTT 代理 {broker.name}（{broker.host}）不用 TLS：路上的人可以读到口令、改写数据；"
        "请设 tls = true，或用专线隔离。",
        f"the MQTT broker {broker.name} ({broker.host}) is used without TLS: whoever is on the way can read the "
        "password and change data. Set tls = true, or keep it behind a private line.",
    )


def is_open_to_others(path: Path) -> bool:
    """Whether other users can read a file that holds a password."""
    return path.is_file() and bool(stat.S_IMODE(path.stat().st_mode) & 0o077)
