"""Sides of a balance: what a subject received, used, passed on and lost of one medium in one span, line by line.

A unit's lines come from its statements and meters, a group's from its fence meter and its units; what they add up to
and what is left over is for `balance_sheet`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from xietong.accounting.amounts import Amount, amount, idle
from xietong.accounting.balances.submeters import MeterCheck, SubMeters
from xietong.accounting.balances.water import water_sides
from xietong.accounting.books.consolidation import Books
from xietong.accounting.boundary import GROUPS
from xietong.accounting.own_make.lines import made_lines, sources_of
from xietong.accounting.sources.statement_figures import stated_item
from xietong.accounting.trade.inside_trade import Trade, leaves, trade
from xietong.accounting.trade.lines import CLAUSE, difference, line, titled
from xietong.accounting.trade.media import Medium
from xietong.calc.figures import Figure
from xietong.park.nouns import Subject
from xietong.periods import Period
from xietong.texts import Text

_FENCE = Text("关口表或总表（购入）", "fence meter or head statement (bought)")
_BESIDE = Text("各单位自园区外购入合计（对照，不计入）", "what units bought from outside, beside the fence meter")
_USES: tuple[tuple[str, Text], ...] = (
    ("conversion", Text("加工转换投入", "put into conversion")),
    ("feedstock", Text("用作原料", "used as raw material")),
    ("living", Text("生活使用", "used by households")),
)
_BURNT = Text("生产使用", "used in production")
_RECEIVED = Text("收入", "received")
_DRAWN = Text("动用库存（期初减期末）", "drawn from stock (opening less closing)")
_NOT_STATED = Text("自产量没有填报，使用量算不出来。", "what was made is not stated, so use cannot be computed.")


class Sides(NamedTuple):
    """The lines of each side; is_measured: use is known by itself, so that what is left over says something.

    memo: what stands beside and is in no sum.
    """

    supply: tuple[Amount, ...]
    use: tuple[Amount, ...]
    sold: tuple[Amount, ...]
    loss: tuple[Amount, ...]
    is_measured: bool
    memo: tuple[Amount, ...] = ()
    meters: MeterCheck | None = None
    trade: Trade | None = None


def sides_of(books: Books, subject: Subject, medium: Medium, span: Period) -> Sides:
    """The lines of one medium of a subject in one span."""
    asked = _Asked(books, subject, medium, span)
    if medium.kind == "water":
        return asked.water()
    if subject.kind in GROUPS:
        return asked.group()
    return asked.fuel() if medium.kind == "fuel" else asked.network()


def used_by(books: Books, unit: Subject, medium: Medium, span: Period) -> Amount:
    """What one unit used of a medium: what it received and made less what it passed on and lost; absent, with the
    reason, where it passed on more than that."""
    key, title = f"{medium.key}_use:{unit.code}", Text(unit.name, unit.name_en or unit.name)
    asked = _Asked(books, unit, medium, span)
    if medium.kind == "fuel":
        return _sum(key, title, medium.unit, asked.fuel_uses())
    sold, lost = asked.item(medium.sold), asked.item(medium.lost)
    if sold.is_idle and lost.is_idle:
        return _sum(key, title, medium.unit, asked.network_supply())
    found = difference(key, title, medium.unit, asked.network_supply(), [sold, lost])
    if found.exact is None or found.exact >= 0:
        return found
    return found._replace(
        exact=None, figure=replace(found.figure, value=None, status="missing", missing=(_not_stated(unit, medium),))
    )


def _sum(key: str, title: Text, unit: str, parts: Sequence[Amount]) -> Amount:
    """The sum of parts; of one part alone that part, which most units have."""
    due = [part for part in parts if not part.is_idle]
    return titled(due[0], key, title) if len(due) == 1 else line(key, title, unit, due)


class _Asked:
    """Whose lines of which medium and span."""

    def __init__(self, books: Books, subject: Subject, medium: Medium, span: Period) -> None:
        self._books, self._subject, self._medium, self._span = books, subject, medium, span
        self._meters: SubMeters = books.remember("sub-meters", lambda: SubMeters(books))

    def item(self, name: str) -> Amount:
        """The subject's amount of an item under the item's name; idle where it has none."""
        if not name or not self._knows(name):
            return _nothing(name, self._medium.unit)
        found = self._books.amount(self._subject.code, name, self._span)
        return titled(found, name, stated_item(name).name)

    def _own(self) -> Amount:
        """What the subject itself, without what lies below it, states or meters of what it receives."""
        return self._books.sources.amount(self._subject, self._medium.bought, self._span)

    # ---- units ----

    def network_supply(self) -> list[Amount]:
        """What a unit received and made."""
        return [self.item(self._medium.bought), *made_lines(self._books, self._subject, self._medium, self._span)]

    def network(self) -> Sides:
        """A unit's lines of electricity, heat or steam."""
        medium, meters = self._medium, self._meters
        subs = meters.below(self._subject, medium, self._span)
        own = self._own()
        use = subs or (self._parts() if not own.is_idle else [])
        supply = tuple(self.network_supply())
        check = meters.check(self._subject, medium, self._span, subs)
        sold, loss = (self.item(medium.sold),), (self.item(medium.lost),)
        return Sides(supply, tuple(use), sold, loss, bool(use), meters=check)

    def _parts(self) -> list[Amount]:
        """What the parts of a unit (processes, equipment, facilities) used, where they state or meter it."""
        parts = self._books.boundary.parts(self._subject.code)
        found = [used_by(self._books, part, self._medium, self._span) for part in parts]
        return [part for part in found if not part.is_idle]

    def fuel_uses(self) -> list[Amount]:
        """What a unit used of a fuel, by what for."""
        medium = self._medium
        base, into = self.item(medium.bought), self.item(f"{medium.bought}#conversion")
        key = f"{medium.key}_burnt"
        burnt = titled(base, key, _BURNT) if into.is_idle else difference(key, _BURNT, medium.unit, [base], [into])
        return [burnt, *(self._use(use, title) for use, title in _USES if self._knows(f"{medium.bought}#{use}"))]

    def _use(self, use: str, title: Text) -> Amount:
        return titled(self.item(f"{self._medium.bought}#{use}"), f"{self._medium.key}_{use}", title)

    def _knows(self, name: str) -> bool:
        return self._books.knows(self._subject.code, name)

    def fuel(self) -> Sides:
        """A unit's lines of a fuel: what it stated as used and passed on is what it received and took from stock."""
        medium, meters = self._medium, self._meters
        uses, sold, loss = self.fuel_uses(), self.item(medium.sold), self.item(medium.lost)
        subs = meters.below(self._subject, medium, self._span)
        supply = self.fuel_supply()
        check = meters.check(self._subject, medium, self._span, subs)
        apart = [each for each in uses[1:] if not each.figure.key.endswith("_conversion")]
        use = [*subs, *apart] if subs else uses
        return Sides(supply, tuple(use), (sold,), (loss,), bool(subs), meters=check)

    def fuel_supply(self) -> tuple[Amount, ...]:
        """What a unit received of a fuel, as what it used, passed on and lost less what came from stock; and that."""
        key, unit = self._medium.key, self._medium.unit
        gone = [*self.fuel_uses(), self.item(self._medium.sold), self.item(self._medium.lost)]
        whole = _sum(f"{key}_received", _RECEIVED, unit, gone)
        drawn = _drawn(self._books.amount(self._subject.code, self._medium.bought, self._span).figure)
        if drawn is None:
            return (whole,)
        figure = Figure(f"{key}_drawn", None, unit, clause=CLAUSE, title=_DRAWN)
        stock = amount(figure, drawn)
        return difference(f"{key}_received", _RECEIVED, unit, [whole], [stock]), stock

    # ---- groups ----

    def group(self) -> Sides:
        """A group's lines: what came over its fence and was made inside, against what each unit used."""
        books, subject, medium, span = self._books, self._subject, self._medium, self._span
        dealt = trade(books, subject, medium, span)
        subs = self._meters.of(subject.code, medium, span)
        use = subs or list(self._units())
        fence = self._own()
        has_fence = not fence.is_idle and bool(use)
        imported = self._imported(dealt)
        supply = [titled(fence, f"{medium.key}_fence", _FENCE) if not fence.is_idle else imported]
        supply += made_lines(books, subject, medium, span)
        sold = (dealt.exported, dealt.unnamed) if dealt else ()
        is_measured = has_fence or bool(subs) or (dealt is not None and dealt.is_checked)
        beside = (titled(imported, f"{medium.key}_units_bought", _BESIDE),) if has_fence else ()
        check = self._meters.check(subject, medium, span, subs or (use if has_fence else []))
        return Sides(
            tuple(supply),
            tuple(use),
            sold=sold,
            loss=(self.item(medium.lost),),
            is_measured=is_measured,
            memo=beside,
            meters=check,
            trade=dealt,
        )

    def _units(self) -> Iterator[Amount]:
        for unit in self._books.boundary.units(self._subject.code):
            names = (*self._medium.items, *sources_of(self._books, self._medium))
            if any(self._books.knows(unit.code, name) for name in names):
                yield used_by(self._books, unit, self._medium, self._span)
            elif unit.kind != "outlet":
                yield from self._meters.below(unit, self._medium, self._span)

    def _imported(self, dealt: Trade | None) -> Amount:
        """What the units bought from outside the group; of a fuel, what they received less what came from inside."""
        medium = self._medium
        if medium.kind == "network":
            return dealt.imported if dealt else self.item(medium.bought)
        parts = [
            _sum(f"{medium.key}_received:{unit.code}", _named(unit), medium.unit, asked.fuel_supply())
            for unit in self._books.boundary.units(self._subject.code)
            if self._books.knows(unit.code, medium.bought)
            for asked in (_Asked(self._books, unit, medium, self._span),)
        ]
        whole = line(f"{medium.key}_received", _RECEIVED, medium.unit, parts)
        if dealt is None or not dealt.is_checked:
            return whole
        return difference(f"{medium.key}_imported", _RECEIVED, medium.unit, [whole], [dealt.bought])

    # ---- water ----

    def water(self) -> Sides:
        """Water: what was taken in against what left as wastewater, in products and by loss."""
        medium, subject = self._medium, self._subject
        flows = water_sides(self._books, subject, medium, self._span)
        supply = (self.item(medium.bought), *(self.item(name) for name in medium.made), *flows.received)
        subs = self._meters.below(subject, medium, self._span)
        check = self._meters.check(subject, medium, self._span, subs)
        has_left = any(not part.is_idle for part in flows.let_out)
        use, loss = (self.item(medium.sold),), (self.item(medium.lost),)
        return Sides(
            supply,
            use,
            sold=flows.let_out,
            loss=loss,
            is_measured=has_left,
            memo=(self.item("water_reused"),),
            meters=check,
        )


@lru_cache(maxsize=1024)
def _nothing(name: str, unit: str) -> Amount:
    """What a unit has nothing to do with: most items of most units."""
    return idle(name, unit)


def _named(unit: Subject) -> Text:
    return Text(unit.name, unit.name_en or unit.name)


def _drawn(whole: Figure) -> Decimal | None:
    """Opening less closing over the statements that carry stocks; None where none does."""
    found = [leaf for leaf in leaves(whole) if leaf.has("stock_opening") and leaf.has("stock_closing")]
    if not found:
        return None
    return sum((_value(leaf, "stock_opening") - _value(leaf, "stock_closing") for leaf in found), Decimal(0))


def _value(leaf: Figure, key: str) -> Decimal:
    return Decimal(repr(leaf.child(key).value or 0.0))


def _not_stated(unit: Subject, medium: Medium) -> Text:
    made = "、".join(medium.made)
    return Text(
        f"{unit.name}外供的{medium.name.zh}多于供入，自产量没有填报；请填报 {made}。",
        f"{unit.name_en or unit.name} supplied more {medium.name.en} to others than came in, and what it made is not "
        f"stated; report {made.replace('、', ' or ')}.",
    )
