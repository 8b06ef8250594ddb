"""Recycling indicators of table 5 and clauses 5.5.5 and 6.4.3 c): by-products, solid waste, water, waste heat.

A rate above 100 % is never printed: it means that something was not reported, and the sentence says what.
"""

from xietong.calc.engine.rules import NONE, Items, UnknownValueError, indicator
from xietong.texts import Text

# A balance of weighed tonnes does not close to the digit; beyond this share of the whole it has a hole.
TOLERANCE = 1e-9


def _within(part: float, whole: float, lacking: Text) -> None:
    if part > whole * (1 + TOLERANCE) and whole > 0:
        raise UnknownValueError(lacking)


def _of_it(part: float, whole: float, family: str) -> None:
    """What is used of others' material is part of all that is used."""
    if part > whole * (1 + TOLERANCE):
        raise UnknownValueError(
            Text(
                f"其中利用外来的多于利用总量；请核对 {family}_used_received 与 {family}_used（后者含前者）。",
                f"more is stated as used of what others gave than was used in all; check {family}_used_received and "
                f"{family}_used, which holds it.",
            )
        )


def _stock(name: str) -> Text:
    return Text(
        f"利用或处置量大于产生量，综合利用率会超过 100 %；请填报 {name}（其中往年贮存量）或核对产生量。",
        f"more was used or disposed of than was generated, a rate above 100 %; report {name} or check the amounts.",
    )


@indicator(clause="T5-4", unit="%", better="higher")
def resource_utilization_rate(
    byproduct_used: float, byproduct_generated: float, byproduct_used_received: float = 0.0
) -> float:
    """资源综合利用率: industrial by-products used in those generated; what was received from others stands apart."""
    lacking = Text(
        "副产品利用量大于产生量，利用率会超过 100 %；请核对 byproduct_used 与 byproduct_generated。",
        "more by-products were used than generated, a rate above 100 %; check byproduct_used and byproduct_generated.",
    )
    _of_it(byproduct_used_received, byproduct_used, "byproduct")
    _within(byproduct_used - byproduct_used_received, byproduct_generated, lacking)
    return (byproduct_used - byproduct_used_received) / byproduct_generated * 100


def _within_received(used: float, received: float, names: str) -> None:
    lacking = Text(
        f"外来物料利用量大于收到量，利用率会超过 100 %；请核对 {names}。",
        f"more of what was received was used than was received, a rate above 100 %; check {names}.",
    )
    _within(used, received, lacking)


@indicator(clause="5.5.5", unit="%", better="higher")
def byproduct_received_utilization_rate(byproduct_used_received: float, byproduct_received: float) -> float:
    """外来副产品利用率: by-products received from others that were used."""
    _within_received(byproduct_used_received, byproduct_received, "byproduct_used_received, byproduct_received")
    return byproduct_used_received / byproduct_received * 100


@indicator(clause="5.5.5", unit="%", better="higher")
def solid_waste_received_utilization_rate(solid_waste_used_received: float, solid_waste_received: float) -> float:
    """外来工业固废利用率: solid waste received from others that was used."""
    names = "solid_waste_used_received, solid_waste_received"
    _within_received(solid_waste_used_received, solid_waste_received, names)
    return solid_waste_used_received / solid_waste_received * 100


@indicator(clause="5.5.5", unit="%", better="higher")
def hazardous_waste_received_utilization_rate(
    hazardous_waste_used_received: float, hazardous_waste_received: float
) -> float:
    """外来危险废物利用率: hazardous waste received from others that was used."""
    names = "hazardous_waste_used_received, hazardous_waste_received"
    _within_received(hazardous_waste_used_received, hazardous_waste_received, names)
    return hazardous_waste_used_received / hazardous_waste_received * 100


@indicator(clause="6.4.3c", unit="%", better="higher")
def solid_waste_utilization_rate(
    solid_waste_used: float,
    solid_waste_generated: float,
    solid_waste_used_from_stock: float = 0.0,
    solid_waste_used_received: float = 0.0,
) -> float:
    """工业固废综合利用率: solid waste used in what was generated and taken from earlier years' stock."""
    whole = solid_waste_generated + solid_waste_used_from_stock
    _of_it(solid_waste_used_received, solid_waste_used, "solid_waste")
    _within(solid_waste_used - solid_waste_used_received, whole, _stock("solid_waste_used_from_stock"))
    return (solid_waste_used - solid_waste_used_received) / (solid_waste_generated + solid_waste_used_from_stock) * 100


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
    hazardous_waste_used: float,
    hazardous_waste_generated: float,
    hazardous_waste_used_from_stock: float = 0.0,
    hazardous_waste_used_received: float = 0.0,
) -> float:
    """危险废物综合利用率: hazardous waste used in what was generated and taken from earlier years' stock."""
    whole = hazardous_waste_generated + hazardous_waste_used_from_stock
    own = hazardous_waste_used - hazardous_waste_used_received
    _of_it(hazardous_waste_used_received, hazardous_waste_used, "hazardous_waste")
    _within(own, whole, _stock("hazardous_waste_used_from_stock"))
    return (
        (hazardous_waste_used - hazardous_waste_used_received)
        / (hazardous_waste_generated + hazardous_waste_used_from_stock)
        * 100
    )


