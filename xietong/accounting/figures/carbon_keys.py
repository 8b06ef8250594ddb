"""Which carbon figures are worth showing of a subject without being asked: what its amounts can say something about.

Asked for by name they are there for everyone; unasked, a figure that would repeat the total or be empty costs its
working for nothing.
"""

from collections.abc import Iterator, Mapping

from xietong.accounting.boundary import GROUPS
from xietong.calc.figures import Figure
from xietong.calc.items import all_items
from xietong.calc.keys import without_subject

_VIEWS = (
    "carbon_emission_total_location",
    "carbon_emission_total_market",
    "purchased_electricity_emission_location",
    "purchased_electricity_emission_market",
)
_RELEASING = ("gas_emission", "wastewater_organics", "wastewater_nitrogen", "n2o_product")


def carbon_keys(kind: str, inputs: Mapping[str, Figure]) -> Iterator[str]:
    """The keys in the order in which they are shown; inputs: the subject's."""
    if _has(inputs, "electricity_purchased") or _has(inputs, "electricity_sold"):
        yield from _VIEWS
    if kind in GROUPS:
        yield "carbon_by_category"
    if any(_has(inputs, name) for name in _RELEASING):
        yield from ("greenhouse_gases", "gases_released")
    if any(all_items()[without_subject(fuel)].renewable for fuel in inputs["fuel_consumed"].items()):
        yield "biomass_co2_emission"
    if _has(inputs, "measure_reductions"):
        yield "cumulative_carbon_reduction"


def _has(inputs: Mapping[str, Figure], name: str) -> bool:
    given = inputs[name]
    return given.value is not None or (given.kind == "items" and bool(given.items()))
