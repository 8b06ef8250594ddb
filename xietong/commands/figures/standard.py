"""`xietong standard`: another standard over the park's data: its figures, thresholds and verdicts."""

import argparse
import json
from collections.abc import Mapping
from typing import Any

from xietong.accounting.figures.account import UnknownNameError
from xietong.accounting.figures.standards import StandardAccount, standard_account
from xietong.calc.judgement.verdicts import Judged
from xietong.cli import UsageError
from xietong.commands.figures.open_points import reading_json, reading_lines
from xietong.commands.terminal.asking import (
    add_asking_arguments,
    add_period_argument,
    lake_in_use,
    period_required,
    registry_in_use,
)
from xietong.commands.terminal.columns import figure_line
from xietong.standard.text import MAIN, clauses, interpretations, standards, terms
from xietong.texts import Language
from xietong.wording.figure_json import figure_json

_MARKS = {"met": "✓", "not_met": "✗", "not_classed": "·", "not_assessable": "?"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which standard, whose figures, of which period."""
    others = [each for each in standards() if each != MAIN]
    parser.add_argument("standard", metavar="NAME", help=f"哪一个标准 · which standard: {' | '.join(others)}")
    add_asking_arguments(parser)
    add_period_argument(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print a standard's figures, thresholds and verdicts."""
    period = period_required(arguments)
    if arguments.standard == MAIN:
        raise UsageError(
            "这是园区自己的标准，它的指标由 xietong account 给出 · this is the park's own standard: xietong "
            "account gives its figures"
        )
    registry = registry_in_use(arguments.lang, arguments.as_of)
    subject = arguments.subject or registry.park.code
    try:
        found = standard_account(registry, lake_in_use(registry, arguments.as_of), subject, period, arguments.standard)
    except UnknownNameError as error:
        raise UsageError(error.text.in_language(arguments.lang)) from error
    if arguments.json:
        print(json.dumps(_as_json(found, registry.choices, arguments.lang), ensure_ascii=False, indent=1))
    else:
        _print(found, registry.choices, arguments.lang)
    return 0


def _as_json(found: StandardAccount, choices: Mapping[str, str], language: Language) -> dict[str, Any]:
    return {
        "standard": {
            "name": found.about.name,
            "title": found.about.title.in_language(language),
            "source": found.about.source,
            "edition": found.about.edition,
            "confidence": found.about.confidence,
        },
        "subject": found.subject,
        "period": found.period.label,
        "figures": [_row_json(each, language) for each in found.rows],
        "readings": [reading_json(each, choices, language) for each in interpretations(found.about.name)],
    }


def _row_json(each: Judged, language: Language) -> dict[str, Any]:
    figure = {} if each.figure is None else figure_json(each.figure.key, each.figure, language)
    threshold = None if each.threshold is None else each.threshold.value
    verdict = {"verdict": each.verdict, "reason": each.reason.in_language(language)}
    return {"row": each.row.id, "core": each.row.main, **figure, "threshold": threshold, **verdict}


def _print(found: StandardAccount, choices: Mapping[str, str], language: Language) -> None:
    known, colon = found.about, "：" if language == "zh" else ": "
    confidence = terms()["confidence"][known.confidence].in_language(language)
    print(f"{known.title.in_language(language)} · {known.source} · {known.edition} · {confidence}")
    for each in found.rows:
        if each.verdict == "none" and each.figure is not None and each.figure.value is None:
            continue
        if each.figure is not None:
            print(f"{each.row.id:<6} {figure_line(each.figure, each.figure.key, language)}")
        else:
            print(f"{each.row.id:<6} {clauses(known.name)[each.row.id].gloss.in_language(language)}")
        if each.verdict != "none":
            verdict = f"{_MARKS[each.verdict]} {terms()['verdict'][each.verdict].in_language(language)}"
            print(f"       {verdict}{colon}{each.reason.in_language(language)}")
    print("\n".join(reading_lines(interpretations(known.name), choices, language)))
