"""Energy indicators of clause 6.3 and tables 1 and 2, by GB/T 2589: what was received less what was supplied, in tce.

Amounts come in the canonical units of items.csv; factors in tce a unit. The bases 当量 and 等价 never mix in one total.
"""

from xietong.calc.engine.rules import NONE, Factors, Items, NotApplicableError, UnknownValueError, additive, indicator
from xietong.standard.thresholds import float_of
from xietong.texts import Text

# GB/T 32150: the heat of steam counts from water at 20 ℃, 83.74 kJ/kg.
COLD_WATER_GJ_PER_T = float_of("heat.cold_water")
# GB/T 32150: the heat of hot water counts from 20 ℃ too, with the heat capacity of water.
COLD_WATER_CELSIUS = float_of("heat.cold_water_temperature")
WATER_MJ_PER_T_K = float_of("heat.water_capacity")
# A share met to its last binary digit is no share above 100 %.
TOLERANCE = 1e-9
_NO_SHARE = Text(
    "扣除外供后的能耗小于其中的清洁或可再生能源，比例会超过 100 % 或小于零，没有意义；请看园区的比例，或核对外供量。",
    "what remains after supply to others is less than the clean or renewable energy in it: a share above 100 % or "
    "below zero says nothing; see the park's share, or check what was supplied.",
)
_MORE_OUT_THAN_IN = Text(
    "加工转换产出大于投入，转换效率会超过 100 %；请把全部投入的燃料填为 use=conversion，"
    "并核对 electricity_generated 与 heat_generated。",
    "conversion gave more than was put into it, an efficiency above 100 %; report all fuels put into it with "
    "use=conversion and check electricity_generated and heat_generated.",
)


def _within(part: float, whole: float) -> None:
    if part > whole * (1 + TOLERANCE):
        raise NotApplicableError(_NO_SHARE)


@indicator(clause="6.3.2c", unit="tce")
@additive
def fuel_energy(fuel_consumed: Items, coal_equivalent: Factors) -> Items:
    """燃料折标准煤: fuels consumed, in coal equivalent."""
    return {fuel: amount * coal_equivalent[fuel] for fuel, amount in fuel_consumed.items()}


@indicator(clause="6.3.2c", unit="MWh")
def electricity_own(electricity_renewable_self_used: float) -> float:
    """自产电力（无计量投入）: power made here without a counted input, what was supplied to others with it."""
    return electricity_renewable_self_used


@indicator(clause="6.3.2c", unit="MWh")
def electricity_consumed(
    electricity_purchased: float = 0.0,
    electricity_own: float = 0.0,
    renewable_direct: float = 0.0,
    electricity_sold: float = 0.0,
) -> float:
    """电力消费量: electricity received and made here without a counted input, less what was supplied to others."""
    return electricity_purchased + electricity_own + renewable_direct - electricity_sold


@indicator(clause="6.3.2c", unit="MWh")
def electricity_resold(
    electricity_sold: float, electricity_generated: float = 0.0, electricity_own: float = 0.0
) -> float:
    """转供电量: electricity supplied to others beyond what was made here: it had been bought."""
    return max(electricity_sold - max(electricity_generated, electricity_own), 0.0)


@indicator(clause="6.3.2c", unit="tce")
@additive
def electricity_energy(electricity_consumed: float, coal_equivalent: Factors) -> float:
    """电力折标准煤（当量值）: electricity consumed, in coal equivalent at its calorific value."""
    return electricity_consumed * coal_equivalent["electricity"]


@indicator(clause="6.3.2c", unit="tce", when={"electricity_basis": "equal_value"})
@additive
def electricity_energy__equal_value(electricity_consumed: float, equal_value: Factors) -> float:
    """电力折标准煤（等价值）: electricity consumed, in the coal that its supply took."""
    return electricity_consumed * equal_value["electricity"]


@indicator(clause="6.3.2c", unit="GJ")
@additive
def steam_heat_purchased(steam_purchased: Items, steam_enthalpy: Factors) -> Items:
    """外购蒸汽热量: heat of purchased steam, counted from water at 20 ℃."""
    return {grade: amount * (steam_enthalpy[grade] - COLD_WATER_GJ_PER_T) for grade, amount in steam_purchased.items()}


