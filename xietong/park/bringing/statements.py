"""The one rule set of what a subject states of a month, whichever door it comes in by: workbook, browser form or API
(docs/decisions/0025-one-rule-set-three-doors.md). Rows in, verdicts out; nothing is kept here.

The rules themselves are those of the package's cells and tables; statement_rules.csv names each with its clause.
"""

import csv
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import NamedTuple

from xietong.park.nouns import Registry, ReportedAmount
from xietong.park.package import rules
from xietong.park.package.cells import CellError
from xietong.park.package.schema import TABLES
from xietong.park.package.sheets import Rejection, Row, Sheet, rejection, take_row
from xietong.park.registry import snapshot
from xietong.periods import Period
from xietong.texts import Text

REPORTED = TABLES["reported"]
# Columns of our own workbook that are never read back, and the one that a workbook of errors has at its end.
UNREAD = frozenset({"name", "last", "problem"})
_NAMES = frozenset(column.name for column in REPORTED.columns)
_PLACE = frozenset({"subject", "period", *UNREAD})
_FACT = ("subject", "item", "method", "use", "counterparty")


class Rule(NamedTuple):
    """One rule that a statement may break: its name, the clause of the standard that asks for it, what it says."""

    rule: str
    clause: str
    text: Text


class Sender(NamedTuple):
    """Whose amounts the one who sends may state (None: anyone's), and when it was sent (UTC)."""

    own: Collection[str] | None
    at: datetime


@cache
def statement_rules() -> Mapping[str, Rule]:
    """The table of rules, by name."""
    with (Path(__file__).parents[1] / "package" / "statement_rules.csv").open(encoding="utf-8", newline="") as file:
        found = [Rule(row["rule"], row["clause"], Text(row["zh"], row["en"])) for row in csv.DictReader(file)]
    return {each.rule: each for each in found}


def clause_of(rule: str) -> str:
    """The clause that asks for a rule: data true, accurate, complete and traceable (6.1.4) unless the table says."""
    known = statement_rules().get(rule)
    return known.clause if known else "6.1.4"


def judged(rows: Sequence[Row], park: Registry, sender: Sender) -> Sheet:
    """The verdicts on rows of reported amounts: those that can be used with their values, rejections, remarks."""
    sheet = Sheet(remarks=list(_unknown_columns(rows)))
    for row in rows:
        take_row(REPORTED, sheet, row, park.zone)
    rules.judge(REPORTED, sheet, snapshot.known_codes())
    today = sender.at.astimezone(park.zone).replace(tzinfo=None)
    _leave_out(sheet, lambda row: _not_begun(row, today))
    if sender.own is not None:
        own = frozenset(sender.own)
        _leave_out(sheet, lambda row: _not_yours(row, own))
    sheet.rejected = [each._replace(clause=clause_of(each.rule)) for each in sheet.rejected]
    return sheet


def filled_in(rows: Iterable[Row], park: Registry) -> tuple[list[Row], list[Rejection]]:
    """The rows of a month in which somebody wrote something, and a remark for each line that was left empty."""
    kept, blank = [], []
    stated: set[tuple[str, ...]] | None = None
    for row in rows:
        if any(row.cells.get(name, "").strip() for name in ("amount", "closing")):
            kept.append(row)
        elif any(text.strip() for name, text in row.cells.items() if name not in _PLACE):
            stated = _facts(park.reported) if stated is None else stated
            blank.append(_left_empty(row, _fact(row) in stated))
    return kept, blank


def _fact(row: Row) -> tuple[str, ...]:
    return (*(row.cells.get(name, "").strip() for name in _FACT), row.cells.get("period", "").strip())


def _facts(reported: Iterable[ReportedAmount]) -> set[tuple[str, ...]]:
    return {(*(str(getattr(row, name)) for name in _FACT), row.period.label) for row in reported}


def _left_empty(row: Row, is_stated: bool) -> Rejection:
    item = row.cells.get("item", "")
    said = CellError(
        "not_filled",
        f"{item} 没有填，按缺失算，不按零算；请补填，为零请写 0",
        f"{item} was not filled in and counts as missing, not as zero; fill it in, or write 0",
    )
    if is_stated:
        said = CellError(
            "as_before",
            f"{item} 这次没有填，先前报的数照旧；要改请填新数",
            f"{item} was left empty, so what was stated before stays; fill in another amount to change it",
        )
    return rejection(row.file, row.number, "amount", "", said)


def _unknown_columns(rows: Sequence[Row]) -> Iterator[Rejection]:
    """Remarks: a column that nobody knows, once, where somebody wrote something in it."""
    told: set[str] = set()
    for row in rows:
        for name in row.cells.keys() - _NAMES - UNREAD - told:
            if row.cells[name].strip():
                told.add(name)
                yield row.reject(
                    name,
                    "unknown_column",
                    f"没有这一列，没有读入；可用的列是 {'、'.join(column.name for column in REPORTED.columns)}",
                    "there is no such column, so it was not read; the columns are "
                    f"{', '.join(column.name for column in REPORTED.columns)}",
                )


def _leave_out(sheet: Sheet, broken: Callable[[Row], Rejection | None]) -> None:
    problems = [(row, broken(row)) for row in sheet.rows]
    sheet.rows = [row for row, problem in problems if problem is None]
    sheet.rejected += [problem for _, problem in problems if problem is not None]


def _not_begun(row: Row, today: datetime) -> Rejection | None:
    if Period.parse(row.values["period"]).start <= today:
        return None
    return row.reject(
        "period",
        "not_begun",
        "这个期间还没有开始，不会已经有数；请核对年份和月份",
        "this period has not begun, so there cannot be an amount yet; check year and month",
    )


def _not_yours(row: Row, own: frozenset[str]) -> Rejection | None:
    if row.values["subject"] in own:
        return None
    return row.reject(
        "subject",
        "not_yours",
        "这个主体不由您填报，这一行没有入账；请只填自己的主体，或请园区开通",
        "you may not state amounts of this subject, so the row was left out; state your own, or ask the park for it",
    )
