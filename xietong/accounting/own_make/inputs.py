"""The engine's inputs of own make: what of the power and heat that a subject's units made enters its consumption, what
of it is renewable and used here, and what of its supply was made without emission (see `counted`).

What is sold inside a group has not left it; renewable power sold inside the park is its user's.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import NamedTuple

from django.utils.functional import cached_property

from xietong.accounting.books.consolidation import Books
from xietong.accounting.boundary import GROUPS
from xietong.accounting.own_make.counted import InputsOf, Made, Part, is_renewable, made_by
from xietong.accounting.trade.inside_trade import is_traded_inside, market
from xietong.accounting.trade.media import ELECTRICITY, HEAT, Medium, media_in
from xietong.accounting.trade.unstated_sales import unstated_sale
from xietong.calc.figures import Figure, worst
from xietong.calc.keys import group_of, kind_of
from xietong.park.nouns import Subject
from xietong.periods import Period
from xietong.texts import Text

SELF_USED = "electricity_renewable_self_used"
OWN_MAKE = (
    *("electricity_own", "renewable_electricity_own", "electricity_sold_own", "electricity_resold"),
    *("heat_own", "renewable_heat_own", "heat_sold_own"),
)
_POWER, _HEAT = OWN_MAKE[:4], OWN_MAKE[4:]
_MAKES = ("electricity_made", "electricity_generated", SELF_USED, "electricity_sold")
_MAKES_HEAT = ("heat_made", "heat_generated", "waste_heat_recovered", "steam_generated")
_NONE = Decimal(0)


class Asked(NamedTuple):
    """Whose own make; base: own renewable power used, as the subject's other inputs have it."""

    books: Books
    subject: Subject
    span: Period
    inputs_of: InputsOf
    base: Figure


class _Passed(NamedTuple):
    """What a unit made, and what each of the units that bought of it is known to have bought."""

    made: Made
    bought: tuple[tuple[str, Decimal], ...]


def own_make_inputs(asked: Asked) -> dict[str, Figure]:
    """The inputs of OWN_MAKE that say more than the items do by themselves; {} for most subjects."""
    found: dict[str, Figure] = {}
    for medium, names, keys in ((ELECTRICITY, _MAKES, _POWER), (HEAT, _MAKES_HEAT, _HEAT)):
        if _items_of_make(asked.books, medium, names):
            found |= _OwnMake(asked, medium, names).inputs(keys)
    return found


def _items_of_make(books: Books, medium: Medium, names: Iterable[str]) -> list[str]:
    """The items by which anybody states what it made of a medium, with their sources and kinds."""
    key = ("items of make", medium.key)
    return books.keep(key, lambda: [name for name in books.names if group_of(name) in names])


def nothing_made(key: str) -> Figure:
    """An input of OWN_MAKE of a subject that has none."""
    nothing = Text("没有自产的电或热。", "no power or heat was made here.")
    return Figure(key, None, "MWh" if key in _POWER else "GJ", "not_applicable", missing=(nothing,))


def resold_by_units(asked: Asked) -> Mapping[str, Decimal]:
    """What each unit of a subject bought and sold on out of it, by code; MWh."""
    if "electricity_sold" not in asked.books.names:
        return {}
    return _OwnMake(asked, ELECTRICITY, _MAKES).resold()


