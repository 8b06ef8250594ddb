"""Trade inside a group 园区内买卖: what its units sold each other of a medium against what they say they bought.

Who stood at the other end is what a statement names as counterparty, or what flows.csv records; a sale whose buyer
nobody names, or a purchase without a seller, is told apart and never guessed to be zero.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import NamedTuple

from django.utils.functional import cached_property

from xietong.accounting.amounts import Amount, amount, idle
from xietong.accounting.books.consolidation import Books
from xietong.accounting.boundary import Boundary
from xietong.accounting.trade.flow_figures import moved
from xietong.accounting.trade.lines import CLAUSE, difference, is_whole, line, share
from xietong.accounting.trade.media import Medium, is_called
from xietong.calc.figures import Figure
from xietong.calc.keys import group_of
from xietong.park.nouns import Flow, Subject
from xietong.periods import Period
from xietong.texts import Text

OUTSIDE, UNNAMED = "outside:", ""


class Dealing(NamedTuple):
    """What one unit bought from or sold to one other end: a unit's code, OUTSIDE or UNNAMED."""

    unit: str
    other: str
    part: Amount


class Seller(NamedTuple):
    """One unit that sold inside: what it says it sold, what its buyers say they bought, and the difference."""

    subject: Subject
    sold: Amount
    bought: Amount
    residual: Amount


class Trade(NamedTuple):
    """The trade of one medium in a group and span.

    imported, exported: over the group's fence; unnamed: sold to nobody knows whom; residual: sold less bought inside.
    is_checked: whether anything was sold or bought inside under a name, so that the residual says something.
    """

    imported: Amount
    exported: Amount
    sold: Amount
    bought: Amount
    unnamed: Amount
    residual: Amount
    share: Figure
    sellers: tuple[Seller, ...]
    is_checked: bool


def trade(books: Books, group: Subject, medium: Medium, span: Period) -> Trade | None:
    """The purchase and sale balance of a medium inside a group; None where it can be neither bought nor sold."""
    if not medium.sold or medium.kind == "water":
        return None
    return market(books, group, medium, span).trade()


def market(books: Books, group: Subject, medium: Medium, span: Period) -> "Market":
    """The dealings behind `trade`, made once for a group, medium and span."""
    return books.remember(("market", group.code, medium.key, span), lambda: Market(books, group, medium, span))


def is_traded_inside(books: Books, medium: Medium) -> bool:
    """Whether any statement of a medium ever names something of the park as the other end, or a flow of it is recorded:
    else nothing is known to have passed from one unit to another, whatever the span."""

    def named() -> bool:
        park = books.registry.park.code
        known = _names(books.boundary, books.boundary.units(park))
        sides = {group_of(name) for name in (medium.sold, medium.bought)}
        rows = (row for row in books.registry.reported if row.counterparty and group_of(row.item) in sides)
        is_named = any(row.counterparty.strip() in known for row in rows)
        return is_named or any(_carries(flow, medium) for flow in books.flows)

    return books.keep(("traded inside", medium.key), named)


