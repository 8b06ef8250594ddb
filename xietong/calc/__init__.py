"""The standard's arithmetic: plain functions whose name is the indicator and whose arguments are its inputs.

What the engine needs from its caller (accounting), as Figures in these units; what is not due is left out or given as
not_applicable, what is due and absent is given as missing. The items that feed each input are in items.csv
(`items.item(name).input` and `.part`): a number is the sum of its items, an `Items` figure (kind "items") has one child
a part, whose key is the part's name.

Energy (MWh, GJ, t): `electricity_purchased` (green power included), `electricity_sold`,
`electricity_renewable_self_used`, `renewable_direct` (neither is part of purchased), `green_power_traded` and
`green_certificates` (attributes of purchased), `electricity_generated`, `heat_generated`, `heat_purchased`,
`heat_sold`; of what is made here without a counted input `electricity_own`, `heat_own` (all of it that enters),
`renewable_electricity_own`, `renewable_heat_own` (used), `electricity_sold_own`, `heat_sold_own` (supplied to others),
and `electricity_resold` (bought before); Items: `electricity_made`, `heat_made` (by source), `fuel_consumed` (burnt for
heat, power or conversion, t or 10^4m3), `fuel_feedstock` (the same keys, used as raw material), `conversion_input` (the
fuels of fuel_consumed that went into conversion), `steam_purchased` and
`steam_sold` (t by grade, "steam" where none is named), `hot_water_purchased` and `hot_water_sold` (t by temperature),
`working_media`. Of one product: `product_share`, `shares_of_all_products` (energy is divided by them),
`product_amount`.
Carbon: Items `process_input`, `process_output`, `calcined_product`, `carbon_output`, `n2o_product` (t),
`gas_emission` (t of gas), `wastewater_organics` and `wastewater_sludge` (t of COD by system of treatment),
`measure_reductions` (tCO2e by measure), `reductions_by_year` (tCO2e by year); `raw_meal`, `wastewater_nitrogen`,
`methane_recovered`, `co2_recovered` t.
Economy: `output_value` 万元 (gross or added, chosen by the park and passed under this one name), `added_value` 万元,
both at the park's prices (`value_at_current_price` and `price_base_year` make constant ones); Items `product`.
Pollutants: Items `pollutant_emission` (t by pollutant key); `waste_gas` m3, `wastewater` t; of an outlet, by pollutant:
`<pollutant>_concentration` (mg/m3 or mg/L, flow-weighted, at reference oxygen), `<pollutant>_valid_hours`,
`<pollutant>_exceeding_hours` h; treatment: `treatment_electricity` kWh, `treatment_run_hours`, `production_run_hours`
h, `pollutant_removed` kg, Items `treatment_reagent` t.
Recycling: `byproduct_generated`, `byproduct_used`, `solid_waste_*` and `hazardous_waste_*` (generated, used, disposed,
stored, discarded, used_from_stock, disposed_from_stock) t, `water_fresh`, `water_reused` t, `waste_heat_recovered`,
`waste_heat_available` GJ.
Environmental tax, of one outlet and month: Items `outlet_emission` (t), `taxable_concentration`, `taxable_limit`,
`taxable_exceedances`; of a subject's waste by kind: Items `taxable_waste_generated`, `_used`, `_stored`, `_disposed` t
(calc.indicators.environmental_tax.environmental_tax takes them outlet by outlet).
Monitoring: `key_points`, `key_points_automatic` (points at key sources), `values_due`, `values_received` (counts).
"""

from xietong.calc.indicators import (
    carbon,
    carbon_gases,
    carbon_processes,
    emission_methods,
    energy,
    environmental_tax,
    monitoring,
    outlet_gas,
    pollutants,
    recycling,
)

__all__ = [
    "carbon",
    "carbon_gases",
    "carbon_processes",
    "emission_methods",
    "energy",
    "environmental_tax",
    "monitoring",
    "outlet_gas",
    "pollutants",
    "recycling",
]
