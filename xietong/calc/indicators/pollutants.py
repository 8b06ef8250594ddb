"""Pollutant indicators of clause 6.4 and tables 1, 3 and 5: amounts, intensities, equivalents, limits, treatment.

One function stands for every pollutant of items.csv. Concentrations belong to an outlet; hourly means and masses are
made where the readings are, with the plain functions of calc.outlet_gas.
"""

from collections.abc import Container, Iterable

from xietong.calc.engine.rules import NONE, Factors, Items, Member, NotApplicableError, additive, family, indicator
from xietong.calc.items import Item, pollutants
from xietong.texts import Text

TABLE_3 = ("particulate", "so2", "nox", "cod", "ammonia_nitrogen")
NO_MEAN_OF_OUTLETS = Text(
    "浓度只对单个排放口有意义，多个排放口的平均浓度不说明任何问题；请看达标率、超标时数和最高排放口。",
    "a concentration belongs to one outlet, and a mean over several says nothing; "
    "see the compliance rate, the hours of exceedance and the highest outlet.",
)
# 环境保护税法 art. 7 and annex 2: of these three measures of oxygen demand only one counts.
OXYGEN_DEMAND = ("cod", "bod5", "toc")


def _members(unit: str = "", clause: str = "", table_3: bool = False) -> Iterable[Member]:
    for each in pollutants():
        yield Member(each.item, each.name, clause or _clause(each, table_3), unit or _concentration_unit(each))


def _clause(pollutant: Item, table_3: bool) -> str:
    if table_3 and pollutant.item in TABLE_3:
        return f"T3-{TABLE_3.index(pollutant.item) + 1}"
    return "6.4.3a" if pollutant.carrier == "air" else "6.4.3b"


def _concentration_unit(pollutant: Item) -> str:
    return "mg/m3" if pollutant.carrier == "air" else "mg/L"


@family(key="{}_emission", members=_members("t"), sources={"emission": "pollutant_emission:{}"})
def pollutant_emission_of(emission: float) -> float:
    """{zh}排放量: {en} emitted."""
    return emission


@family(
    key="{}_emission_intensity",
    members=_members("kg/万元", clause="T5-3"),
    sources={"emission": "{}_emission", "output_value": "output_value"},
)
def emission_intensity_of(emission: float, output_value: float) -> float:
    """{zh}排放强度: {en} emitted per unit of industrial output value."""
    return emission * 1000 / output_value


@family(
    key="{}_emission_per_product",
    members=_members("kg/t", clause="3.5"),
    sources={"emission": "{}_emission", "product": "product"},
)
def emission_per_product_of(emission: float, product: Items) -> float:
    """单位产品{zh}排放量: {en} emitted per unit of product."""
    _require_one(product)
    return emission * 1000 / sum(product.values())


def _require_one(product: Items) -> None:
    """Amounts of several products do not add up: what is emitted must be allocated to each first."""
    if len(product) != 1:
        raise NotApplicableError(
            Text(
                f"有 {len(product)} 种产品（{'、'.join(product)}），数量不能相加；请按产品分摊后核算。",
                f"there are {len(product)} products ({', '.join(product)}) whose amounts do not add up; "
                "allocate the emission to each first.",
            )
        )


@family(
    key="{}_concentration",
    members=_members(table_3=True),
    sources={"concentration": "outlet_concentration:{}"},
)
def concentration_of(concentration: float) -> float:
    """{zh}排放浓度: concentration of {en} at the outlet."""
    return concentration


@family(
    key="{}_compliance_rate",
    members=_members("%", clause="6.4.4"),
    sources={"valid_hours": "{}_valid_hours", "exceeding_hours": "{}_exceeding_hours"},
    better="higher",
)
def compliance_rate_of(valid_hours: float, exceeding_hours: float) -> float:
    """{zh}达标率: share of valid hours in which {en} kept its limit."""
    return (valid_hours - exceeding_hours) / valid_hours * 100


@family(
    key="{}_exceedance_hours",
    members=_members("h", clause="6.4.4"),
    sources={"exceeding_hours": "{}_exceeding_hours"},
)
def exceedance_hours_of(exceeding_hours: float) -> float:
    """{zh}超标时数: valid hours in which {en} was above its limit."""
    return exceeding_hours


@indicator(clause="T1-3", unit="m3/万元")
def waste_gas_intensity(waste_gas: float, output_value: float) -> float:
    """废气排放强度: waste gas emitted per unit of industrial output value."""
    return waste_gas / output_value


@indicator(clause="T1-4", unit="t/万元")
def wastewater_intensity(wastewater: float, output_value: float) -> float:
    """废水排放强度: wastewater discharged per unit of industrial output value."""
    return wastewater / output_value


@indicator(clause="3.5", unit="m3/t")
def waste_gas_per_product(waste_gas: float, product: Items) -> float:
    """单位产品废气排放量: waste gas emitted per unit of product."""
    _require_one(product)
    return waste_gas / sum(product.values())


