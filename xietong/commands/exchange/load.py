"""`xietong load`: bring a park package in, settle its readings, and say row by row what could not be used."""

import argparse
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings

from xietong.accounting.closed.in_packages import take_closed
from xietong.cli import UsageError
from xietong.commands.standard.factors import tell_difference
from xietong.commands.terminal.answering import add_answer_arguments, give_answer, usage
from xietong.park.bringing import loading
from xietong.park.bringing.receiving import Answer, Reception
from xietong.park.founding import found_if_new
from xietong.park.package.reading import PackageError
from xietong.settle.once import settle_waiting


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    parser.add_argument("folder", type=Path, nargs="?", metavar="DIR", help="园区数据包 · the park package")
    parser.add_argument(
        "--difference",
        action="store_true",
        help="只比较载入前后的数字，不保存 · only tell what would change, keep nothing",
    )
    parser.add_argument("--take-up", action="store_true", help="续完中断的载入 · finish a load that was cut short")
    parser.add_argument("--period", action="append", metavar="P", help="比较哪些期间 · periods to compare")
    add_answer_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Load it: 0 all accepted, 3 something rejected, 2 no package."""
    data = Path(settings.DATA)
    if arguments.take_up:
        return _take_up(data)
    if arguments.folder is None or not arguments.folder.is_dir():
        raise UsageError(f"{arguments.folder or ''} 不是文件夹 · is no folder")
    if arguments.difference:
        return tell_difference(arguments.folder, arguments, [])
    with usage(arguments.lang):
        found_if_new(data)
        with loading.one_at_a_time(data):
            _finish_begun(data)
            answer = _bring(data, arguments.folder, arguments.who)
    return give_answer(answer, settled=settle_waiting(data), arguments=arguments)


def _bring(data: Path, folder: Path, who: str) -> Answer:
    at = datetime.now(UTC)
    answer = Reception(data, who, at).package(
        folder, lambda package: loading.begin(data, folder, package, who, at.isoformat(timespec="seconds"))
    )
    closed = take_closed(folder, who, datetime.now(UTC))
    answer.accepted += closed.accepted
    answer.rejected += closed.rejected
    loading.end(data)
    return answer


def _take_up(data: Path) -> int:
    """Finish a load whose process is gone; settle asks for it, and what waits in the journal is its own to settle."""
    with usage("zh"), loading.one_at_a_time(data):
        _finish_begun(data)
    return 0


def _finish_begun(data: Path) -> None:
    begun = loading.begun_before(data)
    if begun is None:
        return
    print(f"{begun.text.zh} · {begun.text.en}", file=sys.stderr)
    with tempfile.TemporaryDirectory(prefix="xietong-") as within:
        try:
            _bring(data, loading.unpacked(data, begun, Path(within)), begun.who)
        except PackageError as error:  # it was one when it was begun; what has come since does not go with it
            print(f"{error.text.zh} · {error.text.en}", file=sys.stderr)
            loading.end(data)
