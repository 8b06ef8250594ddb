"""A second opinion on small parks: figures worked out from the package's CSV files in plain Decimal.

Written from the texts named at each constant and by nobody's code but this: nothing of the platform is imported and
nothing that it made is read. Every figure comes with whether it is whole. What this opinion cannot tell it leaves out:
a firm that buys from a neighbour has no carbon and no renewable share here, its park has both.

    python second_opinion.py FOLDER 2025-Q1
"""

import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

from handed_in import AIR, D, Row
from handed_statements import Books, Opinion, read
from outlet_opinion import outlet_opinions

# GB/T 2589-2020 annex A: tce per t, per 10^4 m3, per MWh and per GJ. 烟煤: NCV 19.570 GJ/t ÷ 29.3076, four places.
TCE = {
    "bituminous_coal": D("0.6677"),
    "natural_gas": D("13.300"),
    "diesel": D("1.4571"),
    "lpg": D("1.7143"),
}
POWER, HEAT = D("0.1229"), D("0.03412")
# GB/T 32151.22-2024 table C.1: GJ per t or 10^4 m3, tC per GJ, share oxidised; EF = NCV × CC × OF × 44/12.
FUELS = {
    "bituminous_coal": (D("19.570"), D("0.0261"), D("0.93")),
    "natural_gas": (D("389.31"), D("0.0153"), D("0.99")),
    "diesel": (D("42.652"), D("0.0202"), D("0.98")),
    "lpg": (D("50.179"), D("0.0172"), D("0.98")),
}
# tCO2 per MWh: national average of 2023 (生态环境部公告2025年第47号), in use for 2025; per GJ: GB/T 32150-2015.
GRID, HEAT_CARBON = D("0.5306"), D("0.11")
# 环境保护税法 annex 2: kg per equivalent; particulate as 烟尘.
EQUIVALENT = {
    "particulate": D("2.18"),
    "so2": D("0.95"),
    "nox": D("0.95"),
    "cod": D(1),
    "ammonia_nitrogen": D("0.8"),
    "total_phosphorus": D("0.25"),
}
# Shaanxi: yuan per equivalent of air and of water (law annex 1; 陕西省 takes the least).
RATE = {True: D("1.2"), False: D("1.4")}
ENERGY_ITEMS = (*FUELS, "heat_purchased", "electricity_purchased", "electricity_sold", "electricity_generated")
ENERGY_ITEMS += ("electricity_renewable_self_used",)


def opinions(folder: Path, period: str) -> dict[tuple[str, str, str], Opinion]:
    """(subject, period, key) → opinion, for firms, zones and the park P, over the period and each of its months."""
    books = read(folder, period)
    codes = [code for code in books.subjects if books.kind(code) in ("enterprise", "zone")]
    spans = {period: books.months} | {month: [month] for month in books.months}
    stated = {
        (code, label, key): opinion
        for code in [*codes, "P"]
        for label, months in spans.items()
        for key, opinion in _figures(books, code, months).items()
    }
    measured = outlet_opinions(folder)
    if not measured:
        return stated
    pollutants = {key.partition("_emission")[0] for _, _, key in measured}
    of_park = {(code, label, key) for code, label, key in stated if code == "P" and _touches(key, pollutants)}
    return {place: opinion for place, opinion in stated.items() if place not in of_park} | measured


def _touches(key: str, pollutants: set[str]) -> bool:
    """Whether a park's figure has measured outlets in it: those are told for their firms only."""
    return key in ("environmental_tax", "pollutant_emission_intensity") or key.partition("_emission")[0] in pollutants


def _figures(books: Books, code: str, months: list[str]) -> dict[str, Opinion]:
    firms = books.members(code)
    if not firms:
        return {}
    output = Opinion(books.total(firms, months, "output_value"), books.came(firms, months, "output_value"))
    if not books.stated(firms, months, "output_value"):
        output = Opinion(None, whole=False)
    return (
        _energy(books, firms, months, output)
        | _carbon(books, code, months, output)
        | _circulation(books, firms, months)
        | _pollution(books, code, months, output)
    )


def _per(part: Opinion, whole: Opinion, times: int = 1) -> Opinion:
    """A ratio; none where what it is shared over is unknown or zero."""
    if part.value is None or not whole.value:
        return Opinion(None, whole=False)
    return Opinion(part.value / whole.value * times, part.whole and whole.whole)


