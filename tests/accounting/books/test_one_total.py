"""One total of a park: 纳管 never twice, purchases and sales cancel inside, coverage named (decision 0008)."""

import pytest
from small_parks import HoursLake, hours_of, monthly, park, point, stated, subject

from xietong.accounting import explain, figures
from xietong.park.nouns import Registry, ReportedAmount, Subject
from xietong.periods import Period

YEAR = Period.parse("2025")
TENANTS: tuple[Subject, ...] = (
    subject("A", zone="东区", sector="钢铁"),
    subject("A-1", "outlet", "A", discharges_to="W"),
    subject("A-2", "outlet", "A", discharges_to="environment"),
    subject("B", zone="西区", sector="钢铁"),
    subject("B-1", "outlet", "B", discharges_to="W"),
    subject("W", zone="西区"),
    subject("W-1", "outlet", "W", discharges_to="environment"),
    Subject("东区", "zone", "东区", parent="P"),
    Subject("西区", "zone", "西区", parent="P"),
    Subject("钢铁", "sector", "钢铁", parent="P"),
)


def tenants(*rows: ReportedAmount) -> Registry:
    return park(*TENANTS, reported=rows)


def tonnes(registry: Registry, code: str, key: str = "cod_emission", lake: HoursLake | None = None) -> float | None:
    return explain(registry, lake, key, code, YEAR).value


REPORTED = tenants(
    stated("A-1", "2025", "cod", "50", "t"),
    stated("A-2", "2025", "cod", "20", "t"),
    stated("B-1", "2025", "cod", "30", "t"),
    stated("W-1", "2025", "cod", "8", "t"),
)


def test_100_t_carried_80_to_the_works_whose_outlet_carries_8_is_28() -> None:
    assert tonnes(REPORTED, "P") == 28.0
    assert tonnes(REPORTED, "P", "cod_to_works") == 80.0


def test_the_tenant_shows_what_it_sends_to_the_works_beside_its_emission() -> None:
    assert tonnes(REPORTED, "A") == 20.0
    assert tonnes(REPORTED, "A", "cod_to_works") == 50.0
    all_sent = explain(REPORTED, None, "cod_emission", "B", YEAR)
    assert (all_sent.value, all_sent.status) == (None, "not_applicable")
    assert "化学需氧量纳管量" in all_sent.missing[0].zh
    assert tonnes(REPORTED, "A-1") == 50.0


def test_zones_add_up_to_the_park_and_a_sector_takes_its_own() -> None:
    assert (tonnes(REPORTED, "东区"), tonnes(REPORTED, "西区"), tonnes(REPORTED, "钢铁")) == (20.0, 8.0, 20.0)


@pytest.mark.slow
def test_the_same_through_readings() -> None:
    """50, 20, 30 and 8 t a year as constant concentration × flow: c mg/L × q m3/h × 8,760 h × 10⁻⁶ t/g."""
    loads = {"A-1": 50, "A-2": 20, "B-1": 30, "W-1": 8}
    points = [
        each
        for code in loads
        for each in (point(f"{code}-C", code, "cod", "mg/L", "mean"), point(f"{code}-Q", code, "wastewater", "m3"))
    ]
    hours = {f"{code}-Q": hours_of("2025", "100") for code in loads}
    hours |= {f"{code}-C": hours_of("2025", f"{load / 8760 / 100 * 1e6:.6f}") for code, load in loads.items()}
    registry = park(*TENANTS, points=points)
    figure = explain(registry, HoursLake(hours), "cod_emission", "P", YEAR)
    assert figure.value == pytest.approx(28.0, abs=1e-6)
    assert figure.status == "ok"
    assert tonnes(registry, "A", "cod_to_works", HoursLake(hours)) == pytest.approx(50.0, abs=1e-6)


def test_what_an_enterprise_states_for_itself_is_not_added_to_its_outlets() -> None:
    own = stated("A", "2025", "cod", "71", "t")
    registry = tenants(*REPORTED.reported, own)
    figure = explain(registry, None, "cod", "A", YEAR)
    assert figure.value == 20.0
    assert any("71" in remark.zh for remark in figure.remarks)
    assert tonnes(registry, "P") == 28.0


