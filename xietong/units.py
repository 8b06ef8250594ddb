"""The units of the field and their conversion. A unit is a name in one table; nothing is guessed."""

from decimal import Decimal
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
    **_named("energy", {"万kWh": "36000000"}),
    **_table("coal_equivalent", kgce="0.001", tce="1"),
    **_named("coal_equivalent", {"万tce": "10000"}),
    **_table("mass", mg="0.000000001", g="0.000001", kg="0.001", t="1"),
    **_named("mass", {"万t": "10000"}),
    **_table("volume", L="0.001", m3="1", Nm3="1", km3="1000"),
    **_named("volume", {"万m3": "10000", "10^4m3": "10000"}),
    **_table("carbon", kgCO2="0.001", tCO2="1", kgCO2e="0.001", tCO2e="1"),
    **_named("money", {"元": "0.0001", "万元": "1", "亿元": "10000"}),
    **_named("air_concentration", {"ng/m3": "0.000001", "ug/m3": "0.001", "mg/m3": "1", "g/m3": "1000"}),
    **_named("water_concentration", {"ug/L": "0.001", "mg/L": "1", "g/L": "1000"}),
    **_named("flow", {"m3/h": "1", "m3/min": "60", "m3/s": "3600", "L/s": "3.6", "L/min": "0.06"}),
    **_named("power", {"W": "0.001", "kW": "1", "MW": "1000"}),
    **_named("share", {"%": "0.01", "1": "1"}),
    **_table("time", s="1", min="60", h="3600", d="86400"),
    **_named("pressure", {"Pa": "0.001", "kPa": "1", "MPa": "1000"}),
    **_named("temperature", {"℃": "1"}),
    **_named("count", {"pH": "1", "件": "1", "台": "1"}),
}


def unit_of(name: str) -> Unit:
    """Look a unit up; raises UnitError with the remedy where the table has none of that name."""
    try:
        return UNITS[name]
    except KeyError:
        raise UnitError(
            Text(
                f"单位“{name}”不在单位表中，数值无法换算；请改用单位表中的单位（如 kWh、t、m3、mg/m3、万元）。",
                f'unit "{name}" is not in the table of units, so the value cannot be converted; '
                "use one of its names, such as kWh, t, m3, mg/m3 or 万元.",
            )
        ) from None


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
