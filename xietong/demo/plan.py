"""What the demo park set itself and wrote down: targets, limits, measures and their effects, flows, documents, lists.

Targets are the generator's own rough estimate of the year times a margin of targets.csv, so that the park stands
somewhere between its targets and its basic values; what the platform computes is its own business.
"""

import csv
from collections.abc import Iterable, Iterator
from importlib import resources

from xietong.demo.books import Books
from xietong.demo.layout import PARK, SUPPLY, WORKS, Dice, Layout
from xietong.demo.meters import Row

TCE = {
    "electricity_purchased": 0.1229,
    "electricity_sold": -0.1229,
    "electricity_renewable_self_used": 0.1229,
    "natural_gas": 13.3,
    "bituminous_coal": 0.6677,
    "diesel": 1.4571,
    "heat_purchased": 0.03412,
    "heat_sold": -0.03412,
}
FUEL_CO2 = {"natural_gas": 21.6219, "bituminous_coal": 1.7417, "diesel": 3.0959}
POWER_CO2 = {"electricity_purchased": 0.61, "electricity_sold": -0.61, "heat_purchased": 0.11, "heat_sold": -0.11}
PROCESS_CO2 = {"limestone": 0.44, "desulfurization_limestone": 0.396, "electrode": 3.663}
EQUIVALENT_KG = {"particulate": 2.18, "so2": 0.95, "nox": 0.95, "cod": 1.0, "ammonia_nitrogen": 0.8}

MEASURES = (
    ("M01", "E01", "节能", "process", "电炉余热蒸汽回收", 3200, 210, "natural_gas", 260.0, "10^4m3"),
    ("M02", "E23", "燃料替代", "source", "燃煤锅炉掺烧与灵活性改造", 5400, 350, "bituminous_coal", 3600.0, "t"),
    ("M03", "E04", "节能", "process", "电解槽膜极距改造", 2700, 60, "electricity_purchased", 5200.0, "MWh"),
    ("M04", "E12", "可再生能源", "source", "屋顶光伏二期", 3900, 45, "electricity_purchased", 8100.0, "MWh"),
    ("M05", "E18", "末端治理", "end_of_pipe", "窑炉烟气脱硝提效", 860, 140, "nox", 14.0, "t"),
    ("M06", "E24", "节能", "management", "曝气精确控制", 240, 12, "electricity_purchased", 620.0, "MWh"),
)
FLOWS = (
    ("E01", "E21", "电炉渣", 42000.0, "t", ""),
    ("E21", "E19", "矿渣粉", 38000.0, "t", ""),
    (SUPPLY, "E19", "粉煤灰", 21500.0, "t", ""),
    (SUPPLY, "E20", "脱硫石膏", 8700.0, "t", ""),
    ("E08", "outside:饲料厂", "酒糟", 26000.0, "t", ""),
    ("E15", "E01", "废钢", 5600.0, "t", ""),
    ("E16", "E01", "废钢", 3900.0, "t", ""),
    (WORKS, SUPPLY, "再生水", 420000.0, "m3", ""),
)
DOCUMENTS = (
    ("D01", "方案", "园区减污降碳协同控制实施方案", "低碳办"),
    ("D02", "制度", "减污降碳协同管控管理制度", "园区管委会"),
    ("D03", "制度", "监测数据质量管理办法", "环保部"),
    ("D04", "制度", "能源与碳排放统计核算办法", "能源管理部"),
    ("D05", "预案", "重污染天气应急响应方案", "环保部"),
    ("D06", "协议", "污水纳管协议汇编", "环保部"),
)


def plan(cast: Layout, book: Books) -> dict[str, Iterable[Row]]:
    """The tables of the plan by file name."""
    return {
        "targets": targets(cast, book),
        "limits": limits(cast),
        "measures": measures(cast),
        "effects": effects(cast),
        "flows": flows(cast),
        "documents": documents(cast),
        "key_lists": key_lists(cast),
    }


def estimates(book: Books) -> dict[str, float]:
    """Roughly what the year's indicators come to, for setting targets only."""

    def total(item: str) -> float:
        return sum(amount for (_, each), amount in book.totals.items() if each == item)

    output = total("output_value")
    tce = sum(total(item) * factor for item, factor in TCE.items())
    energy_co2 = sum(total(item) * factor for item, factor in (FUEL_CO2 | POWER_CO2).items())
    carbon = energy_co2 + sum(total(item) * factor for item, factor in PROCESS_CO2.items())
    sun = (total("electricity_renewable_self_used") + total("green_power_traded")) * TCE["electricity_purchased"]
    released = {item: _released(book, item) for item in (*EQUIVALENT_KG, "waste_gas", "wastewater")}
    found = {
        "energy_per_output_value": tce / output,
        "carbon_emission_intensity": carbon / output,
        "waste_gas_intensity": released["waste_gas"] / output,
        "wastewater_intensity": released["wastewater"] / output,
        "comprehensive_energy_consumption": tce,
        "clean_energy_share": (sun + total("natural_gas") * TCE["natural_gas"]) / tce * 100,
        "renewable_energy_share": sun / tce * 100,
        "energy_utilization_efficiency": output / tce,
        "carbon_emission_total": carbon,
        "energy_carbon_emission": energy_co2,
        "carbon_emission_reduction": sum(_saved_co2(item, amount) for *_, item, amount, _ in MEASURES),
        "pollutant_emission_intensity": sum(released[i] * 1000 / kg for i, kg in EQUIVALENT_KG.items()) / output,
        "resource_utilization_rate": total("byproduct_used") / total("byproduct_generated") * 100,
    }
    return found | {f"{item}_emission_intensity": released[item] * 1000 / output for item in EQUIVALENT_KG}


