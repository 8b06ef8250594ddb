"""`xietong template`: the workbook of a month that a subject fills in and `import` takes back."""

import argparse
from pathlib import Path

from xietong.cli import UsageError
from xietong.commands.terminal.answering import check_new_workbook, usage
from xietong.park.bringing.template import template_json, write_template
from xietong.park.registry import snapshot
from xietong.periods import Period, PeriodError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    parser.add_argument("--subject", required=True, metavar="S", help="主体 · the subject that fills it in")
    parser.add_argument("--period", required=True, metavar="P", help="期间，如 2025-03 · the period")
    parser.add_argument("-o", dest="target", type=Path, required=True, metavar="FILE.xlsx", help="写到 · where to")
    parser.add_argument("--json", action="store_true", help="以 JSON 回答 · answer in JSON")
    parser.add_argument("--lang", choices=["zh", "en"], default="zh", help="语言 · language")


def run(arguments: argparse.Namespace) -> int:
    """Write it; 2 where there is no such subject or the file exists already."""
    check_new_workbook(arguments.target)
    with usage(arguments.lang):
        park = snapshot.load()
    try:
        period = Period.parse(arguments.period)
    except PeriodError as error:
        raise UsageError(error.text.in_language(arguments.lang)) from error
    if arguments.subject not in park.subjects:
        raise UsageError(f"没有代码为“{arguments.subject}”的主体 · there is no subject {arguments.subject}")
    lines = write_template(arguments.target, park, arguments.subject, period)
    print(template_json(arguments.target, lines) if arguments.json else f"{arguments.target}: {lines}")
    return 0
