"""What the tax tells of each pollutant, and what each outlet of a taxpayer hears of the others.

Worked cases compare numbers and states and know one outlet: the sentences and the look over several outlets are here.
"""

from collections.abc import Iterator
from datetime import date

import pytest

from xietong.calc.engine.engine import calculate
from xietong.calc.factors.book import FactorBook
from xietong.calc.figures import Figure, missing_figure
from xietong.calc.indicators.environmental_tax import Discharge, Receiver, environmental_tax
from xietong.texts import Text

ON = date(2025, 12, 31)
HERE = {"region": "陕西省西安市"}
POLLUTANTS = ("cod", "bod5", "toc", "total_nitrogen", "suspended_solids", "so2", "nox", "smoke_dust", "co")
Amounts = dict[str, float]


def amounts(name: str, values: Amounts, unit: str = "") -> Figure:
    return Figure(name, None, unit, kind="items", inputs=tuple(Figure(key, each, unit) for key, each in values.items()))


def lines(key: str, *given: Figure) -> dict[str, Figure]:
    """The lines of one indicator of an outlet, by pollutant."""
    inputs = {each.key: each for each in given}
    figure = calculate([key], inputs, FactorBook.default(), ON, HERE)[key]
    return {child.key: child for child in figure.inputs if child.key in POLLUTANTS}


def said(line: Figure) -> str:
    return " ".join(each.en for each in (*line.remarks, *line.missing))


def test_each_pollutant_says_its_place_in_its_class_and_whether_it_is_taxed() -> None:
    """By hand: NOx 0.19 t 200, SO2 0.095 t 100, smoke 0.0218 t 10, CO 0.0835 t 5 equivalents; COD 0.1 t 100."""
    emitted = {"co": 0.0835, "smoke_dust": 0.0218, "so2": 0.095, "nox": 0.19, "cod": 0.1}
    found = lines("taxed_equivalents", amounts("outlet_emission", emitted, "t"))
    places = {"nox": (1, "taxed"), "so2": (2, "taxed"), "smoke_dust": (3, "taxed"), "co": (4, "not taxed")}
    for pollutant, (place, verdict) in places.items():
        assert f"number {place} of the outlet's air pollutants, of which the first 3 are" in said(found[pollutant])
        assert said(found[pollutant]).endswith(f": {verdict}.")
    assert "5 equivalents, number 4" in said(found["co"])
    assert found["co"].missing[0].zh.endswith("：不计税。")
    assert found["smoke_dust"].remarks[0].zh.endswith("：计税。")
    assert "100 equivalents, number 1 of the outlet's other water pollutants" in said(found["cod"])


def test_what_has_no_equivalents_says_why_and_what_has_them_says_nothing() -> None:
    """Annex 2: of COD, BOD5 and TOC one counts; total nitrogen is not in it."""
    emitted = {"cod": 0.1, "bod5": 0.04, "toc": 0.03, "total_nitrogen": 0.02, "suspended_solids": 0.04}
    found = lines("outlet_equivalents", amounts("outlet_emission", emitted, "t"))
    for other in ("bod5", "toc"):
        assert "of COD, BOD5 and TOC at one outlet only one counts" in said(found[other])
    assert said(found["total_nitrogen"]) == "annex 2 of the law has no equivalent of it: it is not taxed."
    assert (said(found["cod"]), said(found["suspended_solids"])) == ("", "")


def test_an_amount_that_did_not_come_says_that_and_nothing_of_the_law() -> None:
    absent = missing_figure("nox", "t", Text("没有收到", "it did not come"))
    emitted = Figure("outlet_emission", None, "t", kind="items", inputs=(Figure("so2", 0.095, "t"), absent))
    assert said(lines("outlet_equivalents", emitted)["nox"]) == "it did not come"


def test_tax_in_full_for_want_of_a_limit_says_so_and_what_was_judged_does_not() -> None:
    """SO2 stands beside its limit, NOx does not: 120 × 0.5 and 120 in full. CO is the fourth and not taxed at all."""
    emitted = {"so2": 0.095, "nox": 0.095, "smoke_dust": 0.218, "co": 0.0167}
    judged = (amounts("taxable_concentration", {"so2": 10}), amounts("taxable_limit", {"so2": 35}))
    found = lines("outlet_tax", amounts("outlet_emission", emitted, "t"), *judged)
    assert found["so2"].value == pytest.approx(60)
    assert found["nox"].value == pytest.approx(120)
    assert "nothing is taken off (art. 13)" in said(found["nox"])
    assert said(found["so2"]) == ""
    assert "number 4" in said(found["co"])
    assert "nothing is taken off" not in said(found["co"])


def outlet(name: str, above: Amounts | None, receiver: Receiver = "environment") -> Discharge:
    """100 equivalents of SO2, 71 % below the limit: 120 yuan, 60 where nothing stands against the reduction."""
    given = [amounts("outlet_emission", {"so2": 0.095}, "t"), amounts("taxable_concentration", {"so2": 10})]
    given.append(amounts("taxable_limit", {"so2": 35}))
    given += [] if above is None else [amounts("taxable_exceedances", above)]
    return Discharge(name, Text(name, name), receiver, {each.key: each for each in given})


def unmeasured(name: str) -> Discharge:
    whole = outlet(name, None)
    return Discharge(name, whole.title, "environment", {"outlet_emission": whole.inputs["outlet_emission"]})


def walk(figure: Figure) -> Iterator[Figure]:
    yield figure
    for child in figure.inputs:
        yield from walk(child)


def told(*discharges: Discharge) -> tuple[float | None, dict[str, dict[str, float | None]]]:
    """The tax of them all, and by outlet the exceedances elsewhere and of the whole taxpayer."""
    whole = environmental_tax(discharges, {}, FactorBook.default(), ON, HERE)
    keys = ("exceedances_elsewhere", "taxpayer_exceedances")
    return whole.value, {
        each.key: {figure.key: figure.value for figure in walk(each) if figure.key in keys} for each in whole.inputs
    }


def test_each_outlet_hears_what_went_above_a_limit_at_the_others() -> None:
    """One 0, two 1 + 2, three 4, four says none: of the taxpayer 7; each hears 7 less its own. 4 × 120 in full."""
    tax, heard = told(
        outlet("one", {"so2": 0}),
        outlet("two", {"so2": 1, "nox": 2}),
        outlet("three", {"so2": 4}),
        outlet("four", None),
    )
    assert tax == pytest.approx(480)
    assert {name: each["exceedances_elsewhere"] for name, each in heard.items()} == {
        "one": 7,
        "two": 4,
        "three": 3,
        "four": 7,
    }
    assert {each["taxpayer_exceedances"] for each in heard.values()} == {7}


def test_an_outlet_that_leads_to_a_works_says_nothing_to_the_others() -> None:
    """Two clean outlets pay half, 60 each, whatever went above a limit on the way to a works; the works' pays none."""
    tax, heard = told(outlet("one", {"so2": 0}), outlet("two", None), outlet("three", {"so2": 5}, "works"))
    assert tax == pytest.approx(120)
    assert (heard["one"]["exceedances_elsewhere"], heard["two"]["exceedances_elsewhere"]) == (0, 0)


def test_an_outlet_without_a_concentration_pays_in_full_and_hears_nothing() -> None:
    tax, heard = told(outlet("one", {"so2": 0}), unmeasured("two"))
    assert tax == pytest.approx(60 + 120)
    assert "exceedances_elsewhere" not in heard["two"]
