"""Zero-carbon park 零碳园区 (发改环资 2025, 910号, annexes 3 and 4): its own arithmetic, on the same engine.

CO2 only: fossil fuels used as fuel, power and heat received less supplied, industrial processes. What it shares with
the park standard (heat of fuels, energy in tce, rates of reuse) it takes over by name; its points, thresholds and open
points are in standard/zero_carbon_park.
"""

from xietong.calc.engine.rules import Factors, Items, additive, rule_table

indicator = rule_table("zero-carbon-park").indicator


@indicator(clause="A4-3", unit="tCO2")
def fuel_use_co2(combustion_emission: Items) -> float:
    """化石能源用作燃料的碳排放: CO2 of fossil fuels used as fuel, raw materials not counted."""
    return sum(combustion_emission.values())


@indicator(clause="A4-5", unit="MWh")
def unproven_electricity(
    electricity_purchased: float = 0.0, certified_electricity: float = 0.0, electricity_sold: float = 0.0
) -> float:
    """净受入电量（扣除绿电）: electricity received less supplied, what is proved to be non-fossil taken off."""
    return electricity_purchased - certified_electricity - electricity_sold


@indicator(clause="A4-5", unit="tCO2")
@additive
def indirect_electricity_co2(unproven_electricity: float, fossil_emission: Factors) -> float:
    """电力净受入的间接碳排放: CO2 of unproven electricity, by the factor of fossil power."""
    return unproven_electricity * fossil_emission["electricity"]


@indicator(clause="A4-5", unit="tCO2", when={"zero_carbon_power": "residual"})
@additive
def indirect_electricity_co2__residual(unproven_electricity: float, residual_emission: Factors) -> float:
    """电力净受入的间接碳排放: CO2 of unproven electricity, by the residual mix."""
    return unproven_electricity * residual_emission["electricity"]


@indicator(clause="A4-5", unit="tCO2", when={"zero_carbon_power": "average"})
@additive
def indirect_electricity_co2__average(unproven_electricity: float, grid_emission: Factors) -> float:
    """电力净受入的间接碳排放: CO2 of unproven electricity, by the grid's average."""
    return unproven_electricity * grid_emission["electricity"]


@indicator(clause="A4-2", unit="tCO2")
def energy_activity_co2(
    fuel_use_co2: float = 0.0, indirect_electricity_co2: float = 0.0, net_heat_emission: float = 0.0
) -> float:
    """能源活动碳排放: CO2 of fuels, and of power and heat received on balance."""
    return fuel_use_co2 + indirect_electricity_co2 + net_heat_emission


@indicator(clause="A4-6", unit="tCO2")
def industrial_process_co2(process_co2_emission: float) -> float:
    """工业生产过程碳排放: CO2 of industrial processes, other greenhouse gases not counted."""
    return process_co2_emission


@indicator(clause="A4-1", unit="tCO2")
def park_co2_emission(energy_activity_co2: float = 0.0, industrial_process_co2: float = 0.0) -> float:
    """园区碳排放: CO2 of energy activities and industrial processes, recovered CO2 not taken off."""
    return energy_activity_co2 + industrial_process_co2


@indicator(clause="A3-1", unit="tCO2/tce")
def unit_energy_carbon(park_co2_emission: float, comprehensive_energy_consumption: float) -> float:
    """单位能耗碳排放: the park's CO2 per unit of energy it consumed."""
    return park_co2_emission / comprehensive_energy_consumption
