"""The HJ 212 listener: accepts devices, gathers their pieces into group commits, sweeps silent connections.

A frame is acknowledged only after the fsync that covers it; where the disk refuses, nothing is answered and the
device sends again.
"""

import asyncio
import logging
import ssl
from asyncio.sslproto import SSLProtocol
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from xietong.intake.devices import BookFile, DeviceBook, Listening, openness
from xietong.intake.hj212 import gate
from xietong.intake.hj212.asking import Asker, Order, Wanted
from xietong.intake.hj212.callers import Judged, Kept, is_within
from xietong.intake.hj212.connection import Connection
from xietong.intake.hj212.pace import Pace, Paces, Rate
from xietong.intake.hj212.refusals import Refusals
from xietong.intake.hj212.room import Room
from xietong.intake.opening import open_journal
from xietong.journal import GroupCommit, JournalError, JournalWriter
from xietong.protocols.hj212.parts import WAIT
from xietong.readings import EntryKind

LOG = logging.getLogger("xietong.intake")
OWN_ORIGIN = "intake:refusals"


def utc_now() -> datetime:
    """The clock of a live process."""
    return datetime.now(UTC)


class Conditions(NamedTuple):
    """The clock, and limits in seconds: how long half a frame is waited for in silence and in all, how long a
    connection may say nothing at first and between frames, how often these are looked at, how long the last answers may
    take; how many connections there are in all and from one address; and frames a second of a connection and a device.

    HJ 212 devices wait 10 s for their answer and send again; their slowest interval is an hour.
    """

    clock: Callable[[], datetime] = utc_now
    half_frame: float = 5.0
    whole_frame: float = 60.0
    first_byte: float = 300.0
    idle: float = 7200.0
    sweep: float = 0.5
    farewell: float = 5.0
    connections: int = 12_000
    connections_a_peer: int = 12_000
    rate: Rate = Rate(1000.0, 20_000.0)


USUAL = Conditions()
MOST_PACES = 20_000
ACCEPTED_AT_ONCE, MOST_WAITING = 64, 16_384
LOOKED_AFTER_AT_ONCE = 1_000
RECEIVED_OVER_TLS = 8 * 1024
PARTS_S = WAIT.total_seconds() + 1  # after which settle need not wait for a missing part any more


