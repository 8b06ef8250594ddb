"""SIGKILL to `xietong load` at any instant: what was begun is named until settle has made it whole, and counts once."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from park_packages import write_package

from xietong.park.bringing.loading import Begun, unfinished

# Seconds after the load has begun.
INSTANTS = [0.0, 0.05, 0.15, 0.4]


def command(*arguments: object, data: Path) -> list[str]:
    return [sys.executable, "-m", "xietong", *map(str, arguments), "--data", str(data)]


def run(*arguments: object, data: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "DATABASE_URL": ""}
    return subprocess.run(command(*arguments, data=data), capture_output=True, text=True, env=environment, timeout=120)


def readings(day: int) -> str:
    return "point,at,value,flag\n" + "".join(f"M1,2025-01-{day:02d}T{hour:02d}:00,{hour}.5,\n" for hour in range(24))


def killed_load(package: Path, data: Path, after_s: float) -> None:
    """Begin to load, and kill it so long after the note of its begin was there."""
    loading = subprocess.Popen(
        command("load", package, data=data),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "DATABASE_URL": ""},
    )
    ends = time.monotonic() + 60
    while not (data / "loading.json").exists() and loading.poll() is None:
        assert time.monotonic() < ends
        time.sleep(0.001)
    time.sleep(after_s)
    loading.send_signal(signal.SIGKILL)
    loading.wait()


@pytest.mark.slow
def test_a_load_that_is_killed_is_named_and_made_whole_by_settle(tmp_path: Path) -> None:
    first = write_package(tmp_path / "first", {"readings-a.csv": readings(3)})
    second = write_package(
        tmp_path / "second", {"readings-a.csv": readings(3), "readings-b.csv": readings(4), "documents.csv": None}
    )
    assert run("load", first, data=tmp_path / "base").returncode == 0
    cut_short = 0
    for number, after_s in enumerate(INSTANTS):
        data = tmp_path / f"data-{number}"
        shutil.copytree(tmp_path / "base", data)
        killed_load(second, data, after_s)
        begun = unfinished(data)
        if begun is not None:
            cut_short += 1
            told = run("doctor", data=data)
            assert told.returncode == 1
            assert 'the package "second" that cli began to load' in told.stderr
            assert "is not wholly in" in run("account", "--period", "2025", "--lang", "en", data=data).stderr
        assert run("settle", "--once", data=data).returncode == 0
        assert unfinished(data) is None
        again = json.loads(run("load", second, "--json", data=data).stdout)
        changed = {name: each["new"] + each["changed"] for name, each in again["changes"].items() if name != "park"}
        assert (set(changed.values()), again["readings"]) == ({0}, 0)
    assert cut_short >= 2, "no kill fell into a load: this run shows nothing"


def test_a_begun_load_says_whose_it_is() -> None:
    begun = Begun("park-a", "director", "2026-01-02T03:04:05+00:00", {})
    assert "park-a" in begun.text.zh
    assert "director" in begun.text.en
