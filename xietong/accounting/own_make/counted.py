"""Own make 自产: power and heat that one unit made, by source, and how each part of it counts (GB/T 2589).

What no counted input made (sun, wind; waste heat of a process that burns nothing counted) enters consumption by what
was made, less what was supplied to others. What a counted fuel made has entered as that fuel. Of what a unit supplied
its own make goes first, then what it had bought. A group's inputs of it are in `inputs`.
"""

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import NamedTuple

from django.utils.functional import cached_property

from xietong.accounting.amounts import Amount
from xietong.accounting.books.consolidation import Books
from xietong.accounting.factors.in_force import choices_of, day_of, factor_book
from xietong.accounting.own_make.lines import sources_of
from xietong.accounting.own_make.sentences import no_source, nowhere, taken_as_fuel, taken_as_resold, unknown_source
from xietong.accounting.trade.lines import is_whole
from xietong.accounting.trade.media import ELECTRICITY, HEAT, Medium
from xietong.calc.engine.engine import Calculation
from xietong.calc.factors.book import FactorBook
from xietong.calc.figures import Figure, Status, worst
from xietong.calc.items import all_items
from xietong.calc.keys import group_of, kind_of
from xietong.calc.made_sources import MadeSource, source_called
from xietong.park.nouns import Subject
from xietong.periods import Period
from xietong.standard.thresholds import decimal_of
from xietong.texts import Text

GENERATED = {ELECTRICITY.key: "electricity_generated", HEAT.key: "heat_generated"}
SELF_USED, RECOVERED, STEAM = "electricity_renewable_self_used", "waste_heat_recovered", "steam_generated"
_NONE = Decimal(0)
# A statement of generation that its use and supply account for so nearly is that and nothing else.
_NEARLY, _LEAST = decimal_of("sources.generation_accounted"), decimal_of("sources.generation_has_input")
_UNNAMED = MadeSource(
    "unnamed", Text("来源未写明", "source not named"), primary=True, renewable=True, emission_free=True
)
_OF_PROCESS = MadeSource("process", Text("过程余热", "heat of a process"))
_OF_FUEL = MadeSource("fuel", Text("燃料", "fuel"))
InputsOf = Callable[[Subject], Mapping[str, Figure]]


class Part(NamedTuple):
    """One part of what a unit made, in the medium's unit; enters: no counted input made it, so that it is primary
    energy; sold: what of it was supplied to others; figure: what was stated; is_used: as used and not as made."""

    source: MadeSource
    amount: Decimal
    enters: bool
    figure: Figure
    sold: Decimal = _NONE
    is_used: bool = False

    @property
    def is_free(self) -> bool:
        """Whether its supply carries no emission of the maker's."""
        return self.source.emission_free or self.enters


class Made(NamedTuple):
    """What a unit made of one medium; sold: all that it supplied; resold: of that what it had bought; unused: made and
    neither used, supplied nor lost as stated; status, missing: of what was stated; steam_rates: GJ/t by grade sold."""

    unit: Subject
    parts: tuple[Part, ...]
    sold: Decimal = _NONE
    resold: Decimal = _NONE
    unused: Decimal = _NONE
    status: Status = "ok"
    missing: tuple[Text, ...] = ()
    remarks: tuple[Text, ...] = ()
    steam_rates: Mapping[str, Decimal] = {}

    @property
    def entered(self) -> Decimal:
        """What enters consumption of it, supplied to others included."""
        whole = sum((part.amount for part in self.parts if part.enters), _NONE)
        return max(whole - self.unused, _NONE)

    def used(self, which: Callable[[Part], bool]) -> Decimal:
        """What of some parts was not supplied to others."""
        return sum((part.amount - part.sold for part in self.parts if which(part)), _NONE)

    def share_sold(self, which: Callable[[Part], bool]) -> Decimal:
        """How much of what the unit supplied is of some parts, 0 to 1."""
        return sum((part.sold for part in self.parts if which(part)), _NONE) / self.sold if self.sold else _NONE


