"""Who is in the demo park: its enterprises, outlets, devices and meters, drawn from two tables and a seed.

Only the cast lives here; what they did hour by hour is in `series`, what they reported in `books`.
"""

import csv
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib import resources
from typing import NamedTuple

import numpy as np

SECTORS = {
    "steel": ("钢铁", "Steel"),
    "chemicals": ("化工", "Chemicals"),
    "food": ("食品", "Food"),
    "electronics": ("电子", "Electronics"),
    "printing": ("印刷", "Printing"),
    "machinery": ("机械", "Machinery"),
    "building_materials": ("建材", "Building materials"),
    "recycling": ("资源循环", "Recycling"),
    "logistics": ("物流", "Logistics"),
    "energy_supply": ("能源供应", "Energy supply"),
    "water_treatment": ("水处理", "Water treatment"),
}
ZONES = {"A": ("东区", "East zone"), "B": ("西区", "West zone"), "C": ("南区", "South zone")}


class Facility(NamedTuple):
    """One treatment facility: what it removes (kg for each kg that leaves the outlet) and at how many kWh a kg."""

    code: str
    subject: str
    name: str
    name_en: str
    outlet: str
    item: str
    removed_per_left: float
    kwh_per_kg: float


FACILITIES = (
    Facility(
        "E23-T1",
        "E23",
        name="湿法脱硫",
        name_en="Wet desulphurisation",
        outlet="E23-G1",
        item="so2",
        removed_per_left=38.0,
        kwh_per_kg=3.4,
    ),
    Facility(
        "E18-T1",
        "E18",
        name="窑炉脱硝",
        name_en="Kiln denitrification",
        outlet="E18-G1",
        item="nox",
        removed_per_left=3.1,
        kwh_per_kg=2.1,
    ),
    Facility(
        "E24-T1",
        "E24",
        name="生化处理",
        name_en="Biological treatment",
        outlet="E24-W1",
        item="cod",
        removed_per_left=10.5,
        kwh_per_kg=3.6,
    ),
)
PARK = "PARK"
SUPPLY = "E23"
WORKS = "E24"


@dataclass(frozen=True, slots=True)
class Enterprise:
    """One enterprise and what a year of it amounts to (units in the names)."""

    code: str
    kind: str
    zone: str
    sector: str
    name: str
    name_en: str
    pattern: str
    power: str
    electricity_mwh: float
    gas_wan_m3: float
    heat_gj: float
    water_t: float
    wastewater_t: float
    output_wan: float
    added_share: float
    diesel_t: float
    pv_mwh: float
    product: str
    product_unit: str
    product_amount: float
    byproduct_t: float
    byproduct_used: float
    solid_t: float
    solid_used: float
    hazardous_t: float
    lists: str


@dataclass(frozen=True, slots=True)
class Outlet:
    """One outlet; means are of the corrected concentration (mg/m3) or of the water's (mg/L); device "" is manual."""

    code: str
    subject: str
    medium: str
    name: str
    name_en: str
    discharges_to: str
    device: str
    edition: str
    driver: str
    flow_m3_h: float
    means: dict[str, float]
    limits: dict[str, float]
    o2: float
    o2_reference: float
    vocs_t: float
    limit_source: str

    @property
    def items(self) -> tuple[str, ...]:
        """The pollutants measured or sampled here."""
        return tuple(self.means)


@dataclass(frozen=True, slots=True)
class Layout:
    """The cast of one demo park."""

    seed: int
    year: int
    enterprises: tuple[Enterprise, ...]
    outlets: tuple[Outlet, ...]

    @property
    def devices(self) -> tuple[Outlet, ...]:
        """The outlets that have an HJ 212 device."""
        return tuple(outlet for outlet in self.outlets if outlet.device)

    def enterprise(self, code: str) -> Enterprise:
        """The enterprise of that code."""
        return next(each for each in self.enterprises if each.code == code)


class Dice:
    """Randomness by name: each thing draws from its own stream, so that adding one thing changes no other."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def of(self, name: str) -> np.random.Generator:
        """The generator of one thing."""
        return np.random.default_rng([self.seed, zlib.crc32(name.encode())])


def layout(seed: int, year: int) -> Layout:
    """Draw the cast: the same seed and year give the same park."""
    dice = Dice(seed)
    brands = list(_rows("brands.csv"))
    order = dice.of("brands").permutation(len(brands)).tolist()
    enterprises = tuple(
        _scaled(_enterprise(row, brands[place]), dice.of(row["code"]))
        for row, place in zip(_rows("enterprises.csv"), order, strict=False)
    )
    outlets = tuple(_outlet(row, dice.of(row["code"])) for row in _rows("outlets.csv"))
    return Layout(seed, year, enterprises, outlets)


def _rows(name: str) -> Iterator[dict[str, str]]:
    text = resources.files("xietong.demo").joinpath(name).read_text("utf-8")
    return csv.DictReader(text.splitlines())


def _enterprise(row: dict[str, str], brand: dict[str, str]) -> Enterprise:
    return Enterprise(
        **{key: float(row[key]) for key in _NUMBERS},
        code=row["code"],
        kind=row["kind"],
        zone=row["zone"],
        sector=row["sector"],
        name=f"{brand['name']}{row['trade']}",
        name_en=f"{brand['name_en']} {row['trade_en']}",
        pattern=row["pattern"],
        power=row["power"],
        product=row["product"],
        product_unit=row["product_unit"],
        lists=row["lists"],
    )


_NUMBERS = (
    *("electricity_mwh", "gas_wan_m3", "heat_gj", "water_t", "wastewater_t", "output_wan", "added_share", "diesel_t"),
    *("pv_mwh", "product_amount", "byproduct_t", "byproduct_used", "solid_t", "solid_used", "hazardous_t"),
)
_WITH_SIZE = (
    *("electricity_mwh", "gas_wan_m3", "heat_gj", "water_t", "wastewater_t", "output_wan", "diesel_t"),
    *("product_amount", "byproduct_t", "solid_t", "hazardous_t"),
)


def _scaled(enterprise: Enterprise, dice: np.random.Generator) -> Enterprise:
    size = dice.lognormal(0, 0.09)
    changes = {name: getattr(enterprise, name) * size * dice.lognormal(0, 0.025) for name in _WITH_SIZE}
    return replace(enterprise, **changes)


def _outlet(row: dict[str, str], dice: np.random.Generator) -> Outlet:
    pollutants = ("particulate", "so2", "nox", "cod", "ammonia_nitrogen")
    return Outlet(
        **{key: row[key] for key in ("code", "subject", "medium", "name", "name_en", "discharges_to", "driver")},
        device="" if row["device"] == "manual" else _mn(row["device"], dice),
        edition=row["device"],
        flow_m3_h=_number(row["flow"]) * dice.lognormal(0, 0.05),
        means={p: _number(row[p]) * dice.lognormal(0, 0.06) for p in pollutants if row[p]},
        limits={p: _number(row[f"limit_{p}"]) for p in pollutants if row[f"limit_{p}"]},
        o2=_number(row["o2"]),
        o2_reference=_number(row["o2_reference"]),
        vocs_t=_number(row["vocs_t"]),
        limit_source=row["limit_source"],
    )


def _number(text: str) -> float:
    return float(text or 0)


def _mn(edition: str, dice: np.random.Generator) -> str:
    """A device's name: EPC-96 as 24 hexadecimal digits since 2017, 14 digits before."""
    if edition == "2005":
        return "6101" + "".join(str(digit) for digit in dice.integers(0, 10, 10))
    return "31610100" + "".join(f"{digit:X}" for digit in dice.integers(0, 16, 16))
