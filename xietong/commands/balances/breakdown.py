"""`xietong breakdown`: the parts of a figure by sector, zone, enterprise or source, closing to it."""

import argparse
from collections.abc import Iterator

from xietong.accounting.balances.breakdown import KINDS, Breakdown, breakdown
from xietong.cli import UsageError
from xietong.commands.balances.asked import Answer, Asked, print_answer
from xietong.commands.terminal.asking import add_asking_arguments, add_period_argument


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which figures, and by what they are taken apart."""
    parser.add_argument("key", metavar="KEY", nargs="*", help="指标或项目，可多个 · indicators or items")
    parser.add_argument(
        "--by", metavar="KIND", help="按 sector、zone、enterprise 或 source 分解 · the kind of part, one of these"
    )
    add_asking_arguments(parser)
    add_period_argument(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print every part with its share, and what is left over."""
    return print_answer(arguments, _parts)


def _parts(arguments: argparse.Namespace, asked: Asked) -> Answer:
    kind = next((each for each in KINDS if each == arguments.by), None)
    keys = list(dict.fromkeys(arguments.key))
    if kind is None or not keys:
        raise UsageError(
            "请写明指标，并用 --by 写明 sector、zone、enterprise 或 source · "
            "name a key, and with --by one of sector, zone, enterprise or source"
        )
    found = [
        breakdown(asked.registry, asked.lake, subject=asked.subject, period=asked.period, key=key, by=kind)
        for key in keys
    ]
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


def _part_lines(asked: Asked, found: Breakdown) -> Iterator[str]:
    yield from asked.line(found.whole, 0)
    for part in found.parts:
        share = "" if not found.whole.value or part.value is None else f"  {part.value / found.whole.value:.1%}"
        first, *rest = asked.line(part)
        yield first + share
        yield from rest
    yield from asked.line(found.remainder)