class Market:
    """Everything that the units of one group bought and sold of one medium in one span.

    units: by code; sold, bought: by (unit, other end); flows: what flows.csv records, by both ends; span: of when.
    """

    def __init__(self, books: Books, group: Subject, medium: Medium, span: Period) -> None:
        self._books, self._group, self._medium, self.span = books, group, medium, span
        self.units = {unit.code: unit for unit in books.boundary.units(group.code)}
        self._names = books.remember(("names", group.code), lambda: _names(books.boundary, self.units.values()))
        self.flows = _flows(books.flows, medium, span)
        self.sold = self._dealings(self.units, medium.sold)
        self.bought = self._dealings(self.units, medium.bought)
        self._beyond = self._bought_beyond()

    def _bought_beyond(self) -> dict[str, list[Amount]]:
        """What units elsewhere in the park say they bought from sellers here that name no buyer."""
        unnamed = {unit for unit, other in self.sold if other == UNNAMED}
        park = self._books.registry.park.code
        if not unnamed or self._group.code == park:
            return {}
        others = [unit.code for unit in self._books.boundary.units(park) if unit.code not in self.units]
        found: dict[str, list[Amount]] = defaultdict(list)
        for (_, seller), part in self._dealings(others, self._medium.bought).items():
            if seller in unnamed:
                found[seller].append(part)
        return found

    def _dealings(self, units: Iterable[str], name: str) -> dict[tuple[str, str], Amount]:
        found: dict[tuple[str, str], Amount] = {}
        for code in units:
            if self._books.knows(code, name):
                for dealing in split(self._books.amount(code, name, self.span), code, self._names):
                    found[code, dealing.other] = dealing.part
        return found

    def trade(self) -> Trade:
        pairs = self.pairs
        sellers = tuple(self._seller(code, pairs) for code in sorted({seller for seller, _ in pairs}))
        key, unit, name = self._medium.key, self._medium.unit, self._medium.name
        sold = line(f"{key}_sold_inside", _said(name, "内部售出", "sold inside"), unit, [s.sold for s in sellers])
        bought = line(
            f"{key}_bought_inside", _said(name, "内部购入", "bought inside"), unit, [s.bought for s in sellers]
        )
        title = _said(name, "内部买卖差额", "sold inside less bought inside")
        residual = self._residual(f"{key}_trade_residual", title, sold, bought)
        percent = share(f"{key}_trade_residual_share", title, residual, sold)
        return Trade(
            self._imported(pairs),
            self._exported(),
            sold=sold,
            bought=bought,
            unnamed=self._unnamed(pairs),
            residual=residual,
            share=percent,
            sellers=sellers,
            is_checked=bool(sellers),
        )

    @cached_property
    def pairs(self) -> frozenset[tuple[str, str]]:
        """(seller, buyer) of everything that either end, or flows.csv, names."""
        units = self.units
        named = {(seller, buyer) for seller, buyer in self.sold if buyer in units}
        named |= {(seller, buyer) for buyer, seller in self.bought if seller in units}
        named |= {(seller, buyer) for buyer in self._doubtful for seller in self._usual_sellers(buyer)}
        return frozenset(named | {pair for pair in self.flows if pair[0] in units and pair[1] in units})

    def _seller(self, code: str, pairs: Iterable[tuple[str, str]]) -> Seller:
        key, unit = self._medium.key, self._medium.unit
        mine = sorted(buyer for seller, buyer in pairs if seller == code)
        subject = self.units[code]
        title = Text(subject.name, subject.name_en or subject.name)
        sales = [self.sold[code, buyer] for buyer in mine if (code, buyer) in self.sold]
        if (code, UNNAMED) in self.sold:
            sales.append(self.kept_here(code))
        if not sales:
            sales = [self._recorded(code, buyer) for buyer in mine if (code, buyer) in self.flows]
        sold = line(f"{key}_sold:{code}", title, unit, sales, () if sales else (_states_no_sale(subject),))
        bought = line(f"{key}_bought_from:{code}", title, unit, [self.bought_of(code, buyer) for buyer in mine])
        residual = self._residual(f"{key}_trade_residual:{code}", title, sold, bought)
        return Seller(subject, sold, bought, residual)

    def kept_here(self, seller: str) -> Amount:
        """A sale without a buyer, less what units elsewhere in the park say they bought of it."""
        whole, beyond = self.sold[seller, UNNAMED], self._beyond.get(seller)
        if not beyond:
            return whole
        return difference(f"{self._medium.key}_sold_here", whole.figure.title, self._medium.unit, [whole], beyond)

    def stayed(self, seller: str, unnamed_stays: bool) -> Decimal:
        """What of a unit's sales stayed in the group: sold to its units, or to nobody named where that stays."""
        parts = [part for (unit, other), part in self.sold.items() if unit == seller and other in self.units]
        if (seller, UNNAMED) in self.sold and (unnamed_stays or any(unit == seller for unit, _ in self.pairs)):
            parts.append(self.kept_here(seller))
        return sum((part.exact for part in parts if part.exact is not None), Decimal(0))

    def bought_of(self, seller: str, buyer: str) -> Amount:
        """What a buyer says it bought from a seller; out of a purchase without a seller, what the other end says."""
        if (buyer, seller) in self.bought:
            return self.bought[buyer, seller]
        other = self._recorded(seller, buyer) if (seller, buyer) in self.flows else self.sold.get((seller, buyer))
        unnamed = self.bought.get((buyer, UNNAMED))
        whose = self.units[buyer]
        if unnamed is None or other is None or not unnamed.has_value:
            if unnamed is not None and not is_whole(unnamed):
                return unnamed
            return _none(f"{self._medium.key}_bought:{buyer}", self._medium.unit, _states_no_purchase(whose))
        exact = min(unnamed.exact or Decimal(0), other.exact or Decimal(0))
        remark = _taken_from_seller(whose, self.units[seller])
        figure = replace(other.figure, title=Text(whose.name, whose.name_en), remarks=(remark,))
        return amount(figure, exact)

    def _recorded(self, seller: str, buyer: str) -> Amount:
        return self.flows[seller, buyer]

    def _imported(self, pairs: Iterable[tuple[str, str]]) -> Amount:
        """What came over the fence: purchases that name no unit of the group, less what a seller names in them."""
        parts = [part for (_, other), part in self.bought.items() if other not in self.units]
        one_sided = [
            self.bought_of(seller, buyer)
            for seller, buyer in sorted(pairs)
            if (buyer, seller) not in self.bought and (buyer, UNNAMED) in self.bought
        ]
        key, title = f"{self._medium.key}_imported", _said(self._medium.name, "购入（边界外）", "bought from outside")
        whole = line(key, title, self._medium.unit, parts, self._without_seller())
        if not any(part.exact for part in one_sided):
            return whole
        named = line(f"{key}_named_by_sellers", title, self._medium.unit, one_sided)
        return difference(key, title, self._medium.unit, [whole], [named])

    def _without_seller(self) -> tuple[Text, ...]:
        unnamed = [unit for (unit, other), part in self.bought.items() if other == UNNAMED and part.has_value]
        if not unnamed or not self.sold:
            return ()
        return (
            Text(
                f"{len(unnamed)} 个单位的购入没有写明对方，按边界外购入计；请在 counterparty 中写明。",
                f"purchases of {len(unnamed)} units name no counterparty and count as bought from outside; name it.",
            ),
        )

    def _exported(self) -> Amount:
        parts = [part for (_, other), part in self.sold.items() if other == OUTSIDE]
        parts += [part for bought in self._beyond.values() for part in bought]
        title = _said(self._medium.name, "售出（边界外）", "sold to outside")
        return line(f"{self._medium.key}_exported", title, self._medium.unit, parts)

    def _unnamed(self, pairs: Iterable[tuple[str, str]]) -> Amount:
        """Sales without a buyer of units that no buyer names either."""
        named = {seller for seller, _ in pairs}
        parts = [self.kept_here(unit) for unit, other in self.sold if other == UNNAMED and unit not in named]
        title = _said(self._medium.name, "售出（未写明对方）", "sold, buyer not named")
        return line(f"{self._medium.key}_sold_unnamed", title, self._medium.unit, parts)

    def _residual(self, key: str, title: Text, sold: Amount, bought: Amount) -> Amount:
        """Sold less bought; missing where a unit that trades inside has not stated its purchases in full."""
        found = difference(key, title, self._medium.unit, [sold], [bought, *self._doubtful.values()])
        remarks = (*sold.figure.remarks, *bought.figure.remarks)
        return found._replace(figure=replace(found.figure, remarks=remarks))

    def _usual_sellers(self, buyer: str) -> set[str]:
        """Whom a unit that has not stated its purchases in full names in other periods."""
        rows = self._books.statements.of(buyer, self._medium.bought)
        return {end for row in rows if (end := _end(row.counterparty, self._names)) in self.units}

    @cached_property
    def _doubtful(self) -> Mapping[str, Amount]:
        """The units whose purchases are of doubt, with these."""
        found = {code: self._of_doubt(code) for code in self.units}
        return {code: doubt for code, doubt in found.items() if doubt is not None}

    def _of_doubt(self, code: str) -> Amount | None:
        """A unit's purchases that are not whole and may have come from inside, as the reason why nothing is said."""
        if not self._books.knows(code, self._medium.bought):
            return None
        whole = self._books.amount(code, self._medium.bought, self.span)
        if is_whole(whole):
            return None
        rows = self._books.statements.of(code, self._medium.bought)
        is_outsider = bool(rows) and all(_end(row.counterparty, self._names) == OUTSIDE for row in rows)
        return None if is_outsider else whole


