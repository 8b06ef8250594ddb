"""Which indicator keys tables 1–5 of the standard show for which kind of subject, and what is shown beyond them.

Tables 1, 2, 4 and 5 are of enterprises and of what gathers them; a facility or an outlet has a few of their keys.
"""

from collections.abc import Mapping

from xietong.calc.indicators.pollutants import TABLE_3
from xietong.calc.judgement.indicator_kinds import TABLE_1, TABLE_2, TABLE_4, TABLE_5, table_3

# Shown only where they have a value: not every park states raw-material use or added value.
WHERE_KNOWN = ("energy_with_feedstock", "energy_per_added_value")
# Of every pollutant that the input named first has an amount of.
BY_POLLUTANT: Mapping[str, str] = {
    "permitted_emission": "{}_permit_share",
    "pollutant_entering_treatment": "{}_removal_rate",
}
# Of a unit with one product.
OF_ONE_PRODUCT = ("waste_gas_per_product", "wastewater_per_product", "pollutant_emission_per_product")
# Shown where the input named beside it has a value.
CIRCULATION: Mapping[str, str] = {
    "solid_waste_disposal_rate": "solid_waste_disposed",
    "solid_waste_imbalance": "solid_waste_stored",
    "solid_waste_utilization_by_kind": "solid_waste_generated_by_kind",
    "solid_waste_imbalance_by_kind": "solid_waste_generated_by_kind",
    "byproduct_utilization_by_kind": "byproduct_generated_by_kind",
    "byproduct_received_utilization_rate": "byproduct_received",
    "solid_waste_received_utilization_rate": "solid_waste_received",
    "hazardous_waste_received_utilization_rate": "hazardous_waste_received",
    "hazardous_waste_disposal_rate": "hazardous_waste_disposed",
    "hazardous_waste_imbalance": "hazardous_waste_stored",
    "hazardous_waste_over_one_year": "hazardous_waste_closing_stock",
    "water_imbalance": "water_lost",
    "unconventional_water_share": "water_fresh",
    "reclaimed_water_rate": "wastewater_treated",
    "waste_pressure_utilization_rate": "waste_pressure_available",
    "waste_energy_utilization_rate": "waste_pressure_available",
    "treatment_operation_share": "production_run_hours",
}


def table_keys(kind: str = "park") -> dict[int, list[str]]:
    """The keys of each table in the table's order, for a kind of subject; a key may stand in several tables.

    An outlet has concentrations in table 3; everyone else has compliance, hours above the limit and the highest outlet.
    """
    return {
        1: list(TABLE_1),
        2: list(TABLE_2),
        3: _outlet_table() if kind == "outlet" else table_3(),
        4: list(TABLE_4),
        5: list(TABLE_5),
    }


def _outlet_table() -> list[str]:
    endings = ("concentration", "compliance_rate", "exceedance_hours", "emission")
    return [f"{name}_{ending}" for name in TABLE_3 for ending in endings]


CLAUSES: Mapping[int, str] = {1: "5.3.5", 2: "6.3.5", 3: "6.4.5", 4: "6.5.5", 5: "7.2.6"}
