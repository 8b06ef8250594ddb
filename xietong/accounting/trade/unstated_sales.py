"""Sales that only the buyer states: a unit that others in the park name as their seller, and that states no such sale.

Its own figures are then not whole, for what it passed on is not taken off; nor are those of its zone or sector where
the buyer lies outside. Nothing is guessed for it.
"""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import NamedTuple

from xietong.accounting.books.consolidation import Books
from xietong.accounting.boundary import GROUPS
from xietong.accounting.trade.inside_trade import UNNAMED, Market, market
from xietong.accounting.trade.media import ELECTRICITY, Medium, hot_water, media_in
from xietong.calc.figures import Figure, worst
from xietong.calc.keys import group_of, kind_of
from xietong.park.nouns import Subject
from xietong.periods import Period
from xietong.texts import Text

_POWER, _HEAT = frozenset({"electricity_sold"}), frozenset({"heat_sold", "steam_sold", "hot_water_sold"})
# The engine inputs of sales: what a seller states none of is missing.
SOLD = _POWER | _HEAT
_BOUGHT = frozenset(name.replace("_sold", "_purchased") for name in SOLD)


class Unstated(NamedTuple):
    """What buyers inside the park say they bought of a seller that states no sale of it."""

    seller: Subject
    buyers: tuple[Subject, ...]
    amount: Decimal
    medium: Medium
    span: Period

    @property
    def reason(self) -> Text:
        """What is absent, and what to do."""
        zh = "、".join(buyer.name for buyer in self.buyers)
        en = ", ".join(buyer.name_en or buyer.name for buyer in self.buyers)
        name, whose = self.medium.name, self.seller.name_en or self.seller.name
        amount, of = f"{self.amount.normalize():f} {self.medium.unit}", self.seller.name
        return Text(
            f"{zh}填报 {self.span.label} 自{of}购入{name.zh} {amount}，而{of}没有填报这笔售出；"
            f"请{of}补报售出量（及其来源）。",
            f"{en} bought {amount} of {name.en} of {whose} in {self.span.label} by what is stated, but {whose} states "
            "no such sale; it should report what it sold, and out of what.",
        )


def unstated_sale(books: Books, seller: Subject, medium: Medium, span: Period) -> Unstated | None:
    """What buyers in the park name of a seller that states no sale to them and of which no flow is recorded; None if
    there is none."""
    if seller.code not in books.keep(("named sellers", medium.bought), lambda: _named(books, medium)):
        return None
    dealt = market(books, books.registry.park, medium, span)
    found = dict(_bought_of(books, dealt, medium, seller.code))
    amount = sum(found.values(), Decimal(0))
    if not amount:
        return None
    return Unstated(seller, tuple(dealt.units[buyer] for buyer in sorted(found)), amount, medium, span)


def with_unstated_sale(books: Books, subject: Subject, span: Period, target: str, given: Figure) -> Figure:
    """A subject's sales of power or heat, one of SOLD: missing, or partial, where only buyers state them. Of a group
    what buyers outside it state; what was sold inside cancels, but for hot water, of which nothing does."""
    is_group = subject.kind in GROUPS
    units = books.boundary.units(subject.code) if is_group else (subject,)
    here = frozenset(unit.code for unit in units) if is_group and target != "hot_water_sold" else frozenset[str]()
    sales = [unstated_sale(books, unit, each, span) for each in _media(books, target) for unit in units]
    open_ = [each for each in sales if each is not None and any(buyer.code not in here for buyer in each.buyers)]
    if not open_:
        return given
    said = tuple(each.reason for each in open_)
    if given.status == "not_applicable":
        unit = open_[0].medium.unit if given.kind != "items" else ""
        return replace(given, unit=unit, status="missing", missing=said)
    status = "missing" if given.status == "missing" else worst([given.status, "partial"])
    return replace(given, status=status, missing=(*given.missing, *said))


def _media(books: Books, target: str) -> tuple[Medium, ...]:
    """The media that an engine input of sales is of, of those that anybody names a seller of."""
    return tuple(each for each in _named_media(books) if group_of(each.sold) == target)


def _named_media(books: Books) -> tuple[Medium, ...]:
    return books.keep("media of named sellers", lambda: _media_of(books))


def _media_of(books: Books) -> tuple[Medium, ...]:
    rows = books.registry.reported
    known = {word for each in books.registry.subjects.values() for word in _words(each)}
    names = {row.item for row in rows if row.counterparty and group_of(row.item) in _BOUGHT}
    names = {row.item for row in rows if row.item in names and row.counterparty.strip() in known}
    network = [each for each in media_in(names) if each.kind == "network"]
    hot = sorted(name for name in names if name.startswith("hot_water"))
    return (*network, *(hot_water(kind_of(name)) for name in hot))


def _words(subject: Subject) -> tuple[str, ...]:
    """What a counterparty may call a subject."""
    return tuple(word for word in (subject.code, subject.name, subject.name_en) if word)


def _named(books: Books, medium: Medium) -> frozenset[str]:
    """The codes of who is named as where a purchase of the medium came from, and of all above it."""
    rows = (row for row in books.registry.reported if row.item == medium.bought and row.counterparty)
    words, subjects = {row.counterparty.strip() for row in rows}, books.registry.subjects
    found: set[str] = set()
    for each in subjects.values():
        if words.intersection(_words(each)):
            code = each.code
            while code in subjects and code not in found:
                found.add(code)
                code = subjects[code].parent
    return frozenset(found)


def _bought_of(books: Books, dealt: Market, medium: Medium, seller: str) -> Iterator[tuple[str, Decimal]]:
    """(buyer, amount) of each purchase that names the seller, where it states no sale to the buyer or to nobody named
    and no flow records one. Heat may have been sold as steam, or steam of another grade."""
    alike = [dealt]
    if medium != ELECTRICITY:
        park, span = books.registry.park, dealt.span
        alike = [market(books, park, each, span) for each in _thermal(books)]
    for (buyer, other), part in dealt.bought.items():
        if other != seller or buyer == seller or not part.exact:
            continue
        if not any(_states(of, seller, buyer) for of in alike):
            yield buyer, part.exact


def _thermal(books: Books) -> tuple[Medium, ...]:
    """Heat, and steam and hot water of every grade that anybody sells or names a seller of."""
    return books.keep("thermal media dealt in", lambda: _thermal_of(books))


def _thermal_of(books: Books) -> tuple[Medium, ...]:
    names = [name for name in books.names if group_of(name) in _HEAT]
    sold = [each for each in media_in(names) if each.kind == "network"]
    sold += [hot_water(kind_of(name)) for name in names if name.startswith("hot_water")]
    return tuple(dict.fromkeys((*sold, *(each for each in _named_media(books) if each != ELECTRICITY))))


def _states(dealt: Market, seller: str, buyer: str) -> bool:
    open_ = dealt.sold.get((seller, UNNAMED))
    return (seller, buyer) in dealt.sold or (seller, buyer) in dealt.flows or bool(open_ and open_.exact)