class _OwnMake:
    """What a subject's units made of one medium."""

    def __init__(self, asked: Asked, medium: Medium, names: Iterable[str]) -> None:
        self._asked, self._medium = asked, medium
        self._books, self._span = asked.books, asked.span
        is_group = asked.subject.kind in GROUPS
        units = asked.books.boundary.units(asked.subject.code) if is_group else (asked.subject,)
        self._is_group, self._units = is_group, {unit.code for unit in units}
        known = _items_of_make(asked.books, medium, names)
        makers = [unit for unit in units if any(asked.books.knows(unit.code, name) for name in known)]
        found = (made_by(asked.books, unit, medium, asked.span, asked.inputs_of) for unit in makers)
        self._made = [made for made in found if made is not None]

    def inputs(self, keys: tuple[str, ...]) -> dict[str, Figure]:
        """The figures of these keys that differ from what the items give."""
        own, green, free = keys[:3]
        found = {
            own: self._figure(own, [(made, self._entered(made)) for made in self._made], self._base_used),
            green: self._figure(green, [*self._green(), *self._bought()], self._base_used),
            free: self._figure(free, [(made, self._free(made)) for made in self._made], None),
        }
        if self._medium == ELECTRICITY and any(made.sold for made in self._made):
            found[keys[3]] = Figure(keys[3], float(sum(self.resold().values(), _NONE)), "MWh")
        return {key: figure for key, figure in found.items() if figure is not None}

    def resold(self) -> Mapping[str, Decimal]:
        """What of a unit's purchase left the subject again."""
        return {made.unit.code: self._left(made) * made.resold / made.sold for made in self._made if made.sold}

    @cached_property
    def _base_used(self) -> Figure | None:
        base = self._asked.base
        return None if self._medium != ELECTRICITY or base.status == "not_applicable" else base

    def _figure(self, key: str, lines: Iterable[tuple[Made, Decimal]], base: Figure | None) -> Figure | None:
        """What its items alone give with the units' lines on it; None where there are no lines."""
        shown = [(made, amount) for made, amount in lines if amount or (made.status != "ok" and base is None)]
        if not shown:
            return None
        unit = self._medium.unit
        figures = tuple(_line(made, amount, unit) for made, amount in shown)
        value = sum((amount for _, amount in shown), _NONE)
        inputs, statuses = figures, [figure.status for figure in figures]
        missing = tuple(reason for figure in figures for reason in figure.missing)
        if base is not None:
            value += Decimal(repr(base.value or 0.0))
            inputs, missing = (base, *figures), (*base.missing, *missing)
            statuses.append("partial" if base.status == "missing" else base.status)
        remarks = tuple(dict.fromkeys(remark for made, _ in shown for remark in made.remarks))
        if key.endswith("sold_own"):
            remarks = (*remarks, _said_choice(self._books.registry.choices.get("own_make_sold", "zero")))
        formula = " + ".join(figure.key for figure in inputs) if all(f.key.isidentifier() for f in inputs) else ""
        return Figure(
            key,
            float(value),
            unit,
            worst(statuses),
            missing=tuple(dict.fromkeys(missing)),
            formula=formula,
            inputs=inputs,
            remarks=remarks,
            trace={"own_make": "yes"} if remarks else {},
        )

    # ---- what enters ----

    def _entered(self, made: Made) -> Decimal:
        """What enters of a unit's make, beyond what its own use of renewables says."""
        entered = made.entered
        if self._is_group:
            for part in made.parts:
                if part.enters and not part.source.primary and self._is_counted(part):
                    entered -= part.amount - self._share_left(made) * part.sold
        return entered - self._base_of(made)

    def _base_of(self, made: Made) -> Decimal:
        if self._medium != ELECTRICITY or not self._books.knows(made.unit.code, SELF_USED):
            return _NONE
        return self._books.amount(made.unit.code, SELF_USED, self._span).exact or _NONE

    def _is_counted(self, part: Part) -> bool:
        """Whether the group counts a fuel that may have made what a unit without one made: another's waste heat."""
        code, books = self._asked.subject.code, self._books
        if part.source.fuel:
            return bool(books.knows(code, part.source.fuel) and books.amount(code, part.source.fuel, self._span).exact)
        return self._group_burns

    @cached_property
    def _group_burns(self) -> bool:
        burnt = self._asked.inputs_of(self._asked.subject)["fuel_consumed"]
        return any(burnt.items().values())

    # ---- what is renewable ----

    def _green(self) -> Iterator[tuple[Made, Decimal]]:
        for made in self._made:
            used = made.used(is_renewable) - min(made.unused, made.used(is_renewable))
            kept = made.share_sold(is_renewable) * (made.sold - self._left(made))
            yield made, used + kept - self._base_of(made)

    def _bought(self) -> Iterator[tuple[Made, Decimal]]:
        """Renewable power and heat that units elsewhere in the park made and sold to these."""
        books, medium, span = self._books, self._medium, self._span
        if self._asked.subject.code == books.registry.park.code or not is_traded_inside(books, medium):
            return
        for passed in books.remember(("renewable passed", medium.key, span), self._passed):
            seller, made = passed.made.unit, passed.made
            theirs = sum((amount for buyer, amount in passed.bought if buyer in self._units), _NONE)
            if not theirs or seller.code in self._units:
                continue
            unstated = unstated_sale(books, seller, medium, span)
            if unstated is not None and any(buyer.code in self._units for buyer in unstated.buyers):
                yield made._replace(remarks=(), status="partial", missing=(unstated.reason,)), _NONE
            elif share := made.share_sold(is_renewable):
                said = _said_bought(seller, medium)
                yield made._replace(remarks=(said,), status="ok", missing=()), share * theirs

    def _passed(self) -> list[_Passed]:
        """The makers of renewable power or heat in the park that others in it bought of; none in most parks."""
        books, medium, span = self._books, self._medium, self._span
        makers = books.keep(("makers", medium.key), self._makers)
        every = (made_by(books, unit, medium, span, self._asked.inputs_of) for unit in makers)
        renewable = [made for made in every if made is not None and any(is_renewable(part) for part in made.parts)]
        if not renewable:
            return []
        dealt = market(books, books.registry.park, medium, span)
        found = []
        for made in renewable:
            buyers = [buyer for seller, buyer in dealt.pairs if seller == made.unit.code]
            bought = [(buyer, dealt.bought_of(made.unit.code, buyer).exact or _NONE) for buyer in buyers]
            found += [_Passed(made, tuple(bought))] if bought else []
        return found

    def _makers(self) -> list[Subject]:
        books = self._books
        names = _MAKES[:3] if self._medium == ELECTRICITY else _MAKES_HEAT
        known = [name for name in books.names if group_of(name) in names]
        units = books.boundary.units(books.registry.park.code)
        return [unit for unit in units if any(books.knows(unit.code, name) for name in known)]

    # ---- what left ----

    def _free(self, made: Made) -> Decimal:
        return made.share_sold(lambda part: part.is_free) * self._left(made)

    def _share_left(self, made: Made) -> Decimal:
        return self._left(made) / made.sold if made.sold else _NONE

    def _left(self, made: Made) -> Decimal:
        """What of a unit's supply left the subject; of a unit all of it."""
        if not self._is_group or not made.sold:
            return made.sold
        stays = self._books.registry.choices.get("unnamed_sales") == "inside"
        inside = _NONE
        for medium in self._media:
            dealt = market(self._books, self._asked.subject, medium, self._span)
            inside += dealt.stayed(made.unit.code, stays) * self._rate(made, medium)
        return max(_NONE, made.sold - inside)

    @cached_property
    def _media(self) -> list[Medium]:
        if self._medium == ELECTRICITY:
            return [ELECTRICITY]
        names = [name for name in self._books.names if self._books.knows(self._asked.subject.code, name)]
        return [each for each in media_in(names) if each.kind == "network" and each != ELECTRICITY]

    def _rate(self, made: Made, medium: Medium) -> Decimal:
        """GJ a tonne of a grade of steam that a unit sold; 1 of power and heat."""
        if medium in (ELECTRICITY, HEAT):
            return Decimal(1)
        return made.steam_rates.get(kind_of(medium.key) or "steam", _NONE)


