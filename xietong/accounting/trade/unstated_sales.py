"""Sales that only the buyer states: a unit that others in the park name as their seller while it states no sale.

Its own figures are then not whole, for what it passed on is not taken off; nothing is guessed for it.
"""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import NamedTuple

from xietong.accounting.books.consolidation import Books
from xietong.accounting.trade.inside_trade import Market, market
from xietong.accounting.trade.media import ELECTRICITY, HEAT, Medium
from xietong.calc.figures import Figure
from xietong.park.nouns import Subject
from xietong.periods import Period
from xietong.texts import Text

_MEDIA = {medium.sold: medium for medium in (ELECTRICITY, HEAT)}


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
        amount = f"{self.amount.normalize():f} {self.medium.unit}"
        return Text(
            f"{zh}填报 {self.span.label} 自{self.seller.name}购入{name.zh} {amount}，而{self.seller.name}没有填报售出；"
            f"请{self.seller.name}补报售出量（及其来源）。",
            f"{en} bought {amount} of {name.en} of {whose} in {self.span.label} by what is stated, but {whose} states "
            "no sale; it should report what it sold, and out of what.",
        )


def unstated_sale(books: Books, seller: Subject, medium: Medium, span: Period) -> Unstated | None:
    """What buyers in the park name of a seller that states no sale and of which no flow is recorded; None if there is
    none."""
    if not _is_named(books, seller, medium):
        return None
    dealt = market(books, books.registry.park, medium, span)
    found = dict(_bought_of(dealt, seller.code))
    amount = sum(found.values(), Decimal(0))
    if not amount:
        return None
    return Unstated(seller, tuple(dealt.units[buyer] for buyer in sorted(found)), amount, medium, span)


def with_unstated_sale(books: Books, seller: Subject, span: Period, target: str, given: Figure) -> Figure:
    """A unit's sales of power or heat; missing where only its buyers in the park state them."""
    medium = _MEDIA.get(target)
    if medium is None or given.status != "not_applicable":
        return given
    found = unstated_sale(books, seller, medium, span)
    if found is None:
        return given
    return replace(given, unit=medium.unit, status="missing", missing=(found.reason,))


def _is_named(books: Books, seller: Subject, medium: Medium) -> bool:
    """Whether anybody names the seller, or what lies below it, as where a purchase of the medium came from."""
    named = books.keep(("named sellers", medium.bought), lambda: _named(books, medium))
    return any(
        word in named
        for each in books.boundary.below(seller.code)
        for word in (each.code, each.name, each.name_en)
        if word
    )


def _named(books: Books, medium: Medium) -> frozenset[str]:
    rows = (row for row in books.registry.reported if row.item == medium.bought)
    return frozenset(row.counterparty.strip() for row in rows if row.counterparty)


def _bought_of(dealt: Market, seller: str) -> Iterator[tuple[str, Decimal]]:
    """(buyer, amount) of each purchase that names the seller; none where it states a sale or flows record it."""
    if any(unit == seller for unit, _ in (*dealt.sold, *dealt.flows)):
        return
    for (buyer, other), part in dealt.bought.items():
        if other == seller and buyer != seller and part.exact:
            yield buyer, part.exact
