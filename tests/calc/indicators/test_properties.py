"""Properties of the rules for any park: what scales, what grows with what, what adds up."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xietong.calc.engine.engine import calculate
from xietong.calc.factors.book import FactorBook
from xietong.calc.factors.rows import convert_ratio
from xietong.calc.figures import Figure
from xietong.calc.items import all_items, inputs, pollutants

ON = date(2025, 12, 31)
FUELS = sorted(
    key
    for key, each in all_items().items()
    if each.carrier == "fuel" and key not in {"gangue", "residue_oil", "coal_slime", "middlings", "methanol"}
    if key not in {"producer_gas", "water_gas"}
)
POLLUTANTS = sorted({each.item for each in pollutants()} - {"bod5", "toc", "cod"})
AIR = [each.item for each in pollutants() if each.carrier == "air" and each.item != "vocs"]
WASTE = ["gangue", "tailings", "fly_ash", "furnace_slag", "smelting_slag", "hazardous_waste", "other_solid_waste"]
# What an input does to the carbon total: its part where it has several, and whether it adds or takes off.
MOVES = {
    "fuel_consumed": ("diesel", 1),
    "heat_purchased": ("", 1),
    "heat_sold": ("", -1),
    "electricity_sold": ("", -1),
    "steam_purchased": ("saturated_1.0MPa", 1),
    "steam_sold": ("saturated_1.0MPa", -1),
    "process_input": ("limestone", 1),
    "process_output": ("crude_steel_carbon", -1),
    "gas_emission": ("ch4", 1),
    "co2_recovered": ("", -1),
}
TOTALS = ("comprehensive_energy_consumption", "carbon_emission_total")

# No deadline: two busy cores are no fault of the rules.
quick = settings(max_examples=40, deadline=None)
amount = st.floats(min_value=0, max_value=1e9, allow_nan=False).map(lambda value: round(value, 6))
positive = st.floats(min_value=1e-3, max_value=1e9, allow_nan=False).map(lambda value: round(value, 6))
fuels = st.dictionaries(st.sampled_from(FUELS), amount, max_size=6)
power = st.fixed_dictionaries(
    {"electricity_purchased": amount, "heat_purchased": amount, "electricity_sold": amount, "heat_sold": amount}
)
emissions = st.dictionaries(st.sampled_from(POLLUTANTS), amount, min_size=1, max_size=6)


def close(value: float | None, scale: float = 1.0) -> object:
    return pytest.approx(value, rel=1e-9, abs=1e-9 * max(scale, 1.0))


def figure_of(name: str, value: float | Mapping[str, float]) -> Figure:
    if isinstance(value, Mapping):
        children = tuple(Figure(part, each, "t") for part, each in value.items())
        return Figure(name, None, "", kind="items", inputs=children)
    return Figure(name, value, "")


def work(keys: tuple[str, ...], **stated: float | Mapping[str, float]) -> list[float]:
    """The values of the keys; what was given as nothing at all stays away."""
    given_figures = {name: figure_of(name, value) for name, value in stated.items() if value != {}}
    figures = calculate(keys, given_figures, FactorBook.default(), ON, {"region": "陕西"})
    return [value if (value := figures[key].value) is not None else float("nan") for key in keys]


def times(stated: Mapping[str, float], factor: float) -> dict[str, float]:
    return {name: value * factor for name, value in stated.items()}


@quick
@given(fuels, power, st.floats(min_value=0.01, max_value=100))
def test_twice_the_park_is_twice_the_totals(burnt: dict[str, float], net: dict[str, float], factor: float) -> None:
    once = work(TOTALS, fuel_consumed=burnt, **net)
    more = work(TOTALS, fuel_consumed=times(burnt, factor), **times(net, factor))
    size = sum(burnt.values()) + sum(net.values())
    for one, other in zip(once, more, strict=True):
        assert other == close(one * factor, size * factor * 100)


@quick
@given(fuels, power, fuels, power)
def test_two_enterprises_are_the_sum_of_each(
    burnt: dict[str, float], net: dict[str, float], others: dict[str, float], other_net: dict[str, float]
) -> None:
    together = {fuel: burnt.get(fuel, 0.0) + others.get(fuel, 0.0) for fuel in {*burnt, *others}}
    both = {name: net[name] + other_net[name] for name in net}
    parts = zip(work(TOTALS, fuel_consumed=burnt, **net), work(TOTALS, fuel_consumed=others, **other_net), strict=True)
    size = (sum(together.values()) + sum(both.values())) * 100
    for whole, (one, other) in zip(work(TOTALS, fuel_consumed=together, **both), parts, strict=True):
        assert whole == close(one + other, size)


@quick
@given(fuels, power, amount, st.sampled_from(["electricity", "heat"]))
def test_what_one_tenant_sells_another_closes_to_nothing(
    burnt: dict[str, float], net: dict[str, float], passed: float, carrier: str
) -> None:
    """A transfer inside the fence: the seller's and the buyer's totals add up to the park's without it."""
    seller = work(TOTALS, fuel_consumed=burnt, **{**net, f"{carrier}_sold": net[f"{carrier}_sold"] + passed})
    buyer = work(TOTALS, **{f"{carrier}_purchased": passed})
    size = (sum(burnt.values()) + sum(net.values()) + passed) * 100
    for whole, one, other in zip(work(TOTALS, fuel_consumed=burnt, **net), seller, buyer, strict=True):
        assert one + other == close(whole, size)


