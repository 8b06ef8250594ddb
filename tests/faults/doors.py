"""The whole platform under load at every door that acknowledges: HJ 212, MQTT, pushes, imported files.

Mosquitto is real and is not killed: what it has acknowledged is its to give. The checker is check.py, `--doors`.
"""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path
from typing import NamedTuple

from check import DOORS, active_files, waiting
from mosquitto import broker, free_port, until
from rig import HERE

from xietong.processes import Door, Service, answers, platform

PARK = '[park]\ncode = "P"\nname = "园区"\nregion = "陕西"\ntimezone = "Asia/Shanghai"\n'
SUBJECTS = "code,kind,name,parent\nP,park,园区,\nE1,enterprise,甲厂,P\n"
SOURCES = {
    "HJ0": "hj212:FAULT0/a34013/Rtd@2011",
    **{f"MQTT{each}": f"mqtt:fault/{each}#n" for each in (0, 1)},
    **{f"PLAIN{each}": f"mqtt:plain/{each}#" for each in (2, 3)},
    **dict.fromkeys(("PUSH0", "PUSH1", "FILE0"), "sheet"),
}
BROKERS = """
[broker.works]
host = "127.0.0.1"
port = {port}
[[broker.works.topic]]
filter = "fault/+"
time = "ts"
form = "unix_s"
values = ["n"]
[[broker.works.topic]]
filter = "plain/#"
"""
# A park from a package, a key that it prints, and what settle knows of its points; in one process, which is quicker.
FOUND = """
import pickle, sys
from pathlib import Path
from xietong.cli import main
assert main(["load", sys.argv[1], "--json"]) == 0
assert main(["key", "make", "faults", "--subject", "E1"]) == 0
from xietong.park.registry.snapshot import load, point_specs
Path(sys.argv[2]).write_bytes(pickle.dumps(point_specs(load())))
"""

PAUSE_S = 0.04  # of each HJ 212 device: most of the two cores is for coming up again after the kills


class Counted(NamedTuple):
    """What check.py says of one door."""

    acknowledged: int
    found: int
    lost: int
    wrong: int
    repeated: int
    doubled: int


class Instant(NamedTuple):
    """The ends of the lists, and the files of the lake, as they were when something was killed."""

    lists: Path
    files: list[str]


