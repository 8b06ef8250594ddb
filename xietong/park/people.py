"""People and what their role lets them do. Accounts are Django's; the four roles are its groups."""

from collections.abc import Mapping

from django.contrib.auth.models import AbstractUser, Group, User

from xietong.texts import Text

ROLES: Mapping[str, frozenset[str]] = {
    # 园区负责人: everything.
    "director": frozenset({"see", "report", "load", "set_target", "verify", "manage_people", "command"}),
    # 填报员: enters and corrects what their subjects report.
    "clerk": frozenset({"see", "report"}),
    # 核查员: looks and confirms, never changes what was stated.
    "verifier": frozenset({"see", "verify"}),
    # 监管人员: looks.
    "inspector": frozenset({"see"}),
}


class RefusedError(Exception):
    """An act that may not be done, or not now, with the sentence."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.text = Text(zh, en)


def make_roles() -> None:
    """Make the groups that are not there yet."""
    for name in ROLES:
        Group.objects.get_or_create(name=name)


SUBJECT = "subject:"


def may(user: AbstractUser, verb: str, subject: str = "") -> bool:
    """Whether a person may do a verb (of ROLES) to a subject.

    A role holds for the whole park, unless the person is also in groups named "subject:CODE": then for those alone.
    """
    if not user.is_active or verb not in ROLES["director"]:
        return False
    if user.is_superuser:
        return True
    names = set(user.groups.values_list("name", flat=True))
    own = {name.removeprefix(SUBJECT) for name in names if name.startswith(SUBJECT)}
    if own and subject not in own:
        return False
    return any(verb in ROLES[name] for name in names & set(ROLES))


def has_people() -> bool:
    """Whether there is any account."""
    return User.objects.exists()


def has_role(user: AbstractUser) -> bool:
    """Whether a person has any of the roles, for the whole park or for a part of it; who has none sees nothing."""
    return user.is_active and (user.is_superuser or user.groups.filter(name__in=ROLES).exists())


def make_person(name: str, password: str, role: str) -> tuple[User, bool]:
    """Make the account in its role unless it is there; gives it and whether it is new.

    Who is there already keeps password and role.
    """
    user = User.objects.filter(username=name).first()
    if user is not None:
        return user, False
    user = User.objects.create_user(username=name, password=password)
    user.groups.add(Group.objects.get(name=role))
    return user, True


def check_person(person: str, verb: str, subject: str = "") -> None:
    """Raise RefusedError where nobody is named, or the named person has an account whose role may not do it.

    On the command line a name without an account is taken as stated: whoever runs the machine answers for it.
    """
    if not person.strip():
        raise RefusedError("没有写是谁；请用 --person 写明。", "nobody is named; say who with --person.")
    user = User.objects.filter(username=person).first()
    if user is not None and not may(user, verb, subject):
        raise RefusedError(
            f"{person} 的角色不能做这件事（需要核查或负责人权限）；请由有权限的人来做。",
            f"the role of {person} does not allow this (it takes a verifier or director); have one of them do it.",
        )


def check_reason(reason: str) -> None:
    """Raise RefusedError where no reason is given."""
    if not reason.strip():
        raise RefusedError(
            "没有写理由，日后无人知道为什么；请用 --reason 写明。",
            "no reason is given, so nobody would know why later; state it with --reason.",
        )
