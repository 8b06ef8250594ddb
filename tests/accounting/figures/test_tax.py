"""Environmental tax in the accounts: who pays, top three, reductions of a month, waste, and rates that are lacking."""

from dataclasses import replace
from decimal import Decimal

import pytest
from small_parks import HoursLake, hours_of, park, point, stated, subject

from xietong.accounting import explain, figures
from xietong.calc.figures import Figure
from xietong.park.nouns import Limit, Registry, ReportedAmount, Subject
from xietong.periods import Period

YEAR, MARCH = Period.parse("2025"), Period.parse("2025-03")
TENANTS: tuple[Subject, ...] = (
    subject("A"),
    subject("A-1", "outlet", "A", discharges_to="W"),
    subject("A-2", "outlet", "A", discharges_to="environment"),
    subject("B"),
    subject("B-1", "outlet", "B", discharges_to="W"),
    subject("C"),
    subject("C-1", "outlet", "C", discharges_to="W"),
    subject("W"),
    subject("W-1", "outlet", "W", discharges_to="environment"),
)
CARRIED = (("A-1", "40"), ("A-2", "20"), ("B-1", "30"), ("C-1", "10"), ("W-1", "8"))


def tax(registry: Registry, code: str, period: Period = YEAR, lake: HoursLake | None = None) -> Figure:
    return explain(registry, lake, "environmental_tax", code, period)


def three_tenants(period: str = "2025") -> Registry:
    return park(*TENANTS, reported=[stated(code, period, "cod", amount, "t") for code, amount in CARRIED])


@pytest.mark.parametrize("period", ["2025", "2025-03"])
def test_only_what_reaches_the_environment_is_taxed(period: str) -> None:
    """100 t at the tenants' outlets, 80 t of it to the works, which lets out 8 t: 28 t × 1000 kg × 1.4 yuan."""
    registry, span = three_tenants(period), Period.parse(period)
    found = {code: tax(registry, code, span) for code in ("P", "A", "B", "W", "A-1")}
    assert found["P"].value == pytest.approx(28_000 * 1.4)
    assert found["A"].value == pytest.approx(20_000 * 1.4)
    assert found["W"].value == pytest.approx(8_000 * 1.4)
    assert explain(registry, None, "cod_taxed", "P", span).value == 28.0
    assert found["B"].status == found["A-1"].status == "not_applicable"
    assert "第四条" in found["A-1"].missing[0].zh


def test_the_published_case_comes_out_of_an_account() -> None:
    """SO2 100, fluorides 100, CO 200, HCl 80 kg in one month in Shaanxi: 278.62 yuan, HCl being the fourth."""
    amounts = (("so2", "0.1"), ("fluorides_air", "0.1"), ("co", "0.2"), ("hydrogen_chloride", "0.08"))
    rows = [stated("A-2", "2025-03", name, amount, "t") for name, amount in amounts]
    registry = park(*TENANTS, reported=rows)
    assert tax(registry, "P", MARCH).value == pytest.approx(278.62, abs=0.03)
    assert tax(registry, "A-2", YEAR).value == pytest.approx(278.62, abs=0.03)


def test_months_are_ranked_one_by_one() -> None:
    """Three of four in each of two months: what is fourth in one month is second in the other."""
    rows = [stated("A-2", "2025-01", name, amount, "t") for name, amount in (("so2", "1"), ("nox", "1"), ("co", "1"))]
    rows += [stated("A-2", "2025-01", "chlorine", "0.34", "t"), stated("A-2", "2025-02", "co", "1", "t")]
    january = sum(sorted([1000 / 0.95, 1000 / 0.95, 1000 / 16.7, 340 / 0.34])[1:])
    expected = (january + 1000 / 16.7) * 1.2
    assert tax(park(*TENANTS, reported=rows), "A").value == pytest.approx(expected)


LIMITS = (Limit("S-1", "so2", "concentration", Decimal(50), "mg/m3", "hour"),)
STACK = (subject("S"), subject("S-1", "outlet", "S", discharges_to="environment"))
POINTS = (point("C", "S-1", "so2", "mg/m3", "mean"), point("Q", "S-1", "waste_gas", "m3"))


def measured(concentration: str, above: str = "") -> Figure:
    values = hours_of("2025-03", concentration)
    if above:
        values |= {min(values): above}
    lake = HoursLake({"C": values, "Q": hours_of("2025-03", "1000000")})
    return tax(park(*STACK, points=POINTS, limits=LIMITS), "S", MARCH, lake)


@pytest.mark.parametrize(("concentration", "share"), [("36", 1.0), ("35", 0.75), ("25.01", 0.75), ("25", 0.5)])
def test_a_month_well_below_the_limit_pays_less(concentration: str, share: float) -> None:
    kilograms = 744 * 1_000_000 * float(concentration) * 1e-6
    assert measured(concentration).value == pytest.approx(kilograms / 0.95 * 1.2 * share)


