"""National and regional emission limits as data (emission_limits.csv): standard, class of source, item, value with its
oxygen basis, source, validity and confidence; and whether a park's limit is laxer than the standard it names.

Correction of measured values to a reference oxygen is in calc.outlet_gas; here only limits meet limits.
"""

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, Literal

from xietong.calc.items import all_items
from xietong.calc.keys import group_of
from xietong.calc.rounding import told_apart
from xietong.standard.thresholds import decimal_of
from xietong.texts import Text
from xietong.units import UnitError, convert

_FILE = Path(__file__).with_name("emission_limits.csv")
AIR_OXYGEN = decimal_of("outlet.oxygen_of_air")
# How the field writes over what a limit is averaged; a limit without a word is one of hours.
_HOURS = frozenset({"", "hour", "hourly", "h", "1h", "1hour", "60min", "小时", "时", "时均", "小时均值", "小时平均"})
_DAYS = frozenset({"day", "daily", "d", "1d", "24h", "日", "天", "日均", "日均值", "日平均", "24小时"})
_TABLE = re.compile(r"表\s*(\d+)")
_NUMBER = re.compile(r"(?:GB|DB|HJ)\s*\d*\s*/?\s*T?\s*[\d.]+")


@dataclass(frozen=True, slots=True)
class EmissionLimit:
    """One limit of a standard; valid_to is the first day no longer in force, region "" the whole country."""

    standard: str
    class_name: Text
    words: tuple[str, ...]
    item: str
    value: Decimal
    unit: str
    o2_reference: Decimal | None
    averaging: str
    source: str
    edition: str
    table_row: str
    region: str
    valid_from: date
    valid_to: date
    confidence: str

    def said(self) -> Text:
        """The limit in words: its standard, class, value and oxygen basis."""
        oxygen = "" if self.o2_reference is None else f"（基准氧 {self.o2_reference} %）"
        oxygen_en = "" if self.o2_reference is None else f" at {self.o2_reference} % O2"
        return Text(
            f"{self.standard} {self.class_name.zh} {self.value} {self.unit}{oxygen}",
            f"{self.standard} {self.class_name.en} {self.value} {self.unit}{oxygen_en}",
        )


def averaging_of(word: str) -> Literal["hour", "day"] | None:
    """Over what a limit is averaged, as somebody wrote it; None for what values cannot be held against here."""
    plain = "".join(word.split()).casefold()
    return "hour" if plain in _HOURS else "day" if plain in _DAYS else None


def concentration_unit_of(name: str) -> str:
    """The unit that limits of a pollutant's concentration are held in, mg/m3 or mg/L; "" for what is no pollutant."""
    known = all_items().get(group_of(name))
    return {"air": "mg/m3", "water": "mg/L"}.get(known.carrier if known else "", "")


@cache
def emission_limits() -> tuple[EmissionLimit, ...]:
    """Every limit of the library, in the file's order."""
    with _FILE.open(encoding="utf-8", newline="") as file:
        return tuple(_read(row) for row in csv.DictReader(file))


def _read(row: Mapping[str, str]) -> EmissionLimit:
    return EmissionLimit(
        standard=row["standard"],
        class_name=Text(row["class"], row["class_en"]),
        words=tuple(filter(None, row["words"].split("|"))),
        item=row["item"],
        value=Decimal(row["value"]),
        unit=row["unit"],
        o2_reference=Decimal(row["o2_reference"]) if row["o2_reference"] else None,
        averaging=row["averaging"],
        source=row["source"],
        edition=row["edition"],
        table_row=row["table_row"],
        region=row["region"],
        valid_from=date.fromisoformat(row["valid_from"]),
        valid_to=date.fromisoformat(row["valid_to"]) if row["valid_to"] else date.max,
        confidence=row["confidence"],
    )


def named_limits(source: str, item: str) -> list[EmissionLimit]:
    """The library's limits of an item that a text such as "GB 13271-2014 表3 燃气锅炉" names.

    Where it names a standard but no class, all classes of the standard; [] where it names no standard of the library.
    """
    bare = _bare(source)
    numbers = {_bare(number) for number in _NUMBER.findall(source)}
    listed = [each for each in emission_limits() if each.item == item and _names(each, bare, numbers)]
    scores = [_score(each, source) for each in listed]
    best = max(scores, default=0)
    return [each for each, score in zip(listed, scores, strict=True) if score == best]


def _names(limit: EmissionLimit, bare: str, numbers: set[str]) -> bool:
    """GB 8978 must not be found in GB 89781: a number is compared whole."""
    standard = _bare(limit.standard)
    return standard in numbers or (not standard.startswith(("GB", "DB")) and standard in bare)


def _bare(text: str) -> str:
    return "".join(each for each in text if each.isalnum()).upper()


def _score(limit: EmissionLimit, source: str) -> int:
    table, named = _TABLE.search(limit.table_row), _TABLE.search(source)
    same_table = table is not None and named is not None and table[1] == named[1]
    return 2 * same_table + sum(word in source for word in limit.words)


def laxer_than_national(limit: Mapping[str, Any]) -> Text | None:
    """Why a limit (columns of limits.csv, value as Decimal) is laxer than the standard that its source names, or None.

    Of several that it may mean the laxest counts. With another reference oxygen the two are brought to one:
    a limit at O2' is (21 − O2) ÷ (21 − O2') times as much at O2.
    """
    if limit["kind"] != "concentration":
        return None
    meant = [(_allowed(each, limit), each) for each in named_limits(limit["source"] or "", limit["item"])]
    usable = [(allowed, each) for allowed, each in meant if allowed is not None]
    if not usable:
        return None
    allowed, laxest = max(usable, key=lambda pair: pair[0])
    if limit["value"] <= allowed:
        return None
    said = laxest.said()
    if allowed != laxest.value and limit["unit"] == laxest.unit:
        own, lax = limit["o2_reference"], f"{allowed:.4g}"
        if Decimal(lax) >= limit["value"]:
            lax = told_apart(float(allowed), float(limit["value"]), thousands="")[0]
        said = Text(
            f"{said.zh}，折算到基准氧 {own} % 为 {lax} {laxest.unit}",
            f"{said.en}, which is {lax} {laxest.unit} at {own} % O2",
        )
    return Text(
        f"限值 {limit['value']} {limit['unit']} 比所引标准宽松：{said.zh}；已载入，但达标判断会偏松，"
        "请核对标准号、表号、污染物和基准含氧量。",
        f"the limit {limit['value']} {limit['unit']} is laxer than the standard it names: {said.en}; it was loaded, "
        "but what exceeds the standard would pass; check standard, table, pollutant and reference oxygen.",
    )


def _allowed(national: EmissionLimit, limit: Mapping[str, Any]) -> Decimal | None:
    """What the national limit allows in the unit and at the reference oxygen of the park's; None where units differ."""
    try:
        value = convert(national.value, national.unit, limit["unit"])
    except UnitError:
        return None
    own: Decimal | None = limit.get("o2_reference")
    if national.o2_reference is None or own is None or own >= AIR_OXYGEN:
        return value
    return value * (AIR_OXYGEN - own) / (AIR_OXYGEN - national.o2_reference)
