"""A CSV file of the package becomes rows of values with the place each came from, and rejections with a sentence.

Knows one file at a time; what rows owe each other is in `rules`.
"""

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from xietong.park.package.cells import Amount, CellError, Value, read
from xietong.park.package.dialect import BOM, check_header, doubled_bom, fault
from xietong.park.package.schema import Column, Table
from xietong.texts import Language, Text, escaped

NOTHING_SAID = Text("", "")
MOST_LOOKED_AT = 1_000  # bytes that show an encoding


class Rejection(NamedTuple):
    """Something that could not be used: where it stands, which rule it breaks, and the sentence with the remedy.

    row: as a spreadsheet counts, the header being row 1; 0 where the whole file is meant; sheet, cell: of a workbook
    where in it; clause: of the standard that asks for it; said: the sentence without the place.
    """

    file: str
    row: int
    column: str
    value: str
    rule: str
    message: Text
    sheet: str = ""
    cell: str = ""
    clause: str = ""
    said: Text = NOTHING_SAID

    @property
    def remedy(self) -> Text:
        """What to do: every sentence about data ends with it, after its last semicolon."""
        zh, en = self.said.zh.rpartition("；")[2], self.said.en.rpartition("; ")[2]
        return Text(zh, f"{en[:1].upper()}{en[1:]}")

    def as_json(self, language: Language) -> dict[str, str | int]:
        """The rejection as the commands answer it; sheet and cell of workbooks only, the clause of statements only."""
        stated = {name: value for name, value in self._asdict().items() if value or name not in self._field_defaults}
        stated.pop("said", None)
        return {
            **stated,
            "message": self.message.in_language(language),
            "remedy": self.remedy.in_language(language),
        }


@dataclass(frozen=True, slots=True)
class Row:
    """One usable row: its number in the file, its values by attribute, its cells as they were typed."""

    file: str
    number: int
    values: dict[str, Any]
    cells: Mapping[str, str]

    def reject(self, column: str, rule: str, zh: str, en: str) -> Rejection:
        """A rejection of this row at that column."""
        return rejection(self.file, self.number, column, self.cells.get(column, ""), CellError(rule, zh, en))


@dataclass(slots=True)
class Sheet:
    """What one file gave."""

    rows: list[Row] = field(default_factory=list)
    rejected: list[Rejection] = field(default_factory=list)
    remarks: list[Rejection] = field(default_factory=list)


class Record(NamedTuple):
    """One line of the file as it stands."""

    file: str
    number: int
    header: list[str]
    cells: list[str]


def rejection(file: str, row: int, column: str, value: str, error: CellError) -> Rejection:
    """Put the place before the reason: what, where, why, what to do."""
    shown = escaped(value if len(value) <= 60 else value[:57] + "…", in_line=True)
    file, column = escaped(file, in_line=True), escaped(column, in_line=True)
    place_zh = " ".join(filter(None, [file, f"第 {row} 行" if row else "", f"{column} 列" if column else ""]))
    place_en = ", ".join(filter(None, [file, f"row {row}" if row else "", f"column {column}" if column else ""]))
    zh = f"{place_zh}：" + (f"“{shown}”" if shown else "") + f"{error.text.zh}。"
    en = f"{place_en}: " + (f'"{shown}": ' if shown else "") + f"{error.text.en}."
    said = Text(f"{error.text.zh}。", f"{error.text.en[:1].upper()}{error.text.en[1:]}.")
    return Rejection(file, row, column=column, value=value, rule=error.rule, message=Text(zh, en), said=said)


def decode(content: bytes) -> str:
    """The text of a UTF-8 file, with or without a byte-order mark; raises CellError that names the remedy."""
    if b"\0" in content[:MOST_LOOKED_AT]:  # UTF-16 without its mark is UTF-8 to Python, every other letter a zero
        raise misread(1, content)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise misread(content[: error.start].count(b"\n") + 1, content) from None


def misread(line: int, content: bytes) -> CellError:
    """The sentence for a text that is not UTF-8 from that line on."""
    return CellError(
        "encoding",
        f"第 {line} 行起不是 UTF-8 文本（像是 {_looks_like(content)}），文字会读错，整个文件没有载入；"
        "请在 Excel 里另存为“CSV UTF-8（逗号分隔）”",
        f"from line {line} on it is not UTF-8 (it looks like {_looks_like(content)}), so words would be misread "
        "and the whole file was left out; save it as “CSV UTF-8 (comma delimited)”",
    )


