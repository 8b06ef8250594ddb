"""Supplied 外供: what of its units' sales of power, heat and steam left a group (decision 0026).

A group's total falls by what left it and by nothing else. What one unit sold another cancels against what the other
says it bought; what was sold inside and nobody bought was lost in the network or not reported, and stays in. A unit
that supplied more than it is known to have taken in contributes nothing to the total rather than less.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import NamedTuple

from xietong.accounting.amounts import Amount
from xietong.accounting.books.consolidation import Books
from xietong.accounting.trade.beyond_input import NOISE, Asked, Doubted, Inside, beyond_input, said_unknown
from xietong.accounting.trade.inside_trade import UNNAMED, Market, market, split
from xietong.accounting.trade.lines import is_whole
from xietong.accounting.trade.media import ELECTRICITY, HEAT, Medium, media_in
from xietong.calc.figures import Figure, worst
from xietong.calc.keys import group_of, kind_of
from xietong.park.nouns import Subject
from xietong.texts import Text

SUPPLIED = frozenset({"electricity_sold", "heat_sold", "steam_sold"})
_THERMAL = ("heat_purchased", "steam_purchased", "hot_water_purchased")
_NONE = Decimal(0)


class Kept(NamedTuple):
    """What of the sales of one medium did not leave the group, in its unit, and why, each line with its sign.

    lost: sold inside less bought inside; unnamed: sold to nobody knows whom, where the park takes that to have stayed;
    unknown: supplied by units whose input is not known. lines: (key, title, amount that is not taken off).
    """

    lost: Decimal = _NONE
    unnamed: Decimal = _NONE
    unknown: Decimal = _NONE
    lines: tuple[tuple[str, Text, Decimal], ...] = ()
    reasons: tuple[Text, ...] = ()

    @property
    def whole(self) -> Decimal:
        """All that is not taken off; below zero where more was bought inside than sold."""
        return self.lost + self.unnamed + self.unknown


def left(asked: Asked, target: str, given: Figure) -> Figure:
    """An engine input of a group's sales (one of SUPPLIED) without what stayed inside, each part of that on a line."""
    kept = kept_of(asked)
    if not kept:
        return given
    if target != "steam_sold":
        found = kept.get(ELECTRICITY.key if target == ELECTRICITY.sold else HEAT.key)
        return given if found is None else _less(given, found, "MWh" if target == ELECTRICITY.sold else "GJ")
    steams = {kind_of(key) or "steam": each for key, each in kept.items() if key.startswith("steam")}
    return _of_grades(given, steams) if steams else given


def _of_grades(given: Figure, kept: Mapping[str, Kept]) -> Figure:
    """The sales of steam by grade; a grade that was bought inside and that no seller states has a line too."""
    known = {line.key: line for line in given.inputs}
    blank = Figure("", None, "t", "not_applicable")
    made = {key: _less(known.get(key, replace(blank, key=key)), each, "t") for key, each in kept.items()}
    lines = tuple({**known, **made}.values())
    missing = tuple(dict.fromkeys((*given.missing, *(reason for line in made.values() for reason in line.missing))))
    status = worst("partial" if line.status == "missing" else line.status for line in lines)
    return replace(given, inputs=lines, missing=missing, status=status)


def _less(given: Figure, kept: Kept, unit: str) -> Figure:
    """A sum of sales less what stayed inside, with the sum and the lines behind it."""
    lines = [
        Figure(key, float(-amount), unit, clause="5.4.4", title=title, source="trade")
        for key, title, amount in kept.lines
    ]
    value = float(Decimal(repr(given.value or 0.0)) - kept.whole)
    partial = given.status == "missing" or bool(kept.reasons)
    status = worst(["partial" if partial else "ok", given.status if given.value is not None else "ok"])
    stated = [replace(given, title=_STATED)] if given.value is not None else []
    missing = given.missing if given.status != "not_applicable" else ()
    return replace(
        given,
        value=value,
        unit=given.unit or unit,
        status=status,
        inputs=(*stated, *lines),
        missing=(*missing, *kept.reasons),
    )


# ---- what stayed inside ----


def kept_of(asked: Asked) -> Mapping[str, Kept]:
    """By medium what of a group's sales did not leave it; {} for nearly every group: nothing was sold, or all of it
    cancels."""
    key = ("kept inside", asked.group.code, asked.span, asked.rough)
    return asked.books.remember(key, lambda: _kept_of(asked))


def _kept_of(asked: Asked) -> Mapping[str, Kept]:
    books, group = asked.books, asked.group
    dealt = books.keep("dealt in inside", lambda: _dealt_in(books))
    names = [name for name in dealt if books.knows(group.code, name)]
    media = [medium for medium in media_in(names) if medium.kind == "network"]
    if not media:
        return {}
    insides = [_inside(asked, medium) for medium in media]
    unknown = {} if asked.rough else beyond_input(asked, insides)
    found = {inside.medium.key: _kept(asked, inside, unknown.get(inside.medium.key, {})) for inside in insides}
    return {key: kept for key, kept in found.items() if kept.lines}


def _dealt_in(books: Books) -> tuple[str, ...]:
    """The items of power, heat and steam that anybody sells, or buys of somebody in the park."""
    known = {
        each for subject in books.registry.subjects.values() for each in (subject.code, subject.name, subject.name_en)
    }
    named = {row.item for row in books.registry.reported if row.counterparty and row.counterparty.strip() in known}
    bases = {name.partition("_")[0] for name in SUPPLIED}
    dealt = [name for name in books.names if group_of(name) in SUPPLIED]
    return (*dealt, *(name for name in sorted(named) if name.partition("_")[0] in bases and "_purchased" in name))


