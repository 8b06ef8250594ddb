"""`xietong access`: who signed in, or was refused, and who looked at what, as the pages recorded it."""

import argparse
import json
from collections.abc import Mapping

from django.conf import settings

from xietong.park.access import read

WHAT = ("sign-in", "refused", "sign-out", "view", "change")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Whose, of what, and since when."""
    parser.add_argument("--who", metavar="NAME", help="只要这个人或密钥（key:NAME） · of this person or key alone")
    parser.add_argument("--what", choices=WHAT, help="只要这类 · of this kind alone")
    parser.add_argument("--since", metavar="T", default="", help="自此起（UTC），如 2026-11-30 · from then on, UTC")
    parser.add_argument("--json", action="store_true", help="以 JSON 回答 · answer in JSON")


def run(arguments: argparse.Namespace) -> int:
    """Print the lines, the oldest first."""
    found = [each for each in read(settings.DATA) if _is_asked(each, arguments)]
    if arguments.json:
        print(json.dumps(found, ensure_ascii=False))
        return 0
    for each in found:
        shown = (str(each.get(name, "")) for name in ("at", "who", "address", "what", "status", "path"))
        print("  ".join(repr(text)[1:-1] for text in shown))  # control characters stand escaped
    return 0


def _is_asked(line: Mapping[str, object], arguments: argparse.Namespace) -> bool:
    return (
        arguments.who in (None, line.get("who"))
        and arguments.what in (None, line.get("what"))
        and str(line.get("at", "")) >= arguments.since
    )
