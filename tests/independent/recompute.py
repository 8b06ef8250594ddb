"""A second opinion on the demo park's year: its figures recomputed from what was handed in, by nobody's code but this.

Read are the CSV files of the park package and the raw HJ 212 frames as they lie in the journal; nothing of the platform
is imported and nothing it made (lake, database) is read. Factors are typed here again from the documents named beside
them. Usage: python recompute.py DATA [YEAR] prints {key: value} of the park as JSON.
"""

import json
import sys
from collections import defaultdict
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from handed_in import (
    AIR,
    D,
    Hours,
    Measured,
    Row,
    by_month,
    carried,
    enterprise_totals,
    measured_hours,
    stands_in,
    stopped_months,
    table,
)

# GB/T 2589-2020 annex A, tce per t, per 10^4 m3, per MWh and per GJ. 烟煤 is not in annex A: NCV 19.570 GJ/t (GB/T
# 32151.22-2024 table C.1) over 29.3076 GJ/tce, to four places like every row of the annex.
TCE = {
    "bituminous_coal": D("0.6677"),
    "natural_gas": D("13.300"),
    "diesel": D("1.4571"),
    "electricity": D("0.1229"),
    "heat": D("0.03412"),
}
# GB/T 32151.22-2024 table C.1: net calorific value (GJ per t or 10^4 m3), carbon content (tC/GJ), oxidation rate.
FUELS = {
    "bituminous_coal": (D("19.570"), D("0.0261"), D("0.93")),
    "natural_gas": (D("389.31"), D("0.0153"), D("0.99")),
    "diesel": (D("42.652"), D("0.0202"), D("0.98")),
}
# tCO2 per MWh: Shaanxi 2023, 公告2025年第47号, the newest published at the end of 2025; per GJ: GB/T 32150-2015.
GRID, HEAT = D("0.6335"), D("0.11")
# tCO2/t: 钢铁 guideline 2013; desulphurisation: 0.90 of carbonate (发电设施) × 0.440.
PROCESS = {"limestone": D("0.440"), "electrode": D("3.663"), "desulfurization_limestone": D("0.396")}
# 环境保护税法 annex 2, kg per equivalent; particulate as 烟尘; VOCs have no row there.
EQUIVALENT = {
    "particulate": D("2.18"),
    "so2": D("0.95"),
    "nox": D("0.95"),
    "cod": D("1"),
    "ammonia_nitrogen": D("0.8"),
}
# HJ 75-2017: automatic data of a month stand from three quarters of its hours on.
VALID_SHARE = D("0.75")
_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


Months = dict[str, Decimal]


def outlet_months(package: Path, measured: Measured, year: str) -> dict[tuple[str, str], Months]:
    """(outlet, item) → month → what it sent into the environment: pollutants in t, gas in m3, wastewater in t.

    Outlets that discharge to the works of the park are left out: its own outlet carries what is left of theirs.
    """
    outlets = {row["code"]: row for row in table(package, "subjects") if row["kind"] == "outlet"}
    direct = {code for code, row in outlets.items() if row["discharges_to"] == "environment"}
    hours, stops = measured
    stated: dict[tuple[str, str], Months] = defaultdict(dict)
    for row in table(package, "reported"):
        if row["subject"] in direct and row["period"].startswith(f"{year}-"):
            stated[row["subject"], row["item"]][row["period"][5:]] = D(row["amount"])
    found: dict[tuple[str, str], Months] = {}
    for outlet, name in {*hours, *stated}:
        if outlet in direct and name in (*EQUIVALENT, "vocs", "waste_gas", "wastewater"):
            automatic = by_month(carried(hours, outlet, name) | stands_in(measured, outlet, name, year))
            stopped = stopped_months(stops, outlet)
            found[outlet, name] = months_of(automatic, stated[outlet, name], stopped)
    return found


def emissions(of_outlets: dict[tuple[str, str], Months]) -> dict[str, Decimal]:
    """What the park sent out in the year, by pollutant or volume."""
    totals: dict[str, Decimal] = defaultdict(D)
    for (_, name), months in of_outlets.items():
        totals[name] += sum(months.values(), D(0))
    return totals


def months_of(automatic: dict[str, tuple[Decimal, int]], stated: Months, stopped: dict[str, int]) -> Months:
    """Month by month: valid automatic data, else what was reported, else automatic data as far as they go."""
    found: Months = {}
    for number, days in enumerate(_DAYS, 1):
        month = f"{number:02}"
        amount, count = automatic.get(month, (D(0), 0))
        due = days * 24 - stopped.get(month, 0)
        is_valid = count >= VALID_SHARE * due
        found[month] = amount if is_valid or month not in stated else stated[month]
    return found


