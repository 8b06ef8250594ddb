"""The workbook of a month that a subject fills in: what it owes, with last month's amounts, units and choices to pick.

Made here and known again here; what was filled in is checked by the one rule set of every other way in (`receiving`).
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import xlsxwriter

from xietong.calc import items
from xietong.park.fields import plain
from xietong.park.nouns import Expected, Registry, ReportedAmount
from xietong.park.package.cells import CellError
from xietong.park.package.contained import sheet_names
from xietong.park.package.mapping import FileMapping
from xietong.park.package.schema import TABLES
from xietong.park.package.tabular import Shape
from xietong.periods import Period

SHEET, NOTES, HEADER_ROW = "填报", "说明", 3
COLUMNS = (
    "subject",
    "period",
    "item",
    "name",
    "amount",
    "unit",
    "last",
    "use",
    "method",
    "counterparty",
    "opening",
    "closing",
    "note",
)
OWN = {"name": ("项目名称（不用改）", "name"), "last": ("上期数（供核对，不读入）", "the last amount, not read")}
WIDTHS: Mapping[str, int] = {"item": 28, "name": 18, "note": 24, "counterparty": 16}
FILLED_IN = FileMapping(table="reported", shape=Shape(sheet=SHEET, header_row=HEADER_ROW), whole=True)
# How many months pass between two reports, and so in which months of a year one is due.
EVERY: Mapping[str, int] = {"quarter": 3, "half_year": 6, "year": 12}
NEVER = frozenset({"never", "none", "无"})


class Line(NamedTuple):
    """One row to be filled in: what it is about, and what was stated last."""

    subject: str
    item: str
    unit: str
    last: ReportedAmount | None = None


def lines_owed(park: Registry, subject: str, period: Period) -> list[Line]:
    """What the subject and what lies below it owe for a period: by the due list where it has one of theirs, else what
    they reported in the twelve months before."""
    below = {each.code for each in park.below(subject)}
    before = [row for row in park.reported if row.subject in below and _lately(row.period, period)]
    listed = [each for each in park.expected if each.subject in below]
    if listed:
        wanted = dict.fromkeys((each.subject, each.item) for each in listed if _is_due(each, period))
    else:
        wanted = dict.fromkeys(
            (row.subject, row.item) for row in sorted(before, key=lambda row: (row.subject, row.item))
        )
    return [line for who, item in wanted for line in _lines(who, item, before)]


def _lately(stated: Period, period: Period) -> bool:
    return period.previous_year().start <= stated.start < period.start and stated.month_count <= period.month_count


def _is_due(each: Expected, period: Period) -> bool:
    last = (period.start.month + period.month_count - 1 - 1) % 12 + 1
    first_day = period.start.date()
    in_force = (each.since is None or each.since < period.end.date()) and (each.until is None or each.until > first_day)
    return in_force and each.frequency not in NEVER and last % EVERY.get(each.frequency, 1) == 0


def _lines(subject: str, item: str, before: Iterable[ReportedAmount]) -> Iterator[Line]:
    """One line for each use and counterparty that the item was last stated with."""
    latest: dict[tuple[str, str, str], ReportedAmount] = {}
    for row in sorted(before, key=lambda row: row.period.start):
        if (row.subject, row.item) == (subject, item):
            latest[row.method, row.use, row.counterparty] = row
    for row in latest.values():
        yield Line(subject, item, row.unit, row)
    if not latest:
        yield Line(subject, item, items.item(item).unit)


def write_template(target: Path, park: Registry, subject: str, period: Period) -> int:
    """Write the workbook; gives the number of its lines. Raises KeyError where there is no such subject."""
    lines = lines_owed(park, subject, period)
    book = xlsxwriter.Workbook(str(target), {"strings_to_formulas": False, "strings_to_urls": False})
    sheet = book.add_worksheet(SHEET)
    grey, bold = book.add_format({"font_color": "#666666", "text_wrap": True}), book.add_format({"bold": True})
    fill = book.add_format({"bg_color": "#FFF8DC", "border": 1, "border_color": "#CCCCCC"})
    sheet.write_string(0, 0, f"{park.subjects[subject].name} {period.label}", bold)
    for column, name in enumerate(COLUMNS):
        sheet.set_column(column, column, WIDTHS.get(name, 13))
        sheet.write_string(1, column, _heading(name), grey)
        sheet.write_string(HEADER_ROW - 1, column, name, bold)
    for number, line in enumerate(lines, start=HEADER_ROW):
        for column, value in enumerate(_cells(line, period)):
            style = fill if COLUMNS[column] in ("amount", "closing", "note") else None
            sheet.write(number, column, value, style) if value else sheet.write_blank(number, column, None, style)
        _choices(sheet, number, line)
    sheet.freeze_panes(HEADER_ROW, 3)
    _notes(book.add_worksheet(NOTES), bold)
    book.close()
    return len(lines)


def _heading(name: str) -> str:
    return OWN[name][0] if name in OWN else TABLES["reported"].column(name).sentence.zh


def _cells(line: Line, period: Period) -> Sequence[str]:
    last = line.last
    known = {
        "subject": line.subject,
        "period": period.label,
        "item": line.item,
        "name": items.item(line.item).name.zh,
        "unit": line.unit,
        "last": _shown(last) if last else "",
        "use": last.use if last else "",
        "method": last.method if last else "",
        "counterparty": last.counterparty if last else "",
        "opening": plain(last.closing) if last and last.closing is not None else "",
    }
    return [known.get(name, "") for name in COLUMNS]


def _shown(row: ReportedAmount) -> str:
    value = plain(row.amount) if row.amount is not None else f"<{plain(row.below)}" if row.below else "ND"
    return f"{value} {row.unit}（{row.period.label}）"


def _choices(sheet: xlsxwriter.worksheet.Worksheet, number: int, line: Line) -> None:
    item = items.item(line.item)
    units = list(dict.fromkeys([line.unit, item.unit, *(unit for unit, _ in item.also)]))
    for name, values in (
        ("unit", units),
        ("use", TABLES["reported"].column("use").values),
        ("method", TABLES["reported"].column("method").values),
    ):
        place = COLUMNS.index(name)
        # A warning only: whatever else converts is accepted, by the rules of the import.
        check = {"validate": "list", "source": list(values), "error_type": "warning"}
        sheet.data_validation(number, place, number, place, check)


def _notes(sheet: xlsxwriter.worksheet.Worksheet, bold: object) -> None:
    sheet.set_column(0, 0, 110)
    sheet.write_string(0, 0, "怎样填 · How to fill it in", bold)
    for number, line in enumerate(NOTE_LINES, start=1):
        sheet.write_string(number, 0, line)


NOTE_LINES = (
    "只填底色的格：数量、期末库存、备注；第 3 行的列名不要改动。 · Fill in the coloured cells; leave row 3 as it is.",
    "没有数就留空：留空是缺失，不是零；确实为零请写 0。 · Empty means missing, not zero; write 0 where it was zero.",
    "低于检出限写 <0.025、0.025L 或 ND。 · Below detection is <0.025, 0.025L or ND.",
    "单位可以改，只要能换算；数字里不要写千分位逗号。 · Another unit is fine if it converts; no thousands separators.",
    "期末库存填了就要同时有期初库存：数量即本期收入量。 · With stocks, the amount is what was received.",
    "一处有错，整个工作簿都不入账，改正后再交，错在哪一格会逐条告知。 · One error and nothing is entered.",
    "新的项目可以在下面加行，项目名见 docs/park-package.md。 · Further items may be added below.",
)


def is_template(path: Path) -> bool:
    """Whether a workbook is one of ours, filled in; False too where it cannot be opened, which reading it will tell."""
    if path.suffix.lower() != ".xlsx":
        return False
    try:
        return {SHEET, NOTES} <= set(sheet_names(path))
    except CellError:
        return False


def template_json(target: Path, lines: int) -> str:
    """The answer of the command."""
    return json.dumps({"file": str(target), "lines": lines}, ensure_ascii=False)
