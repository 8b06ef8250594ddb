"""Small parks drawn at random: firms in zones, power made and traded inside, stocks, waste, outlets, missing months.

A drawn park is a set of CSV tables, as a park's clerk would hand them in; what it should come to is not known here.
"""

import csv
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import strategies as st

Tables = dict[str, list[dict[str, str]]]
MONTHS = ("2025-01", "2025-02", "2025-03")
FUELS = {"bituminous_coal": "t", "diesel": "t", "lpg": "t", "natural_gas": "10^4m3"}
AIR, WATER = ("so2", "nox", "particulate"), ("cod", "ammonia_nitrogen", "total_phosphorus")
PARK = '[park]\ncode = "P"\nname = "测试园区"\nregion = "陕西"\n\n[choices]\n'


def amount(low: int, high: int, places: int = 2) -> st.SearchStrategy[str]:
    """A decimal number with its places, as text."""
    return st.integers(low * 10**places, high * 10**places).map(lambda value: f"{value / 10**places:.{places}f}")


class Drawing:
    """One park while it is drawn: its tables, and the statements that are due of its subjects."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw
        self.tables: Tables = {"subjects": [], "reported": [], "expected": []}

    def subject(self, code: str, kind: str, parent: str = "", zone: str = "", discharges_to: str = "") -> None:
        """Enter a subject."""
        row = {"code": code, "kind": kind, "name": code, "parent": parent, "zone": zone, "discharges_to": discharges_to}
        self.tables["subjects"].append(row)

    def states(self, subject: str, item: str, unit: str, amounts: list[str], counterparty: str = "") -> None:
        """State an item month by month; now and then one month is forgotten."""
        forgotten = self.draw(st.sampled_from([*[None] * 9, *MONTHS]))
        if not any(row["subject"] == subject and row["item"] == item for row in self.tables["expected"]):
            due = {"subject": subject, "item": item, "frequency": "month", "since": "2025-01-01"}
            self.tables["expected"].append(due)
        for month, value in zip(MONTHS, amounts, strict=True):
            if month != forgotten:
                self.row(subject, month, item, value, unit, counterparty=counterparty)

    def row(self, subject: str, period: str, item: str, value: str, unit: str, **more: str) -> None:
        """Enter one statement."""
        columns = {"opening": "", "closing": "", "counterparty": "", "use": ""}
        row = {"subject": subject, "period": period, "item": item, "amount": value, "unit": unit}
        self.tables["reported"].append(row | columns | more)

    def reading(self, point: str, at: str, value: str) -> None:
        """Enter one reading."""
        self.tables.setdefault("readings", []).append({"point": point, "at": at, "value": value})

    def months(self, low: int, high: int) -> list[str]:
        """An amount for each month."""
        return [self.draw(amount(low, high)) for _ in MONTHS]

    def chance(self, of: int = 2) -> bool:
        """True once in so many draws."""
        return self.draw(st.integers(1, of)) == 1


@st.composite
def parks(draw: st.DrawFn) -> Tables:
    """A park of one to four firms in up to two zones."""
    drawing = Drawing(draw)
    for zone in ("Z1", "Z2"):
        drawing.subject(zone, "zone")
    firms = [f"F{number}" for number in range(1, draw(st.integers(1, 4)) + 1)]
    for firm in firms:
        drawing.subject(firm, "enterprise", zone=draw(st.sampled_from(["", "Z1", "Z2"])))
    for firm in firms:
        _energy(drawing, firm)
        _waste(drawing, firm)
        _outlets(drawing, firm)
    if len(firms) > 1 and drawing.chance():
        _sun(drawing, firms[0], firms[1])
    if len(firms) > 2 and drawing.chance():
        _works(drawing, firms[2])
    if drawing.chance(3):
        _measured_gas(drawing)
    if drawing.chance(3):
        _measured_water(drawing)
    return drawing.tables


def _energy(drawing: Drawing, firm: str) -> None:
    if not drawing.chance(8):
        drawing.states(firm, "output_value", "万元", drawing.months(100, 5000))
    drawing.states(firm, "electricity_purchased", "MWh", drawing.months(1, 5000))
    for fuel, unit in FUELS.items():
        if drawing.chance(3):
            drawing.states(firm, fuel, unit, drawing.months(1, 300))
    if drawing.chance(3):
        drawing.states(firm, "heat_purchased", "GJ", drawing.months(0, 9000))
    if drawing.chance(4):
        _stock(drawing, firm)


def _stock(drawing: Drawing, firm: str) -> None:
    """Receipts of a fuel with the stock before and after; no more is left than there was."""
    if any(row["subject"] == firm and row["item"] == "bituminous_coal" for row in drawing.tables["expected"]):
        return
    due = {"subject": firm, "item": "bituminous_coal", "frequency": "month", "since": "2025-01-01"}
    drawing.tables["expected"].append(due)
    before = drawing.draw(st.integers(0, 200))
    for month in MONTHS:
        came = drawing.draw(st.integers(0, 400))
        after = drawing.draw(st.integers(0, before + came))
        stock = {"opening": str(before), "closing": str(after)}
        drawing.row(firm, month, "bituminous_coal", str(came), "t", **stock)
        before = after


def _waste(drawing: Drawing, firm: str) -> None:
    if drawing.chance():
        made = drawing.months(100, 900)
        used = [f"{float(value) * drawing.draw(st.integers(0, 100)) / 100:.2f}" for value in made]
        drawing.states(firm, "solid_waste_generated", "t", made)
        drawing.states(firm, "solid_waste_used", "t", used)
        left = [f"{float(whole) - float(part):.2f}" for whole, part in zip(made, used, strict=True)]
        drawing.states(firm, "solid_waste_disposed", "t", left)
    if drawing.chance():
        made = drawing.months(100, 900)
        drawing.states(firm, "byproduct_generated", "t", made)
        drawing.states(firm, "byproduct_used", "t", [f"{float(value) / 2:.2f}" for value in made])
    if drawing.chance():
        drawing.states(firm, "water_fresh", "t", drawing.months(10, 9000))
        drawing.states(firm, "water_reused", "t", drawing.months(0, 9000))


def _outlets(drawing: Drawing, firm: str) -> None:
    for number, names in enumerate((AIR, WATER), 1):
        if drawing.chance():
            outlet = f"{firm}O{number}"
            drawing.subject(outlet, "outlet", parent=firm, discharges_to="environment")
            for name in names:
                if not drawing.chance(3):
                    drawing.states(outlet, name, drawing.draw(st.sampled_from(["t", "kg"])), drawing.months(1, 90))


def _sun(drawing: Drawing, maker: str, buyer: str) -> None:
    """Power made from sun: part used by its maker, part sold inside, part sold outside; nothing of it forgotten."""
    made, used, inside, outside = [], [], [], []
    for _ in MONTHS:
        parts = [drawing.draw(st.integers(0, 500)) for _ in range(3)]
        used.append(parts[0])
        inside.append(parts[1])
        outside.append(parts[2])
        made.append(sum(parts))
    rows = [
        (maker, "electricity_generated", made, ""),
        (maker, "electricity_renewable_self_used", used, ""),
        (maker, "electricity_sold", inside, buyer),
        (maker, "electricity_sold", outside, "outside:电网"),
        (buyer, "electricity_purchased", inside, maker),
    ]
    for subject, item, amounts, counterparty in rows:
        for month, value in zip(MONTHS, amounts, strict=True):
            drawing.row(subject, month, item, str(value), "MWh", counterparty=counterparty)


def _works(drawing: Drawing, firm: str) -> None:
    """A works of the park that takes a firm's wastewater: only what leaves the works reaches the environment."""
    drawing.subject("W", "enterprise")
    drawing.subject("WO", "outlet", parent="W", discharges_to="environment")
    drawing.subject(f"{firm}OW", "outlet", parent=firm, discharges_to="W")
    drawing.states("WO", "cod", "t", drawing.months(1, 20))
    drawing.states(f"{firm}OW", "cod", "t", drawing.months(20, 90))


