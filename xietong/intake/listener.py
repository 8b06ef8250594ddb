"""The HJ 212 listener: accepts devices, gathers their pieces into group commits, sweeps silent connections.

A frame is acknowledged only after the fsync that covers it; where the disk refuses, nothing is answered and the
device sends again.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from xietong.intake.connection import Connection
from xietong.intake.refusals import Refusals
from xietong.journal import GroupCommit, JournalWriter, open_writer
from xietong.protocols.hj212 import Piece

LOG = logging.getLogger("xietong.intake")
OWN_ORIGIN = "intake:refusals"


def utc_now() -> datetime:
    """The clock of a live process."""
    return datetime.now(UTC)


class Conditions(NamedTuple):
    """The clock, and limits in seconds: how long half a frame is waited for, how long a silent connection lives, how
    often both are looked at, how long the last answers may take; and how many connections are admitted.

    HJ 212 devices wait 10 s for their answer and send again; their slowest interval is an hour.
    """

    clock: Callable[[], datetime] = utc_now
    half_frame: float = 5.0
    idle: float = 7200.0
    sweep: float = 0.5
    farewell: float = 5.0
    connections: int = 4000


USUAL = Conditions()


class Listener:
    """All connections of one process and the journal that they share."""

    def __init__(self, writer: JournalWriter, conditions: Conditions) -> None:
        self._group = GroupCommit(writer)
        self._conditions, self._clock = conditions, conditions.clock
        self._watched: asyncio.Future[None] | None = None
        self._connections: set[Connection] = set()
        self._refusals = Refusals()
        self._failed_at = -60.0
        self._finishing = False
        self._loop = asyncio.get_running_loop()

    def connection(self) -> Connection:
        """The protocol of a new connection."""
        return Connection(self, self._loop.time)

    def opened(self, connection: Connection) -> bool:
        """Admit a connection, or not where there are too many."""
        most = self._conditions.connections
        if self._finishing or len(self._connections) >= most:
            LOG.warning("%s was turned away: %d of %d places taken", connection.origin, len(self._connections), most)
            return False
        self._connections.add(connection)
        return True

    def closed(self, connection: Connection) -> None:
        """Forget it."""
        self._connections.discard(connection)

    def keep(self, peer: str, origin: str, pieces: list[Piece]) -> "asyncio.Future[None] | None":
        """Put pieces into the journal's running group; None where none of them is kept."""
        safe, now = None, self._clock()
        for piece in pieces:
            raw: bytes | None = piece.raw
            if piece.kind != "hj212":
                raw = self._refusals.keep(peer, piece.kind, piece.raw)
            if raw is not None:
                _, safe = self._group.add(piece.kind, origin, raw, now)
        if safe is not None and safe is not self._watched:
            self._watched = safe
            safe.add_done_callback(self._look_at)
        return safe

    async def sweep(self) -> None:
        """For ever: give up half frames after silence, close idle connections, tell what was left out."""
        while True:
            await asyncio.sleep(self._conditions.sweep)
            now = self._loop.time()
            for connection in list(self._connections):
                silent = now - connection.heard_at
                if silent > self._conditions.idle:
                    connection.close()
                elif silent > self._conditions.half_frame and connection.holds_a_part:
                    connection.flush()
            self._tell(self._refusals.due(self._clock()))

    async def finish(self) -> None:
        """Take nothing more, commit what came, answer it, close the connections."""
        self._finishing = True
        for connection in self._connections:
            connection.stop_reading()
            connection.flush()
        self._tell(self._refusals.rest(self._clock()))
        await self._group.close()
        await asyncio.sleep(0)  # the answers of the last group are written by its callbacks
        for connection in list(self._connections):
            connection.close()
        ends = self._loop.time() + self._conditions.farewell
        while self._connections and self._loop.time() < ends:
            await asyncio.sleep(0.01)
        for connection in list(self._connections):
            connection.abort()

    def _tell(self, payloads: Iterable[bytes]) -> None:
        for payload in payloads:
            _, safe = self._group.add("junk", OWN_ORIGIN, payload, self._clock())
            safe.add_done_callback(self._look_at)

    def _look_at(self, safe: "asyncio.Future[None]") -> None:
        error = safe.exception()
        if error is not None and self._loop.time() - self._failed_at >= 60:
            self._failed_at = self._loop.time()
            LOG.error("%s", error)


async def serve(
    data: Path,
    host: str,
    port: int,
    stop: asyncio.Event,
    ready: Callable[[str, int], None],
    conditions: Conditions = USUAL,
) -> None:
    """Listen until stop is set, then finish in good order. port 0 takes a free one; ready is told host and port.

    Writes the first free journal of data/journal/intake-0, intake-1 …. Raises OSError where the port is taken.
    """
    with open_writer(data / "journal", "intake") as writer:
        for cut in writer.cut:
            LOG.warning("cut %d bytes from %s at %d: %s", cut.length, cut.path, cut.offset, cut.reason)
        listener = Listener(writer, conditions)
        server = await asyncio.get_running_loop().create_server(listener.connection, host, port, backlog=512)
        sweeping = asyncio.create_task(listener.sweep())
        sweeping.add_done_callback(lambda _: stop.set())  # it never ends by itself, unless by a bug
        try:
            ready(*server.sockets[0].getsockname()[:2])
            await stop.wait()
        finally:
            server.close()
            broken = sweeping.done()
            sweeping.cancel()
            await listener.finish()
        if broken:
            sweeping.result()
