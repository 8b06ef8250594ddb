"""The schema as the tables of docs/park-package.md: `python -m xietong.park.package.describing FILE` renews them.

Between the two marks of the page stands what this module says; a test holds it there.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

from xietong.calc.items import all_items
from xietong.park.nouns import DEFAULT_CHOICES
from xietong.park.package.schema import CHOICES, PARK_COLUMNS, TABLES, Column, Table

START, END = "<!-- schema -->", "<!-- /schema -->"


def described() -> str:
    """Everything between the marks, as Markdown."""
    return "\n".join([*_park(), *_tables(), *_items()])


def renewed(page: str) -> str:
    """The page with the part between the marks written anew; raises ValueError where a mark is missing."""
    before, rest = page.split(START)
    _, after = rest.split(END)
    return f"{before}{START}\n{described()}\n{END}{after}"


def _park() -> Iterator[str]:
    yield "\n### park.toml\n\n| `[park]` | 含义 | meaning |\n|---|---|---|"
    for name, sentence in PARK_COLUMNS.items():
        yield f"| `{name}` | {sentence.zh} | {sentence.en} |"
    yield "\n| `[choices]` | values | default |\n|---|---|---|"
    for name, values in CHOICES.items():
        yield f"| `{name}` | {' · '.join(f'`{value}`' for value in values)} | `{DEFAULT_CHOICES[name]}` |"


def _tables() -> Iterator[str]:
    for table in TABLES.values():
        file = "readings*.csv · readings*.parquet" if table.name == "readings" else table.file
        yield f"\n### {file}\n\n{table.sentence.zh} · {table.sentence.en}. Key: {_key(table)}.\n"
        yield "| column | type | needed | 含义 | meaning |\n|---|---|---|---|---|"
        yield from (_row(column) for column in table.columns)


def _key(table: Table) -> str:
    return ", ".join(f"`{table.column(name).name}`" for name in table.key)


def _row(column: Column) -> str:
    kind = column.kind
    if column.values:
        kind = " · ".join(f"`{value}`" for value in column.values)
    if column.refers:
        kind = f"{kind} or code of {column.refers}" if column.values else f"code of {column.refers}"
    kind += f" ({column.unit})" if column.unit else ""
    needed = "yes" if column.required else f"default `{column.default}`" if column.default else ""
    sentence = f"{column.sentence.zh} | {column.sentence.en}".replace("wet|dry", r"wet\|dry")
    sentence = sentence.replace("actual|standard", r"actual\|standard").replace(
        "measured|corrected", r"measured\|corrected"
    )
    return f"| `{column.name}` | {kind} | {needed} | {sentence} |"


def _items() -> Iterator[str]:
    yield "\n### Items · 项目\n\n| item | 名称 | name | unit |\n|---|---|---|---|"
    for item in all_items().values():
        also = "".join(f", {unit}" for unit, _ in item.also)
        yield f"| `{item.item}` | {item.name.zh} | {item.name.en} | {item.unit}{also} |"


if __name__ == "__main__":
    given = Path(sys.argv[1])
    given.write_text(renewed(given.read_text(encoding="utf-8")), encoding="utf-8")
