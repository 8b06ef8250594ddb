"""Energy per output value 单位产值能耗 of one statement, against what any sector needs: what a first statement, with
none before it, can be held against.

A wrong unit makes 1,000 or 10,000 times too much, so the band (energy_per_output.toml) is wide: no true value is asked.
"""

import tomllib
from collections.abc import Collection, Iterable, Mapping
from datetime import timedelta
from decimal import Decimal
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple

from xietong.calc.engine.engine import UnknownValueError
from xietong.calc.factors.book import FactorBook
from xietong.calc.items import UnknownItemError, item, to_canonical
from xietong.park.nouns import ReportedAmount
from xietong.periods import Period
from xietong.standard.thresholds import duration_of
from xietong.texts import Text
from xietong.units import UnitError

_TABLE = Path(__file__).with_name("energy_per_output.toml")
# Outputs this near may be held beside a statement: the fullest month of them counts, so that a month of standstill,
# which burns and makes nothing, is not asked.
_NEAR = duration_of("statement.outputs_near")

_KEYS: Mapping[str, str] = {"electricity": "electricity", "heat": "heat", "steam": "heat"}


class Beside(NamedTuple):
    """A statement of energy and the output value beside it: tce in all, tce a 万元 of equal spans, the bound."""

    output: ReportedAmount
    energy: float
    intensity: float
    most: float


class Outputs(NamedTuple):
    """A subject's output values that energy can be held beside, each with its rate in 万元 a day: in the order in which
    they are stated, and the fullest first."""

    stated: tuple[tuple[float, ReportedAmount], ...]
    fullest: tuple[tuple[float, ReportedAmount], ...]


def outputs_of(rows: Iterable[ReportedAmount]) -> Outputs:
    """The output values above zero; gross output where any is stated, else added value."""
    above = [(rate, each) for each in rows if (rate := _rate(each)) > 0]
    gross = [(rate, each) for rate, each in above if each.item == "output_value"] or above
    return Outputs(tuple(gross), tuple(sorted(gross, key=lambda rated: -rated[0])))


def output_items() -> Collection[str]:
    """The items that state an output value."""
    return _table("most").keys()


def too_much(row: ReportedAmount, outputs: Outputs) -> Beside | None:
    """What is wrong with a statement of energy beside the same subject's output values; None where it may be true, or
    nothing can be said."""
    energy = _tce(row)
    beside = _beside(row, outputs) if energy else None
    if beside is None:
        return None
    rate, output = beside
    intensity = energy / _days(row.period) / rate
    most = _table("most")[output.item]
    return Beside(output, energy, intensity, most) if intensity > most else None


def said_too_much(row: ReportedAmount, found: Beside) -> Text:
    """The sentence: what, beside what, and what to look at."""
    name, other = item(row.item).name, item(found.output.item).name
    amount = f"{row.amount:f} {row.unit}"
    stated = f"{found.output.amount:f} {found.output.unit}"
    span = found.output.period.label
    return Text(
        f"{row.period.label} 的{name.zh} {amount} 约折 {found.energy:,.0f} tce，与 {span} 的{other.zh} {stated} 相比，"
        f"每万元约 {found.intensity:,.0f} tce，没有行业超过 {found.most:,.0f}；"
        "多半是单位写错（m3 与 10^4m3、元与万元差 1 万倍，kWh 与 MWh、kg 与 t 差 1000 倍），请核对两者的单位和数量。",
        f"{name.en} of {row.period.label}, {amount}, is about {found.energy:,.0f} tce; beside the {other.en} of "
        f"{span}, {stated}, that is about {found.intensity:,.0f} tce per 10,000 yuan, and no sector needs "
        f"more than {found.most:,.0f}; the unit is probably wrong (m3 for 10^4m3 or yuan for 10,000 yuan is "
        "10,000 times, kWh for MWh or kg for t 1,000): check unit and amount of both.",
    )


@lru_cache(maxsize=1024)
def canonical_ratio(name: str, unit: str) -> float:
    """How many canonical units of an item one of this unit is; 0 where that cannot be said."""
    try:
        return float(to_canonical(item(name), Decimal(1), unit))
    except (UnitError, UnknownItemError):
        return 0.0


def _beside(row: ReportedAmount, outputs: Outputs) -> tuple[float, ReportedAmount] | None:
    """The fullest output within a year either way, else the nearest, with its rate."""
    for rated in outputs.fullest:
        if _apart(row.period, rated[1].period) <= _NEAR:
            return rated
    return min(outputs.stated, key=lambda rated: _apart(row.period, rated[1].period), default=None)


def _apart(one: Period, other: Period) -> timedelta:
    return max(one.start - other.end, other.start - one.end, timedelta(0))


def _rate(output: ReportedAmount) -> float:
    """Output value in 万元 a day."""
    return float(output.amount or 0) * canonical_ratio(output.item, output.unit) / _days(output.period)


def _days(period: Period) -> float:
    return (period.end - period.start) / timedelta(days=1)


def _tce(row: ReportedAmount) -> float:
    """The energy of a statement by the shipped coal equivalents; 0 where nothing can be said of it."""
    if not row.amount or row.amount < 0:
        return 0.0
    return float(row.amount) * canonical_ratio(row.item, row.unit) * _coal_equivalent(row.item, row.period)


@lru_cache(maxsize=4096)
def _coal_equivalent(name: str, period: Period) -> float:
    """The energy of a canonical unit, in tce; 0 of what is no energy or has no coefficient in force."""
    try:
        stated = item(name)
        key = stated.base if stated.carrier in ("fuel", "medium") else _KEYS[stated.carrier]
        found = FactorBook.default().find("coal_equivalent", key, period.start.date(), {})
    except (UnknownItemError, UnknownValueError, KeyError):
        return 0.0
    return float(found.value or 0) * _table("heat_of_a_tonne").get(stated.base.rpartition("_")[0], 1)


@cache
def _table(name: str) -> Mapping[str, float]:
    with _TABLE.open("rb") as file:
        found: Mapping[str, float] = tomllib.load(file)[name]
    return found
