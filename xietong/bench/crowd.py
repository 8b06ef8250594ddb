"""Thousands of simulated HJ 212 devices in one process: each keeps its connection and sends a frame now and then.

`python -m xietong.bench.crowd --port N` does what the lines of its standard input say, connect or steady SECONDS, and
answers each with a JSON line. An acknowledgement counts only with the QN of the frame under way.
"""

import argparse
import errno
import json
import select
import socket
import sys
import time
from collections import deque
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from xietong.bench.machine import raise_file_limit
from xietong.protocols.hj212 import frame

FACTORS = ("a34013", "a21026", "a21002", "a19001", "a01012")
ZONE = ZoneInfo("Asia/Shanghai")
PATIENCE_S = 10.0  # HJ 212-2017 table 1: what is not acknowledged by then is sent again; here it counts as dropped
CONNECT_S = 60.0
HIGHEST_PORT = 60_000


class Device:
    """One device with at most one frame under way."""

    def __init__(self, number: int) -> None:
        self.number, self.turn = number, 0
        self.socket = socket.socket()
        self.is_connected = self.is_lost = False
        self.qn, self.sent_at = b"", 0.0

    @property
    def mn(self) -> str:
        """Its unique number."""
        return name_of(self.number)


def name_of(number: int) -> str:
    """The MN of the device of this number."""
    return f"CROWD{number:019d}"


def made(device: Device) -> bytes:
    """The device's next frame, of five factors, as of now."""
    now = datetime.now(UTC).astimezone(ZONE)
    device.turn += 1
    device.qn = f"{now:%Y%m%d%H%M%S}{now.microsecond // 1000:03d}".encode()
    values = ";".join(
        f"{code}-Rtd={(device.number + device.turn) % 97 + place}.{device.turn % 10},{code}-Flag=N"
        for place, code in enumerate(FACTORS)
    )
    header = f"ST=31;CN=2011;PW=123456;MN={device.mn};Flag=5;"
    return frame(b"QN=" + device.qn + f";{header}CP=&&DataTime={now:%Y%m%d%H%M%S};{values}&&".encode())


