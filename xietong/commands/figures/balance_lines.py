"""What `account --balance`, `--reconcile` and `--by` print: balances of media, one total from both ends, parts of a
figure; as tables for a reader or as JSON with the working of every line."""

import argparse
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from xietong.accounting.balances.balance_sheet import Balance, MediumYear, Sheet, balance, line_trend
from xietong.accounting.balances.breakdown import KINDS, Breakdown, NotSummableError, breakdown
from xietong.accounting.balances.one_total import TOTALS, NotAGroupError, Reconciliation, View, reconcile
from xietong.accounting.balances.statistical import Steps, statistical
from xietong.accounting.figures.account import UnknownNameError
from xietong.accounting.figures.trends import Trend
from xietong.accounting.trade.inside_trade import Trade
from xietong.calc.engine.names import title_of
from xietong.calc.figures import Figure
from xietong.cli import UsageError
from xietong.commands.figures.trend_lines import trend_json, trend_line
from xietong.commands.terminal.asking import lake_in_use, registry_in_use
from xietong.commands.terminal.columns import amount_column, padded, state_of, to_the_right
from xietong.lake.store import Lake
from xietong.park.nouns import Registry
from xietong.periods import Period
from xietong.texts import Language
from xietong.wording.figure_json import amount_of
from xietong.wording.words import term

DEPTH = 3
TRENDED = ("supply", "use", "sold", "loss", "residual")


def add_balancing_arguments(parser: argparse.ArgumentParser) -> None:
    """Ask for balances, for the reconciled total or for the parts of a figure instead of figures."""
    parser.add_argument(
        "--balance",
        action="store_true",
        help="逐月介质平衡（5.4.4） · monthly balances of power, heat, steam, gas, water",
    )
    parser.add_argument(
        "--medium", metavar="M", action="append", help="只要这些介质，如 electricity、steam:1.0MPa · only these media"
    )
    parser.add_argument(
        "--reconcile",
        action="store_true",
        help="一个总量的勾稽：各单位、内部转移、边界、统计口径 · one total from its units, its fence and to statistics",
    )
    parser.add_argument(
        "--by",
        metavar=("KIND", "KEY"),
        nargs="+",
        help="分解：sector、zone、enterprise 或 source，再写指标 · parts of a figure by one of these, then its key",
    )


def asks_balancing(arguments: argparse.Namespace) -> bool:
    """Whether one of these was asked for."""
    return bool(arguments.balance or arguments.reconcile or arguments.by)


def run_balancing(arguments: argparse.Namespace, period: Period) -> int:
    """Print what was asked for."""
    registry = registry_in_use(arguments.lang, arguments.as_of)
    lake, subject = lake_in_use(registry, arguments.as_of), arguments.subject or registry.park.code
    asked = _Asked(registry, lake, subject, period, arguments.lang)
    try:
        answer, lines = _answer(arguments, asked)
    except (UnknownNameError, NotSummableError, NotAGroupError) as error:
        raise UsageError(error.text.in_language(arguments.lang)) from error
    if arguments.json:
        print(json.dumps({"subject": subject, "period": period.label, **answer}, ensure_ascii=False, indent=1))
    else:
        for line in lines:
            print(line)
    return 0


def _answer(arguments: argparse.Namespace, asked: "_Asked") -> tuple[dict[str, Any], Iterable[str]]:
    if arguments.balance:
        return _balance(arguments, asked)
    return _reconcile(asked) if arguments.reconcile else _parts(arguments, asked)


class _Asked:
    """Whose, of which period, in which language."""

    def __init__(self, registry: Registry, lake: Lake | None, subject: str, period: Period, language: Language) -> None:
        self.registry, self.lake, self.subject, self.period = registry, lake, subject, period
        self.language = language

    def said(self, figure: Figure) -> str:
        """A figure's title."""
        return title_of(figure).in_language(self.language)

    def as_json(self, figure: Figure, depth: int = DEPTH) -> dict[str, Any]:
        """One figure with its working, so many levels of it."""
        return {
            "key": figure.key,
            "title": self.said(figure),
            "value": figure.value,
            "unit": figure.unit,
            "status": figure.status,
            "formula": figure.formula,
            "source": figure.source,
            "trace": dict(figure.trace),
            "missing": [reason.in_language(self.language) for reason in figure.missing],
            "remarks": [remark.in_language(self.language) for remark in figure.remarks],
            "inputs": [self.as_json(child, depth - 1) for child in figure.inputs] if depth else [],
        }

    def line(self, figure: Figure, indent: int = 2) -> Iterator[str]:
        """One figure as a line, what it lacks below it."""
        name = padded(self.said(figure), 52 - indent)
        yield f"{' ' * indent}{name} {amount_column(figure)} {state_of(figure, self.language)}".rstrip()
        if figure.value is None or figure.status == "partial":
            yield from (f"{' ' * indent}  ! {reason.in_language(self.language)}" for reason in figure.missing[:2])
        yield from (f"{' ' * indent}  * {remark.in_language(self.language)}" for remark in figure.remarks[:2])


