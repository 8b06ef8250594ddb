"""Hours and days of amounts, means, instants, states and samples, worked by hand."""

from datetime import date
from decimal import Decimal
from pathlib import Path

from lake_samples import ADDRESS, Row, days, every, hours, park, point, rolled, totals

from xietong.lake.points import PointSpec, mapping_number


def test_amounts_add_up_and_missing_hours_have_no_row(tmp_path: Path) -> None:
    rows = [*every("2025-03-01 08:00", 900, ["1.1", "2.2", "3.3", "4.4"]), Row("2025-03-01 10:30", "5")]
    made = rolled(tmp_path, rows, point("amount"))
    assert totals(hours(made)) == {"03-01 08:00": Decimal("11.0"), "03-01 10:00": Decimal(5)}
    full, sparse = hours(made)
    assert full == {
        "point": "P1",
        "hour": "03-01 08:00",
        "total": Decimal("11.000000"),
        "readings": 4,
        "due": 4,
        "minimum": Decimal("1.1"),
        "maximum": Decimal("4.4"),
        "invalid": 0,
        "conflicts": 0,
        "estimated": False,
        "first_entry": "intake-0/1",
    }
    assert (sparse["readings"], sparse["due"]) == (1, 4)
    (day,) = days(made)
    assert (day["day"], day["total"], day["readings"], day["due"], day["hours"]) == (
        date(2025, 3, 1),
        Decimal(16),
        5,
        96,
        1,
    )


def test_a_mean_is_total_over_readings(tmp_path: Path) -> None:
    shapes = ("mean", "instant", "state", "sample")
    specs = [point(shape, interval_s=1200, point=shape) for shape in shapes]
    made = rolled(tmp_path, every("2025-03-01 08:00", 1200, ["3", "0", "6"]), *specs)
    for shape in shapes:
        (row,) = hours(made, shape)
        assert (row["total"], row["readings"], row["due"]) == (Decimal(9), 3, 3)
        assert (row["minimum"], row["maximum"]) == (Decimal(0), Decimal(6))


def test_a_day_is_a_park_day(tmp_path: Path) -> None:
    made = rolled(tmp_path, every("2025-03-01 22:00", 3600, ["1", "2", "4", "8"]), point("amount", interval_s=3600))
    assert totals(days(made), "day") == {date(2025, 3, 1): Decimal(3), date(2025, 3, 2): Decimal(12)}


MARKS: dict[str, tuple[int | None, int, int, int]] = {  # flag: total, readings, invalid, due
    "N": (1, 1, 0, 4),
    "": (1, 1, 0, 4),
    "T": (1, 1, 0, 4),
    "S": (1, 1, 0, 4),
    "F": (None, 0, 0, 3),  # a stop is neither wrong nor due
    "M": (None, 0, 1, 4),
    "D": (None, 0, 1, 4),
    "C": (None, 0, 1, 4),
    "B": (None, 0, 1, 4),
    "?": (None, 0, 1, 4),
}


def test_marks(tmp_path: Path) -> None:
    rows = [Row(f"2025-03-01 {hour:02}:00", "1", flag) for hour, flag in enumerate(MARKS)]
    found = hours(rolled(tmp_path, rows, point("mean")))
    got = {
        flag: (row["total"], row["readings"], row["invalid"], row["due"])
        for flag, row in zip(MARKS, found, strict=True)
    }
    assert got == MARKS
    assert [row["minimum"] for row in found] == [row["total"] for row in found]


def test_a_day_that_stood_still_owes_nothing_for_it(tmp_path: Path) -> None:
    rows = [*every("2025-03-01 00:00", 900, ["0"] * 48, flag="F"), *every("2025-03-01 12:00", 900, ["2"] * 48)]
    (day,) = days(rolled(tmp_path, rows, point("mean")))
    assert (day["due"], day["readings"], day["hours"]) == (48, 48, 12)


def test_range_multiplier_and_sign(tmp_path: Path) -> None:
    """CT × PT = 60; low and high are in the point's unit, after the multiplier; −1 turns the direction."""
    spec = point("amount", multiplier=Decimal(60), low=Decimal(0), high=Decimal(600), sign=-1)
    made = rolled(tmp_path, every("2025-03-01 08:00", 900, ["10", "10.000001", "-0.1", "2.5"]), spec)
    (row,) = hours(made)
    assert (row["total"], row["readings"], row["invalid"]) == (Decimal(-750), 2, 2)
    assert (row["minimum"], row["maximum"]) == (Decimal(-600), Decimal(-150))


