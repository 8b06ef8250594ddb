"""Carbon saved by measures (碳减排量): verified effects only, each measure once, by the emission's own rules."""

from dataclasses import replace
from decimal import Decimal
from typing import NamedTuple

from xietong.accounting.books import Books
from xietong.accounting.factors import choices_of, day_of, factor_book
from xietong.calc.engine import calculate
from xietong.calc.figures import Figure, Status, worst
from xietong.calc.items import UnknownItemError, item, to_canonical
from xietong.park.nouns import Effect, Measure, Subject
from xietong.periods import Period
from xietong.texts import Text
from xietong.units import UnitError, convert, unit_of

_KEY = "measure_reductions"


class Shortfall(NamedTuple):
    """A measure in operation that was expected to save so many tCO2e and verifiably saved less (None: unverified)."""

    measure: Measure
    expected: float
    verified: float | None

    @property
    def gap(self) -> float:
        """tCO2e that are lacking."""
        return self.expected - (self.verified or 0.0)


def measure_reductions(books: Books, subject: Subject, period: Period) -> Figure:
    """The tCO2e that each commissioned measure of a subject saved in the months of the period after it started."""
    codes = {each.code for each in books.boundary.below(subject.code)}
    measures = [each for _, each in sorted(books.registry.measures.items()) if each.subject in codes]
    lines = tuple(line for each in measures if (line := _line(books, each, period)) is not None)
    if not lines:
        nothing = Text("没有已核实的减排措施。", "no measure has verified effects.")
        return Figure(_KEY, None, "tCO2e", "not_applicable", "items", missing=(nothing,))
    status: Status = worst(line.status for line in lines)
    return Figure(_KEY, None, "tCO2e", status, "items", inputs=lines)


def shortfalls(books: Books, subject: Subject, period: Period) -> tuple[Shortfall, ...]:
    """The measures of a subject in operation that stayed short of their expected effect, the widest gap first."""
    codes = {each.code for each in books.boundary.below(subject.code)}
    found = []
    for _, measure in sorted(books.registry.measures.items()):
        months = _months(measure, period) if measure.subject in codes else 0
        expected, verified = (_tonnes(books, measure, stage, months, period) for stage in ("expected", "verified"))
        if expected is not None and (verified or 0.0) < expected:
            found.append(Shortfall(measure, expected, verified))
    return tuple(sorted(found, key=lambda each: -each.gap))


def _tonnes(books: Books, measure: Measure, stage: str, months: int, period: Period) -> float | None:
    """tCO2e of a measure's effects of one stage in so many months; None where nothing of that kind is known."""
    effects = [each for each in books.registry.effects if each.measure == measure.code and each.stage == stage]
    share = Decimal(months) / 12
    saved = [_saved(books, measure, effect, share, period) for effect in effects if months]
    values = [each.value for each in saved if each is not None and each.value is not None]
    return sum(values) if values else None


def _line(books: Books, measure: Measure, period: Period) -> Figure | None:
    effects = [each for each in books.registry.effects if each.measure == measure.code]
    verified = [each for each in effects if each.stage == "verified"]
    months = _months(measure, period)
    if not months:
        return None
    title = Text(f"{measure.name}（{measure.code}）", f"{measure.name} ({measure.code})")
    if not verified:
        return _unverified(measure, title) if effects else None
    share = Decimal(months) / 12
    saved = [each for effect in verified if (each := _saved(books, measure, effect, share, period)) is not None]
    if not saved:
        return None
    values = [each.value for each in saved if each.value is not None]
    status: Status = worst("partial" if each.status == "missing" else each.status for each in saved)
    missing = tuple(reason for each in saved for reason in each.missing)
    if not values:
        return Figure(measure.code, None, "tCO2e", "missing", title=title, missing=missing, inputs=tuple(saved))
    return Figure(measure.code, sum(values), "tCO2e", status, title=title, missing=missing, inputs=tuple(saved))


def _months(measure: Measure, period: Period) -> int:
    """Whole months of the period on which the measure was in operation."""
    started = measure.commissioned
    return sum(started is None or started <= month.start.date() for month in period.months())


def _unverified(measure: Measure, title: Text) -> Figure:
    reason = Text(
        f"措施 {measure.code} 只有预期效果，未经核实，不计入。", f"measure {measure.code} has expected effects only."
    )
    return Figure(measure.code, None, "tCO2e", "not_applicable", title=title, missing=(reason,))


def _saved(books: Books, measure: Measure, effect: Effect, share: Decimal, period: Period) -> Figure | None:
    """One verified effect as tCO2e; None where what it saves carries no carbon (a pollutant)."""
    trace = {"measure": measure.code, "item": effect.item, "subject": measure.subject}
    source = f"核实 verified · {effect.method}".rstrip(" ·")
    if unit_of(effect.unit).dimension == "carbon":
        amount = float(convert(effect.amount, effect.unit, "tCO2e") * share)
        return Figure(effect.item, amount, "tCO2e", source=source, trace=trace)
    try:
        saved = item(effect.item)
        amount = float(to_canonical(saved, effect.amount, effect.unit) * share)
    except (UnknownItemError, UnitError):
        return None
    if saved.carrier not in ("fuel", "electricity", "heat", "steam"):
        return None
    given = Figure(effect.item, amount, saved.unit, title=saved.name, source=source, trace=trace)
    given = replace(given, remarks=_year_share(share))
    inputs = {saved.input: _wrapped(given, saved.input, saved.part)}
    registry, key = books.registry, "energy_carbon_emission"
    book = factor_book(registry, [measure.subject])
    return calculate([key], inputs, book, day_of(period), choices_of(registry))[key]


def _wrapped(given: Figure, target: str, part: str) -> Figure:
    if not part:
        return replace(given, key=target)
    return Figure(target, None, "", kind="items", inputs=(replace(given, key=part),))


def _year_share(share: Decimal) -> tuple[Text, ...]:
    return () if share == 1 else (Text(f"按年效果的 {share:.4g} 计。", f"{share:.4g} of a year's effect."),)
