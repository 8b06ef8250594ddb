"""The measurement of accounts: batch, explain and renewal agree or it fails; no time is judged."""

import argparse
import subprocess
import sys
from pathlib import Path

import pytest

from xietong.accounting.figures.batch import Wanted
from xietong.bench import account, account_run
from xietong.bench.industrial_park import PERIODS, Size, corrected, park
from xietong.lake.store import Lake

SMALL = Size(12, 110)
PEOPLE = ["--enterprises", str(SMALL.enterprises), "--points", str(SMALL.points)]


@pytest.mark.slow
def test_account_prints_figure_limit_and_ratio_of_checked_runs(tmp_path: Path) -> None:
    parser = argparse.ArgumentParser()
    account.add_arguments(parser)
    answer = account.run(parser.parse_args([*PEOPLE, "--pairs", "1", "--folder", str(tmp_path)]))
    assert {
        "name",
        "figure",
        "unit",
        "limit",
        "ratio",
        "machine",
        "peak_mb",
        "explain_ms",
        "renew_share",
    } <= answer.keys()
    groups = 1 + 6 + 10
    assert answer["accounts"] == (SMALL.enterprises + groups) * len(PERIODS)
    assert isinstance(answer["figures"], int)
    assert answer["figures"] > 50 * SMALL.enterprises * len(PERIODS)
    assert answer["renewed"] == 2 * 4  # a month and the year; the enterprise, its zone, its sector, the park
    assert answer["explained"] == account_run.SAMPLE
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_the_bare_sums_are_of_every_enterprise_and_group(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "xietong.bench.industrial_park", str(tmp_path), *PEOPLE], check=True)
    bare = subprocess.run([sys.executable, str(account.BARE_ACCOUNT), str(tmp_path)], capture_output=True, check=True)
    seconds, sums = bare.stdout.split()
    assert float(seconds) > 0
    assert int(sums) > SMALL.enterprises * len(PERIODS) * 10


def test_the_park_is_the_same_each_time_and_as_large_as_asked() -> None:
    registry, series = park(SMALL)
    assert (registry, series) == park(SMALL)
    assert len(registry.points) == SMALL.points
    assert sum(each.kind == "enterprise" for each in registry.subjects.values()) == SMALL.enterprises
    assert {each.point.shape for each in series} == {"counter", "amount", "mean"}


def test_a_corrected_statement_is_one_row() -> None:
    registry, _ = park(SMALL)
    after = corrected(registry, *account_run.CHANGED)
    assert len([1 for old, new in zip(registry.reported, after.reported, strict=True) if old != new]) == 1


def test_the_run_fails_where_explain_says_otherwise(tmp_path: Path) -> None:
    registry, _ = park(Size(1, 8))
    wrong: dict[Wanted, account_run.Row] = {
        ("E000", PERIODS[0]): {"comprehensive_energy_consumption": (1.0, "tce", "ok")}
    }
    lake = Lake(tmp_path / "lake", registry.zone)
    with pytest.raises(RuntimeError, match="explain says"):
        account_run.check_explain(registry, lake, wrong)
