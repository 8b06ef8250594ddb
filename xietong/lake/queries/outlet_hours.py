"""The hours of outlets joined and summed: concentration × flow, the limit's oxygen, days, stops, what does not count.

Four Arrow tables are joined to temporary ones (valid, flows, measured, judged; those of `outlet_slices` come to them),
and each function asks one question of them. Every answer goes by the numbers of channel and bucket. Units: a mass is in
mg per m3 × m3 (gas) or mg per L × m3 (water), a volume in m3, a concentration in the channel's own unit.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, NamedTuple

import duckdb
import pyarrow as pa

from xietong.calc.indicators.outlet_gas import AIR_OXYGEN, HIGHEST_OXYGEN
from xietong.lake.queries.outlet_slices import IS_WHOLE, SLICED_AMOUNTS, SLICES, sliced_masses, sliced_volumes
from xietong.lake.schemas import INSTANT
from xietong.standard.thresholds import ratio_of

CHANNELS = pa.schema(
    [
        ("channel", pa.int32()),
        ("value_point", pa.string()),
        ("value_factor", pa.decimal128(18, 9)),
        ("flow_point", pa.string()),
        ("flow_factor", pa.decimal128(20, 12)),
        ("flow_is_mean", pa.bool_()),
        ("oxygen_point", pa.string()),
        ("oxygen_reference", pa.decimal128(18, 6)),
        ("bound", pa.decimal128(18, 6)),
        ("daily", pa.bool_()),
        ("hour_bound", pa.decimal128(18, 6)),
        ("hour_reference", pa.decimal128(18, 6)),
        ("since", INSTANT),
        ("until", INSTANT),
        ("shared", pa.int32()),
        ("unit", pa.string()),
        ("value_s", pa.int64()),
        ("flow_s", pa.int64()),
        ("flow_is_counter", pa.bool_()),
        ("sliced", pa.bool_()),
        ("coarse", pa.bool_()),
    ]
)
STRUCK = pa.schema([("channel", pa.int32()), ("hour", INSTANT), ("is_invalid", pa.bool_())])
BUCKETS = pa.schema([("bucket", pa.int32()), ("opens", INSTANT), ("closes", INSTANT), ("offset_s", pa.int32())])
TAXING = pa.schema(
    [("channel", pa.int32()), ("tax_bound", pa.decimal128(18, 6)), ("by_day", pa.bool_()), ("of_hours", pa.bool_())],
)


def _corrected(reference: str) -> str:
    """SQL of a concentration at a limit's reference oxygen, as cases of an expression: none where the oxygen beside it
    is absent or outside what a flue can hold."""
    return f"""WHEN {reference} IS NULL THEN value
      WHEN o.mean >= 0 AND o.mean < {HIGHEST_OXYGEN} THEN (value::DOUBLE
        * ({AIR_OXYGEN} - {reference}::DOUBLE) / ({AIR_OXYGEN} - o.mean::DOUBLE))::DECIMAL(20,6)"""


# An hour is valid from this share of its readings on.
VALID, OF = ratio_of("validity.readings_of_an_hour")
# What of an hour's total is of readings below detection.
_BELOW = "coalesce(list_sum([part.value for part in parts if part.below]), 0)"
_HOURS = f"""
CREATE TEMP TABLE valid AS
  SELECT point, hour, bucket, offset_s, total::DECIMAL(20,6) AS total,
    (total::DOUBLE / nullif(readings, 0))::DECIMAL(20,6) AS mean,
    CASE WHEN parts IS NULL THEN total ELSE (total - {_BELOW})::DECIMAL(20,6) END AS total_zero,
    CASE WHEN parts IS NULL THEN mean
      ELSE ((total - {_BELOW})::DOUBLE / nullif(readings, 0))::DECIMAL(20,6) END AS mean_zero
  FROM hourly JOIN buckets ON hour >= opens AND hour < closes
  WHERE readings > 0 AND readings * {OF} >= due * {VALID} OR readings = 0 AND total IS NOT NULL AND NOT estimated
    AND point IN (SELECT flow_point FROM channels WHERE flow_is_counter AND flow_s > 3600);
