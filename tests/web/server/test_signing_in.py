"""Coming and going: nobody sees anything without signing in; errors are plain pages."""

import re
from pathlib import Path

import handmade
import pytest
from django.template.loader import get_template
from django.test import Client
from django.urls import URLPattern, get_resolver
from handmade import PASSWORD

from xietong.park.nouns import Registry

pytest_plugins = ["handmade_fixtures"]

WEB = Path(__file__).parents[3] / "xietong" / "web"
OPEN = {"sign-in", "language", "health"}
EXAMPLES = {"subject": "PARK", "key": "cod_emission", "period": "2025", "code": "P", "hour": "2025-01-01T00"}
EXAMPLES |= {"journal": "intake-0", "ordinal": "1", "report": "1", "standard": "zero-carbon-park", "mn": "MN1"}


def address(pattern: URLPattern) -> str:
    return "/" + re.sub(r"<\w+:(\w+)>", lambda match: EXAMPLES[match[1]], str(pattern.pattern))


@pytest.mark.django_db
def test_a_stranger_is_sent_to_sign_in_from_every_address(stranger: Client, park: Registry) -> None:
    patterns = [each for each in get_resolver().url_patterns if isinstance(each, URLPattern)]
    assert len(patterns) >= 10
    for pattern in patterns:
        if pattern.name in OPEN:
            continue
        for response in (stranger.get(address(pattern)), stranger.post(address(pattern))):
            assert response.status_code in (302, 405), pattern.name
            assert response.headers.get("Location", "/sign-in/").startswith("/sign-in/"), pattern.name


@pytest.mark.django_db
def test_signing_in_leads_back_to_the_page_that_was_asked_for(stranger: Client, park: Registry) -> None:
    handmade.inspector("director", password=PASSWORD)
    given = {"username": "director", "password": PASSWORD, "next": "/live/"}
    response = stranger.post("/sign-in/", given)
    assert response.headers["Location"] == "/live/"
    assert stranger.post("/sign-out/").headers["Location"] == "/sign-in/"
    assert stranger.get("/live/").status_code == 302


@pytest.mark.django_db
def test_a_wrong_password_is_told_without_saying_which_was_wrong(stranger: Client) -> None:
    response = stranger.post("/sign-in/", {"username": "nobody", "password": "wrong"})
    assert response.status_code == 200
    assert "用户名或密码不对" in response.content.decode()


def attempt(client: Client, username: str, password: str, ip: str = "192.0.2.1") -> tuple[int, str]:
    given = {"username": username, "password": password, "next": "/live/"}
    response = client.post("/sign-in/", given, REMOTE_ADDR=ip)
    return response.status_code, response.content.decode()


@pytest.mark.django_db
def test_after_five_failures_a_name_is_refused_from_that_address_alone(stranger: Client, park: Registry) -> None:
    for name in ("director", "clerk"):
        handmade.inspector(name, password=PASSWORD)
    for _ in range(4):
        assert attempt(stranger, "director", "wrong")[0] == 200
    attempt(stranger, "director", "wrong")
    status, sentence = attempt(stranger, "director", PASSWORD)
    assert status == 429
    assert "连续登录失败五次，已暂停登录；请过 15 分钟再试" in sentence
    assert attempt(stranger, "clerk", PASSWORD)[0] == 302
    assert attempt(Client(headers={"host": "127.0.0.1"}), "director", PASSWORD, "192.0.2.2")[0] == 302


@pytest.mark.django_db
def test_a_success_forgets_the_failures_before_it(stranger: Client, park: Registry) -> None:
    handmade.inspector("director", password=PASSWORD)
    for _ in range(2):
        for _ in range(4):
            assert attempt(stranger, "director", "wrong")[0] == 200
        assert attempt(stranger, "director", PASSWORD)[0] == 302
        stranger.post("/sign-out/")


@pytest.mark.django_db
def test_a_fragment_asked_for_after_the_session_ended_reloads_the_page(stranger: Client) -> None:
    response = stranger.get("/sign-in/?next=/live/", headers={"hx-request": "true"})
    assert response.headers["HX-Refresh"] == "true"


@pytest.mark.django_db
def test_health_is_open_and_says_nothing_of_the_park(stranger: Client) -> None:
    assert stranger.get("/healthz").json() == {"status": "ok"}


def test_an_unknown_address_is_a_plain_page_with_a_way_back(director: Client) -> None:
    response = director.get("/no-such-page/")
    assert response.status_code == 404
    assert "没有这一页" in response.content.decode()
    assert 'href="/"' in response.content.decode()


def test_a_fault_of_ours_is_a_plain_page_in_both_languages(director: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise RuntimeError("broken on purpose")

    monkeypatch.setattr("xietong.web.shell.park_data.registry", broken)
    director.raise_request_exception = False
    response = director.get("/")
    assert response.status_code == 500
    assert "出错了" in response.content.decode()
    assert "Something broke" in response.content.decode()


@pytest.mark.django_db
def test_a_form_without_its_token_is_refused_with_a_plain_page(park: Registry) -> None:
    client = Client(enforce_csrf_checks=True, headers={"host": "127.0.0.1"})
    response = client.post("/sign-in/", {"username": "x", "password": "y"})
    assert response.status_code == 403
    assert "不能这样做" in response.content.decode()


def test_every_template_compiles() -> None:
    names = [path.relative_to(WEB / "templates").as_posix() for path in WEB.glob("templates/**/*.html")]
    assert len(names) > 20
    for name in names:
        assert get_template(name)
