"""DATA/devices.toml: what people settle about devices and about the door itself; docs/commands.md lists every word.

    [listen]  allow, certificate, key, unlisted      [asking]  on, timeout_s, sends, pause_s, window_days, give_up
    [device.MN]  password, addresses, sm4_keys, ask, own, st, edition, reading

Read by intake (who may speak, what may be asked) and by settle (keys, what to ask for). A file with a mistake is
refused whole, with the sentence; a running process keeps the last good one. A device that is not listed is heard, kept
and asked like any other, and never commanded; with unlisted = "refused" its frames are kept and not used (decision
0032).
"""

import ipaddress
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, TypeVar

from xietong.protocols.hj212.editions import Edition
from xietong.protocols.hj212.sealing import read_key
from xietong.protocols.hj212.tables import READING
from xietong.texts import Text

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_EDITIONS: tuple[Edition, ...] = ("2005", "2017", "2025")


class BadSettings(Exception):
    """devices.toml says something that cannot be meant; text says what, where and what to do."""

    def __init__(self, path: Path, where: str, zh: str, en: str) -> None:
        self.path, self.where, self.what = path, where, Text(zh, en)
        self.text = Text(
            f"{path} 的 {where} 有误：{zh}；整个文件未采用，请改正后保存。",
            f"{path}, {where}: {en}. The file is not used at all until it is mended.",
        )
        super().__init__(self.text.en)


@dataclass(frozen=True, slots=True)
class Rule:
    """What is settled about one device. password "" and no addresses: any; sm4_keys: the newest first; ask: its memory
    may be asked; own: the park's own device, the only kind that may ever be commanded; reading: CN read once a day."""

    password: str = ""
    addresses: tuple[Network, ...] = ()
    sm4_keys: tuple[bytes, ...] = ()
    ask: bool = True
    own: bool = False
    st: str = ""
    edition: Edition | None = None
    reading: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Listening:
    """Who may connect at all (no networks: anybody who can reach the port), the certificate for TLS, and whether the
    frames of devices that are not listed are heard or refused."""

    allow: tuple[Network, ...] = ()
    certificate: str = ""
    key: str = ""
    unlisted: str = "heard"


@dataclass(frozen=True, slots=True)
class Asking:
    """Limits of asking: time-out and sends of one request (HJ 212-2017 table 1), seconds between two exchanges with one
    device, how far back, and after how many vain ones a device counts as one-way or a gap as not in its memory."""

    on: bool = True
    timeout_s: float = 10.0
    sends: int = 3
    pause_s: float = 20.0
    window_days: float = 7.0
    give_up: int = 3


@dataclass(frozen=True, slots=True)
class DeviceBook:
    """The whole file."""

    listen: Listening = Listening()
    asking: Asking = Asking()
    devices: Mapping[str, Rule] = field(default_factory=dict)

    def rule(self, mn: str) -> Rule:
        """What is settled about a device; the usual where it is not listed."""
        return self.devices.get(mn, _USUAL)

    @classmethod
    def read(cls, path: Path) -> "DeviceBook":
        """Read the file; an absent one settles nothing. Raises BadSettings, and OSError where it cannot be read."""
        try:
            told = tomllib.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return cls()
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise BadSettings(path, "TOML", f"不是 TOML（{error}）", f"it is no TOML ({error})") from error
        reader = _Reader(path)
        reader.known(told, {"listen", "asking", "device"}, "")
        devices = reader.table(told, "device", "")
        return cls(
            reader.made(Listening, reader.table(told, "listen", ""), "[listen]"),
            reader.made(Asking, reader.table(told, "asking", ""), "[asking]"),
            {mn: reader.made(Rule, reader.table(devices, mn, "device."), f"[device.{mn}]") for mn in devices},
        )


_USUAL = Rule()
Settled = TypeVar("Settled", Listening, Asking, Rule)


