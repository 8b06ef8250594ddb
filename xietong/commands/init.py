"""`xietong init`: make the data folder and its first user, or bring an old one up to date."""

import argparse
import getpass
import secrets

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from xietong.cli import UsageError
from xietong.park.founding import found
from xietong.park.people import ROLES, has_people, make_person


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    named = "用户的名字；不写时，还没有人就建立 director · name of the user; director where there is nobody yet"
    parser.add_argument("--user", help=named)
    parser.add_argument("--role", default="director", choices=list(ROLES), help="角色 · the role")
    parser.add_argument("--ask", action="store_true", help="自己输入密码 · type the password yourself")


def run(arguments: argparse.Namespace) -> int:
    """Make it; a generated password is printed once and kept nowhere but as its hash.

    A folder that has people already gets nobody new unless one is named: this is also how an old one is brought up to
    date.
    """
    found(settings.DATA)
    name = arguments.user or ("" if has_people() else "director")
    print(f"数据目录 · data folder: {settings.DATA}")
    if not name:
        print(
            "已有用户，没有新建，密码未变；要另建一个请用 --user 写明 · there are users already, nobody was added and "
            "every password is as it was; name a new one with --user"
        )
        return 0
    password = _asked() if arguments.ask else secrets.token_urlsafe(15)
    user, new = make_person(name, password, arguments.role)
    if not new:
        print(f"用户已存在，密码未变 · user {user.username} is there already, the password is as it was")
    elif arguments.ask:
        print(f"用户 · user: {user.username}")
    else:
        print(f"用户 · user: {user.username}  密码（只显示这一次）· password (shown this once): {password}")
    return 0


def _asked() -> str:
    password = getpass.getpass("密码 · password: ")
    try:
        validate_password(password)
    except ValidationError as error:
        raise UsageError(" ".join(error.messages)) from error
    if getpass.getpass("再输一次 · once more: ") != password:
        raise UsageError("两次输入不同，什么也没有建立；请重试。 · the two differ and nothing was made; try again.")
    return password
