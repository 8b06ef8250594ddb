"""Small parks written by hand: a TOML file each, with its tables, its series of readings, and what it must come to.

An expected value is a line of arithmetic over plain numbers, worked out here in Decimal; each park names its source.
"""

import ast
import csv
import operator
import tomllib
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

FOLDER = Path(__file__).parent / "parks"
_SIGNS: Mapping[type[ast.operator], Callable[[Decimal, Decimal], Decimal]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


class Expected(NamedTuple):
    """What a figure must be: its value (None: it must have none) and its status ("": any but ok)."""

    subject: str
    period: str
    key: str
    value: Decimal | None
    status: str


class HandPark(NamedTuple):
    """A park by hand: its name, where it comes from, its package and what is expected of it."""

    name: str
    source: str
    tables: Mapping[str, Any]
    expected: tuple[Expected, ...]

    def write(self, folder: Path) -> None:
        """Write the package: park.toml, the tables as they stand in the file, the series as readings.csv."""
        folder.mkdir(parents=True)
        choices = "".join(f'{key} = "{value}"\n' for key, value in self.tables.get("choices", {}).items())
        zone = self.tables.get("timezone", "Asia/Shanghai")
        head = f'[park]\ncode = "P"\nname = "测试园区"\nregion = "陕西"\ntimezone = "{zone}"\n'
        (folder / "park.toml").write_text(f"{head}\n[choices]\n{choices}", encoding="utf-8")
        for name, text in self.tables["tables"].items():
            (folder / f"{name}.csv").write_text(text.lstrip(), encoding="utf-8")
        rows = [row for series in self.tables.get("series", []) for row in _readings(series)]
        if rows:
            with (folder / "readings.csv").open("w", encoding="utf-8", newline="") as file:
                csv.writer(file).writerows([("point", "at", "value"), *rows])


def _readings(series: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """The rows of a series: its values are repeated from `start` on, every `step_s` seconds, `count` times."""
    start, values = datetime.fromisoformat(series["start"]), series["values"]
    for number in range(series.get("count", len(values))):
        at = start + timedelta(seconds=series["step_s"] * number)
        value = values[number % len(values)]
        if value != "":
            yield series["point"], at.isoformat(), str(value)


def worked_out(line: str) -> Decimal:
    """A line of arithmetic over plain numbers, in Decimal."""
    return _value(ast.parse(line, mode="eval").body, line)


def _value(node: ast.expr, line: str) -> Decimal:
    if isinstance(node, ast.BinOp):
        return _SIGNS[type(node.op)](_value(node.left, line), _value(node.right, line))
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -_value(node.operand, line)
    if isinstance(node, ast.Constant):
        return Decimal(ast.get_source_segment(line, node) or "")
    raise ValueError(f"no arithmetic: {line}")


def hand_parks() -> list[HandPark]:
    """Every park of the folder."""
    found = []
    for path in sorted(FOLDER.glob("*.toml")):
        park = tomllib.loads(path.read_text(encoding="utf-8"))
        expected = tuple(
            Expected(
                each.get("subject", "P"),
                each["period"],
                each["key"],
                worked_out(each["value"]) if each["value"] else None,
                each.get("status", "ok"),
            )
            for each in park["expect"]
        )
        found.append(HandPark(path.stem, park["source"], park, expected))
    return found
