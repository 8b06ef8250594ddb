"""Carbon indicators of clause 6.5 and table 4, by GB/T 32150: combustion, power and heat, and their total.

Combustion is AD = FC × NCV (GJ) and E = AD × CC × OF × 44/12. Purchased electricity counts by the grid's factor, or on
the market view by the residual mix less what is certified; both views are always there, the park's choice names the
one that enters the total. The 2015 edition holds, the 2025 one by the park's choice `ghg_edition`. Processes are in
calc.carbon_processes, the gases one by one and biomass in calc.carbon_gases.
"""

from xietong.calc.engine.rules import NONE, Factors, Items, additive, indicator


@indicator(clause="6.5.3c", unit="GJ")
@additive
def fuel_heat(fuel_consumed: Items, calorific_value: Factors) -> Items:
    """燃料热量: activity data of combustion, fuel times net calorific value."""
    return {fuel: amount * calorific_value[fuel] for fuel, amount in fuel_consumed.items()}


@indicator(clause="6.5.3c", unit="tCO2")
@additive
def combustion_emission(fuel_heat: Items, carbon_content: Factors, oxidation_rate: Factors) -> Items:
    """燃料燃烧排放: CO2 of fuel combustion, heat times carbon content, oxidation rate and 44/12."""
    return {fuel: heat * carbon_content[fuel] * oxidation_rate[fuel] * 44 / 12 for fuel, heat in fuel_heat.items()}


@indicator(clause="6.5.3c", unit="MWh", better="higher")
def certified_electricity(
    electricity_purchased: float,
    green_power_traded: float = 0.0,
    green_certificates: float = 0.0,
    electricity_resold: float = 0.0,
) -> float:
    """绿证与绿电覆盖电量: purchased electricity proved to be non-fossil, at most what was bought and not resold."""
    return min(green_power_traded + green_certificates, max(electricity_purchased - electricity_resold, 0.0))


@indicator(clause="6.5.3c", unit="tCO2")
@additive
def purchased_electricity_emission_location(electricity_purchased: float, grid_emission: Factors) -> float:
    """购入电力排放（基于位置）: CO2 of purchased electricity by the grid's average."""
    return electricity_purchased * grid_emission["electricity"]


@indicator(clause="6.5.3c", unit="tCO2", when={"ghg_edition": "2025"})
@additive
def purchased_electricity_emission_location__2025(
    electricity_purchased: float, certified_electricity: float, grid_emission: Factors
) -> float:
    """购入电力排放（基于位置，2025 版）: proved non-fossil electricity counts zero, the rest by the grid's average."""
    return (electricity_purchased - certified_electricity) * grid_emission["electricity"]


@indicator(clause="6.5.3c", unit="tCO2")
@additive
def purchased_electricity_emission_market(
    electricity_purchased: float, certified_electricity: float, residual_emission: Factors
) -> float:
    """购入电力排放（基于市场）: CO2 of purchased electricity without proof of origin, by the residual mix."""
    return (electricity_purchased - certified_electricity) * residual_emission["electricity"]


@indicator(clause="6.5.3c", unit="tCO2")
def purchased_electricity_emission(purchased_electricity_emission_location: float) -> float:
    """购入电力排放: CO2 of purchased electricity, in the view that the park chose."""
    return purchased_electricity_emission_location


@indicator(clause="6.5.3c", unit="tCO2", when={"carbon_view": "market"})
def purchased_electricity_emission__market(purchased_electricity_emission_market: float) -> float:
    """购入电力排放: CO2 of purchased electricity, in the view that the park chose."""
    return purchased_electricity_emission_market


@indicator(clause="6.5.3c", unit="MWh")
def electricity_sold_deducted(electricity_sold: float, electricity_sold_own: float = 0.0) -> float:
    """扣减的输出电量: electricity supplied to others, without what was made here without emission."""
    return electricity_sold - electricity_sold_own


@indicator(clause="6.5.3c", unit="MWh", when={"own_make_sold": "taken_off"})
def electricity_sold_deducted__literal(electricity_sold: float, electricity_sold_own: float = 0.0) -> float:
    """扣减的输出电量: all electricity supplied to others, as GB/T 32150 has it to the letter."""
    return (electricity_sold - electricity_sold_own) + electricity_sold_own


