"""Registers that start again every midnight, worked by hand: a works of two shifts, 4 kWh an hour by night (until
06:00) and 12 by day, 240 a day."""

from decimal import Decimal
from pathlib import Path

import pytest
from lake_samples import Row, batch, days, every, hours, lake, point

from xietong.lake.points import PointSpec, mapping_number

LOAD = [4] * 6 + [12] * 18
SINCE_MIDNIGHT = [sum(LOAD[:hour]) for hour in range(25)]
DAILY = point("counter", interval_s=3600, daily_reset=True)


def registers(last: int) -> list[Row]:
    """Two days and two hours; `last` is what the register of 00:00 shows: 0 already, or the whole of the day before."""
    values = [0, *SINCE_MIDNIGHT[1:24], last, *SINCE_MIDNIGHT[1:24], last, *SINCE_MIDNIGHT[1:3]]
    return every("2025-03-01 00:00", 3600, [str(value) for value in values])


def rolled(folder: Path, rows: list[Row], spec: PointSpec) -> tuple[list[Decimal], list[str]]:
    """The totals of the days and the hours that are estimated."""
    made = lake(folder)
    made.append(batch(rows), {})
    made.roll_up([spec])
    return [day["total"] for day in days(made)], [row["hour"] for row in hours(made) if row["estimated"]]


def test_where_midnight_shows_the_whole_day_everything_is_known(tmp_path: Path) -> None:
    assert rolled(tmp_path, registers(240), DAILY) == ([Decimal(240), Decimal(240), Decimal(8)], [])


def test_where_midnight_shows_nothing_the_last_hour_is_estimated_at_the_pace_before(tmp_path: Path) -> None:
    totals, estimated = rolled(tmp_path, registers(0), DAILY)
    assert totals == [Decimal(240), Decimal(240), Decimal(8)]
    assert estimated == ["03-01 23:00", "03-02 23:00"]


def test_readings_off_the_hour_are_joined_at_midnight(tmp_path: Path) -> None:
    """Read at half past: 222 at 23:30, 2 at 00:30; 6 kWh from 23:30 to midnight are estimated, the rest is known."""
    values = [str(SINCE_MIDNIGHT[hour] + LOAD[hour] // 2) for hour in range(24)]
    totals, estimated = rolled(tmp_path, every("2025-03-01 00:30", 3600, [*values, *values]), DAILY)
    assert totals[0] + totals[1] == 2 * 240 - 2 - 6
    assert estimated == ["03-01 23:00", "03-02 00:00"]


def test_a_gap_over_midnight_is_no_small_difference_of_two_registers(tmp_path: Path) -> None:
    """From 02:00 (8) to 01:00 (4) the day after: 22 h at the pace before, 4 an hour, and 4; never less than nothing."""
    rows = registers(240)
    rows = [*rows[:3], *rows[25:]]
    totals, _ = rolled(tmp_path, rows, DAILY)
    assert sum(totals[:2], Decimal(0)) == 8 + 4 * 22 + 240


def test_a_gap_over_two_midnights_has_no_amount(tmp_path: Path) -> None:
    rows = registers(240)
    totals, _ = rolled(tmp_path, [*rows[:3], rows[49], rows[50]], DAILY)
    assert [total for total in totals if total] == [Decimal(8), Decimal(4)]


def test_undeclared_it_is_a_change_that_nobody_recorded(tmp_path: Path) -> None:
    totals, estimated = rolled(tmp_path, registers(0), point("counter", interval_s=3600))
    assert totals[:2] == [Decimal(236), Decimal(236)]
    assert estimated == ["03-01 23:00", "03-02 23:00"]


@pytest.mark.parametrize("multiplier", [Decimal(60), Decimal("0.5")])
def test_ct_and_pt_multiply_it(tmp_path: Path, multiplier: Decimal) -> None:
    totals, _ = rolled(tmp_path, registers(240), DAILY._replace(multiplier=multiplier))
    assert totals[0] == 240 * multiplier


def test_the_word_is_part_of_the_mapping() -> None:
    plain = DAILY._replace(daily_reset=False)
    assert mapping_number([DAILY]) != mapping_number([plain])
