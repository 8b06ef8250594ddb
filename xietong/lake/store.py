"""Lake: the door to readings, hourly and daily: adding, asking and upkeep. How hours are made is in rollup.py."""

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from zoneinfo import ZoneInfo

import ibis
import numpy as np
import pyarrow as pa

from xietong.lake.days import day_of, days_of
from xietong.lake.engine import Engine
from xietong.lake.errors import DamagedFile, PositionsGoBackwards
from xietong.lake.files.durable import make_folders, sync_files
from xietong.lake.files.marks import PRINT, marks_of
from xietong.lake.files.parquet import NewFile, by_partition, write_file
from xietong.lake.files.standing import Expectation, Expected
from xietong.lake.files.table import ActiveFile, DurableTable, Snapshot
from xietong.lake.filing import Filed, SheetFile, sort_file
from xietong.lake.points import PointSpec
from xietong.lake.rollup.rollup import RollUp, Tables
from xietong.lake.schemas import (
    DAILY,
    DAILY_TABLE,
    HOURLY,
    HOURLY_TABLE,
    HOURLY_WITH_PARTS,
    READING_FILES,
    READINGS,
    daily,
    hourly,
    readings,
)
from xietong.readings import Mark

_NO_PRINTS: Mapping[str, int] = MappingProxyType({})
COMMITS_A_COMPACTION = 100
# Files with more rows than this are left as they are: merging them again would cost more than it saves.
LARGE_FILE_ROWS = 1_000_000
WRITERS = 2


