"""Zones and sectors that came or left, and groups of whom nobody was here: each month counts for who was here in it.

By hand: A uses 10 t of diesel a month all year, C 5 t until it left on 1 August 2025 (seven months): 1.4571 tce a t.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date

import pytest
from small_parks import monthly, park, stated, subject

from xietong.accounting.figures.account import UnknownNameError, account
from xietong.calc.figures import Figure
from xietong.park.nouns import Registry, ReportedAmount, Subject
from xietong.periods import Period

ENERGY, TCE = "comprehensive_energy_consumption", 1.4571
A = subject("A", zone="Z", sector="T")
C = replace(subject("C", zone="Z", sector="T"), until=date(2025, 8, 1))
Z, T = subject("Z", "zone"), subject("T", "sector")
DIESEL = [*monthly("A", "diesel", "10", "t"), *monthly("C", "diesel", "5", "t")]


def of(registry: Registry, code: str, period: str = "2025", key: str = ENERGY) -> Figure:
    return account(registry, None, code, Period.parse(period)).figure(key)


def small(*subjects: Subject, rows: Iterable[ReportedAmount] = DIESEL) -> Registry:
    return park(*subjects, reported=rows)


@pytest.mark.parametrize("code", ["P", "Z", "T"])
def test_a_unit_that_left_counts_until_it_left(code: str) -> None:
    found = of(small(A, C, Z, T), code)
    assert found.value == pytest.approx((120 + 35) * TCE)
    assert found.status == "ok"
    assert of(small(A, C, Z, T), code, "2025-09").value == pytest.approx(10 * TCE)


@pytest.mark.parametrize("code", ["P", "Z", "T"])
def test_a_unit_that_came_counts_from_its_month_on(code: str) -> None:
    late = replace(C, since=date(2025, 5, 15), until=None)
    assert of(small(A, late, Z, T), code).value == pytest.approx((120 + 40) * TCE)
    assert of(small(A, late, Z, T), code, "2025-H1").value == pytest.approx((60 + 10) * TCE)


@pytest.mark.parametrize("group", [Z, T])
def test_a_zone_or_sector_that_left_has_its_own_months_and_the_park_all(group: Subject) -> None:
    gone = replace(group, until=date(2025, 4, 1))
    registry = small(A, C, gone)
    found = of(registry, group.code)
    assert found.value == pytest.approx((30 + 15) * TCE)
    assert found.status == "ok"
    assert any("2025-Q1" in said.zh for said in found.remarks)
    assert of(registry, group.code, key="diesel").value == 45
    assert of(registry, "P").value == pytest.approx((120 + 35) * TCE)
    assert of(registry, group.code, "2025-02").value == pytest.approx(15 * TCE)
    assert of(registry, group.code, "2025-02").remarks == ()


@pytest.mark.parametrize("group", [Z, T])
@pytest.mark.parametrize("key", [ENERGY, "diesel", "carbon_emission_total", "cod_emission", "environmental_tax"])
def test_a_zone_that_was_not_here_has_no_figure(group: Subject, key: str) -> None:
    late = replace(group, since=date(2026, 1, 1))
    found = of(small(A, C, late), group.code, key=key)
    assert (found.value, found.status) == (None, "not_applicable")
    assert "2026-01-01" in found.missing[0].zh
    with pytest.raises(UnknownNameError):
        of(small(A, C, late), group.code, key="no_such_thing")


def test_a_unit_below_a_zone_that_left_left_with_it() -> None:
    gone = replace(Z, until=date(2025, 4, 1))
    registry = small(subject("A", parent="Z"), subject("B"), gone, rows=[*DIESEL, *monthly("B", "diesel", "1", "t")])
    assert of(registry, "P").value == pytest.approx((30 + 12) * TCE)
    assert of(registry, "Z").value == of(registry, "A").value == pytest.approx(30 * TCE)


def test_trade_and_outlets_of_a_zone_end_with_it() -> None:
    """Power bought of a unit elsewhere in the park: three months of a zone that left on 1 April."""
    gone = replace(Z, until=date(2025, 4, 1))
    rows = [
        *monthly("S", "electricity_made:solar", "20", "MWh"),
        *[replace(row, counterparty="A") for row in monthly("S", "electricity_sold", "20", "MWh")],
        *[replace(row, counterparty="S") for row in monthly("A", "electricity_purchased", "20", "MWh")],
        *monthly("A", "electricity_purchased", "30", "MWh"),
        *[replace(row, counterparty="S") for row in monthly("A", "electricity_sold", "5", "MWh")],
        *[replace(row, counterparty="A") for row in monthly("S", "electricity_purchased", "5", "MWh")],
    ]
    registry = small(A, subject("S"), gone, rows=rows)
    assert of(registry, "Z").value == pytest.approx(3 * 45 * 0.1229)
    assert of(registry, "P").value == pytest.approx(12 * 50 * 0.1229)


# ---- nobody was here ----


def test_a_group_of_whom_nobody_was_here_says_so() -> None:
    late = replace(A, since=date(2025, 7, 1))
    registry = small(late, Z, rows=monthly("A", "diesel", "10", "t"))
    for code in ("P", "Z"):
        found = of(registry, code, "2025-03")
        assert (found.value, found.status) == (None, "not_applicable")
        assert "A公司" in found.missing[0].zh
        assert of(registry, code).value == pytest.approx(60 * TCE)


@pytest.mark.parametrize("kind", ["process", "outlet"])
def test_what_lies_below_one_that_left_has_nothing_due(kind: str) -> None:
    gone = replace(subject("C"), until=date(2025, 4, 1))
    part = replace(subject("C-1", "process" if kind == "process" else "outlet", "C"), discharges_to="environment")
    registry = small(gone, part, subject("A"), rows=[*DIESEL, stated("C-1", "2025-02", "so2", "1", "t")])
    key = ENERGY if kind == "process" else "so2_emission"
    found = of(registry, "C-1", "2025-09", key)
    assert found.status == "not_applicable"
    assert of(registry, "C", "2025-09").status == "not_applicable"
    assert "2025-04-01" in of(registry, "C", "2025-09", "energy_per_output_value").missing[0].zh
    if kind == "process":
        assert "2025-04-01" in of(registry, "C-1", "2025-09", "clean_energy_share").missing[0].zh
