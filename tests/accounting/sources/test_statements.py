"""Reported amounts of one subject: revisions, months and years, units, methods, what is missing and what is not due."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from small_parks import RECORDED, monthly, park, stated, subject

from xietong.accounting import explain, figures
from xietong.calc.figures import Figure
from xietong.park.nouns import Expected, Registry, ReportedAmount
from xietong.periods import Period

YEAR = Period.parse("2025")


def power(registry: Registry, period: str = "2025", code: str = "A", key: str = "electricity_purchased") -> Figure:
    return explain(registry, None, key, code, Period.parse(period))


def of_a(*rows: ReportedAmount, expected: tuple[Expected, ...] = ()) -> Registry:
    return park(subject("A"), reported=rows, expected=expected)


def test_twelve_months_make_a_year_and_units_are_converted_exactly() -> None:
    months = monthly("A", "electricity_purchased", "0.1", "MWh", range(1, 12))
    figure = power(of_a(*months, stated("A", "2025-12", "electricity_purchased", "100", "kWh")))
    assert (figure.value, figure.unit, figure.status) == (1.2, "MWh", "ok")
    assert len(figure.inputs) == 12
    assert figure.inputs[11].trace["entry"] == "cli-0/1"
    assert (figure.inputs[11].trace["amount"], figure.inputs[11].trace["unit"]) == ("100", "kWh")


def test_a_missing_month_is_named_and_never_zero() -> None:
    figure = power(of_a(*monthly("A", "electricity_purchased", "5", "MWh", [1, 2, 4, 5, 6, 7, 8, 9, 10])))
    assert (figure.value, figure.status) == (45.0, "partial")
    assert len(figure.missing) == 2
    assert "2025-03" in figure.missing[0].zh
    assert "2025-11..2025-12" in figure.missing[1].en


def test_nothing_at_all_is_missing_where_it_was_due_and_not_due_where_it_never_was() -> None:
    last_year = stated("A", "2024-11", "electricity_purchased", "5", "MWh")
    assert power(of_a(last_year)).status == "missing"
    assert power(of_a(last_year), "2025-03").status == "missing"
    assert power(of_a(last_year), "2026").status == "not_applicable"
    assert power(of_a(last_year), key="heat_purchased").status == "not_applicable"


def test_the_due_list_decides_where_there_is_one() -> None:
    months = monthly("A", "electricity_purchased", "5", "MWh", range(4, 13))
    listed = Expected("A", "electricity_purchased", "month", since=Period.parse("2025-04").start.date())
    assert power(of_a(*months)).status == "partial"
    assert power(of_a(*months, expected=(listed,))).status == "ok"
    assert power(of_a(expected=(listed,)), "2025-05").status == "missing"
    assert power(of_a(expected=(listed,)), "2025-03").status == "not_applicable"


def test_a_subject_owes_nothing_before_it_came() -> None:
    newcomer = replace(subject("A"), since=Period.parse("2025-07").start.date())
    registry = park(newcomer, reported=monthly("A", "electricity_purchased", "5", "MWh", range(7, 13)))
    assert (power(registry).value, power(registry).status) == (30.0, "ok")


def test_the_year_is_its_months_where_they_are_complete_else_its_reported_year() -> None:
    """So that a year is the sum of its halves; see test_grains."""
    months = monthly("A", "electricity_purchased", "5", "MWh")
    figure = power(of_a(*months, stated("A", "2025", "electricity_purchased", "63", "MWh")))
    assert (figure.value, len(figure.inputs)) == (60.0, 12)
    only_year = of_a(stated("A", "2025", "electricity_purchased", "63", "MWh"))
    assert power(only_year, "2025-03").status == "missing"
    assert "2025" in power(only_year, "2025-03").missing[0].zh


def test_quarters_and_months_fill_a_year_together() -> None:
    quarter = stated("A", "2025-Q1", "electricity_purchased", "30", "MWh")
    figure = power(of_a(quarter, *monthly("A", "electricity_purchased", "5", "MWh", range(3, 13))))
    assert (figure.value, figure.status) == (30.0 + 9 * 5, "ok")


def test_the_latest_revision_counts() -> None:
    first = stated("A", "2025-03", "electricity_purchased", "5", "MWh")
    later = replace(first, amount=Decimal(7), recorded_at=RECORDED + timedelta(days=1), entry="cli-0/9")
    for rows in ((first, later), (later, first)):
        figure = power(of_a(*rows), "2025-03")
        assert (figure.value, figure.inputs[0].trace["entry"]) == (7.0, "cli-0/9")


def test_a_bill_outranks_an_estimate_whatever_came_last() -> None:
    bill = stated("A", "2025-03", "electricity_purchased", "5", "MWh", method="bill")
    guess = replace(bill, amount=Decimal(9), method="estimate", recorded_at=RECORDED + timedelta(days=1))
    assert power(of_a(bill, guess), "2025-03").value == 5.0
    assert power(of_a(guess), "2025-03").status == "estimated"


def test_lines_of_several_sellers_add_up() -> None:
    grid = stated("A", "2025-03", "electricity_purchased", "5", "MWh", counterparty="outside:grid")
    plant = stated("A", "2025-03", "electricity_purchased", "2", "MWh", counterparty="B")
    assert power(of_a(grid, plant), "2025-03").value == 7.0


def test_kinds_add_up_but_a_statement_without_kind_is_the_total() -> None:
    ash = stated("A", "2025", "solid_waste_generated:fly_ash", "60", "t")
    slag = stated("A", "2025", "solid_waste_generated:slag", "30", "t")
    assert power(of_a(ash, slag), key="solid_waste_generated").value == 90.0
    whole = stated("A", "2025", "solid_waste_generated", "100", "t")
    assert power(of_a(ash, slag, whole), key="solid_waste_generated").value == 100.0


def test_below_detection_is_zero_in_amounts_and_says_so() -> None:
    figure = power(of_a(stated("A", "2025-03", "cod", "<0.025", "t")), "2025-03", key="cod")
    assert (figure.value, figure.status) == (0.0, "ok")
    assert "0.025" in figure.inputs[0].remarks[0].zh


def test_a_unit_that_does_not_fit_is_missing_with_the_reason() -> None:
    figure = power(of_a(stated("A", "2025-03", "electricity_purchased", "5", "t")), "2025-03")
    assert (figure.value, figure.status) == (None, "missing")
    assert "2025-03" in figure.missing[0].zh


def test_feedstock_is_no_fuel_and_households_do_not_count() -> None:
    rows = [
        stated("A", "2025", "natural_gas", amount, "10^4m3", use=use)
        for amount, use in (("3", ""), ("2", "feedstock"), ("9", "living"))
    ]
    found = figures(of_a(*rows), None, "A", YEAR, ["fuel_consumed", "fuel_feedstock", "natural_gas"])
    assert found["fuel_consumed"].items() == {"natural_gas": 3.0}
    assert found["fuel_feedstock"].items() == {"natural_gas": 2.0}
    assert found["natural_gas"].value == 3.0


def test_a_fuel_put_into_conversion_is_consumed_and_known_as_input_of_conversion() -> None:
    rows = [
        stated("A", "2025", "bituminous_coal", "100", "t", use="conversion"),
        stated("A", "2025", "bituminous_coal", "10", "t"),
        stated("A", "2025", "heat_generated", "1000", "GJ"),
    ]
    keys = ["fuel_consumed", "conversion_input", "energy_conversion_efficiency"]
    found = figures(of_a(*rows), None, "A", YEAR, keys)
    assert found["fuel_consumed"].items() == {"bituminous_coal": 110.0}
    assert found["conversion_input"].items() == {"bituminous_coal": 100.0}
    assert found["energy_conversion_efficiency"].status == "ok"


def test_a_park_row_of_factors_outranks_the_shipped_one_for_its_subject_only() -> None:
    row = {"key": "bituminous_coal", "value": "0.5", "unit": "tce/t", "source": "化验", "purpose": "coal_equivalent"}
    row |= {"subject": "A", "valid_from": "2025-01-01", "evidence": "coal-2025.pdf"}
    coal = [stated(code, "2025", "bituminous_coal", "100", "t") for code in ("A", "B")]
    registry = replace(park(subject("A"), subject("B"), reported=coal), factors=(row,))
    assert power(registry, key="fuel_energy").items() == {"bituminous_coal": 50.0}
    assert power(registry, code="B", key="fuel_energy").items() != {"bituminous_coal": 50.0}


def test_single_days_that_do_not_fill_a_month_leave_it_partial() -> None:
    days = [stated("A", f"2025-03-{day:02}", "electricity_purchased", "1", "MWh") for day in range(1, 31)]
    assert (power(of_a(*days), "2025-03").value, power(of_a(*days), "2025-03").status) == (30.0, "partial")
    assert "30/31" in power(of_a(*days), "2025-03").missing[0].zh
    whole = [*days, stated("A", "2025-03-31", "electricity_purchased", "1", "MWh")]
    assert power(of_a(*whole), "2025-03").status == "ok"


def test_output_value_follows_the_choice_and_its_absence_is_missing() -> None:
    rows = [stated("A", "2025", "output_value", "1000", "万元"), stated("A", "2025", "added_value", "0.02", "亿元")]
    gross, added = (park(subject("A"), reported=rows, choices={"output_value": each}) for each in ("gross", "added"))
    assert power(gross, key="output_value").value == 1000.0
    assert power(added, key="output_value").value == 200.0
    assert power(of_a(), key="output_value").status == "missing"
    assert power(of_a(), key="energy_per_output_value").status == "missing"


def test_zero_output_value_is_a_status_and_no_number() -> None:
    rows = [stated("A", "2025", "output_value", "0", "万元"), stated("A", "2025", "electricity_purchased", "5", "MWh")]
    figure = power(of_a(*rows), key="energy_per_output_value")
    assert (figure.value, figure.status) == (None, "not_applicable")
    assert figure.missing


@pytest.mark.parametrize("key", ["energy_per_output", "electricity_purchase"])
def test_an_unknown_key_names_the_nearest(key: str) -> None:
    with pytest.raises(LookupError, match="nearest"):
        power(of_a(), key=key)


def test_an_unknown_subject_names_the_nearest() -> None:
    with pytest.raises(LookupError, match="A1"):
        explain(park(subject("A1")), None, "output_value", "A2", YEAR)
