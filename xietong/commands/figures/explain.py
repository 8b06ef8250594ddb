"""`xietong explain`: the working of one figure as a tree to be followed with a calculator, down to the evidence."""

import argparse
import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from xietong.accounting.evidence import open_readings
from xietong.accounting.figures.account import UnknownNameError, explain
from xietong.accounting.figures.standards import standard_figure
from xietong.calc.figures import Figure
from xietong.commands.closed.reports import closed_figure
from xietong.commands.standard.points import add_standard_argument
from xietong.commands.terminal.asking import add_asking_arguments, lake_in_use, period_asked, registry_in_use, unknown
from xietong.commands.terminal.columns import state_of
from xietong.commands.terminal.excluding import refuse_beside, refuse_without
from xietong.lake.store import Lake
from xietong.park.nouns import Registry
from xietong.texts import Language
from xietong.wording.figure_json import amount_of
from xietong.wording.formulas import with_names, with_numbers
from xietong.wording.sheets import HEAD, sheet
from xietong.wording.words import title_of

DEPTH = 12


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which figure, and how far down."""
    parser.add_argument("key", metavar="KEY", help="指标或项目 · an indicator or an item")
    add_asking_arguments(parser)
    parser.add_argument("--period", metavar="P", required=True, help="2025、2025-Q1、2025-03、2025-03-14 …")
    parser.add_argument("--depth", type=int, default=DEPTH, metavar="N", help="展开几层 · how many levels")
    add_standard_argument(parser)
    parser.add_argument("--closed", action="store_true", help="已封存的算法 · the working that was closed")
    parser.add_argument("--revision", type=int, metavar="N", help="第几版封存报告 · which revision of it")
    parser.add_argument(
        "--sheet",
        action="store_true",
        help="印成一步一步的算式，可用计算器核对；KEY 可为多个，以逗号分隔 · numbered steps to be followed with a "
        "calculator; KEY may be several, parted by commas",
    )
    parser.add_argument(
        "--readings",
        action="store_true",
        help="计量点展开到小时、监测值和存证 · open points to hours, readings and entries",
    )


def run(arguments: argparse.Namespace) -> int:
    """Print the tree, or the sheet."""
    refuse_without(arguments, ("revision",), ("closed",))
    refuse_beside(arguments, "closed", ("standard", "as_of"))
    refuse_beside(arguments, "sheet", ("json", "readings"))
    if arguments.sheet and "," in arguments.key:
        return _sheets(arguments)
    period = period_asked(arguments.period, arguments.lang)
    registry = registry_in_use(arguments.lang, arguments.as_of)
    lake = lake_in_use(registry, arguments.as_of)
    subject = arguments.subject or registry.park.code
    try:
        if arguments.closed:
            figure = closed_figure(arguments, subject, period)
        else:
            figure = (
                standard_figure(
                    registry, lake, key=arguments.key, subject=subject, period=period, standard=arguments.standard
                )
                if arguments.standard
                else explain(registry, lake, arguments.key, subject, period)
            )
    except UnknownNameError as error:
        raise unknown(error, arguments.lang) from error
    if arguments.sheet:
        return _print_sheet(figure, arguments)
    teller = _Teller(registry, lake if arguments.readings else None, arguments.lang, arguments.depth)
    if arguments.json:
        print(json.dumps(teller.as_json(figure, arguments.depth), ensure_ascii=False, indent=1))
    else:
        for line in teller.lines(figure):
            print(line)
    return 0


def _sheets(arguments: argparse.Namespace) -> int:
    """One sheet a key."""
    for key in arguments.key.split(","):
        one = argparse.Namespace(**{**vars(arguments), "key": key})
        if run(one) != 0:
            return 1
    return 0


def _print_sheet(figure: Figure, arguments: argparse.Namespace) -> int:
    print(f"== {figure.key} {arguments.period}")
    print(HEAD.in_language(arguments.lang))
    for line in sheet(figure, arguments.lang, arguments.depth):
        print(line)
    return 0


class _Teller:
    """Tells a figure's tree in one language; with a lake, down to readings and entries."""

    def __init__(self, registry: Registry, lake: Lake | None, language: Language, depth: int) -> None:
        self._registry, self._lake, self._language, self._depth = registry, lake, language, depth

    def as_json(self, figure: Figure, depth: int) -> dict[str, Any]:
        """The tree as plain values, cut at the depth."""
        return {
            "key": figure.key,
            "title": title_of(figure).in_language(self._language),
            "value": figure.value,
            "unit": figure.unit,
            "status": figure.status,
            "kind": figure.kind,
            "clause": figure.clause,
            "formula": self._formula(figure),
            "source": figure.source,
            "trace": dict(figure.trace),
            "missing": [reason.in_language(self._language) for reason in figure.missing],
            "remarks": [remark.in_language(self._language) for remark in figure.remarks],
            "inputs": [self.as_json(child, depth - 1) for child in figure.inputs] if depth > 0 else [],
            **self._opened_json(figure),
        }

    def _formula(self, figure: Figure) -> str:
        """The formula with the inputs' keys, as a person reads it."""
        return with_names(figure, lambda name: name, "zh" if self._language == "zh" else "en") or figure.formula

    def _opened_json(self, figure: Figure) -> dict[str, Any]:
        if self._lake is None or not _is_leaf(figure):
            return {}
        opened = list(self._opened(figure))
        return {"readings": opened}

    def lines(self, figure: Figure, level: int = 0) -> Iterator[str]:
        """The tree as indented lines."""
        margin = "  " * level
        clause = f"  [{figure.clause}]" if figure.clause else ""
        word = state_of(figure, self._language)
        state = f"  ({word})" if word else ""
        title = title_of(figure).in_language(self._language)
        name = figure.key if title in ("", figure.key) else f"{title} {figure.key}"
        print_value = "" if figure.kind == "items" else f" = {amount_of(figure)}"
        yield f"{margin}{name}{print_value}{state}{clause}"
        yield from (f"{margin}    {line}" for line in self._beside(figure, level))
        if level < self._depth:
            for child in figure.inputs:
                yield from self.lines(child, level + 1)
        elif figure.inputs:
            yield f"{margin}  … {len(figure.inputs)}"
        if self._lake is not None and _is_leaf(figure):
            for row in self._opened(figure):
                yield f"{margin}    {_row(row)}"

    def _beside(self, figure: Figure, level: int) -> Iterator[str]:
        """Formula with names and with numbers, source, where it came from; reasons at the top only, they repeat."""
        named = self._formula(figure)
        if named:
            yield f"= {named}"
        numbers = with_numbers(figure, "zh" if self._language == "zh" else "en")
        if numbers:
            yield f"= {numbers}"
        if figure.source:
            yield f"← {figure.source}"
        facts = (
            "entry",
            "row",
            "amount",
            "unit",
            "point",
            "flow_point",
            "start",
            "end",
            "hours",
            "hours_due",
            "hours_came",
            "hours_judged",
            "samples",
            "published",
        )
        stated = " ".join(f"{name}={figure.trace[name]}" for name in facts if figure.trace.get(name))
        if stated:
            yield f"@ {stated}"
        if level == 0 or not figure.inputs:
            yield from (f"! {reason.in_language(self._language)}" for reason in figure.missing)
        yield from (f"* {remark.in_language(self._language)}" for remark in figure.remarks)

    def _opened(self, figure: Figure) -> Iterator[dict[str, Any]]:
        """The hours of a metered leaf, each with its readings and their entries."""
        assert self._lake is not None
        zone = self._registry.zone
        start, end = (datetime.fromisoformat(figure.trace[name]).replace(tzinfo=zone) for name in ("start", "end"))
        for name in ("point", "flow_point"):
            point = self._registry.points.get(figure.trace.get(name, ""))
            if point is None:
                continue
            for hour in open_readings(self._lake, point, start, end).hours:
                yield {
                    "point": point.code,
                    "hour": hour.hour.astimezone(zone).isoformat(),
                    "total": str(hour.row["total"]),
                    "readings": [
                        {"at": each["at"].isoformat(), "value": str(each["value"]), "entry": each["entry"]}
                        for each in hour.readings
                    ],
                }


def _is_leaf(figure: Figure) -> bool:
    return (
        "point" in figure.trace
        and "start" in figure.trace
        and not any("point" in child.trace for child in figure.inputs)
    )


def _row(row: dict[str, Any]) -> str:
    values = "; ".join(f"{each['value']} @ {each['at']} ← {each['entry']}" for each in row["readings"])
    return f"{row['point']} {row['hour']} {row['total']}: {values}"
