"""The front of the web server: a request is taken in whole, in time, before a thread works on it.

granian reads heads, and closes connections that are silent or whose head drips; here bodies have their deadline and
bounds, and requests wait in lanes: sign-ins (a password costs a tenth of a second of every core) beside all others, and
the health page beside both. So whoever sends slowly, or much, or often, holds nobody else up.
"""

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any
from urllib.parse import unquote_to_bytes

from xietong.intake.hj212.room import Room
from xietong.texts import Text

Message = Mapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Handler = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
Headers = list[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one process takes.

    body_bytes: of one request, held_bytes: of all that are being taken in; a body must be there after grace_s and a
    second more for every bytes_a_second of it; bodies, and bodies_a_peer: being taken in at once; in_lane: at work at
    once by lane; waiting: requests that wait for a lane.
    """

    body_bytes: int = 8 << 20
    held_bytes: int = 128 << 20
    grace_s: float = 10.0
    bytes_a_second: int = 8 << 10
    bodies: int = 2_000
    bodies_a_peer: int = 200
    in_lane: Mapping[str, int] = field(default_factory=lambda: {"pages": 12, "sign-in": 2, "health": 1})
    waiting: int = 400


class Refused(Exception):
    """A request that is not handed on: the status, and the sentence."""

    def __init__(self, status: int, said: Text) -> None:
        super().__init__(said.en)
        self.status, self.said = status, said


class Front:
    """An ASGI application (HTTP alone) before a WSGI one."""

    def __init__(self, handler: Handler, bounds: Bounds) -> None:
        self._handler, self._bounds = handler, bounds
        self._room: Room[_Body] = Room(bounds.bodies, bounds.bodies_a_peer)
        self._held = self._waiting = 0
        self._lanes = {name: asyncio.Semaphore(most) for name, most in bounds.in_lane.items()}
        self._threads = ThreadPoolExecutor(sum(bounds.in_lane.values()), "page")

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            return
        body = _Body(str((scope.get("client") or ("",))[0]))
        try:
            if not await self._taken_in(body, scope, receive):
                return  # whoever asked has gone
            async with self._lane(lane_of(scope)):
                at_work = asyncio.get_running_loop().run_in_executor(self._threads, self._made, scope, body.whole())
                status, headers, content = await at_work
        except Refused as refused:
            status, (headers, content) = refused.status, _plain(refused)
        finally:
            self._held -= body.size
        await _answer(send, status, headers, content)

    async def _taken_in(self, body: "_Body", scope: Message, receive: Receive) -> bool:
        """Take the body in, whole; False where the connection ended before. Raises Refused."""
        announced = _length(scope)
        if announced == 0:
            return True
        if announced > self._bounds.body_bytes:
            raise Refused(413, _TOO_LARGE)
        body.task = asyncio.ensure_future(self._read(body, receive))
        goes = self._room.enter(body)
        if goes is not None:
            goes.end()
        try:
            return await body.task
        except asyncio.CancelledError:
            if body.is_ended:
                raise Refused(408, _TOO_SLOW) from None
            body.task.cancel()
            raise
        finally:
            self._room.leave(body)

    async def _read(self, body: "_Body", receive: Receive) -> bool:
        loop, bounds = asyncio.get_running_loop(), self._bounds
        begun = loop.time()
        try:
            while True:
                left = begun + bounds.grace_s + body.size / bounds.bytes_a_second - loop.time()
                message = await asyncio.wait_for(receive(), max(left, 0.001))
                if message["type"] == "http.disconnect":
                    return False
                self._held += body.add(message.get("body", b""))
                if body.size > bounds.body_bytes:
                    raise Refused(413, _TOO_LARGE)
                if self._held > bounds.held_bytes:
                    raise Refused(503, _FULL)
                if not message.get("more_body"):
                    return True
        except TimeoutError as error:
            raise Refused(408, _TOO_SLOW) from error

    @asynccontextmanager
    async def _lane(self, name: str) -> AsyncIterator[None]:
        lane = self._lanes[name]
        if lane.locked() and self._waiting >= self._bounds.waiting:
            raise Refused(503, _FULL)
        self._waiting += 1
        try:
            await lane.acquire()
        finally:
            self._waiting -= 1
        try:
            yield
        finally:
            lane.release()

    def _made(self, scope: Message, body: bytes) -> tuple[int, Headers, bytes]:
        """What the application answers; in a thread, from the first byte to the closing of the answer."""
        told: dict[str, Any] = {}

        def start_response(status: str, headers: list[tuple[str, str]], *_: object) -> None:
            told["status"] = int(status.partition(" ")[0])
            told["headers"] = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]

        answer = self._handler(environment(scope, body), start_response)
        try:
            content = b"".join(answer)
        finally:
            close = getattr(answer, "close", None)
            if close is not None:
                close()
        return told["status"], told["headers"], content


class _Body:
    """A body that is being taken in, from an address."""

    def __init__(self, peer: str) -> None:
        self.peer, self.size, self.is_ended = peer, 0, False
        self.task: asyncio.Future[bool] | None = None
        self._parts: list[bytes] = []

    def add(self, part: bytes) -> int:
        """Keep a part; gives its length."""
        self._parts.append(part)
        self.size += len(part)
        return len(part)

    def whole(self) -> bytes:
        """All of it."""
        return b"".join(self._parts)

    def end(self) -> None:
        """Take no more of it: another has come where there are too many."""
        self.is_ended = True
        if self.task is not None:
            self.task.cancel()


def lane_of(scope: Message) -> str:
    """Where a request waits."""
    if scope["path"] == "/healthz":
        return "health"
    return "sign-in" if scope["path"] == "/sign-in/" and scope["method"] == "POST" else "pages"


def environment(scope: Message, body: bytes) -> dict[str, Any]:
    """What WSGI (PEP 3333) wants to know of a request. Names with "_" are left out: they could pass for others."""
    server, client = scope.get("server") or ("", 0), scope.get("client") or ("", 0)
    path = unquote_to_bytes(scope.get("raw_path") or scope["path"].encode())
    found: dict[str, Any] = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": path.decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_NAME": str(server[0]),
        "SERVER_PORT": str(server[1]),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "REMOTE_ADDR": str(client[0]),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for raw, value in scope["headers"]:
        name = raw.decode("latin-1").upper()
        if "_" in name or name in ("CONTENT-LENGTH", "TRANSFER-ENCODING"):
            continue
        key = "CONTENT_TYPE" if name == "CONTENT-TYPE" else f"HTTP_{name.replace('-', '_')}"
        between = "; " if name == "COOKIE" else ","
        stated = value.decode("latin-1")
        found[key] = f"{found[key]}{between}{stated}" if key in found else stated
    if body:
        found["CONTENT_LENGTH"] = str(len(body))
    return found


def _length(scope: Message) -> int:
    """Bytes of the body as announced; 1 where it is not said how many there are, 0 where there are none."""
    headers = dict(scope["headers"])
    stated = headers.get(b"content-length", b"")
    if stated.isdigit():
        return int(stated[:12])
    return 1 if b"transfer-encoding" in headers else 0


def _plain(refused: Refused) -> tuple[Headers, bytes]:
    content = f"{refused.said.zh}\n{refused.said.en}\n".encode()
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"cache-control", b"no-store")]
    headers += [(b"connection", b"close"), (b"retry-after", b"5")] if refused.status != 413 else []
    return [*headers, (b"content-length", str(len(content)).encode())], content


async def _answer(send: Send, status: int, headers: Headers, content: bytes) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": content})


_TOO_LARGE = Text(
    "请求体超过 8 MiB，什么也没有收下；请分批发送。",
    "the body exceeds 8 MiB and nothing was taken; send less at once.",
)
_TOO_SLOW = Text(
    "请求体来得太慢，什么也没有收下；请重新发送。", "the body came too slowly and nothing was taken; send it again."
)
_FULL = Text(
    "同时来的请求太多，这一个没有处理；请稍后再试。",
    "too many requests come at once and this one was not done; try again later.",
)
