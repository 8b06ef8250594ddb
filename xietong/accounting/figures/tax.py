"""Environmental tax 环境保护税 in the park's accounts: outlets month by month, and the solid waste of its units.

What leaves for the environment is taxed (art. 4); what goes to a works inside the park is named and not taxed. The
law's arithmetic is in `calc.environmental_tax`; here are the amounts, mean concentrations, limits and exceedances.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import NamedTuple

from xietong.accounting.amounts import Amount, reasons
from xietong.accounting.books.consolidation import EMITTED, Books
from xietong.accounting.boundary import GROUPS
from xietong.accounting.factors.in_force import choices_of, day_of
from xietong.accounting.figures.tax_of_waste import tax_factors, tax_of_waste
from xietong.accounting.inputs.concentrations import outlet_of
from xietong.accounting.outlets.channels import VOLUMES
from xietong.accounting.outlets.tax_concentrations import Taxable, added
from xietong.accounting.sources.statements import spans_of
from xietong.calc.engine.names import name_of
from xietong.calc.engine.rules import Factors
from xietong.calc.figures import Figure, total
from xietong.calc.indicators.environmental_tax import EXCEEDANCE, Discharge, tax_of_outlet
from xietong.calc.items import item
from xietong.calc.keys import TAXED
from xietong.park.nouns import Subject
from xietong.periods import Period
from xietong.standard.text import interpretations
from xietong.standard.thresholds import ratio_of
from xietong.texts import Text

KEY = "environmental_tax"
_JUDGED_FROM, _OF = ratio_of("validity.judged_days_of_a_month")
_TITLE = Text("环境保护税", "environmental protection tax")
_NOTHING = Text("没有直接向环境排放的应税污染物。", "nothing that is taxed is let out into the environment.")
_POLLUTANTS = EMITTED - set(VOLUMES.values())


def environmental_tax(books: Books, subject: Subject, period: Period) -> Figure:
    """The tax of a subject and period in yuan: of an outlet month by month, of an enterprise its outlets and its waste,
    of a group its units; not_applicable where nothing is let out."""
    return books.keep(("tax", subject.code, period), lambda: _tax(books, subject, period))


def _tax(books: Books, subject: Subject, period: Period) -> Figure:
    if subject.kind == "outlet":
        return _summed(subject, _of_outlet(books, subject, period), "Σ 各月 months")
    if subject.kind in GROUPS:
        units = [environmental_tax(books, unit, period) for unit in books.boundary.units(subject.code)]
        figure = _summed(subject, [each for each in units if each.status != "not_applicable"], "Σ 各单位 units")
    else:
        figure = _summed(subject, _of_unit(books, subject, period), "Σ 排放口 outlets + 固体废物 solid waste")
    return replace(figure, title=_TITLE)


def _summed(subject: Subject, parts: Iterable[Figure], formula: str) -> Figure:
    every = tuple(parts)
    figure = total(KEY, "元", every)
    usual = reasons(every) if figure.status != "not_applicable" else figure.missing or (_NOTHING,)
    said = tuple(dict.fromkeys(remark for part in every for remark in part.remarks))
    figure = replace(figure, missing=usual, remarks=said)
    title = Text(subject.name, subject.name_en or subject.name)
    return replace(
        figure, kind="indicator", clause="6.4.4", title=title, formula=formula, trace={"subject": subject.code}
    )


def _of_unit(books: Books, unit: Subject, period: Period) -> list[Figure]:
    outlets = [each for each in books.boundary.below(unit.code) if each.kind == "outlet"]
    parts = [replace(environmental_tax(books, each, period), key=each.code, title=_name(each)) for each in outlets]
    own = _stated_by_itself(books, unit, period)
    if own:
        parts.append(replace(_taxed(books, unit, period, own), key=f"{unit.code}_stated"))
    waste = tax_of_waste(books, unit, period)
    return parts if waste is None else [*parts, waste]


def _name(subject: Subject) -> Text:
    return Text(subject.name, subject.name_en or subject.name)


# ---- outlets ----


def _of_outlet(books: Books, outlet: Subject, period: Period) -> list[Figure]:
    """The tax of an outlet's months; of the period in one where its amounts are known for no months."""
    names = [name for name in books.emitted_by(outlet.code) if name in _POLLUTANTS]
    whole = _present(books, outlet, names, period)
    months = [(month, _present(books, outlet, names, month)) for month in spans_of(period)]
    if not whole or not any(amounts for _, amounts in months) or _is_split(whole, [each for _, each in months]):
        figures = [_of_month(books, outlet, month, amounts) for month, amounts in months if amounts]
        return figures or ([_taxed(books, outlet, period, whole)] if whole else [])
    said = Text(
        "只有全期合计，按全期排序前三项（五项），不享受按月减征。",
        "known for the whole period only: ranked over all of it, without the reductions that are given by month.",
    )
    return [replace(_taxed(books, outlet, period, whole), remarks=(said,))]


