"""The meters of the demo park: which points there are, and what their registers read over the year.

Points of outlets are listed here too; their readings come as HJ 212 frames (`frames`), not in the package.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import numpy as np

from xietong.demo.layout import SUPPLY, Dice, Enterprise, Layout, Outlet
from xietong.demo.series import MICRO, Calendar, Flows, Micros

Row = dict[str, str]

HOUR_US = 3_600_000_000
ELECTRICITY_COUNTERS = ("E03", "E10", "E15", "E17", "E20")
GAS_COUNTERS = ("E02", "E18")
SUB_METERS = {
    "E01": (("电弧炉", 0.63), ("除尘风机", 0.08)),
    "E04": (("电解槽", 0.71),),
    "E10": (("洁净空调", 0.38),),
    "E24": (("曝气鼓风机", 0.47), ("提升泵", 0.14)),
}
LIVE = ("E23-G1", "E23-G2", "E01-G1", "E02-G1", "E18-G1", "E24-W1", "E01-W1", "E07-W1")
LIVE_EVERY_S = 10
SUFFIX = {"particulate": "PM", "so2": "SO2", "nox": "NOX", "cod": "COD", "ammonia_nitrogen": "NH3N"}
CODES = {"particulate": "a34013", "so2": "a21026", "nox": "a21002", "cod": "w01018", "ammonia_nitrogen": "w21003"}


@dataclass(slots=True)
class Meter:
    """One metered point: its row of points.csv, the instants (µs, UTC) and the readings (micro-units)."""

    row: Row
    at: Micros
    values: Micros

    @property
    def code(self) -> str:
        """The point's code."""
        return self.row["code"]


def first_hour_us(year: int) -> int:
    """The first hour of the park's year as microseconds of UTC; China keeps +08:00 all the year."""
    return int(np.datetime64(f"{year}-01-01T00", "us").astype(np.int64)) - 8 * HOUR_US


def meters(cast: Layout, time: Calendar, made: dict[str, Flows], coal_t: Micros) -> list[Meter]:
    """Every metered point of the park with its readings of the year."""
    start, dice = first_hour_us(time.year), Dice(cast.seed)
    result: list[Meter] = []
    for one in cast.enterprises:
        flow = made[one.code]
        counted = one.code in ELECTRICITY_COUNTERS
        result += [
            _register(
                _row(one.code, "ELEC", "energy", "electricity_purchased", "kWh"), flow.electricity, start, counted
            ),
            _register(_row(one.code, "GAS", "volume", "natural_gas", "m3"), flow.gas, start, one.code in GAS_COUNTERS),
            _register(_row(one.code, "WATER", "volume", "water_fresh", "m3"), flow.water, start, counted=False),
            _register(
                _row(one.code, "PV", "energy", "electricity_renewable_self_used", "kWh"), flow.sun, start, counted=False
            ),
        ]
        item = "heat_sold" if one.code == SUPPLY else "heat_purchased"
        result.append(_register(_row(one.code, "HEAT", "energy", item, "GJ"), flow.heat, start, counted=False))
        result += _sub_meters(one, flow, start, dice)
    result += _supplier(cast, made, coal_t, start)
    return [meter for meter in result if meter.values.any()]


def _row(subject: str, suffix: str, quantity: str, item: str, unit: str) -> Row:
    return {
        "code": f"{subject}-{suffix}",
        "subject": subject,
        "quantity": quantity,
        "item": item,
        "unit": unit,
        "shape": "amount",
        "interval_s": "3600",
        "low": "0",
        "source": "sheet",
        "role": "total",
    }


