"""Monitor: our session with one OPC UA server, from connection to connection; each value counts when its entry is safe.

What the server notifies is gathered, bounded, while the disk writes or refuses. After every connection the server's own
memory is asked for what was missed, and what is new waits for that: so the journal never knows the new without the old.
"""

import asyncio
import logging
import struct
from collections import deque
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from asyncua import ua
from asyncua.client.client import Client
from asyncua.common.node import Node as RemoteNode
from asyncua.common.subscription import DataChangeNotif
from asyncua.crypto import security_policies
from asyncua.ua.uaerrors import UaError

from xietong.intake.modbus.poller import next_due, not_kept
from xietong.intake.opcua.servers import Server
from xietong.intake.sources import Ground, Pause
from xietong.journal import JournalWriteError
from xietong.protocols.opcua import How, Notice, Stated, decode, sealed
from xietong.texts import Text

LOG = logging.getLogger("xietong.intake.opcua")
logging.getLogger("asyncua").setLevel(logging.CRITICAL)  # what a server does wrong is told by us, and only once
ANSWER_S, LOOK_S, REFUSED_S = 10.0, 1.0, 1.0
MOST_WAITING, MOST_A_NOTICE, MOST_A_PAGE = 10_000, 1_000, 1_000
QUEUE = 1_000  # values that the server is asked to keep for each node between two notices
# What asyncua raises where a network, a server or its bytes are not as they should be.
FAILURES = (UaError, OSError, TimeoutError, ValueError, LookupError, TypeError, AttributeError, struct.error)
_MODES = {"sign": ua.MessageSecurityMode.Sign, "sign_and_encrypt": ua.MessageSecurityMode.SignAndEncrypt}