class _Reader:
    """Turns TOML tables into settings and names the word that is wrong."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def table(self, told: Mapping[str, Any], name: str, within: str) -> Mapping[str, Any]:
        found = told.get(name, {})
        if not isinstance(found, dict):
            raise BadSettings(self._path, f"{within}{name}", "应是一个表", "it must be a table")
        return found

    def known(self, told: Mapping[str, Any], names: set[str], where: str) -> None:
        for word in told.keys() - names:
            raise BadSettings(self._path, f"{where} {word}".strip(), "没有这个设置", "there is no such setting")

    def made(self, kind: type[Settled], told: Mapping[str, Any], where: str) -> Settled:
        self.known(told, {each.name for each in fields(kind)}, where)
        found: dict[str, Any] = {word: self._value(word, value, f"{where} {word}") for word, value in told.items()}
        return kind(**found)

    def _value(self, word: str, value: object, where: str) -> object:
        """A value of TOML as the setting keeps it."""
        check, zh, en = _CHECKS[word]
        try:
            found = check(value)
        except (ValueError, TypeError):
            found = None
        if found is None:
            raise BadSettings(self._path, where, zh, en)
        return found


def _networks(value: object) -> tuple[Network, ...] | None:
    return tuple(ipaddress.ip_network(str(each), strict=False) for each in value) if isinstance(value, list) else None


def _keys(value: object) -> tuple[bytes, ...] | None:
    found = [read_key(str(each)) for each in value] if isinstance(value, list) else [None]
    return None if None in found else tuple(key for key in found if key)


def _words(value: object) -> tuple[str, ...] | None:
    """Reading commands, each alone or with the factor it is about: "1011", "3019:w01018"."""
    if not isinstance(value, list) or not {str(each).partition(":")[0] for each in value} <= READING:
        return None
    return tuple(map(str, value))


def _positive(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 <= value < 1e6 else None


def _count(value: object) -> int | None:
    return value if type(value) is int and 1 <= value <= 99 else None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _truth(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


_CHECKS: Mapping[str, tuple[Callable[[object], object], str, str]] = {
    **dict.fromkeys(("allow", "addresses"), (_networks, "应是网络地址的列表", "it must be a list of networks")),
    **dict.fromkeys(("certificate", "key", "password", "st"), (_text, "应是文字", "it must be text")),
    **dict.fromkeys(("on", "ask", "own"), (_truth, "应是 true 或 false", "it must be true or false")),
    **dict.fromkeys(
        ("timeout_s", "pause_s", "window_days"), (_positive, "应是不小于零的数", "it must be a number ≥ 0")
    ),
    **dict.fromkeys(("sends", "give_up"), (_count, "应是 1 到 99 的整数", "it must be a whole number, 1 to 99")),
    "sm4_keys": (
        _keys,
        "应是 16 个字符或 32 个十六进制数字的列表",
        "it must list keys of 16 characters or 32 hex digits",
    ),
    "edition": (lambda value: value if value in _EDITIONS else None, "应是 2005、2017 或 2025", "2005, 2017 or 2025"),
    "unlisted": (
        lambda value: value if value in ("heard", "refused") else None,
        "应是 heard 或 refused",
        "it must be heard or refused",
    ),
    "reading": (_words, "只能是提取命令 1011、1061、1063、3017 至 3020", "only reading commands may stand here"),
}


class BookFile:
    """devices.toml as it is now, read again when it changes."""

    def __init__(self, path: Path, meanwhile: DeviceBook | None = None) -> None:
        """meanwhile: what holds until the file is mended; without it a bad file raises BadSettings."""
        self._path = path
        self._seen = stamp(path)
        self.book = meanwhile or DeviceBook.read(path)

    def look(self) -> BadSettings | None:
        """Read the file again if it changed; what is wrong with it where it is, and then the former book stays."""
        seen = stamp(self._path)
        if seen == self._seen:
            return None
        self._seen = seen
        try:
            self.book = DeviceBook.read(self._path)
        except BadSettings as error:
            return error
        except OSError as error:
            return BadSettings(self._path, "", f"读不出来（{error}）", f"it cannot be read ({error})")
        return None


def stamp(path: Path) -> tuple[int, int, int] | None:
    """What tells one state of a file from another; None where there is no such file."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def openness(host: str, listen: Listening) -> Text | None:
    """The warning of a listener beyond this machine without TLS or an allow-list; None where all is well."""
    if _is_loopback(host) or (listen.allow and listen.certificate):
        return None
    lacks_zh = [word for word, has in (("TLS 证书", listen.certificate), ("允许名单", listen.allow)) if not has]
    lacks_en = [word for word, has in (("TLS", listen.certificate), ("an allow-list", listen.allow)) if not has]
    return Text(
        f"HJ 212 监听 {host} 对外开放，而没有{'和'.join(lacks_zh)}：能连上的任何人都可以冒充设备；"
        "请在 devices.toml 的 [listen] 中设置 allow（和 certificate、key），或用专线与防火墙隔离。",
        f"the HJ 212 listener is open on {host} without {' and '.join(lacks_en)}: whoever reaches it can pose as a "
        "device. Set allow (and certificate, key) under [listen] of devices.toml, or keep it behind a private line.",
    )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