@quick
@given(fuels, power, positive, st.sampled_from([*FUELS, "electricity_purchased", "heat_purchased"]))
def test_totals_never_fall_with_what_is_bought_or_burnt(
    burnt: dict[str, float], net: dict[str, float], more: float, what: str
) -> None:
    before = work(TOTALS, fuel_consumed=burnt, **net)
    if what in FUELS:
        after = work(TOTALS, fuel_consumed={**burnt, what: burnt.get(what, 0.0) + more}, **net)
    else:
        after = work(TOTALS, fuel_consumed=burnt, **{**net, what: net[what] + more})
    size = sum(burnt.values()) + sum(net.values()) + more
    assert all(new >= old - size * 1e-7 for old, new in zip(before, after, strict=True))


@quick
@given(power, positive, st.sampled_from(["electricity_sold", "heat_sold"]))
def test_totals_never_rise_with_what_is_sold(net: dict[str, float], more: float, what: str) -> None:
    before, after = work(TOTALS, **net), work(TOTALS, **{**net, what: net[what] + more})
    size = sum(net.values()) + more
    assert all(new <= old + size * 1e-7 for old, new in zip(before, after, strict=True))


@quick
@given(fuels.filter(bool), positive, positive)
def test_intensity_is_total_over_value_and_efficiency_its_inverse(
    burnt: dict[str, float], bought: float, value: float
) -> None:
    keys = ("comprehensive_energy_consumption", "energy_per_output_value", "energy_utilization_efficiency")
    total, intensity, efficiency = work(keys, fuel_consumed=burnt, electricity_purchased=bought, output_value=value)
    assert intensity * value == close(total, total)
    assert intensity * efficiency == pytest.approx(1)


@quick
@given(fuels, positive, amount, amount)
def test_shares_lie_between_nothing_and_all(
    burnt: dict[str, float], bought: float, own: float, certified: float
) -> None:
    renewable, clean = work(
        ("renewable_energy_share", "clean_energy_share"),
        fuel_consumed=burnt,
        electricity_purchased=bought,
        electricity_renewable_self_used=own,
        green_certificates=certified,
    )
    assert -1e-9 <= renewable <= clean + 1e-9 <= 100 + 2e-9


@quick
@given(emissions, positive, st.sampled_from(POLLUTANTS))
def test_equivalents_add_up_and_grow_with_each_pollutant(
    emitted: dict[str, float], more: float, pollutant: str
) -> None:
    keys = ("pollutant_emission_intensity",)
    stated = {"so2": 1.0, **emitted}
    (whole,) = work(keys, pollutant_emission=stated, output_value=1.0)
    singly = [work(keys, pollutant_emission={key: each}, output_value=1.0)[0] for key, each in stated.items()]
    assert whole == close(sum(each for each in singly if each == each), whole)
    (after,) = work(keys, pollutant_emission={**stated, pollutant: stated.get(pollutant, 0.0) + more}, output_value=1.0)
    assert after >= whole * (1 - 1e-12)


@quick
@given(st.dictionaries(st.sampled_from(AIR), amount, min_size=1, max_size=8), positive, st.sampled_from(AIR))
def test_the_tax_of_an_outlet_is_that_of_its_three_largest_and_never_falls(
    emitted: dict[str, float], more: float, pollutant: str
) -> None:
    keys = ("outlet_environmental_tax",)
    (whole,) = work(keys, outlet_emission=emitted)
    singly = sorted((work(keys, outlet_emission={key: each})[0] for key, each in emitted.items()), reverse=True)
    assert whole == close(sum(singly[:3]), whole)
    (after,) = work(keys, outlet_emission={**emitted, pollutant: emitted.get(pollutant, 0.0) + more})
    assert after >= whole * (1 - 1e-12)


