"""Counters, worked by hand: what flowed in each hour, and what a doubtful register may not invent."""

from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
from lake_samples import ADDRESS, Row, batch, days, every, hours, park, point, rolled, totals

from xietong.lake.points import PointSpec
from xietong.lake.store import Lake
from xietong.quality.registers import set_aside


def registers(*values: str, start: str = "2025-03-01 08:00", seconds: int = 900) -> list[Row]:
    return every(start, seconds, values)


def test_an_hour_is_the_difference_of_its_ends(tmp_path: Path) -> None:
    made = rolled(tmp_path, registers("100", "101", "103", "106", "110", "110.5"), point("counter"))
    assert totals(hours(made)) == {"03-01 08:00": Decimal(10), "03-01 09:00": Decimal("0.5")}
    first, second = hours(made)
    assert (first["readings"], first["due"], first["estimated"], first["minimum"]) == (4, 4, False, None)
    assert (second["readings"], second["estimated"]) == (2, False)
    (day,) = days(made)
    assert (day["total"], day["hours"], day["due"]) == (Decimal("10.5"), 2, 96)


def test_an_interval_over_the_full_hour_is_divided_by_time(tmp_path: Path) -> None:
    """07:50 → 08:05: 1.5 flowed in 15 minutes, 10 of them before eight."""
    made = rolled(tmp_path, registers("10", "11.5", start="2025-03-01 07:50"), point("counter"))
    assert totals(hours(made)) == {"03-01 07:00": Decimal(1), "03-01 08:00": Decimal("0.5")}


def test_a_gap_is_known_as_a_whole_and_spread_evenly(tmp_path: Path) -> None:
    """08:00 → 11:30 without a reading: 7 in three and a half hours."""
    made = rolled(tmp_path, [Row("2025-03-01 08:00", "1"), Row("2025-03-01 11:30", "8", entry="x/2")], point("counter"))
    rows = hours(made)
    assert [row["total"] for row in rows] == [Decimal(2), Decimal(2), Decimal(2), Decimal(1)]
    assert [row["estimated"] for row in rows] == [True] * 4
    assert [row["readings"] for row in rows] == [1, 0, 0, 1]
    assert rows[1]["first_entry"] == "x/2"  # the entry that made the gap known
    assert days(made)[0]["hours"] == 0


def test_the_parts_of_a_gap_add_up_to_the_last_digit(tmp_path: Path) -> None:
    rows = [Row("2025-03-01 00:07:13", "0"), Row("2025-03-03 07:00:01", "1000000.000001")]
    made = rolled(tmp_path, rows, point("counter"))
    assert sum(totals(hours(made)).values()) == Decimal("1000000.000001")
    assert sum(totals(days(made), "day").values()) == Decimal("1000000.000001")


def test_a_tenth_of_the_interval_is_jitter(tmp_path: Path) -> None:
    rows = [
        Row(f"2025-03-01 {hour:02}:{minute}", str(hour), address=f"sheet:{hour}")
        for hour, end in enumerate(("15", "16", "17", "30"))
        for minute in ("00", end)
    ]
    specs = [point("counter", point=str(hour), address=f"sheet:{hour}") for hour in range(4)]
    made = rolled(tmp_path, rows, *specs)
    assert [hours(made, str(hour))[0]["estimated"] for hour in range(4)] == [False, False, True, True]


def test_a_meter_change_that_nobody_recorded_is_estimated_from_the_steps_beside_it(tmp_path: Path) -> None:
    """1 in the quarter hour before and 3 in the one after: 2 across the change, and the hour says so."""
    made = rolled(tmp_path, registers("9000", "9001", "5", "8", "10"), point("counter"))
    assert totals(hours(made)) == {"03-01 08:00": Decimal(8), "03-01 09:00": None}
    assert [row["estimated"] for row in hours(made)] == [True, False]


def test_across_a_change_in_a_long_silence_nothing_is_estimated(tmp_path: Path) -> None:
    rows = [*registers("9000", "9001"), *registers("5", "6", start="2025-03-02 09:00")]
    assert totals(hours(rolled(tmp_path, rows, point("counter")))) == {"03-01 08:00": Decimal(1), "03-02 09:00": 1}


GLITCHES: dict[tuple[str, ...], int] = {
    ("100", "0", "102", "103", "104"): 4,  # a lone zero
    ("100", "0", "0", "103", "104"): 4,
    ("100", "0", "0", "0", "104"): 4,  # up to three zeros
    ("100", "99999", "102", "103", "104"): 4,  # a lone spike
    ("100", "101", "50", "103", "104"): 4,  # a lone dip
    ("100", "0", "101", "0", "104"): 4,  # flapping: the dips go, the good readings stay
    ("100", "101", "102", "103", "99999"): 3,  # the last, 99,896 times as fast, is not believed until it has stayed
}


def test_a_glitch_makes_no_jump(tmp_path: Path) -> None:
    rows = [row for values in GLITCHES for row in every("2025-03-01 08:00", 900, values, address="-".join(values))]
    specs = [point("counter", point=str(total), address="-".join(key)) for total, key in enumerate(GLITCHES)]
    made = rolled(tmp_path, rows, *specs)
    assert [days(made, str(n))[0]["total"] for n in range(len(GLITCHES))] == list(GLITCHES.values())
    assert [days(made, str(n))[0]["invalid"] for n in range(len(GLITCHES))] == [1, 2, 3, 1, 1, 2, 1]


