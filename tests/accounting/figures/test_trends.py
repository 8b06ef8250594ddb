"""环比, 同比 and 累计同比 by hand: power of March 2025 is 6 MWh, of February 5, of March 2024 4; January 5 and 4."""

import pytest
from small_parks import park, stated, subject

from xietong.accounting import explain, figures
from xietong.accounting.balances.balance_sheet import balance, line_trend, sheet
from xietong.accounting.figures.account import UnknownNameError
from xietong.accounting.figures.trends import span_before, trend
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


def two_years() -> Registry:
    """Two years of a tenant and of a heat plant: this year 10 % more of everything, in March of last year no bill."""
    rows = []
    for year, factor in ((2024, 10), (2025, 11)):
        for month in range(1, 13):
            span = f"{year}-{month:02}"
            rows += [
                stated("W", span, "heat_generated", str(100 * factor), "GJ"),
                stated("W", span, "heat_sold", str(90 * factor), "GJ"),
                stated("W", span, "raw_coal", str(5 * factor), "t"),
                stated("A", span, "output_value", str(7 * factor), "万元"),
                stated("A", span, "byproduct_generated", str(2 * factor), "t"),
                stated("A", span, "byproduct_used", str(factor), "t"),
            ]
            if span != "2024-03":
                rows.append(stated("A", span, "heat_purchased", str(85 * factor), "GJ", counterparty="W"))
    return park(subject("A"), subject("W"), reported=rows)


@pytest.mark.parametrize("period", ["2025-05", "2025-Q2", "2025-H1"])
def test_every_key_has_its_changes_and_each_is_the_figures_of_its_two_spans(period: str) -> None:
    registry, span = two_years(), Period.parse(period)
    keys = figures(registry, None, "P", span)
    assert len(keys) > 30
    for key in keys:
        found = trend(registry, None, "P", key, span)
        for change in (found.previous, found.year, found.cumulative):
            assert change is not None
            now = explain(registry, None, key, "P", change.period)
            before = explain(registry, None, key, "P", change.period_before)
            assert (change.now.value, change.before.value) == (now.value, before.value), key
            assert (change.ratio is None) == (change.reason is not None), key
            if change.ratio is not None:
                assert now.value is not None
                assert before.value is not None
                assert change.ratio == pytest.approx(now.value / before.value - 1), key


def test_every_line_of_a_balance_has_its_changes() -> None:
    registry, span = two_years(), Period.parse("2025-05")
    medium = balance(registry, None, "P", span).of("heat").medium
    for key in sheet(registry, None, "P", medium, span).figures():
        found = line_trend(registry, None, "P", medium, key, span)
        assert found.cumulative.now.value is not None or found.cumulative.now.status == "not_applicable", key
        if found.year.now.value and not key.endswith("_share"):
            assert found.year.ratio == pytest.approx(0.1), key
    supply = line_trend(registry, None, "P", medium, "heat_supply", span)
    assert supply.cumulative.now.value == pytest.approx(5 * 1100)
    residual = line_trend(registry, None, "P", medium, "heat_residual", span)
    assert [residual.year.now.value, residual.year.before.value] == pytest.approx([55, 50])


def test_a_span_with_a_gap_is_said() -> None:
    registry, span = two_years(), Period.parse("2025-03")
    medium = balance(registry, None, "P", span).of("heat").medium
    found = line_trend(registry, None, "P", medium, "heat_residual", span)
    assert (found.year.ratio, found.cumulative.ratio) == (None, None)
    assert found.year.reason is not None
    assert "2024-03" in found.year.reason.zh
    bought = trend(registry, None, "P", "heat_purchased", Period.parse("2025-05"))
    assert bought.cumulative.reason is not None
    assert bought.cumulative.reason.zh == "2024-01..2024-05 数据不全"
    assert bought.year.ratio == pytest.approx(0.1)