@quick
@given(positive, st.floats(0, 120), st.floats(0, 80))
def test_a_reduction_only_lessens_and_a_dirtier_month_never_pays_less(
    emitted: float, mean: float, worse: float
) -> None:
    stated = {"outlet_emission": {"nox": emitted}, "taxable_limit": {"nox": 100.0}}
    keys = ("outlet_environmental_tax",)
    (full,) = work(keys, outlet_emission={"nox": emitted})
    (due,) = work(keys, **stated, taxable_concentration={"nox": mean})
    (dirtier,) = work(keys, **stated, taxable_concentration={"nox": mean + worse})
    assert due <= dirtier <= full
    assert due / full == pytest.approx(0.5 if mean <= 50 else 0.75 if mean <= 70 else 1.0)


@quick
@given(positive, positive, st.sampled_from(sorted(MOVES)))
def test_each_input_moves_the_carbon_total_only_its_own_way(amount: float, more: float, name: str) -> None:
    part, direction = MOVES[name]
    keys = ("carbon_emission_total",)
    base: dict[str, float | Mapping[str, float]] = {"electricity_purchased": 1000.0}
    before, after = ({part: each} if part else each for each in (amount, amount + more))
    (low,) = work(keys, **base, **{name: before})
    (high,) = work(keys, **base, **{name: after})
    assert (high - low) * direction > 0 or more < amount * 1e-7
    assert (work(keys, **base, **{name: {part: 0.0} if part else 0.0})[0] - low) * direction <= 0


@quick
@given(st.dictionaries(st.sampled_from(WASTE), positive, min_size=1, max_size=5), st.floats(0, 1))
def test_solid_waste_that_is_used_pays_nothing_and_the_rest_in_proportion(made: dict[str, float], share: float) -> None:
    keys = ("solid_waste_environmental_tax",)
    (full,) = work(keys, taxable_waste_generated=made)
    (rest,) = work(keys, taxable_waste_generated=made, taxable_waste_used=times(made, share))
    assert rest == close(full * (1 - share), full)


@quick
@given(positive, positive, positive)
def test_mass_is_concentration_times_volume_whatever_the_order(one: float, other: float, factor: float) -> None:
    keys = ("gas_pollutant_mass",)
    (mass,) = work(keys, measured_concentration=one, gas_volume=other)
    (swapped,) = work(keys, measured_concentration=other, gas_volume=one)
    assert mass == pytest.approx(swapped)
    (scaled,) = work(keys, measured_concentration=one * factor, gas_volume=other)
    assert scaled == pytest.approx(mass * factor)


@quick
@given(positive, st.floats(0, 19.9), st.floats(0, 20.5))
def test_correction_to_the_measured_oxygen_changes_nothing_and_more_oxygen_raises_it(
    measured: float, oxygen: float, reference: float
) -> None:
    keys = ("corrected_concentration",)
    (same,) = work(keys, measured_concentration=measured, flue_oxygen=oxygen, reference_oxygen=oxygen)
    assert same == pytest.approx(measured)
    (low,) = work(keys, measured_concentration=measured, flue_oxygen=oxygen / 2, reference_oxygen=reference)
    (high,) = work(keys, measured_concentration=measured, flue_oxygen=oxygen, reference_oxygen=reference)
    assert low <= high * (1 + 1e-12)


@quick
@given(
    st.decimals(min_value=0, max_value=10**9, places=6),
    st.sampled_from([("kgce/kWh", "tce/MWh"), ("kgce/m3", "tce/10^4m3"), ("MJ/kg", "GJ/t"), ("kgCO2/kWh", "tCO2/MWh")]),
)
def test_units_of_factors_come_back(value: Decimal, pair: tuple[str, str]) -> None:
    there = convert_ratio(value, *pair)
    assert abs(convert_ratio(there, pair[1], pair[0]) - value) <= abs(value) * Decimal("1E-20")


def test_every_input_of_the_properties_exists() -> None:
    assert {"fuel_consumed", "pollutant_emission", "electricity_sold", "heat_sold"} <= set(inputs())
