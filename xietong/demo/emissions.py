"""What leaves the outlets, hour by hour: flow, concentrations, oxygen, and the device's own flags.

The load of the plant behind an outlet drives flow and concentration together. Planted faults are in `faults`.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from xietong.demo.layout import WORKS, Dice, Layout, Outlet
from xietong.demo.series import MICRO, Calendar, Floats, Micros, drift

Flags = NDArray[np.str_]

WITH_DECIMALS = {"particulate": 2, "so2": 2, "nox": 2, "cod": 1, "ammonia_nitrogen": 3}
SPREAD = {"particulate": 0.2, "so2": 0.24, "nox": 0.11, "cod": 0.13, "ammonia_nitrogen": 0.2}
DOMESTIC_SHARE = 0.07
AIR_OXYGEN = 21.0


@dataclass(slots=True)
class OutletYear:
    """One outlet's year in micro-units: m3 an hour, measured mg/m3 or mg/L, % oxygen, ℃; one flag an hour."""

    flow: Micros
    measured: dict[str, Micros]
    oxygen: Micros | None
    temperature: Micros | None
    flags: Flags
    mass_t: dict[str, Floats] = field(default_factory=dict)


def emissions(cast: Layout, time: Calendar, driven: dict[tuple[str, str], Floats]) -> dict[str, OutletYear]:
    """Every outlet's year; the works' outlet carries what came in, and the households' share."""
    dice = Dice(cast.seed)
    years: dict[str, OutletYear] = {}
    for outlet in sorted(cast.outlets, key=lambda each: each.subject == WORKS):
        flow = _inflow(cast, years, time) if outlet.driver == "inflow" else _flow(cast, outlet, driven)
        years[outlet.code] = _outlet_year(outlet, flow, time, dice.of(f"outlet {outlet.code}"))
    return years


def _flow(cast: Layout, outlet: Outlet, driven: dict[tuple[str, str], Floats]) -> Floats:
    shape = driven[outlet.subject, outlet.driver]
    if outlet.medium == "gas":
        return np.asarray(outlet.flow_m3_h * (0.35 + 0.65 * shape))
    mean = cast.enterprise(outlet.subject).wastewater_t / len(shape)
    hold = np.ones(6) / 6  # the equalising basin evens six hours out
    return np.asarray(mean * (0.3 + 0.7 * np.convolve(shape, hold, "same")))


def _inflow(cast: Layout, years: dict[str, OutletYear], time: Calendar) -> Floats:
    arriving = [years[each.code].flow for each in cast.outlets if each.discharges_to == WORKS]
    total = np.sum(arriving, axis=0) / MICRO
    households = total.mean() * DOMESTIC_SHARE * (1 + 0.5 * np.sin(2 * np.pi * (time.hour - 9) / 24))
    return np.asarray(total * 0.985 + households)


def _outlet_year(outlet: Outlet, flow: Floats, time: Calendar, dice: np.random.Generator) -> OutletYear:
    flow = flow * dice.lognormal(0, 0.03, time.hours)
    relative = flow / flow.mean()
    oxygen = _oxygen(outlet, relative, dice)
    back = (AIR_OXYGEN - oxygen) / (AIR_OXYGEN - outlet.o2_reference) if outlet.o2_reference else np.ones(time.hours)
    measured = {item: _concentration(outlet, item, relative, time, dice) * back for item in outlet.items}
    year = OutletYear(
        _rounded(flow, 0 if outlet.medium == "gas" else 1),
        {item: _rounded(values, WITH_DECIMALS[item]) for item, values in measured.items()},
        _rounded(oxygen, 2) if outlet.o2_reference else None,
        _rounded(_temperature(outlet, relative, dice), 1) if outlet.medium == "gas" else None,
        _flags(outlet, time, dice),
    )
    scale = 1e-9 if outlet.medium == "gas" else 1e-6  # mg/m3 x m3 = mg; mg/L x m3 = g
    year.mass_t = {item: values / MICRO * year.flow / MICRO * scale for item, values in year.measured.items()}
    if outlet.vocs_t:
        year.mass_t["vocs"] = outlet.vocs_t * relative / relative.sum()
    return year


def _oxygen(outlet: Outlet, relative: Floats, dice: np.random.Generator) -> Floats:
    if not outlet.o2_reference:
        return np.full(len(relative), AIR_OXYGEN)
    room = AIR_OXYGEN - outlet.o2
    swing = drift(dice, len(relative), 0.04) * (1 + 0.1 * (relative - 1))
    return np.asarray(np.clip(AIR_OXYGEN - room * swing, 1.5, 19.5))


def _concentration(outlet: Outlet, item: str, relative: Floats, time: Calendar, dice: np.random.Generator) -> Floats:
    """Corrected concentration: it follows the load a little, drifts, and now and then a filter fails."""
    base = outlet.means[item] * (0.9 + 0.1 * np.clip(relative, 0.2, 2))
    values = base * drift(dice, time.hours, SPREAD[item] * 0.7) * dice.lognormal(0, SPREAD[item] * 0.5, time.hours)
    for start in dice.integers(0, time.hours - 8, dice.integers(1, 4)).tolist():
        values[start : start + int(dice.integers(1, 5))] *= dice.uniform(1.5, 2.3)
    season = 1 + 0.18 * np.cos(2 * np.pi * time.day / 365.25) if item == "ammonia_nitrogen" else 1.0
    most = 2.6 if outlet.medium == "gas" else 1.7  # a basin evens out what a stack does not
    return _bounded(values * season, outlet.means[item] * most)


def _bounded(values: Floats, most: float) -> Floats:
    """Values bent towards a bound that they never reach: a plain cut would look like a stuck analyser."""
    knee = most * 0.8
    over = np.maximum(values - knee, 0)
    return np.asarray(np.minimum(values, knee) + (most - knee) * (1 - np.exp(-over / (most - knee))))


def _temperature(outlet: Outlet, relative: Floats, dice: np.random.Generator) -> Floats:
    middle = 52.0 if outlet.driver == "coal" else 118.0 if outlet.o2_reference else 64.0
    return np.asarray(middle + 9 * (relative - 1) + dice.normal(0, 1.2, len(relative)))


def _flags(outlet: Outlet, time: Calendar, dice: np.random.Generator) -> Flags:
    """N, with the weekly calibration (C), a few days of maintenance (M) and of faults (D)."""
    flags = np.full(time.hours, "N", "<U1")
    if outlet.medium == "gas":
        flags[(time.weekday == int(dice.integers(0, 5))) & (time.hour == 10)] = "C"
    for flag, times, longest in (("M", 4, 5), ("D", 2, 7)):
        for day in dice.integers(2, time.hours // 24 - 2, times).tolist():
            first = day * 24 + int(dice.integers(9, 15))
            flags[first : first + int(dice.integers(2, longest + 1))] = flag
    return flags


def _rounded(values: Floats, digits: int) -> Micros:
    return np.asarray(np.rint(values * 10**digits) * 10 ** (6 - digits), np.int64)


def corrected(measured: Micros, oxygen: Micros, reference: float) -> Micros:
    """折算: the measured value at the reference oxygen (HJ 212-2017 annex D), to two decimals."""
    factor = (AIR_OXYGEN - reference) / np.maximum(AIR_OXYGEN - oxygen / MICRO, 1)
    return _rounded(measured / MICRO * factor, 2)
