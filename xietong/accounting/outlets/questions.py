"""The questions of `hours` in DuckDB SQL, over the tables `hourly`, `channels`, `buckets` and `struck`.

HOURS makes the tables valid, flows and measured (those of `slices` come to them), JUDGING judged; ONCE makes one
hour of ducts that run side by side.
"""

from xietong.accounting.outlets.slices import IS_WHOLE, SLICED_AMOUNTS
from xietong.calc.indicators.outlet_gas import AIR_OXYGEN, HIGHEST_OXYGEN
from xietong.standard.thresholds import ratio_of


def _corrected(reference: str) -> str:
    """SQL of a concentration at a limit's reference oxygen, as cases of an expression: none where the oxygen beside it
    is absent or outside what a flue can hold."""
    return f"""WHEN {reference} IS NULL THEN value
      WHEN o.mean >= 0 AND o.mean < {HIGHEST_OXYGEN} THEN (value::DOUBLE
        * ({AIR_OXYGEN} - {reference}::DOUBLE) / ({AIR_OXYGEN} - o.mean::DOUBLE))::DECIMAL(20,6)"""


# What of an hour's total is of readings below detection.
# An hour is valid from this share of its readings on.
VALID, OF = ratio_of("validity.readings_of_an_hour")
BELOW = "coalesce(list_sum([part.value for part in parts if part.below]), 0)"
HOURS = f"""
CREATE TEMP TABLE valid AS
  SELECT point, hour, bucket, offset_s, total::DECIMAL(20,6) AS total,
    (total::DOUBLE / nullif(readings, 0))::DECIMAL(20,6) AS mean,
    CASE WHEN parts IS NULL THEN total ELSE (total - {BELOW})::DECIMAL(20,6) END AS total_zero,
    CASE WHEN parts IS NULL THEN mean
      ELSE ((total - {BELOW})::DOUBLE / nullif(readings, 0))::DECIMAL(20,6) END AS mean_zero
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
JUDGING = f"""
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
ONCE = """
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
MASS = """
SELECT f.channel, f.bucket, sum(coalesce(zero, 0) * flow), count(*), sum(flow), count(*) FILTER (WHERE zero <> value)
FROM flows f LEFT JOIN measured m ON m.channel = f.channel AND m.hour = f.hour JOIN channels c ON c.channel = f.channel
WHERE NOT sliced AND (value IS NOT NULL OR flow = 0) GROUP BY ALL
"""
FLOW = """
SELECT channel, bucket, sum(flow), count(*) FROM flows GROUP BY ALL
"""
JUDGED = """
SELECT channel, bucket, count(*), count(judged), count(*) FILTER (WHERE NOT daily AND NOT coarse AND judged > bound),
  max({'value': judged, 'back': -epoch_us(hour)}) FILTER (WHERE judged IS NOT NULL),
  sum(value * flow), sum(judged * flow), sum(flow), sum(flow) FILTER (WHERE judged IS NOT NULL), sum(value),
  sum(judged), {'held': count(judged)
      FILTER (WHERE (daily OR NOT coarse) AND (hour_bound IS NULL OR judged_hour IS NOT NULL)),
    'exempt': count(*) FILTER (WHERE exempt), 'doubtful': count(*) FILTER (WHERE NOT exempt
      AND (judged IS NULL AND value > bound OR judged_hour IS NULL AND value > hour_bound))}
FROM judged GROUP BY ALL
"""
CAME = """
SELECT channel, bucket, count(*) * any_value(greatest(1, value_s // 3600)) FROM channels
JOIN hourly ON point = value_point AND hour >= since AND hour < until JOIN buckets ON hour >= opens AND hour < closes
WHERE readings + invalid > 0 AND coalesce(shared, channel) = channel GROUP BY ALL
"""
STOPS = """
SELECT channel, bucket, count(DISTINCT hour) FROM channels
JOIN hourly ON point IN (value_point, flow_point) AND hour >= since AND hour < until
JOIN buckets ON hour >= opens AND hour < closes
WHERE readings = 0 AND due = 0 AND invalid = 0 GROUP BY ALL
"""
AMOUNTS = f"""
SELECT f.channel, epoch(f.hour)::BIGINT // 3600 AS hour,
  ((coalesce(zero, 0) * flow)::DECIMAL(24,6) * 1000000)::BIGINT AS amount
FROM flows f LEFT JOIN measured m ON m.channel = f.channel AND m.hour = f.hour JOIN channels c ON c.channel = f.channel
WHERE NOT sliced AND (value IS NOT NULL OR flow = 0) AND list_contains($wanted, f.channel)
UNION ALL {SLICED_AMOUNTS} AND {IS_WHOLE} ORDER BY ALL
"""
PART_AMOUNTS = f"{SLICED_AMOUNTS} AND NOT {IS_WHOLE} ORDER BY ALL"
STOPPED = """
SELECT DISTINCT channel, epoch(hour)::BIGINT // 3600 AS hour FROM channels
JOIN hourly ON point IN (value_point, flow_point) AND hour >= since AND hour < until
WHERE readings = 0 AND due = 0 AND invalid = 0 AND list_contains($wanted, channel) ORDER BY ALL
"""
DAYS = """
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
