"""The tax outlet by outlet: the published case, who pays, and what is never taxed."""

import csv
from datetime import date
from pathlib import Path

import pytest

from xietong.calc.engine.engine import calculate
from xietong.calc.factors.book import FactorBook
from xietong.calc.figures import Figure
from xietong.calc.indicators.environmental_tax import FIRST_CLASS_WATER, Discharge, Receiver, environmental_tax
from xietong.texts import Text

ROOT = Path(__file__).parents[3]
ON = date(2025, 12, 31)
HERE = {"region": "陕西省西安市"}


def amounts(name: str, values: dict[str, float], unit: str = "t") -> Figure:
    return Figure(name, None, unit, kind="items", inputs=tuple(Figure(key, each, unit) for key, each in values.items()))


def outlet(name: str, tonnes: dict[str, float], receiver: Receiver = "environment") -> Discharge:
    return Discharge(name, Text(name, name), receiver, {"outlet_emission": amounts("outlet_emission", tonnes)})


def tax(*discharges: Discharge, waste: dict[str, Figure] | None = None) -> Figure:
    return environmental_tax(discharges, waste or {}, FactorBook.default(), ON, HERE)


def test_the_published_case_to_three_fen() -> None:
    """A tax advisers' exercise: 100 kg SO2, 100 kg F, 200 kg CO, 80 kg HCl at 1.2 yuan: 278.62, three are taxed.

    By hand: 1.2 × (100 ÷ 0.95 + 100 ÷ 0.87 + 200 ÷ 16.7) = 278.6181; HCl, 80 ÷ 10.75 = 7.44, is the fourth.
    """
    emitted = {"so2": 0.1, "fluorides_air": 0.1, "co": 0.2, "hydrogen_chloride": 0.08}
    inputs = {"outlet_emission": amounts("outlet_emission", emitted)}
    figures = calculate(["outlet_environmental_tax", "taxed_equivalents"], inputs, FactorBook.default(), ON, HERE)
    assert figures["outlet_environmental_tax"].value == pytest.approx(278.62, abs=0.03)
    assert figures["outlet_environmental_tax"].value == pytest.approx(278.6181, abs=1e-4)
    assert set(figures["taxed_equivalents"].items()) == {"so2", "fluorides_air", "co"}


def test_only_what_reaches_the_environment_is_taxed() -> None:
    """Three tenants and a works: 100 t at the tenants' outlets, 80 t of it to the works, which lets out 8 t."""
    figure = tax(
        outlet("A", {"cod": 50.0}, "works"),
        outlet("B", {"cod": 30.0}, "works"),
        outlet("C", {"cod": 20.0}),
        outlet("works", {"cod": 8.0}),
    )
    assert figure.value == pytest.approx((20000 + 8000) * 1.4)
    assert [(child.key, child.status) for child in figure.inputs][:2] == [
        ("A", "not_applicable"),
        ("B", "not_applicable"),
    ]
    assert "art. 4" in figure.inputs[0].missing[0].en
    assert figure.status == "ok"


def test_the_three_largest_count_at_each_outlet_and_not_over_all() -> None:
    mixed = {"so2": 0.095, "nox": 0.19, "smoke_dust": 0.0218, "co": 0.0835}
    assert tax(outlet("one", mixed)).value == pytest.approx((100 + 200 + 10) * 1.2)
    assert tax(
        outlet("one", {"so2": 0.095, "nox": 0.19}), outlet("two", {"smoke_dust": 0.0218, "co": 0.0835})
    ).value == pytest.approx((100 + 200 + 10 + 5) * 1.2)


def test_solid_waste_is_added_and_nothing_at_all_is_no_tax() -> None:
    waste = {"taxable_waste_generated": amounts("taxable_waste_generated", {"fly_ash": 10.0})}
    assert tax(outlet("one", {"so2": 0.095}), waste=waste).value == pytest.approx(120 + 250)
    assert tax().status == "not_applicable"


def test_a_missing_rate_makes_the_outlet_missing_and_the_sum_partial() -> None:
    discharges = [outlet("air", {"so2": 0.095}), outlet("water", {"cod": 1.0})]
    row = {"purpose": "environmental_tax_rate", "key": "air", "value": "1.2", "unit": "元/污染当量", "source": "x"}
    figure = environmental_tax(discharges, {}, FactorBook.default().with_rows([row]), ON, {"region": "江苏"})
    assert figure.value == pytest.approx(120)
    assert figure.status == "partial"
    assert "environmental_tax_rate" in figure.missing[0].en


def test_the_first_class_is_the_laws() -> None:
    rows = csv.DictReader((ROOT / "xietong/calc/factors/pollution_equivalent.csv").open(encoding="utf-8"))
    assert {row["key"] for row in rows if row["table_row"].startswith("附表二 第一类")} == FIRST_CLASS_WATER


def test_the_rate_says_that_its_original_was_not_seen() -> None:
    rate = FactorBook.default().find("environmental_tax_rate", "air", ON, HERE)
    assert rate.value == 1.2
    assert rate.trace["confidence"] == "knowledge"
    assert "not checked" in rate.remarks[0].en
