"""Stock balance 库存平衡: what was used of a fuel or a working medium whose statement carries stocks (GB/T 2589).

Of such a statement the amount is what was received: used = opening + received − sent out − closing. What other
statements of the same period say was used otherwise out of the same stock (raw material, households, conversion) is
taken off too, for it has a line of its own (docs/decisions/0009-stocks-and-purchases.md).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import NamedTuple

from xietong.calc.figures import Figure
from xietong.calc.items import UnknownItemError, item, to_canonical
from xietong.calc.keys import group_of
from xietong.park.nouns import ReportedAmount
from xietong.park.registry.doubts import doubts
from xietong.park.registry.energy_per_output import output_items
from xietong.texts import Text
from xietong.units import UnitError

STOCKED = frozenset({"fuel", "medium"})
# What is taken out of a stock beside the use that its statement is about, by the use of the statement that says so.
_TAKEN: Mapping[str, str] = {
    "export": "sent_out",
    "feedstock": "taken_as_feedstock",
    "living": "taken_for_living",
    "conversion": "taken_into_conversion",
}
_APART = frozenset({"export", "feedstock", "living"})
_TITLES: Mapping[str, Text] = {
    "stock_opening": Text("期初库存", "stock at the start"),
    "received": Text("本期收入", "received"),
    "sent_out": Text("外供（售出、调出）", "sent out"),
    "taken_as_feedstock": Text("其中用作原料", "used as raw material"),
    "taken_for_living": Text("其中用于生活", "used by households"),
    "taken_into_conversion": Text("其中加工转换投入", "put into conversion"),
    "stock_closing": Text("期末库存", "stock at the end"),
}
Rows = Mapping[tuple[str, str], Sequence[ReportedAmount]]


class Balance(NamedTuple):
    """A statement's amount after its stocks: the exact amount used (None with the reason why not) and the working."""

    exact: Decimal | None
    terms: tuple[Figure, ...]
    formula: str
    reason: Text | None


def has_stocks(row: ReportedAmount) -> bool:
    """Whether a statement says anything of stocks."""
    return row.opening is not None or row.closing is not None


def with_stocks_of(row: ReportedAmount, other: ReportedAmount) -> ReportedAmount:
    """A statement that says nothing of stocks, with those that another one of the same line and period states: the bill
    knows what came, the storekeeper what lay there."""
    if has_stocks(row) or other.opening is None or other.closing is None:
        return row
    try:
        share = _canonical(other, Decimal(1)) / _canonical(row, Decimal(1))
    except (UnitError, UnknownItemError):
        return row
    return replace(row, opening=other.opening * share, closing=other.closing * share)