# ---- energy: GB/T 2589-2020, electricity and heat at their calorific value (当量值) ----


def _resold(books: Books, firm: str, months: list[str], where: str = "any") -> Decimal:
    """Power supplied to others out of what was bought, month by month: what is sold beyond what was made and not used.

    Power made from sun that leaves never entered, so only the rest is taken off. `where`: sold to "any", or "outside".
    """
    found = D(0)
    for month in months:
        made = books.total([firm], [month], "electricity_generated")
        spare = made - books.total([firm], [month], "electricity_renewable_self_used")
        sold = books.total([firm], [month], "electricity_sold")
        beyond = max(sold - spare, D(0))
        share = D(1)
        if where == "outside" and sold:
            share = books.total([firm], [month], "electricity_sold", _over_the_fence(books)) / sold
        found += beyond * share
    return found


def _energy(books: Books, firms: list[str], months: list[str], output: Opinion) -> dict[str, Opinion]:
    """Tables 1 and 2."""
    if not any(books.stated(firms, months, item) for item in ENERGY_ITEMS):
        return {}
    whole = books.came(firms, months, *ENERGY_ITEMS)
    power = books.total(firms, months, "electricity_purchased")
    own = books.total(firms, months, "electricity_renewable_self_used")
    power += own - sum((_resold(books, firm, months) for firm in firms), D(0))
    fuels = {fuel: books.total(firms, months, fuel) * TCE[fuel] for fuel in FUELS}
    heat = books.total(firms, months, "heat_purchased") * HEAT
    total = Opinion(sum(fuels.values(), D(0)) + power * POWER + heat, whole)
    found = {
        "comprehensive_energy_consumption": total,
        "energy_per_output_value": _per(total, output),
        "energy_utilization_efficiency": _per(output, total),
    }
    if not _buys_inside(books, firms, months) or len(firms) == len(books.members("P")):
        renewable = Opinion((own + _sold_inside(books, firms, months)) * POWER, whole)
        clean = Opinion((renewable.value or D(0)) + fuels["natural_gas"], whole)
        found["renewable_energy_share"] = _per(renewable, total, 100)
        found["clean_energy_share"] = _per(clean, total, 100)
    return found


def _over_the_fence(books: Books) -> Callable[[Row], bool]:
    """Whether the other end of a statement lies outside the park, or is not named."""
    return lambda row: row["counterparty"] not in books.subjects


def _sold_inside(books: Books, firms: list[str], months: list[str]) -> Decimal:
    """Power made from sun by one and used by another of the group."""
    sold = books.total(firms, months, "electricity_sold", lambda row: row["counterparty"] in firms)
    resold = sum((_resold(books, firm, months) - _resold(books, firm, months, "outside") for firm in firms), D(0))
    return sold - resold


def _buys_inside(books: Books, firms: list[str], months: list[str]) -> bool:
    """Whether any power was bought from a subject of the park."""
    bought = books.total(firms, months, "electricity_purchased", lambda row: row["counterparty"] in books.subjects)
    return bought != 0


# ---- carbon: GB/T 32150-2015, location based ----


def _carbon(books: Books, code: str, months: list[str], output: Opinion) -> dict[str, Opinion]:
    """Table 4. A park counts the power that came over its fence; a firm that buys inside is left out."""
    firms, is_park = books.members(code), books.kind(code) == "park"
    unstated = not any(books.stated(firms, months, item) for item in ENERGY_ITEMS)
    if unstated or (not is_park and _buys_inside(books, firms, months)):
        return {}
    whole = books.came(firms, months, *ENERGY_ITEMS)
    burnt = sum((_burnt(fuel, books.total(firms, months, fuel)) for fuel in FUELS), D(0))
    bought = books.total(firms, months, "electricity_purchased", _over_the_fence(books))
    resold = sum((_resold(books, firm, months, "outside" if is_park else "any") for firm in firms), D(0))
    total = burnt + (bought - resold) * GRID + books.total(firms, months, "heat_purchased") * HEAT_CARBON
    emitted = Opinion(total, whole)
    return {
        "energy_carbon_emission": emitted,
        "carbon_emission_total": emitted,
        "carbon_emission_intensity": _per(emitted, output),
    }


