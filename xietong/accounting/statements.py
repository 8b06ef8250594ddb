"""Reported amounts: which revision and which method counts, and how monthly and yearly statements cover a period.

Lines of one item (its kinds, uses and counterparties) add up; several methods for one line are alternatives, of which
the best counts. Figures are made here; what was due and what meters say is decided in `sources`.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache, lru_cache
from typing import NamedTuple

from xietong.accounting.amounts import Amount
from xietong.accounting.stocks import Balance, Stocks, has_stocks, with_stocks_of
from xietong.calc.figures import Figure, Status
from xietong.calc.items import ANY, Item, UnknownItemError, all_items, item, to_canonical, unit_kept
from xietong.park.nouns import ReportedAmount
from xietong.periods import Period
from xietong.texts import Text
from xietong.units import UnitError

# The best first: a settlement bill, an instrument's total, a person's statement, what was derived, what was guessed.
METHODS: tuple[str, ...] = ("bill", "auto", "manual", "", "balance", "coefficient", "estimate")
DERIVED = frozenset({"balance", "coefficient", "estimate"})
METHOD_NAMES: Mapping[str, Text] = {
    "bill": Text("结算账单", "settlement bill"),
    "auto": Text("自动监测填报", "automatic data, reported"),
    "manual": Text("手工监测填报", "manual monitoring, reported"),
    "": Text("填报", "reported"),
    "balance": Text("物料衡算", "material balance"),
    "coefficient": Text("产排污系数", "emission coefficient"),
    "estimate": Text("估算", "estimate"),
}
_ESTIMATED = frozenset({"estimate"})
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
    base = name.partition(":")[0]
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


@cache
def stated_item(name: str) -> Item:
    """The item behind such a name; raises UnknownItemError."""
    return item(name.partition("#")[0])


@lru_cache(maxsize=1024)
def spans_of(period: Period) -> tuple[Period, ...]:
    """The months of a period, else the period itself."""
    return tuple(period.months()) or (period,)


def in_force(reported: Iterable[ReportedAmount]) -> dict[tuple[str, str], tuple[ReportedAmount, ...]]:
    """The statements that count, by subject and base item: the latest revision, then the best method of each line.

    Where an item is stated both without a kind and by kind for one period, the statement without a kind is the total.
    """
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
    best |= {key: with_stocks_of(best[key], row) for key, row in stocked.items()}
    return _by_item(best.values())


def _rank(method: str) -> int:
    return METHODS.index(method) if method in METHODS else METHODS.index("")


def _by_item(rows: Iterable[ReportedAmount]) -> dict[tuple[str, str], tuple[ReportedAmount, ...]]:
    grouped: dict[tuple[str, str], list[ReportedAmount]] = defaultdict(list)
    for row in rows:
        for name in names_of(row):
            grouped[row.subject, name].append(row)
    found = {}
    for key, group in grouped.items():
        totals = {row.period for row in group if ":" not in row.item}
        kept = [row for row in group if ":" not in row.item or row.period not in totals]
        found[key] = tuple(sorted(kept, key=lambda row: (row.period, row.item, row.use, row.counterparty)))
    return found


class Statements:
    """The statements of one registry that count, by subject and item and in order of time; each made a figure once."""

    def __init__(self, reported: Iterable[ReportedAmount], before: "Statements | None" = None) -> None:
        self._reported = _by_subject(reported)
        self._rows = self._in_force(before)
        self._stocks = Stocks(self._rows)
        self._leaves: dict[int, Amount] = {}

    def _in_force(self, before: "Statements | None") -> dict[tuple[str, str], tuple[ReportedAmount, ...]]:
        """What counts; of subjects that reported just what they had reported before, what counted then."""
        known = {} if before is None else before._reported
        same = {code for code, rows in self._reported.items() if known.get(code) == rows}
        changed = (row for code, rows in self._reported.items() if code not in same for row in rows)
        kept = {} if before is None else {key: rows for key, rows in before._rows.items() if key[0] in same}
        return kept | in_force(changed)

    @property
    def pairs(self) -> Iterable[tuple[str, str]]:
        """Every subject and item that is stated."""
        return self._rows.keys()

    def of(self, subject: str, name: str) -> tuple[ReportedAmount, ...]:
        """All that a subject ever stated of an item."""
        return self._rows.get((subject, name), ())

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


def leaf(row: ReportedAmount, balance: Balance | None = None, remarks: tuple[Text, ...] = ()) -> Amount:
    """One statement as a figure in the item's canonical unit, its trace leading to the entry and row it came from.

    A product counted in pieces or measured by volume keeps its own unit. balance: what its stocks make of the amount.
    """
    source = METHOD_NAMES.get(row.method, METHOD_NAMES[""])
    trace = _trace(row)
    exact, unit, reason = _canonical(row)
    if balance is not None and reason is None:
        exact, reason = balance.exact, balance.reason
    status: Status = "missing" if exact is None else "estimated" if row.method in _ESTIMATED else "ok"
    figure = Figure(
        row.item,
        None if exact is None else float(exact),
        unit,
        status,
        title=_title(row),
        missing=() if reason is None else (reason,),
        formula="" if balance is None else balance.formula,
        inputs=() if balance is None else balance.terms,
        source=f"{source.zh} {source.en}" + (f" · {row.note}" if row.note else ""),
        trace=trace,
        remarks=((_below(row),) if row.amount is None else ()) + remarks,
    )
    due = months(row.period)
    return Amount(figure, exact, due, Decimal(0) if exact is None else Decimal(due))


def _trace(row: ReportedAmount) -> dict[str, str]:
    """Where the statement came from and what it said, without what it did not say."""
    said = {
        "subject": row.subject,
        "item": row.item,
        "period": row.period.label,
        "entry": row.entry,
        "row": str(row.row),
        "amount": "" if row.amount is None else f"{row.amount.normalize():f}",
        "unit": row.unit,
        "use": row.use,
        "counterparty": row.counterparty,
        "recorded_at": _moment(row.recorded_at),
    }
    return {name: text for name, text in said.items() if text}


@lru_cache(maxsize=1024)
def _moment(at: datetime) -> str:
    """Many rows are recorded at one moment."""
    return at.isoformat()


def _canonical(row: ReportedAmount) -> tuple[Decimal | None, str, Text | None]:
    """The amount in the unit it is kept in, that unit, and why there is none."""
    try:
        stated = stated_item(row.item)
        exact = Decimal(0) if row.amount is None else to_canonical(stated, row.amount, row.unit)
        return exact, unit_kept(stated, row.unit), None
    except (UnitError, UnknownItemError) as error:
        where = Text(f"{row.subject} {row.period} 的 {row.item}：", f"{row.item} of {row.subject} for {row.period}: ")
        return None, row.unit, Text(where.zh + error.text.zh, where.en + error.text.en)


def unit_stated(rows: Iterable[ReportedAmount], name: str) -> str:
    """The unit in which amounts of that name are kept here: for a product the one it is stated in."""
    for row in rows:
        _, unit, reason = _canonical(row)
        if reason is None:
            return unit
    return stated_item(name).unit


def months(period: Period) -> int:
    """How many months of due data a span stands for, at least one."""
    return max(1, period.month_count)


def _title(row: ReportedAmount) -> Text:
    parts = [row.period.label, *(part for part in (row.use, row.counterparty) if part)]
    return Text(" · ".join(parts), " · ".join(parts))


def _below(row: ReportedAmount) -> Text:
    limit = f"（<{row.below.normalize():f} {row.unit}）" if row.below else ""
    return Text(
        f"低于检出限{limit}，在总量中按零计。",
        f"below detection{limit.replace('（', ' (').replace('）', ')')}: counted as zero in amounts.",
    )


def days_of(rows: Iterable[ReportedAmount], month: Period) -> tuple[int, int]:
    """Days of a month that statements of single days cover, and its days."""
    covered = {
        row.period.start + timedelta(days=day)
        for row in rows
        for day in range((row.period.end - row.period.start).days)
    }
    return len(covered), (month.end - month.start).days
