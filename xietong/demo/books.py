"""What the demo park's clerks report month by month, this year and the year before: bills, output, wastes, water.

Bills follow the meters within half a per cent; what the supplier sells is what its tenants buy, to the digit.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator

import numpy as np

from xietong.demo.emissions import OutletYear
from xietong.demo.layout import FACILITIES, SUPPLY, Dice, Enterprise, Facility, Layout, Outlet
from xietong.demo.meters import Row
from xietong.demo.series import MICRO, Calendar, Floats, Flows, Micros

GRID = "outside:国网陕西电力"
LAST_YEAR = {"energy": 1.022, "money": 0.957, "goods": 0.975, "waste": 1.03, "pollutant": 1.085, "water": 1.045}
LIMESTONE_PER_COAL = 0.018
# What the heat-and-power plant uses of its own heat and power, beside what it sells.
OWN_HEAT, OWN_POWER = 0.012, 0.085
NOT_REPORTED = ("E14", "water_fresh", 11)


class Books:
    """The rows of reported.csv as they are written down."""

    def __init__(self, cast: Layout, time: Calendar) -> None:
        self.cast, self.time, self.dice = cast, time, Dice(cast.seed)
        self.rows: list[Row] = []
        self.totals: dict[tuple[str, str], float] = defaultdict(float)

    def monthly(self, hourly: Floats | Micros) -> Floats:
        """Twelve monthly sums of hourly values."""
        starts = np.searchsorted(self.time.month, np.arange(1, 13))
        return np.asarray(np.add.reduceat(hourly, starts), np.float64)

    def write(self, subject: str, item: str, months: Floats, unit: str, nature: str, **more: str) -> Floats:
        """Report an item for both years; returns the twelve amounts of this year as reported."""
        if not months.any():
            return months
        dice = self.dice.of(f"books {subject} {item}")
        spread = 0.003 if nature == "energy" else 0.012
        now = np.round(months * np.clip(dice.normal(1, spread, 12), 1 - 2 * spread, 1 + 2 * spread), 3)
        before = np.round(now * LAST_YEAR[nature] * dice.normal(1, 0.02, 12), 3)
        self.exactly(subject, item, now, unit, 0, **more)
        self.exactly(subject, item, before, unit, 1, **more)
        return now

    def exactly(self, subject: str, item: str, months: Floats, unit: str, years_back: int = 0, **more: str) -> None:
        """Write twelve rows as they are."""
        year = self.cast.year - years_back
        for month, amount in enumerate(months.tolist(), 1):
            if (subject, item, month + 12 * years_back) == NOT_REPORTED:
                continue
            period = f"{year}-{month:02}"
            self.rows.append(
                {"subject": subject, "period": period, "item": item, "amount": f"{amount:.3f}", "unit": unit, **more}
            )
            if years_back == 0:
                self.totals[subject, item] += amount

    def sum_of(self, subjects: Iterable[str], item: str, year: int) -> Floats:
        """What several subjects reported of an item in a year, by month."""
        wanted, result = set(subjects), np.zeros(12)
        for row in self.rows:
            if row["item"] == item and row["subject"] in wanted and row["period"].startswith(f"{year}-"):
                result[int(row["period"][5:]) - 1] += float(row["amount"])
        return np.round(result, 3)


def books(cast: Layout, time: Calendar, made: dict[str, Flows], coal_t: Micros, years: dict[str, OutletYear]) -> Books:
    """Everything that is reported."""
    book = Books(cast, time)
    for one in cast.enterprises:
        _energy(book, one, made[one.code])
        _output(book, one, book.monthly(made[one.code].load))
    _supplier(book, coal_t)
    _process_inputs(book)
    for outlet in cast.outlets:
        _outlet(book, outlet, years[outlet.code])
    for facility in FACILITIES:
        _facility(book, facility, years[facility.outlet])
    return book


def _energy(book: Books, one: Enterprise, flow: Flows) -> None:
    seller = {"counterparty": SUPPLY if one.power == "chp" else GRID, "method": "bill"}
    bill = {"method": "bill"}
    book.write(
        one.code, "electricity_purchased", book.monthly(flow.electricity) / MICRO / 1e3, "MWh", "energy", **seller
    )
    book.write(one.code, "natural_gas", book.monthly(flow.gas) / MICRO / 1e4, "10^4m3", "energy", **bill)
    if one.code != SUPPLY:
        heat = {"counterparty": SUPPLY, **bill}
        book.write(one.code, "heat_purchased", book.monthly(flow.heat) / MICRO, "GJ", "energy", **heat)
    sun = book.monthly(flow.sun) / MICRO / 1e3
    book.write(one.code, "electricity_renewable_self_used", sun, "MWh", "energy")
    book.write(one.code, "diesel", _spread(one.diesel_t, book.monthly(flow.load)), "t", "energy", **bill)
    book.write(one.code, "water_fresh", book.monthly(flow.water) / MICRO, "t", "water", **bill)
    book.write(one.code, "water_reused", book.monthly(flow.water) / MICRO * 0.9, "t", "water")
    if one.code == "E10":
        bought = np.round(book.monthly(flow.electricity) / MICRO / 1e3 * 0.3, 0)
        book.write(one.code, "green_power_traded", bought, "MWh", "energy")


def _spread(total: float, months: Floats) -> Floats:
    return np.asarray(total * months / months.sum())


def _output(book: Books, one: Enterprise, work: Floats) -> None:
    value = book.write(one.code, "output_value", _spread(one.output_wan, work), "万元", "money")
    book.write(one.code, "added_value", value * one.added_share, "万元", "money")
    if one.product:
        goods = _spread(one.product_amount, work)
        book.write(one.code, f"product:{one.product}", goods, one.product_unit, "goods")
    wastes = (
        ("byproduct", one.byproduct_t, (("generated", 1), ("used", one.byproduct_used))),
        (
            "solid_waste",
            one.solid_t,
            (("generated", 1), ("used", one.solid_used), ("disposed", 0.9 - one.solid_used), ("stored", 0.1)),
        ),
        ("hazardous_waste", one.hazardous_t, (("generated", 1), ("used", 0.22), ("disposed", 0.74), ("stored", 0.04))),
    )
    for name, total, ways in wastes:
        _waste(book, one.code, name, _spread(total, work), ways)


def _waste(book: Books, subject: str, name: str, months: Floats, ways: tuple[tuple[str, float], ...]) -> None:
    """Write a waste's balance: what was generated is used, disposed of or stored; nothing vanishes."""
    if not months.any():
        return
    for years_back, factor in ((0, 1.0), (1, LAST_YEAR["waste"])):
        for way, share in ways:
            if share > 1e-9:
                amounts = np.round(months * factor * share, 3)
                book.exactly(subject, f"{name}_{way}", amounts, "t", years_back)