class Stocks:
    """The stock balances of one registry's statements, each made when it is asked for."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        # Groups of which something more is to be said: with stocks, or with fuel passed on.
        self._stocked: dict[tuple[str, str], list[ReportedAmount]] = defaultdict(list)
        for group in rows.values():
            for row in group:
                if has_stocks(row) or row.use == "export":
                    self._stocked[row.subject, _base(row)].append(row)
        self._remarks: dict[tuple[str, str], dict[int, list[Text]]] = {}
        self._owed: dict[tuple[str, str], dict[int, list[ReportedAmount]]] = {}

    def remarks(self, row: ReportedAmount) -> tuple[Text, ...]:
        """What a reader should know of a statement: how it goes with those before it, and what its stocks mean."""
        group = (row.subject, _base(row))
        if group not in self._remarks:
            outputs = [each for name in output_items() for each in self._rows.get((row.subject, name), ())]
            self._remarks[group] = _remarks_of(self._all(group), outputs)
        named = self._remarks[group]
        if group not in self._stocked:
            return tuple(named.get(id(row), ())) if named else ()
        return (*named.get(id(row), ()), *self._meaning(row, self._stocked[group]))

    def balance(self, row: ReportedAmount) -> Balance | None:
        """What a statement that carries stocks says was used; None where its amount is what was used."""
        if not has_stocks(row) or not _can_be_stocked(row):
            return None
        if row.opening is None or row.closing is None:
            return Balance(None, (), "", _half(row))
        taken = self._taken(row)
        wider = next((each for each in taken if not row.period.contains(each.period)), None)
        if wider is not None:
            return Balance(None, (), "", _unsplit(row, wider))
        return _balance(row, taken)

    @staticmethod
    def _meaning(row: ReportedAmount, stocked: Sequence[ReportedAmount]) -> tuple[Text, ...]:
        """What stocks do not mean here: of what is not kept by stocks, of a row without them among others or beside
        what was passed on."""
        if has_stocks(row):
            return () if _can_be_stocked(row) else (_NO_EFFECT,)
        beside = [other for other in stocked if _overlap(row, other)]
        if row.use in _APART or any(has_stocks(other) for other in beside):
            return ()
        if beside:
            return (_passed_on(beside[0]),)
        return (_taken_as_used(row),) if any(has_stocks(other) for other in stocked) else ()

    def _all(self, group: tuple[str, str]) -> list[ReportedAmount]:
        """Every statement of a subject and item, those of apart uses too, each once."""
        subject, name = group
        kept = [self._rows.get((subject, each), ()) for each in (name, *(f"{name}#{use}" for use in _TAKEN))]
        return list({id(row): row for rows in kept for row in rows}.values())

    def _taken(self, row: ReportedAmount) -> list[ReportedAmount]:
        group = (row.subject, _base(row))
        if group not in self._owed:
            self._owed[group] = _owed(self._all(group))
        return self._owed[group].get(id(row), [])


def _remarks_of(rows: Iterable[ReportedAmount], outputs: Sequence[ReportedAmount]) -> dict[int, list[Text]]:
    found: dict[int, list[Text]] = defaultdict(list)
    for doubt in doubts(rows, outputs):
        found[id(doubt.row)].append(doubt.text)
    return found


def _owed(rows: Sequence[ReportedAmount]) -> dict[int, list[ReportedAmount]]:
    """For each statement with stocks, the statements of what else left them: each is taken off one line in a period.

    Of several lines the one of the same kind goes first, then the one of no particular use; months and the quarter of
    one line are alternatives, of which a figure takes one.
    """
    stocks = [row for row in rows if row.opening is not None and row.closing is not None]
    stocks.sort(key=lambda row: (row.use not in ("", "fuel"), row.use, row.counterparty))
    owed: dict[int, list[ReportedAmount]] = defaultdict(list)
    for row in rows:
        if row.use not in _TAKEN or has_stocks(row):
            continue
        fitting = [
            stock
            for stock in stocks
            if stock.use != row.use and (stock.period.contains(row.period) or row.period.contains(stock.period))
        ]
        fitting.sort(key=lambda stock: stock.item != row.item)
        claimed: list[ReportedAmount] = []
        for stock in fitting:
            if not any(_overlap(stock, other) and _line(stock) != _line(other) for other in claimed):
                claimed.append(stock)
                owed[id(stock)].append(row)
    return {stock: _once(taken) for stock, taken in owed.items()}


def _once(rows: Sequence[ReportedAmount]) -> list[ReportedAmount]:
    """Of what one line states for a span and for parts of it again, the longest spans."""
    kept: list[ReportedAmount] = []
    for row in sorted(rows, key=lambda row: row.period.start - row.period.end):
        same = [
            each for each in kept if (each.item, each.use, each.counterparty) == (row.item, row.use, row.counterparty)
        ]
        if not any(_overlap(row, other) for other in same):
            kept.append(row)
    return sorted(kept, key=lambda row: (row.period, row.use, row.counterparty))


def _line(row: ReportedAmount) -> tuple[str, str, str]:
    return row.item, row.use, row.counterparty


def _overlap(one: ReportedAmount, other: ReportedAmount) -> bool:
    return one.period.start < other.period.end and other.period.start < one.period.end


def _balance(row: ReportedAmount, taken: Sequence[ReportedAmount]) -> Balance | None:
    assert row.opening is not None
    assert row.closing is not None
    try:
        parts = [("stock_opening", _term(row, "stock_opening", row.opening))]
        parts.append(("received", _term(row, "received", row.amount or Decimal(0))))
        for use, key in _TAKEN.items():
            of = [_term(each, key, each.amount or Decimal(0)) for each in taken if each.use == use]
            parts += [(key, _summed(key, of))] if of else []
        parts.append(("stock_closing", _term(row, "stock_closing", row.closing)))
    except (UnitError, UnknownItemError):
        return None
    signs = {"stock_opening": 1, "received": 1}
    exact = sum((signs.get(key, -1) * value for key, (value, _) in parts), Decimal(0))
    terms = tuple(figure for _, (_, figure) in parts)
    formula = " - ".join(["stock_opening + received", *(key for key, _ in parts if key not in signs)])
    return Balance(exact, terms, formula, None) if exact >= 0 else Balance(None, terms, formula, _negative(row, exact))


def _term(row: ReportedAmount, key: str, amount: Decimal) -> tuple[Decimal, Figure]:
    exact = _canonical(row, amount)
    trace = {"subject": row.subject, "item": row.item, "period": row.period.label, "entry": row.entry}
    trace |= {"row": str(row.row), "amount": f"{amount.normalize():f}", "unit": row.unit, "use": row.use}
    title = _TITLES[key]
    if row.counterparty and not key.startswith("stock_"):
        title = Text(f"{title.zh} · {row.counterparty}", f"{title.en} · {row.counterparty}")
    told = {name: text for name, text in trace.items() if text}
    return exact, Figure(key, float(exact), item(row.item).unit, title=title, trace=told)


def _summed(key: str, terms: Sequence[tuple[Decimal, Figure]]) -> tuple[Decimal, Figure]:
    if len(terms) == 1:
        return terms[0]
    exact = sum((value for value, _ in terms), Decimal(0))
    figures = tuple(figure for _, figure in terms)
    return exact, Figure(key, float(exact), figures[0].unit, title=_TITLES[key], inputs=figures)


def _canonical(row: ReportedAmount, amount: Decimal) -> Decimal:
    return to_canonical(item(row.item), amount, row.unit)


def _base(row: ReportedAmount) -> str:
    return group_of(row.item)


def _can_be_stocked(row: ReportedAmount) -> bool:
    try:
        return item(row.item).carrier in STOCKED
    except UnknownItemError:
        return False


# ---- sentences ----

_NO_EFFECT = Text(
    "本项目不按库存核算（只有燃料和耗能工质按库存），期初、期末库存没有计入，数量按所填计。",
    "this item is not kept by stocks (fuels and working media are), so opening and closing were not counted and "
    "the amount stands as stated.",
)


def _named(row: ReportedAmount) -> Text:
    try:
        name = item(row.item).name
    except UnknownItemError:
        name = Text(row.item, row.item)
    return Text(f"{row.subject} {row.period.label} 的{name.zh}", f"{name.en} of {row.subject} for {row.period.label}")


def _half(row: ReportedAmount) -> Text:
    named = _named(row)
    has, lacks = ("期初", "期末") if row.closing is None else ("期末", "期初")
    has_en, lacks_en = ("opening", "closing") if row.closing is None else ("closing", "opening")
    return Text(
        f"{named.zh}只写了{has}库存，没有{lacks}库存，消费量算不出来；请补填{lacks}库存，或两格都留空（数量即为消费量）。",
        f"{named.en} states an {has_en} stock and no {lacks_en} stock, so what was used cannot be computed; "
        f"state the {lacks_en} stock, or leave both empty (the amount is then what was used).",
    )


def _negative(row: ReportedAmount, exact: Decimal) -> Text:
    named, unit = _named(row), item(row.item).unit
    return Text(
        f"{named.zh}：期初库存 + 收入 − 外供等 − 期末库存 = {exact:.6g} {unit}，小于零，不可能；"
        "请核对收入、外供和两个库存。",
        f"{named.en}: opening + received − sent out and so on − closing = {exact:.6g} {unit}, which is below zero and "
        "cannot be; check what was received, what was sent out and both stocks.",
    )


def _unsplit(row: ReportedAmount, wider: ReportedAmount) -> Text:
    named = _named(row)
    what = _TITLES[_TAKEN[wider.use]]
    return Text(
        f"{named.zh}：{what.zh}只有 {wider.period.label} 的合计，不能分到这一期，消费量算不出来；"
        "请按与库存相同的期间填报。",
        f"{named.en}: “{what.en}” is known for {wider.period.label} as a whole only, so what was used here cannot be "
        "computed; report it for the same periods as the stocks.",
    )


def _taken_as_used(row: ReportedAmount) -> Text:
    return Text(
        f"{row.period.label} 这一行没有库存，数量按消费量计；同一项目另有带库存的行，其数量按收入量计，请核对口径。",
        f"the statement of {row.period.label} has no stocks, so its amount counts as used; others of the same item "
        "have stocks, and theirs count as received: check that this is meant.",
    )


def _passed_on(sent: ReportedAmount) -> Text:
    amount = f"{sent.amount or 0:f} {sent.unit}"
    return Text(
        f"同期另有外供 {amount}：没有库存的行数量按消费量计，外供没有从中扣除；若所填是购入量，请补填期初、期末库存。",
        f"{amount} were sent out in the same time: the amount of a row without stocks is what was used, so that was "
        "not taken off; if what was bought is stated here, add the opening and closing stocks.",
    )
