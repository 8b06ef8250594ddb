"""Carbon saved by measures (碳减排量): verified effects only, each measure once, by the emission's own rules.

A year's saving counts for the months after the measure went into service; what all years since then add up to is the
cumulative reduction. What is saved within which boundary is decided in `baselines`.
"""

from dataclasses import replace
from decimal import Decimal
from typing import NamedTuple

from xietong.accounting.books.consolidation import Books
from xietong.accounting.factors.in_force import choices_of, day_of, factor_book
from xietong.accounting.inputs.baselines import Saving, savings
from xietong.calc.engine.engine import calculate
from xietong.calc.figures import Figure, Status, worst
from xietong.calc.items import UnknownItemError, item, to_canonical
from xietong.park.nouns import Measure, Subject
from xietong.periods import Period
from xietong.texts import Text
from xietong.units import UnitError, convert, unit_of

_KEY = "measure_reductions"
BY_YEAR = "reductions_by_year"


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


def reductions_by_year(books: Books, subject: Subject, period: Period) -> Figure:
    """The tCO2e that the measures of a subject saved in every calendar year from the first start to the period's end.

    Each year counts by the factors of its own; the last one ends with the period.
    """
    codes = {each.code for each in books.boundary.below(subject.code)}
    started = [
        each.commissioned for each in books.registry.measures.values() if each.subject in codes and each.commissioned
    ]
    years = range(min(started).year, period.end.year + 1) if started else range(0)
    lines = tuple(_of_year(books, subject, span) for year in years if (span := _until(year, period)).month_count)
    counted = tuple(line for line in lines if line.status != "not_applicable")
    if not counted:
        nothing = Text("没有已核实的减排措施。", "no measure has verified effects.")
        return Figure(BY_YEAR, None, "tCO2e", "not_applicable", "items", missing=(nothing,))
    return Figure(BY_YEAR, None, "tCO2e", worst(line.status for line in counted), "items", inputs=counted)


def _until(year: int, period: Period) -> Period:
    """The calendar year, or what of it lies before the period's end."""
    whole = Period.year(year)
    month = period.end.replace(day=1, hour=0)
    return Period(whole.start, max(whole.start, min(whole.end, month)))


def _of_year(books: Books, subject: Subject, year: Period) -> Figure:
    of_measures = measure_reductions(books, subject, year)
    label = str(year.start.year)
    values = of_measures.items()
    if not values:
        return replace(of_measures, key=label, kind="input", title=Text(label, label))
    return Figure(
        label, sum(values.values()), "tCO2e", of_measures.status, title=Text(label, label), inputs=of_measures.inputs
    )


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
    counted = _verified(books, measure) if stage == "verified" else tuple(Saving(each, False) for each in effects)
    share = Decimal(months) / 12
    saved = [_saved(books, measure, each, share, period) for each in counted if months]
    values = [each.value for each in saved if each is not None and each.value is not None]
    return sum(values) if values else None


def _line(books: Books, measure: Measure, period: Period) -> Figure | None:
    effects = [each for each in books.registry.effects if each.measure == measure.code]
    verified = _verified(books, measure)
    months = _months(measure, period)
    if not months:
        return None
    title = Text(f"{measure.name}（{measure.code}）", f"{measure.name} ({measure.code})")
    if not verified:
        return _unverified(measure, title) if effects else None
    share = Decimal(months) / 12
    saved = [each for saving in verified if (each := _saved(books, measure, saving, share, period)) is not None]
    if not saved:
        return None
    values = [each.value for each in saved if each.value is not None]
    status: Status = worst("partial" if each.status == "missing" else each.status for each in saved)
    missing = tuple(reason for each in saved for reason in each.missing)
    if not values:
        return Figure(measure.code, None, "tCO2e", "missing", title=title, missing=missing, inputs=tuple(saved))
    return Figure(measure.code, sum(values), "tCO2e", status, title=title, missing=missing, inputs=tuple(saved))


def _verified(books: Books, measure: Measure) -> tuple[Saving, ...]:
    every = books.remember(("savings",), lambda: savings(books.registry))
    return every.get(measure.code, ())


def _months(measure: Measure, period: Period) -> int:
    """Whole months of the period on which the measure was in operation."""
    started = measure.commissioned
    return sum(started is None or started <= month.start.date() for month in period.months())


def _unverified(measure: Measure, title: Text) -> Figure:
    reason = Text(
        f"措施 {measure.code} 只有预期效果，未经核实，不计入。", f"measure {measure.code} has expected effects only."
    )
    return Figure(measure.code, None, "tCO2e", "not_applicable", title=title, missing=(reason,))


def _saved(books: Books, measure: Measure, saving: Saving, share: Decimal, period: Period) -> Figure | None:
    """One saving as tCO2e; None where what it saves carries no carbon (a pollutant)."""
    effect = saving.effect
    trace = {"measure": measure.code, "item": effect.item, "subject": measure.subject, "boundary": measure.subject}
    label = "估算 estimated" if saving.estimated else "实测 measured"
    source = f"核实 verified · {label} · {effect.method}".rstrip(" ·")
    status: Status = "estimated" if saving.estimated else "ok"
    if unit_of(effect.unit).dimension == "carbon":
        amount = float(convert(effect.amount, effect.unit, "tCO2e") * share)
        found = Figure(effect.item, amount, "tCO2e", status, source=source, trace=trace, inputs=saving.working)
        return replace(found, remarks=saving.remarks)
    try:
        saved = item(effect.item)
        amount = float(to_canonical(saved, effect.amount, effect.unit) * share)
    except (UnknownItemError, UnitError):
        return None
    if saved.carrier not in ("fuel", "electricity", "heat", "steam"):
        return None
    given = Figure(effect.item, amount, saved.unit, status, title=saved.name, source=source, trace=trace)
    given = replace(given, inputs=saving.working, remarks=(*saving.remarks, *_year_share(share)))
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
