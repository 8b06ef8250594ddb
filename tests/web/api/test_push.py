"""What a program pushes is safe before it is told so: a real web server, killed right after its answer."""

import http.client
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import pytest

from xietong.journal import find
from xietong.lake.store import Lake

pytestmark = pytest.mark.slow
PARK = '[park]\ncode = "P"\nname = "园区"\nregion = "陕西"\ntimezone = "Asia/Shanghai"\n'
SUBJECTS = "code,kind,name,parent\nP,park,园区,\nE1,enterprise,甲厂,P\nE2,enterprise,乙厂,P\n"
POINTS = (
    "code,subject,quantity,item,unit,shape,interval_s\n"
    "M1,E1,energy,electricity_purchased,kWh,amount,3600\nM2,E2,energy,electricity_purchased,kWh,amount,3600\n"
)


def run(data: Path, *arguments: object, status: int = 0) -> str:
    command = [sys.executable, "-m", "xietong", *map(str, arguments), "--data", str(data)]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "DATABASE_URL": ""}, timeout=120)
    assert done.returncode == status, done.stderr
    return done.stdout if status in (0, 3) else done.stderr


def one(hour: int) -> dict[str, str]:
    return {"point": "M1", "at": f"2025-03-01T{hour:02}:00", "value": "12.5"}


class Site(NamedTuple):
    """A web server over a data folder, and the secret of a key for the points of E1."""

    data: Path
    port: int
    pid: int
    secret: str

    def push(self, body: object, idempotency: str, query: str = "", secret: str = "") -> tuple[int, dict[str, Any]]:
        """POST the body; gives status and answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        headers = {"Authorization": f"Bearer {secret or self.secret}", "Idempotency-Key": idempotency}
        raw = body if isinstance(body, bytes) else json.dumps({"readings": body}).encode()
        connection.request("POST", f"/api/readings{query}", raw, headers)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    root = tmp_path_factory.mktemp("push")
    folder, data = root / "package", root / "data"
    folder.mkdir()
    for name, text in (("park.toml", PARK), ("subjects.csv", SUBJECTS), ("points.csv", POINTS)):
        (folder / name).write_text(text)
    run(data, "load", folder)
    secret = run(data, "key", "make", "scada-1", "--subject", "E1").strip()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-m", "xietong", "serve", "--only", "web", "--port", str(port), "--data", str(data)],
        env={**os.environ, "DATABASE_URL": ""},
        stdout=subprocess.DEVNULL,
    )
    try:
        _wait(port)
        yield Site(data, port, server.pid, secret)
    finally:
        server.terminate()
        server.wait(20)


def _wait(port: int) -> None:
    for _ in range(200):
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
            connection.request("GET", "/healthz")
            if connection.getresponse().status == 200:
                return
        except OSError:
            pass
        time.sleep(0.1)
    raise AssertionError("the web server did not come up")


def readings_of(data: Path, hour: int) -> list[tuple[str, Decimal]]:
    """The readings of an hour of 1 March, by address."""
    lake = Lake(data / "lake", ZoneInfo("Asia/Shanghai"))
    addresses = [f"sheet:{each}" for each in ("M1", "M2", "M9")]
    begin = datetime(2025, 3, 1, hour, tzinfo=ZoneInfo("Asia/Shanghai"))
    rows = lake.readings(addresses, begin, begin + timedelta(hours=1)).to_pylist()
    return [(row["address"], row["value"]) for row in rows]


def children(pid: int) -> list[int]:
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(each) for each in found] + [deeper for each in found for deeper in children(int(each))]


def test_the_same_push_again_gets_the_same_answer_and_is_counted_once(site: Site) -> None:
    first, again = site.push([one(8)], "k"), site.push([one(8)], "k")
    assert first == again
    assert site.push([{**one(8), "value": 13}], "k")[0] == 409
    assert site.push([one(8)], "")[0] == 400
    assert site.push([one(8)], "x", secret="wrong")[0] == 401
    run(site.data, "settle", "--once")
    assert len(readings_of(site.data, 8)) == 1


def test_all_or_nothing_unless_a_part_is_asked_for(site: Site) -> None:
    mixed = [one(9), {**one(9), "point": "M2"}, {**one(9), "point": "M9"}, {**one(9), "value": "??"}]
    status, answer = site.push(mixed, "one")
    places = [(each["place"], each["field"]) for each in answer["rejected"]]
    assert (status, answer["accepted"], sorted(places)) == (422, 0, [(1, "point"), (2, "point"), (3, "value")])
    status, answer = site.push(mixed, "two", "?partial=true")
    assert (status, answer["accepted"], len(answer["rejected"])) == (201, 1, 3)
    assert site.push(b"{" * 5, "three")[0] == 422
    assert site.push(b" " * (2 * 1024 * 1024 + 1), "four")[0] == 413
    run(site.data, "settle", "--once")
    assert readings_of(site.data, 9) == [("sheet:M1", Decimal("12.5"))]


def test_what_was_answered_is_there_after_a_kill(site: Site) -> None:
    status, answer = site.push([one(10)], "a1")
    assert (status, answer["accepted"], answer["rejected"]) == (201, 1, [])
    for pid in children(site.pid):
        os.kill(pid, signal.SIGKILL)
    assert find(site.data / "journal", answer["entry"]).payload.endswith(json.dumps({"readings": [one(10)]}).encode())
    run(site.data, "settle", "--once")
    assert readings_of(site.data, 10) == [("sheet:M1", Decimal("12.5"))]
    _wait(site.port)


def test_a_push_whose_answer_was_not_noted_before_a_kill_is_known_again(site: Site) -> None:
    first = site.push([one(11)], "b1")
    site.push([one(12)], "b2")
    with closing(sqlite3.connect(site.data / "park.sqlite3")) as database, database:
        gone = database.execute("DELETE FROM park_push WHERE idempotency IN ('b1', 'b2')").rowcount
    assert gone == 2
    for pid in children(site.pid):
        os.kill(pid, signal.SIGKILL)
    time.sleep(0.2)
    _wait(site.port)
    assert site.push([one(11)], "b1") == first
    assert site.push([one(13)], "b2")[0] == 409
    run(site.data, "settle", "--once")
    assert [len(readings_of(site.data, hour)) for hour in (11, 12, 13)] == [1, 1, 0]


def test_a_revoked_key_opens_nothing(site: Site) -> None:
    assert "理由" in run(site.data, "key", "revoke", "scada-1", status=2)
    run(site.data, "key", "revoke", "scada-1", "--reason", "换设备")
    assert site.push([one(8)], "a")[0] == 401
    keys = json.loads(run(site.data, "key", "list", "--json"))
    assert [(each["name"], bool(each["revoked_at"])) for each in keys] == [("scada-1", True)]
