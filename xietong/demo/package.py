"""Writing the demo park down as a park package: park.toml, CSV tables and Parquet readings (docs/park-package.md)."""

import csv
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import tomli_w

from xietong.demo.layout import FACILITIES, PARK, SECTORS, ZONES, Enterprise, Layout, Outlet
from xietong.demo.meters import Meter, Row
from xietong.demo.series import Micros

PARK_FACTS = {
    "code": "DEMO",
    "name": "示范工业园区",
    "name_en": "Demo Industrial Park",
    "region": "陕西",
    "timezone": "Asia/Shanghai",
}
CHOICES = {"output_value": "gross", "grade_rule": "default", "carbon_view": "location", "grid_area": "provincial"}
LISTS = {"E": "key_energy", "C": "key_carbon", "P": "key_pollution", "R": "key_recycling"}
CENTRE = (108.80, 34.15)
ROWS_A_FILE = 400_000
# Statistics count industrial enterprises from 20 million yuan of sales a year; trade and transport are none.
ABOVE_SIZE, NO_INDUSTRY = 2000, ("logistics",)


def write_park(folder: Path, cast: Layout) -> None:
    """Write park.toml."""
    text = f"# 演示数据，由 xietong demo --seed {cast.seed} --year {cast.year} 生成，不是任何真实园区。\n"
    (folder / "park.toml").write_text(text + tomli_w.dumps({"park": PARK_FACTS, "choices": CHOICES}), "utf-8")


def write_table(folder: Path, name: str, rows: Iterable[Row]) -> None:
    """Write one CSV file; columns in the order of their first appearance."""
    kept = list(rows)
    columns = list(dict.fromkeys(column for row in kept for column in row if column != "note" or name == "reported"))
    with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, restval="", extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        writer.writerows(kept)


def subjects(cast: Layout) -> Iterator[Row]:
    """The rows of subjects.csv: park, zones, sectors, enterprises, outlets, facilities."""
    yield {"code": PARK, "kind": "park", "name": PARK_FACTS["name"], "name_en": PARK_FACTS["name_en"], "parent": ""}
    for kind, group in (("zone", ZONES), ("sector", SECTORS)):
        for code, (name, name_en) in group.items():
            yield {"code": f"{kind}-{code}", "kind": kind, "name": name, "name_en": name_en, "parent": PARK}
    for index, one in enumerate(cast.enterprises):
        yield _enterprise(one, cast, index)
    for outlet in cast.outlets:
        yield _outlet(outlet)
    for facility in FACILITIES:
        named = {"name": facility.name, "name_en": facility.name_en, "parent": facility.subject}
        yield {"code": facility.code, "kind": "treatment", **named}


def _enterprise(one: Enterprise, cast: Layout, index: int) -> Row:
    digest = hashlib.sha256(f"{cast.seed} {one.code}".encode()).hexdigest().upper()
    row = {
        "code": one.code,
        "kind": one.kind,
        "name": one.name,
        "name_en": one.name_en,
        "parent": PARK,
        "zone": f"zone-{one.zone}",
        "sector": f"sector-{one.sector}",
        "uscc": f"00DEMO{digest[:12]}",
        "permit_no": f"00DEMO{digest[:12]}001P",
        "reporting_class": "规上工业" if one.output_wan >= ABOVE_SIZE and one.sector not in NO_INDUSTRY else "",
        "lon": f"{CENTRE[0] + index % 6 * 0.006:.4f}",
        "lat": f"{CENTRE[1] + index // 6 * 0.005:.4f}",
        "datum": "CGCS2000",
    }
    return row | {column: "true" if letter in one.lists else "false" for letter, column in LISTS.items()}


def _outlet(outlet: Outlet) -> Row:
    return {
        "code": outlet.code,
        "kind": "outlet",
        "name": outlet.name,
        "name_en": outlet.name_en,
        "parent": outlet.subject,
        "discharges_to": outlet.discharges_to,
    }


def write_readings(folder: Path, meters: Iterable[Meter], late: Mapping[str, tuple[int, int]]) -> None:
    """Write readings-N.parquet, sorted by point and time, and readings-9-late.parquet with the rows that come after.

    late: for some points the span [first, last) in microseconds of UTC that the first files lack.
    """
    ordered = sorted(meters, key=lambda meter: meter.code)
    kept, after = [], []
    for meter in ordered:
        inside = np.zeros(len(meter.at), bool)
        if meter.code in late:
            first, last = late[meter.code]
            inside = (meter.at >= first) & (meter.at < last)
        kept.append(readings(meter.code, meter.at[~inside], meter.values[~inside]))
        after.append(readings(meter.code, meter.at[inside], meter.values[inside]))
    every = pa.concat_tables(kept)
    for number, first in enumerate(range(0, every.num_rows, ROWS_A_FILE), 1):
        pq.write_table(every.slice(first, ROWS_A_FILE), folder / f"readings-{number}.parquet", compression="zstd")
    pq.write_table(pa.concat_tables(after), folder / "readings-9-late.parquet", compression="zstd")


def readings(point: str, at: Micros, values: Micros) -> pa.Table:
    """A table point, at, value, flag; at as instants (UTC), value exact to six places."""
    count = len(at)
    wide = np.empty((count, 2), np.int64)
    wide[:, 0], wide[:, 1] = values, values >> 63
    return pa.table(
        {
            "point": pa.repeat(pa.scalar(point), count),
            "at": pa.array(at, pa.int64()).cast(pa.timestamp("us", "UTC")),
            "value": pa.Array.from_buffers(pa.decimal128(18, 6), count, [None, pa.py_buffer(wide.tobytes())]),
            "flag": pa.repeat(pa.scalar(""), count),
        }
    )
