"""The commands end to end, each in a process and a data folder of its own, as a person calls them."""

import csv
import gzip
import io
import json
import os
import subprocess
import sys
from collections import Counter
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from laid_beside import laid_beside
from park_packages import FILES, write_package

from xietong.lake.store import Lake
from xietong.periods import Period

pytestmark = pytest.mark.slow
STEEL = "energy/uci-steel-industry-2018-15min.csv.gz"
SHANGHAI = ZoneInfo("Asia/Shanghai")


def xietong(*arguments: object, data: Path, status: int = 0, database: str = "") -> str:
    command = [sys.executable, "-m", "xietong", *map(str, arguments), "--data", str(data)]
    environment = {**os.environ, "DATABASE_URL": database}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120)
    assert done.returncode == status, done.stderr
    return done.stdout if status in (0, 3) else done.stderr


def test_load_export_load_export_gives_the_same_registry_and_the_same_bytes(tmp_path: Path) -> None:
    rows = "".join(f"M1,2025-{month:02d}-03T{hour:02d}:00,{hour}.5,\n" for month in (1, 2) for hour in range(24))
    conflicts = "M1,2025-01-03T00:00,99,\nM1,2025-01-03T00:00,0.25,\n"
    readings: dict[str, str | bytes | None] = {
        "readings-a.csv": "point,at,value,flag\n" + rows,
        "readings-b.csv": "point,at,value,flag\n" + conflicts,
    }
    write_package(tmp_path / "package", readings)
    loaded = json.loads(xietong("load", tmp_path / "package", "--json", data=tmp_path / "one"))
    assert (loaded["accepted"], loaded["rejected"], loaded["settled"]) == (23 + 50, [], True)
    xietong("export", tmp_path / "first", data=tmp_path / "one")
    again = json.loads(xietong("load", tmp_path / "first", "--json", data=tmp_path / "two"))
    assert (again["accepted"], again["rejected"], again["remarks"]) == (23 + 50, [], [])
    xietong("export", tmp_path / "second", data=tmp_path / "two")

    first, second = (
        {path.name: path.read_bytes() for path in (tmp_path / name).iterdir()} for name in ("first", "second")
    )
    assert first == second
    assert {"readings-2025-01.parquet", "readings-2025-02.parquet", "readings-superseded.parquet"} < set(first)
    assert set(FILES) < set(first)
    for data in ("one", "two"):
        day = daily(tmp_path / data, "M1", Period.parse("2025-01"))
        assert [(each["day"], each["total"], each["conflicts"]) for each in day] == [
            (date(2025, 1, 3), sum(Decimal(hour) + Decimal("0.5") for hour in range(24)), 1)
        ]
    whole = json.loads(xietong("load", tmp_path / "second", "--json", data=tmp_path / "one"))
    assert {change["new"] + change["changed"] for name, change in whole["changes"].items() if name != "park"} == {0}


def test_the_data_package_describes_every_file(tmp_path: Path) -> None:
    write_package(tmp_path / "package", {"readings.csv": "point,at,value\nM1,2025-01-03T00:00,1\n"})
    xietong("load", tmp_path / "package", data=tmp_path / "data")
    xietong("export", tmp_path / "out", data=tmp_path / "data")
    document = json.loads((tmp_path / "out/datapackage.json").read_text())
    described = {resource["path"]: resource for resource in document["resources"]}
    written = {path.name for path in (tmp_path / "out").iterdir()}
    assert set(described) == written - {"park.toml", "datapackage.json"}
    reported = described["reported.csv"]
    header, *rows = csv.reader(io.StringIO((tmp_path / "out/reported.csv").read_text()))
    assert [each["name"] for each in reported["schema"]["fields"]] == header
    assert reported["rowCount"] == len(rows) == 5
    assert reported["schema"]["primaryKey"][:3] == ["subject", "period", "item"]
    assert described["readings-2025-01.parquet"]["rowCount"] == 1
    for name, resource in described.items():
        digest = subprocess.run(["sha256sum", tmp_path / "out" / name], capture_output=True, text=True).stdout.split()[
            0
        ]
        assert resource["hash"] == f"sha256:{digest}"
        assert resource["bytes"] == (tmp_path / "out" / name).stat().st_size


