"""`xietong account`: the figures of a subject and period."""

import argparse
import json
from collections.abc import Mapping
from typing import Any

from xietong.accounting.accounts import UnknownNameError, figures
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


def run(arguments: argparse.Namespace) -> int:
    """Print them in the order of the standard's tables."""
    period = period_asked(arguments.period, arguments.lang)
    registry = registry_in_use(arguments.lang)
    subject = arguments.subject or registry.park.code
    try:
        found = figures(registry, lake_in_use(registry), subject, period, arguments.key)
    except UnknownNameError as error:
        raise unknown(error, arguments.lang) from error
    if arguments.json:
        lines = [as_json(key, figure, arguments.lang) for key, figure in found.items()]
        answer = {"subject": subject, "period": period.label, "figures": lines}
        print(json.dumps(answer, ensure_ascii=False, indent=1))
    else:
        _print(found, arguments.lang)
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


def _print(found: Mapping[str, Figure], language: str) -> None:
    for key, figure in found.items():
        if figure.status == "not_applicable":
            continue
        print(f"{key:<38} {amount_of(figure):>26}  {figure.status:<9} {said(figure.title, language)}")
        for reason in figure.missing[:3]:
            print(f"    {said(reason, language)}")