def test_a_multiplier_is_exact(tmp_path: Path) -> None:
    made = rolled(
        tmp_path, [Row("2025-03-01 08:00", "999999999999.999999")], point("amount", multiplier=Decimal("1.1"))
    )
    assert hours(made)[0]["total"] == Decimal("1099999999999.999999")  # …998 9 rounded half away from zero


def test_the_first_recorded_counts_and_a_conflict_is_counted(tmp_path: Path) -> None:
    rows = [
        Row("2025-03-01 08:00", "2", recorded_at="2025-03-02 00:00", entry="intake-0/9"),
        Row("2025-03-01 08:00", "1", recorded_at="2025-03-01 09:00", entry="intake-0/10"),
        Row("2025-03-01 08:15", "4", recorded_at="2025-03-01 09:00", entry="intake-0/10"),
        Row("2025-03-01 08:15", "4", recorded_at="2025-03-01 09:00", entry="intake-0/11"),
        Row("2025-03-01 08:30", "6", recorded_at="2025-03-01 09:00", entry="intake-0/10"),
        Row("2025-03-01 08:30", "5", recorded_at="2025-03-01 09:00", entry="intake-0/9"),
    ]
    (row,) = hours(rolled(tmp_path, rows, point("amount")))
    assert (row["total"], row["readings"], row["conflicts"]) == (Decimal(10), 3, 2)
    assert row["first_entry"] == "intake-0/10"


def test_ten_second_values_of_which_some_came_twice(tmp_path: Path) -> None:
    rows = every("2025-03-01 08:00", 10, ["1", "2"] * 180)
    made = rolled(
        tmp_path, [*rows, *rows[:40], *every("2025-03-01 09:00", 60, ["1"] * 60)], point("mean", interval_s=10)
    )
    assert [(row["total"], row["readings"], row["due"]) for row in hours(made)] == [(540, 360, 360), (60, 60, 360)]


def test_two_addresses_of_one_point_do_not_double(tmp_path: Path) -> None:
    rows = [
        Row("2025-03-01 08:00", "1", recorded_at="2025-03-01 09:00"),
        Row("2025-03-01 08:00", "3", recorded_at="2025-03-05 09:00", address="sheet:P1"),
        Row("2025-03-01 08:15", "3", recorded_at="2025-03-05 09:00", address="sheet:P1"),
    ]
    made = rolled(tmp_path, rows, point("amount"), point("amount", address="sheet:P1"))
    (row,) = hours(made)
    assert (row["total"], row["readings"], row["conflicts"], row["due"]) == (Decimal(4), 2, 1, 4)


def test_the_mapping_is_dated(tmp_path: Path) -> None:
    first = PointSpec("OLD", ADDRESS, until_utc=park("2025-03-01 08:30"), shape="amount", interval_s=900)
    second = PointSpec("NEW", ADDRESS, since_utc=park("2025-03-01 08:30"), shape="amount", interval_s=900)
    made = rolled(tmp_path, every("2025-03-01 08:00", 900, ["1", "2", "4", "8"]), first, second)
    assert totals(hours(made, "OLD")) == {"03-01 08:00": Decimal(3)}
    assert totals(hours(made, "NEW")) == {"03-01 08:00": Decimal(12)}
    assert (days(made, "OLD")[0]["due"], days(made, "NEW")[0]["due"]) == (34, 62)


def test_daily_values_stand_in_their_own_hour(tmp_path: Path) -> None:
    rows = every("2025-03-01 00:00", 86_400, ["24", "25"])
    made = rolled(tmp_path, rows, point("amount", interval_s=86_400))
    assert totals(hours(made)) == {"03-01 00:00": Decimal(24), "03-02 00:00": Decimal(25)}
    assert [(day["total"], day["due"], day["readings"]) for day in days(made)] == [(24, 1, 1), (25, 1, 1)]


def test_nothing_due_where_no_interval_is_stated(tmp_path: Path) -> None:
    made = rolled(tmp_path, [Row("2025-03-01 08:00", "1")], point("sample", interval_s=0))
    assert (hours(made)[0]["due"], days(made)[0]["due"]) == (0, 0)


def test_a_mapping_is_known_by_its_content() -> None:
    one, two = point("mean"), point("mean", address="sheet:P1")
    assert mapping_number([one, two]) == mapping_number([two, one])
    assert mapping_number([one]) == mapping_number([one._replace(multiplier=Decimal("1.000"))])
    assert mapping_number([one]) != mapping_number([one._replace(multiplier=Decimal("1.001"))])
    assert 0 <= mapping_number([]) < 2**56
