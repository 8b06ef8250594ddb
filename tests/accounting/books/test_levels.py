"""One quantity at several levels of the tree: enterprise and process, unit and zone, giver and receiver in one park.

Each was found by trying on small parks; expected values are sums and ratios by hand.
"""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from small_parks import monthly, park, stated, subject

from xietong.accounting import explain
from xietong.calc.factors.classes import may_replace
from xietong.calc.factors.physics import impossible
from xietong.calc.figures import Figure
from xietong.park.nouns import Flow, Point, Registry, ReportedAmount, Subject
from xietong.park.registry.presence import here_of, points_here
from xietong.periods import Period

ENERGY, TAX = "comprehensive_energy_consumption", "environmental_tax"
TREE = (
    subject("A", zone="Z"),
    subject("A1", "process", "A"),
    subject("A2", "process", "A"),
    subject("R", "recycling", zone="Z"),
    subject("Z", "zone"),
)


def of(*rows: ReportedAmount, subjects: tuple[Subject, ...] = TREE) -> Registry:
    return park(*subjects, reported=rows)


def figure(registry: Registry, key: str, code: str = "A", period: str = "2025") -> Figure:
    return explain(registry, None, key, code, Period.parse(period))


def parts_of_a_year(own: str) -> Registry:
    """A states a year, its two processes 60 and 50 t a month: 1,320 t."""
    months = [*monthly("A1", "diesel", "60", "t"), *monthly("A2", "diesel", "50", "t")]
    return of(stated("A", "2025", "diesel", own, "t"), *months)


@pytest.mark.parametrize("code", ["A", "Z", "P"])
def test_a_year_of_an_enterprise_is_the_sum_of_its_processes_months(code: str) -> None:
    """1,200 t stated for the year (was: 1,200 t for the year and 1,320 t for its months, without a word)."""
    registry = parts_of_a_year("1200")
    year, halves = figure(registry, ENERGY, code), [figure(registry, ENERGY, code, f"2025-H{half}") for half in (1, 2)]
    assert year.value == pytest.approx(1320 * 1.4571)
    assert year.status == "ok"
    assert sum(half.value or 0 for half in halves) == pytest.approx(year.value)
    assert any("1200 t" in said.en and "1320" in said.en for said in year.remarks)


def test_processes_that_are_a_part_of_the_enterprise_leave_its_months_partial() -> None:
    """1,600 t stated, 1,320 t by processes: the year is what was stated, no month is known whole."""
    registry = parts_of_a_year("1600")
    assert (figure(registry, "diesel").value, figure(registry, "diesel").status) == (1600.0, "ok")
    march = figure(registry, "diesel", period="2025-03")
    assert (march.value, march.status) == (110.0, "partial")
    assert any("1600" in said.en and "2025-03" in said.en for said in march.missing)


def test_at_one_grain_the_enterprise_counts_and_more_below_it_is_named() -> None:
    rows = [stated("A", "2025", "diesel", "100", "t"), *(stated(p, "2025", "diesel", "60", "t") for p in ("A1", "A2"))]
    found = figure(of(*rows), ENERGY, "P")
    assert found.value == pytest.approx(145.71)
    assert any("120 t" in said.en for said in found.remarks)
    assert figure(of(*rows[:2]), ENERGY, "P").remarks == ()


def test_what_a_zone_states_beside_its_units_is_told_with_every_figure() -> None:
    registry = of(stated("A", "2025", "diesel", "100", "t"), stated("Z", "2025", "diesel", "150", "t"))
    for code in ("Z", "P"):
        found = figure(registry, ENERGY, code)
        assert found.value == pytest.approx(145.71)
        assert any("150 t" in said.en for said in found.remarks)


@pytest.mark.parametrize("code", ["A1", "A", "Z", "P"])
def test_waste_and_pollutants_stated_by_a_process_are_its_enterprise_s_too(code: str) -> None:
    """100 t of other waste × 25 yuan + 950 kg of SO2 ÷ 0.95 × 1.2 (was: nothing taxed for A, Z and P)."""
    amounts = {"generated": "100", "used": "0", "stored": "0", "disposed": "0"}
    waste = [stated("A1", "2025-01", f"solid_waste_{part}", amount, "t") for part, amount in amounts.items()]
    registry = of(*waste, stated("A1", "2025-01", "so2", "950", "kg"))
    found = figure(registry, TAX, code, "2025-01")
    assert found.value == pytest.approx(3700)
    assert found.status == "ok"
    assert figure(registry, "so2_emission", code, "2025-01").value == pytest.approx(0.95)


