"""Commands to the park's own devices, as acts of persons who have signed in: a director proposes one, another director
or a verifier confirms it. The gate itself, its entries and the rule of two persons are xietong.intake.hj212.gate's.
"""

from datetime import datetime
from pathlib import Path

from django.contrib.auth.models import AbstractUser, User

from xietong.intake.devices import DeviceBook
from xietong.intake.hj212 import gate
from xietong.journal import JournalWriter
from xietong.park.people import RefusedError, may

ON_A_PAGE, BY_COMMAND = gate.ORIGINS


def signed_in(name: str, password: str) -> User:
    """The account of that name and password; raises RefusedError where the two do not belong together."""
    user = User.objects.filter(username=name, is_active=True).first()
    if user is None or not user.check_password(password):
        raise RefusedError(
            f"{name} 的密码不对，或者没有这个账号。",
            f"the password is not that of {name}, or there is no such account.",
        )
    return user


def may_propose(user: AbstractUser) -> bool:
    """Whether a person may propose a command."""
    return may(user, "command")


def may_confirm(user: AbstractUser) -> bool:
    """Whether a person may confirm one that another has proposed."""
    return may(user, "command") or may(user, "verify")


def propose(data: Path, writer: JournalWriter, wish: gate.Wish, user: AbstractUser, origin: str, now: datetime) -> str:
    """The first person's act; the id of its entry. Raises RefusedError, GateClosed, BadSettings."""
    if not may_propose(user):
        raise RefusedError(
            "只有园区负责人可以提议命令；请由负责人来做。",
            "only a director of the park may propose a command to a device; have one do it.",
        )
    return gate.propose(data, writer, _book(data), wish, by=_person(user, origin), now=now)


def confirm(
    data: Path, writer: JournalWriter, proposal: str, user: AbstractUser, origin: str, now: datetime
) -> gate.Command:
    """The second person's act. Raises RefusedError, GateClosed, BadSettings."""
    if not may_confirm(user):
        raise RefusedError(
            "确认命令需要负责人或核查员；请由其中一人来做。",
            "it takes a director or a verifier to confirm a command to a device; have one of them do it.",
        )
    return gate.confirm(data, writer, _book(data), proposal, by=_person(user, origin), now=now)


def _book(data: Path) -> DeviceBook:
    return DeviceBook.read(data / "devices.toml")


def _person(user: AbstractUser, origin: str) -> gate.Person:
    return gate.Person(user.pk, user.get_username(), origin)
