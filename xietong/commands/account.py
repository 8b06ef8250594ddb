"""`xietong account`: the figures of a subject and period."""

import argparse
import json
from collections.abc import Mapping
from typing import Any

from xietong.accounting.accounts import UnknownNameError, figures
from xietong.accounting.trends import Change, Trend, trend
from xietong.calc.figures import Figure
from xietong.commands.asking import (
    add_asking_arguments,
    amount_of,
    lake_in_use,
    period_asked,
    registry_in_use,
    said,
    unknown,
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Whose figures of which period."""
    add_asking_arguments(parser)
    parser.add_argument("--period", metavar="P", required=True, help="2025、2025-Q1、2025-03、2025-03-14 …")
    parser.add_argument(
        "--key", metavar="KEY", action="append", help="只要这些指标，可多次给出 · only these, repeatable"
    )
    parser.add_argument(
        "--trend", action="store_true", help="同比、环比、累计同比 · changes from a year, a span before, and so far"
    )


def run(arguments: argparse.Namespace) -> int:
    """Print them in the order of the standard's tables."""
    period = period_asked(arguments.period, arguments.lang)
    registry = registry_in_use(arguments.lang)
    subject = arguments.subject or registry.park.code
    lake = lake_in_use(registry)
    try:
        found = figures(registry, lake, subject, period, arguments.key)
    except UnknownNameError as error:
        raise unknown(error, arguments.lang) from error
    trends = {key: trend(registry, lake, subject, key, period) for key in found} if arguments.trend else {}
    if arguments.json:
        lines = [
            as_json(key, figure, arguments.lang) | ({"trend": trend_json(trends[key])} if trends else {})
            for key, figure in found.items()
        ]
        answer = {"subject": subject, "period": period.label, "figures": lines}
        print(json.dumps(answer, ensure_ascii=False, indent=1))
    else:
        _print(found, trends, arguments.lang)
    return 0


def as_json(key: str, figure: Figure, language: str) -> dict[str, Any]:
    """One figure as plain values."""
    return {
        "key": key,
        "title": said(figure.title, language),
        "value": figure.value,
        "unit": figure.unit,
        "status": figure.status,
        "clause": figure.clause,
        "missing": [said(reason, language) for reason in figure.missing],
        "remarks": [said(remark, language) for remark in figure.remarks],
    }


def trend_json(of: Trend) -> dict[str, Any]:
    """The changes of a figure as plain values, by 环比, 同比 and 累计同比; ratio 0.05 is 5 % more."""
    named = {"previous": of.previous, "year": of.year, "cumulative": of.cumulative}
    return {name: None if change is None else _change(change) for name, change in named.items()}


def _change(change: Change) -> dict[str, Any]:
    return {
        "period": change.period.label,
        "value": change.now.value,
        "status": change.now.status,
        "period_before": change.period_before.label,
        "value_before": change.before.value,
        "status_before": change.before.status,
        "ratio": change.ratio,
    }


def _changes(of: Trend) -> str:
    named = (("环比", of.previous), ("同比", of.year), ("累计同比", of.cumulative))
    told = ((name, None if change is None else change.ratio) for name, change in named)
    return "  ".join(f"{name} {'—' if ratio is None else f'{ratio:+.2%}'}" for name, ratio in told)


def _print(found: Mapping[str, Figure], trends: Mapping[str, Trend], language: str) -> None:
    for key, figure in found.items():
        if figure.status == "not_applicable":
            continue
        print(f"{key:<38} {amount_of(figure):>26}  {figure.status:<9} {said(figure.title, language)}")
        if key in trends:
            print(f"    {_changes(trends[key])}")
        for reason in figure.missing[:3]:
            print(f"    {said(reason, language)}")
