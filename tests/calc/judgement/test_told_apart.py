"""Digits of a comparison: as many as show which is the larger, the same for what counts as equal."""

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xietong.calc.figures import Figure
from xietong.calc.judgement.grade import Share, judge_incomplete
from xietong.calc.judgement.verdicts import Frame, judged
from xietong.calc.rounding import share_apart, told_apart
from xietong.park.nouns import Target
from xietong.standard.text import table_rows
from xietong.wording.numbers import digits, in_scale_of, show


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ((94.996, 95.0), ("94.996", "95")),
        ((0.14571, 0.1457, 0.15), ("0.14571", "0.1457", "0.15")),
        ((95.0, 95.0), ("95", "95")),
        ((0.1 + 0.2, 0.3), ("0.3", "0.3")),
        ((123456.4, 123456.0), ("123,456.4", "123,456")),
        ((-1.00004, -1.0), ("-1.00004", "-1")),
        ((None, 3.0), ("—", "3")),
        ((1e-7, 1.00001e-7), ("0.0000001", "0.000000100001")),
        ((2.0, 3.0), ("2", "3")),
    ],
)
def test_the_digits_show_the_difference(values: tuple[float | None, ...], told: tuple[str, ...]) -> None:
    assert told_apart(*values) == told


@settings(max_examples=200, deadline=None)
@given(st.floats(1e-6, 1e9), st.floats(-1e-4, 1e-4))
def test_what_differs_reads_differently_and_in_the_same_order(value: float, move: float) -> None:
    other = value * (1 + move)
    one, two = (float(each.replace(",", "")) for each in told_apart(value, other))
    if math.isclose(value, other, rel_tol=1e-9):
        return
    assert (one < two) == (value < other)
    assert one != two


@pytest.mark.parametrize(
    ("share", "bound", "told"),
    [(0.99996, 1.0, "99.996%"), (0.833, 0.95, "83.3%"), (0.94996, 0.95, "94.996%"), (0.0500004, 0.05, "5.00004%")],
)
def test_a_share_shows_its_side_of_the_bound(share: float, bound: float, told: str) -> None:
    assert share_apart(share, bound) == told


def test_a_page_shows_them_too() -> None:
    assert digits(94.996, "%", against=95.0) == "94.996"
    assert digits(94.9, "%", against=95.0) == "94.9"
    assert in_scale_of(12_000_000.0, 12_000_100.0, "t", "zh") == "1,200"
    assert show(12_000_100.0, "t", "zh", against=12_000_000.0).text == "1,200.01"
    assert digits(95.0, "%", against=95.0) == "95.0"


def test_a_share_of_data_that_nearly_suffices_does_not_read_as_enough() -> None:
    goal = Target("energy_per_output_value", "A", 2025, 1.0, None, main=True)
    figure = Figure("energy_per_output_value", 0.9, "tce/万元", "partial")
    said = judge_incomplete(goal, figure, Share(0.94996, 0.95)).reasons[0]
    assert "94.996%" in said.zh
    assert "94.996%" in said.en


def test_a_verdict_of_a_standard_tells_near_ties_apart() -> None:
    row = next(each for each in table_rows("zero-carbon-park") if each.thresholds and not each.thresholds[0].by)
    threshold = row.thresholds[0].value
    figure = Figure(row.indicators[0], threshold * 1.00001, "x")
    frame = Frame(row.at[0] if row.at else "park", True, lambda _: figure, lambda _: "lower")
    found = judged([replace(row, indicators=row.indicators[:1])], frame)[0]
    assert found.verdict == "not_met"
    numbers = found.reason.en.split(" is ", 1)[1].split(" x, ≤ ")
    assert float(numbers[0]) > float(numbers[1].split(" ", maxsplit=1)[0])