def _register(row: Row, amounts: Micros, start: int, counted: bool) -> Meter:
    at = start + np.arange(len(amounts), dtype=np.int64) * HOUR_US
    if not counted or not amounts.any():
        return Meter(row | {"high": str(_round_up(int(amounts.max()) // MICRO * 3))}, at, amounts)
    ratio = 200 if row["unit"] == "kWh" else 1
    stands = np.concatenate([[0], np.cumsum(amounts)]) // ratio // 10_000 * 10_000 + 48_213 * MICRO
    row |= {"shape": "counter", "multiplier": str(ratio), "digits": "8"}
    return Meter(row, np.append(at, at[-1] + HOUR_US), stands)


def _round_up(value: int) -> int:
    step: int = 10 ** max(len(str(value)) - 2, 0)
    return (value // step + 1) * step


def _sub_meters(one: Enterprise, flow: Flows, start: int, dice: Dice) -> list[Meter]:
    found = []
    for index, (name, share) in enumerate(SUB_METERS.get(one.code, ()), 1):
        row = _row(one.code, f"ELEC-S{index}", "energy", "electricity_purchased", "kWh") | {"role": "sub", "note": name}
        noise = dice.of(f"sub {one.code} {index}").lognormal(0, 0.05, len(flow.load))
        amounts = np.rint(flow.electricity / MICRO * share * noise * 10).astype(np.int64) * (MICRO // 10)
        found.append(_register(row, amounts, start, counted=False))
    return found


def _supplier(cast: Layout, made: dict[str, Flows], coal_t: Micros, start: int) -> list[Meter]:
    power = np.sum([made[each.code].electricity for each in cast.enterprises if each.power == "chp"], axis=0)
    return [
        _register(_row(SUPPLY, "ELEC-OUT", "energy", "electricity_sold", "kWh"), power, start, counted=False),
        _register(_row(SUPPLY, "COAL", "mass", "bituminous_coal", "t"), coal_t, start, counted=False),
    ]


def outlet_points(cast: Layout) -> list[Row]:
    """The rows of points.csv for everything that an HJ 212 device measures."""
    return [row for outlet in cast.devices for row in (*_concentrations(outlet), *_conditions(outlet))]


def _concentrations(outlet: Outlet) -> list[Row]:
    unit = "mg/m3" if outlet.medium == "gas" else "mg/L"
    basis = "dry,standard,measured" if outlet.medium == "gas" else ""
    return [
        _measured(outlet, SUFFIX[item], item, unit, f"{CODES[item]}/Avg")
        | {"high": str(Decimal(str(outlet.limits[item])) * 5), "basis": basis}
        for item in outlet.items
    ]


def _conditions(outlet: Outlet) -> list[Row]:
    if outlet.medium == "water":
        return [_measured(outlet, "FLOW", "wastewater", "m3", "w00000/Cou") | _volume(outlet)]
    rows = [_measured(outlet, "FLOW", "waste_gas", "m3", "a00000/Cou") | _volume(outlet)]
    temperature = {"quantity": "temperature", "low": "-20", "high": "400"}
    rows.append(_measured(outlet, "TEMP", "temperature", "℃", "a01012/Avg") | temperature)
    if outlet.o2_reference:
        rows.append(_measured(outlet, "O2", "o2", "%", "a19001/Avg") | {"high": "21"})
    return rows


def _measured(outlet: Outlet, suffix: str, item: str, unit: str, field: str) -> Row:
    return _row(outlet.code, suffix, "concentration", item, unit) | {
        "shape": "mean",
        "source": f"hj212:{outlet.device}/{field}",
    }


def _volume(outlet: Outlet) -> Row:
    most = outlet.flow_m3_h * 4 if outlet.medium == "gas" else 2_000.0
    return {"quantity": "volume", "shape": "amount", "high": str(_round_up(int(most)))}


def reads_outlet(outlet: Outlet) -> list[str]:
    """The codes of the points of one outlet's device."""
    return [row["code"] for row in (*_concentrations(outlet), *_conditions(outlet))]


def live_points(cast: Layout, since: date) -> list[Row]:
    """The rows of points.csv for the real-time values that the live devices send while the demo runs."""
    rows = []
    for outlet in cast.devices:
        if outlet.code in LIVE and outlet.edition != "2005":
            for row in _concentrations(outlet):
                source = row["source"].removesuffix("Avg") + "Rtd"
                of_now = {"shape": "instant", "interval_s": str(LIVE_EVERY_S), "role": "check", "since": str(since)}
                rows.append(row | of_now | {"code": f"{row['code']}-LIVE", "source": source})
    return rows