# ---- who stood at the other end ----


def _names(boundary: Boundary, units: Iterable[Subject]) -> dict[str, str]:
    """What a counterparty may be called → the unit it belongs to, by code or name of the unit or anything below it."""
    found: dict[str, str] = {}
    for unit in units:
        for each in boundary.below(unit.code):
            found |= {each.code: unit.code, each.name: unit.code}
            if each.name_en:
                found[each.name_en] = unit.code
    return found


def _end(counterparty: str, names: Mapping[str, str]) -> str:
    """The unit that a counterparty names; OUTSIDE for any other name, UNNAMED for none."""
    word = counterparty.strip()
    return names.get(word, OUTSIDE if word else UNNAMED)


def split(whole: Amount, unit: str, names: Mapping[str, str]) -> Iterator[Dealing]:
    """An amount by the other end that its statements name; what is absent stays with the part that names nobody."""
    parts: dict[str, list[Figure]] = defaultdict(list)
    for leaf in leaves(whole.figure):
        parts[_end(leaf.trace.get("counterparty", ""), names)].append(leaf)
    if len(parts) == 1 or not is_whole(whole):
        others = list(parts) or [UNNAMED]
        yield from _in_one(whole, unit, others, parts)
        return
    for other, behind in parts.items():
        exact = sum((Decimal(repr(leaf.value)) for leaf in behind if leaf.value is not None), Decimal(0))
        figure = replace(whole.figure, inputs=tuple(behind), missing=())
        yield Dealing(unit, other, amount(figure, exact))


