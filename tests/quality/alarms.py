"""Prints the table of docs/alarms.md: what the bounds name over real series, as they are and with planted faults.

Run with the two files of real data: python tests/quality/alarms.py UCI.csv.gz EPA.csv. The demo's own planted faults
are counted by tests/demo.
"""

import csv
import gzip
import random
import sys
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

from xietong.quality.bounds import Bounds, Values, bounds_of, doubtful, park_time
from xietong.quality.registers import Ints, set_aside

PLANTED = ("-9999", "9999", "6553.6", "65535", "99999", "32767", "4294967295")
MICRO = 1_000_000


def left_out(micro: Ints, step_s: int, known: Bounds) -> set[int]:
    """The places that do not count."""
    at = np.arange(len(micro), dtype=np.int64) * step_s * MICRO
    hour, day = park_time(at, ZoneInfo("UTC"))
    low = -np.inf if known.low is None else float(known.low)
    high = np.inf if known.high is None else float(known.high)
    inside = np.flatnonzero((micro / MICRO >= low) & (micro / MICRO <= high))
    found = doubtful(Values(hour[inside], day[inside], micro[inside] / MICRO, micro[inside]), known)
    return (set(range(len(micro))) - set(inside.tolist())) | set(inside[found[0] | found[1]].tolist())


def row(name: str, shown: list[str], step_s: int, known: Bounds) -> str:
    micro = np.array([int(Decimal(value) * MICRO) for value in shown], np.int64)
    false = left_out(micro, step_s, known)
    dice, planted = random.Random(9), micro.copy()
    places = dice.sample(range(len(micro)), max(1, len(micro) // 50))
    for place in places:
        planted[place] = int(Decimal(dice.choice(PLANTED)) * MICRO)
    found = left_out(planted, step_s, known)
    hits = len(found & set(places))
    return f"| {name} | {len(micro)} | {len(false)} | {len(places)} | {hits} | {len(found - set(places) - false)} |"


def counter(name: str, shown: list[str], step_s: int) -> str:
    register = np.cumsum(np.array([int(Decimal(value) * MICRO) for value in shown], np.int64))
    at = np.arange(len(register), dtype=np.int64) * step_s * MICRO
    series = np.zeros(len(register), np.int64)
    false = int(set_aside(series, at, register).sum())
    dice, planted = random.Random(9), register.copy()
    places: set[int] = set()
    for first in range(60, len(register) - 60, 400):
        run = range(first, first + dice.choice((1, 2, 4, 12)))
        places |= set(run)
        for place in run:
            planted[place] = register[place] + dice.choice((1, 1)) * 10**6 * MICRO
    found = set(np.flatnonzero(set_aside(series, at, planted)).tolist())
    return f"| {name} | {len(register)} | {false} | {len(places)} | {len(found & places)} | {len(found - places)} |"


def main(uci: Path, epa: Path) -> None:
    with gzip.open(uci, "rt", encoding="utf-8-sig", newline="") as file:
        usage = [each["Usage_kWh"] for each in csv.DictReader(file)]
    with epa.open(encoding="utf-8", newline="") as file:
        rows = [each for each in csv.DictReader(file) if None not in each and None not in each.values()]
    print("| series | readings | named as they are | planted | of these named | named beside |")
    print("|---|---|---|---|---|---|")
    print(
        row("UCI steel works 2018, kWh a quarter", usage, 900, bounds_of("electricity_purchased", "kWh", "amount", 900))
    )
    print(counter("the same as a register, runs of 1 to 12 planted", usage, 900))
    for column in ("SO2_MASS", "NOX_MASS", "HEAT_INPUT", "FLOW"):
        known = bounds_of(
            "waste_gas" if column == "FLOW" else "so2", "m3/h" if column == "FLOW" else "kg", "mean", 3600
        )
        print(row(f"EPA stack 2000, {column}", [each[column] for each in rows], 3600, known))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
