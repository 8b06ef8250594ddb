"""Waste and by-products received from others 外来利用: what of a unit's use is another's, and how much it received.

The rate of a unit's own is of what it generated; what it received has a rate of its own. A unit received what it states
under `<family>_used_received`; else a kind that it states the use of and never generated, or what flows.csv records.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from decimal import Decimal
from typing import NamedTuple

from xietong.accounting.books.consolidation import Books
from xietong.accounting.boundary import GROUPS
from xietong.accounting.sources.statements import cover
from xietong.accounting.trade.flow_figures import moved
from xietong.calc.figures import Figure
from xietong.calc.keys import kind_of
from xietong.park.nouns import Flow, ReportedAmount, Subject
from xietong.periods import Period
from xietong.texts import Text

FAMILIES = ("byproduct", "solid_waste", "hazardous_waste")
RECEIVED = tuple(f"{family}_{part}" for family in FAMILIES for part in ("received", "used_received"))
_NONE = Decimal(0)


class Use(NamedTuple):
    """One statement of a use of what was received; giver: the code of a subject of the park, "" where it is none."""

    unit: Subject
    row: ReportedAmount
    giver: str

    @property
    def kind(self) -> str:
        """The kind that the statement names."""
        return kind_of(self.row.item)


def received_inputs(books: Books, subject: Subject, period: Period) -> dict[str, Figure]:
    """The engine's inputs of what was received and of its use, of every family."""
    found: dict[str, Figure] = {}
    for family in FAMILIES:
        uses = [use for unit in _units(books, subject) for use in uses_of_received(books, unit, family, period)]
        uses = [use for use in uses if not is_inside(books, subject, use)]
        found[f"{family}_used_received"] = _used(books, subject, family, period, uses)
        found[f"{family}_received"] = _received(books, subject, family, period, uses)
    return found


def is_inside(books: Books, subject: Subject, use: Use) -> bool:
    """Whether a group holds the giver too: its use is then no use of what came from elsewhere."""
    if subject.kind not in GROUPS or not use.giver:
        return False
    return any(each.code == use.giver for each in books.boundary.below(subject.code))


def uses_of_received(books: Books, unit: Subject, family: str, period: Period) -> tuple[Use, ...]:
    """The statements of a unit, else of what lies below it, that are uses of what it received; every group that the
    unit is in asks for them again."""
    if not books.knows(unit.code, f"{family}_used"):
        return ()
    return books.keep(("received", unit.code, family, period), lambda: _uses(books, unit, family, period))


def _uses(books: Books, unit: Subject, family: str, period: Period) -> tuple[Use, ...]:
    rows = books.statements.within(unit.code, f"{family}_used", period)
    if not rows:
        parts = books.boundary.parts(unit.code)
        return tuple(use for part in parts for use in uses_of_received(books, part, family, period))
    made = books.statements.of(unit.code, f"{family}_generated")
    kinds = {kind_of(row.item) for row in made}
    kinds |= {kind_of(row.item) for row in books.statements.of(unit.code, f"{family}_used_from_stock")}
    givers = ((row, _giver(books, row)) for row in cover(rows, period).chosen)
    return tuple(Use(unit, row, giver) for row, giver in givers if _is_received(books, unit, row, giver, kinds))


def _is_received(books: Books, unit: Subject, row: ReportedAmount, giver: str, kinds: set[str]) -> bool:
    kind = kind_of(row.item)
    if kind in kinds:
        return False
    if kind and "" not in kinds:
        return True
    if not kinds:
        return bool(row.counterparty)
    return any(flow.origin == giver and flow.destination == unit.code for flow in books.flows)


def _units(books: Books, subject: Subject) -> tuple[Subject, ...]:
    return books.boundary.units(subject.code) if subject.kind in GROUPS else (subject,)


def _giver(books: Books, row: ReportedAmount) -> str:
    named = books.keep("codes by name", lambda: dict(_names(books)))
    return named.get(row.counterparty.strip(), "")


def _names(books: Books) -> Iterator[tuple[str, str]]:
    for each in books.registry.subjects.values():
        yield from ((name, each.code) for name in (each.name_en, each.name, each.code) if name)


def _used(books: Books, subject: Subject, family: str, period: Period, uses: Iterable[Use]) -> Figure:
    """What was used of what came from others: as stated, else the uses that cannot be of one's own."""
    key = f"{family}_used_received"
    stated = _stated(books, subject, family, key, period)
    if stated is not None:
        return stated
    lines = [(use, books.statements.leaf(use.row)) for use in uses]
    known = [(use, leaf) for use, leaf in lines if leaf.exact is not None]
    if not known:
        nothing = Text("没有利用外来的物料。", "nothing of others was used.")
        return Figure(key, None, "t", "not_applicable", missing=(nothing,))
    total = sum((leaf.exact for _, leaf in known if leaf.exact is not None), _NONE)
    return Figure(key, float(total), "t", inputs=tuple(leaf.figure for _, leaf in known))


