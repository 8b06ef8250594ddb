"""The seven greenhouse gases, each a line of its own, and biomass, whose CO2 is reported apart and never added.

Gases other than CO2 are weighed by the warming potentials of the assessment report that the park chose. CH4 and N2O of
burning biomass are reported apart too, and enter the total only where the park chose so (`biomass_gases`).
"""

from xietong.calc.engine.rules import NONE, Factors, Items, NotApplicableError, additive, indicator
from xietong.texts import Text

PFCS = ("cf4", "c2f6")


def _require(due: bool, name: str) -> None:
    """Nothing due is not zero: a gas that nobody released or owes has no line."""
    if not due:
        raise NotApplicableError(Text(f"没有应报的 {name}。", f"no {name} was due."))


@indicator(clause="6.5.3a", unit="t")
def wastewater_gases(wastewater_methane_released: float = 0.0, wastewater_nitrous_oxide: float = 0.0) -> Items:
    """废水处理温室气体: methane and nitrous oxide of wastewater and its treatment."""
    return {"ch4": wastewater_methane_released, "n2o": wastewater_nitrous_oxide}


@indicator(clause="6.5.3a", unit="t")
def acid_gases(process_nitrous_oxide: Items) -> Items:
    """硝酸、己二酸生产温室气体: nitrous oxide of making nitric and adipic acid."""
    return {"n2o": sum(process_nitrous_oxide.values())}


@indicator(clause="6.5.3a", unit="t")
def gases_released(gas_emission: Items = NONE, wastewater_gases: Items = NONE, acid_gases: Items = NONE) -> Items:
    """非二氧化碳温室气体量: t of each gas other than CO2, stated or computed from what releases it."""
    return {
        gas: gas_emission.get(gas, 0.0) + wastewater_gases.get(gas, 0.0) + acid_gases.get(gas, 0.0)
        for gas in {**gas_emission, **wastewater_gases, **acid_gases}
    }


@indicator(clause="6.5.3a", unit="tCO2e")
@additive
def released_gas_emission(gases_released: Items, gwp: Factors) -> Items:
    """非二氧化碳温室气体排放: gases other than CO2, by their global warming potential."""
    return {gas: amount * gwp[gas] for gas, amount in gases_released.items()}


@indicator(clause="6.5.3a", unit="tCO2")
@additive
def biomass_co2_emission(fuel_heat: Items, biogenic_carbon: Factors) -> Items:
    """生物质燃烧 CO2（单列）: CO2 of burnt biomass, reported apart and in no total."""
    return {
        fuel: heat * biogenic_carbon[fuel] * 44 / 12 for fuel, heat in fuel_heat.items() if biogenic_carbon.known(fuel)
    }


@indicator(clause="6.5.3a", unit="t")
@additive
def biomass_methane(fuel_heat: Items, biomass_ch4: Factors) -> Items:
    """生物质燃烧 CH4: methane of burnt biomass."""
    return {fuel: heat * biomass_ch4[fuel] for fuel, heat in fuel_heat.items() if biomass_ch4.known(fuel)}


@indicator(clause="6.5.3a", unit="t")
@additive
def biomass_nitrous_oxide(fuel_heat: Items, biomass_n2o: Factors) -> Items:
    """生物质燃烧 N2O: nitrous oxide of burnt biomass."""
    return {fuel: heat * biomass_n2o[fuel] for fuel, heat in fuel_heat.items() if biomass_n2o.known(fuel)}


@indicator(clause="6.5.3a", unit="tCO2e")
@additive
def biomass_methane_emission(biomass_methane: Items, gwp: Factors) -> float:
    """生物质燃烧 CH4 排放（单列）: methane of burnt biomass by its warming potential."""
    return sum(biomass_methane.values()) * gwp["ch4"]


@indicator(clause="6.5.3a", unit="tCO2e")
@additive
def biomass_nitrous_oxide_emission(biomass_nitrous_oxide: Items, gwp: Factors) -> float:
    """生物质燃烧 N2O 排放（单列）: nitrous oxide of burnt biomass by its warming potential."""
    return sum(biomass_nitrous_oxide.values()) * gwp["n2o"]


@indicator(clause="6.5.3a", unit="tCO2e", when={"biomass_gases": "counted"})
def counted_biomass_methane(biomass_methane_emission: float) -> float:
    """计入的生物质燃烧 CH4: methane of burnt biomass, where the park chose to count it."""
    return biomass_methane_emission


@indicator(clause="6.5.3a", unit="tCO2e", when={"biomass_gases": "counted"})
def counted_biomass_nitrous_oxide(biomass_nitrous_oxide_emission: float) -> float:
    """计入的生物质燃烧 N2O: nitrous oxide of burnt biomass, where the park chose to count it."""
    return biomass_nitrous_oxide_emission


