"""FactorRow: one factor as a line of a table, and what makes such a line usable.

Used for the shipped factors and for a park's own; whoever loads a package asks `problem` first.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from itertools import pairwise

from xietong.calc.factors.physics import impossible
from xietong.calc.figures import Figure
from xietong.calc.items import all_items
from xietong.calc.keys import group_of
from xietong.texts import Text
from xietong.units import UnitError, convert

# What a purpose's factors are counted in; {item} is the canonical unit of the item that the key names.
UNIT_OF_PURPOSE: Mapping[str, str] = {
    "coal_equivalent": "tce/{item}",
    "equal_value": "tce/{item}",
    "calorific_value": "GJ/{item}",
    "carbon_content": "tC/GJ",
    "oxidation_rate": "1",
    "grid_emission": "tCO2/MWh",
    "residual_emission": "tCO2/MWh",
    "fossil_emission": "tCO2/MWh",
    "heat_emission": "tCO2/GJ",
    "steam_enthalpy": "GJ/t",
    "water_temperature": "℃",
    "price_index": "1",
    "process_emission": "tCO2/{item}",
    "carbonate_purity": "1",
    "cao_content": "1",
    "mgo_content": "1",
    "organic_carbon": "1",
    "carbon_fraction": "t/t",
    "n2o_release": "t/t",
    "n2o_abatement": "1",
    "methane_capacity": "t/t",
    "methane_correction": "1",
    "wastewater_n2o": "t/t",
    "biogenic_carbon": "tC/GJ",
    "biomass_ch4": "t/GJ",
    "biomass_n2o": "t/GJ",
    "gwp": "tCO2e/t",
    "pollution_equivalent": "kg",
    "practice_equivalent": "kg",
    "sulfur_content": "t/{item}",
    "sulfur_conversion": "1",
    "ash_content": "t/{item}",
    "fly_ash_share": "1",
    "fly_ash_combustible": "1",
    "removal_efficiency": "1",
    "emission_coefficient": "kg/{item}",
    "environmental_tax_rate": "元/污染当量",
    "solid_waste_tax_rate": "元/t",
    "clean_share": "1",
    "renewable_share": "1",
}
# What a balance or a coefficient of emissions needs; such a factor never changes energy or carbon of its key.
EMISSION_PURPOSES = frozenset(
    {
        "sulfur_content",
        "sulfur_conversion",
        "ash_content",
        "fly_ash_share",
        "fly_ash_combustible",
        "removal_efficiency",
        "emission_coefficient",
    }
)
# What a laboratory states in per cent where the fuel is weighed.
_PERCENT_OF_MASS = frozenset({"sulfur_content", "ash_content"})
_CARRIER_UNIT = {"electricity": "MWh", "heat": "GJ"}


class FactorRowError(ValueError):
    """A factor's line that cannot be used, with the sentence."""

    def __init__(self, text: Text) -> None:
        super().__init__(text.en)
        self.text = text


@dataclass(frozen=True, slots=True)
class FactorRow:
    """One factor; value in `unit` as published. valid_to is the first day no longer in force; region "" is anywhere."""

    purpose: str
    key: str
    value: Decimal
    unit: str
    source: str
    valid_from: date
    valid_to: date = date.max
    low: Decimal | None = None
    high: Decimal | None = None
    edition: str = ""
    table_row: str = ""
    region: str = ""
    series: str = ""
    confidence: str = "verified"
    own: bool = False
    subject: str = ""

    def in_force(self, on: date) -> bool:
        """Whether the row counts on that day."""
        return self.valid_from <= on < self.valid_to

    def fits(self, area: str, series: str, region: str) -> bool:
        """Whether the row is of that area and series; a park's own row need only not name another region."""
        if self.own:
            return self.region in ("", "national", area, region) or region.startswith(self.region)
        return self._is_there(area, region) and self.series in ("", series)

    def _is_there(self, area: str, region: str) -> bool:
        """A row's region is an area, or an area with the cities in it for which alone it holds ("江苏 南京、苏州")."""
        of, _, cities = self.region.partition(" ")
        return of in ("", area) and (not cities or any(city in region for city in cities.split("、")))


