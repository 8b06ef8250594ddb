"""Heat and power that change hands inside where a unit brings a factor of its own: the park counts what crossed its
fence, at the factor of who brought it in.

By hand: S buys 1,000 GJ of the town's network at its own 0.05 tCO2/GJ and sells A 400 of them: 50 tCO2. 0.11 is GB/T
32150's factor; coal by its combustion.
"""

from collections.abc import Mapping
from dataclasses import replace

import pytest
from small_parks import park, stated, subject

from xietong.accounting.balances.one_total import TOTALS, reconcile
from xietong.accounting.figures.account import account
from xietong.calc.figures import Figure
from xietong.park.nouns import Registry
from xietong.periods import Period

ENERGY, CARBON = TOTALS
YEAR = Period.parse("2025")
Row = tuple[str, str, str] | tuple[str, str, str, str]


def own(subject_code: str, value: str, purpose: str = "heat_emission", unit: str = "tCO2/GJ") -> Mapping[str, str]:
    row = {"key": "heat", "purpose": purpose, "value": value, "unit": unit, "subject": subject_code}
    row |= {"source": "供热企业出具的排放因子", "edition": "2025", "valid_from": "2025-01-01", "valid_to": ""}
    return {**row, "evidence": "heat-2025.pdf", "legal_basis": "", "approval": ""}


def small(*rows: Row, factors: tuple[Mapping[str, str], ...]) -> Registry:
    units = (subject("S", zone="东"), subject("A", zone="西"), subject("B", zone="西"))
    reported = [
        stated(
            row[0],
            "2025",
            row[1],
            row[2],
            "t" if row[1].startswith(("steam", "raw")) else "GJ",
            counterparty=row[3] if len(row) > 3 else "",
        )
        for row in rows
    ]
    return replace(park(*units, subject("东", "zone"), subject("西", "zone"), reported=reported), factors=factors)


def of(registry: Registry, key: str = CARBON, code: str = "P") -> Figure:
    return account(registry, None, code, YEAR).figure(key)


BOUGHT: Row = ("S", "heat_purchased", "1000", "outside:城市热网")
SALE: Row = ("S", "heat_sold", "400", "A")
PURCHASE: Row = ("A", "heat_purchased", "400", "S")


@pytest.mark.parametrize("rows", [(SALE, PURCHASE), (SALE,), (PURCHASE,)])
def test_what_is_resold_inside_counts_once_at_the_factor_it_came_with(rows: tuple[Row, ...]) -> None:
    """Was: 50 − 400 × 0.05 + 400 × 0.11 = 74."""
    registry = small(BOUGHT, *rows, factors=(own("S", "0.05"),))
    assert of(registry).value == pytest.approx(50)
    assert of(registry, ENERGY).value == pytest.approx(1000 * 0.03412)


def test_each_ends_own_figure_stays_its_own() -> None:
    registry = small(BOUGHT, SALE, PURCHASE, factors=(own("S", "0.05"),))
    assert of(registry, code="S").value == of(registry, code="东").value == pytest.approx(600 * 0.05)
    assert of(registry, code="A").value == of(registry, code="西").value == pytest.approx(400 * 0.11)


@pytest.mark.parametrize("buyer", ["0.05", "0.09"])
def test_a_buyer_with_a_factor_of_its_own(buyer: str) -> None:
    registry = small(BOUGHT, SALE, PURCHASE, factors=(own("S", "0.05"), own("A", buyer)))
    assert of(registry).value == pytest.approx(50)
    more = small(BOUGHT, SALE, PURCHASE, ("A", "heat_purchased", "100", "outside:x"), factors=(own("A", buyer),))
    assert of(more).value == pytest.approx(1000 * 0.11 + 100 * float(buyer))


def test_heat_made_of_coal_and_sold_to_one_with_a_factor_is_in_the_coal() -> None:
    registry = small(
        ("S", "raw_coal", "100"), ("S", "heat_sold", "900", "A"), ("A", "heat_purchased", "900", "S"), factors=()
    )
    with_factor = replace(registry, factors=(own("A", "0.06"),))
    assert of(with_factor).value == pytest.approx(of(registry).value or 0)


def test_partly_inside_and_partly_over_the_fence() -> None:
    rows: list[Row] = [BOUGHT, SALE, PURCHASE, ("S", "heat_sold", "250", "outside:邻厂")]
    registry = small(*rows, factors=(own("S", "0.05"),))
    assert of(registry).value == pytest.approx(750 * 0.05)
    assert of(registry, code="东").value == pytest.approx(350 * 0.05)


def test_steam_likewise() -> None:
    rows: list[Row] = [
        ("S", "steam_purchased:1.0MPa", "1000", "outside:电厂"),
        ("S", "steam_sold:1.0MPa", "400", "A"),
        ("A", "steam_purchased:1.0MPa", "400", "S"),
    ]
    plain = small(*rows, factors=())
    registry = small(*rows, factors=(own("S", "0.05"),))
    assert of(registry).value == pytest.approx((of(plain).value or 0) * 0.05 / 0.11)


def test_both_ways_still_meet() -> None:
    registry = small(BOUGHT, SALE, PURCHASE, factors=(own("S", "0.05"),))
    found = reconcile(registry, None, "P", YEAR, CARBON)
    assert found.from_units.difference.value == pytest.approx(0, abs=1e-9)
    assert found.from_fence.difference.value == pytest.approx(0, abs=1e-9)
