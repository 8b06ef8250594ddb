"""The content of a data segment (CP=&&…&&): items by ";", the fields of one item by ",", each KEY=VALUE.

KEY is CODE-FIELD for what was measured and a bare word for parameters. Nothing is dropped: what is no number where
a number belongs stays as text and is named ("field").
"""

import re
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

CHINA = timezone(timedelta(hours=8))
NUMERIC_FIELDS = frozenset(
    {f"{zs}{part}" for zs in ("", "Zs") for part in ("Rtd", "Min", "Avg", "Max")}
    | {"Cou", "RS", "RT", "Data", "DayData", "NightData"}
)
_TEXT_FIELDS = frozenset({"SampleTime", "CompleteTime", "EFlag", "Info", "SN", "SampleType", "ResultType"})
_number = re.compile(r"[+-]?[0-9]{1,30}(?:\.[0-9]{0,30})?").fullmatch
# The years of the sheets too: an instant of the year 1 cannot even be told in UTC.
_TIME = re.compile(r"(?:19|2[01])[0-9]{12}(?:[0-9]{3})?")


class Value(NamedTuple):
    """One field of one factor as the device sent it; flag is the mark of its code, "" where none was sent."""

    code: str
    field: str
    value: Decimal | str | None
    flag: str


class Content(NamedTuple):
    """What a content says. parameters: the bare words (QnRtn, PolId, a DataTime that is none …) as sent."""

    data_time: datetime | None
    values: tuple[Value, ...]
    parameters: dict[str, str]
    malformed: bool


@lru_cache(maxsize=4096)
def read_time(text: str) -> datetime | None:
    """yyyyMMddHHmmss, milliseconds allowed behind, in China Standard Time; None when it is no time of 1900 to 2199."""
    if not _TIME.fullmatch(text):
        return None
    try:
        at = datetime.strptime(text[:14], "%Y%m%d%H%M%S").replace(tzinfo=CHINA)
    except ValueError:
        return None
    return at + timedelta(milliseconds=int(text[14:] or 0))


def read_content(text: str) -> Content:
    """Read what stands between CP=&& and the closing &&."""
    reader = _Reader()
    for item in text.split(";"):
        if item and not item.isspace():
            reader.item(item)
    return reader.finish()


class _Reader:
    def __init__(self) -> None:
        self.values: list[Value] = []
        self.parameters: dict[str, str] = {}
        self.lone_flags: dict[str, str] = {}
        self.malformed = False

    def item(self, item: str) -> None:
        fields: list[tuple[str, str, str]] = []
        flags: dict[str, str] = {}
        for pair in item.split(","):
            key, equals, text = pair.partition("=")
            code, dash, field = key.strip().partition("-")
            text = text.strip()
            if not equals or not dash:
                self._parameter(code, text, bool(equals))
            elif field == "Flag":
                flags[code] = text
            else:
                fields.append((code, field, text))
        for code, field, text in fields:
            self.values.append(Value(code, field, self._value(field, text), flags.get(code, "")))
        if flags and flags.keys() - {code for code, _, _ in fields}:
            self._lone(flags, {code for code, _, _ in fields})

    def _value(self, field: str, text: str) -> Decimal | str | None:
        if field in _TEXT_FIELDS:
            return text
        if _number(text):
            return Decimal(text)
        self.malformed = self.malformed or field in NUMERIC_FIELDS
        return text or None

    def _parameter(self, word: str, text: str, has_value: bool) -> None:
        if not has_value or not word or self.parameters.get(word, text) != text:
            self.malformed = True
        if word == "DataTime" and self.parameters.get(word, text) != text:
            # Two times in one frame: which value belongs to which is not sure, so none may count.
            text = f"{self.parameters[word]} {text}"
        if word:
            self.parameters[word] = text

    def _lone(self, flags: dict[str, str], coded: set[str]) -> None:
        self.lone_flags.update({code: flag for code, flag in flags.items() if code not in coded})

    def finish(self) -> Content:
        data_time = read_time(self.parameters.get("DataTime", ""))
        if data_time is not None:
            self.malformed = self.malformed or len(self.parameters["DataTime"]) != 14
            del self.parameters["DataTime"]
        elif "DataTime" in self.parameters:
            self.malformed = True
        return Content(data_time, tuple(self._with_lone_flags()), self.parameters, self.malformed)

    def _with_lone_flags(self) -> list[Value]:
        """Some loggers put the Flag of a code into an item of its own."""
        if not self.lone_flags:
            return self.values
        lone = self.lone_flags
        codes = {value.code for value in self.values}
        marked = [value if value.flag else value._replace(flag=lone.get(value.code, "")) for value in self.values]
        alone = [Value(code, "Flag", flag, flag) for code, flag in lone.items() if code not in codes]
        return marked + alone