class Lake:
    """The park's readings and what is rolled up from them, in a folder of three Delta tables.

    One writer at a time (settle holds DATA/settle.lock); any number of readers, in any process.
    """

    def __init__(self, root: Path, zone: ZoneInfo, *, is_settling: bool = False) -> None:
        """is_settling: the writer takes the tables as they are, to mend them; everybody else refuses older ones."""
        self.root, self.zone = root, zone
        must = Expectation(root)

        def table(name: str, schema: pa.Schema, partition: str) -> DurableTable:
            expected: Expected = _nothing if is_settling else must.of(name)
            return DurableTable(root / name, schema, partition, expected)

        self.readings_table = table("readings", READINGS, "day")
        self.hourly_table = table("hourly", HOURLY_TABLE, "month")
        self.daily_table = table("daily", DAILY_TABLE, "year")
        self.engine = Engine()

    # ---- adding readings ----

    def positions(self) -> dict[str, int]:
        """Up to which entry each journal is settled, as of the snapshot on which the next `append` will build.

        This is the writer's call: what it answers has been made durable first.
        """
        return {name: number for name, number in self._transactions().items() if not name.endswith(PRINT)}

    def marks(self) -> dict[str, Mark]:
        """Up to which entry each journal is settled, and what that entry is known by. The writer's call as well."""
        return marks_of(self._transactions())

    def append(self, batch: pa.Table, positions: Mapping[str, int], prints: Mapping[str, int] = _NO_PRINTS) -> int:
        """Add readings (Arrow, columns of READINGS, `day` not needed) and move the journals' positions, in one commit.

        prints: by journal, what the entry at its position is known by.
        Returns the new version once files, log and folders are fsynced: only then may entries count as settled.
        Raises PositionsGoBackwards or LakeConflict, and then nothing was added.
        """
        self._refuse_backwards(batch.num_rows, positions)
        return self._add(self.write_readings(batch), _with_prints(positions, prints))

    def append_file(
        self, file: SheetFile, positions: Mapping[str, int], prints: Mapping[str, int] = _NO_PRINTS
    ) -> Filed:
        """Add a file of readings under `sheet:POINT` (or another prefix), with the same promises as `append`.

        Rows that cannot be used come back with number and sentence; a file without one good row still moves positions.
        """
        self._refuse_backwards(1, positions)
        found = sort_file(self.engine, file, self.zone)
        moved = _with_prints(positions, prints)
        version = self._add(self.write_days(found.days), moved) if found.days or positions else self.version()
        return Filed(version, found.accepted, found.refused, found.rejected)

    def write_readings(self, batch: pa.Table) -> list[NewFile]:
        """Write a batch as one fsynced Parquet file a park day, sorted by address and instant; no log entry yet."""
        batch = self._with_day(batch)
        batch = batch.sort_by([(name, "ascending") for name in ("day", "address", "at", "recorded_at")])
        return self.write_days(by_partition(batch, "day"))

    def write_days(self, days: Mapping[date, pa.Table]) -> list[NewFile]:
        """Write one file for each day's sorted table and fsync them all."""
        version = self.readings_table.claimed.version() + 1
        folders = {day: self.readings_table.folder / f"day={day}" for day in days}
        make_folders(folders.values())
        with ThreadPoolExecutor(WRITERS) as pool:
            files = list(
                pool.map(lambda day: write_file(folders[day], str(day), version, days[day].cast(READING_FILES)), days)
            )
        sync_files([file.path for file in files])
        return files

    def version(self) -> int:
        """The version of `readings`; −1 before the first batch. It moves with every commit, compactions included."""
        return self.readings_table.view().version

    # ---- asking ----

    def readings(
        self, addresses: Iterable[str], start: datetime, end: datetime, as_of: datetime | None = None
    ) -> pa.Table:
        """Every reading of the addresses in [start, end), duplicates included, sorted by address, instant and receipt.

        as_of: only what had been received by then.
        """
        asked = readings.filter(
            readings.address.isin(sorted(set(addresses))), readings["at"] >= start, readings["at"] < end
        )
        if as_of is not None:
            asked = asked.filter(asked.recorded_at <= as_of)
        asked = asked.order_by("address", "at", "recorded_at", "entry", "value")
        files = self.reading_files(day_of(start, self.zone), day_of(end, self.zone))
        answer = self.engine.ask(asked, {"readings": (files, READING_FILES)})
        return self._with_day(answer)

    def reading_files(self, first: date, last: date) -> list[ActiveFile]:
        """The active files of the park days first to last, both included."""
        return [file for file in self.readings_table.view().files if str(first) <= file.partition <= str(last)]

    def hourly(self, points: Iterable[str], start: datetime, end: datetime) -> pa.Table:
        """The hours of the points that begin in [start, end), columns of HOURLY, sorted; missing hours have no row."""
        asked = hourly.filter(hourly.point.isin(sorted(set(points))), hourly.hour >= start, hourly.hour < end)
        return self.ask(asked.order_by("point", "hour"), start, end).select(HOURLY.names).cast(HOURLY)

    def daily(self, points: Iterable[str], start: datetime, end: datetime) -> pa.Table:
        """The park days of the points that begin in [start, end), columns of DAILY, sorted."""
        first, last = day_of(start, self.zone), day_of(end - timedelta(microseconds=1), self.zone)
        asked = daily.filter(daily.point.isin(sorted(set(points))), daily.day >= first, daily.day <= last)
        return self.ask(asked.order_by("point", "day"), start, end).cast(DAILY)

    def ask(self, question: str | ibis.Table, start: datetime, end: datetime) -> pa.Table:
        """Answer a question over `readings`, `hourly` and `daily`, in DuckDB SQL or as an Ibis expression.

        The expressions to build on are in xietong.lake.schemas. Only the files of the park days, months and years that
        [start, end) touches are read: the question itself must still say which instants it means.
        """
        first, last = str(day_of(start, self.zone)), str(day_of(end, self.zone))
        return self.engine.ask(
            question,
            {
                name: ([file for file in table.view().files if first[:width] <= file.partition <= last[:width]], schema)
                for name, table, width, schema in (
                    ("readings", self.readings_table, 10, READING_FILES),
                    ("hourly", self.hourly_table, 7, HOURLY_WITH_PARTS),
                    ("daily", self.daily_table, 4, DAILY),
                )
            },
        )

    # ---- hours and days ----

    def roll_up(self, points: Iterable[PointSpec]) -> list[date]:
        """Bring `hourly` and `daily` up to the newest readings; answers the park days that were made anew.

        Both are pure functions of readings and mapping: another mapping makes all of them anew, the same one only what
        readings added since can have changed. The writer's call.
        """
        asked = list(points)
        for _ in range(2):
            try:
                return RollUp(self._tables(), asked).run()
            except DamagedFile as error:
                self._make_way(error)
        return RollUp(self._tables(), asked).run()

    def _make_way(self, error: DamagedFile) -> None:
        """Put aside the table that a damaged file belongs to: hours and days are made anew, readings never are."""
        for table in (self.hourly_table, self.daily_table):
            if table.folder in error.path.parents or table.folder == error.path:
                table.set_aside()
                return
        raise error

    def days_behind(self, points: Iterable[PointSpec]) -> int:
        """On how many park days `hourly` and `daily` do not stand for the newest readings and this mapping."""
        return len(RollUp(self._tables(), list(points)).wanted())

    def _tables(self) -> Tables:
        return Tables(self.readings_table, self.hourly_table, self.daily_table, self.engine, self.zone)

    # ---- upkeep ----

    def compact(self) -> int:
        """Merge the small files of each day into one; no reading changes. Returns the version."""
        table = self.readings_table
        claimed = table.claim().version()
        days = _mergeable(table.view())
        if not days or table.view().version != claimed:
            return claimed
        added, removed = [], []
        for day, files in days.items():
            sql = 'SELECT * FROM readings ORDER BY address, "at", recorded_at'
            merged = self.engine.ask(sql, {"readings": (files, READING_FILES)}).cast(READING_FILES)
            added.append(write_file(table.folder / f"day={day}", day, claimed + 1, merged))
            removed += files
        sync_files([file.path for file in added])
        return table.commit(added, {}, removed, data_change=False)

    def tidy(self) -> int:
        """Remove files that no snapshot of the last hours needs, and log entries that nothing reads back to.

        Answers how many data files went: what compactions and roll-ups replaced, and what crashes left unnamed.
        """
        made_from = min(table.transaction("readings") or 0 for table in (self.hourly_table, self.daily_table))
        self.readings_table.forget_log(before=made_from)
        gone = 0
        for table in (self.readings_table, self.hourly_table, self.daily_table):
            gone += table.vacuum()
        for table in (self.hourly_table, self.daily_table):
            table.forget_log(before=table.view().version)
        return gone

    # ---- inside ----

    def _transactions(self) -> dict[str, int]:
        table = self.readings_table.claim()
        found = {name: table.transaction_version(name) for name in self.readings_table.transaction_names()}
        return {name: number for name, number in found.items() if number is not None}

    def _refuse_backwards(self, rows: int, positions: Mapping[str, int]) -> None:
        table = self.readings_table.claimed
        settled = {name: table.transaction_version(name) or 0 for name in positions}
        for name, number in positions.items():
            if number < settled[name]:
                raise PositionsGoBackwards(name, number, settled[name])
        if rows and positions and settled == dict(positions):
            raise PositionsGoBackwards(*next((name, number, number) for name, number in positions.items()))

    def _add(self, files: list[NewFile], positions: Mapping[str, int]) -> int:
        version = self.readings_table.commit(files, positions)
        if version % COMMITS_A_COMPACTION == 0:
            self.compact()
            self.tidy()
        return version

    def _with_day(self, batch: pa.Table) -> pa.Table:
        batch = batch.select(READING_FILES.names).cast(READING_FILES)
        at_us = np.asarray(batch.column("at").cast(pa.int64()))
        return batch.append_column("day", days_of(at_us, self.zone))


def _with_prints(positions: Mapping[str, int], prints: Mapping[str, int]) -> dict[str, int]:
    return {**positions, **{name + PRINT: number for name, number in prints.items()}}


def _nothing() -> None:
    """The writer expects nothing."""


def _mergeable(snapshot: Snapshot) -> dict[str, list[ActiveFile]]:
    days: dict[str, list[ActiveFile]] = {}
    for file in snapshot.files:
        if file.rows < LARGE_FILE_ROWS:
            days.setdefault(file.partition, []).append(file)
    return {day: files for day, files in days.items() if len(files) > 1}
