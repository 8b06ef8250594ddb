"""Reported amounts due against received: for every enterprise and month of a year which items were due and which came.

Pure: the registry and a park day come in. An item is due once the span that is usually stated of it has ended;
one that another kind of it stands in for is not.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from xietong.accounting.sources.due import DueList
from xietong.accounting.sources.statements import Statements, base_of
from xietong.park.nouns import Registry, ReportedAmount
from xietong.periods import Period
from xietong.web.months.deadlines import covered

_LENGTHS: Mapping[str, int] = {"month": 1, "quarter": 3, "half_year": 6, "year": 12}
_NEVER = frozenset({"never", "none", "无"})


@dataclass(frozen=True, slots=True)
class MonthCell:
    """One enterprise's month: items due and stated, the names of those that are not, how many are estimates."""

    month: Period
    due: int
    stated: int
    lacking: tuple[tuple[str, str], ...]
    estimated: int


Stated = Mapping[tuple[str, str], list[ReportedAmount]]


def reported_months(registry: Registry, year: int, today: date) -> dict[str, tuple[MonthCell, ...]]:
    """Subject that reports → its twelve months; a subject of which nothing was due in the year is left out."""
    stated: dict[tuple[str, str], list[ReportedAmount]] = defaultdict(list)
    whole = Period.year(year)
    near = [row for row in registry.reported if _touches(row, Period(whole.previous_year().start, whole.end))]
    for row in near:
        stated[row.subject, base_of(row.item)].append(row)
    dues = DueList(registry, Statements(near))
    months = tuple(whole.months())
    ends = {length: {month: _ends(month, length) for month in months} for length in _LENGTHS.values()}
    found: dict[str, list[tuple[str, tuple[Period, ...]]]] = defaultdict(list)
    for (subject, item), length in sorted(_owing(registry, stated).items()):
        if subject in registry.subjects:
            due = dues.months(subject, item, whole, months)
            found[subject].append((item, tuple(month for month in due if ends[length][month] <= today)))
    return {
        subject: tuple(_cell(subject, month, owed, stated) for month in months)
        for subject, owed in found.items()
        if any(months for _, months in owed)
    }


def _owing(registry: Registry, stated: Stated) -> dict[tuple[str, str], int]:
    """What is to be reported, with the months that one statement of it usually covers: by the due list where the park
    keeps one, else by what was stated lately."""
    if registry.expected:
        return {
            (each.subject, base_of(each.item)): _LENGTHS.get(each.frequency, 1)
            for each in registry.expected
            if each.frequency not in _NEVER
        }
    return {key: _usual(min(row.period.month_count for row in rows)) for key, rows in stated.items()}


def _usual(months: int) -> int:
    """The usual span of reporting that so many months fill."""
    return max(length for length in _LENGTHS.values() if length <= max(1, months))


def _touches(row: ReportedAmount, span: Period) -> bool:
    return row.period.start < span.end and row.period.end > span.start


def _ends(month: Period, length: int) -> date:
    """The day after the span of that length in which the month lies."""
    last = -(-month.start.month // length) * length
    return Period.month(month.start.year, last).end.date()


def _cell(subject: str, month: Period, owed: list[tuple[str, tuple[Period, ...]]], stated: Stated) -> MonthCell:
    due = [item for item, months in owed if month in months]
    came = {item: list(_of_month(stated.get((subject, item), []), month)) for item in due}
    lacking = tuple((subject, item) for item in due if not covered(month, {row.period for row in came[item]}))
    estimated = sum(1 for item in due if came[item] and all(row.method == "estimate" for row in came[item]))
    return MonthCell(month, len(due), len(due) - len(lacking), lacking, estimated)


def _of_month(rows: list[ReportedAmount], month: Period) -> Iterator[ReportedAmount]:
    return (row for row in rows if _touches(row, month))


def gathered(months: Mapping[str, tuple[MonthCell, ...]], whose: Mapping[str, str]) -> dict[str, tuple[MonthCell, ...]]:
    """The subjects' months summed under those they belong to; whose: subject → enterprise."""
    found: dict[str, tuple[MonthCell, ...]] = {}
    for subject, cells in months.items():
        owner = whose[subject]
        found[owner] = tuple(map(_both, found[owner], cells)) if owner in found else cells
    return found


def _both(one: MonthCell, other: MonthCell) -> MonthCell:
    return MonthCell(
        one.month,
        one.due + other.due,
        one.stated + other.stated,
        one.lacking + other.lacking,
        one.estimated + other.estimated,
    )
