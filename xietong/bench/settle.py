"""`bench settle`: readings a second from the journal to hourly and daily tables, from frames and from a Parquet file.

The file's limit is a bare sorted copy of the same rows by DuckDB (benchmarks/bare_settle.py) without any fsync, run in
alternation with ours; figures are medians. Ours counts the checking of hashes, every fsync and the roll-up.
"""

import argparse
import hashlib
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from xietong.bench.machine import machine, stay_on_two_cores
from xietong.journal import JournalWriter
from xietong.lake.points import PointSpec
from xietong.protocols.hj212 import frame
from xietong.settle import Settler

BARE_SETTLE = Path(__file__).parents[2] / "benchmarks" / "bare_settle.py"
ZONE = ZoneInfo("Asia/Shanghai")
BEGIN = datetime(2026, 1, 1, tzinfo=ZONE)
FACTORS = ("a21026", "a21002", "a34013", "a19001", "a00000")
DEVICES, POINTS = 60, 250
QUARTER = timedelta(minutes=15)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """How much, and how often."""
    parser.add_argument("--frames", type=int, default=60_000, help="帧数，每帧五个因子 · frames of five factors")
    parser.add_argument("--rows", type=int, default=2_000_000, help="Parquet 行数 · rows of the Parquet file")
    parser.add_argument("--pairs", type=int, default=5, help="交替次数 · alternations of limit and settle")
    parser.add_argument("--folder", type=Path, help="数据湖所在磁盘 · where the lake lies (default: here)")


def run(arguments: argparse.Namespace) -> dict[str, object]:
    """Measure; figure and limit in readings/s from a file, from_frames beside them. Needs a source tree."""
    if not BARE_SETTLE.exists():
        raise FileNotFoundError(f"{BARE_SETTLE}: the limit is measured from a source tree; run this in a checkout")
    stay_on_two_cores()
    with tempfile.TemporaryDirectory(prefix="bench-settle-", dir=arguments.folder or Path.cwd()) as name:
        folder = Path(name)
        source = folder / "rows.parquet"
        _write_rows(source, arguments.rows)
        bare, ours, frames = [], [], []
        for _ in range(arguments.pairs):
            bare.append(arguments.rows / _bare(source, folder / "copy.parquet"))
            ours.append(arguments.rows / _from_file(folder / "data", source, arguments.rows))
            frames.append(arguments.frames * len(FACTORS) / _from_frames(folder / "data", arguments.frames))
    figure, limit = statistics.median(ours), statistics.median(bare)
    return {
        "name": "settle",
        "figure": round(figure),
        "unit": "readings/s",
        "limit": round(limit),
        "ratio": round(figure / limit, 3),
        "from_frames": round(statistics.median(frames)),
        "rows": arguments.rows,
        "frames": arguments.frames,
        "factors": len(FACTORS),
        "pairs": arguments.pairs,
        "machine": machine(),
    }


def _bare(source: Path, target: Path) -> float:
    told = subprocess.run([sys.executable, str(BARE_SETTLE), str(source), str(target)], capture_output=True, check=True)
    target.unlink()
    return float(told.stdout)


def _settled(data: Path, points: list[PointSpec], readings: int) -> float:
    """Seconds until everything in the journals stands in hourly and daily; RuntimeError where something is missing."""
    began = time.perf_counter()
    settler = Settler(data, ZONE, lambda: points, lambda: datetime.now(UTC))
    settler.run(Event(), once=True)
    seconds = time.perf_counter() - began
    last = BEGIN + timedelta(days=3660)
    codes = [point.point for point in points]
    for table in (settler.lake.hourly(codes, BEGIN, last), settler.lake.daily(codes, BEGIN, last)):
        counted = sum(table.column("readings").to_pylist())
        if counted != readings:
            raise RuntimeError(f"{readings} readings went in and {counted} were rolled up")
    shutil.rmtree(data)
    return seconds


# ---- from a Parquet file ----


def _write_rows(path: Path, rows: int) -> None:
    """Quarter hours of 250 meters in the order in which a logger exports them: by time, then by meter."""
    number = np.arange(rows)
    seconds = (number // POINTS) * int(QUARTER.total_seconds())
    micro = np.random.default_rng(1).integers(0, 10**9, rows)
    codes = pa.array([f"METER-{index:03d}" for index in range(POINTS)])
    table = pa.table(
        {
            "point": pa.DictionaryArray.from_arrays(pa.array(number % POINTS, pa.int32()), codes).cast(pa.string()),
            "at": pa.array((seconds + int(BEGIN.timestamp())) * 1_000_000).cast(pa.timestamp("us", "UTC")),
            "value": pa.array(micro).cast(pa.decimal128(19, 0)).cast(pa.decimal128(18, 6)),
            "flag": pa.array([""]).take(pa.array(np.zeros(rows, np.int32))),
        }
    )
    pq.write_table(table, path, compression="zstd")


def _from_file(data: Path, source: Path, rows: int) -> float:
    sha256 = hashlib.sha256(source.read_bytes()).hexdigest()
    kept = data / "evidence" / sha256[:2] / sha256
    kept.parent.mkdir(parents=True)
    shutil.copyfile(source, kept)
    payload = {"sha256": sha256, "name": source.name, "purpose": "readings"}
    with JournalWriter(data / "journal", "cli-0") as writer:
        writer.append("file", "cli:bench", json.dumps(payload).encode(), datetime.now(UTC))
        writer.commit()
    codes = (f"METER-{index:03d}" for index in range(POINTS))
    return _settled(data, [PointSpec(code, f"sheet:{code}", interval_s=900) for code in codes], rows)


# ---- from frames ----


def _from_frames(data: Path, count: int) -> float:
    """Minute data of 60 devices, as they reach the listener."""
    with JournalWriter(data / "journal", "intake-0") as writer:
        for number in range(count):
            at = BEGIN + timedelta(minutes=10 * (number // DEVICES))
            writer.append("hj212", "tcp:127.0.0.1:50122", _frame(number, at), at + timedelta(minutes=10))
            if number % 2000 == 0:
                writer.commit()
        writer.commit()
    return _settled(
        data,
        [
            PointSpec(f"{mn}-{code}", f"hj212:{mn}/{code}/Avg@2051", shape="mean", interval_s=600)
            for mn in map(_mn, range(DEVICES))
            for code in FACTORS
        ],
        count * len(FACTORS),
    )


def _mn(number: int) -> str:
    return f"XT{number % DEVICES:022d}"


def _frame(number: int, at: datetime) -> bytes:
    time_text = at.strftime("%Y%m%d%H%M%S")
    items = ";".join(
        f"{code}-Avg={number * 7 % 900}.{place}{number % 10},{code}-Flag=N" for place, code in enumerate(FACTORS)
    )
    head = f"QN={time_text}000;ST=31;CN=2051;PW=123456;MN={_mn(number)};Flag=5;"
    return frame(f"{head}CP=&&DataTime={time_text};{items}&&")
