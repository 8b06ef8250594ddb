"""The parent of the platform's processes: it restarts the dead, waits longer each time, and leaves no child behind."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from xietong.processes import FIRST_PAUSE_S, LONGEST_PAUSE_S, Announcement, Door, Service, Supervisor, is_free, platform

SLEEPER = (sys.executable, "-c", "import time; time.sleep(600)")
DEAF = (
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(600)",
)
WITH_CHILD = (
    sys.executable,
    "-c",
    (
        "import subprocess, sys, time; c = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']);"
        " open(sys.argv[1], 'w').write(str(c.pid)); time.sleep(600)"
    ),
)
PARENT = """
import sys
from xietong.processes import Service, run
run([Service("sleeper", (sys.executable, "-c", "import time; time.sleep(600)"))], lambda: None)
"""


def alive(pid: int) -> bool:
    """Whether a process lives and is no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def until(met: Callable[[], bool], seconds: float = 20.0) -> bool:
    deadline = time.monotonic() + seconds
    while not met() and time.monotonic() < deadline:
        time.sleep(0.02)
    return met()


def tended(supervisor: Supervisor) -> dict[str, int]:
    supervisor.tend()
    return supervisor.pids()


@pytest.fixture
def lines() -> list[str]:
    return []


@pytest.fixture
def sleeper(lines: list[str]) -> Iterator[Supervisor]:
    supervisor = Supervisor([Service("sleeper", SLEEPER)], lines.append)
    supervisor.start()
    yield supervisor
    supervisor.stop()


def children_of(pid: int) -> list[int]:
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_a_killed_service_is_started_again(sleeper: Supervisor, lines: list[str]) -> None:
    first = sleeper.pids()["sleeper"]
    os.kill(first, signal.SIGKILL)
    assert until(lambda: not alive(first))

    def again() -> bool:
        sleeper.tend()
        return sleeper.pids().get("sleeper", first) != first

    assert until(again)
    assert alive(sleeper.pids()["sleeper"])
    assert sleeper.starts("sleeper") == 2
    assert "status -9" in lines[0]


def test_stopping_takes_the_children_along(sleeper: Supervisor) -> None:
    pid = sleeper.pids()["sleeper"]
    sleeper.stop()
    assert not alive(pid)
    assert sleeper.pids() == {}


def test_pauses_double_while_a_service_keeps_dying() -> None:
    now = [0.0]
    supervisor = Supervisor([Service("dying", (sys.executable, "-c", ""))], lambda _: None, lambda: now[0])
    supervisor.start()
    pauses = []
    for _ in range(3):
        assert until(lambda: tended(supervisor) == {})
        start = now[0]
        while not supervisor.pids():
            now[0] += 0.25
            supervisor.tend()
        pauses.append(now[0] - start)
    supervisor.stop()
    assert pauses == [FIRST_PAUSE_S, FIRST_PAUSE_S * 2, FIRST_PAUSE_S * 4]
    assert max(pauses) < LONGEST_PAUSE_S


@pytest.mark.slow
def test_what_a_dead_service_left_behind_is_ended_too(tmp_path: Path) -> None:
    told = tmp_path / "pid"
    supervisor = Supervisor([Service("web", (*WITH_CHILD, str(told)))], lambda _: None)
    supervisor.start()
    assert until(lambda: told.exists() and told.read_text() != "")
    grandchild = int(told.read_text())
    assert alive(grandchild)
    first = supervisor.pids()["web"]
    os.kill(first, signal.SIGKILL)
    assert until(lambda: tended(supervisor).get("web") != first)
    assert until(lambda: not alive(grandchild))
    supervisor.stop()


@pytest.mark.slow
def test_a_service_that_will_not_end_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xietong.processes.PATIENCE_S", 0.5)
    supervisor = Supervisor([Service("deaf", DEAF)], lambda _: None)
    supervisor.start()
    pid = supervisor.pids()["deaf"]
    time.sleep(1)
    supervisor.stop()
    assert not alive(pid)


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_however_the_parent_ends_its_children_end(number: signal.Signals) -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.DEVNULL) as parent:
        assert until(lambda: any("sleep(600)" in command_of(pid) for pid in children_of(parent.pid)))
        (child,) = children_of(parent.pid)
        time.sleep(0.3)
        parent.send_signal(number)
        parent.wait(20)
        assert until(lambda: not alive(child))


def command_of(pid: int) -> str:
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except FileNotFoundError:
        return ""
    return "" if b"xietong.processes" in command else b" ".join(command).decode()


def test_the_parent_imports_no_django() -> None:
    heavy = "[name in sys.modules for name in ('django', 'numpy')]"
    code = f"import sys, xietong.commands.platform.serve, xietong.commands.platform.demo; print(*{heavy})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.split() == ["False", "False"], done.stderr


def test_one_service_alone_or_all() -> None:
    door = Door(web_port=1, hj212_port=2)
    assert [service.name for service in platform(Path("/data"), door)] == ["intake", "settle", "web"]
    (web,) = platform(Path("/data"), door, "web")
    assert "--port 1" in " ".join(web.command)
    assert web.environment["XIETONG_DATA"] == "/data"


def test_sources_are_processes_where_there_are_settings_for_them(tmp_path: Path) -> None:
    door = Door(web_port=1, hj212_port=2)
    assert platform(tmp_path, door, "mqtt") == []
    (tmp_path / "mqtt.toml").touch()
    assert [service.name for service in platform(tmp_path, door)] == ["intake", "mqtt", "settle", "web"]
    (tmp_path / "opcua.toml").touch()
    (tmp_path / "modbus.toml").touch()
    names = ["intake", "mqtt", "modbus", "opcua", "settle", "web"]
    assert [service.name for service in platform(tmp_path, door)] == names
    (poller,) = platform(tmp_path, door, "modbus")
    assert poller.command[1:] == ("-m", "xietong.intake.modbus", "--data", str(tmp_path))


def test_a_taken_port_is_seen() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        assert not is_free("127.0.0.1", listener.getsockname()[1])


def test_it_says_once_that_the_pages_answer() -> None:
    said: list[str] = []
    now = [1.0]
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    announce = Announcement(Door(web_port=port), said.append, lambda: now[0])
    announce()
    assert said == []
    server = (sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1", "--directory", "/var/empty")
    with subprocess.Popen(server, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:

        def answered() -> bool:
            now[0] += 2.0
            announce()
            return bool(said)

        assert until(answered)
        answered()
        process.terminate()
    assert len(said) == 1
    assert f"http://127.0.0.1:{port}/" in said[0]


def test_port_0_becomes_a_free_port_and_others_stay() -> None:
    door = Door(web_port=0, hj212_port=0).with_ports()
    assert door.web_port != door.hj212_port
    assert is_free(door.host, door.web_port)
    assert Door(web_port=8000, hj212_port=9212).with_ports() == Door(web_port=8000, hj212_port=9212)


def test_a_service_waits_for_its_port_and_the_others_do_not(lines: list[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as held:
        port = held.getsockname()[1]
        web = Service("web", SLEEPER, {}, ("127.0.0.1", port))
        supervisor = Supervisor([Service("intake", SLEEPER), web], lines.append)
        try:
            supervisor.start()
            assert list(supervisor.pids()) == ["intake"]
            assert not until(lambda: "web" in tended(supervisor), seconds=1)
            assert sum(f"waits for port {port}" in line for line in lines) == 1
            held.close()
            assert until(lambda: "web" in tended(supervisor))
        finally:
            supervisor.stop()
