"""The questions of `outlet_hours` in DuckDB SQL, over the tables `hourly`, `channels`, `buckets` and `struck`.

HOURS makes the tables valid, flows, measured and judged; ONCE makes one hour of ducts that run side by side.
"""

from xietong.calc.outlet_gas import AIR_OXYGEN, HIGHEST_OXYGEN


def _corrected(reference: str) -> str:
    """SQL of a concentration at a limit's reference oxygen, as cases of an expression: none where the oxygen beside it
    is absent or outside what a flue can hold."""
    return f"""WHEN {reference} IS NULL THEN value
      WHEN o.mean >= 0 AND o.mean < {HIGHEST_OXYGEN} THEN (value::DOUBLE
        * ({AIR_OXYGEN} - {reference}::DOUBLE) / ({AIR_OXYGEN} - o.mean::DOUBLE))::DECIMAL(20,6)"""


HOURS = f"""
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
DELETE FROM measured USING struck
  WHERE is_invalid AND struck.channel = measured.channel AND struck.hour = measured.hour;
CREATE TEMP TABLE judged AS
  SELECT m.channel, m.hour, m.bucket, value, flow, bound, daily, hour_bound, shared,
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
    any_value(hour_bound) AS hour_bound, shared, min(local_s) AS local_s, any_value(judged) AS judged,
    any_value(judged_hour) AS judged_hour, bool_and(exempt) AS exempt
  FROM judged WHERE shared IS NOT NULL GROUP BY shared, hour;
DELETE FROM judged WHERE shared IS NOT NULL;
INSERT INTO judged BY NAME SELECT * FROM once;
"""
MASS = """
SELECT f.channel, f.bucket, sum(coalesce(value, 0) * flow), count(*)
FROM flows f LEFT JOIN measured m ON m.channel = f.channel AND m.hour = f.hour
WHERE value IS NOT NULL OR flow = 0 GROUP BY ALL
"""
FLOW = """
SELECT channel, bucket, sum(flow), count(*) FROM flows GROUP BY ALL
"""
JUDGED = """
SELECT channel, bucket, count(*), count(judged), count(*) FILTER (WHERE NOT daily AND judged > bound),
  max({'value': judged, 'back': -epoch_us(hour)}) FILTER (WHERE judged IS NOT NULL),
  sum(value * flow), sum(judged * flow), sum(flow), sum(flow) FILTER (WHERE judged IS NOT NULL), sum(value),
  sum(judged), {'held': count(judged) FILTER (WHERE hour_bound IS NULL OR judged_hour IS NOT NULL),
    'exempt': count(*) FILTER (WHERE exempt), 'doubtful': count(*) FILTER (WHERE NOT exempt
      AND (judged IS NULL AND value > bound OR judged_hour IS NULL AND value > hour_bound))}
FROM judged GROUP BY ALL
"""
CAME = """
SELECT channel, bucket, count(DISTINCT hour) FROM channels
JOIN hourly ON point = value_point AND hour >= since AND hour < until JOIN buckets ON hour >= opens AND hour < closes
WHERE readings + invalid > 0 AND coalesce(shared, channel) = channel GROUP BY ALL
"""
STOPS = """
SELECT channel, bucket, count(DISTINCT hour) FROM channels
JOIN hourly ON point IN (value_point, flow_point) AND hour >= since AND hour < until
JOIN buckets ON hour >= opens AND hour < closes
WHERE readings = 0 AND due = 0 AND invalid = 0 GROUP BY ALL
"""
AMOUNTS = """
SELECT f.channel, epoch(f.hour)::BIGINT // 3600 AS hour,
  ((coalesce(value, 0) * flow)::DECIMAL(24,6) * 1000000)::BIGINT AS amount
FROM flows f LEFT JOIN measured m ON m.channel = f.channel AND m.hour = f.hour
WHERE (value IS NOT NULL OR flow = 0) AND list_contains($wanted, f.channel) ORDER BY ALL
"""
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