def _line(made: Made, amount: Decimal, unit: str) -> Figure:
    title = Text(made.unit.name, made.unit.name_en or made.unit.name)
    inputs = tuple(
        replace(part.figure, title=Text(part.source.name.zh, part.source.name.en))
        for part in made.parts
        if not part.is_used
    )
    return Figure(
        made.unit.code,
        float(amount),
        unit,
        made.status,
        title=title,
        missing=made.missing,
        inputs=inputs,
        trace={"subject": made.unit.code},
    )


def _said_choice(chosen: str) -> Text:
    if chosen == "taken_off":
        return Text(
            "外供的自产无排放电、热照 GB/T 32150 字面按因子扣减（园区的选择 own_make_sold = taken_off）。",
            "power and heat made without emission and supplied are taken off at the factor, as GB/T 32150 has it "
            "to the "
            "letter (the park's choice own_make_sold = taken_off).",
        )
    return Text(
        "外供的自产无排放电、热按零计，不按电网或热力因子扣减（own_make_sold = zero；照字面扣减可选 taken_off）。",
        "power and heat made without emission and supplied count zero and are not taken off at the factor of "
        "grid or heat "
        "(own_make_sold = zero; taken_off is the literal reading).",
    )


def _said_bought(seller: Subject, medium: Medium) -> Text:
    zh, en = ("电力", "power") if medium == ELECTRICITY else ("热力", "heat")
    return Text(
        f"含自{seller.name}购入的园内自产可再生{zh}：由使用者计为可再生。",
        f"with renewable {en} that {seller.name_en or seller.name} made in the park and sold to it: it is its user's.",
    )
