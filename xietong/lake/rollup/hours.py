"""SQL of the roll-up: which reading counts at an instant, hours from readings, days from hours.

What is written here runs on DuckDB and keeps to joins and windows that Spark has too. Counters are in counters.py.
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa

from xietong.lake.days import HOUR_US, to_us
from xietong.lake.points import PointSpec
from xietong.lake.rollup.counters import CHANGES, Meters
from xietong.quality.bounds import BACKED, FUTURE_S, LEAST_HOURS, MOST_PEAKS, sentinels
from xietong.readings import BELOW, CORRECTED
from xietong.standard.thresholds import ratio_of

ALWAYS_US, NEVER_US = -(2**62), 2**62
# HJ 212's marks: N normal, T over the measuring range's alarm, S entered by hand count; F is a stop, which is not due;
# M maintenance, D fault, C calibration, B no connection, and any mark unknown here, do not count.
# BELOW is ours: below detection, of which half the limit is kept (see detection). A register shows no such thing.
USABLE, STOPPED = f"('', 'N', 'T', 'S', '{BELOW}')", "('F')"
_VALID, _OF = ratio_of("validity.readings_of_an_hour")
_FACTOR = pa.decimal128(18, 9)
_BOUND = pa.decimal128(28, 6)


def spec_table(points: Sequence[PointSpec]) -> pa.Table:
    """The mapping as a table: sid is the row, pid numbers the points in the order of their codes."""
    codes = sorted({spec.point for spec in points})
    numbers = {code: index for index, code in enumerate(codes)}
    return pa.table(
        {
            "sid": pa.array(range(len(points)), pa.int32()),
            "pid": pa.array([numbers[spec.point] for spec in points], pa.int32()),
            "point": pa.array([spec.point for spec in points], pa.string()),
            "address": pa.array([spec.address for spec in points], pa.string()),
            "since_us": pa.array([_us(spec.since_utc, ALWAYS_US) for spec in points], pa.int64()),
            "until_us": pa.array([_us(spec.until_utc, NEVER_US) for spec in points], pa.int64()),
            "counter": pa.array([spec.shape == "counter" for spec in points], pa.bool_()),
            "interval_s": pa.array([spec.interval_s for spec in points], pa.int64()),
            "low": pa.array([_exact(spec.low, 6) for spec in points], _BOUND),
            "high": pa.array([_exact(spec.high, 6) for spec in points], _BOUND),
            "multiplier": pa.array([_exact(spec.multiplier, 9) for spec in points], _FACTOR),
            "sign": pa.array([spec.sign for spec in points], pa.int32()),
            "parted": pa.array([spec.parted for spec in points], pa.bool_()),
            "checked": pa.array([spec.checked for spec in points], pa.bool_()),
            "drift": pa.array([spec.drift for spec in points], pa.bool_()),
            "peak_times": pa.array([spec.peak_times for spec in points], pa.int32()),
            "peak_floor": pa.array([float(spec.peak_floor) for spec in points], pa.float64()),
            "undetected_zero": pa.array([spec.undetected_zero for spec in points], pa.bool_()),
        }
    )


def meters(points: Sequence[PointSpec], zone: ZoneInfo) -> Meters:
    """The same for counters. One meter: one point, in force over the same time, with one multiplier and sign."""
    keys = [(s.point, s.since_utc, s.until_utc, s.multiplier, s.sign) for s in points]
    numbers = {key: index for index, key in enumerate(dict.fromkeys(keys))}
    ratios = [spec.multiplier.as_integer_ratio() for spec in points]
    return Meters(
        series=np.array([numbers[key] for key in keys], np.int64),
        interval_us=np.array([(s.interval_s or 3600) * 1_000_000 for s in points], np.int64),
        numerator=[top for top, _ in ratios],
        denominator=[bottom for _, bottom in ratios],
        sign=np.array([spec.sign for spec in points], np.int64),
        since_us=np.array([_us(spec.since_utc, ALWAYS_US) for spec in points], np.int64),
        until_us=np.array([_us(spec.until_utc, NEVER_US) for spec in points], np.int64),
        modulus=np.array([10 ** (spec.digits + 6) if 0 < spec.digits <= 12 else 0 for spec in points], np.int64),
        changes=_changes(points),
        daily=np.array([spec.daily_reset for spec in points], bool),
        parted=np.array([spec.parted for spec in points], bool),
        zone=zone,
    )


def _changes(points: Sequence[PointSpec]) -> pa.Table:
    """What is known of meter changes as register readings: the old meter's last, the new one's first, by sid."""
    codes = sorted({spec.point for spec in points})
    numbers = {code: index for index, code in enumerate(codes)}
    rows: dict[tuple[str, int, bool], tuple[int, int, int, bool, Decimal]] = {}
    for sid, spec in enumerate(points):
        since, until = _us(spec.since_utc, ALWAYS_US), _us(spec.until_utc, NEVER_US)
        for change in spec.changes:
            at = to_us(change.at_utc)
            if since < at <= until:
                rows.setdefault((spec.point, at, False), (numbers[spec.point], sid, at, False, change.closing))
            if since <= at < until:
                rows.setdefault((spec.point, at, True), (numbers[spec.point], sid, at, True, change.opening))
    columns = list(zip(*rows.values(), strict=True)) or [()] * 5
    return pa.table([pa.array(values, kind) for values, kind in zip(columns, CHANGES.types, strict=True)], CHANGES)


def phase_us(zone: ZoneInfo) -> int:
    """By how much the zone's hours lag UTC's: zero nearly everywhere, half an hour in India."""
    return _offset_us(zone) % HOUR_US


def _offset_us(zone: ZoneInfo) -> int:
    offset = datetime(2020, 1, 1, tzinfo=zone).utcoffset()
    return 0 if offset is None else int(offset.total_seconds() * 1_000_000)


def _us(at: datetime | None, otherwise: int) -> int:
    return otherwise if at is None else to_us(at)


def _exact(value: Decimal | None, places: int) -> Decimal | None:
    return None if value is None else value.quantize(Decimal(1).scaleb(-places))


# In which order the readings of an instant count.
RECEIVED = "corrected DESC, CASE WHEN corrected THEN -epoch_us(recorded_at) ELSE epoch_us(recorded_at) END"
# Numbers by which devices say that they have none, and those of full registers among them (quality.bounds).
_SENTINELS = ", ".join(str(value) for value in sorted(sentinels()))
_SATURATED = ", ".join(str(value) for value, row in sorted(sentinels().items()) if row.kind == "saturation")
# What a reading says to its point: scaled by the multiplier, stopped, usable, and with the point's sign. What is
# stamped long after its own receipt is of no hour; what an instrument shows below zero while it only drifts is zero.
_MATCHED = f"""
    SELECT s.pid, s.sid, epoch_us(r."at") AS at_us, coalesce(r.flag, '') AS mark, r.entry, r.recorded_at,
           starts_with(r.address, '{CORRECTED}') AS corrected,
           r.value AS raw,
           CASE WHEN s.multiplier = 1 THEN CAST(r.value AS DECIMAL(28,6))
                ELSE TRY_CAST(CAST(r.value AS DECIMAL(38,6)) * s.multiplier AS DECIMAL(28,6)) END AS scaled,
           mark IN {STOPPED} AS stopped,
           mark IN {USABLE} AND NOT (s.counter AND mark = '{BELOW}') AND scaled IS NOT NULL
               AND coalesce(scaled >= s.low, true) AND coalesce(scaled <= s.high, true) AS usable,
           CASE WHEN s.drift AND scaled < 0 OR s.undetected_zero AND mark = '{BELOW}' THEN 0
                WHEN s.sign = 1 THEN scaled ELSE -scaled END AS signed,
           s.checked AND r.value IN ({_SENTINELS}) AS suspect, suspect AND r.value IN ({_SATURATED}) AS saturated,
           s.parted, s.interval_s
    FROM readings r JOIN specs s ON r.address = s.address
    WHERE (NOT s.checked OR r."at" <= r.recorded_at + INTERVAL {FUTURE_S} SECOND)
          AND epoch_us(r."at") >= s.since_us AND epoch_us(r."at") < s.until_us AND s.counter = {{counter}} {{span}}
