"""The park hour by hour: weather, shifts, weekends and the Spring Festival as NumPy arrays over one year of park time.

Amounts leave this module as whole micro-units (int64), so that every sum over them is exact.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from xietong.demo.layout import SUPPLY, WORKS, Dice, Enterprise, Layout

Floats = NDArray[np.float64]
Micros = NDArray[np.int64]

SPRING_FESTIVALS = {
    2021: date(2021, 2, 12),
    2022: date(2022, 2, 1),
    2023: date(2023, 1, 22),
    2024: date(2024, 2, 10),
    2025: date(2025, 1, 29),
    2026: date(2026, 2, 17),
    2027: date(2027, 2, 6),
    2028: date(2028, 1, 26),
    2029: date(2029, 2, 13),
    2030: date(2030, 2, 3),
}
MICRO = 1_000_000
COAL_GJ_PER_T = 19.57
GAS_GJ_PER_M3 = 0.038931


@dataclass(frozen=True, slots=True)
class Calendar:
    """The hours of one year of park time."""

    year: int
    hour: NDArray[np.int64]
    day: NDArray[np.int64]
    weekday: NDArray[np.int64]
    month: NDArray[np.int64]
    festival: NDArray[np.bool_]

    @property
    def hours(self) -> int:
        """How many hours the year has."""
        return len(self.hour)


@dataclass(frozen=True, slots=True)
class Flows:
    """One enterprise's hourly amounts in micro-units: kWh, m3 of gas, GJ of heat, m3 of water, kWh of its own sun."""

    electricity: Micros
    gas: Micros
    heat: Micros
    water: Micros
    sun: Micros
    load: Floats


def calendar(year: int) -> Calendar:
    """The hours of a year with weekday, month and the days around the Spring Festival."""
    start = np.datetime64(f"{year}-01-01T00", "h")
    stamps = np.arange(start, np.datetime64(f"{year + 1}-01-01T00", "h"))
    days = stamps.astype("datetime64[D]")
    day = (days - days[0]).astype(np.int64)
    festival_day = (SPRING_FESTIVALS.get(year, date(year, 2, 5)) - date(year, 1, 1)).days
    return Calendar(
        year,
        np.arange(len(stamps), dtype=np.int64) % 24,
        day=day,
        weekday=(day + date(year, 1, 1).weekday()) % 7,
        month=stamps.astype("datetime64[M]").astype(np.int64) % 12 + 1,
        festival=(day >= festival_day - 3) & (day <= festival_day + 7),
    )


def drift(dice: np.random.Generator, hours: int, spread: float, memory: float = 0.97) -> Floats:
    """A slow positive random walk round 1 (an AR(1) of the logarithm) whose spread is the given one."""
    steps = dice.normal(0, spread * np.sqrt(1 - memory**2), hours)
    block = np.empty(hours)
    level = dice.normal(0, spread)
    for index, step in enumerate(steps.tolist()):
        level = memory * level + step
        block[index] = level
    return np.asarray(np.exp(block))


def temperature(time: Calendar, dice: np.random.Generator) -> Floats:
    """Air temperature of Xi'an, ℃: the season, the day and passing weather."""
    season = 14.6 - 13.2 * np.cos(2 * np.pi * (time.day - 15) / 365.25)
    daily = -4.2 * np.cos(2 * np.pi * (time.hour - 3) / 24)
    weather = 2.8 * np.log(drift(dice, time.hours, 1.0, 0.985))
    return np.asarray(season + daily + weather)


def _shift(time: Calendar, first: int, last: int, night: float, weekend: float) -> Floats:
    on = np.where((time.hour >= first) & (time.hour < last), 1.0, night)
    return np.asarray(np.where(time.weekday >= 5, np.maximum(on * weekend, night * 0.9), on))


