"""The page of sources other than HJ 212: connected or not, what was wrong as it was said, keys, what does not meet."""

import json
import re
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import handmade
import pytest
from django.test import Client

from xietong.intake.source_state import SourceStates
from xietong.park.models import ApiKey, Push
from xietong.park.nouns import Registry
from xietong.texts import Text
from xietong.web.shell import park_data

pytest_plugins = ["handmade_fixtures"]

WRONG = Text("寄存器 kwh 没有回答。", "the register kwh did not answer.")


class Clock:
    """Ten seconds before the page is looked at, unless it is set."""

    def __init__(self) -> None:
        self.now = handmade.NOW - timedelta(seconds=10)

    def __call__(self) -> datetime:
        return self.now


def words(client: Client, path: str, language: str = "zh-hans") -> str:
    client.cookies["django_language"] = language
    response = client.get(path)
    assert response.status_code == 200, path
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def tell(data: Path, clock: Clock) -> None:
    """A Modbus device that is away with two mistakes, and a broker that is connected."""
    modbus = SourceStates(data, "modbus-0", "modbus", clock)
    away = modbus.source("shop-1", "10.1.2.3:502")
    away.heard(clock(), 5, [(WRONG, "<b>0x0102</b>")], "modbus-0/9")
    away.wrong(clock(), WRONG, "exception 2", "modbus-0/10")
    away.missed = 4
    modbus.write(now=True)
    mqtt = SourceStates(data, "mqtt-0", "mqtt", clock)
    mqtt.source("scada", "broker:8883").connected = True
    mqtt.problems = {"": Text("第 3 行有误。", "line 3 is wrong."), "scada": Text("密码未写。", "no password.")}
    mqtt.write(now=True)


@pytest.fixture
def meters(monkeypatch: pytest.MonkeyPatch, park: Registry, data: Path) -> Registry:
    """A park with a point on the Modbus device, one on a topic that never came, and a topic that nobody uses."""
    one = replace(park.points["E01-P"], source="modbus:shop-1/kwh", interval_s=900)
    two = replace(one, code="E01-W", item="water_fresh", source="mqtt:e01/water#m3")
    points = {**park.points, one.code: one, two.code: two}
    registry = replace(park, points=points)
    monkeypatch.setattr(park_data, "registry", lambda: registry)
    content = json.loads((data / "live.json").read_text("utf-8"))
    at = handmade.NOW.isoformat()
    value = {"at": at, "received_at": at, "flag": "", "entry": "mqtt-0/3"}
    content["readings"]["modbus:shop-1/kwh"] = {**value, "value": "12.5"}
    content["readings"]["mqtt:hall/temp#c"] = {**value, "value": "21.75"}
    (data / "live.json").write_text(json.dumps(content), encoding="utf-8")
    return registry


@pytest.mark.usefixtures("meters")
def test_each_source_is_told_with_what_was_wrong_as_it_was_said(director: Client, data: Path) -> None:
    tell(data, Clock())
    shown, html = words(director, "/sources/"), director.get("/sources/").content.decode()
    assert shown.index("shop-1 Modbus") < shown.index("scada MQTT")  # who is away comes first
    assert "shop-1 Modbus TCP · 10.1.2.3:502 · 1 个监测点 没有连接 10 秒前 1 5 1 4" in shown
    assert "寄存器 kwh 没有回答。 2026-03-04 09:59:50 · 2 次 · 存证 modbus-0/10 exception 2" in shown
    assert "scada MQTT · broker:8883 · 1 个监测点 已连接 从未收到" in shown
    assert "mqtt-0 第 3 行有误。" in shown
    assert "mqtt-0 · scada 密码未写。" in shown
    assert "<b>0x" not in html
    assert 'href="/devices/modbus%3Ashop-1/"' in html
    assert director.get("/devices/modbus%3Ashop-1/").status_code == 200
    assert "The register kwh did not answer." in words(director, "/sources/", "en")


@pytest.mark.usefixtures("meters")
def test_a_process_that_does_not_run_makes_its_sources_unknown(director: Client, data: Path) -> None:
    clock = Clock()
    clock.now -= timedelta(minutes=5)
    tell(data, clock)
    shown = words(director, "/sources/")
    assert shown.count("接收进程没有运行") == 2
    assert "已连接" not in shown


@pytest.mark.usefixtures("meters")
def test_data_without_a_point_and_points_without_data_are_named(director: Client) -> None:
    shown = words(director, "/sources/")
    loose, silent = shown.partition("来了，没有监测点用")[2].split("登记了，从没来过")
    assert "1 个地址" in loose
    assert "mqtt:hall/temp#c 21.75" in loose
    assert "modbus:shop-1/kwh" not in loose
    assert "E01-W" in silent
    assert "E01-P" not in silent
    assert 'href="/entries/mqtt-0/3/"' in director.get("/sources/").content.decode()
    assert "E01-W" not in words(director, "/sources/?q=hall")
    assert "mqtt:hall/temp#c" not in words(director, "/sources/?q=e01/water")


@pytest.mark.usefixtures("meters")
def test_keys_say_when_they_were_used_and_what_was_refused(director: Client) -> None:
    key = ApiKey.objects.create(name="scada-key", secret_sha256="0" * 64, subject="E01", made_at=handmade.NOW)
    old = handmade.NOW - timedelta(days=9)
    ApiKey.objects.create(name="left", secret_sha256="1" * 64, subject="E01", made_at=old, revoked_at=handmade.NOW)
    rejected = [{"place": 2, "message": "没有监测点 Z · no point Z"}]
    answer = {"entry": "web-0/4", "accepted": 7, "rejected": rejected}
    for minutes, each in ((3, {"accepted": 1, "rejected": []}), (1, answer)):
        at = handmade.NOW - timedelta(minutes=minutes)
        Push.objects.create(key=key, idempotency=str(minutes), body_sha256="0" * 64, answer=each, at=at)
    shown = words(director, "/sources/")
    assert re.search(r"scada-key 2026-03-04 10:00:00 青塬特钢有限公司 60 秒前 2 7 没有监测点 Z", shown)
    assert re.search(r"left 已作废 .* 从未收到 0 0 0", shown)


def test_without_any_the_page_says_what_to_do(director: Client, stranger: Client) -> None:
    assert "mqtt.toml、modbus.toml 或 opcua.toml" in words(director, "/sources/")
    assert stranger.get("/sources/").status_code == 302
