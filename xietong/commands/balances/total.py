"""`xietong total`: one total of a group from its units and from its fence, and the way to statistics."""

import argparse
from collections.abc import Iterator
from typing import Any

from xietong.accounting.balances.one_total import TOTALS, Reconciliation, View, reconcile
from xietong.accounting.balances.statistical import Steps, statistical
from xietong.commands.balances.asked import Answer, Asked, print_answer, trade_json
from xietong.commands.terminal.asking import add_asking_arguments, add_period_argument
from xietong.commands.terminal.columns import state_of
from xietong.wording.figure_json import amount_of


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which group's total of which period."""
    add_asking_arguments(parser)
    add_period_argument(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print energy and carbon from both ends, then the way to statistics."""
    return print_answer(arguments, _total)


def _total(_: argparse.Namespace, asked: Asked) -> Answer:
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


def _total_json(asked: Asked, found: Reconciliation) -> dict[str, Any]:
    return {
        "key": found.key,
        "total": asked.as_json(found.whole, 1),
        "units": [asked.as_json(figure, 0) for figure in found.units],
        "from_units": _view_json(asked, found.from_units),
        "from_fence": _view_json(asked, found.from_fence),
        "trades": {medium.key: trade_json(asked, dealt) for medium, dealt in found.trades if dealt.is_checked},
    }


def _view_json(asked: Asked, view: View) -> dict[str, Any]:
    return {
        "lines": [asked.as_json(figure, 2) for figure in view.lines],
        "result": asked.as_json(view.result, 0),
        "difference": asked.as_json(view.difference, 0),
    }


def _total_lines(asked: Asked, found: Reconciliation) -> Iterator[str]:
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


def _steps_lines(asked: Asked, way: Steps) -> Iterator[str]:
    for figure in (way.platform, *way.steps, way.statistical, *way.beside):
        yield from asked.line(figure)
