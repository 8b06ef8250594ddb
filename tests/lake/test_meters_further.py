"""Further mishaps of meters: a day of 24 × 10 kWh stays 240 where it can be known, and says where it is estimated."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from lake_samples import ADDRESS, ZONE, Row, batch, days, every, hours, lake, park, point

from xietong.lake.points import MeterChange, PointSpec
from xietong.lake.schemas import READING_FILES
from xietong.lake.store import Lake
from xietong.quality.cases import Case
from xietong.quality.find import find_cases
from xietong.quality.series import Watched

DAY = park("2025-03-01")
QUARTERS = [Decimal(1000) + Decimal("2.5") * n for n in range(97)]


def quarters(values: list[Decimal], **more: str) -> list[Row]:
    return every("2025-03-01 00:00", 900, [f"{value:f}" for value in values], **more)


def rolled(folder: Path, rows: list[Row], *specs: PointSpec) -> Lake:
    made = lake(folder)
    made.append(batch(rows), {})
    made.roll_up(list(specs))
    return made


def day(made: Lake) -> tuple[Decimal, list[int]]:
    """The total of the first of March and which of its hours are estimated."""
    mine = [row for row in hours(made) if row["hour"].startswith("03-01")]
    return days(made)[0]["total"], [number for number, row in enumerate(mine) if row["estimated"]]


def found(rows: list[Row], *changes: MeterChange, shape: str = "counter") -> list[str]:
    """The kinds of the quality cases of such a day."""
    watched = Watched("P1", (ADDRESS,), shape, 900, changes=tuple(each.at_utc for each in changes))
    cases: list[Case] = find_cases(batch(rows), [watched], (DAY, DAY + timedelta(days=1)), ZONE)
    return [each.kind for each in cases]


def test_a_register_turns_while_nobody_listens(tmp_path: Path) -> None:
    """Five digits, 99,880 at midnight, silent from 09:00 to 15:00, over the turn at noon."""
    values = [(Decimal(99880) + Decimal("2.5") * n) % 100000 for n in range(97)]
    rows = quarters(values)
    made = rolled(tmp_path, [*rows[:37], *rows[60:]], point("counter", since_utc=DAY, digits=5))
    assert day(made) == (Decimal(240), [9, 10, 11, 12, 13, 14])


HIGHER = [*QUARTERS[:49], *(value + 4000 for value in QUARTERS[49:])]


def test_another_meter_that_shows_more_is_counted_as_read_and_said_to_be_in_doubt(tmp_path: Path) -> None:
    """Consumption and a new meter look alike: nothing is cut off, its hour is an estimate, and the quality page says
    what it may be."""
    assert day(rolled(tmp_path, quarters(HIGHER), point("counter", since_utc=DAY))) == (Decimal(4240), [12])
    assert found(quarters(HIGHER)) == ["jump"]


def test_once_the_change_is_recorded_it_is_exact_and_beyond_doubt(tmp_path: Path) -> None:
    change = MeterChange(park("2025-03-01 12:00"), Decimal(1120), Decimal(5120))
    assert day(rolled(tmp_path, quarters(HIGHER), point("counter", changes=(change,)))) == (Decimal(240), [])
    assert found(quarters(HIGHER), change) == []


def test_an_ordinary_day_and_a_plant_that_starts_are_no_jump() -> None:
    assert found(quarters(QUARTERS)) == []
    load = [Decimal(1)] * 48 + [Decimal(15)] * 48
    assert found(quarters([Decimal(1000) + sum(load[:n], Decimal(0)) for n in range(97)])) == []


def test_two_meters_exchanged_for_a_morning(tmp_path: Path) -> None:
    """06:00–12:00 the line of a meter that stands at 50,000 is read instead: both ends recorded, the rest is exact."""
    values = [*QUARTERS[:25], *(value + 49000 for value in QUARTERS[25:48]), *QUARTERS[48:]]
    assert found(quarters(values)) == ["stray"]
    assert day(rolled(tmp_path / "unrecorded", quarters(values), point("counter")))[0] == Decimal(240)
    back = MeterChange(park("2025-03-01 12:00"), Decimal(50120), Decimal(1120))
    forth = MeterChange(park("2025-03-01 06:00"), Decimal(1060), Decimal(50060))
    assert day(rolled(tmp_path, quarters(values), point("counter", changes=(forth, back)))) == (Decimal(240), [])
    assert found(quarters(values), forth, back) == []


def test_a_transformer_changed_at_midnight(tmp_path: Path) -> None:
    """CT×PT 1 until the first of March, 40 from then on: the same address under two points of their own dates."""
    rows = every("2025-02-28 00:00", 900, [f"{Decimal(1000) + Decimal('2.5') * n}" for n in range(97)])
    rows += every("2025-03-01 00:15", 900, [f"{Decimal(1240) + Decimal('0.0625') * n}" for n in range(1, 97)])
    before = point("counter", until_utc=DAY)
    after = PointSpec("P2", ADDRESS, since_utc=DAY, shape="counter", interval_s=900, multiplier=Decimal(40))
    made = rolled(tmp_path, rows, before, after)
    assert [each["total"] for each in days(made)] == [Decimal(240)]
    assert days(made, "P2")[0]["total"] == Decimal(240)
    assert hours(made, "P2")[0]["estimated"] is False


def test_a_multiplier_of_one_point_may_change_with_its_dates(tmp_path: Path) -> None:
    rows = every("2025-02-28 00:00", 900, [f"{Decimal(1000) + Decimal('2.5') * n}" for n in range(97)])
    rows += every("2025-03-01 00:15", 900, [f"{Decimal(1240) + Decimal('0.0625') * n}" for n in range(1, 97)])
    before = point("counter", until_utc=DAY)
    made = rolled(tmp_path, rows, before, before._replace(since_utc=DAY, until_utc=None, multiplier=Decimal(40)))
    assert [each["total"] for each in days(made)][:2] == [Decimal(240), Decimal(240)]


@pytest.mark.parametrize("shown", [1120, 7])
def test_at_the_instant_of_a_change_either_meter_may_be_read(tmp_path: Path, shown: int) -> None:
    values = [*QUARTERS[:48], Decimal(shown), *(value - 1113 for value in QUARTERS[49:])]
    change = MeterChange(park("2025-03-01 12:00"), Decimal(1120), Decimal(7))
    assert day(rolled(tmp_path, quarters(values), point("counter", changes=(change,)))) == (Decimal(240), [])
    assert found(quarters(values), change) == []


@pytest.mark.parametrize("noise", ["0.001", "-0.001"])
def test_the_last_digit_trembles(tmp_path: Path, noise: str) -> None:
    """Half the night nothing flows and every other reading is a thousandth off; then 240 kWh flow by day."""
    still = [Decimal(1000) + (Decimal(noise) if n % 2 else 0) for n in range(48)]
    moving = [Decimal(1000) + 5 * n for n in range(49)]
    total, _ = day(rolled(tmp_path, quarters([*still, *moving]), point("counter")))
    assert total == pytest.approx(Decimal(240), abs=Decimal("0.01"))


def test_digits_registered_wrongly_invent_nothing(tmp_path: Path) -> None:
    """Four digits registered, five shown: 9,990 to 10,230 is no turn; where it falls back nothing is added for it."""
    values = [Decimal(9990) + Decimal("2.5") * n for n in range(97)]
    assert day(rolled(tmp_path, quarters(values), point("counter", digits=4))) == (Decimal(240), [])


@pytest.mark.parametrize("digits", [4, 6])
def test_a_turn_that_the_registered_digits_do_not_explain_is_estimated_and_told(tmp_path: Path, digits: int) -> None:
    """99,880 to 00,120 of a register of five digits, where four or six are registered."""
    rows = quarters([(Decimal(99880) + Decimal("2.5") * n) % 100000 for n in range(97)])
    assert day(rolled(tmp_path, rows, point("counter", digits=digits))) == (Decimal(240), [11])
    assert found(rows) == ["meter_change"]


@pytest.mark.parametrize("shift", [timedelta(minutes=30), timedelta(minutes=37)])
def test_a_clock_set_back(tmp_path: Path, shift: timedelta) -> None:
    """At noon the device's clock goes back: instants come twice, with other values; the total is what the register
    says, and the instants that came twice are told."""
    rows = quarters(QUARTERS)
    back = [row._replace(at=(park(row.at) - shift).strftime("%Y-%m-%d %H:%M:%S")) for row in rows[49:]]
    late = [row._replace(entry=f"intake-0/{2 + n}", recorded_at="2025-06-02 00:00") for n, row in enumerate(back)]
    total, _ = day(rolled(tmp_path, [*rows[:49], *late], point("counter")))
    assert total == pytest.approx(Decimal(240), abs=Decimal("0.01"))
    assert ("conflict" in found([*rows[:49], *late])) == (shift == timedelta(minutes=30))


DAILY = point("counter", daily_reset=True)


def nights(reset_at: list[int], minutes: int = 5, nights_of: int = 3) -> list[Row]:
    """10 kWh an hour, read every few minutes for so many days; the register starts again so many minutes after each
    midnight (−1: not that night)."""
    rows, register = [], Decimal(0)
    resets = {DAY + timedelta(days=n + 1, minutes=late) for n, late in enumerate(reset_at) if late >= 0}
    for minute in range(nights_of * 1440 + 1):
        at = DAY + timedelta(minutes=minute)
        if at in resets:
            register = Decimal(0)
        if minute % minutes == 0:
            rows.append(Row(at.strftime("%Y-%m-%d %H:%M"), f"{register:.6f}"))
        register += Decimal(10) / 60
    return rows


def three_days(folder: Path, rows: list[Row], spec: PointSpec = DAILY) -> tuple[list[Decimal], list[str]]:
    made = rolled(folder, rows, spec)
    return [row["total"] for row in days(made)][:3], [row["hour"] for row in hours(made) if row["estimated"]]


@pytest.mark.parametrize("minutes", [5, 15, 60])
def test_a_register_that_starts_again_late(tmp_path: Path, minutes: int) -> None:
    """At 00:07: read every five minutes the rest is seen, and what flowed around the fall is estimated; read more
    seldom nobody can see the seven minutes, and no more than they are lacking."""
    totals, estimated = three_days(tmp_path, nights([7, 7, 7], minutes), DAILY._replace(interval_s=minutes * 60))
    lacking = Decimal("1.17") if minutes > 7 else Decimal("0.01")
    assert all(abs(total - 240) <= lacking for total in totals)
    assert set(estimated) <= {"03-02 00:00", "03-03 00:00", "03-04 00:00"}
    assert bool(estimated) == (minutes == 5)


@pytest.mark.parametrize("minutes", [5, 15, 60])
def test_a_register_that_forgets_one_night_goes_on_counting(tmp_path: Path, minutes: int) -> None:
    totals, estimated = three_days(tmp_path, nights([-1, 0, 0], minutes), DAILY._replace(interval_s=minutes * 60))
    assert totals[:2] == pytest.approx([Decimal(240), Decimal(240)], abs=Decimal("0.01"))
    assert not [hour for hour in estimated if hour.startswith("03-02 00")]


def test_a_register_that_never_starts_again_though_declared(tmp_path: Path) -> None:
    totals, _ = three_days(tmp_path, nights([-1, -1, -1], 15), DAILY)
    assert totals == pytest.approx([Decimal(240)] * 3, abs=Decimal("0.01"))


def test_a_load_that_begins_at_midnight_is_no_forgotten_night(tmp_path: Path) -> None:
    """A day of 3 kWh, then 12 an hour from midnight on: the register fell to zero in between and shows 12 at 01:00."""
    first = [Decimal(3) * n / 24 for n in range(24)]
    second = [Decimal(12) * n for n in range(25)]
    rows = every("2025-03-01 00:00", 3600, [f"{value:f}" for value in [*first, *second]])
    rows[24] = rows[24]._replace(value="3")
    made = rolled(tmp_path, rows, DAILY._replace(interval_s=3600))
    assert [row["total"] for row in days(made)][:2] == [Decimal(3), Decimal(288)]


def test_where_clocks_change_the_day_begins_at_its_own_midnight(tmp_path: Path) -> None:
    """Berlin, 29–31 March 2025: the 30th has 23 hours; 10 kWh an hour, started again at each local midnight."""
    berlin = ZoneInfo("Europe/Berlin")
    start = park("2025-03-28 07:00")  # midnight of the 28th there
    listed = []
    for quarter in range(4 * 24 * 4):
        at = start + timedelta(minutes=15 * quarter)
        local = at.astimezone(berlin)
        midnight = local.replace(hour=0, minute=0)
        since = (at - midnight.astimezone(at.tzinfo)) / timedelta(hours=1)
        listed.append((at, Decimal(10) * Decimal(str(since))))
    table = pa.table(
        {
            "address": [ADDRESS] * len(listed),
            "at": pa.array([at for at, _ in listed], READING_FILES.field("at").type),
            "value": pa.array([value.quantize(Decimal("0.000001")) for _, value in listed], pa.decimal128(18, 6)),
            "flag": ["N"] * len(listed),
            "entry": ["intake-0/1"] * len(listed),
            "recorded_at": pa.array([at for at, _ in listed], READING_FILES.field("recorded_at").type),
        },
        READING_FILES,
    )
    made = Lake(tmp_path / "lake", berlin)
    made.append(table, {})
    made.roll_up([DAILY])
    rows = made.daily(["P1"], start, start + timedelta(days=4)).to_pylist()
    assert [row["total"] for row in rows][:3] == pytest.approx(
        [Decimal(240), Decimal(240), Decimal(230)], abs=Decimal("0.01")
    )


def test_an_hour_without_readings_names_the_entry_that_closes_its_step(tmp_path: Path) -> None:
    """Read every three hours; changed at 07:30, from 1,075 to 5. The record stands for the reading of 09:00."""
    registers = enumerate(("1000", "1030", "1060", "20", "50"))
    rows = [Row(f"2025-03-01 {3 * n:02}:00", value, entry=f"intake-0/{n + 1}") for n, value in registers]
    change = MeterChange(park("2025-03-01 07:30"), Decimal(1075), Decimal(5))
    made = hours(rolled(tmp_path, rows, point("counter", interval_s=10_800, changes=(change,))))
    assert {row["total"] for row in made if row["total"] is not None} == {Decimal(10)}
    assert [row["first_entry"][-1] for row in made[:12]] == list("122233344455")