def is_renewable(part: Part) -> bool:
    """Whether a part enters and is of a renewable source."""
    return part.enters and part.source.renewable


def made_by(books: Books, unit: Subject, medium: Medium, span: Period, inputs_of: InputsOf) -> Made | None:
    """What a unit made of power or heat in a span; None where it made nothing."""
    key = ("own make", unit.code, medium.key, span)
    return books.remember(key, lambda: _Making(books, unit, medium, span, inputs_of).made())


class _Making:
    """One unit's make of one medium in one span.

    Its properties are kept without a lock (Python 3.11's own share one a class): units ask each other's make, and two
    threads that began at either end would wait for each other for ever.
    """

    def __init__(self, books: Books, unit: Subject, medium: Medium, span: Period, inputs_of: InputsOf) -> None:
        self._books, self._unit, self._medium, self._span = books, unit, medium, span
        self._inputs_of = inputs_of
        self._stated: list[Amount] = []
        self._remarks: list[Text] = []

    def _amount(self, name: str) -> Amount | None:
        """What the unit states of an item; None where it has nothing to do with it, or it did not come."""
        if not self._books.knows(self._unit.code, name):
            return None
        found = self._books.amount(self._unit.code, name, self._span)
        return None if found.is_idle else found

    def made(self) -> Made | None:
        """What it made, and what of each part it supplied."""
        parts = [part for part in self._parts() if part.amount > 0]
        sold = self._sold()
        if not parts and not sold and not self._stated:
            return None
        used = self._used.exact if self._used else None
        parts, from_make = _supplied(parts, sold, used)
        unused = self._unused(parts, used)
        from_unknown = self._converts and all(part.enters for part in parts)
        lacking = [each for each in self._stated if not is_whole(each)]
        return Made(
            self._unit,
            tuple(parts),
            sold=sold,
            resold=_NONE if from_unknown else sold - from_make,
            unused=unused,
            status="partial"
            if lacking
            else worst(each.figure.status for each in self._stated)
            if self._stated
            else "ok",
            missing=tuple(dict.fromkeys(reason for each in lacking for reason in each.figure.missing)),
            remarks=tuple(dict.fromkeys(self._remarks)),
            steam_rates=self._steam_rates() if self._medium == HEAT and self._sells_heat else {},
        )

    def _steam_rates(self) -> dict[str, Decimal]:
        grades = self._calculation.figure("steam_sold").items()
        return {grade: self._gj_per_tonne(grade) for grade in grades}

    @cached_property
    def _used(self) -> Amount | None:
        """Own renewable power that the unit says it used."""
        return self._amount(SELF_USED) if self._medium == ELECTRICITY else None

    # ---- what was made ----

    def _parts(self) -> Iterator[Part]:
        named = [(name, self._amount(name)) for name in sources_of(self._books, self._medium)]
        explicit = [self._of_source(name, each) for name, each in named if each is not None]
        yield from explicit
        whole = sum((part.amount for part in explicit), _NONE)
        if self._used is not None and self._used.exact is not None:
            more = self._used.exact - sum((part.amount for part in explicit if part.source.renewable), _NONE)
            if more > 0:
                whole += more
                yield Part(_UNNAMED, more, True, self._used.figure, is_used=True)
        generated = self._amount(GENERATED[self._medium.key])
        if generated is None:
            yield from self._stated_otherwise(bool(explicit))
        elif generated.exact is None:
            self._stated += [] if self._converts or self._has_input(_LEAST) else [generated]
        elif (rest := generated.exact - whole) > _NEARLY * generated.exact:
            yield self._of_no_source(rest, generated, bool(explicit))

    def _stated_otherwise(self, named: bool) -> Iterator[Part]:
        """What a unit that does not state what it generated made all the same."""
        if self._medium == HEAT and not named:
            yield from self._heat_stated_otherwise()
        elif self._used is not None and not named and not self._converts and self._sold():
            self._remarks.append(taken_as_resold(self._unit))

    def _of_source(self, name: str, stated: Amount) -> Part:
        source, exact = source_called(kind_of(name)), stated.exact or _NONE
        self._stated.append(stated)
        if source.primary:
            return Part(source, exact, True, stated.figure)
        if source.fuel:
            burnt = self._amount(source.fuel) if self._books.knows(self._unit.code, source.fuel) else None
            return Part(source, exact, not (burnt and burnt.exact), stated.figure)
        of_waste = source.key in ("waste_heat", "waste_pressure")
        if not of_waste:
            self._remarks.append(unknown_source(self._unit, source.key))
        return Part(source, exact, not self._has_input(exact, electricity=of_waste), stated.figure)

    def _of_no_source(self, rest: Decimal, generated: Amount, named: bool) -> Part:
        """What was generated and whose source nobody names: made by fuels, where these can have made it."""
        if self._medium == HEAT:
            return self._of_process(rest, generated)
        is_made = not self._converts and not self._has_input(rest)
        if is_made or self._is_surplus(named):
            self._stated.append(generated)
            source = _OF_PROCESS if self._recovers else _UNNAMED
            self._remarks.append(no_source(self._unit, source is _UNNAMED))
            return Part(source, rest, True, generated.figure)
        if not self._converts and self._sold():
            self._remarks.append(taken_as_fuel(self._unit))
        return Part(_OF_FUEL, rest, False, generated.figure)

    def _is_surplus(self, named: bool) -> bool:
        """Whether own use of renewables and supply account for all that was generated: its rest is their surplus. Asked
        of the whole year, so that a month in which all of it was supplied is read as the year is."""
        if named or self._converts or self._medium != ELECTRICITY:
            return False
        year = Period.year(self._span.start.year)
        over = year if year.contains(self._span) else self._span
        made, used, sold, lost = (
            self._books.amount(self._unit.code, name, over).exact or _NONE
            for name in (GENERATED[ELECTRICITY.key], SELF_USED, ELECTRICITY.sold, ELECTRICITY.lost)
        )
        return used > 0 and abs(made - used - sold - lost) <= _NEARLY * made

    def _heat_stated_otherwise(self) -> Iterator[Part]:
        """Heat of a unit that states what it recovered, or steam it made, alone: it enters as far as supplied."""
        recovered = self._amount(RECOVERED)
        if recovered is not None and recovered.exact:
            yield self._of_process(recovered.exact, recovered)
            return
        steams = [name for name in self._books.names if group_of(name) == STEAM]
        for name in steams:
            tonnes = self._amount(name)
            if tonnes is not None and tonnes.exact:
                heat = tonnes.exact * self._gj_per_tonne(kind_of(name))
                yield self._of_process(heat, tonnes)

    def _of_process(self, heat: Decimal, stated: Amount) -> Part:
        """Heat without a named source; where nothing counted made it, what was supplied of it enters and no more."""
        if self._converts or self._has_input(heat, electricity=True):
            return Part(_OF_FUEL, heat, False, stated.figure)
        return Part(_OF_PROCESS, min(heat, self._sold()), True, stated.figure)

    def _gj_per_tonne(self, grade: str) -> Decimal:
        for key, tonnes in (("steam_heat_sold", "steam_sold"), ("steam_heat_purchased", "steam_purchased")):
            heat, amount = self._calculation.figure(key), self._calculation.figure(tonnes)
            name = grade or "steam"
            if heat.has(name) and amount.has(name) and amount.child(name).value:
                return Decimal(repr(heat.child(name).value or 0.0)) / Decimal(repr(amount.child(name).value))
        return _NONE

    # ---- what may have made it, and what became of it ----

    def _sold(self) -> Decimal:
        """What the unit supplied to others, of heat steam and hot water with it."""
        if self._medium == HEAT:
            return Decimal(repr(self._calculation.figure("heat_supplied").value or 0.0)) if self._sells_heat else _NONE
        sold = self._amount(self._medium.sold)
        return (sold.exact if sold else None) or _NONE

    @cached_property
    def _sells_heat(self) -> bool:
        names = [name for name in self._books.names if group_of(name) in ("heat_sold", "steam_sold", "hot_water_sold")]
        return any(self._books.knows(self._unit.code, name) for name in names)

    @cached_property
    def _converts(self) -> bool:
        """Whether it states a fuel that went into making power or heat."""
        names = [name for name in self._books.names if name.endswith("#conversion")]
        amounts = [self._books.amount(self._unit.code, name, self._span) for name in names]
        return any(each.exact for each in amounts)

    @cached_property
    def _recovers(self) -> bool:
        named = (RECOVERED, "waste_pressure_recovered")
        return any(self._books.amount(self._unit.code, name, self._span).exact for name in named)

    def _has_input(self, made: Decimal, electricity: bool = False) -> bool:
        """Whether fuels and heat that are counted, with power where it may have been that, can have made so much."""
        known = self._input_tce + (self._power_tce if electricity else _NONE)
        return known >= made * self._tce(self._medium)

    def _tce(self, medium: Medium) -> Decimal:
        """tce a unit of power or heat at its calorific value."""
        found = FactorBook.default().find("coal_equivalent", medium.key, day_of(self._span), {})
        return Decimal(repr(found.value))

    @cached_property
    def _input_tce(self) -> Decimal:
        fuels = [name for name in self._books.names if "#" not in name and _is_fuel(name)]
        if not any(self._books.amount(self._unit.code, name, self._span).exact for name in fuels):
            return self._heat_tce
        burnt = self._calculation.figure("fuel_energy").items().values()
        return Decimal(repr(float(sum(burnt)))) + self._heat_tce

    @cached_property
    def _heat_tce(self) -> Decimal:
        names = ("heat_purchased", "steam_purchased", "hot_water_purchased")
        bought = [name for name in self._books.names if group_of(name) in names]
        if not any(self._books.amount(self._unit.code, name, self._span).exact for name in bought):
            return _NONE
        return Decimal(repr(self._calculation.figure("heat_received").value or 0.0)) * self._tce(HEAT)

    @cached_property
    def _power_tce(self) -> Decimal:
        bought = self._books.amount(self._unit.code, ELECTRICITY.bought, self._span).exact or _NONE
        return bought * self._tce(ELECTRICITY)

    @cached_property
    def _calculation(self) -> Calculation:
        registry = self._books.registry
        book = factor_book(registry, [each.code for each in self._books.boundary.below(self._unit.code)])
        return Calculation(self._inputs_of(self._unit), book, day_of(self._span), choices_of(registry))

    def _unused(self, parts: list[Part], used: Decimal | None) -> Decimal:
        """What was made of renewables beyond what its use, supply and loss are stated to be: it was used by nobody."""
        if used is None or any(not part.enters for part in parts):
            return _NONE
        lost = self._amount(self._medium.lost)
        made = sum((part.amount for part in parts if part.source.renewable), _NONE)
        left = made - used - sum((part.sold for part in parts if part.source.renewable), _NONE)
        left = max(_NONE, left - ((lost.exact if lost else None) or _NONE))
        if left > _NEARLY * made:
            self._remarks.append(nowhere(self._unit, left, self._medium.unit))
        return left


def _is_fuel(name: str) -> bool:
    known = all_items().get(group_of(name))
    return known is not None and known.carrier == "fuel"


def _supplied(parts: list[Part], sold: Decimal, used: Decimal | None) -> tuple[list[Part], Decimal]:
    """The parts with what of each was supplied, and the sum of it: renewables as far as they were not used, where that
    is stated, else all parts alike."""
    green = sum((part.amount for part in parts if part.source.renewable), _NONE)
    others = sum((part.amount for part in parts if not part.source.renewable), _NONE)
    if used is None:
        of_green = min(sold, green + others) * green / (green + others) if green else _NONE
    else:
        of_green = min(sold, max(_NONE, green - used))
    of_others = min(sold - of_green, others)
    rates = {True: of_green / green if green else _NONE, False: of_others / others if others else _NONE}
    made = [part._replace(sold=part.amount * rates[part.source.renewable]) for part in parts]
    return made, of_green + of_others
