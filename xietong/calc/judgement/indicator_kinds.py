"""Which indicators say anything of which kind of subject, and what no target can be held against.

Tables 1, 2, 4 and 5 are of enterprises and of what gathers them; a facility or an outlet has a few of their keys.
"""

from collections.abc import Mapping

from xietong.calc.engine.names import name_of
from xietong.calc.engine.rules import RULES
from xietong.calc.indicators.pollutants import NO_MEAN_OF_OUTLETS, TABLE_3
from xietong.calc.items import all_items, inputs
from xietong.calc.keys import HIGHEST_OUTLET, TAXED, TO_WORKS, WITH_ESTIMATE, group_of
from xietong.standard.text import terms
from xietong.texts import Text

TABLE_1 = ("energy_per_output_value", "carbon_emission_intensity", "waste_gas_intensity", "wastewater_intensity")
TABLE_2 = (
    "comprehensive_energy_consumption",
    "energy_per_output_value",
    "clean_energy_share",
    "renewable_energy_share",
    "energy_utilization_efficiency",
)
TABLE_4 = (
    "carbon_emission_total",
    "carbon_emission_intensity",
    "energy_carbon_emission",
    "carbon_emission_reduction",
)
TABLE_5 = (
    "energy_per_output_value",
    "carbon_emission_intensity",
    "pollutant_emission_intensity",
    *(f"{name}_emission_intensity" for name in TABLE_3),
    "resource_utilization_rate",
)
BEYOND = (
    "carbon_per_energy",
    "energy_conversion_efficiency",
    "solid_waste_utilization_rate",
    "hazardous_waste_utilization_rate",
    "water_reuse_rate",
    "waste_heat_utilization_rate",
    "treatment_operation_rate",
    "treatment_energy_intensity",
    "treatment_carbon_intensity",
    "environmental_tax",
    "automation_rate",
    "data_completeness",
)
_MONITORING = ("automation_rate", "data_completeness")
_OF_USERS = (
    "comprehensive_energy_consumption",
    "clean_energy_share",
    "renewable_energy_share",
    "carbon_emission_total",
    "energy_carbon_emission",
    "carbon_emission_reduction",
    "carbon_per_energy",
    "energy_conversion_efficiency",
    "waste_heat_utilization_rate",
    *_MONITORING,
)
_OF_RECYCLING = (
    "resource_utilization_rate",
    "solid_waste_utilization_rate",
    "hazardous_waste_utilization_rate",
    "water_reuse_rate",
    "waste_heat_utilization_rate",
    *_MONITORING,
)
_OF_TREATMENT = ("treatment_operation_rate", "treatment_energy_intensity", "treatment_carbon_intensity", *_MONITORING)
# What applies to a kind that is no enterprise and gathers none; every other kind has all tables.
FACILITIES: Mapping[str, tuple[str, ...]] = {
    "process": _OF_USERS,
    "equipment": _OF_USERS,
    "treatment": _OF_TREATMENT,
    "recycling": _OF_RECYCLING,
    "outlet": ("environmental_tax", *_MONITORING),
}


def applies(key: str, kind: str) -> bool:
    """Whether a key of the tables or beyond them says anything of that kind of subject; other keys apply to all."""
    if kind not in FACILITIES or key in FACILITIES[kind]:
        return True
    return key not in _EVERYONE and (kind == "outlet" or key not in table_3())


def table_3() -> list[str]:
    """The keys of table 3 of everyone but an outlet, which has concentrations."""
    endings = ("compliance_rate", "exceedance_hours", HIGHEST_OUTLET[1:], "emission")
    return [f"{name}_{ending}" for name in TABLE_3 for ending in endings]


_EVERYONE = frozenset((*TABLE_1, *TABLE_2, *TABLE_4, *TABLE_5, *BEYOND))
# What figures are asked by besides rules, inputs and items: a pollutant's key with one of these endings.
_ENDINGS = (HIGHEST_OUTLET, TO_WORKS, TAXED)
_CONCENTRATION = "_concentration"


def has_figure(key: str) -> bool:
    """Whether any figure answers to a key: a rule, an input, an item, a part of them, or the tax."""
    base = group_of(key).removesuffix(WITH_ESTIMATE)
    named = (base, *(base.removesuffix(ending) for ending in _ENDINGS if base.endswith(ending)))
    return (
        base == "environmental_tax" or base in inputs() or any(each in RULES or each in all_items() for each in named)
    )


def is_several(key: str) -> bool:
    """Whether a key answers with several amounts by name, such as fuel_energy: nothing is held against it."""
    if ":" in key or key in all_items():
        return False
    rules = RULES.get(key)
    return inputs().get(key) == "items" if not rules else rules[0].function.__annotations__.get("return") is not float


def nothing_of(key: str, kind: str) -> Text | None:
    """Why a target of a key can have no figure for a kind of subject; None where it can. A facility that states all
    that it takes may have one all the same."""
    if is_several(key):
        return Text(
            f"{key} 是按名称分列的几个量，不是一个数；请写明其中一个，如 {key}:名称。",
            f"{key} is several amounts by name, not one number; name one of them, such as {key}:NAME.",
        )
    if kind != "outlet" and key.removesuffix(_CONCENTRATION) in TABLE_3 and key.endswith(_CONCENTRATION):
        return NO_MEAN_OF_OUTLETS
    if applies(key, kind):
        return None
    noun, name = terms()["noun"][kind], name_of(key)
    return Text(f"{name.zh}不按{noun.zh}核算。", f"{name.en} is not computed for a {noun.en}.")
