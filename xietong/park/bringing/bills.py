"""A utility's monthly list by account number 户号 becomes statements of subjects, by the accounts of accounts.csv.

A subject may have several accounts: their lines are one statement, which only counts when every account is on the list,
for part of a month's bills would pass for the whole. Rows in, rows and rejections out; nothing is kept here.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from xietong.park.fields import plain
from xietong.park.nouns import Account, Registry
from xietong.park.package.cells import CellError, decimal, tidy
from xietong.park.package.mapping import ACCOUNT
from xietong.park.package.sheets import Rejection, Row
from xietong.periods import Period

SHIPPED = Path(__file__).parent / "mappings"
# With a dot the month has two digits: a spreadsheet makes 2025.1 of 2025.10.
MONTH = re.compile(
    r"(?P<year>20\d\d)(?:[-/年]?(?P<month>0?[1-9]|1[0-2])|\.(?P<full>0[1-9]|1[0-2]))(月份?|[-/]0?1([T ]00:00(:00)?)?)?"
)
TOTAL = re.compile(r"[合总小共]计.*|.*(合计|总计)|(sub)?total.*", re.IGNORECASE)
ROUNDED = re.compile(r"\d(\.\d+)?[eE]\+?\d+|\d+\.\d+")
Month = tuple[str, str]


def shipped(name: str) -> Path | None:
    """The mapping that comes with the platform under a name such as `electricity`, if there is one."""
    path = SHIPPED / f"{name}.toml"
    return path if name.isalpha() and path.is_file() else None


class Placed(NamedTuple):
    """A list's lines as rows of reported amounts, one a subject and month; what could not be placed; what is odd."""

    rows: list[Row]
    refused: list[Rejection]
    remarks: list[Rejection]


def by_subject(rows: Sequence[Row], utility: str, park: Registry) -> Placed:
    """The list's lines by whose they are; of a subject in doubt nothing is placed, for a part would pass for all."""
    book = _Book(utility, park)
    for row in rows:
        try:
            book.take(row)
        except _Unplaced as error:
            book.refused.append(row.reject(error.column, error.rule, error.text.zh, error.text.en))
    return Placed(list(book.statements()), book.refused, book.remarks)


class _Unplaced(CellError):
    """A line whose account or month says nothing."""

    def __init__(self, column: str, rule: str, zh: str, en: str) -> None:
        super().__init__(rule, zh, en)
        self.column = column


class _Book:
    """The lines taken so far: month of a subject → account → its lines; and of which months something is in doubt."""

    def __init__(self, utility: str, park: Registry) -> None:
        self.utility, self.park = utility, park
        self.taken: dict[Month, dict[str, list[Row]]] = defaultdict(lambda: defaultdict(list))
        self.doubtful: set[Month] = set()
        self.refused: list[Rejection] = []
        self.remarks: list[Rejection] = []
        self._above: Month | None = None
        self._sum = Decimal(0)

    def take(self, row: Row) -> None:
        """Place one line; raises _Unplaced where it cannot be."""
        number = _number(row.cells.get(ACCOUNT, ""))
        if TOTAL.fullmatch(number) or (not number and self._is_total(row)):
            self.remarks.append(self._total(row))
            return
        self._sum += _amount(row) or 0
        if not number and self._above is not None:
            self.doubtful.add(self._above)
        month = _month(row)
        account = _account(number, month, self.utility, self.park)
        self._above = (account.subject, month)
        self.taken[self._above][account.number].append(row)

    def _is_total(self, row: Row) -> bool:
        return bool(self.taken) and _amount(row) == self._sum

    def _total(self, row: Row) -> Rejection:
        if _amount(row) in (None, self._sum):
            return row.reject(
                ACCOUNT,
                "total_row",
                "这是合计行，与各户之和一致，没有读入；不必处理",
                "this is a line of totals, equal to the sum of the accounts, and was not read; nothing need be done",
            )
        return row.reject(
            "amount",
            "total_differs",
            f"这是合计行，没有读入，但它与各户之和 {plain(self._sum)} 不等，可能缺了行或有改动；请向供应商核对",
            f"this is a line of totals and was not read, but the accounts add up to {plain(self._sum)}, so a line may "
            "be missing or changed; check with the supplier",
        )

    def statements(self) -> Iterator[Row]:
        """One row for each subject and month of which every account is known."""
        for (subject, month), lines in self.taken.items():
            lacking = _lacking(subject, month, lines, self.utility, self.park)
            counted = [self._counted(rows) for rows in lines.values()]
            if lacking:
                self.refused.append(_incomplete(next(iter(lines.values()))[0], subject, lacking))
            elif (subject, month) not in self.doubtful and all(counted):
                placed = [(number, row) for number, rows in lines.items() for row in rows]
                yield _statement(subject, month, placed)

    def _counted(self, rows: Sequence[Row]) -> bool:
        """Whether the lines of one account and month add up: one amount, and credits against it."""
        owed = [row for row in rows if (_amount(row) or 0) > 0] or list(rows[:1])
        against = [row for row in rows if (_amount(row) or 0) < 0 and len(rows) > 1]
        self.remarks += [_credit(row) for row in against]
        self.refused += [_twice(row, owed[0]) for row in owed[1:]]
        return len(owed) == 1


