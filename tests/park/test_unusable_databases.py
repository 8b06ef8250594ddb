"""A park whose database is garbled, gone, or of an older edition: one sentence in every command with the remedy that
fits, never a traceback, and never an empty park founded over a lost one."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pysqlite3
import pytest
from park_packages import write_package

COMMANDS = (
    ("account", "--period", "2025"),
    ("quality", "--period", "2025"),
    ("serve", "--port", "0", "--hj212-port", "0"),
)


def run(*arguments: object, data: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "xietong", *map(str, arguments), "--data", str(data)]
    environment = {**os.environ, "DATABASE_URL": ""}
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120)


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A park that was loaded under a umask that hides nothing, into a folder that others may enter."""
    folder = tmp_path_factory.mktemp("park")
    data = folder / "data"
    data.mkdir()
    data.chmod(0o755)
    package = write_package(folder / "package")
    command = [sys.executable, "-m", "xietong", "load", str(package), "--data", str(data)]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "DATABASE_URL": ""}, umask=0o022)
    assert done.returncode == 0, done.stderr
    return data


@pytest.mark.slow
def test_a_data_folder_is_its_owners_alone_whatever_the_umask(loaded: Path) -> None:
    assert stat.S_IMODE(loaded.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) & 0o077 for path in loaded.rglob("*") if path.is_file()} <= {0, 0o044}
    assert {stat.S_IMODE(path.stat().st_mode) for path in loaded.iterdir() if path.is_file()} == {0o600}
    (loaded / "park.sqlite3").chmod(0o644)
    assert f"other users can read {loaded / 'park.sqlite3'}" in run("doctor", data=loaded).stderr
    assert run("init", data=loaded).returncode == 0
    assert stat.S_IMODE((loaded / "park.sqlite3").stat().st_mode) == 0o600


def said_by_all(data: Path, words: str) -> None:
    for command in COMMANDS:
        done = run(*command, data=data)
        assert done.returncode in (1, 2), (command, done.stdout)
        assert "Traceback" not in done.stderr, (command, done.stderr)
        assert words in done.stderr, (command, done.stderr)


@pytest.mark.slow
def test_a_database_of_an_older_edition_a_garbled_one_and_a_lost_one(loaded: Path) -> None:
    path = loaded / "park.sqlite3"
    whole = path.read_bytes()
    with pysqlite3.connect(str(path)) as database:
        database.execute(
            "DELETE FROM django_migrations WHERE app = 'park' AND id = (SELECT max(id) FROM "
            "django_migrations WHERE app = 'park')"
        )
        database.execute("ALTER TABLE park_factorrow DROP COLUMN legal_basis")
    database.close()
    done = run("serve", "--port", "0", "--hj212-port", "0", data=loaded)
    assert (done.returncode, "xietong init" in done.stderr, "Traceback" in done.stderr) == (2, True, False)
    done = run("account", "--period", "2025", data=loaded)
    assert (done.returncode, "Traceback" in done.stderr) == (2, False)
    assert ("xietong init" in done.stderr, "xietong load" in done.stderr) == (True, False)
    path.write_bytes(b"no database at all" * 400)
    for beside in loaded.glob("park.sqlite3-*"):
        beside.unlink()
    said_by_all(loaded, "恢复它的备份")
    told = run("doctor", data=loaded)
    assert "Traceback" not in told.stderr
    assert "xietong init" not in told.stderr
    path.unlink()
    said_by_all(loaded, "请恢复数据库")
    for command in (("init",), ("load", loaded.parent / "package")):
        done = run(*command, data=loaded)
        assert done.returncode == 2, command
        assert "请恢复数据库" in done.stderr
    told = run("doctor", data=loaded)
    assert "restore the database (park.sqlite3) from a backup" in told.stderr
    assert "run xietong init" not in told.stderr
    path.write_bytes(whole)
    assert run("account", "--period", "2025", data=loaded).returncode == 0
