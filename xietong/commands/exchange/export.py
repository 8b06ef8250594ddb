"""`xietong export`: write the whole park as a package, with datapackage.json."""

import argparse
import json
from datetime import datetime
from functools import partial
from pathlib import Path

from django.conf import settings

from xietong.accounting.closed.in_packages import write_closed
from xietong.cli import UsageError
from xietong.commands.terminal.answering import usage
from xietong.journal import sync_folder
from xietong.park.bringing.sending import save, send_package


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    parser.add_argument("folder", type=Path, metavar="DIR", help="新的或空的文件夹 · a new or empty folder")
    parser.add_argument("--as-of", metavar="TIME", help="按当时所知，如 2026-03-01T08:00+08:00 · as it was known then")
    parser.add_argument("--json", action="store_true", help="以 JSON 回答 · answer in JSON")
    parser.add_argument("--lang", choices=["zh", "en"], default="zh", help="语言 · language")


def run(arguments: argparse.Namespace) -> int:
    """Write it; 2 where the folder holds something, or there is no park."""
    if arguments.folder.exists() and (not arguments.folder.is_dir() or any(arguments.folder.iterdir())):
        raise UsageError(
            f"{arguments.folder} 里已有东西，导出会与它混在一起；请指定一个新的文件夹。 · "
            f"{arguments.folder} holds something already, which the export would mix with; name a new folder."
        )
    as_of = _instant(arguments.as_of) if arguments.as_of else None
    with usage(arguments.lang):
        rows = send_package(settings.DATA, arguments.folder, as_of)
        rows |= write_closed(partial(save, arguments.folder), as_of)
        sync_folder(arguments.folder)
    if arguments.json:
        print(json.dumps({"folder": str(arguments.folder), "files": rows}, ensure_ascii=False))
    else:
        print(f"{arguments.folder}: " + ", ".join(f"{name} {count}" for name, count in rows.items()))
    return 0


def _instant(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise UsageError(f"“{text}”：请写带时差的时刻，如 2026-03-01T08:00+08:00 · write a time with its offset")
    return at
