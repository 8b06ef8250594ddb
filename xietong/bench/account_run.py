"""One run of the batch in a process of its own, for `bench account`: its time, what it made, and its checks.

`batch` only computes every account; `check` goes on to explain single figures and to compute what a corrected statement
changes, and holds both against the batch to the last digit.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from xietong.accounting.books.affected import touched
from xietong.accounting.books.memory import forget
from xietong.accounting.figures.account import explain
from xietong.accounting.figures.batch import Accounted, Wanted, cores, each_account
from xietong.bench.industrial_park import PERIODS, Size, corrected, park
from xietong.lake.store import Lake
from xietong.park.nouns import Registry
from xietong.periods import Period

Row = dict[str, tuple[float | None, str, str]]
KINDS = ("enterprise", "zone", "sector", "park")
SAMPLE = 36
CHANGED = ("E001", "diesel", 6)


def row_of(account: Accounted) -> Row:
    """Value (every bit of it), unit and status of every figure of an account."""
    return {key: (each.value, each.unit, each.status) for key, each in account.figures.items()}


def seconds(work: Callable[[], Any]) -> tuple[Any, float, float]:
    """What the work gives, and its seconds by the clock and of processors, forks included."""
    began, used = time.perf_counter(), sum(os.times()[:4])
    made = work()
    return made, time.perf_counter() - began, sum(os.times()[:4]) - used


def wanted_of(registry: Registry) -> list[Wanted]:
    """Every enterprise and group in every month and the year."""
    codes = [code for code, each in registry.subjects.items() if each.kind in KINDS]
    return [(code, period) for code in codes for period in PERIODS]


def batch(registry: Registry, lake: Lake, wanted: list[Wanted], workers: int) -> dict[Wanted, Row]:
    """Every figure of the wanted accounts; a single worker keeps the amounts behind them."""
    return dict(each_account(registry, lake, wanted, row_of, workers, keep=workers == 1))


def check_explain(registry: Registry, lake: Lake, rows: dict[Wanted, Row]) -> dict[str, object]:
    """Explain a sample of figures, twice each, and hold them against the batch, to the last bit."""
    chosen = _sample(rows)
    first, again = [], []
    for (code, period), key in chosen:
        ask = partial(explain, registry, lake, key=key, subject=code, period=period)
        figure, clock, _ = seconds(ask)
        first.append(clock * 1000)
        again.append(seconds(ask)[1] * 1000)
        told = (figure.value, figure.unit, figure.status)
        if told != rows[code, period][key]:
            raise RuntimeError(
                f"{key} of {code} in {period.label}: explain says {told}, the batch {rows[code, period]}"
            )
    return {
        "explained": len(chosen),
        "explain_ms": round(max(again), 2),
        "explain_first_ms": round(max(first), 1),
        "explain_first_median_ms": round(sorted(first)[len(first) // 2], 1),
    }


def _sample(rows: dict[Wanted, Row]) -> list[tuple[Wanted, str]]:
    every = [(wanted, key) for wanted in sorted(rows) for key in rows[wanted]]
    return every[:: max(1, len(every) // SAMPLE)][:SAMPLE]


def check_change(registry: Registry, lake: Lake, rows: dict[Wanted, Row], workers: int) -> dict[str, object]:
    """Compute what one corrected statement changes, as a process does that made the accounts and keeps their amounts,
    and hold it against a batch of everything from nothing."""
    after = corrected(registry, *CHANGED)
    wanted = list(rows)

    def renew() -> dict[Wanted, Row]:
        return batch(after, lake, touched(registry, after, wanted), 1)

    if batch(registry, lake, wanted, 1) != rows:
        raise RuntimeError("a batch by one process differs from a batch by several")
    renewed, clock, used = seconds(renew)
    forget()
    if {**rows, **renewed} != batch(after, lake, wanted, workers):
        raise RuntimeError("after a change, a batch of what is touched differs from a batch of everything")
    if all(renewed[each] == rows[each] for each in renewed):
        raise RuntimeError("the change changed nothing")
    return {"renewed": len(renewed), "renew_s": round(clock, 3), "renew_cpu_s": round(used, 3)}


def main(arguments: Sequence[str] | None = None) -> int:
    """`python -m xietong.bench.account_run FOLDER`: one JSON line."""
    parser = argparse.ArgumentParser(prog="python -m xietong.bench.account_run")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--what", choices=["batch", "check", "explain"], default="batch")
    parser.add_argument("--enterprises", type=int, default=Size().enterprises)
    parser.add_argument("--points", type=int, default=Size().points)
    given = parser.parse_args(arguments)
    registry, _ = park(Size(given.enterprises, given.points))
    lake = Lake(given.folder / "lake", registry.zone)
    print(json.dumps(_measured(given.what, registry, lake)))
    return 0


def _measured(what: str, registry: Registry, lake: Lake) -> dict[str, object]:
    if what == "explain":
        asked = ("energy_per_output_value", "E001", Period.year(PERIODS[0].start.year))
        return {"explain_cold_s": round(seconds(lambda: explain(registry, lake, *asked))[1], 3)}
    workers = cores()
    rows, clock, used = seconds(lambda: batch(registry, lake, wanted_of(registry), workers))
    found: dict[str, object] = {
        "seconds": clock,
        "cpu_s": used,
        "accounts": len(rows),
        "figures": sum(len(row) for row in rows.values()),
        "workers": workers,
    }
    if what == "check":
        found |= check_explain(registry, lake, rows) | check_change(registry, lake, rows, workers)
    return found


if __name__ == "__main__":
    sys.exit(main())
