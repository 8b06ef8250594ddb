"""The park goes out as a package: the registry's tables and the lake's readings, byte for byte the same each time."""

import hashlib
import json
import os
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from xietong.journal import JournalError, find, make_folder, sync_folder
from xietong.lake.queries.sent_out import correcting_entries, readings_of_day, spec_table
from xietong.lake.store import Lake
from xietong.park import models
from xietong.park.actions import MODELS
from xietong.park.nouns import Registry
from xietong.park.package.readings import CANONICAL, CORRECTIONS
from xietong.park.package.schema import FACTS, PARK_COLUMNS
from xietong.park.package.writing import datapackage, readings_resource, write_tables
from xietong.park.registry import snapshot
from xietong.park.registry.revisions import in_force

SCHEMA = pa.schema([CANONICAL.field(name) for name in ("point", "at", "value", "flag")])


def send_package(data: Path, folder: Path, as_of: datetime | None = None) -> dict[str, int]:
    """Write the whole park into a folder; gives file → rows. Every file is fsynced.

    as_of: only what was recorded by then. Raises NoParkError.
    """
    park = snapshot.load(as_of)
    make_folder(folder)
    held = in_force(models.Park, as_of).get()
    stated = {name: str(getattr(held, name)) for name in PARK_COLUMNS}
    tables = {table.name: _sorted(table.name, as_of) for table in FACTS}
    resources = write_tables(lambda name, content: save(folder, name, content), stated, park.choices, tables)
    lake_folder = data / "lake"
    if (lake_folder / "readings").is_dir():
        resources += _write_readings(folder, Lake(lake_folder, park.zone), park, as_of, data)
    save(folder, "datapackage.json", datapackage(stated, resources))
    sync_folder(folder)
    return {resource["path"]: resource["rowCount"] for resource in resources}


def _sorted(table: str, as_of: datetime | None) -> list[models.Revision]:
    """By key in the order of code points: a database would sort by its own collation."""
    return sorted(in_force(MODELS[table], as_of), key=lambda row: row.key)


def save(folder: Path, name: str, content: bytes) -> None:
    """Write a file of a package, and the folder it names, both safe before this returns."""
    path = folder / name
    make_folder(path.parent)
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    if path.parent != folder:
        sync_folder(path.parent)


def _write_readings(
    folder: Path, lake: Lake, park: Registry, as_of: datetime | None, data: Path
) -> list[dict[str, Any]]:
    """One file a month, one row group a day; further values of an instant go to a file of their own, and what each
    correction said to one of its own, the newest first, with who and why in its metadata.

    The files sort, and so are loaded, in this order: the value that counted goes on counting, and a correction is one.
    """
    specs = spec_table(snapshot.point_specs(park))
    corrections = _corrections(lake, specs)
    writers: dict[str, pq.ParquetWriter] = {}
    rows: Counter[str] = Counter()
    for day in _days(lake):
        found = readings_of_day(lake, day, specs, as_of)
        for name, table, schema in _parts(found, day, corrections, data):
            if name not in writers:
                writers[name] = pq.ParquetWriter(folder / name, schema, compression="zstd")
            writers[name].write_table(table.select(SCHEMA.names).cast(schema))
            rows[name] += table.num_rows
    for writer in writers.values():
        writer.close()
    return [_described(folder / name, rows[name]) for name in sorted(writers)]


def _parts(
    found: pa.Table, day: date, corrections: Mapping[str, int], data: Path
) -> Iterator[tuple[str, pa.Table, pa.Schema]]:
    """A day's readings by the file they go to."""
    plain = found.filter(pc.invert(found.column("corrected")))
    for name, counts in ((f"readings-{day:%Y-%m}.parquet", True), ("readings-superseded.parquet", False)):
        table = plain.filter(pc.equal(plain.column("counts"), counts))
        if table.num_rows:
            yield name, table, SCHEMA
    corrected = found.filter(found.column("corrected"))
    for entry in pc.unique(corrected.column("entry")).to_pylist():
        name = f"{CORRECTIONS}{corrections[entry]:04d}.parquet"
        yield name, corrected.filter(pc.equal(corrected.column("entry"), entry)), _schema_of(data, entry)


def _corrections(lake: Lake, specs: pa.Table) -> dict[str, int]:
    """The entries that corrected something, numbered from 1, the newest first: so they count when they are loaded."""
    return {entry: number for number, entry in enumerate(correcting_entries(lake, specs), 1)}


def _schema_of(data: Path, entry: str) -> pa.Schema:
    """The columns of a correction's file, with who corrected and why, as the entry says."""
    try:
        told = json.loads(find(data / "journal", entry).payload)
    except (JournalError, ValueError):
        told = {}
    said = {name: str(told.get(name, "")) for name in ("who", "reason")}
    return SCHEMA.with_metadata({name: text for name, text in said.items() if text})


def _days(lake: Lake) -> list[date]:
    return sorted({date.fromisoformat(file.partition) for file in lake.reading_files(date.min, date.max)})


def _described(path: Path, rows: int) -> dict[str, Any]:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        os.fsync(file.fileno())
    return readings_resource(path.name, digest, path.stat().st_size, rows)
