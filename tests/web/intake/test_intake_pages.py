"""The pages of those who run the intake: devices, due against received, uploads; both languages, down to the bytes."""

import json
import re
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any, get_args

import handmade
import pytest
from django.test import Client

from xietong.journal import open_writer
from xietong.park.actions import bring_readings, correct_readings
from xietong.park.bringing.evidence import enter, keep
from xietong.park.models import Act, ApiKey, Push
from xietong.park.nouns import Registry
from xietong.readings import EntryKind
from xietong.web.evidence import behind_figures
from xietong.web.evidence.due_and_received import Calendar, days_of_month, line
from xietong.web.intake import intake_state
from xietong.web.intake.device_model import claimed_mn, devices
from xietong.web.intake.device_pages import clock_words, share_words
from xietong.web.intake.received_pages import cell_text
from xietong.web.shell import park_data, shelf

pytest_plugins = ["handmade_fixtures"]

DEVICE = f"/devices/{handmade.MN}/"
PAGES = (
    "/devices/",
    DEVICE,
    "/devices/XTSTRANGER/",
    "/received/",
    "/received/?month=2025-03&enterprise=E01",
    "/uploads/",
)
SPAN = {"begin": "2026-03-03T00:00:00+00:00", "end": "2026-03-03T08:00:00+00:00"}
SEEN = {"times": 3, "entry": "intake-0/2", "at": "2026-03-04T01:00:00+00:00"}


def words(client: Client, path: str, language: str = "zh-hans") -> str:
    client.cookies["django_language"] = language
    response = client.get(path)
    assert response.status_code == 200, path
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def tell(data: Path, **changes: Any) -> None:
    """Change what live.json tells of the registered device."""
    content = json.loads((data / "live.json").read_text("utf-8"))
    content["devices"][handmade.MN] |= changes
    (data / "live.json").write_text(json.dumps(content), encoding="utf-8")


def test_strangers_see_none_of_it(stranger: Client, db: None) -> None:
    assert {stranger.get(path).status_code for path in PAGES} == {302}


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_they_stand_in_both_languages_and_lead_to_each_other(director: Client, language: str) -> None:
    for path in PAGES:
        shown = words(director, path, language)
        assert "应收与收到" in shown if language == "zh-hans" else "Due and received" in shown
        html = director.get(path).content.decode()
        assert re.findall(r'(?:src|href)="(?:https?:)?//', html) == []
        assert all(f'href="{each}"' in html for each in ("/", "/devices/", "/received/", "/uploads/"))
    assert all(f'href="{each}"' in director.get("/").content.decode() for each in ("/devices/", "/received/", DEVICE))


def test_a_device_is_told_by_state_and_reasons_in_words(director: Client, data: Path) -> None:
    tell(data, violations={"crc": SEEN}, clock_offset_s=-7200.0)
    shown = words(director, "/devices/")
    assert "在线 1" in shown
    assert "静默 1" in shown
    assert "CRC 校验错误，未采用 3" in shown
    assert "慢 2 小时" in shown
    assert 'href="/entries/intake-0/2/"' in director.get("/devices/").content.decode()
    assert "41.52" in words(director, "/entries/intake-0/2/")


def test_what_was_refused_is_listed_whoever_sent_it(director: Client) -> None:
    shown = words(director, "/devices/").partition("没有采用的报文")[2]
    assert "intake-0/2 " in shown
    assert "CRC 校验错误，未采用" in shown.partition("intake-0/2 ")[2]
    assert "intake-0/3 " in shown
    assert "不成报文的 15 字节" in shown
    assert "杂乱字节 2 段" in shown


def test_the_device_page_names_violations_questions_and_points(director: Client, data: Path) -> None:
    last = {"exchange": "silent", "cn": "2061", "code": None, "frames": 0, "at": SEEN["at"], **SPAN}
    asked = {"exchanges": 3, "silent": 3, "last": last, "vain": [["2061", *SPAN.values(), 2]]}
    wanted = {"zh": "请企业提供文件。", "en": "ask the enterprise."}
    tell(data, violations={"lower_case_crc": SEEN}, asked=asked, one_way=True, file_wanted=wanted)
    (data / "requests.json").write_text(json.dumps({"requests": [{"mn": handmade.MN, "cn": "2051", **SPAN}]}))
    shown = words(director, DEVICE)
    for part in (
        "在线，只上报不应答",
        "请企业提供文件。",
        "CRC 用了小写字母 · 容许 HJ 212-2017 附录 A 3",
        "2026-03-03 08:00 – 2026-03-03 16:00 · 没有应答",
        "连续 3 次没有应答",
        "接下来要问 2051",
        "问过而没有要到的 2061",
        "氮氧化物",
    ):
        assert part in shown, part
    assert "sends but never answers" in words(director, DEVICE, "en")
    assert 'href="/points/E01-G1-nox/?period=2026-03"' in director.get(DEVICE).content.decode()


