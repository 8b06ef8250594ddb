"""What is absent is named as a clerk knows it: the item, its kind, what it was used for, the month, and what to do."""

import pytest
from small_parks import monthly, park, stated, subject

from xietong.accounting.figures.account import account
from xietong.calc.figures import Figure
from xietong.park.nouns import ReportedAmount
from xietong.periods import Period

USED = [stated("A", f"2025-{month:02}", "natural_gas", "10", "10^4m3") for month in range(1, 13)]


def of(rows: list[ReportedAmount], key: str, code: str = "A") -> Figure:
    year = Period.parse("2025")
    return account(park(subject("A"), reported=rows), None, code, year).books.amount(code, key, year).figure


@pytest.mark.parametrize(
    ("use", "zh", "en"),
    [
        ("feedstock", "天然气（用作原料）", "natural gas (used as raw material)"),
        ("living", "（生活使用）", "by households"),
    ],
)
def test_an_absent_use_is_named_as_that_use(use: str, zh: str, en: str) -> None:
    """Ten months of gas as raw material beside twelve of gas burnt: November and December lack the use."""
    fed = [stated("A", f"2025-{month:02}", "natural_gas", "2", "10^4m3", use=use) for month in range(1, 11)]
    for code in ("A", "P"):
        [said] = of(USED + fed, f"natural_gas#{use}", code).missing
        assert zh in said.zh
        assert en in said.en
    [said] = of(USED + fed, f"natural_gas#{use}").missing
    assert f"应报未报 2025-11..2025-12；请填报（use = {use}）" in said.zh
    assert f"was due and not reported for 2025-11..2025-12; report it with use = {use}." in said.en
    assert of(USED + fed, "natural_gas").status == "ok"


def test_an_absent_kind_is_named_with_its_kind() -> None:
    steam = monthly("A", "steam_purchased:1.0MPa", "5", "t", range(1, 12))
    [said] = of(steam, "steam_purchased:1.0MPa").missing
    assert "1.0MPa" in said.zh
    assert "1.0MPa" in said.en
    assert "2025-12" in said.zh


def test_a_plain_item_is_named_as_before() -> None:
    [said] = of(monthly("A", "diesel", "5", "t", range(1, 12)), "diesel").missing
    assert said.zh == "A公司的柴油应报未报 2025-12；请填报。"
    assert said.en == "diesel of A Ltd was due and not reported for 2025-12; report it."
