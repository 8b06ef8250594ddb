"""Where in a workbook a rejection stands, and the workbook of errors: the rows as they came, wrong cells marked."""

from collections.abc import Sequence
from pathlib import Path

import xlsxwriter
from xlsxwriter.utility import xl_col_to_name

from xietong.park.bringing.statements import clause_of
from xietong.park.package.sheets import Rejection, Row
from xietong.park.package.tabular import Shape
from xietong.texts import Text


def located(found: Rejection, sheet: str, columns: Sequence[str]) -> Rejection:
    """The rejection with sheet, cell and clause named, in its sentence too."""
    clause = clause_of(found.rule)
    letters = xl_col_to_name(columns.index(found.column)) if found.column in columns else ""
    cell = f"{letters}{found.row}" if letters and found.row else ""
    place = "!".join(filter(None, [sheet, cell]))
    zh, en = (f"{place}，", f"{place}, ") if place else ("", "")
    message = Text(f"{found.message.zh}（{zh}标准第 {clause} 条）", f"{found.message.en} ({en}clause {clause})")
    return found._replace(message=message, sheet=sheet, cell=cell, clause=clause)


def write_marked(target: Path, shape: Shape, rows: Sequence[Row], found: Sequence[Rejection]) -> None:
    """Write a workbook of the same rows at the same places: each cell that was refused is red with its sentence as a
    note, and each row tells its problems at its end. Corrected, it can be imported in place of the first."""
    header_row = shape.header_row
    columns = list(rows[0].cells) if rows else []
    book = xlsxwriter.Workbook(str(target), {"strings_to_formulas": False, "strings_to_urls": False})
    page = book.add_worksheet(shape.sheet or "Sheet1")
    red = book.add_format({"bg_color": "#F8C9C4", "border": 1, "border_color": "#C0392B"})
    bold = book.add_format({"bold": True})
    for place, name in enumerate([*columns, "problem"]):
        page.write_string(header_row - 1, place, name, bold)
    problems = [each for each in found if each.row > header_row]
    wrong = {(each.row, each.column): each for each in problems}
    for row in rows:
        for place, name in enumerate(columns):
            error = wrong.get((row.number, name))
            page.write_string(row.number - 1, place, row.cells[name], red if error else None)
            if error:
                page.write_comment(row.number - 1, place, f"{error.message.zh}\n{error.message.en}")
    for number in dict.fromkeys(each.row for each in problems):
        told = "；".join(each.message.zh for each in problems if each.row == number)
        page.write_string(number - 1, len(columns), told)
    book.close()
