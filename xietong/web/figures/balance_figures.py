"""Balances and the one total of a subject and period, kept until what they are made of changes."""

from collections.abc import Callable
from typing import NamedTuple, TypeVar

from xietong.accounting.balances import balance_sheet
from xietong.accounting.balances.balance_sheet import Balance
from xietong.accounting.balances.one_total import TOTALS, Reconciliation, reconcile
from xietong.accounting.balances.statistical import Steps, statistical
from xietong.accounting.books.memory import made_of
from xietong.park.nouns import Registry
from xietong.periods import Period
from xietong.web.shell import park_data, park_figures
from xietong.web.shell.shelf import SHELF

Made = TypeVar("Made")


class OneTotal(NamedTuple):
    """A group's totals reconciled, and the way to the statistical figure."""

    totals: tuple[Reconciliation, ...]
    way: Steps


def balance(park: Registry, subject: str, period: Period) -> Balance:
    """The balances of a subject's media; kept until registry or readings change."""
    store = park_data.lake(park)
    return _kept("balance", park, (subject, period), lambda: balance_sheet.balance(park, store, subject, period))


def one_total(park: Registry, subject: str, period: Period) -> OneTotal:
    """Energy and carbon of a group reconciled; kept until registry or readings change."""

    def made() -> OneTotal:
        totals = tuple(reconcile(park, park_data.lake(park), subject, period, key) for key in TOTALS)
        return OneTotal(totals, statistical(park, park_data.lake(park), subject, period))

    return _kept("one-total", park, (subject, period), made)


def _kept(name: str, park: Registry, asked: tuple[str, Period], compute: Callable[[], Made]) -> Made:
    """The answer for a subject and period, by what it was made of."""
    subject, period = asked

    def alone() -> Made:
        with park_figures.computing(subject, period):
            return compute()

    return SHELF.get((name, asked, made_of(park, park_data.lake(park), period)), alone)
