"""Settings of sources in TOML (mqtt.toml, modbus.toml, opcua.toml): each word checked, a mistake told with its place.

What the words mean is said in brokers.py, registers.py and servers.py.
"""

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Generic, TypeVar

from xietong.intake.devices import BadSettings
from xietong.texts import Text

LONGEST_NAME = 100
Setting = TypeVar("Setting")
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Settled(Generic[Setting]):
    """What a file settles, by name; problems: the sentences of those names that cannot be used."""

    settings: Mapping[str, Setting]
    problems: Mapping[str, Text]


class Told:
    """A table of the file, and the sentence for what is wrong in it."""

    def __init__(self, path: Path, told: object, where: str) -> None:
        self.path, self.where = path, where
        if not isinstance(told, dict):
            raise BadSettings(path, where, "应是一个表", "it must be a table")
        self._told: Mapping[str, Any] = told

    def __contains__(self, word: str) -> bool:
        return word in self._told

    def only(self, names: set[str]) -> None:
        """Refuse every other word."""
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
        """The mistake of a word, to be raised."""
        return BadSettings(self.path, f"{self.where} {word}".strip(), zh, en)

    def text(self, word: str, usual: str | None = "") -> str:
        """A text of at most 100 characters; it must be said where there is no usual one."""
        return str(self.take(word, text, usual, "应是 1 到 100 个字符的文字", "it must be text of 1 to 100 characters"))

    def truth(self, word: str) -> bool:
        """true or false; false where it is not said."""
        return bool(self.take(word, _truth, False, "应是 true 或 false", "it must be true or false"))

    def whole(self, word: str, low: int, high: int, usual: int | None = None) -> int:
        """A whole number within bounds."""

        def check(value: object) -> int | None:
            return value if type(value) is int and low <= value <= high else None

        return self.take(
            word, check, usual, f"应是 {low} 到 {high} 的整数", f"it must be a whole number, {low} to {high}"
        )

    def exact(self, word: str, usual: Decimal) -> Decimal:
        """A finite number, exactly as it is written."""
        return self.take(word, _exact, usual, "应是一个数", "it must be a number")

    def one_of(self, word: str, words: tuple[Value, ...], usual: Value | None = None) -> Value:
        """One of a few words."""
        listed = ", ".join(map(str, words))

        def check(value: object) -> Value | None:
            return next((each for each in words if each == value and type(each) is type(value)), None)

        return self.take(word, check, usual, f"应是 {listed} 之一", f"it must be one of {listed}")

    def texts(self, word: str) -> list[str]:
        """A list of texts; empty where it is not said."""
        every: list[str] = []
        return self.take(word, _texts, every, "应是文字的列表", "it must be a list of texts")

    def tables(self, word: str) -> "list[Told]":
        """The tables [[where.word]], of which there must be one."""
        place = f"[[{self.where.strip('[]')}.{word}]]"
        listed = self.take(word, _list, None, f"至少写一个 {place}", f"write at least one {place}")
        return [Told(self.path, each, f"{place}") for each in listed]

    def named(self, word: str) -> Mapping[str, object]:
        """The tables [word.NAME] by name, unread."""
        nothing: dict[str, object] = {}
        return self.take(word, _table, nothing, "应是表", "it must be a table")

    def each(self, word: str) -> "dict[str, Told]":
        """The tables [word.NAME], by name."""
        return {name: Told(self.path, each, f"[{word}.{name}]") for name, each in self.named(word).items()}

    def file(self, word: str) -> str:
        """The full path of a file that the settings name, seen from the data folder; "" where none is named."""
        name = self.text(word)
        path = self.path.parent / name
        if name and not path.is_file():
            raise self.wrong(word, f"没有文件 {path}", f"there is no file {path}")
        return str(path) if name else ""

    def secret(self, word: str) -> str:
        """What such a file holds, without the line's end."""
        named = self.file(word)
        try:
            return Path(named).read_text(encoding="utf-8").rstrip("\r\n") if named else ""
        except (OSError, ValueError) as error:
            raise self.wrong(word, f"读不出来（{error}）", f"it cannot be read ({error})") from error


def read_told(path: Path) -> Told | None:
    """The whole file, numbers exact; None where there is none. Raises BadSettings where it is no TOML."""
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, ArithmeticError, RecursionError) as error:
        raise BadSettings(path, "TOML", f"读不出来（{error}）", f"it cannot be read ({error})") from error
    return Told(path, told, "")


def each_alone(known: Told, word: str, read: Callable[[str, Told], Setting]) -> Settled[Setting]:
    """Read each table [word.NAME] by itself: a mistake in one leaves the others as they are."""
    settings, problems = {}, {}
    for name, table in known.named(word).items():
        where = f"[{word}.{name}]"
        try:
            told = Told(known.path, table, where)
            if text(name) is None or set(name) & set("/#"):
                raise told.wrong("", "名称过长，或有 / # 或不可见字符", "its name is too long or holds / # or worse")
            settings[name] = read(name, told)
        except BadSettings as error:
            problems[name] = Text(
                f"{error.path} 的 {error.where} 有误：{error.what.zh}；只有 {where} 未采用新设置，请改正后保存。",
                f"{error.path}, {error.where}: {error.what.en}. Of it only {where} is not used until it is mended.",
            )
    return Settled(settings, problems)


def text(value: object) -> str | None:
    """A printable text of 1 to 100 characters."""
    return value if isinstance(value, str) and 0 < len(value) <= LONGEST_NAME and value.isprintable() else None


def _texts(value: object) -> list[str] | None:
    return value if isinstance(value, list) and all(text(each) for each in value) else None


def _truth(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def _exact(value: object) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    number = Decimal(value)
    return number if number.is_finite() and abs(number.adjusted()) < 30 else None


def _table(value: object) -> dict[str, object] | None:
    return value if isinstance(value, dict) else None


def _list(value: object) -> list[object] | None:
    return value if isinstance(value, list) and value else None
