"""Reported amounts: which revision and which method counts, and how monthly and yearly statements cover a period.

Lines of one item (its kinds, uses and counterparties) add up; several methods for one line are alternatives, of which
the best counts. Figures are made in `statement_figures`; what was due and what meters say is decided in `precedence`.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from xietong.accounting.amounts import Amount
from xietong.accounting.sources.grains import Beside, settled, without_kinds_twice
from xietong.accounting.sources.restated import BURNT, without_restated
from xietong.accounting.sources.statement_figures import canonical, leaf, name_stated
from xietong.accounting.sources.stocks import Stocks, has_stocks, with_stocks_of
from xietong.calc.items import ANY, all_items
from xietong.calc.keys import group_of
from xietong.park.nouns import ReportedAmount
from xietong.park.registry.presence import Here, said_outside
from xietong.periods import Period

# The best first: a settlement bill, an instrument's total, a person's statement, what was derived, what was guessed.
METHODS: tuple[str, ...] = ("bill", "auto", "manual", "", "balance", "coefficient", "estimate")
DERIVED = frozenset({"balance", "coefficient", "estimate"})
# Uses of a fuel that are no consumption of production: raw material, what was passed on, and households.
APART = frozenset({"feedstock", "export", "living"})
CONVERSION = "conversion"


class Line(NamedTuple):
    """One line of an item: lines add up."""

    item: str
    use: str
    counterparty: str


class Cover(NamedTuple):
    """How statements cover a period: those that count, and the spans that none of them reaches."""

    chosen: tuple[ReportedAmount, ...]
    gaps: tuple[Period, ...]


def base_of(name: str) -> str:
    """The item without its kind (`solid_waste_generated:fly_ash` → `solid_waste_generated`).

    Items that the engine takes by kind (products, steam by grade, reagents) keep it: their kinds are never summed.
    """
    base = group_of(name)
    known = all_items().get(base)
    return name if known is not None and known.part in (ANY, "steam") else base


def names_of(row: ReportedAmount) -> tuple[str, ...]:
    """The names a statement is summed under: its base item; a fuel that is not burnt in production under "item#use"
    instead, and one that goes into conversion under "item#conversion" as well."""
    base = base_of(row.item)
    known = all_items().get(base)
    if known is None or known.carrier != "fuel" or row.use not in (*APART, CONVERSION):
        return (base,)
    return (f"{base}#{row.use}",) if row.use in APART else (base, f"{base}#{CONVERSION}")


@lru_cache(maxsize=1024)
def spans_of(period: Period) -> tuple[Period, ...]:
    """The months of a period, else the period itself."""
    return tuple(period.months()) or (period,)


Named = tuple[str, str]


class InForce(NamedTuple):
    """By subject and item: the statements that count, and those that stand beside them."""

    rows: dict[Named, tuple[ReportedAmount, ...]]
    beside: dict[Named, tuple[Beside, ...]]


def in_force(reported: Iterable[ReportedAmount], prefer_whole: bool = False) -> InForce:
    """The statements that count: the latest revision, then the best method of each line and period, then of what is
    stated at several grains the one that counts (`grains`), then of kinds and their total."""
    by_subject: dict[str, list[ReportedAmount]] = defaultdict(list)
    asides: list[Beside] = []
    for own in _lines(reported):
        found = settled(own, measure, prefer_whole)
        by_subject[own[0].subject] += found.rows
        asides += found.beside
    rows: list[ReportedAmount] = []
    for theirs in by_subject.values():
        found = without_restated(theirs, measure)
        rows += found.rows
        asides += found.beside
    beside: dict[Named, list[Beside]] = defaultdict(list)
    for aside in asides:
        for name in names_of(aside.row):
            beside[aside.row.subject, name].append(aside)
    return _by_item(rows, beside)


def _lines(reported: Iterable[ReportedAmount]) -> Iterator[list[ReportedAmount]]:
    """The statements line by line; burnt with or without the word is one line, but where both stand for one period."""
    lines: dict[tuple[str, Line], list[ReportedAmount]] = defaultdict(list)
    for (subject, _, line), row in _best(reported).items():
        use = "" if line.use in BURNT else line.use
        lines[subject, line._replace(use=use)].append(row)
    for rows in lines.values():
        if len({row.period for row in rows}) == len(rows):
            yield rows
            continue
        for use in dict.fromkeys(row.use for row in rows):
            yield [row for row in rows if row.use == use]


def measure(row: ReportedAmount) -> Decimal | None:
    """A statement's amount in the unit of its item; None where that cannot be said."""
    exact, _, reason = canonical(row)
    return None if reason is not None else exact


