"""`xietong key-enterprises`: the key units, who entered or left their list, and how each has changed."""

import argparse
import json
from typing import Any

from xietong.accounting.checking.key_enterprises import KeyUnit, KeyUnits, key_enterprises
from xietong.accounting.figures.account import UnknownNameError
from xietong.accounting.figures.trends import Change
from xietong.calc.engine.names import name_of
from xietong.calc.rounding import apart
from xietong.cli import UsageError
from xietong.commands.terminal.asking import (
    add_moment_argument,
    add_period_argument,
    add_printing_arguments,
    lake_in_use,
    period_required,
    registry_in_use,
)
from xietong.commands.terminal.columns import padded, to_the_right
from xietong.texts import Language, Text
from xietong.wording.figure_json import amount_of

_MOVEMENTS = {
    "entered": Text("新列入", "entered"),
    "left": Text("移出", "left"),
    "stayed": Text("续列", "stayed"),
    "unknown": Text("进出不详", "movement unknown"),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which list of key enterprises, in which period."""
    parser.add_argument(
        "list",
        metavar="LIST",
        nargs="?",
        default="energy",
        help="energy、carbon、pollution、recycling、名录名，或 sectors（各行业） · the list, or all sectors",
    )
    parser.add_argument(
        "--key", metavar="KEY", action="append", help="只要这些指标，可多次给出 · only these, repeatable"
    )
    add_printing_arguments(parser)
    add_moment_argument(parser)
    add_period_argument(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print every key unit of the list with its figures, a year before and the change."""
    period = period_required(arguments)
    registry = registry_in_use(arguments.lang, arguments.as_of)
    lake = lake_in_use(registry, arguments.as_of)
    try:
        found = key_enterprises(registry, lake, period, arguments.list, arguments.key)
    except UnknownNameError as error:
        raise UsageError(error.text.in_language(arguments.lang)) from error
    if arguments.json:
        print(json.dumps(_as_json(found, arguments.list, arguments.lang), ensure_ascii=False, indent=1))
    else:
        _print(found, arguments.lang)
    return 0


def _as_json(found: KeyUnits, of: str, language: Language) -> dict[str, Any]:
    return {
        "list": of,
        "period": found.period.label,
        "period_before": found.before.label,
        "source": found.source[0].in_language(language),
        "source_before": found.source[1].in_language(language),
        "enterprises": [_unit(unit, language) for unit in found.units],
        "same_enterprises": {
            key: {"value": now, "value_before": before, "change": now - before}
            for key, (now, before) in found.same.items()
        },
    }


def _unit(unit: KeyUnit, language: Language) -> dict[str, Any]:
    return {
        "subject": unit.subject.code,
        "name": unit.subject.name if language == "zh" else unit.subject.name_en or unit.subject.name,
        "movement": unit.movement,
        "reasons": list(unit.reasons),
        "figures": [{"key": key, **_change(change, language)} for key, change in unit.changes.items()],
    }


def _change(change: Change, language: Language) -> dict[str, Any]:
    now, before = change.now.value, change.before.value
    return {
        "unit": change.now.unit,
        "value": now,
        "status": change.now.status,
        "value_before": before,
        "status_before": change.before.status,
        "change": None if change.ratio is None or now is None or before is None else now - before,
        "ratio": change.ratio,
        "missing": [reason.in_language(language) for reason in (*change.now.missing, *change.before.missing)],
    }


def _print(found: KeyUnits, language: Language) -> None:
    print(f"{found.period.label}: {found.source[0].in_language(language)}")
    print(f"{found.before.label}: {found.source[1].in_language(language)}")
    for unit in found.units:
        reasons = f" · {'；'.join(unit.reasons)}" if unit.reasons else ""
        name = unit.subject.name if language == "zh" else unit.subject.name_en or unit.subject.name
        print(f"{unit.subject.code} {name}  {_MOVEMENTS[unit.movement].in_language(language)}{reasons}")
        for key, change in unit.changes.items():
            ratio = "—" if change.ratio is None else f"{change.ratio:+.2%}"
            told = [to_the_right(amount_of(each), 26) for each in (change.before, change.now)]
            print(f"    {padded(name_of(key).in_language(language), 32)} {told[0]} → {told[1]} {ratio:>9}")
    for key, (now, before) in found.same.items():
        label = Text("两年都在名录的合计", "those listed in both years").in_language(language)
        print(f"{label} {name_of(key).in_language(language)}: {before:.10g} → {now:.10g} ({apart(before, now):+.10g})")
