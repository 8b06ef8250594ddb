"""Books: the amounts of every subject of one park, from its own statements and meters up to one total of the park.

A group (park, zone, sector) is the sum of its units; what the group states for itself stands beside that sum and counts
only where no unit has the item. Purchases and sales are both summed, so what tenants sell each other cancels.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from functools import cache
from threading import Lock
from typing import Any, TypeVar

from xietong.accounting.amounts import Amount, beside, idle, summed, told
from xietong.accounting.books.incomplete import Named, said_incomplete
from xietong.accounting.books.transfers import without_second_use
from xietong.accounting.boundary import GROUPS, Boundary
from xietong.accounting.factors.of_units import OwnFactors
from xietong.accounting.outlets.channels import VOLUMES
from xietong.accounting.sources.coefficients import EmissionMethods
from xietong.accounting.sources.due import DueList
from xietong.accounting.sources.lake_years import Extracts, Keep
from xietong.accounting.sources.levels import Levels
from xietong.accounting.sources.precedence import Sources, share_of
from xietong.accounting.sources.statement_figures import name_stated, stated_item
from xietong.accounting.sources.statements import Statements, base_of
from xietong.calc.items import UnknownItemError, item, pollutants
from xietong.calc.keys import TO_WORKS
from xietong.lake.store import Lake
from xietong.park.nouns import Registry, ReportedAmount, Subject
from xietong.park.registry.presence import flows_here, here_of
from xietong.periods import Period
from xietong.texts import Text

EMITTED = frozenset({each.item for each in pollutants()} | set(VOLUMES.values()))
_OWN = Text("本级自报值", "the subject's own statement")
Made = TypeVar("Made")
MADE_KEPT = 512
_NOT_MADE = object()
# How many statements that stand beside a figure are told with it.
MOST_SAID = 5
# What is kept (see `keep`) under (one of these, subject, …) rests on that subject alone.
OF_ONE_SUBJECT = frozenset({"tax", "tax of a month"})


class Ground:
    """What books of one registry rest on whatever the years and the lake: its tree, its statements and the flows that
    count (both ends were in the park)."""

    def __init__(self, registry: Registry, before: "Ground | None" = None) -> None:
        """before: of an earlier registry, so that subjects whose statements are the same are not gone through again."""
        self.registry = registry
        self.boundary = Boundary(registry)
        known: Statements | None = before.statements if before else None
        whole = registry.choices.get("statement_grain") == "longest"
        self.here = here_of(registry.subjects)
        self.statements: Statements = Statements(registry.reported, known, self.here, whole)
        self.flows = flows_here(registry.flows, self.here)
        self.own_factors = OwnFactors(registry, self.boundary)
        self.methods = EmissionMethods(registry)


class Books:
    """Everything that one registry and one version of the lake say, summed on demand and remembered.

    Several threads may ask the same books: what is made is the same whoever makes it, and does not change.
    """

    def __init__(self, ground: "Ground", lake: Lake | None, keep: Keep) -> None:
        registry, statements = ground.registry, ground.statements
        self.ground = ground
        self.registry, self.statements, self.flows = registry, statements, ground.flows
        self.boundary, self.own_factors = ground.boundary, ground.own_factors
        self.extracts = Extracts(registry, lake, keep)
        self.sources = Sources(statements, DueList(registry, statements), self.extracts, ground.methods)
        self.outlet_items = {
            code: self.extracts.outlet_items(code)
            for code, subject in registry.subjects.items()
            if subject.kind == "outlet"
        }
        self._stated = self._names_below([*statements.pairs, *ground.methods.pairs])
        self.names = tuple(sorted(set().union(*self._stated.values())))
        # Whether anything in these books may be for the reader of every figure made of it (`figures.cautions`).
        self.has_to_tell = statements.has_beside or bool(registry.factors)
        self._known: dict[tuple[str, str, datetime, datetime], Amount] = {}
        # By subject, item and span: what two levels state of one quantity, where they differ by more than 5 %.
        self._apart: dict[tuple[str, str, Period], Text] = {}
        self._made: dict[Hashable, Any] = {}
        self._lasting: dict[Hashable, Any] = {}
        self._lock = Lock()

    def _names_below(self, statements: Iterable[tuple[str, str]]) -> dict[str, frozenset[str]]:
        """For every subject the items that it or anything below it states, measures or owes."""
        pairs = {*statements, *self.extracts.amount_pairs()}
        pairs |= {(each.subject, base_of(each.item)) for each in self.registry.expected}
        pairs |= {(code, name) for code, names in self.outlet_items.items() for name in names}
        own: dict[str, set[str]] = {code: set() for code in self.registry.subjects}
        for code, name in pairs:
            if code in own and _is_item(name):
                own[code].add(name)
        below = self.boundary.below
        return {code: frozenset().union(*(own[each.code] for each in below(code))) for code in own}

    def amount(self, code: str, name: str, period: Period) -> Amount:
        """A subject's amount of an item in a period, with its working; idle where nothing was ever due.

        For a pollutant, waste gas or wastewater that is what it sends to the environment.
        """
        span = self.within(code, period)
        if name not in self._stated[code] or span is None:
            return _never(name)
        period = span
        key = (code, name, period.start, period.end)
        known = self._known.get(key)
        if known is None:
            subject = self.registry.subjects[code]
            made = _titled(subject, self._amount(subject, name, period))
            known = self._known[key] = self._beside(made, code, name, period) if self.has_beside else made
        return known

    def within(self, code: str, period: Period) -> Period | None:
        """The part of a period that figures of a subject are of: of a group that came or left, the months in which it
        was in the park, for those that name it as their zone or sector stay; None where it was not here."""
        here = self.ground.here.get(code)
        return here.presence.within_period(period) if here and here.subject.kind in GROUPS else period

    def _beside(self, made: Amount, code: str, name: str, period: Period) -> Amount:
        """The amount with what stands beside it of the subject's and its members' statements of that time."""
        below = {each.code for each in self.boundary.below(code)}
        said = [text for each in below if (text := self._apart.get((each, name, period))) is not None]
        said += [
            aside.text
            for (subject, of), asides in self.statements.all_beside()
            if of == name and subject in below
            for aside in asides
            if aside.is_named and aside.meets(period)
        ]
        if not said:
            return made
        figure, told = made.figure, _first(list(dict.fromkeys(said)))
        if figure.status == "not_applicable":
            return made._replace(figure=replace(figure, missing=(*figure.missing, *told)))
        remarks = (*figure.remarks, *(each for each in told if each not in figure.remarks))
        return made._replace(figure=replace(figure, remarks=remarks, trace={**figure.trace, "beside": "yes"}))

    @property
    def has_beside(self) -> bool:
        """Whether any statement stands beside another one of the same quantity."""
        return bool(self._apart) or self.statements.has_beside

    def take_over(self, before: "Books", touched: frozenset[str] | None) -> None:
        """Keep what earlier books made of the same lake for all but these subjects; None: of none."""
        if touched is None or self.names != before.names:
            return
        # Copied at once: another thread may go on with the earlier books.
        known, lasting, apart = before._known.copy(), before._lasting.copy(), before._apart.copy()
        self._known |= {key: made for key, made in known.items() if key[0] not in touched}
        self._apart |= {key: text for key, text in apart.items() if key[0] not in touched}
        self.has_to_tell = self.has_to_tell or bool(self._apart)
        self._lasting |= {
            key: made
            for key, made in lasting.items()
            if isinstance(key, tuple) and key[0] in OF_ONE_SUBJECT and key[1] not in touched
        }

    def forget(self) -> None:
        """Let go of every amount made so far; what was read of the lake and the statements stays."""
        self._known.clear()
        self._made.clear()

    def knows(self, code: str, name: str) -> bool:
        """Whether a subject or anything below it states, measures or owes the item."""
        return name in self._stated[code]

    def emitted_by(self, code: str) -> tuple[str, ...]:
        """The pollutants and volumes that a subject or anything below it states, measures or owes."""
        return tuple(sorted(EMITTED & self._stated[code]))

    def stated_by(self, code: str) -> tuple[ReportedAmount, ...]:
        """Everything that a subject ever stated, every revision and method."""
        rows: Mapping[str, list[ReportedAmount]] = self.keep("stated by", self._by_subject)
        return tuple(rows.get(code, ()))

    def _by_subject(self) -> dict[str, list[ReportedAmount]]:
        found: dict[str, list[ReportedAmount]] = {}
        for row in self.registry.reported:
            found.setdefault(row.subject, []).append(row)
        return found

    def keep(self, key: Hashable, make: Callable[[], Made]) -> Made:
        """Keep something small, of which there is one a unit, item and month at most, as long as these books."""
        if key not in self._lasting:
            self._lasting.setdefault(key, make())
        found: Made = self._lasting[key]
        return found

    def remember(self, key: Hashable, make: Callable[[], Made]) -> Made:
        """Keep what was made from these books as long as they are kept, the newest first.

        Two threads may make the same thing twice; both go on with the first.
        """
        kept = self._made.get(key, _NOT_MADE)
        if kept is _NOT_MADE:
            made = make()
            with self._lock:
                if len(self._made) >= MADE_KEPT:
                    self._made.pop(next(iter(self._made)))
                kept = self._made.setdefault(key, made)
        found: Made = kept
        return found

    def _amount(self, subject: Subject, name: str, period: Period) -> Amount:
        if subject.kind in GROUPS:
            return self._group(subject, name, period)
        if name in EMITTED:
            return self._emission(subject, name, period)
        own = self.sources.amount(subject, name, period)
        below = self.of_parts(subject, name, period)
        if below.has_value:
            return Levels(self, subject, name).chosen(period, own, below)
        return below if own.is_idle else own

    def held_beside(self, subject: Subject, name: str, period: Period, levels: tuple[Amount, Amount, Text]) -> Amount:
        """The first of two levels' amounts of one quantity, which counts; what stands beside it is told at every figure
        made of it. levels: both amounts and what the second is called."""
        chosen, other, called = levels
        found = beside(chosen, other, called)
        if found is not chosen:
            said, label = found.figure.remarks[-1], name_stated(name)
            zh, en = f"{subject.name}的{label.zh}", f"{label.en} of {subject.name_en or subject.name}"
            self.has_to_tell = True
            self._apart[subject.code, name, period] = Text(f"{zh}：{said.zh}", f"{en}: {said.en}")
        return chosen

    def of_its_own(self, subject: Subject, name: str, period: Period) -> Amount:
        """What a subject itself states or measures of an item, without its parts."""
        return self.sources.amount(subject, name, period)

    def of_parts(self, subject: Subject, name: str, period: Period) -> Amount:
        """What the parts of a unit, right below it, have of an item."""
        makers = [each for each in self.boundary.parts(subject.code) if self.knows(each.code, name)]
        return summed(name, stated_item(name).unit, [self.amount(each.code, name, period) for each in makers])

    def parted(self, code: str, name: str, period: Period, apart: Mapping[str, str]) -> list[tuple[str, Amount]]:
        """A group's amount with some of its units' taken out of it: (what a unit's part is called, its amount) for the
        units that `figures.unit_factors` calls so, then ("", the rest). In one piece where none of these has a
        value."""
        group = self.registry.subjects[code]
        units = [unit for unit in self.boundary.units(code) if self._counts(unit)]
        parts = [(unit, part) for unit in units if not (part := self.amount(unit.code, name, period)).is_idle]
        taken = [(apart[unit.code], part) for unit, part in parts if unit.code in apart and part.has_value]
        if not taken:
            return [("", self.amount(code, name, period))]
        rest = [(unit, part) for unit, part in parts if unit.code not in apart or not part.has_value]
        if not rest:
            return taken
        return [*taken, ("", _titled(group, self._covered(group, name, period, rest)))]

    # ---- groups ----

    def _group(self, group: Subject, name: str, period: Period) -> Amount:
        own = self.sources.amount(group, name, period)
        units = [unit for unit in self.boundary.units(group.code) if self._counts(unit)]
        parts = [(unit, self.amount(unit.code, name, period)) for unit in units]
        parts = [(unit, part) for unit, part in parts if not part.is_idle]
        if not parts:
            return own
        total = self._covered(group, name, period, parts)
        total = without_second_use(total, self.statements, self.flows, (unit for unit, _ in parts), period)
        if total.has_value or own.is_idle:
            return self.held_beside(group, name, period, (total, own, _OWN))
        return own

    def _counts(self, unit: Subject) -> bool:
        return unit.kind != "outlet" or self.boundary.works_of(unit) is None

    def _covered(self, group: Subject, name: str, period: Period, parts: Sequence[Named]) -> Amount:
        """The sum over units, with one sentence that names who is absent and how much of what was due has come."""
        total = summed(name, parts[0][1].figure.unit, [part for _, part in parts])
        lacking = [(unit, part) for unit, part in parts if part.figure.status in ("missing", "partial")]
        if not lacking:
            return total
        share, weight = share_of(total), self._weight(name, period, parts)
        trace = {
            "coverage_units": f"{len(parts) - len(lacking)}/{len(parts)}",
            "coverage_number": f"{share:.4f}",
            "coverage_weight": "" if weight is None else f"{weight:.4f}",
        }
        sentence = said_incomplete(group, name, period, parts, (share, weight))
        figure = replace(total.figure, missing=(sentence,), trace={k: v for k, v in trace.items() if v})
        return total._replace(figure=figure)

    def _weight(self, name: str, period: Period, parts: Sequence[Named]) -> Decimal | None:
        """The share of what was due that came, each unit weighing what it had a year earlier."""
        before = period.previous_year()
        weights = [(abs(self.amount(unit.code, name, before).exact or Decimal(0)), part) for unit, part in parts]
        whole = sum((weight for weight, _ in weights), Decimal(0))
        return sum((weight * share_of(part) for weight, part in weights), Decimal(0)) / whole if whole else None

    # ---- emissions ----

    def _emission(self, subject: Subject, name: str, period: Period) -> Amount:
        own = self.sources.amount(subject, name, period)
        if subject.kind == "outlet":
            return self._outlet(subject, own)
        outlets = [self.amount(each.code, name, period) for each in self.boundary.outlets(subject.code, to_works=False)]
        total = summed(name, item(name).unit, outlets)
        if total.is_idle and own.is_idle:
            parts = [self.amount(each.code, name, period) for each in self.boundary.parts(subject.code)]
            total = summed(name, item(name).unit, parts)
        if self.boundary.sends_all_to_works(subject.code, name):
            chosen = total if not total.is_idle else idle(name, total.figure.unit)
        elif total.has_value or own.is_idle:
            chosen = beside(total, own, _OWN)
        else:
            chosen = own
        return self._with_sewer(subject, name, period, chosen)

    def _outlet(self, outlet: Subject, own: Amount) -> Amount:
        works = self.boundary.works_of(outlet)
        if works is None or not own.has_value:
            return own
        remark = Text(
            f"纳管量：排入园区内的{works.name}（{works.code}），不计入园区排放。",
            f"goes to {works.name_en or works.name} ({works.code}) inside the park: not part of the park's emission.",
        )
        return own._replace(figure=replace(own.figure, remarks=(*own.figure.remarks, remark)))

    def to_works(self, code: str, name: str, period: Period) -> Amount:
        """What a subject sends to works inside the park (纳管量): shown for it, never part of its emission."""
        subject = self.registry.subjects[code]
        outlets = self.boundary.outlets(code, to_works=True)
        parts = [self.amount(each.code, name, period) for each in outlets]
        total = summed(f"{name}{TO_WORKS}", item(name).unit, parts)
        if total.has_value or subject.kind in GROUPS or not self.boundary.sends_all_to_works(code, name):
            return _titled(subject, total)
        own = self.sources.amount(subject, name, period)
        return own._replace(figure=replace(own.figure, key=f"{name}{TO_WORKS}"))

    def _with_sewer(self, subject: Subject, name: str, period: Period, chosen: Amount) -> Amount:
        """Name the 纳管量 beside the emission; where all goes to a works, nothing of its own is left to state."""
        if not self.boundary.outlets(subject.code, to_works=True):
            return chosen
        sewer = self.to_works(subject.code, name, period)
        if sewer.exact is None:
            return chosen
        unit, value, label = sewer.figure.unit, f"{sewer.exact:.6g}", item(name).name
        note = Text(
            f"另有纳管量 {value} {unit}{label.zh}排入园区内污水厂，不计入排放量，见{label.zh}纳管量。",
            f"another {value} {unit} of {label.en} goes to a works inside the park and is no emission "
            f"(see {label.en} sent to works).",
        )
        figure = chosen.figure
        if figure.status == "not_applicable":
            return chosen._replace(figure=replace(figure, missing=(note,)))
        return chosen._replace(figure=replace(figure, remarks=(*figure.remarks, note)))


def _first(said: list[Text]) -> tuple[Text, ...]:
    """The first of many sentences, and how many more there are."""
    more = len(said) - MOST_SAID
    if more <= 0:
        return tuple(said)
    rest = Text(f"另有 {more} 条，见 xietong quality。", f"and {more} more, see xietong quality.")
    return (*said[:MOST_SAID], rest)


@cache
def _never(name: str) -> Amount:
    """What was never due of an item, the same for everyone."""
    return idle(name, stated_item(name).unit)


def _is_item(name: str) -> bool:
    try:
        stated_item(name)
    except UnknownItemError:
        return False
    return True


def _titled(subject: Subject, part: Amount) -> Amount:
    title = Text(subject.name, subject.name_en or subject.name)
    trace = {**part.figure.trace, "subject": subject.code}
    if part.figure.status == "partial" and "coverage_number" not in trace:
        trace["coverage_number"] = f"{share_of(part):.4f}"
    return told(part, title, trace)
