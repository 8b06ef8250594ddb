"""Periods as the commands write them."""

from datetime import UTC, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xietong.periods import Period, PeriodError


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("2025", "2025-01-01T00", "2026-01-01T00"),
        ("2025-H1", "2025-01-01T00", "2025-07-01T00"),
        ("2025-H2", "2025-07-01T00", "2026-01-01T00"),
        ("2025-Q4", "2025-10-01T00", "2026-01-01T00"),
        ("2025-03", "2025-03-01T00", "2025-04-01T00"),
        ("2025-12", "2025-12-01T00", "2026-01-01T00"),
        ("2025-02..2025-06", "2025-02-01T00", "2025-07-01T00"),
        ("2024-02-29", "2024-02-29T00", "2024-03-01T00"),
        ("2025-03-14T07", "2025-03-14T07", "2025-03-14T08"),
    ],
)
def test_each_form_is_read_and_written_back(text: str, start: str, end: str) -> None:
    period = Period.parse(text)
    assert (period.start.strftime("%Y-%m-%dT%H"), period.end.strftime("%Y-%m-%dT%H")) == (start, end)
    assert period.label == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "25",
        "2025-13",
        "2025-02-30",
        "2025-Q5",
        "2025-06..2025-01",
        "2025-03-14T25",
        "十月",
        "0025",
        "9999-12",
        "0001",
    ],
)
def test_what_is_no_period_gets_a_sentence(text: str) -> None:
    with pytest.raises(PeriodError) as refused:
        Period.parse(text)
    assert "2025-Q1" in refused.value.text.zh
    assert "2025-Q1" in refused.value.text.en


def test_a_day_is_a_park_day() -> None:
    start, end = Period.parse("2025-03-14").utc(ZoneInfo("Asia/Shanghai"))
    assert start == datetime(2025, 3, 13, 16, tzinfo=UTC)
    assert end == datetime(2025, 3, 14, 16, tzinfo=UTC)


@given(st.integers(2000, 2099), st.integers(1, 12), st.integers(0, 40))
def test_months_tile_the_period(year: int, month: int, more: int) -> None:
    last = Period.month(year + (month + more - 1) // 12, (month + more - 1) % 12 + 1)
    period = Period.parse(f"{year}-{month:02}..{last.label}")
    months = list(period.months())
    assert len(months) == more + 1 == period.month_count
    assert months[0].start == period.start
    assert months[-1].end == period.end
    assert all(a.end == b.start for a, b in pairwise(months))
    assert Period.parse(period.label) == period


def test_the_year_before_a_leap_day() -> None:
    assert Period.parse("2024-02-29").previous_year().start == Period.parse("2023-02-28").start
    assert Period.parse("2025-Q1").previous_year().label == "2024-Q1"
