"""What an outlet sent out, hour by hour: concentration × flow, joined and summed by month in DuckDB.

Every hourly value is first rounded to a decimal of six places, so the sums are exact in any order. An hour counts where
at least three quarters of its readings are valid (HJ 75-2017, HJ 356-2019). Mass takes the measured concentration; the
limit is judged by the concentration corrected to its reference oxygen (HJ 212-2017 annex D). No figures are made here.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, NamedTuple

import duckdb
import pyarrow as pa

from xietong.calc.outlet_gas import AIR_OXYGEN, HIGHEST_OXYGEN


class Channel(NamedTuple):
    """One pollutant of one outlet and the points it is measured by ("" where there is none).

    unit: mg/m3 or mg/L, "" for a channel of volume alone; flow_factor turns the flow point's unit into m3 an hour (or
    m3), value_factor the concentration into `unit`; flow_is_mean: an hour's flow is the mean of its readings, else
    their sum; limit: in `unit`; daily: it holds for the mean of a park day; start, end: validity, UTC.
    """

    outlet: str
    item: str
    unit: str
    value_point: str
    value_factor: Decimal
    flow_point: str
    flow_factor: Decimal
    flow_is_mean: bool
    oxygen_point: str
    oxygen_reference: Decimal | None
    limit: Decimal | None
    daily: bool
    start: datetime
    end: datetime


class Bucket(NamedTuple):
    """One span to sum over: its number, its bounds in UTC and the park's offset from UTC in seconds."""

    number: int
    start: datetime
    end: datetime
    offset_s: int


class Mass(NamedTuple):
    """mg emitted in a bucket, over so many hours with both concentration and flow."""

    mg_per_unit: Decimal
    hours: int


class Judged(NamedTuple):
    """The concentrations of a bucket: decimals in mg/m3 or mg/L, hours valid, judged and above the limit.

    highest: the highest hour, or the highest daily mean where the limit is one of daily means; it begins at highest_at.
    """

    valid: int
    judged: int
    above: int
    highest: Decimal | None
    highest_at: datetime | None
    measured_x_flow: Decimal
    judged_x_flow: Decimal
    flow: Decimal
    judged_flow: Decimal
    measured_sum: Decimal
    judged_sum: Decimal


class Flow(NamedTuple):
    """m3 that passed in a bucket, over so many hours."""

    m3: Decimal
    hours: int


Key = tuple[int, int]
# The columns of the lake's hourly table that are asked here.
SUMMED = ("point", "hour", "total", "readings", "due", "invalid")

_CHANNELS = pa.schema(
    [
        ("channel", pa.int32()),
        ("value_point", pa.string()),
        ("value_factor", pa.decimal128(18, 9)),
        ("flow_point", pa.string()),
        ("flow_factor", pa.decimal128(18, 9)),
        ("flow_is_mean", pa.bool_()),
        ("oxygen_point", pa.string()),
        ("oxygen_reference", pa.decimal128(18, 6)),
        ("bound", pa.decimal128(18, 6)),
        ("daily", pa.bool_()),
        ("since", pa.timestamp("us", "UTC")),
        ("until", pa.timestamp("us", "UTC")),
    ]
)
_BUCKETS = pa.schema(
    [
        ("bucket", pa.int32()),
        ("opens", pa.timestamp("us", "UTC")),
        ("closes", pa.timestamp("us", "UTC")),
        ("offset_s", pa.int32()),
    ]
)

