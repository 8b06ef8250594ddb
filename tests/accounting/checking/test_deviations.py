"""Two sources of one quantity: which counts, what is said where they differ, how bill and meter share the work."""

from dataclasses import replace

import pytest
from small_parks import HoursLake, hours_of, park, point, stated, subject

from xietong.accounting import explain
from xietong.accounting.books.memory import books_for
from xietong.accounting.checking.deviations import Deviation, deviations
from xietong.park.nouns import Registry, ReportedAmount
from xietong.periods import Period

MARCH, QUARTER = Period.parse("2025-03"), Period.parse("2025-Q1")
METER = point("M", "A", "electricity_purchased", "MWh")
POWER = "electricity_purchased"


def metered(*rows: ReportedAmount) -> Registry:
    return park(subject("A"), points=[METER], reported=rows)


def found(registry: Registry, lake: HoursLake | None, period: Period = MARCH) -> tuple[Deviation, ...]:
    return deviations(books_for(registry, lake, period), "P", period)


LAKE = HoursLake({"M": hours_of("2025-03", "1")})


@pytest.mark.parametrize("bill", ["715.4", "773.7"])
def test_a_bill_four_percent_off_its_meter_is_no_finding(bill: str) -> None:
    """The meter says 744 MWh: 4 % of 715.4 is 28.6, of 773.7 it is 30.9."""
    registry = metered(stated("A", "2025-03", POWER, bill, "MWh", method="bill"))
    assert found(registry, LAKE) == ()
    figure = explain(registry, LAKE, POWER, "A", MARCH)
    assert figure.value == float(bill)
    assert not figure.remarks


def test_a_bill_seven_percent_off_its_meter_is_a_finding_and_still_counts() -> None:
    """744 / 695.3 = 1.0700."""
    registry = metered(stated("A", "2025-03", POWER, "695.3", "MWh", method="bill"))
    (finding,) = found(registry, LAKE)
    assert (finding.subject, finding.item, finding.period) == ("A", POWER, MARCH)
    assert finding.ratio == pytest.approx(0.07, abs=1e-4)
    for words in ("结算账单 695.3 MWh", "表计 744 MWh", "7.0%", "采用结算账单"):
        assert words in finding.sentence.zh
    figure = explain(registry, LAKE, POWER, "P", MARCH)
    assert figure.value == 695.3
    assert "744" in explain(registry, LAKE, POWER, "A", MARCH).remarks[0].zh


def test_the_bill_gives_the_total_and_the_meter_the_shape() -> None:
    """The quarter's bill is 2,000 MWh, the meter has 1, 2 and 1 MWh an hour: March is 744 of 3,504."""
    hours = {**hours_of("2025-01", "1"), **hours_of("2025-02", "2"), **hours_of("2025-03", "1")}
    registry = metered(stated("A", "2025-Q1", POWER, "2000", "MWh", method="bill"))
    lake = HoursLake({"M": hours})
    figure = explain(registry, lake, POWER, "A", MARCH)
    assert figure.status == "estimated"
    assert figure.value == pytest.approx(2000 * 744 / (744 + 2 * 672 + 744), rel=1e-9)
    assert explain(registry, lake, POWER, "A", QUARTER).value == 2000.0
    holes = HoursLake({"M": {at: value for at, value in hours.items() if at.day != 3}})
    assert explain(registry, holes, POWER, "A", MARCH).status == "partial"


def test_two_methods_of_one_statement_are_compared() -> None:
    rows = [
        stated("A", "2025-03", "so2", amount, "t", method=method)
        for amount, method in (("10", "manual"), ("12", "coefficient"))
    ]
    (finding,) = found(park(subject("A"), reported=rows), None)
    assert "手工监测填报 10 t" in finding.sentence.zh
    assert "产排污系数 12 t" in finding.sentence.zh
    assert "20.0%" in finding.sentence.zh
    assert explain(park(subject("A"), reported=rows), None, "so2", "A", MARCH).value == 10.0


def test_automatic_data_outrank_what_an_outlet_states() -> None:
    points = (point("C", "A-1", "so2", "mg/m3", "mean"), point("Q", "A-1", "waste_gas", "m3"))
    outlet = subject("A-1", "outlet", "A", discharges_to="environment")
    lake = HoursLake({"C": hours_of("2025-03", "20"), "Q": hours_of("2025-03", "1000000")})
    registry = park(
        subject("A"), outlet, points=points, reported=[stated("A-1", "2025-03", "so2", "16", "t", method="manual")]
    )
    (finding,) = found(registry, lake)
    assert finding.used.source.zh == "自动监测"
    assert float(finding.used.exact) == pytest.approx(14.88)
    assert "采用自动监测" in finding.sentence.zh


def test_a_group_and_an_enterprise_are_held_against_what_lies_below() -> None:
    outlet = subject("A-1", "outlet", "A", discharges_to="environment")
    rows = [
        stated("P", "2025", "output_value", "110", "万元"),
        stated("A", "2025", "output_value", "100", "万元"),
        stated("A", "2025", "cod", "9", "t"),
        stated("A-1", "2025", "cod", "10", "t"),
    ]
    answers = found(park(subject("A"), outlet, reported=rows), None, Period.parse("2025"))
    assert [(each.subject, each.item, round(each.ratio, 3)) for each in answers] == [
        ("A", "cod", -0.1),
        ("P", "output_value", 0.1),
    ]


def test_what_is_incomplete_deviates_from_nothing() -> None:
    few = HoursLake({"M": hours_of("2025-03", "1", without=range(100))})
    assert found(metered(stated("A", "2025-03", POWER, "744", "MWh", method="bill")), few) == ()


def test_the_answer_is_plain() -> None:
    registry = metered(replace(stated("A", "2025-03", POWER, "600", "MWh", method="bill")))
    plain = found(registry, LAKE)[0].as_json()
    assert (plain["used"]["value"], plain["other"]["value"], plain["kind"]) == (600.0, 744.0, "deviation")


@pytest.mark.parametrize(("bought", "findings"), [("96", 0), ("90", 1)])
def test_steam_sold_inside_that_nobody_bought_is_a_finding(bought: str, findings: int) -> None:
    """A plant sells 100 t; what its buyer does not state stays in the park's energy and is told."""
    rows = [
        stated("A", "2025-03", "raw_coal", "30", "t", use="conversion"),
        stated("A", "2025-03", "steam_sold:0.8MPa", "100", "t", counterparty="B"),
        stated("B", "2025-03", "steam_purchased:0.8MPa", bought, "t", counterparty="A"),
    ]
    told = found(park(subject("A", "supply"), subject("B"), reported=rows), None)
    assert len(told) == findings
    for finding in told:
        assert (finding.subject, finding.item) == ("P", "steam_sold:0.8MPa")
        assert finding.ratio == pytest.approx(-0.1)
        assert "stays in energy and carbon" in finding.sentence.en