def _present(books: Books, outlet: Subject, names: Sequence[str], span: Period) -> dict[str, Amount]:
    """The amounts of a span that were due, what goes to a works included."""
    found = ((name, books.amount(outlet.code, name, span)) for name in names)
    return {name: part for name, part in found if part.has_value or part.figure.status == "missing"}


def _is_split(whole: dict[str, Amount], months: Sequence[dict[str, Amount]]) -> bool:
    """Whether the months add up to the whole, pollutant by pollutant."""
    for name, part in whole.items():
        values = [month[name].exact or Decimal(0) for month in months if name in month]
        if part.exact is not None and sum(values, Decimal(0)) != part.exact:
            return False
    return True


def _of_month(books: Books, outlet: Subject, month: Period, amounts: dict[str, Amount]) -> Figure:
    """A month's tax, made once for the month and for the year."""
    return books.keep(("tax of a month", outlet.code, month), lambda: _taxed(books, outlet, month, amounts))


def _taxed(books: Books, outlet: Subject, span: Period, amounts: dict[str, Amount]) -> Figure:
    """The tax of one outlet and month by the rules of calc."""
    receiver = books.boundary.works_of(outlet) if outlet.kind == "outlet" else None
    inputs = {
        "outlet_emission": _items("outlet_emission", [_line(name, part.figure) for name, part in amounts.items()])
    }
    if receiver is None and outlet.kind == "outlet" and span.month_count == 1:
        inputs |= _judged(books, outlet, span, list(amounts))
    discharge = Discharge(outlet.code, _name(outlet), "environment" if receiver is None else "works", inputs)
    figure = tax_of_outlet(discharge, tax_factors(books), day_of(span), choices_of(books.registry))
    if _turns_on_choice(inputs):
        figure = replace(figure, remarks=(*figure.remarks, _reading(books)))
    title = Text(span.label, span.label) if receiver is None else figure.title
    return replace(figure, key=KEY, title=title, trace={"subject": outlet.code, "period": span.label})


def _turns_on_choice(inputs: Mapping[str, Figure]) -> bool:
    """Whether something was above a limit in the month, so that the reading of 117号文 may decide the tax."""
    above = inputs.get("taxable_exceedances")
    return above is not None and any(part.value for part in (*above.inputs, inputs["exceedances_elsewhere"]))


def _reading(books: Books) -> Text:
    """How the park reads whose reductions an exceedance ends."""
    point = next(each for each in interpretations() if each.choice == EXCEEDANCE)
    return point.sentence(books.registry.choices)


def _line(name: str, figure: Figure) -> Figure:
    return replace(figure, key=name, title=item(name).name)


def _items(key: str, lines: Sequence[Figure]) -> Figure:
    return Figure(key, None, "", kind="items", inputs=tuple(lines))


class _Held(NamedTuple):
    """One pollutant of an outlet and month held against its limit: where it is measured, and its hours, days or samples
    by the law's averaging."""

    name: str
    point: str
    unit: str
    sampled: bool
    limits: tuple[Decimal, ...]
    taxable: Taxable


def _judged(books: Books, outlet: Subject, month: Period, names: Sequence[str]) -> dict[str, Figure]:
    """The month's mean, limit and exceedances of the pollutants that are monitored against a limit, with what the
    taxpayer's other outlets exceeded; the tax of others is due in full."""
    held = _held(books, outlet, month)
    due = [each for each in held if each.name in names and _is_enough(books, outlet, each, month)]
    if not due:
        return {}
    return {
        "taxable_concentration": _items("taxable_concentration", [_mean(each, month) for each in due]),
        "taxable_limit": _items("taxable_limit", [_limit(each) for each in due]),
        "taxable_exceedances": _items("taxable_exceedances", [_above(outlet, each) for each in held]),
        "exceedances_elsewhere": _elsewhere(books, outlet, month),
    }


def _is_enough(books: Books, outlet: Subject, held: _Held, month: Period) -> bool:
    """Whether the month could be judged well enough to reduce the tax, else it is due in full: three quarters of its
    hours, or of the days of water, and nothing above the limit that could not be judged."""
    of = outlet_of(books, outlet, held.name, month)
    if of is None:
        return False
    if not held.taxable.by_day:
        return of.limited.is_enough(of.limited_due)
    due = Decimal(of.limited_due - of.limited.exempt) / 24
    return held.taxable.means * _OF >= due * _JUDGED_FROM and not of.limited.doubtful


def _held(books: Books, outlet: Subject, month: Period) -> tuple[_Held, ...]:
    """What of an outlet's pollutants that the law taxes can be held against a limit, made once a month."""

    def make() -> tuple[_Held, ...]:
        table = Factors(tax_factors(books), "pollution_equivalent", day_of(month), choices_of(books.registry))
        named = [name for name in books.outlet_items[outlet.code] if name in _POLLUTANTS and name in table]
        found = (_held_of(books, outlet, name, month) for name in named)
        return tuple(each for each in found if each is not None)

    return books.keep(("held against limits", outlet.code, month), make)