@indicator(clause="6.5.3a", unit="tCO2e", when={"biomass_gases": "counted"})
def counted_biomass_gas_emission(
    counted_biomass_methane: float = 0.0, counted_biomass_nitrous_oxide: float = 0.0
) -> float:
    """计入的生物质燃烧气体: CH4 and N2O of burnt biomass, where the park chose to count them."""
    return counted_biomass_methane + counted_biomass_nitrous_oxide


@indicator(clause="6.5.3a", unit="t")
def co2_emission(
    combustion_emission: Items = NONE,
    net_electricity_emission: float = 0.0,
    net_heat_emission: float = 0.0,
    process_co2_emission: float = 0.0,
    co2_recovered: float = 0.0,
) -> float:
    """二氧化碳排放量: fossil and process CO2 with that of power and heat, recovered CO2 taken off."""
    energy = sum(combustion_emission.values()) + net_electricity_emission + net_heat_emission
    return energy + process_co2_emission - co2_recovered


@indicator(clause="6.5.3a", unit="tCO2e")
def methane_emission(released_gas_emission: Items = NONE, counted_biomass_methane: float = 0.0) -> float:
    """甲烷排放: methane released, by its warming potential."""
    _require("ch4" in released_gas_emission or counted_biomass_methane > 0, "CH4")
    return released_gas_emission.get("ch4", 0.0) + counted_biomass_methane


@indicator(clause="6.5.3a", unit="tCO2e")
def nitrous_oxide_emission(released_gas_emission: Items = NONE, counted_biomass_nitrous_oxide: float = 0.0) -> float:
    """氧化亚氮排放: nitrous oxide released, by its warming potential."""
    _require("n2o" in released_gas_emission or counted_biomass_nitrous_oxide > 0, "N2O")
    return released_gas_emission.get("n2o", 0.0) + counted_biomass_nitrous_oxide


@indicator(clause="6.5.3a", unit="tCO2e")
def hfcs_emission(released_gas_emission: Items) -> float:
    """氢氟碳化物排放: all HFCs released, each by its warming potential."""
    _require(any(gas.startswith("hfc_") for gas in released_gas_emission), "HFCs")
    return sum(amount for gas, amount in released_gas_emission.items() if gas.startswith("hfc_"))


@indicator(clause="6.5.3a", unit="tCO2e")
def pfcs_emission(released_gas_emission: Items) -> float:
    """全氟碳化物排放: all PFCs released, each by its warming potential."""
    _require(any(gas in PFCS for gas in released_gas_emission), "PFCs")
    return sum(amount for gas, amount in released_gas_emission.items() if gas in PFCS)


@indicator(clause="6.5.3a", unit="tCO2e")
def sf6_emission(released_gas_emission: Items) -> float:
    """六氟化硫排放: SF6 released, by its warming potential."""
    _require("sf6" in released_gas_emission, "SF6")
    return released_gas_emission["sf6"]


@indicator(clause="6.5.3a", unit="tCO2e")
def nf3_emission(released_gas_emission: Items) -> float:
    """三氟化氮排放: NF3 released, by its warming potential."""
    _require("nf3" in released_gas_emission, "NF3")
    return released_gas_emission["nf3"]


@indicator(clause="6.5.3a", unit="tCO2e")
def carbon_gases(
    co2_emission: float = 0.0, methane_emission: float = 0.0, nitrous_oxide_emission: float = 0.0
) -> Items:
    """二氧化碳、甲烷、氧化亚氮: CO2, CH4 and N2O, each on a line."""
    return {"co2": co2_emission, "methane": methane_emission, "nitrous_oxide": nitrous_oxide_emission}


@indicator(clause="6.5.3a", unit="tCO2e")
def fluorinated_gases(
    hfcs_emission: float = 0.0, pfcs_emission: float = 0.0, sf6_emission: float = 0.0, nf3_emission: float = 0.0
) -> Items:
    """含氟温室气体: HFCs, PFCs, SF6 and NF3, each on a line."""
    return {
        "hfcs": hfcs_emission,
        "pfcs": pfcs_emission,
        "sulfur_fluoride": sf6_emission,
        "nitrogen_fluoride": nf3_emission,
    }


@indicator(clause="6.5.3a", unit="tCO2e")
def greenhouse_gases(carbon_gases: Items = NONE, fluorinated_gases: Items = NONE) -> Items:
    """七种温室气体: the seven gases, each on a line; together they are the total."""
    return {**carbon_gases, **fluorinated_gases}
