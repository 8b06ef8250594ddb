"""The roll-up: which hours and days must be made anew, and putting them into their tables in one commit each.

hourly and daily are pure functions of readings and mapping; each table says (as transaction versions) which version of
the readings and which mapping it was made from, so that after a crash it is made again rather than repaired.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from xietong.lake.days import HOUR_US, MICRO, day_of_us, day_span_us, days_of
from xietong.lake.engine import Engine
from xietong.lake.files.durable import make_folders, sync_files
from xietong.lake.files.parquet import NewFile, write_file
from xietong.lake.files.table import ActiveFile, DurableTable, Snapshot
from xietong.lake.files.whole import prove
from xietong.lake.points import PointSpec, mapping_number
from xietong.lake.rollup import hours as sql
from xietong.lake.rollup.counters import CONTEXT, REACH_US, hours_of_counters
from xietong.lake.schemas import DAILY, HOURLY_FILES, PARTS, READING_FILES, READINGS, VALUE
from xietong.quality.registers import ZEROS_US

# For each park day the points (pid) to be made anew on it; None is every point.
Wanted = dict[date, set[int] | None]
_READINGS, _MAPPING = "readings", "mapping"
# Today is written beside the rest of its month; the month becomes one file again when it has this many.
FILES_A_PARTITION = 8
SMALL_PARTITION_ROWS = 50_000
# How far to look for a counter's neighbouring readings: most answer in the first, a hand-read one in the last.
_REACHES = (timedelta(days=1), timedelta(days=8), timedelta(days=40), timedelta(days=400))
# Readings that came since the tables were made: for each point and park day the first and last instant.
_NEW_READINGS = """
SELECT s.pid, s.counter, r.day, min(epoch_us(r."at")) AS first_us, max(epoch_us(r."at")) AS last_us
FROM readings r JOIN specs s USING (address) GROUP BY ALL
"""
_KEPT_AND_FRESH = """
SELECT * FROM kept t WHERE NOT ({wanted}) UNION ALL BY NAME SELECT * FROM fresh t WHERE {wanted} ORDER BY point, {order}
"""
_IS_WANTED = "t.day IN (SELECT day FROM whole_days) OR (t.point, t.day) IN (SELECT (point, day) FROM point_days)"


_NEIGHBOUR = pa.schema(
    [
        ("pid", pa.int32()),
        ("sid", pa.int32()),
        ("at_us", pa.int64()),
        ("raw", VALUE),
        ("usable", pa.bool_()),
        ("stopped", pa.bool_()),
        ("conflict", pa.bool_()),
        ("entry", pa.string()),
    ]
)


class Tables(NamedTuple):
    """The three tables, what reads them, and the park's time."""

    readings: DurableTable
    hourly: DurableTable
    daily: DurableTable
    engine: Engine
    zone: ZoneInfo


