"""One due an item, whatever kind it is stated under; kinds that are stated beside each other are each due."""

import pytest
from small_parks import monthly, park, stated, subject

from xietong.accounting import explain
from xietong.calc.figures import Figure
from xietong.park.nouns import Expected, Registry, ReportedAmount
from xietong.periods import Period

MONTHS = range(1, 13)


def of_a(*rows: ReportedAmount, expected: tuple[Expected, ...] = ()) -> Registry:
    return park(subject("A"), reported=rows, expected=expected)


def figure(registry: Registry, key: str, period: str = "2025") -> Figure:
    return explain(registry, None, key, "A", Period.parse(period))


def by_month(form: str, unit: str) -> list[ReportedAmount]:
    return [stated("A", f"2025-{month:02}", form.format(month), "100", unit) for month in MONTHS]


@pytest.mark.parametrize(
    ("form", "unit", "key"),
    [
        ("steam_purchased:1.0MPa_{}C", "t", "comprehensive_energy_consumption"),
        ("hot_water_purchased:{}C", "t", "comprehensive_energy_consumption"),
        ("product:steel_{}", "t", "product"),
        ("solid_waste_generated:kind_{}", "t", "solid_waste_generated"),
    ],
)
def test_another_kind_every_month_is_complete(form: str, unit: str, key: str) -> None:
    rows = [
        stated("A", f"2025-{month:02}", form.format(229 + month if "MPa" in form else 79 + month), "100", unit)
        for month in MONTHS
    ]
    found = figure(of_a(*rows), key)
    assert found.status == "ok"
    assert found.missing == ()


def test_a_month_of_no_kind_at_all_is_missing() -> None:
    rows = [row for row in by_month("steam_purchased:1.0MPa_23{}C", "t") if row.period.start.month not in (3, 4, 10)]
    kept = [row for row in rows if row.period.start.month < 10]
    found = figure(of_a(*kept), "comprehensive_energy_consumption")
    assert found.status == "partial"
    assert any("2025-03..2025-04" in each.zh for each in found.missing)


def test_kinds_stated_beside_each_other_are_each_due() -> None:
    rows = [
        *monthly("A", "steam_purchased:1.0MPa", "10", "t"),
        *monthly("A", "steam_purchased:4.0MPa", "10", "t", [1, 2]),
    ]
    found = figure(of_a(*rows), "comprehensive_energy_consumption")
    assert found.status == "partial"
    assert "2025-03..2025-12" in found.missing[0].zh


@pytest.mark.parametrize("listed", ["steam_purchased", "steam_purchased:1.0MPa_231C"])
def test_a_due_list_with_or_without_a_kind_is_met_by_any_kind(listed: str) -> None:
    rows = [stated("A", f"2025-{month:02}", f"steam_purchased:1.0MPa_{229 + month}C", "100", "t") for month in MONTHS]
    due = (Expected("A", listed, "month"),)
    assert figure(of_a(*rows, expected=due), "comprehensive_energy_consumption").status == "ok"
    lacking = figure(of_a(*rows[:11], expected=due), "comprehensive_energy_consumption")
    assert lacking.status == "partial"
    assert "2025-12" in lacking.missing[0].zh


def test_one_fuel_for_another_use_each_month_is_complete() -> None:
    rows = [
        stated("A", f"2025-{month:02}", "natural_gas", "1", "10^4m3", use="feedstock" if month % 2 else "fuel")
        for month in MONTHS
    ]
    registry = of_a(*rows)
    assert (figure(registry, "natural_gas").value, figure(registry, "natural_gas").status) == (6.0, "ok")
    assert figure(registry, "fuel_feedstock").status == "ok"


def test_a_month_by_another_method_is_no_gap() -> None:
    rows = [
        stated("A", f"2025-{month:02}", "electricity_purchased", "1", "MWh", method="bill" if month % 2 else "auto")
        for month in MONTHS
    ]
    assert (
        figure(of_a(*rows), "electricity_purchased").value,
        figure(of_a(*rows), "electricity_purchased").status,
    ) == (
        12.0,
        "ok",
    )
