"""`xietong settle`: the process that turns journal entries into readings, hours and days; one for each data folder."""

import argparse
import getpass
import json
import logging
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path
from threading import Event

from django.conf import settings

from xietong.journal import make_folder
from xietong.lake.errors import LakeError
from xietong.park.actions import record_act
from xietong.settle.journals.keeping import give_up
from xietong.settle.lock import SettleBusy, SettleLock
from xietong.settle.once import RegistryUnreadable, settle


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """--once settles what is there and stops."""
    parser.add_argument(
        "--give-up",
        action="store_true",
        help="曾经结转而再也找不回的，按没有处理 · what was settled once and cannot be restored is taken as gone",
    )
    parser.add_argument("--once", action="store_true", help="结转现有的存证后退出 · settle what is there, then stop")
    parser.add_argument("--json", action="store_true", help="以 JSON 回答 · answer in JSON")


def run(arguments: argparse.Namespace) -> int:
    """Until SIGTERM or SIGINT, or once; exit 1 where another settle works here, or lake, disk or registry refuse."""
    logging.basicConfig(stream=sys.stderr, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    data = Path(settings.DATA)
    make_folder(data)
    try:
        if arguments.give_up:
            _give_up(data)
        settle(data, stop, once=arguments.once)
    except (SettleBusy, LakeError, RegistryUnreadable) as error:
        print(f"xietong settle: {error.text.zh} · {error.text.en}", file=sys.stderr)
        return 1
    except OSError as error:
        zh = f"{data} 写入失败（{error}）；没有丢失，修好磁盘后再次运行会从原处继续。"
        en = f"{data} refused a write ({error}); nothing is lost: mend the disk, and the next run goes on from there."
        print(f"xietong settle: {zh} · {en}", file=sys.stderr)
        return 1
    if arguments.json:
        print(json.dumps({"folder": str(data), "settled": True}, ensure_ascii=False))
    return 0


def _give_up(data: Path) -> None:
    """Under the lock, as an act of whoever runs the command."""
    what = {"lake": str(data / "lake")}
    with SettleLock(data):
        record_act(
            f"cli:{getpass.getuser()}", "give_up_settled", what, datetime.now(UTC), lambda: give_up(data / "lake")
        )
