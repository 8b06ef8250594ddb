"""Supplied beyond the known input 外供多于投入: what units supplied and is not taken off their group's total (decision
0026, rule 5), for the total falls by nothing that its supplier cannot have had.

What buyers inside the group name as bought of a unit is its supply too, as far as the unit does not state it itself.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from xietong.accounting.amounts import DEVIATION
from xietong.accounting.books.consolidation import Books
from xietong.accounting.factors.in_force import choices_of, day_of, factor_book
from xietong.accounting.trade.inside_trade import OUTSIDE, UNNAMED, Market
from xietong.accounting.trade.media import ELECTRICITY, HEAT, Medium
from xietong.calc.engine.engine import Calculation
from xietong.calc.figures import Figure
from xietong.calc.keys import kind_of
from xietong.park.nouns import Subject
from xietong.periods import Period
from xietong.texts import Text

ENERGY = "comprehensive_energy_consumption"
NOISE = Decimal("1e-9")
_NONE = Decimal(0)
InputsOf = Callable[[Subject], Mapping[str, Figure]]
Parts = Sequence[tuple[Medium, Decimal]]


class Asked(NamedTuple):
    """Whose sales; rough: partial amounts were scaled up or estimated, so that what is absent is not told apart."""

    books: Books
    group: Subject
    span: Period
    inputs_of: InputsOf
    rough: bool = False


class Inside(NamedTuple):
    """What units of a group sold each other of a medium, in its unit: by (seller, buyer) what is known to have been
    bought, by seller what it says it sold."""

    medium: Medium
    of: Market
    received: Mapping[tuple[str, str], Decimal]
    stated: Mapping[str, Decimal]

    def arrived(self, seller: str) -> Decimal:
        """What is known to have been bought of a seller."""
        return sum((amount for (unit, _), amount in self.received.items() if unit == seller), _NONE)

    def unstated(self, seller: str) -> Decimal:
        """What was bought of a seller beyond what it says it sold; below zero where it says more."""
        return self.arrived(seller) - self.stated.get(seller, _NONE)


class Doubted(NamedTuple):
    """What of a unit's supply is not taken off, in the medium's unit, and why; unstated: its buyers alone state it."""

    amount: Decimal
    unstated: bool

    def reason(self, unit: Subject) -> Text:
        """Why the group's total is not whole, and what to do."""
        return (_why_unstated if self.unstated else _why_unknown)(unit)


def beyond_input(asked: Asked, insides: Sequence[Inside]) -> dict[str, dict[str, Doubted]]:
    """By medium and unit what is not taken off because the unit supplied more than it is known to have taken in."""
    supplied = _supplied(asked, insides)
    sellers = [seller for inside in insides for seller in inside.stated if inside.unstated(seller) > 0]
    found: dict[str, dict[str, Doubted]] = {}
    for code in dict.fromkeys((*sellers, *supplied)):
        unit = _Unit(asked, asked.books.registry.subjects[code])
        unstated = unit.unstated(insides) if code in sellers else []
        of_itself = [(each.medium, each.received.get((code, code), _NONE)) for each in insides]
        for medium, amount in unit.beyond(unstated, supplied.get(code, []), of_itself):
            units = found.setdefault(medium.key, {})
            before = units[code].amount if code in units else _NONE
            units[code] = Doubted(before + amount, bool(unstated))
    return found


def _supplied(asked: Asked, insides: Iterable[Inside]) -> dict[str, list[tuple[Medium, Decimal]]]:
    """By unit what it states as supplied: out of the group, and inside as far as it is known to have been bought."""
    stays = asked.books.registry.choices.get("unnamed_sales") == "inside"
    out: dict[str, list[tuple[Medium, Decimal]]] = {}
    for each in insides:
        medium, of, received, stated = each
        inside = {seller for seller, _ in received} if not stays else set(of.units)
        for (unit, other), part in of.sold.items():
            if part.exact and (other == OUTSIDE or (other == UNNAMED and unit not in inside)):
                out.setdefault(unit, []).append((medium, part.exact))
        for unit, said in stated.items():
            if said and (amount := each.arrived(unit)):
                out.setdefault(unit, []).append((medium, min(amount, said)))
    return out


