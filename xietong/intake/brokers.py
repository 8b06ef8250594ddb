"""DATA/mqtt.toml: the brokers that messages are taken from, and where a message says when and what.

    [broker.works]           host, port, client, user, password_file, tls, ca
    [[broker.works.topic]]   filter, time, form, values

A file with a mistake is refused whole, with the sentence, and stops nothing but MQTT; docs/commands.md lists its words.
"""

import stat
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Any, TypeVar

from xietong.intake.devices import BadSettings
from xietong.protocols.mqtt import FORMS, TopicMapping
from xietong.texts import Text

FILE = "mqtt.toml"
LONGEST_NAME = 100
Value = TypeVar("Value")


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
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return ()
    except (OSError, ValueError) as error:
        raise BadSettings(path, "TOML", f"读不出来（{error}）", f"it cannot be read ({error})") from error
    known = _Told(path, told, "")
    known.only({"broker"})
    nothing: dict[str, object] = {}
    brokers = known.take("broker", _table, nothing, "应是表", "it must be a table")
    found = tuple(_broker(path, str(name), _Told(path, each, f"[broker.{name}]")) for name, each in brokers.items())
    sessions = [(each.host, each.port, each.client) for each in found]
    if len(set(sessions)) < len(sessions):
        zh, en = (
            "两处用同一代理和同一 client，会互相挤下线",
            "two share a broker and a client: they would oust each other",
        )
        raise BadSettings(path, "client", zh, en)
    return found


class _Told:
    """A table of the file, and the sentence for what is wrong in it."""

    def __init__(self, path: Path, told: object, where: str) -> None:
        self._path, self._where = path, where
        if not isinstance(told, dict):
            raise BadSettings(path, where, "应是一个表", "it must be a table")
        self._told: Mapping[str, Any] = told

    def only(self, names: set[str]) -> None:
        for word in self._told.keys() - names:
            raise self.wrong(word, "没有这个设置", "there is no such setting")

    def take(self, word: str, check: Callable[[object], Value | None], usual: Value | None, zh: str, en: str) -> Value:
        """The value of a word as `check` gives it (None: refused), or the usual one where it is not said."""
        if word not in self._told and usual is not None:
            return usual
        found = check(self._told.get(word))
        if found is None:
            raise self.wrong(word, zh, en)
        return found

    def wrong(self, word: str, zh: str, en: str) -> BadSettings:
        return BadSettings(self._path, f"{self._where} {word}".strip(), zh, en)

    def text(self, word: str, usual: str | None = "") -> str:
        """A text of at most 100 characters; it must be said where there is no usual one."""
        return str(
            self.take(word, _text, usual, "应是 1 到 100 个字符的文字", "it must be text of 1 to 100 characters")
        )


def _broker(path: Path, name: str, told: _Told) -> Broker:
    told.only({"host", "port", "client", "user", "password_file", "tls", "ca", "topic"})
    if _text(name) is None:
        raise told.wrong("", "名称过长或有不可见字符", "the name is too long or not printable")
    has_tls = bool(told.take("tls", _truth, False, "应是 true 或 false", "it must be true or false"))
    topics = told.take("topic", _list, None, "至少写一个 [[…topic]]", "write at least one [[…topic]]")
    return Broker(
        name=name,
        host=told.text("host", None),
        port=int(told.take("port", _port, 8883 if has_tls else 1883, "应是 1 到 65535", "it must be 1 to 65535")),
        client=told.text("client", f"xietong-{name}"),
        user=told.text("user"),
        password=_password(path, told),
        password_file=_named_file(path, told, "password_file"),
        tls=has_tls,
        ca=_named_file(path, told, "ca"),
        topics=tuple(_topic(_Told(path, each, f"[[broker.{name}.topic]]")) for each in topics),
    )


def _topic(told: _Told) -> Topic:
    told.only({"filter", "time", "form", "values"})
    wanted = told.take("filter", _filter, None, "不是 MQTT 的主题过滤器", "it is no topic filter of MQTT")
    time, form = told.text("time"), told.text("form", "iso" if told.text("time") else "receipt")
    if form not in FORMS or (form == "receipt") != (not time):
        words = ", ".join(FORMS[:-1])
        raise told.wrong(
            "form", f"写了 time 时应是 {words} 之一，否则不写", f"with a time it is one of {words}, else absent"
        )
    every: list[str] = []
    values = told.take("values", _texts, every, "应是路径的列表", "it must be a list of paths")
    return Topic(wanted, TopicMapping(time, FORMS[FORMS.index(form)], tuple(dict.fromkeys(values))))


def _password(path: Path, told: _Told) -> str:
    named = _named_file(path, told, "password_file")
    try:
        return Path(named).read_text(encoding="utf-8").rstrip("\r\n") if named else ""
    except (OSError, ValueError) as error:
        raise told.wrong("password_file", f"读不出来（{error}）", f"it cannot be read ({error})") from error


def _named_file(path: Path, told: _Told, word: str) -> str:
    """The full path of a file that the settings name, seen from the data folder; "" where none is named."""
    name = told.text(word)
    if name and not (path.parent / name).is_file():
        raise told.wrong(word, f"没有文件 {path.parent / name}", f"there is no file {path.parent / name}")
    return str(path.parent / name) if name else ""


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and 0 < len(value) <= LONGEST_NAME and value.isprintable() else None


def _texts(value: object) -> list[str] | None:
    return value if isinstance(value, list) and all(_text(each) for each in value) else None


def _truth(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def _port(value: object) -> int | None:
    return value if type(value) is int and 1 <= value <= 65535 else None


def _table(value: object) -> dict[str, object] | None:
    return value if isinstance(value, dict) else None


def _list(value: object) -> list[object] | None:
    return value if isinstance(value, list) and value else None


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
