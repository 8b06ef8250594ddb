"""A connection holds little: it stops listening while the disk or the device does not keep up."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from xietong.intake.devices import DeviceBook
from xietong.intake.hj212.callers import Judged, Kept
from xietong.intake.hj212.connection import UNSAFE_BYTES, Connection
from xietong.intake.hj212.pace import Pace, Rate
from xietong.protocols.hj212 import frame

FRAME = frame("QN=20250314073000000;ST=31;CN=2051;PW=1;MN=A;Flag=5;CP=&&DataTime=20250314073000;a-Avg=1&&")


class Transport(asyncio.Transport):
    """Remembers what was written and whether it is read."""

    def __init__(self) -> None:
        super().__init__({"peername": ("127.0.0.1", 5), "socket": self})
        self.reading, self.written = True, b""

    def setsockopt(self, *_: int) -> None:
        """It stands for its socket too."""

    def is_closing(self) -> bool:
        return False

    def is_reading(self) -> bool:
        return self.reading

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True

    def write(self, data: Any) -> None:
        self.written += data


class Door:
    """A listener whose commits end when the test says so."""

    def __init__(self, safe: "asyncio.Future[None]") -> None:
        self.safe = safe

    def keep(self, peer: str, kept: list[Kept]) -> "asyncio.Future[None]":
        assert (peer, kept[0].origin) == ("127.0.0.1", "tcp:127.0.0.1:5")
        return self.safe

    def book(self) -> DeviceBook:
        return DeviceBook()

    def heard(self, connection: Connection, judged: Judged) -> float:
        return 0.0

    def opened(self, connection: Connection) -> bool:
        return True

    def closed(self, connection: Connection) -> None:
        """Nothing to forget."""


def receive(connection: Connection, data: bytes) -> None:
    while data:
        buffer = connection.get_buffer(-1)
        length = min(len(buffer), len(data))
        buffer[:length] = data[:length]
        connection.buffer_updated(length)
        data = data[length:]


def with_connection(body: Callable[[Connection, Transport, "asyncio.Future[None]"], None]) -> Transport:
    transport = Transport()

    async def run() -> None:
        safe: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        connection = Connection(Door(safe), lambda: 0.0, Pace(Rate(1e6, 1e6), 0.0))
        connection.connection_made(transport)
        body(connection, transport, safe)
        await asyncio.sleep(0)

    asyncio.run(run())
    return transport


def test_it_is_not_read_while_much_waits_for_the_disk() -> None:
    def body(connection: Connection, transport: Transport, safe: "asyncio.Future[None]") -> None:
        count = UNSAFE_BYTES // len(FRAME)
        receive(connection, FRAME * count)
        assert transport.reading
        receive(connection, FRAME)
        assert not transport.reading
        assert transport.written == b""
        safe.set_result(None)

    transport = with_connection(body)
    assert transport.reading
    assert transport.written.count(b"CN=9014") == UNSAFE_BYTES // len(FRAME) + 1


def test_it_is_not_read_while_the_device_does_not_read_its_answers() -> None:
    def body(connection: Connection, transport: Transport, safe: "asyncio.Future[None]") -> None:
        connection.pause_writing()
        assert not transport.reading
        connection.resume_writing()
        assert transport.reading

    with_connection(body)


def test_answers_to_a_device_that_left_go_nowhere() -> None:
    def body(connection: Connection, transport: Transport, safe: "asyncio.Future[None]") -> None:
        receive(connection, FRAME)
        connection.connection_lost(None)
        safe.set_result(None)

    assert with_connection(body).written == b""


@pytest.mark.parametrize("end", ["refused", "cancelled"])
def test_what_is_not_safe_is_not_answered_and_the_device_is_read_again(end: str) -> None:
    """A 9014 after a failed fsync would be a loss that nobody hears of: the device never sends it again."""

    def body(connection: Connection, transport: Transport, safe: "asyncio.Future[None]") -> None:
        receive(connection, FRAME * (UNSAFE_BYTES // len(FRAME) + 1))
        assert not transport.reading
        if end == "refused":
            safe.set_exception(OSError(5, "Input/output error"))
        else:
            safe.cancel()

    transport = with_connection(body)
    assert transport.written == b""
    assert transport.reading
