"""Environmental protection tax (环境保护税法): yuan of one outlet and month, and of solid waste, with the working.

What counts is what leaves for the environment (art. 4): accounting says per outlet where it goes and gives its amounts,
mean concentrations and limits of the month; nothing here looks at meters. Rates are factors; a park's own row replaces
them. The equivalents of a whole subject, which know no top three, are in calc.pollutants.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from xietong.calc.engine import calculate
from xietong.calc.figures import Figure, total
from xietong.calc.items import item
from xietong.calc.pollutants import counted
from xietong.calc.rules import NONE, Factors, FactorSource, Items, UnknownValueError, indicator
from xietong.texts import Text

Receiver = Literal["environment", "works", "tenant"]
# Annex 2 of the law, 第一类水污染物.
FIRST_CLASS_WATER = frozenset(
    {
        "total_mercury",
        "total_cadmium",
        "total_chromium",
        "hexavalent_chromium",
        "total_arsenic",
        "total_lead",
        "total_nickel",
        "benzo_a_pyrene_water",
        "total_beryllium",
        "total_silver",
    }
)
# Law art. 9: of each outlet the three largest air pollutants, the five of the first class of water and three others.
TAXED = {"air": 3, "first_class": 5, "other_water": 3}
# A mean of hours that lies 30 % below its limit on paper may lie 29.999…9 % below it in binary.
NEARLY = 1e-9


@dataclass(frozen=True, slots=True)
class Discharge:
    """One outlet's month: where it goes and the inputs of the rules below, by name, as Figures.

    `outlet_emission` (Items, t by pollutant) is needed; `taxable_concentration` and `taxable_limit` (Items, by
    pollutant, in one unit) and `taxable_exceedances` (Items, hours of gas or days of water above the limit) decide the
    reductions of art. 13.
    """

    outlet: str
    title: Text
    receiver: Receiver
    inputs: Mapping[str, Figure]


def _tax_class(pollutant: str) -> str:
    if pollutant in FIRST_CLASS_WATER:
        return "first_class"
    return "air" if item(pollutant).carrier == "air" else "other_water"


def _is_taxed(pollutant: str, equivalents: Items) -> bool:
    """Whether a pollutant is among the largest of its class at this outlet; of equals the first by name."""
    kin = [each for each in equivalents if _tax_class(each) == _tax_class(pollutant)]
    kin.sort(key=lambda each: (-equivalents[each], each))
    return pollutant in kin[: TAXED[_tax_class(pollutant)]]


def _payable(below_limit: float, exceedances: float) -> float:
    """The share of the tax that is due (art. 13); one hour or day above the limit in the month ends any reduction."""
    if exceedances > 0 or below_limit < 30 - NEARLY:
        return 1.0
    return 0.75 if below_limit < 50 - NEARLY else 0.5


@indicator(clause="6.4.4", unit="污染当量")
def outlet_equivalents(outlet_emission: Items, pollution_equivalent: Factors) -> Items:
    """排放口污染当量数: what one outlet discharged in the month, in pollution equivalents of the law."""
    return {
        pollutant: amount * 1000 / pollution_equivalent[pollutant]
        for pollutant, amount in outlet_emission.items()
        if counted(pollutant, outlet_emission, pollution_equivalent)
    }


@indicator(clause="6.4.4", unit="污染当量")
def taxed_equivalents(outlet_equivalents: Items) -> Items:
    """应税污染当量数: the largest pollutants of each class at the outlet, which alone are taxed."""
    return {
        pollutant: equivalents
        for pollutant, equivalents in outlet_equivalents.items()
        if _is_taxed(pollutant, outlet_equivalents)
    }


@indicator(clause="6.4.4", unit="%", better="higher")
def concentration_below_limit(taxable_concentration: Items, taxable_limit: Items) -> Items:
    """浓度低于限值的幅度: how far the month's mean concentration lies below its limit."""
    return {
        pollutant: (taxable_limit[pollutant] - mean) / taxable_limit[pollutant] * 100
        for pollutant, mean in taxable_concentration.items()
        if pollutant in taxable_limit
    }


@indicator(clause="6.4.4", unit="1")
def payable_share(concentration_below_limit: Items, taxable_exceedances: Items = NONE) -> Items:
    """应缴比例: 75 % of the tax at 30 % below the limit, 50 % at 50 % below, all of it after an exceedance."""
    return {
        pollutant: _payable(below, taxable_exceedances.get(pollutant, 0.0))
        for pollutant, below in concentration_below_limit.items()
    }