def _measured_gas(drawing: Drawing) -> None:
    """A stack of a firm of its own, January hour by hour; now and then its oxygen is silent or that of air."""
    chosen = random.Random(drawing.draw(st.integers(0, 10**6)))
    silent = drawing.draw(st.sampled_from([0, 0, 0.01, 0.9]))
    _measured(drawing, "G", {"so2": ("mg/m3", "mean"), "waste_gas": ("m3", "amount"), "o2": ("%", "mean")}, 3600)
    limit = {"subject": "GO", "item": "so2", "kind": "concentration", "value": "100", "unit": "mg/m3"}
    drawing.tables["limits"] = [limit | {"averaging": "hour", "o2_reference": "9"}]
    for at in _slices(3600):
        drawing.reading("Gso2", at, f"{chosen.uniform(20, 130):.2f}")
        drawing.reading("Gwaste_gas", at, f"{chosen.uniform(5000, 20000):.1f}")
        if chosen.random() >= silent:
            drawing.reading("Go2", at, f"{chosen.uniform(6, 12):.2f}")
        elif chosen.random() < 0.5:
            drawing.reading("Go2", at, "20.6")


def _measured_water(drawing: Drawing) -> None:
    """An outlet of wastewater of a firm of its own, January in slices of a quarter, a half or a whole hour."""
    chosen = random.Random(drawing.draw(st.integers(0, 10**6)))
    step = drawing.draw(st.sampled_from([900, 1800, 3600]))
    _measured(drawing, "H", {"cod": ("mg/L", "mean"), "wastewater": ("m3/h", "mean")}, step)
    for at in _slices(step):
        drawing.reading("Hcod", at, f"{chosen.uniform(5, 90):.2f}")
        drawing.reading("Hwastewater", at, f"{chosen.choice([0, 1, 1, 1]) * chosen.uniform(1, 400):.2f}")


def _measured(drawing: Drawing, firm: str, items: dict[str, tuple[str, str]], step: int) -> None:
    drawing.subject(firm, "enterprise")
    drawing.subject(f"{firm}O", "outlet", parent=firm, discharges_to="environment")
    for item, (unit, shape) in items.items():
        row = {"code": f"{firm}{item}", "subject": f"{firm}O", "item": item, "unit": unit, "shape": shape}
        drawing.tables.setdefault("points", []).append(row | {"quantity": item, "interval_s": str(step)})


def _slices(step: int) -> list[str]:
    """The beginnings of January's intervals."""
    first = datetime(2025, 1, 1, tzinfo=UTC)
    return [f"{first + timedelta(seconds=step * n):%Y-%m-%dT%H:%M:%S}" for n in range(31 * 86400 // step)]


def write(tables: Tables, folder: Path) -> None:
    """Write a drawn park as a package."""
    folder.mkdir(parents=True)
    (folder / "park.toml").write_text(PARK, encoding="utf-8")
    for name, rows in tables.items():
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]) if rows else [])
            writer.writeheader()
            writer.writerows(rows)
