"""Electricity and heat of a group as carriers of its total: how much was bought, sold, brought over the fence and
passed on inside, and what one unit counts for in energy or carbon. Their lines are in `one_total`."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from xietong.accounting.amounts import reasons
from xietong.accounting.balances.terms import Component
from xietong.accounting.figures.account import Account
from xietong.accounting.trade.beyond_input import Asked
from xietong.accounting.trade.inside_trade import Trade, trade
from xietong.accounting.trade.media import ELECTRICITY, HEAT, Medium, media_in
from xietong.accounting.trade.supplied_outside import Kept, kept_of
from xietong.calc.figures import Figure
from xietong.calc.items import item
from xietong.calc.keys import kind_of
from xietong.texts import Text

# What electricity and heat are called among the components of energy and carbon; the rest of a total is direct.
POWER_PARTS = ("electricity_energy", "purchased_electricity", "sold_electricity")
HEAT_PARTS = ("heat_energy", "purchased_heat", "sold_heat")
_HEAT_NAME = Text("热力与蒸汽", "heat and steam")
_SIDES = ("imported", "exported", "unnamed", "residual")

Dealt = tuple[tuple[Medium, Trade], ...]


class Carrier(NamedTuple):
    """Electricity or heat: the group's amounts bought and sold and what one unit of them counts for, with the media
    that its trade is in and how much of the carrier a unit of each is (steam in GJ); parts: what it is called among
    the components of the total; kept: what of its units' sales stayed inside, by medium; `sold` is without it."""

    name: Text
    parts: tuple[str, ...]
    bought: float
    sold: float
    factor: Figure
    media: tuple[tuple[Medium, Trade, float], ...]
    kept: Mapping[str, Kept] = {}

    def over_fence(self) -> float:
        """What was bought from outside the group."""
        if not any(dealt.is_checked for _, dealt, _ in self.media):
            return self.bought
        return self._sum("imported")

    def exported(self) -> float:
        """What was sold to outside."""
        return self._sum("exported")

    def unnamed(self) -> float:
        """What was sold to nobody knows whom."""
        return self._sum("unnamed")

    def _sum(self, name: str) -> float:
        return sum((getattr(dealt, name).figure.value or 0.0) * rate for _, dealt, rate in self.media)

    def lost(self) -> float:
        """What was sold inside and nobody bought; below zero where more was bought inside than sold."""
        return sum(float(self.kept[medium.key].lost) * rate for medium, _, rate in self._media_kept())

    def not_taken_off(self) -> float:
        """What is not known to have left although its seller says it was sold out of the group."""
        kept = [(self.kept[medium.key], rate) for medium, _, rate in self._media_kept()]
        return sum(float(each.unnamed + each.unknown) * rate for each, rate in kept)

    def _media_kept(self) -> list[tuple[Medium, Trade, float]]:
        return [each for each in self.media if each[0].key in self.kept]

    def sold_by_units(self) -> float:
        """What the units say they sold, wherever it went."""
        return self.sold + self.lost() + self.not_taken_off()

    def inside(self) -> float:
        """What units sold each other, as the sellers say."""
        return self.sold_by_units() - self.exported() - self.unnamed()

    def counts(self) -> float:
        """What one unit of it counts for in the total."""
        return self.factor.value or 0.0

    def absent(self) -> tuple[Text, ...]:
        """What of the trade did not come: every line made of it is partial then."""
        parts = [getattr(dealt, name).figure for _, dealt, _ in self.media for name in _SIDES]
        return reasons([figure for figure in parts if figure.status in ("missing", "partial")])


def trades_of(own: Account) -> Dealt:
    """The trade of electricity, heat and every grade of steam in a group."""
    books, subject = own.books, own.subject
    names = [name for name in books.names if books.knows(subject.code, name)]
    media = [medium for medium in media_in(names) if medium.kind == "network"]
    found = [(medium, trade(books, subject, medium, own.period)) for medium in media]
    return tuple((medium, dealt) for medium, dealt in found if dealt is not None)


def carriers(own: Account, parts: Sequence[Component], trades: Dealt) -> list[Carrier]:
    """Electricity and heat as they stand in a group's total; those that are not in it are left out."""
    power = [(medium, dealt, 1.0) for medium, dealt in trades if medium == ELECTRICITY]
    heat = [
        (medium, dealt, 1.0 if medium == HEAT else _heat_of(own, medium))
        for medium, dealt in trades
        if item(medium.bought).carrier in ("heat", "steam")
    ]
    plans = (
        (ELECTRICITY.name, POWER_PARTS, "electricity_purchased", "electricity_sold", power),
        (_HEAT_NAME, HEAT_PARTS, "heat_received", "heat_supplied", heat),
    )
    kept = kept_of(Asked(own.books, own.subject, own.period, lambda unit: own.of(unit.code).inputs))
    found = []
    for name, called, bought, sold, media in plans:
        factor = _factor_of(parts, called)
        if factor is not None:
            found.append(
                Carrier(
                    name,
                    called,
                    bought=_value(own, bought),
                    sold=_value(own, sold),
                    factor=factor,
                    media=tuple(media),
                    kept=kept,
                )
            )
    return found


def _factor_of(parts: Sequence[Component], called: tuple[str, ...]) -> Figure | None:
    part = next((part for name in called for part in parts if part.key.startswith(name)), None)
    return None if part is None else factor_in(part.figure)


def factor_in(figure: Figure) -> Figure | None:
    """The factor of a component; where units have factors of their own, the one of the rest."""
    direct = next((child for child in figure.inputs if child.kind == "factor"), None)
    return direct or next((found for child in reversed(figure.inputs) if (found := factor_in(child))), None)


def _heat_of(own: Account, medium: Medium) -> float:
    """GJ a tonne of steam of one grade, as the group's own working has it."""
    grade = kind_of(medium.key) or "steam"
    for key, amount in (("steam_heat_purchased", medium.bought), ("steam_heat_sold", medium.sold)):
        heat = own.figure(key)
        tonnes = own.books.amount(own.subject.code, amount, own.period).exact
        if heat.has(grade) and tonnes:
            return (heat.child(grade).value or 0.0) / float(tonnes)
    return 0.0


def _value(own: Account, key: str) -> float:
    return own.figure(key).value or 0.0
