"""Subscriber: our session with one broker, from connection to connection; each message is acknowledged after its fsync.

Every connection has a client object of its own, which never connects again: an acknowledgement that comes late goes to
the connection that brought the message, or nowhere, and then the broker sends the message again.
"""

import asyncio
import hashlib
import logging
import struct
import threading
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from paho.mqtt.client import Client, ConnectFlags, MQTTMessage, MQTTv311, topic_matches_sub
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from xietong.intake.mqtt.brokers import Broker
from xietong.intake.source_state import LONGEST_EXCERPT
from xietong.intake.sources import Ground, Pause
from xietong.protocols.mqtt import Heard, decode, sealed
from xietong.readings import EntryKind
from xietong.texts import Text

LOG = logging.getLogger("xietong.intake.mqtt")
LONGEST_PAUSE_S = 60.0
KEEPALIVE_S, LOOP_S = 60, 1.0
MOST_WAITING, MOST_RECENT = 1_000, 1_000
LARGEST_BODY, KEPT_OF_LARGER = 1024 * 1024, 4096

_MICROSECOND = timedelta(microseconds=1)


class Seen(NamedTuple):
    """A message that was kept: what told it apart, and when it was first received."""

    topic: str
    digest: bytes
    received_at: datetime


class Recent:
    """The last messages of a session by the broker's number for them, to know a repetition of one that is kept."""

    def __init__(self) -> None:
        self._seen: OrderedDict[int, Seen] = OrderedDict()

    def note(self, heard: Heard, received_at: datetime) -> None:
        """Remember a message."""
        if heard.qos:
            self._seen.pop(heard.mid, None)
            self._seen[heard.mid] = Seen(heard.topic, _digest(heard.body), heard.first or received_at)
            while len(self._seen) > MOST_RECENT:
                self._seen.popitem(last=False)

    def first(self, topic: str, mid: int, body: bytes) -> datetime | None:
        """When the message that this one repeats was received; None where it is not known."""
        seen = self._seen.get(mid)
        return seen.received_at if seen and (seen.topic, seen.digest) == (topic, _digest(body)) else None

    def forget(self) -> None:
        """The broker has begun a new session, and its numbers with it."""
        self._seen.clear()