def unit_needed(purpose: str, key: str) -> str:
    """The unit in which a factor of that purpose and key is used."""
    form = UNIT_OF_PURPOSE[purpose]
    if purpose == "emission_coefficient":  # its key is "pollutant/activity"
        key = group_of(key.partition("/")[2])
    known = all_items().get(key)
    unit = known.unit if known is not None else _CARRIER_UNIT.get(key, "t")
    if purpose in _PERCENT_OF_MASS and unit == "t":
        return "1"
    return form.format(item=unit)


def convert_ratio(value: Decimal, unit: str, to: str) -> Decimal:
    """Convert between units that may be ratios ("kgce/kWh" to "tce/MWh"); raises UnitError."""
    over, _, under = unit.partition("/")
    over_to, _, under_to = to.partition("/")
    if bool(under) != bool(under_to):
        raise UnitError(Text(f"单位 {unit} 应为 {to}。", f"unit {unit} should be {to}."))
    value = convert(value, over, over_to)
    return value / convert(Decimal(1), under, under_to) if under else value


@lru_cache(4096)
def figure_of(row: FactorRow) -> Figure:
    """The factor as a Figure in the unit of its purpose; the published value, range and edition go in its trace."""
    unit = unit_needed(row.purpose, row.key)
    known = {
        "published": f"{row.value} {row.unit}",
        "edition": row.edition,
        "table_row": row.table_row,
        "region": row.region,
        "series": row.series,
        "range": f"{row.low}–{row.high}" if row.low is not None else "",
        "valid_from": row.valid_from.isoformat(),
        "valid_to": "" if row.valid_to == date.max else row.valid_to.isoformat(),
        "confidence": row.confidence,
        "subject": row.subject,
        "own": "yes" if row.own else "",
    }
    said = " ".join(part for part in (row.source, row.edition, row.table_row) if part)
    source = f"园区自有系数 park's own factor: {said}" if row.own else said
    value = float(convert_ratio(row.value, row.unit, unit))
    trace = {name: text for name, text in known.items() if text}
    key = f"{row.purpose}:{row.key}"
    return Figure(key, value, unit, kind="factor", source=source, trace=trace, remarks=_remarks(row))


def _remarks(row: FactorRow) -> tuple[Text, ...]:
    """What a reader should know of a default taken out of a range, and of a value that no stored source proves."""
    if row.low is not None:
        return (
            Text(
                f"{row.key} 取区间 {row.low}–{row.high} {row.unit} 中的 {row.value}；有实测值请改用实测值。",
                f"{row.key}: {row.value} was taken from the range {row.low}–{row.high} {row.unit}; "
                "use a measured value where there is one.",
            ),
        )
    if row.confidence == "knowledge":
        return (
            Text(
                f"{row.key} 的系数为参考值，未与原件核对；请以实测值或当地公布值替换。",
                f"the factor of {row.key} is a reference value not checked against its original; "
                "replace it by a measured or locally published one.",
            ),
        )
    return ()


def read_row(row: Mapping[str, str]) -> FactorRow:
    """A line of factors.csv as a FactorRow; raises FactorRowError with the first thing wrong with it."""
    wrong = problem(row)
    if wrong is not None:
        raise FactorRowError(wrong[2])
    return FactorRow(
        purpose=row["purpose"],
        key=row["key"],
        value=Decimal(row["value"]),
        unit=row["unit"],
        source=row["source"],
        valid_from=_day(row.get("valid_from"), date.min),
        valid_to=_day(row.get("valid_to"), date.max),
        low=_number(row.get("low")),
        high=_number(row.get("high")),
        edition=row.get("edition") or "",
        table_row=row.get("table_row") or row.get("evidence") or "",
        region=row.get("region") or "",
        series=row.get("series") or "",
        confidence=row.get("confidence") or "park",
        subject=row.get("subject") or "",
    )