def _credit(row: Row) -> Rejection:
    return row.reject(
        "amount",
        "adjusted",
        "同一户号同一月份有退补（负数），已与正数相加；请核对它冲减的是不是这个月",
        "the account has a credit (a negative line) in the month, which was added to the other; check that it is of "
        "this month",
    )


def _twice(row: Row, first: Row) -> Rejection:
    return row.reject(
        ACCOUNT,
        "duplicate",
        f"与第 {first.number} 行是同一户号同一月份，不知是分时、分表还是重复，这个主体当月没有入账；请合并成一行总量",
        f"it is the same account and month as row {first.number} and may be another tariff, another meter or a "
        "repetition, so nothing of the subject was entered; make one row of the total",
    )


def _number(cell: str) -> str:
    """An account number as it was before a spreadsheet got at it: no spaces, no mark that kept it a text."""
    text = tidy(cell)
    quoted = re.fullmatch(r'="?([^"]*)"?', text)
    return re.sub(r"\s+", "", quoted[1] if quoted else text).lstrip("'`")


def _amount(row: Row) -> Decimal | None:
    try:
        return decimal(row.cells.get("amount", ""))
    except CellError:
        return None


def _month(row: Row) -> str:
    found = MONTH.fullmatch(tidy(row.cells.get("period", "")))
    if found is None:
        raise _Unplaced(
            "period",
            "period",
            "不是月份，不知是哪个月的账单；请写成 202503、2025-03 或 2025年3月",
            "it is no month, so nobody knows which month was billed; write 202503, 2025-03 or 2025年3月",
        )
    return f"{found['year']}-{int(found['month'] or found['full']):02d}"


def _in_force(account: Account, month: str) -> bool:
    span = Period.parse(month)
    begun = account.since is None or account.since < span.end.date()
    return begun and (account.until is None or account.until > span.start.date())


def _account(number: str, month: str, utility: str, park: Registry) -> Account:
    """The account of that number in that month; a workbook that took the leading zeros off is understood."""
    if not number:
        raise _Unplaced(
            ACCOUNT,
            "required",
            "没有户号（合并单元格只有第一行有），不知是谁的，上一行的主体当月也没有入账；请取消合并、逐行填户号",
            "it has no account (of merged cells only the first row has one), so nobody knows whose it is, and the "
            "subject of the line above was left out too; unmerge the cells and fill in each",
        )
    if ROUNDED.fullmatch(number):
        raise _Unplaced(
            ACCOUNT,
            "digits_lost",
            "户号被表格软件写成了科学计数，后面的位数已经丢了，没有入账；请把这一列设成“文本”重新导出",
            "a spreadsheet wrote the account in powers of ten and its last digits are gone, so the line was left out; "
            "make the column text and export it again",
        )
    held = [each for each in park.accounts if each.utility == utility and _in_force(each, month)]
    found = [each for each in held if each.number == number]
    found = found or [each for each in held if each.number.lstrip("0") == number.lstrip("0")]
    if len({each.subject for each in found}) > 1:
        names = "、".join(each.subject for each in found), ", ".join(each.subject for each in found)
        raise _Unplaced(
            ACCOUNT,
            "shared_account",
            f"这个户号当月换了主体（{names[0]}），账单没有分开，没有入账；请按过户日的表底分成两笔，各自填报",
            f"the account went from one subject to another in the month ({names[1]}) and the bill is of both, so it "
            "was left out; part it by the register of that day and state each part by itself",
        )
    if found:
        return found[0]
    raise _Unplaced(
        ACCOUNT,
        "unknown_account",
        "accounts.csv 里没有这个户号（或当月不在用），不知是谁的，这一行没有入账；请先登记户号和主体",
        "accounts.csv has no such account in that month, so nobody knows whose it is and the line was left out; "
        "enter the account with its subject first",
    )


def _lacking(subject: str, month: str, lines: Collection[str], utility: str, park: Registry) -> list[str]:
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


def _statement(subject: str, month: str, lines: Sequence[tuple[str, Row]]) -> Row:
    """One row for a subject's month: at the place of its first line, the sum of all, each account named in the note."""
    first = lines[0][1]
    told = "; ".join(f"{number}: {row.cells.get('amount', '')}" for number, row in lines)
    named = {name: text for name, text in first.cells.items() if name != ACCOUNT}
    cells = {**named, "subject": subject, "period": month, "note": f"户号 {told}"[:4000]}
    if len(lines) > 1:
        cells["amount"] = _sum(row.cells.get("amount", "") for _, row in lines)
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