class RollUp:
    """One roll-up of one snapshot of the readings with one mapping."""

    def __init__(self, tables: Tables, points: Sequence[PointSpec]) -> None:
        self.tables, self.engine, self.zone = tables, tables.engine, tables.zone
        self.specs, self.meters, self.phase = (
            sql.spec_table(points),
            sql.meters(points, tables.zone),
            sql.phase_us(tables.zone),
        )
        self.codes = sorted({spec.point for spec in points})
        self.snapshot: Snapshot = tables.readings.view()
        self.by_day: dict[date, list[ActiveFile]] = {}
        for file in self.snapshot.files:
            self.by_day.setdefault(date.fromisoformat(file.partition), []).append(file)
        self.transactions = {_READINGS: self.snapshot.version, _MAPPING: mapping_number(points)}

    def run(self) -> list[date]:
        """Bring both tables up to the snapshot; answers the park days that were made anew."""
        made_from = self.made_from()
        wanted = self._wanted_since(made_from)
        if made_from is not None and not wanted:
            return []
        whole = made_from is None
        self._replace(self.tables.hourly, wanted, whole, self._hours)
        self._replace(self.tables.daily, wanted, whole, self._days)
        return sorted(wanted)

    def wanted(self) -> Wanted:
        """What the tables do not say yet of the snapshot and the mapping."""
        return self._wanted_since(self.made_from())

    def _wanted_since(self, made_from: int | None) -> Wanted:
        return self.every_day() if made_from is None else self.changed_days(made_from)

    def made_from(self) -> int | None:
        """The version of the readings that both tables stand for; None where one has another mapping, or nothing."""
        versions = []
        for table in (self.tables.hourly, self.tables.daily):
            version = table.transaction(_READINGS)
            if version is None or table.transaction(_MAPPING) != self.transactions[_MAPPING]:
                return None
            versions.append(version)
        return min(versions) if max(versions) <= self.snapshot.version else None

    # ---- what to make ----

    def every_day(self) -> Wanted:
        """Every day with readings, and the days between on which a counter may have run unread."""
        days = sorted(self.by_day)
        wanted: Wanted = dict.fromkeys(days)
        for before, after in pairwise(days):
            if after - before <= timedelta(days=367):
                wanted.update(dict.fromkeys(before + timedelta(days=k) for k in range(1, (after - before).days)))
        return wanted

    def changed_days(self, made_from: int) -> Wanted:
        """The points and days that readings added since then can have changed."""
        files = self.tables.readings.changed(made_from, self.snapshot.version)
        if files is None or not all(file.path.exists() for file in files):
            return self.every_day()
        if not files:
            return {}
        new = self.engine.ask(_NEW_READINGS, {"readings": (files, READINGS)}, {"specs": self.specs})
        wanted: dict[date, set[int] | None] = {}
        for pid, day in zip(new.column("pid").to_pylist(), new.column("day").to_pylist(), strict=True):
            self._want(wanted, pid, day)
        self._want_neighbours(wanted, new.filter(new.column("counter")))
        return wanted

    @staticmethod
    def _want(wanted: Wanted, pid: int, day: date) -> None:
        pids = wanted.setdefault(day, set())
        if pids is not None:
            pids.add(pid)

    def _want_neighbours(self, wanted: Wanted, new: pa.Table) -> None:
        """A counter's new reading changes the steps around it, and with them the days they run through."""
        if new.num_rows == 0:
            return
        edges = new.group_by("pid").aggregate([("first_us", "min"), ("last_us", "max")])
        edges = edges.rename_columns(["pid", "lo_us", "hi_us"])
        edges = edges.set_column(2, "hi_us", pc.add(edges.column("hi_us"), 1))
        near = self._neighbours(edges).select(["pid", "at_us"])
        reach = {each["pid"]: (each["lo_us"], each["hi_us"]) for each in edges.to_pylist()}
        near = pa.concat_tables([near, self._changes_near(reach, near)])
        for each in near.group_by("pid").aggregate([("at_us", "min"), ("at_us", "max")]).to_pylist():
            lo, hi = reach[each["pid"]]
            reach[each["pid"]] = min(lo, each["at_us_min"]), max(hi, each["at_us_max"])
        possible = sorted(self.every_day())
        for pid, (lo, hi) in reach.items():
            first, last = day_of_us(lo, self.zone), day_of_us(hi, self.zone)
            for day in possible[bisect_left(possible, first) : bisect_right(possible, last)]:
                self._want(wanted, pid, day)

    def _changes_near(self, spans: Mapping[int, tuple[int, int]], near: pa.Table) -> pa.Table:
        """The recorded meter changes that stand among the neighbours of a point's span, or next to too few of them."""
        found: list[tuple[int, int]] = []
        recorded = self.meters.changes.select(near.column_names)
        for pid, at in zip(*(column.to_pylist() for column in recorded.columns), strict=True):
            if pid in spans:
                lo, hi = spans[pid]
                beside = near.filter(pc.equal(near.column("pid"), pid)).column("at_us").to_pylist()
                between = sum(at <= each < lo or hi <= each <= at for each in beside)
                found += [(pid, at)] * (between < CONTEXT)
        columns = list(zip(*found, strict=True)) or [(), ()]
        return pa.table(
            [pa.array(values, kind) for values, kind in zip(columns, near.schema.types, strict=True)], near.schema
        )

    # ---- making hours ----

    def _hours(self, wanted: Wanted) -> pa.Table:
        """Fresh hours of the wanted points and days (and perhaps of more) in one partition."""
        pids = self._pids(wanted)
        specs = self.specs if pids is None else self.specs.filter(_among(self.specs, pids))
        files = [file for day in wanted for file in self.by_day.get(day, [])]
        counters = specs.filter(specs.column("counter"))
        made = self._levels(files, specs) if counters.num_rows < specs.num_rows else []
        if counters.num_rows:
            made.append(hours_of_counters(self._registers(wanted, counters), self.meters, self.phase))
        if not made:  # no point at all
            return HOURLY_FILES.empty_table()
        hours = pa.concat_tables([_with_parts(part) for part in made], promote_options="default")
        hours = hours.append_column("day", days_of(hours.column("hour_us").to_numpy(), self.zone))
        return self.engine.ask(sql.FINISHED_HOURS, {}, {"hours": hours, "specs": self.specs})

    def _levels(self, files: list[ActiveFile], specs: pa.Table) -> list[pa.Table]:
        tables = {"readings": (files, READING_FILES)}
        quick = self.engine.ask(sql.level_hours(self.phase), tables, {"specs": specs})
        quick = quick.append_column("day", days_of(quick.column("hour_us").to_numpy(), self.zone))
        doubtful = self.engine.ask(sql.DOUBTFUL_HOURS, {}, {"quick": quick, "specs": specs})
        if doubtful.num_rows:
            again = self.engine.ask(sql.exact_hours(self.phase), tables, {"specs": specs, "doubtful": doubtful})
            kept = quick.filter(pa.array(~np.isin(_hour_keys(quick), _hour_keys(doubtful))))
            quick = pa.concat_tables(
                [kept.select(again.column_names), again.cast(kept.select(again.column_names).schema)]
            )
        return [quick.drop_columns([name for name in ("clean", "saturated", "day") if name in quick.column_names])]

    def _registers(self, wanted: Wanted, counters: pa.Table) -> pa.Table:
        """The counters' readings over the span of the wanted days, with their neighbours before and after."""
        first, last = min(wanted), max(wanted)
        files = [file for day in sorted(self.by_day) if first <= day <= last for file in self.by_day[day]]
        tables = {"readings": (files, READING_FILES)}
        inside = self.engine.ask(sql.counter_readings(), tables, {"specs": counters})
        pids = pc.unique(counters.column("pid"))
        lo, hi = day_span_us(first, self.zone)[0], day_span_us(last, self.zone)[1]
        edges = pa.table({"pid": pids, "lo_us": [lo] * len(pids), "hi_us": [hi] * len(pids)})
        near = self._neighbours(edges)
        return pa.concat_tables([near, inside.cast(_NEIGHBOUR)]).sort_by([("pid", "ascending"), ("at_us", "ascending")])

    def _neighbours(self, edges: pa.Table) -> pa.Table:
        """The usable readings next to each counter's span on either side, looking only as far as needed."""
        found = [_NEIGHBOUR.empty_table()]
        for before in (True, False):
            asked = edges
            every = self._files_near(asked, before, _REACHES[-1])
            for reach in _REACHES:
                files = self._files_near(asked, before, reach)
                if len(files) == len(every):  # there is nothing beyond
                    found.append(self._nearest(asked, before, files, _REACHES[-1]))
                    break
                near = self._nearest(asked, before, files, reach)
                enough = _with_enough(near, zeros_too=reach // MICRO > ZEROS_US)
                found.append(near.filter(pc.is_in(near.column("pid"), enough)))
                asked = asked.filter(pc.invert(pc.is_in(asked.column("pid"), enough)))
        return pa.concat_tables(found)

    def _files_near(self, edges: pa.Table, before: bool, reach: timedelta) -> list[ActiveFile]:
        days: set[date] = set()
        for edge in set(edges.column("lo_us" if before else "hi_us").to_pylist()):
            ends = (edge - reach // MICRO, edge) if before else (edge, edge + reach // MICRO)
            first, last = (day_of_us(end, self.zone) for end in ends)
            days |= {each for each in self.by_day if first <= each <= last}
        return [file for day in sorted(days) for file in self.by_day[day]]

    def _nearest(self, edges: pa.Table, before: bool, files: list[ActiveFile], reach: timedelta) -> pa.Table:
        if edges.num_rows == 0 or not files:
            return _NEIGHBOUR.empty_table()
        specs = self.specs.filter(_among(self.specs, set(edges.column("pid").to_pylist())))
        question = sql.nearest(CONTEXT, before, REACH_US, reach // MICRO)
        return self.engine.ask(question, {"readings": (files, READING_FILES)}, {"specs": specs, "edges": edges}).cast(
            _NEIGHBOUR
        )

    # ---- making days ----

    def _days(self, wanted: Wanted) -> pa.Table:
        months = {_month(day) for day in wanted}
        files = [file for file in self.tables.hourly.view().files if file.partition in months]
        spans = [(day, *day_span_us(day, self.zone)) for day in sorted(wanted)]
        days = pa.table(dict(zip(("day", "start_us", "end_us"), map(list, zip(*spans, strict=True)), strict=True)))
        return self.engine.ask(
            sql.DAYS_OF_HOURS, {"hourly": (files, HOURLY_FILES)}, {"specs": self.specs, "days": days}
        )

    # ---- putting them into their tables ----

    def _replace(self, table: DurableTable, wanted: Wanted, whole: bool, make: Callable[[Wanted], pa.Table]) -> None:
        """Rewrite the files that hold wanted days in one commit; what else they hold stays as it is."""
        hourly = table is self.tables.hourly
        schema, order, partition = (HOURLY_FILES, "hour", _month) if hourly else (DAILY, "day", _year)
        claimed = table.claim()
        active = table.view().files
        groups: dict[str, Wanted] = {}
        for day in sorted(wanted):
            groups.setdefault(partition(day), {})[day] = wanted[day]
        added: list[NewFile] = []
        removed = list(active) if whole else []
        for name, part in groups.items():
            kept = [] if whole else _touched([file for file in active if file.partition == name], part)
            removed += kept
            rows = self.engine.ask(
                _KEPT_AND_FRESH.format(wanted=_IS_WANTED, order=order),
                {"kept": (kept, schema)},
                {"fresh": make(part), **self._wanted_tables(part)},
            )
            pieces = _newest_apart(rows.select(schema.names).cast(schema))
            added += [self._write(table, name, claimed.version() + 1, piece) for piece in pieces]
        sync_files([file.path for file in added])
        table.commit(added, self.transactions, removed)

    def _write(self, table: DurableTable, partition: str, version: int, rows: pa.Table) -> NewFile:
        folder = table.folder / f"{table.partition}={partition}"
        make_folders([folder])
        return write_file(folder, partition, version, rows)

    def _wanted_tables(self, wanted: Wanted) -> dict[str, pa.Table]:
        pairs = [(self.codes[pid], day) for day, pids in wanted.items() for pid in pids or ()]
        return {
            "whole_days": pa.table(
                {"day": pa.array([day for day, pids in wanted.items() if pids is None], pa.date32())}
            ),
            "point_days": pa.table(
                {
                    "point": pa.array([code for code, _ in pairs], pa.string()),
                    "day": pa.array([day for _, day in pairs], pa.date32()),
                }
            ),
        }

    @staticmethod
    def _pids(wanted: Wanted) -> set[int] | None:
        gathered: set[int] = set()
        for pids in wanted.values():
            if pids is None:
                return None
            gathered |= pids
        return gathered


def _with_parts(hours: pa.Table) -> pa.Table:
    """The hours with their column `parts` under the one name and type that it has."""
    return hours.set_column(hours.column_names.index("parts"), "parts", hours.column("parts").cast(PARTS))


def _with_enough(near: pa.Table, zeros_too: bool) -> pa.Array:
    """The pids with CONTEXT neighbours; zeros count only where the search has gone beyond any run of them."""
    counting = near if zeros_too else near.filter(pc.not_equal(near.column("raw"), pa.scalar(Decimal(0), VALUE)))
    counts = counting.group_by("pid").aggregate([("at_us", "count")])
    return counts.filter(pc.greater_equal(counts.column("at_us_count"), CONTEXT)).column("pid").combine_chunks()


def _hour_keys(hours: pa.Table) -> NDArray[np.int64]:
    """Point and hour of each row as one number."""
    pid, hour_us = (hours.column(name).to_numpy().astype(np.int64) for name in ("pid", "hour_us"))
    return np.asarray((pid << 32) + hour_us // HOUR_US)


def _among(specs: pa.Table, pids: set[int]) -> pa.Array:
    return pc.is_in(specs.column("pid"), value_set=pa.array(sorted(pids), pa.int32()))


def _newest_apart(rows: pa.Table) -> list[pa.Table]:
    """The rows of a partition as files: where they are many, the newest day by itself, since it will change soonest."""
    if rows.num_rows < SMALL_PARTITION_ROWS:
        return [rows] if rows.num_rows else []
    day = rows.column("day")
    newest = pc.equal(day, pc.max(day))
    pieces = [rows.filter(pc.invert(newest)), rows.filter(newest)]
    return [piece for piece in pieces if piece.num_rows]


def _touched(files: list[ActiveFile], wanted: Wanted) -> list[ActiveFile]:
    """The files of a partition that hold a day between the first and last wanted; all where they have become many."""
    if len(files) >= FILES_A_PARTITION:
        return files
    first, last = min(wanted), max(wanted)
    return [file for file in files if _meets(_days_in(file), first, last)]


def _meets(days: tuple[date, date], first: date, last: date) -> bool:
    return days[0] <= last and first <= days[1]


def _days_in(file: ActiveFile) -> tuple[date, date]:
    """First and last park day in a file, by the statistics in its footer."""
    prove([file.path])
    footer = pq.read_metadata(file.path)
    column = footer.schema.names.index("day")
    groups = [footer.row_group(group).column(column).statistics for group in range(footer.num_row_groups)]
    return min(each.min for each in groups), max(each.max for each in groups)


def _month(day: date) -> str:
    return day.isoformat()[:7]


def _year(day: date) -> str:
    return day.isoformat()[:4]
