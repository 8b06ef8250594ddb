"""Thousands of simulated MQTT clients in one process, and a relay between the broker and our MQTT process.

The relay passes every byte on and looks at the packets: when a message leaves the broker for us, and when our PUBACK
comes, which is after the fsync. A publisher itself hears only the broker. `python -m xietong.bench.publishers` prints
the relay's port, does what the lines of its standard input say (connect, steady SECONDS) and answers with JSON lines.
"""

import argparse
import json
import os
import selectors
import socket
import sys
import time
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path

from xietong.bench.machine import raise_file_limit

PATIENCE_S, CONNECT_S = 10.0, 60.0
CONNACK, PUBLISH, PUBACK, SUBACK = 2, 3, 4, 9


class Client:
    """One publisher of QoS 1 with at most one message under way, or one end of the relay."""

    def __init__(self, number: int, connection: socket.socket) -> None:
        self.number, self.socket, self.buffer = number, connection, b""
        self.peer: Client | None = None
        self.is_connected = False
        self.message, self.sent_at = 0, 0.0

    def packets(self, received: bytes) -> Iterator[tuple[int, bytes]]:
        """Packets that are whole: the first byte and what follows the length."""
        self.buffer += received
        while (end := _end(self.buffer)) is not None and len(self.buffer) >= sum(end):
            begin, length = end
            packet, self.buffer = self.buffer[: begin + length], self.buffer[begin + length :]
            yield packet[0], packet[begin:]


def _end(buffer: bytes) -> tuple[int, int] | None:
    """Where the body of the first packet begins, and its length."""
    length = 0
    for place in range(1, min(len(buffer), 5)):
        length |= (buffer[place] & 0x7F) << 7 * (place - 1)
        if not buffer[place] & 0x80:
            return place + 1, length
    return None


def _packet(head: int, body: bytes) -> bytes:
    length, told = len(body), b""
    while length > 127:
        told, length = told + bytes([length & 0x7F | 0x80]), length >> 7
    return bytes([head]) + told + bytes([length]) + body


def _text(text: str) -> bytes:
    return len(text).to_bytes(2, "big") + text.encode()


