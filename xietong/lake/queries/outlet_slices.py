"""Concentration × flow on the finest slices that both have in common (HJ 212-2017 D.1.2, (8)–(13)).

A reading holds from its instant to the next one of its point, and no longer than its own interval: an hourly
concentration for its hour (HJ 353, HJ 355: the newest valid value until the next sampling), a day's volume for its day.
Where one of two ceases there is no slice: it is missing, not zero. Water goes this way wherever a reading is not of an
hour; gas (HJ 75: mean of the hour × volume of the hour) only where a reading is of more than an hour.
"""

from collections import defaultdict
from decimal import Decimal
from typing import NamedTuple

import duckdb

from xietong.standard.thresholds import decimal_of, ratio_of

# An hour is valid from this share of its readings on.
VALID, OF = ratio_of("validity.readings_of_an_hour")
# Clock jitter: the next reading may be late by a part of the interval.
JITTER = 1 + decimal_of("validity.clock_jitter")
# An hour lacks nothing where this share of it is covered.
WHOLE, OF_WHOLE = ratio_of("validity.whole_hour")
# What no outlet carries (mg an hour, mg a reading): such a product is of a false number, and is left out as missing.
_MOST = "1000000000000"

SLICES = f"""
CREATE TEMP TABLE spans AS
WITH used AS (
  SELECT value_point AS point, value_s AS every_s, true AS rate FROM channels WHERE sliced
  UNION SELECT flow_point, flow_s, flow_is_mean FROM channels WHERE sliced
), rows AS (
  SELECT hourly.*, every_s, rate, coalesce(len(parts), 0) AS known, epoch_ms(hour) AS hour_ms,
    total - {{below}} AS without FROM hourly JOIN used USING (point)
), stated AS (
  SELECT point, rate, hour_ms + part.at AS opens, part.lasts AS lasts, every_s * 1000 AS every, part.value AS value,
    CASE WHEN part.below THEN 0 ELSE part.value END AS zero
  FROM (SELECT *, unnest(parts) AS part FROM rows WHERE known > 0 AND (known = readings OR parts[1].lasts IS NOT NULL))
  UNION ALL BY NAME
  SELECT point, rate, hour_ms AS opens, NULL::INTEGER AS lasts, greatest(every_s, 3600) * 1000 AS every,
    CASE WHEN rate THEN (total::DOUBLE / readings)::DECIMAL(28,6) ELSE total END AS value,
    CASE WHEN rate THEN (without::DOUBLE / readings)::DECIMAL(28,6) ELSE without END AS zero
  FROM rows WHERE readings > 0 AND readings * {OF} >= due * {VALID} AND known < readings
    AND coalesce(parts[1].lasts, 0) = 0
)
SELECT point, rate, opens, value, zero, CASE WHEN lasts IS NOT NULL THEN opens + lasts
    WHEN following <= opens + every * {JITTER} THEN following ELSE opens + every END AS closes
FROM (SELECT *, lead(opens) OVER (PARTITION BY point, rate ORDER BY opens) AS following FROM stated)
WHERE following IS NULL OR following > opens;
CREATE TEMP TABLE carried AS
  SELECT channel, opens, closes, (zero * flow_factor)::DECIMAL(24,9) AS flow,
    CASE WHEN flow_is_mean THEN 3600000 ELSE closes - opens END AS divisor
  FROM channels JOIN spans ON point = flow_point AND rate = flow_is_mean WHERE sliced;
CREATE TEMP TABLE held AS
  SELECT channel, opens, closes, (value * value_factor)::DECIMAL(20,6) AS value,
    (zero * value_factor)::DECIMAL(20,6) AS zero
  FROM channels JOIN spans ON point = value_point AND rate WHERE sliced;
CREATE TEMP TABLE slices AS
WITH base AS (SELECT epoch_ms(min(hour)) % 3600000 AS phase FROM hourly),
ends AS (
  SELECT channel, opens, closes FROM carried UNION ALL SELECT channel, opens, closes FROM held
), cuts AS (
  SELECT channel, opens AS cut FROM ends UNION SELECT channel, closes FROM ends
  UNION SELECT channel, unnest(generate_series(opens - (opens - phase) % 3600000, closes, 3600000)) FROM ends, base
), pieces AS (
  SELECT channel, cut, lead(cut) OVER (PARTITION BY channel ORDER BY cut) - cut AS ms FROM cuts
), with_flow AS (
  SELECT pieces.*, CASE WHEN cut < closes THEN flow END AS flow, divisor
  FROM pieces ASOF LEFT JOIN carried ON pieces.channel = carried.channel AND cut >= opens
), whole AS (
  SELECT with_flow.*, CASE WHEN cut < closes THEN value END AS value, CASE WHEN cut < closes THEN zero END AS zero
  FROM with_flow ASOF LEFT JOIN held ON with_flow.channel = held.channel AND cut >= opens
)
SELECT channel, make_timestamptz((cut - (cut - phase) % 3600000) * 1000) AS hour, ms, divisor, flow, value, zero,
  flow IS NOT NULL AND (flow = 0 OR coalesce(abs(value::DOUBLE * flow::DOUBLE) < {_MOST}, false)) AS common
FROM whole, base WHERE ms > 0 AND (flow IS NOT NULL OR value IS NOT NULL);
CREATE TEMP TABLE sliced AS
  SELECT channel, hour, bucket, offset_s, divisor,
    coalesce(sum(ms) FILTER (WHERE flow IS NOT NULL), 0) AS flow_ms,
    coalesce(sum(ms) FILTER (WHERE value IS NOT NULL), 0) AS value_ms,
    coalesce(sum(ms) FILTER (WHERE common), 0) AS both_ms,
    sum(flow * ms) AS flow, coalesce(sum(flow * ms) FILTER (WHERE common), 0) AS common,
    coalesce(sum(zero * flow * ms) FILTER (WHERE common AND flow <> 0 AND value IS NOT NULL), 0) AS mass,
    coalesce(sum(value * flow * ms) FILTER (WHERE common AND flow <> 0 AND value IS NOT NULL), 0) AS weighted,
    sum(value * ms) AS timed
  FROM slices JOIN channels USING (channel) JOIN buckets ON hour >= opens AND hour < closes
  WHERE hour >= since AND hour < until GROUP BY ALL;
DELETE FROM sliced USING struck
  WHERE is_invalid AND struck.channel = sliced.channel AND struck.hour = sliced.hour AND value_ms > 0;
CREATE TEMP TABLE owed AS
  SELECT channel, hour, 3600000 - max(greatest(0, 3600 // every_s - due) * every_s * 1000) AS owed_ms
  FROM (
    SELECT channel, value_point AS point, value_s AS every_s FROM channels WHERE sliced
    UNION ALL SELECT channel, flow_point, flow_s FROM channels WHERE sliced
  ) JOIN hourly USING (point) WHERE every_s > 0 AND every_s < 3600 GROUP BY ALL;
CREATE OR REPLACE TEMP TABLE sliced_hours AS
  SELECT channel, hour, any_value(bucket) AS bucket, any_value(offset_s) AS offset_s, sum(flow_ms) AS flow_ms,
    sum(value_ms) AS value_ms, sum(both_ms) AS both_ms, sum(flow::DOUBLE / divisor) AS m3,
    sum(common::DOUBLE / divisor) AS common, sum(mass::DOUBLE / divisor) AS mass,
    sum(weighted::DOUBLE / divisor) AS weighted, sum(timed::DOUBLE) / nullif(sum(value_ms), 0) AS timed,
    coalesce(any_value(owed_ms), 3600000) AS owed_ms
  FROM sliced LEFT JOIN owed USING (channel, hour) GROUP BY channel, hour;
INSERT INTO flows BY NAME
  SELECT channel, hour, bucket, m3::DECIMAL(20,6) AS flow FROM sliced_hours
  WHERE flow_ms * {OF} >= owed_ms * {VALID} AND flow_ms > 0;
INSERT INTO measured BY NAME
  SELECT channel, hour, bucket, offset_s,
    CASE WHEN common > 0 THEN weighted / common ELSE timed END::DECIMAL(20,6) AS value
  FROM sliced_hours WHERE value_ms * {OF} >= owed_ms * {VALID} AND value_ms > 0;
"""
_SUMS = f"""
SELECT channel, s.bucket, divisor, sum(s.mass), sum(s.common)
FROM sliced s JOIN sliced_hours h USING (channel, hour) JOIN channels USING (channel)
WHERE divisor IS NOT NULL AND (unit = 'mg/L' OR h.both_ms * {OF_WHOLE} >= owed_ms * {WHOLE})
GROUP BY channel, s.bucket, divisor
"""
_COVERED = f"""
SELECT channel, bucket, count(*) FILTER (WHERE both_ms * {OF_WHOLE} >= owed_ms * {WHOLE}),
  count(*) FILTER (WHERE both_ms > 0 AND both_ms * {OF_WHOLE} < owed_ms * {WHOLE}),
  count(*) FILTER (WHERE mass <> weighted)
FROM sliced_hours WHERE owed_ms > 0 GROUP BY ALL
"""
_VOLUMES = f"""
SELECT channel, s.bucket, divisor, sum(s.flow) FROM sliced s JOIN sliced_hours h USING (channel, hour)
JOIN channels USING (channel) WHERE unit = '' AND h.flow_ms * {OF} >= owed_ms * {VALID}
GROUP BY channel, s.bucket, divisor
"""
SLICED_AMOUNTS = """SELECT channel, epoch(hour)::BIGINT // 3600 AS hour, (mass * 1000000)::BIGINT AS amount
FROM sliced_hours WHERE list_contains($wanted, channel) AND both_ms > 0"""
IS_WHOLE = f"(both_ms * {OF_WHOLE} >= owed_ms * {WHOLE})"