@indicator(clause="6.5.3c", unit="tCO2")
@additive
def sold_electricity_emission_location(electricity_sold_deducted: float, grid_emission: Factors) -> float:
    """输出电力排放（基于位置）: CO2 that goes with electricity supplied to others, by the grid's average."""
    return electricity_sold_deducted * grid_emission["electricity"]


@indicator(clause="6.5.3c", unit="tCO2")
@additive
def sold_electricity_emission_market(electricity_sold_deducted: float, residual_emission: Factors) -> float:
    """输出电力排放（基于市场）: CO2 that goes with electricity supplied to others, by the residual mix."""
    return electricity_sold_deducted * residual_emission["electricity"]


@indicator(clause="6.5.3c", unit="tCO2")
def sold_electricity_emission(sold_electricity_emission_location: float) -> float:
    """输出电力排放: CO2 that goes with electricity supplied to others, in the view that the park chose."""
    return sold_electricity_emission_location


@indicator(clause="6.5.3c", unit="tCO2", when={"carbon_view": "market"})
def sold_electricity_emission__market(sold_electricity_emission_market: float) -> float:
    """输出电力排放: CO2 that goes with electricity supplied to others, in the view that the park chose."""
    return sold_electricity_emission_market


@indicator(clause="6.5.3c", unit="tCO2")
def net_electricity_emission(
    purchased_electricity_emission: float = 0.0, sold_electricity_emission: float = 0.0
) -> float:
    """净购入电力排放: CO2 of electricity bought less what went with electricity sold."""
    return purchased_electricity_emission - sold_electricity_emission


@indicator(clause="6.5.3c", unit="tCO2")
def net_electricity_emission_location(
    purchased_electricity_emission_location: float = 0.0, sold_electricity_emission_location: float = 0.0
) -> float:
    """净购入电力排放（基于位置）: CO2 of electricity bought less sold, by the grid's average."""
    return purchased_electricity_emission_location - sold_electricity_emission_location


@indicator(clause="6.5.3c", unit="tCO2")
def net_electricity_emission_market(
    purchased_electricity_emission_market: float = 0.0, sold_electricity_emission_market: float = 0.0
) -> float:
    """净购入电力排放（基于市场）: CO2 of electricity bought less sold, by proof of origin and residual mix."""
    return purchased_electricity_emission_market - sold_electricity_emission_market


@indicator(clause="6.5.3c", unit="tCO2")
@additive
def purchased_heat_emission(heat_received: float, heat_emission: Factors) -> float:
    """购入热力排放: CO2 of heat and steam received."""
    return heat_received * heat_emission["heat"]


@indicator(clause="6.5.3c", unit="GJ")
def heat_supplied_deducted(heat_supplied: float, heat_sold_own: float = 0.0) -> float:
    """扣减的输出热量: heat and steam supplied to others, without what was made here without emission."""
    return heat_supplied - heat_sold_own


@indicator(clause="6.5.3c", unit="GJ", when={"own_make_sold": "taken_off"})
def heat_supplied_deducted__literal(heat_supplied: float, heat_sold_own: float = 0.0) -> float:
    """扣减的输出热量: all heat and steam supplied to others, as GB/T 32150 has it to the letter."""
    return (heat_supplied - heat_sold_own) + heat_sold_own


@indicator(clause="6.5.3c", unit="tCO2")
@additive
def sold_heat_emission(heat_supplied_deducted: float, heat_emission: Factors) -> float:
    """输出热力排放: CO2 that goes with heat and steam supplied to others."""
    return heat_supplied_deducted * heat_emission["heat"]


@indicator(clause="6.5.3c", unit="tCO2")
def net_heat_emission(purchased_heat_emission: float = 0.0, sold_heat_emission: float = 0.0) -> float:
    """净购入热力排放: CO2 of heat and steam bought less what went with heat sold."""
    return purchased_heat_emission - sold_heat_emission


