"""Carbon indicators of clause 6.5 and table 4, by GB/T 32150-2015: combustion, process, power and heat, step by step.

Combustion is AD = FC × NCV (GJ) and E = AD × CC × OF × 44/12; CO2 of biomass is reported apart (its factor is zero).
Purchased electricity counts by the grid's factor, or on the market view by the residual mix less what is certified.
"""

from xietong.calc.rules import NONE, Factors, Items, indicator


@indicator(clause="6.5.3c", unit="GJ")
def fuel_heat(fuel_consumed: Items, calorific_value: Factors) -> Items:
    """燃料热量: activity data of combustion, fuel times net calorific value."""
    return {fuel: amount * calorific_value[fuel] for fuel, amount in fuel_consumed.items()}


@indicator(clause="6.5.3c", unit="tCO2")
def combustion_emission(fuel_heat: Items, carbon_content: Factors, oxidation_rate: Factors) -> Items:
    """燃料燃烧排放: CO2 of fuel combustion, heat times carbon content, oxidation rate and 44/12."""
    return {fuel: heat * carbon_content[fuel] * oxidation_rate[fuel] * 44 / 12 for fuel, heat in fuel_heat.items()}


@indicator(clause="6.5.3c", unit="tCO2")
def purchased_electricity_emission(electricity_purchased: float, grid_emission: Factors) -> float:
    """购入电力排放（基于位置）: CO2 of purchased electricity by the grid's average."""
    return electricity_purchased * grid_emission["electricity"]


@indicator(clause="6.5.3c", unit="MWh", better="higher")
def certified_electricity(
    electricity_purchased: float, green_power_traded: float = 0.0, green_certificates: float = 0.0
) -> float:
    """绿证与绿电覆盖电量: purchased electricity proved to be non-fossil, at most the purchase."""
    return min(green_power_traded + green_certificates, electricity_purchased)


@indicator(clause="6.5.3c", unit="tCO2", when={"carbon_view": "market"})
def purchased_electricity_emission__market(
    electricity_purchased: float, certified_electricity: float, residual_emission: Factors
) -> float:
    """购入电力排放（基于市场）: CO2 of purchased electricity without proof of origin, by the residual mix."""
    return (electricity_purchased - certified_electricity) * residual_emission["electricity"]


@indicator(clause="6.5.3c", unit="tCO2")
def sold_electricity_emission(electricity_sold: float, grid_emission: Factors) -> float:
    """输出电力排放: CO2 that goes with electricity supplied to others."""
    return electricity_sold * grid_emission["electricity"]


@indicator(clause="6.5.3c", unit="tCO2", when={"carbon_view": "market"})
def sold_electricity_emission__market(electricity_sold: float, residual_emission: Factors) -> float:
    """输出电力排放（基于市场）: CO2 that goes with electricity supplied to others, by the residual mix."""
    return electricity_sold * residual_emission["electricity"]


@indicator(clause="6.5.3c", unit="tCO2")
def purchased_heat_emission(heat_received: float, heat_emission: Factors) -> float:
    """购入热力排放: CO2 of heat and steam received."""
    return heat_received * heat_emission["heat"]


@indicator(clause="6.5.3c", unit="tCO2")
def sold_heat_emission(heat_supplied: float, heat_emission: Factors) -> float:
    """输出热力排放: CO2 that goes with heat and steam supplied to others."""
    return heat_supplied * heat_emission["heat"]


@indicator(clause="6.5.3c", unit="tCO2e")
def energy_carbon_emission(
    combustion_emission: Items = NONE,
    purchased_electricity_emission: float = 0.0,
    sold_electricity_emission: float = 0.0,
    purchased_heat_emission: float = 0.0,
    sold_heat_emission: float = 0.0,
) -> float:
    """能源消耗碳排放: carbon emission of energy use, fuels and net purchased electricity and heat."""
    electricity = purchased_electricity_emission - sold_electricity_emission
    return sum(combustion_emission.values()) + electricity + purchased_heat_emission - sold_heat_emission


@indicator(clause="6.5.3a", unit="tCO2")
def process_input_emission(process_input: Items, process_emission: Factors) -> Items:
    """过程投入排放: CO2 released by raw materials in industrial processes."""
    return {material: amount * process_emission[material] for material, amount in process_input.items()}


@indicator(clause="6.5.3a", unit="tCO2", better="higher")
def process_output_fixed(process_output: Items, process_emission: Factors) -> Items:
    """产品固碳: CO2 not released because its carbon left in products."""
    return {material: amount * process_emission[material] for material, amount in process_output.items()}


@indicator(clause="6.5.3a", unit="tCO2e")
def released_gas_emission(gas_emission: Items, gwp: Factors) -> Items:
    """非二氧化碳温室气体排放: gases other than CO2, by their global warming potential."""
    return {gas: amount * gwp[gas] for gas, amount in gas_emission.items()}


@indicator(clause="6.5.3a", unit="tCO2e")
def industrial_process_emission(
    process_input_emission: Items = NONE, process_output_fixed: Items = NONE, released_gas_emission: Items = NONE
) -> float:
    """过程排放: emission of industrial processes, carbon fixed in products taken off."""
    released = sum(process_input_emission.values()) + sum(released_gas_emission.values())
    return released - sum(process_output_fixed.values())


@indicator(clause="6.5.3a", unit="tCO2e")
def carbon_emission_total(
    energy_carbon_emission: float = 0.0, industrial_process_emission: float = 0.0, co2_recovered: float = 0.0
) -> float:
    """碳排放总量: greenhouse gases of energy use and processes, recovered CO2 taken off."""
    return energy_carbon_emission + industrial_process_emission - co2_recovered


@indicator(clause="6.5.3b", unit="tCO2e/万元")
def carbon_emission_intensity(carbon_emission_total: float, output_value: float) -> float:
    """碳排放强度: carbon emission per unit of industrial output value."""
    return carbon_emission_total / output_value


@indicator(clause="6.5.3e", unit="tCO2e", better="higher")
def carbon_emission_reduction(measure_reductions: Items) -> float:
    """碳减排量: carbon emission reduced by measures, verified, each measure once."""
    return sum(measure_reductions.values())


@indicator(clause="6.5.4", unit="tCO2/tce")
def carbon_per_energy(carbon_emission_total: float, comprehensive_energy_consumption: float) -> float:
    """单位能耗碳排放: carbon emission per unit of energy used."""
    return carbon_emission_total / comprehensive_energy_consumption
