"""The figures that the pages show: computed when asked for, remembered by the room that computed them.

Figures of different subjects or periods are computed at once; who asks for those that another computes waits for them.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import RLock

from xietong.accounting.books.memory import Gates
from xietong.accounting.figures import standards
from xietong.accounting.figures.account import explain, figures
from xietong.accounting.figures.standards import StandardAccount
from xietong.accounting.figures.tables import table_keys
from xietong.calc.figures import Figure
from xietong.evaluation import Evaluation, evaluate
from xietong.park.nouns import Registry
from xietong.periods import Period
from xietong.texts import Text
from xietong.web.shell import park_data


class BusyError(Exception):
    """Somebody else has a long period computed now; text says so, and that one should try again."""

    text = Text(
        "另一个很长的期间正在计算，这一页请稍后再打开；一两年以内的期间不受影响。",
        "another long period is being computed, so open this page again in a moment; periods of a year or two are not "
        "concerned.",
    )


# Accounts are remembered where they are made; two threads that ask for the same would both make them. Those of more
# than two calendar years take long: one is computed at a time, and who would have to wait for it is told so instead.
_GATES, _LONG = Gates(), RLock()
_PATIENCE_S = 2.0


@contextmanager
def computing(subject: str, period: Period) -> Iterator[None]:
    """Alone with the figures of a subject and period, beside everybody who computes others.

    Raises BusyError where one would wait long.
    """
    if period.end.year - period.start.year <= 2:
        with _GATES.one_at_a_time((subject, period)):
            yield
        return
    if not _LONG.acquire(timeout=_PATIENCE_S):
        raise BusyError
    try:
        yield
    finally:
        _LONG.release()


def subject_figures(park: Registry, subject: str, period: Period) -> Mapping[str, Figure]:
    """Every figure of tables 1 to 5 of a subject and period."""
    with computing(subject, period):
        return figures(park, park_data.lake(park), subject, period, all_keys(park, subject))


def all_keys(park: Registry, subject: str) -> tuple[str, ...]:
    """The keys of tables 1 to 5 for that kind of subject, each once, in the order of the standard."""
    tables = table_keys(park.subjects[subject].kind)
    return tuple(dict.fromkeys(key for keys in tables.values() for key in keys))


def figure_tree(park: Registry, subject: str, key: str, period: Period) -> Figure:
    """One figure with its whole working; raises UnknownNameError for a key that does not exist."""
    with computing(subject, period):
        return explain(park, park_data.lake(park), key, subject, period)


def evaluation(park: Registry, subject: str, year: int) -> Evaluation:
    """The year's evaluation."""
    with computing(subject, Period.year(year)):
        return evaluate(park, park_data.lake(park), subject, year)


def standard_account(park: Registry, subject: str, period: Period, standard: str) -> StandardAccount:
    """What another standard says of a subject and period; raises UnknownNameError for a standard nobody knows."""
    with computing(subject, period):
        return standards.standard_account(park, park_data.lake(park), subject, period, standard)


def standard_figure(park: Registry, subject: str, key: str, period: Period, standard: str) -> Figure:
    """One figure of another standard with its whole working; raises UnknownNameError for a key it does not know."""
    with computing(subject, period):
        return standards.standard_figure(
            park, park_data.lake(park), key=key, subject=subject, period=period, standard=standard
        )