CREATE TEMP TABLE flows AS
  SELECT channel, hour, bucket, CASE WHEN flow_is_mean THEN mean_zero ELSE total_zero END AS given,
    CASE WHEN flow_factor = 1 THEN given ELSE (given * flow_factor)::DECIMAL(20,6) END AS flow
  FROM channels JOIN valid ON point = flow_point WHERE hour >= since AND hour < until AND NOT sliced;
CREATE TEMP TABLE measured AS
  SELECT channel, hour, bucket, offset_s,
    CASE WHEN value_factor = 1 THEN mean ELSE (mean * value_factor)::DECIMAL(20,6) END AS value,
    CASE WHEN value_factor = 1 THEN mean_zero ELSE (mean_zero * value_factor)::DECIMAL(20,6) END AS zero
  FROM channels JOIN valid ON point = value_point WHERE hour >= since AND hour < until AND NOT sliced;
CREATE TEMP TABLE sliced_hours (
  channel INTEGER, hour TIMESTAMPTZ, bucket INTEGER, mass DOUBLE, both_ms BIGINT, owed_ms BIGINT);
"""
_JUDGING = f"""
DELETE FROM measured USING struck
  WHERE is_invalid AND struck.channel = measured.channel AND struck.hour = measured.hour;
CREATE TEMP TABLE judged AS
  SELECT m.channel, m.hour, m.bucket, value, flow, bound, daily, shared, coarse,
    CASE WHEN NOT coarse THEN hour_bound END AS hour_bound,
    epoch(m.hour)::BIGINT + m.offset_s AS local_s, coalesce(flow <= 0, false) AS exempt,
    CASE WHEN flow <= 0 THEN NULL {_corrected("oxygen_reference")} END AS judged,
    CASE WHEN flow <= 0 THEN NULL {_corrected("hour_reference")} END AS judged_hour
  FROM measured m JOIN channels USING (channel)
  LEFT JOIN flows f ON f.channel = m.channel AND f.hour = m.hour
  LEFT JOIN (SELECT point, hour, mean FROM valid WHERE point IN (SELECT oxygen_point FROM channels)) o
    ON o.point = oxygen_point AND o.hour = m.hour;
UPDATE judged SET judged = NULL, judged_hour = NULL, exempt = true FROM struck
  WHERE NOT is_invalid AND struck.channel = judged.channel AND struck.hour = judged.hour;
"""
# Ducts of one outlet that run side by side: one hour, the flow of all of them.
_ONCE = """
CREATE TEMP TABLE once AS
  SELECT min(channel) AS channel, hour, min(bucket) AS bucket, any_value(value) AS value,
    sum(flow)::DECIMAL(20,6) AS flow, any_value(bound) AS bound, any_value(daily) AS daily,
    any_value(hour_bound) AS hour_bound, any_value(coarse) AS coarse, shared, min(local_s) AS local_s,
    any_value(judged) AS judged,
    any_value(judged_hour) AS judged_hour, bool_and(exempt) AS exempt
  FROM judged WHERE shared IS NOT NULL GROUP BY shared, hour;