class Listener:
    """All connections of one process and the journal that they share."""

    def __init__(self, writer: JournalWriter, data: Path, conditions: Conditions) -> None:
        self._group = GroupCommit(writer)
        self._data, self._conditions, self._clock = data, conditions, conditions.clock
        self._settings = BookFile(data / "devices.toml")
        self._asker = Asker(data, writer.name, self._own, self.book, conditions.clock)
        self._watched: asyncio.Future[None] | None = None
        self._room: Room[Connection] = Room(conditions.connections, conditions.connections_a_peer)
        self._paces = Paces(conditions.rate, MOST_PACES)
        self._refusals = Refusals()
        self._made_way = 0
        self._part_at: float | None = None
        self._failed_at = self._told_at = -60.0
        self._finishing = False
        self._loop = asyncio.get_running_loop()

    def connection(self) -> Connection:
        """The protocol of a new connection."""
        return Connection(self, self._loop.time, Pace(self._conditions.rate, self._loop.time()))

    def book(self) -> DeviceBook:
        """The settings of the moment."""
        return self._settings.book

    def opened(self, connection: Connection) -> bool:
        """Admit a connection, or not where its address is not allowed; where there are too many, another makes way."""
        allow = self.book().listen.allow
        if self._finishing:
            return False
        if allow and not is_within(connection.peer.strip("[]"), allow):
            self._tell_at_most("%s is not on the allow-list of devices.toml and was turned away", connection.origin)
            return False
        goes = self._room.enter(connection)
        if goes is not None:
            goes.abort()
            self._made_way += 1
            self._tell_of(goes)
        return True

    def closed(self, connection: Connection) -> None:
        """Forget it."""
        self._room.leave(connection)
        self._asker.left(connection, self._loop.time())

    def keep(self, peer: str, kept: list[Kept]) -> "asyncio.Future[None] | None":
        """Put entries into the journal's running group; None where none of them is kept."""
        safe, now = None, self._clock()
        for kind, origin, raw in kept:
            payload: bytes | None = raw
            if kind == "junk" or kind == "hj212-refused":
                payload = self._refusals.keep(peer, kind, raw)
            if payload is not None:
                _, safe = self._group.add(kind, origin, payload, now)
        self._watch(safe)
        return safe

    def heard(self, connection: Connection, judged: Judged) -> float:
        """Frames came and are in the group; answers how many seconds to read no more of this connection."""
        now = self._loop.time()
        self._room.heard(connection)
        for mn, sample in judged.spoke.items():
            if not self._asker.knows(mn, connection):
                self._asker.met(mn, connection, sample)
            if self._asker.listens_to(mn):
                for each in judged.kept:
                    if each.kind == "hj212":
                        self._asker.heard(mn, each.raw, now)
        if judged.has_parts:
            self._part_at = now
        return self._wait(connection, judged, now)

    async def sweep(self) -> None:
        """For ever: look after connections, tell what was left out, ask devices."""
        while True:
            await asyncio.sleep(self._conditions.sweep)
            now = self._loop.time()
            every = list(self._room)
            for place in range(0, len(every), LOOKED_AFTER_AT_ONCE):
                for connection in every[place : place + LOOKED_AFTER_AT_ONCE]:
                    self._look_after(connection, now)
                await asyncio.sleep(0)  # ten thousand connections are some milliseconds: answers go out in between
            self._tell(self._refusals.due(self._clock()))
            self._note_the_time(now)
            problem = self._settings.look()
            if problem is not None:
                LOG.error("%s", problem.text.en)
            self._carry_out_orders(now)
            self._asker.tick(now)

    async def finish(self) -> None:
        """Take nothing more, commit what came, answer it, close the connections."""
        self._finishing = True
        for connection in list(self._room):
            connection.stop_reading()
            connection.flush()
        self._tell(self._refusals.rest(self._clock()))
        self._asker.stop(self._loop.time())
        await self._group.close()
        await asyncio.sleep(0)  # the answers of the last group are written by its callbacks
        for connection in list(self._room):
            connection.close()
        ends = self._loop.time() + self._conditions.farewell
        while self._room and self._loop.time() < ends:
            await asyncio.sleep(0.01)
        for connection in list(self._room):
            connection.abort()

    # ---- inside ----

    def _look_after(self, connection: Connection, now: float) -> None:
        limits = self._conditions
        silent = now - connection.heard_at
        if silent > limits.idle or (not connection.has_spoken and now - connection.opened_at > limits.first_byte):
            connection.close()
        elif connection.part_since is not None and (
            silent > limits.half_frame or now - connection.part_since > limits.whole_frame
        ):
            connection.flush()

    def _wait(self, connection: Connection, judged: Judged, now: float) -> float:
        wait = connection.pace.wait(judged.frames, now)
        for mn in judged.spoke:
            wait = max(wait, self._paces.wait(mn, judged.frames, now))
        return wait

    def _tell_of(self, connection: Connection) -> None:
        """Say that it had to make way."""
        silent, allowed = self._loop.time() - connection.heard_at, self._conditions
        self._tell_at_most(
            f"too many connections: %s, silent for {silent:.0f} s, made way for a new one, "
            f"as {self._made_way} did in all; its address has {self._room.of(connection.peer)} of {len(self._room)}, "
            f"allowed are {allowed.connections_a_peer} and {allowed.connections}",
            connection.origin,
        )

    def _tell_at_most(self, sentence: str, *said: object) -> None:
        """Whatever strangers can make happen is told once a minute."""
        now = self._loop.time()
        if now - self._told_at >= 60:
            self._told_at = now
            LOG.warning(sentence, *said)

    def _own(self, kind: EntryKind, origin: str, payload: bytes) -> "tuple[int, asyncio.Future[None]]":
        ordinal, safe = self._group.add(kind, origin, payload, self._clock())
        self._watch(safe)
        return ordinal, safe

    def _note_the_time(self, now: float) -> None:
        """Settle's only clock is the entries: one must come after the longest wait for a missing part of a message."""
        if self._part_at is not None and now > self._part_at + PARTS_S:
            self._part_at = None
            self._own("note", OWN_ORIGIN, b'{"waited": "parts"}')

    def _carry_out_orders(self, now: float) -> None:
        for path in gate.waiting(self._data):
            try:
                given = gate.read(self._data, self.book(), path, self._clock())
            except gate.GateClosed as error:
                LOG.warning("%s is not carried out: %s", path.name, error.text.en)
                gate.done(path)
                continue
            if self._asker.can_take(given.mn):
                try:
                    gate.give(self._data, path, given, self._clock())
                except JournalError as error:
                    self._tell_at_most("%s waits: %s", path.name, error)
                    continue
                self._asker.command(Order(Wanted(given.mn, given.cn, None, None), given.proposal, given.content), now)

    def _tell(self, payloads: Iterable[bytes]) -> None:
        for payload in payloads:
            self._own("junk", OWN_ORIGIN, payload)

    def _watch(self, safe: "asyncio.Future[None] | None") -> None:
        if safe is not None and safe is not self._watched:
            self._watched = safe
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

    Writes the first free journal of data/journal/intake-0, intake-1 …. Raises OSError where the port is taken or a
    certificate cannot be read, and BadSettings where devices.toml cannot be used.
    """
    with open_journal(data, "intake") as writer:
        for cut in writer.cut:
            LOG.warning("cut %d bytes from %s at %d: %s", cut.length, cut.path, cut.offset, cut.reason)
        listener = Listener(writer, data, conditions)
        listen = listener.book().listen
        warning = openness(host, listen)
        if warning is not None:
            LOG.warning("%s · %s", warning.zh, warning.en)
        server = await asyncio.get_running_loop().create_server(
            listener.connection, host, port, backlog=ACCEPTED_AT_ONCE, ssl=_tls(data, listen)
        )
        _widen(server)
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


def _widen(server: asyncio.Server) -> None:
    """Let as many wait as the kernel allows (net.core.somaxconn): when power returns, all devices come at once.

    asyncio accepts as many at a time as its own backlog says, which is why that is a small one.
    """
    for each in server.sockets:
        with each.dup() as listening:
            listening.listen(MOST_WAITING)


def _tls(data: Path, listen: Listening) -> ssl.SSLContext | None:
    """TLS where a certificate is set; its files lie where devices.toml says, seen from the data folder."""
    if not listen.certificate:
        return None
    # asyncio holds a buffer of 256 KiB for each connection, which nothing that a device sends needs.
    SSLProtocol.max_size = RECEIVED_OVER_TLS
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(data / listen.certificate, data / listen.key if listen.key else None)
    return context
