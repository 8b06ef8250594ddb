"""`xietong account`: the figures of a subject and period."""

import argparse
import json
from collections.abc import Mapping
from typing import Any

from xietong.accounting.closed.reports import BrokenReportError, account_document
from xietong.accounting.figures.account import UnknownNameError, figures
from xietong.accounting.figures.cautions import carried
from xietong.accounting.figures.trends import Trend, trend
from xietong.calc.figures import Figure
from xietong.calc.keys import WITH_ESTIMATE
from xietong.cli import UsageError
from xietong.commands.figures.account_all import add_all_argument, run_all
from xietong.commands.figures.balance_lines import add_balancing_arguments, asks_balancing, run_balancing
from xietong.commands.figures.closed import Beside, add_closing_arguments, asks_closing, run_closing
from xietong.commands.figures.key_enterprises import add_key_enterprises_argument, run_key_enterprises
from xietong.commands.figures.open_points import reading_json, reading_lines, readings_of
from xietong.commands.figures.other_standards import run_standard
from xietong.commands.figures.trend_lines import trend_json, trend_line
from xietong.commands.standard.points import add_standard_argument
from xietong.commands.terminal.asking import (
    add_asking_arguments,
    evidence_gone,
    lake_in_use,
    period_asked,
    registry_in_use,
)
from xietong.commands.terminal.columns import figure_line
from xietong.standard.text import MAIN
from xietong.texts import Language, Text
from xietong.wording.figure_json import figure_json, named_amounts

# How many keys a remark at the end names.
MOST_NAMED = 4


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Whose figures of which period."""
    add_asking_arguments(parser)
    parser.add_argument("--period", metavar="P", help="2025、2025-Q1、2025-03、2025-03-14 …")
    parser.add_argument(
        "--key", metavar="KEY", action="append", help="只要这些指标，可多次给出 · only these, repeatable"
    )
    parser.add_argument(
        "--trend", action="store_true", help="同比、环比、累计同比 · changes from a year, a span before, and so far"
    )
    add_all_argument(parser)
    add_key_enterprises_argument(parser)
    add_balancing_arguments(parser)
    add_standard_argument(parser)
    add_closing_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print them in the order of the standard's tables; or close, reopen and show what is closed."""
    period = period_asked(arguments.period, arguments.lang) if arguments.period else None
    if asks_closing(arguments):
        return run_closing(arguments, "account", period, account_document)
    if period is None:
        raise UsageError("请写明期间，如 --period 2025 · name the period, such as --period 2025")
    for is_asked, answer_with in (
        (arguments.all, run_all),
        (arguments.key_enterprises, run_key_enterprises),
        (arguments.standard not in (None, MAIN), run_standard),
        (asks_balancing(arguments), run_balancing),
    ):
        if is_asked:
            return answer_with(arguments, period)
    registry = registry_in_use(arguments.lang, arguments.as_of)
    subject = arguments.subject or registry.park.code
    lake = lake_in_use(registry, arguments.as_of)
    try:
        found = figures(registry, lake, subject, period, arguments.key)
        beside = Beside.of(subject, period)
    except (UnknownNameError, BrokenReportError) as error:
        raise UsageError(error.text.in_language(arguments.lang)) from error
    trends = {key: trend(registry, lake, subject, key, period) for key in found} if arguments.trend else {}
    points = readings_of(found.values())
    if arguments.json:
        answer = {"subject": subject, "period": period.label, **evidence_gone(arguments.lang)}
        answer |= _answer(found, trends, beside, arguments.lang)
        answer["readings"] = [reading_json(each, registry.choices, arguments.lang) for each in points]
        print(json.dumps(answer, ensure_ascii=False, indent=1))
    else:
        due = {key: figure for key, figure in found.items() if arguments.key or figure.status != "not_applicable"}
        _print(due, trends, beside, arguments.lang)
        print("\n".join(reading_lines(points, registry.choices, arguments.lang)))
    return 0


def _answer(
    found: Mapping[str, Figure], trends: Mapping[str, Trend], beside: Beside | None, language: Language
) -> dict[str, Any]:
    lines = [
        figure_json(key, figure, language)
        | ({"trend": trend_json(trends[key])} if trends else {})
        | ({"closed": beside.note(key, figure.value)} if beside else {})
        for key, figure in found.items()
    ]
    return {**({"closed": beside.as_json()} if beside else {}), "figures": lines}


def _print(found: Mapping[str, Figure], trends: Mapping[str, Trend], beside: Beside | None, language: Language) -> None:
    if beside is not None:
        print(beside.head_line())
    for key, figure in found.items():
        print(figure_line(figure, key, language))
        for part in named_amounts(figure):
            print(figure_line(part, f"  {part.key}", language, group=key))
        if beside is not None and (line := beside.line(key, figure.value)):
            print(f"    {line}")
        if key in trends:
            print(f"    {trend_line(trends[key], language)}")
        for reason in (*figure.missing[:3], *_under(key, figure)):
            print(f"    {reason.in_language(language)}")
    for remark, keys in _general(found).items():
        more = "" if len(keys) <= MOST_NAMED else " …"
        print(f"* {', '.join(keys[:MOST_NAMED])}{more}: {remark.in_language(language)}")


def _under(key: str, figure: Figure) -> tuple[Text, ...]:
    """The remarks that stand under a figure's own line: of its factors and amounts, and of an estimate."""
    return (*carried(figure), *(figure.remarks[-1:] if key.endswith(WITH_ESTIMATE) else ()))


def _general(found: Mapping[str, Figure]) -> dict[Text, list[str]]:
    """Every other remark once, with the keys of the figures that carry it: what JSON and explain say is seen here."""
    keys: dict[Text, list[str]] = {}
    for key, figure in found.items():
        under = _under(key, figure)
        for remark in dict.fromkeys(
            (*figure.remarks, *(each for part in named_amounts(figure) for each in part.remarks))
        ):
            if remark not in under:
                keys.setdefault(remark, []).append(key)
    return keys