@indicator(clause="6.4.3c", unit="%", better="higher")
def hazardous_waste_disposal_rate(
    hazardous_waste_disposed: float, hazardous_waste_generated: float, hazardous_waste_disposed_from_stock: float = 0.0
) -> float:
    """危险废物处置率: hazardous waste disposed of in what was generated and taken from earlier years' stock."""
    whole = hazardous_waste_generated + hazardous_waste_disposed_from_stock
    _within(hazardous_waste_disposed, whole, _stock("hazardous_waste_disposed_from_stock"))
    return hazardous_waste_disposed / (hazardous_waste_generated + hazardous_waste_disposed_from_stock) * 100


@indicator(clause="6.4.3c", unit="t")
def hazardous_waste_over_one_year(
    hazardous_waste_closing_stock: float, hazardous_waste_generated_in_a_year: float
) -> float:
    """贮存超过一年的危险废物: what is in store beyond all that a year generated must be older than that year."""
    return max(hazardous_waste_closing_stock - hazardous_waste_generated_in_a_year, 0)


@indicator(clause="6.4.3c", unit="t", better="higher")
def solid_waste_used_of_year(
    solid_waste_used: float, solid_waste_used_from_stock: float = 0.0, solid_waste_used_received: float = 0.0
) -> float:
    """当年固废综合利用量: own solid waste of the period that was used, earlier years' stock and others' taken off."""
    return solid_waste_used - solid_waste_used_from_stock - solid_waste_used_received


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


@indicator(clause="6.4.3c", unit="t")
def hazardous_waste_imbalance(
    hazardous_waste_generated: float,
    hazardous_waste_used_of_year: float = 0.0,
    hazardous_waste_disposed_of_year: float = 0.0,
    hazardous_waste_stored: float = 0.0,
    hazardous_waste_discarded: float = 0.0,
) -> float:
    """危险废物平衡差: hazardous waste generated that use, disposal, storage and discarding do not account for."""
    gone = hazardous_waste_used_of_year + hazardous_waste_disposed_of_year + hazardous_waste_discarded
    return hazardous_waste_generated - gone - hazardous_waste_stored


@indicator(clause="6.4.3c", unit="t", better="higher")
def hazardous_waste_used_of_year(
    hazardous_waste_used: float,
    hazardous_waste_used_from_stock: float = 0.0,
    hazardous_waste_used_received: float = 0.0,
) -> float:
    """当年危险废物综合利用量: own hazardous waste of the period used, earlier years' stock and others' taken off."""
    return hazardous_waste_used - hazardous_waste_used_from_stock - hazardous_waste_used_received


@indicator(clause="6.4.3c", unit="t")
def hazardous_waste_disposed_of_year(
    hazardous_waste_disposed: float, hazardous_waste_disposed_from_stock: float = 0.0
) -> float:
    """当年危险废物处置量: hazardous waste of the period that was disposed of, earlier years' stock taken off."""
    return hazardous_waste_disposed - hazardous_waste_disposed_from_stock


# ---- by kind: the same rates and the same balance, kind by kind ----


def _require_within(used: Items, generated: Items, stock: Items, name: str) -> None:
    """No kind may be used beyond what there was of it, nor at all where there was none."""
    for kind, amount in used.items():
        if amount > (generated.get(kind, 0.0) + stock.get(kind, 0.0)) * (1 + TOLERANCE):
            raise UnknownValueError(_stock(f"{name}:{kind}"))


@indicator(clause="6.4.3c", unit="%", better="higher")
def solid_waste_utilization_by_kind(
    solid_waste_generated_by_kind: Items,
    solid_waste_used_by_kind: Items = NONE,
    solid_waste_used_from_stock_by_kind: Items = NONE,
) -> Items:
    """各类工业固废综合利用率: of each kind of solid waste, what was used in what was generated and taken from stock."""
    stock = solid_waste_used_from_stock_by_kind
    _require_within(solid_waste_used_by_kind, solid_waste_generated_by_kind, stock, "solid_waste_used_from_stock")
    return {
        kind: solid_waste_used_by_kind.get(kind, 0.0) / (amount + stock.get(kind, 0.0)) * 100
        for kind, amount in solid_waste_generated_by_kind.items()
        if amount + stock.get(kind, 0.0) > 0
    }