def test_set_aside_keeps_to_one_meter() -> None:
    register = np.array([100, 0, 100, 0, 100], np.int64)
    at = np.arange(5) * 900_000_000
    assert set_aside(np.zeros(5, np.int64), at, register).tolist() == [False, True, False, True, False]
    assert set_aside(np.array([1, 1, 2, 2, 2]), at, register).tolist() == [False, False, False, True, False]
    assert set_aside(np.zeros(2, np.int64), at[:2], register[:2]).tolist() == [False, False]
    assert set_aside(np.zeros(0, np.int64), at[:0], register[:0]).tolist() == []


def test_multiplier_and_sign_of_a_counter(tmp_path: Path) -> None:
    spec = point("counter", multiplier=Decimal("0.0005"), sign=-1)
    made = rolled(tmp_path, registers("0.001", "0.004", "1000.004"), spec)
    # 0.003 × 0.0005 = 0.0000015 → 0.000002 (half up); 1000 × 0.0005 = 0.5
    assert totals(hours(made)) == {"03-01 08:00": Decimal("-0.500002")}


def test_a_register_out_of_range_or_marked_is_not_used(tmp_path: Path) -> None:
    rows = [*registers("1", "2", "3"), Row("2025-03-01 08:45", "900", "D"), Row("2025-03-01 09:00", "2000")]
    (row, later) = hours(rolled(tmp_path, rows, point("counter", high=Decimal(1000))))
    assert (row["total"], row["readings"], row["invalid"]) == (Decimal(2), 3, 1)
    assert (later["total"], later["readings"], later["invalid"]) == (None, 0, 1)


def test_a_new_device_is_a_new_meter_but_a_sheet_is_the_same(tmp_path: Path) -> None:
    """1 and 3 were measured; the 5 minutes before the change go at 1, the 10 after it at 3 a quarter of an hour."""
    change = park("2025-03-01 08:20")
    old = point("counter", until_utc=change)
    new = PointSpec("P1", "hj212:MN2/x/Cou@2061", since_utc=change, shape="counter", interval_s=900)
    rows = [*registers("1", "2"), *every("2025-03-01 08:30", 900, ["50", "53"], address=new.address)]
    assert totals(hours(rolled(tmp_path / "a", rows, old, new))) == {"03-01 08:00": Decimal("6.333333")}
    sheet = point("counter", address="sheet:P1")
    rows = [*registers("1", "2"), *every("2025-03-01 08:30", 900, ["5", "6"], address="sheet:P1")]
    assert totals(hours(rolled(tmp_path / "b", rows, point("counter"), sheet))) == {"03-01 08:00": Decimal(5)}


def test_more_than_a_year_is_not_spread(tmp_path: Path) -> None:
    rows = [Row("1999-01-01 00:00", "1"), Row("2025-03-01 08:00", "9")]
    made = rolled(tmp_path, rows, point("counter"))
    assert totals(hours(made)) == {"03-01 08:00": None}
    assert totals(hours(made, year=1999)) == {"01-01 00:00": None}


def test_hours_of_a_half_hour_zone(tmp_path: Path) -> None:
    made = Lake(tmp_path / "lake", ZoneInfo("Asia/Kolkata"))
    begin = np.datetime64("2025-03-01T00:00", "us").astype(np.int64)  # 05:30 in India
    at = pa.array(begin + np.arange(5) * 900_000_000).cast(pa.timestamp("us", tz="UTC"))
    rows = batch(registers("0", "1", "2", "3", "4"))
    made.append(rows.set_column(1, "at", at), {})
    made.roll_up([point("counter"), point("amount", point="P2", address=ADDRESS)])
    start, end = park("2025-01-01"), park("2026-01-01")
    assert [(row["hour"].strftime("%H:%M"), row["total"]) for row in made.hourly(["P1"], start, end).to_pylist()] == [
        ("23:30", Decimal(2)),
        ("00:30", Decimal(2)),
    ]
    assert [(row["hour"].strftime("%H:%M"), row["total"]) for row in made.hourly(["P2"], start, end).to_pylist()] == [
        ("23:30", Decimal(1)),
        ("00:30", Decimal(9)),
    ]


def test_a_clock_that_was_never_set_stops_nothing(tmp_path: Path) -> None:
    spec, level = point("counter"), point("mean", point="P2", address=ADDRESS)
    made = rolled(
        tmp_path, [Row("9999-12-31 07:00", "7"), Row("0001-01-02 00:00", "1"), *registers("2", "5")], spec, level
    )
    assert totals(hours(made)) == {"03-01 08:00": Decimal(3)}
    made.append(batch([Row("9999-12-31 06:00", "6"), Row("2098-01-01 00:00", "9"), Row("2025-03-01 08:30", "6")]), {})
    assert [str(day) for day in made.roll_up([spec, level])] == ["2025-03-01", "2098-01-01", "2100-01-01"]
    assert totals(hours(made)) == {"03-01 08:00": Decimal(4)}
    assert sum(file.rows for file in made.readings_table.view().files) == 7