DELETE FROM judged WHERE shared IS NOT NULL;
INSERT INTO judged BY NAME SELECT * FROM once;
"""
_MASS = """
SELECT f.channel, f.bucket, sum(coalesce(zero, 0) * flow), count(*), sum(flow), count(*) FILTER (WHERE zero <> value)
FROM flows f LEFT JOIN measured m ON m.channel = f.channel AND m.hour = f.hour JOIN channels c ON c.channel = f.channel
WHERE NOT sliced AND (value IS NOT NULL OR flow = 0) GROUP BY ALL
"""
_FLOW = """
SELECT channel, bucket, sum(flow), count(*) FROM flows GROUP BY ALL
"""
_JUDGED = """
SELECT channel, bucket, count(*), count(judged), count(*) FILTER (WHERE NOT daily AND NOT coarse AND judged > bound),
  max({'value': judged, 'back': -epoch_us(hour)}) FILTER (WHERE judged IS NOT NULL),
  sum(value * flow), sum(judged * flow), sum(flow), sum(flow) FILTER (WHERE judged IS NOT NULL), sum(value),
  sum(judged), {'held': count(judged)
      FILTER (WHERE (daily OR NOT coarse) AND (hour_bound IS NULL OR judged_hour IS NOT NULL)),
    'exempt': count(*) FILTER (WHERE exempt), 'doubtful': count(*) FILTER (WHERE NOT exempt
      AND (judged IS NULL AND value > bound OR judged_hour IS NULL AND value > hour_bound))}
