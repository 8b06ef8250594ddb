"""A utility's monthly list by account number 户号 becomes statements of subjects, by the accounts of accounts.csv.

A subject may have several accounts: their lines are one statement, which only counts when every account is on the list,
for part of a month's bills would pass for the whole. Rows in, rows and rejections out; nothing is kept here.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path

from xietong.park.fields import plain
from xietong.park.nouns import Account, Registry
from xietong.park.package.cells import CellError, decimal, tidy
from xietong.park.package.mapping import ACCOUNT
from xietong.park.package.sheets import Rejection, Row
from xietong.periods import Period

SHIPPED = Path(__file__).parent / "mappings"
MONTH = re.compile(r"(?P<year>20\d\d)[-/.年]?(?P<month>0?[1-9]|1[0-2])(月|[-/]01(T00:00:00)?)?")
Month = tuple[str, str]


def shipped(name: str) -> Path | None:
    """The mapping that comes with the platform under a name such as `electricity`, if there is one."""
    path = SHIPPED / f"{name}.toml"
    return path if name.isalpha() and path.is_file() else None


def by_subject(rows: Sequence[Row], utility: str, park: Registry) -> tuple[list[Row], list[Rejection]]:
    """The list's lines as rows of reported amounts, one a subject and month, and what could not be placed."""
    taken: dict[Month, dict[str, Row]] = defaultdict(dict)
    refused: list[Rejection] = []
    for row in rows:
        try:
            month, account = _month(row), _account(row, utility, park)
            _add(taken[account.subject, month], account.number, row)
        except _Unplaced as error:
            refused.append(row.reject(error.column, error.rule, error.text.zh, error.text.en))
    kept = []
    for (subject, month), lines in taken.items():
        lacking = _lacking(subject, month, lines, utility, park)
        if lacking:
            refused.append(_incomplete(next(iter(lines.values())), subject, lacking))
        elif lines:
            kept.append(_statement(subject, month, lines))
    return kept, refused


class _Unplaced(CellError):
    """A line whose account or month says nothing."""

    def __init__(self, column: str, rule: str, zh: str, en: str) -> None:
        super().__init__(rule, zh, en)
        self.column = column


def _month(row: Row) -> str:
    found = MONTH.fullmatch(tidy(row.cells.get("period", "")))
    if found is None:
        raise _Unplaced(
            "period",
            "period",
            "不是月份，不知是哪个月的账单；请写成 202503、2025-03 或 2025年3月",
            "it is no month, so nobody knows which month was billed; write 202503, 2025-03 or 2025年3月",
        )
    return f"{found['year']}-{int(found['month']):02d}"


def _in_force(account: Account, month: str) -> bool:
    span = Period.parse(month)
    begun = account.since is None or account.since < span.end.date()
    return begun and (account.until is None or account.until > span.start.date())


def _account(row: Row, utility: str, park: Registry) -> Account:
    """The account of that number in that month; a workbook that took the leading zeros off is understood."""
    number, month = tidy(row.cells.get(ACCOUNT, "")), _month(row)
    held = [each for each in park.accounts if each.utility == utility and _in_force(each, month)]
    found = [each for each in held if each.number == number]
    found = found or [each for each in held if number and each.number.lstrip("0") == number.lstrip("0")]
    if len(found) == 1:
        return found[0]
    raise _Unplaced(
        ACCOUNT,
        "unknown_account",
        "accounts.csv 里没有这个户号（或当月不在用、归属不唯一），不知是谁的，这一行没有入账；请先登记户号和主体",
        "accounts.csv has no such account in that month, or it is not one subject's alone, so the line was left out; "
        "enter the account with its subject first",
    )


def _add(lines: dict[str, Row], number: str, row: Row) -> None:
    if number in lines:
        raise _Unplaced(
            ACCOUNT,
            "duplicate",
            f"与第 {lines[number].number} 行是同一户号同一月份，只用了那一行；请把同一户号的各行合并成一行",
            f"it is the same account and month as row {lines[number].number}, which was used; make one row of them",
        )
    lines[number] = row


def _lacking(subject: str, month: str, lines: Mapping[str, Row], utility: str, park: Registry) -> list[str]:
    due = (each for each in park.accounts if (each.utility, each.subject) == (utility, subject))
    return sorted(each.number for each in due if _in_force(each, month) and each.number not in lines)


def _incomplete(row: Row, subject: str, lacking: Iterable[str]) -> Rejection:
    names = "、".join(lacking), ", ".join(lacking)
    return row.reject(
        ACCOUNT,
        "missing_account",
        f"{subject} 的户号 {names[0]} 不在清单里，只加一部分会少算，没有入账；请补上，停用的在 accounts.csv 写 until",
        f"the accounts {names[1]} of {subject} are not on the list and a part would pass for all, so nothing of it was "
        "entered; add them, or give accounts no longer used an until in accounts.csv",
    )


def _statement(subject: str, month: str, lines: Mapping[str, Row]) -> Row:
    """One row for a subject's month: at the place of its first line, the sum of all, each account named in the note."""
    first = next(iter(lines.values()))
    told = "; ".join(f"{number}: {row.cells.get('amount', '')}" for number, row in lines.items())
    named = {name: text for name, text in first.cells.items() if name != ACCOUNT}
    cells = {**named, "subject": subject, "period": month, "note": f"户号 {told}"[:4000]}
    if len(lines) > 1:
        cells["amount"] = _sum(row.cells.get("amount", "") for row in lines.values())
    return Row(first.file, first.number, {}, cells)


def beside(rows: Iterable[Row], park: Registry) -> list[Rejection]:
    """Remarks on bills that add to what the subject itself stated with a counterparty, which is another line."""
    stated = {(row.subject, row.period.label, row.item) for row in park.reported if row.counterparty}
    return [
        row.reject(
            "subject",
            "stated_beside",
            "这个主体当月已有带对方名称的填报，账单会与它相加；若是同一笔，请把那一行的对方清空",
            "the subject stated this month with a counterparty, to which the bill is added; if it is the same, clear "
            "the counterparty of that row",
        )
        for row in rows
        if tuple(row.cells.get(name, "") for name in ("subject", "period", "item")) in stated
    ]


def _sum(cells: Iterable[str]) -> str:
    """The sum as text; where one of them is no number that text, which the rule of its column then refuses."""
    total = Decimal(0)
    for cell in cells:
        try:
            total += decimal(cell)
        except CellError:
            return cell
    return plain(total)
