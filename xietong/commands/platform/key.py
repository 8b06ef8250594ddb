"""`xietong key`: keys for programs that push readings over HTTP."""

import argparse
import json
from datetime import UTC, datetime

from xietong.cli import UsageError
from xietong.commands.terminal.answering import usage
from xietong.park.actions import make_api_key, revoke_api_key
from xietong.park.models import ApiKey


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What to do with which key."""
    parser.add_argument("what", choices=["list", "make", "revoke"], help="列出、新建、吊销 · list, make, revoke")
    parser.add_argument("name", nargs="?", default="", metavar="NAME", help="密钥的名称 · the key's name")
    parser.add_argument("--subject", default="", metavar="S", help="可为哪个主体推送 · whose points it may push")
    parser.add_argument("--person", default="cli", metavar="NAME", help="谁 · who does it")
    parser.add_argument("--reason", default="", metavar="WHY", help="吊销的理由 · why it is revoked")
    parser.add_argument("--lang", choices=["zh", "en"], default="zh", help="语言 · language")
    parser.add_argument("--json", action="store_true", help="以 JSON 回答 · answer in JSON")


def run(arguments: argparse.Namespace) -> int:
    """Do it; the secret of a new key is printed once and kept nowhere."""
    if arguments.what != "list" and not arguments.name:
        raise UsageError("请写明密钥的名称 · name the key")
    with usage(arguments.lang):
        if arguments.what == "make":
            secret = make_api_key(arguments.name, arguments.subject, arguments.person, datetime.now(UTC))
            print(json.dumps({"name": arguments.name, "secret": secret}) if arguments.json else secret)
        elif arguments.what == "revoke":
            revoke_api_key(arguments.name, arguments.person, arguments.reason, datetime.now(UTC))
        else:
            _list(arguments.json)
    return 0


def _list(as_json: bool) -> None:
    keys = [
        (key.name, key.subject, key.made_at.isoformat(), key.revoked_at.isoformat() if key.revoked_at else "")
        for key in ApiKey.objects.order_by("name")
    ]
    if as_json:
        names = ("name", "subject", "made_at", "revoked_at")
        print(json.dumps([dict(zip(names, key, strict=True)) for key in keys], ensure_ascii=False, indent=1))
        return
    for name, subject, made_at, revoked_at in keys:
        print(f"{name:<24} {subject:<16} {made_at[:16]}  {revoked_at[:16]}")
