"""Stock changes: used = opening + received − sent out − closing, each term in the working; what cannot be is named."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_parks import park, stated, subject

from xietong.accounting import explain
from xietong.accounting.sources.statements import Statements
from xietong.calc.figures import Figure
from xietong.park.nouns import ReportedAmount
from xietong.periods import Period
from xietong.wording.formulas import with_numbers

MONTHS = [f"2025-{month:02}" for month in range(1, 13)]


def coal(
    period: str,
    amount: str,
    opening: str | None = None,
    closing: str | None = None,
    use: str = "",
    unit: str = "t",
    counterparty: str = "",
    method: str = "",
) -> ReportedAmount:
    row = stated("A", period, "raw_coal", amount, unit, method, use, counterparty)
    return replace(
        row,
        opening=None if opening is None else Decimal(opening),
        closing=None if closing is None else Decimal(closing),
    )


def figure(*rows: ReportedAmount, period: str = "2025-01", key: str = "raw_coal") -> Figure:
    return explain(park(subject("A"), reported=rows), None, key, "A", Period.parse(period))


def leaf(found: Figure) -> Figure:
    return found if found.formula else leaf(found.inputs[0])


def test_stocks_make_what_was_received_into_what_was_used_and_every_term_is_shown() -> None:
    found = figure(coal("2025-01", "1000", "200", "150"), coal("2025-01", "30", use="export", counterparty="B厂"))
    assert (found.value, found.status) == (1020.0, "ok")
    working = leaf(found)
    assert working.formula == "stock_opening + received - sent_out - stock_closing"
    assert [(each.key, each.value) for each in working.inputs] == [
        ("stock_opening", 200.0),
        ("received", 1000.0),
        ("sent_out", 30.0),
        ("stock_closing", 150.0),
    ]
    assert with_numbers(working, "zh") == "200 t + 1,000 t − 30 t − 150 t"
    assert working.child("sent_out").title.zh == "外供（售出、调出） · B厂"
    assert working.child("sent_out").trace["use"] == "export"


def test_without_stocks_an_amount_is_what_was_used() -> None:
    alone = figure(coal("2025-01", "1000"))
    assert (alone.value, leaf_remarks(alone)) == (1000, [])
    passed_on = figure(coal("2025-01", "1000"), coal("2025-01", "30", use="export"))
    assert passed_on.value == 1000
    assert "外供 30 t" in leaf_remarks(passed_on)[0]


def test_months_and_their_quarter_both_take_off_what_was_sent_out() -> None:
    rows = (
        coal("2025-01", "100", "20", "30"),
        coal("2025-02", "80", "30", "5"),
        coal("2025-03", "120", "5", "25"),
        coal("2025-Q1", "300", "20", "25"),
        coal("2025-02", "7", use="export"),
    )
    assert figure(*rows, period="2025-Q1").value == 288
    assert figure(*rows, period="2025-02").value == 98
    assert figure(*rows, period="2025-01..2025-02").value == 90 + 98


def test_of_a_month_and_its_quarter_sent_out_the_quarter_is_taken_off() -> None:
    """20 t in the quarter, 7 t of them in January: stated in either order, 20 t left the stock."""
    sent = (coal("2025-01", "7", use="export"), coal("2025-Q1", "20", use="export"))
    for rows in (sent, sent[::-1]):
        assert figure(coal("2025-Q1", "300", "20", "25"), *rows, period="2025-Q1").value == 300 + 20 - 20 - 25


def test_what_was_sent_out_is_taken_off_one_of_two_yards() -> None:
    rows = (
        coal("2025-01", "100", "10", "10"),
        coal("2025-01", "500", "50", "50", use="conversion"),
        coal("2025-01", "30", use="export"),
    )
    assert figure(*rows).value == 570
    assert figure(*rows, key="conversion_input:raw_coal").value == 500


def test_what_left_the_stock_for_another_use_is_counted_once() -> None:
    rows = (
        coal("2025-01", "1000", "200", "150"),
        coal("2025-01", "100", use="feedstock"),
        coal("2025-01", "5", use="living"),
        coal("2025-01", "600", use="conversion"),
    )
    assert figure(*rows).value == 1050 - 100 - 5
    assert figure(*rows, key="fuel_feedstock:raw_coal").value == 100
    assert figure(*rows, key="conversion_input:raw_coal").value == 600
    energy = figure(*rows, key="comprehensive_energy_consumption")
    assert energy.value == pytest.approx(945 * 0.7143)
    assert figure(*rows, key="energy_with_feedstock").value == pytest.approx(1045 * 0.7143)


def test_a_stock_of_the_conversion_alone_counts_in_both() -> None:
    rows = (coal("2025-01", "900", "100", "200", use="conversion"), coal("2025-01", "40", use="export"))
    assert figure(*rows).value == 760
    assert figure(*rows, key="conversion_input:raw_coal").value == 760


def test_a_second_supplier_adds_to_what_was_received() -> None:
    rows = (coal("2025-01", "1000", "200", "150", counterparty="甲"), coal("2025-01", "60", counterparty="乙"))
    found = figure(*rows)
    assert found.value == 1110
    assert not any(each.remarks for each in found.inputs)


def test_units_of_stocks_are_those_of_the_row() -> None:
    assert figure(coal("2025-01", "500000", "20000", "10000", unit="kg")).value == 510


def test_a_bill_takes_the_stocks_that_the_storekeeper_states() -> None:
    bill = coal("2025-01", "1010000", unit="kg", method="bill")
    found = figure(bill, coal("2025-01", "1000", "200", "150", method="manual"))
    assert found.value == 1060
    assert "结算账单" in leaf(found).source


def test_months_telescope_into_their_quarter() -> None:
    rows = (
        coal("2025-01", "100", "20", "30"),
        coal("2025-02", "80", "30", "5"),
        coal("2025-03", "120", "5", "25"),
        coal("2025-02", "7", use="export"),
    )
    assert figure(*rows, period="2025-Q1").value == 20 + 300 - 7 - 25
    whole = (coal("2025-Q1", "300", "20", "25"), coal("2025-02", "7", use="export"))
    assert figure(*whole, period="2025-Q1").value == 20 + 300 - 7 - 25


amounts = st.integers(0, 10_000)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(amounts, amounts, amounts), min_size=12, max_size=12), amounts)
def test_stocks_that_join_telescope_over_any_year(months: list[tuple[int, int, int]], opening: int) -> None:
    """used = first opening + all received − all sent out − last closing, however the stock moved in between."""
    rows, lying, first = [], opening, opening
    for label, (received, share, sent) in zip(MONTHS, months, strict=True):
        closing = (lying + received) * share // 20_000
        out = min(sent, lying + received - closing)
        rows += [coal(label, str(received), str(lying), str(closing)), coal(label, str(out), use="export")]
        lying = closing
    sent_out = sum(int(row.amount or 0) for row in rows if row.use == "export")
    received = sum(int(row.amount or 0) for row in rows if not row.use)
    found = figure(*rows, period="2025")
    assert found.value == float(first + received - sent_out - lying)
    assert found.status == "ok"


@settings(max_examples=40, deadline=None)
@given(amounts, amounts, amounts, st.integers(1, 50))
def test_more_received_or_lying_at_the_start_is_more_used(opening: int, received: int, closing: int, more: int) -> None:
    def used(opening: int, received: int, closing: int) -> float:
        row = coal("2025-01", str(received), str(opening), str(closing))
        amount = Statements((row,)).leaf(row).exact
        return -1.0 if amount is None else float(amount)

    usual = used(opening, received, closing)
    for raised in (used(opening + more, received, closing), used(opening, received + more, closing)):
        assert raised == opening + received - closing + more if raised >= 0 else raised == usual == -1
    assert used(opening, received, closing + more) <= usual


@pytest.mark.parametrize(("opening", "closing", "lacking"), [("20", None, "期末库存"), (None, "20", "期初库存")])
def test_half_a_stock_is_named_and_gives_no_number(opening: str | None, closing: str | None, lacking: str) -> None:
    found = figure(coal("2025-01", "100", opening, closing))
    assert (found.value, found.status) == (None, "missing")
    assert f"没有{lacking}" in found.missing[0].zh
    assert "补填" in found.missing[0].zh


def test_less_than_nothing_used_is_named_and_gives_no_number() -> None:
    found = figure(coal("2025-01", "100", "20", "90"), coal("2025-01", "50", use="export"))
    assert found.status == "missing"
    assert "-20 t" in found.missing[0].en
    assert figure(coal("2025-01", "100", "20", "90"), coal("2025-01", "30", use="export")).value == 0


def test_a_quarter_sent_out_cannot_be_taken_off_months() -> None:
    months = [coal(label, "100", "20", "20") for label in MONTHS[:3]]
    found = figure(*months, coal("2025-Q1", "30", use="export"), period="2025-Q1")
    assert found.status == "missing"
    assert "2025-Q1" in found.missing[0].zh


def test_stocks_that_do_not_join_are_named_with_both() -> None:
    found = figure(coal("2025-01", "100", "20", "30"), coal("2025-02", "80", "35", "5"), period="2025-Q1")
    remarks = [remark.en for each in found.inputs for remark in each.remarks]
    assert len(remarks) == 1
    assert "30 t" in remarks[0]
    assert "35 t" in remarks[0]
    joined = figure(
        coal("2025-01", "100", "20", "30"), coal("2025-02", "80000", "30000", "0", unit="kg"), period="2025"
    )
    assert not any(each.remarks for each in joined.inputs)


def test_a_month_without_stocks_among_those_with_them_is_named() -> None:
    found = figure(coal("2025-01", "100", "20", "30"), coal("2025-02", "80"), period="2025-02")
    assert found.value == 80
    assert "2025-02" in leaf_remarks(found)[0]


def test_stocks_of_what_is_not_kept_by_stocks_have_no_effect_and_say_so() -> None:
    row = replace(stated("A", "2025-01", "product:steel", "100", "t"), opening=Decimal(5), closing=Decimal(1))
    found = figure(row, key="product:steel")
    assert found.value == 100
    assert "不按库存" in leaf_remarks(found)[0]


def leaf_remarks(found: Figure) -> list[str]:
    return [remark.zh for remark in found.remarks] + [text for each in found.inputs for text in leaf_remarks(each)]


def test_a_unit_slip_of_ten_thousand_is_named_beside_the_figure() -> None:
    def gas(period: str, amount: str, unit: str) -> ReportedAmount:
        return stated("A", period, "natural_gas", amount, unit)

    usual = [gas(label, "12.5", "10^4m3") for label in MONTHS[:4]]
    slip = figure(*usual, gas("2025-05", "118000", "10^4m3"), period="2025-05", key="natural_gas")
    assert "9440 倍" in leaf_remarks(slip)[0]
    assert "m3 与 10^4m3" in leaf_remarks(slip)[0]
    right = figure(*usual, gas("2025-05", "118000", "m3"), period="2025-05", key="natural_gas")
    assert (right.value, leaf_remarks(right)) == (11.8, [])
    small = figure(*usual, gas("2025-05", "12.5", "m3"), period="2025-05", key="natural_gas")
    assert "小约" in leaf_remarks(small)[0]
    after = figure(
        *usual, gas("2025-05", "118000", "10^4m3"), gas("2025-06", "12", "10^4m3"), period="2025-06", key="natural_gas"
    )
    assert leaf_remarks(after) == []


def test_the_park_says_of_a_stock_that_cannot_be_that_something_came() -> None:
    half = coal("2025-01", "100", "20")
    fine = replace(coal("2025-01", "50"), subject="B")
    registry = park(subject("A"), subject("B"), reported=(half, fine))
    whole = explain(registry, None, "raw_coal", "P", Period.parse("2025-01"))
    assert (whole.value, whole.status) == (50, "partial")
    assert "A公司（填报值不能采用）" in whole.missing[0].zh