def _best(reported: Iterable[ReportedAmount]) -> dict[tuple[str, Period, Line], ReportedAmount]:
    """Of each line and period the latest revision by the best method."""
    latest: dict[tuple[str, Period, Line, str], ReportedAmount] = {}
    for row in reported:
        slot = (row.subject, row.period, Line(row.item, row.use, row.counterparty), row.method)
        known = latest.get(slot)
        if known is None or (row.recorded_at, row.row) >= (known.recorded_at, known.row):
            latest[slot] = row
    best: dict[tuple[str, Period, Line], ReportedAmount] = {}
    stocked: dict[tuple[str, Period, Line], ReportedAmount] = {}
    for (subject, period, line, _), row in latest.items():
        known = best.get((subject, period, line))
        if known is None or _rank(row.method) < _rank(known.method):
            best[subject, period, line] = row
        if has_stocks(row):
            stocked[subject, period, line] = row
    return best | {key: with_stocks_of(best[key], row) for key, row in stocked.items()}


def _rank(method: str) -> int:
    return METHODS.index(method) if method in METHODS else METHODS.index("")


def _by_item(rows: Iterable[ReportedAmount], beside: dict[Named, list[Beside]]) -> InForce:
    grouped: dict[Named, list[ReportedAmount]] = defaultdict(list)
    for row in rows:
        for name in names_of(row):
            grouped[row.subject, name].append(row)
    found = {}
    for key, group in grouped.items():
        kept = without_kinds_twice(group, measure)
        if kept.beside:
            beside[key] += kept.beside
        found[key] = tuple(sorted(kept.rows, key=lambda row: (row.period, row.item, row.use, row.counterparty)))
    return InForce(found, {key: tuple(asides) for key, asides in beside.items()})


class Statements:
    """The statements of one registry that count, by subject and item and in order of time; each made a figure once.

    here: when subjects were in the park, of those that were not always (`park.registry.presence`); prefer_whole: see
    `grains`.
    """

    def __init__(
        self,
        reported: Iterable[ReportedAmount],
        before: "Statements | None" = None,
        here: Mapping[str, Here] | None = None,
        prefer_whole: bool = False,
    ) -> None:
        self._reported = _by_subject(reported)
        self._here, self._prefer_whole = here or {}, prefer_whole
        self._rows, self._beside = self._in_force(before)
        self._stocks = Stocks(self._rows)
        self._leaves: dict[int, Amount] = {}

    def _in_force(self, before: "Statements | None") -> InForce:
        """What counts; of subjects that reported just what they had reported before, what counted then."""
        known = {} if before is None or before._prefer_whole != self._prefer_whole else before._reported
        same = {code for code, rows in self._reported.items() if known.get(code) == rows}
        if before is not None:
            same = {code for code in same if before._here.get(code) == self._here.get(code)}
        changed = [row for code, rows in self._reported.items() if code not in same for row in rows]
        gone = [aside for row in changed if (aside := self._outside(row)) is not None]
        found = in_force((row for row in changed if self._outside(row) is None), self._prefer_whole)
        beside = dict(found.beside)
        for aside in gone:
            for name in names_of(aside.row):
                beside[aside.row.subject, name] = (*beside.get((aside.row.subject, name), ()), aside)
        if before is None:
            return InForce(found.rows, beside)
        kept = {key: rows for key, rows in before._rows.items() if key[0] in same}
        kept_beside = {key: asides for key, asides in before._beside.items() if key[0] in same}
        return InForce(kept | found.rows, kept_beside | beside)

    def _outside(self, row: ReportedAmount) -> Beside | None:
        """A statement for times at which its subject was not here, with the sentence."""
        here = self._here.get(row.subject)
        if here is None or here.presence.admits(row.period):
            return None
        return Beside(
            row, measure(row), None, said_outside(row, here.subject, here.presence, name_stated(row.item)), True
        )

    @property
    def pairs(self) -> Iterable[Named]:
        """Every subject and item that is stated, also where what was stated does not count."""
        return {**self._rows, **self._beside}.keys() if self._beside else self._rows.keys()

    def of(self, subject: str, name: str) -> tuple[ReportedAmount, ...]:
        """All that a subject ever stated of an item."""
        return self._rows.get((subject, name), ())

    def beside(self, subject: str, name: str) -> tuple[Beside, ...]:
        """What a subject stated of an item and does not count, with what is to be said of it."""
        return self._beside.get((subject, name), ())

    @property
    def has_beside(self) -> bool:
        """Whether anything stands beside what counts."""
        return bool(self._beside)

    def all_beside(self) -> Iterable[tuple[Named, tuple[Beside, ...]]]:
        """Everything that stands beside what counts, by subject and item."""
        return self._beside.items()

    def within(self, subject: str, name: str, period: Period) -> list[ReportedAmount]:
        """What it stated for the period or for parts of it."""
        rows = self.of(subject, name)
        first = bisect_left(rows, period.start, key=_start)
        last = bisect_left(rows, period.end, first, key=_start)
        return [row for row in rows[first:last] if row.period.end <= period.end]

    def leaf(self, row: ReportedAmount) -> Amount:
        """The figure of a statement, made once; the statements live as long as this object, so their ids are theirs."""
        if id(row) not in self._leaves:
            self._leaves[id(row)] = leaf(row, self._stocks.balance(row), self._stocks.remarks(row))
        return self._leaves[id(row)]


