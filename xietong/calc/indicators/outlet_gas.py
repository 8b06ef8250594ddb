"""Formulas of an outlet (HJ 75-2017, HJ 212-2017 annex D): reference oxygen, standard dry flow, mass.

Plain functions of numbers for whoever works hour by hour, and the same as rules so that worked cases can try them.
Celsius, kPa, percent and m3/h as monitors send them; nothing here averages or fills gaps.
"""

from xietong.calc.engine.rules import NotApplicableError, indicator
from xietong.standard.thresholds import float_of
from xietong.texts import Text

AIR_OXYGEN = float_of("outlet.oxygen_of_air")
# Above this the divisor 21 − O2 is noise, and a plant at 20 % oxygen is not burning: the measured value stands alone.
HIGHEST_OXYGEN = float_of("outlet.highest_oxygen")
STANDARD_PRESSURE_KPA = float_of("outlet.standard_pressure")
STANDARD_TEMPERATURE_K = float_of("outlet.standard_temperature")


def at_reference_oxygen(measured: float, oxygen: float, reference_oxygen: float) -> float | None:
    """The concentration corrected to the reference oxygen; None where the flue's oxygen (%) allows no correction."""
    if not 0 <= oxygen < HIGHEST_OXYGEN:
        return None
    return measured * (AIR_OXYGEN - reference_oxygen) / (AIR_OXYGEN - oxygen)


def gas_mass_kg(concentration_mg_m3: float, volume_m3: float) -> float:
    """Mass in the gas: the concentration not corrected for oxygen, both dry at standard state."""
    return concentration_mg_m3 * volume_m3 * 1e-6


def water_mass_kg(concentration_mg_l: float, volume_m3: float) -> float:
    """Mass in the water."""
    return concentration_mg_l * volume_m3 * 1e-3


@indicator(clause="6.4.3a", unit="mg/m3")
def corrected_concentration(measured_concentration: float, flue_oxygen: float, reference_oxygen: float) -> float:
    """折算浓度: measured concentration brought to the reference oxygen of the limit."""
    if not 0 <= flue_oxygen < HIGHEST_OXYGEN:
        raise NotApplicableError(
            Text(
                f"烟气含氧量 {flue_oxygen:g} %，不折算（0–20 % 之外）；请看实测浓度。",
                f"the flue gas holds {flue_oxygen:g} % oxygen, outside 0–20 %: no correction; see the measured value.",
            )
        )
    return measured_concentration * (AIR_OXYGEN - reference_oxygen) / (AIR_OXYGEN - flue_oxygen)


@indicator(clause="6.4.3a", unit="m3/h")
def standard_dry_flow(
    flow: float, temperature: float, atmospheric_pressure: float, static_pressure: float, moisture: float
) -> float:
    """标准状态干烟气流量: flow at 0 ℃ and 101.325 kPa without its moisture."""
    pressure = (atmospheric_pressure + static_pressure) / STANDARD_PRESSURE_KPA
    return flow * STANDARD_TEMPERATURE_K / (STANDARD_TEMPERATURE_K + temperature) * pressure * (1 - moisture / 100)


@indicator(clause="6.4.3a", unit="kg")
def gas_pollutant_mass(measured_concentration: float, gas_volume: float) -> float:
    """废气污染物质量: measured concentration, not corrected for oxygen, times dry standard volume."""
    return measured_concentration * gas_volume / 1000000


@indicator(clause="6.4.3b", unit="kg")
def water_pollutant_mass(water_concentration: float, water_volume: float) -> float:
    """废水污染物质量: concentration in mg/L times volume in m3."""
    return water_concentration * water_volume / 1000
