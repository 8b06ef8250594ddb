"""Inputs of recycling that are no plain sums of an item: waste by kind, hazardous stock, water that leaves, permits.

Plain sums of items are made in `inputs`; the rates and balances themselves are in calc.recycling.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from functools import cache

from xietong.accounting.amounts import Amount, reasons, summed
from xietong.accounting.books.consolidation import Books
from xietong.accounting.boundary import GROUPS
from xietong.accounting.inputs.received_waste import (
    FAMILIES,
    RECEIVED,
    Use,
    is_inside,
    received_inputs,
    uses_of_received,
)
from xietong.accounting.sources.statement_figures import stated_item
from xietong.accounting.sources.statements import cover
from xietong.calc.figures import Figure, worst
from xietong.calc.items import pollutants, to_canonical
from xietong.calc.keys import kind_of
from xietong.park.nouns import Limit, ReportedAmount, Subject
from xietong.periods import Period
from xietong.texts import Text
from xietong.units import UnitError, convert

_STOCK, _MADE = "hazardous_waste_stored", "hazardous_waste_generated"
BY_KIND = (
    *(f"solid_waste_{part}" for part in ("generated", "used", "used_from_stock", "disposed", "disposed_from_stock")),
    *("solid_waste_stored", "solid_waste_discarded", "byproduct_generated", "byproduct_used"),
)

# The inputs made here, all of them together.
CIRCULATED = (
    *(f"{name}_by_kind" for name in BY_KIND),
    *("hazardous_waste_closing_stock", "hazardous_waste_generated_in_a_year"),
    *("wastewater_leaving", "permitted_emission"),
    *RECEIVED,
)


def circulation_inputs(books: Books, subject: Subject, period: Period) -> dict[str, Figure]:
    """The engine's inputs of waste by kind, of hazardous stock, of water leaving and of permitted emissions."""
    found = {f"{name}_by_kind": _by_kind(books, subject, name, period) for name in BY_KIND}
    found |= _hazardous(books, subject, period)
    found["wastewater_leaving"] = _leaving(books, subject, period)
    found["permitted_emission"] = _permitted(books, subject, period)
    return found | received_inputs(books, subject, period)


@cache
def _idle(key: str, zh: str, en: str, kind: str = "input") -> Figure:
    """What was never due is one figure for everyone."""
    figure = Figure(key, None, "t", "not_applicable", missing=(Text(zh, en),))
    return replace(figure, kind="items") if kind == "items" else figure


def _by_kind(books: Books, subject: Subject, name: str, period: Period) -> Figure:
    key = f"{name}_by_kind"
    kinds = _kinds(books, subject, subject, name, period) if books.knows(subject.code, name) else {}
    if not kinds:
        return _idle(key, "没有分种类填报。", "nothing was stated by kind.", "items")
    lines = tuple(
        replace(summed(kind, "t", parts).figure, key=kind, title=Text(kind, kind))
        for kind, parts in sorted(kinds.items())
    )
    return Figure(key, None, "t", worst(line.status for line in lines), "items", missing=reasons(lines), inputs=lines)


def _kinds(books: Books, asked: Subject, subject: Subject, name: str, period: Period) -> Mapping[str, list[Amount]]:
    """kind → its statements: of a group those of its units, of a unit its own, else those of what lies below it.

    asked: whose kinds; what is used of others' is left out, of a group what its giver has stated already.
    """
    grouped: dict[str, list[ReportedAmount]] = defaultdict(list)
    others = _of_others(books, asked, subject, name, period)
    if subject.kind not in GROUPS:
        for row in books.statements.within(subject.code, name, period):
            grouped[kind_of(row.item)].append(row)
    found: dict[str, list[Amount]] = defaultdict(list)
    for kind, rows in grouped.items():
        if kind:
            chosen = (row for row in cover(rows, period).chosen if id(row) not in others)
            found[kind] += [books.statements.leaf(row) for row in chosen]
    if grouped:
        return found
    parts = books.boundary.units(subject.code) if subject.kind in GROUPS else books.boundary.parts(subject.code)
    for each in parts:
        for kind, amounts in _kinds(books, asked, each, name, period).items():
            found[kind] += amounts
    return found


