"""Environmental protection tax (环境保护税法): yuan of one outlet and month, and of solid waste, with the working.

What counts is what leaves for the environment (art. 4): accounting says per outlet where it goes and gives its amounts,
mean concentrations and limits of the month; nothing here looks at meters. Rates are factors; a park's own row replaces
them. The equivalents of a whole subject, which know no top three, are in calc.pollutants.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from xietong.calc.engine.engine import calculate
from xietong.calc.engine.rules import NONE, Factors, FactorSource, Items, UnknownValueError, indicator, less, telling
from xietong.calc.figures import Figure, total
from xietong.calc.indicators.pollutants import OXYGEN_DEMAND, counted, oxygen_demand_of
from xietong.calc.items import item
from xietong.standard.thresholds import int_of
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
TAXED = {name: int_of(f"tax.{name}") for name in ("air", "first_class", "other_water")}
CLASS_NAMES: Mapping[str, Text] = {
    "air": Text("大气污染物", "air pollutants"),
    "first_class": Text("第一类水污染物", "water pollutants of the first class"),
    "other_water": Text("其他类水污染物", "other water pollutants"),
}
# Waste is stated to the kilogram; sums of it may miss each other in the last binary digits.
NEARLY = 1e-9
# The choice of park.toml that says whose reductions an exceedance ends.
EXCEEDANCE = "tax_exceedance"


@dataclass(frozen=True, slots=True)
class Discharge:
    """One outlet's month: where it goes and the inputs of the rules below, by name, as Figures.

    `outlet_emission` (Items, t by pollutant) is needed; `taxable_concentration` and `taxable_limit` (Items, by
    pollutant, in one unit) and `taxable_exceedances` (Items, hours of gas or days of water above the limit) decide the
    reductions of art. 13, with `exceedances_elsewhere`: those of the taxpayer's other outlets.
    """

    outlet: str
    title: Text
    receiver: Receiver
    inputs: Mapping[str, Figure]


def _tax_class(pollutant: str) -> str:
    if pollutant in FIRST_CLASS_WATER:
        return "first_class"
    return "air" if item(pollutant).carrier == "air" else "other_water"


def _rank(pollutant: str, equivalents: Items) -> int:
    """The place of a pollutant among those of its class, the largest first; of equals the first by name."""
    kin = [each for each in equivalents if _tax_class(each) == _tax_class(pollutant)]
    kin.sort(key=lambda each: (-equivalents[each], each))
    return kin.index(pollutant) + 1


def _place(pollutant: str, given: Mapping[str, Items], _taxed: bool) -> Text | None:
    """Where a pollutant stands among those of its class, and whether it is taxed for it."""
    equivalents = given["outlet_equivalents"]
    if pollutant not in equivalents:
        return None
    rank, most = _rank(pollutant, equivalents), TAXED[_tax_class(pollutant)]
    kind, taxed = CLASS_NAMES[_tax_class(pollutant)], rank <= most
    return Text(
        f"{equivalents[pollutant]:.10g} 污染当量，在该排放口的{kind.zh}中列第 {rank}，"
        f"对前 {most} 项征税（税法第九条）：{'计税' if taxed else '不计税'}。",
        f"{equivalents[pollutant]:.10g} equivalents, number {rank} of the outlet's {kind.en}, of which the first "
        f"{most} are taxed (art. 9): {'taxed' if taxed else 'not taxed'}.",
    )


def _untaxed(pollutant: str, given: Mapping[str, Items], counts: bool) -> Text | None:
    """Why a pollutant has no equivalents at an outlet; None where it has, or where it had no amount."""
    emitted = given["outlet_emission"]
    if counts or pollutant not in emitted:
        return None
    standing = oxygen_demand_of(emitted)
    if standing and pollutant in OXYGEN_DEMAND and pollutant != standing:
        name = item(standing).name
        return Text(
            f"同一排放口的化学需氧量、生化需氧量和总有机碳只计一项：计{name.zh}，此项不计（税法附表二）。",
            f"of COD, BOD5 and TOC at one outlet only one counts: {name.en}, not this one (annex 2 of the law).",
        )
    return Text(
        "环境保护税法附表二没有此项的污染当量值，不征税。",
        "annex 2 of the law has no equivalent of it: it is not taxed.",
    )


@indicator(clause="6.4.4", unit="污染当量")
@telling(_untaxed)
def outlet_equivalents(outlet_emission: Items, pollution_equivalent: Factors) -> Items:
    """排放口污染当量数: what one outlet discharged in the month, in pollution equivalents of the law."""
    return {
        pollutant: amount * 1000 / pollution_equivalent[pollutant]
        for pollutant, amount in outlet_emission.items()
        if counted(pollutant, outlet_emission, pollution_equivalent)
    }


@indicator(clause="6.4.4", unit="污染当量")
@telling(_place)
def taxed_equivalents(outlet_equivalents: Items) -> Items:
    """应税污染当量数: the largest pollutants of each class at the outlet, which alone are taxed."""
    return {
        pollutant: equivalents
        for pollutant, equivalents in outlet_equivalents.items()
        if _rank(pollutant, outlet_equivalents) <= TAXED[_tax_class(pollutant)]
    }


@indicator(clause="6.4.4", unit="%", better="higher")
def concentration_below_limit(taxable_concentration: Items, taxable_limit: Items) -> Items:
    """浓度低于限值的幅度: how far the month's mean concentration lies below its limit."""
    return {
        pollutant: (taxable_limit[pollutant] - mean) / taxable_limit[pollutant] * 100
        for pollutant, mean in taxable_concentration.items()
        if pollutant in taxable_limit
    }


