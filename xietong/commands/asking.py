"""What `account`, `explain` and `evaluate` share: whose figures, of which period, from which registry and lake."""

import argparse
import atexit
import sys
import tempfile
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from django.conf import settings

from xietong.accounting.accounts import UnknownNameError
from xietong.accounting.cautions import carried
from xietong.calc.figures import Figure
from xietong.calc.names import title_of
from xietong.cli import UsageError
from xietong.commands.answering import usage
from xietong.lake.past import known_at
from xietong.lake.standing import require_lake
from xietong.lake.store import Lake
from xietong.park.loading import unfinished
from xietong.park.nouns import Registry
from xietong.park.registry import load, point_specs
from xietong.periods import Period, PeriodError
from xietong.settle.gone import gone
from xietong.texts import Text


def add_asking_arguments(parser: argparse.ArgumentParser) -> None:
    """Whose figures, and how they are printed."""
    parser.add_argument("--subject", metavar="S", help="主体代码，默认为园区 · a subject's code, the park by default")
    parser.add_argument("--lang", choices=["zh", "en"], default="zh", help="语言 · language")
    parser.add_argument("--json", action="store_true", help="以 JSON 回答 · answer in JSON")
    parser.add_argument("--as-of", type=moment, metavar="T", help="按当时已知的数据 · by what was known at that moment")


def registry_in_use(language: str, as_of: datetime | None = None) -> Registry:
    """The park as it stands, or stood at a moment; bad use where there is none."""
    begun = unfinished(Path(settings.DATA))
    if begun is not None:
        print(said(begun.text, language), file=sys.stderr)
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


def evidence_gone(language: str) -> dict[str, Any]:
    """What an answer in JSON says where figures stand and frames behind them are there no more; else nothing.

    The figures are what they were, so the command does not fail for it; the doctor does.
    """
    found = [{"journal": each.journal, "said": said(each.text, language)} for each in gone(Path(settings.DATA))]
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


def figure_json(key: str, figure: Figure, language: str, group: str = "") -> dict[str, Any]:
    """One figure as plain values; one of several named amounts has them as its lines (group: the key above a line)."""
    lines = [figure_json(line.key, line, language, key) for line in named_amounts(figure)]
    return {
        "key": key,
        "title": said(title_of(figure, group), language),
        "value": figure.value,
        "unit": figure.unit,
        "status": figure.status,
        "clause": figure.clause,
        "missing": [said(reason, language) for reason in figure.missing],
        "remarks": [said(remark, language) for remark in dict.fromkeys((*figure.remarks, *carried(figure)))],
        **({"lines": lines} if figure.kind == "items" else {}),
        **received_json(figure),
    }


def received_json(figure: Figure) -> dict[str, Any]:
    """How much of a group's amount came: units that reported whole of all that were due, the share of what was due and
    by last year's amounts; of a figure with an estimate for the absent, how much of it is estimated."""
    trace = figure.trace
    shares = {name: float(trace[f"coverage_{name}"]) for name in ("number", "weight") if f"coverage_{name}" in trace}
    found: dict[str, Any] = {}
    if "coverage_units" in trace:
        found["coverage"] = {"units": trace["coverage_units"], **shares}
    if "estimated_share" in trace:
        found["estimated_share"] = float(trace["estimated_share"])
    return found


def named_amounts(figure: Figure) -> tuple[Figure, ...]:
    """The lines of a figure of several named amounts that were due; none of any other."""
    if figure.kind != "items":
        return ()
    return tuple(line for line in figure.inputs if line.status != "not_applicable")


def amount_of(figure: Figure) -> str:
    """The value with its unit, all the digits that matter."""
    return "—" if figure.value is None else f"{figure.value:.10g} {figure.unit}".rstrip()
