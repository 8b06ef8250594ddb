"""A factor that changes inside a period: the year is the sum of its months, by hand.

From July on an enterprise's gas counts 1.25 kgce/m3 instead of 1.2143: 60 × 12.143 + 60 × 12.5 = 1,478.58 tce.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

import pytest
from small_parks import park, stated, subject

from xietong.accounting.balances.one_total import reconcile
from xietong.accounting.figures.account import account
from xietong.park.nouns import Registry, ReportedAmount
from xietong.periods import Period

ENERGY, CARBON = "comprehensive_energy_consumption", "carbon_emission_total"
YEAR = Period.parse("2025")


def own(key: str, value: str, unit: str, since: str, until: str = "", **more: str) -> Mapping[str, str]:
    row = {"key": key, "purpose": "coal_equivalent", "value": value, "unit": unit, "subject": "A", "edition": "2025"}
    return {**row, "source": "化验", "evidence": "lab.pdf", "valid_from": since, "valid_to": until, **more}


GAS = (
    own("natural_gas", "1.2143", "kgce/m3", "2025-01-01", "2025-07-01"),
    own("natural_gas", "1.2500", "kgce/m3", "2025-07-01"),
)


def months(code: str, item: str, amount: str, unit: str, year: int = 2025) -> list[ReportedAmount]:
    return [stated(code, f"{year}-{month:02}", item, amount, unit) for month in range(1, 13)]


def small(reported: Iterable[ReportedAmount], factors: tuple[Mapping[str, str], ...] = GAS) -> Registry:
    return replace(park(subject("A"), subject("B"), reported=reported), factors=factors)


def of(registry: Registry, key: str, code: str, period: str) -> float:
    value = account(registry, None, code, Period.parse(period)).figure(key).value
    assert value is not None
    return value


def test_a_year_is_the_sum_of_its_months() -> None:
    registry = small(months("A", "natural_gas", "10", "10^4m3"))
    assert of(registry, ENERGY, "A", "2025") == pytest.approx(60 * 12.143 + 60 * 12.5, rel=1e-12)
    each = [of(registry, ENERGY, "A", f"2025-{month:02}") for month in range(1, 13)]
    assert of(registry, ENERGY, "A", "2025") == pytest.approx(sum(each), rel=1e-12)
    assert of(registry, ENERGY, "A", "2025-H2") == pytest.approx(60 * 12.5, rel=1e-12)


def test_a_factor_from_the_middle_of_a_month_counts_for_that_month() -> None:
    rows = ({**GAS[0], "valid_to": "2025-04-16"}, {**GAS[1], "valid_from": "2025-04-16"})
    registry = small(months("A", "natural_gas", "10", "10^4m3"), rows)
    assert of(registry, ENERGY, "A", "2025-04") == pytest.approx(10 * 12.5, rel=1e-12)
    assert of(registry, ENERGY, "A", "2025") == pytest.approx(30 * 12.143 + 90 * 12.5, rel=1e-12)


def test_the_park_is_the_sum_of_its_enterprises() -> None:
    registry = small([*months("A", "natural_gas", "10", "10^4m3"), *months("B", "natural_gas", "1", "10^4m3")])
    assert of(registry, ENERGY, "P", "2025") == pytest.approx(60 * 12.143 + 60 * 12.5 + 12 * 13.3, rel=1e-12)


def test_the_grid_over_a_year_boundary() -> None:
    """国内 2024 年用 0.5366，2025 年用 0.5306 tCO2/MWh."""
    both = [
        *months("A", "electricity_purchased", "100", "MWh", 2024),
        *months("A", "electricity_purchased", "100", "MWh"),
    ]
    registry = small(both, ())
    assert of(registry, CARBON, "A", "2024-07..2025-06") == pytest.approx(600 * 0.5366 + 600 * 0.5306, rel=1e-12)
    assert of(registry, CARBON, "P", "2024-07..2025-06") == pytest.approx(600 * 0.5366 + 600 * 0.5306, rel=1e-12)
    page = reconcile(registry, None, "P", Period.parse("2024-07..2025-06"), "carbon_emission_total")
    assert page.from_units.difference.value == 0
    assert page.from_fence.difference.value == 0


def test_what_is_stated_for_the_year_only_takes_the_last_factor_and_says_so() -> None:
    registry = small([stated("A", "2025", "natural_gas", "120", "10^4m3")])
    line = account(registry, None, "A", YEAR).figure("fuel_energy").child("natural_gas")
    assert line.value == pytest.approx(120 * 12.5, rel=1e-12)
    assert any("report by month" in remark.en for remark in line.remarks)


def test_a_stated_half_year_that_lies_on_one_side_of_the_change() -> None:
    half = [stated("A", f"2025-{month:02}", "natural_gas", "10", "10^4m3") for month in range(7, 13)]
    registry = small([stated("A", "2025-H1", "natural_gas", "60", "10^4m3"), *half])
    assert of(registry, ENERGY, "A", "2025") == pytest.approx(60 * 12.143 + 60 * 12.5, rel=1e-12)


def test_own_heat_factor_of_a_unit_changes_inside_the_year() -> None:
    rows = (own("heat", "0.10", "tCO2/GJ", "2025-07-01", purpose="heat_emission"),)
    registry = small([*months("A", "heat_purchased", "100", "GJ"), *months("B", "heat_purchased", "10", "GJ")], rows)
    expected = 600 * 0.11 + 600 * 0.10
    assert of(registry, CARBON, "A", "2025") == pytest.approx(expected, rel=1e-12)
    assert of(registry, CARBON, "P", "2025") == pytest.approx(expected + 120 * 0.11, rel=1e-12)


def test_carbon_by_a_calorific_value_and_a_carbon_content_that_change() -> None:
    rows = (
        own("raw_coal", "20", "GJ/t", "2025-01-01", "2025-07-01", purpose="calorific_value"),
        own("raw_coal", "22", "GJ/t", "2025-07-01", purpose="calorific_value"),
        own("raw_coal", "0.025", "tC/GJ", "2025-01-01", "2025-10-01", purpose="carbon_content"),
        own("raw_coal", "0.027", "tC/GJ", "2025-10-01", purpose="carbon_content"),
        own("raw_coal", "98", "%", "2025-01-01", purpose="oxidation_rate"),
    )
    registry = small(months("A", "raw_coal", "10", "t"), rows)
    expected = (60 * 20 * 0.025 + 30 * 22 * 0.025 + 30 * 22 * 0.027) * 0.98 * 44 / 12
    assert of(registry, CARBON, "A", "2025") == pytest.approx(expected, rel=1e-12)
    assert of(registry, CARBON, "P", "2025") == pytest.approx(expected, rel=1e-12)


def test_a_month_that_did_not_come_stays_named() -> None:
    rows = [row for row in months("A", "natural_gas", "10", "10^4m3") if row.period.label != "2025-05"]
    figure = account(small(rows), None, "A", YEAR).figure(ENERGY)
    assert figure.value == pytest.approx(50 * 12.143 + 60 * 12.5, rel=1e-12)
    assert figure.status == "partial"
    assert any("2025-05" in reason.en for reason in figure.missing)


def by_equal_value(reported: Iterable[ReportedAmount]) -> Registry:
    rows = (own("electricity", "0.29", "kgce/kWh", "2025-07-01", purpose="equal_value", subject=""),)
    registry = small(reported, rows)
    return replace(registry, choices={**registry.choices, "electricity_basis": "equal_value"})


def test_an_amount_stated_for_the_year_stays_whole() -> None:
    """What lay before July is not known; 1,200 MWh came all the same."""
    registry = by_equal_value([stated("A", "2025", "electricity_purchased", "1200", "MWh")])
    figure = account(registry, None, "A", YEAR).figure(ENERGY)
    assert figure.value == pytest.approx(1200 * 0.29, rel=1e-12)
    assert (figure.status, figure.missing) == ("ok", ())


def test_a_gap_is_named_once() -> None:
    rows = [row for row in months("A", "electricity_purchased", "10", "MWh") if row.period.label != "2025-05"]
    figure = account(by_equal_value(rows), None, "P", YEAR).figure(ENERGY)
    assert figure.value == pytest.approx(50 * 0.302 + 60 * 0.29, rel=1e-12)
    assert figure.status == "partial"
    assert len(figure.missing) == 1


# ---- months without a factor ----

GRID_END = (own("electricity", "0.7", "tCO2/MWh", "2025-01-01", "2025-07-01", purpose="grid_emission", subject=""),)
GRID_START = (own("electricity", "0.7", "tCO2/MWh", "2025-07-01", purpose="grid_emission", subject=""),)
DIESEL = 42.652 * 0.0202 * 0.98 * 44 / 12


def by_grid(rows: tuple[Mapping[str, str], ...], *more: ReportedAmount) -> Registry:
    """A park where no factor of the grid is built in: 内蒙古 lies on two regional grids."""
    registry = small([*months("A", "electricity_purchased", "100", "MWh"), *more], rows)
    return replace(registry, region="内蒙古", choices={**registry.choices, "grid_area": "regional"})


@pytest.mark.parametrize("code", ["A", "P"])
@pytest.mark.parametrize(("rows", "span"), [(GRID_END, "2025-H2"), (GRID_START, "2025-H1")])
def test_a_factor_that_ends_or_begins_inside_the_year_counts_for_its_months(
    code: str, rows: tuple[Mapping[str, str], ...], span: str
) -> None:
    """600 MWh × 0.7 + diesel 120 t; the other half year is named, not taken as zero."""
    figure = account(by_grid(rows, *months("A", "diesel", "10", "t")), None, code, YEAR).figure(CARBON)
    assert figure.status == "partial"
    assert figure.value == pytest.approx(600 * 0.7 + 120 * DIESEL, rel=1e-12)
    assert any(span in reason.en and "not counted" in reason.en for reason in figure.missing)
    assert any("key=electricity" in reason.en for reason in figure.missing)


def test_without_any_factor_the_year_is_missing_as_before() -> None:
    figure = account(by_grid(()), None, "A", YEAR).figure(CARBON)
    assert (figure.value, figure.status) == (None, "missing")
    late = account(by_grid(GRID_END), None, "A", Period.parse("2025-H2")).figure(CARBON)
    assert (late.value, late.status) == (None, "missing")


def test_a_factor_with_a_gap_between_two_rows() -> None:
    rows = (*GRID_END, own("electricity", "0.6", "tCO2/MWh", "2025-10-01", purpose="grid_emission", subject=""))
    figure = account(by_grid(rows), None, "A", YEAR).figure("purchased_electricity_emission_location")
    assert figure.value == pytest.approx(600 * 0.7 + 300 * 0.6, rel=1e-12)
    assert figure.status == "partial"
    assert any("2025-Q3" in reason.en and "not counted" in reason.en for reason in figure.missing)
    assert [line.title.en for line in figure.inputs] == ["2025-H1", "2025-Q3", "2025-Q4"]


GANGUE = (
    own("gangue", "8", "GJ/t", "2025-01-01", "2025-10-01", purpose="calorific_value", subject=""),
    own("gangue", "0.025", "tC/GJ", "2025-01-01", "2025-07-01", purpose="carbon_content", subject=""),
    own("gangue", "95", "%", "2025-01-01", purpose="oxidation_rate", subject=""),
)


@pytest.mark.parametrize("code", ["A", "P"])
def test_of_several_fuels_only_the_one_without_a_factor_lacks_its_months(code: str) -> None:
    registry = small([*months("A", "gangue", "10", "t"), *months("A", "diesel", "10", "t")], GANGUE)
    burnt = account(registry, None, code, YEAR).figure("combustion_emission")
    assert burnt.child("gangue").value == pytest.approx(60 * 8 * 0.025 * 0.95 * 44 / 12, rel=1e-12)
    assert burnt.child("diesel").value == pytest.approx(120 * DIESEL, rel=1e-12)
    assert (burnt.child("gangue").status, burnt.child("diesel").status) == ("partial", "ok")
    heat = account(registry, None, code, YEAR).figure("fuel_heat")
    assert heat.child("gangue").value == pytest.approx(90 * 8, rel=1e-12)
    total = account(registry, None, code, YEAR).figure(CARBON)
    assert total.status == "partial"
    assert total.value == pytest.approx(sum(burnt.items().values()), rel=1e-12)
    assert any("2025-Q4" in reason.en for reason in total.missing)
    assert any("not counted" in reason.en for reason in total.missing)


def test_a_fuel_stated_for_the_year_only_has_no_months_to_count() -> None:
    registry = small([stated("A", "2025", "gangue", "120", "t")], GANGUE)
    burnt = account(registry, None, "A", YEAR).figure("combustion_emission")
    assert (burnt.value, burnt.status) == (None, "missing")
