"""Bad input of accounting: each is found and named, with what to do, and nothing is made up for it."""

from decimal import Decimal

import pytest
from small_parks import HoursLake, hours_of, monthly, park, point, stated, subject

from xietong.accounting import explain, figures
from xietong.park.package.cells import amount
from xietong.periods import Period

YEAR, MARCH = Period.parse("2025"), Period.parse("2025-03")


def test_a_period_with_half_its_months_names_the_other_half() -> None:
    registry = park(subject("A"), reported=monthly("A", "electricity_purchased", "10", "MWh", range(1, 7)))
    for code in ("A", "P"):
        figure = explain(registry, None, "electricity_purchased", code, YEAR)
        assert (figure.value, figure.status) == (60.0, "partial")
    reason = explain(registry, None, "electricity_purchased", "A", YEAR).missing[0]
    assert "2025-H2" in reason.zh
    assert "请填报" in reason.zh
    assert "50.0%" in explain(registry, None, "electricity_purchased", "P", YEAR).missing[0].zh


def test_an_enterprise_without_output_value_has_no_intensity_and_says_what_to_report() -> None:
    registry = park(subject("A"), reported=[stated("A", "2025", "electricity_purchased", "100", "MWh")])
    found = figures(registry, None, "A", YEAR, ["energy_per_output_value", "comprehensive_energy_consumption"])
    intensity = found["energy_per_output_value"]
    assert (intensity.value, intensity.status) == (None, "missing")
    assert "工业总产值" in intensity.missing[0].zh
    assert "请填报" in intensity.missing[0].zh
    assert found["comprehensive_energy_consumption"].status == "ok"


@pytest.mark.parametrize("cell", ["0.025L", "<0.025", " 0.025L "])
def test_an_amount_below_detection_counts_as_zero_and_says_so(cell: str) -> None:
    """As the package reads the cell, so the account takes it: no number, the limit beside it."""
    read = amount(cell)
    assert (read.value, read.below) == (None, Decimal("0.025"))
    registry = park(subject("A"), reported=[stated("A", "2025", "cod", f"<{read.below}", "t")])
    figure = explain(registry, None, "cod", "A", YEAR)
    assert (figure.value, figure.status) == (0.0, "ok")
    leaf = figure
    while leaf.inputs:
        leaf = leaf.inputs[0]
    assert "低于检出限" in leaf.remarks[0].zh
    assert "0.025" in leaf.remarks[0].zh
    assert "按零计" in leaf.remarks[0].zh


def test_a_mean_asked_of_the_concentrations_of_different_stacks_is_refused_with_what_to_look_at() -> None:
    subjects = (subject("A"), *(subject(f"A-{n}", "outlet", "A", discharges_to="environment") for n in (1, 2)))
    points = [point(f"C{n}", f"A-{n}", "nox", "mg/m3", "mean") for n in (1, 2)]
    lake = HoursLake({"C1": hours_of("2025-03", "10"), "C2": hours_of("2025-03", "90")})
    for code in ("A", "P"):
        figure = explain(park(*subjects, points=points), lake, "nox_concentration", code, MARCH)
        assert (figure.value, figure.status) == (None, "not_applicable")
        assert "多个排放口的平均浓度不说明任何问题" in figure.missing[0].zh
        assert "最高排放口" in figure.missing[0].zh


def test_a_product_counted_and_weighed_does_not_add_up() -> None:
    rows = [stated("A", "2025", "product:box", "5", "件"), stated("B", "2025", "product:box", "5", "t")]
    figure = explain(park(subject("A"), subject("B"), reported=rows), None, "product:box", "P", YEAR)
    assert (figure.value, figure.status) == (None, "missing")
    assert "不能相加" in figure.missing[0].zh
