"""Tracing: clause → code → tests and worked cases → page, as one table; `docs/standard/clauses.md` is made here.

    python -m xietong.commands.standard.tracing tests/cases/*.toml > docs/standard/clauses.md

Which rules and cases answer a clause is read off them; the rest is in standard/coverage.toml.
"""

import sys
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from xietong.calc.engine.engine import RULES
from xietong.calc.items import pollutants
from xietong.standard.text import Clause, Covered, clauses, coverage, interpretations, table_rows

_REPOSITORY = "../.."
_HEAD = """# 条款对照 · From clause to code, test and page

<!-- Made by `python -m xietong.commands.standard.tracing tests/cases/*.toml`; a test compares. Do not edit. -->

《工业园区减污降碳协同增效管控规范》的每一句、每个列项、每一行表：由什么代码回应，由什么检验，在哪里看到，还缺什么。
Every sentence, list item and table row of the standard: what code answers it, what tests it, where it is shown, what is
lacking. Rules name their clause themselves (`clause=`), worked cases theirs; the rest is
[coverage.toml](../../xietong/standard/coverage.toml). Where the text leaves something open, the reading chosen is in
[interpretations.toml](../../xietong/standard/interpretations.toml) under the name given.
"""
_COLUMNS = (
    "| 条款 clause | 力 force | 内容 gloss | 代码 code | 检验 tests | 可见 shown | 所缺 lacking |\n" + "|---" * 7 + "|"
)


@dataclass(frozen=True, slots=True)
class Trace:
    """One clause with everything that answers it; rules: "module.function" without the package's name."""

    clause: Clause
    rules: tuple[str, ...]
    cases: tuple[str, ...]
    covered: Covered
    readings: tuple[str, ...]

    @property
    def code(self) -> tuple[str, ...]:
        """Functions and modules, each once."""
        return tuple(dict.fromkeys((*self.rules, *self.covered.code)))

    @property
    def tests(self) -> tuple[str, ...]:
        """Files of worked cases and of tests, each once."""
        return tuple(dict.fromkeys((*self.cases, *self.covered.tests)))

    @property
    def state(self) -> str:
        """covered, partly or lacking."""
        if not self.covered.lacking.en:
            return "covered"
        return "partly" if self.code else "lacking"


def traces(cases: Mapping[str, Sequence[Mapping[str, Any]]]) -> list[Trace]:
    """Every clause in the text's order; cases: file → its worked cases."""
    empty = Covered()
    readings = {clause: [each.id for each in interpretations() if clause in each.clauses] for clause in clauses()}
    return [
        Trace(
            clause,
            _functions(name),
            tuple(file for file, listed in cases.items() if any(_names(case, name) for case in listed)),
            coverage().get(name, empty),
            tuple(readings[name]),
        )
        for name, clause in clauses().items()
    ]


@cache
def _keys() -> Mapping[str, frozenset[str]]:
    """Clause → the indicators that answer it: for a row of a table those that stand in it, else those that cite it."""
    found: dict[str, set[str]] = {}
    for row in table_rows():
        named = (*row.indicators, *row.instead)
        found[row.id] = {key.format(pollutant=each.item) for key in named for each in pollutants()}
    for rules in RULES.values():
        for rule in rules:
            found.setdefault(rule.clause, set()).add(rule.key)
    return {clause: frozenset(keys) for clause, keys in found.items()}


def _functions(clause: str) -> tuple[str, ...]:
    keys = _keys().get(clause, ())
    named = (f"{rule.function.__module__}.{rule.function.__name__}" for key in keys for rule in RULES.get(key, ()))
    return tuple(sorted({name.removeprefix("xietong.") for name in named}))


def _names(case: Mapping[str, Any], clause: str) -> bool:
    """Whether a worked case names the clause, or expects one of the indicators that answer it."""
    expected = {key.partition(":")[0] for key in case.get("expect", {})}
    return case.get("clause") == clause or bool(expected & _keys().get(clause, frozenset()))


# ---- the page ----


def as_markdown(listed: Sequence[Trace]) -> str:
    """The table with its counts by force."""
    rows = "\n".join(_row(trace) for trace in listed)
    return f"{_HEAD}\n{_counts(listed)}\n\n{_COLUMNS}\n{rows}\n"


def _counts(listed: Sequence[Trace]) -> str:
    lines = ["| 力 force | 条 clauses | 已回应 covered | 部分 partly | 尚无 lacking |", "|---" * 5 + "|"]
    for force in ("应", "宜", "可", "不得", ""):
        states = [trace.state for trace in listed if trace.clause.force == force]
        counted = " | ".join(str(states.count(state)) for state in ("covered", "partly", "lacking"))
        lines.append(f"| {force or '—'} | {len(states)} | {counted} |")
    return "\n".join(lines)


def _row(trace: Trace) -> str:
    clause, covered = trace.clause, trace.covered
    gloss = f"{clause.gloss.zh}<br>{clause.gloss.en}"
    read = "".join(f"<br>*{reading}*" for reading in trace.readings)
    lacking = f"{covered.lacking.zh}<br>{covered.lacking.en}" if covered.lacking.en else ""
    tests = ", ".join(f"[{Path(file).stem}]({_REPOSITORY}/{file})" for file in trace.tests)
    cells = (clause.id, clause.force or "—", gloss + read, _code(trace.code), tests, ", ".join(covered.shown), lacking)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _code(names: Iterable[str]) -> str:
    """Modules, linked, with the functions that answer."""
    modules: dict[str, list[str]] = {}
    for name in names:
        module, function = _split(name)
        modules.setdefault(module, []).extend([f"`{function}`"] if function else [])
    return "<br>".join(
        f"[{module}]({_REPOSITORY}/{file_of(module)})" + (": " + ", ".join(functions) if functions else "")
        for module, functions in modules.items()
    )


def _split(name: str) -> tuple[str, str]:
    if file_of(name):
        return name, ""
    module, _, function = name.rpartition(".")
    return module, function


def file_of(module: str) -> str:
    """The file of a module named without the package's name, from the repository's root; "" where there is none."""
    package = Path(__file__).parents[2]
    stem = module.replace(".", "/")
    for file in (f"{stem}.py", f"{stem}/__init__.py"):
        if (package / file).is_file():
            return f"xietong/{file}"
    return ""


def cases_of(files: Iterable[Path]) -> dict[str, list[Mapping[str, Any]]]:
    """The worked cases of files in tests/cases, by the file's path in the repository."""
    ordered = sorted(files, key=lambda file: file.name)
    return {f"tests/cases/{file.name}": tomllib.loads(file.read_text("utf-8")).get("case", []) for file in ordered}


if __name__ == "__main__":
    sys.stdout.write(as_markdown(traces(cases_of(Path(name) for name in sys.argv[1:]))))
