"""Transfers of by-products and waste between tenants: used once, although giver and taker both state the use.

The giver's statement counts (国家统计局: what is sent to others for use is used by who generated it); what the taker
states of the same is taken off a group's sum. A recorded flow proves the transfer; kind or counterparty ties the two
statements to it. Statements that name each other as counterparty prove it without a flow. Where nothing ties them, the
giver's use is taken to hold what it gave if it is large enough and its own balance leaves no room for it, and the
taker's if it uses more than it generated itself.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from decimal import Decimal
from typing import NamedTuple

from xietong.accounting.amounts import Amount
from xietong.accounting.sources.statement_figures import stated_item
from xietong.accounting.sources.statements import Statements, cover
from xietong.calc.figures import Figure
from xietong.calc.items import to_canonical
from xietong.calc.keys import kind_of
from xietong.park.nouns import Flow, ReportedAmount, Subject
from xietong.periods import Period
from xietong.texts import Text
from xietong.units import UnitError

USED = frozenset({"byproduct_used", "solid_waste_used", "hazardous_waste_used"})
_ELSEWHERE = ("disposed", "stored", "discarded")


def without_second_use(
    total: Amount, statements: Statements, flows: Iterable[Flow], units: Iterable[Subject], period: Period
) -> Amount:
    """A group's sum of a use with what two of its units both stated taken off once, each transfer named."""
    name, codes, flows = total.figure.key, {unit.code: unit for unit in units}, tuple(flows)
    if name not in USED or total.exact is None:
        return total
    found: list[tuple[Flow, Decimal]] = []
    for flow in flows:
        if flow.origin in codes and flow.destination in codes:
            amount = _stated_twice(statements, flow, name, period) or _used_twice(statements, flow, name, period, found)
            found += [(flow, amount)] if amount > 0 else []
    recorded = {frozenset((flow.origin, flow.destination)) for flow in flows}
    mutual = [each for each in _naming_each_other(statements, codes, name, period) if each.ends not in recorded]
    if not found and not mutual:
        return total
    lines = tuple(_line(name, total.figure.unit, flow, amount, codes) for flow, amount in found)
    lines += tuple(_mutual_line(name, total.figure.unit, each, codes) for each in mutual)
    exact = total.exact - sum((amount for _, amount in found), Decimal(0))
    exact -= sum((each.amount for each in mutual), Decimal(0))
    figure = replace(total.figure, value=float(exact), inputs=(*total.figure.inputs, *lines))
    return total._replace(figure=figure, exact=exact)


class _Mutual(NamedTuple):
    """Two units that name each other in a use, and what both of them state of it."""

    one: str
    other: str
    amount: Decimal

    @property
    def ends(self) -> frozenset[str]:
        return frozenset((self.one, self.other))


def _naming_each_other(statements: Statements, codes: Iterable[str], name: str, period: Period) -> Iterator[_Mutual]:
    """The pairs of units whose statements of a use name each other, each pair once."""
    named: dict[tuple[str, str], Decimal] = {}
    for code in codes:
        rows = statements.within(code, name, period)
        for other in dict.fromkeys(row.counterparty for row in rows if row.counterparty):
            own = cover([row for row in rows if row.counterparty == other], period).chosen
            amounts = (statements.leaf(row).exact for row in own)
            named[code, other] = sum((amount for amount in amounts if amount is not None), Decimal(0))
    for (one, other), amount in named.items():
        both = min(amount, named.get((other, one), Decimal(0)))
        if one < other and both > 0:
            yield _Mutual(one, other, both)


def _mutual_line(name: str, unit: str, each: _Mutual, units: dict[str, Subject]) -> Figure:
    one, other = units[each.one], units[each.other]
    title = Text(
        f"{one.name}与{other.name}互为对方、双方都填报的利用，只计一次",
        f"{one.name_en or one.name} and {other.name_en or other.name} name each other: what both state as used counts "
        "once",
    )
    trace = {"subject": each.one, "counterparty": each.other}
    return Figure(name, float(-each.amount), unit, title=title, source="reported", trace=trace)


