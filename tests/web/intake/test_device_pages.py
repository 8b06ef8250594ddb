"""Devices in number and one by one: found among ten thousand, what they sent as it came, and orders of two persons."""

import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import handmade
import pytest
from django.contrib.auth.models import Group, User
from django.test import Client

from xietong.journal import open_writer, read
from xietong.park.nouns import Point, Registry, Subject
from xietong.park.people import make_roles
from xietong.protocols import hj212
from xietong.web.evidence.due_and_received import Line
from xietong.web.intake import intake_state
from xietong.web.shell import park_data

pytest_plugins = ["handmade_fixtures"]

DEVICE = f"/devices/{handmade.MN}/"
MANY = 10_000


def words(client: Client, path: str, language: str = "zh-hans") -> str:
    client.cookies["django_language"] = language
    response = client.get(path)
    assert response.status_code == 200, path
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


@pytest.fixture
def crowd(monkeypatch: pytest.MonkeyPatch, data: Path, park: Registry) -> Registry:
    """Ten thousand devices of five hundred enterprises, the first three hundred silent, one that wants a file."""
    subjects = {f"F{n:03}": Subject(f"F{n:03}", "enterprise", f"第{n}厂", f"Works {n}", "PARK") for n in range(500)}
    points, told = {}, {}
    for number in range(MANY):
        mn, code = f"XTMANY{number:018}", f"M{number}"
        source = f"hj212:{mn}/a21026/Avg"
        points[code] = Point(code, f"F{number // 20:03}", "concentration", "so2", "mg/m3", "mean", 3600, source=source)
        age = timedelta(days=2) if number < 300 else timedelta(seconds=5)
        told[mn] = {"last_seen": (handmade.NOW - age).isoformat(), "frames": number, "refused": {}}
    told[f"XTMANY{7777:018}"]["file_wanted"] = {"zh": "请给文件。", "en": "give a file."}
    (data / "live.json").write_text(json.dumps({"readings": {}, "devices": told, "intake": {}}), encoding="utf-8")
    registry = replace(park, subjects={**park.subjects, **subjects}, points=points)
    monkeypatch.setattr(park_data, "registry", lambda: registry)
    return registry


@pytest.mark.slow
def test_ten_thousand_devices_are_fifty_a_page_and_those_that_need_a_person_first(
    director: Client, crowd: Registry
) -> None:
    first = director.get("/devices/").content.decode()
    assert first.count('<tr><th scope="row"><a href="/devices/') == 50
    assert "第0厂" in first
    assert "10,000 台里有 10,000 台" in words(director, "/devices/")
    assert "第 200 页，共 200 页" in words(director, "/devices/?page=200")
    assert 'href="/devices/?page=2" rel="next"' in first
    for wrong in ("0", "201", "x", "-1"):
        assert director.get(f"/devices/?page={wrong}").status_code == 404


@pytest.mark.slow
def test_a_device_is_found_by_name_number_point_or_need(director: Client, crowd: Registry) -> None:
    for asked in (f"q=xtmany{7777:018}", "q=m7777", "need=file"):
        shown = words(director, f"/devices/?{asked}")
        assert "10,000 台里有 1 台" in shown, asked
        assert "第388厂" in shown
    assert "10,000 台里有 20 台" in words(director, "/devices/?q=第388厂")
    assert "300 of 10,000" in words(director, "/devices/?need=silent", "en")
    assert "没有这样的设备" in words(director, "/devices/?q=nobody")
    assert "第 2 页，共 6 页" in words(director, "/devices/?need=silent&page=2")