def _burnt(fuel: str, amount: Decimal) -> Decimal:
    calorific, carbon, oxidised = FUELS[fuel]
    return amount * calorific * carbon * oxidised * 44 / 12


# ---- recycling ----


def _circulation(books: Books, firms: list[str], months: list[str]) -> dict[str, Opinion]:
    """Table 5 and clause 6.4.3 c). A part that cannot be (more used than there was) makes the whole no figure."""
    return {
        "resource_utilization_rate": _rate(books, firms, months, "byproduct_used", ("byproduct_generated",)),
        "solid_waste_utilization_rate": _rate(
            books, firms, months, "solid_waste_used", ("solid_waste_generated", "solid_waste_used_from_stock")
        ),
        "water_reuse_rate": _reuse(books, firms, months),
    }


def _rate(books: Books, firms: list[str], months: list[str], used: str, there: tuple[str, ...]) -> Opinion:
    if not any(books.stated(firms, months, item) for item in (used, *there)):
        return Opinion(None, whole=False)
    whole, could_be = books.came(firms, months, used, *there), True
    for firm in firms:
        had = sum((books.total([firm], months, item) for item in there), D(0))
        could_be = could_be and books.total([firm], months, used) <= had
    if not could_be:
        return Opinion(None, whole=False)
    of_all = sum((books.total(firms, months, item) for item in there), D(0))
    return _per(Opinion(books.total(firms, months, used), whole), Opinion(of_all, whole), 100)


def _reuse(books: Books, firms: list[str], months: list[str]) -> Opinion:
    """水重复利用率: reused in fresh and reused water."""
    if not books.stated(firms, months, "water_fresh"):
        return Opinion(None, whole=False)
    reused, fresh = (books.total(firms, months, item) for item in ("water_reused", "water_fresh"))
    whole = books.came(firms, months, "water_reused", "water_fresh")
    return _per(Opinion(reused, whole), Opinion(reused + fresh, whole), 100)


# ---- pollutants that were stated, and the tax on them ----


def _pollution(books: Books, code: str, months: list[str], output: Opinion) -> dict[str, Opinion]:
    """Tables 3 and 5 and the environmental tax, of outlets whose month was stated; nothing to a works inside counts.

    Solid waste that was used or disposed of bears no tax (law art. 4 and 12); where a part is unknown so is the tax.
    """
    firms = books.members(code)
    outlets = [
        outlet
        for firm in firms
        for outlet in books.outlets(firm)
        if books.subjects[outlet]["discharges_to"] in ("", "environment")
    ]
    found: dict[str, Opinion] = {}
    equivalents, every = D(0), True
    for name, kg in EQUIVALENT.items():
        if not books.stated(outlets, months, name):
            every = every and not any((outlet, name) in books.due for outlet in outlets)
            continue
        emitted = Opinion(books.total(outlets, months, name), books.came(outlets, months, name))
        found[f"{name}_emission"] = emitted
        if name != "total_phosphorus":  # table 5 names no intensity for it
            found[f"{name}_emission_intensity"] = _per(emitted, output, 1000)
        equivalents += (emitted.value or D(0)) * 1000 / kg
        every = every and emitted.whole
    if found:
        found["pollutant_emission_intensity"] = _per(Opinion(equivalents, every), output)
        waste = ("solid_waste_generated", "solid_waste_used", "solid_waste_disposed")
        found["environmental_tax"] = Opinion(_tax(books, outlets, months), every and books.came(firms, months, *waste))
    return found


def _tax(books: Books, outlets: list[str], months: list[str]) -> Decimal:
    """Law art. 9: of each outlet and month the three largest of air and of other water; no limit, no reduction."""
    total = D(0)
    for outlet in outlets:
        for month in months:
            for is_air in (True, False):
                kin = [name for name in EQUIVALENT if (name in AIR) == is_air]
                amounts = (books.total([outlet], [month], name) * 1000 / EQUIVALENT[name] for name in kin)
                total += sum(sorted(amounts, reverse=True)[:3], D(0)) * RATE[is_air]
    return total


if __name__ == "__main__":
    for key, opinion in opinions(Path(sys.argv[1]), sys.argv[2]).items():
        print(*key, opinion.value, "whole" if opinion.whole else "not whole")
