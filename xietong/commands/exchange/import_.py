"""`xietong import`: bring one file of readings or reported amounts in, as it is or by a mapping."""

import argparse
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings

from xietong.cli import UsageError
from xietong.commands.terminal.answering import add_answer_arguments, check_new_workbook, give_answer, usage
from xietong.park.bringing.bills import shipped
from xietong.park.bringing.receiving import Correction, Manner, Reception
from xietong.park.founding import found_if_new
from xietong.park.package.mapping import FileMapping, read_mapping
from xietong.settle.once import settle_waiting


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    parser.add_argument("file", type=Path, metavar="FILE", help="CSV（可 .gz）、Excel、Parquet")
    parser.add_argument(
        "--mapping",
        metavar="M",
        help="映射文件（TOML），或 electricity、gas、heat、water · a mapping (TOML), or one of those that come along",
    )
    parser.add_argument(
        "--stamps",
        choices=["start", "end"],
        help="时刻是时段的起点还是终点 · whether `at` is an interval's start or end",
    )
    parser.add_argument(
        "--corrects",
        action="store_true",
        help="更正：取代同一监测点、同一时刻的监测值，原值保留；标记 X 表示作废 · "
        "correct readings of the same point and instant, which all stay; flag X withdraws one",
    )
    parser.add_argument("--reason", default="", metavar="WHY", help="更正的理由 · why it is corrected")
    parser.add_argument("--evidence", type=Path, metavar="FILE", help="更正的凭证 · what proves the correction")
    parser.add_argument(
        "--partial",
        action="store_true",
        help="填报工作簿有错时只收能用的行 · of a filled-in workbook with errors, take the rows that can be used",
    )
    parser.add_argument(
        "--errors",
        type=Path,
        metavar="FILE.xlsx",
        help="把有错的格标出来另存 · write a workbook with the errors marked",
    )
    add_answer_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Import it: 0 all accepted, 3 something rejected, 2 bad use."""
    if not arguments.file.is_file():
        raise UsageError(f"{arguments.file} 不是文件 · is no file")
    if arguments.evidence is not None and not arguments.evidence.is_file():
        raise UsageError(f"{arguments.evidence} 不是文件 · is no file")
    if arguments.errors is not None:
        check_new_workbook(arguments.errors)
    with usage(arguments.lang):
        found_if_new(settings.DATA)
        mapping = _mapping(arguments.mapping) if arguments.mapping else FileMapping()
        mapping = mapping if arguments.stamps is None else mapping._replace(stamps=arguments.stamps)
        reception = Reception(settings.DATA, arguments.who, datetime.now(UTC))
        if arguments.corrects:
            answer = reception.correction(arguments.file, mapping, Correction(arguments.reason, arguments.evidence))
        else:
            answer = reception.file(arguments.file, mapping, Manner(arguments.partial, arguments.errors))
    return give_answer(answer, settled=settle_waiting(settings.DATA), arguments=arguments)


def _mapping(name: str) -> FileMapping:
    return read_mapping(shipped(name) or Path(name))
