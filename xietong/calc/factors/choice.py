"""Which row of the factor library counts on a day under a park's choices, and why each other one does not."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from xietong.calc.factors.book import FactorBook
from xietong.calc.factors.rows import FactorRow
from xietong.texts import Text


class Listed(NamedTuple):
    """A row with whether it counts, and the reason in words."""

    row: FactorRow
    counts: bool
    why: Text


def listed(
    book: FactorBook, on: date, choices: Mapping[str, str], purpose: str = "", key: str = ""
) -> Iterator[Listed]:
    """The rows of a book (all of them, or those of a purpose or key), those that count before those that do not."""
    groups: dict[tuple[str, str], list[FactorRow]] = {}
    for row in book.rows():
        if purpose in ("", row.purpose) and key in ("", row.key):
            groups.setdefault((row.purpose, row.key), []).append(row)
    for slot in sorted(groups):
        found = [_listed(book, row, groups[slot], on, choices) for row in groups[slot]]
        yield from sorted(found, key=lambda each: not each.counts)


def _listed(
    book: FactorBook, row: FactorRow, group: Sequence[FactorRow], on: date, choices: Mapping[str, str]
) -> Listed:
    key = f"{row.key}@{row.subject}" if row.subject else row.key
    chosen = book.chosen(row.purpose, key, on, choices)
    if chosen is row:
        rivals = sum(book.aside(each, on, choices) is None for each in group) - 1
        return Listed(row, True, _reason(row, rivals))
    aside = book.aside(row, on, choices)
    if aside is not None or chosen is None:
        return Listed(row, False, aside or Text("未采用", "not used"))
    said = f"{chosen.value} {chosen.unit}"
    if chosen.own and not row.own:
        return Listed(row, False, Text(f"自有系数 {said} 优先", f"the own factor {said} goes before it"))
    return Listed(row, False, Text(f"{said} 更贴近或更新", f"{said} is nearer or newer"))


def _reason(row: FactorRow, rivals: int) -> Text:
    parts = [Text("当日有效", "in force on the day")]
    if row.own:
        parts.append(Text("自有系数，有凭证并已批准", "an own factor with evidence and approval"))
    if row.series:
        parts.append(Text(f"园区选 {row.series} 系列", f"of the series {row.series} that the park chose"))
    if row.region:
        parts.append(Text(f"适用于 {row.region}", f"of {row.region}"))
    if rivals > 0:
        parts.append(Text(f"先于另外 {rivals} 行", f"before {rivals} other rows in force"))
    return _joined(parts)


def _joined(parts: Iterable[Text]) -> Text:
    listed_ = list(parts)
    return Text("，".join(each.zh for each in listed_), ", ".join(each.en for each in listed_))