@indicator(clause="3.5", unit="t/t")
def wastewater_per_product(wastewater: float, product: Items) -> float:
    """单位产品废水排放量: wastewater discharged per unit of product."""
    _require_one(product)
    return wastewater / sum(product.values())


def oxygen_demand_of(emitted: Iterable[str]) -> str | None:
    """Which of COD, BOD5 and TOC stands for all of them among what was emitted; None where there is none."""
    named = set(emitted)
    return next((each for each in OXYGEN_DEMAND if each in named), None)


def counted(pollutant: str, emitted: Iterable[str], equivalents: Container[object]) -> bool:
    """Whether a pollutant counts: the law's table has it, and no other oxygen demand stands for it."""
    if pollutant in OXYGEN_DEMAND and pollutant != oxygen_demand_of(emitted):
        return False
    return pollutant in equivalents


@indicator(clause="T5-3", unit="污染当量")
@additive
def pollutant_equivalents(pollutant_emission: Items, pollution_equivalent: Factors) -> Items:
    """污染当量数: pollutants emitted, in the pollution equivalents of the environmental protection tax law."""
    return {
        pollutant: amount * 1000 / pollution_equivalent[pollutant]
        for pollutant, amount in pollutant_emission.items()
        if counted(pollutant, pollutant_emission, pollution_equivalent)
    }


@indicator(clause="T5-3", unit="污染当量/万元")
def pollutant_emission_intensity(pollutant_equivalents: Items, output_value: float) -> float:
    """污染物排放强度: pollution equivalents of all pollutants emitted per unit of industrial output value."""
    return sum(pollutant_equivalents.values()) / output_value


@indicator(clause="T5-3", unit="污染当量")
@additive
def practice_equivalents(pollutant_emission: Items, practice_equivalent: Factors) -> Items:
    """非法定污染当量数: pollutants that the tax law has no equivalent for, by the values used in practice."""
    return {
        pollutant: amount * 1000 / practice_equivalent[pollutant]
        for pollutant, amount in pollutant_emission.items()
        if pollutant in practice_equivalent
    }


@indicator(clause="T5-3", unit="污染当量/万元", when={"equivalents": "practice"})
def pollutant_emission_intensity__practice(
    pollutant_equivalents: Items, output_value: float, practice_equivalents: Items = NONE
) -> float:
    """污染物排放强度: pollution equivalents per unit of industrial output value, total nitrogen and VOCs with them."""
    return (sum(pollutant_equivalents.values()) + sum(practice_equivalents.values())) / output_value


@indicator(clause="3.5", unit="污染当量/t")
def pollutant_emission_per_product(pollutant_equivalents: Items, product: Items) -> float:
    """单位产品污染物排放量: pollution equivalents of all pollutants emitted per unit of product."""
    _require_one(product)
    return sum(pollutant_equivalents.values()) / sum(product.values())


@family(
    key="{}_permit_share",
    members=_members("%", clause="6.4.4"),
    sources={"emission": "{}_emission", "permitted": "permitted_emission:{}"},
)
def permit_share_of(emission: float, permitted: float) -> float:
    """{zh}许可排放量使用率: {en} emitted in the amount that the permit allows a year."""
    return emission / permitted * 100


@indicator(clause="6.4.3d", unit="%", better="higher")
def treatment_operation_rate(treatment_run_hours: float, production_run_hours: float) -> float:
    """治理设施投运率: run time of treatment in the run time of production."""
    return treatment_run_hours / production_run_hours * 100


@indicator(clause="5.5.4", unit="kWh/kg")
def treatment_energy_intensity(treatment_electricity: float, pollutant_removed: float) -> float:
    """单位去除量电耗: electricity used per kilogram of pollutants removed."""
    return treatment_electricity / pollutant_removed


@indicator(clause="5.5.4", unit="kgCO2e")
@additive
def treatment_reagent_emission(treatment_reagent: Items, process_emission: Factors) -> Items:
    """治理药剂碳排放: CO2 released by treatment reagents."""
    return {reagent: amount * process_emission[reagent] * 1000 for reagent, amount in treatment_reagent.items()}


@indicator(clause="5.5.4", unit="kgCO2e")
@additive
def treatment_emission(
    treatment_electricity: float, grid_emission: Factors, treatment_reagent_emission: Items = NONE
) -> float:
    """治理设施碳排放: carbon emission of treatment, its electricity and its reagents."""
    return treatment_electricity * grid_emission["electricity"] + sum(treatment_reagent_emission.values())


@indicator(clause="5.5.4", unit="kgCO2e/kg")
def treatment_carbon_intensity(treatment_emission: float, pollutant_removed: float) -> float:
    """单位去除量碳排放: carbon emission of treatment per kilogram of pollutants removed."""
    return treatment_emission / pollutant_removed
