"""What `account`, `explain` and `evaluate` share: whose figures, of which period, from which registry and lake."""

import argparse
from pathlib import Path
from typing import Any

from django.conf import settings

from xietong.accounting.accounts import UnknownNameError
from xietong.calc.figures import Figure
from xietong.cli import UsageError
from xietong.commands.answering import usage
from xietong.lake.store import Lake
from xietong.park.nouns import Registry
from xietong.park.registry import load
from xietong.periods import Period, PeriodError
from xietong.texts import Text


def add_asking_arguments(parser: argparse.ArgumentParser) -> None:
    """Whose figures, and how they are printed."""
    parser.add_argument("--subject", metavar="S", help="主体代码，默认为园区 · a subject's code, the park by default")
    parser.add_argument("--lang", choices=["zh", "en"], default="zh", help="语言 · language")
    parser.add_argument("--json", action="store_true", help="以 JSON 回答 · answer in JSON")


def registry_in_use(language: str) -> Registry:
    """The park as it stands; bad use where there is none."""
    with usage("zh" if language == "zh" else "en"):
        return load()


def lake_in_use(registry: Registry) -> Lake | None:
    """The park's lake; None before the first reading."""
    root = Path(settings.DATA) / "lake"
    return Lake(root, registry.zone) if (root / "readings").is_dir() else None


def period_asked(text: str, language: str) -> Period:
    """The period that the argument names; bad use otherwise."""
    try:
        return Period.parse(text)
    except PeriodError as error:
        raise UsageError(said(error.text, language)) from error


def unknown(error: UnknownNameError, language: str) -> UsageError:
    """A name that does not exist, as bad use with the nearest names."""
    return UsageError(said(error.text, language))


def said(text: Text, language: str) -> str:
    """A sentence in the asked language."""
    return text.zh if language == "zh" else text.en


def figure_json(key: str, figure: Figure, language: str) -> dict[str, Any]:
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


def amount_of(figure: Figure) -> str:
    """The value with its unit, all the digits that matter."""
    return "—" if figure.value is None else f"{figure.value:.10g} {figure.unit}".rstrip()