class Crowd:
    """All devices and one epoll."""

    def __init__(self, ports: tuple[int, int], count: int, sources: int, interval: float) -> None:
        (self._port, self._first_port), self._sources, self._interval = ports, sources, interval
        self._devices = [Device(number) for number in range(count)]
        self._by_handle = {device.socket.fileno(): device for device in self._devices}
        self._poll = select.epoll()
        self._waits: list[float] = []
        self._late: list[float] = []
        self.acknowledged: list[str] = []
        self.dropped: dict[str, int] = {}

    def connect(self) -> dict[str, object]:
        """Connect all at once, as after a power failure; each sends a frame as soon as it is connected."""
        begun = time.perf_counter()
        self._waits = []
        for device in self._devices:
            device.socket.setblocking(False)
            device.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            device.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._bind(device)
            device.sent_at = time.perf_counter()
            problem = device.socket.connect_ex(("127.0.0.1", self._port))
            if problem in (0, errno.EINPROGRESS):
                self._poll.register(device.socket, select.EPOLLOUT)
            else:
                self._lose(device, errno.errorcode.get(problem, str(problem)))
        connected = self._until_quiet(begun + CONNECT_S)
        return {"seconds": round(connected - begun, 3), **self._told("wait")}

    def _bind(self, device: Device) -> None:
        """A port of our own choice: with ten thousand in use the kernel takes milliseconds to find a free one."""
        turn, place = divmod(device.number, self._sources)
        for port in range(self._first_port + turn, HIGHEST_PORT, len(self._devices)):
            try:
                return device.socket.bind((f"127.0.{1 + place // 250}.{1 + place % 250}", port))
            except OSError:
                continue
        raise OSError(f"no port from {self._first_port + turn} on is free")

    def steady(self, seconds: float) -> dict[str, object]:
        """Send at even intervals, each device at its own moment of it."""
        begun = time.perf_counter()
        self._waits = []
        step = self._interval / max(len(self._devices), 1)
        due = deque((begun + place * step, device) for place, device in enumerate(self._devices))
        frames = 0
        while (now := time.perf_counter()) < begun + seconds:
            while due and due[0][0] <= now:
                at, device = due.popleft()
                due.append((at + self._interval, device))
                self._late.append(now - at)
                frames += self._send(device)
            self._turn(max(due[0][0] - time.perf_counter(), 0.0) if due else 0.1)
        self._until_quiet(time.perf_counter() + PATIENCE_S)
        late = sorted(self._late) or [0.0]
        return {"frames": frames, "late_p99_ms": _ms(late, 0.99), **self._told("p")}

    def _told(self, kind: str) -> dict[str, object]:
        waits = sorted(self._waits) or [0.0]
        p50, p99 = _ms(waits, 0.5), _ms(waits, 0.99)
        return {
            "acknowledged": len(self._waits),
            f"{kind}50_ms": p50,
            f"{kind}99_ms": p99,
            "max_ms": _ms(waits, 1.0),
            "dropped": sum(self.dropped.values()),
            "reasons": self.dropped,
        }

    def _until_quiet(self, deadline: float) -> float:
        """Until nothing is under way, or the deadline; what then still is counts as dropped."""
        waiting = sum(not device.is_lost and (bool(device.qn) or not device.is_connected) for device in self._devices)
        while waiting > 0 and time.perf_counter() < deadline:
            waiting -= self._turn(0.1)
        for device in self._devices:
            if not device.is_lost and (device.qn or not device.is_connected):
                self._lose(device, "not acknowledged" if device.is_connected else "not connected")
        return time.perf_counter()

    def _turn(self, seconds: float) -> int:
        """Look at what has happened; how many devices came to an end of waiting."""
        ended = 0
        for handle, events in self._poll.poll(seconds):
            device = self._by_handle[handle]
            try:
                ended += self._look_at(device, events)
            except OSError as error:
                self._lose(device, type(error).__name__)
                ended += 1
        return ended

    def _look_at(self, device: Device, events: int) -> int:
        if not device.is_connected:
            problem = device.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if problem:
                raise OSError(problem, "connect")
            device.is_connected = True
            self._poll.modify(device.socket, select.EPOLLIN)
            begun = device.sent_at
            self._send(device)
            device.sent_at = begun  # the wait of a first frame is counted from the first packet on
            return 0
        return self._receive(device) if events & (select.EPOLLIN | select.EPOLLHUP | select.EPOLLERR) else 0

    def _send(self, device: Device) -> int:
        if device.is_lost or not device.is_connected:
            return 0
        if device.qn:  # a device waits for its acknowledgement before it sends the next
            if time.perf_counter() - device.sent_at > PATIENCE_S:
                self._lose(device, "not acknowledged")
            return 0
        raw = made(device)
        device.sent_at = time.perf_counter()
        device.socket.sendall(raw)
        return 1

    def _receive(self, device: Device) -> int:
        received = device.socket.recv(4096)
        now = time.perf_counter()
        if not received:
            raise ConnectionResetError
        if not device.qn or b"QN=" + device.qn not in received or b"CN=9014" not in received:
            self._lose(device, "a wrong answer")
            return 1
        self.acknowledged.append(f"{device.mn} {device.qn.decode()}")
        self._waits.append(now - device.sent_at)
        device.qn = b""
        return 1

    def _lose(self, device: Device, reason: str) -> None:
        if not device.is_lost:
            device.is_lost = True
            self.dropped[reason] = self.dropped.get(reason, 0) + 1
            self._by_handle.pop(device.socket.fileno(), None)
            device.socket.close()


def _ms(ordered: list[float], part: float) -> float:
    return round(ordered[min(int(len(ordered) * part), len(ordered) - 1)] * 1000, 2)


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what standard input says, line by line; at its end write what was acknowledged: MN and QN a line."""
    parser = argparse.ArgumentParser(prog="python -m xietong.bench.crowd")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--connections", type=int, default=10_000)
    parser.add_argument("--first-port", type=int, default=10_000, help="the first port that they come from")
    parser.add_argument("--sources", type=int, default=1, help="addresses 127.0.x.y that they come from")
    parser.add_argument("--interval", type=float, default=10.0)
    parser.add_argument("--acknowledged", type=Path, required=True)
    given = parser.parse_args(arguments)
    raise_file_limit(given.connections + 100)
    crowd = Crowd((given.port, given.first_port), given.connections, given.sources, given.interval)
    for line in sys.stdin:
        word, _, seconds = line.strip().partition(" ")
        told = crowd.connect() if word == "connect" else crowd.steady(float(seconds))
        print(json.dumps(told), flush=True)
    given.acknowledged.write_text("".join(f"{each}\n" for each in crowd.acknowledged))
    return 0


if __name__ == "__main__":
    sys.exit(main())