def test_a_tenant_that_only_has_a_sewer_states_its_sewer() -> None:
    registry = tenants(stated("B", "2025", "cod", "30", "t"), stated("W", "2025", "cod", "8", "t"))
    assert tonnes(registry, "P") == 8.0
    assert tonnes(registry, "B", "cod_to_works") == 30.0


def test_air_of_a_tenant_with_a_sewer_is_its_emission() -> None:
    assert tonnes(tenants(stated("B", "2025", "so2", "3", "t")), "P", "so2_emission") == 3.0


def test_an_outlet_that_belongs_to_the_park_itself_follows_the_same_rule() -> None:
    own = (subject("P-1", "outlet", "P", "W"), subject("P-2", "outlet", "P", "environment"))
    rows = [stated(code, "2025", "cod", "5", "t") for code in ("P-1", "P-2")]
    registry = park(*TENANTS, *own, reported=[*REPORTED.reported, *rows])
    assert tonnes(registry, "P") == 33.0
    assert tonnes(registry, "P", "cod_to_works") == 85.0


def test_wastewater_follows_the_same_rule() -> None:
    rows = [stated(code, "2025", "wastewater", "1000", "t") for code in ("A-1", "A-2", "B-1", "W-1")]
    assert tonnes(tenants(*rows), "P", "wastewater") == 2000.0


def test_what_tenants_sell_each_other_cancels() -> None:
    rows = [
        *monthly("A", "electricity_purchased", "100", "MWh"),
        *monthly("B", "electricity_purchased", "40", "MWh"),
        *monthly("A", "electricity_sold", "40", "MWh"),
    ]
    registry = park(subject("A"), subject("B"), reported=rows)
    found = figures(registry, None, "P", YEAR, ["electricity_consumed", "comprehensive_energy_consumption"])
    assert found["electricity_consumed"].value == 1200.0
    assert found["comprehensive_energy_consumption"].value == pytest.approx(1200 * 0.1229)


def test_the_sum_of_the_units_outranks_the_parks_own_statement_which_stands_beside_it() -> None:
    rows = [stated("A", "2025", "output_value", "600", "万元"), stated("P", "2025", "output_value", "1000", "万元")]
    figure = explain(park(subject("A"), reported=rows), None, "output_value", "P", YEAR)
    assert figure.value == 600.0
    assert any("1000" in remark.zh and "5 %" in remark.zh for remark in figure.remarks)
    alone = explain(park(subject("A"), reported=rows[1:]), None, "output_value", "P", YEAR)
    assert (alone.value, alone.status) == (1000.0, "ok")


def test_a_partial_park_names_who_is_absent_and_how_much_came() -> None:
    """A came whole, B for 11 of 12 months: 23/24 by number; last year A had 300 and B 100 MWh: 1 − 1/4/12 by weight."""
    rows = [
        *monthly("A", "electricity_purchased", "30", "MWh"),
        *monthly("B", "electricity_purchased", "10", "MWh", range(1, 12)),
        stated("A", "2024", "electricity_purchased", "300", "MWh"),
        stated("B", "2024", "electricity_purchased", "100", "MWh"),
    ]
    figure = explain(park(subject("A"), subject("B"), reported=rows), None, "electricity_purchased", "P", YEAR)
    assert (figure.value, figure.status) == (470.0, "partial")
    assert figure.trace["coverage_number"] == f"{23 / 24:.4f}"
    assert figure.trace["coverage_weight"] == f"{1 - 1 / 48:.4f}"
    assert "B公司" in figure.missing[0].zh
    assert "A公司" not in figure.missing[0].zh


def test_facilities_stand_in_for_an_enterprise_that_states_nothing() -> None:
    rows = [stated("A-F", "2025", "diesel", "3", "t"), stated("A-G", "2025", "diesel", "4", "t")]
    registry = park(subject("A"), subject("A-F", "process", "A"), subject("A-G", "equipment", "A"), reported=rows)
    assert tonnes(registry, "P", "diesel") == 7.0
    with_own = park(*list(registry.subjects.values())[1:], reported=[*rows, stated("A", "2025", "diesel", "6", "t")])
    assert tonnes(with_own, "P", "diesel") == 6.0
