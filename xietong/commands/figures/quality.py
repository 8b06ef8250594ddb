"""`xietong quality`: what is wrong with the data, found in the readings, where sources disagree, and in statements."""

import argparse
import json
from collections.abc import Collection, Iterable
from datetime import datetime

from django.conf import settings

from xietong.accounting.books.consolidation import Ground
from xietong.accounting.books.memory import books_for
from xietong.accounting.checking.deviations import Deviation, deviations
from xietong.accounting.checking.monitored_units import Unwatched, Watch, unwatched, watch_table
from xietong.accounting.sources.grains import Beside
from xietong.commands.terminal.asking import lake_in_use, moment, period_asked, registry_in_use
from xietong.commands.terminal.columns import padded
from xietong.commands.terminal.unread import Unread, unread_frames
from xietong.lake.store import Lake
from xietong.park.nouns import Registry
from xietong.park.registry.doubts import of_registry
from xietong.park.registry.snapshot import point_specs
from xietong.periods import Period
from xietong.quality.cases import KINDS
from xietong.settle.doubts import cases_in
from xietong.standard.text import terms
from xietong.texts import Language, Text

DEVIATION, DOUBT, UNWATCHED, BESIDE, UNREAD = "deviation", "doubt", "unwatched", "beside", "unread"
_UNREAD = Text("时间读不出", "no readable time")
_UNWATCHED = Text("监测未覆盖", "not monitored")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which period, which kinds."""
    parser.add_argument("--period", metavar="P", help="2025、2025-03 …，默认全部数据 · all data by default")
    parser.add_argument(
        "--kind",
        choices=(*KINDS, DEVIATION, DOUBT, UNWATCHED, BESIDE, UNREAD),
        action="append",
        help="只要这类问题，可多次给出 · repeatable",
    )
    parser.add_argument(
        "--frequency", action="store_true", help="监测方式与频次一览（6.2.4） · what is monitored how and how often"
    )
    parser.add_argument("--as-of", type=moment, metavar="T", help="按当时已知的数据 · by what was known at that moment")
    parser.add_argument("--lang", choices=["zh", "en"], default="zh", help="语言 · language")
    parser.add_argument("--json", action="store_true", help="以 JSON 回答 · answer in JSON")


def run(arguments: argparse.Namespace) -> int:
    """Print every case, one sentence a line, or as JSON."""
    period = period_asked(arguments.period, arguments.lang) if arguments.period else None
    registry = registry_in_use(arguments.lang, arguments.as_of)
    if arguments.frequency:
        return _frequency(registry, period, arguments)
    lake = lake_in_use(registry, arguments.as_of)
    asked = period.utc(registry.zone) if period else None
    cases = list(cases_in(lake, point_specs(registry), asked)) if lake else []
    chosen = [case for case in cases if not arguments.kind or case.kind in arguments.kind]
    apart = _apart(registry, lake, period) if not arguments.kind or DEVIATION in arguments.kind else []
    doubted = of_registry(registry, period) if not arguments.kind or DOUBT in arguments.kind else []
    dark = _unwatched(registry, lake, period) if not arguments.kind or UNWATCHED in arguments.kind else []
    aside = _aside(registry, period) if not arguments.kind or BESIDE in arguments.kind else []
    unread = _unread(arguments.kind)
    if arguments.json:
        answer = {
            "cases": [case.as_json() for case in chosen],
            "deviations": [each.as_json() for each in apart],
            "doubts": [each.as_json() for each in doubted],
            "unwatched": [each.as_json() for each in dark],
            "unread": [each.as_json() for each in unread],
            "beside": [each.as_json() for each in aside],
        }
        print(json.dumps(answer, ensure_ascii=False, indent=1))
        return 0
    for case in chosen:
        print(f"{_head(case.kind, arguments.lang)}{case.sentence.in_language(arguments.lang)}")
    _print_unread(unread, arguments.lang)
    for each in apart:
        print(f"{_head(DEVIATION, arguments.lang)}{each.sentence.in_language(arguments.lang)}")
    for left in aside:
        print(f"{_head(BESIDE, arguments.lang)}{left.text.in_language(arguments.lang)}")
    for doubt in doubted:
        print(f"{_head(DOUBT, arguments.lang)}{doubt.subject} {doubt.text.in_language(arguments.lang)}")
    for unit in dark:
        print(
            padded(_UNWATCHED.in_language(arguments.lang), _WIDTHS[arguments.lang])
            + unit.sentence.in_language(arguments.lang)
        )
    return 0


def _unread(kinds: Collection[str] | None) -> list[Unread]:
    return unread_frames(settings.DATA) if not kinds or UNREAD in kinds else []


def _print_unread(found: Iterable[Unread], language: Language) -> None:
    for each in found:
        print(f"{padded(_UNREAD.in_language(language), _WIDTHS[language])}{each.sentence.in_language(language)}")


def _frequency(registry: Registry, period: Period | None, arguments: argparse.Namespace) -> int:
    """Print the table of clause 6.2.4, key sources first; of this year unless a period is asked."""
    rows = watch_table(registry, period or Period.year(datetime.now(registry.zone).year))
    if arguments.json:
        print(json.dumps({"frequency": [row.as_json() for row in rows]}, ensure_ascii=False, indent=1))
        return 0
    for row in rows:
        print(_watch_line(row, arguments.lang))
    return 0


def _watch_line(row: Watch, language: Language) -> str:
    due = Text("", "") if row.due_day is None else Text(f"次月 {row.due_day} 日前", f"due by day {row.due_day}")
    named = "".join(padded(text.in_language(language), width) for text, width in ((row.name, 24), (row.way, 12)))
    every, mark = padded(row.every.in_language(language), 14), "*" if row.is_key else " "
    came = f"{padded(row.point, 14)}{due.in_language(language)}"
    return f"{mark} {padded(row.subject.code, 10)}{named}{every}{came}".rstrip()


def _head(kind: str, language: Language) -> str:
    """The kind in words, as wide as the longest."""
    return padded(terms()["case"][kind].in_language(language), _WIDTHS[language])


_WIDTHS = {"zh": 11, "en": 20}


def _aside(registry: Registry, period: Period | None) -> list[Beside]:
    """The statements that do not count beside those that do, of all times or as far as they meet a period."""
    ground = Ground(registry)
    found = [each for _, asides in ground.statements.all_beside() for each in asides if each.is_named]
    chosen = [each for each in found if period is None or each.meets(period)]
    return sorted(dict.fromkeys(chosen), key=lambda each: (each.row.subject, each.row.item, each.row.period))


def _unwatched(registry: Registry, lake: Lake | None, period: Period | None) -> list[Unwatched]:
    """The key units of which nothing came in a period; without one, in the last year that anything was stated for."""
    years = sorted({row.period.start.year for row in registry.reported})[-1:]
    asked = [period] if period else [Period.year(year) for year in years]
    return [each for span in asked for each in unwatched(books_for(registry, lake, span), span)]


def _apart(registry: Registry, lake: Lake | None, period: Period | None) -> list[Deviation]:
    """Where sources of the park disagree in a period; without one, in every year that something was stated for."""
    years = sorted({row.period.start.year for row in registry.reported})
    asked = [period] if period else [Period.year(year) for year in years]
    return [each for span in asked for each in deviations(books_for(registry, lake, span), registry.park.code, span)]
