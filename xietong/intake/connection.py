"""One device's connection: bytes in, pieces to the journal, answers out after the commit that covers them."""

import asyncio
import functools
import socket
from collections.abc import Callable
from typing import Protocol

from xietong.protocols.hj212 import Piece, Splitter, reply

RECEIVED_AT_ONCE = 64 * 1024
UNSAFE_BYTES = 64 * 1024  # what one connection may have waiting for a commit before it is not read any further


class Door(Protocol):
    """What a connection needs from its listener."""

    def keep(self, peer: str, origin: str, pieces: list[Piece]) -> "asyncio.Future[None] | None":
        """Put pieces into the journal's running group; None where none of them is kept."""

    def opened(self, connection: "Connection") -> bool:
        """Admit a connection, or not where there are too many."""

    def closed(self, connection: "Connection") -> None:
        """Forget it."""


# One buffer serves all: a connection empties it before the loop turns to the next one.
_RECEIVED = bytearray(RECEIVED_AT_ONCE)


class Connection(asyncio.BufferedProtocol):
    """Holds at most a frame in pieces, 64 KiB waiting for the disk and 64 KiB of answers waiting for the device."""

    def __init__(self, door: Door, now: Callable[[], float]) -> None:
        self._door, self._now = door, now
        self._splitter = Splitter()
        self._transport: asyncio.Transport | None = None
        self._unsafe = 0
        self._deaf = False
        self._unread_answers = False
        self.peer = self.origin = ""
        self.heard_at = now()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by the loop."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        host, port = transport.get_extra_info("peername")[:2]
        self.peer = f"[{host}]" if ":" in host else host
        self.origin = f"tcp:{self.peer}:{port}"
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        if not self._door.opened(self):
            transport.abort()

    def get_buffer(self, sizehint: int) -> bytearray:
        """Called by the loop before it receives."""
        del sizehint
        return _RECEIVED

    def buffer_updated(self, nbytes: int) -> None:
        """Called by the loop when it has received."""
        self.heard_at = self._now()
        pieces = self._splitter.feed(bytes(memoryview(_RECEIVED)[:nbytes]))
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
    def holds_a_part(self) -> bool:
        """Whether the beginning of a frame waits for its rest."""
        return self._splitter.held > 0

    def flush(self) -> None:
        """Give up waiting for the rest of a frame: what is held goes to the journal as it is."""
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
        safe = self._door.keep(self.peer, self.origin, pieces)
        if safe is None:
            return
        size = sum(len(piece.raw) for piece in pieces)
        self._unsafe += size
        self._listen()
        answers = [answer for piece in pieces if piece.kind == "hj212" and (answer := reply(piece.raw))]
        safe.add_done_callback(functools.partial(self._committed, b"".join(answers), size))

    def _committed(self, answers: bytes, size: int, safe: "asyncio.Future[None]") -> None:
        self._unsafe -= size
        self._listen()
        if answers and self._transport is not None and not safe.cancelled() and safe.exception() is None:
            self._transport.write(answers)

    def _listen(self) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        willing = not (self._deaf or self._unread_answers or self._unsafe > UNSAFE_BYTES)
        if willing != self._transport.is_reading():
            (self._transport.resume_reading if willing else self._transport.pause_reading)()
