"""What the commands that answer with figures share: whose figures, of which period, from which registry and lake."""

import argparse
import atexit
import sys
import tempfile
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from django.conf import settings

from xietong.accounting.figures.account import UnknownNameError
from xietong.cli import UsageError
from xietong.commands.terminal.answering import usage
from xietong.lake.files.standing import require_lake
from xietong.lake.past import known_at
from xietong.lake.store import Lake
from xietong.park.bringing.loading import unfinished
from xietong.park.nouns import Registry
from xietong.park.registry.snapshot import load, point_specs
from xietong.periods import Period, PeriodError
from xietong.settle.journals.gone import gone
from xietong.texts import Language


def add_asking_arguments(parser: argparse.ArgumentParser) -> None:
    """Whose figures, and how they are printed."""
    add_reading_arguments(parser)
    add_moment_argument(parser)


def add_reading_arguments(parser: argparse.ArgumentParser) -> None:
    """Whose, in which language, as text or JSON."""
    parser.add_argument("--subject", metavar="S", help="主体代码，默认为园区 · a subject's code, the park by default")
    add_printing_arguments(parser)


def add_printing_arguments(parser: argparse.ArgumentParser) -> None:
    """In which language, as text or JSON."""
    parser.add_argument("--lang", choices=["zh", "en"], default="zh", help="语言 · language")
    parser.add_argument("--json", action="store_true", help="以 JSON 回答 · answer in JSON")


def add_moment_argument(parser: argparse.ArgumentParser) -> None:
    """As it was known when."""
    parser.add_argument("--as-of", type=moment, metavar="T", help="按当时已知的数据 · by what was known at that moment")


def add_period_argument(parser: argparse.ArgumentParser) -> None:
    """Of which period."""
    parser.add_argument("--period", metavar="P", help="2025、2025-Q1、2025-03、2025-03-14 …")


def registry_in_use(language: Language, as_of: datetime | None = None) -> Registry:
    """The park as it stands, or stood at a moment; bad use where there is none."""
    begun = unfinished(Path(settings.DATA))
    if begun is not None:
        print(begun.text.in_language(language), file=sys.stderr)
    with usage("zh" if language == "zh" else "en"):
        return load(as_of)


def lake_in_use(registry: Registry, as_of: datetime | None = None) -> Lake | None:
    """The park's lake; None before the first reading. as_of: as it was known then, in a folder that ends with us."""
    root = Path(settings.DATA) / "lake"
    require_lake(root)
    for each in gone(root.parent):
        print(f"{each.text.zh} · {each.text.en}", file=sys.stderr)
    if not (root / "readings").is_dir():
        return None
    lake = Lake(root, registry.zone)
    if as_of is None:
        return lake
    folder = tempfile.TemporaryDirectory(prefix="xietong-as-of-")
    atexit.register(folder.cleanup)
    return known_at(lake, as_of, point_specs(registry), Path(folder.name))


def evidence_gone(language: Language) -> dict[str, Any]:
    """What an answer in JSON says where figures stand and frames behind them are there no more; else nothing.

    The figures are what they were, so the command does not fail for it; the doctor does.
    """
    found = [{"journal": each.journal, "said": each.text.in_language(language)} for each in gone(Path(settings.DATA))]
    return {"evidence_gone": found} if found else {}


def moment(text: str) -> datetime:
    """A moment as it is given on a command line: with an offset, or in the park's usual time, +08:00."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"“{text}”不是时刻，如 2026-01-31T08:00 · is no moment such as 2026-01-31T08:00"
        ) from None
    return at if at.tzinfo else at.replace(tzinfo=timezone(timedelta(hours=8)))


def period_asked(text: str, language: Language) -> Period:
    """The period that the argument names; bad use otherwise."""
    try:
        return Period.parse(text)
    except PeriodError as error:
        raise UsageError(error.text.in_language(language)) from error


def period_required(arguments: argparse.Namespace) -> Period:
    """The period that --period names; bad use where it is not given, or is none."""
    if not arguments.period:
        raise UsageError("请写明期间，如 --period 2025 · name the period, such as --period 2025")
    return period_asked(arguments.period, arguments.lang)


def unknown(error: UnknownNameError, language: Language) -> UsageError:
    """A name that does not exist, as bad use with the nearest names."""
    return UsageError(error.text.in_language(language))
