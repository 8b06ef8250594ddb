"""What `load` and `import` share: their options, and saying row by row what became of a file. No command itself.

`usage` serves every command that needs the database.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.db import DatabaseError

from xietong.cli import UsageError
from xietong.commands.terminal.databases import why_unusable
from xietong.disks import is_full
from xietong.journal import JournalError
from xietong.park.bringing.receiving import Answer
from xietong.park.founding import LostParkError, OutdatedError
from xietong.park.package.reading import PackageError
from xietong.park.people import RefusedError
from xietong.park.registry import snapshot
from xietong.texts import Language, Text

SHOWN = 50


def add_answer_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of every command that brings something in."""
    parser.add_argument("--json", action="store_true", help="以 JSON 回答 · answer in JSON")
    parser.add_argument("--lang", choices=["zh", "en"], default="zh", help="语言 · language")
    parser.add_argument("--who", default="cli", metavar="NAME", help="以谁的名义 · in whose name")


@contextmanager
def usage(language: Language) -> Iterator[None]:
    """Turn what makes the whole call pointless into bad use, in the asked language."""
    try:
        yield
    except (PackageError, LostParkError, OutdatedError, snapshot.NoParkError, RefusedError, JournalError) as error:
        raise UsageError(error.text.in_language(language)) from error
    except DatabaseError as error:
        if is_full(error):
            raise
        raise UsageError(why_unusable(error).in_language(language)) from error


def check_new_workbook(target: Path) -> None:
    """Raise UsageError unless a workbook can be written there without overwriting anything."""
    if target.exists() or target.suffix.lower() != ".xlsx" or not target.parent.is_dir():
        raise UsageError(
            f"{target} 已存在、不是 .xlsx 或没有那个文件夹；请另取一个文件名 · "
            f"{target} exists already, is no .xlsx or has no folder; name another file"
        )


def give_answer(answer: Answer, *, settled: bool, arguments: argparse.Namespace) -> int:
    """Print the answer; gives the exit status: 3 where something was rejected, else 0."""
    if arguments.json:
        document = {
            "accepted": answer.accepted,
            "rejected": [each.as_json(arguments.lang) for each in answer.rejected],
            "remarks": [each.as_json(arguments.lang) for each in answer.remarks],
            "changes": {name: change._asdict() for name, change in answer.changes.items()},
            "entries": answer.entries,
            "readings": answer.readings,
            "settled": settled,
        }
        print(json.dumps(document, ensure_ascii=False, indent=1))
    else:
        _say(answer, settled, arguments.lang)
    return 3 if answer.rejected else 0


def _say(answer: Answer, settled: bool, language: Language) -> None:
    for each in [*answer.rejected[:SHOWN], *answer.remarks[:SHOWN]]:
        print(each.message.in_language(language), file=sys.stderr)
    hidden = len(answer.rejected) - SHOWN
    if hidden > 0:
        more = Text(f"另有 {hidden} 处，用 --json 查看全部。", f"{hidden} more; --json lists them all.")
        print(more.in_language(language), file=sys.stderr)
    done = Text(
        f"接受 {answer.accepted} 行，拒绝 {len(answer.rejected)} 处。",
        f"{answer.accepted} rows accepted, {len(answer.rejected)} places rejected.",
    )
    print(done.in_language(language))
    if answer.readings and not settled:
        waits = Text(
            f"{answer.readings} 个监测值已存证，正由运行中的结转进程入库。",
            f"{answer.readings} readings are kept as evidence; the settle that is running brings them into the lake.",
        )
        print(waits.in_language(language))
