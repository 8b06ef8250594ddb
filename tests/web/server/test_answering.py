"""What holds for every answer: an id in answer, log and error page; nothing kept by browsers; no page without a role;
who asks, behind proxies and without; guessing bounded without shutting anybody else out."""

import json
import logging
import threading
from ipaddress import ip_network

import handmade
import pytest
from django.contrib.auth.models import User
from django.test import Client
from handmade import PASSWORD
from pytest_django import Settings

from xietong.park.nouns import Registry
from xietong.periods import Period
from xietong.web.figures import balance_figures
from xietong.web.server import peers
from xietong.web.server.logs import JsonLines
from xietong.web.shell import park_figures

pytest_plugins = ["handmade_fixtures"]
PROXY = [ip_network("127.0.0.1"), ip_network("10.1.0.0/16")]


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """What the log of the pages would hold."""
    for name in ("django.request", "axes"):
        logging.getLogger(name).addHandler(caplog.handler)
    return caplog


def told(caplog: pytest.LogCaptureFixture) -> list[dict[str, object]]:
    return [json.loads(JsonLines().format(record)) for record in caplog.records]


def test_a_fault_leaves_a_line_with_the_id_that_the_page_shows(
    director: Client, monkeypatch: pytest.MonkeyPatch, lines: pytest.LogCaptureFixture
) -> None:
    def broken() -> None:
        raise RuntimeError("broken \x1b[31m on\npurpose")

    monkeypatch.setattr("xietong.web.shell.park_data.registry", broken)
    director.raise_request_exception = False
    answer = director.get("/?subject=E01")
    (line,) = told(lines)
    assert answer.status_code == 500
    assert line["request"] == answer.headers["X-Request-ID"]
    assert str(line["request"]) in answer.content.decode()
    assert (line["level"], line["status"], line["path"]) == ("ERROR", 500, "/?subject=E01")
    assert "RuntimeError" in str(line["traceback"])
    text = JsonLines().format(lines.records[0])
    assert "\n" not in text
    assert "\x1b" not in text


@pytest.mark.parametrize("address", ["/", "/live/", "/devices/", "/uploads/", "/factors/", "/no-such-page/"])
def test_nothing_of_who_is_signed_in_is_kept(director: Client, address: str) -> None:
    assert director.get(address).headers["Cache-Control"] == "private, no-store"


@pytest.mark.django_db
def test_an_account_without_a_role_sees_a_sentence_alone(park: Registry) -> None:
    client = Client(headers={"host": "127.0.0.1"})
    client.force_login(User.objects.create_user("nobody"))
    for address in ("/", "/live/", "/figures/PARK/cod_emission/2025/", "/factors/", "/entries/intake-0/1/"):
        answer = client.get(address)
        assert answer.status_code == 403
        assert "还没有角色" in answer.content.decode()
    assert client.post("/sign-out/").status_code == 302


def test_a_long_period_holds_up_neither_the_others_nor_a_thread(
    park: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(park_figures, "_PATIENCE_S", 0.05)
    inside, go_on = threading.Event(), threading.Event()

    def long() -> None:
        with park_figures.computing("E01", Period.parse("2015-01..2024-12")):
            inside.set()
            go_on.wait(10)

    thread = threading.Thread(target=long)
    thread.start()
    assert inside.wait(10)
    with (
        park_figures.computing("E01", Period.parse("2024")),
        park_figures.computing("E01", Period.parse("2024-03-01T05")),
    ):
        pass
    with pytest.raises(park_figures.BusyError), park_figures.computing("E01", Period.parse("2014-01..2020-12")):
        pass
    go_on.set()
    thread.join()
    with park_figures.computing("E01", Period.parse("2014-01..2020-12")):
        pass


def test_who_has_to_come_again_is_told_so(director: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(*_: object) -> None:
        raise park_figures.BusyError

    monkeypatch.setattr(balance_figures, "balance", busy)
    answer = director.get("/balance/")
    assert (answer.status_code, "另一个很长的期间" in answer.content.decode()) == (503, True)
    assert int(answer.headers["Retry-After"]) > 0


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        ("127.0.0.1", "203.0.113.7", "203.0.113.7"),
        ("127.0.0.1", "198.51.100.1, 203.0.113.7", "203.0.113.7"),
        ("127.0.0.1", "198.51.100.1, 203.0.113.7, 10.1.2.3", "203.0.113.7"),
        ("127.0.0.1", "", "127.0.0.1"),
        ("127.0.0.1", "director", "127.0.0.1"),
        ("127.0.0.1", "1.2.3.4, <script>, 10.1.2.3", "10.1.2.3"),
        ("203.0.113.9", "1.2.3.4", "203.0.113.9"),
        ("127.0.0.1", "2001:db8::1", "2001:db8::1"),
    ],
)
def test_the_client_is_the_nearest_that_is_no_proxy_of_ours(peer: str, forwarded: str, expected: str) -> None:
    assert peers.client(peer, forwarded, PROXY) == expected