FROM judged GROUP BY ALL
"""
_CAME = """
SELECT channel, bucket, count(*) * any_value(greatest(1, value_s // 3600)) FROM channels
JOIN hourly ON point = value_point AND hour >= since AND hour < until JOIN buckets ON hour >= opens AND hour < closes
WHERE readings + invalid > 0 AND coalesce(shared, channel) = channel GROUP BY ALL
"""
_STOPS = """
SELECT channel, bucket, count(DISTINCT hour) FROM channels
JOIN hourly ON point IN (value_point, flow_point) AND hour >= since AND hour < until
JOIN buckets ON hour >= opens AND hour < closes
WHERE readings = 0 AND due = 0 AND invalid = 0 GROUP BY ALL
"""
_AMOUNTS = f"""
SELECT f.channel, epoch(f.hour)::BIGINT // 3600 AS hour,
  ((coalesce(zero, 0) * flow)::DECIMAL(24,6) * 1000000)::BIGINT AS amount
FROM flows f LEFT JOIN measured m ON m.channel = f.channel AND m.hour = f.hour JOIN channels c ON c.channel = f.channel
WHERE NOT sliced AND (value IS NOT NULL OR flow = 0) AND list_contains($wanted, f.channel)
UNION ALL {SLICED_AMOUNTS} AND {IS_WHOLE} ORDER BY ALL
"""
_PART_AMOUNTS = f"{SLICED_AMOUNTS} AND NOT {IS_WHOLE} ORDER BY ALL"
_STOPPED = """
SELECT DISTINCT channel, epoch(hour)::BIGINT // 3600 AS hour FROM channels
JOIN hourly ON point IN (value_point, flow_point) AND hour >= since AND hour < until
WHERE readings = 0 AND due = 0 AND invalid = 0 AND list_contains($wanted, channel) ORDER BY ALL
"""
_DAYS = """
SELECT channel, bucket, coalesce(sum(CASE WHEN mean > bound THEN hours ELSE hours_above END), 0),
  max({'value': mean, 'back': -opens}) FILTER (WHERE mean IS NOT NULL) FROM (
  SELECT channel, bucket, bound, count(judged) AS hours, epoch_us(min(hour)) AS opens,
    count(*) FILTER (WHERE judged_hour > hour_bound) AS hours_above,
    coalesce(sum(judged * flow)::DOUBLE / nullif(sum(flow) FILTER (WHERE judged IS NOT NULL), 0)::DOUBLE,
      sum(judged)::DOUBLE / count(judged))::DECIMAL(20,6) AS mean
  FROM judged WHERE daily AND (judged IS NOT NULL OR judged_hour IS NOT NULL)
  GROUP BY channel, bucket, bound, local_s // 86400)
GROUP BY ALL
"""
_TAXED = """
SELECT channel, bucket, any_value(by_day), any_value(tax_bound), count(*), sum(mean),
  count(*) FILTER (WHERE mean > tax_bound)
FROM (
  SELECT channel, bucket, by_day, tax_bound, CASE WHEN of_hours THEN judged_hour ELSE judged END AS mean
  FROM judged JOIN taxing USING (channel) WHERE NOT by_day AND mean IS NOT NULL
  UNION ALL
  SELECT channel, bucket, by_day, tax_bound,
    coalesce(sum(judged * flow)::DOUBLE / nullif(sum(flow), 0)::DOUBLE, sum(judged)::DOUBLE / count(*))::DECIMAL(20,6)
  FROM judged JOIN taxing USING (channel) WHERE by_day AND judged IS NOT NULL
  GROUP BY channel, bucket, by_day, tax_bound, local_s // 86400)
GROUP BY channel, bucket
"""
_LEFT_OUT = """
SELECT channel, bucket, point, sum(invalid)::BIGINT FROM (
  SELECT channel, bucket, point, invalid FROM channels
  JOIN hourly ON point IN (value_point, flow_point, oxygen_point) AND hour >= since AND hour < until
  JOIN buckets ON hour >= opens AND hour < closes
  WHERE invalid > 0 QUALIFY channel = min(channel) OVER (PARTITION BY value_point, point, hour))
GROUP BY ALL ORDER BY ALL
"""

Key = tuple[int, int]


class MassRow(NamedTuple):
    """Mass, hours with both concentration and flow, the m3 that went with it, hours of which only a part has both,
    hours below detection (zero here)."""

    mg_per_unit: Decimal
    hours: int
    m3: Decimal
    parts: int
    below: int


class JudgedRow(NamedTuple):
    """Hours of a bucket held against their limit.

    top: the highest hour, its value and its beginning; six sums, none where there is nothing to sum: of measured and of
    judged concentration × flow, of flow, of judged hours' flow, of measured, of judged; counts: held, exempt, doubtful.
    """

    valid: int
    judged: int
    above: int
    top: tuple[Decimal, datetime] | None
    sums: tuple[Decimal | None, ...]
    counts: Mapping[str, int]


class DaysRow(NamedTuple):
    """Under a daily limit: the hours of the days above it with those above the limit of hours, and the highest day."""

    above: int
    top: tuple[Decimal, datetime] | None


class TaxRow(NamedTuple):
    """Means of hours, days or samples that the tax goes by: whether of days, their limit, how many, sum, above it."""

    by_day: bool
    limit: Decimal
    means: int
    total: Decimal
    above: int


class OutletTables:
    """The joined hours of one question, in an engine of their own; is_sliced: some channel is of other slices."""

    def __init__(self, engine: duckdb.DuckDBPyConnection, is_sliced: bool) -> None:
        self.engine, self.is_sliced = engine, is_sliced

    def rows(self, question: str) -> list[tuple[Any, ...]]:
        """The rows of a question over these tables."""
        return self.engine.execute(question).fetchall()

    def columns(self, question: str, wanted: list[int]) -> Mapping[str, Any]:
        """The columns of a question over the wanted channels, as NumPy arrays."""
        return self.engine.execute(question, {"wanted": wanted}).fetchnumpy()


@contextmanager
def outlet_tables(hourly: pa.Table, channels: pa.Table, buckets: pa.Table, struck: pa.Table) -> Iterator[OutletTables]:
    """Join the lake's hours (meter_totals.SUMMED) with CHANNELS, BUCKETS and STRUCK, for the questions below."""
    is_sliced = any(channels.column("sliced").to_pylist())
    with duckdb.connect() as engine:
        engine.execute("SET TimeZone = 'UTC'")
        for name, table in (("hourly", hourly), ("channels", channels), ("buckets", buckets), ("struck", struck)):
            engine.register(name, table)
        engine.execute(_HOURS)
        if is_sliced:
            engine.execute(SLICES.format(below=_BELOW))
        engine.execute(_JUDGING)
        if channels.column("shared").null_count < channels.num_rows:
            engine.execute(_ONCE)
        yield OutletTables(engine, is_sliced)


def masses(tables: OutletTables) -> dict[Key, MassRow]:
    """What was sent out: by hours, and by slices where a channel has them."""
    found = {(row[0], row[1]): MassRow(row[2], row[3], row[4], 0, row[5]) for row in tables.rows(_MASS)}
    sliced = sliced_masses(tables.engine) if tables.is_sliced else {}
    return found | {key: MassRow(*each) for key, each in sliced.items()}


def volumes(tables: OutletTables) -> dict[Key, tuple[Decimal, int]]:
    """The m3 that passed, and over how many hours."""
    found = {(row[0], row[1]): (row[2], row[3]) for row in tables.rows(_FLOW)}
    sliced = sliced_volumes(tables.engine) if tables.is_sliced else {}
    return found | {key: (m3, found[key][1]) for key, m3 in sliced.items() if key in found}


def hours_judged(tables: OutletTables) -> dict[Key, JudgedRow]:
    """The hours as they were held against limits of hours."""
    return {
        (channel, bucket): JudgedRow(valid, judged, above, top=_top(top), sums=tuple(sums), counts=counts)
        for channel, bucket, valid, judged, above, top, *sums, counts in tables.rows(_JUDGED)
    }


def days_judged(tables: OutletTables) -> dict[Key, DaysRow]:
    """The days as they were held against daily limits; channels without such a limit have none."""
    return {(row[0], row[1]): DaysRow(int(row[2]), _top(row[3])) for row in tables.rows(_DAYS)}


def hours_came(tables: OutletTables) -> dict[Key, int]:
    """Hours for which any concentration came, valid or not."""
    return {(row[0], row[1]): int(row[2]) for row in tables.rows(_CAME)}


def hours_stopped(tables: OutletTables) -> dict[Key, int]:
    """Hours on which a device reported a stop of production."""
    return {(row[0], row[1]): int(row[2]) for row in tables.rows(_STOPS)}


def means_taxed(tables: OutletTables, taxing: pa.Table) -> dict[Key, TaxRow]:
    """What the tax goes by of the channels of TAXING.

    tax_bound: what their means are held against; by_day: days, else hours or samples; of_hours: those that are judged
    by the hours' own reference oxygen.
    """
    tables.engine.register("taxing", taxing)
    return {(row[0], row[1]): TaxRow(*row[2:]) for row in tables.rows(_TAXED)}


def values_left_out(tables: OutletTables) -> Iterator[tuple[Key, str, int]]:
    """Channel and bucket, point, and how many of its values came and do not count, in that order.

    Of ducts that one analyser serves the first has them.
    """
    for channel, bucket, point, count in tables.rows(_LEFT_OUT):
        yield (channel, bucket), point, int(count)


def newest(tables: OutletTables) -> datetime:
    """The last hour of all, UTC."""
    ((seconds,),) = tables.rows("SELECT epoch(max(hour)) FROM hourly")
    return datetime.fromtimestamp(seconds, UTC)


def amounts_by_hour(tables: OutletTables, wanted: list[int]) -> Mapping[str, Any]:
    """NumPy columns channel, hour (hours since 1970), amount (millionths of mg per unit) of whole hours, sorted."""
    return tables.columns(_AMOUNTS, wanted)


def amounts_of_parts(tables: OutletTables, wanted: list[int]) -> Mapping[str, Any]:
    """The same columns of the hours of which only a part is known."""
    return tables.columns(_PART_AMOUNTS, wanted)


def stopped_by_hour(tables: OutletTables, wanted: list[int]) -> Mapping[str, Any]:
    """NumPy columns channel and hour (hours since 1970) of reported stops, sorted."""
    return tables.columns(_STOPPED, wanted)


def _top(top: Mapping[str, Any] | None) -> tuple[Decimal, datetime] | None:
    return None if top is None else (top["value"], datetime.fromtimestamp(-top["back"] / 1_000_000, UTC))