_HOURS = f"""
CREATE TEMP TABLE valid AS
  SELECT point, hour, bucket, offset_s, total::DECIMAL(20,6) AS total,
    (total::DOUBLE / readings)::DECIMAL(20,6) AS mean
  FROM hourly JOIN buckets ON hour >= opens AND hour < closes
  WHERE readings > 0 AND readings * 4 >= due * 3;
CREATE TEMP TABLE flows AS
  SELECT channel, hour, bucket, CASE WHEN flow_is_mean THEN mean ELSE total END AS given,
    CASE WHEN flow_factor = 1 THEN given ELSE (given * flow_factor)::DECIMAL(20,6) END AS flow
  FROM channels JOIN valid ON point = flow_point WHERE hour >= since AND hour < until;
CREATE TEMP TABLE measured AS
  SELECT channel, hour, bucket, offset_s,
    CASE WHEN value_factor = 1 THEN mean ELSE (mean * value_factor)::DECIMAL(20,6) END AS value
  FROM channels JOIN valid ON point = value_point WHERE hour >= since AND hour < until;
CREATE TEMP TABLE judged AS
  SELECT m.channel, m.hour, m.bucket, value, flow, bound, daily,
    epoch(m.hour)::BIGINT + m.offset_s AS local_s,
    CASE WHEN flow <= 0 THEN NULL WHEN oxygen_reference IS NULL THEN value
      WHEN o.mean >= 0 AND o.mean < {HIGHEST_OXYGEN} THEN (value::DOUBLE
        * ({AIR_OXYGEN} - oxygen_reference::DOUBLE) / ({AIR_OXYGEN} - o.mean::DOUBLE))::DECIMAL(20,6) END AS judged
  FROM measured m JOIN channels USING (channel)
  LEFT JOIN flows f ON f.channel = m.channel AND f.hour = m.hour
  LEFT JOIN (SELECT point, hour, mean FROM valid WHERE point IN (SELECT oxygen_point FROM channels)) o
    ON o.point = oxygen_point AND o.hour = m.hour;
"""
_MASS = """
SELECT f.channel, f.bucket, sum(coalesce(value, 0) * flow), count(*)
FROM flows f LEFT JOIN measured m ON m.channel = f.channel AND m.hour = f.hour
WHERE value IS NOT NULL OR flow = 0 GROUP BY ALL
"""
_FLOW = """
SELECT channel, bucket, sum(flow), count(*) FROM flows GROUP BY ALL
"""
_JUDGED = """
SELECT channel, bucket, count(*), count(judged), count(*) FILTER (WHERE NOT daily AND judged > bound),
  max({'value': judged, 'back': -epoch_us(hour)}) FILTER (WHERE judged IS NOT NULL),
  sum(value * flow), sum(judged * flow), sum(flow), sum(flow) FILTER (WHERE judged IS NOT NULL), sum(value), sum(judged)
FROM judged GROUP BY ALL
"""
_STOPS = """
SELECT channel, bucket, count(DISTINCT hour) FROM channels
JOIN hourly ON point IN (value_point, flow_point) AND hour >= since AND hour < until
JOIN buckets ON hour >= opens AND hour < closes
WHERE readings = 0 AND due = 0 AND invalid = 0 GROUP BY ALL
"""
_DAYS = """
SELECT channel, bucket, coalesce(sum(hours) FILTER (WHERE mean > bound), 0), max({'value': mean, 'back': -opens}) FROM (
  SELECT channel, bucket, bound, count(judged) AS hours, epoch_us(min(hour)) AS opens,
    coalesce(sum(judged * flow)::DOUBLE / nullif(sum(flow) FILTER (WHERE judged IS NOT NULL), 0)::DOUBLE,
      sum(judged)::DOUBLE / count(judged))::DECIMAL(20,6) AS mean
  FROM judged WHERE daily AND judged IS NOT NULL GROUP BY channel, bucket, bound, local_s // 86400)
GROUP BY ALL
"""


class OutletHours(NamedTuple):
    """The sums of all channels by (channel number, bucket number)."""

    channels: tuple[Channel, ...]
    mass: Mapping[Key, Mass]
    flow: Mapping[Key, Flow]
    judged: Mapping[Key, Judged]
    stops: Mapping[Key, int]


def outlet_hours(hourly: pa.Table, channels: Iterable[Channel], buckets: Iterable[Bucket]) -> OutletHours:
    """Sum the hourly values (the lake's `hourly` columns) of every channel over every bucket.

    Mass is Σ C·Q in mg per m3 × m3 for gas and in mg per L × m3 (that is g) for water.
    """
    listed = tuple(channels)
    with duckdb.connect() as engine:
        engine.execute("SET TimeZone = 'UTC'")
        engine.register("hourly", hourly)
        engine.register("channels", _channel_table(listed))
        engine.register("buckets", _bucket_table(buckets))
        engine.execute(_HOURS)
        mass = {(row[0], row[1]): Mass(row[2], row[3]) for row in engine.execute(_MASS).fetchall()}
        flow = {(row[0], row[1]): Flow(row[2], row[3]) for row in engine.execute(_FLOW).fetchall()}
        stops = {(row[0], row[1]): int(row[2]) for row in engine.execute(_STOPS).fetchall()}
        days = {(row[0], row[1]): row[2:] for row in engine.execute(_DAYS).fetchall()}
        judged = {
            (row[0], row[1]): _judged(row[2:], days.get((row[0], row[1]))) for row in engine.execute(_JUDGED).fetchall()
        }
    return OutletHours(listed, mass, flow, judged, stops)


def _judged(row: tuple[Any, ...], days: tuple[Any, ...] | None) -> Judged:
    """Hours as they were judged; under a daily limit the hours of the days above it, and the highest day."""
    valid, judged, above, top, *sums = row
    if days is not None:
        above, top = days
    highest = None if top is None else top["value"]
    highest_at = None if top is None else datetime.fromtimestamp(-top["back"] / 1_000_000, UTC)
    return Judged(valid, judged, int(above), highest, highest_at, *(each or Decimal(0) for each in sums))


def _channel_table(channels: tuple[Channel, ...]) -> pa.Table:
    rows = [
        {
            "channel": number,
            "value_point": channel.value_point,
            "value_factor": channel.value_factor,
            "flow_point": channel.flow_point,
            "flow_factor": channel.flow_factor,
            "flow_is_mean": channel.flow_is_mean,
            "oxygen_point": channel.oxygen_point,
            "oxygen_reference": channel.oxygen_reference,
            "bound": channel.limit,
            "daily": channel.daily,
            "since": channel.start,
            "until": channel.end,
        }
        for number, channel in enumerate(channels)
    ]
    return pa.Table.from_pylist(rows, schema=_CHANNELS)


def _bucket_table(buckets: Iterable[Bucket]) -> pa.Table:
    names = ("bucket", "opens", "closes", "offset_s")
    return pa.Table.from_pylist([dict(zip(names, bucket, strict=True)) for bucket in buckets], schema=_BUCKETS)
