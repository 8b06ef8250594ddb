"""`xietong clauses`: every clause of the standard with its force and the indicators that answer it."""

import argparse
import json

from xietong.calc.engine.engine import RULES
from xietong.commands.standard.points import add_standard_argument, point_json, run_points
from xietong.commands.standard.tracing import Trace, traces
from xietong.standard.text import MAIN, Clause, clauses, interpretations, table_rows


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """How it is printed."""
    parser.add_argument("--force", choices=["应", "宜", "可", "不得"], help="只列这种约束力 · only of this force")
    add_standard_argument(parser)
    parser.add_argument("--json", action="store_true", help="以 JSON 输出 · print JSON")


def run(arguments: argparse.Namespace) -> int:
    """List the clauses in the text's order."""
    if arguments.standard not in (None, MAIN):
        return run_points(arguments)
    answering = _answering()
    chosen = [clause for clause in clauses().values() if arguments.force in (None, clause.force)]
    if arguments.json:
        traced = {trace.clause.id: trace for trace in traces({})}
        listed = [_as_json(clause, answering) | _covered_by(traced[clause.id]) for clause in chosen]
        print(json.dumps(listed, ensure_ascii=False, indent=1))
        return 0
    for clause in chosen:
        keys = ", ".join(answering.get(clause.id, []))
        print(
            f"{clause.id:<8} {clause.force or '—':<2} {clause.gloss.zh} · {clause.gloss.en}{f'  [{keys}]' * bool(keys)}"
        )
    return 0


def _answering() -> dict[str, list[str]]:
    """Clause → indicators: those that cite it, and for a table's row those that stand in it."""
    found: dict[str, list[str]] = {}
    for row in table_rows():
        found[row.id] = [*row.indicators, *row.instead]
    for rules in RULES.values():
        for rule in rules:
            keys = found.setdefault(rule.clause, [])
            if rule.key not in keys and not rule.clause.startswith("T"):
                keys.append(rule.key)
    return {clause: _few(keys) for clause, keys in found.items()}


def _few(keys: list[str], most: int = 24) -> list[str]:
    """A family has a rule for every pollutant: name the first and say how many there are."""
    return keys if len(keys) <= most else [*keys[:most], f"… {len(keys)}"]


def _as_json(clause: Clause, answering: dict[str, list[str]]) -> dict[str, object]:
    return {
        "clause": clause.id,
        "force": clause.force,
        "zh": clause.gloss.zh,
        "en": clause.gloss.en,
        "indicators": answering.get(clause.id, []),
        "interpretations": [point_json(each) for each in interpretations() if clause.id in each.clauses],
    }


def _covered_by(trace: Trace) -> dict[str, object]:
    lacking = trace.covered.lacking
    said = {"zh": lacking.zh, "en": lacking.en} if lacking.en else None
    return {"covered_by": {"code": list(trace.code), "shown": list(trace.covered.shown), "lacking": said}}
