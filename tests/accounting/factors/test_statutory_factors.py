"""Factors set by law, ministry or edition: no own row replaces them without a legal basis and a second person.

2,600 yuan by hand: COD 1,000 kg ÷ 1 kg × 1.4 + SO2 950 kg ÷ 0.95 kg × 1.2 (Shaanxi).
"""

from dataclasses import replace

import pytest
from small_parks import PARK, park, stated, subject

from xietong.accounting import explain
from xietong.calc.factors.book import FactorBook
from xietong.calc.factors.classes import factor_classes, may_replace
from xietong.calc.figures import Figure
from xietong.park.nouns import Registry
from xietong.periods import Period

BARE = {"source": "自定", "valid_from": "2018-01-01", "evidence": "会议纪要", "unit": "kg"}
COD = {**BARE, "purpose": "pollution_equivalent", "key": "cod", "value": "10"}
SO2 = {**BARE, "purpose": "pollution_equivalent", "key": "so2", "value": "9.5"}
LEGAL = {"legal_basis": "国务院令第 999 号", "approval": "approved"}


def small(*factors: dict[str, str], **choices: str) -> Registry:
    rows = [
        stated("O1", "2025-01", "cod", "1000", "kg"),
        stated("O1", "2025-01", "so2", "950", "kg"),
        stated("A", "2025-01", "electricity_purchased", "100", "MWh"),
        stated("A", "2025-01", "output_value", "100", "万元"),
    ]
    outlet = subject("O1", "outlet", "A", discharges_to="environment")
    return replace(park(subject("A"), outlet, reported=rows, choices=choices), factors=factors)


def of(registry: Registry, key: str, code: str = "A") -> Figure:
    return explain(registry, None, key, code, Period.parse("2025-01"))


@pytest.mark.parametrize("whose", ["", "A", "O1"])
@pytest.mark.parametrize(
    "said", [{}, {"legal_basis": "国务院令第 999 号", "approval": "awaiting"}, {"legal_basis": " "}]
)
def test_an_own_equivalent_without_basis_or_second_person_stands_beside(whose: str, said: dict[str, str]) -> None:
    registry = small({**COD, **said, "subject": whose}, {**SO2, **said, "subject": whose})
    for code in ("A", PARK.code):
        assert of(registry, "environmental_tax", code).value == pytest.approx(2600)
        assert of(registry, "pollutant_emission_intensity", code).value == pytest.approx(20)
    if whose:  # the tax asks for no subject's own factors at all
        return
    told = of(registry, "environmental_tax").remarks
    assert any("10 kg" in each.zh and "法律依据" in each.zh for each in told)
    assert any("9.5 kg" in each.en and "second person" in each.en for each in told)


def test_with_its_law_and_a_second_person_it_counts_and_every_figure_says_so() -> None:
    registry = small({**COD, **LEGAL}, {**SO2, **LEGAL})
    figure = of(registry, "environmental_tax")
    assert figure.value == pytest.approx(260)
    assert any("自有系数 10 kg" in each.zh for each in figure.remarks)
    assert any("自有系数" in each.zh for each in of(registry, "pollutant_emission_intensity", "P").remarks)


@pytest.mark.parametrize(
    ("row", "key"),
    [
        (
            {"purpose": "grid_emission", "key": "electricity", "value": "0.1", "unit": "tCO2/MWh"},
            "carbon_emission_total",
        ),
        ({"purpose": "gwp", "key": "ch4", "value": "1", "unit": "tCO2e/t"}, "carbon_emission_total"),
        (
            {"purpose": "environmental_tax_rate", "key": "water", "value": "1.5", "unit": "元/污染当量"},
            "environmental_tax",
        ),
    ],
)
def test_grid_gwp_and_tax_rates_are_protected_alike(row: dict[str, str], key: str) -> None:
    assert of(small({**BARE, **row}), key).value == of(small(), key).value


def test_a_gap_of_the_annex_is_not_filled_by_a_park_and_one_of_the_ministry_is() -> None:
    nitrogen = {**COD, "key": "total_nitrogen"}
    rows = small(nitrogen)
    with_nitrogen = replace(rows, reported=(*rows.reported, stated("O1", "2025-01", "total_nitrogen", "500", "kg")))
    assert of(with_nitrogen, "environmental_tax").value == pytest.approx(2600)
    area = {"grid_area": "regional"}
    grid = {
        **BARE,
        "purpose": "grid_emission",
        "key": "electricity",
        "value": "0.4",
        "unit": "tCO2/MWh",
        "region": "内蒙古",
    }
    figure = of(replace(small(grid, **area), region="内蒙古"), "purchased_electricity_emission")
    assert figure.value == pytest.approx(40)
    assert any("legal_basis" in each.en for each in figure.remarks)


def test_what_is_measured_stays_the_parks_own_and_says_so() -> None:
    heat = {**BARE, "purpose": "coal_equivalent", "key": "raw_coal", "value": "0.65", "unit": "tce/t"}
    registry = small(heat)
    burnt = replace(registry, reported=(*registry.reported, stated("A", "2025-01", "raw_coal", "100", "t")))
    figure = of(burnt, "comprehensive_energy_consumption")
    assert figure.value == pytest.approx(65 + 100 * 0.1229)
    assert any("自有系数 0.65" in each.zh for each in figure.remarks)


def test_every_class_is_of_a_purpose_that_is_shipped() -> None:
    shipped = {row.purpose for row in FactorBook.default().rows()}
    assert set(factor_classes()) <= shipped
    assert not may_replace(COD)
    assert may_replace({**COD, "purpose": "carbon_content"})
