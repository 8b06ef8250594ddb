"""`xietong init`: make the data folder and its first user, or bring an old one up to date."""

import argparse
import getpass
import json
import secrets
import sys
from collections.abc import Mapping

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import DatabaseError, connection

from xietong.cli import UsageError
from xietong.commands.terminal.answering import usage
from xietong.commands.terminal.databases import is_outdated, outdated, why_unusable
from xietong.park.founding import found
from xietong.park.people import ROLES, has_people, make_person


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    named = "用户的名字；不写时，还没有人就建立 director · name of the user; director where there is nobody yet"
    parser.add_argument("--user", help=named)
    parser.add_argument("--role", default="director", choices=list(ROLES), help="角色 · the role")
    parser.add_argument("--check", action="store_true", help="只看数据库可用否 · only see whether it can be used")
    parser.add_argument("--ask", action="store_true", help="自己输入密码 · type the password yourself")
    parser.add_argument("--json", action="store_true", help="以 JSON 回答 · answer in JSON")


def run(arguments: argparse.Namespace) -> int:
    """Make it; a generated password is printed once and kept nowhere but as its hash.

    A folder that has people already gets nobody new unless one is named: this is also how an old one is brought up to
    date. 1 where --check says no.
    """
    if arguments.check:
        return _checked()
    with usage("zh"):
        found(settings.DATA)
    name = arguments.user or ("" if has_people() else "director")
    told: dict[str, object] = {"folder": str(settings.DATA), "user": name, "new": False}
    password = (_asked() if arguments.ask else secrets.token_urlsafe(15)) if name else ""
    if name:
        _, told["new"] = make_person(name, password, arguments.role)
        if told["new"] and not arguments.ask:
            told["password"] = password
    if arguments.json:
        print(json.dumps(told, ensure_ascii=False))
    else:
        _say(told)
    return 0


def _say(told: Mapping[str, object]) -> None:
    print(f"数据目录 · data folder: {told['folder']}")
    user = told["user"]
    if not user:
        print(
            "已有用户，没有新建，密码未变；要另建一个请用 --user 写明 · there are users already, nobody was added and "
            "every password is as it was; name a new one with --user"
        )
    elif not told["new"]:
        print(f"用户已存在，密码未变 · user {user} is there already, the password is as it was")
    elif "password" not in told:
        print(f"用户 · user: {user}")
    else:
        print(f"用户 · user: {user}  密码（只显示这一次）· password (shown this once): {told['password']}")


def _checked() -> int:
    """Whether the platform could run on this database; the sentence on standard error where not."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM django_migrations")
        said = outdated(settings.DATA) if is_outdated() else None
    except DatabaseError as error:
        said = why_unusable(error)
    if said is not None:
        print(f"{said.zh} · {said.en}", file=sys.stderr)
    return int(said is not None)


def _asked() -> str:
    password = getpass.getpass("密码 · password: ")
    try:
        validate_password(password)
    except ValidationError as error:
        raise UsageError(" ".join(error.messages)) from error
    if getpass.getpass("再输一次 · once more: ") != password:
        raise UsageError("两次输入不同，什么也没有建立；请重试。 · the two differ and nothing was made; try again.")
    return password