def _inside(asked: Asked, medium: Medium) -> Inside:
    """What units of the group sold each other of a medium."""
    of = market(asked.books, asked.group, medium, asked.span)
    pairs = sorted(of.pairs)
    stated = {seller: _sold_inside(of, seller, pairs) for seller in dict.fromkeys(seller for seller, _ in pairs)}
    return Inside(medium, of, dict(_received(asked, medium, of, pairs)), stated)


def _kept(asked: Asked, inside: Inside, doubted: Mapping[str, Doubted]) -> Kept:
    of, received = inside.of, inside.received
    least = NOISE * max(Decimal(1), *(abs(part.exact or _NONE) for part in of.sold.values()), Decimal(1))
    lines: list[tuple[str, Text, Decimal]] = []
    lost = _NONE
    for seller in inside.stated:
        gap = -inside.unstated(seller)
        if abs(gap) > least:
            lost += gap
            lines.append((f"lost:{seller}", _said_lost(of.units[seller], gap > 0), gap))
    stayed = _unnamed_stayed(asked, of, received, received)
    if stayed > least:
        lines.append(("unnamed_kept", _UNNAMED, stayed))
    lines += [(f"unknown:{unit}", said_unknown(of.units[unit]), each.amount) for unit, each in doubted.items()]
    reasons = tuple(each.reason(of.units[unit]) for unit, each in doubted.items())
    return Kept(lost, max(stayed, _NONE), sum((each.amount for each in doubted.values()), _NONE), tuple(lines), reasons)


def _sold_inside(of: Market, seller: str, pairs: Iterable[tuple[str, str]]) -> Decimal:
    """What a unit says it sold to units of the group; what it sold to nobody knows whom where one of them names it."""
    named = [of.sold[pair].exact for pair in pairs if pair[0] == seller and pair in of.sold]
    if (seller, UNNAMED) in of.sold:
        named.append(of.kept_here(seller).exact)
    return sum((exact for exact in named if exact is not None), _NONE)


def _received(
    asked: Asked, medium: Medium, of: Market, pairs: Iterable[tuple[str, str]]
) -> Iterator[tuple[tuple[str, str], Decimal]]:
    """What each buyer is known to have bought of each seller; of a purchase without a seller as much as there is."""
    left_of: dict[str, Decimal] = {}
    for seller, buyer in pairs:
        stated, unnamed = of.bought.get((buyer, seller)), of.bought.get((buyer, UNNAMED))
        sale = of.sold.get((seller, buyer)) or of.flows.get((seller, buyer))
        sold = (sale.exact if sale else None) or _NONE
        if asked.rough and _is_open(asked, medium, buyer, stated or unnamed):
            taken = sold or (stated.exact if stated else None) or _NONE
        elif stated is not None:
            taken = stated.exact or _NONE
        elif unnamed is not None:
            taken = min(sold, left_of.get(buyer, unnamed.exact or _NONE))
            left_of[buyer] = left_of.get(buyer, unnamed.exact or _NONE) - taken
        else:
            taken = sold if _buys_another(asked, medium, of.units[buyer]) else _NONE
        yield (seller, buyer), taken


def _is_open(asked: Asked, medium: Medium, buyer: str, bought: Amount | None) -> bool:
    """Whether a buyer's purchase is due and has not come in full, so that it was scaled up or estimated."""
    if bought is None:
        return asked.books.knows(buyer, medium.bought)
    return not is_whole(bought)


def _buys_another(asked: Asked, medium: Medium, buyer: Subject) -> bool:
    """Whether a buyer states heat or steam of another grade without a seller: it may be this, so nothing is lost."""
    if not medium.bought.startswith(_THERMAL):
        return False
    names = [
        name
        for name in asked.books.names
        if name != medium.bought and name.startswith(_THERMAL) and asked.books.knows(buyer.code, name)
    ]
    amounts = [asked.books.amount(buyer.code, name, asked.span) for name in names]
    dealings = [each for whole in amounts if whole.exact for each in split(whole, buyer.code, {})]
    return any(each.other == UNNAMED for each in dealings)


def _unnamed_stayed(
    asked: Asked, of: Market, pairs: Iterable[tuple[str, str]], received: Mapping[tuple[str, str], Decimal]
) -> Decimal:
    """Of what was sold to nobody knows whom, what nobody bought either, where the park takes it to have stayed."""
    if asked.books.registry.choices.get("unnamed_sales") != "inside":
        return _NONE
    naming = {seller for seller, _ in pairs}
    sold = [of.kept_here(unit).exact for unit, other in of.sold if other == UNNAMED and unit not in naming]
    bought = [part.exact for (_, other), part in of.bought.items() if other == UNNAMED]
    taken = [received[pair] for pair in pairs if (pair[1], pair[0]) not in of.bought]
    there = sum((each for each in bought if each), _NONE) - sum(taken, _NONE)
    return max(_NONE, sum((each for each in sold if each), _NONE) - max(_NONE, there))


# ---- sentences ----

_STATED = Text("各单位外供合计", "what the units supplied to others")
_UNNAMED = Text(
    "未写明对方、也无人购入的外供：按园区的选择视为留在园区，不扣减",
    "sold without a named buyer and bought by nobody: by the park's choice it stayed inside and is not taken off",
)


def _said_lost(seller: Subject, is_loss: bool) -> Text:
    zh, en = seller.name, seller.name_en or seller.name
    if is_loss:
        return Text(
            f"{zh}在内部售出而无人购入：网络损失或购方漏报，属园区消费，不扣减",
            f"sold inside by {en} and bought by nobody: lost in the network or not reported; used by the park, so kept",
        )
    return Text(
        f"内部购入多于{zh}填报的售出：不是从边界外购入，一并抵销",
        f"bought inside beyond what {en} says it sold: it came over no fence and cancels too",
    )
