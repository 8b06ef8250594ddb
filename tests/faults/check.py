"""Counts what became of acknowledged frames, with DuckDB and the open formats alone. Imports nothing of the project.

`python check.py LAKE LIST` reads the Delta log of LAKE/readings by hand, then the Parquet files that are active by it,
and prints JSON: acknowledged, found (both readings of the frame, each once), doubled, lost, wrong, rows, commits.
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
          FROM {source}))
GROUP BY ALL
"""
EMPTY = """(SELECT '' AS address, TIMESTAMP '2025-01-01' AS "at", 0.0 AS value WHERE false)"""


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


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("lake", type=Path)
    parser.add_argument("acknowledged", type=Path)
    given = parser.parse_args()
    print(json.dumps(count(given.lake, given.acknowledged, torn_tail=False)))