def _furnace(time: Calendar, dice: np.random.Generator) -> Floats:
    """Heats follow each other with pauses; cheap night power is preferred; every second Tuesday is for repairs."""
    heats = dice.choice([1.12, 1.05, 0.93, 0.72], time.hours, p=[0.4, 0.3, 0.2, 0.1])
    tariff = np.where((time.hour >= 23) | (time.hour < 7), 1.12, np.where((time.hour >= 18) & (time.hour < 22), 0.8, 1))
    repair = (time.weekday == 1) & (time.day // 7 % 2 == 0) & (time.hour >= 8) & (time.hour < 16)
    return np.asarray(np.where(repair, 0.12, heats * tariff))


def load(time: Calendar, pattern: str, warmth: Floats, dice: np.random.Generator) -> Floats:
    """The relative load of a pattern of work, its mean over the year being 1."""
    cooling, flat = np.maximum(warmth - 20, 0), np.ones(time.hours)
    shapes: dict[str, Callable[[], Floats]] = {
        "continuous": lambda: flat,
        "furnace": lambda: _furnace(time, dice),
        "two_shift": lambda: _shift(time, 7, 23, 0.28, 0.7),
        "day": lambda: _shift(time, 8, 19, 0.14, 0.25),
        "food": lambda: _shift(time, 5, 22, 0.42, 0.9) * (1 + 0.011 * (warmth - 14)),
        "cleanroom": lambda: 0.92 + 0.02 * cooling + 0.04 * _shift(time, 8, 20, 0, 0.6),
        "cold": lambda: 0.62 + 0.022 * np.maximum(warmth, 0) + 0.1 * _shift(time, 6, 20, 0, 1),
        "works": lambda: 1 + 0.12 * np.sin(2 * np.pi * (time.hour - 7) / 24),
    }
    holiday = {"day": 0.12, "two_shift": 0.22, "furnace": 0.55, "food": 0.7}.get(pattern, 0.84)
    noise = drift(dice, time.hours, 0.05) * dice.lognormal(0, 0.03, time.hours)
    shape = np.maximum(shapes[pattern](), 0.03) * noise * np.where(time.festival, holiday, 1)
    return np.asarray(shape / shape.mean())


def flows(cast: Layout, time: Calendar) -> dict[str, Flows]:
    """Every enterprise's year; the supplier's heat is what the tenants take, its fuels follow from that."""
    dice = Dice(cast.seed)
    warmth = temperature(time, dice.of("weather"))
    made = {each.code: _flows(each, time, warmth, dice.of(f"flows {each.code}")) for each in cast.enterprises}
    made[SUPPLY] = _supplier(made, cast, time, dice.of("supplier"))
    return made


def _flows(one: Enterprise, time: Calendar, warmth: Floats, dice: np.random.Generator) -> Flows:
    work = load(time, one.pattern, warmth, dice)
    process = work if one.pattern == "continuous" else 0.35 + 0.65 * work
    heating = process * (1 + 0.035 * np.maximum(15 - warmth, 0))
    sunny = np.maximum(np.sin(np.pi * (time.hour - 5.5) / 13), 0) * (time.hour > 5) * (time.hour < 19)
    season = 1 - 0.35 * np.cos(2 * np.pi * (time.day - 10) / 365.25)
    sun = sunny * season * np.clip(drift(dice, time.hours, 0.5, 0.95), 0, 1.6)
    water = 0.3 + 0.7 * work + 0.01 * np.maximum(warmth - 18, 0)
    return Flows(
        _amount(one.electricity_mwh * 1000, work, dice, 1),
        _amount(one.gas_wan_m3 * 1e4, 0.12 + 0.88 * work, dice, 2),
        heat=_amount(one.heat_gj, heating, dice, 3),
        water=_amount(one.water_t, water, dice, 2),
        sun=_amount(one.pv_mwh * 1000, sun, dice, 1),
        load=work,
    )


def _amount(total: float, shape: Floats, dice: np.random.Generator, digits: int) -> Micros:
    """Spread a year's total over the hours; rounded to what the meter shows."""
    if total == 0:
        return np.zeros(len(shape), np.int64)
    noisy = shape * dice.lognormal(0, 0.02, len(shape))
    step = 10 ** (6 - digits)
    return np.asarray(np.rint(noisy / noisy.sum() * total * 10**digits) * step, np.int64)


def _supplier(made: dict[str, Flows], cast: Layout, time: Calendar, dice: np.random.Generator) -> Flows:
    """The heat sold is the tenants' to the digit; gas carries about a sixth of it, coal the rest (see `coal`)."""
    own = made[SUPPLY]
    heat = np.sum([flow.heat for code, flow in made.items() if code != SUPPLY], axis=0)
    share = np.clip(0.16 * drift(dice, time.hours, 0.2), 0.05, 0.35)
    gas = np.rint(heat / MICRO * share / 0.92 / GAS_GJ_PER_M3).astype(np.int64) * MICRO
    power = np.sum([made[each.code].electricity for each in cast.enterprises if each.power == "chp"], axis=0)
    work = heat / heat.mean() * 0.7 + power / power.mean() * 0.3
    return Flows(own.electricity, gas, heat=heat.astype(np.int64), water=own.water, sun=own.sun, load=work)


def coal(made: dict[str, Flows], cast: Layout) -> Floats:
    """Tonnes of bituminous coal an hour that the supplier burns for its heat and its power."""
    supply = made[SUPPLY]
    power = np.sum([made[each.code].electricity for each in cast.enterprises if each.power == "chp"], axis=0)
    steam = supply.heat / MICRO / 0.88 + power / MICRO * 0.0036 / 0.8
    return np.asarray((steam - supply.gas / MICRO * GAS_GJ_PER_M3) / COAL_GJ_PER_T)


def drivers(made: dict[str, Flows], cast: Layout) -> dict[tuple[str, str], Floats]:
    """What drives an outlet, by (enterprise, driver name), each with mean 1."""
    result: dict[tuple[str, str], Floats] = {(SUPPLY, "coal"): coal(made, cast)}
    for code, flow in made.items():
        result |= {(code, name): getattr(flow, name) / MICRO for name in ("electricity", "gas", "heat", "water")}
    result[WORKS, "inflow"] = made[WORKS].load
    return {key: values / values.mean() for key, values in result.items() if values.any()}
