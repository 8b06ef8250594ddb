"""The workbook of a month that a subject fills in: what it owes, with last month's amounts, units and choices to pick.

Made here and known again here; what was filled in is checked by the one rule set of every other way in (`receiving`).
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
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
    """One row to be filled in: what it is about and of which period (the quarter of an item that is due by quarters),
    what was stated last before it, and what is stated of it already."""

    subject: str
    item: str
    unit: str
    period: Period
    last: ReportedAmount | None = None
    now: ReportedAmount | None = None

    @property
    def like(self) -> ReportedAmount | None:
        """What tells use, method and counterparty: of the period itself, else the last before it."""
        return self.now or self.last


def lines_owed(park: Registry, subject: str, period: Period) -> list[Line]:
    """What the subject and what lies below it owe for a period: by the due list where it has one of theirs, else what
    they reported in the twelve months before; then whatever else is stated of the period already."""
    below = {each.code for each in park.below(subject)}
    rows: dict[tuple[str, str], list[ReportedAmount]] = defaultdict(list)
    for row in park.reported:
        if row.subject in below:
            rows[row.subject, row.item].append(row)
    listed = [each for each in park.expected if each.subject in below]
    if listed:
        wanted = {(each.subject, each.item): _span(each, period) for each in listed if _is_due(each, period)}
    else:
        wanted = {name: period for name, of in sorted(rows.items()) if any(_lately(row, period) for row in of)}
    stated = {name: period for name, of in sorted(rows.items()) if any(row.period == period for row in of)}
    every = wanted | {name: span for name, span in stated.items() if name not in wanted}
    return [line for name, span in every.items() for line in _lines(name, span, rows[name])]


def _lately(row: ReportedAmount, period: Period) -> bool:
    stated = row.period
    return period.previous_year().start <= stated.start < period.start and stated.month_count <= period.month_count


def _last_month(period: Period) -> int:
    return (period.start.month + period.month_count - 1 - 1) % 12 + 1


def _is_due(each: Expected, period: Period) -> bool:
    first_day = period.start.date()
    in_force = (each.since is None or each.since < period.end.date()) and (each.until is None or each.until > first_day)
    return in_force and each.frequency not in NEVER and _last_month(period) % EVERY.get(each.frequency, 1) == 0


def _span(each: Expected, period: Period) -> Period:
    """The quarter, half or whole year of an item due by such, which ends with the period; else the period itself."""
    months = EVERY.get(each.frequency, 1)
    if months <= period.month_count:
        return period
    year, last = (period.end - timedelta(days=1)).year, _last_month(period)
    return Period(Period.month(year, last - months + 1).start, period.end)


def _lines(name: tuple[str, str], period: Period, rows: Sequence[ReportedAmount]) -> Iterator[Line]:
    """One line for each use and counterparty that the item was last stated with, or is stated with already."""
    subject, item = name
    before = sorted((row for row in rows if _lately(row, period)), key=lambda row: row.period.start)
    latest, now = _by_use(before), _by_use(row for row in rows if row.period == period)
    for use in dict.fromkeys([*latest, *now]):
        like = now.get(use) or latest[use]
        yield Line(subject, item, unit=like.unit, period=period, last=latest.get(use), now=now.get(use))
    if not latest and not now:
        yield Line(subject, item, items.item(item).unit, period)


def _by_use(rows: Iterable[ReportedAmount]) -> dict[tuple[str, str, str], ReportedAmount]:
    return {(row.method, row.use, row.counterparty): row for row in rows}


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
        for column, value in enumerate(_cells(line)):
            style = fill if COLUMNS[column] in ("amount", "closing", "note") else None
            sheet.write(number, column, value, style) if value else sheet.write_blank(number, column, None, style)
        _choices(sheet, number, line)
    sheet.freeze_panes(HEADER_ROW, 3)
    _notes(book.add_worksheet(NOTES), bold)
    book.close()
    return len(lines)


def _heading(name: str) -> str:
    return OWN[name][0] if name in OWN else TABLES["reported"].column(name).sentence.zh


def _cells(line: Line) -> Sequence[str]:
    known = known_cells(line)
    return [known.get(name, "") for name in COLUMNS]


def known_cells(line: Line) -> dict[str, str]:
    """What of a line is known beforehand, column → text; the opening stock is the closing one of the period before."""
    last, now, like = line.last, line.now, line.like
    known = {
        "subject": line.subject,
        "period": line.period.label,
        "item": line.item,
        "name": items.item(line.item).name.zh,
        "amount": amount_text(now) if now else "",
        "unit": line.unit,
        "last": f"{amount_text(last)} {last.unit}（{last.period.label}）" if last else "",
        "use": like.use if like else "",
        "method": like.method if like else "",
        "counterparty": like.counterparty if like else "",
        "note": now.note if now else "",
        "opening": _stock(now.opening) if now else _stock(last.closing) if last else "",
        "closing": _stock(now.closing) if now else "",
    }
    return {name: text for name, text in known.items() if text}


def _stock(value: Decimal | None) -> str:
    return "" if value is None else plain(value)


def amount_text(row: ReportedAmount) -> str:
    """An amount as it is typed: a number, <0.025, or ND."""
    return plain(row.amount) if row.amount is not None else f"<{plain(row.below)}" if row.below else "ND"


def units_of(line: Line) -> list[str]:
    """The units that a person may pick for a line: the one stated last first."""
    item = items.item(line.item)
    return list(dict.fromkeys([line.unit, item.unit, *(unit for unit, _ in item.also)]))


def _choices(sheet: xlsxwriter.worksheet.Worksheet, number: int, line: Line) -> None:
    for name, values in (
        ("unit", units_of(line)),
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
    if path.suffix.lower() not in (".xlsx", ".xlsm"):
        return False
    try:
        return {SHEET, NOTES} <= set(sheet_names(path))
    except CellError:
        return False


def template_json(target: Path, lines: int) -> str:
    """The answer of the command."""
    return json.dumps({"file": str(target), "lines": lines}, ensure_ascii=False)