@pytest.mark.slow
def test_only_the_points_of_the_page_are_looked_up(
    director: Client, crowd: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    whole = intake_state.received_lines

    def counted(park: Registry, days: Sequence[date], codes: Collection[str]) -> Mapping[str, Line]:
        asked.append(len(codes))
        return whole(park, days, codes)

    monkeypatch.setattr(intake_state, "received_lines", counted)
    words(director, "/devices/?page=3")
    words(director, f"/devices/XTMANY{7777:018}/")
    assert asked == [50, 1]


@pytest.mark.slow
def test_the_live_panel_lists_the_latest_sixty(director: Client, crowd: Registry) -> None:
    html = director.get("/live/").content.decode()
    assert html.count("<tr><th") == 61
    assert "10,000 台设备" in html
    assert "只列最近的 60 台" in html


def test_a_refused_frame_stands_on_its_devices_page_as_it_came(director: Client) -> None:
    html = director.get(DEVICE).content.decode()
    assert "41.52" in html
    assert "secret1" not in html
    assert 'href="/entries/intake-0/2/"' in html
    assert "41.52" not in director.get("/devices/XTSTRANGER/").content.decode()


def test_a_violation_is_named_with_its_clause(director: Client, data: Path) -> None:
    content = json.loads((data / "live.json").read_text("utf-8"))
    seen = {"times": 3, "entry": "intake-0/2", "at": handmade.NOW.isoformat()}
    content["devices"][handmade.MN]["violations"] = {"modbus_crc": seen, "address": seen}
    (data / "live.json").write_text(json.dumps(content), encoding="utf-8")
    assert "附录 A 的算法，未采用 HJ 212-2017 附录 A 3" in words(director, DEVICE)
    assert "HJ 212-2017 appendix A" in words(director, DEVICE, "en")


def test_what_was_asked_is_told_exchange_by_exchange(director: Client, data: Path) -> None:
    content = json.loads((data / "live.json").read_text("utf-8"))
    span = {"begin": "2026-03-03T00:00:00+00:00", "end": "2026-03-03T08:00:00+00:00"}
    asked = {"cn": "2061", "code": "100", "frames": 0, "sent": 2, "exchange": "no_data", **span}
    history = [
        {**asked, "at": "2026-03-03T09:00:00+00:00", "entry": "intake-0/7"},
        {**asked, "exchange": "done", "cn": "1062", "code": "1", "at": "2026-03-03T10:00:00+00:00", "order": "web-0/1"},
    ]
    content["devices"][handmade.MN]["asked"] = {"exchanges": 2, "history": history}
    (data / "live.json").write_text(json.dumps(content), encoding="utf-8")
    shown = words(director, DEVICE)
    assert "最近 2 次问答" in shown
    assert shown.index("1062 设置实时数据间隔") < shown.index("2061 污染物小时数据")
    assert "答复：没有数据 (没有数据) 2 0" in shown
    assert 'href="/entries/web-0/1/"' in director.get(DEVICE).content.decode()


def test_the_rules_of_a_device_are_told_without_its_secrets(director: Client, data: Path) -> None:
    settings = f'[device.{handmade.MN}]\npassword = "hush77"\naddresses = ["10.1.0.0/16"]\nask = false\n'
    (data / "devices.toml").write_text(settings + f'sm4_keys = ["{"k" * 16}"]\n')
    html, shown = director.get(DEVICE).content.decode(), words(director, DEVICE)
    assert "须与登记的一致" in shown
    assert "10.1.0.0/16" in shown
    assert "缺数时去问它 否" in shown
    assert "hush77" not in html
    assert "k" * 16 not in html
    (data / "devices.toml").write_text("[device.X]\npasword = 1\n")
    assert "没有这个设置" in words(director, DEVICE)
    assert "没有这个设置" in words(director, "/devices/")


# ---- orders ----


@pytest.fixture
def persons(db: None, park: Registry, data: Path) -> dict[str, Client]:
    """Two directors, a verifier and a clerk, each signed in; the park's device registered as its own."""
    (data / "devices.toml").write_text(f"[device.{handmade.MN}]\nown = true\n")
    make_roles()
    found = {}
    for name, role in (("wang", "director"), ("zhao", "director"), ("li", "verifier"), ("chen", "clerk")):
        user = User.objects.create_user(name)
        user.groups.add(Group.objects.get(name=role))
        found[name] = Client(headers={"host": "127.0.0.1"})
        found[name].force_login(user)
    return found


def say(client: Client, path: str, **posted: str) -> str:
    """Post a form and read the page that it leads to."""
    response = client.post(path, {"mn": handmade.MN, **posted})
    assert (response.status_code, response["Location"]) == (302, f"{DEVICE}#orders")
    return words(client, DEVICE)


def test_two_signed_in_persons_give_a_command_and_the_journal_says_who(
    persons: dict[str, Client], data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(park_data, "clock", lambda: datetime.now(UTC))
    shown = say(persons["wang"], "/orders/propose/", cn="1062", parameters="RtdInterval=60\n\n")
    assert "已提议，存证 web-0/1" in shown
    assert "等另一人确认。" in shown
    assert "确认并发出" not in shown
    assert "wang 提议" in words(persons["li"], DEVICE)
    assert "提议和确认必须是两个人" in say(persons["wang"], "/orders/confirm/", order="web-0/1")
    assert "确认命令需要负责人或核查员" in say(persons["chen"], "/orders/confirm/", order="web-0/1")
    assert list((data / "orders").glob("*.json")) == []
    assert "已确认，存证 web-0/2" in say(persons["li"], "/orders/confirm/", order="web-0/1")
    assert len(list((data / "orders").glob("*.json"))) == 1
    notes = [json.loads(entry.payload) for entry in read(data / "journal", "web-0")]
    assert [(note["order"], note["by"]) for note in notes] == [("proposed", "wang"), ("confirmed", "li")]
    assert "这个提议已经确认过" in say(persons["zhao"], "/orders/confirm/", order="web-0/1")


def test_who_may_not_and_what_may_not(persons: dict[str, Client], data: Path, stranger: Client) -> None:
    assert "只有园区负责人" in say(persons["li"], "/orders/propose/", cn="1062")
    assert "不是写入或控制命令" in say(persons["wang"], "/orders/propose/", cn="2061")
    assert "不能这样写" in say(persons["wang"], "/orders/propose/", cn="1062", parameters="A=1;B=2")
    assert stranger.post("/orders/propose/", {"mn": handmade.MN, "cn": "1062"})["Location"].startswith("/sign-in/")
    assert persons["wang"].get("/orders/propose/").status_code == 405
    (data / "devices.toml").write_text("")
    assert "没有登记为园区自有" in say(persons["wang"], "/orders/propose/", cn="1062")
    assert 'id="orders"' not in persons["wang"].get(DEVICE).content.decode()
    assert not (data / "orders").exists()


def test_a_form_from_another_site_is_refused(persons: dict[str, Client], data: Path) -> None:
    strict = Client(enforce_csrf_checks=True, headers={"host": "127.0.0.1"})
    strict.cookies = persons["wang"].cookies
    assert strict.post("/orders/propose/", {"mn": handmade.MN, "cn": "1062"}).status_code == 403
    assert not (data / "orders").exists()


def test_a_new_password_is_not_shown(persons: dict[str, Client], data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(park_data, "clock", lambda: datetime.now(UTC))
    say(persons["wang"], "/orders/propose/", cn="1072", parameters="NewPW=654321")
    assert "654321" not in persons["li"].get(DEVICE).content.decode()
    with open_writer(data / "journal", "sent") as writer:
        writer.record("hj212-sent", "tcp:1", hj212.frame("QN=1;CP=&&NewPW=654321&&"), handmade.NOW)
    assert "654321" not in words(persons["li"], f"/entries/{writer.name}/1/")
