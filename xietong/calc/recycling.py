"""Recycling indicators of table 5 and clauses 5.5.5 and 6.4.3 c): by-products, solid waste, water, waste heat.

A rate above 100 % is never printed: it means that something was not reported, and the sentence says what.
"""

from xietong.calc.rules import UnknownValueError, indicator
from xietong.texts import Text

# A balance of weighed tonnes does not close to the digit; beyond this share of the whole it has a hole.
TOLERANCE = 1e-9


def _within(part: float, whole: float, lacking: Text) -> None:
    if part > whole * (1 + TOLERANCE) and whole > 0:
        raise UnknownValueError(lacking)


def _stock(name: str) -> Text:
    return Text(
        f"利用或处置量大于产生量，综合利用率会超过 100 %；请填报 {name}（其中往年贮存量）或核对产生量。",
        f"more was used or disposed of than was generated, a rate above 100 %; report {name} or check the amounts.",
    )


@indicator(clause="T5-4", unit="%", better="higher")
def resource_utilization_rate(byproduct_used: float, byproduct_generated: float) -> float:
    """资源综合利用率: industrial by-products used in those generated."""
    lacking = Text(
        "副产品利用量大于产生量，利用率会超过 100 %；请核对 byproduct_used 与 byproduct_generated。",
        "more by-products were used than generated, a rate above 100 %; check byproduct_used and byproduct_generated.",
    )
    _within(byproduct_used, byproduct_generated, lacking)
    return byproduct_used / byproduct_generated * 100


@indicator(clause="6.4.3c", unit="%", better="higher")
def solid_waste_utilization_rate(
    solid_waste_used: float, solid_waste_generated: float, solid_waste_used_from_stock: float = 0.0
) -> float:
    """工业固废综合利用率: solid waste used in what was generated and taken from earlier years' stock."""
    _within(
        solid_waste_used, solid_waste_generated + solid_waste_used_from_stock, _stock("solid_waste_used_from_stock")
    )
    return solid_waste_used / (solid_waste_generated + solid_waste_used_from_stock) * 100


@indicator(clause="6.4.3c", unit="%", better="higher")
def solid_waste_disposal_rate(
    solid_waste_disposed: float, solid_waste_generated: float, solid_waste_disposed_from_stock: float = 0.0
) -> float:
    """工业固废处置率: solid waste disposed of in what was generated and taken from earlier years' stock."""
    whole = solid_waste_generated + solid_waste_disposed_from_stock
    _within(solid_waste_disposed, whole, _stock("solid_waste_disposed_from_stock"))
    return solid_waste_disposed / (solid_waste_generated + solid_waste_disposed_from_stock) * 100


@indicator(clause="6.4.3c", unit="%", better="higher")
def hazardous_waste_utilization_rate(
    hazardous_waste_used: float, hazardous_waste_generated: float, hazardous_waste_used_from_stock: float = 0.0
) -> float:
    """危险废物综合利用率: hazardous waste used in what was generated and taken from earlier years' stock."""
    whole = hazardous_waste_generated + hazardous_waste_used_from_stock
    _within(hazardous_waste_used, whole, _stock("hazardous_waste_used_from_stock"))
    return hazardous_waste_used / (hazardous_waste_generated + hazardous_waste_used_from_stock) * 100


@indicator(clause="6.4.3c", unit="t", better="higher")
def solid_waste_used_of_year(solid_waste_used: float, solid_waste_used_from_stock: float = 0.0) -> float:
    """当年固废综合利用量: solid waste of the period that was used, earlier years' stock taken off."""
    return solid_waste_used - solid_waste_used_from_stock


@indicator(clause="6.4.3c", unit="t")
def solid_waste_disposed_of_year(solid_waste_disposed: float, solid_waste_disposed_from_stock: float = 0.0) -> float:
    """当年固废处置量: solid waste of the period that was disposed of, earlier years' stock taken off."""
    return solid_waste_disposed - solid_waste_disposed_from_stock


@indicator(clause="6.4.3c", unit="t")
def solid_waste_imbalance(
    solid_waste_generated: float,
    solid_waste_used_of_year: float = 0.0,
    solid_waste_disposed_of_year: float = 0.0,
    solid_waste_stored: float = 0.0,
    solid_waste_discarded: float = 0.0,
) -> float:
    """工业固废平衡差: solid waste generated that use, disposal, storage and discarding do not account for."""
    gone = solid_waste_used_of_year + solid_waste_disposed_of_year + solid_waste_discarded
    return solid_waste_generated - gone - solid_waste_stored


@indicator(clause="5.5.5", unit="%", better="higher")
def water_reuse_rate(water_reused: float, water_fresh: float) -> float:
    """工业用水重复利用率: water reused in all water used."""
    return water_reused / (water_fresh + water_reused) * 100


@indicator(clause="5.5.5", unit="%", better="higher")
def waste_heat_utilization_rate(waste_heat_recovered: float, waste_heat_available: float) -> float:
    """余热利用率: waste heat recovered in the waste heat available."""
    lacking = Text(
        "余热回收量大于可回收量；请核对 waste_heat_recovered 与 waste_heat_available。",
        "more waste heat was recovered than is available; check waste_heat_recovered and waste_heat_available.",
    )
    _within(waste_heat_recovered, waste_heat_available, lacking)
    return waste_heat_recovered / waste_heat_available * 100