def _looks_like(content: bytes) -> str:
    if content[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in content[:MOST_LOOKED_AT]:
        return "UTF-16"
    try:
        content.decode("gb18030")
    except UnicodeDecodeError:
        return "?"
    return "GBK"


def read_sheet(table: Table, file: str, content: bytes, zone: ZoneInfo) -> Sheet:
    """Read one CSV file of a table; every cell that cannot be used is a rejection, the other rows are given."""
    sheet = Sheet()
    try:
        text = decode(content)
        if text.startswith(BOM):
            sheet.remarks.append(rejection(file, 1, "", "", doubled_bom()))
        records = list(csv.reader(io.StringIO(text.lstrip(BOM), newline=""), strict=True))
        header = [name.strip() for name in records[0]] if records else []
        check_header(header)
    except CellError as error:
        sheet.rejected.append(rejection(file, 0, "", "", error))
        return sheet
    except csv.Error as error:
        said = fault(error)
        problem = CellError(
            "csv", f"不是完好的 CSV（{said.zh}）；请核对后重新导出", f"it is no sound CSV ({said.en}); export it anew"
        )
        sheet.rejected.append(rejection(file, 0, "", "", problem))
        return sheet
    if not _header_fits(table, file, header, sheet):
        return sheet
    for number, record in enumerate(records[1:], start=2):
        if any(cell.strip() for cell in record):
            _read_row(table, sheet, Record(file, number, header, record), zone)
    return sheet


def _header_fits(table: Table, file: str, header: list[str], sheet: Sheet) -> bool:
    known = {column.name for column in table.columns}
    for name in dict.fromkeys(header):
        if name and name not in known:
            remark = CellError(
                "unknown_column",
                f"不认识的列，没有读入；{table.file} 的列是 {'、'.join(column.name for column in table.columns)}",
                f"no such column is known, so it was not read; the columns of {table.file} are "
                f"{', '.join(column.name for column in table.columns)}",
            )
            sheet.remarks.append(rejection(file, 1, name, "", remark))
    missing = [column.name for column in table.columns if column.required and column.name not in header]
    doubled = [name for name in known if header.count(name) > 1]
    for name in missing:
        problem = CellError(
            "missing_column",
            "缺少这一必需的列，整个文件没有载入；请在表头补上",
            "this column is needed and the header lacks it, so the whole file was left out; add it",
        )
        sheet.rejected.append(rejection(file, 1, name, "", problem))
    for name in sorted(doubled):
        problem = CellError(
            "doubled_column",
            "表头里出现两次，不知该信哪一列，整个文件没有载入；请删去一列",
            "the header names it twice, so neither can be trusted and the whole file was left out; delete one",
        )
        sheet.rejected.append(rejection(file, 1, name, "", problem))
    return not missing and not doubled


def _read_row(table: Table, sheet: Sheet, record: Record, zone: ZoneInfo) -> None:
    if any(cell.strip() for cell in record.cells[len(record.header) :]):
        problem = CellError(
            "cells",
            f"这一行有 {len(record.cells)} 格，表头只有 {len(record.header)} 列，逗号可能错位；请核对",
            f"the row has {len(record.cells)} cells, the header {len(record.header)}, so a comma is astray; check it",
        )
        sheet.rejected.append(rejection(record.file, record.number, "", "", problem))
        return
    take_row(
        table, sheet, Row(record.file, record.number, {}, dict(zip(record.header, record.cells, strict=False))), zone
    )


def take_row(table: Table, sheet: Sheet, row: Row, zone: ZoneInfo) -> None:
    """Read a row's cells into its values and put it on the sheet, or its rejections."""
    problems = list(_fill(table, row, zone))
    sheet.rejected += problems
    if not problems:
        sheet.rows.append(row)


def _fill(table: Table, row: Row, zone: ZoneInfo) -> Iterator[Rejection]:
    for column in table.columns:
        text = row.cells.get(column.name) or ""
        try:
            _keep(row.values, column, read(column, text, zone))
        except CellError as error:
            yield rejection(row.file, row.number, column.name, text.strip(), error)


def _keep(values: dict[str, Any], column: Column, value: Value) -> None:
    if isinstance(value, Amount):
        values[column.attribute], values["below"] = value
    else:
        values[column.attribute] = value