@indicator(clause="6.3.2c", unit="GJ")
@additive
def steam_heat_sold(steam_sold: Items, steam_enthalpy: Factors) -> Items:
    """外供蒸汽热量: heat of steam supplied to others, counted from water at 20 ℃."""
    return {grade: amount * (steam_enthalpy[grade] - COLD_WATER_GJ_PER_T) for grade, amount in steam_sold.items()}


@indicator(clause="6.3.2c", unit="GJ")
@additive
def hot_water_heat_purchased(hot_water_purchased: Items, water_temperature: Factors) -> Items:
    """外购热水热量: heat of purchased hot water, counted from water at 20 ℃."""
    return {
        grade: amount * (water_temperature[grade] - COLD_WATER_CELSIUS) * WATER_MJ_PER_T_K / 1000
        for grade, amount in hot_water_purchased.items()
    }


@indicator(clause="6.3.2c", unit="GJ")
@additive
def hot_water_heat_sold(hot_water_sold: Items, water_temperature: Factors) -> Items:
    """外供热水热量: heat of hot water supplied to others, counted from water at 20 ℃."""
    return {
        grade: amount * (water_temperature[grade] - COLD_WATER_CELSIUS) * WATER_MJ_PER_T_K / 1000
        for grade, amount in hot_water_sold.items()
    }


@indicator(clause="6.3.2c", unit="GJ")
def heat_received(
    heat_purchased: float = 0.0, steam_heat_purchased: Items = NONE, hot_water_heat_purchased: Items = NONE
) -> float:
    """外购热量: heat, steam and hot water received."""
    return heat_purchased + sum(steam_heat_purchased.values()) + sum(hot_water_heat_purchased.values())


@indicator(clause="6.3.2c", unit="GJ")
def heat_supplied(heat_sold: float = 0.0, steam_heat_sold: Items = NONE, hot_water_heat_sold: Items = NONE) -> float:
    """外供热量: heat, steam and hot water supplied to others."""
    return heat_sold + sum(steam_heat_sold.values()) + sum(hot_water_heat_sold.values())


@indicator(clause="6.3.2c", unit="GJ")
def heat_consumed(heat_received: float = 0.0, heat_own: float = 0.0, heat_supplied: float = 0.0) -> float:
    """热力消费量: heat and steam received and made here without a counted input, less what was supplied to others."""
    return heat_received + heat_own - heat_supplied


@indicator(clause="6.3.2c", unit="tce")
@additive
def heat_energy(heat_consumed: float, coal_equivalent: Factors) -> float:
    """热力折标准煤（当量值）: heat consumed, in coal equivalent at its calorific value."""
    return heat_consumed * coal_equivalent["heat"]


@indicator(clause="6.3.2c", unit="tce", when={"electricity_basis": "equal_value"})
@additive
def heat_energy__equal_value(heat_consumed: float, equal_value: Factors) -> float:
    """热力折标准煤（等价值）: heat consumed, in the coal that its supply took."""
    return heat_consumed * equal_value["heat"]


@indicator(clause="6.3.2c", unit="tce")
@additive
def working_media_energy(working_media: Items, coal_equivalent: Factors) -> Items:
    """耗能工质折标准煤: purchased energy-consuming working media, in coal equivalent."""
    return {medium: amount * coal_equivalent[medium] for medium, amount in working_media.items()}


@indicator(clause="6.3.2c", unit="tce")
@additive
def fresh_water_energy(water_fresh: float, coal_equivalent: Factors) -> float:
    """新水折标准煤: fresh water as a working medium, in coal equivalent."""
    return water_fresh * coal_equivalent["water_fresh"]


@indicator(clause="6.3.2a", unit="tce")
def comprehensive_energy_consumption(
    fuel_energy: Items = NONE, electricity_energy: float = 0.0, heat_energy: float = 0.0
) -> float:
    """综合能源消耗量: all energy consumed, what was supplied to others taken off."""
    return sum(fuel_energy.values()) + electricity_energy + heat_energy


