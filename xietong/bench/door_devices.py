"""Many simulated devices in one process: each sends a frame, waits for its acknowledgement and sends the next.

Frames are made before the clock starts; an acknowledgement counts only when it carries its frame's QN.
"""

import argparse
import json
import selectors
import socket
import sys
import time
from collections.abc import Sequence
from typing import NamedTuple

from xietong.protocols.hj212 import frame

FACTORS = ("a34013", "a21026", "a21002", "a19001", "a01012")
RING = 256  # different frames of one device


class _Sent(NamedTuple):
    quoted: bytes
    raw: bytes


class Device:
    """One connection with one frame under way."""

    def __init__(self, number: int, port: int) -> None:
        self.ring = [_made(number, turn) for turn in range(RING)]
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.turn, self.received, self.sent_at = 0, b"", 0.0

    def send(self) -> None:
        """Send the next frame."""
        self.sent_at = time.perf_counter()
        self.socket.sendall(self.ring[self.turn % RING].raw)

    def receive(self) -> bool:
        """Take what came; True once the acknowledgement of the frame under way is whole."""
        received = self.socket.recv(4096)
        if not received:
            raise ConnectionError("the door closed the connection")
        self.received += received
        if not self.received.endswith(b"\r\n"):
            return False
        if self.ring[self.turn % RING].quoted not in self.received or b"CN=9014" not in self.received:
            raise ValueError(f"not the acknowledgement of the frame under way: {self.received!r}")
        self.turn, self.received = self.turn + 1, b""
        return True


def _made(number: int, turn: int) -> _Sent:
    quoted = b"QN=20250314%02d%02d%02d%03d;" % (number % 24, turn // 60 % 60, turn % 60, number % 1000)
    values = ";".join(
        f"{code}-Rtd={turn % 97 + place}.{number % 100:02d},{code}-ZsRtd={turn % 97 + place}.5,{code}-Flag=N"
        for place, code in enumerate(FACTORS)
    )
    time_of_data = f"20250314{number % 24:02d}{turn // 60 % 60:02d}{turn % 60:02d}"
    header = f"ST=31;CN=2011;PW=123456;MN=BENCH{number:019d};Flag=5;"
    return _Sent(quoted, frame(quoted + f"{header}CP=&&DataTime={time_of_data};{values}&&".encode()))


def drive(port: int, connections: int, seconds: float) -> dict[str, float]:
    """Run the devices; frames acknowledged, seconds, and percentiles of the wait for an acknowledgement in ms."""
    devices = [Device(number, port) for number in range(connections)]
    selector = selectors.DefaultSelector()
    for device in devices:
        selector.register(device.socket, selectors.EVENT_READ, device)
    waits: list[float] = []
    begun = time.perf_counter()
    for device in devices:
        device.send()
    while (now := time.perf_counter()) - begun < seconds:
        for key, _ in selector.select(1.0):
            if key.data.receive():
                now = time.perf_counter()
                waits.append(now - key.data.sent_at)
                key.data.send()
    taken = now - begun
    for device in devices:
        device.socket.close()
    waits.sort()
    p50, p99 = (waits[int(len(waits) * part)] * 1000 for part in (0.5, 0.99))
    return {"frames": len(waits), "seconds": taken, "p50_ms": p50, "p99_ms": p99, "max_ms": waits[-1] * 1000}


def main(arguments: Sequence[str] | None = None) -> int:
    """`python -m xietong.bench.door_devices --port N`: one JSON line."""
    parser = argparse.ArgumentParser(prog="python -m xietong.bench.door_devices")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--connections", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=3.0)
    given = parser.parse_args(arguments)
    print(json.dumps(drive(given.port, given.connections, given.seconds)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