def _released(book: Books, item: str) -> float:
    """What the outlets to the environment released; what flows to the works counts there."""
    direct = {outlet.code for outlet in book.cast.outlets if outlet.discharges_to == "environment"}
    return sum(amount for (subject, each), amount in book.totals.items() if each == item and subject in direct)


def _saved_co2(item: str, amount: float) -> float:
    return amount * (FUEL_CO2 | POWER_CO2).get(item, 0.0)


def targets(cast: Layout, book: Books) -> Iterator[Row]:
    """The rows of targets.csv: the park's, and energy and carbon of its key enterprises."""
    found = estimates(book)
    text = resources.files("xietong.demo").joinpath("targets.csv").read_text("utf-8")
    for row in csv.DictReader(text.splitlines()):
        key = row["indicator"]
        family = "carbon" if key.endswith("carbon_emission") or key == "carbon_emission_total" else key
        jitter = Dice(cast.seed).of(f"target {family}").normal(1, 0.01)
        scale = found.get(key, 1.0) * (1.0 if key.endswith("_rate") and key not in found else jitter)
        yield {
            "indicator": key,
            "subject": PARK,
            "year": str(cast.year),
            "target": f"{float(row['target']) * scale:.{row['digits']}f}",
            "basic": f"{float(row['basic']) * scale:.{row['digits']}f}",
            "main": row["main"],
            "owner": row["owner"],
            "source": row["source"],
        }
    yield from _enterprise_targets(cast, book)


def _enterprise_targets(cast: Layout, book: Books) -> Iterator[Row]:
    for one in cast.enterprises:
        output = book.totals[one.code, "output_value"]
        tce = sum(book.totals[one.code, item] * factor for item, factor in TCE.items())
        if "E" not in one.lists or one.code == SUPPLY or not output:
            continue
        margin = Dice(cast.seed).of(f"target {one.code}").uniform(0.94, 1.06)
        yield {
            "indicator": "energy_per_output_value",
            "subject": one.code,
            "year": str(cast.year),
            "target": f"{tce / output * margin:.4f}",
            "basic": f"{tce / output * margin * 1.07:.4f}",
            "main": "true",
            "owner": one.name,
            "source": "5.3.2 e）重点用能单位",
        }


def limits(cast: Layout) -> Iterator[Row]:
    """The rows of limits.csv: hourly means for stacks, daily means for water."""
    for outlet in cast.outlets:
        for item, value in outlet.limits.items():
            if outlet.device:
                yield {
                    "subject": outlet.code,
                    "item": item,
                    "kind": "concentration",
                    "value": f"{value:g}",
                    "unit": "mg/m3" if outlet.medium == "gas" else "mg/L",
                    "averaging": "hour" if outlet.medium == "gas" else "day",
                    "o2_reference": f"{outlet.o2_reference:g}" if outlet.o2_reference else "",
                    "source": outlet.limit_source,
                }


def measures(cast: Layout) -> Iterator[Row]:
    """The rows of measures.csv."""
    for code, subject, kind, stage, name, capex, opex, *_ in MEASURES:
        yield {
            "code": code,
            "subject": subject,
            "kind": kind,
            "stage": stage,
            "name": name,
            "status": "已投运",
            "start": f"{cast.year - 1}-04-01",
            "commissioned": f"{cast.year}-01-01",
            "capex": str(capex),
            "opex": str(opex),
            "price_year": str(cast.year),
            "owner": cast.enterprise(subject).name,
        }


def effects(cast: Layout) -> Iterator[Row]:
    """The rows of effects.csv: what was expected, and what was verified of all but the last measure."""
    for code, *_, item, amount, unit in MEASURES:
        share = Dice(cast.seed).of(f"effect {code}").uniform(0.86, 1.04)
        row = {"measure": code, "item": item, "unit": unit}
        yield row | {"amount": f"{amount:g}", "stage": "expected", "method": "可行性研究"}
        if code != MEASURES[-1][0]:
            yield row | {"amount": f"{amount * share:.1f}", "stage": "verified", "method": "GB/T 28750 基期调整"}


def flows(cast: Layout) -> Iterator[Row]:
    """The rows of flows.csv."""
    for origin, destination, material, amount, unit, grade in FLOWS:
        size = Dice(cast.seed).of(f"flow {origin} {material}").uniform(0.9, 1.1)
        yield {
            "from": origin,
            "to": destination,
            "material": material,
            "amount": f"{amount * size:.0f}",
            "unit": unit,
            "period": str(cast.year),
            "grade": grade,
        }


def documents(cast: Layout) -> Iterator[Row]:
    """The rows of documents.csv."""
    for code, kind, title, owner in DOCUMENTS:
        yield {
            "code": code,
            "kind": kind,
            "title": title,
            "version": "1.0",
            "effective": f"{cast.year - 1}-03-01",
            "review": f"{cast.year + 1}-03-01",
            "owner": owner,
        }


def key_lists(cast: Layout) -> Iterator[Row]:
    """The rows of key_lists.csv."""
    names = {"E": "重点用能单位", "C": "重点碳排放单位", "P": "环境监管重点单位", "R": "重点资源循环单位"}
    for one in cast.enterprises:
        for letter in one.lists:
            yield {"subject": one.code, "list": names[letter], "year": str(cast.year), "reason": "年度名录"}