class Monitor:
    """One server; lives in one event loop. latest: the newest source time that is kept, by name of the node."""

    def __init__(self, server: Server, ground: Ground, latest: dict[str, datetime]) -> None:
        self.server, self._ground, self._latest = server, ground, latest
        self._clock = ground.clock
        self._state = ground.states.source(server.name, server.url)
        self._nodes = {each.name: each for each in server.nodes}
        self._names: dict[ua.NodeId, str] = {}
        self._waiting: deque[Stated] = deque()
        self._holes: dict[str, datetime] = {}
        self._come, self._lost, self._stop, self._filled = (asyncio.Event() for _ in range(4))
        self._filled.set()
        self._stopped = asyncio.ensure_future(self._stop.wait())
        self._said = ""

    async def run(self) -> None:
        """Until `end`: connect, take values, and after each loss pause, twice as long while nothing comes of it."""
        keeping = asyncio.create_task(self._keep_all())
        pause = Pause()
        while not self._stop.is_set():
            problem = await self._session(pause)
            self._state.connected = False
            if not self._stop.is_set():
                self._say(problem)
                await asyncio.wait([self._stopped], timeout=pause.next())
        self._come.set()
        await keeping

    def end(self) -> None:
        """Leave the server; what it has told is still kept."""
        self._stop.set()
        self._lost.set()

    # ---- what asyncua calls ----

    def datachange_notification(self, node: RemoteNode, _value: object, data: DataChangeNotif) -> None:
        """A value was notified."""
        name = self._names.get(node.nodeid)
        if name is not None:
            self._take(stated(name, data.monitored_item.Value))

    def status_change_notification(self, _status: ua.StatusChangeNotification) -> None:
        """The server has ended the subscription."""
        self._lost.set()

    # ---- one session ----

    async def _session(self, pause: Pause) -> str:
        """One session from its beginning to its end; answers why it ended, or never was."""
        try:
            client = await made(self.server)
            await asyncio.wait_for(client.connect(), ANSWER_S)
        except FAILURES as error:
            return _told(error)
        try:
            await self._emptied()
            if self._stop.is_set():
                return ""
            self._filled.clear()
            self._lost.clear()
            await self._subscribe(client)
            self._state.connected = True
            self._say("")
            pause.reset()
            await self._fill(client)
            self._filled.set()
            await self._watch(client)
        except FAILURES as error:
            return _told(error)
        finally:
            if not self._filled.is_set():
                self._waiting.clear()  # newer than what is missing: kept now, they would hide it from the next session
                self._filled.set()
            await _left(client)
        return "the server has ended the subscription" if not self._holes else "asking again for what was lost"

    async def _emptied(self) -> None:
        """Wait until everything of the last session is kept."""
        while self._waiting and not self._stop.is_set():
            await asyncio.sleep(0.05)

    async def _subscribe(self, client: Client) -> None:
        resolved = [(each.name, await node_id(client, each.node)) for each in self.server.nodes]
        self._names = {found: name for name, found in resolved}
        milliseconds = self.server.publish_s * 1000
        subscription = await client.create_subscription(milliseconds, self)
        results = await subscription.subscribe_data_change(
            [client.get_node(found) for _, found in resolved],
            queuesize=QUEUE,
            sampling_interval=ua.Double(milliseconds),
        )
        for (name, _), result in zip(resolved, results, strict=True):
            if isinstance(result, ua.StatusCode):
                self._state.wrong(self._clock(), _not_there(name, result.name), self._nodes[name].node)

    async def _watch(self, client: Client) -> None:
        """Until the connection is lost: see that the server is there, and read every node on the grid if so set."""
        interval = timedelta(seconds=self.server.interval_s)
        due = next_due(self._clock(), interval) if interval else None
        while not self._lost.is_set():
            await asyncio.wait_for(client.nodes.server_state.read_value(), ANSWER_S)
            wait = LOOK_S if due is None else min(LOOK_S, max((due - self._clock()).total_seconds(), 0))
            try:
                await asyncio.wait_for(self._lost.wait(), wait)
            except TimeoutError:
                if due is not None and self._clock() >= due:
                    await self._read(client)
                    due = next_due(self._clock(), interval)

    async def _read(self, client: Client) -> None:
        """Read every node once: a value that does not change is not notified, and would be missing."""
        nodes = [client.get_node(found) for found in self._names]
        found = await asyncio.wait_for(client.read_attributes(nodes), ANSWER_S)
        values = [stated(name, each) for name, each in zip(self._names.values(), found, strict=True)]
        await self._keep("read", values)

    async def _fill(self, client: Client) -> None:
        """Ask the server's memory for what came while we were away; one that has none is told of and left alone."""
        if not self.server.history_h:
            return
        now = self._clock()
        oldest = now - timedelta(hours=self.server.history_h)
        for found, name in self._names.items():
            since = min(self._latest.get(name, oldest), self._holes.get(name, now))
            problem = await self._fill_one(client.get_node(found), name, max(since, oldest), now)
            if problem:
                self._state.wrong(now, _no_history(problem), name)
            self._holes.pop(name, None)

    async def _fill_one(self, node: RemoteNode, name: str, since: datetime, until: datetime) -> str:
        """Keep one node's remembered values page by page; answers what is wrong, "" where nothing is."""
        point: bytes | None = None
        while not self._lost.is_set():
            try:
                result = await asyncio.wait_for(node.history_read(_span(since, until), point), ANSWER_S)
            except (UaError, TimeoutError) as error:  # it has none, or fails at it: what is new still comes
                return _told(error)
            if not result.StatusCode.is_good():
                return str(result.StatusCode.name)
            values = [stated(name, each) for each in getattr(result.HistoryData, "DataValues", None) or ()]
            while values and not await self._keep("history", values):
                if self._lost.is_set():
                    raise ConnectionError("the disk refuses")
                await asyncio.wait([self._stopped], timeout=REFUSED_S)
            former, point = point, result.ContinuationPoint or None
            if point is None or point == former:  # some servers give no such point and leave out what is too much
                point, last = None, max((each.source for each in values if each.source), default=since)
                if len(values) < MOST_A_PAGE or last <= since:
                    return ""
                since = last
        raise ConnectionError("the server has ended the subscription")

    # ---- from memory to the journal ----

    def _take(self, value: Stated) -> None:
        self._waiting.append(value)
        self._come.set()
        if len(self._waiting) > MOST_WAITING:
            lost = self._waiting.popleft()
            if self.server.history_h:
                at = lost.source or self._clock()
                self._holes[lost.name] = min(at, self._holes.get(lost.name, at))
            self._state.missed += 1
            self._state.wrong(self._clock(), _TOO_MANY)

    async def _keep_all(self) -> None:
        """Keep what was notified, in its order, as soon as the server's memory has been asked."""
        while not (self._stop.is_set() and not self._waiting):
            await self._come.wait()
            await self._filled.wait()
            self._come.clear()
            while self._waiting:
                values = [self._waiting[at] for at in range(min(len(self._waiting), MOST_A_NOTICE))]
                if await self._keep("notified", values):
                    self._forget(values)
                elif self._stop.is_set():
                    return
                else:
                    await asyncio.wait([self._stopped], timeout=REFUSED_S)

    def _forget(self, kept: Sequence[Stated]) -> None:
        """What is kept need not wait any more; some of it may have been lost meanwhile for want of room."""
        known = set(map(id, kept))
        while self._waiting and id(self._waiting[0]) in known:
            self._waiting.popleft()
        if self._holes and self._filled.is_set():
            self._lost.set()  # a new session asks the server's memory for them

    async def _keep(self, how: How, values: Sequence[Stated]) -> bool:
        """Bring values into the journal; False where the disk refuses, and then they do not count."""
        names = dict.fromkeys(each.name for each in values)
        nodes = tuple(self._nodes[name] for name in names)
        grid = self._ground.grids.of(f"opcua:{self.server.name}")
        notice = Notice(
            self.server.name, self.server.url, how=how, at=self._clock(), nodes=nodes, values=tuple(values), grid=grid
        )
        try:
            ordinal = await self._ground.group.append("opcua", f"opcua:{notice.server}", sealed(notice), notice.at)
        except JournalWriteError as error:
            text = not_kept(error)
            self._say(text.en)
            self._state.wrong(self._clock(), text)
            return False
        for each in values:
            if each.source is not None:
                self._latest[each.name] = max(each.source, self._latest.get(each.name, each.source))
        message = decode(notice)
        refused = [(each.sentence, f"{each.path} {each.said}") for each in message.unused]
        self._state.heard(notice.at, len(message.values), refused, f"{self._ground.writer.name}/{ordinal}")
        return True

    def _say(self, problem: str) -> None:
        """Tell what is wrong with the server, once until it changes."""
        if problem != self._said:
            self._said = problem
            LOG.warning("%s (%s): %s", self.server.name, self.server.url, problem or "connected")
            if problem:
                self._state.wrong(self._clock(), _away(problem))