def _supplier(book: Books, coal_t: Micros) -> None:
    """Sales are the tenants' purchases added up, so that the park counts each GJ and MWh once.

    What the plant makes is that and what it needs itself.
    """
    tenants = [one.code for one in book.cast.enterprises if one.code != SUPPLY]
    supplied = [one.code for one in book.cast.enterprises if one.power == "chp"]
    for years_back in (0, 1):
        year = book.cast.year - years_back
        heat = book.sum_of(tenants, "heat_purchased", year)
        power = book.sum_of(supplied, "electricity_purchased", year)
        book.exactly(SUPPLY, "heat_sold", heat, "GJ", years_back, method="bill")
        book.exactly(SUPPLY, "electricity_sold", power, "MWh", years_back, method="bill")
        book.exactly(SUPPLY, "heat_generated", heat * (1 + OWN_HEAT), "GJ", years_back, method="auto")
        book.exactly(SUPPLY, "electricity_generated", power * (1 + OWN_POWER), "MWh", years_back, method="auto")
    burnt = book.write(SUPPLY, "bituminous_coal", book.monthly(coal_t) / MICRO, "t", "energy", method="bill")
    book.write(SUPPLY, "desulfurization_limestone", burnt * LIMESTONE_PER_COAL, "t", "energy", method="bill")


def _process_inputs(book: Books) -> None:
    steel = book.totals["E01", "product:crude_steel"]
    for item, per_tonne in (("limestone", 0.045), ("electrode", 0.0017)):
        book.write("E01", item, np.full(12, steel * per_tonne / 12), "t", "goods", method="bill")


def _outlet(book: Books, outlet: Outlet, year: OutletYear) -> None:
    """An outlet without a device is sampled by hand; one with a device was reported by the clerk only last year."""
    volume, unit = ("waste_gas", "m3") if outlet.medium == "gas" else ("wastewater", "t")
    amounts = {volume: (book.monthly(year.flow) / MICRO, unit)}
    amounts |= {item: (book.monthly(mass), "t") for item, mass in year.mass_t.items()}
    for item, (months, its_unit) in amounts.items():
        if not outlet.device:
            book.write(outlet.code, item, months, its_unit, "pollutant", method="manual")
        else:
            noise = book.dice.of(f"books {outlet.code} {item}").normal(1, 0.03, 12)
            before = np.round(months * LAST_YEAR["pollutant"] * noise, 3)
            book.exactly(outlet.code, item, before, its_unit, years_back=1, method="auto")
            book.totals[outlet.code, item] = float(months.sum())


def _facility(book: Books, facility: Facility, year: OutletYear) -> None:
    """A treatment facility's month: run time beside production's, what it removed and what that took."""
    hours = np.bincount(book.time.month, minlength=13)[1:].astype(np.float64)
    dice = book.dice.of(f"facility {facility.code}")
    removed = book.monthly(year.mass_t[facility.item]) * 1000 * facility.removed_per_left
    amounts = (
        ("production_run_hours", np.round(hours * dice.uniform(0.95, 1, 12), 0), "h"),
        ("treatment_run_hours", np.round(hours * dice.uniform(0.93, 0.95, 12), 0), "h"),
        ("pollutant_removed", removed, "kg"),
        ("treatment_electricity", removed * facility.kwh_per_kg * dice.normal(1, 0.03, 12), "kWh"),
    )
    for item, months, unit in amounts:
        book.exactly(facility.code, item, months, unit, method="manual")
        book.exactly(facility.code, item, months * dice.normal(1.01, 0.01), unit, 1, method="manual")


def due(book: Books) -> Iterator[Row]:
    """The rows of expected.csv: what is reported every month is due ten days after it, in the demo's two years only."""
    pairs = {(row["subject"], row["item"]) for row in book.rows if row["period"].startswith(str(book.cast.year))}
    for subject, item in sorted(pairs):
        span = {"since": f"{book.cast.year - 1}-01-01", "until": f"{book.cast.year + 1}-01-01"}
        yield {"subject": subject, "item": item, "frequency": "month", "due_day": "10", **span}