@indicator(clause="6.3.2a", unit="tce", when={"working_media": "counted"})
def comprehensive_energy_consumption__with_media(
    fuel_energy: Items = NONE,
    electricity_energy: float = 0.0,
    heat_energy: float = 0.0,
    working_media_energy: Items = NONE,
    fresh_water_energy: float = 0.0,
) -> float:
    """综合能源消耗量（计入耗能工质）: all energy consumed, purchased working media and fresh water included."""
    energy = sum(fuel_energy.values()) + electricity_energy + heat_energy
    return energy + sum(working_media_energy.values()) + fresh_water_energy


@indicator(clause="6.3.2a", unit="tce")
@additive
def feedstock_energy(fuel_feedstock: Items, coal_equivalent: Factors) -> Items:
    """原料用能: energy products used as raw material, beside the total and not in it."""
    return {fuel: amount * coal_equivalent[fuel] for fuel, amount in fuel_feedstock.items()}


@indicator(clause="6.3.2a", unit="tce")
def energy_with_feedstock(comprehensive_energy_consumption: float, feedstock_energy: Items = NONE) -> float:
    """综合能源消耗量（含原料用能）: all energy consumed, raw-material use included."""
    return comprehensive_energy_consumption + sum(feedstock_energy.values())


@indicator(clause="6.3.2b", unit="tce/万元")
def energy_per_output_value(comprehensive_energy_consumption: float, output_value: float) -> float:
    """单位产值能耗: energy used per unit of industrial output value."""
    return comprehensive_energy_consumption / output_value


@indicator(clause="6.3.2b", unit="tce/万元")
def energy_per_added_value(comprehensive_energy_consumption: float, added_value: float) -> float:
    """单位增加值能耗: energy used per unit of industrial added value."""
    return comprehensive_energy_consumption / added_value


@indicator(clause="6.3.2b", unit="万元", better="higher")
def value_at_constant_price(value_at_current_price: float, price_base_year: float, price_index: Factors) -> float:
    """可比价产值: output or added value at the prices of the base year."""
    return value_at_current_price / price_index[f"{price_base_year:.0f}"]


@indicator(clause="6.3.2b", unit="tce")
def product_energy(
    comprehensive_energy_consumption: float, product_share: float, shares_of_all_products: float
) -> float:
    """产品分摊能耗: energy of one product, by its part in its processes' energy or, without those, in the output."""
    return comprehensive_energy_consumption * product_share / shares_of_all_products


@indicator(clause="6.3.2b", unit="tce/t")
def energy_per_product(product_energy: float, product_amount: float) -> float:
    """单位产品综合能耗: energy used per unit of one product."""
    return product_energy / product_amount


@indicator(clause="3.4", unit="万元/tce", better="higher")
def energy_utilization_efficiency(output_value: float, comprehensive_energy_consumption: float) -> float:
    """能源利用效率: useful output, as industrial output value, per unit of energy used."""
    return output_value / comprehensive_energy_consumption


@indicator(clause="6.3.2d", unit="MWh", better="higher")
def renewable_electricity_own(electricity_renewable_self_used: float) -> float:
    """自产可再生电力使用量: renewable electricity made here, or made and sold inside the park, and used."""
    return electricity_renewable_self_used


@indicator(clause="6.3.2d", unit="MWh", better="higher")
def renewable_electricity(
    renewable_electricity_own: float = 0.0,
    renewable_direct: float = 0.0,
    green_power_traded: float = 0.0,
    green_certificates: float = 0.0,
    electricity_purchased: float = 0.0,
    electricity_resold: float = 0.0,
) -> float:
    """可再生能源电量: own, direct and certified renewable electricity; certificates up to purchase less resale."""
    certified = min(green_power_traded + green_certificates, max(electricity_purchased - electricity_resold, 0.0))
    return renewable_electricity_own + renewable_direct + certified


@indicator(clause="6.3.2d", unit="tce", better="higher")
@additive
def renewable_heat_energy(renewable_heat_own: float, coal_equivalent: Factors) -> float:
    """可再生热力折标准煤（当量值）: renewable heat made here and used, in coal equivalent at its calorific value."""
    return renewable_heat_own * coal_equivalent["heat"]


@indicator(clause="6.3.2d", unit="tce", better="higher", when={"electricity_basis": "equal_value"})
@additive
def renewable_heat_energy__equal_value(renewable_heat_own: float, equal_value: Factors) -> float:
    """可再生热力折标准煤（等价值）: renewable heat made here and used, in the coal that its supply would have taken."""
    return renewable_heat_own * equal_value["heat"]


