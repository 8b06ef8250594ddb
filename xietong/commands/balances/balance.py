"""`xietong balance`: monthly balances of media (5.4.4) with what is left over, the meters and the trade inside."""

import argparse
from collections.abc import Iterator, Mapping
from typing import Any

from xietong.accounting.balances.balance_sheet import Balance, MediumYear, Sheet, balance, line_trend
from xietong.accounting.figures.trends import Trend
from xietong.calc.figures import Figure
from xietong.commands.balances.asked import Answer, Asked, print_answer, trade_json, trade_lines
from xietong.commands.terminal.asking import add_asking_arguments, add_period_argument
from xietong.commands.terminal.columns import padded, to_the_right
from xietong.commands.terminal.trend_lines import trend_json, trend_line
from xietong.texts import Language
from xietong.wording.words import term

TRENDED = ("supply", "use", "sold", "loss", "residual")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Whose media in which period."""
    add_asking_arguments(parser)
    add_period_argument(parser)
    parser.add_argument(
        "--medium", metavar="M", action="append", help="只要这些介质，如 electricity、steam:1.0MPa · only these media"
    )
    parser.add_argument("--trend", action="store_true", help="各行的同比、环比 · with the changes of its lines")


def run(arguments: argparse.Namespace) -> int:
    """Print every medium's months and its whole."""
    return print_answer(arguments, _balance)


def _balance(arguments: argparse.Namespace, asked: Asked) -> Answer:
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


def _trends(asked: Asked, of: MediumYear) -> dict[str, Trend]:
    keys = [f"{of.medium.key}_{name}" for name in TRENDED]
    found = of.whole.figures()
    return {
        key: line_trend(
            asked.registry, asked.lake, subject=asked.subject, medium=of.medium, key=key, period=asked.period
        )
        for key in keys
        if found[key].value is not None
    }


def _sheet_json(asked: Asked, sheet: Sheet) -> dict[str, Any]:
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
        "trade": None if sheet.trade is None else trade_json(asked, sheet.trade),
    }


def _balance_lines(asked: Asked, found: Balance, trends: Mapping[str, Mapping[str, Trend]]) -> Iterator[str]:
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


def _sheet_lines(asked: Asked, sheet: Sheet) -> Iterator[str]:
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
        yield from trade_lines(asked, sheet.trade)
