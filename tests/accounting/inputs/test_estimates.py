"""An estimate for the absent stands beside what came: last year × trend, or the utility's list; never inside a sum."""

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

import pytest
from small_parks import park, stated, subject

from xietong.accounting import explain, figures
from xietong.calc.figures import Figure
from xietong.park.nouns import Registry, ReportedAmount, Subject
from xietong.periods import Period

YEAR = Period.parse("2025")
POWER = "electricity_purchased"


def shown(registry: Registry, key: str = POWER, code: str = "P", period: Period = YEAR) -> tuple[Figure, Figure]:
    found = figures(registry, None, code, period)
    return found[key], found[f"{key}_with_estimate"]


def tenants(count: int) -> tuple[Subject, ...]:
    return tuple(subject(f"T{number:03}", sector="钢铁" if number % 2 else "化工") for number in range(1, count + 1))


def grown(units: Iterable[Subject], absent: str) -> list[ReportedAmount]:
    """Last year 100 MWh each; this year 110 in steel, 120 in chemicals; one of them absent."""
    rows = []
    for unit in units:
        rows.append(stated(unit.code, "2024", POWER, "100", "MWh"))
        if unit.code != absent:
            rows.append(stated(unit.code, "2025", POWER, "110" if unit.sector == "钢铁" else "120", "MWh"))
    return rows


def test_299_of_300_tenants() -> None:
    """150 of each sector; T299 (steel) absent: 149 × 110 + 150 × 120 came, T299 is likely to have had 100 × 1.1."""
    units = tenants(300)
    registry = park(*units, reported=grown(units, "T299"))
    bare, whole = shown(registry)
    assert (bare.value, bare.status) == (149 * 110.0 + 150 * 120.0, "partial")
    assert bare.trace["coverage_units"] == "299/300"
    assert bare.trace["coverage_weight"] == f"{299 / 300:.4f}"
    assert "299/300" in bare.missing[0].zh
    assert "T299公司" in bare.missing[0].zh
    assert "T001公司" not in bare.missing[0].zh
    assert whole.status == "estimated"
    assert whole.value == pytest.approx(149 * 110 + 150 * 120 + 110)
    assert float(whole.trace["estimated_share"]) == pytest.approx(110 / 34500, abs=1e-6)
    line = whole.child("T299").inputs[0]
    assert [(each.key, each.value) for each in line.inputs] == [("last_year", 100.0), ("trend", 1.1)]
    assert "钢铁149 家" in line.inputs[1].title.zh


def test_computed_figures_have_theirs_beside_them_too() -> None:
    units = tenants(4)
    registry = park(*units, reported=grown(units, "T003"))
    bare, whole = shown(registry, "comprehensive_energy_consumption")
    assert bare.value == pytest.approx((110 + 240) * 0.1229)
    assert bare.status == "partial"
    assert whole.value == pytest.approx((110 + 240 + 110) * 0.1229)
    assert whole.status == "estimated"
    assert "350" not in bare.missing[0].zh
    assert any("差 +" in remark.zh for remark in whole.remarks)


def test_without_reporting_kin_the_trend_is_the_parks() -> None:
    units = (*tenants(3), subject("X", sector="造纸"))
    registry = park(*units, reported=grown(units, "X"))
    _, whole = shown(registry)
    assert whole.child("X").value == pytest.approx(100 * (110 + 120 + 110) / 300)


def test_months_that_lack_are_estimated_month_by_month() -> None:
    """A lacks December: last December 12 MWh, B went from 20 to 30 in December."""
    rows = [stated("A", f"2024-{month:02}", POWER, str(month), "MWh") for month in range(1, 13)]
    rows += [stated("A", f"2025-{month:02}", POWER, "5", "MWh") for month in range(1, 12)]
    rows += [stated("B", f"{year}-12", POWER, amount, "MWh") for year, amount in ((2024, "20"), (2025, "30"))]
    rows += [stated("B", f"{year}-{m:02}", POWER, "40", "MWh") for year in (2024, 2025) for m in range(1, 12)]
    bare, whole = shown(park(subject("A"), subject("B"), reported=rows))
    assert whole.value == pytest.approx((bare.value or 0) + 12 * 1.5)


def test_a_year_known_as_a_whole_is_taken_by_the_share_that_lacks() -> None:
    """A had 120 in 2024; 9 of 12 months came; B doubled: 120 × 2 × 3/12."""
    rows = [stated("A", "2024", POWER, "120", "MWh"), stated("B", "2024", POWER, "10", "MWh")]
    rows += [stated("B", "2025", POWER, "20", "MWh")]
    rows += [stated("A", f"2025-{month:02}", POWER, "15", "MWh") for month in range(1, 10)]
    bare, whole = shown(park(subject("A"), subject("B"), reported=rows))
    assert bare.value == 155.0
    assert whole.value == pytest.approx(155 + 60)


def test_the_utilitys_list_outranks_last_year() -> None:
    utility = subject("U", "supply")
    rows = [
        *grown((subject("A"), subject("B")), "B"),
        stated("U", "2025", "electricity_sold", "77", "MWh", method="bill", counterparty="B公司"),
    ]
    _, whole = shown(park(subject("A"), subject("B"), utility, reported=rows))
    assert whole.child("B").value == 77.0
    assert "账单" in whole.child("B").formula


def test_of_whom_nothing_is_known_nothing_is_guessed() -> None:
    rows = [*grown((subject("A"), subject("B")), "B"), stated("C", "2024-11", POWER, "5", "MWh")]
    _, whole = shown(park(subject("A"), subject("B"), subject("C"), reported=rows))
    assert whole.status == "partial"
    assert any("C公司" in reason.zh and "催报" in reason.zh for reason in whole.missing)


def test_what_is_complete_and_what_is_no_group_has_no_estimate() -> None:
    registry = park(subject("A"), subject("B"), reported=grown((subject("A"), subject("B")), ""))
    assert not any(key.endswith("_with_estimate") for key in figures(registry, None, "P", YEAR))
    lacking = park(subject("A"), reported=grown((subject("A"),), "A"))
    assert explain(lacking, None, f"{POWER}_with_estimate", "A", YEAR).status == "not_applicable"


def test_an_absent_unit_with_its_own_factor_is_estimated_by_it() -> None:
    """A's own 0.65 tce/t, B by the book 0.7143: the estimate of A counts by A's factor."""
    row = {
        "key": "raw_coal",
        "value": "0.65",
        "unit": "tce/t",
        "source": "A 2025 年入炉煤实测",
        "edition": "2025",
        "evidence": "coal-2025.pdf",
        "valid_to": "",
        "purpose": "coal_equivalent",
        "subject": "A",
        "valid_from": "2020-01-01",
    }
    rows = [stated(code, "2024", "raw_coal", "100", "t") for code in ("A", "B")]
    rows.append(stated("B", "2025", "raw_coal", "100", "t"))
    registry = replace(park(subject("A"), subject("B"), reported=rows), factors=(row,))
    _, whole = shown(registry, "comprehensive_energy_consumption")
    assert whole.value == pytest.approx(float(Decimal("0.7143") * 100 + Decimal("0.65") * 100))
