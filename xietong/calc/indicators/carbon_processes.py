"""Process emissions of GB/T 32150: raw materials, calcined products, carbon balances, N2O of acids, wastewater.

What happens in production and in treating its waste other than burning fuels. Amounts in t; CO2 in tCO2, other gases in
t of gas (calc.carbon_gases weighs them).
"""

from collections.abc import Iterable

from xietong.calc.engine.rules import NONE, Factors, Items, UnknownValueError, additive, indicator
from xietong.texts import Text


def _not_more(part: Iterable[float], whole: Iterable[float], sentence: Text) -> None:
    if sum(part) > sum(whole):
        raise UnknownValueError(sentence)


@indicator(clause="6.5.3a", unit="tCO2")
@additive
def process_input_emission(process_input: Items, carbonate_purity: Factors, process_emission: Factors) -> Items:
    """过程投入排放: CO2 released by raw materials in industrial processes, by purity where one is stated."""
    return {
        material: amount * carbonate_purity.nearest(material, "pure") * process_emission[material]
        for material, amount in process_input.items()
    }


@indicator(clause="6.5.3a", unit="tCO2")
@additive
def calcination_emission(calcined_product: Items, cao_content: Factors, mgo_content: Factors) -> Items:
    """煅烧产品排放: CO2 driven out of carbonates, by the CaO and MgO that a clinker or lime owes to them."""
    return {
        product: amount * (cao_content[product] * 44 / 56 + mgo_content[product] * 44 / 40)
        for product, amount in calcined_product.items()
    }


@indicator(clause="6.5.3a", unit="tCO2")
@additive
def raw_meal_emission(raw_meal: float, organic_carbon: Factors) -> float:
    """生料有机碳排放: CO2 of the organic carbon in a kiln's raw meal."""
    return raw_meal * organic_carbon["raw_meal"] * 44 / 12


@indicator(clause="6.5.3a", unit="tC")
@additive
def feedstock_carbon(fuel_feedstock: Items, calorific_value: Factors, carbon_content: Factors) -> Items:
    """原料含碳量: carbon that entered as raw material."""
    return {fuel: amount * calorific_value[fuel] * carbon_content[fuel] for fuel, amount in fuel_feedstock.items()}


@indicator(clause="6.5.3a", unit="tC", better="higher")
@additive
def product_carbon(carbon_output: Items, carbon_fraction: Factors) -> Items:
    """产品含碳量: carbon that left in products and by-products."""
    return {product: amount * carbon_fraction[product] for product, amount in carbon_output.items()}


@indicator(clause="6.5.3a", unit="tCO2")
def carbon_balance_emission(feedstock_carbon: Items, product_carbon: Items) -> float:
    """碳平衡排放: CO2 of the carbon that entered as raw material and did not leave in products."""
    _not_more(
        product_carbon.values(),
        feedstock_carbon.values(),
        Text(
            "产品带出的碳多于原料带入的碳，碳平衡不能计算；请核对 use=feedstock 的用量与 carbon_output。",
            "more carbon left in products than entered as raw material; check use=feedstock and carbon_output.",
        ),
    )
    return (sum(feedstock_carbon.values()) - sum(product_carbon.values())) * 44 / 12


@indicator(clause="6.5.3a", unit="tCO2", better="higher")
@additive
def process_output_fixed(process_output: Items, process_emission: Factors) -> Items:
    """产品固碳: CO2 not released because its carbon left in products."""
    return {material: amount * process_emission[material] for material, amount in process_output.items()}


@indicator(clause="6.5.3a", unit="tCO2")
def process_co2_emission(
    process_input_emission: Items = NONE,
    calcination_emission: Items = NONE,
    raw_meal_emission: float = 0.0,
    carbon_balance_emission: float = 0.0,
    process_output_fixed: Items = NONE,
) -> float:
    """过程 CO2 排放: CO2 of industrial processes, carbon fixed in products taken off."""
    minerals = sum(process_input_emission.values()) + sum(calcination_emission.values()) + raw_meal_emission
    return minerals + carbon_balance_emission - sum(process_output_fixed.values())


@indicator(clause="6.5.3a", unit="t")
@additive
def process_nitrous_oxide(n2o_product: Items, n2o_release: Factors, n2o_abatement: Factors) -> Items:
    """化工过程氧化亚氮: N2O of making nitric and adipic acid, less what abatement destroys."""
    return {
        product: amount * n2o_release[product] * (1 - n2o_abatement[product]) for product, amount in n2o_product.items()
    }


@indicator(clause="6.5.3a", unit="t")
@additive
def wastewater_methane(
    wastewater_organics: Items,
    methane_capacity: Factors,
    methane_correction: Factors,
    wastewater_sludge: Items = NONE,
) -> Items:
    """废水处理甲烷产生量: (TOW − S) × B0 × MCF of each system of treatment, organics as COD."""
    return {
        system: (organics - wastewater_sludge.get(system, 0.0)) * methane_capacity["cod"] * methane_correction[system]
        for system, organics in wastewater_organics.items()
    }


@indicator(clause="6.5.3a", unit="t")
def wastewater_methane_released(wastewater_methane: Items, methane_recovered: float = 0.0) -> float:
    """废水处理甲烷排放量: methane of wastewater treatment that was not recovered."""
    _not_more(
        [methane_recovered],
        wastewater_methane.values(),
        Text(
            "甲烷回收量大于计算的产生量；请核对 methane_recovered 与 wastewater_organics。",
            "more methane was recovered than was formed; check methane_recovered and wastewater_organics.",
        ),
    )
    return sum(wastewater_methane.values()) - methane_recovered


@indicator(clause="6.5.3a", unit="t")
@additive
def wastewater_nitrous_oxide(wastewater_nitrogen: float, wastewater_n2o: Factors) -> float:
    """废水氧化亚氮排放量: N2O of the nitrogen in discharged wastewater."""
    return wastewater_nitrogen * wastewater_n2o["nitrogen"] * 44 / 28


@indicator(clause="6.5.3a", unit="tCO2e")
def industrial_process_emission(process_co2_emission: float = 0.0, released_gas_emission: Items = NONE) -> float:
    """过程排放: emission of industrial processes and of treating their waste, carbon fixed in products taken off."""
    return process_co2_emission + sum(released_gas_emission.values())
