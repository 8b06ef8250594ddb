"""Waste by kind, stocks, water and transfers: what is recycled is counted once and what does not close is named."""

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_parks import park, stated, subject

from xietong.accounting.figures.account import account
from xietong.calc.figures import Figure
from xietong.park.nouns import Flow, Limit, Registry, ReportedAmount
from xietong.periods import Period

YEAR = Period.year(2025)
A, B = subject("A"), subject("B")


def figure(of: Registry, key: str, code: str = "P", period: Period = YEAR) -> Figure:
    return account(of, None, code, period).figure(key)


def yearly(code: str, item: str, amount: str, counterparty: str = "") -> ReportedAmount:
    return stated(code, "2025", item, amount, "t", counterparty=counterparty)


def flow(amount: str, period: str = "2025", material: str = "slag") -> Flow:
    return Flow("A", "B", material, Decimal(amount), "t", Period.parse(period))


def tenants(*reported: ReportedAmount, flows: Iterable[Flow] = ()) -> Registry:
    return replace(park(A, B, reported=reported), flows=tuple(flows))


def test_waste_is_balanced_kind_by_kind_with_earlier_years_stock() -> None:
    of = tenants(
        yearly("A", "solid_waste_generated:slag", "300"),
        yearly("B", "solid_waste_generated:slag", "100"),
        yearly("A", "solid_waste_generated:fly_ash", "700"),
        yearly("A", "solid_waste_used:slag", "420"),
        yearly("A", "solid_waste_used_from_stock:slag", "80"),
        yearly("A", "solid_waste_stored:slag", "50"),
    )
    rates = figure(of, "solid_waste_utilization_by_kind").items()
    assert rates == {"slag": pytest.approx(87.5), "fly_ash": 0}
    assert figure(of, "solid_waste_imbalance_by_kind:slag").value == pytest.approx(400 - 420 + 80 - 50)
    shown = account(of, None, "P", YEAR).keys()
    assert "solid_waste_utilization_by_kind" in shown


def test_a_rate_above_all_names_the_kind_and_the_lacking_field() -> None:
    of = tenants(yearly("A", "solid_waste_generated:slag", "300"), yearly("A", "solid_waste_used:slag", "420"))
    found = figure(of, "solid_waste_utilization_by_kind")
    assert found.status == "missing"
    assert "solid_waste_used_from_stock:slag" in found.missing[0].en


def test_what_one_tenant_gives_another_is_used_once_in_the_park_and_by_both_alone() -> None:
    of = tenants(
        yearly("A", "byproduct_generated", "100"),
        yearly("A", "byproduct_used", "60", counterparty="B"),
        yearly("B", "byproduct_used", "60", counterparty="A"),
        flows=[flow("60")],
    )
    assert figure(of, "resource_utilization_rate").value == pytest.approx(60)
    used = figure(of, "byproduct_used")
    assert used.value == 60
    assert [each.value for each in used.inputs if each.source == "flows.csv"] == [-60]
    without_a_flow = figure(replace(of, flows=()), "byproduct_used")
    assert without_a_flow.value == 60
    assert [each.value for each in without_a_flow.inputs if each.source == "reported"][-1] == -60


def test_only_statements_that_name_each_other_prove_a_transfer_without_a_flow() -> None:
    """A's 60 go to B, which names A for 50 of its 90: 60 + 90 − 50. Named by one alone they are two uses."""
    both = tenants(
        yearly("A", "byproduct_generated", "1000"),
        yearly("A", "byproduct_used", "60", counterparty="B"),
        yearly("B", "byproduct_used", "50", counterparty="A"),
        yearly("B", "byproduct_used", "40"),
    )
    assert figure(both, "resource_utilization_rate").value == pytest.approx(10)
    one = tenants(
        yearly("A", "byproduct_generated", "1000"),
        yearly("A", "byproduct_used", "60", counterparty="B"),
        yearly("B", "byproduct_used", "90"),
    )
    assert figure(one, "resource_utilization_rate").value == pytest.approx(15)


@pytest.mark.parametrize(("sent", "left"), [("60", 85.0), ("50", 95.0), ("1000", 85.0)])
def test_no_more_is_taken_off_than_the_flow_and_what_both_state(sent: str, left: float) -> None:
    of = tenants(
        yearly("A", "solid_waste_used:slag", "80"),
        yearly("B", "solid_waste_used:slag", "60"),
        yearly("B", "solid_waste_used:sand", "5"),
        flows=[flow(sent)],
    )
    assert figure(of, "solid_waste_used").value == pytest.approx(left)


