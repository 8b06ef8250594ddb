"""Meters as they are: a day of 24 × 10 kWh, whatever happens to its meter and its line, is 240 kWh.

Each case says by hand which hours are known and which are estimated; an hour without data is missing, never zero.
"""

from decimal import Decimal
from pathlib import Path

import pytest
from lake_samples import Row, batch, days, every, hours, lake, park, point, totals

from xietong.lake.points import MeterChange, PointSpec

HOURLY = [f"{1000 + 10 * hour}" for hour in range(25)]
QUARTERS = [f"{1000 + Decimal('2.5') * quarter}" for quarter in range(97)]
NEW = "hj212:MN2/x/Cou@2061"


def quarters(**changed: str) -> list[Row]:
    """A day of quarter-hour registers, some of them replaced: q8="0" is the one of 02:00; "" is one that never came."""
    values = [changed.get(f"q{number}", value) for number, value in enumerate(QUARTERS)]
    return [row for row in every("2025-03-01 00:00", 900, values) if row.value]


def run(first: int, last: int, low: int = 0) -> dict[str, str]:
    """The registers of a run of quarters: zeros, or so much too low."""
    return {f"q{n}": f"{1000 + Decimal('2.5') * n - low}" if low else "0" for n in range(first, last + 1)}


def meter_of(digits: int = 0, *changes: MeterChange) -> PointSpec:
    return point("counter", since_utc=park("2025-03-01"), digits=digits, changes=changes)


def rollover() -> list[Row]:
    """Five digits: 99,880 at midnight, 00,120 a day later."""
    return every("2025-03-01 00:00", 900, [f"{(99880 + Decimal('2.5') * n) % 100000}" for n in range(97)])


def swapped(opening: int) -> list[Row]:
    """The old meter until 12:00, taken down at 12:07; the new one shows `opening` then, and is read from 12:15 on."""
    taken_down = Decimal(10) * (12 * 60 + 7) / 60
    later = [f"{opening + Decimal('2.5') * n - taken_down:.6f}" for n in range(49, 97)]
    return [*quarters(**{f"q{n}": "" for n in range(49, 97)}), *every("2025-03-01 12:15", 900, later)]


CHANGE = MeterChange(park("2025-03-01 12:07"), Decimal("1121.166667"), Decimal(7))
CASES: dict[str, tuple[list[Row], PointSpec, list[int]]] = {
    "nothing happens": (quarters(), meter_of(), []),
    "one zero": (quarters(q30="0"), meter_of(), [7]),
    "three hours of zeros": (quarters(**run(20, 31)), meter_of(), [4, 5, 6, 7]),
    "a spike of 900,000": (quarters(q30="901075"), meter_of(), [7]),
    "ninety minutes 30 too low": (quarters(**run(40, 45, 30)), meter_of(), [9, 10, 11]),
    "six hours offline": (quarters(**{f"q{n}": "" for n in range(25, 48)}), meter_of(), [6, 7, 8, 9, 10, 11]),
    "a recorded meter change": (swapped(7), meter_of(0, CHANGE), []),
    "a recorded change to a meter that shows more": (
        swapped(5000),
        meter_of(0, CHANGE._replace(opening=Decimal(5000))),
        [],
    ),
    "a meter change that nobody recorded": (swapped(0), meter_of(), [12]),
    "a register of five digits starts again": (rollover(), meter_of(5), []),
    "the first hour of a new meter": (quarters(q0="", q1="", q2="", q3=""), meter_of(), [0]),
}


@pytest.mark.parametrize("name", CASES)
def test_a_day_is_240(tmp_path: Path, name: str) -> None:
    rows, spec, estimated = CASES[name]
    made = lake(tmp_path)
    made.append(batch(rows), {})
    made.roll_up([spec])
    assert next(day["total"] for day in days(made)) == pytest.approx(Decimal(240), abs=Decimal("0.00001"))
    by_hour = [row for row in hours(made) if row["hour"].startswith("03-01")]
    assert [row["total"] for row in by_hour] == pytest.approx([Decimal(10)] * 24, abs=Decimal("0.00001"))
    assert [number for number, row in enumerate(by_hour) if row["estimated"]] == estimated


def test_four_hours_that_arrive_six_hours_late(tmp_path: Path) -> None:
    """10:15–14:00 come at 20:00: until then they are known as a whole and estimated, from then on hour by hour."""
    rows = every("2025-03-01 00:00", 900, QUARTERS)
    made = lake(tmp_path)
    made.append(batch([*rows[:41], *rows[57:81]]), {"intake-0": 1})
    made.roll_up([meter_of()])
    before = hours(made)
    assert [row["total"] for row in before][:20] == pytest.approx([Decimal(10)] * 20, abs=Decimal("0.00001"))
    assert [n for n, row in enumerate(before) if row["estimated"]] == [10, 11, 12, 13, 14]
    made.append(batch(rows[41:57]), {"intake-0": 2})
    made.append(batch(rows[81:]), {"intake-0": 3})
    made.roll_up([meter_of()])
    assert list(totals(hours(made)).values())[:24] == [Decimal(10)] * 24
    assert not any(row["estimated"] for row in hours(made))


def test_a_new_device_takes_over_at_midnight(tmp_path: Path) -> None:
    """The old device's last quarter of an hour and the new one's first are estimated; both days are 240."""
    midnight = park("2025-03-02")
    old = point("counter", until_utc=midnight)
    new = PointSpec("P1", NEW, since_utc=midnight, shape="counter", interval_s=900)
    later = [f"{3 + Decimal('2.5') * n}" for n in range(97)][1:]
    rows = [*every("2025-03-01 00:00", 900, QUARTERS[:-1]), *every("2025-03-02 00:15", 900, later, address=NEW)]
    made = lake(tmp_path)
    made.append(batch(rows), {})
    made.roll_up([old, new])
    assert [day["total"] for day in days(made)][:2] == [Decimal(240), Decimal(240)]
    assert [row["hour"] for row in hours(made) if row["estimated"]] == ["03-01 23:00", "03-02 00:00"]


@pytest.mark.parametrize("opening", [0, 5000])
def test_hourly_registers_do_as_well(tmp_path: Path, opening: int) -> None:
    """Changed at the very instant of a reading, which shows the old meter still (1,120) or the new one already."""
    for shown in (1120, opening):
        values = [*HOURLY[:12], str(shown), *(str(opening + 10 * hour) for hour in range(1, 13))]
        made = lake(tmp_path / str(shown))
        made.append(batch(every("2025-03-01 00:00", 3600, values)), {})
        change = MeterChange(park("2025-03-01 12:00"), Decimal(1120), Decimal(opening))
        made.roll_up([point("counter", interval_s=3600, changes=(change,))])
        assert days(made)[0]["total"] == 240
        assert not any(row["estimated"] for row in hours(made))


def test_a_day_offline_has_no_hours_where_nothing_ever_came(tmp_path: Path) -> None:
    """A meter that fell silent: its last hour is the last with data; nothing after it is zero."""
    made = lake(tmp_path)
    made.append(batch(every("2025-03-01 00:00", 900, QUARTERS[:41])), {})
    made.roll_up([point("counter")])
    assert [row["hour"] for row in hours(made)] == [f"03-01 {hour:02}:00" for hour in range(11)]
    assert hours(made)[-1]["total"] is None
