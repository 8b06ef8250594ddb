"""Which factors can be true: bands of physics and law per purpose and kind of fuel, and what two factors must share.

Asked for every line of a factor table after its columns are known to be readable (calc.factor_rows). The bands are
wide enough for measured values and narrow enough for a slipped point, a lost digit or a wrong unit.
"""

import csv
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from pathlib import Path

from xietong.calc.items import all_items
from xietong.calc.rounding import told_apart
from xietong.standard.thresholds import Band, band_of, bands_of, decimal_of
from xietong.texts import Text

GJ_PER_TCE = decimal_of("heat.coal_equivalent")
_COAL_EQUIVALENTS = Path(__file__).with_name("coal_equivalent.csv")
# tCO2/GJ by fuel (carbon content × 44/12): fossil fuels, but for two gases that carry CO and CO2 of their own.
_FOSSIL, _UNKNOWN_FUEL = band_of("fuel.fossil_carbon"), band_of("fuel.unknown_carbon")
_CARBON_BANDS = bands_of("carbon")
# Fuels of stable composition: their heat hardly varies. Of coals and gases it may be a third or half as much again.
_STEADY = frozenset(
    {
        "crude_oil",
        "fuel_oil",
        "gasoline",
        "kerosene",
        "diesel",
        "naphtha",
        "residue_oil",
        "other_petroleum_products",
        "lpg",
        "lng",
        "refinery_gas",
        "methanol",
        "ethanol",
        "crude_benzene",
        "coal_tar",
        "hydrogen",
    }
)
_STEADY_BAND, _VARYING_BAND = band_of("fuel.steady_heat"), band_of("fuel.varying_heat")
_CONSTANT_BAND, _MEDIUM_BAND = band_of("fuel.constant_heat"), band_of("fuel.medium_heat")
# In the unit of the purpose (factor_rows.UNIT_OF_PURPOSE); by key, else by purpose.
_BANDS = bands_of("factor")
NEARLY_EQUAL = decimal_of("heat.factors_agree")


def impossible(purpose: str, key: str, value: Decimal, unit: str) -> Text | None:
    """Why a factor, given in the unit of its purpose, cannot be true; None where it can."""
    if value < 0 or (value == 0 and purpose in ("coal_equivalent", "calorific_value", "pollution_equivalent")):
        return Text(
            f"{key} 的系数 {value} {unit} 不大于零；请核对。", f"{key}: a factor of {value} {unit} cannot be; check it."
        )
    if purpose == "carbon_content":
        return _impossible_carbon(key, value)
    if purpose in ("coal_equivalent", "calorific_value"):
        return _impossible_heat(key, value, purpose)
    limits = _BANDS.get(f"{purpose} {key}", _BANDS.get(purpose)) or _band_of_rate(purpose, key)
    if limits is None or (value == 0 and purpose == "removal_efficiency") or limits[0] <= value <= limits[1]:
        return None
    return Text(
        f"{key} 的系数折合 {value.normalize():f} {unit}，不在 {limits[0]}–{limits[1]} 之内；请核对数值和单位"
        "（百分数写 95 并注明 %，或写 0.95 并注明 1）。",
        f"{key}: {value.normalize():f} {unit} lies outside {limits[0]}–{limits[1]}; check the value and its unit "
        "(a percentage is 95 with the unit %, or 0.95 with the unit 1).",
    )


def _band_of_rate(purpose: str, key: str) -> Band | None:
    """The band of a rate of tax that is stated for one pollutant: that of its air or water."""
    known = all_items().get(key) if purpose == "environmental_tax_rate" else None
    return None if known is None else _BANDS.get(f"{purpose} {known.carrier}")


