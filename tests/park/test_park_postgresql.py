"""The same registry on PostgreSQL: a real server on a free port, loaded and read in processes of its own."""

import json
import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from park_packages import FILES, write_package

pytestmark = pytest.mark.slow
FOUND = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
READ = """
import json, django
django.setup()
from django.db import connection
from xietong.park import models
from xietong.park.registry import snapshot
park = snapshot.load()
print(json.dumps({
    "vendor": connection.vendor,
    "subjects": sorted(park.subjects),
    "coke": sorted([each.period.label, str(each.amount)] for each in park.reported if each.item == "coke"),
    "revisions": models.ReportedAmount.objects.count(),
    "digits": [str(each.amount) for each in park.reported if each.item == "output_value"],
}))
"""


def as_postgres() -> list[str | Path]:
    """The server refuses to run as root."""
    return ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []


@pytest.fixture
def server() -> Iterator[str]:
    """The URL of a server in a folder of its own, stopped again at the end."""
    assert FOUND, "PostgreSQL is not installed, so the registry cannot be tried on it: `make system` installs it"
    programs = FOUND[-1].parent
    folder = Path(tempfile.mkdtemp(prefix="xietong-postgresql-"))
    if os.getuid() == 0:
        shutil.chown(folder, pwd.getpwnam("postgres").pw_name)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    create: list[str | Path] = [
        programs / "initdb",
        "-D",
        folder / "data",
        "-U",
        "park",
        "--auth=trust",
        "--encoding=UTF8",
        "--locale=C",
    ]
    subprocess.run([*as_postgres(), *create], check=True, capture_output=True, timeout=120, cwd="/")
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder}"
    control = [*as_postgres(), programs / "pg_ctl", "-D", folder / "data", "-w"]
    start = [*control, "-o", options, "-l", folder / "log", "start"]
    subprocess.run(start, check=True, stdout=subprocess.DEVNULL, timeout=120, cwd="/")
    try:
        subprocess.run(
            [programs / "createdb", "-h", "127.0.0.1", "-p", str(port), "-U", "park", "park"], check=True, timeout=60
        )
        yield f"postgresql://park@127.0.0.1:{port}/park"
    finally:
        subprocess.run([*control, "-m", "fast", "stop"], check=True, stdout=subprocess.DEVNULL, timeout=120, cwd="/")
        shutil.rmtree(folder)


def test_load_and_read_on_postgresql(server: str, tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "DATABASE_URL": server,
        "XIETONG_DATA": str(tmp_path / "data"),
        "DJANGO_SETTINGS_MODULE": "xietong.settings",
    }

    def python(*arguments: object) -> str:
        command = [sys.executable, *map(str, arguments)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        return done.stdout

    long = "1234567890123456.000000001"
    changed = FILES["reported.csv"].replace("16500.50", long)
    words = FILES["documents.csv"].replace("协同管理制度", "制" * 3000)
    write_package(tmp_path / "package", {"reported.csv": changed, "documents.csv": words})
    loaded = json.loads(python("-m", "xietong", "load", tmp_path / "package", "--json"))
    assert (loaded["accepted"], loaded["rejected"]) == (23, [])
    write_package(tmp_path / "package", {"reported.csv": changed.replace("coke,1200,", "coke,1250,")})
    again = json.loads(python("-m", "xietong", "load", tmp_path / "package", "--json"))
    assert again["changes"]["reported"] == {"new": 0, "changed": 1, "same": 4}
    assert json.loads(python("-c", READ)) == {
        "vendor": "postgresql",
        "subjects": ["E01", "E01-W1", "W01", "W01-O1", "YL"],
        "coke": [["2025-01", "1250"], ["2025-02", "1234.5"]],
        "revisions": 6,
        "digits": [long],
    }
    assert not (tmp_path / "data/park.sqlite3").exists()
    python("-m", "xietong", "export", tmp_path / "out")
    assert "1250" in (tmp_path / "out/reported.csv").read_text()
