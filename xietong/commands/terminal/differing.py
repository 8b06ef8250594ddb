"""How a difference is told in words: factor rows, choices, statements, then figures with the closed reports they stand
in. No command itself; `load`, `factors`, `account` and `evaluate` print with it."""

from collections.abc import Iterable, Iterator

from xietong.accounting.closed.comparing import Difference
from xietong.accounting.closed.differences import FigureChange, Row, RowChange
from xietong.calc.rounding import told_apart
from xietong.texts import Language, Text
from xietong.wording.words import name_of

SHOWN = 60
_CHANGES = {
    "new": Text("新增", "new"),
    "gone": Text("不再", "gone"),
    "changed": Text("改动", "changed"),
}


def difference_lines(difference: Difference, language: Language) -> Iterator[str]:
    """The whole difference, line by line."""
    if not any((difference.figures, difference.factors, difference.choices, difference.statements)):
        yield Text(
            f"没有差异（比较了 {difference.compared} 个数）。",
            f"no difference ({difference.compared} figures compared).",
        ).in_language(language)
        return
    yield from _rows(Text("系数 factors", "factors"), difference.factors, language)
    yield from _rows(Text("选项 choices", "choices"), difference.choices, language)
    yield from _rows(Text("填报量 statements", "statements"), difference.statements, language)
    count = len(difference.figures)
    yield Text(
        f"变动的数 {count} 个，共比较 {difference.compared} 个", f"{count} of {difference.compared} figures change"
    ).in_language(language)
    yield from (_figure(each, language) for each in difference.figures[:SHOWN])
    if count > SHOWN:
        yield Text(
            f"另有 {count - SHOWN} 个，用 --json 查看。", f"{count - SHOWN} more; --json lists them."
        ).in_language(language)
    for each in difference.closed_reports():
        where = f"{each['kind']} {each['subject']} {each['period']}"
        yield Text(
            f"封存的 {where} 第 {each['revision']} 版保留原值：其中 {each['figures']} 个数现算会不同。",
            f"the closed report of {where}, revision {each['revision']}, keeps its numbers: "
            f"{each['figures']} of them would differ now.",
        ).in_language(language)


def _rows(heading: Text, rows: Iterable[RowChange], language: Language) -> Iterator[str]:
    listed = list(rows)
    if listed:
        yield f"{heading.in_language(language)}: {len(listed)}"
    for row in listed[:SHOWN]:
        name = " ".join(value for value in row.name.values() if value)
        was, now = (_stated(each) for each in (row.before, row.after))
        yield f"  {_CHANGES[row.what].in_language(language)} {name}: {was} → {now}"


def _stated(row: Row | None) -> str:
    if row is None:
        return "—"
    value = row.get("published") or " ".join(row.get(name, "") for name in ("value", "amount", "unit")).strip()
    from_to = f"{row.get('valid_from', '')}–{row.get('valid_to', '')}" if row.get("valid_from") else ""
    entry = f"{row['entry']} #{row.get('row', '')}" if row.get("entry") else ""
    beside = "；".join(part for part in (row.get("source", ""), row.get("edition", ""), from_to, entry) if part)
    return f"{' '.join(value.split())}（{beside}）" if beside else value


def _figure(change: FigureChange, language: Language) -> str:
    was, now = told_apart(change.before, change.after, digits=10, thousands="")
    gap = told_apart(change.difference, digits=10, thousands="")[0]
    ratio = "" if change.ratio is None else f"{change.ratio:+.3%}"
    closed = "".join(f"  [封存 {each.kind} {each.subject} r{each.revision}]" for each in change.closed_in)
    name = name_of(change.key.rpartition(" ")[2]).in_language(language)
    return (
        f"  {change.weight:8.3%} {change.subject:<10} {change.period:<8} {change.key:<38} "
        f"{was} → {now} {change.unit}  {gap} {ratio}  {name}{closed}"
    )
