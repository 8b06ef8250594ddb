"""`xietong factors`: the factor library with why each row counts or not, the limits, what a change of factors would do
to which figures and closed reports, its acceptance, and the approval of proposed rows."""

import argparse
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import OperationalError

from xietong.accounting.closed.comparing import before_and_after, years_known
from xietong.accounting.factors.library import library
from xietong.calc.engine.names import name_of
from xietong.calc.factors.book import PURPOSES
from xietong.calc.factors.choice import Listed
from xietong.calc.factors.published_table import PublishedTableError, checked
from xietong.calc.factors.rows import FactorRow
from xietong.calc.judgement.emission_limits import EmissionLimit, emission_limits
from xietong.cli import UsageError
from xietong.commands.terminal.answering import give_answer, usage
from xietong.commands.terminal.asking import lake_in_use, period_asked
from xietong.commands.terminal.columns import padded
from xietong.commands.terminal.differing import difference_lines
from xietong.park.actions import approve_factors
from xietong.park.bringing.accepting import accept_factors
from xietong.park.bringing.trial import Trial, as_if_loaded
from xietong.park.nouns import Registry
from xietong.park.people import RefusedError
from xietong.park.registry.snapshot import NoParkError, load
from xietong.texts import Language, Text

CONFIDENCE = {
    "verified": Text("已核对", "checked"),
    "knowledge": Text("未核对", "unchecked"),
    "park": Text("园区自有", "the park's"),
}
VERBS = ("list", "limits", "check", "difference", "accept", "approve")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What to do, and to which rows."""
    parser.add_argument(
        "verb",
        nargs="?",
        default="list",
        metavar="|".join(VERBS),
        help="默认 list，也可写系数键 · list, or a key",
    )
    parser.add_argument(
        "what", nargs="?", metavar="PATH|KEY", help="factors.csv、数据包或系数键 · a file, a package or a key"
    )
    parser.add_argument("--purpose", default="", metavar="P", help="用途，如 coal_equivalent · purpose")
    parser.add_argument("--key", default="", metavar="KEY", help="系数键，如 raw_coal · the factor's key")
    parser.add_argument("--on", metavar="DATE", help="哪一天，默认今天 · on which day, today")
    parser.add_argument("--subject", default="", metavar="S", help="主体 · for that subject")
    parser.add_argument("--all", action="store_true", help="也列出未采用的行 · also rows that do not count")
    parser.add_argument("--period", action="append", metavar="P", help="比较哪些期间，可多次 · periods to compare")
    parser.add_argument("--person", default="", metavar="NAME", help="谁接受或批准 · who accepts or approves")
    parser.add_argument("--reason", default="", metavar="WHY", help="为什么 · why")
    parser.add_argument("--lang", choices=["zh", "en"], default="zh", help="语言 · language")
    parser.add_argument("--json", action="store_true", help="以 JSON 回答 · answer in JSON")


def run(arguments: argparse.Namespace) -> int:
    """Answer; 3 where rows of a file were refused."""
    if arguments.verb not in VERBS:
        arguments.verb, arguments.key = "list", arguments.verb
    verbs = {
        "list": _list,
        "limits": _limits,
        "check": _check,
        "difference": _difference,
        "accept": _accept,
        "approve": _approve,
    }
    try:
        return verbs[arguments.verb](arguments)
    except RefusedError as error:
        raise UsageError(error.text.in_language(arguments.lang)) from error


# ---- the library ----


def _list(arguments: argparse.Namespace) -> int:
    key = arguments.key or arguments.what or ""
    rows = [
        each
        for each in library(_registry(), _day(arguments.on), arguments.subject, arguments.purpose, key)
        if each.counts or each.row.own or arguments.all or key
    ]
    if arguments.json:
        listed = [_listed_json(each, arguments.lang) for each in rows]
        print(json.dumps({"factors": listed}, ensure_ascii=False, indent=1))
    else:
        for each in rows:
            print(_line(each, arguments.lang))
    return 0


def _registry() -> Registry | None:
    """The park as it stands; None where there is none yet: the library is there without it."""
    try:
        return load()
    except (NoParkError, OperationalError):
        return None


def _day(text: str | None) -> date:
    if text is None:
        return datetime.now(UTC).date()
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"“{text}”不是日期，请写成 2025-06-30 · is no date, write 2025-06-30") from error


def row_json(row: FactorRow) -> dict[str, Any]:
    """A row as plain values; numbers as text, as they were published."""
    return {
        "purpose": row.purpose,
        "key": row.key,
        "value": str(row.value),
        "low": None if row.low is None else str(row.low),
        "high": None if row.high is None else str(row.high),
        "unit": row.unit,
        "source": row.source,
        "edition": row.edition,
        "table_row": row.table_row,
        "region": row.region,
        "series": row.series,
        "subject": row.subject,
        "valid_from": None if row.valid_from == date.min else row.valid_from.isoformat(),
        "valid_to": None if row.valid_to == date.max else row.valid_to.isoformat(),
        "confidence": row.confidence,
    }


def _listed_json(each: Listed, language: Language) -> dict[str, Any]:
    return {**row_json(each.row), "own": each.row.own, "counts": each.counts, "why": each.why.in_language(language)}


def _line(each: Listed, language: Language) -> str:
    row = row_json(each.row)
    mark = "✓" if each.counts else "·"
    whose = f"@{row['subject']}" if row["subject"] else ""
    span = f"{row['valid_from'] or '…'}–{row['valid_to'] or ''}"
    stated = " ".join(part for part in (row["source"], row["edition"], row["table_row"]) if part)
    value = padded(f"{row['value']} {row['unit']}", 22)
    purpose = PURPOSES.get(row["purpose"], Text(row["purpose"], row["purpose"]))
    named = padded(f"{purpose.in_language(language)} · {name_of(row['key']).in_language(language)}", 58)
    keys = padded(f"{row['purpose']} {row['key']}{whose}", 46)
    sure = padded(CONFIDENCE[row["confidence"]].in_language(language), 12)
    return f"{mark} {named}{keys}{value}{padded(span, 22)}{sure}{stated} — {each.why.in_language(language)}"


def _limits(arguments: argparse.Namespace) -> int:
    asked = arguments.key or arguments.what or ""
    rows = [each for each in emission_limits() if asked in ("", each.item)]
    if arguments.json:
        print(json.dumps({"limits": [_limit_json(each) for each in rows]}, ensure_ascii=False, indent=1))
    else:
        for each in rows:
            print(
                f"{padded(name_of(each.item).in_language(arguments.lang), 26)}"
                f"{padded(each.said().in_language(arguments.lang), 76)}{each.source} {each.edition} {each.table_row}  "
                f"{CONFIDENCE[each.confidence].in_language(arguments.lang)}"
            )
    return 0


def _limit_json(limit: EmissionLimit) -> dict[str, Any]:
    return {
        "standard": limit.standard,
        "class": limit.class_name._asdict(),
        "item": limit.item,
        "value": str(limit.value),
        "unit": limit.unit,
        "o2_reference": None if limit.o2_reference is None else str(limit.o2_reference),
        "averaging": limit.averaging,
        "source": limit.source,
        "edition": limit.edition,
        "table_row": limit.table_row,
        "region": limit.region,
        "valid_from": limit.valid_from.isoformat(),
        "valid_to": None if limit.valid_to == date.max else limit.valid_to.isoformat(),
        "confidence": limit.confidence,
    }


def _check(arguments: argparse.Namespace) -> int:
    """A table of another publisher, row by row, and whether its gases add up: 1 where anything is wrong with it."""
    try:
        found = checked(_path(arguments))
    except PublishedTableError as error:
        raise UsageError(error.text.in_language(arguments.lang)) from error
    if arguments.json:
        answer = {
            "rows": found.rows,
            "accepted": found.rows - len(found.refused),
            "rejected": [{"row": row, "message": text.in_language(arguments.lang)} for row, text in found.refused],
            "identities": found.identities,
            "apart": [text.in_language(arguments.lang) for text in found.apart],
        }
        print(json.dumps(answer, ensure_ascii=False, indent=1))
    else:
        for row, text in found.refused:
            print(f"第 {row} 行 row {row}: {text.in_language(arguments.lang)}")
        for text in found.apart:
            print(text.in_language(arguments.lang))
        refused, apart = len(found.refused), len(found.apart)
        done = Text(
            f"{found.rows} 行，拒绝 {refused} 行；CO2e 恒等式 {found.identities} 个，{apart} 个不符。",
            f"{found.rows} rows, {refused} refused; {found.identities} sums of CO2e, {apart} apart.",
        )
        print(done.in_language(arguments.lang))
    return 1 if found.refused or found.apart else 0


# ---- a change before and at its acceptance ----


def _difference(arguments: argparse.Namespace) -> int:
    return tell_difference(_path(arguments), arguments, [arguments.subject] if arguments.subject else [])


def tell_difference(path: Path, arguments: argparse.Namespace, subjects: list[str]) -> int:
    """What loading a package or a factors.csv would change, nothing kept: 3 where rows would be refused."""
    with usage(arguments.lang):
        trial = as_if_loaded(path, "trial", datetime.now(UTC))
    periods = [period_asked(text, arguments.lang) for text in arguments.period or ()]
    lake = lake_in_use(trial.before)
    found = before_and_after(trial.before, trial.after, lake, periods or years_known(trial.before), subjects)
    if arguments.json:
        answer = {**_trial_json(trial, arguments.lang), **found.as_json()}
        print(json.dumps(answer, ensure_ascii=False, indent=1))
    else:
        for line in (*_trial_lines(trial, arguments.lang), *difference_lines(found, arguments.lang)):
            print(line)
    return 3 if trial.rejected else 0


def _trial_json(trial: Trial, language: Language) -> dict[str, Any]:
    return {
        "accepted": trial.accepted,
        "rejected": [each.as_json("zh" if language == "zh" else "en") for each in trial.rejected],
        "remarks": [each.as_json("zh" if language == "zh" else "en") for each in trial.remarks],
        "changes": {name: change._asdict() for name, change in trial.changes.items()},
        "readings_left_out": trial.readings,
    }


def _trial_lines(trial: Trial, language: Language) -> Iterator[str]:
    yield "试算，什么也没有保存 · tried, nothing was kept"
    for each in (*trial.rejected, *trial.remarks):
        yield f"! {each.message.in_language(language)}"
    for name, change in trial.changes.items():
        if change.new or change.changed:
            yield f"{name}: +{change.new} ~{change.changed}"
    if trial.readings:
        yield f"监测值文件 {trial.readings} 个不在比较之内 · files of readings are not compared"


def _path(arguments: argparse.Namespace) -> Path:
    if not arguments.what:
        raise UsageError("请写明 factors.csv 或数据包 · name a factors.csv or a package")
    return Path(arguments.what)


def _accept(arguments: argparse.Namespace) -> int:
    with usage(arguments.lang):
        answer = accept_factors(
            Path(settings.DATA), _path(arguments), arguments.person, arguments.reason, datetime.now(UTC)
        )
    return give_answer(answer, settled=True, arguments=arguments)


def _approve(arguments: argparse.Namespace) -> int:
    asked = {"name": arguments.what or arguments.key, "purpose": arguments.purpose, "subject": arguments.subject}
    with usage(arguments.lang):
        change = approve_factors(
            {name: value for name, value in asked.items() if value},
            arguments.person,
            arguments.reason,
            datetime.now(UTC),
        )
    if arguments.json:
        print(json.dumps({"approved": change.changed}))
    else:
        print(f"已批准 {change.changed} 行 · {change.changed} rows approved")
    return 0
