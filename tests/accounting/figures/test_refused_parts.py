"""A group's figure that holds amounts which were refused at a member: partial, named, and no grade from it."""

from dataclasses import replace

import pytest
from small_parks import park, stated, subject

from xietong.accounting import explain
from xietong.calc.figures import Figure
from xietong.evaluation import evaluate
from xietong.park.nouns import Registry, ReportedAmount, Target
from xietong.periods import Period


def firms(*rows: ReportedAmount) -> Registry:
    zoned = [subject("A", zone="Z1"), subject("C", zone="Z1"), subject("Z1", "zone")]
    return park(*zoned, reported=rows)


def of(registry: Registry, key: str, code: str = "P") -> Figure:
    return explain(registry, None, key, code, Period.parse("2025"))


def amounts(code: str, made: str, used: str, whole: str, part: str, unit: str) -> list[ReportedAmount]:
    return [stated(code, "2025", made, whole, unit), stated(code, "2025", used, part, unit)]


WASTE = ("solid_waste_generated", "solid_waste_used")


def waste(of_c: str) -> list[ReportedAmount]:
    """The fault list: A uses 700 t of 1,000 t, C says so much of 1,000 t."""
    return [*amounts("A", *WASTE, "1000", "700", "t"), *amounts("C", *WASTE, "1000", of_c, "t")]


@pytest.mark.parametrize("code", ["P", "Z1"])
def test_waste_used_beyond_what_was_made_makes_the_whole_partial(code: str) -> None:
    found = of(firms(*waste("1200")), "solid_waste_utilization_rate", code)
    assert found.value == pytest.approx(95)
    assert found.status == "partial"
    assert "C公司" in found.missing[0].zh
    assert "C Ltd (C)" in found.missing[0].en
    whole = of(firms(*waste("900")), "solid_waste_utilization_rate", code)
    assert whole.value == pytest.approx(80)
    assert whole.status == "ok"


def test_nothing_is_graded_by_it_until_a_reason_is_recorded() -> None:
    target = Target("solid_waste_utilization_rate", "P", 2025, 95.0, 90.0, True)
    registry = replace(firms(*waste("1200")), targets=(target,))
    found = evaluate(registry, None, "P", 2025)
    assert found.grade == "not_assessable"
    assert any("C公司" in each.zh for line in found.lines for each in line.figure.missing)
    better = replace(firms(*waste("900")), targets=(replace(target, target=80.0, basic=70.0),))
    assert evaluate(better, None, "P", 2025).grade == "excellent"


@pytest.mark.parametrize(
    ("key", "made", "used", "unit"),
    [
        ("resource_utilization_rate", "byproduct_generated", "byproduct_used", "t"),
        ("solid_waste_disposal_rate", "solid_waste_generated", "solid_waste_disposed", "t"),
        ("hazardous_waste_utilization_rate", "hazardous_waste_generated", "hazardous_waste_used", "t"),
        ("waste_heat_utilization_rate", "waste_heat_available", "waste_heat_recovered", "GJ"),
        ("reclaimed_water_rate", "wastewater_treated", "water_reclaimed_supplied", "m3"),
    ],
)
def test_every_rate_that_cannot_exceed_all_says_whose_does(key: str, made: str, used: str, unit: str) -> None:
    rows = [*amounts("A", made, used, "1000", "100", unit), *amounts("C", made, used, "100", "120", unit)]
    registry = firms(*rows)
    assert of(registry, key, "C").status == "missing"
    found = of(registry, key)
    assert found.status == "partial"
    assert found.value == pytest.approx(100 * 220 / 1100)
    assert "C公司" in found.missing[0].zh
