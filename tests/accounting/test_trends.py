"""环比, 同比 and 累计同比 by hand: power of March 2025 is 6 MWh, of February 5, of March 2024 4; January 5 and 4."""

import pytest
from small_parks import park, stated, subject

from xietong.accounting.accounts import UnknownNameError
from xietong.accounting.trends import span_before, trend
from xietong.park.nouns import Registry
from xietong.periods import Period

KEY = "electricity_purchased"
STATED = {"2025-01": "5", "2025-02": "5", "2025-03": "6", "2024-01": "4", "2024-02": "4", "2024-03": "4"}


def power(without: str = "") -> Registry:
    rows = [stated("A", month, KEY, amount, "MWh") for month, amount in STATED.items() if month != without]
    return park(subject("A"), reported=rows)


def test_a_month_against_the_one_before_the_year_before_and_the_year_so_far() -> None:
    found = trend(power(), None, "P", KEY, Period.parse("2025-03"))
    assert found.previous is not None
    assert found.previous.ratio == pytest.approx(0.2)
    assert found.year.ratio == pytest.approx(0.5)
    assert (found.cumulative.now.value, found.cumulative.before.value) == (16.0, 12.0)
    assert found.cumulative.ratio == pytest.approx(1 / 3)
    assert found.cumulative.period.label == "2025-Q1"


def test_nothing_is_said_of_a_change_from_what_is_absent_or_partial() -> None:
    found = trend(power(without="2024-03"), None, "A", KEY, Period.parse("2025-03"))
    assert found.year.ratio is None
    assert found.cumulative.before.status == "partial"
    assert found.cumulative.ratio is None


@pytest.mark.parametrize(
    ("period", "before"), [("2025-01", "2024-12"), ("2025-Q1", "2024-Q4"), ("2025", "2024"), ("2025-H2", "2025-H1")]
)
def test_the_span_before_has_as_many_months(period: str, before: str) -> None:
    assert span_before(Period.parse(period)) == Period.parse(before)


def test_a_day_has_no_span_before() -> None:
    assert trend(power(), None, "A", KEY, Period.parse("2025-03-14")).previous is None


def test_an_unknown_key_is_refused() -> None:
    with pytest.raises(UnknownNameError):
        trend(power(), None, "A", "nonsense", Period.parse("2025-03"))