def _held_of(books: Books, outlet: Subject, name: str, month: Period) -> _Held | None:
    slices = [part for part in books.extracts.outlet(outlet.code, name, month) if part.taxable is not None]
    taxable = added(part.taxable for part in slices if part.taxable is not None)
    if taxable is None:
        return None
    limits = tuple(dict.fromkeys(part.taxable.limit for part in slices if part.taxable is not None))
    last = slices[-1].channel
    return _Held(name, last.value_point, unit=last.unit, sampled=last.sampled, limits=limits, taxable=taxable)


def _elsewhere(books: Books, outlet: Subject, month: Period) -> Figure:
    """What the taxpayer's other outlets exceeded in the month, outlet by outlet."""
    parts = []
    for other in _outlets_of_taxpayer(books, outlet):
        above = sum(each.taxable.above for each in _held(books, other, month))
        if other.code != outlet.code and above:
            names = [_above(other, each) for each in _held(books, other, month) if each.taxable.above]
            parts.append(replace(total(other.code, "次", names), value=float(above), title=_name(other)))
    value = sum(part.value or 0.0 for part in parts)
    return Figure("exceedances_elsewhere", value, "次", title=name_of("exceedances_elsewhere"), inputs=tuple(parts))


def _outlets_of_taxpayer(books: Books, outlet: Subject) -> tuple[Subject, ...]:
    """The outlets to the environment of the enterprise that an outlet belongs to, itself included; an outlet that
    belongs to none is alone."""

    def make() -> dict[str, tuple[Subject, ...]]:
        found = {}
        for unit in books.boundary.units(books.registry.park.code):
            outlets = books.boundary.outlets(unit.code, to_works=False)
            found.update({each.code: outlets for each in outlets})
        return found

    return books.keep("outlets of taxpayers", make).get(outlet.code, ())


def _mean(held: _Held, month: Period) -> Figure:
    trace = {"point": held.point, "start": month.start.isoformat(), "end": month.end.isoformat()}
    value, title = float(held.taxable.mean), item(held.name).name
    source = "" if held.sampled else "自动监测 automatic monitoring"
    return Figure(held.name, value, held.unit, title=title, source=source, formula=_averaging(held), trace=trace)


def _averaging(held: _Held) -> str:
    """How the law's mean of the month is made."""
    count = held.taxable.means
    if held.taxable.by_day:
        return f"Σ 日均值 daily means ÷ {count}"
    if held.sampled:
        return f"Σ 各次监测值 samples ÷ {count}"
    return f"Σ 小时均值 hourly means ÷ {count}"


def _limit(held: _Held) -> Figure:
    several = ", ".join(f"{each.normalize():f}" for each in held.limits)
    said = Text(
        f"当月先后有 {several} {held.unit} 几个限值，按其中最严的判断减征。",
        f"the limits {several} {held.unit} followed each other in the month: the strictest decides the reduction.",
    )
    title = Text("排放限值", "limit")
    remarks = (said,) if len(held.limits) > 1 else ()
    return Figure(held.name, float(held.taxable.limit), held.unit, kind="factor", title=title, remarks=remarks)


def _above(outlet: Subject, held: _Held) -> Figure:
    label = item(held.name).name
    unit = "次" if held.sampled else "d" if held.taxable.by_day else "h"
    title = Text(f"{label.zh}超标", f"{label.en} above its limit")
    return Figure(held.name, float(held.taxable.above), unit, title=title, trace={"subject": outlet.code})


# ---- what a unit states for itself ----


def _stated_by_itself(books: Books, unit: Subject, period: Period) -> dict[str, Amount]:
    """Pollutants that a unit states, or owes, for itself while its outlets have none of them, 纳管 left out."""
    outlets = books.boundary.outlets(unit.code, to_works=False)
    found = {}
    for name in books.emitted_by(unit.code):
        if name not in _POLLUTANTS or books.boundary.sends_all_to_works(unit.code, name):
            continue
        if any(not books.amount(each.code, name, period).is_idle for each in outlets):
            continue
        part = books.amount(unit.code, name, period)
        if part.has_value or part.figure.status == "missing":
            found[name] = part
    return found


def taxed_amount(books: Books, subject: Subject, name: str, period: Period) -> Figure:
    """The t of a pollutant that are let out into the environment: what enters the tax, before outlets are ranked."""
    figure = books.amount(subject.code, name, period).figure
    label = item(name).name
    title = Text(f"{label.zh}应税排放量", f"{label.en} subject to the tax")
    return replace(figure, key=f"{name}{TAXED}", title=title, clause="6.4.4")