Key = tuple[int, int]


class Sliced(NamedTuple):
    """What the slices of a channel and bucket add up to: mg, hours that lack nothing, the m3 of the same slices, hours
    that lack something, hours with a value below detection."""

    mg: Decimal
    hours: int
    m3: Decimal
    parts: int
    below: int


def sliced_masses(engine: duckdb.DuckDBPyConnection) -> dict[Key, Sliced]:
    """What the slices add up to, by channel and bucket; products are summed exactly and divided once."""
    mg, m3 = defaultdict[Key, Decimal](Decimal), defaultdict[Key, Decimal](Decimal)
    for channel, bucket, divisor, mass, common in engine.execute(_SUMS).fetchall():
        mg[channel, bucket] += mass / divisor
        m3[channel, bucket] += common / divisor
    counted = engine.execute(_COVERED).fetchall()
    return {
        (channel, bucket): Sliced(mg[channel, bucket], whole, m3[channel, bucket], parts, below)
        for channel, bucket, whole, parts, below in counted
    }


def sliced_volumes(engine: duckdb.DuckDBPyConnection) -> dict[Key, Decimal]:
    """The m3 of channels of volume whose readings are of more than an hour."""
    found = defaultdict[Key, Decimal](Decimal)
    for channel, bucket, divisor, flow in engine.execute(_VOLUMES).fetchall():
        found[channel, bucket] += flow / divisor
    return found
