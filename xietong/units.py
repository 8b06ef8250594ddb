"""The units of the field and their conversion. A unit is a name in one table; nothing is guessed: how else the field
writes a unit stands in a second table, unit_spellings.csv, each spelling with its source.
"""

import csv
import re
import unicodedata
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import NamedTuple

from xietong.texts import Text


class Unit(NamedTuple):
    """One unit: what it measures and how many base units it holds."""

    dimension: str
    factor: Decimal


class UnitError(ValueError):
    """A unit that is not in the table, or two that do not measure the same thing."""

    def __init__(self, text: Text) -> None:
        super().__init__(text.en)
        self.text = text


def _table(dimension: str, **factors: str) -> dict[str, Unit]:
    return {name: Unit(dimension, Decimal(factor)) for name, factor in factors.items()}


def _named(dimension: str, factors: dict[str, str]) -> dict[str, Unit]:
    return {name: Unit(dimension, Decimal(factor)) for name, factor in factors.items()}


UNITS: dict[str, Unit] = {
    **_table(
        "energy",
        kJ="1",
        MJ="1000",
        GJ="1000000",
        TJ="1000000000",
        kWh="3600",
        MWh="3600000",
        GWh="3600000000",
    ),
    **_named("energy", {"万kWh": "36000000", "亿kWh": "360000000000", "万GJ": "10000000000"}),
    # The calorie of the International Table: 7000 kcal = 29307.6 kJ, by which GB/T 2589 defines coal equivalent.
    **_table("energy", kcal="4.1868", Mcal="4186.8", Gcal="4186800"),
    **_table("coal_equivalent", kgce="0.001", tce="1"),
    **_named("coal_equivalent", {"万tce": "10000"}),
    **_table("mass", mg="0.000000001", g="0.000001", kg="0.001", t="1", kt="1000"),
    **_named("mass", {"万t": "10000"}),
    **_table("volume", L="0.001", m3="1", Nm3="1", km3="1000", kNm3="1000"),
    **_named("volume", {"万m3": "10000", "10^4m3": "10000", "万Nm3": "10000", "亿m3": "100000000"}),
    **_table("carbon", kgCO2="0.001", tCO2="1", kgCO2e="0.001", tCO2e="1"),
    **_named("money", {"元": "0.0001", "千元": "0.1", "万元": "1", "亿元": "10000"}),
    **_named("air_concentration", {"ng/m3": "0.000001", "ug/m3": "0.001", "mg/m3": "1", "g/m3": "1000"}),
    **_named("water_concentration", {"ug/L": "0.001", "mg/L": "1", "g/L": "1000"}),
    # By day, so that each is exact: an hour is no finite part of a day, a day is 24 hours.
    **_named("flow", {"m3/d": "1", "m3/h": "24", "m3/min": "1440", "m3/s": "86400", "km3/h": "24000", "km3/d": "1000"}),
    **_named("flow", {"万m3/d": "10000", "万m3/h": "240000", "L/s": "86.4", "L/min": "1.44", "L/h": "0.024"}),
    **_named(
        "mass_flow", {"t/d": "1", "t/h": "24", "t/min": "1440", "kg/d": "0.001", "kg/h": "0.024", "kg/min": "1.44"}
    ),
    **_named("mass_flow", {"kg/s": "86.4", "g/s": "0.0864", "g/h": "0.000024", "mg/s": "0.0000864", "万t/d": "10000"}),
    **_named("power", {"W": "0.001", "kW": "1", "MW": "1000"}),
    **_named("share", {"%": "0.01", "1": "1"}),
    **_table("time", s="1", min="60", h="3600", d="86400"),
    **_named("pressure", {"Pa": "0.001", "kPa": "1", "MPa": "1000"}),
    **_named("temperature", {"℃": "1"}),
    **_named("count", {"pH": "1", "件": "1", "台": "1"}),
}


# ¹ means a power only after a ten: 10⁴ is 10^4, m³ is m3.
_RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
_POWER = re.compile("(?<=10)[⁰¹²³⁴⁵⁶⁷⁸⁹]+")
_BETWEEN = re.compile(r"[\s·・•⋅∙.*]+")
_TIMES: Mapping[str, str] = {"10^4": "万", "10^8": "亿"}


@cache
def spellings() -> Mapping[str, str]:
    """How else the field writes a unit: spelling → the name in the table."""
    with Path(__file__).with_name("unit_spellings.csv").open(encoding="utf-8", newline="") as file:
        return {row["spelling"]: row["unit"] for row in csv.DictReader(file)}


def canonical(written: str) -> str:
    """The table's name of a unit as somebody wrote it (10⁴ kW·h, 万千瓦时, m³); raises UnitError where it has none.

    Understood: full-width and raised characters, dots and spaces inside, brackets round it, 10^4 for 万, 10^8 for 亿.
    """
    if written in UNITS:
        return written
    plain = unicodedata.normalize("NFKC", _POWER.sub(lambda power: f"^{power[0].translate(_RAISED)}", written))
    plain = _BETWEEN.sub("", plain).lstrip("×xX").strip("()")
    for number, word in _TIMES.items():
        plain = plain if plain in UNITS or not plain.startswith(number) else word + plain.removeprefix(number)
    times, rest = (plain[:1], plain[1:]) if plain[:1] in ("万", "亿") else ("", plain)
    for name in (plain, spellings().get(plain, ""), times + spellings().get(rest, rest)):
        if name in UNITS:
            return name
    raise _unknown(written)


def _unknown(name: str) -> UnitError:
    return UnitError(
        Text(
            f"单位“{name}”不在单位表中，数值无法换算；请改用单位表中的单位（如 kWh、t、m3、mg/m3、万元）。",
            f'unit "{name}" is not in the table of units, so the value cannot be converted; '
            "use one of its names, such as kWh, t, m3, mg/m3 or 万元.",
        )
    )


def unit_of(name: str) -> Unit:
    """Look a unit up; raises UnitError with the remedy where the table has none of that name."""
    try:
        return UNITS[name]
    except KeyError:
        raise _unknown(name) from None


def convert(value: Decimal, unit: str, to: str) -> Decimal:
    """Convert exactly between two units of one dimension; raises UnitError otherwise."""
    if unit == to:
        return value
    source, target = unit_of(unit), unit_of(to)
    if source.dimension != target.dimension:
        raise UnitError(
            Text(
                f"{unit} 与 {to} 不是同一种量，不能换算；请核对单位。",
                f"{unit} and {to} do not measure the same thing; check the unit.",
            )
        )
    return value * source.factor / target.factor