def test_one_hour_above_the_limit_ends_the_reduction_of_its_month() -> None:
    kilograms = (743 * 20 + 51) * 1_000_000 * 1e-6
    assert measured("20", above="51").value == pytest.approx(kilograms / 0.95 * 1.2)


def waste(*rows: ReportedAmount) -> Figure:
    return tax(park(subject("A"), reported=rows), "A")


def test_solid_waste_that_went_nowhere_is_taxed_by_kind() -> None:
    """Fly ash: 100 − 60 − 30 − 5 = 5 t × 25; hazardous: 10 − 9.9 = 0.1 t × 1000."""
    rows = [
        stated("A", "2025", "solid_waste_generated:fly_ash", "100", "t"),
        stated("A", "2025", "solid_waste_used:fly_ash", "60", "t"),
        stated("A", "2025", "solid_waste_stored:fly_ash", "30", "t"),
        stated("A", "2025", "solid_waste_disposed:fly_ash", "5", "t"),
        stated("A", "2025", "hazardous_waste_generated", "10", "t"),
        stated("A", "2025", "hazardous_waste_disposed", "9.9", "t"),
        stated("A", "2025", "hazardous_waste_used", "0", "t"),
        stated("A", "2025", "hazardous_waste_stored", "0", "t"),
    ]
    assert waste(*rows).value == pytest.approx(5 * 25 + 0.1 * 1000)


def test_waste_whose_way_is_not_stated_is_neither_taxed_nor_free() -> None:
    found = waste(stated("A", "2025", "solid_waste_generated", "100", "t"))
    assert (found.value, found.status) == (None, "missing")
    assert "100 t" in found.missing[0].zh
    assert "补报" in found.missing[0].zh


def test_what_rounding_leaves_over_is_neither_waste_nor_a_surplus() -> None:
    rows = [
        stated("A", "2025", "solid_waste_generated", "1000.004", "t"),
        stated("A", "2025", "solid_waste_used", "1000", "t"),
    ]
    assert waste(*rows).value == 0.0
    over = [rows[0], stated("A", "2025", "solid_waste_used", "1000.5", "t")]
    assert waste(*over).value == 0.0
    wrong = [rows[0], stated("A", "2025", "solid_waste_used", "1100", "t")]
    assert waste(*wrong).status == "missing"


def test_without_a_rate_of_the_province_the_tax_is_missing_and_says_what_to_do() -> None:
    registry = replace(three_tenants(), region="西藏自治区拉萨市")
    found = tax(registry, "P")
    assert (found.value, found.status) == (None, "missing")
    assert "factors.csv" in found.missing[0].zh


def test_the_parks_own_rate_counts() -> None:
    row = {
        "key": "water",
        "value": "7",
        "unit": "元/污染当量",
        "source": "江苏省人大决定",
        "purpose": "environmental_tax_rate",
        "valid_from": "2018-01-01",
    }
    registry = replace(three_tenants(), region="江苏", factors=(row,))
    assert tax(registry, "P").value == pytest.approx(28_000 * 7)


RATE = {
    "unit": "元/污染当量",
    "source": "省人大新决定",
    "purpose": "environmental_tax_rate",
    "valid_from": "2018-01-01",
}


@pytest.mark.parametrize(
    ("rows", "rate"),
    [
        ((), 3.0),  # 山东: COD 3, other water 1.4
        (({**RATE, "key": "water", "value": "7", "evidence": "a.pdf"},), 7.0),
        (({**RATE, "key": "water", "value": "7", "evidence": "a.pdf", "approval": "proposed"},), 3.0),
        (({**RATE, "key": "water", "value": "7"},), 3.0),
        (
            (
                {**RATE, "key": "water", "value": "7", "evidence": "a.pdf"},
                {**RATE, "key": "cod", "value": "9", "evidence": "a.pdf"},
            ),
            9.0,
        ),
    ],
    ids=["shipped", "own group", "proposed", "without evidence", "own of the pollutant"],
)
def test_the_parks_own_rate_of_water_goes_before_a_shipped_one_of_cod(
    rows: tuple[dict[str, str], ...], rate: float
) -> None:
    registry = replace(three_tenants(), region="山东", factors=rows)
    assert tax(registry, "P").value == pytest.approx(28_000 * rate)


def test_the_tax_is_shown_for_outlet_enterprise_and_park() -> None:
    registry = three_tenants("2025-03")
    for code in ("A-2", "A", "P"):
        assert figures(registry, None, code, MARCH)["environmental_tax"].unit == "元"


def test_a_city_of_a_province_with_several_rates_has_its_own() -> None:
    assert tax(replace(three_tenants(), region="江苏省苏州市"), "P").value == pytest.approx(28_000 * 7)
