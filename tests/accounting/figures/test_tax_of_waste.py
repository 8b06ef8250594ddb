"""Environmental tax where something taxed was due and did not come: partial or missing, with its name, never ok."""

import pytest
from small_parks import park, stated, subject

from xietong.accounting import explain
from xietong.calc.figures import Figure
from xietong.park.nouns import Expected, ReportedAmount
from xietong.periods import Period

FIRMS = (subject("A"), subject("B"), subject("B-1", "outlet", "B", discharges_to="environment"))
RATE = 25


def tax(code: str, period: str, reported: list[ReportedAmount], *expected: Expected) -> Figure:
    registry = park(*FIRMS, reported=reported, expected=expected)
    return explain(registry, None, "environmental_tax", code, Period.parse(period))


def waste(month: int, without: str = "") -> list[ReportedAmount]:
    """10 t made, 5 used, 4 disposed of, none stored: 1 t of other waste is taxed."""
    amounts = {"generated": "10", "used": "5", "stored": "0", "disposed": "4"}
    period = f"2025-{month:02}"
    return [stated("A", period, f"solid_waste_{k}", v, "t") for k, v in amounts.items() if k != without]


@pytest.mark.parametrize("name", ["solid_waste_generated", "hazardous_waste_generated", "cod"])
def test_what_is_due_of_the_taxed_and_absent_makes_the_tax_partial(name: str) -> None:
    """B lets out 1 t of COD: 1,400 yuan. What A owes is not known, so the park's tax is not whole (was: ok)."""
    rows, due = [stated("B-1", "2025-01", "cod", "1", "t")], Expected("A", name, "month")
    found = tax("P", "2025-01", rows, due)
    assert (found.value, found.status) == (1400.0, "partial")
    assert any("A公司" in said.zh and "2025-01" in said.zh for said in found.missing)
    own = tax("A", "2025-01", rows, due)
    assert (own.value, own.status) == (None, "missing")
    assert tax("B", "2025-01", rows, due).status == "ok"


@pytest.mark.parametrize("absent", ["generated", "used", "disposed"])
def test_a_month_without_one_of_the_four_amounts_is_neither_taxed_nor_free(absent: str) -> None:
    """Eleven whole months at 1 t; of July one amount is absent (was: 425 yuan ok without the waste used in July)."""
    rows = [row for month in range(1, 13) for row in waste(month, absent if month == 7 else "")]
    found = tax("A", "2025", rows)
    assert (found.value, found.status) == (11.0 * RATE, "partial")
    assert any("2025-07" in said.zh for said in found.missing)


def test_waste_that_is_stated_for_the_year_and_whole_is_ok() -> None:
    amounts = (("generated", "120"), ("used", "60"), ("stored", "0"), ("disposed", "48"))
    rows = [stated("A", "2025", f"solid_waste_{part}", amount, "t") for part, amount in amounts]
    found = tax("A", "2025", rows, Expected("A", "solid_waste_generated", "year"))
    assert (found.value, found.status) == (12.0 * RATE, "ok")


def test_waste_listed_as_never_due_is_not_asked_for() -> None:
    rows = [stated("B-1", "2025-01", "cod", "1", "t")]
    assert tax("P", "2025-01", rows, Expected("A", "solid_waste_generated", "never")).status == "ok"


def test_one_base_of_waste_that_is_absent_makes_the_others_tax_partial() -> None:
    """1 t of other waste is taxed; the hazardous waste of the same month is owed and absent."""
    due = (Expected("A", "solid_waste_generated", "month"), Expected("A", "hazardous_waste_generated", "month"))
    found = tax("A", "2025-03", waste(3), *due)
    assert (found.value, found.status) == (1.0 * RATE, "partial")


def test_an_amount_that_is_owed_is_named_where_the_others_leave_nothing() -> None:
    """10 t made and 10 used; what was disposed of is owed and absent: nothing is taxed, and the answer is not whole."""
    rows = [stated("A", "2025-03", f"solid_waste_{part}", "10", "t") for part in ("generated", "used")]
    found = tax("A", "2025-03", rows, *(Expected("A", f"solid_waste_{part}", "month") for part in ("used", "disposed")))
    assert (found.value, found.status) == (0.0, "partial")
    assert any("2025-03" in said.zh for said in found.missing)


SLAG = (
    stated("A", "2025", "solid_waste_generated:slag", "1000", "t"),
    stated("A", "2025", "solid_waste_used:slag", "1000", "t", counterparty="B"),
)


def own_of_b(*kinds: tuple[str, str, str]) -> list[ReportedAmount]:
    return [
        stated("B", "2025", f"solid_waste_{name}", amount, "t", counterparty=other) for name, amount, other in kinds
    ]


GYPSUM = own_of_b(("generated:gypsum", "500", ""), ("used:gypsum", "400", ""))
REST = own_of_b(("stored:gypsum", "0", ""), ("disposed:gypsum", "0", ""))


@pytest.mark.parametrize("used", ["600", "50"])
def test_waste_of_others_that_a_unit_used_is_none_of_its_own(used: str) -> None:
    """B used A's slag; of its own 500 t of gypsum 100 t went nowhere: 2,500 yuan (was: missing for 600 t, "used more
    than generated"; 1,250 yuan, ok, for 50 t)."""
    rows = [*SLAG, *own_of_b(("used:slag", used, "A")), *GYPSUM, *REST]
    for code in ("B", "P"):
        found = tax(code, "2025", rows)
        assert (found.value, found.status) == (100.0 * RATE, "ok")
    assert tax("A", "2025", rows).value == 0.0


def test_what_is_stated_as_used_of_what_was_received_is_taken_off_once() -> None:
    """Without kinds: 1,000 t used, of them 600 t received; of kinds: the slag that others gave, named as such too."""
    whole = own_of_b(
        ("generated", "500", ""),
        ("received", "900", ""),
        ("used", "1000", ""),
        ("used_received", "600", ""),
        ("stored", "0", ""),
        ("disposed", "0", ""),
    )
    assert (tax("B", "2025", whole).value, tax("B", "2025", whole).status) == (100.0 * RATE, "ok")
    for more in ("used_received:slag", "used_received"):
        rows = [*SLAG, *own_of_b(("used:slag", "600", "A"), (more, "600", "")), *GYPSUM, *REST]
        assert tax("B", "2025", rows).value == 100.0 * RATE
    both = own_of_b(("generated:slag", "500", ""), ("used:slag", "1000", ""), ("used_received:slag", "600", ""))
    left = own_of_b(("stored:slag", "0", ""), ("disposed:slag", "0", ""))
    assert tax("B", "2025", [*both, *left]).value == 100.0 * RATE


def test_what_others_gave_and_lies_in_store_is_no_waste_of_the_unit() -> None:
    rows = [*SLAG, *own_of_b(("received:slag", "900", "A"), ("stored:slag", "300", "")), *GYPSUM, *REST]
    assert tax("B", "2025", rows).value == 100.0 * RATE
