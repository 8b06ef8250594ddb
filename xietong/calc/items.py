"""Items 物料与能源品种: what a package may report, its canonical unit and the engine input it goes to.

The table is items.csv; this module reads it and converts a stated amount to the canonical unit.
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache, lru_cache
from pathlib import Path

from xietong.calc.keys import group_of, parted
from xietong.texts import Text
from xietong.units import UnitError, convert, unit_of

ANY = "*"
_TABLE = Path(__file__).with_name("items.csv")


class UnknownItemError(KeyError):
    """An item that is not in the table."""

    def __init__(self, text: Text) -> None:
        super().__init__(text.en)
        self.text = text


@dataclass(frozen=True, slots=True)
class Item:
    """One reportable item.

    item: as stated, its kind included ("solid_waste_generated:fly_ash"); base: without the kind; unit: canonical;
    also: further units and how many canonical units one of them is; input: the engine input it goes to;
    part: its name inside an `Items` input, "" where the input is one number (several kinds are then summed);
    carrier: fuel, electricity, heat, steam, medium (energy), air, water (pollutants) or "";
    clean, renewable: its class in the statistics of clean and renewable energy.
    """

    item: str
    name: Text
    unit: str
    input: str
    part: str = ""
    kind: str = ""
    carrier: str = ""
    clean: bool = False
    renewable: bool = False
    also: tuple[tuple[str, Decimal], ...] = ()
    note: str = ""

    @property
    def base(self) -> str:
        """The item without its kind."""
        return group_of(self.item)


def _read(row: Mapping[str, str]) -> Item:
    also = [pair.split(":") for pair in row["also"].split()]
    return Item(
        item=row["item"],
        name=Text(row["name_zh"], row["name_en"]),
        unit=row["unit"],
        input=row["input"],
        part=row["part"],
        carrier=row["carrier"],
        clean=row["clean"] == "1",
        renewable=row["renewable"] == "1",
        also=tuple((unit, Decimal(amount)) for unit, amount in also),
        note=row["note"],
    )


@cache
def all_items() -> Mapping[str, Item]:
    """Every item of the table by its base name."""
    with _TABLE.open(encoding="utf-8", newline="") as file:
        return {row["item"]: _read(row) for row in csv.DictReader(file)}


@lru_cache(maxsize=4096)
def item(name: str) -> Item:
    """The item of that name, with its kind where the name carries one ("product:steel"); raises UnknownItemError."""
    base, kind = parted(name)
    known = all_items().get(base)
    if known is None or (known.part == ANY and not kind):
        raise UnknownItemError(
            Text(
                f"没有名为“{name}”的项目，此行未计入；请从填报项目表中选择（产品写作 product:名称）。",
                f'there is no item "{name}", so the row was not counted; take one from the table of items '
                "(a product is written product:NAME).",
            )
        )
    if not kind:
        return known
    part = kind if known.part in (ANY, "steam") else known.part
    return replace(known, item=name, kind=kind, part=part)


def unit_kept(stated: Item, unit: str) -> str:
    """The unit that an amount stated in this unit is kept in: the canonical one.

    A product counted (件, 台) stays counted and one measured by volume is kept in m3; raises UnitError for a unit that
    is in no table.
    """
    if stated.base != "product" or unit_of(unit).dimension == "mass":
        return stated.unit
    if unit_of(unit).dimension == "volume":
        return "m3"
    return unit if unit in dict(stated.also) else stated.unit


def to_canonical(stated: Item, amount: Decimal, unit: str) -> Decimal:
    """An amount in the unit that it is kept in; raises UnitError where the unit does not fit the item."""
    if stated.base == "product" and unit_of(unit).dimension == "volume":
        return convert(amount, unit, "m3")
    for other, canonical in stated.also:
        if unit == other:
            return amount * canonical
    try:
        return convert(amount, unit, stated.unit)
    except UnitError:
        fitting = _volume_as_mass(stated, amount, unit)
        if fitting is None:
            raise
        return fitting


def _volume_as_mass(stated: Item, amount: Decimal, unit: str) -> Decimal | None:
    """Water is reported by volume too: 万m3 goes through the m3 that the table allows."""
    for other, canonical in stated.also:
        if other == "m3" and unit in ("万m3", "10^4m3", "L", "km3"):
            return convert(amount, unit, "m3") * canonical
    return None


def inputs() -> Mapping[str, str]:
    """Every engine input that items feed, and its shape: "number" or "items"."""
    return {each.input: "items" if each.part else "number" for each in all_items().values()}


def pollutants() -> tuple[Item, ...]:
    """The items whose amounts are emissions of pollutants, air before water."""
    return tuple(each for each in all_items().values() if each.input == "pollutant_emission")
