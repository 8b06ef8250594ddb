"""The options of `account` that are commands of their own now.

For one version they answer as before, by the new command, with a sentence that says what to write. Two of them at once,
or one beside an option that it passed over, are refused.
"""

import argparse
import shlex
import sys
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import NamedTuple

from xietong.cli import run_command
from xietong.commands.terminal.excluding import options_given, refuse_beside, refuse_together, refuse_without
from xietong.standard.text import MAIN


class Former(NamedTuple):
    """A former option: the command that answers now, the options it takes, and those that only it takes."""

    command: str
    takes: frozenset[str]


_ASKING = frozenset({"subject", "period", "as_of", "lang", "json"})
_CLOSING = _ASKING - {"as_of"}
_DEED = frozenset({"person", "reason"})
_REVISION = frozenset({"revision", "difference"})
# Trend stands last: beside --balance it is an option of that.
FORMER = {
    "all": Former("batch", _ASKING - {"subject"}),
    "key_enterprises": Former("key-enterprises", _ASKING - {"subject"} | {"key"}),
    "standard": Former("standard", _ASKING),
    "balance": Former("balance", _ASKING | {"medium", "trend"}),
    "reconcile": Former("total", _ASKING),
    "by": Former("breakdown", _ASKING | {"key"}),
    "close": Former("close", _CLOSING | _DEED),
    "reopen": Former("reopen", _CLOSING | _DEED),
    "closed": Former("closed", _CLOSING | _REVISION),
    "trend": Former("trend", _ASKING | {"key"}),
}
_BESIDE = ("subject", "period", "as_of", "json", "key", "medium", "trend", "person", "reason", "revision", "difference")


def add_former_arguments(parser: argparse.ArgumentParser) -> None:
    """Take them as before; --help does not list them any more."""
    flags = [name for name in FORMER if name not in ("key_enterprises", "standard", "by")]
    for name in (*flags, "difference"):
        parser.add_argument(f"--{name}", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--key-enterprises", nargs="?", const="energy", help=argparse.SUPPRESS)
    parser.add_argument("--by", nargs="+", help=argparse.SUPPRESS)
    parser.add_argument("--medium", action="append", help=argparse.SUPPRESS)
    parser.add_argument("--revision", type=int, help=argparse.SUPPRESS)
    for name in ("standard", "person", "reason"):
        parser.add_argument(f"--{name}", default="", help=argparse.SUPPRESS)


def asked_formerly(arguments: argparse.Namespace) -> str:
    """The former option that was given; "" where none was. Bad use where two were, or one that says nothing here."""
    if arguments.standard == MAIN:
        _say("standard", "account", [*_options(arguments, _ASKING | {"key"})])
        arguments.standard = ""
    questions = options_given(arguments, [name for name in FORMER if name != "trend"])
    refuse_together(arguments, questions)
    refuse_without(arguments, ("medium",), ("balance",))
    refuse_without(arguments, sorted(_DEED), ("close", "reopen"))
    refuse_without(arguments, sorted(_REVISION), ("closed",))
    found = questions[0] if questions else "trend" if arguments.trend else ""
    if found:
        refuse_beside(arguments, found, [name for name in _BESIDE if name not in (found, *FORMER[found].takes)])
    return found


def answer_formerly(arguments: argparse.Namespace, asked: str) -> int:
    """Say which command answers now, and let it answer; gives its exit status."""
    command = FORMER[asked].command
    taken = FORMER[asked].takes - ({asked, "key"} if asked == "by" else {asked})
    words = [*_positional(arguments, asked), *_options(arguments, taken)]
    _say(asked, command, words)
    return run_command(command, words)


def _say(asked: str, command: str, words: list[str]) -> None:
    option, instead = f"--{asked.replace('_', '-')}", shlex.join(["xietong", command, *words])
    print(
        f"xietong account: {option} 已改为命令 {command}，这一版仍按原样回答，下一版不再接受；请改用 {instead} · "
        f"{option} is the command {command} now; this version still answers, the next one will not; write {instead}",
        file=sys.stderr,
    )


def _positional(arguments: argparse.Namespace, asked: str) -> list[str]:
    """What the new command takes without an option: a list, a standard, or the keys with their kind."""
    if asked != "by":
        return [getattr(arguments, asked)] if asked in ("key_enterprises", "standard") else []
    kind, *keys = arguments.by
    return [*dict.fromkeys((*keys, *(arguments.key or ()))), "--by", kind]


def _options(arguments: argparse.Namespace, taken: Iterable[str]) -> Iterator[str]:
    for name in options_given(arguments, sorted(taken)):
        if (name, getattr(arguments, name)) != ("lang", "zh"):
            yield from _written(f"--{name.replace('_', '-')}", getattr(arguments, name))


def _written(option: str, value: object) -> Iterable[str]:
    """An option as it is typed; a value that begins with a dash is joined to it."""
    if value is True:
        return [option]
    if isinstance(value, list):
        return [word for each in value for word in _written(option, each)]
    text = value.isoformat() if isinstance(value, datetime) else str(value)
    return [f"{option}={text}"] if text.startswith("-") else [option, text]
