"""Environmental tax 环境保护税 of a unit's solid waste: what was generated and neither used, stored nor disposed of as
prescribed. The law's arithmetic is in `calc.environmental_tax`; here are the unit's four amounts by kind of waste.

What was due of them and did not come makes the tax partial or missing: waste that nobody spoke of is not waste that
was not made.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from xietong.accounting.books.consolidation import Books
from xietong.accounting.factors.in_force import choices_of, day_of, factor_book
from xietong.accounting.inputs.received_waste import uses_of_received
from xietong.accounting.sources.due import root_of
from xietong.accounting.sources.statements import cover, spans_of
from xietong.calc.engine.engine import calculate
from xietong.calc.engine.names import name_of
from xietong.calc.engine.rules import FactorSource
from xietong.calc.figures import Figure, total
from xietong.calc.items import item
from xietong.calc.keys import kind_of
from xietong.park.nouns import ReportedAmount, Subject
from xietong.periods import Period
from xietong.standard.thresholds import decimal_of
from xietong.texts import Text

_KEY = "solid_waste_environmental_tax"
_WASTE = ("generated", "used", "stored", "disposed")
_WASTE_KINDS = frozenset({"gangue", "tailings", "smelting_slag", "fly_ash", "furnace_slag"})


def tax_factors(books: Books) -> FactorSource:
    """The factors of the tax: the law's annexes and the rates of the province, a unit's own left out."""
    return books.keep("tax factors", lambda: factor_book(books.registry, []))


def tax_of_waste(books: Books, unit: Subject, period: Period) -> Figure | None:
    """The tax of waste that was neither used, stored nor disposed of as prescribed; None where none was generated.

    A period of which something due is absent is taxed month by month where it is stated so: whole months count, the
    others are named.
    """
    lacking = _lacking(books, unit, period)
    if lacking and period.month_count > 1 and _is_monthly(books, unit, period):
        return _of_months(books, unit, period)
    lines = _lines(books, unit, period)
    trace = {"subject": unit.code, "period": period.label}
    if not lines["generated"]:
        owed = lacking.get("generated", ())
        return Figure(_KEY, None, "元", "missing", title=name_of(_KEY), missing=owed, trace=trace) if owed else None
    went = _all_went_somewhere(lines)
    unknown = () if went else tuple(said for part in _WASTE[1:] for said in lacking.get(part, ()))
    if unknown:
        return Figure(_KEY, None, "元", "missing", title=name_of(_KEY), missing=unknown, trace=trace)
    figure = _without_rest(lines) if went else _calculated(books, lines, period)
    return replace(_short(figure, tuple(said for part in lacking.values() for said in part)), trace=trace)


def _lines(books: Books, unit: Subject, period: Period) -> dict[str, list[Figure]]:
    """The law's four amounts, each by the law's kinds of waste."""
    amounts = {(base, part): of for base in _BASES for part, of in _own_amounts(books, unit, base, period).items()}
    lines: dict[str, list[Figure]] = {part: [] for part in _WASTE}
    for base, kind in sorted((of, kind) for of in _BASES for kind in amounts[of, "generated"]):
        key = kind if base == "solid_waste" else "hazardous_waste"
        for part, figure in _of_kind(unit, period, (base, kind), amounts).items():
            lines[part].append(replace(figure, key=key))
    return lines


def _inputs(lines: Mapping[str, Sequence[Figure]]) -> dict[str, Figure]:
    return {
        f"taxable_waste_{part}": Figure(f"taxable_waste_{part}", None, "", kind="items", inputs=tuple(each))
        for part, each in lines.items()
        if each
    }


def _without_rest(lines: Mapping[str, Sequence[Figure]]) -> Figure:
    said = Text("产生的固体废物全部利用、贮存或处置，没有应税排放。", "all of it was used, stored or disposed of.")
    return Figure(_KEY, 0.0, "元", title=name_of(_KEY), inputs=tuple(_inputs(lines).values()), remarks=(said,))


def _calculated(books: Books, lines: Mapping[str, Sequence[Figure]], period: Period) -> Figure:
    return calculate([_KEY], _inputs(lines), tax_factors(books), day_of(period), choices_of(books.registry))[_KEY]


def _of_months(books: Books, unit: Subject, period: Period) -> Figure | None:
    """The sum of the months; None where none had waste or owed it."""
    found = [(month, tax_of_waste(books, unit, month)) for month in spans_of(period)]
    parts = [replace(part, title=Text(month.label, month.label)) for month, part in found if part is not None]
    if not parts:
        return None
    trace = {"subject": unit.code, "period": period.label}
    return replace(total(_KEY, "元", parts), title=name_of(_KEY), formula="Σ 各月 months", trace=trace)


# ---- what is absent ----


def _items_of(books: Books, part: str) -> list[str]:
    """The items, with their kinds, under which a part of the waste is stated or owed."""
    roots = {f"{base}_{part}" for base in _BASES}
    return books.keep(("names of waste", part), lambda: [name for name in books.names if root_of(name) in roots])


def _lacking(books: Books, unit: Subject, period: Period) -> dict[str, tuple[Text, ...]]:
    """What is absent of each of the four amounts, in sentences; parts of which nothing is absent are left out."""
    found = {}
    for part in _WASTE:
        names = [name for name in _items_of(books, part) if books.knows(unit.code, name)]
        figures = [books.amount(unit.code, name, period).figure for name in names]
        said = dict.fromkeys(said for each in figures if each.status in _SHORT for said in each.missing)
        found[part] = tuple(said)
    return {part: said for part, said in found.items() if said}


def _is_monthly(books: Books, unit: Subject, period: Period) -> bool:
    """Whether everything stated of the unit's waste is of single months."""
    roots = [f"{base}_{part}" for base in _BASES for part in _PARTS]
    return all(row.period.month_count == 1 for root in roots for row in _chosen(books, unit, root, period))


