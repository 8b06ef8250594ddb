"""What a park package holds: every file, column, type, choice and key, from one table (columns.csv).

Reading, validation, export, datapackage.json and docs/park-package.md all follow it.
"""

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from xietong.standard.text import choices
from xietong.texts import Text


class Column(NamedTuple):
    """One column: its name in the file, the attribute that keeps it, and what it may hold.

    kind: code, address (a code that is a step of an address), text, item, unit, source, choice, boolean, integer,
    small, year, decimal, amount, float, date, instant or period; refers: the table whose codes it names; unit: the
    fixed unit, where the column has one;
    most: how many characters the cell may have.
    """

    table: str
    name: str
    attribute: str
    kind: str
    required: bool
    values: tuple[str, ...]
    refers: str
    default: str
    unit: str
    sentence: Text
    most: int


class Table(NamedTuple):
    """One file of the package; key: the attributes that name a fact."""

    name: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    sentence: Text

    @property
    def file(self) -> str:
        """The file's name."""
        return f"{self.name}.csv"

    def column(self, attribute: str) -> Column:
        """The column kept under that attribute."""
        return next(column for column in self.columns if column.attribute == attribute)


# In the order in which they are read: what is referred to comes first.
KEYS: Mapping[str, tuple[str, ...]] = {
    "subjects": ("code",),
    "points": ("code",),
    "readings": ("point", "at", "value"),
    "reported": ("subject", "period", "item", "method", "use", "counterparty"),
    "targets": ("indicator", "subject", "year", "form"),
    "limits": ("subject", "item", "kind", "averaging", "since"),
    "expected": ("subject", "item", "since"),
    "events": ("subject", "kind", "start", "point"),
    "key_lists": ("subject", "list_name", "year"),
    "measures": ("code",),
    "effects": ("measure", "item", "stage"),
    "factors": ("name", "purpose", "subject", "region", "valid_from"),
    "flows": ("origin", "destination", "material", "period"),
    "documents": ("code", "version"),
    "accounts": ("utility", "number", "since"),
}

SENTENCES: Mapping[str, Text] = {
    "subjects": Text("主体：园区、区域、行业、企业、设施、排放口", "whatever figures can be asked of"),
    "points": Text("监测点：在何处以何种形态测什么", "where one quantity is measured, and in what shape"),
    "readings": Text("监测值；文件名以 readings 开头，CSV 或 Parquet", "readings*.csv or readings*.parquet"),
    "reported": Text("填报量", "amounts reported for a period"),
    "targets": Text("目标值和基本要求值", "targets and basic values"),
    "limits": Text("排放限值", "emission limits"),
    "expected": Text("应报清单：缺了才知道是缺", "what is due, so that missing can be told from unused"),
    "events": Text(
        "停产、启停炉、校准、维护、故障、换表", "stops, starts, calibrations, maintenance, faults, meter changes"
    ),
    "key_lists": Text("重点单位名录", "lists of key units"),
    "measures": Text("措施", "measures"),
    "effects": Text("措施的效果", "what measures save"),
    "factors": Text("园区自有系数，先于内置系数", "the park's own factors, which go before the built-in ones"),
    "flows": Text("主体之间的物料和能量流", "materials and energy between subjects"),
    "documents": Text("制度、方案和报告", "schemes, rules and reports"),
    "accounts": Text(
        "水电气热户号：供应商的月度清单按它归到主体",
        "account numbers at utilities, by which their lists find a subject",
    ),
}

# Closed reports travel beside the tables, with their bytes; what they are is for accounting to say.
CLOSED_LIST, CLOSED_FOLDER = "closed_reports.csv", "closed"

CHOICES: Mapping[str, tuple[str, ...]] = choices()

PARK_COLUMNS: Mapping[str, Text] = {
    "code": Text("园区代码", "the park's code"),
    "name": Text("园区名称", "its name"),
    "name_en": Text("英文名称", "its English name"),
    "region": Text("所在地区", "where it lies"),
    "timezone": Text("时区，默认 Asia/Shanghai", "its time zone, Asia/Shanghai unless stated"),
}


def _column(row: Mapping[str, str]) -> Column:
    return Column(
        table=row["table"],
        name=row["column"],
        attribute=row["attribute"] or row["column"],
        kind=row["type"],
        required=row["required"] == "yes",
        values=tuple(filter(None, row["values"].split("|"))),
        refers=row["refers"],
        default=row["default"],
        unit=row["unit"],
        sentence=Text(row["zh"], row["en"]),
        most=_most(row),
    )


def _most(row: Mapping[str, str]) -> int:
    """Words are long where they only tell something, and short where a fact is known by them."""
    if row["type"] == "text":
        return 120 if (row["attribute"] or row["column"]) in KEYS[row["table"]] else 4000
    return {"item": 100, "source": 300}.get(row["type"], 60)


def _tables() -> dict[str, Table]:
    with (Path(__file__).parent / "columns.csv").open(encoding="utf-8", newline="") as file:
        columns = [_column(row) for row in csv.DictReader(file)]
    return {
        name: Table(name, key, tuple(column for column in columns if column.table == name), SENTENCES[name])
        for name, key in KEYS.items()
    }


TABLES: Mapping[str, Table] = _tables()
READINGS = TABLES["readings"]
FACTS: tuple[Table, ...] = tuple(table for table in TABLES.values() if table is not READINGS)