def test_a_recycling_station_counts_in_the_zone_it_names() -> None:
    """10 t of the station and 5 t of A (the zone had 5)."""
    registry = of(stated("R", "2025", "diesel", "10", "t"), stated("A", "2025", "diesel", "5", "t"))
    assert figure(registry, ENERGY, "Z").value == pytest.approx(15 * 1.4571)
    assert figure(registry, ENERGY, "P").value == pytest.approx(15 * 1.4571)


# ---- what one unit gave another ----

TWO = (subject("A", zone="Z"), subject("B"), subject("Z", "zone"))
RATES = {
    "byproduct": "resource_utilization_rate",
    "solid_waste": "solid_waste_utilization_rate",
    "hazardous_waste": "hazardous_waste_utilization_rate",
}


def given(family: str, other: str = "A", used: str = "900") -> list[ReportedAmount]:
    """A makes 1,000 t of slag and gives 900 to B, which uses 600 of it and 400 of its own 500 t of gypsum."""

    def tonnes(code: str, part: str, amount: str, party: str = "") -> ReportedAmount:
        return stated(code, "2025", f"{family}_{part}", amount, "t", counterparty=party)

    return [
        tonnes("A", "generated:slag", "1000"),
        *([tonnes("A", "used:slag", used, "B")] if used else []),
        tonnes("B", "received:slag", "900", other),
        tonnes("B", "used:slag", "600", "A"),
        tonnes("B", "used_received:slag", "600", other),
        tonnes("B", "generated:gypsum", "500"),
        tonnes("B", "used:gypsum", "400"),
    ]


@pytest.mark.parametrize("family", RATES)
@pytest.mark.parametrize("other", ["A", ""])
def test_what_units_of_a_park_gave_each_other_is_received_from_nobody_else(family: str, other: str) -> None:
    """(900 + 400) ÷ 1,500 in the park (was 46.67 %, ok: what B used of A's was taken off); B has 80 % and 66.67 %."""
    registry = of(*given(family, other), subjects=TWO)
    assert figure(registry, RATES[family], "P").value == pytest.approx(1300 / 15)
    received = f"{family}_received_utilization_rate"
    assert figure(registry, received, "P").status == "not_applicable"
    assert figure(registry, RATES[family], "B").value == pytest.approx(80)
    assert figure(registry, received, "B").value == pytest.approx(600 / 9)


def test_what_came_over_the_fence_stays_received() -> None:
    """Of 100 t more from outside 50 are used: (1,300 + 50 − 50) ÷ 1,500, and 50 of 100."""
    more = [
        stated("B", "2025", f"byproduct_{part}", amount, "t", counterparty="outside:x")
        for part, amount in (("received:ash", "100"), ("used:ash", "50"), ("used_received:ash", "50"))
    ]
    registry = of(*given("byproduct"), *more, subjects=TWO)
    assert figure(registry, RATES["byproduct"], "P").value == pytest.approx(1300 / 15)
    assert figure(registry, "byproduct_received_utilization_rate", "P").value == pytest.approx(50)


def test_a_flow_names_the_giver_where_no_statement_does() -> None:
    flow = Flow("A", "B", "slag", Decimal(900), "t", Period.parse("2025"))
    registry = replace(of(*given("byproduct", "", ""), subjects=TWO), flows=(flow,))
    assert figure(registry, "byproduct_received_utilization_rate", "P").status == "not_applicable"


@pytest.mark.parametrize("family", RATES)
def test_more_used_of_others_than_used_in_all_is_no_rate(family: str) -> None:
    """80 t of others among 70 t used (was −20 %, ok)."""
    parts = (("received", "90"), ("used_received", "80"), ("generated", "50"), ("used", "70"))
    rows = [stated("B", "2025", f"{family}_{part}", amount, "t", counterparty="outside:x") for part, amount in parts]
    found = figure(of(*rows, subjects=TWO), RATES[family], "B")
    assert (found.value, found.status) == (None, "missing")
    assert any(f"{family}_used_received" in said.en for said in found.missing)