@pytest.mark.django_db
@pytest.mark.parametrize("is_trusted", [False, True])
def test_a_forged_header_passes_for_nobody(settings: Settings, is_trusted: bool, stranger: Client) -> None:
    """Without a named proxy what a client writes of proxies counts for nothing: its failures are its own."""
    settings.PROXIES = PROXY if is_trusted else []
    handmade.inspector("director", password=PASSWORD)
    statuses = []
    for number in range(7):
        given = {"username": "director", "password": "wrong"}
        forged = {"x-forwarded-for": f"203.0.113.{number}"}
        statuses.append(stranger.post("/sign-in/", given, headers=forged, REMOTE_ADDR="127.0.0.1").status_code)
    assert statuses[-1] == (200 if is_trusted else 429)


def attempt(client: Client, name: str, password: str, ip: str = "192.0.2.1") -> int:
    return client.post("/sign-in/", {"username": name, "password": password}, REMOTE_ADDR=ip).status_code


@pytest.mark.django_db
def test_wrong_passwords_of_others_do_not_shut_out_a_browser_that_is_known(park: Registry) -> None:
    """Behind one shared address: the director's browser goes on, a stranger's does not, and neither guesses freely."""
    handmade.inspector("director", password=PASSWORD)
    known, other = (Client(headers={"host": "127.0.0.1"}) for _ in range(2))
    assert attempt(known, "director", PASSWORD) == 302
    known.post("/sign-out/")
    for _ in range(5):
        attempt(other, "director", "wrong")
    assert attempt(other, "director", PASSWORD) == 429
    assert attempt(known, "director", PASSWORD) == 302
    known.post("/sign-out/")
    statuses = [attempt(known, "director", "wrong") for _ in range(16)]
    assert statuses[:9] == [200] * 9
    assert 429 in statuses
    assert attempt(known, "director", PASSWORD) == 429


@pytest.mark.django_db
def test_names_are_not_sprayed_from_one_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xietong.web.server.sign_ins.MOST_FROM_AN_ADDRESS", 8)
    stranger = Client(headers={"host": "127.0.0.1"})
    statuses = [attempt(stranger, f"made-up-{number}", "wrong") for number in range(10)]
    assert statuses == [200] * 8 + [429] * 2
    refused = stranger.post("/sign-in/", {"username": "x", "password": "y"}, REMOTE_ADDR="192.0.2.1")
    assert "从此处登录失败的太多" in refused.content.decode()
    assert attempt(stranger, "made-up", "wrong", "192.0.2.77") == 200


@pytest.mark.django_db
def test_a_failed_sign_in_can_be_traced_in_the_log(stranger: Client, lines: pytest.LogCaptureFixture) -> None:
    assert attempt(stranger, "mallory", "hunter2hunter2", "192.0.2.55") == 200
    text = " ".join(JsonLines().format(record) for record in lines.records)
    assert "mallory" in text
    assert "192.0.2.55" in text
    assert "hunter2" not in text


@pytest.mark.django_db
def test_a_form_from_an_unknown_origin_is_told_what_to_set(settings: Settings) -> None:
    client = Client(enforce_csrf_checks=True, headers={"host": "127.0.0.1"})
    origin = {"origin": "https://park.example.cn"}
    answer = client.post("/sign-in/", {"username": "x", "password": "y"}, headers=origin)
    assert answer.status_code == 403
    assert "XIETONG_ORIGIN" in answer.content.decode()
    assert "https://park.example.cn" in answer.content.decode()
