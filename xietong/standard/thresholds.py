"""Thresholds of the standards and of this platform, each a row of thresholds.toml with its source and edition.

A module takes what it needs under a name of its own where it is imported; a name that no row has stops the start:

    VALID_SHARE = decimal_of("sources.valid_hours_of_a_month")

Values are exact decimals as the file writes them. Nothing is computed here.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeAlias

from xietong.texts import Text

# facts checked against a text, proved by computation, from knowledge (high, medium, low), or a choice of this platform.
CONFIDENCES = ("V", "C", "K-h", "K-m", "K-l", "ours")
_FILE = Path(__file__).with_name("thresholds.toml")
_UNITS = {"s": timedelta(seconds=1), "min": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
Band: TypeAlias = tuple[Decimal, Decimal]


class UnknownThresholdError(LookupError):
    """A name that no row has, or a row that is not of the kind asked for."""


@dataclass(frozen=True, slots=True)
class StatedValue:
    """One row: the value, or the two ends of a band; what it says; where it comes from and how sure that is.

    source: "ours" where no standard says it; edition: the year of the source's text, "" of our own.
    """

    key: str
    value: Decimal | Band
    unit: str
    says: Text
    source: str
    edition: str
    confidence: str


@cache
def thresholds() -> Mapping[str, StatedValue]:
    """Every row by "group.name", in the file's order."""
    found = {}
    for group, rows in _load().items():
        for name, row in rows.items():
            if isinstance(row, dict):
                found[f"{group}.{name}"] = _stated(f"{group}.{name}", row)
    return MappingProxyType(found)


@cache
def groups() -> Mapping[str, Text]:
    """What each group of rows is of."""
    return MappingProxyType({name: Text(rows["title_zh"], rows["title_en"]) for name, rows in _load().items()})


def decimal_of(key: str) -> Decimal:
    """A value as the file writes it; raises UnknownThresholdError."""
    value = _row(key).value
    if isinstance(value, tuple):
        raise UnknownThresholdError(f"{key} is a band, not one value")
    return value


def float_of(key: str) -> float:
    """A value for formulas and arrays; raises UnknownThresholdError."""
    return float(decimal_of(key))


def int_of(key: str) -> int:
    """A count; raises UnknownThresholdError, also where the value is no whole number."""
    value = decimal_of(key)
    if value != int(value):
        raise UnknownThresholdError(f"{key} is {value}, not a whole number")
    return int(value)


def ratio_of(key: str) -> tuple[int, int]:
    """A share as numerator and denominator, for questions in whole numbers: 0.75 is (3, 4)."""
    return decimal_of(key).as_integer_ratio()


def duration_of(key: str) -> timedelta:
    """A length of time by the row's unit (s, min, h, d); raises UnknownThresholdError."""
    value, unit = int_of(key), _row(key).unit
    if unit not in _UNITS:
        raise UnknownThresholdError(f"{key} is in {unit}, which is no time")
    return value * _UNITS[unit]


def seconds_of(key: str) -> int:
    """A length of time in whole seconds."""
    return duration_of(key) // timedelta(seconds=1)


def microseconds_of(key: str) -> int:
    """A length of time in microseconds, as the lake counts."""
    return duration_of(key) // timedelta(microseconds=1)


def band_of(key: str) -> Band:
    """The two ends of a band, both within it; raises UnknownThresholdError."""
    value = _row(key).value
    if not isinstance(value, tuple):
        raise UnknownThresholdError(f"{key} is one value, not a band")
    return value


def bands_of(group: str) -> Mapping[str, Band]:
    """The bands of a group by their name within it; raises UnknownThresholdError."""
    if group not in groups():
        raise UnknownThresholdError(f"thresholds.toml has no group {group}")
    names = [key.partition(".")[2] for key in thresholds() if key.startswith(f"{group}.")]
    return MappingProxyType({name: band_of(f"{group}.{name}") for name in names})


def _row(key: str) -> StatedValue:
    try:
        return thresholds()[key]
    except KeyError:
        raise UnknownThresholdError(f"thresholds.toml has no row {key}") from None


def _stated(key: str, row: Mapping[str, Any]) -> StatedValue:
    said = Text(row["zh"], row["en"])
    return StatedValue(
        key,
        _value(row["value"]),
        unit=row["unit"],
        says=said,
        source=row["source"],
        edition=row.get("edition", ""),
        confidence=row["confidence"],
    )


def _value(given: Decimal | int | list[Decimal | int]) -> Decimal | Band:
    if isinstance(given, list):
        low, high = given
        return Decimal(low), Decimal(high)
    return Decimal(given)


@cache
def _load() -> Mapping[str, Any]:
    return tomllib.loads(_FILE.read_text("utf-8"), parse_float=Decimal)
