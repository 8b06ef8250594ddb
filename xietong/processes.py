"""The platform's processes under one parent: start them, keep them alive, take them along when it ends.

The parent imports no Django and opens no file of the data folder, so that nothing that goes wrong in a child, an
upgrade included, can bring it down. What the processes do is their own rooms' business.
"""

import ctypes
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import NamedTuple

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 30.0
STEADY_AFTER_S = 60.0
PATIENCE_S = 15.0
TICK_S = 0.1
SOURCES = ("mqtt", "modbus", "opcua")
_PR_SET_PDEATHSIG = 1


class Service(NamedTuple):
    """One process of the platform: its name, command line, and what it finds in its environment."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = {}
    needs: tuple[str, int] | None = None  # host and port that must be free before it starts; the others do not wait


class Door(NamedTuple):
    """Where the platform listens."""

    host: str = "127.0.0.1"
    web_port: int = 8000
    hj212_port: int = 9212

    @property
    def url(self) -> str:
        """The address of the pages."""
        return f"http://{self.host}:{self.web_port}/"

    def with_ports(self) -> "Door":
        """The same door with a free port wherever 0 was asked for: whoever is to connect must know which."""
        return self._replace(
            web_port=self.web_port or free_port(self.host), hj212_port=self.hj212_port or free_port(self.host)
        )


DOOR_FILE = "door.json"


def note_door(data: Path, door: Door) -> None:
    """Write down where the platform of this folder listens, for whoever asks later (`doctor`)."""
    (data / DOOR_FILE).write_text(json.dumps(door._asdict()), encoding="utf-8")


def noted_door(data: Path, usual: Door) -> Door:
    """Where the platform of this folder listened last; the usual where that was never written down."""
    try:
        told = json.loads((data / DOOR_FILE).read_text(encoding="utf-8"))
        return Door(str(told["host"]), int(told["web_port"]), int(told["hj212_port"]))
    except (OSError, ValueError, LookupError, TypeError):
        return usual


def platform(data: Path, door: Door, only: str | None = None) -> list[Service]:
    """The services of one data folder, or the one named: intake, mqtt, modbus, opcua, settle or web.

    mqtt, modbus and opcua are among them only where the data folder has settings for them, such as mqtt.toml.
    """
    environment = {
        "XIETONG_DATA": str(data),
        "XIETONG_WEB_PORT": str(door.web_port),
        "XIETONG_HJ212_PORT": str(door.hj212_port),
        "DJANGO_SETTINGS_MODULE": "xietong.settings",
        "PYTHONUNBUFFERED": "1",
    }
    python = sys.executable
    listener = ("--data", str(data), "--host", door.host, "--port", str(door.hj212_port))
    sources = [
        Service(name, (python, "-m", f"xietong.intake.{name}", "--data", str(data)), environment)
        for name in SOURCES
        if (data / f"{name}.toml").exists()
    ]
    services = [
        Service("intake", (python, "-m", "xietong.intake", *listener), environment),
        *sources,
        Service("settle", (python, "-m", "xietong", "settle", "--data", str(data)), environment),
        Service(
            "web",
            (python, "-m", "granian", *_web(door), "xietong.web.asgi:application"),
            environment,
            (door.host, door.web_port),
        ),
    ]
    return [service for service in services if only in (None, service.name)]


def _web(door: Door) -> Iterator[str]:
    """A connection that is silent, or whose head is not whole, is closed after ten seconds; many of them are no matter.

    Bodies have their deadline in xietong.web.server.front.
    """
    yield from ("--interface", "asginl", "--http", "1", "--host", door.host, "--port", str(door.web_port))
    yield from ("--no-ws", "--workers", "1", "--workers-kill-timeout", "5")
    yield from ("--backlog", "4096", "--backpressure", "50000", "--http1-header-read-timeout", "10000")
    yield from ("--log-level", "warning")


def launch(parent: int, command: list[str]) -> None:
    """Become a service that the kernel ends with SIGTERM when the parent ends, however that ends.

    It runs in the child, between fork and service (`python -m xietong.processes`), because code between a fork and
    its exec is unsafe in Python; prctl holds across the exec.
    """
    os.umask(0o077)
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() == parent:
        os.execv(command[0], command)


@dataclass(slots=True)
class _Child:
    """A service, its process while it lives, and when to start it again."""

    service: Service
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    pause: float = FIRST_PAUSE_S
    start_at: float = 0.0
    starts: int = 0
    is_waiting: bool = False


@dataclass(slots=True)
class Supervisor:
    """Keeps services alive: a dead one is started again, after a pause that doubles while it keeps dying."""

    services: Iterable[Service]
    say: Callable[[str], None] = print
    clock: Callable[[], float] = time.monotonic
    _children: list[_Child] = field(default_factory=list)

    def start(self) -> None:
        """Start every service."""
        self._children = [_Child(service) for service in self.services]
        self.tend()

    def tend(self) -> None:
        """Look at each service once: note who died, start who is due. Never waits."""
        now = self.clock()
        for child in self._children:
            if child.process is not None and child.process.poll() is not None:
                self._buried(child, child.process, now)
            if child.process is None and now >= child.start_at and self._may_start(child, now):
                self._start(child, now)

    def pids(self) -> dict[str, int]:
        """The process ids of the services that live."""
        return {child.service.name: child.process.pid for child in self._children if child.process is not None}

    def starts(self, name: str) -> int:
        """How often a service has been started."""
        return next(child.starts for child in self._children if child.service.name == name)

    def stop(self) -> None:
        """Ask every service to end, wait, and end those that will not; returns when none is left."""
        living = {child.service.name: child.process for child in self._children if child.process is not None}
        for process in living.values():
            _signal_group(process.pid, signal.SIGTERM)
        deadline = self.clock() + PATIENCE_S
        for name, process in living.items():
            try:
                process.wait(max(deadline - self.clock(), 0.1))
            except subprocess.TimeoutExpired:
                self.say(f"xietong: {name} did not end in {PATIENCE_S:g} s and is killed")
            _signal_group(process.pid, signal.SIGKILL)
            process.wait()
        self._children = []

    def _may_start(self, child: _Child, now: float) -> bool:
        """Whether its port is free; an old web server may hold it for some seconds after its parent was killed."""
        needs = child.service.needs
        if needs is None or is_free(*needs):
            return True
        if not child.is_waiting:
            child.is_waiting = True
            self.say(
                f"xietong: 网页等待端口 {needs[1]}，它正被另一程序占用；也可用 --port 换一个 · "
                f"{child.service.name} waits for port {needs[1]}, which another program holds; --port names another"
            )
        child.start_at = now + FIRST_PAUSE_S
        return False

    def _start(self, child: _Child, now: float) -> None:
        child.is_waiting = False
        child.process = subprocess.Popen(
            (sys.executable, "-m", "xietong.processes", str(os.getpid()), *child.service.command),
            env=os.environ | dict(child.service.environment),
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        child.started = now
        child.starts += 1

    def _buried(self, child: _Child, process: subprocess.Popen[bytes], now: float) -> None:
        _signal_group(process.pid, signal.SIGKILL)  # what it may have left behind would hold its port
        child.process = None
        if now - child.started >= STEADY_AFTER_S:
            child.pause = FIRST_PAUSE_S
        child.start_at = now + child.pause
        self.say(
            f"xietong: {child.service.name} ended with status {process.returncode}; "
            f"starting it again in {child.pause:g} s"
        )
        child.pause = min(child.pause * 2, LONGEST_PAUSE_S)


def _signal_group(pid: int, number: signal.Signals) -> None:
    try:
        os.killpg(pid, number)
    except (ProcessLookupError, PermissionError):
        return


class Stop(Exception):
    """A person or the system asked the platform to end."""


@contextmanager
def stoppable() -> Iterator[None]:
    """Within it SIGTERM and SIGINT raise Stop in the main thread; afterwards the former handlers hold again."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise Stop

    former = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)


