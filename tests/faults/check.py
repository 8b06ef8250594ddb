"""Counts what became of acknowledged frames, with DuckDB and the open formats alone. Imports nothing of the project.

`python check.py LAKE LIST` reads the Delta log of LAKE/readings by hand, then the Parquet files that are active by it,
and prints JSON: acknowledged, found (both readings of the frame, each once), doubled, lost, wrong, rows, commits.

`python check.py LAKE LISTS --doors` does so for every door that acknowledges, with a list for each in the folder LISTS,
and holds the hours of LAKE/hourly against the readings, each counted once: {door: {acknowledged, found, lost, wrong,
repeated, doubled}}. A reading is repeated where it lies in the lake twice, with one instant and value; doubled where
an hour has counted it twice (or not at all).
"""

import argparse
import json
from pathlib import Path
from typing import Any

import duckdb

# device, second and value of every reading; devices write times of UTC+8 and values made from device and second.
READINGS = """
CREATE TABLE found AS SELECT device, second, code, count(*) AS times, count(*) FILTER (NOT is_right) AS wrong FROM (
    SELECT *, value = CASE code WHEN 'a34013' THEN second + device / 10 ELSE second + 0.5 + device / 100 END AS is_right
    FROM (SELECT regexp_extract(address, 'FAULT(\\d+)/', 1)::INT AS device,
                 regexp_extract(address, '/(\\w+)/Rtd@2011$', 1) AS code,
                 epoch_us("at" - INTERVAL 0 HOUR) // 1000000 - epoch(TIMESTAMP '2025-03-13 16:00:00')::BIGINT AS second,
                 value::DECIMAL(18, 2) AS value
          FROM {source} WHERE address LIKE 'hj212:%'))
GROUP BY ALL
"""
EMPTY = """(SELECT '' AS address, TIMESTAMP '2025-01-01' AS "at", 0.0 AS value WHERE false)"""
# Of each door: the addresses of its senders, the code of their points and how many have one, and whether a reading's
# second is told by its value alone.
DOORS = {
    "hj212": ("hj212:FAULT{}/a34013/Rtd@2011", "HJ", 1, False),
    "mqtt": ("mqtt:fault/{}#n", "MQTT", 9, False),
    "mqtt-plain": ("mqtt:plain/{}#", "PLAIN", 9, True),
    "push": ("sheet:PUSH{}", "PUSH", 9, False),
    "import": ("sheet:FILE{}", "FILE", 9, False),
}
SENDERS = 10
ALL_DOORS = """
CREATE TABLE readings AS
SELECT door, device, "at", value::DECIMAL(18, 2) AS value,
       CASE WHEN by_value THEN floor(value)::BIGINT
            ELSE epoch_us("at") // 1000000 - epoch(TIMESTAMP '2025-03-13 16:00:00')::BIGINT END AS second
FROM {source} JOIN senders USING (address)
"""
DOOR = """
CREATE OR REPLACE TABLE found AS
SELECT device, second, min("at") AS "at", any_value(value) AS value, count(*) AS times,
       count(DISTINCT ("at", value)) AS different, bool_or(value <> second + device / 10) AS wrong
FROM readings WHERE door = '{door}' GROUP BY ALL
"""
# By how many readings the platform's hours differ from what is there, each counted once; or their sums do.
DOUBLED = """
SELECT coalesce(sum(abs(coalesce(counted, 0) - coalesce(there, 0)) + (total IS DISTINCT FROM whole)::INT), 0)::BIGINT
FROM (SELECT device, date_trunc('hour', "at") AS hour, count(*) AS there, sum(value) AS whole FROM found GROUP BY ALL)
FULL JOIN (SELECT regexp_extract(point, '^{points}(\\d+)$', 1)::INT AS device, hour, readings AS counted, total
           FROM {hourly} WHERE regexp_matches(point, '^{points}\\d+$')) USING (device, hour)
WHERE device < {senders}
"""
NO_HOURS = """(SELECT '' AS point, TIMESTAMPTZ '2025-01-01' AS hour, 0 AS readings, 0.0 AS total WHERE false)"""


def log_entries(log: Path, torn_tail: bool) -> list[list[dict[str, Any]]]:
    """The actions of each commit from the last checkpoint on, a checkpoint first."""
    commits = []
    checkpoints = sorted(log.glob("*.checkpoint.parquet"))
    versions = sorted(log.glob("*.json"))
    if checkpoints and not (versions and int(versions[0].stem) == 0):
        found = duckdb.execute(f"SELECT add FROM read_parquet('{checkpoints[-1]}') WHERE add IS NOT NULL")
        commits.append([{"add": row[0]} for row in found.fetchall()])
        versions = [path for path in versions if int(path.stem) > int(checkpoints[-1].name[:20])]
    for number, path in enumerate(versions):
        try:
            commits.append(actions_of(path))
        except (ValueError, LookupError):
            if not (torn_tail and number == len(versions) - 1):
                raise
    return commits


def actions_of(entry: Path) -> list[dict[str, Any]]:
    """The actions of one commit; ValueError or LookupError where it is not all there."""
    actions: list[dict[str, Any]] = [json.loads(line) for line in entry.read_text().splitlines()]
    if len(actions) != actions[0]["commitInfo"].get("lines", len(actions)):
        raise ValueError(f"{entry} has {len(actions)} lines")
    return actions