def _short(figure: Figure, lacking: tuple[Text, ...]) -> Figure:
    """The figure of what was stated, partial where something due is absent."""
    if not lacking:
        return figure
    missing = tuple(dict.fromkeys((*figure.missing, *lacking)))
    return replace(figure, status="partial" if figure.value is not None else "missing", missing=missing)


# ---- the unit's amounts ----


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
_SHORT = ("partial", "missing")
# Amounts of waste are stated to the kilogram or the ton, so where they went may miss where they came from by that.
_ROUNDED, _ROUNDED_SHARE = decimal_of("sources.waste_rounded"), decimal_of("sources.waste_rounded_share")
_BASES = ("solid_waste", "hazardous_waste")
_OTHER, _0 = "other_solid_waste", Decimal(0)
_PARTS = (*_WASTE, "used_from_stock", "disposed_from_stock")
_Amounts = dict[tuple[str, str], dict[str, Decimal]]


def _own_amounts(books: Books, unit: Subject, base: str, period: Period) -> dict[str, dict[str, Decimal]]:
    """The amounts of a unit's own waste by part and kind of the law's table: what others gave it was generated by them,
    and where it went says nothing of the unit's own."""
    of_others = {id(use.row) for use in uses_of_received(books, unit, base, period)}
    kinds = _kinds_of_others(books, unit, base, period)
    found = {}
    for part in _PARTS:
        rows = _chosen(books, unit, f"{base}_{part}", period)
        found[part] = _by_kind(books, [row for row in rows if id(row) not in of_others and _kind(row) not in kinds])
    stated = _chosen(books, unit, f"{base}_used_received", period)
    known = sum(
        (_exact(books, row) for row in _chosen(books, unit, f"{base}_used", period) if id(row) in of_others), _0
    )
    left = _by_kind(books, [row for row in stated if _kind(row) and _kind(row) not in kinds])
    unnamed = sum((_exact(books, row) for row in stated if not _kind(row)), _0)
    left[_OTHER] = left.get(_OTHER, _0) + max(_0, unnamed - known)
    found["used"] = {kind: max(_0, amount - left.get(kind, _0)) for kind, amount in found["used"].items()}
    return found


def _kinds_of_others(books: Books, unit: Subject, base: str, period: Period) -> set[str]:
    """The kinds of waste, as stated, that a unit received or used and never generated."""
    uses = {use.kind for use in uses_of_received(books, unit, base, period)}
    given = {_kind(row) for row in _chosen(books, unit, f"{base}_received", period)}
    below = books.boundary.below(unit.code)
    made = {_kind(row) for each in below for row in books.statements.of(each.code, f"{base}_generated")}
    return (uses | given) - made - {""}


def _chosen(books: Books, unit: Subject, name: str, period: Period) -> tuple[ReportedAmount, ...]:
    """The statements of a unit that count; where it states nothing of the item, those of what lies below it."""
    if not books.knows(unit.code, name):
        return ()
    rows = books.statements.within(unit.code, name, period)
    if rows:
        return cover(rows, period).chosen
    return tuple(row for part in books.boundary.parts(unit.code) for row in _chosen(books, part, name, period))


def _kind(row: ReportedAmount) -> str:
    return kind_of(row.item)


def _exact(books: Books, row: ReportedAmount) -> Decimal:
    return books.statements.leaf(row).exact or _0


def _by_kind(books: Books, rows: Iterable[ReportedAmount]) -> dict[str, Decimal]:
    """Statements of waste by kind of the law's table; kinds that it does not name are other waste."""
    found: dict[str, Decimal] = {}
    for row in rows:
        kind = _kind(row) if _kind(row) in _WASTE_KINDS else _OTHER
        found[kind] = found.get(kind, _0) + _exact(books, row)
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