def run(services: Iterable[Service], each_tick: Callable[[], None], say: Callable[[str], None] = print) -> None:
    """Run services until SIGTERM or SIGINT; `each_tick` is called ten times a second and must not wait long.

    No threads: the kernel ties a child's life to the thread that started it, and a fork wants no other thread.
    """
    supervisor = Supervisor(services, say)
    try:
        with stoppable():
            supervisor.start()
            while True:
                supervisor.tend()
                each_tick()
                time.sleep(TICK_S)
    except Stop:
        say("xietong: stopping")
    finally:
        supervisor.stop()


@dataclass(slots=True)
class Announcement:
    """Says once that the pages answer; called each tick until then."""

    door: Door
    say: Callable[[str], None] = print
    clock: Callable[[], float] = time.monotonic
    _next: float = 0.0
    _done: bool = False

    def __call__(self) -> None:
        """Ask the web server, at most once a second, whether it answers."""
        if self._done or self.clock() < self._next:
            return
        self._next = self.clock() + 1.0
        if answers(self.door):
            self._done = True
            self.say(f"协同平台已就绪 · ready: {self.door.url}   HJ 212: {self.door.host}:{self.door.hj212_port}")


def answers(door: Door) -> bool:
    """Whether the web server answers (anything but a server error)."""
    connection = http.client.HTTPConnection(door.host, door.web_port, timeout=3)
    try:
        connection.request("GET", "/", headers={"Host": f"{door.host}:{door.web_port}"})
        return connection.getresponse().status < http.HTTPStatus.INTERNAL_SERVER_ERROR
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def free_port(host: str) -> int:
    """A port on which nobody listens now."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def is_free(host: str, port: int) -> bool:
    """Whether a service could listen there now."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


if __name__ == "__main__":
    launch(int(sys.argv[1]), sys.argv[2:])