def test_a_stranger_and_a_device_never_heard_are_told_apart(director: Client, data: Path) -> None:
    assert "登记簿里没有" in words(director, "/devices/XTSTRANGER/")
    (data / "live.json").unlink()
    assert "从未出现" in words(director, DEVICE)
    response = director.get("/devices/NOBODY/")
    assert response.status_code == 404
    assert "没有设备 NOBODY" in response.content.decode()


def test_the_drawer_gets_a_device_as_a_fragment(director: Client) -> None:
    fragment = director.get(DEVICE, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in fragment
    assert "<article" in fragment


def test_those_that_need_a_person_come_first(park: Registry) -> None:
    told = {
        "ON": {"last_seen": handmade.NOW.isoformat()},
        handmade.MN: {"last_seen": (handmade.NOW - timedelta(days=1)).isoformat()},
    }
    found = devices({"devices": told}, {}, park, handmade.NOW)
    assert [(each.mn, each.state, each.is_registered) for each in found] == [
        (handmade.MN, "silent", True),
        ("ON", "online", False),
    ]


def test_a_meter_on_mqtt_is_a_device_too(park: Registry) -> None:
    meter = replace(park.points["E01-P"], source="mqtt:e01/meter#kwh", interval_s=600)
    registry = replace(park, points={**park.points, "E01-P": meter})
    at = handmade.NOW - timedelta(minutes=29)
    content = {"readings": {"mqtt:e01/meter#kwh": {"at": at.isoformat(), "value": "1", "received_at": at.isoformat()}}}
    found = {each.mn: each for each in devices(content, {}, registry, handmade.NOW)}
    assert (found["mqtt:e01/meter"].state, found["mqtt:e01/meter"].frames) == ("online", None)
    later = {each.mn: each.state for each in devices(content, {}, registry, handmade.NOW + timedelta(minutes=2))}
    assert later["mqtt:e01/meter"] == "silent"


@pytest.mark.parametrize("kind", get_args(EntryKind))
def test_every_kind_of_entry_opens(director: Client, data: Path, kind: EntryKind) -> None:
    with open_writer(data / "journal", "web") as writer:
        payload = b'{"name":"a.bin","sha256":"00","size":1}' if kind == "file" else b'{"readings":[]}'
        ordinal = writer.append(kind, "http:scada", payload, handmade.NOW)
        writer.commit()
    assert "http:scada" in words(director, f"/entries/{writer.name}/{ordinal}/")


def test_a_clock_is_told_in_words() -> None:
    assert [clock_words(each) for each in (None, 0.4, 59.6, -300.0)] == ["", "准", "快 60 秒", "慢 5 分钟"]
    assert [share_words(each) for each in (None, 0.0, 0.99999, 1.0)] == ["—", "0 %", "99.99 %", "100 %"]


def test_only_a_refused_frame_claims_a_name(director: Client) -> None:
    claimed = {each.kind: claimed_mn(each) for each in intake_state.newest_refused()}
    assert claimed == {"hj212-refused": handmade.MN, "junk": ""}


@pytest.fixture
def matrix(monkeypatch: pytest.MonkeyPatch, park: Registry) -> None:
    """March 2025: the outlet's point has a whole day, a short one with invalid and estimated hours, then nothing; of
    what lacks on it a substitute stands in the emission."""
    row = {"readings": 24, "due": 24, "invalid": 0, "estimated": False}
    rows = {
        date(2025, 3, 1): row,
        date(2025, 3, 2): {**row, "readings": 20, "invalid": 3, "estimated": True},
    }
    calendar = Calendar(park, days_of_month(2025, 3), handmade.NOW)
    lines = {
        code: line(
            point, rows if code == "E01-G1-nox" else {}, date(2025, 3, 1) if code == "E01-G1-nox" else None, calendar
        )
        for code, point in park.points.items()
    }
    monkeypatch.setattr(intake_state, "received_lines", lambda *_: lines)
    monkeypatch.setattr(behind_figures, "substituted_hours", lambda *_: {"E01-G1-nox": (700, 0)})


@pytest.mark.usefixtures("matrix")
def test_the_matrix_marks_apart_what_came_and_names_the_gaps(director: Client) -> None:
    html = director.get("/received/?month=2025-03").content.decode()
    assert 'title="2025-03-01 · 完整 · 24/24"' in html
    assert 'title="2025-03-02 · 部分 · 20/24 · 3 个无效 · 含估算"' in html
    assert 'title="2025-03-03 · 没有收到 · 0/24"' in html
    assert 'href="/points/E01-G1-nox/?period=2025-03-02"' in html
    shown = words(director, "/received/?month=2025-03")
    assert "缺 3–31 日" in shown
    assert "E01-P · 从未收到" in shown
    assert "2 个监测点，收到应收的 5.9 %；1 个有整日没有收到的。 1 个从来没有收到过，不计入。" in shown
    assert (
        "替代值" in director.get("/received/?month=2025-03&enterprise=E01").content.decode().partition("2025-03-02")[2]
    )


@pytest.mark.usefixtures("matrix")
def test_a_table_says_the_same_without_the_picture(director: Client) -> None:
    table = words(director, "/received/?month=2025-03&enterprise=E01").partition("替代（日）")[2]
    assert "E01-G1-nox 44/744 5.9 % 3–31 1 3 1 30" in table


@pytest.mark.usefixtures("matrix")
def test_many_points_stand_together_until_an_enterprise_is_chosen(
    director: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("xietong.web.intake.received_pages.MOST_POINTS", 1)
    assert "E01-G1-nox" not in words(director, "/received/?month=2025-03")
    html = director.get("/received/?month=2025-03").content.decode()
    assert 'href="/received/?month=2025-03&amp;enterprise=E01"' in html
    assert "E01-G1-nox" in words(director, "/received/?month=2025-03&enterprise=E01")


@pytest.mark.usefixtures("matrix")
def test_of_very_many_points_some_enterprises_stand_on_a_page(
    director: Client, monkeypatch: pytest.MonkeyPatch, park: Registry
) -> None:
    subjects = {f"F{n:02}": replace(park.subjects["E01"], code=f"F{n:02}", name=f"第{n}厂") for n in range(45)}
    points = {code: replace(park.points["E01-P"], code=f"{code}-P", subject=code) for code in subjects}
    many = replace(
        park,
        subjects={**park.subjects, **subjects},
        points={**park.points, **{each.code: each for each in points.values()}},
    )
    row = {"readings": 24, "due": 24, "invalid": 0, "estimated": False}
    calendar, asked = Calendar(many, days_of_month(2025, 3), handmade.NOW), []

    def lines(_park: Registry, _days: object, codes: list[str]) -> object:
        asked.append(len(codes))
        return {code: line(many.points[code], {date(2025, 3, 1): row}, date(2025, 3, 1), calendar) for code in codes}

    monkeypatch.setattr(park_data, "registry", lambda: many)
    monkeypatch.setattr(intake_state, "received_lines", lines)
    monkeypatch.setattr("xietong.web.intake.received_pages.MOST_AT_ONCE", 10)
    first, second = (words(director, f"/received/?month=2025-03&page={page}") for page in (1, 2))
    assert asked == [41, 6]  # E01 has two points
    assert "第 1 页，共 2 页" in first
    assert "F38-P" in first
    assert "F39-P" not in first
    assert "F44-P" in second
    assert director.get("/received/?month=2025-03&page=3").status_code == 404


def test_reported_months_lead_to_what_lacks(director: Client) -> None:
    shown = words(director, "/received/?month=2025-02&enterprise=E01")
    assert "2025 年填报" in shown
    assert "全缺：2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 月" in shown
    assert "2025-02 还没有报的 焦炭" in shown
    assert 'title="2025-01 · 完整 · 1/1"' in director.get("/received/?month=2025-02").content.decode()


@pytest.mark.parametrize("asked", ["month=2025", "month=spring", "month=2025-3", "month=2025-03&enterprise=NO"])
def test_an_impossible_month_or_enterprise_is_said(director: Client, asked: str) -> None:
    assert director.get(f"/received/?{asked}").status_code == 404


@pytest.mark.usefixtures("matrix")
def test_a_cell_speaks(park: Registry) -> None:
    cells = intake_state.received_lines(park, days_of_month(2025, 3))["E01-G1-nox"].cells
    assert cell_text(cells[1]) == "2025-03-02 · 部分 · 20/24 · 3 个无效 · 含估算"


def test_uploads_say_who_brought_what_when_and_why(director: Client, data: Path) -> None:
    kept = keep(data, b"point,at,value\n", "march.csv", "readings")
    entry = enter(data, [kept], "cli:clerk", handmade.NOW)["march.csv"]
    what = {"file": "march.csv", "sha256": kept.sha256, "readings": 1234}
    bring_readings(what, entry, "clerk", handmade.NOW)
    correct_readings({**what, "reason": "校准单 7", "evidence": "ab" * 32}, entry, "verifier", handmade.NOW)
    Act.objects.create(who="clerk", verb="approve_factors", what={}, at=handmade.NOW + timedelta(hours=1))
    key = ApiKey.objects.create(name="scada", secret_sha256="0" * 64, subject="E01", made_at=handmade.NOW)
    answer = {"entry": "intake-0/1", "accepted": 7, "rejected": [{"place": 2}]}
    at = handmade.NOW + timedelta(minutes=1)
    Push.objects.create(key=key, idempotency="batch-1", body_sha256="0" * 64, answer=answer, at=at)
    shown = words(director, "/uploads/")
    order = [
        shown.index(part) for part in ("scada 程序推送 7 拒收 1 batch-1", "verifier 更正监测值", "clerk 监测值文件")
    ]
    assert order == sorted(order)
    assert f"1,234 march.csv {entry} {kept.sha256[:12]}…" in shown
    assert "校准单 7 凭证 abababababab…" in shown
    assert "approve" not in shown
    assert "Correction of readings" in words(director, "/uploads/", "en")


def test_what_of_an_upload_was_refused_is_told_cell_by_cell(director: Client) -> None:
    cell = {"file": "三月.xlsx", "sheet": "用能", "cell": "D7", "value": "<b>十吨</b>", "rule": "number"}
    told = {
        **cell,
        "clause": "6.1.4",
        "row": 7,
        "column": "amount",
        "zh": "D7 不是数；请写数字。",
        "en": "D7 is no number; write digits.",
    }
    plain = {"file": "march.csv", "row": 3, "column": "unit", "value": "吨吨", "zh": "没有这个单位。", "en": "no unit."}
    what = {"file": "三月.xlsx", "rejected": 2, "cells": [told, plain], "entries": {"三月.xlsx": handmade.ENTRY}}
    Act.objects.create(who="clerk", verb="refuse_rows", what=what, at=handmade.NOW)
    shown = words(director, "/uploads/")
    assert "没有采用的格 — 拒收 2" in shown
    assert "三月.xlsx · 用能 · D7 &lt;b&gt;十吨&lt;/b&gt; D7 不是数；请写数字。 number · 6.1.4" in shown
    assert "march.csv · 第 3 行 unit 吨吨 没有这个单位。" in shown
    assert "D7 is no number; write digits." in words(director, "/uploads/", "en")


def test_older_uploads_are_a_page_away(director: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xietong.web.evidence.uploads.MOST", 2)
    for number in range(3):
        at = handmade.NOW + timedelta(minutes=number)
        Act.objects.create(who=f"clerk-{number}", verb="state_reported", what={"rows": number}, at=at, entry="cli-9/9")
    html = director.get("/uploads/").content.decode()
    assert "clerk-2" in html
    assert "clerk-0" not in html
    assert "读不出这条存证" in html
    older = re.search(r'href="(/uploads/\?until=[^"]+)"', html)
    assert older is not None
    assert "clerk-0" in words(director, older[1])
    for asked in ("yesterday", "2026-03-04T00:00:00"):
        assert director.get("/uploads/", {"until": asked}).status_code == 404


@pytest.mark.usefixtures("db")
def test_without_a_park_they_say_what_to_do(data: Path, director: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    shelf.SHELF.clear()
    for path in ("/devices/", "/received/", "/uploads/"):
        assert "load" in words(director, path)


def test_a_day_of_a_point_shows_its_missing_hours(director: Client) -> None:
    shown = words(director, "/points/E01-P/?period=2025-03-14")
    assert shown.count("没有收到") == 22
    assert "2025-03-14T09 — 0/1 没有收到" in shown
    assert "2025-03-14T07 41.25 kWh 1/1 完整" in shown
    assert "没有收到" not in words(director, "/points/E01-P/?period=2025-03")