@indicator(clause="6.3.2d", unit="tce", better="higher")
@additive
def renewable_electricity_energy(renewable_electricity: float, coal_equivalent: Factors) -> float:
    """可再生能源电力折标准煤（当量值）: renewable electricity in coal equivalent at its calorific value."""
    return renewable_electricity * coal_equivalent["electricity"]


@indicator(clause="6.3.2d", unit="tce", better="higher", when={"electricity_basis": "equal_value"})
@additive
def renewable_electricity_energy__equal_value(renewable_electricity: float, equal_value: Factors) -> float:
    """可再生能源电力折标准煤（等价值）: renewable electricity in the coal that the grid's supply would have taken."""
    return renewable_electricity * equal_value["electricity"]


@indicator(clause="6.3.2d", unit="tce", better="higher")
@additive
def renewable_fuel_energy(fuel_energy: Items, renewable_share: Factors) -> Items:
    """可再生燃料折标准煤: the part of the fuels that is classed as renewable."""
    return {fuel: energy * renewable_share[fuel] for fuel, energy in fuel_energy.items()}


@indicator(clause="6.3.2d", unit="tce", better="higher")
@additive
def clean_fuel_energy(fuel_energy: Items, clean_share: Factors) -> Items:
    """清洁燃料折标准煤: the part of the fuels that is classed as clean."""
    return {fuel: energy * clean_share[fuel] for fuel, energy in fuel_energy.items()}


@indicator(clause="6.3.2d", unit="%", better="higher")
def renewable_energy_share(
    comprehensive_energy_consumption: float,
    renewable_fuel_energy: Items = NONE,
    renewable_electricity_energy: float = 0.0,
    renewable_heat_energy: float = 0.0,
) -> float:
    """可再生能源比例: renewable energy in all energy consumed."""
    renewable = sum(renewable_fuel_energy.values()) + renewable_electricity_energy + renewable_heat_energy
    _within(renewable, comprehensive_energy_consumption)
    return renewable / comprehensive_energy_consumption * 100


@indicator(clause="6.3.2d", unit="%", better="higher")
def clean_energy_share(
    comprehensive_energy_consumption: float,
    clean_fuel_energy: Items = NONE,
    renewable_electricity_energy: float = 0.0,
    renewable_heat_energy: float = 0.0,
) -> float:
    """清洁能源比例: clean fuels and renewable electricity and heat in all energy consumed."""
    clean = sum(clean_fuel_energy.values()) + renewable_electricity_energy + renewable_heat_energy
    _within(clean, comprehensive_energy_consumption)
    return clean / comprehensive_energy_consumption * 100


@indicator(clause="6.3.2d", unit="%", better="higher", when={"clean_energy": "renewable_only"})
def clean_energy_share__renewable_only(renewable_energy_share: float) -> float:
    """清洁能源比例（可再生能源占比）: renewable energy in all energy consumed, as table 2 explains the indicator."""
    return renewable_energy_share


@indicator(clause="6.3.2e", unit="tce")
@additive
def energy_into_conversion(conversion_input: Items, coal_equivalent: Factors) -> Items:
    """加工转换投入: energy put into conversion, in coal equivalent."""
    return {fuel: amount * coal_equivalent[fuel] for fuel, amount in conversion_input.items()}


@indicator(clause="6.3.2e", unit="tce", better="higher")
@additive
def energy_out_of_conversion(
    coal_equivalent: Factors, electricity_generated: float = 0.0, heat_generated: float = 0.0
) -> float:
    """加工转换产出: electricity and heat produced by conversion, in coal equivalent at their calorific value."""
    return electricity_generated * coal_equivalent["electricity"] + heat_generated * coal_equivalent["heat"]


@indicator(clause="6.3.2e", unit="%", better="higher")
def energy_conversion_efficiency(energy_out_of_conversion: float, energy_into_conversion: Items) -> float:
    """能源转换效率: useful energy produced in the energy supplied to conversion."""
    if energy_out_of_conversion > sum(energy_into_conversion.values()) * (1 + TOLERANCE) > 0:
        raise UnknownValueError(_MORE_OUT_THAN_IN)
    return energy_out_of_conversion / sum(energy_into_conversion.values()) * 100
