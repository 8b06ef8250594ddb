"""OPC UA against asyncua's own server: statuses and times as stated, nothing lost that the server remembers."""

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from threading import Event
from zoneinfo import ZoneInfo

import pytest
import running
from asyncua.client.client import Client
from mosquitto import free_port, until
from opcua_server import put, server, taken

from xietong.intake.source_state import SourceState, read_states
from xietong.journal import read
from xietong.lake.points import PointSpec
from xietong.protocols.opcua import Notice, decode, opened
from xietong.protocols.values import Value
from xietong.settle import Conditions, Settler

pytestmark = pytest.mark.slow
intake = partial(running.intake, "opcua")
REFUSING = running.refusing("opcua")
ZONE = ZoneInfo("Asia/Shanghai")
HOUR = datetime(2026, 3, 14, 1, tzinfo=UTC)
MANY = 1_300  # more than a page of a server's memory
GOOD, UNCERTAIN, BAD = 0, 0x40900000, 0x808B0000
SETTINGS = """
[server.works]
url = "opc.tcp://127.0.0.1:{port}/works"
publish_s = 0.1
history_h = 720
{more}
[[server.works.node]]
name = "kwh"
node = "ns=2;s=kwh"
unit = "kWh"
[[server.works.node]]
name = "running"
node = "nsu=http://works.example/meters;s=running"
"""
# The process as it is, but between receipt and fsync it waits for the kill; that it is there it says by a file.
HELD = """
import sys, time
from pathlib import Path
from xietong.intake.opcua.process import main
from xietong.journal import JournalWriter
real = JournalWriter.commit
def held(writer):
    if Path(sys.argv[3]).exists():
        Path(sys.argv[3] + ".waits").touch()
        time.sleep(30)
    return real(writer)
JournalWriter.commit = held
sys.exit(main(sys.argv[1:3]))
"""
# The process as it is, asking a memory that takes for ever.
FORGETFUL = """
import asyncio, sys
from pathlib import Path
from xietong.intake.opcua.monitor import Monitor
from xietong.intake.opcua.process import main
async def slow(monitor, *given):
    Path(sys.argv[3]).touch()
    await asyncio.sleep(60)
Monitor._fill_one = slow
sys.exit(main(sys.argv[1:3]))
"""


def notices(data: Path) -> list[Notice]:
    entries = list(read(data / "journal", "opcua-0")) if (data / "journal/opcua-0").is_dir() else []
    assert {entry.kind for entry in entries} <= {"opcua"}
    return [opened(entry.payload) for entry in entries]


def readings(data: Path, name: str = "kwh") -> list[Value]:
    every = [each for notice in notices(data) for each in decode(notice).values]
    return [each for each in every if each.address == f"opcua:works/{name}"]


def state(data: Path) -> SourceState:
    ((found,),) = (writer.sources for writer in read_states(data))
    return found


def kwh(value: float, second: int, status: int = GOOD) -> list[object]:
    return [value, "Double", status, (HOUR + timedelta(seconds=second)).isoformat()]


RUNNING = [True, "Boolean", GOOD, HOUR.isoformat()]


@pytest.fixture
def port(tmp_path: Path) -> int:
    port = free_port()
    settings(tmp_path, port)
    put(tmp_path / "server", kwh=kwh(0, 0), running=RUNNING)
    return port


def settings(data: Path, port: int, more: str = "") -> None:
    (data / "opcua.toml").write_text(SETTINGS.format(port=port, more=more))


