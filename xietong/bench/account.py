"""`bench account`: every figure of a park's enterprises and groups, by month and year, with its working.

The limit is the bare sums behind them (benchmarks/bare_account.py), no working, in alternation with ours; figures are
medians. Each run is a process of its own over a lake made before the clock starts. Memory is the most that all
processes of a run held together, a page that they share counted once (PSS), looked at ten times a second.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from xietong.bench.industrial_park import Size
from xietong.bench.machine import machine, stay_on_two_cores

BARE_ACCOUNT = Path(__file__).parents[2] / "benchmarks" / "bare_account.py"
LOOK_S = 0.1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """How large a park, and how often."""
    parser.add_argument("--enterprises", type=int, default=Size().enterprises, help="企业数 · enterprises")
    parser.add_argument("--points", type=int, default=Size().points, help="监测点数 · points")
    parser.add_argument("--pairs", type=int, default=5, help="交替次数 · alternations of limit and batch")
    parser.add_argument("--folder", type=Path, help="数据湖所在磁盘 · where the lake lies (default: here)")


def run(arguments: argparse.Namespace) -> dict[str, object]:
    """Measure; figure and limit in seconds, ratio, peak_mb; explain and one change checked. Needs a source tree."""
    if not BARE_ACCOUNT.exists():
        raise FileNotFoundError(f"{BARE_ACCOUNT}: the limit is measured from a source tree; run this in a checkout")
    stay_on_two_cores()
    with tempfile.TemporaryDirectory(prefix="bench-account-", dir=arguments.folder or Path.cwd()) as name:
        size = ["--enterprises", str(arguments.enterprises), "--points", str(arguments.points)]
        subprocess.run([sys.executable, "-m", "xietong.bench.industrial_park", name, *size], check=True)
        bare, ours, peaks = [], [], []
        for _ in range(arguments.pairs):
            bare.append(_bare(name))
            measured, peak = _watched([name, *size])
            ours.append(measured)
            peaks.append(peak)
        checked, _ = _watched([name, *size, "--what", "check"])
        cold, _ = _watched([name, *size, "--what", "explain"])
    figure, limit = statistics.median(each["seconds"] for each in ours), statistics.median(bare)
    return {
        "name": "account",
        "figure": round(figure, 2),
        "unit": "s",
        "limit": round(limit, 2),
        "ratio": round(figure / limit, 1),
        "cpu_s": round(statistics.median(each["cpu_s"] for each in ours), 2),
        "peak_mb": round(max(peaks)),
        "renew_share": round(checked["renew_s"] / checked["seconds"], 3),
        **{name: value for name, value in {**checked, **cold}.items() if name not in ("seconds", "cpu_s")},
        "enterprises": arguments.enterprises,
        "points": arguments.points,
        "pairs": arguments.pairs,
        "machine": machine(),
    }


def _bare(folder: str) -> float:
    told = subprocess.run([sys.executable, str(BARE_ACCOUNT), folder], capture_output=True, check=True)
    return float(told.stdout.split()[0])


def _watched(arguments: list[str]) -> tuple[dict[str, Any], float]:
    """What a run told, and the most MB that it and its workers held together."""
    command = [sys.executable, "-m", "xietong.bench.account_run", *arguments]
    peak = 0
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        while process.poll() is None:
            peak = max(peak, sum(map(_pss_kb, [process.pid, *_children(process.pid)])))
            time.sleep(LOOK_S)
        assert process.stdout is not None
        told = process.stdout.read()
    if process.returncode:
        raise RuntimeError(f"{' '.join(command[1:4])} ended with {process.returncode}")
    return json.loads(told), peak / 1024


def _children(pid: int) -> list[int]:
    try:
        return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def _pss_kb(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)
