"""`xietong init`: make the data folder and its first user, or bring an old one up to date."""

import argparse
import getpass
import secrets

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from xietong.cli import UsageError
from xietong.park.founding import found
from xietong.park.people import ROLES, make_person


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    parser.add_argument("--user", default="director", help="第一个用户的名字 · name of the first user")
    parser.add_argument("--role", default="director", choices=list(ROLES), help="角色 · the role")
    parser.add_argument("--ask", action="store_true", help="自己输入密码 · type the password yourself")


def run(arguments: argparse.Namespace) -> int:
    """Make it; a generated password is printed once and kept nowhere but as its hash."""
    password = _asked() if arguments.ask else secrets.token_urlsafe(15)
    found(settings.DATA)
    user, new = make_person(arguments.user, password, arguments.role)
    print(f"数据目录 · data folder: {settings.DATA}")
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
