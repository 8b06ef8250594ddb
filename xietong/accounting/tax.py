"""Environmental tax 环境保护税 in the park's accounts: outlets month by month, and the solid waste of its units.

What leaves for the environment is taxed (art. 4); what goes to a works inside the park is named and not taxed. The
law's arithmetic is in `calc.environmental_tax`; here are the amounts, mean concentrations, limits and exceedances.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from xietong.accounting.amounts import Amount, reasons
from xietong.accounting.books import EMITTED, Books
from xietong.accounting.boundary import GROUPS
from xietong.accounting.channels import VOLUMES
from xietong.accounting.concentrations import Outlet, outlet_of
from xietong.accounting.factors import choices_of, day_of, factor_book
from xietong.accounting.statements import cover, spans_of
from xietong.calc.engine import calculate
from xietong.calc.environmental_tax import Discharge, tax_of_outlet
from xietong.calc.figures import Figure, total
from xietong.calc.items import item
from xietong.calc.names import name_of
from xietong.calc.rules import FactorSource
from xietong.park.nouns import Subject
from xietong.periods import Period
from xietong.texts import Text

KEY = "environmental_tax"
TAXED = "_taxed"
_TITLE = Text("环境保护税", "environmental protection tax")
_NOTHING = Text("没有直接向环境排放的应税污染物。", "nothing that is taxed is let out into the environment.")
_POLLUTANTS = EMITTED - set(VOLUMES.values())
_WASTE = ("generated", "used", "stored", "disposed")
_WASTE_KINDS = frozenset({"gangue", "tailings", "smelting_slag", "fly_ash", "furnace_slag"})


def environmental_tax(books: Books, subject: Subject, period: Period) -> Figure:
    """The tax of a subject and period in yuan: of an outlet month by month, of an enterprise its outlets and its waste,
    of a group its units; not_applicable where nothing is let out."""
    return books.keep(("tax", subject.code, period), lambda: _tax(books, subject, period))


def _tax(books: Books, subject: Subject, period: Period) -> Figure:
    if subject.kind == "outlet":
        return _summed(subject, _of_outlet(books, subject, period), "sum of months")
    if subject.kind in GROUPS:
        units = [environmental_tax(books, unit, period) for unit in books.boundary.units(subject.code)]
        figure = _summed(subject, [each for each in units if each.status != "not_applicable"], "sum of units")
    else:
        figure = _summed(subject, _of_unit(books, subject, period), "sum of outlets and solid waste")
    return replace(figure, title=_TITLE)


def _summed(subject: Subject, parts: Iterable[Figure], formula: str) -> Figure:
    every = tuple(parts)
    figure = total(KEY, "元", every)
    usual = reasons(every) if figure.status != "not_applicable" else figure.missing or (_NOTHING,)
    figure = replace(figure, missing=usual)
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
    waste = _waste(books, unit, period)
    return parts if waste is None else [*parts, waste]


def _name(subject: Subject) -> Text:
    return Text(subject.name, subject.name_en or subject.name)


def _factors(books: Books) -> FactorSource:
    return books.keep("tax factors", lambda: factor_book(books.registry, []))


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
    figure = tax_of_outlet(discharge, _factors(books), day_of(span), choices_of(books.registry))
    title = Text(span.label, span.label) if receiver is None else figure.title
    return replace(figure, key=KEY, title=title, trace={"subject": outlet.code, "period": span.label})


def _line(name: str, figure: Figure) -> Figure:
    return replace(figure, key=name, title=item(name).name)


def _items(key: str, lines: Sequence[Figure]) -> Figure:
    return Figure(key, None, "", kind="items", inputs=tuple(lines))


def _judged(books: Books, outlet: Subject, month: Period, names: Sequence[str]) -> dict[str, Figure]:
    """The month's mean of hours, limit and exceedances of the pollutants that are monitored against a limit; the tax of
    others is due in full."""
    found = ((name, outlet_of(books, outlet, name, month)) for name in names if name in books.outlet_items[outlet.code])
    judged = [(name, each) for name, each in found if each is not None and each.channel.limit and _is_enough(each)]
    if not judged:
        return {}
    return {
        "taxable_concentration": _items("taxable_concentration", [_mean(name, each) for name, each in judged]),
        "taxable_limit": _items("taxable_limit", [_limit(name, each) for name, each in judged]),
        "taxable_exceedances": _items("taxable_exceedances", [_above(name, each) for name, each in judged]),
    }


def _is_enough(of: Outlet) -> bool:
    """Whether the month's hours could be judged well enough to reduce the tax: else it is due in full."""
    return of.limited.is_enough(of.limited_due)


def _mean(name: str, of: Outlet) -> Figure:
    hours = of.limited
    value = float((hours.judged_sum / hours.judged).quantize(Decimal("0.000001")))
    trace = {"subject": of.subject.code, "point": of.channel.value_point, "hours": str(hours.judged)}
    return Figure(
        name, value, of.channel.unit, title=item(name).name, source="自动监测 automatic monitoring", trace=trace
    )


def _limit(name: str, of: Outlet) -> Figure:
    return Figure(name, float(of.channel.limit or 0), of.channel.unit, kind="factor", title=item(name).name)


def _above(name: str, of: Outlet) -> Figure:
    return Figure(name, float(of.limited.above), "h", title=item(name).name, trace={"subject": of.subject.code})


# ---- what a unit states for itself ----