@indicator(clause="6.4.4", unit="次")
def taxpayer_exceedances(taxable_exceedances: Items = NONE, exceedances_elsewhere: float = 0.0) -> float:
    """纳税人当月超标次数: hours of gas and days of water above a limit, at whichever of the taxpayer's outlets."""
    return sum(taxable_exceedances.values()) + exceedances_elsewhere


@indicator(clause="6.4.4", unit="")
def payable_share(concentration_below_limit: Items, taxpayer_exceedances: float = 0.0) -> Items:
    """应缴比例: 75 % of the tax at 30 % below the limit, 50 % at 50 % below; all after any of its exceedances."""
    return {
        pollutant: 1.0 if taxpayer_exceedances > 0 or less(below, 30) else 0.75 if less(below, 50) else 0.5
        for pollutant, below in concentration_below_limit.items()
    }


@indicator(clause="6.4.4", unit="", when={EXCEEDANCE: "outlet"})
def payable_share__outlet(concentration_below_limit: Items, taxable_exceedances: Items = NONE) -> Items:
    """应缴比例: 75 % of the tax at 30 % below the limit, 50 % at 50 % below; all after an exceedance of its own."""
    return {
        pollutant: 1.0
        if taxable_exceedances.get(pollutant, 0.0) > 0 or less(below, 30)
        else 0.75
        if less(below, 50)
        else 0.5
        for pollutant, below in concentration_below_limit.items()
    }


def _in_full(pollutant: str, given: Mapping[str, Items], counts: bool) -> Text | None:
    """Why nothing is taken off a pollutant's tax where nothing could be: no concentration stands beside a limit."""
    if not counts or pollutant in given.get("payable_share", {}):
        return None
    return Text(
        "当月没有足够的监测浓度可与排放限值比较，不减征（税法第十三条）。",
        "too little was measured in the month that can be held against a limit: nothing is taken off (art. 13).",
    )


@indicator(clause="6.4.4", unit="元")
@telling(_in_full)
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
    parts = [tax_of_outlet(each, factors, on, choices) for each in _with_elsewhere(tuple(discharges))]
    if waste:
        key = "solid_waste_environmental_tax"
        parts.append(calculate([key], waste, factors, on, choices)[key])
    figure = total("environmental_tax", "元", parts)
    title = Text("环境保护税", "environmental protection tax")
    return replace(
        figure, kind="indicator", clause="6.4.4", title=title, formula="Σ 排放口 outlets + 固体废物 solid waste"
    )


def _with_elsewhere(discharges: tuple[Discharge, ...]) -> list[Discharge]:
    """The outlets of one taxpayer, each told what went above a limit at the others."""
    above = [
        sum(each.inputs["taxable_exceedances"].items().values())
        if each.receiver == "environment" and "taxable_exceedances" in each.inputs
        else 0.0
        for each in discharges
    ]
    found = []
    for each, own in zip(discharges, above, strict=True):
        elsewhere = Figure("exceedances_elsewhere", sum(above) - own, "次")
        is_judged = "taxable_concentration" in each.inputs
        found.append(replace(each, inputs={elsewhere.key: elsewhere, **each.inputs}) if is_judged else each)
    return found


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
