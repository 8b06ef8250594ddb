"""The console script as a new user meets it."""

import subprocess
import sys

import pytest

from xietong.cli import COMMANDS


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "xietong", *arguments], capture_output=True, text=True, timeout=60)


def test_help_names_every_command_in_both_languages() -> None:
    shown = run("--help")
    assert shown.returncode == 0
    assert [name for name in COMMANDS if f"    {name}" not in shown.stdout] == []
    assert "核算指标" in shown.stdout
    assert "compute figures" in shown.stdout


def test_help_starts_no_django_and_no_lake() -> None:
    listed = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "xietong", "--help"], capture_output=True, text=True, timeout=60
    )
    heavy = ("django", "duckdb", "pyarrow", "deltalake", "numpy")
    assert [name for name in heavy if f"| {name}" in listed.stderr or f" {name}\n" in listed.stderr] == []


@pytest.mark.parametrize("arguments", [["nonsense"], [], ["account", "--period"]])
def test_bad_use_exits_with_2_and_says_so(arguments: list[str]) -> None:
    refused = run(*arguments)
    assert refused.returncode == 2
    assert refused.stderr
    assert "Traceback" not in refused.stderr


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_each_command_explains_itself(name: str) -> None:
    shown = run(name, "--help")
    assert shown.returncode == 0, shown.stderr
    assert COMMANDS[name].help.zh in shown.stdout


def test_a_reader_who_has_seen_enough_is_no_error() -> None:
    piped = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {sys.executable} -m xietong clauses --json | head -c 1"],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (piped.returncode, piped.stderr) == (0, "")


def test_the_data_folder_may_be_named_before_and_behind_a_part_of_a_command() -> None:
    for arguments in (["hj212", "--data", "x", "decode"], ["hj212", "decode", "--data", "x"]):
        decoded = subprocess.run(
            [sys.executable, "-m", "xietong", *arguments], input="junk\n", capture_output=True, text=True, timeout=60
        )
        assert (decoded.returncode, decoded.stdout.count("\n")) == (0, 1), decoded.stderr
