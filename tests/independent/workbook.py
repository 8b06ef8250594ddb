"""The demo park's year as a workbook with live formulas: what was handed in on its sheets, every figure a formula.

The numbers are made by the spreadsheet that opens it, not here; valid hours, what stands in for others, and
factors are `recompute`'s. Usage:
python workbook.py DATA OUT.xlsx [YEAR].
"""

import sys
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path

import xlsxwriter
from handed_in import AIR, Measured, measured_hours, stands_in, table
from recompute import EQUIVALENT, FUELS, GRID, HEAT, PROCESS, RESIDUAL, TCE

STATED = (
    *FUELS,
    *PROCESS,
    *("electricity_purchased", "electricity_sold", "electricity_renewable_self_used", "green_power_traded"),
    *("heat_purchased", "heat_sold", "output_value", "byproduct_generated", "byproduct_used", "added_value"),
    *(f"{waste}_{part}" for waste in ("solid_waste", "hazardous_waste") for part in ("generated", "used", "disposed")),
)
EMITTED = (*EQUIVALENT, "waste_gas", "wastewater")
HOURS = 8760


class Workbook:
    """One workbook being written; `cells` knows where each named number stands."""

    def __init__(self, out: Path) -> None:
        self.book = xlsxwriter.Workbook(str(out))
        self.cells: dict[str, str] = {}
        self.figures = self.book.add_worksheet("figures")  # first: the one that is exported
        self.rows = 0

    def sheet(self, name: str, rows: Iterable[Iterable[str | Decimal | None]]) -> None:
        """Write rows as they are; a Decimal becomes a number, None an empty cell."""
        page = self.book.add_worksheet(name)
        for number, row in enumerate(rows):
            for column, cell in enumerate(row):
                if isinstance(cell, Decimal):
                    page.write_number(number, column, float(cell))
                elif cell is not None:
                    page.write_string(number, column, cell)

    def factors(self, named: dict[str, Decimal]) -> None:
        """A sheet of factors, each under its name."""
        self.sheet("factors", named.items())
        self.cells |= {name: f"factors!$B${row}" for row, name in enumerate(named, 1)}

    def figure(self, key: str, formula: str) -> None:
        """A formula under its key; {name} stands for the cell of that name."""
        self.figures.write_string(self.rows, 0, key)
        self.figures.write_formula(self.rows, 1, "=" + formula.format_map(self.cells))
        self.rows += 1
        self.cells[key] = f"figures!$B${self.rows}"


def reported(book: Workbook, package: Path, year: str) -> None:
    """What was reported, one row each, and the sum of every item of enterprises and of direct outlets."""
    subjects = {row["code"]: row for row in table(package, "subjects")}
    rows: list[tuple[str | Decimal, ...]] = []
    for row in table(package, "reported"):
        subject = subjects[row["subject"]]
        counts = subject["kind"] in ("enterprise", "supply") or subject["discharges_to"] == "environment"
        if row["period"].startswith(f"{year}-") and counts:
            rows.append((row["subject"], row["period"], row["item"], Decimal(row["amount"])))
    book.sheet("reported", rows)
    last = len(rows)
    for name in STATED:
        book.figure(name, f'SUMIF(reported!$C$1:$C${last},"{name}",reported!$D$1:$D${last})')
    for name in EMITTED:
        book.figure(f"stated {name}", f'SUMIF(reported!$C$1:$C${last},"{name}",reported!$D$1:$D${last})')


def measured(book: Workbook, package: Path, found: Measured, year: str) -> None:
    """A sheet of hours for each direct outlet with a device, one of the tonnes that stand in for hours without a valid
    amount, and the sums over the outlets."""
    parts: dict[str, list[str]] = {name: [] for name in EMITTED}
    stood: list[tuple[str | Decimal, ...]] = []
    for row in table(package, "subjects"):
        items = [name for code, name in found.hours if code == row["code"] and name in EMITTED]
        if row["discharges_to"] != "environment" or not items:
            continue
        medium = next(name for name in items if name in ("waste_gas", "wastewater"))
        ordered = [medium, *sorted(set(items) - {medium})]
        book.sheet(row["code"], hours_of(found, row["code"], ordered))
        for column, name in enumerate(ordered):
            letter = chr(ord("B") + column)
            own = f"'{row['code']}'!${letter}$1:${letter}${HOURS}"
            flow = f"'{row['code']}'!$B$1:$B${HOURS}"
            tonnes = "1E9" if name in AIR else "1E6"
            parts[name].append(f"SUM({own})" if name == medium else f"SUMPRODUCT({flow},{own})/{tonnes}")
            stood += [(row["code"], hour, name, t) for hour, t in stands_in(found, row["code"], name, year).items()]
    book.sheet("substituted", stood)
    last = max(1, len(stood))
    for name, sums in parts.items():
        stands = f'SUMIF(substituted!$C$1:$C${last},"{name}",substituted!$D$1:$D${last})'
        book.figure(f"total {name}", "+".join([f"{{stated {name}}}", *sums, stands]))


