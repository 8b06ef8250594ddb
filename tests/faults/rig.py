"""The rig of the fault tests: the platform's processes on a data folder, the devices, the kills and the counting."""

import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

from check import count

HERE = Path(__file__).parent


class Counted(NamedTuple):
    """What check.py printed."""

    acknowledged: int
    found: int
    lost: int
    doubled: int
    wrong: int
    rows: int
    commits: int


def start(*command: object, line: str = "", log: Path | None = None) -> subprocess.Popen[str]:
    """Start one of our programs; where line is given, wait until it prints a line that begins so.

    log: where its complaints go; a disk that dies under it is worth many.
    """
    with (log or Path("/dev/stderr")).open("a") as complaints:
        process = subprocess.Popen(
            [sys.executable, *map(str, command)], stdout=subprocess.PIPE, stderr=complaints, text=True
        )
    assert process.stdout is not None
    if line:
        said = process.stdout.readline()
        assert said.startswith(line), f"{command} said {said!r}, ended with {process.poll()}"
    return process


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def rounds(usual: int) -> int:
    """How many kills or cuts: `make long` does more, XIETONG_FAULT_ROUNDS says how many."""
    return int(os.environ.get("XIETONG_FAULT_ROUNDS", usual))


class Platform:
    """Intake and settle on one data folder, and devices that send all the time."""

    def __init__(self, data: Path, acknowledged: Path) -> None:
        self.data, self.acknowledged, self.port = data, acknowledged, free_port()
        acknowledged.touch()
        self.log = acknowledged.with_suffix(".log")
        self.intake: subprocess.Popen[str] | None = None
        self.settle: subprocess.Popen[str] | None = None
        self.devices = start(HERE / "sender.py", self.port, acknowledged)

    def start_intake(self) -> None:
        command = ("-m", "xietong.intake", "--data", self.data, "--port", self.port)
        self.intake = start(*command, line="listening", log=self.log)

    def start_settle(self) -> None:
        self.settle = start(HERE / "settling.py", self.data, line="settling", log=self.log)

    def kill(self, process: subprocess.Popen[str] | None, number: signal.Signals = signal.SIGKILL) -> None:
        """End a process that must be alive until now."""
        assert process is not None
        assert process.poll() is None, f"{process.args!r} had ended by itself with {process.returncode}"
        process.send_signal(number)
        process.communicate(timeout=30)

    def acknowledged_by_now(self) -> Path:
        """A copy of the devices' list as it is now."""
        copy = self.acknowledged.with_suffix(".now")
        whole = self.acknowledged.read_bytes().rpartition(b"\n")
        copy.write_bytes(whole[0] + whole[1])
        return copy

    def waiting(self, acknowledged: Path, torn_tail: bool = False) -> int:
        """How many of these frames are not in the lake now."""
        return count(self.data / "lake", acknowledged, torn_tail)["lost"]

    def finish(self) -> Counted:
        """Stop the devices, intake and settle in good order, settle the rest by command, and count."""
        self.kill(self.devices, signal.SIGTERM)
        assert self.devices.returncode == 0
        for process in (self.intake, self.settle):
            self.kill(process, signal.SIGTERM)
        command = ["-m", "xietong", "settle", "--once", "--data", str(self.data)]
        settled = subprocess.run([sys.executable, *command], capture_output=True, text=True, timeout=120)
        assert settled.returncode == 0, settled.stderr
        return self.count(self.acknowledged)

    def count(self, acknowledged: Path) -> Counted:
        """What the checker finds, in its own process."""
        command = [sys.executable, str(HERE / "check.py"), str(self.data / "lake"), str(acknowledged)]
        counted = subprocess.run(command, capture_output=True, text=True, timeout=120)
        assert counted.returncode == 0, counted.stderr
        return Counted(**json.loads(counted.stdout))

    def clear(self) -> None:
        """Whatever happened, leave nothing running."""
        for process in (self.devices, self.intake, self.settle):
            if process is not None and process.poll() is None:
                process.kill()
                process.communicate()


class ForgetfulDisk:
    """A mounted forgetful file system; see forgetful.py. written_back: how often something is kept unasked."""

    def __init__(self, folder: Path, seed: int, written_back: float = 0.2) -> None:
        self.written_back = written_back
        self.backing, self.mounted_at = folder / "backing", folder / "disk"
        self.backing.mkdir()
        self.mounted_at.mkdir()
        self.chance = random.Random(seed)
        self.process = self._mount()

    def _mount(self) -> subprocess.Popen[str]:
        assert Path("/dev/fuse").exists(), "power cuts are played on FUSE: install fuse3 and libfuse2 (make test does)"
        seed = self.chance.randrange(1 << 30)
        process = start(HERE / "forgetful.py", self.backing, self.mounted_at, seed, self.written_back)
        ends = time.monotonic() + 20
        while not self.mounted_at.is_mount():
            assert process.poll() is None, "the forgetful file system ended before it was mounted"
            assert time.monotonic() < ends
            time.sleep(0.02)
        return process

    def cut_power(self) -> None:
        """Everything that was not fsynced is gone at this instant."""
        self.process.kill()

    def unmount(self) -> None:
        """Take away what a killed file system leaves mounted."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()
        program = shutil.which("fusermount3") or shutil.which("fusermount") or "fusermount3"
        subprocess.run([program, "-u", "-z", str(self.mounted_at)], capture_output=True, timeout=30)

    def power_on(self) -> None:
        """Mount what survived."""
        self.unmount()
        self.process = self._mount()