# ---- balances ----


def _balance(arguments: argparse.Namespace, asked: _Asked) -> tuple[dict[str, Any], Iterable[str]]:
    found = balance(asked.registry, asked.lake, asked.subject, asked.period, arguments.medium)
    trends = {each.medium.key: _trends(asked, each) for each in found.media} if arguments.trend else {}
    answer = {
        "balances": [
            {
                "medium": each.medium.key,
                "title": each.medium.name.in_language(asked.language),
                "unit": each.medium.unit,
                **_sheet_json(asked, each.whole),
                "months": [_sheet_json(asked, sheet) for sheet in each.months],
                **({"trend": {k: trend_json(t) for k, t in trends[each.medium.key].items()}} if trends else {}),
            }
            for each in found.media
        ]
    }
    return answer, _balance_lines(asked, found, trends)


def _trends(asked: _Asked, of: MediumYear) -> dict[str, Trend]:
    keys = [f"{of.medium.key}_{name}" for name in TRENDED]
    found = of.whole.figures()
    return {
        key: line_trend(asked.registry, asked.lake, asked.subject, of.medium, key, asked.period)
        for key in keys
        if found[key].value is not None
    }


def _sheet_json(asked: _Asked, sheet: Sheet) -> dict[str, Any]:
    meters = sheet.meters
    return {
        "period": sheet.period.label,
        "status": sheet.status,
        "missing": [reason.in_language(asked.language) for reason in sheet.missing],
        "lines": {side: [asked.as_json(figure) for figure in figures] for side, figures in sheet.lines.items()},
        **{side: asked.as_json(figure, 1) for side, figure in sheet.totals.items()},
        "residual": asked.as_json(sheet.residual, 1),
        "residual_share": asked.as_json(sheet.share, 1),
        "memo": [asked.as_json(figure, 1) for figure in sheet.memo],
        "meters": None if meters is None else {n: asked.as_json(getattr(meters, n), 1) for n in meters._fields},
        "trade": None if sheet.trade is None else _trade_json(asked, sheet.trade),
    }


def _trade_json(asked: _Asked, dealt: Trade) -> dict[str, Any]:
    named = ("imported", "exported", "sold", "bought", "unnamed", "residual")
    return {
        **{name: asked.as_json(getattr(dealt, name).figure, 1) for name in named},
        "residual_share": asked.as_json(dealt.share, 0),
        "sellers": [
            {
                "subject": each.subject.code,
                "sold": asked.as_json(each.sold.figure),
                "bought": asked.as_json(each.bought.figure),
                "residual": asked.as_json(each.residual.figure, 1),
            }
            for each in dealt.sellers
        ],
    }


def _balance_lines(asked: _Asked, found: Balance, trends: Mapping[str, Mapping[str, Trend]]) -> Iterator[str]:
    for each in found.media:
        yield f"== {each.medium.name.in_language(asked.language)} · {each.medium.key} ({each.medium.unit}) =="
        yield _row(["", *(f"{asked.said(figure)}{' %' * (figure.unit == '%')}" for figure in _columns(each.whole))])
        yield from (_numbers(sheet, asked.language) for sheet in (*each.months, each.whole))
        yield from _sheet_lines(asked, each.whole)
        for key, of in trends.get(each.medium.key, {}).items():
            yield f"    {key}: {trend_line(of, asked.language)}"
        yield ""


def _columns(sheet: Sheet) -> list[Figure]:
    return [*sheet.totals.values(), sheet.residual, sheet.share]


def _numbers(sheet: Sheet, language: Language) -> str:
    cells = ["—" if figure.value is None else f"{figure.value:,.3f}" for figure in _columns(sheet)]
    return _row(
        [sheet.period.label, *cells, "" if sheet.status == "ok" else term("status", sheet.status).in_language(language)]
    )


def _row(cells: list[str]) -> str:
    first, *rest = cells
    return (padded(first, 9) + " ".join(to_the_right(cell, 18) for cell in rest)).rstrip()