def _of_others(books: Books, asked: Subject, subject: Subject, name: str, period: Period) -> set[int]:
    """The statements of a unit, by identity, that are uses of what it received, none of the asked own."""
    family = name.removesuffix("_used")
    if family not in FAMILIES or subject.kind in GROUPS:
        return set()
    uses = uses_of_received(books, subject, family, period)
    return {id(use.row) for use in uses if not is_inside(books, asked, use) or _is_stated(books, use, name, period)}


def _is_stated(books: Books, use: Use, name: str, period: Period) -> bool:
    """Whether the giver states the use of that kind itself."""
    return any(kind_of(row.item) == use.kind for row in books.statements.within(use.giver, name, period))


def _hazardous(books: Books, subject: Subject, period: Period) -> dict[str, Figure]:
    """What is in store at the end, as the statements' closing says, and what the year before that end generated."""
    stock, made = "hazardous_waste_closing_stock", "hazardous_waste_generated_in_a_year"
    lines = [_closing(books, each, period) for each in books.boundary.below(subject.code)]
    known = tuple(line for line in lines if line is not None)
    if not known:
        nothing = ("没有填报危险废物期末库存（closing）。", "no closing stock of hazardous waste was stated.")
        return {key: _idle(key, *nothing) for key in (stock, made)}
    total = sum((Decimal(repr(line.value)) for line in known), Decimal(0))
    generated = books.amount(subject.code, _MADE, period.year_to_end).figure
    return {
        stock: Figure(stock, float(total), "t", inputs=known),
        made: replace(generated, key=made, title=Text("", "")),
    }


def _closing(books: Books, subject: Subject, period: Period) -> Figure | None:
    """The closing stock of a subject's last statement in the period; None where it states none."""
    rows = [row for row in books.statements.within(subject.code, _STOCK, period) if row.closing is not None]
    last = [row for row in rows if row.period.end == max(each.period.end for each in rows)]
    try:
        amounts = [to_canonical(stated_item(row.item), row.closing or Decimal(0), row.unit) for row in last]
    except UnitError:
        return None
    if not amounts:
        return None
    trace = {"subject": subject.code, "period": last[0].period.label, "entry": last[0].entry, "row": str(last[0].row)}
    title = Text(subject.name, subject.name_en or subject.name)
    return Figure(_STOCK, float(sum(amounts, Decimal(0))), "t", title=title, trace=trace, source="closing")


def _leaving(books: Books, subject: Subject, period: Period) -> Figure:
    """Wastewater that crosses the subject's boundary: to the environment, and to a works that is not its own."""
    key = "wastewater_leaving"
    parts = [books.amount(subject.code, "wastewater", period)]
    if subject.kind in GROUPS:
        inside = {each.code for each in books.boundary.below(subject.code)}
        outlets = books.boundary.outlets(subject.code, to_works=True)
        parts += [books.amount(each.code, "wastewater", period) for each in outlets if each.discharges_to not in inside]
    elif subject.kind != "outlet":
        parts.append(books.to_works(subject.code, "wastewater", period))
    return replace(summed(key, "t", parts).figure, key=key)


def _permitted(books: Books, subject: Subject, period: Period) -> Figure:
    """The yearly amounts that permits allow: the subject's own, else the sum of its outlets'. A group has none."""
    key = "permitted_emission"
    annual = [limit for limit in books.registry.limits if limit.kind == "annual" and _holds(limit, period)]
    if subject.kind in GROUPS or not annual:
        return _idle(key, "没有许可排放量。", "no permitted amount is known.", "items")
    below = {each.code for each in books.boundary.below(subject.code)}
    lines = []
    for each in pollutants():
        of = [limit for limit in annual if limit.item == each.item and limit.subject in below]
        own = [limit for limit in of if limit.subject == subject.code] or of
        amounts = [amount for limit in own if (amount := _tonnes(limit)) is not None]
        if amounts:
            source = "；".join(dict.fromkeys(limit.source for limit in own if limit.source))
            lines.append(Figure(each.item, float(sum(amounts)), "t", title=each.name, source=source or "limits.csv"))
    if not lines:
        return _idle(key, "没有许可排放量。", "no permitted amount is known.", "items")
    return Figure(key, None, "t", "ok", "items", inputs=tuple(lines))


def _holds(limit: Limit, period: Period) -> bool:
    last = period.end.date()
    return (limit.since is None or limit.since < last) and (limit.until is None or limit.until >= last)


def _tonnes(limit: Limit) -> Decimal | None:
    try:
        return convert(limit.value, limit.unit.removesuffix("/a"), "t")
    except UnitError:
        return None