class Subscriber:
    """Takes the messages of one broker into the journal; lives in one event loop, with one thread for the socket."""

    def __init__(self, broker: Broker, ground: Ground, recent: Recent) -> None:
        self.broker, self._group, self._clock, self._recent = broker, ground.group, ground.clock, recent
        self._journal, self._grids = ground.writer.name, ground.grids
        self._state = ground.states.source(broker.name, f"{broker.host}:{broker.port}")
        self.origin = f"mqtt:{broker.name}/{broker.client}"
        self._loop = asyncio.get_running_loop()
        self._thread = ThreadPoolExecutor(1, f"mqtt-{broker.name}")
        self._room = threading.Semaphore(MOST_WAITING)
        self._stop = asyncio.Event()
        self._stopped = asyncio.ensure_future(self._stop.wait())
        self._client: Client | None = None
        self._pause = Pause(longest=LONGEST_PAUSE_S)
        self._said = self._refusal = ""
        self._is_stuck = False
        self._last = self._clock()

    async def run(self) -> None:
        """Until `end`: connect, take messages, and after each loss pause, twice as long while nothing comes of it."""
        while not self._stop.is_set():
            began = self._loop.time()
            problem = await self._attempt()
            self._state.connected = False
            if self._stop.is_set():
                break
            self._say(problem)
            if self._loop.time() - began >= LONGEST_PAUSE_S:
                self._pause.reset()
            await asyncio.wait([self._stopped], timeout=self._pause.next())
        self._thread.shutdown()

    def end(self) -> None:
        """Leave the broker, which keeps the session and whatever is not acknowledged; `run` then returns."""
        self._stop.set()
        if self._client is not None:
            self._leave(self._client)

    async def _attempt(self) -> str:
        """One connection; answers why it ended, or never was."""
        self._refusal = ""
        try:
            self._client = self._made()
        except OSError as error:  # certificates that are none
            return f"{self.broker.ca}: {error}"
        return await self._loop.run_in_executor(self._thread, self._connection, self._client)

    # ---- in the socket's thread ----

    def _connection(self, client: Client) -> str:
        """One connection from its beginning to its end; answers why it ended."""
        try:
            client.connect(self.broker.host, self.broker.port, KEEPALIVE_S)
            # Left while it connected: a client without a socket does not hear that it is to disconnect.
            ended = MQTTErrorCode.MQTT_ERR_NO_CONN if self._stop.is_set() else MQTTErrorCode.MQTT_ERR_SUCCESS
            while ended == MQTTErrorCode.MQTT_ERR_SUCCESS:
                ended = client.loop(LOOP_S)
        except (OSError, ValueError, LookupError, struct.error) as error:  # no network, or bytes that are no MQTT
            return str(error) or type(error).__name__
        return self._refusal or f"the connection ended ({ended.name})"

    def _connected(
        self, client: Client, _data: object, flags: ConnectFlags, reason: ReasonCode, _properties: Properties | None
    ) -> None:
        if reason.is_failure:
            self._refusal = f"refused: {reason}"
            return
        self._loop.call_soon_threadsafe(self._begun, flags.session_present)
        client.subscribe([(topic.filter, 1) for topic in self.broker.topics])

    def _subscribed(
        self, _client: Client, _data: object, _mid: int, reasons: list[ReasonCode], _properties: Properties | None
    ) -> None:
        for topic, reason in zip(self.broker.topics, reasons, strict=False):
            if reason.is_failure:
                self._loop.call_soon_threadsafe(self._say, f"{topic.filter} may not be subscribed to: {reason}")

    def _received(self, client: Client, _data: object, message: MQTTMessage) -> None:
        self._room.acquire()  # a flood waits in the broker and the socket, not in our memory
        self._last = max(self._clock(), self._last + _MICROSECOND)  # two messages are two instants
        self._loop.call_soon_threadsafe(self._keep, client, message, self._last)

    # ---- in the event loop ----

    def _begun(self, is_resumed: bool) -> None:
        self._state.connected = True
        if not self._is_stuck:
            self._say("")
        if not is_resumed:
            self._recent.forget()

    def _keep(self, client: Client, message: MQTTMessage, received_at: datetime) -> None:
        """Put a message into the running group and acknowledge it when that is safe."""
        try:
            topic = message.topic
        except UnicodeDecodeError:
            topic = ""  # fits no mapping; the bytes are kept all the same
        body = bytes(message.payload)
        mapping = next((each.mapping for each in self.broker.topics if topic_matches_sub(each.filter, topic)), None)
        first = self._recent.first(topic, message.mid, body) if message.dup else None
        heard = Heard(
            topic,
            message.qos,
            retained=message.retain,
            mid=message.mid,
            mapping=mapping,
            first=first,
            body=body,
            grid=self._grids.of(f"mqtt:{topic}"),
        )
        kind: EntryKind = "mqtt"
        if len(body) > LARGEST_BODY:
            kind, heard = "junk", heard._replace(body=body[:KEPT_OF_LARGER])
        ordinal, safe = self._group.add(kind, self.origin, sealed(heard), received_at)
        if kind == "mqtt":
            self._recent.note(heard, received_at)
        safe.add_done_callback(lambda done: self._kept(client, message, done))
        safe.add_done_callback(lambda done: self._count(heard, kind, (received_at, ordinal), done))

    def _kept(self, client: Client, message: MQTTMessage, safe: "asyncio.Future[None]") -> None:
        self._room.release()
        error = safe.exception()
        self._is_stuck = error is not None
        if error is None:
            self._pause.reset()
            self._acknowledge(client, message)
        else:  # connecting again is the only way to be sent it again
            self._say(str(error))
            self._leave(client)

    def _count(self, heard: Heard, kind: EntryKind, kept: tuple[datetime, int], safe: "asyncio.Future[None]") -> None:
        """Tell the pages what of a kept message is a reading, after it was acknowledged."""
        if safe.exception() is not None:
            return
        excerpt = heard.body[:LONGEST_EXCERPT].decode(errors="replace")
        entry = f"{self._journal}/{kept[1]}"
        if kind == "junk":
            self._state.heard(kept[0], 0, [(_TOO_LARGE, excerpt)], entry)
            return
        message = decode(heard, kept[0], _ANY_ZONE)
        refused = [(each.sentence, f"{each.path} {each.said or excerpt}".strip()) for each in message.unused]
        self._state.heard(kept[0], len(message.values), refused, entry)

    @staticmethod
    def _acknowledge(client: Client, message: MQTTMessage) -> None:
        try:
            client.ack(message.mid, message.qos)
        except OSError:
            LOG.debug("the connection ended before message %s was acknowledged", message.mid)

    @staticmethod
    def _leave(client: Client) -> None:
        try:
            client.disconnect()
        except OSError:
            LOG.debug("the connection had ended before it was left")

    def _made(self) -> Client:
        """A client for one connection."""
        broker = self.broker
        client = Client(
            CallbackAPIVersion.VERSION2,
            broker.client,
            clean_session=False,
            protocol=MQTTv311,
            reconnect_on_failure=False,
            manual_ack=True,
        )
        if broker.user:
            client.username_pw_set(broker.user, broker.password)
        if broker.tls:
            client.tls_set(broker.ca or None)
        client.on_connect, client.on_subscribe, client.on_message = self._connected, self._subscribed, self._received
        # With this set the socket is written to by its own thread alone, whichever thread acknowledges.
        client.on_socket_register_write = _stay_here
        return client

    def _say(self, problem: str) -> None:
        """Tell what is wrong with the broker, once until it changes."""
        if problem == self._said:
            return
        self._said = problem
        text = away(self.broker, problem) if problem else Text("", f"connected to {self.broker.name}")
        LOG.warning("%s", text.en)
        if problem:
            self._state.wrong(self._clock(), text)


_ANY_ZONE = ZoneInfo("UTC")  # only counted here, never kept: which hour a park time falls in makes no difference
_TOO_LARGE = Text(
    f"消息超过 {LARGEST_BODY // 1024} KiB，只存证开头，没有监测值。",
    f"the message is larger than {LARGEST_BODY // 1024} KiB; its beginning is kept, and it gives no readings.",
)


def away(broker: Broker, problem: str) -> Text:
    """The sentence for a broker that gives nothing."""
    return Text(
        f"MQTT 代理 {broker.name}（{broker.host}:{broker.port}）：{problem}；其他数据不受影响，平台会继续重连，"
        "未确认的消息由代理保留。",
        f"MQTT broker {broker.name} ({broker.host}:{broker.port}): {problem}. Nothing else is hurt; it is tried again, "
        "and the broker keeps what was not acknowledged.",
    )


def _digest(body: bytes) -> bytes:
    return hashlib.sha256(body).digest()


def _stay_here(_client: Client, _data: object, _socket: object) -> None:
    """Nothing: the socket's thread wakes by itself."""
