"""What stands at the end of a register since a jump is not believed until it has stayed: how long, and against what."""

import numpy as np
import pytest

from xietong.quality.registers import HOUR_US, set_aside


def doubted(steps: list[int], hours: int = 1, meter: list[int] | None = None) -> list[int]:
    """The places that are set aside of a register that rises by these steps, read every so many hours."""
    register = np.asarray(np.cumsum([0, *steps]), np.int64)
    series = np.array(meter or [0] * len(register), np.int64)
    at = np.arange(len(register), dtype=np.int64) * hours * HOUR_US
    return [int(place) for place in np.flatnonzero(set_aside(series, at, register))]


@pytest.mark.parametrize(("readings", "is_doubted"), [(1, True), (5, True), (7, True), (8, False)])
def test_up_to_six_hours_it_is_not_believed(readings: int, is_doubted: bool) -> None:
    steps = [10] * 20 + [1_000_000] + [10] * (readings - 1)
    assert doubted(steps) == (list(range(21, 21 + readings)) if is_doubted else [])


@pytest.mark.parametrize(("readings", "is_doubted"), [(4, True), (5, False)])
def test_nor_up_to_four_readings_however_far_apart(readings: int, is_doubted: bool) -> None:
    steps = [10] * 20 + [1_000_000] + [10] * (readings - 1)
    assert doubted(steps, hours=24) == (list(range(21, 21 + readings)) if is_doubted else [])


def test_it_is_held_against_the_fastest_of_the_four_steps_before() -> None:
    assert doubted([10] * 20 + [10_000]) == [21]
    assert doubted([10] * 20 + [9_999]) == []  # less than a thousand times
    assert doubted([10] * 16 + [11, 10, 10, 10, 10_000]) == []
    assert doubted([10] * 15 + [11, 10, 10, 10, 10, 10_000]) == [21]
    assert doubted([10, 10, 10, 10_000]) == [4]
    assert doubted([10, 10, 10_000]) == []  # two steps say nothing of what flows
    assert doubted([0] * 20 + [10_000]) == []  # nothing has flowed: a plant that starts


def test_another_meter_says_nothing_of_this_one() -> None:
    steps, meter = [10] * 10 + [0] + [10, 10, 10_000], [0] * 11 + [1] * 4
    assert doubted(steps, meter=meter) == []
    assert doubted([10] * 10 + [0] + [10, 10, 10, 10_000], meter=[0] * 11 + [1] * 5) == [15]
    assert doubted([10] * 10 + [10_000] + [0] + [10] * 20, meter=[0] * 12 + [1] * 21) == [11]  # the end of its meter


@pytest.mark.parametrize(("falls_to", "is_high"), [(39, True), (38, False)])
def test_a_high_run_rose_by_at_least_half_of_what_it_falls(falls_to: int, is_high: bool) -> None:
    """From 30 to 60, on to 99 and back: by 60 it is a run that returned, by 61 a register that was changed."""
    assert doubted([10, 10, 10, 30, 39, falls_to - 99, *[10] * 20]) == ([4, 5] if is_high else [])
