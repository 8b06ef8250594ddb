"""What `balance`, `total` and `breakdown` share: whose figures are asked for, and a figure as a line or as JSON.

No command itself.
"""

import argparse
import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from xietong.accounting.balances.breakdown import NotSummableError
from xietong.accounting.balances.one_total import NotAGroupError
from xietong.accounting.figures.account import UnknownNameError
from xietong.accounting.trade.inside_trade import Trade
from xietong.calc.engine.names import title_of
from xietong.calc.figures import Figure
from xietong.cli import UsageError
from xietong.commands.terminal.asking import lake_in_use, period_required, registry_in_use
from xietong.commands.terminal.columns import amount_column, padded, state_of
from xietong.lake.store import Lake
from xietong.park.nouns import Registry
from xietong.periods import Period
from xietong.texts import Language
from xietong.wording.figure_json import amount_of

DEPTH = 3


class Asked:
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


Answer = tuple[dict[str, Any], Iterable[str]]


def print_answer(arguments: argparse.Namespace, answer_of: Callable[[argparse.Namespace, Asked], Answer]) -> int:
    """Print what a command answers to its arguments: as JSON, or line by line. Gives the exit status."""
    period = period_required(arguments)
    registry = registry_in_use(arguments.lang, arguments.as_of)
    lake, subject = lake_in_use(registry, arguments.as_of), arguments.subject or registry.park.code
    asked = Asked(registry, lake, subject, period, arguments.lang)
    try:
        answer, lines = answer_of(arguments, asked)
    except (UnknownNameError, NotSummableError, NotAGroupError) as error:
        raise UsageError(error.text.in_language(arguments.lang)) from error
    if arguments.json:
        print(json.dumps({"subject": subject, "period": period.label, **answer}, ensure_ascii=False, indent=1))
    else:
        for line in lines:
            print(line)
    return 0


# ---- trade inside ----


def trade_json(asked: Asked, dealt: Trade) -> dict[str, Any]:
    """What members sell and buy of a medium among themselves, with every seller, as plain values."""
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


def trade_lines(asked: Asked, dealt: Trade) -> Iterator[str]:
    """The same for a reader."""
    for part in (dealt.sold, dealt.bought, dealt.residual):
        yield from asked.line(part.figure)
    yield from asked.line(dealt.share)
    for each in dealt.sellers:
        told = [amount_of(part.figure) for part in (each.sold, each.bought, each.residual)]
        yield f"    {asked.said(each.sold.figure)}: {told[0]} − {told[1]} = {told[2]}"