def _in_one(whole: Amount, unit: str, others: list[str], parts: Mapping[str, list[Figure]]) -> Iterator[Dealing]:
    """An amount with one other end; or one with a gap in it: each part is then as partial as the whole."""
    if len(others) == 1:
        yield Dealing(unit, others[0], whole)
        return
    for other in others:
        exact = sum((Decimal(repr(leaf.value)) for leaf in parts[other] if leaf.value is not None), Decimal(0))
        figure = replace(whole.figure, status="partial", value=float(exact), inputs=tuple(parts[other]))
        yield Dealing(unit, other, whole._replace(figure=figure, exact=exact))


def leaves(figure: Figure) -> Iterator[Figure]:
    """The statements and meters behind an amount."""
    if "entry" in figure.trace or "point" in figure.trace or not figure.inputs:
        yield figure
        return
    for child in figure.inputs:
        yield from leaves(child)


def _flows(flows: Iterable[Flow], medium: Medium, span: Period) -> dict[tuple[str, str], Amount]:
    """What flows.csv records of the medium within the span, by both ends."""
    found: dict[tuple[str, str], list[Amount]] = defaultdict(list)
    for flow in flows:
        if (
            span.contains(flow.period)
            and _carries(flow, medium)
            and (part := moved(flow, medium.bought, medium.key, CLAUSE)) is not None
        ):
            found[flow.origin, flow.destination].append(part)
    title = Text("物料流记录", "recorded flow")
    return {ends: line(f"{medium.key}_flow", title, medium.unit, parts) for ends, parts in found.items()}


def _carries(flow: Flow, medium: Medium) -> bool:
    named = f"{flow.material}:{flow.grade}" if flow.grade and medium.key.startswith("steam") else flow.material
    return is_called(medium, named)


def _none(key: str, unit: str, remark: Text) -> Amount:
    """Nothing was stated at this end: it counts as nothing and says so."""
    nothing = idle(key, unit)
    return nothing._replace(figure=replace(nothing.figure, remarks=(remark,)))


# ---- sentences ----


def _said(name: Text, zh: str, en: str) -> Text:
    return Text(f"{name.zh}：{zh}", f"{name.en}: {en}")


def _states_no_sale(seller: Subject) -> Text:
    return Text(
        f"{seller.name}没有填报售出量，只有买方填报；请{seller.name}填报。",
        f"{seller.name_en or seller.name} states no sale, only its buyers do; it should report it.",
    )


def _states_no_purchase(buyer: Subject) -> Text:
    return Text(
        f"{buyer.name}没有填报这笔购入，只有卖方填报；请{buyer.name}填报。",
        f"{buyer.name_en or buyer.name} states no such purchase, only the seller does; it should report it.",
    )


def _taken_from_seller(buyer: Subject, seller: Subject) -> Text:
    return Text(
        f"{buyer.name}的购入没有写明对方，其中来自{seller.name}的按卖方或物料流记录计，两头无法核对。",
        f"purchases of {buyer.name_en or buyer.name} name no seller; what came from "
        f"{seller.name_en or seller.name} is as the other end says, so nothing can be checked.",
    )
