"""Registers whose readings leave their course and come back: not consumption, high or low, wherever in the day.

The expected amounts are the differences of the course itself, by hand.
"""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from lake_samples import Row, days, every, hours, point, rolled

QUARTER, DAY = 900, "2025-03-10 00:00"
HIGH = ["100000", "100000", "99998.5", "100001"]


def course(count: int = 97, first: int = 1000) -> list[str]:
    """A register that rises by one a quarter of an hour."""
    return [str(first + place) for place in range(count)]


def shown(shown: list[str], place: int, run: list[str]) -> list[str]:
    return [*shown[:place], *run, *shown[place + len(run) :]]


def total(folder: Path, values: list[str], **more: Any) -> dict[str, Any]:
    """The day, all days taken together."""
    made = rolled(folder, every(DAY, more.pop("step", QUARTER), values), point("counter", **more))
    rows = days(made)
    return {
        "total": sum((row["total"] or Decimal(0) for row in rows), Decimal(0)),
        "estimated": any(row["estimated"] for row in rows),
        "invalid": sum(row["invalid"] for row in rows),
    }


@pytest.mark.parametrize("length", [1, 2, 3, 4])
@pytest.mark.parametrize("place", [1, 2, 40, 92])
def test_high_readings_that_come_back_are_not_consumption(tmp_path: Path, length: int, place: int) -> None:
    found = total(tmp_path, shown(course(), place, HIGH[:length]))
    assert found == {"total": 96, "estimated": True, "invalid": length}


def test_high_for_five_hours(tmp_path: Path) -> None:
    assert total(tmp_path, shown(course(), 30, ["54321"] * 20)) == {"total": 96, "estimated": True, "invalid": 20}


def test_high_and_counting_on(tmp_path: Path) -> None:
    """Another meter's telegrams for an hour and a half: they rise too."""
    run = [str(70_000 + 3 * place) for place in range(6)]
    assert total(tmp_path, shown(course(), 30, run))["total"] == 96


def test_low_and_high_in_one_day(tmp_path: Path) -> None:
    values = shown(shown(course(), 20, ["7", "7", "7"]), 50, HIGH[:3])
    assert total(tmp_path, values) == {"total": 96, "estimated": True, "invalid": 6}


def test_twice_high_is_no_dip_between(tmp_path: Path) -> None:
    values = shown(shown(course(), 20, HIGH[:2]), 30, HIGH[:2])
    assert total(tmp_path, values)["total"] == 96


def test_over_midnight(tmp_path: Path) -> None:
    found = total(tmp_path, shown(course(193), 95, ["100000"] * 4))
    assert found == {"total": 192, "estimated": True, "invalid": 4}


@pytest.mark.parametrize("step", [3600, 86_400])
def test_read_less_often(tmp_path: Path, step: int) -> None:
    found = total(tmp_path, shown(course(40), 17, HIGH[:4]), step=step, interval_s=step)
    assert (found["total"], found["estimated"]) == (39, True)


def test_at_the_end_it_is_not_believed_until_it_has_stayed(tmp_path: Path) -> None:
    found = total(tmp_path / "new", [*course(93), *HIGH[:2]])
    assert found == {"total": 92, "estimated": False, "invalid": 2}
    stayed = total(tmp_path / "stayed", [*course(60), *(str(100_000 + place) for place in range(60))])
    assert stayed["total"] == 100_059 - 1000


def test_a_step_that_stays_is_consumption(tmp_path: Path) -> None:
    """A plant that is switched on: from 1 to 50 a quarter of an hour."""
    values = [*course(40), *(str(1039 + 50 * place) for place in range(1, 50))]
    assert total(tmp_path, values) == {"total": 39 + 49 * 50, "estimated": False, "invalid": 0}


def test_a_register_that_starts_again_at_zero(tmp_path: Path) -> None:
    """Five digits: high readings before and after it turns over."""
    around = [str((99_950 + place) % 100_000) for place in range(97)]
    values = shown(shown(around, 20, ["99999.5"] * 2), 70, ["60000"] * 3)
    found = total(tmp_path, values, digits=5)
    assert (found["total"], found["invalid"]) == (96, 5)


@pytest.mark.parametrize("place", [0, 1, 50, 93])
def test_a_register_that_starts_again_every_midnight(tmp_path: Path, place: int) -> None:
    """Two days of 0 to 95; the first is begun at zero. High readings stand at `place` of the second day."""
    daily = [str(number % 96) for number in range(193)]
    found = total(tmp_path, shown(daily, 96 + place, HIGH[: min(3, 97 - place)]), daily_reset=True)
    assert abs(found["total"] - 192) <= 2
    assert found["estimated"]