@indicator(clause="6.4.4", unit="元")
def outlet_tax(taxed_equivalents: Items, environmental_tax_rate: Factors, payable_share: Items = NONE) -> Items:
    """排放口各污染物应纳税额: equivalents times the local rate and the share that is due."""
    return {
        pollutant: equivalents
        * environmental_tax_rate.nearest(pollutant, item(pollutant).carrier)
        * payable_share.get(pollutant, 1.0)
        for pollutant, equivalents in taxed_equivalents.items()
    }


@indicator(clause="6.4.4", unit="元")
def outlet_environmental_tax(outlet_tax: Items) -> float:
    """排放口环境保护税: tax of one outlet and month."""
    return sum(outlet_tax.values())


@indicator(clause="6.4.4", unit="t")
def solid_waste_discharged(
    taxable_waste_generated: Items,
    taxable_waste_used: Items = NONE,
    taxable_waste_stored: Items = NONE,
    taxable_waste_disposed: Items = NONE,
) -> Items:
    """应税固体废物排放量: solid waste of each kind that was neither used nor stored nor disposed of as prescribed."""
    _require_no_surplus(taxable_waste_generated, (taxable_waste_used, taxable_waste_stored, taxable_waste_disposed))
    return {
        kind: generated
        - taxable_waste_used.get(kind, 0.0)
        - taxable_waste_stored.get(kind, 0.0)
        - taxable_waste_disposed.get(kind, 0.0)
        for kind, generated in taxable_waste_generated.items()
    }


def _require_no_surplus(generated: Items, gone: Iterable[Items]) -> None:
    every = tuple(gone)
    for kind, amount in generated.items():
        if sum(each.get(kind, 0.0) for each in every) > amount * (1 + NEARLY):
            raise UnknownValueError(
                Text(
                    f"{kind} 当月利用、贮存、处置之和大于产生量；往年贮存的不在此计，请核对。",
                    f"more {kind} was used, stored and disposed of than was generated in the month; "
                    "what came from earlier stock does not count here: check the amounts.",
                )
            )


@indicator(clause="6.4.4", unit="元")
def solid_waste_tax(solid_waste_discharged: Items, solid_waste_tax_rate: Factors) -> Items:
    """固体废物各种类应纳税额: tonnes discharged times the law's rate of the kind."""
    return {kind: amount * solid_waste_tax_rate[kind] for kind, amount in solid_waste_discharged.items()}


@indicator(clause="6.4.4", unit="元")
def solid_waste_environmental_tax(solid_waste_tax: Items) -> float:
    """固体废物环境保护税: tax of the solid waste of one subject and month."""
    return sum(solid_waste_tax.values())


def environmental_tax(
    discharges: Iterable[Discharge],
    waste: Mapping[str, Figure],
    factors: FactorSource,
    on: date,
    choices: Mapping[str, str],
) -> Figure:
    """The tax of one subject and month in yuan; its inputs are the outlets and the solid waste.

    waste: the inputs `taxable_waste_*` (Items by kind: gangue, tailings, hazardous_waste, smelting_slag, fly_ash,
    furnace_slag, other_solid_waste), or nothing; choices: with `region`, which selects the rate. An outlet that leads
    to a works or to another tenant is not_applicable: who lets it out into the environment pays.
    """
    parts = [tax_of_outlet(each, factors, on, choices) for each in discharges]
    if waste:
        key = "solid_waste_environmental_tax"
        parts.append(calculate([key], waste, factors, on, choices)[key])
    figure = total("environmental_tax", "元", parts)
    title = Text("环境保护税", "environmental protection tax")
    return replace(figure, kind="indicator", clause="6.4.4", title=title, formula="sum of outlets and solid waste")


def tax_of_outlet(discharge: Discharge, factors: FactorSource, on: date, choices: Mapping[str, str]) -> Figure:
    """The tax of one outlet and month in yuan under the outlet's code; not_applicable where it lets nothing out into
    the environment."""
    key = "outlet_environmental_tax"
    if discharge.receiver != "environment":
        said = Text(
            f"{discharge.title.zh}排入污水厂或其他企业，不直接向环境排放，不缴环境保护税（税法第四条）。",
            f"{discharge.title.en} goes to a works or another enterprise, not to the environment: no tax (art. 4).",
        )
        return Figure(discharge.outlet, None, "元", "not_applicable", title=discharge.title, missing=(said,))
    figure = calculate([key], discharge.inputs, factors, on, choices)[key]
    return replace(figure, key=discharge.outlet, title=discharge.title)