# ---- limits ----


def at_reference(value: Decimal, oxygen: Decimal | None, reference: str) -> Decimal | None:
    """A concentration at the limit's oxygen, C × (21 − reference) ÷ (21 − measured); None from 20 % on or without."""
    if not reference:
        return value
    if oxygen is None or not 0 <= oxygen < 20:
        return None
    return (value * (21 - D(reference)) / (21 - oxygen)).quantize(D("0.000001"))


def judged_hours(hours: dict[tuple[str, str], Hours], limit: Row) -> Hours:
    """hour → concentration as the limit judges it; hours without flow are not judged."""
    outlet, name = limit["subject"], limit["item"]
    flow = hours.get((outlet, "waste_gas" if name in AIR else "wastewater"), {})
    oxygen = hours.get((outlet, "o2"), {})
    found: Hours = {}
    for hour, value in hours.get((outlet, name), {}).items():
        corrected = at_reference(value, oxygen.get(hour), limit["o2_reference"])
        if corrected is not None and flow.get(hour, D(1)) > 0:
            found[hour] = corrected
    return found


def hours_above(judged: Hours, flow: Hours, limit: Row) -> int:
    """Hours above a limit of hours; under a limit of daily means the judged hours of the days above it."""
    bound = D(limit["value"])
    if limit["averaging"] != "day":
        return sum(value > bound for value in judged.values())
    days: dict[str, list[str]] = defaultdict(list)
    for hour in judged:
        days[hour[:8]].append(hour)
    return sum(len(day) for day in days.values() if mean_of(day, judged, flow) > bound)


def mean_of(day: list[str], judged: Hours, flow: Hours) -> Decimal:
    """The mean of a day weighted with its flow; the plain mean where no hour has any."""
    passed = [hour for hour in day if hour in flow]
    volume = sum(flow[hour] for hour in passed)
    if not volume:
        return sum((judged[hour] for hour in day), D(0)) / len(day)
    return sum((judged[hour] * flow[hour] for hour in passed), D(0)) / volume


def limits_kept(package: Path, hours: dict[tuple[str, str], Hours]) -> dict[str, Decimal]:
    """Table 3 for a park: hours above the limit and the share of judged hours that kept it, over all its outlets."""
    counted: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for limit in table(package, "limits"):
        judged = judged_hours(hours, limit)
        flow = hours.get((limit["subject"], "waste_gas" if limit["item"] in AIR else "wastewater"), {})
        counted[limit["item"]][0] += len(judged)
        counted[limit["item"]][1] += hours_above(judged, flow, limit)
    found = {}
    for name, (valid, above) in counted.items():
        found[f"{name}_exceedance_hours"] = D(above)
        found[f"{name}_compliance_rate"] = D(valid - above) / D(valid) * 100
    return found


# ---- the standard's indicators ----


def energy(used: dict[str, Decimal]) -> dict[str, Decimal]:
    """Tables 1 and 2 by GB/T 2589-2020, electricity and heat at their calorific value (当量值)."""
    fuels = {fuel: used[fuel] * TCE[fuel] for fuel in FUELS}
    own, bought = used["electricity_renewable_self_used"], used["electricity_purchased"]
    power = (bought + own - used["electricity_sold"]) * TCE["electricity"]
    heat = (used["heat_purchased"] - used["heat_sold"]) * TCE["heat"]
    total = sum(fuels.values()) + power + heat
    renewable = (own + min(used["green_power_traded"], bought)) * TCE["electricity"]
    return {
        "comprehensive_energy_consumption": total,
        "energy_per_output_value": total / used["output_value"],
        "energy_utilization_efficiency": used["output_value"] / total,
        "renewable_energy_share": renewable / total * 100,
        "clean_energy_share": (renewable + fuels["natural_gas"]) / total * 100,
    }


def burnt(fuel: str, amount: Decimal) -> Decimal:
    """tCO2 of a fuel: amount × NCV × carbon content × oxidation × 44/12."""
    calorific, carbon, oxidised = FUELS[fuel]
    return amount * calorific * carbon * oxidised * 44 / 12