@indicator(clause="T5-4", unit="%", better="higher")
def byproduct_utilization_by_kind(byproduct_generated_by_kind: Items, byproduct_used_by_kind: Items = NONE) -> Items:
    """各类副产品利用率: of each industrial by-product, what was used in what was generated."""
    _require_within(byproduct_used_by_kind, byproduct_generated_by_kind, NONE, "byproduct_generated")
    return {
        kind: byproduct_used_by_kind.get(kind, 0.0) / amount * 100
        for kind, amount in byproduct_generated_by_kind.items()
        if amount > 0
    }


@indicator(clause="6.4.3c", unit="t")
def solid_waste_left_by_kind(
    solid_waste_generated_by_kind: Items,
    solid_waste_used_by_kind: Items = NONE,
    solid_waste_used_from_stock_by_kind: Items = NONE,
    solid_waste_disposed_by_kind: Items = NONE,
    solid_waste_disposed_from_stock_by_kind: Items = NONE,
) -> Items:
    """各类工业固废剩余量: of each kind, what neither use nor disposal of the year's waste took."""
    return {
        kind: amount
        - solid_waste_used_by_kind.get(kind, 0.0)
        + solid_waste_used_from_stock_by_kind.get(kind, 0.0)
        - solid_waste_disposed_by_kind.get(kind, 0.0)
        + solid_waste_disposed_from_stock_by_kind.get(kind, 0.0)
        for kind, amount in solid_waste_generated_by_kind.items()
    }


@indicator(clause="6.4.3c", unit="t")
def solid_waste_imbalance_by_kind(
    solid_waste_left_by_kind: Items,
    solid_waste_stored_by_kind: Items = NONE,
    solid_waste_discarded_by_kind: Items = NONE,
) -> Items:
    """各类工业固废平衡差: of each kind, what is left and neither stored nor discarded."""
    return {
        kind: amount - solid_waste_stored_by_kind.get(kind, 0.0) - solid_waste_discarded_by_kind.get(kind, 0.0)
        for kind, amount in solid_waste_left_by_kind.items()
    }


# ---- water, waste heat and pressure ----


@indicator(clause="5.5.5", unit="t")
def water_imbalance(
    water_fresh: float,
    wastewater_leaving: float,
    water_reclaimed: float = 0.0,
    water_rain: float = 0.0,
    water_in_product: float = 0.0,
    water_lost: float = 0.0,
) -> float:
    """水平衡差: fresh, reclaimed and rain water taken that wastewater, products and losses do not account for."""
    return water_fresh + water_reclaimed + water_rain - wastewater_leaving - water_in_product - water_lost


@indicator(clause="5.5.5", unit="%", better="higher")
def unconventional_water_share(water_fresh: float, water_reclaimed: float = 0.0, water_rain: float = 0.0) -> float:
    """非常规水源占比: reclaimed and rain water in all water taken."""
    return (water_reclaimed + water_rain) / (water_fresh + water_reclaimed + water_rain) * 100


@indicator(clause="5.5.5", unit="%", better="higher")
def reclaimed_water_rate(water_reclaimed_supplied: float, wastewater_treated: float) -> float:
    """再生水回用率: treated wastewater that is supplied for use again."""
    lacking = Text(
        "再生水供水量大于污水处理量，回用率会超过 100 %；请核对 water_reclaimed_supplied 与 wastewater_treated。",
        "more reclaimed water was supplied than wastewater treated, a rate above 100 %; check "
        "water_reclaimed_supplied and wastewater_treated.",
    )
    _within(water_reclaimed_supplied, wastewater_treated, lacking)
    return water_reclaimed_supplied / wastewater_treated * 100


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


@indicator(clause="5.5.5", unit="%", better="higher")
def waste_pressure_utilization_rate(waste_pressure_recovered: float, waste_pressure_available: float) -> float:
    """余压利用率: waste pressure recovered in the waste pressure available."""
    lacking = Text(
        "余压回收量大于可回收量；请核对 waste_pressure_recovered 与 waste_pressure_available。",
        "more waste pressure was recovered than is available; check waste_pressure_recovered and "
        "waste_pressure_available.",
    )
    _within(waste_pressure_recovered, waste_pressure_available, lacking)
    return waste_pressure_recovered / waste_pressure_available * 100


@indicator(clause="5.5.5", unit="%", better="higher")
def waste_energy_utilization_rate(
    waste_heat_available: float,
    waste_heat_recovered: float = 0.0,
    waste_pressure_available: float = 0.0,
    waste_pressure_recovered: float = 0.0,
) -> float:
    """余热余压利用率: waste heat and pressure recovered in those available."""
    lacking = Text(
        "余热余压回收量大于可回收量；请核对各项。",
        "more waste heat and pressure was recovered than is available; check the amounts.",
    )
    recovered = waste_heat_recovered + waste_pressure_recovered
    _within(recovered, waste_heat_available + waste_pressure_available, lacking)
    return recovered / (waste_heat_available + waste_pressure_available) * 100