def _stated_by_itself(books: Books, unit: Subject, period: Period) -> dict[str, Amount]:
    """Pollutants that a unit states for itself while its outlets have none of them, 纳管 left out."""
    outlets = books.boundary.outlets(unit.code, to_works=False)
    found = {}
    for name in books.emitted_by(unit.code):
        if name not in _POLLUTANTS or books.boundary.sends_all_to_works(unit.code, name):
            continue
        if any(not books.amount(each.code, name, period).is_idle for each in outlets):
            continue
        part = books.amount(unit.code, name, period)
        if part.has_value:
            found[name] = part
    return found


def taxed_amount(books: Books, subject: Subject, name: str, period: Period) -> Figure:
    """The t of a pollutant that are let out into the environment: what enters the tax, before outlets are ranked."""
    figure = books.amount(subject.code, name, period).figure
    label = item(name).name
    title = Text(f"{label.zh}应税排放量", f"{label.en} subject to the tax")
    return replace(figure, key=f"{name}{TAXED}", title=title, clause="6.4.4")


# ---- solid waste ----


def _waste(books: Books, unit: Subject, period: Period) -> Figure | None:
    """The tax of waste that was neither used, stored nor disposed of as prescribed; None where none was generated."""
    amounts = {(base, part): _by_kind(books, unit, f"{base}_{part}", period) for base in _BASES for part in _PARTS}
    kinds = {(base, kind) for base in _BASES for kind in amounts[base, "generated"]}
    if not kinds:
        return None
    lines: dict[str, list[Figure]] = {part: [] for part in _WASTE}
    for base, kind in sorted(kinds):
        key = kind if base == "solid_waste" else "hazardous_waste"
        for part, figure in _of_kind(unit, period, (base, kind), amounts).items():
            lines[part].append(replace(figure, key=key))
    inputs = {f"taxable_waste_{part}": _items(f"taxable_waste_{part}", each) for part, each in lines.items() if each}
    key = "solid_waste_environmental_tax"
    trace = {"subject": unit.code, "period": period.label}
    if _all_went_somewhere(lines):
        said = Text("产生的固体废物全部利用、贮存或处置，没有应税排放。", "all of it was used, stored or disposed of.")
        return Figure(key, 0.0, "元", title=name_of(key), inputs=tuple(inputs.values()), remarks=(said,), trace=trace)
    figure = calculate([key], inputs, _factors(books), day_of(period), choices_of(books.registry))[key]
    return replace(figure, trace=trace)


def _all_went_somewhere(lines: Mapping[str, Sequence[Figure]]) -> bool:
    """Whether nothing is left of any kind, so that no rate is needed."""
    rest: dict[str, float] = {}
    for part, figures in lines.items():
        for figure in figures:
            if figure.value is None:
                return False
            rest[figure.key] = rest.get(figure.key, 0.0) + (figure.value if part == "generated" else -figure.value)
    return all(abs(amount) < _NOTHING_T for amount in rest.values())


_NOTHING_T = 1e-9
# Amounts of waste are stated to the kilogram or the ton, so where they went may miss where they came from by that.
_ROUNDED, _ROUNDED_SHARE = Decimal("0.01"), Decimal("0.001")
_BASES = ("solid_waste", "hazardous_waste")
_PARTS = (*_WASTE, "used_from_stock", "disposed_from_stock")
_Amounts = dict[tuple[str, str], dict[str, Decimal]]


def _by_kind(books: Books, unit: Subject, name: str, period: Period) -> dict[str, Decimal]:
    """What a unit stated of a waste item by kind of the law's table; kinds that it does not name are other waste."""
    found: dict[str, Decimal] = {}
    for row in cover(books.statements.within(unit.code, name, period), period).chosen:
        kind = row.item.partition(":")[2]
        kind = kind if kind in _WASTE_KINDS else "other_solid_waste"
        found[kind] = found.get(kind, Decimal(0)) + (books.statements.leaf(row).exact or Decimal(0))
    return found


def _of_kind(unit: Subject, period: Period, which: tuple[str, str], amounts: _Amounts) -> dict[str, Figure]:
    """The law's four amounts of one kind; where nobody said where all of it went, it is neither taxed nor free."""
    base, kind = which
    given = {part: amounts[base, part].get(kind) for part in _PARTS}
    for part in ("used", "disposed"):
        if given[part] is not None:
            given[part] = (given[part] or Decimal(0)) - (given[f"{part}_from_stock"] or Decimal(0))
    generated = given["generated"] or Decimal(0)
    rest = generated - sum((given[part] or Decimal(0) for part in _WASTE[1:]), Decimal(0))
    if abs(rest) <= max(_ROUNDED, generated * _ROUNDED_SHARE):
        given["generated"], rest = generated - rest, Decimal(0)
    silent = [part for part in _WASTE[1:] if given[part] is None]
    trace = {"subject": unit.code, "period": period.label}
    if rest > 0 and silent:
        return {
            "generated": Figure("", None, "t", "missing", missing=(_unknown(unit, which, rest, period),), trace=trace)
        }
    return {part: Figure("", float(value), "t", trace=trace) for part in _WASTE if (value := given[part]) is not None}


def _unknown(unit: Subject, which: tuple[str, str], rest: Decimal, period: Period) -> Text:
    name = item(f"{which[0]}_generated").name
    return Text(
        f"{unit.name}的{name.zh} {period.label} 有 {rest:f} t 未说明去向（利用、贮存、处置），不能核算其税；请补报。",
        f"where {rest:f} t of {name.en} of {unit.name_en or unit.name} went in {period.label} is not stated (used, "
        "stored or disposed of), so its tax cannot be computed; report it.",
    )