def test_a_flow_of_another_material_or_year_takes_nothing_off() -> None:
    rows = (yearly("A", "solid_waste_used:slag", "80"), yearly("B", "solid_waste_used:slag", "60"))
    for other in (flow("60", "2024"), flow("60", material="gypsum")):
        assert figure(tenants(*rows, flows=[other]), "solid_waste_used").value == 140


def test_hazardous_waste_in_store_beyond_a_years_making_is_over_a_year_old() -> None:
    closing = replace(yearly("A", "hazardous_waste_stored", "20"), closing=Decimal(130))
    of = tenants(yearly("A", "hazardous_waste_generated", "100"), closing)
    found = figure(of, "hazardous_waste_over_one_year")
    assert found.value == 30
    assert found.inputs[0].inputs[0].trace["entry"] == "cli-0/1"
    unknown = tenants(yearly("A", "hazardous_waste_generated", "100"), yearly("A", "hazardous_waste_stored", "20"))
    assert "closing" in figure(unknown, "hazardous_waste_over_one_year").missing[0].en


def test_a_store_of_the_day_before_a_leap_day_has_its_year() -> None:
    """Its end is 29 February (was: a traceback)."""
    rows = (stated("A", "2024-02-28", "hazardous_waste_stored", "1", "t"),)
    of = tenants(replace(rows[0], closing=Decimal(3)), stated("A", "2024-02-28", "hazardous_waste_generated", "1", "t"))
    assert figure(of, "hazardous_waste_over_one_year", "A", Period.parse("2024-02-28")).value == 2


def test_water_that_goes_to_the_works_leaves_the_tenant_but_not_the_park() -> None:
    works = subject("W")
    of = park(
        A,
        works,
        subject("A1", "outlet", "A", "W"),
        subject("W1", "outlet", "W", "environment"),
        reported=[
            yearly("A", "water_fresh", "100"),
            yearly("A", "water_lost", "15"),
            yearly("A1", "wastewater", "80"),
            yearly("W1", "wastewater", "70"),
        ],
    )
    assert figure(of, "wastewater_leaving", "A").value == 80
    assert figure(of, "water_imbalance", "A").value == 5
    assert figure(of, "wastewater_leaving").value == 70
    assert figure(of, "water_imbalance").value == 15


def test_an_amount_below_detection_is_zero_in_the_rate_and_says_so() -> None:
    of = tenants(yearly("A", "byproduct_generated", "10"), yearly("A", "byproduct_used", "<0.025"))
    found = figure(of, "byproduct_used")
    assert found.value == 0
    assert figure(of, "resource_utilization_rate").value == 0
    said = [remark.en for each in (found, *found.inputs, *found.inputs[0].inputs) for remark in each.remarks]
    assert any("0.025" in each for each in said)


def test_an_annual_limit_is_a_permit_whose_use_is_shown() -> None:
    outlet = subject("S", "outlet", "A", "environment")
    limits = [
        Limit("S", "nox", "annual", Decimal(60), "t", source="排污许可证"),
        Limit("S", "nox", "concentration", Decimal(50), "mg/m3"),
    ]
    of = park(A, outlet, reported=[yearly("S", "nox", "45")], limits=limits)
    assert figure(of, "nox_permit_share", "S").value == 75
    assert figure(of, "nox_permit_share", "A").value == 75
    assert figure(of, "nox_permit_share").value is None


def test_what_enters_treatment_and_one_product_show_their_rates() -> None:
    of = tenants(
        yearly("A", "pollutant_entering_treatment:so2", "400"),
        yearly("A", "so2", "20"),
        yearly("A", "wastewater", "9000"),
        yearly("A", "product:paper", "3000"),
    )
    shown = account(of, None, "A", YEAR).keys()
    assert {"so2_removal_rate", "wastewater_per_product", "pollutant_emission_per_product"} <= set(shown)
    assert figure(of, "so2_removal_rate", "A").value == 95
    assert figure(of, "wastewater_per_product", "A").value == 3


amounts = st.integers(0, 10**6)


@settings(max_examples=25, deadline=None)
@given(amounts, amounts, amounts, amounts)
def test_uses_and_transfers_close_whatever_is_given_taken_and_sent(
    made: int, given: int, taken: int, sent: int
) -> None:
    """The park's use is what both state less what both state of one flow, or of each other without a flow."""
    rows = (
        yearly("A", "byproduct_generated", str(made)),
        yearly("A", "byproduct_used", str(given), counterparty="B"),
        yearly("B", "byproduct_used", str(taken), counterparty="A"),
    )
    assert figure(tenants(*rows), "byproduct_used").value == given + taken - min(given, taken)
    once = figure(tenants(*rows, flows=[flow(str(sent))]), "byproduct_used").value
    assert once == given + taken - min(given, taken, sent)
