"""A seller inside the park that states nothing of its sale while its buyer names it: what is not known is not ok.

By hand, of 2024: A buys 5,000 MWh and 1,000 more of S: 6,000 × 0.1229 = 737.4 tce. Where S states nothing of what it
sold, the 1,000 may have come over the fence: the park counts them and says so. 1,000 GJ × 0.03412 = 34.12 tce.
"""

import pytest
from test_own_make import BOUGHT, CARBON, ENERGY, RENEWABLE, Row, of, small

FROM_S: Row = ("A", "electricity_purchased", "1000", "S")
HEAT_FROM_S: Row = ("A", "heat_purchased", "1000", "S")
SOLAR: Row = ("S", "electricity_made:solar", "1000")


@pytest.mark.parametrize(("row", "energy"), [(FROM_S, 6000 * 0.1229), (HEAT_FROM_S, 5000 * 0.1229 + 1000 * 0.03412)])
def test_what_a_silent_seller_is_named_for_is_not_taken_off(row: Row, energy: float) -> None:
    """Was: 614.5 tce ok, as if the buyer's purchase were nobody's energy."""
    found = of(small(row, BOUGHT))
    assert found.value == pytest.approx(energy)
    assert found.status == "partial"
    assert any("S公司" in said.zh for said in found.missing)
    assert of(small(row, BOUGHT), CARBON).status == "partial"
    own = of(small(row, BOUGHT), ENERGY, "S")
    assert (own.value, own.status) == (None, "missing")
    assert any("A公司" in said.zh and "1000" in said.zh for said in own.missing)


def test_a_seller_that_states_its_make_and_not_its_sale_is_partial() -> None:
    """The park's total is right; S's own 122.9 tce and 100 % and the user's 0 % were ok."""
    registry = small(SOLAR, FROM_S, BOUGHT)
    whole = of(registry)
    assert whole.value == pytest.approx(737.4)
    assert whole.status == "ok"
    assert of(registry, ENERGY, "S").status == of(registry, RENEWABLE, "S").status == "partial"
    assert of(registry, RENEWABLE, "A").status == of(registry, RENEWABLE, "西").status == "partial"


def test_a_seller_that_states_its_purchase_and_not_its_sale_is_partial() -> None:
    registry = small(("S", "electricity_purchased", "1500"), FROM_S, BOUGHT)
    assert of(registry).value == pytest.approx(6500 * 0.1229)
    assert of(registry, ENERGY, "S").status == of(registry, CARBON, "S").status == "partial"


def test_renewable_heat_sold_into_another_zone_is_its_users() -> None:
    """34.12 ÷ (614.5 + 34.12) = 5.2604 % for buyer and its zone as for the park (was: 0 % ok)."""
    registry = small(("S", "heat_made:solar", "1000"), ("S", "heat_sold", "1000", "A"), HEAT_FROM_S, BOUGHT)
    for code in ("P", "A", "西"):
        found = of(registry, RENEWABLE, code)
        assert found.value == pytest.approx(100 * 34.12 / 648.62), code
        assert found.status == "ok", code


def test_both_ends_stated_stay_ok() -> None:
    registry = small(SOLAR, ("S", "electricity_sold", "1000", "A"), FROM_S, BOUGHT)
    assert {of(registry, ENERGY, code).status for code in ("P", "S", "A")} == {"ok"}
    assert of(registry, RENEWABLE, "A").value == pytest.approx(100 / 6)
