"""Media 能源介质与水: what a monthly balance is made for (clause 5.4.4), and which items make up each side of it.

Electricity, heat, steam by grade, every fuel, purchased working media and water. The sums are made in
`balances.balance_sheet`.
"""

from collections.abc import Iterable
from typing import Literal, NamedTuple

from xietong.calc.items import all_items, item
from xietong.calc.keys import group_of, kind_of, without_use
from xietong.texts import Text

Kind = Literal["network", "fuel", "water"]

_STEAM = ("steam_purchased", "steam_sold", "steam_generated", "steam_loss")
# What points and flows may call a medium besides its own items.
_ALIASES = {
    "electricity": "electricity_purchased",
    "power": "electricity_purchased",
    "heat": "heat_purchased",
    "steam": "steam_purchased",
    "gas": "natural_gas",
    "water": "water_fresh",
}


class Medium(NamedTuple):
    """One medium: its name and unit, and the items that are bought, made, sold and lost of it ("" where none is).

    kind: network media are bought, made and sold as items of their own; of a fuel the amount used is stated, and what
    is passed on by its `use`; water leaves as wastewater. by_source: the item whose kinds are its sources.
    """

    key: str
    name: Text
    unit: str
    kind: Kind
    bought: str
    made: tuple[str, ...] = ()
    sold: str = ""
    lost: str = ""
    by_source: str = ""

    @property
    def items(self) -> tuple[str, ...]:
        """Every item that enters its balance."""
        return tuple(name for name in (self.bought, *self.made, self.sold, self.lost) if name)

    @property
    def can_be_made(self) -> bool:
        """Whether a plant can produce it, so that selling more than was bought means that something is not stated."""
        return bool(self.made)


ELECTRICITY = Medium(
    "electricity",
    Text("电力", "electricity"),
    unit="MWh",
    kind="network",
    bought="electricity_purchased",
    made=("electricity_generated", "electricity_renewable_self_used", "renewable_direct"),
    sold="electricity_sold",
    lost="electricity_loss",
    by_source="electricity_made",
)
HEAT = Medium(
    "heat",
    Text("热力", "heat"),
    unit="GJ",
    kind="network",
    bought="heat_purchased",
    made=("heat_generated", "waste_heat_recovered"),
    sold="heat_sold",
    lost="heat_loss",
    by_source="heat_made",
)
WATER = Medium(
    "water",
    Text("水", "water"),
    unit="t",
    kind="water",
    bought="water_fresh",
    made=("water_reclaimed", "water_rain"),
    sold="water_in_product",
    lost="water_lost",
)


def steam(grade: str = "") -> Medium:
    """Steam of one grade (pressure or state); "" for steam whose grade was not stated."""
    bought, sold, made, lost = (f"{base}:{grade}" if grade else base for base in _STEAM)
    name = Text(f"蒸汽（{grade}）", f"steam ({grade})") if grade else Text("蒸汽", "steam")
    return Medium(
        f"steam:{grade}" if grade else "steam",
        name,
        unit="t",
        kind="network",
        bought=bought,
        made=(made,),
        sold=sold,
        lost=lost,
    )


def hot_water(kind: str) -> Medium:
    """Hot water of one temperature. It has no balance of its own, so that it is in no list of media."""
    bought, sold = f"hot_water_purchased:{kind}", f"hot_water_sold:{kind}"
    return Medium(
        f"hot_water:{kind}",
        Text(f"热水（{kind}）", f"hot water ({kind})"),
        unit="t",
        kind="network",
        bought=bought,
        made=(),
        sold=sold,
    )


def fuel(name: str) -> Medium:
    """A fuel or a purchased working medium under its own key."""
    known = item(name)
    lost = f"{name}_loss" if f"{name}_loss" in all_items() else ""
    return Medium(
        name, known.name, unit=known.unit, kind="fuel", bought=name, made=(), sold=f"{name}#export", lost=lost
    )


def media_in(names: Iterable[str]) -> tuple[Medium, ...]:
    """The media that these items belong to: power, heat, steam by grade, gas before other fuels, media, then water."""
    bases = {_item_of(name) for name in names}
    found = [medium for medium in (ELECTRICITY, HEAT) if bases.intersection(medium.items)]
    found += [steam(grade) for grade in sorted({_grade(name) for name in bases if group_of(name) in _STEAM})]
    fuels = [name for name in bases if name in all_items() and all_items()[name].carrier in ("fuel", "medium")]
    order = list(all_items())
    found += [fuel(name) for name in sorted(fuels, key=lambda name: (name != "natural_gas", order.index(name)))]
    return (*found, WATER) if bases.intersection(WATER.items) else tuple(found)


def _item_of(name: str) -> str:
    """The item that a name means among a medium's own; what is made by source is one of them."""
    made = {each.by_source: each.made[0] for each in (ELECTRICITY, HEAT)}
    return made.get(group_of(name)) or _ALIASES.get(name, without_use(name))


def _grade(name: str) -> str:
    return kind_of(name)


def is_called(medium: Medium, word: str) -> bool:
    """Whether a point's item or a flow's material means this medium: by its key, its items or its name."""
    named = _ALIASES.get(word.strip(), word.strip())
    return named in (medium.key, medium.name.zh, medium.name.en, medium.bought, without_use(medium.sold))
