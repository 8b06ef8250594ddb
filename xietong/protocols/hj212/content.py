"""The content of a data segment (CP=&&…&&): items by ";", the fields of one item by ",", each KEY=VALUE.

KEY is CODE-FIELD for what was measured and a bare word for parameters. Nothing is dropped: what is no number where
a number belongs stays as text and is named ("field"). So does a number with a bare piece behind it: of `0,98` and
`1,000.5` nobody knows what was meant, and the piece before the comma is no reading. Letters in the other case are read
as the standard writes them and named ("letter_case").
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from xietong.protocols.hj212.codes import spelt

CHINA = timezone(timedelta(hours=8))
NUMERIC_FIELDS = frozenset(
    {f"{zs}{part}" for zs in ("", "Zs") for part in ("Rtd", "Min", "Avg", "Max")}
    | {"Cou", "RS", "RT", "Data", "DayData", "NightData"}
)
_TEXT_FIELDS = frozenset({"SampleTime", "CompleteTime", "EFlag", "Info", "SN", "SampleType", "ResultType"})
# A mark is one letter (table 8) or digit (2005), or absent.
MARKS = frozenset(("", *"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"))
_SPELT = {field.lower(): field for field in (*NUMERIC_FIELDS, *_TEXT_FIELDS, "Flag")}
_number = re.compile(r"[+-]?[0-9]{1,30}(?:\.[0-9]{0,30})?").fullmatch
# The years of the sheets too: an instant of the year 1 cannot even be told in UTC.
_OWNER = re.compile(r"[0-9A-Za-z]{1,20}")
_TIME = re.compile(r"(?:19|2[01])[0-9]{12}(?:[0-9]{3})?")


class Value(NamedTuple):
    """One field of one factor as the device sent it; flag is the mark of its code, "" where none was sent.

    owner: the analyser that a state belongs to, by the PolId before it (3019 to 3021; annex C.42); "" where none is.
    """

    code: str
    field: str
    value: Decimal | str | None
    flag: str
    owner: str = ""


class Content(NamedTuple):
    """What a content says. parameters: the bare words (QnRtn, PolId, a DataTime that is none …) as sent, each PolId of
    several with a blank between; names: what of it is not written as the standard writes it; owner: the last PolId."""

    data_time: datetime | None
    values: tuple[Value, ...]
    parameters: dict[str, str]
    names: tuple[str, ...]
    owner: str = ""


@dataclass(frozen=True, slots=True)
class _Key:
    """A key taken apart: code and field as the standard spells them ("" for a bare word), whether a number or a text
    belongs there, whether it is the state of an instrument, whether its letters were in the other case."""

    code: str
    field: str = ""
    is_number: bool = False
    is_text: bool = False
    is_state: bool = False
    is_respelt: bool = False


@dataclass(slots=True)
class _Stated:
    """A value as it stands in an item: its key, and its text so far."""

    key: _Key
    text: str


@lru_cache(maxsize=16_384)
def _key(text: str) -> _Key:
    code, _, field = text.strip().partition("-")
    if not field:
        return _Key(code)
    named, known = spelt(code), _SPELT.get(field.lower(), field)
    return _Key(
        named,
        known,
        is_number=known in NUMERIC_FIELDS,
        is_text=known in _TEXT_FIELDS,
        is_state=named[:1] in ("i", "I"),
        is_respelt=(named, known) != (code, field),
    )


def is_spelt_right(code: str, field: str) -> bool:
    """Whether a key is written in the letters of the standard."""
    return not _key(f"{code}-{field}").is_respelt


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


def read_number(text: str) -> Decimal | None:
    """A number as HJ 212 writes it; None for anything else."""
    return Decimal(text) if _number(text) else None


def read_content(text: str, owner: str = "") -> Content:
    """Read what stands between CP=&& and the closing &&. owner: the PolId that holds from before."""
    reader = _Reader(owner)
    for item in text.split(";"):
        if item and not item.isspace():
            reader.item(item)
    return reader.finish()


class _Reader:
    def __init__(self, owner: str) -> None:
        self.values: list[Value] = []
        self.parameters: dict[str, str] = {}
        self.lone_flags: dict[str, str] = {}
        self.owner = owner
        self.malformed = self.is_respelt = False
        self.last: _Stated | None = None  # the value read last, to which a bare piece belongs

    def item(self, item: str) -> None:
        fields: list[_Stated] = []
        flags: dict[str, str] = {}
        for pair in item.split(","):
            word, equals, text = pair.partition("=")
            if not equals:
                self._bare(pair.strip(), begins=not fields and not flags)
                continue
            key = _key(word)
            text, self.last = text.strip(), None
            if key.field == "Flag":
                flags[key.code] = text if text in MARKS else self._mark(text)
            elif key.field:
                self.last = _Stated(key, text)
                fields.append(self.last)
            else:
                self._parameter(word.strip(), text, has_value=True)
            if key.is_respelt:
                self.is_respelt = True
        for stated in fields:
            self._keep(stated.key, stated.text, flags)
        if flags and not (len(flags) == 1 and fields and fields[0].key.code in flags):
            coded = {stated.key.code for stated in fields}
            self.lone_flags.update({code: flag for code, flag in flags.items() if code not in coded})

    def _bare(self, piece: str, *, begins: bool) -> None:
        """A piece without "=": behind a value it is part of it, else a word of its own."""
        self.malformed = True
        if not piece:
            return
        if self.last is None or (begins and not piece[0].isdigit()):
            self._parameter(piece, "", has_value=False)
            return
        self.last.text += f";{piece}" if begins else f",{piece}"
        if begins:  # `0;98`: the other sign of the same slip, the value was kept with the item before
            self.values[-1] = self.values[-1]._replace(value=self.last.text)

    def _keep(self, key: _Key, text: str, flags: dict[str, str]) -> None:
        value: Decimal | str | None = text
        if not key.is_text:
            number = _number(text)
            value = Decimal(text) if number else text or None
            if number is None and key.is_number:
                self.malformed = True
        self.values.append(
            Value(key.code, key.field, value, flags.get(key.code, ""), self.owner if key.is_state else "")
        )

    def _mark(self, text: str) -> str:
        """A mark as the standard writes it, one letter; anything longer stays as sent, and counts as no known mark."""
        plain = unicodedata.normalize("NFKC", text).strip().upper()
        if plain in MARKS:
            self.is_respelt = True
            return plain
        self.malformed = True
        return text

    def _parameter(self, word: str, text: str, *, has_value: bool) -> None:
        if word == "PolId":
            # Several analysers in one frame: each PolId owns what stands behind it.
            self.owner = text if _OWNER.fullmatch(text) else ""
            known = self.parameters.get(word, "").split()
            self.parameters[word] = " ".join(dict.fromkeys([*known, text]))
            return
        if not has_value or not word or self.parameters.get(word, text) != text:
            self.malformed = True
        if word == "DataTime" and self.parameters.get(word, text) != text:
            # Two times in one frame: which value belongs to which is not sure, so none may count.
            text = f"{self.parameters[word]} {text}"
        if word:
            self.parameters[word] = text

    def finish(self) -> Content:
        data_time = read_time(self.parameters.get("DataTime", ""))
        if data_time is not None:
            self.malformed = self.malformed or len(self.parameters["DataTime"]) != 14
            del self.parameters["DataTime"]
        elif "DataTime" in self.parameters:
            self.malformed = True
        told = (("field", self.malformed), ("letter_case", self.is_respelt))
        names = tuple(name for name, is_so in told if is_so)
        return Content(data_time, tuple(self._with_lone_flags()), self.parameters, names, self.owner)

    def _with_lone_flags(self) -> list[Value]:
        """Some loggers put the Flag of a code into an item of its own."""
        if not self.lone_flags:
            return self.values
        lone = self.lone_flags
        codes = {value.code for value in self.values}
        marked = [value if value.flag else value._replace(flag=lone.get(value.code, "")) for value in self.values]
        alone = [Value(code, "Flag", flag, flag) for code, flag in lone.items() if code not in codes]
        return marked + alone