def _by_subject(reported: Iterable[ReportedAmount]) -> dict[str, list[ReportedAmount]]:
    grouped: dict[str, list[ReportedAmount]] = defaultdict(list)
    for row in reported:
        grouped[row.subject].append(row)
    return grouped


def _start(row: ReportedAmount) -> datetime:
    return row.period.start


def cover(rows: Iterable[ReportedAmount], period: Period) -> Cover:
    """Choose the statements that make up a period: its own one, else the longest that fit and do not overlap."""
    listed = tuple(rows)
    if len(listed) == 1 and listed[0].period == period:
        return Cover(listed, ())
    lines: dict[Line, list[ReportedAmount]] = defaultdict(list)
    for row in listed:
        if period.contains(row.period):
            lines[Line(row.item, row.use, row.counterparty)].append(row)
    chosen: list[ReportedAmount] = []
    for own in lines.values():
        taken: list[ReportedAmount] = []
        for row in sorted(own, key=lambda row: (row.period.start - row.period.end, row.period.start)):
            if not any(row.period.start < other.period.end and other.period.start < row.period.end for other in taken):
                taken.append(row)
        chosen += taken
    chosen.sort(key=lambda row: (row.period, row.item, row.use, row.counterparty))
    return Cover(tuple(chosen), _gaps(chosen, period))


def _gaps(chosen: list[ReportedAmount], period: Period) -> tuple[Period, ...]:
    """The months (or the whole period, where it has none) that no chosen statement covers to the last day."""
    spans = sorted({(row.period.start, row.period.end) for row in chosen})
    return tuple(month for month in spans_of(period) if not _covered(month, spans))


def _covered(month: Period, spans: list[tuple[datetime, datetime]]) -> bool:
    reached = month.start
    for start, end in spans:
        if start <= reached:
            reached = max(reached, end)
    return reached >= month.end


def inside(rows: Iterable[ReportedAmount], month: Period) -> tuple[ReportedAmount, ...]:
    """The statements of parts of a month, such as single days."""
    return tuple(row for row in rows if month.contains(row.period) and row.period != month)


def days_of(rows: Iterable[ReportedAmount], month: Period) -> tuple[int, int]:
    """Days of a month that statements of single days cover, and its days."""
    covered = {
        row.period.start + timedelta(days=day)
        for row in rows
        for day in range((row.period.end - row.period.start).days)
    }
    return len(covered), (month.end - month.start).days
