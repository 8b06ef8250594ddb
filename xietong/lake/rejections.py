"""The sentences for rows of a readings file that cannot be taken: where, why, what to do."""

from pathlib import Path
from typing import NamedTuple

from xietong.texts import Text


class RejectedRow(NamedTuple):
    """A row that was not taken. row: as a spreadsheet numbers it (the header of a CSV is row 1, 0 is the whole file);
    column: point, at or value, or "" for the whole row."""

    row: int
    column: str
    value: str
    rule: str
    sentence: Text


def bad_row(row: int, rule: str, point: str | None, at: str | None, value: str | None) -> RejectedRow:
    """A row whose point, time or value cannot be used; rule: point, unknown, at, empty or value."""
    column = {"unknown": "point", "empty": "value"}.get(rule, rule)
    stated = {"point": point, "at": at, "value": value}[column] or ""
    zh, en = _WHY[rule]
    return RejectedRow(
        row,
        column,
        stated,
        rule,
        Text(
            f"第 {row} 行：{zh.format(stated=stated)}其余行已照常读入。",
            f"Row {row}: {en.format(stated=stated)} The other rows were taken.",
        ),
    )


_WHY = {
    "point": (
        "没有写监测点编码，这个值不知属于谁；请补上编码后重新导入。",
        "no point code, so the value belongs to nobody; add the code and import the row again.",
    ),
    "unknown": (
        "监测点“{stated}”不在园区登记中，这个值无处可归；请先登记该点或更正编码。",
        'point "{stated}" is not registered, so its value has no place; register it or correct the code.',
    ),
    "at": (
        "时间“{stated}”无法读出（或不在 1970 至 2099 年之间）；请写成 2025-01-31 08:15，需要时带时区 +08:00。",
        'the time "{stated}" cannot be read (or lies outside 1970–2099); write 2025-01-31 08:15 (park time).',
    ),
    "empty": (
        "值为空；缺失不等于零，因此不读入；请补上数值或删除该行。",
        "the value is empty; missing is not zero, so nothing was taken. Fill it in or delete the row.",
    ),
    "value": (
        "值“{stated}”不是数字，或多于 12 位整数、6 位小数，无法精确保存；请改正，或换用合适的单位。",
        'the value "{stated}" is no number, or exceeds 12 digits before and 6 after the point; correct it or its unit.',
    ),
}


def broken_line(line: int, text: str) -> RejectedRow:
    """A line of a CSV that does not have the header's columns."""
    lost = text.count("\n")
    more_zh = f"（引号未闭合，连同其后 {lost} 行）" if lost else ""
    more_en = f" (a quotation mark is not closed: this and {lost} lines after it)" if lost else ""
    return RejectedRow(
        line,
        "",
        text[:200],
        "columns",
        Text(
            f"第 {line} 行{more_zh}：列数或引号与表头不符，没有读入；请更正这一行后重新导入。其余行已照常读入。",
            f"Row {line}{more_en}: its columns or quotation marks do not match the header, and it was not taken; "
            "correct it and import it again. The other rows were taken.",
        ),
    )


def no_column(name: str, expected: str, path: Path) -> RejectedRow:
    """A file without a column that every readings file has."""
    return RejectedRow(
        0,
        name,
        expected,
        "missing_column",
        Text(
            f"文件 {path.name} 没有“{expected}”列，没有读入任何一行；监测值文件需要 point、at、value 三列。",
            f'file {path.name} has no column "{expected}", so no row could be taken; '
            "a file of readings needs the columns point, at and value.",
        ),
    )


def unreadable(path: Path, error: Exception) -> RejectedRow:
    """A file that is neither CSV in UTF-8 nor Parquet."""
    reason = str(error).splitlines()[0]
    return RejectedRow(
        0,
        "",
        "",
        "unreadable",
        Text(
            f"文件 {path.name} 无法读出（{reason}）；请保存为 UTF-8 编码的 CSV，或提供完整的 Parquet 文件。",
            f"file {path.name} cannot be read ({reason}); save it as CSV in UTF-8, or give a whole Parquet file.",
        ),
    )