def _stated_twice(statements: Statements, flow: Flow, name: str, period: Period) -> Decimal:
    """What both ends of a flow state of the same use in the period; no more than the flow where it lies within."""
    if not (flow.period.start < period.end and period.start < flow.period.end):
        return Decimal(0)
    given = _tied(statements, flow.origin, other=flow.destination, material=flow.material, name=name, period=period)
    taken = _tied(statements, flow.destination, other=flow.origin, material=flow.material, name=name, period=period)
    both = min(given, taken)
    return min(both, _tonnes(flow, name)) if period.contains(flow.period) else both


def _used_twice(
    statements: Statements, flow: Flow, name: str, period: Period, before: Iterable[tuple[Flow, Decimal]]
) -> Decimal:
    """What both ends of a flow must have counted although neither names it; before: what earlier flows took off."""
    if not period.contains(flow.period) or _is_named(statements, flow, period):
        return Decimal(0)
    tonnes, family = _tonnes(flow, name), name.removesuffix("_used")
    if not tonnes.is_finite() or not _holds(statements, flow.origin, family, tonnes, period):
        return Decimal(0)
    beyond = _stated(statements, flow.destination, name, period, plain=True) - _own(
        statements, flow.destination, family, period
    )
    taken = sum((amount for each, amount in before if each.destination == flow.destination), Decimal(0))
    return max(Decimal(0), min(tonnes, beyond - taken))


def _is_named(statements: Statements, flow: Flow, period: Period) -> bool:
    """Whether either end names the flow in any use, or its material is another item: then there is nothing to guess."""
    ends = ((flow.origin, flow.destination), (flow.destination, flow.origin))
    return any(
        _tied(statements, code, other=other, material=flow.material, name=name, period=period)
        for name in USED
        for code, other in ends
    )


def _holds(statements: Statements, origin: str, family: str, tonnes: Decimal, period: Period) -> bool:
    """Whether the giver's use holds what it gave."""
    used = _stated(statements, origin, f"{family}_used", period, plain=True)
    elsewhere = sum((_stated(statements, origin, f"{family}_{way}", period) for way in _ELSEWHERE), Decimal(0))
    room = _own(statements, origin, family, period) - used - elsewhere
    return used >= tonnes and (not elsewhere or room < tonnes)


def _own(statements: Statements, code: str, family: str, period: Period) -> Decimal:
    """What a unit had of its own: generated, and taken from earlier years' stock."""
    ways = ("generated", "used_from_stock", "disposed_from_stock")
    return sum((_stated(statements, code, f"{family}_{way}", period) for way in ways), Decimal(0))


def _stated(statements: Statements, code: str, name: str, period: Period, plain: bool = False) -> Decimal:
    """What a unit states of an item; plain: only statements that name neither kind nor counterparty."""
    rows = statements.within(code, name, period)
    kept = [row for row in rows if not plain or not (":" in row.item or row.counterparty)]
    amounts = (statements.leaf(row).exact for row in cover(kept, period).chosen)
    return sum((amount for amount in amounts if amount is not None), Decimal(0))


def _tied(statements: Statements, code: str, other: str, material: str, name: str, period: Period) -> Decimal:
    rows = [row for row in statements.within(code, name, period) if _is_tied(row, other, material)]
    amounts = (statements.leaf(row).exact for row in cover(rows, period).chosen)
    return sum((amount for amount in amounts if amount is not None), Decimal(0))


def _is_tied(row: ReportedAmount, other: str, material: str) -> bool:
    return row.counterparty == other or kind_of(row.item) == material


def _tonnes(flow: Flow, name: str) -> Decimal:
    try:
        return to_canonical(stated_item(name), flow.amount, flow.unit)
    except UnitError:
        return Decimal("Infinity")


def _line(name: str, unit: str, flow: Flow, amount: Decimal, units: dict[str, Subject]) -> Figure:
    giver, taker = units[flow.origin], units[flow.destination]
    title = Text(
        f"{giver.name}送{taker.name}利用的{flow.material}，双方都填报了利用，只计一次",
        f"{flow.material} of {giver.name_en or giver.name} used by {taker.name_en or taker.name}: both state it, "
        "it counts once",
    )
    trace = {"subject": flow.destination, "counterparty": flow.origin, "period": flow.period.label}
    return Figure(name, float(-amount), unit, title=title, source="flows.csv", trace=trace)
