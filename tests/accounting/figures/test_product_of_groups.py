"""A group's energy per product is that of the units that make it; nothing of the others is spread on it.

By hand: A has 268.61 tce (100 t diesel, 1,000 MWh); its processes 124.296 (x) and 90.592 (y): x has 268.61 × 124.296 ÷
214.888 = 155.37 tce for 1,000 t, 0.15537 tce/t. B burns 60 t of diesel and makes none of it.
"""

import pytest
from small_parks import park, stated, subject

from xietong.accounting.figures.account import account
from xietong.calc.figures import Figure
from xietong.park.nouns import Registry, ReportedAmount
from xietong.periods import Period

YEAR = Period.parse("2025")
ROWS = (
    stated("A", "2025", "diesel", "100", "t"),
    stated("A", "2025", "electricity_purchased", "1000", "MWh"),
    stated("A1", "2025", "diesel", "60", "t"),
    stated("A1", "2025", "electricity_purchased", "300", "MWh"),
    stated("A2", "2025", "diesel", "20", "t"),
    stated("A2", "2025", "electricity_purchased", "500", "MWh"),
    stated("A1", "2025", "product:x", "1000", "t"),
    stated("A2", "2025", "product:y", "500", "件"),
    stated("B1", "2025", "diesel", "60", "t"),
)


def two_firms(*more: ReportedAmount) -> Registry:
    units = (subject("A", zone="东", sector="钢铁"), subject("B", zone="东"), subject("东", "zone"))
    parts = (subject("A1", "process", "A"), subject("A2", "process", "A"), subject("A3", "process", "A"))
    return park(*units, subject("钢铁", "sector"), *parts, subject("B1", "process", "B"), reported=(*ROWS, *more))


def of(registry: Registry, code: str, name: str = "energy_per_product:x") -> Figure:
    return account(registry, None, code, YEAR).figure(name)


@pytest.mark.parametrize("code", ["P", "A", "东", "钢铁"])
def test_the_energy_of_who_makes_it(code: str) -> None:
    found = of(two_firms(), code)
    assert found.value == pytest.approx(0.15537, rel=1e-9)
    assert (found.unit, found.status) == ("tce/t", "ok")
    assert of(two_firms(), code, "energy_per_product:y").value == pytest.approx(268.61 * 90.592 / 214.888 / 500)


def test_two_makers_are_taken_together() -> None:
    """B makes 200 t of x with its 60 t of diesel: (155.37 + 87.426) ÷ 1,200."""
    registry = two_firms(stated("B1", "2025", "product:x", "200", "t"))
    assert of(registry, "P").value == pytest.approx((155.37 + 87.426) / 1200, rel=1e-6)


def test_a_maker_whose_energy_cannot_be_allocated_leaves_no_figure() -> None:
    more = (stated("B", "2025", "product:x", "200", "t"), stated("B", "2025", "product:z", "5", "台"))
    found = of(two_firms(*more), "P")
    assert (found.value, found.status) == (None, "not_applicable")
    assert "台" in found.missing[0].zh


def test_a_product_that_only_the_park_states_belongs_to_nobody() -> None:
    found = of(two_firms(stated("P", "2025", "product:w", "9", "t")), "P", "energy_per_product:w")
    assert (found.value, found.status) == (None, "not_applicable")
    assert "product:w" in found.missing[0].en


def test_an_emission_per_product_does_not_take_in_who_makes_none() -> None:
    rows = (stated("A", "2025", "product:x", "1000", "t"), stated("A", "2025", "nox", "5", "t"))
    alone = park(subject("A"), subject("B"), reported=rows)
    assert of(alone, "P", "nox_emission_per_product").value == pytest.approx(5)
    both = park(subject("A"), subject("B"), reported=(*rows, stated("B", "2025", "nox", "3", "t")))
    found = of(both, "P", "nox_emission_per_product")
    assert (found.value, found.status) == (None, "not_applicable")
    assert "B公司" in found.missing[0].zh