def _sheet_lines(asked: _Asked, sheet: Sheet) -> Iterator[str]:
    for side, figures in sheet.lines.items():
        if figures:
            yield f"  {asked.said(sheet.totals[side])}"
            for figure in figures:
                yield from asked.line(figure, 4)
    yield from asked.line(sheet.residual)
    for figure in sheet.meters or ():
        yield from asked.line(figure)
    for figure in sheet.memo:
        yield from asked.line(figure)
    if sheet.trade is not None and sheet.trade.is_checked:
        yield from _trade_lines(asked, sheet.trade)


def _trade_lines(asked: _Asked, dealt: Trade) -> Iterator[str]:
    for part in (dealt.sold, dealt.bought, dealt.residual):
        yield from asked.line(part.figure)
    yield from asked.line(dealt.share)
    for each in dealt.sellers:
        told = [amount_of(part.figure) for part in (each.sold, each.bought, each.residual)]
        yield f"    {asked.said(each.sold.figure)}: {told[0]} − {told[1]} = {told[2]}"


# ---- one total ----


def _reconcile(asked: _Asked) -> tuple[dict[str, Any], Iterable[str]]:
    found = [reconcile(asked.registry, asked.lake, asked.subject, asked.period, key) for key in TOTALS]
    way = statistical(asked.registry, asked.lake, asked.subject, asked.period)
    answer = {
        "totals": [_total_json(asked, each) for each in found],
        "statistical": {
            "platform": asked.as_json(way.platform, 1),
            "steps": [asked.as_json(step, 1) for step in way.steps],
            "statistical": asked.as_json(way.statistical, 1),
            "beside": [asked.as_json(figure, 1) for figure in way.beside],
        },
    }
    return answer, [*(line for each in found for line in _total_lines(asked, each)), *_steps_lines(asked, way)]


def _total_json(asked: _Asked, found: Reconciliation) -> dict[str, Any]:
    return {
        "key": found.key,
        "total": asked.as_json(found.whole, 1),
        "units": [asked.as_json(figure, 0) for figure in found.units],
        "from_units": _view_json(asked, found.from_units),
        "from_fence": _view_json(asked, found.from_fence),
        "trades": {medium.key: _trade_json(asked, dealt) for medium, dealt in found.trades if dealt.is_checked},
    }


def _view_json(asked: _Asked, view: View) -> dict[str, Any]:
    return {
        "lines": [asked.as_json(figure, 2) for figure in view.lines],
        "result": asked.as_json(view.result, 0),
        "difference": asked.as_json(view.difference, 0),
    }


def _total_lines(asked: _Asked, found: Reconciliation) -> Iterator[str]:
    yield (
        f"== {asked.said(found.whole)} {amount_of(found.whole)} {state_of(found.whole, asked.language)}".rstrip()
        + " =="
    )
    for view in (found.from_units, found.from_fence):
        yield view.title.in_language(asked.language)
        for figure in (*view.lines, view.result, view.difference):
            yield from asked.line(figure)
            if figure.key == "units_gross":
                yield from (line for unit in found.units for line in asked.line(unit, 6))
    yield ""


def _steps_lines(asked: _Asked, way: Steps) -> Iterator[str]:
    for figure in (way.platform, *way.steps, way.statistical, *way.beside):
        yield from asked.line(figure)


# ---- parts ----


def _parts(arguments: argparse.Namespace, asked: _Asked) -> tuple[dict[str, Any], Iterable[str]]:
    first, *keys = arguments.by
    keys += [key for key in arguments.key or () if key not in keys]
    kind = next((each for each in KINDS if each == first), None)
    if kind is None or not keys:
        raise UsageError(
            "--by 后写 sector、zone、enterprise 或 source，再写至少一个指标 · "
            "--by takes sector, zone, enterprise or source, and then a key"
        )
    found = [breakdown(asked.registry, asked.lake, asked.subject, asked.period, key, kind) for key in keys]
    answer = {
        "by": kind,
        "breakdowns": [
            {
                "key": each.key,
                "whole": asked.as_json(each.whole, 0),
                "parts": [asked.as_json(part, 1) for part in each.parts],
                "remainder": asked.as_json(each.remainder, 0),
            }
            for each in found
        ],
    }
    return answer, [line for each in found for line in _part_lines(asked, each)]


def _part_lines(asked: _Asked, found: Breakdown) -> Iterator[str]:
    yield from asked.line(found.whole, 0)
    for part in found.parts:
        share = "" if not found.whole.value or part.value is None else f"  {part.value / found.whole.value:.1%}"
        first, *rest = asked.line(part)
        yield first + share
        yield from rest
    yield from asked.line(found.remainder)