"""

# The reading that counts at each (point, instant): the newest correction, else the first recorded. What was corrected
# is no conflict any more.
_FIRSTS = f"""
matched AS MATERIALIZED ({_MATCHED}),
twice AS MATERIALIZED (SELECT pid, at_us FROM matched GROUP BY ALL HAVING count(*) > 1),
judged AS (
    SELECT *, false AS conflict FROM matched ANTI JOIN twice USING (pid, at_us)
    UNION ALL BY NAME
    SELECT *, NOT bool_or(corrected) OVER same
              AND coalesce(min(scaled) OVER same <> max(scaled) OVER same, false) AS conflict
    FROM matched SEMI JOIN twice USING (pid, at_us)
    WINDOW same AS (PARTITION BY pid, at_us),
           received AS (PARTITION BY pid, at_us ORDER BY {RECEIVED}, length(entry), entry, raw, mark, sid)
    QUALIFY row_number() OVER received = 1
)
"""

# How many readings an hour of the point owes; a point read less than hourly owes one where one came.
_DUE_AN_HOUR = "CASE WHEN interval_s <= 0 THEN 0 WHEN interval_s >= 3600 THEN 1 ELSE 3600 // interval_s END"


def level_hours(phase: int) -> str:
    """Hours of amounts, means, instants, states and samples from `readings` and `specs`, as if no instant came twice
    and no number stood for none.

    `clean` says of which hours that is certain: as many readings as different minutes, and no such number. The others
    must be made again by `exact_hours`; nearly none are, and looking for instants that came twice costs more than all
    the rest.
    """
    matched = _MATCHED.format(counter="false", span="")
    minute = f"(at_us - ({_hour(phase)})) // 60000000"
    clean = f"bit_count(bit_or(CAST(1 AS UBIGINT) << CAST({minute} AS UBIGINT))) = count(*) AND NOT bool_or(suspect)"
    return f"""
    WITH judged AS (SELECT * REPLACE (usable AND NOT suspect AS usable), false AS conflict FROM ({matched}))
    SELECT {_aggregates(phase)}, {clean} AS clean, CAST(count(*) FILTER (saturated) AS INTEGER) AS saturated
    FROM judged GROUP BY ALL
    """


# The hours that must be made again, of `quick` hours with their park `day`: those not clean, and those that stand far
# above their day. peak: from which size on a value of that day is in doubt; largest and lowest: what of the
# day, above and below zero, backs a sentinel; fully: saturation may be believed, for it came once.
DOUBTFUL_HOURS = f"""
WITH sizes AS (
    SELECT q.pid, q.hour_us, q.day, q.clean, q.saturated, s.peak_times, s.peak_floor,
           CAST(greatest(abs(q.minimum), abs(q.maximum)) AS DOUBLE) AS size,
           CAST(greatest(q.maximum, 0) AS DOUBLE) AS above, CAST(greatest(-q.minimum, 0) AS DOUBLE) AS below
    FROM quick q
    JOIN (SELECT pid, max(peak_times) AS peak_times, max(peak_floor) AS peak_floor FROM specs GROUP BY pid) s USING
    (pid)
), days AS (
    SELECT pid, day, any_value(peak_times) * greatest(median(size) FILTER (size > 0), any_value(peak_floor)) AS asked,
           count(*) FILTER (size > 0) AS hours, any_value(peak_times) > 0 AS judged, sum(saturated) < 2 AS fully
    FROM sizes GROUP BY ALL HAVING NOT bool_and(clean) OR (judged AND max(size) >= asked)
), limits AS (
    SELECT pid, day, fully, CASE WHEN judged AND hours >= {LEAST_HOURS}
           AND (SELECT count(*) FROM sizes z WHERE z.pid = d.pid AND z.day = d.day AND z.size >= d.asked)
               BETWEEN 1 AND {MOST_PEAKS} THEN asked END AS peak
    FROM days d
), backing AS (
    SELECT pid, day, coalesce(max(above) FILTER (l.peak IS NULL OR size < l.peak), 0) AS largest,
           coalesce(max(below) FILTER (l.peak IS NULL OR size < l.peak), 0) AS lowest
    FROM sizes JOIN limits l USING (pid, day) GROUP BY ALL
)
SELECT z.pid, z.hour_us, any_value(l.peak) AS peak, any_value(l.fully) AS fully,
       any_value(b.largest) AS largest, any_value(b.lowest) AS lowest