class WholePlatform:
    """Its processes by name (intake, mqtt, web, settle), and the clients at its doors (import is one of these)."""

    def __init__(self, root: Path, data: Path | None = None) -> None:
        """data: on another disk than root, which holds the clients' lists and the logs."""
        self.root, self.data, self.lists = root, data or root / "data", root / "lists"
        self.lists.mkdir()
        for door in DOORS:
            (self.lists / door).touch()
        self.door, self.broker_port = Door(web_port=free_port(), hj212_port=free_port()), free_port()
        self.environment = {**os.environ, "DATABASE_URL": "", "XIETONG_DATA": str(self.data)}
        self.secret = self._founded()
        (self.data / "mqtt.toml").write_text(BROKERS.format(port=self.broker_port))
        self.services = {each.name: each for each in platform(self.data, self.door)}
        settling = (sys.executable, str(HERE / "settling.py"), str(self.data), str(root / "points"))
        self.services["settle"] = Service("settle", settling)
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.clients: dict[str, subprocess.Popen[bytes]] = {}
        self.broker = ExitStack()

    def _founded(self) -> str:
        """Found a park with a point at every door; gives the secret of a key to push for it."""
        package = self.root / "package"
        package.mkdir()
        rows = [f"{code},E1,energy,electricity_purchased,kWh,amount,1,{at}\n" for code, at in SOURCES.items()]
        points = "code,subject,quantity,item,unit,shape,interval_s,source\n" + "".join(rows)
        for name, text in (("park.toml", PARK), ("subjects.csv", SUBJECTS), ("points.csv", points)):
            (package / name).write_text(text)
        return self.command("-c", FOUND, package, self.root / "points").split()[-1]

    def command(self, *arguments: object) -> str:
        """What a command that ends well prints."""
        command = [sys.executable, *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, env=self.environment, timeout=300)
        assert done.returncode == 0, (arguments, done.stderr)
        return done.stdout

    # ---- starting ----

    def begin(self) -> None:
        """Start everything; the clients only once the broker keeps for us what we miss."""
        self.broker.enter_context(broker(self.root, self.broker_port))
        for name in self.services:
            self.start(name)
        self.await_ready(self.services)
        clients: dict[str, tuple[object, ...]] = {
            "hj212": ("sender.py", self.door.hj212_port, self.lists / "hj212", PAUSE_S),
            "mqtt": ("publisher.py", self.broker_port, self.lists),
            "push": ("pusher.py", self.door.web_port, self.secret, self.lists / "push"),
            "import": ("importer.py", self.data, self.root, self.lists / "import"),
        }
        for name, (program, *arguments) in clients.items():
            self.clients[name] = self._run((sys.executable, str(HERE / str(program)), *map(str, arguments)), {})

    def start(self, name: str) -> None:
        """Start a process of the platform."""
        self.processes[name] = self._run(self.services[name].command, self.services[name].environment)

    def _run(self, command: tuple[str, ...], environment: Mapping[str, str]) -> "subprocess.Popen[bytes]":
        environment = self.environment | dict(environment)
        with (self.root / "log").open("ab") as log:
            return subprocess.Popen(command, stdout=log, stderr=log, env=environment, start_new_session=True)

    def await_ready(self, names: Iterable[str]) -> None:
        """Wait until these do their work again."""
        for name in names:
            assert until(partial(self._is_ready, name), 90), (name, self.said())

    def _is_ready(self, name: str) -> bool:
        process = self.processes[name]
        if name == "settle" and process.poll() is not None:
            self.start(name)  # an import was at it: it settles what it brings where nobody else does
            return False
        assert process.poll() is None, (name, process.returncode, self.said())
        ready: dict[str, Callable[[], bool]] = {
            "intake": lambda: is_open(self.door.hj212_port),
            "mqtt": lambda: "SUBACK to xietong-works" in (self.root / "mosquitto.log").read_text(errors="replace"),
            "web": lambda: answers(self.door),
            "settle": lambda: is_locked(self.data / "settle.lock", process.pid),
        }
        return ready[name]()

    def said(self) -> str:
        """The end of what all of them have complained of."""
        return (self.root / "log").read_text(errors="replace")[-4000:]

    # ---- killing ----

    def kill(self, names: Iterable[str]) -> Instant:
        """SIGKILL at once to all of these, which must be alive; what was acknowledged and what was settled then."""
        victims = [(name, self._victim(name)) for name in names]
        for _, kill in victims:
            kill()
        for name, _ in victims:
            if name in self.processes:
                self.processes[name].wait()
        for client, process in self.clients.items():
            assert process.poll() is None, (client, self.said())
        return self.now()

    def kill_all(self) -> None:
        """SIGKILL to the platform and to whatever import runs: the machine they were on has no power."""
        for child in children(self.clients["import"].pid):
            _kill(child)
        for process in self.processes.values():
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def _victim(self, name: str) -> Callable[[], None]:
        if name == "import":  # its own process is the child that the importer waits for
            return partial(_kill, self._importing())
        process = self.processes[name]
        assert process.poll() is None, f"{name} had ended by itself with {process.returncode}: {self.said()}"
        return partial(os.killpg, process.pid, signal.SIGKILL)

    def _importing(self) -> int:
        importer = self.clients["import"].pid
        assert until(lambda: bool(children(importer)), 30)
        return (children(importer) or [0])[0]

    def now(self, torn_tail: bool = False) -> Instant:
        """What is acknowledged and what is settled; torn_tail as check.py has it."""
        copy = self.root / "now"
        copy.mkdir(exist_ok=True)
        for door in DOORS:
            whole = tail(self.lists / door).rpartition(b"\n")
            (copy / door).write_bytes(whole[0] + whole[1])
        return Instant(copy, active_files(self.data / "lake/readings", torn_tail)[0])

    def waiting(self, instant: Instant) -> list[str]:
        """The doors of which something was acknowledged and not in the lake at that instant."""
        return waiting(instant.files, instant.lists)

    # ---- the end ----

    def finish(self) -> dict[str, Counted]:
        """Stop clients and platform in good order, settle the rest by command, and count."""
        for process in self.clients.values():
            process.terminate()
        for name, process in self.clients.items():
            assert process.wait(120) == 0, (name, self.said())
        until(lambda: not {"mqtt", "mqtt-plain"} & set(self.waiting(self.now())), 120)  # the broker has given it all
        for process in self.processes.values():
            process.terminate()
        for process in self.processes.values():
            process.wait(60)
        self.command("-m", "xietong", "settle", "--once")
        counted = json.loads(self.command(HERE / "check.py", self.data / "lake", self.lists, "--doors"))
        return {door: Counted(**each) for door, each in counted.items()}

    def clear(self) -> None:
        """Whatever happened, leave nothing running."""
        for process in [*self.clients.values(), *self.processes.values()]:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        self.broker.close()


def _kill(pid: int) -> None:
    with suppress(ProcessLookupError):  # it had just ended
        os.kill(pid, signal.SIGKILL)


def tail(path: Path, lines: int = 300) -> bytes:
    """The last whole lines of a file, about so many: what was acknowledged last is settled last."""
    with path.open("rb") as file:
        file.seek(max(path.stat().st_size - lines * 12, 0))
        return (b"\n" + file.read() if file.tell() == 0 else file.read()).partition(b"\n")[2]


def children(pid: int) -> list[int]:
    """The processes that this one has started and that still live."""
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def is_open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def is_locked(path: Path, pid: int) -> bool:
    """Whether this process holds an flock on the file."""
    lines = [line.split() for line in Path("/proc/locks").read_text().splitlines() if "->" not in line]
    inode = str(path.stat().st_ino) if path.exists() else ""
    return any(words[4] == str(pid) and words[5].rpartition(":")[2] == inode for words in lines)