async def made(server: Server) -> Client:
    """A client for one session. Raises one of FAILURES where certificates cannot be used or the server has no such
    policy."""
    client = Client(server.url, timeout=ANSWER_S)
    client.name = client.description = "Xietong"
    client.application_uri = server.application_uri
    if server.user:
        client.set_user(server.user)
        client.set_password(server.password)
    if server.security != "none":
        await client.set_security(
            getattr(security_policies, f"SecurityPolicy{server.security}"),
            server.certificate,
            server.key,
            server_certificate=server.server_certificate or None,
            mode=_MODES[server.mode],
        )
    return client


async def node_id(client: Client, text: str) -> ua.NodeId:
    """A NodeId of the settings; one with the name of its namespace is looked up, since its number may change."""
    found = ua.NodeId.from_string(text)
    if isinstance(found, ua.ExpandedNodeId) and found.NamespaceUri:
        index = await client.get_namespace_index(found.NamespaceUri)
        return ua.NodeId(found.Identifier, ua.Int16(index), found.NodeIdType)
    return found


def stated(name: str, value: ua.DataValue) -> Stated:
    """A value as asyncua has it, as the journal keeps it."""
    variant = value.Value
    kind = "Null" if variant is None else f"{variant.VariantType.name}{'[]' if variant.is_array else ''}"
    text = "" if variant is None else str(variant.Value)
    status = 0 if value.StatusCode is None else value.StatusCode.value
    return Stated(
        name,
        kind,
        value=text[:4096],
        status=status,
        source=_utc(value.SourceTimestamp),
        server=_utc(value.ServerTimestamp),
    )


async def probe(server: Server) -> Mapping[str, Stated]:
    """Read every node once, now, in a session of its own; nothing is kept. Raises one of FAILURES."""
    client = await made(server)
    await asyncio.wait_for(client.connect(), ANSWER_S)
    try:
        names = {await node_id(client, each.node): each.name for each in server.nodes}
        found = await asyncio.wait_for(client.read_attributes([client.get_node(one) for one in names]), ANSWER_S)
        return {name: stated(name, each) for name, each in zip(names.values(), found, strict=True)}
    finally:
        await _left(client)


async def _left(client: Client) -> None:
    try:
        await asyncio.wait_for(client.disconnect(), ANSWER_S)
    except FAILURES as error:
        LOG.debug("%s", error)


def _utc(at: datetime | None) -> datetime | None:
    if at is None:
        return None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def _span(since: datetime, until: datetime) -> ua.ReadRawModifiedDetails:
    begin, end = (at.astimezone(UTC).replace(tzinfo=None) for at in (since, until))
    return ua.ReadRawModifiedDetails(IsReadModified=False, StartTime=begin, EndTime=end, NumValuesPerNode=MOST_A_PAGE)


def _told(error: BaseException) -> str:
    return str(error) or type(error).__name__


def _away(problem: str) -> Text:
    return Text(
        f"{problem}；缺失不等于零，平台会继续重连，其他数据不受影响；请检查地址、口令、证书和网络。",
        f"{problem}; missing is not zero, and it is tried again. Look at url, password, certificates and network.",
    )


def _not_there(name: str, status: str) -> Text:
    return Text(
        f"节点 {name} 不能订阅（{status}）；其他节点不受影响，请核对 node。",
        f"node {name} cannot be subscribed to ({status}); the others are not hurt. Compare `node`.",
    )


def _no_history(problem: str) -> Text:
    return Text(
        f"服务器不给历史值（{problem}），离线期间的值补不上，作缺失；无历史时可设 history_h = 0。",
        f"the server gives no history ({problem}): values of the time we were away are missing. Set history_h = 0 "
        "where it has none.",
    )


_TOO_MANY = Text(
    f"超过 {MOST_WAITING} 个值等待存证（磁盘写不下或来得太快），较早的已放弃，作缺失，稍后向服务器的历史补要。",
    f"more than {MOST_WAITING} values waited for the disk: the oldest were given up and are missing; the server's "
    "history is asked for them later.",
)
