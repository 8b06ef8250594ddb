"""Readings are never changed: a correction stands before them with person, reason and evidence; the figures of any day
can be had again as they were known then; a meter change is a fact like readings."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from park_packages import write_package

from xietong.journal import find, read
from xietong.lake.store import Lake

pytestmark = pytest.mark.slow
POINTS = """code,subject,quantity,item,unit,shape,interval_s,low,high,source,since,until,digits
A,E01,energy,electricity_purchased,kWh,amount,3600,0,5000,sheet,2025-01-01,,
B,W01,energy,electricity_purchased,kWh,counter,3600,,,sheet,2025-01-01,,
"""
DAY = "".join(f"A,2025-01-01T{hour:02d}:00,10\n" for hour in range(24))
# The register of B: 1000 at midnight, 10 an hour; at 12:30 a meter that shows 40 takes its place.
OLD = "".join(f"B,2025-01-01T{hour:02d}:00,{1000 + 10 * hour}\n" for hour in range(13))
NEW = "".join(f"B,2025-01-01T{hour:02d}:00,{45 + 10 * (hour - 13)}\n" for hour in range(13, 24))
CHANGE = "subject,kind,start,point,closing,opening,evidence\nW01,meter_change,2025-01-01T12:30,B,1125,40,sheet-17\n"


def run(data: Path, *arguments: object, status: int = 0) -> str:
    command = [sys.executable, "-m", "xietong", *map(str, arguments), "--data", str(data)]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "DATABASE_URL": ""}, timeout=120)
    assert done.returncode == status, done.stderr
    return done.stdout if status in (0, 3) else done.stderr


def electricity(data: Path, subject: str, *more: str) -> float:
    """MWh of the day by the account."""
    answer = run(
        data,
        "account",
        "--subject",
        subject,
        "--period",
        "2025-01-01",
        "--key",
        "electricity_purchased",
        "--json",
        *more,
    )
    value = next(each["value"] for each in json.loads(answer)["figures"] if each["key"] == "electricity_purchased")
    assert isinstance(value, float)
    return value


def readings_of(data: Path, code: str) -> list[dict[str, Any]]:
    addresses = [f"sheet:{code}", f"corrected:{code}"]
    span = datetime(2024, 12, 31, tzinfo=UTC), datetime(2025, 1, 3, tzinfo=UTC)
    return list(Lake(data / "lake", ZoneInfo("Asia/Shanghai")).readings(addresses, *span).to_pylist())


def hours_of(data: Path) -> list[dict[str, Any]]:
    span = datetime(2024, 12, 31, 16, tzinfo=UTC), datetime(2025, 1, 1, 16, tzinfo=UTC)
    return list(Lake(data / "lake", ZoneInfo("Asia/Shanghai")).hourly(["B"], *span).to_pylist())


@pytest.fixture
def data(tmp_path: Path) -> Path:
    readings = "point,at,value\n" + DAY + OLD + NEW
    folder = write_package(tmp_path / "package", {"points.csv": POINTS, "limits.csv": None, "readings.csv": readings})
    run(tmp_path / "data", "load", folder, "--json")
    return tmp_path / "data"


def test_a_correction_counts_and_everything_stays(data: Path, tmp_path: Path) -> None:
    assert electricity(data, "E01") == 0.24
    before = datetime.now(UTC).isoformat()
    sheet, proof = tmp_path / "right.csv", tmp_path / "photo.jpg"
    sheet.write_text("point,at,value,flag\nA,2025-01-01T05:00,16,\nA,2025-01-01T06:00,10,X\n")
    proof.write_bytes(b"a photograph of the meter")
    refused = run(data, "import", sheet, "--corrects", status=2)
    assert "理由" in refused
    reason = ("--reason", "抄错一位", "--evidence", proof, "--who", "wang")
    answer = json.loads(run(data, "import", sheet, "--corrects", *reason, "--json"))
    assert (answer["accepted"], answer["readings"]) == (2, 2)
    assert electricity(data, "E01") == 0.236  # 16 for 10 at five, nothing known at six
    assert electricity(data, "E01", "--as-of", before) == 0.24
    at_five = [row for row in readings_of(data, "A") if row["at"] == datetime(2024, 12, 31, 21, tzinfo=UTC)]
    assert sorted(float(row["value"]) for row in at_five) == [10, 16]
    told = json.loads(find(data / "journal", answer["entries"]["right.csv"]).payload)
    assert (told["purpose"], told["who"], told["reason"]) == ("correction", "wang", "抄错一位")
    assert "photo.jpg" in answer["entries"]

    sheet.write_text("point,at,value,flag\nA,2025-01-01T05:00,10,\nA,2025-01-01T06:00,10,\n")
    run(data, "import", sheet, "--corrects", "--reason", "原值无误")
    assert electricity(data, "E01") == 0.24
    assert len(readings_of(data, "A")) == 24 + 4


def test_corrections_that_were_exported_are_corrections_where_they_are_loaded(data: Path, tmp_path: Path) -> None:
    """Twice corrected, once withdrawn: the copy says what the park says, with who and why, and doubts nothing more."""
    sheet = tmp_path / "right.csv"
    for who, reason, rows in (
        ("wang", "抄错一位", "A,2025-01-01T05:00,16,\nA,2025-01-01T06:00,10,X\n"),
        ("li", "复核后再改", "A,2025-01-01T05:00,17,\n"),
    ):
        sheet.write_text("point,at,value,flag\n" + rows)
        run(data, "import", sheet, "--corrects", "--reason", reason, "--who", who)
    assert electricity(data, "E01") == 0.237
    run(data, "export", tmp_path / "out")
    names = sorted(path.name for path in (tmp_path / "out").glob("readings*"))
    corrections = ["readings-corrections-0001.parquet", "readings-corrections-0002.parquet"]
    assert names == ["readings-2025-01.parquet", *corrections]
    copy = tmp_path / "copy"
    for _ in range(2):  # loaded twice it is the same
        assert json.loads(run(copy, "load", tmp_path / "out", "--json"))["rejected"] == []
        assert electricity(copy, "E01") == 0.237
        assert [case["kind"] for case in json.loads(run(copy, "quality", "--json"))["cases"]].count("conflict") == 0
        assert len(readings_of(copy, "A")) == 24 + 3
    run(copy, "export", tmp_path / "again")
    for name in names:
        assert (tmp_path / "again" / name).read_bytes() == (tmp_path / "out" / name).read_bytes()
    told = [json.loads(entry.payload) for entry in read(copy / "journal", "cli-0") if entry.kind == "file"]
    assert [(each["who"], each["reason"]) for each in told if each.get("purpose") == "correction"] == [
        ("li", "复核后再改"),
        ("wang", "抄错一位"),
    ]


def test_a_recorded_meter_change_joins_what_flowed_before_and_after_it(data: Path, tmp_path: Path) -> None:
    """230 kWh from the register of 00:00 to that of 23:00; unrecorded, the hour of the change is an estimate."""
    assert electricity(data, "W01") == 0.23
    assert [number for number, row in enumerate(hours_of(data)) if row["estimated"]] == [12]
    assert "meter_change" in run(data, "quality", "--json")
    package = write_package(tmp_path / "second", {"points.csv": POINTS, "limits.csv": None, "events.csv": CHANGE})
    assert json.loads(run(data, "load", package, "--json"))["rejected"] == []
    assert electricity(data, "W01") == 0.23
    assert [float(row["total"]) for row in hours_of(data) if row["total"] is not None] == [10.0] * 23
    assert not any(row["estimated"] for row in hours_of(data))
    assert "meter_change" not in run(data, "quality", "--json")


def test_a_meter_change_without_its_registers_is_refused_by_cell(tmp_path: Path) -> None:
    lacking = CHANGE.replace("1125,40", "1125,")
    folder = write_package(tmp_path / "package", {"points.csv": POINTS, "limits.csv": None, "events.csv": lacking})
    answer = json.loads(run(tmp_path / "data", "load", folder, "--json", status=3))
    assert [(each["file"], each["row"], each["column"], each["rule"]) for each in answer["rejected"]] == [
        ("events.csv", 2, "opening", "required")
    ]