class _Unit:
    """One unit's known input, at calorific value."""

    def __init__(self, asked: Asked, unit: Subject) -> None:
        registry = asked.books.registry
        book = factor_book(registry, [each.code for each in asked.books.boundary.below(unit.code)])
        choices = {**choices_of(registry), "electricity_basis": "equivalent"}
        self._code = unit.code
        self._calculation = Calculation(asked.inputs_of(unit), book, day_of(asked.span), choices)

    def unstated(self, insides: Iterable[Inside]) -> list[tuple[Medium, Decimal]]:
        """What its buyers alone state, where it is more than meters differ by. Heat that left as steam of one grade and
        came in as another is one quantity."""
        found: list[tuple[Medium, Decimal]] = []
        dealt = [inside for inside in insides if self._code in inside.stated]
        for is_power in (True, False):
            mine = [(each, self._tce(each.medium)) for each in dealt if (each.medium == ELECTRICITY) is is_power]
            gap = sum(rate * float(each.unstated(self._code)) for each, rate in mine)
            said = sum(rate * float(each.stated[self._code]) for each, rate in mine)
            over = [(each.medium, each.unstated(self._code), rate) for each, rate in mine]
            over = [(medium, amount, rate) for medium, amount, rate in over if amount > 0 and rate]
            whole = sum(rate * float(amount) for _, amount, rate in over)
            if over and gap > float(DEVIATION) * said:
                part = Decimal(1) if gap >= whole else Decimal(repr(gap / whole))
                found += [(medium, amount * part) for medium, amount, _ in over]
        return found

    def beyond(self, unstated: Parts, supplied: Parts, of_itself: Parts) -> Iterator[tuple[Medium, Decimal]]:
        """So much of its supply as brings its energy back to zero, of what it does not state itself first; of_itself:
        what it names itself as the seller of, which is no input."""
        short = -(self._calculation.figure(ENERGY).value or 0.0)
        short += sum(self._tce(medium) * float(amount) for medium, amount in (*unstated, *of_itself) if amount)
        for medium, amount in (*unstated, *supplied):
            each = self._tce(medium) * float(amount)
            taken = min(short, each)
            if taken > float(NOISE) * max(1.0, each):
                yield medium, amount if taken == each else amount * Decimal(repr(taken / each))
                short -= taken

    def _tce(self, medium: Medium) -> float:
        """tce a unit of a medium at its calorific value; 0 for steam whose heat is not known."""
        if medium == ELECTRICITY:
            one = {"electricity_consumed": Figure("electricity_consumed", 1.0, medium.unit)}
            return self._calculation.beside(one).figure("electricity_energy").value or 0.0
        heat = 1.0 if medium == HEAT else self._gj(medium)
        one = {"heat_consumed": Figure("heat_consumed", 1.0, HEAT.unit)}
        return heat * (self._calculation.beside(one).figure("heat_energy").value or 0.0)

    def _gj(self, steam: Medium) -> float:
        grade = kind_of(steam.key) or "steam"
        tonne = Figure("steam_sold", None, "", kind="items", inputs=(Figure(grade, 1.0, steam.unit),))
        return self._calculation.beside({"steam_sold": tonne}).figure("steam_heat_sold").items().get(grade, 0.0)


def said_unknown(unit: Subject) -> Text:
    """What the line of what is not taken off is called."""
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


def _why_unstated(unit: Subject) -> Text:
    zh, en = unit.name, unit.name_en or unit.name
    return Text(
        f"园区内买方写明自{zh}购入的电或热，多于它填报的售出和已报的投入：超出的部分不知从何而来，照买方的购入计入合计。"
        f"请{zh}补报售出量和投入的燃料、余热或购入量。",
        f"buyers inside name more power or heat as bought of {en} than it states as sold and than the input it "
        "reported: where the rest came from is not known, so it stays in the total as its buyers have it. "
        f"{en} should report what it sold and the fuel, waste heat or purchase behind it.",
    )