def problem(row: Mapping[str, str]) -> tuple[str, str, Text] | None:
    """What makes a line unusable as (column, rule, sentence), else None."""
    for check in (_needed, _known_purpose, _numbers, _days, _fitting_unit, _possible):
        wrong = check(row)
        if wrong is not None:
            return wrong
    return None


def _needed(row: Mapping[str, str]) -> tuple[str, str, Text] | None:
    for column in ("purpose", "key", "value", "unit", "source"):
        if not (row.get(column) or "").strip():
            return column, "required", Text(f"系数缺少 {column}；请补全。", f"the factor has no {column}; fill it in.")
    return None


def _known_purpose(row: Mapping[str, str]) -> tuple[str, str, Text] | None:
    if row["purpose"] in UNIT_OF_PURPOSE:
        return None
    names = "、".join(UNIT_OF_PURPOSE)
    return (
        "purpose",
        "known",
        Text(
            f"“{row['purpose']}”不是系数用途；可用：{names}。",
            f'"{row["purpose"]}" is not a purpose of factors; use one of {names}.',
        ),
    )


_OUTSIDE = Text(
    "系数值不在其下限与上限之间，取用哪一个都说不清；请核对这三格（下限 ≤ 数值 ≤ 上限）。",
    "the factor lies outside its own low and high, so nobody can say which to use; check the three cells.",
)


def _numbers(row: Mapping[str, str]) -> tuple[str, str, Text] | None:
    for column in ("value", "low", "high"):
        try:
            number = _number(row.get(column))
        except InvalidOperation:
            number = Decimal("NaN")
        if number is not None and not number.is_finite():
            return column, "number", Text(f"“{row[column]}”不是数字。", f'"{row[column]}" is not a number.')
    low, high = _number(row.get("low")), _number(row.get("high"))
    if low is not None and high is not None and not low <= Decimal(row["value"]) <= high:
        return "value", "range", _OUTSIDE
    return None


def _days(row: Mapping[str, str]) -> tuple[str, str, Text] | None:
    for column in ("valid_from", "valid_to"):
        try:
            _day(row.get(column), date.min)
        except ValueError:
            text = Text(
                f"“{row[column]}”不是日期；请写成 2025-01-01。", f'"{row[column]}" is not a date; write 2025-01-01.'
            )
            return column, "date", text
    return None


def _fitting_unit(row: Mapping[str, str]) -> tuple[str, str, Text] | None:
    needed = unit_needed(row["purpose"], row["key"])
    try:
        convert_ratio(Decimal(1), row["unit"], needed)
    except UnitError:
        return (
            "unit",
            "unit",
            Text(
                f"单位“{row['unit']}”不能用于 {row['purpose']}（{row['key']}）；请换算为 {needed}。",
                f'unit "{row["unit"]}" does not fit {row["purpose"]} of {row["key"]}; convert it to {needed}.',
            ),
        )
    return None


def _possible(row: Mapping[str, str]) -> tuple[str, str, Text] | None:
    needed = unit_needed(row["purpose"], row["key"])
    said = impossible(row["purpose"], row["key"], convert_ratio(Decimal(row["value"]), row["unit"], needed), needed)
    return None if said is None else ("value", "physics", said)


def overlaps(rows: Iterable[FactorRow]) -> Text | None:
    """A sentence that names the first factor for which two rows are in force at once, else None."""
    groups: dict[tuple[str, ...], list[FactorRow]] = {}
    for row in rows:
        groups.setdefault((row.purpose, row.key, row.subject, row.region, row.series), []).append(row)
    for (purpose, key, *_), group in groups.items():
        group.sort(key=lambda row: row.valid_from)
        for before, after in pairwise(group):
            if after.valid_from < before.valid_to:
                return Text(
                    f"{purpose} {key} 有两行系数的有效期重叠（自 {after.valid_from}）；请改写 valid_to。",
                    f"two rows of {purpose} {key} are in force at once from {after.valid_from}; correct valid_to.",
                )
    return None


def _number(text: str | None) -> Decimal | None:
    return Decimal(text) if text else None


def _day(text: str | None, absent: date) -> date:
    return date.fromisoformat(text) if text else absent