FROM sizes z JOIN limits l USING (pid, day) JOIN backing b USING (pid, day)
WHERE NOT z.clean OR z.size >= l.peak GROUP BY ALL
"""


def exact_hours(phase: int) -> str:
    """The same for the hours of `doubtful` (see DOUBTFUL_HOURS), of several values at an instant the first recorded."""
    hour = _hour(phase, 'epoch_us(r."at")')
    span = f"AND (s.pid, {hour}) IN (SELECT (pid, hour_us) FROM doubtful)"
    size, said = "CAST(abs(scaled) AS DOUBLE)", "CASE WHEN signed = -scaled THEN -scaled ELSE scaled END"
    beside = f"CASE WHEN {said} < 0 THEN d.lowest ELSE d.largest END"
    backed = (
        f"CASE WHEN suspect THEN {size} <= {BACKED} * {beside} AND (d.fully OR NOT saturated) "
        f"ELSE coalesce({size} < d.peak, true) END"
    )
    return f"""
    WITH {_FIRSTS.format(counter="false", span=span)},
    believed AS (
        SELECT j.* REPLACE (usable AND {backed} AS usable)
        FROM judged j JOIN doubtful d ON d.pid = j.pid AND d.hour_us = {_hour(phase)}
    )
    SELECT {_aggregates(phase)}, true AS clean, 0::INTEGER AS saturated FROM believed GROUP BY ALL
    """


def _hour(phase: int, at_us: str = "at_us") -> str:
    return f"{at_us} - ((({at_us} + {phase}) % {HOUR_US}) + {HOUR_US}) % {HOUR_US}"


def _aggregates(phase: int) -> str:
    return f"""
           pid, {_hour(phase)} AS hour_us,
           CAST(sum(signed) FILTER (usable) AS DECIMAL(28,6)) AS total,
           CAST(count(*) FILTER (usable) AS INTEGER) AS readings,
           CAST(count(*) FILTER (stopped) AS INTEGER) AS stopped,
           CAST(min(signed) FILTER (usable) AS DECIMAL(28,6)) AS minimum,
           CAST(max(signed) FILTER (usable) AS DECIMAL(28,6)) AS maximum,
           CAST(count(*) FILTER (NOT usable AND NOT stopped) AS INTEGER) AS invalid,
           CAST(count(*) FILTER (conflict) AS INTEGER) AS conflicts,
           false AS estimated,
           arg_min(entry, at_us) AS first_entry,
           list({{'at': CAST((at_us - ({_hour(phase)})) // 1000 AS INTEGER), 'lasts': CAST(NULL AS INTEGER),
                  'value': CAST(signed AS DECIMAL(28,6)), 'below': mark = '{BELOW}'}})
               FILTER (usable AND (mark = '{BELOW}' OR parted AND (interval_s <> 3600 OR at_us <> ({_hour(phase)}))))
               AS parts"""


def counter_readings() -> str:
    """The register readings that count, in order, from `readings` and `specs`."""
    return f"""
    WITH {_FIRSTS.format(counter="true", span="")}
    SELECT pid, sid, at_us, raw, usable, stopped, conflict, entry FROM judged ORDER BY pid, at_us
    """


def nearest(count: int, before: bool, near_us: int, reach_us: int) -> str:
    """The usable register readings before lo_us, or from hi_us on, for each pid of `edges`: all within near_us, and of
    those that show zero and of those that do not the `count` nearest each, within reach_us."""
    side, order = ("j.at_us < e.lo_us", "DESC") if before else ("j.at_us >= e.hi_us", "ASC")
    near = f"j.at_us >= e.lo_us - {near_us}" if before else f"j.at_us < e.hi_us + {near_us}"
    ends = (f"min(lo_us) - {reach_us}", "max(lo_us)") if before else ("min(hi_us)", f"max(hi_us) + {reach_us}")
    span = " ".join(
        f'AND r."at" {sign} make_timestamptz((SELECT {end} FROM edges))'
        for sign, end in zip((">=", "<="), ends, strict=True)
    )
    return f"""
    WITH {_FIRSTS.format(counter="true", span=span)}
    SELECT j.pid, j.sid, j.at_us, j.raw, j.usable, j.stopped, j.conflict, j.entry
    FROM judged j JOIN edges e USING (pid) WHERE j.usable AND {side}
    QUALIFY {near} OR row_number() OVER (PARTITION BY j.pid, j.raw = 0 ORDER BY j.at_us {order}) <= {count}
    """


FINISHED_HOURS = f"""
SELECT s.point, make_timestamptz(h.hour_us) AS hour, h.total, h.readings,
       CAST(greatest(0, CASE WHEN s.interval_s <= 3600 THEN {_DUE_AN_HOUR}
                             ELSE least(1, h.readings + h.invalid + h.stopped) END - h.stopped) AS INTEGER) AS due,
       h.minimum, h.maximum, h.invalid, h.conflicts, h.estimated, h.first_entry, list_sort(h.parts) AS parts, h.day
FROM hours h JOIN (SELECT pid, min(point) AS point, min(interval_s) AS interval_s FROM specs GROUP BY pid) s USING (pid)
"""

# A day owes what was in force of it: `days` gives its span, `specs` since and until. Stops lower what the hours owe,
# and so the day. An hour is valid from a share of its readings on, a counter's when it was measured.
DAYS_OF_HOURS = f"""
WITH owed AS (
    SELECT s.point, d.day, min(s.interval_s) AS interval_s, bool_or(s.counter) AS counter,
           (max(least(s.until_us, d.end_us)) - min(greatest(s.since_us, d.start_us))) // 1000000 AS seconds
    FROM specs s JOIN days d ON s.since_us < d.end_us AND s.until_us > d.start_us GROUP BY s.point, d.day
), counted AS (
    SELECT h.*, o.counter, o.seconds, o.interval_s, {_DUE_AN_HOUR} AS an_hour FROM hourly h
    JOIN owed o ON h.point = o.point AND h.day = o.day
)
SELECT point, day, CAST(sum(total) AS DECIMAL(28,6)) AS total, CAST(sum(readings) AS INTEGER) AS readings,
       CAST(CASE WHEN any_value(interval_s) <= 0 THEN 0
                 WHEN any_value(interval_s) > 3600 THEN greatest(1, any_value(seconds) // any_value(interval_s))
                 ELSE greatest(0, any_value(seconds) // any_value(interval_s) - sum(an_hour - due))
            END AS INTEGER) AS due,
       min(minimum) AS minimum, max(maximum) AS maximum, CAST(sum(invalid) AS INTEGER) AS invalid,
       CAST(sum(conflicts) AS INTEGER) AS conflicts, bool_or(estimated) AS estimated,
       arg_min(first_entry, hour) AS first_entry,
       CAST(count(*) FILTER (total IS NOT NULL AND NOT estimated
                            AND (counter OR {_OF} * readings >= {_VALID} * an_hour))
            AS SMALLINT) AS hours
FROM counted GROUP BY point, day
"""