def test_values_have_the_sources_time_and_status_and_an_unchanging_one_is_read(tmp_path: Path, port: int) -> None:
    folder = tmp_path / "server"
    with server(folder, port), intake(tmp_path):
        assert until(lambda: len(readings(tmp_path)) >= 1)
        burst = [kwh(each, each, UNCERTAIN if each == 7 else BAD if each == 8 else GOOD) for each in range(1, 41)]
        put(folder, kwh=burst, running=RUNNING)
        assert until(lambda: len(readings(tmp_path)) >= 40)
        found = {each.at: (each.value, each.flag) for each in readings(tmp_path)}
        assert found == {
            HOUR + timedelta(seconds=each): (Decimal(each), "U" if each == 7 else "") for each in range(41) if each != 8
        }
        assert [f"{each.value:f}" for each in readings(tmp_path, "running")] == ["1.000000"]
        (unused,) = (each for notice in notices(tmp_path) for each in decode(notice).unused)
        assert "BadDeviceFailure" in unused.sentence.en
        assert until(lambda: state(tmp_path).readings == 41)
        assert (state(tmp_path).connected, state(tmp_path).refused) == (True, 1)
        settings(tmp_path, port, "interval_s = 1")
        assert until(lambda: sum(notice.how == "read" for notice in notices(tmp_path)) >= 3)
    read_at = [each.at for each in readings(tmp_path, "running") if each.at > HOUR]
    assert len(read_at) >= 3
    assert {at.microsecond for at in read_at} == {0}
    points = [PointSpec("KWH", "opcua:works/kwh", shape="counter", interval_s=1)]
    settler = Settler(tmp_path, ZONE, lambda: points, lambda: HOUR, Conditions(commit=0.0, live=0.0))
    settler.run(Event(), once=True)
    (row,) = settler.lake.hourly(["KWH"], HOUR, HOUR + timedelta(hours=1)).to_pylist()
    assert (row["total"], row["readings"], row["invalid"]) == (40, 39, 1)


def test_what_was_missed_is_taken_from_the_servers_memory_and_counts_once(tmp_path: Path, port: int) -> None:
    folder, held = tmp_path / "server", tmp_path / "held"
    (folder / "history").touch()
    started = datetime.now(UTC)
    with server(folder, port):
        with intake(tmp_path, "-c", HELD, "--data", str(tmp_path), str(held)) as process:
            assert until(lambda: len(readings(tmp_path)) >= 1)
            held.touch()
            put(folder, kwh=[now(started, each) for each in range(1, 4)], running=RUNNING)
            assert until((tmp_path / "held.waits").exists)
            put(folder, kwh=[now(started, each) for each in range(4, 7)], running=RUNNING)
            process.kill()  # it has three and has kept none
            process.wait()
        assert until(lambda: taken(folder))
        put(folder, kwh=[now(started, each) for each in range(7, MANY)], running=RUNNING)
        assert until(lambda: taken(folder), 60)
        with intake(tmp_path):
            assert until(lambda: len({each.at for each in readings(tmp_path)}) >= MANY, 60)
    assert {each.value for each in readings(tmp_path)} == {Decimal(each) for each in range(MANY)}
    assert {"history", "notified"} <= {notice.how for notice in notices(tmp_path)}
    settler = Settler(
        tmp_path, ZONE, lambda: [PointSpec("K", "opcua:works/kwh")], lambda: HOUR, Conditions(commit=0.0, live=0.0)
    )
    settler.run(Event(), once=True)
    begin = started.replace(minute=0, second=0, microsecond=0)
    rows = settler.lake.hourly(["K"], begin, begin + timedelta(hours=2)).to_pylist()
    assert sum(row["readings"] for row in rows) == MANY - 1
    assert sum(row["total"] for row in rows) == sum(range(MANY))


def test_killed_while_it_asks_the_memory_it_does_not_know_the_new_without_the_old(tmp_path: Path, port: int) -> None:
    folder, asking = tmp_path / "server", tmp_path / "asking"
    (folder / "history").touch()
    started = datetime.now(UTC)
    with server(folder, port):
        with intake(tmp_path):
            assert until(lambda: len(readings(tmp_path)) >= 1)
        put(folder, kwh=[now(started, each) for each in range(1, 4)], running=RUNNING)
        assert until(lambda: taken(folder))
        with intake(tmp_path, "-c", FORGETFUL, "--data", str(tmp_path), str(asking)) as process:
            assert until(asking.exists)
            put(folder, kwh=now(started, 4), running=RUNNING)
            assert until(lambda: taken(folder))
            assert not until(lambda: len(readings(tmp_path)) > 1, 2)
            process.kill()
            process.wait()
        with intake(tmp_path):
            assert until(lambda: len({each.at for each in readings(tmp_path)}) >= 5)
    assert {each.value for each in readings(tmp_path)} == {Decimal(each) for each in range(5)}


