"""Many accounts at once: every figure of many subjects and periods, each with its whole working, made and handed on one
account after another so that memory stays bounded. The figures are those of `account`, by the same code.

Workers are forks of this process that share what it has read; each takes whole periods, so that what the units of a
period come to is there when their groups are summed. docs/decisions/0013-accounts-in-batches.md.
"""

import gc
import multiprocessing
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from multiprocessing.connection import Connection, wait
from typing import Any, NamedTuple, TypeVar

from xietong.accounting.books.consolidation import Books
from xietong.accounting.books.memory import books_for
from xietong.accounting.boundary import GROUPS
from xietong.accounting.figures.account import Account
from xietong.calc.figures import Figure
from xietong.lake.store import Lake
from xietong.park.nouns import Registry
from xietong.periods import Period

Made = TypeVar("Made")
_SENT_TOGETHER = 32


class Accounted(NamedTuple):
    """The figures of one subject and period by key, each with its working."""

    subject: str
    period: Period
    figures: dict[str, Figure]


Wanted = tuple[str, Period]


def accounts(
    registry: Registry, lake: Lake | None, subjects: Iterable[str], periods: Iterable[Period]
) -> Iterator[Accounted]:
    """Every figure worth showing of every subject and period, period by period, groups after their units.

    What was made of one period is forgotten before the next begins. Raises KeyError for an unknown subject.
    """
    codes = _in_order(registry, subjects)
    for period in periods:
        yield from _of_period(books_for(registry, lake, period), codes, period)


def each_account(
    registry: Registry,
    lake: Lake | None,
    wanted: Iterable[Wanted],
    make: Callable[[Accounted], Made],
    workers: int = 1,
    keep: bool = False,
) -> Iterator[tuple[Wanted, Made]]:
    """What `make` makes of every wanted account (subject, period), in no particular order.

    workers: how many processes share the work; `make` runs in them and what it gives is sent here, so it should be
    small. Only for a process without threads of its own (a command, not a server): they are forks. keep: a process that
    works alone keeps the amounts behind the accounts, so that after a changed statement only what it touches is summed.
    """
    by_period: dict[Period, list[str]] = {}
    for code, period in wanted:
        by_period.setdefault(period, []).append(code)
    tasks = [(period, _in_order(registry, codes)) for period, codes in by_period.items()]
    tasks.sort(key=lambda task: (task[0].start - task[0].end, task[0]))  # the longest first
    if workers < 2 or len(tasks) < 2:
        for period, codes in tasks:
            for one in _of_period(books_for(registry, lake, period), codes, period, keep):
                yield (one.subject, period), make(one)
        return
    for period, _ in tasks:
        books_for(registry, lake, period).extracts.fetch(period)
    yield from _shared(lambda task: _made(registry, lake, task, make), tasks, min(workers, len(tasks)))


def _in_order(registry: Registry, subjects: Iterable[str]) -> tuple[str, ...]:
    """Groups come last: their sums rest on what their units come to."""
    return tuple(sorted(subjects, key=lambda code: registry.subjects[code].kind in GROUPS))


def _of_period(books: Books, codes: Sequence[str], period: Period, keep: bool = False) -> Iterator[Accounted]:
    for code in codes:
        account = Account(books, books.registry.subjects[code], period)
        keys = account.keys()
        yield Accounted(code, period, {key: account.figure(key) for key in keys})
    if not keep:
        books.forget()


# ---- workers ----

Task = tuple[Period, Sequence[str]]


def _made(
    registry: Registry, lake: Lake | None, task: Task, make: Callable[[Accounted], Made]
) -> Iterator[tuple[Wanted, Made]]:
    period, codes = task
    for one in _of_period(books_for(registry, lake, period), codes, period):
        yield (one.subject, period), make(one)


def _shared(work: Callable[[Task], Iterator[Any]], tasks: Sequence[Task], workers: int) -> Iterator[Any]:
    """The results of all tasks; each worker asks for its next task when it has done one."""
    forked = multiprocessing.get_context("fork")
    gc.collect()
    gc.freeze()  # what is shared stays as it is: looking through it would copy its pages
    started = []
    try:
        for _ in range(workers):
            here, there = forked.Pipe()
            process = forked.Process(target=_worker, args=(there, work, tasks), daemon=True)
            process.start()
            there.close()
            started.append((process, here))
        yield from _collected([here for _, here in started], len(tasks))
    finally:
        gc.unfreeze()
        for process, here in started:
            here.close()
            process.terminate()  # one that is done has ended already; the rest has nobody to work for
            process.join()


def _collected(pipes: list[Connection], tasks: int) -> Iterator[Any]:
    following = iter(range(tasks))
    while pipes:
        for pipe in wait(pipes):
            assert isinstance(pipe, Connection)
            try:
                results = pipe.recv()
            except EOFError:
                raise ChildProcessError("a worker of the batch ended before its work was done") from None
            if results is not None:
                yield from results
                continue
            number = next(following, None)
            pipe.send(number)
            if number is None:
                pipes.remove(pipe)


def _worker(pipe: Connection, work: Callable[[Task], Iterator[Any]], tasks: Sequence[Task]) -> None:
    """Ask for tasks by sending None, send results in lists, end when told None."""
    gc.disable()  # once a task is enough: what it leaves is let go of before the next
    try:
        pipe.send(None)
        while (number := pipe.recv()) is not None:
            together: list[Any] = []
            for result in work(tasks[number]):
                together.append(result)
                if len(together) >= _SENT_TOGETHER:
                    pipe.send(together)
                    together = []
            pipe.send(together)
            gc.collect()
            pipe.send(None)
    except (EOFError, BrokenPipeError):
        return  # nobody listens any more
    finally:
        pipe.close()


def cores() -> int:
    """How many processes the batch may use here: the processor's cores that this process may run on, at most two."""
    return min(2, len(os.sched_getaffinity(0)))
