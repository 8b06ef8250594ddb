"""Tracing of a standard beside the park's own: point → rules → worked cases → what is lacking, as one table.

    python -m xietong.commands.standard.tracing_others zero-carbon-park tests/cases/*.toml \\
        > docs/standard/zero-carbon-park.md

Rules name their point themselves, a row of the list of indicators names its figures; cases name the standard.
"""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from xietong.calc.engine.rule_packs import rule_pack
from xietong.commands.standard.tracing import cases_of, file_of
from xietong.standard.text import Clause, about, clauses, interpretations, table_rows

_REPOSITORY = "../.."
_COLUMNS = (
    "| 要点 point | 力 force | 内容 gloss | 依据 confidence | 代码 code | 算例 cases | 所缺 lacking |\n"
    + "|---" * 7
    + "|"
)


class PointTrace(NamedTuple):
    """One point with what answers it; rules: "module.function" without the package's name; files of worked cases."""

    clause: Clause
    rules: tuple[str, ...]
    cases: tuple[str, ...]
    readings: tuple[str, ...]


def point_traces(standard: str, cases: Mapping[str, Sequence[Mapping[str, Any]]]) -> list[PointTrace]:
    """Every point of a standard in order; cases: file → its worked cases."""
    own = {file: [case for case in listed if case.get("standard") == standard] for file, listed in cases.items()}
    found = []
    for clause in clauses(standard).values():
        keys = _keys(standard, clause.id)
        files = tuple(file for file, listed in own.items() if any(_works(case, clause.id, keys) for case in listed))
        readings = tuple(each.id for each in interpretations(standard) if clause.id in each.clauses)
        found.append(PointTrace(clause, _functions(standard, keys), files, readings))
    return found


def _keys(standard: str, point: str) -> frozenset[str]:
    cited = {key for key, rules in rule_pack(standard).rules.items() if any(rule.clause == point for rule in rules)}
    listed = {key for row in table_rows(standard) if row.id == point for key in row.indicators}
    return frozenset(cited | listed)


def _functions(standard: str, keys: frozenset[str]) -> tuple[str, ...]:
    pack = rule_pack(standard)
    rules = [rule for key in keys for rule in pack.all_of(key)]
    named = {f"{rule.function.__module__}.{rule.function.__name__}".removeprefix("xietong.") for rule in rules}
    return tuple(sorted(named))


def _works(case: Mapping[str, Any], point: str, keys: frozenset[str]) -> bool:
    expected = {key.partition(":")[0] for key in (*case.get("expect", {}), *case.get("verdicts", {}))}
    return case.get("clause") == point or bool(expected & keys)


def as_markdown(standard: str, listed: Sequence[PointTrace]) -> str:
    """The table with what the standard is."""
    known = about(standard)
    head = f"""# {known.title.zh} · {known.title.en}

<!-- Made by `python -m xietong.commands.standard.tracing_others {standard} tests/cases/*.toml`; do not edit. -->

{known.source}. 依据 confidence: `verified` = 与公开文字核对 held against published wording; `knowledge` = 未与原件核对
not held against the original. 数据 data:
[standard/{known.folder.name}]({_REPOSITORY}/xietong/standard/{known.folder.name}).
"""
    return f"{head}\n{_COLUMNS}\n" + "\n".join(_row(trace) for trace in listed) + "\n"


def _row(trace: PointTrace) -> str:
    clause = trace.clause
    read = "".join(f"<br>*{each}*" for each in trace.readings)
    code = "<br>".join(_linked(name) for name in trace.rules)
    files = ", ".join(f"[{Path(file).stem}]({_REPOSITORY}/{file})" for file in trace.cases)
    lacking = f"{clause.lacking.zh}<br>{clause.lacking.en}" if clause.lacking.en else ""
    gloss = f"{clause.gloss.zh}<br>{clause.gloss.en}{read}"
    cells = (clause.id, clause.force or "—", gloss, clause.confidence, code, files, lacking)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _linked(name: str) -> str:
    module, _, function = name.rpartition(".")
    return f"[{module}]({_REPOSITORY}/{file_of(module)}): `{function}`"


if __name__ == "__main__":
    sys.stdout.write(as_markdown(sys.argv[1], point_traces(sys.argv[1], cases_of(Path(each) for each in sys.argv[2:]))))
