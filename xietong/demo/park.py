"""The demo park: `generate` writes a believable park package, its devices' frames, and the truth about planted faults.

The same seed and year give the same bytes; another seed gives another park.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np

from xietong.demo import package
from xietong.demo.books import Books, books, due
from xietong.demo.emissions import OutletYear, emissions
from xietong.demo.faults import Planted, Saboteur
from xietong.demo.frames import frames
from xietong.demo.layout import Layout, layout
from xietong.demo.meters import HOUR_US, Meter, Row, first_hour_us, live_points, meters, outlet_points
from xietong.demo.plan import plan
from xietong.demo.series import MICRO, Calendar, calendar, coal, drivers, flows


@dataclass(frozen=True, slots=True)
class DemoPark:
    """A whole demo park in memory."""

    cast: Layout
    time: Calendar
    meters: Mapping[str, Meter]
    outlets: Mapping[str, OutletYear]
    books: Books
    saboteur: Saboteur


def dream(seed: int, year: int) -> DemoPark:
    """Make the park in memory, faults included; writes nothing."""
    cast, time = layout(seed, year), calendar(year)
    made = flows(cast, time)
    coal_t = np.rint(coal(made, cast) * 100).astype(np.int64) * (MICRO // 100)
    outlets = emissions(cast, time, drivers(made, cast))
    book = books(cast, time, made, coal_t, outlets)
    metered = {meter.code: meter for meter in meters(cast, time, made, coal_t)}
    saboteur = Saboteur(cast, metered, outlets, time.hours)
    saboteur.plant()
    return DemoPark(cast, time, meters=metered, outlets=outlets, books=book, saboteur=saboteur)


def generate(folder: Path, seed: int, year: int = 2025, live_since: date | None = None) -> Planted:
    """Write folder/package (a park package), folder/frames/MN.txt (one frame a line) and folder/planted.json.

    Takes a few seconds of one core. Outlets' readings are only in the frames; the park's meters only in the
    package. readings-9-late.parquet is the meter file that comes after all others. Where live_since is given, points
    for the live devices' real-time values are listed too, in service from that day.
    """
    park = dream(seed, year)
    _write_package(folder / "package", park, live_points(park.cast, live_since) if live_since else [])
    _write_frames(folder / "frames", park)
    planted = Planted(seed, year, folder / "package", folder / "frames", tuple(park.saboteur.faults))
    planted.save(folder / "planted.json")
    return planted


def _write_package(folder: Path, park: DemoPark, live: list[Row]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    package.write_park(folder, park.cast)
    tables = {
        "subjects": package.subjects(park.cast),
        "points": [meter.row for meter in park.meters.values()] + outlet_points(park.cast) + live,
        "reported": park.books.rows,
        "expected": due(park.books),
        **plan(park.cast, park.books),
    }
    for name, rows in tables.items():
        package.write_table(folder, name, rows)
    start = first_hour_us(park.cast.year)
    late = {
        code: (start + first * HOUR_US, start + last * HOUR_US)
        for code, (first, last) in park.saboteur.late_rows.items()
    }
    package.write_readings(folder, park.meters.values(), late)


def _write_frames(folder: Path, park: DemoPark) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for outlet in park.cast.devices:
        sent = frames(outlet, park.outlets[outlet.code], park.saboteur.deliveries[outlet.code], park.time)
        (folder / f"{outlet.device}.txt").write_bytes(b"".join(sent))
