"""`xietong load`: bring a park package in, settle its readings, and say row by row what could not be used."""

import argparse
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings

from xietong.accounting.carrying import take_closed
from xietong.cli import UsageError
from xietong.commands.answering import add_answer_arguments, give_answer, usage
from xietong.commands.factors import tell_difference
from xietong.park.founding import found_if_new
from xietong.park.receiving import Reception
from xietong.settle.once import settle_waiting


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    parser.add_argument("folder", type=Path, metavar="DIR", help="园区数据包 · the park package")
    parser.add_argument(
        "--difference",
        action="store_true",
        help="只比较载入前后的数字，不保存 · only tell what would change, keep nothing",
    )
    parser.add_argument("--period", action="append", metavar="P", help="比较哪些期间 · periods to compare")
    add_answer_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Load it: 0 all accepted, 3 something rejected, 2 no package."""
    if not arguments.folder.is_dir():
        raise UsageError(f"{arguments.folder} 不是文件夹 · is no folder")
    if arguments.difference:
        return tell_difference(arguments.folder, arguments, [])
    with usage(arguments.lang):
        found_if_new(settings.DATA)
        answer = Reception(settings.DATA, arguments.who, datetime.now(UTC)).package(arguments.folder)
        closed = take_closed(arguments.folder, arguments.who, datetime.now(UTC))
        answer.accepted += closed.accepted
        answer.rejected += closed.rejected
    return give_answer(answer, settled=settle_waiting(settings.DATA), arguments=arguments)
