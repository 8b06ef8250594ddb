"""The front takes requests in whole and in time: in one process first, then the real server beside many bad ones."""

import asyncio
import contextlib
import http.client
import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from xietong.processes import free_port
from xietong.web.server.front import Bounds, Front, environment

POST = {"type": "http", "method": "POST", "path": "/x/", "raw_path": b"/x/", "query_string": b"", "http_version": "1.1"}
SMALL = Bounds(body_bytes=1_000, held_bytes=1_500, grace_s=0.2, bytes_a_second=1_000, bodies=4, bodies_a_peer=2)


def scope(path: str = "/x/", **headers: str) -> dict[str, Any]:
    listed = [(name.replace("_", "-").encode(), value.encode("latin-1")) for name, value in headers.items()]
    return {
        **POST,
        "path": path,
        "raw_path": path.encode(),
        "headers": listed,
        "client": ("192.0.2.1", 1),
        "server": None,
    }


def echoing(told: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
    content = told["wsgi.input"].read()
    start("200 OK", [("Content-Length", str(len(content)))])
    return [content]


async def ask(front: Front, asked: dict[str, Any], *parts: bytes, pause_s: float = 0.0) -> tuple[int, bytes]:
    """Status and content; the parts of the body come after a pause each, and the last of them never ends it."""
    left, answered = list(parts), []

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(pause_s)
        if not left:
            await asyncio.sleep(60)
        return {"type": "http.request", "body": left.pop(0), "more_body": bool(left) or parts[-1:] == (b"",)}

    async def send(message: Any) -> None:
        answered.append(message)

    await front(asked, receive, send)
    return answered[0]["status"], answered[1]["body"]


def run(front: Front, asked: dict[str, Any], *parts: bytes, pause_s: float = 0.0) -> tuple[int, bytes]:
    return asyncio.run(ask(front, asked, *parts, pause_s=pause_s))


def test_a_body_comes_through_whole() -> None:
    assert run(Front(echoing, SMALL), scope(content_length="6"), b"abc", b"def") == (200, b"abcdef")
    assert run(Front(echoing, SMALL), scope(transfer_encoding="chunked"), b"abc", b"de") == (200, b"abcde")


@pytest.mark.parametrize("length", ["2000", "999999999999999999999"])
def test_a_body_that_is_announced_too_long_is_refused_at_once(length: str) -> None:
    assert run(Front(echoing, SMALL), scope(content_length=length), b"")[0] == 413


def test_a_body_that_turns_out_too_long_is_refused() -> None:
    assert run(Front(echoing, SMALL), scope(transfer_encoding="chunked"), b"x" * 600, b"x" * 600)[0] == 413


def test_a_body_that_drips_has_a_deadline() -> None:
    begun = time.monotonic()
    assert run(Front(echoing, SMALL), scope(content_length="900"), *[b"x"] * 900, pause_s=0.01)[0] == 408
    assert time.monotonic() - begun < 2


def test_of_too_many_bodies_of_one_address_the_oldest_goes() -> None:
    async def many() -> list[int]:
        front = Front(echoing, replace(SMALL, grace_s=20.0))
        slow = [ask(front, scope(content_length="9"), *[b"x"] * 9, pause_s=0.015) for _ in range(4)]
        return [status for status, _ in await asyncio.gather(*slow)]

    assert asyncio.run(many()) == [408, 408, 200, 200]


def test_all_bodies_together_have_their_bound_and_what_is_done_is_given_back() -> None:
    async def many() -> list[int]:
        front = Front(echoing, replace(SMALL, grace_s=20.0))

        async def one(address: str) -> int:
            asked = {**scope(content_length="900"), "client": (address, 1)}
            return (await ask(front, asked, b"x" * 800, b"x" * 100, pause_s=0.02))[0]

        together = await asyncio.gather(*(one(f"192.0.2.{number}") for number in range(3)))
        return [*together, await one("192.0.2.9")]

    statuses = asyncio.run(many())
    assert 503 in statuses[:3]
    assert statuses[3] == 200


def test_sign_ins_wait_for_each_other_and_nobody_for_them() -> None:
    go_on = threading.Event()

    def hashing(told: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        if told["PATH_INFO"] == "/sign-in/":
            go_on.wait(10)
        return echoing(told, start)

    async def together() -> tuple[float, list[int]]:
        front = Front(hashing, Bounds(waiting=8))
        signing = [asyncio.ensure_future(ask(front, scope("/sign-in/", content_length="1"), b"x")) for _ in range(12)]
        await asyncio.sleep(0.05)
        begun = time.monotonic()
        for path in ("/healthz", "/"):
            assert (await ask(front, {**scope(path), "method": "GET"}, b""))[0] == 200
        took = time.monotonic() - begun
        go_on.set()
        return took, sorted(status for status, _ in await asyncio.gather(*signing))

    took, statuses = asyncio.run(together())
    assert took < 1
    assert statuses == [200] * 10 + [503] * 2


def test_no_header_passes_for_another() -> None:
    asked = scope("/a%2Fb/", x_real_ip="1")
    asked["headers"] += [(b"x_forwarded_for", b"6.6.6.6"), (b"cookie", b"a=1"), (b"cookie", b"b=2")]
    told = environment(asked, b"")
    assert "HTTP_X_FORWARDED_FOR" not in told
    assert told["HTTP_COOKIE"] == "a=1; b=2"
    assert (told["PATH_INFO"], told["HTTP_X_REAL_IP"]) == ("/a/b/", "1")


# ---- the real server ----


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    data, found = tmp_path_factory.mktemp("front") / "data", free_port("127.0.0.1")
    command = [sys.executable, "-m", "xietong"]
    environ = {**os.environ, "DATABASE_URL": ""}
    subprocess.run([*command, "init", "--data", str(data)], check=True, capture_output=True, env=environ, timeout=120)
    served = [*command, "serve", "--only", "web", "--port", str(found), "--data", str(data)]
    server = subprocess.Popen(served, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(300):
            with contextlib.suppress(OSError):
                if took(found, "/healthz") is not None:
                    break
            time.sleep(0.1)
        yield found
    finally:
        server.terminate()
        server.wait(20)


def took(port: int, path: str) -> float:
    """Seconds until a page answers without a fault of ours."""
    begun = time.monotonic()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        assert connection.getresponse().status < 500
        return time.monotonic() - begun
    finally:
        connection.close()


HEAD = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: " + b"a" * 400
BODY = b"POST /sign-in/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 4000\r\n\r\n"


@pytest.mark.slow
@pytest.mark.parametrize(("count", "first", "drip"), [(1_030, b"", False), (1_500, b"", True), (1_500, BODY, True)])
def test_pages_answer_beside_many_connections_and_these_are_closed(
    port: int, count: int, first: bytes, drip: bool
) -> None:
    """Idle ones, heads that drip, bodies that drip: measured 10 s without an answer before."""
    with contextlib.ExitStack() as stack:
        held = [stack.enter_context(socket.create_connection(("127.0.0.1", port))) for _ in range(count)]
        for each in held:
            each.setblocking(False)
            if first:
                each.send(first)
        begun, worst, number = time.monotonic(), 0.0, 0
        while time.monotonic() - begun < 13:
            for each in held if drip else ():
                with contextlib.suppress(OSError):
                    each.send(HEAD[number : number + 1])
            number += 1
            worst = max(worst, took(port, "/healthz"), took(port, "/"))
            time.sleep(0.5)
        assert worst < 3
        assert sum(is_closed(each) for each in held) > 0.9 * count


def is_closed(connection: socket.socket) -> bool:
    try:
        while connection.recv(65_536):
            pass
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


@pytest.mark.slow
def test_the_health_page_answers_beside_sign_ins_of_invented_names(port: int) -> None:
    """Measured 3.7 s before."""
    statuses: list[int] = []

    def sign_in(number: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        connection.request("GET", "/sign-in/")
        page = connection.getresponse()
        token = re.search(r'csrfmiddlewaretoken" value="([^"]+)"', page.read().decode())
        assert token is not None
        cookie = str(page.getheader("set-cookie")).partition(";")[0]
        body = f"csrfmiddlewaretoken={token[1]}&username=invented{number}&password=wrong"
        headers = {"Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded"}
        connection.request("POST", "/sign-in/", body, headers)
        statuses.append(connection.getresponse().status)
        connection.close()

    threads = [threading.Thread(target=sign_in, args=(number,)) for number in range(24)]
    for each in threads:
        each.start()
    time.sleep(0.3)
    worst = 0.0
    while any(each.is_alive() for each in threads):
        worst = max(worst, took(port, "/healthz"))
        time.sleep(0.05)
    assert worst < 2
    assert len(statuses) == 24
    assert set(statuses) <= {200, 429, 503}