def active_files(table: Path, torn_tail: bool) -> tuple[list[str], int]:
    """The files of the newest version, and the number of commits that were read."""
    log = table / "_delta_log"
    files: dict[str, None] = {}
    commits = log_entries(log, torn_tail) if log.is_dir() else []
    for actions in commits:
        for action in actions:
            if action.get("add"):
                files[action["add"]["path"]] = None
            if action.get("remove"):
                files.pop(action["remove"]["path"], None)
    return [str(table / path.replace("%3D", "=")) for path in files], len(commits)


def count(lake: Path, acknowledged: Path, torn_tail: bool) -> dict[str, int]:
    """torn_tail: a newest log entry that a power cut left unfinished is passed over: nobody has recovered yet."""
    files, commits = active_files(lake / "readings", torn_tail)
    with duckdb.connect() as db:
        db.execute("SET TimeZone = 'UTC'")
        source = f"read_parquet({files!r}, hive_partitioning = false)" if files else EMPTY
        db.execute(READINGS.format(source=source))
        db.execute("CREATE TABLE acknowledged (device INT, second INT)")
        if acknowledged.stat().st_size:
            db.execute(f"COPY acknowledged FROM '{acknowledged}' (DELIMITER ' ', HEADER false)")
        asked = {
            "acknowledged": "SELECT count(*) FROM acknowledged",
            "found": """SELECT count(*) FROM (SELECT device, second FROM acknowledged JOIN found USING (device, second)
                        GROUP BY ALL HAVING count(*) = 2 AND max(times) = 1)""",
            "lost": """SELECT count(*) FROM acknowledged a WHERE 2 >
                       (SELECT count(*) FROM found f WHERE f.device = a.device AND f.second = a.second)""",
            "doubled": "SELECT count(*) FROM found WHERE times > 1",
            "wrong": "SELECT coalesce(sum(wrong), 0)::BIGINT FROM found",
            "rows": "SELECT coalesce(sum(times), 0)::BIGINT FROM found",
        }
        answers = {name: db.execute(sql).fetchall()[0][0] for name, sql in asked.items()}
    return answers | {"commits": commits}


def read_doors(db: duckdb.DuckDBPyConnection, files: list[str], lists: Path) -> None:
    """The readings of every door in these files, and what the doors acknowledged, as tables."""
    senders = [
        (template.format(device), door, device, by_value)
        for door, (template, _, _, by_value) in DOORS.items()
        for device in range(SENDERS)
    ]
    db.execute("SET TimeZone = 'UTC'")
    db.execute("CREATE TABLE senders (address VARCHAR, door VARCHAR, device INT, by_value BOOLEAN)")
    db.executemany("INSERT INTO senders VALUES (?, ?, ?, ?)", senders)
    source = f"read_parquet({files!r}, hive_partitioning = false)" if files else EMPTY
    db.execute(ALL_DOORS.format(source=source))
    db.execute("CREATE TABLE acknowledged (door VARCHAR, device INT, second INT)")
    for door in DOORS:
        if (lists / door).stat().st_size:
            listed = f"read_csv('{lists / door}', delim = ' ', header = false, names = ['device', 'second'])"
            db.execute(f"INSERT INTO acknowledged SELECT '{door}', device, second FROM {listed}")


def waiting(files: list[str], lists: Path) -> list[str]:
    """The doors that have acknowledged what is not in these files."""
    with duckdb.connect() as db:
        read_doors(db, files, lists)
        missing = "SELECT DISTINCT door FROM acknowledged ANTI JOIN readings USING (door, device, second)"
        return [door for (door,) in db.execute(missing).fetchall()]


def asked(db: duckdb.DuckDBPyConnection, sql: str) -> int:
    """The one number that a question answers."""
    return int(db.execute(sql).fetchall()[0][0])


def count_doors(lake: Path, lists: Path) -> dict[str, dict[str, int]]:
    """What became of every door's list; hours are judged, so settle must have rolled up."""
    readings, hours = (active_files(lake / table, torn_tail=False)[0] for table in ("readings", "hourly"))
    hourly = f"read_parquet({hours!r}, hive_partitioning = false)" if hours else NO_HOURS
    answers = {}
    with duckdb.connect() as db:
        read_doors(db, readings, lists)
        for door, (_, points, senders, _) in DOORS.items():
            db.execute(DOOR.format(door=door))
            mine = f"(SELECT device, second FROM acknowledged WHERE door = '{door}')"
            acknowledged = asked(db, f"SELECT count(*) FROM {mine}")
            missing = asked(db, f"SELECT count(*) FROM {mine} ANTI JOIN found USING (device, second)")
            answers[door] = {
                "acknowledged": acknowledged,
                "found": acknowledged - missing,
                "lost": missing,
                "wrong": asked(db, "SELECT count(*) FROM found WHERE wrong OR different > 1"),
                "repeated": asked(db, "SELECT coalesce(sum(times - 1), 0)::BIGINT FROM found"),
                "doubled": asked(db, DOUBLED.format(points=points, hourly=hourly, senders=senders)),
            }
    return answers


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("lake", type=Path)
    parser.add_argument("acknowledged", type=Path)
    parser.add_argument("--doors", action="store_true")
    given = parser.parse_args()
    counted = (
        count_doors(given.lake, given.acknowledged)
        if given.doors
        else count(given.lake, given.acknowledged, torn_tail=False)
    )
    print(json.dumps(counted))