def now(started: datetime, each: int) -> list[object]:
    """A value with a time of its own within the last seconds, as a server's memory is asked for."""
    return [float(each), "Double", GOOD, (started + timedelta(milliseconds=each)).isoformat()]


def test_a_server_that_goes_and_a_disk_that_refuses(tmp_path: Path, port: int) -> None:
    folder, full = tmp_path / "server", tmp_path / "full"
    with intake(tmp_path, "-c", REFUSING, "--data", str(tmp_path), str(full)):
        assert until(lambda: "tried again" in str(state(tmp_path).last_errors) if read_states(tmp_path) else False)
        with server(folder, port):
            assert until(lambda: len(readings(tmp_path)) >= 1, 60)
            assert until(lambda: state(tmp_path).connected)
            full.touch()
            for each in (1, 2, 3):
                put(folder, kwh=kwh(each, each), running=RUNNING)
                assert not until(lambda: len(readings(tmp_path)) > 1, 0.3)
            assert until(lambda: any("could not be kept" in each.en for each in state(tmp_path).last_errors))
            full.unlink()
            assert until(lambda: [int(each.value) for each in readings(tmp_path)][-3:] == [1, 2, 3])
        assert until(lambda: not state(tmp_path).connected)
        put(folder, kwh=kwh(9, 9), running=RUNNING)
        with server(folder, port):  # it knows nothing of the subscription of before
            assert until(lambda: 9 in [int(each.value) for each in readings(tmp_path)], 60)
    assert [int(each.value) for each in readings(tmp_path)] == [0, 1, 2, 3, 9]


def test_a_certificate_makes_the_session_signed_and_encrypted(tmp_path: Path, port: int) -> None:
    folder = tmp_path / "server"

    async def pairs() -> None:
        for where, uri in ((tmp_path, "urn:xietong:intake"), (folder, "urn:works:server")):
            client = Client("opc.tcp://127.0.0.1")
            client.application_uri = uri
            await client.setup_self_signed_certificate(where / "key.pem", where / "cert.der")

    asyncio.run(pairs())
    with server(folder, port), intake(tmp_path):
        assert until(lambda: "opc.tcp" in (tmp_path / "intake.log").read_text())  # it takes nobody in the clear
        files = 'certificate = "cert.der"\nkey = "key.pem"\nserver_certificate = "server/cert.der"'
        settings(tmp_path, port, f'security = "Basic256Sha256"\n{files}')
        assert until(lambda: len(readings(tmp_path)) >= 1)
    assert [int(each.value) for each in readings(tmp_path)] == [0]


def test_a_password_is_given_and_a_refusal_is_told(tmp_path: Path, port: int) -> None:
    folder = tmp_path / "server"
    (folder / "password").write_text("secret")
    (tmp_path / "right").write_text("secret\n")
    (tmp_path / "wrong").write_text("guess\n")
    with server(folder, port), intake(tmp_path):
        assert until(lambda: "Bad" in (tmp_path / "intake.log").read_text())
        settings(tmp_path, port, 'user = "park"\npassword_file = "wrong"')
        assert until(lambda: "BadUserAccessDenied" in (tmp_path / "intake.log").read_text())
        settings(tmp_path, port, 'user = "park"\npassword_file = "right"')
        assert until(lambda: len(readings(tmp_path)) >= 1)
    assert "guess" not in (tmp_path / "intake.log").read_text()