def _received(books: Books, subject: Subject, family: str, period: Period, uses: Iterable[Use]) -> Figure:
    """What came from others: as stated, else as those who gave it state it, or flows.csv records it."""
    key = f"{family}_received"
    stated = _stated(books, subject, family, key, period)
    if stated is not None:
        return stated
    ends = dict.fromkeys((use.unit, use.giver, use.kind) for use in uses)
    lines = [line for end in ends for line in _given(books, family, period, end)]
    if not ends or not lines:
        missing = _not_stated(subject, key) if ends else Text("没有收到外来的物料。", "nothing of others was received.")
        return Figure(key, None, "t", "missing" if ends else "not_applicable", missing=(missing,))
    total = sum((Decimal(repr(line.value)) for line in lines), _NONE)
    names = dict.fromkeys(giver for _, giver, _ in ends if giver)
    return Figure(key, float(total), "t", inputs=tuple(lines), remarks=(_as_given(names),))


def _stated(books: Books, subject: Subject, family: str, key: str, period: Period) -> Figure | None:
    """What is stated of an item of what was received: of a group without what its own units gave each other, which came
    from nobody else; None where nothing is."""
    whole = books.amount(subject.code, key, period) if books.knows(subject.code, key) else None
    if whole is None or whole.is_idle:
        return None
    if subject.kind not in GROUPS or whole.exact is None:
        return whole.figure
    inside = [
        books.statements.leaf(row)
        for unit in _units(books, subject)
        for row in cover(books.statements.within(unit.code, key, period), period).chosen
        if is_inside(books, subject, Use(unit, row, _only_giver(books, unit, row, family, period)))
    ]
    passed = sum((leaf.exact for leaf in inside if leaf.exact is not None), _NONE)
    if not passed:
        return whole.figure
    if whole.exact == passed:
        return Figure(key, None, "t", "not_applicable", missing=(_ONLY_INSIDE,))
    lines = tuple(replace(leaf.figure, key="received_inside") for leaf in inside)
    past = Figure("received_inside", float(passed), "t", title=_INSIDE, inputs=lines)
    stated = replace(whole.figure, title=_IN_ALL)
    formula = f"{key} - received_inside"
    return replace(whole.figure, value=float(whole.exact - passed), formula=formula, inputs=(stated, past))


_INSIDE = Text("其中本范围内单位相互给的", "of it what units here gave each other")
_IN_ALL = Text("各单位填报的合计", "what the units state in all")
_ONLY_INSIDE = Text(
    "收到的都来自本范围内的单位，没有外来的。", "all that was received came from units here, nothing from elsewhere."
)


def _only_giver(books: Books, unit: Subject, row: ReportedAmount, family: str, period: Period) -> str:
    """Who gave what a unit states as received: whom the statement names, else the only one who is known to have given
    it that kind; "" where nobody or several are."""
    if row.counterparty:
        return _giver(books, row)
    kind = kind_of(row.item)
    uses = uses_of_received(books, unit, family, period)
    givers = {use.giver for use in uses if use.giver and kind in ("", use.kind)}
    givers |= {flow.origin for flow in books.flows if flow.destination == unit.code and kind in ("", flow.material)}
    others = (each for each in books.registry.subjects if each != unit.code)
    givers |= {each for each in others if _gives(books, each, unit, (family, kind), period)}
    return givers.pop() if len(givers) == 1 else ""


def _gives(books: Books, giver: str, unit: Subject, what: tuple[str, str], period: Period) -> bool:
    family, kind = what
    rows = books.statements.within(giver, f"{family}_used", period)
    return any(_giver(books, row) == unit.code and kind in ("", kind_of(row.item)) for row in rows)


def _given(books: Books, family: str, period: Period, end: tuple[Subject, str, str]) -> Iterator[Figure]:
    unit, giver, kind = end
    flows = [flow for flow in books.flows if (flow.origin, flow.destination) == (giver, unit.code)]
    moved = [each for flow in flows if (each := _moved(flow, kind, family, period)) is not None]
    if moved:
        yield from moved
        return
    rows = books.statements.within(giver, f"{family}_used", period) if giver else []
    for row in cover([row for row in rows if kind_of(row.item) == kind], period).chosen:
        leaf = books.statements.leaf(row)
        if _giver(books, row) == unit.code and leaf.exact is not None:
            yield leaf.figure


def _moved(flow: Flow, kind: str, family: str, period: Period) -> Figure | None:
    if not period.contains(flow.period) or (kind and flow.material != kind):
        return None
    found = moved(flow, f"{family}_used", f"{family}_received")
    return None if found is None else found.figure


def _as_given(givers: Iterable[str]) -> Text:
    names = "、".join(givers)
    return Text(
        f"收到量按 {names} 的填报或物料流记录计，收方没有填报。",
        f"what was received is as {names.replace('、', ', ')} or a recorded flow says; the receiver states none.",
    )


def _not_stated(subject: Subject, key: str) -> Text:
    return Text(
        f"{subject.name}利用了外来的物料而没有填报收到量；请填报 {key}。",
        f"{subject.name_en or subject.name} used what others gave it and does not state how much it received; "
        f"report {key}.",
    )
