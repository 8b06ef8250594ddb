"""Options that exclude each other, or mean nothing alone: refused in one sentence, before anything is done."""

import argparse
from collections.abc import Collection, Iterable

from xietong.cli import UsageError


def options_given(arguments: argparse.Namespace, names: Iterable[str]) -> list[str]:
    """Those of the named options that were given; their default is None, False, "" or []."""
    return [name for name in names if _is_given(getattr(arguments, name, None))]


def refuse_together(arguments: argparse.Namespace, names: Iterable[str]) -> None:
    """Refuse two of these at once: each is a question of its own, and one answer would hide the other."""
    found = options_given(arguments, names)
    if len(found) > 1:
        raise _excluding(found[0], found[1])


def refuse_beside(arguments: argparse.Namespace, name: str, others: Iterable[str]) -> None:
    """Refuse any of the others beside an option that would take no notice of it."""
    found = options_given(arguments, others)
    if found and options_given(arguments, (name,)):
        raise _excluding(name, found[0])


def refuse_without(arguments: argparse.Namespace, names: Iterable[str], needed: Collection[str]) -> None:
    """Refuse an option that says nothing without one of the needed ones."""
    found = options_given(arguments, names)
    if found and not options_given(arguments, needed):
        zh, en = "、".join(map(_option, needed)), " or ".join(map(_option, needed))
        raise UsageError(
            f"{_option(found[0])} 要与 {zh} 同用，单独写不起作用，什么也没有做；请补上它，或去掉 {_option(found[0])} · "
            f"{_option(found[0])} goes with {en} and says nothing alone; nothing was done, add it or leave "
            f"{_option(found[0])} out"
        )


def _is_given(value: object) -> bool:
    return value is not False and value not in (None, "", [])


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _excluding(first: str, second: str) -> UsageError:
    first, second = _option(first), _option(second)
    return UsageError(
        f"{first} 与 {second} 不能同用：答了一个，另一个就被略过；什么也没有做，请去掉一个，或分两次运行 · "
        f"{first} and {second} exclude each other: the answer to one would pass the other over; nothing was done, "
        "leave one out or run them one after the other"
    )
