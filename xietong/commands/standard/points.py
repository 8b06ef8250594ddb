"""The points of a standard as `clauses --standard` prints them; needs no park."""

import argparse
import json
from typing import Any

from xietong.calc.engine.rule_packs import rule_pack
from xietong.cli import UsageError
from xietong.standard.text import Interpretation, about, clauses, interpretations, standards, table_rows


def add_standard_argument(parser: argparse.ArgumentParser) -> None:
    """Which standard, where it is not the park's own."""
    names = " | ".join(standards())
    parser.add_argument("--standard", metavar="NAME", help=f"另一标准的规则和要求 · another standard: {names}")


def run_points(arguments: argparse.Namespace) -> int:
    """Print a standard's points with the figures that answer them, and its open points."""
    if arguments.standard not in standards():
        raise UsageError(
            f"没有这个标准；有 {'、'.join(standards())} · no such standard; there are {', '.join(standards())}"
        )
    known, answering = about(arguments.standard), _answering(arguments.standard)
    points = [each for each in clauses(known.name).values() if arguments.force in (None, each.force)]
    open_points = interpretations(known.name)
    if arguments.json:
        listed = [
            {
                "clause": each.id,
                "force": each.force,
                "zh": each.gloss.zh,
                "en": each.gloss.en,
                "confidence": each.confidence,
                "indicators": answering.get(each.id, []),
                "interpretations": [point_json(point) for point in open_points if each.id in point.clauses],
            }
            for each in points
        ]
        print(json.dumps(listed, ensure_ascii=False, indent=1))
        return 0
    for each in points:
        keys = ", ".join(answering.get(each.id, []))
        named = f"  [{keys}]" if keys else ""
        print(f"{each.id:<8} {each.force or '—':<2} {each.gloss.zh} · {each.gloss.en} ({each.confidence}){named}")
    return 0


def _answering(standard: str) -> dict[str, list[str]]:
    """Point → the keys of its row and the rules that cite it."""
    found = {row.id: list(row.indicators) for row in table_rows(standard)}
    for rules in rule_pack(standard).rules.values():
        for rule in rules:
            keys = found.setdefault(rule.clause, [])
            keys += [rule.key] if rule.key not in keys else []
    return found


def point_json(point: Interpretation) -> dict[str, Any]:
    """An open point with its readings, the default first, and those that nobody can choose."""
    return {
        "id": point.id,
        "zh": point.question.zh,
        "en": point.question.en,
        "choice": point.choice,
        "options": list(point.options),
        "alternatives": {"zh": point.alternatives.zh, "en": point.alternatives.en},
        "printed": list(point.printed),
    }