def _impossible_carbon(key: str, carbon: Decimal) -> Text | None:
    low, high = _CARBON_BANDS.get(key, _FOSSIL if key in all_items() else _UNKNOWN_FUEL)
    emission = carbon * 44 / 12
    if low <= emission <= high:
        return None
    if high == 0:
        return Text(
            f"{key} 燃烧的 CO2 单独报告，不计入总量：单位热值含碳量应为 0。",
            f"CO2 of burning {key} is reported apart and not counted: its carbon content is 0 here.",
        )
    return Text(
        f"{key} 的单位热值含碳量折合 {emission:.4f} tCO2/GJ，应在 {low}–{high} 之间；"
        "常见原因：10⁻³ tC/GJ 误作 10⁻² tC/GJ（差 10 倍），或把 tCO2/GJ 当作 tC/GJ（差 44/12）。",
        f"{key}: this carbon content is {emission:.4f} tCO2/GJ and should lie in {low}–{high}; "
        "often 10⁻³ tC/GJ was read as 10⁻² (ten times), or tCO2/GJ as tC/GJ (44/12).",
    )


def _impossible_heat(key: str, value: Decimal, purpose: str) -> Text | None:
    usual = _usual_coal_equivalents().get(key)
    if usual is None:
        return None
    stated = value if purpose == "coal_equivalent" else value / GJ_PER_TCE
    low, high = (bound * usual for bound in _band_of(key))
    if low <= stated <= high:
        return None
    held, least, most = told_apart(float(stated), float(low), float(high), thousands="")
    return Text(
        f"{key} 折合 {held} tce，与 GB/T 2589 附录A、B 的 {usual:.4g} 相差过大（可接受 {least}–{most}）；"
        "请核对数字和单位：低位发热量 ÷ 29 307.6 kJ/kgce 即折标准煤系数，电力当量值 0.1229 kgce/kWh，"
        "等价值请用 purpose=equal_value。",
        f"{key}: {held} tce is too far from {usual:.4g} of GB/T 2589 (accepted: {least}–{most}); "
        "check digits and unit: net calorific value ÷ 29,307.6 kJ/kgce is the coefficient, electricity is "
        "0.1229 kgce/kWh, and an equal value goes under purpose=equal_value.",
    )


def _band_of(key: str) -> tuple[Decimal, Decimal]:
    known = all_items().get(key)
    if known is None or known.carrier != "fuel":
        return _CONSTANT_BAND if key in ("electricity", "heat") else _MEDIUM_BAND
    return _STEADY_BAND if key in _STEADY else _VARYING_BAND


@cache
def _usual_coal_equivalents() -> Mapping[str, Decimal]:
    """tce a canonical unit by key; the table's rows of fuels and media are in kgce, of gases a cubic metre."""
    usual: dict[str, Decimal] = {}
    with _COAL_EQUIVALENTS.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            known = all_items().get(row["key"])
            usual.setdefault(row["key"], _in_tce(Decimal(row["value"]), row["unit"], known.unit if known else ""))
    return usual


def _in_tce(value: Decimal, unit: str, item_unit: str) -> Decimal:
    if unit.endswith("/m3"):
        return value * 10 if item_unit == "10^4m3" else value / 1000
    return value / 1000 if unit == "kgce/t" or (unit == "kgce/kg" and item_unit == "kg") else value


def disagree(key: str, coal_equivalent: Decimal, calorific_value: Decimal) -> Text | None:
    """Why two factors of one fuel, in tce and GJ a unit, cannot both hold: k = NCV ÷ 29.3076 within 2 %."""
    due = calorific_value / GJ_PER_TCE
    if abs(coal_equivalent - due) <= NEARLY_EQUAL * due:
        return None
    return Text(
        f"{key} 的折标准煤系数 {coal_equivalent:.4f} 与低位发热量 {calorific_value} GJ 不符："
        f"{calorific_value} ÷ 29.3076 = {due:.4f}；请改正其中一个。",
        f"{key}: the coefficient {coal_equivalent:.4f} does not fit its calorific value {calorific_value} GJ: "
        f"{calorific_value} ÷ 29.3076 = {due:.4f}; correct one of them.",
    )