@indicator(clause="6.5.3c", unit="tCO2e")
def energy_carbon_emission(
    combustion_emission: Items = NONE,
    purchased_electricity_emission: float = 0.0,
    sold_electricity_emission: float = 0.0,
    purchased_heat_emission: float = 0.0,
    sold_heat_emission: float = 0.0,
    counted_biomass_gas_emission: float = 0.0,
) -> float:
    """能源消耗碳排放: carbon emission of energy use, fuels and net purchased electricity and heat."""
    electricity = purchased_electricity_emission - sold_electricity_emission
    fuels = sum(combustion_emission.values()) + counted_biomass_gas_emission
    return fuels + electricity + purchased_heat_emission - sold_heat_emission


@indicator(clause="6.5.3a", unit="tCO2e")
def carbon_emission_total(
    energy_carbon_emission: float = 0.0, industrial_process_emission: float = 0.0, co2_recovered: float = 0.0
) -> float:
    """碳排放总量: greenhouse gases of energy use and processes, recovered CO2 taken off."""
    return energy_carbon_emission + industrial_process_emission - co2_recovered


@indicator(clause="6.5.3a", unit="tCO2e")
def carbon_emission_total_location(
    combustion_emission: Items = NONE,
    net_electricity_emission_location: float = 0.0,
    net_heat_emission: float = 0.0,
    industrial_process_emission: float = 0.0,
    counted_biomass_gas_emission: float = 0.0,
    co2_recovered: float = 0.0,
) -> float:
    """碳排放总量（基于位置）: all greenhouse gases, electricity by the grid's average, whatever view the park chose."""
    fuels = sum(combustion_emission.values()) + counted_biomass_gas_emission
    energy = fuels + net_electricity_emission_location + net_heat_emission
    return energy + industrial_process_emission - co2_recovered


@indicator(clause="6.5.3a", unit="tCO2e")
def carbon_emission_total_market(
    combustion_emission: Items = NONE,
    net_electricity_emission_market: float = 0.0,
    net_heat_emission: float = 0.0,
    industrial_process_emission: float = 0.0,
    counted_biomass_gas_emission: float = 0.0,
    co2_recovered: float = 0.0,
) -> float:
    """碳排放总量（基于市场）: all greenhouse gases, electricity by proof of origin, whatever view the park chose."""
    fuels = sum(combustion_emission.values()) + counted_biomass_gas_emission
    energy = fuels + net_electricity_emission_market + net_heat_emission
    return energy + industrial_process_emission - co2_recovered


@indicator(clause="6.5.3a", unit="tCO2e")
def carbon_by_category(
    combustion_emission: Items = NONE,
    industrial_process_emission: float = 0.0,
    net_electricity_emission: float = 0.0,
    net_heat_emission: float = 0.0,
    counted_biomass_gas_emission: float = 0.0,
    co2_recovered: float = 0.0,
) -> Items:
    """碳排放分类: the total by the source categories of GB/T 32150, recovered CO2 with its sign."""
    return {
        "combustion": sum(combustion_emission.values()),
        "biomass_gases": counted_biomass_gas_emission,
        "process": industrial_process_emission,
        "electricity": net_electricity_emission,
        "heat": net_heat_emission,
        "recovered": -co2_recovered,
    }


@indicator(clause="6.5.3b", unit="tCO2e/万元")
def carbon_emission_intensity(carbon_emission_total: float, output_value: float) -> float:
    """碳排放强度: carbon emission per unit of industrial output value."""
    return carbon_emission_total / output_value


@indicator(clause="6.5.3e", unit="tCO2e", better="higher")
def carbon_emission_reduction(measure_reductions: Items) -> float:
    """碳减排量: carbon emission reduced by measures, verified, each measure once."""
    return sum(measure_reductions.values())


@indicator(clause="6.5.3e", unit="tCO2e", better="higher")
def cumulative_carbon_reduction(reductions_by_year: Items) -> float:
    """累计碳减排量: carbon emission reduced by measures in all years since the first of them started."""
    return sum(reductions_by_year.values())


@indicator(clause="6.5.4", unit="tCO2/tce")
def carbon_per_energy(carbon_emission_total: float, comprehensive_energy_consumption: float) -> float:
    """单位能耗碳排放: carbon emission per unit of energy used."""
    return carbon_emission_total / comprehensive_energy_consumption
