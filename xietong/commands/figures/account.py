"""`xietong account`: the figures of a subject and period."""

import argparse
import json
from collections.abc import Mapping
from typing import Any

from xietong.accounting.closed.reports import BrokenReportError
from xietong.accounting.figures.account import UnknownNameError, figures
from xietong.accounting.figures.cautions import carried
from xietong.accounting.figures.trends import Trend, trend
from xietong.calc.figures import Figure
from xietong.calc.keys import WITH_ESTIMATE
from xietong.cli import UsageError
from xietong.commands.closed.reports import Beside
from xietong.commands.figures.former_options import add_former_arguments, answer_formerly, asked_formerly
from xietong.commands.figures.open_points import reading_json, reading_lines, readings_of
from xietong.commands.terminal.asking import (
    add_asking_arguments,
    add_period_argument,
    evidence_gone,
    lake_in_use,
    period_required,
    registry_in_use,
)
from xietong.commands.terminal.columns import figure_line
from xietong.commands.terminal.trend_lines import trend_json, trend_line
from xietong.texts import Language, Text
from xietong.wording.figure_json import figure_json, named_amounts

# How many keys a remark at the end names.
MOST_NAMED = 4


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Whose figures of which period."""
    add_figure_arguments(parser)
    add_former_arguments(parser)


def add_figure_arguments(parser: argparse.ArgumentParser) -> None:
    """Whose figures, of which period, and which of them."""
    add_asking_arguments(parser)
    add_period_argument(parser)
    parser.add_argument(
        "--key", metavar="KEY", action="append", help="只要这些指标，可多次给出 · only these, repeatable"
    )


def run(arguments: argparse.Namespace) -> int:
    """Print them in the order of the standard's tables."""
    asked = asked_formerly(arguments)
    return answer_formerly(arguments, asked) if asked else print_figures(arguments, with_trends=False)


def print_figures(arguments: argparse.Namespace, *, with_trends: bool) -> int:
    """Print the figures that are asked for, with their changes or without, and beside them what is closed of them."""
    period = period_required(arguments)
    registry = registry_in_use(arguments.lang, arguments.as_of)
    subject = arguments.subject or registry.park.code
    lake = lake_in_use(registry, arguments.as_of)
    try:
        found = figures(registry, lake, subject, period, arguments.key)
        beside = Beside.of(subject, period)
    except (UnknownNameError, BrokenReportError) as error:
        raise UsageError(error.text.in_language(arguments.lang)) from error
    trends = {key: trend(registry, lake, subject, key, period) for key in found} if with_trends else {}
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
