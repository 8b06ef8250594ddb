"""GB/T 8170-2008 by the standard's own printed examples, clauses 3.2 to 3.4."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xietong.calc.rounding import apart, rounded, to_significant, written

numbers = st.decimals(min_value=-(10**9), max_value=10**9, places=6)


@pytest.mark.parametrize(
    ("value", "interval", "printed"),
    [
        ("12.1498", "0.1", "12.1"),
        ("12.1498", "1", "12"),
        ("1268", "1E+2", "13E+2"),
        ("10.5002", "1", "11"),
        ("1.050", "0.1", "1.0"),
        ("0.35", "0.1", "0.4"),
        ("2500", "1E+3", "2E+3"),
        ("3500", "1E+3", "4E+3"),
        ("-355", "10", "-36E+1"),
        ("-325", "10", "-32E+1"),
        ("-365", "10", "-36E+1"),
        ("-0.0365", "0.001", "-36E-3"),
        ("97.46", "1", "97"),
        ("15.4546", "1", "15"),
        ("60.25", "0.5", "60.0"),
        ("60.38", "0.5", "60.5"),
        ("60.28", "0.5", "60.5"),
        ("-60.75", "0.5", "-61.0"),
        ("830", "20", "840"),
        ("842", "20", "840"),
        ("832", "20", "840"),
        ("-930", "20", "-920"),
    ],
)
def test_the_printed_examples(value: str, interval: str, printed: str) -> None:
    assert rounded(Decimal(value), interval) == Decimal(printed)
    assert rounded(float(value), interval) == Decimal(printed)


def test_a_decimal_keeps_the_digits_it_is_rounded_to() -> None:
    assert str(rounded(1.050, "0.1")) == "1.0"
    assert str(rounded(12.1498, "0.01")) == "12.15"


@pytest.mark.parametrize(
    ("value", "digits", "expected"), [(8.53459, 3, "8.53"), (0.0320, 2, "0.032"), (0.0, 3, "0"), (99.96, 3, "100")]
)
def test_significant_digits_in_one_step(value: float, digits: int, expected: str) -> None:
    assert to_significant(value, digits) == Decimal(expected)


@pytest.mark.parametrize(("value", "interval"), [(1.0, "0"), (1.0, "-1"), (float("nan"), "1"), (float("inf"), "1")])
def test_what_cannot_be_rounded(value: float, interval: str) -> None:
    with pytest.raises(ValueError, match="cannot round"):
        rounded(value, interval)


@settings(deadline=None)
@given(numbers, st.sampled_from(["0.001", "0.1", "0.5", "1", "20", "1E+3"]))
def test_the_nearest_multiple_and_stable(value: Decimal, interval: str) -> None:
    once = rounded(value, interval)
    assert once % Decimal(interval) == 0
    assert abs(once - value) * 2 <= Decimal(interval)
    assert rounded(once, interval) == once
    assert rounded(-value, interval) == -once


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "—"),
        (0.0, "0"),
        (2.57834, "2.578"),
        (0.002459, "0.002459"),
        (0.25, "0.25"),
        (823148.2, "823,148"),
        (3.0, "3"),
        (14557.0, "14,557"),
        (12340.0, "12,340"),
        (99.95, "99.95"),
        (-0.97331, "-0.9733"),
    ],
)
def test_a_number_in_a_sentence_keeps_its_whole_part(value: float | None, text: str) -> None:
    assert written(value) == text


@pytest.mark.parametrize(
    ("before", "after", "gap"),
    [
        (100000.004, 100000.002, -0.002),  # 100000.002 − 100000.004 is −0.0020000000076834112 in binary
        (0.3, 0.1 + 0.2, 0.0),
        (4783.68, 4706.52, -77.16),
        (1e9 + 0.25, 1e9, -0.25),
        (-5.0, 5.0, 10.0),
        (1e-9, 3e-9, 2e-9),
        (0.0, 0.0, 0.0),
        (0.0, 2.5, 2.5),
    ],
)
def test_a_difference_has_no_digits_that_its_two_numbers_lack(before: float, after: float, gap: float) -> None:
    assert apart(before, after) == gap
    assert apart(after, before) == -gap


@given(st.integers(-(10**9), 10**9), st.integers(-(10**9), 10**9))
def test_a_difference_of_thousandths_is_one_of_thousandths(one: int, other: int) -> None:
    assert apart(one / 1000, other / 1000) == (other - one) / 1000