def carbon(package: Path, used: dict[str, Decimal]) -> dict[str, Decimal]:
    """Table 4 by GB/T 32150-2015, location based."""
    of_energy = sum(burnt(fuel, used[fuel]) for fuel in FUELS)
    of_energy += (used["electricity_purchased"] - used["electricity_sold"]) * GRID
    of_energy += (used["heat_purchased"] - used["heat_sold"]) * HEAT
    total = of_energy + sum(used[material] * factor for material, factor in PROCESS.items())
    return {
        "energy_carbon_emission": D(of_energy),
        "carbon_emission_total": D(total),
        "carbon_emission_intensity": total / used["output_value"],
        "carbon_emission_reduction": saved(package),
    }


def saved(package: Path) -> Decimal:
    """Verified yearly savings of the measures in operation, all of them since before the year began."""
    total = D(0)
    for row in table(package, "effects"):
        if row["stage"] != "verified":
            continue
        if row["item"] in FUELS:
            total += burnt(row["item"], D(row["amount"]))
        elif row["item"] == "electricity_purchased":
            total += D(row["amount"]) * GRID
    return total


def pollution(emitted: dict[str, Decimal], output: Decimal) -> dict[str, Decimal]:
    """Tables 1, 3 and 5: amounts in t, intensities in kg, m3, t and equivalents per 万元."""
    found = {f"{name}_emission": emitted[name] for name in EQUIVALENT}
    found |= {f"{name}_emission_intensity": emitted[name] * 1000 / output for name in EQUIVALENT}
    equivalents = sum(emitted[name] * 1000 / value for name, value in EQUIVALENT.items())
    found["pollutant_emission_intensity"] = equivalents / output
    found["waste_gas_intensity"] = emitted["waste_gas"] / output
    found["wastewater_intensity"] = emitted["wastewater"] / output
    return found


# 陕西: yuan an equivalent of air and of water (law annex 1; Shaanxi takes the least).
RATES = {True: D("1.2"), False: D("1.4")}
# National residual mix 2023, 公告2025年第47号 (excluding market-traded non-fossil power).
RESIDUAL = D("0.6096")


def waste(used: dict[str, Decimal]) -> dict[str, Decimal]:
    """Rates and balances of waste; nothing of the demo comes out of earlier years' stock.

    Water is left out: one month of one tenant is known to its meter only, whose readings are no CSV.
    """
    found = {}
    for waste in ("solid_waste", "hazardous_waste"):
        made = used[f"{waste}_generated"]
        found[f"{waste}_disposal_rate"] = used[f"{waste}_disposed"] / made * 100
        found[f"{waste}_imbalance"] = made - used[f"{waste}_used"] - used[f"{waste}_disposed"] - used[f"{waste}_stored"]
    found["hazardous_waste_utilization_rate"] = used["hazardous_waste_used"] / used["hazardous_waste_generated"] * 100
    return found


def treatment(package: Path, year: str) -> dict[str, Decimal]:
    """Treatment facilities: run time, power and carbon per kilogram removed; the demo's use no reagent of their own."""
    kinds = {row["code"]: row["kind"] for row in table(package, "subjects")}
    sums: dict[str, Decimal] = defaultdict(D)
    for row in table(package, "reported"):
        if kinds[row["subject"]] == "treatment" and row["period"].startswith(f"{year}-"):
            sums[row["item"]] += D(row["amount"])
    removed = sums["pollutant_removed"]
    return {
        "treatment_operation_rate": sums["treatment_run_hours"] / sums["production_run_hours"] * 100,
        "treatment_operation_share": sums["treatment_run_hours"] / sums["production_run_hours"],
        "treatment_energy_intensity": sums["treatment_electricity"] / removed,
        "treatment_carbon_intensity": sums["treatment_electricity"] * GRID / removed,
    }


def further_energy(used: dict[str, Decimal], found: dict[str, Decimal]) -> dict[str, Decimal]:
    """Added value and the two views of power; the demo uses no energy as raw material."""
    bought, sold = used["electricity_purchased"], used["electricity_sold"]
    market = (bought - used["green_power_traded"]) * RESIDUAL
    total, location = found["carbon_emission_total"], bought * GRID
    return {
        "energy_with_feedstock": found["comprehensive_energy_consumption"],
        "energy_per_added_value": found["comprehensive_energy_consumption"] / used["added_value"],
        "purchased_electricity_emission_location": location,
        "purchased_electricity_emission_market": market,
        "carbon_emission_total_location": total,
        "carbon_emission_total_market": total - location + market + sold * (GRID - RESIDUAL),
    }