def test_bad_rows_and_bad_use_have_their_own_exit_status(tmp_path: Path) -> None:
    bad = FILES["reported.csv"] + "E01,2025-03,coke,-1,t,\n"
    write_package(tmp_path / "bad", {"reported.csv": bad})
    answer = json.loads(xietong("load", tmp_path / "bad", "--json", "--lang", "en", data=tmp_path / "data", status=3))
    assert answer["accepted"] == 23
    [rejected] = answer["rejected"]
    assert {name: rejected[name] for name in ("file", "row", "column", "value", "rule")} == {
        "file": "reported.csv",
        "row": 7,
        "column": "amount",
        "value": "-1",
        "rule": "negative",
    }
    assert rejected["message"].startswith('reported.csv, row 7, column amount: "-1": the amount is negative')
    (tmp_path / "empty").mkdir()
    said = xietong("load", tmp_path / "empty", "--lang", "en", data=tmp_path / "data", status=2)
    assert "no park.toml" in said
    assert said.count("\n") == 1
    assert "cannot be used" in xietong("export", tmp_path / "x", "--lang", "en", data=tmp_path / "new", status=2)
    assert "new folder" in xietong("export", tmp_path / "bad", data=tmp_path / "data", status=2)


def daily(data: Path, point: str, period: Period) -> list[dict[str, Any]]:
    table = Lake(data / "lake", SHANGHAI).daily([point], *period.utc(SHANGHAI))
    rows: list[dict[str, Any]] = table.to_pylist()
    return rows


def steel_rows() -> list[dict[str, str]]:
    with gzip.open(laid_beside(STEEL), "rt", encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def months_of(rows: list[dict[str, str]]) -> Counter[int]:
    """What the file itself says: every row belongs to the day that it names, the one stamped 00:00 too."""
    months: Counter[int] = Counter()
    for row in rows:
        months[int(row["date"][3:5])] += round(Decimal(row["Usage_kWh"]) * 100)
    return months


STEEL_POINTS = "code,subject,quantity,item,unit,shape,interval_s\nM1,E01,energy,electricity_purchased,kWh,amount,900\n"
STEEL_SUBJECTS = "code,kind,name\nE01,enterprise,钢厂\n"
STEEL_MAPPING = """[columns]
at = "date"
value = "Usage_kWh"
[constants]
point = "M1"
[times]
format = "%d/%m/%Y %H:%M"
stamps = "end"
midnight = "closes_its_day"
"""


def steel_park(folder: Path, readings: str | None = None) -> Path:
    none: dict[str, str | bytes | None] = {name: None for name in FILES if name != "park.toml"}
    some = {"subjects.csv": STEEL_SUBJECTS, "points.csv": STEEL_POINTS, "readings.csv": readings}
    return write_package(folder, {**none, **some})


def check_steel(data: Path) -> None:
    days = daily(data, "M1", Period.year(2018))
    assert len(days) == 365
    assert sum(day["total"] for day in days) == Decimal("959640.31")
    months: Counter[int] = Counter()
    for day in days:
        months[day["day"].month] += day["total"]
    assert months[1] == Decimal("126238.29")
    assert {month: total * 100 for month, total in months.items()} == months_of(steel_rows())
    assert {(day["readings"], day["due"], day["conflicts"]) for day in days} == {(96, 96, 0)}


def test_the_steel_works_comes_in_by_a_mapping_to_the_cent(tmp_path: Path) -> None:
    xietong("load", steel_park(tmp_path / "package"), data=tmp_path / "data")
    (tmp_path / "steel.toml").write_text(STEEL_MAPPING)
    answer = json.loads(
        xietong("import", laid_beside(STEEL), "--mapping", tmp_path / "steel.toml", "--json", data=tmp_path / "data")
    )
    assert (answer["accepted"], answer["rejected"], answer["settled"]) == (35040, [], True)
    check_steel(tmp_path / "data")


def test_the_steel_works_comes_in_by_a_park_package_to_the_cent(tmp_path: Path) -> None:
    lines = ["point,at,value"]
    for row in steel_rows():
        day, month, year = row["date"][:10].split("/")
        hour, minute = map(int, row["date"][11:].split(":"))
        start = (hour * 60 + minute - 15) % (24 * 60)
        lines.append(f"M1,{year}-{month}-{day}T{start // 60:02d}:{start % 60:02d},{row['Usage_kWh']}")
    folder = steel_park(tmp_path / "package", "\n".join(lines) + "\n")
    answer = json.loads(xietong("load", folder, "--json", data=tmp_path / "data"))
    assert (answer["accepted"], answer["rejected"]) == (35040 + 2, [])
    check_steel(tmp_path / "data")
