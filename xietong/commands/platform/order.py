"""`xietong order`: commands that write or control, to the park's own devices alone, by two persons and their passwords.

The pages do the same for who is signed in there; what happens then is xietong.intake.hj212.gate's.
"""

import argparse
import getpass
import json
import sys
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings

from xietong.intake.devices import BadSettings
from xietong.intake.hj212 import gate
from xietong.intake.opening import open_journal
from xietong.park import ordering
from xietong.park.people import RefusedError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """propose --mn MN --cn CN [--set K=V …] --by NAME | confirm ID --by NAME | list."""
    verbs = parser.add_subparsers(dest="verb", metavar="propose|confirm|list", required=True)
    proposing = verbs.add_parser(
        "propose", help="提议给园区自有设备的一个命令 · propose a command to the park's own device"
    )
    proposing.add_argument("--mn", required=True)
    proposing.add_argument("--cn", required=True, help="写入或控制命令 · a command that writes or controls")
    proposing.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", dest="said")
    confirming = verbs.add_parser("confirm", help="第二人确认 · a second person confirms it")
    confirming.add_argument("order", metavar="ID", help="提议的存证编号 · the entry of the proposal")
    listing = verbs.add_parser("list", help="等第二人确认的命令 · what waits for its second person")
    for acting in (proposing, confirming):
        acting.add_argument("--by", required=True, metavar="NAME", help="账号；密码另问，或从标准输入读 · your account")
    for each in (proposing, confirming, listing):
        each.add_argument("--json", action="store_true")


def run(arguments: argparse.Namespace) -> int:
    """Exit 0, or 1 where the person, the settings or the gate refuse."""
    data, now = Path(settings.DATA), datetime.now(UTC)
    try:
        if arguments.verb == "list":
            _print([_told(each) for each in gate.proposals(data, now)], arguments.json)
            return 0
        user = ordering.signed_in(arguments.by, _password())
        with open_journal(data, "cli") as writer:
            if arguments.verb == "propose":
                said = dict(each.partition("=")[::2] for each in arguments.said)
                wish = gate.Wish(arguments.mn, arguments.cn, said)
                found = {
                    "order": ordering.propose(data, writer, wish=wish, user=user, origin=ordering.BY_COMMAND, now=now)
                }
            else:
                given = ordering.confirm(
                    data, writer, proposal=arguments.order, user=user, origin=ordering.BY_COMMAND, now=now
                )
                persons = {"proposed_by": given.persons[0], "confirmed_by": given.persons[1]}
                named = {"order": given.proposal, "confirmation": given.confirmation}
                found = {**named, "mn": given.mn, "cn": given.cn, **persons}
    except (BadSettings, RefusedError, gate.GateClosed) as error:
        print(f"xietong order: {error.text.zh} · {error.text.en}", file=sys.stderr)
        return 1
    _print([found], arguments.json)
    return 0


def _password() -> str:
    """Typed unseen where somebody sits there; the first line of standard input otherwise."""
    if sys.stdin.isatty():
        return getpass.getpass("密码 · password: ")
    return sys.stdin.readline().rstrip("\n")


def _told(proposal: gate.Proposal) -> dict[str, str]:
    what = {"order": proposal.id, "mn": proposal.mn, "cn": proposal.cn, "parameters": proposal.content}
    return {**what, "by": proposal.by, "at": proposal.at.isoformat()}


def _print(rows: list[dict[str, str]], as_lines: bool) -> None:
    for row in rows:
        print(json.dumps(row, ensure_ascii=False) if as_lines else "\t".join(row.values()))
