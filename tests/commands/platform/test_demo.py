"""`demo` and `serve` as commands: whose folder it is, whether it is built, taken ports, what is refused."""

import argparse
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from xietong.cli import UsageError, main
from xietong.commands.platform import demo, serve
from xietong.demo.building import BuildError, Marker, people
from xietong.processes import Door


def given(**changes: object) -> argparse.Namespace:
    return argparse.Namespace(**({"seed": None, "year": None, "fresh": False} | changes))


def test_a_new_folder_gets_the_default_park(tmp_path: Path) -> None:
    assert demo._marker(tmp_path / "new", given()) == Marker(1, 2025)
    assert demo._marker(tmp_path, given(seed=7, year=2024)) == Marker(7, 2024)


def test_a_folder_that_was_built_is_served_as_it_is(tmp_path: Path) -> None:
    Marker(5, 2025, built=True).write(tmp_path)
    assert demo._marker(tmp_path, given()) == Marker(5, 2025, built=True)
    assert demo._marker(tmp_path, given(seed=5)) == Marker(5, 2025, built=True)


def test_another_park_is_built_in_its_place_only_when_asked(tmp_path: Path) -> None:
    Marker(5, 2025, built=True).write(tmp_path)
    with pytest.raises(UsageError, match=r"seed 5.*--fresh"):
        demo._marker(tmp_path, given(seed=6))
    assert demo._marker(tmp_path, given(seed=6, fresh=True)) == Marker(6, 2025)


def test_a_folder_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    for fresh in (False, True):
        with pytest.raises(UsageError, match="not a demo's folder"):
            demo._marker(tmp_path, given(fresh=fresh))
    (tmp_path / "demo.json").write_text("not ours")
    with pytest.raises(UsageError, match="not a demo's folder"):
        demo._marker(tmp_path, given(fresh=True))


def test_the_demo_keeps_away_from_a_real_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://real/park")
    (tmp_path / "thesis.txt").write_text("years of work")
    assert main(["demo", "--data", str(tmp_path)]) == 2
    assert "DATABASE_URL" not in os.environ


def test_a_taken_port_is_told_with_its_option() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        with pytest.raises(UsageError, match="--port"):
            serve.require_free(Door(web_port=port), "web")
        with pytest.raises(UsageError, match="--hj212-port"):
            serve.require_free(Door(hj212_port=port), "intake")


def test_serving_nothing_says_what_to_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", "--data", str(tmp_path)]) == 2
    assert "xietong init" in capsys.readouterr().err


def test_a_step_that_fails_says_what_it_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "oracle://nowhere")
    with pytest.raises(BuildError, match=r"(?s)people ended with 1.*postgresql"):
        people(tmp_path)


@pytest.mark.slow
def test_people_get_new_passwords_each_time_and_can_sign_in(tmp_path: Path) -> None:
    first, second = people(tmp_path), people(tmp_path)
    assert set(first) == {"director", "clerk", "verifier", "inspector"}
    assert not set(first.values()) & set(second.values())
    check = (
        "import django; django.setup(); from django.contrib.auth.hashers import check_password;"
        "from django.contrib.auth.models import User;"
        f"print([check_password(word, User.objects.get(username=name).password) for name, word in {second!r}.items()])"
    )
    environment = os.environ | {"XIETONG_DATA": str(tmp_path), "DJANGO_SETTINGS_MODULE": "xietong.settings"}
    done = subprocess.run([sys.executable, "-c", check], env=environment, capture_output=True, text=True)
    assert done.stdout.strip() == "[True, True, True, True]", done.stderr
    for path in tmp_path.rglob("*"):
        assert path.is_dir() or not any(word.encode() in path.read_bytes() for word in second.values()), path