class Held(NamedTuple):
    """A pollutant of an outlet and month held against its limit: the means that the law goes by (of hours for gas, of
    days for water; 实施条例 art. 10), the limit, and whether enough of the month could be judged."""

    means: list[Decimal]
    limit: Decimal
    is_enough: bool

    @property
    def is_above(self) -> bool:
        return any(mean > self.limit for mean in self.means)


def tax(package: Path, measured: Measured, of_outlets: dict[tuple[str, str], Months]) -> Decimal:
    """环境保护税 of the year: by outlet and month the three largest of air and of other water, with the reductions.

    Notice Caishui (2018) 117, section 2: one outlet above the standard ends the month's reductions of its taxpayer.
    """
    limits = {(row["subject"], row["item"]): row for row in table(package, "limits")}
    taxpayers = {row["code"]: row["parent"] for row in table(package, "subjects") if row["kind"] == "outlet"}
    outlets = sorted({outlet for outlet, _ in of_outlets})
    total = D(0)
    for number, days in enumerate(_DAYS, 1):
        held = {key: held_in(measured, row, f"{number:02}", days) for key, row in limits.items() if key in of_outlets}
        above = {taxpayers[outlet] for (outlet, _), each in held.items() if each.is_above}
        for outlet in outlets:
            found = {
                name: of_outlets[outlet, name].get(f"{number:02}", D(0)) * 1000 / EQUIVALENT[name]
                for name in EQUIVALENT
                if (outlet, name) in of_outlets
            }
            for is_air in (True, False):
                kin = sorted((each for each in found if (each in AIR) == is_air), key=lambda name: -found[name])
                for name in kin[:3]:
                    share = D(1) if taxpayers[outlet] in above else payable(held.get((outlet, name)))
                    total += found[name] * RATES[is_air] * share
    return total


def held_in(measured: Measured, limit: Row, month: str, days: int) -> Held:
    """A limit's month. Three quarters of its hours (of water: days) must be judged, none of the others be above it."""
    outlet, name, bound = limit["subject"], limit["item"], D(limit["value"])
    hours, stops = measured
    of_month = {hour: value for hour, value in hours.get((outlet, name), {}).items() if hour[4:6] == month}
    flow = hours.get((outlet, "waste_gas" if name in AIR else "wastewater"), {})
    judged = {hour: value for hour, value in judged_hours(hours, limit).items() if hour in of_month}
    idle = {hour for hour in of_month if hour in flow and flow[hour] <= 0}
    doubtful = any(of_month[hour] > bound for hour in of_month if hour not in judged and hour not in idle)
    due = days * 24 - stopped_months(stops, outlet).get(month, 0) - len(idle)
    means = list(judged.values())
    if name not in AIR:
        by_day: dict[str, list[str]] = defaultdict(list)
        for hour in judged:
            by_day[hour[:8]].append(hour)
        means = [mean_of(day, judged, flow).quantize(D("0.000001")) for day in by_day.values()]
    came = len(means) * (1 if name in AIR else 24)
    return Held(means, bound, came * 4 >= due * 3 and not doubtful)


def payable(held: Held | None) -> Decimal:
    """Law art. 13: 75 % at 30 % below the limit, 50 % at 50 % below."""
    if held is None or not held.means or not held.is_enough:
        return D(1)
    below = 1 - sum(held.means, D(0)) / len(held.means) / held.limit
    return D(1) if below < D("0.3") else D("0.75") if below < D("0.5") else D("0.5")


def recompute(data: Path, year: str = "2025") -> dict[str, float]:
    """Every recomputed figure of the park's year by its key."""
    package = data / "demo" / "package"
    used = enterprise_totals(package, year)
    found = energy(used) | carbon(package, used)
    measured = measured_hours(package, data / "journal", year)
    of_outlets = outlet_months(package, measured, year)
    emitted = emissions(of_outlets)
    found |= pollution(emitted, used["output_value"])
    found |= limits_kept(package, measured.hours)
    found["resource_utilization_rate"] = used["byproduct_used"] / used["byproduct_generated"] * 100
    whole = used["solid_waste_generated"]
    found["solid_waste_utilization_rate"] = used["solid_waste_used"] / whole * 100
    found |= waste(used) | treatment(package, year) | further_energy(used, found)
    found["vocs_emission"] = emitted["vocs"]
    found["environmental_tax"] = tax(package, measured, of_outlets)
    found["carbon_per_energy"] = found["carbon_emission_total"] / found["comprehensive_energy_consumption"]
    return {key: float(value) for key, value in found.items()}


if __name__ == "__main__":
    print(json.dumps(recompute(Path(sys.argv[1]), *sys.argv[2:3]), indent=1))
