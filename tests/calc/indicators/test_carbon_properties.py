"""What holds of carbon whatever the amounts: gases and categories close, views differ by electricity alone."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xietong.calc.engine.engine import Calculation
from xietong.calc.engine.rules import Factors
from xietong.calc.factors.book import FactorBook
from xietong.calc.factors.rows import problem
from xietong.calc.figures import Figure

ON = date(2025, 12, 31)
AMOUNT = st.floats(0, 1e6, allow_nan=False).map(lambda value: round(value, 3))
FUELS = ("bituminous_coal", "natural_gas", "diesel", "biomass", "biogas")
GASES = ("ch4", "n2o", "hfc_23", "hfc_134a", "cf4", "c2f6", "sf6", "nf3")
NUMBERS = (
    "electricity_purchased",
    "electricity_sold",
    "green_certificates",
    "heat_purchased",
    "heat_sold",
    "co2_recovered",
)
CHOICES = st.fixed_dictionaries(
    {
        "carbon_view": st.sampled_from(["location", "market"]),
        "ghg_edition": st.sampled_from(["2015", "2025"]),
        "biomass_gases": st.sampled_from(["apart", "counted"]),
        "gwp": st.sampled_from(["AR4", "AR5", "AR6"]),
    }
)


def lines(key: str, amounts: dict[str, float]) -> Figure:
    return Figure(key, None, "t", kind="items", inputs=tuple(Figure(k, v, "t") for k, v in amounts.items()))


@st.composite
def parks(draw: st.DrawFn) -> dict[str, Figure]:
    """Amounts of a park: numbers, fuels, gases, process inputs, wastewater, acids."""
    found = {key: Figure(key, draw(AMOUNT), "") for key in NUMBERS}
    found["fuel_consumed"] = lines("fuel_consumed", {fuel: draw(AMOUNT) for fuel in FUELS})
    found["gas_emission"] = lines("gas_emission", {gas: draw(AMOUNT) for gas in GASES})
    found["process_input"] = lines("process_input", {"limestone": draw(AMOUNT), "clinker": draw(AMOUNT)})
    found["wastewater_organics"] = lines("wastewater_organics", {"anaerobic_reactor": draw(AMOUNT)})
    found["n2o_product"] = lines("n2o_product", {"nitric_acid": draw(AMOUNT)})
    return found


def value(calculation: Calculation, key: str) -> float:
    found = calculation.figure(key).value
    assert found is not None, calculation.figure(key).missing
    return found


def calculation(inputs: dict[str, Figure], choices: dict[str, str]) -> Calculation:
    return Calculation(inputs, FactorBook.default(), ON, choices)


@settings(max_examples=60, deadline=None)
@given(parks(), CHOICES)
def test_gases_and_categories_close(inputs: dict[str, Figure], choices: dict[str, str]) -> None:
    own = calculation(inputs, choices)
    total = value(own, "carbon_emission_total")
    size = sum(abs(each) for each in own.figure("carbon_by_category").items().values()) + 1
    for key in ("greenhouse_gases", "carbon_by_category"):
        assert sum(own.figure(key).items().values()) == pytest.approx(total, abs=1e-9 * size)
    assert len(own.figure("greenhouse_gases").items()) == 7


@settings(max_examples=40, deadline=None)
@given(parks(), CHOICES)
def test_the_views_differ_by_electricity_alone_and_the_choice_names_one(
    inputs: dict[str, Figure], choices: dict[str, str]
) -> None:
    own = calculation(inputs, choices)
    totals = {view: value(own, f"carbon_emission_total_{view}") for view in ("location", "market")}
    power = {view: value(own, f"net_electricity_emission_{view}") for view in ("location", "market")}
    size = abs(totals["location"]) + abs(totals["market"]) + 1
    assert totals["market"] - totals["location"] == pytest.approx(power["market"] - power["location"], abs=1e-9 * size)
    assert value(own, "carbon_emission_total") == pytest.approx(totals[choices["carbon_view"]], abs=1e-9 * size)


@settings(max_examples=40, deadline=None)
@given(parks(), st.sampled_from(FUELS[3:]), st.floats(1, 1e5))
def test_more_biomass_moves_only_what_stands_apart(inputs: dict[str, Figure], fuel: str, more: float) -> None:
    burnt = inputs["fuel_consumed"].items()
    other = {**inputs, "fuel_consumed": lines("fuel_consumed", {**burnt, fuel: burnt[fuel] + more})}
    before, after = calculation(inputs, {}), calculation(other, {})
    assert value(after, "carbon_emission_total") == value(before, "carbon_emission_total")
    apart = [sum(each.figure("biomass_co2_emission").items().values()) for each in (before, after)]
    assert apart[1] > apart[0]


@settings(max_examples=40, deadline=None)
@given(parks())
def test_proof_of_origin_never_raises_the_2025_edition(inputs: dict[str, Figure]) -> None:
    old, new = (calculation(inputs, {"ghg_edition": edition}) for edition in ("2015", "2025"))
    key = "purchased_electricity_emission_location"
    assert value(new, key) <= value(old, key)
    assert value(new, "purchased_heat_emission") == value(old, "purchased_heat_emission")


@pytest.mark.parametrize(
    ("purpose", "key", "number", "unit", "refused"),
    [
        ("carbonate_purity", "limestone", "95", "%", False),
        ("carbonate_purity", "limestone", "95", "1", True),
        ("n2o_abatement", "nitric_acid", "0.9", "1", False),
        ("n2o_abatement", "nitric_acid", "90", "1", True),
        ("cao_content", "lime", "95", "%", False),
        ("cao_content", "lime", "950", "%", True),
        ("n2o_release", "nitric_acid", "9", "kg/t", False),
        ("n2o_release", "nitric_acid", "9", "t/t", True),
        ("biogenic_carbon", "biomass", "0.0305", "tC/GJ", False),
        ("biogenic_carbon", "biomass", "0.112", "tC/GJ", True),
        ("biomass_ch4", "biomass", "30", "kg/TJ", False),
        ("biomass_ch4", "biomass", "30", "kg/GJ", True),
        ("methane_capacity", "cod", "0.25", "kg/kg", False),
        ("methane_capacity", "cod", "2.5", "kg/kg", True),
    ],
)
def test_slipped_units_of_a_parks_own_factors_are_refused(
    purpose: str, key: str, number: str, unit: str, refused: bool
) -> None:
    row = {"purpose": purpose, "key": key, "value": number, "unit": unit, "source": "lab"}
    wrong = problem(row)
    assert (wrong is not None) == refused
    assert wrong is None or (wrong[0], wrong[1]) == ("value", "physics")


def test_having_no_factor_is_no_lack_where_none_is_needed() -> None:
    factors = Factors(FactorBook.default(), "biogenic_carbon", ON, {})
    assert factors.known("biomass")
    assert not factors.known("diesel")
    assert factors.lacking == {}
    assert factors["biomass"] == float(Decimal("0.0305"))
