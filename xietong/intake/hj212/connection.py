"""One device's connection: bytes in, entries to the journal, answers out after the commit that covers them."""

import asyncio
import functools
import socket
from collections.abc import Callable
from typing import Protocol

from xietong.intake.devices import DeviceBook
from xietong.intake.hj212.callers import Caller, Judged, Kept
from xietong.intake.hj212.pace import Pace
from xietong.protocols.hj212 import Piece, Splitter

RECEIVED_AT_ONCE = 64 * 1024
UNSAFE_BYTES = 64 * 1024  # what one connection may have waiting for a commit before it is not read any further


class Door(Protocol):
    """What a connection needs from its listener."""

    def book(self) -> DeviceBook:
        """The settings of the moment."""

    def keep(self, peer: str, kept: list[Kept]) -> "asyncio.Future[None] | None":
        """Put entries into the journal's running group; None where none of them is kept."""

    def heard(self, connection: "Connection", judged: Judged) -> float:
        """Frames came and are in the group; answers how many seconds to read no more of this connection."""

    def opened(self, connection: "Connection") -> bool:
        """Admit a connection, or not where there are too many."""

    def closed(self, connection: "Connection") -> None:
        """Forget it."""


# The kernel asks a silent device for a sign of life, in seconds, and gives up one without power after four minutes.
_ALIVE = {socket.TCP_KEEPIDLE: 120, socket.TCP_KEEPINTVL: 30, socket.TCP_KEEPCNT: 4}
# One buffer serves all: a connection empties it before the loop turns to the next one.
# A view, since asyncio's TLS cuts it for its second record, and a slice of a bytearray would be a copy.
_RECEIVED = memoryview(bytearray(RECEIVED_AT_ONCE))


class Connection(asyncio.BufferedProtocol):
    """Holds at most a frame in pieces, 64 KiB waiting for the disk and 64 KiB of answers waiting for the device."""

    def __init__(self, door: Door, now: Callable[[], float], pace: Pace) -> None:
        self._door, self._now, self.pace = door, now, pace
        self._splitter = Splitter()
        self._transport: asyncio.Transport | None = None
        self._caller: Caller | None = None
        self._unsafe = 0
        self._deaf = self._unread_answers = self._resting = False
        self.peer = self.origin = ""
        self.opened_at = self.heard_at = now()
        self.part_since: float | None = None
        self.has_spoken = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by the loop."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        host, port = transport.get_extra_info("peername")[:2]
        self.peer = f"[{host}]" if ":" in host else host
        self.origin = f"tcp:{self.peer}:{port}"
        self._caller = Caller(host, self.origin, self._door.book)
        _keep_alive(transport.get_extra_info("socket"))
        if not self._door.opened(self):
            transport.abort()

    def get_buffer(self, sizehint: int) -> memoryview:
        """Called by the loop before it receives."""
        del sizehint
        return _RECEIVED

    def buffer_updated(self, nbytes: int) -> None:
        """Called by the loop when it has received."""
        now = self.heard_at = self._now()
        self.has_spoken = True
        pieces = self._splitter.feed(bytes(_RECEIVED[:nbytes]))
        if self._splitter.held == 0:
            self.part_since = None
        elif pieces or self.part_since is None:
            self.part_since = now
        if pieces:
            self._keep(pieces)

    def connection_lost(self, error: Exception | None) -> None:
        """Called by the loop; what was held is kept as evidence."""
        del error
        self._transport = None
        self.flush()
        self._door.closed(self)

    def pause_writing(self) -> None:
        """Called by the loop: the device does not read its answers."""
        self._unread_answers = True
        self._listen()

    def resume_writing(self) -> None:
        """Called by the loop: it reads them again."""
        self._unread_answers = False
        self._listen()

    @property
    def is_open(self) -> bool:
        """Whether something can be sent."""
        return self._transport is not None and not self._transport.is_closing()

    def send(self, raw: bytes) -> None:
        """Send a frame of the platform's own; nothing happens where the connection has ended."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(raw)

    def flush(self) -> None:
        """Give up waiting for the rest of a frame: what is held goes to the journal as it is."""
        self.part_since = None
        pieces = self._splitter.flush()
        if pieces:
            self._keep(pieces)

    def stop_reading(self) -> None:
        """Take nothing more; answers still go out."""
        self._deaf = True
        self._listen()

    def close(self) -> None:
        """Close once the answers already given are written."""
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """Close at once."""
        if self._transport is not None:
            self._transport.abort()

    def _keep(self, pieces: list[Piece]) -> None:
        if self._caller is None:
            return
        judged = self._caller.judge(pieces)
        safe = self._door.keep(self.peer, judged.kept)
        wait = self._door.heard(self, judged)
        if wait > 0:
            self._rest(wait)
        if safe is None:
            return
        size = sum(len(piece.raw) for piece in pieces)
        self._unsafe += size
        self._listen()
        safe.add_done_callback(functools.partial(self._committed, judged.answers, size))

    def _committed(self, answers: bytes, size: int, safe: "asyncio.Future[None]") -> None:
        self._unsafe -= size
        self._listen()
        if answers and self._transport is not None and not safe.cancelled() and safe.exception() is None:
            self._transport.write(answers)

    def _rest(self, seconds: float) -> None:
        """Faster than it may be: it is read again later, and what it sends waits in its own buffers."""
        self._resting = True
        self._listen()
        asyncio.get_running_loop().call_later(seconds, self._rested)

    def _rested(self) -> None:
        self._resting = False
        self._listen()

    def _listen(self) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        willing = not (self._deaf or self._unread_answers or self._resting or self._unsafe > UNSAFE_BYTES)
        if willing != self._transport.is_reading():
            (self._transport.resume_reading if willing else self._transport.pause_reading)()


def _keep_alive(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in _ALIVE.items():
        connection.setsockopt(socket.IPPROTO_TCP, option, value)
