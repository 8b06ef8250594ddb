"""Supplied 外供: what of its units' sales of power, heat and steam left a group (decision 0026).

A group's total falls by what left it and by nothing else. What one unit sold another cancels against what the other
says it bought; what was sold inside and nobody bought was lost in the network or not reported, and stays in. A unit
that supplied more than it is known to have taken in contributes nothing to the total rather than less.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import NamedTuple

from xietong.accounting.amounts import Amount
from xietong.accounting.books.consolidation import Books
from xietong.accounting.factors.in_force import choices_of, day_of, factor_book
from xietong.accounting.trade.inside_trade import OUTSIDE, UNNAMED, Market, market, split
from xietong.accounting.trade.lines import is_whole
from xietong.accounting.trade.media import ELECTRICITY, HEAT, Medium, media_in
from xietong.accounting.trade.unstated_sales import unstated_sale
from xietong.calc.engine import Calculation
from xietong.calc.figures import Figure, worst
from xietong.park.nouns import Subject
from xietong.periods import Period
from xietong.texts import Text

SUPPLIED = frozenset({"electricity_sold", "heat_sold", "steam_sold"})
ENERGY = "comprehensive_energy_consumption"
NOISE = Decimal("1e-9")
_THERMAL = ("heat_purchased", "steam_purchased", "hot_water_purchased")
_NONE = Decimal(0)
InputsOf = Callable[[Subject], Mapping[str, Figure]]


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


class Asked(NamedTuple):
    """Whose sales; rough: partial amounts were scaled up or estimated, so that what is absent is not told apart."""

    books: Books
    group: Subject
    span: Period
    inputs_of: InputsOf
    rough: bool = False


def left(asked: Asked, target: str, given: Figure) -> Figure:
    """An engine input of a group's sales (one of SUPPLIED) without what stayed inside, each part of that on a line."""
    kept = kept_of(asked)
    if not kept:
        return given
    if target != "steam_sold":
        found = kept.get(ELECTRICITY.key if target == ELECTRICITY.sold else HEAT.key)
        return given if found is None else _less(given, found, "MWh" if target == ELECTRICITY.sold else "GJ")
    steams = {key.partition(":")[2] or "steam": each for key, each in kept.items() if key.startswith("steam")}
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
    markets = [(medium, market(books, group, medium, asked.span)) for medium in media]
    unknown = {} if asked.rough else _unknown(asked, markets)
    found = {medium.key: _kept(asked, medium, each, unknown) for medium, each in markets}
    return {key: kept for key, kept in found.items() if kept.lines}


def _dealt_in(books: Books) -> tuple[str, ...]:
    """The items of power, heat and steam that anybody sells, or buys of somebody in the park."""
    known = {
        each for subject in books.registry.subjects.values() for each in (subject.code, subject.name, subject.name_en)
    }
    named = {row.item for row in books.registry.reported if row.counterparty and row.counterparty.strip() in known}
    bases = {name.partition("_")[0] for name in SUPPLIED}
    dealt = [name for name in books.names if name.partition(":")[0] in SUPPLIED]
    return (*dealt, *(name for name in sorted(named) if name.partition("_")[0] in bases and "_purchased" in name))


def _kept(asked: Asked, medium: Medium, of: Market, unknown: Mapping[str, Mapping[str, Decimal]]) -> Kept:
    least = NOISE * max(Decimal(1), *(abs(part.exact or _NONE) for part in of.sold.values()), Decimal(1))
    pairs = sorted(of.pairs)
    received = dict(_received(asked, medium, of, pairs))
    lines: list[tuple[str, Text, Decimal]] = []
    lost = _NONE
    for seller in dict.fromkeys(seller for seller, _ in pairs):
        gap = _sold_inside(of, seller, pairs) - sum((received[pair] for pair in pairs if pair[0] == seller), _NONE)
        if abs(gap) > least:
            lost += gap
            lines.append((f"lost:{seller}", _said_lost(of.units[seller], gap > 0), gap))
    stayed = _unnamed_stayed(asked, of, pairs, received)
    if stayed > least:
        lines.append(("unnamed_kept", _UNNAMED, stayed))
    doubted = unknown.get(medium.key, {})
    lines += [(f"unknown:{unit}", _said_unknown(of.units[unit]), amount) for unit, amount in doubted.items()]
    reasons = tuple(_why_unknown(of.units[unit]) for unit in doubted)
    return Kept(lost, max(stayed, _NONE), sum(doubted.values(), _NONE), tuple(lines), reasons)


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


# ---- units that supplied more than came in ----


