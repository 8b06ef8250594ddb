"""Properties of energy: heat by grade, products that share an enterprise's energy, prices; and the table of steam."""

import csv
from datetime import date
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from xietong.calc import energy_grades
from xietong.calc.energy_grades import CELSIUS, SATURATED, SUPERHEATED, GradeError, steam_nodes, water_temperature
from xietong.calc.engine.engine import calculate
from xietong.calc.engine.rules import UnknownValueError
from xietong.calc.factors.book import FactorBook
from xietong.calc.figures import Figure

ON = date(2025, 12, 31)
BOOK = FactorBook.default()
HEAT_ROWS = Path(energy_grades.__file__).parent / "factors" / "heat.csv"

quick = settings(max_examples=60, deadline=None)
pressure = st.floats(0.1, 4.0).map(lambda value: round(value, 3))
celsius = st.floats(150, 450).map(lambda value: round(value, 1))
amount = st.floats(0.01, 1e6).map(lambda value: round(value, 3))


def enthalpy(grade: str) -> float:
    """GJ/t of a grade; not a number where the table has none."""
    try:
        return BOOK.find("steam_enthalpy", grade, ON, {}).value or 0.0
    except UnknownValueError:
        return float("nan")


def work(key: str, **stated: float | dict[str, float]) -> float:
    inputs = {}
    for name, value in stated.items():
        if isinstance(value, dict):
            parts = tuple(Figure(part, each, "t") for part, each in value.items())
            inputs[name] = Figure(name, None, "", kind="items", inputs=parts)
        else:
            inputs[name] = Figure(name, value, "")
    found = calculate([key], inputs, BOOK, ON, {})[key].value
    assert found is not None
    return found


def test_the_nodes_are_the_rows_of_the_table() -> None:
    rows = {
        row["key"] for row in csv.DictReader(HEAT_ROWS.open(encoding="utf-8")) if row["purpose"] == "steam_enthalpy"
    }
    assert {f"saturated_{p:.1f}MPa" for p in SATURATED} == {key for key in rows if key.startswith("saturated")}
    superheated = {key for key in rows if key.startswith("superheated")}
    assert superheated < {f"superheated_{p:.1f}MPa_{t:.0f}C" for p in SUPERHEATED for t in CELSIUS}
    assert len(superheated) == 86


@quick
@given(pressure)
def test_saturated_steam_lies_between_its_neighbours(mpa: float) -> None:
    nodes = steam_nodes(f"{mpa}MPa")
    assert sum(share for _, share in nodes) == pytest.approx(1)
    around = [enthalpy(key) for key, _ in nodes]
    assert min(around) - 1e-12 <= enthalpy(f"{mpa}MPa") <= max(around) + 1e-12
    assert 2.67 < enthalpy(f"saturated_{mpa}MPa") < 2.81


@quick
@given(pressure, celsius, st.floats(0.1, 100))
def test_hotter_steam_holds_more_heat_and_thicker_steam_less(mpa: float, hot: float, more: float) -> None:
    cool, warm = enthalpy(f"{mpa}MPa_{hot}C"), enthalpy(f"{mpa}MPa_{min(450.0, round(hot + more, 1))}C")
    assume(cool == cool)
    assert warm >= cool > enthalpy(f"{mpa}MPa") - 0.002
    thicker = enthalpy(f"{min(4.0, round(mpa + 0.1, 3))}MPa_{hot}C")
    assert not thicker > cool


@quick
@given(amount, amount, st.floats(20.1, 199).map(lambda value: round(value, 1)), st.floats(0.1, 50))
def test_heat_of_water_grows_with_amount_and_with_temperature(
    one: float, other: float, hot: float, more: float
) -> None:
    grade = f"{hot}C"
    each = [work("heat_received", hot_water_purchased={grade: tonnes}) for tonnes in (one, other, one + other)]
    assert each[2] == pytest.approx(each[0] + each[1])
    assert each[0] == pytest.approx(one * (hot - 20) * 0.0041868)
    warmer = f"{min(200.0, round(hot + more, 1))}C"
    assert work("heat_received", hot_water_purchased={warmer: one}) >= each[0]


@quick
@given(pressure, amount, st.floats(0.01, 100))
def test_steam_and_water_scale(mpa: float, tonnes: float, factor: float) -> None:
    grade = f"{mpa}MPa"
    once = work("heat_received", steam_purchased={grade: tonnes}, hot_water_purchased={"95C": tonnes})
    more = work("heat_received", steam_purchased={grade: tonnes * factor}, hot_water_purchased={"95C": tonnes * factor})
    assert more == pytest.approx(once * factor)
    back = work("heat_consumed", steam_purchased={grade: tonnes}, steam_sold={grade: tonnes})
    assert back == pytest.approx(0, abs=1e-9 * tonnes)


@quick
@given(st.dictionaries(st.sampled_from("abcdef"), amount, min_size=1), amount)
def test_products_share_all_energy_and_no_more(shares: dict[str, float], energy: float) -> None:
    whole = sum(shares.values())
    given_all = {"comprehensive_energy_consumption": energy, "shares_of_all_products": whole}
    parts = [work("product_energy", product_share=share, **given_all) for share in shares.values()]
    assert sum(parts) == pytest.approx(energy)
    for share, part in zip(shares.values(), parts, strict=True):
        assert work("energy_per_product", product_share=share, product_amount=share, **given_all) == pytest.approx(
            energy / whole
        )
        assert part == pytest.approx(energy * share / whole)


@pytest.mark.parametrize(
    "grade", ["", "MPa", "0.8", "0.8bar", "-0.8MPa", "superheated_1.0MPa", "saturated_1.0MPa_200C"]
)
def test_a_grade_that_cannot_be_read_says_how_to_write_it(grade: str) -> None:
    with pytest.raises(GradeError) as raised:
        steam_nodes(grade)
    assert "0.8MPa" in raised.value.text.zh


@pytest.mark.parametrize("grade", ["20C", "0C", "201C", "warm", "-5C"])
def test_water_without_heat_says_so(grade: str) -> None:
    with pytest.raises(GradeError) as raised:
        water_temperature(grade)
    assert "请" in raised.value.text.zh


def test_an_own_enthalpy_of_the_very_grade_or_of_a_node_goes_first() -> None:
    def own(key: str) -> FactorBook:
        row = {"purpose": "steam_enthalpy", "key": key, "value": "2700", "unit": "kJ/kg", "source": "实测"}
        return BOOK.with_rows([row])

    assert own("0.85MPa").find("steam_enthalpy", "0.85MPa", ON, {}).value == pytest.approx(2.7)
    of_node = own("saturated_0.8MPa").find("steam_enthalpy", "0.85MPa", ON, {})
    assert of_node.value == pytest.approx((2.7 + 2.773) / 2)
    assert "内插" in of_node.source
    assert [child.key for child in of_node.inputs] == [
        "steam_enthalpy:saturated_0.8MPa",
        "steam_enthalpy:saturated_0.9MPa",
    ]