def hours_of(found: Measured, outlet: str, names: list[str]) -> list[tuple[str | Decimal | None, ...]]:
    """Rows hour, flow, concentrations; an hour without a valid value has an empty cell."""
    hours = sorted({hour for name in names for hour in found.hours[outlet, name]})
    return [(hour, *(found.hours[outlet, name].get(hour) for name in names)) for hour in hours]


def formulas(book: Workbook) -> None:
    """The figures of the tables, each from the cells above it."""
    for fuel in FUELS:
        book.figure(f"tce {fuel}", f"{{{fuel}}}*{{k {fuel}}}")
        book.figure(f"co2 {fuel}", f"{{{fuel}}}*{{ncv {fuel}}}*{{cc {fuel}}}*{{of {fuel}}}*44/12")
    power = "({electricity_purchased}+{electricity_renewable_self_used}-{electricity_sold})*{k electricity}"
    heat = "({heat_purchased}-{heat_sold})"
    fuels = "+".join(f"{{tce {fuel}}}" for fuel in FUELS)
    total, output = "{comprehensive_energy_consumption}", "{output_value}"
    book.figure("comprehensive_energy_consumption", f"{fuels}+{power}+{heat}*{{k heat}}")
    book.figure("energy_per_output_value", f"{total}/{output}")
    certified = "MIN({green_power_traded},{electricity_purchased})"
    book.figure("tce renewable", f"({{electricity_renewable_self_used}}+{certified})*{{k electricity}}")
    book.figure("renewable_energy_share", f"{{tce renewable}}/{total}*100")
    book.figure("clean_energy_share", f"({{tce renewable}}+{{tce natural_gas}})/{total}*100")
    burnt = "+".join(f"{{co2 {fuel}}}" for fuel in FUELS)
    net = "({electricity_purchased}-{electricity_sold})*{grid}"
    book.figure("energy_carbon_emission", f"{burnt}+{net}+{heat}*{{heat}}")
    process = "+".join(f"{{{material}}}*{{process {material}}}" for material in PROCESS)
    book.figure("carbon_emission_total", f"{{energy_carbon_emission}}+{process}")
    book.figure("carbon_emission_intensity", f"{{carbon_emission_total}}/{output}")
    book.figure("resource_utilization_rate", "{byproduct_used}/{byproduct_generated}*100")
    for waste in ("solid_waste", "hazardous_waste"):
        book.figure(f"{waste}_utilization_rate", f"{{{waste}_used}}/{{{waste}_generated}}*100")
        book.figure(f"{waste}_disposal_rate", f"{{{waste}_disposed}}/{{{waste}_generated}}*100")
    book.figure("energy_per_added_value", f"{total}/{{added_value}}")
    book.figure("purchased_electricity_emission_location", "{electricity_purchased}*{grid}")
    book.figure("purchased_electricity_emission_market", "({electricity_purchased}-{green_power_traded})*{residual}")
    book.figure(
        "carbon_emission_total_market",
        "{carbon_emission_total}-{purchased_electricity_emission_location}+{purchased_electricity_emission_market}"
        "+{electricity_sold}*({grid}-{residual})",
    )
    book.figure("carbon_per_energy", f"{{carbon_emission_total}}/{total}")
    for name in EQUIVALENT:
        book.figure(f"{name}_emission", f"{{total {name}}}")
        book.figure(f"{name}_emission_intensity", f"{{total {name}}}*1000/{output}")
    equivalents = "+".join(f"{{total {name}}}*1000/{{equivalent {name}}}" for name in EQUIVALENT)
    book.figure("pollutant_emission_intensity", f"({equivalents})/{output}")
    book.figure("waste_gas_intensity", f"{{total waste_gas}}/{output}")
    book.figure("wastewater_intensity", f"{{total wastewater}}/{output}")


def write(data: Path, out: Path, year: str = "2025") -> None:
    """Write the whole workbook of a demo's data folder."""
    package = data / "demo" / "package"
    book = Workbook(out)
    named = {f"k {name}": value for name, value in TCE.items()} | {"grid": GRID, "heat": HEAT, "residual": RESIDUAL}
    for fuel, values in FUELS.items():
        named |= {f"{part} {fuel}": value for part, value in zip(("ncv", "cc", "of"), values, strict=True)}
    named |= {f"process {name}": value for name, value in PROCESS.items()}
    named |= {f"equivalent {name}": value for name, value in EQUIVALENT.items()}
    book.factors(named)
    reported(book, package, year)
    measured(book, package, measured_hours(package, data / "journal", year), year)
    formulas(book)
    book.book.close()


if __name__ == "__main__":
    write(Path(sys.argv[1]), Path(sys.argv[2]), *sys.argv[3:4])
