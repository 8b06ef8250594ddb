"""The limit of `xietong bench account`: the bare sums behind its figures, by DuckDB alone. Nothing of ours, no working.

Usage: bare_account.py FOLDER [THREADS]. Months and the year of every point's daily totals and of every statement, by
enterprise, zone, sector and park, and concentration times flow of every hour of every outlet. Prints the seconds, the
start of Python left out, and how many sums there are.
"""

import sys
import time
from pathlib import Path

import duckdb

SUMS = """
CREATE TEMP TABLE metered AS
  SELECT enterprise, item, month(day) AS month, sum(total) AS amount
  FROM read_parquet('{daily}') JOIN points USING (point) WHERE role = 'total' GROUP BY ALL;
CREATE TEMP TABLE emitted AS
  SELECT c.enterprise, c.item, month(c.hour AT TIME ZONE 'Asia/Shanghai') AS month, sum(c.total * f.total) AS amount
  FROM (SELECT * FROM read_parquet('{hourly}') JOIN points USING (point) WHERE kind = 'concentration') c
  JOIN (SELECT * FROM read_parquet('{hourly}') JOIN points USING (point) WHERE kind = 'flow') f
    ON c.outlet = f.outlet AND c.hour = f.hour GROUP BY ALL;
CREATE TEMP TABLE stated AS
  SELECT enterprise, item, month, sum(amount) AS amount FROM read_parquet('{stated}') GROUP BY ALL;
CREATE TEMP TABLE months AS
  SELECT * FROM metered UNION ALL SELECT * FROM emitted UNION ALL SELECT * FROM stated;
"""
ANSWER = """
SELECT coalesce(enterprise, zone, sector, 'PARK') AS subject, item, month, sum(amount)
FROM months JOIN enterprises USING (enterprise)
GROUP BY GROUPING SETS ((enterprise, item, month), (enterprise, item), (zone, item, month), (zone, item),
  (sector, item, month), (sector, item), (item, month), (item))
"""


def main() -> None:
    folder, threads = Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "2"
    files = {name: f"{folder}/lake/{name}/*/*.parquet" for name in ("daily", "hourly")}
    with duckdb.connect(config={"threads": threads}) as connection:
        began = time.perf_counter()
        for name in ("points", "enterprises"):
            connection.execute(f"CREATE TEMP TABLE {name} AS FROM read_parquet('{folder}/{name}.parquet')")
        connection.execute(SUMS.format(stated=f"{folder}/stated.parquet", **files))
        sums = connection.execute(ANSWER).fetchall()
        print(time.perf_counter() - began, len(sums))


main()