# ---- who left ----


def test_days_are_due_while_the_subject_was_here() -> None:
    """It left on 29 February: 28 days are all of its month (was: 28 of 29, partial)."""
    left = replace(subject("A"), until=date(2024, 2, 29))
    days = [stated("A", f"2024-02-{day:02}", "diesel", "1", "t") for day in range(1, 29)]
    found = figure(of(*days, subjects=(left,)), "diesel", "A", "2024-02")
    assert (found.value, found.status) == (28.0, "ok")
    some = figure(of(*days[:20], subjects=(left,)), "diesel", "A", "2024-02")
    assert some.status == "partial"
    assert any("20 of 28 days" in said.en for said in some.missing)


def test_nothing_is_due_of_a_meter_whose_subject_has_left() -> None:
    """A park stayed incomplete for ever by the meter of a firm that left on 15 February."""
    left = replace(subject("A"), until=date(2025, 2, 15))
    meter = Point("M", "A", "energy", "electricity_purchased", "kWh", "amount", 3600, since=date(2025, 1, 10))
    registry = park(left, subject("B"), reported=monthly("B", "diesel", "1", "t"), points=[meter])
    assert figure(registry, ENERGY, "P", "2025-03").status == "ok"
    assert figure(registry, ENERGY, "P", "2025-02").status == "partial"
    dated = points_here(registry.points, here_of(registry.subjects))["M"]
    assert (dated.since, dated.until) == (date(2025, 1, 10), date(2025, 2, 15))


# ---- factors ----


def test_an_amount_that_no_month_has_says_that_the_last_factor_was_taken() -> None:
    """A quarter of 300 t whose measured heat begins in May: 300 × 24 ÷ 29.3076 by the last one, and told."""
    heat = {
        "purpose": "calorific_value",
        "key": "bituminous_coal",
        "value": "24",
        "unit": "GJ/t",
        "source": "化验",
        "valid_from": "2025-05-01",
        "evidence": "化验单",
    }
    registry = replace(of(stated("A", "2025-Q2", "bituminous_coal", "300", "t")), factors=(heat,))
    found = figure(registry, ENERGY, "A", "2025-Q2")
    assert found.value == pytest.approx(300 * 24 / 29.3076)
    assert any("report by month" in said.en for said in found.remarks)


@pytest.mark.parametrize(
    ("key", "value", "is_true"), [("cod", "0.14", False), ("so2", "13", False), ("cod", "3", True)]
)
def test_a_rate_of_one_pollutant_lies_in_the_band_of_the_law(key: str, value: str, is_true: bool) -> None:
    """环境保护税法 annex 1: 1.2 to 12 yuan for air, 1.4 to 14 for water."""
    refused = impossible("environmental_tax_rate", key, Decimal(value), "元/污染当量")
    assert (refused is None) == is_true


@pytest.mark.parametrize(
    ("source", "counts"), [("公司办公会议决定", False), ("园区公告", False), ("某省人大常委会决定", True)]
)
def test_a_meeting_of_a_firm_decides_no_rate_of_tax(source: str, counts: bool) -> None:
    row = {"purpose": "environmental_tax_rate", "key": "water", "value": "1.5", "source": source, "evidence": "纪要"}
    assert may_replace(row) == counts


def test_carbon_below_zero_says_why() -> None:
    """1,000 MWh bought and certified, 1,200 supplied: −200 MWh (was: −117 t, ok, without a word)."""
    rows = [
        stated("A", "2025", "electricity_purchased", "1000", "MWh"),
        stated("A", "2025", "green_certificates", "1000", "MWh"),
        stated("A", "2025", "electricity_sold", "1200", "MWh", counterparty="outside:x"),
    ]
    found = figure(replace(of(*rows), choices={**of().choices, "carbon_view": "market"}), "carbon_emission_total")
    assert found.value is not None
    assert found.value < 0
    assert any("below zero" in said.en for said in found.remarks)
