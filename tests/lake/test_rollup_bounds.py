"""What the roll-up leaves out of hours: numbers that stand for none, values far above their day, stamps in the future.

The same rule stands in quality.bounds; a test holds the two together over random days.
"""

import random
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from lake_samples import Row, batch, days, every, hours, lake, point, rolled

from xietong.quality.bounds import Bounds, Values, doubtful, park_time

KNOWN = {"checked": True, "low": Decimal(-5), "high": Decimal(300_000), "drift": True}
PEAKS = {"peak_times": 1000, "peak_floor": Decimal(5)}
DAY = "2025-03-10 00:00"


def taken(folder: Path, shown: list[str], **more: object) -> list[int]:
    """The hours of one day of hourly means that count."""
    made = rolled(folder, every(DAY, 3600, shown), point("mean", 3600, **{**KNOWN, **PEAKS, **more}))
    return [place for place, row in enumerate(hours(made)) if row["readings"]]


def test_a_sentinel_is_in_the_lake_and_in_no_hour(tmp_path: Path) -> None:
    made = rolled(tmp_path, every(DAY, 3600, ["10"] * 7 + ["-9999"] + ["10"] * 16), point("mean", 3600, **KNOWN))
    (day,) = days(made)
    assert (day["total"], day["readings"], day["invalid"], day["hours"]) == (230, 23, 1, 23)


@pytest.mark.parametrize("shown", ["9999", "6553.6", "65535", "32767", "99999", "3276.7", "20000"])
def test_one_number_among_tens_does_not_count(tmp_path: Path, shown: str) -> None:
    assert taken(tmp_path, ["10"] * 7 + [shown] + ["10"] * 16) == [*range(7), *range(8, 24)]


def test_a_flow_that_passes_9999_counts(tmp_path: Path) -> None:
    assert taken(tmp_path, ["9998", "9999", "10001"] * 8) == list(range(24))


def test_a_number_said_within_the_hour_is_left_out_of_it(tmp_path: Path) -> None:
    made = rolled(tmp_path, every(DAY, 900, ["10"] * 95 + ["9999"]), point("mean", 900, **KNOWN))
    last = hours(made)[-1]
    assert (last["total"], last["readings"], last["invalid"]) == (30, 3, 1)


def test_zero_drift_is_zero(tmp_path: Path) -> None:
    made = rolled(tmp_path, every(DAY, 3600, ["-0.3", "0.2", "-5", "-5.1"]), point("mean", 3600, **KNOWN))
    assert [row["total"] for row in hours(made)] == [0, Decimal("0.2"), 0, None]


def test_a_stamp_after_its_receipt_is_of_no_hour(tmp_path: Path) -> None:
    rows = [
        Row("2025-03-10 00:00", "10"),
        Row("2025-06-01 23:00", "10"),
        Row("2026-03-10 00:00", "10"),
        Row("2099-01-01 00:00", "10"),
    ]
    made = rolled(tmp_path, rows, point("mean", 3600, **KNOWN))
    assert [row["readings"] for row in hours(made)] == [1, 1]


def test_the_order_of_arrival_changes_nothing(tmp_path: Path) -> None:
    """A sentinel that comes first, alone, and is backed or not only by what comes later."""
    rows = every(DAY, 3600, ["9999"] + ["8000"] * 23)
    spec = point("mean", 3600, **KNOWN, **PEAKS)
    made = lake(tmp_path / "steps")
    for number, row in enumerate(rows):
        made.append(batch([row]), {"intake-0": number + 1})
        made.roll_up([spec])
    assert hours(made) == hours(rolled(tmp_path / "once", rows, spec))
    assert hours(made)[0]["readings"] == 1


def test_the_roll_up_and_the_search_leave_out_the_same(tmp_path: Path) -> None:
    dice = random.Random(34)
    shown: list[str] = []
    for _ in range(12):
        base = dice.choice(["0.3", "12", "700", "9000", "40000"])
        shown += [
            dice.choice([base] * 9 + ["0", "9999", "65535", "65535", "6553.5", "30000", "250000"]) for _ in range(24)
        ]
    found = taken(tmp_path, shown)
    micro = np.array([int(Decimal(value) * 1_000_000) for value in shown], np.int64)
    hour, day = park_time(np.arange(len(shown), dtype=np.int64) * 3_600_000_000, ZoneInfo("UTC"))
    sentinel, peak = doubtful(Values(hour, day, micro / 1e6, micro), Bounds(peak_times=1000, peak_floor=Decimal(5)))
    assert found == np.flatnonzero(~sentinel & ~peak).tolist()
    assert sentinel.any()
    assert peak.any()
