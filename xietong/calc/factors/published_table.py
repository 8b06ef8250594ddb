"""A flat emission table of another publisher (as the UK government's) read and checked: rows that cannot be read, and
activities whose CO2e is not the sum of its gases. What makes a row readable is in calc.factor_table."""

import csv
import gzip
import io
from pathlib import Path
from typing import NamedTuple

from xietong.calc.factors.table import Published, gases_that_do_not_close, published_problem
from xietong.standard.thresholds import decimal_of
from xietong.texts import Text

TOLERANCE = decimal_of("sources.published_gases_close")
_GASES = {"kg CO2e", "kg CO2", "kg CH4", "kg N2O"}
_NEEDED = ("Scope", "Level 1", "UOM", "GHG")


class PublishedTableError(ValueError):
    """A file that is no such table, with the sentence."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.text = Text(zh, en)


class Checked(NamedTuple):
    """How many rows; those refused, as a spreadsheet counts them; identities tried and those that do not hold."""

    rows: int
    refused: list[tuple[int, Text]]
    identities: int
    apart: list[Text]


def checked(path: Path) -> Checked:
    """Check a table (CSV, gzipped or not) row by row; raises PublishedTableError where it is none."""
    rows = _read(path)
    said = [(number, published_problem(row)) for number, row in enumerate(rows, start=2)]
    refused = [(number, text) for number, text in said if text is not None]
    wrong = {number for number, _ in refused}
    kept = [row for number, row in enumerate(rows, start=2) if number not in wrong]
    return Checked(len(rows), refused, _identities(kept), gases_that_do_not_close(kept, TOLERANCE))


def _identities(rows: list[Published]) -> int:
    groups: dict[tuple[str, str], set[str]] = {}
    for row in rows:
        groups.setdefault((row.activity, row.per), set()).add(row.gas)
    return sum(gases >= _GASES for gases in groups.values())


def _read(path: Path) -> list[Published]:
    try:
        content = path.read_bytes()
        text = (gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content).decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise PublishedTableError(
            f"{path} 读不出来（{error}）；请核对路径和编码。",
            f"{path} cannot be read ({error}); check path and encoding.",
        ) from error
    reader = csv.DictReader(io.StringIO(text, newline=""))
    names = list(reader.fieldnames or ())
    values = [name for name in names if name.startswith("GHG Conversion Factor")]
    if not values or any(name not in names for name in _NEEDED):
        raise PublishedTableError(
            f"{path} 不是按行列出的排放系数表（缺少 {'、'.join(_NEEDED)} 或 GHG Conversion Factor 列）；"
            "园区自有系数请用 factors difference。",
            f"{path} is no flat emission table (it lacks {', '.join(_NEEDED)} or GHG Conversion Factor); "
            "for a park's own factors use factors difference.",
        )
    return [_row(row, values[0]) for row in reader]


def _row(row: dict[str, str], value: str) -> Published:
    parts = (row["Scope"], *(row.get(f"Level {level}", "") for level in range(1, 5)), row.get("Column Text", ""))
    source = row.get("Source") or f"{value.removeprefix('GHG Conversion ')} (UK Government)"
    return Published(" / ".join(parts), row["UOM"].partition(" (")[0], row["GHG"], row[value], source)