class Publishers:
    """All clients, the relay, and one selector."""

    def __init__(self, broker: int, count: int, interval: float) -> None:
        self._broker, self._count, self._interval = broker, count, interval
        self._selector = selectors.DefaultSelector()
        self._clients: list[Client] = []
        self._door = socket.create_server(("127.0.0.1", 0))
        self._selector.register(self._door, selectors.EVENT_READ, None)
        self.port: int = self._door.getsockname()[1]
        self._passed: dict[int, tuple[str, float, float]] = {}  # by the broker's number: what went on to us
        self._unheard: set[str] = set()  # what was published and not yet acknowledged by us
        self._is_subscribed = False
        self._waits: dict[str, list[float]] = {"broker": [], "ours": [], "whole": []}
        self._messages = 0
        self._told_to: list[str] = []
        self._is_over = False
        self.acknowledged: list[str] = []
        self.dropped: dict[str, int] = {}

    def connect(self) -> dict[str, object]:
        """Connect all at once (those of before are cut off first), each publishing once; not before we have subscribed,
        since the broker keeps nothing for those it does not know."""
        deadline = time.perf_counter() + CONNECT_S
        while not self._is_subscribed and time.perf_counter() < deadline:
            self._turn(0.1)
        begun = time.perf_counter()
        for client in self._clients:
            self._close(client)
        self._clear()
        self._clients = [self._client(number) for number in range(self._count)]
        ended = self._until_quiet(begun + CONNECT_S)
        return {"seconds": round(ended - begun, 3), **self._told()}

    def steady(self, seconds: float) -> dict[str, object]:
        """Publish at even intervals, each client at its own moment of it."""
        begun = time.perf_counter()
        self._clear()
        step = self._interval / max(self._count, 1)
        due = deque((begun + place * step, client) for place, client in enumerate(self._clients))
        while (now := time.perf_counter()) < begun + seconds:
            while due and due[0][0] <= now:
                at, client = due.popleft()
                due.append((at + self._interval, client))
                self._publish(client)
            self._turn(max(due[0][0] - time.perf_counter(), 0.0) if due else 0.1)
        self._until_quiet(time.perf_counter() + PATIENCE_S)
        return self._told()

    def attend(self) -> None:
        """Relay, and do what standard input says, until it ends."""
        os.set_blocking(sys.stdin.fileno(), False)
        self._selector.register(sys.stdin, selectors.EVENT_READ, self)
        while not self._is_over:
            self._turn(1.0)
            for line in self._told_to:
                word, _, seconds = line.partition(" ")
                self._told_to = []
                told = self.connect() if word == "connect" else self.steady(float(seconds))
                print(json.dumps(told), flush=True)

    # ---- inside ----

    def _client(self, number: int) -> Client:
        connection = socket.create_connection(("127.0.0.1", self._broker))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client = Client(number, connection)
        client.message, client.sent_at = -1, time.perf_counter()  # waits for its CONNACK
        self._selector.register(connection, selectors.EVENT_READ, client)
        connection.sendall(_packet(0x10, _text("MQTT") + b"\x04\x02\x00\x00" + _text(f"crowd-{number}")))
        return client

    def _publish(self, client: Client) -> None:
        if client.message:
            if time.perf_counter() - client.sent_at > PATIENCE_S:
                self._drop("not acknowledged by the broker")
            return
        self._messages += 1
        client.message, client.sent_at = self._messages, time.perf_counter()
        topic = f"crowd/{client.number}"
        self._unheard.add(f"{topic} {self._messages}")
        told = {"ts": int(time.time() * 1000), "kw": self._messages % 1000 / 10, "n": self._messages}
        body = json.dumps({**told, "sent": client.sent_at}).encode()
        mid = (self._messages % 65_535 + 1).to_bytes(2, "big")
        client.socket.sendall(_packet(0x32, _text(topic) + mid + body))

    def _until_quiet(self, deadline: float) -> float:
        """Until every message is acknowledged by the broker and by us, or the deadline."""
        while time.perf_counter() < deadline and (self._unheard or any(each.message for each in self._clients)):
            self._turn(0.05)
        for client in self._clients:
            if client.message:
                self._drop("not acknowledged by the broker")
        for _ in self._unheard:
            self._drop("not acknowledged by us")
        self._unheard.clear()
        return time.perf_counter()

    def _turn(self, seconds: float) -> None:
        for key, _ in self._selector.select(seconds):
            client = key.data
            if not isinstance(client, Client):
                (self._relay if client is None else self._listen)()
                continue
            if client.socket.fileno() < 0:
                continue  # closed with its other end, in this very turn
            received = _received(client.socket)
            if client.peer is not None:
                self._pass_on(client, client.peer, received)
            elif received:
                self._hear(client, received)
            else:
                self._drop("cut off by the broker")
                self._close(client)

    def _listen(self) -> None:
        said = os.read(sys.stdin.fileno(), 4096).decode()
        self._told_to += said.splitlines()
        if not said:
            self._is_over = True
            self._selector.unregister(sys.stdin)

    def _relay(self) -> None:
        """Our process connects: connect on to the broker."""
        ours = Client(0, self._door.accept()[0])
        theirs = Client(1, socket.create_connection(("127.0.0.1", self._broker)))
        ours.peer, theirs.peer = theirs, ours
        for each in (ours, theirs):
            each.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._selector.register(each.socket, selectors.EVENT_READ, each)

    def _pass_on(self, side: Client, other: Client, received: bytes) -> None:
        if not received:
            self._close(side)
            self._close(other)
            return
        other.socket.sendall(received)
        now = time.perf_counter()
        for head, body in side.packets(received):
            if head >> 4 == PUBLISH and side.number:
                self._goes_on(body, now)
            elif head >> 4 == PUBACK and not side.number:
                self._is_ours(int.from_bytes(body[:2], "big"), now)
            self._is_subscribed = self._is_subscribed or head >> 4 == SUBACK

    def _goes_on(self, body: bytes, now: float) -> None:
        """A message leaves the broker for us."""
        behind = 2 + int.from_bytes(body[:2], "big")
        told = json.loads(body[behind + 2 :])
        mid = int.from_bytes(body[behind : behind + 2], "big")
        self._passed[mid] = (f"{body[2:behind].decode()} {told['n']}", told["sent"], now)

    def _is_ours(self, mid: int, now: float) -> None:
        """We have acknowledged it."""
        name, sent_at, passed_at = self._passed.pop(mid)
        self._unheard.discard(name)
        self.acknowledged.append(name)
        self._waits["ours"].append(now - passed_at)
        self._waits["whole"].append(now - sent_at)

    def _hear(self, client: Client, received: bytes) -> None:
        now = time.perf_counter()
        for head, _ in client.packets(received):
            if head >> 4 == CONNACK:
                client.is_connected, client.message = True, 0
                self._publish(client)
            elif head >> 4 == PUBACK:
                self._waits["broker"].append(now - client.sent_at)
                client.message = 0

    def _clear(self) -> None:
        self._waits = {name: [] for name in self._waits}

    def _told(self) -> dict[str, object]:
        found: dict[str, object] = {"acknowledged": len(self._waits["whole"])}
        for name, waits in self._waits.items():
            ordered = sorted(waits) or [0.0]
            for part in (0.5, 0.99):
                at = min(int(len(ordered) * part), len(ordered) - 1)
                found[f"{name}_p{part * 100:.0f}_ms"] = round(ordered[at] * 1000, 2)
        return {**found, "dropped": sum(self.dropped.values()), "reasons": self.dropped}

    def _drop(self, reason: str) -> None:
        self.dropped[reason] = self.dropped.get(reason, 0) + 1

    def _close(self, client: Client) -> None:
        if client.socket.fileno() >= 0:
            self._selector.unregister(client.socket)
            client.socket.close()
        client.message = 0


def _received(connection: socket.socket) -> bytes:
    try:
        return connection.recv(65_536)
    except ConnectionError:
        return b""


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what standard input says, line by line; at its end write what we acknowledged: topic and number a line."""
    parser = argparse.ArgumentParser(prog="python -m xietong.bench.publishers")
    parser.add_argument("--broker", type=int, required=True)
    parser.add_argument("--clients", type=int, default=2_000)
    parser.add_argument("--interval", type=float, default=10.0)
    parser.add_argument("--acknowledged", type=Path, required=True)
    given = parser.parse_args(arguments)
    raise_file_limit(given.clients + 100)
    publishers = Publishers(given.broker, given.clients, given.interval)
    print(publishers.port, flush=True)
    publishers.attend()
    given.acknowledged.write_text("".join(f"{each}\n" for each in publishers.acknowledged))
    return 0


if __name__ == "__main__":
    sys.exit(main())