def _unknown(asked: Asked, markets: Iterable[tuple[Medium, Market]]) -> dict[str, dict[str, Decimal]]:
    """By medium and unit what is not taken off because the unit supplied more than it is known to have taken in."""
    out: dict[str, list[tuple[Medium, Decimal]]] = {}
    stays = asked.books.registry.choices.get("unnamed_sales") == "inside"
    for medium, of in markets:
        inside = {seller for seller, _ in of.pairs} if not stays else set(of.units)
        for (unit, other), part in of.sold.items():
            if part.exact and (other == OUTSIDE or (other == UNNAMED and unit not in inside)):
                out.setdefault(unit, []).append((medium, part.exact))
        for unit, arrived in _arrived(asked, medium, of).items():
            out.setdefault(unit, []).append((medium, arrived))
    found: dict[str, dict[str, Decimal]] = {}
    for unit, parts in out.items():
        for medium, amount in _beyond_input(asked, asked.books.registry.subjects[unit], parts):
            found.setdefault(medium.key, {})[unit] = amount
    for medium, of in markets:
        found.setdefault(medium.key, {}).update(_out_of_nothing(asked, medium, of))
    return found


def _out_of_nothing(asked: Asked, medium: Medium, of: Market) -> Iterator[tuple[str, Decimal]]:
    """What units are said to have sold inside, by their buyers alone, that state neither a sale nor any energy."""
    for seller in sorted({seller for seller, _ in of.pairs}):
        found = unstated_sale(asked.books, of.units[seller], medium, asked.span)
        if found is not None and not _energy_of(asked, found.seller).value:
            here = (part.exact for (buyer, other), part in of.bought.items() if other == seller and buyer != seller)
            yield seller, sum((exact for exact in here if exact is not None), _NONE)


def _energy_of(asked: Asked, unit: Subject) -> Figure:
    """A unit's energy by itself; without a value where it states none."""
    registry = asked.books.registry
    book = factor_book(registry, [each.code for each in asked.books.boundary.below(unit.code)])
    return Calculation(asked.inputs_of(unit), book, day_of(asked.span), choices_of(registry)).figure(ENERGY)


def _arrived(asked: Asked, medium: Medium, of: Market) -> dict[str, Decimal]:
    """By seller what it states as sold inside and is known to have been bought there."""
    pairs = sorted(of.pairs)
    found: dict[str, Decimal] = {}
    for (seller, _), amount in _received(asked, medium, of, pairs):
        found[seller] = found.get(seller, _NONE) + amount
    stated = {seller: _sold_inside(of, seller, pairs) for seller in found}
    return {seller: min(amount, stated[seller]) for seller, amount in found.items() if amount and stated[seller]}


def _beyond_input(
    asked: Asked, unit: Subject, parts: Iterable[tuple[Medium, Decimal]]
) -> Iterator[tuple[Medium, Decimal]]:
    """So much of what a unit sold as brings its energy, at calorific value, back to zero."""
    registry = asked.books.registry
    below = [each.code for each in asked.books.boundary.below(unit.code)]
    book, on = factor_book(registry, below), day_of(asked.span)
    choices = {**choices_of(registry), "electricity_basis": "equivalent"}
    calculation = Calculation(asked.inputs_of(unit), book, on, choices)
    short = -(calculation.figure(ENERGY).value or 0.0)
    for medium, amount in parts:
        each = _tce(calculation, medium) * float(amount)
        taken = min(short, each)
        if taken > float(NOISE) * max(1.0, each):
            yield medium, amount if taken == each else amount * Decimal(repr(taken / each))
            short -= taken


def _tce(calculation: Calculation, medium: Medium) -> float:
    """tce a unit of what a unit sold of a medium, by its own working."""
    energy, consumed = (
        ("electricity_energy", "electricity_consumed") if medium == ELECTRICITY else ("heat_energy", "heat_consumed")
    )
    whole, amount = calculation.figure(energy).value, calculation.figure(consumed).value
    rate = whole / amount if whole and amount else 0.0
    if medium in (ELECTRICITY, HEAT):
        return rate
    grade = medium.key.partition(":")[2] or "steam"
    heat, tonnes = calculation.figure("steam_heat_sold"), calculation.figure("steam_sold")
    if not heat.has(grade) or not tonnes.has(grade) or not tonnes.child(grade).value:
        return 0.0
    return rate * (heat.child(grade).value or 0.0) / (tonnes.child(grade).value or 1.0)


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


def _said_unknown(unit: Subject) -> Text:
    return Text(
        f"{unit.name}的投入没有报全，外供多于已知投入的部分不扣减",
        f"what {unit.name_en or unit.name} supplied beyond its known input is not taken off",
    )


def _why_unknown(unit: Subject) -> Text:
    return Text(
        f"{unit.name}外供的电或热多于已报的投入，其消费未知；合计中按零计，不减少合计。请补报投入的燃料、余热或购入量。",
        f"{unit.name_en or unit.name} supplied more power or heat than the input it reported, so what it used is not "
        "known; it counts as nothing in the total and does not lower it. Report the fuel, waste heat or purchase.",
    )
