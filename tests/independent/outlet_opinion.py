"""A second opinion on measured outlets of small parks: mass, hours above the limit, and hours that could be judged.

Read are the package's CSV files alone. Gas by HJ 75-2017: hour mean × hour volume, compared at the reference oxygen of
its limit. Water by HJ 212-2017 D.1.2 (8)–(13): the sum over slices of concentration × volume. Firms have one outlet.
"""

from collections import defaultdict
from decimal import Decimal
from pathlib import Path

from handed_in import D, Row, table
from handed_statements import Opinion

MONTH, HOURS = "2025-01", 31 * 24
# From 20 % oxygen on a correction says nothing: the gas is air.
AIR_ITSELF = D(20)


def outlet_opinions(folder: Path) -> dict[tuple[str, str, str], Opinion]:
    """(firm, 2025-01, key) → opinion, for each firm with a measured outlet."""
    if not (folder / "points.csv").exists():
        return {}
    parents = {row["code"]: row["parent"] for row in table(folder, "subjects")}
    values: dict[str, dict[str, Decimal]] = defaultdict(dict)
    for row in table(folder, "readings"):
        values[row["point"]][row["at"]] = D(row["value"])
    outlets: dict[str, dict[str, Row]] = defaultdict(dict)
    for row in table(folder, "points"):
        outlets[row["subject"]][row["item"]] = row
    found: dict[tuple[str, str, str], Opinion] = {}
    for outlet, points in outlets.items():
        series = {item: values[row["code"]] for item, row in points.items()}
        told = _gas(folder, outlet, series) if "so2" in series else _water(series, points["cod"])
        found |= {(parents[outlet], MONTH, key): opinion for key, opinion in told.items()}
    return found


def _gas(folder: Path, outlet: str, series: dict[str, dict[str, Decimal]]) -> dict[str, Opinion]:
    measured, flow, oxygen = series["so2"], series["waste_gas"], series["o2"]
    mass = sum((value * flow[at] for at, value in measured.items()), D(0)) / D(10**9)
    (limit,) = (row for row in table(folder, "limits") if row["subject"] == outlet)
    at_reference = {
        at: (value * (21 - D(limit["o2_reference"])) / (21 - oxygen[at])).quantize(D("0.000001"))
        for at, value in measured.items()
        if at in oxygen and 0 <= oxygen[at] < AIR_ITSELF
    }
    above = sum(value > D(limit["value"]) for value in at_reference.values())
    whole = len(at_reference) == HOURS
    rate = D(len(at_reference) - above) / len(at_reference) * 100 if at_reference else None
    return {
        "so2_emission": Opinion(mass, whole=True),
        "so2_exceedance_hours": Opinion(D(above), whole),
        "so2_compliance_rate": Opinion(rate, whole),
    }


def _water(series: dict[str, dict[str, Decimal]], point: Row) -> dict[str, Opinion]:
    """Flow in m3/h over slices of the point's interval: mg/L × m3 = g."""
    hours = D(point["interval_s"]) / 3600
    slices = series["wastewater"]
    mass = sum((value * slices[at] for at, value in series["cod"].items()), D(0)) * hours / D(10**6)
    return {"cod_emission": Opinion(mass, whole=True)}