def test_a_meter_change_that_nobody_recorded_is_no_high_run(tmp_path: Path) -> None:
    """The old register does not come back: what it counted stays."""
    values = [*course(50), *(str(3 + place) for place in range(47))]
    found = total(tmp_path, values)
    assert found == {"total": 49 + 1 + 46, "estimated": True, "invalid": 0}


def test_a_change_to_a_register_that_the_old_one_had_passed(tmp_path: Path) -> None:
    values = [*course(50), *(str(1020 + place) for place in range(47))]
    assert total(tmp_path, values)["total"] == 49 + 1 + 46


def test_readings_that_come_one_by_one_give_the_same(tmp_path: Path) -> None:
    values = [
        Row(row.at, row.value, entry=f"intake-0/{n}")
        for n, row in enumerate(every(DAY, QUARTER, shown(course(), 40, HIGH)))
    ]
    at_once = rolled(tmp_path / "once", values, point("counter"))
    backwards = rolled(tmp_path / "back", values[::-1], point("counter"))
    assert days(at_once) == days(backwards)


def jumped(made: Any) -> list[tuple[str, Decimal, bool]]:
    """The hours whose register jumped: by how much, and whether they are estimated."""
    return [(row["hour"], row["maximum"], row["estimated"]) for row in hours(made) if row["maximum"] is not None]


@pytest.mark.parametrize(("high", "step"), [("100000", QUARTER), ("54321", QUARTER), ("100000", 3600), ("3000", 3600)])
def test_a_jump_that_stays_too_long_is_counted_as_read_and_never_without_remark(
    tmp_path: Path, high: str, step: int
) -> None:
    """From 1039 up for forty readings and back: nobody can tell yet, so the hour of the jump is an estimate."""
    run = [str(int(high) + place) for place in range(40)]
    made = rolled(tmp_path, every(DAY, step, shown(course(), 40, run)), point("counter", interval_s=step))
    hour = "03-10 09:00" if step == QUARTER else "03-11 15:00"
    assert jumped(made) == [(hour, Decimal(high) - 1039, True)]
    assert [row["estimated"] for row in days(made)][: 1 if step == QUARTER else 2][-1] is True


def test_a_jump_in_two_steps_and_with_a_multiplier(tmp_path: Path) -> None:
    values = [*course(40), "30000", *(str(100_000 + place) for place in range(56))]
    made = rolled(tmp_path, every(DAY, QUARTER, values), point("counter", multiplier=Decimal(60)))
    assert jumped(made) == [("03-10 09:00", Decimal(28_961 * 60), True), ("03-10 10:00", Decimal(70_000 * 60), True)]


@pytest.mark.parametrize(("load", "is_jump"), [(100, False), (101, True)])
def test_from_a_hundredfold_on_one_step_is_a_jump(tmp_path: Path, load: int, is_jump: bool) -> None:
    values = [*course(40), *(str(1039 + load + place) for place in range(57))]
    made = rolled(tmp_path, every(DAY, QUARTER, values), point("counter"))
    assert bool(jumped(made)) is is_jump


def test_a_load_that_lasts_is_no_jump_however_high(tmp_path: Path) -> None:
    values = [*course(40), *(str(1039 + 5000 * place) for place in range(1, 50))]
    assert jumped(rolled(tmp_path, every(DAY, QUARTER, values), point("counter"))) == []


def test_a_run_that_was_high_for_long_is_settled_by_a_person(tmp_path: Path) -> None:
    """Ten hours at 100,000 and back: as it came an estimate that says so; with the run marked X the course's 96."""
    values = shown(course(), 40, [str(100_000 + place) for place in range(40)])
    came = every(DAY, QUARTER, values)
    as_it_came = days(rolled(tmp_path / "came", came, point("counter")))
    assert as_it_came[0]["estimated"] is True
    address = came[0].address.replace("hj212:", "corrected:")
    marked = [row._replace(flag="X", address=address, entry="cli-0/1") for row in came[40:80]]
    both = [point("counter"), point("counter")._replace(address=address)]
    settled = days(rolled(tmp_path / "settled", [*came, *marked], *both))[0]
    assert (settled["total"], settled["estimated"]) == (Decimal(96), True)
