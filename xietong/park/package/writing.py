"""The registry becomes a package again: the same facts give the same bytes, whatever the database and the day."""

import csv
import hashlib
import io
import json
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import tomli_w

from xietong.park.fields import plain
from xietong.park.package.schema import PARK_COLUMNS, READINGS, TABLES, Column, Table

FRICTIONLESS: Mapping[str, str] = {
    "boolean": "boolean",
    "integer": "integer",
    "small": "integer",
    "year": "year",
    "decimal": "number",
    "float": "number",
    "date": "date",
    "instant": "datetime",
}


def park_toml(park: Mapping[str, str], choices: Mapping[str, str]) -> bytes:
    """park.toml with every choice in force written out."""
    stated = {name: park[name] for name in PARK_COLUMNS if park[name]}
    return tomli_w.dumps({"park": stated, "choices": dict(sorted(choices.items()))}).encode()


def table_csv(table: Table, rows: Iterable[Any], zone: ZoneInfo) -> bytes:
    """One file: every column of the schema, one line a row in the order given."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(column.name for column in table.columns)
    for row in rows:
        writer.writerow(_cell(column, row, zone) for column in table.columns)
    return text.getvalue().encode()


def _cell(column: Column, row: object, zone: ZoneInfo) -> str:
    value = getattr(row, column.attribute)
    if column.kind == "amount" and value is None:
        below = getattr(row, "below", None)
        return f"<{plain(below)}" if below else "ND"
    return _text(value, zone)


def _text(value: object, zone: ZoneInfo) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.astimezone(zone).isoformat()
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, date):
        return value.isoformat()
    return "" if value is None else str(value)


def resource(table: Table, file: str, content_hash: str, size: int, rows: int) -> dict[str, Any]:
    """A file's entry in datapackage.json: schema with units, keys, row count and SHA-256."""
    parquet = file.endswith(".parquet")
    return {
        "name": file.rpartition(".")[0].lower().replace("_", "-"),
        "path": file,
        "title": table.sentence.zh,
        "description": table.sentence.en,
        "format": "parquet" if parquet else "csv",
        "mediatype": "application/vnd.apache.parquet" if parquet else "text/csv",
        **({} if parquet else {"encoding": "utf-8"}),
        "bytes": size,
        "hash": f"sha256:{content_hash}",
        "rowCount": rows,
        "schema": _schema(table),
    }


def _schema(table: Table) -> dict[str, Any]:
    return {
        "fields": [_field(column) for column in table.columns],
        "primaryKey": [table.column(name).name for name in table.key],
        "foreignKeys": [
            {"fields": column.name, "reference": {"resource": column.refers.replace("_", "-"), "fields": "code"}}
            for column in table.columns
            if column.refers and not column.values and table.name != "flows"
        ],
    }


def _field(column: Column) -> dict[str, Any]:
    constraints: dict[str, Any] = {"required": True} if column.required else {}
    if column.kind == "choice":
        constraints["enum"] = list(column.values)
    return {
        "name": column.name,
        "type": FRICTIONLESS.get(column.kind, "string"),
        "title": column.sentence.zh,
        "description": column.sentence.en,
        **({"unit": column.unit} if column.unit else {}),
        **({"constraints": constraints} if constraints else {}),
    }


def datapackage(park: Mapping[str, str], resources: Iterable[Mapping[str, Any]]) -> bytes:
    """datapackage.json (Frictionless Data Package)."""
    document = {
        "profile": "data-package",
        "name": park["code"].lower(),
        "title": park["name"],
        "description": park["name_en"],
        "resources": list(resources),
    }
    return (json.dumps(document, ensure_ascii=False, indent=2) + "\n").encode()


def sha256(content: bytes) -> str:
    """The hash as datapackage.json writes it."""
    return hashlib.sha256(content).hexdigest()


Save = Callable[[str, bytes], None]


def write_tables(
    save: Save, park: Mapping[str, str], choices: Mapping[str, str], tables: Mapping[str, list[Any]]
) -> list[dict[str, Any]]:
    """Save park.toml and every table that has rows; gives their entries for datapackage.json."""
    zone = ZoneInfo(park["timezone"])
    save("park.toml", park_toml(park, choices))
    resources = []
    for name, rows in tables.items():
        if rows:
            content = table_csv(TABLES[name], rows, zone)
            save(TABLES[name].file, content)
            resources.append(resource(TABLES[name], TABLES[name].file, sha256(content), len(content), len(rows)))
    return resources


def readings_resource(file: str, content_hash: str, size: int, rows: int) -> dict[str, Any]:
    """The entry of one file of readings."""
    return resource(READINGS, file, content_hash, size, rows)
