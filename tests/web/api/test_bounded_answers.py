"""What programs are answered is a small multiple of what they sent, is kept once, and nobody waits for the judging."""

import json
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import User
from django.test import Client
from month_park import FILES, NOW, month_park

from xietong.journal import find
from xietong.park.actions import make_api_key
from xietong.park.bringing.receiving import Reception
from xietong.park.models import Push, Submission
from xietong.protocols import pushed
from xietong.web.api import push

pytestmark = pytest.mark.django_db
POINTS = "code,subject,quantity,item,unit,shape,interval_s\nM1,E01,energy,electricity_purchased,kWh,amount,3600\n"
GOOD = {"point": "M1", "at": "2025-03-01T08:00", "value": 12.5}


class Door(NamedTuple):
    """The API of a park, with a key of E01."""

    data: Path
    secret: str

    def send(self, rows: object, idempotency: str = "k", address: str = "/api/readings") -> tuple[int, bytes, int]:
        """Status, answer and the bytes that were sent."""
        named = "rows" if "months" in address else "readings"
        body = rows if isinstance(rows, bytes) else json.dumps({named: rows}).encode()
        headers = {"Authorization": f"Bearer {self.secret}", "Idempotency-Key": idempotency, "Host": "127.0.0.1"}
        answer = Client().post(address, body, "application/json", headers=headers)
        return answer.status_code, answer.content, len(body)


@pytest.fixture
def door(tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Door:
    data = month_park(tmp_path, settings, monkeypatch)
    monkeypatch.setattr(push, "_JOURNAL", push._Journal())
    more = tmp_path / "more"
    more.mkdir()
    (more / "points.csv").write_text(POINTS)
    (more / "park.toml").write_text(FILES["park.toml"], encoding="utf-8")
    answer = Reception(data, "director", datetime(2025, 3, 6, tzinfo=UTC)).package(more)
    assert answer.rejected == []
    User.objects.create_superuser("boss")
    return Door(data, make_api_key("scada", "E01", "boss", NOW))


def test_a_body_of_nothing_but_empty_readings_is_refused_with_a_sentence(door: Door) -> None:
    """1.8 MB of them made 549 MB once; more than the most are not looked at."""
    body = b'{"readings":[' + b",".join([b"{}"] * 600_000) + b"]}"
    status, answer, _ = door.send(body)
    assert status == 422
    assert len(answer) < 2_000
    assert "600000" in json.loads(answer)["rejected"][0]["message"]


@pytest.mark.parametrize("partial", [False, True])
@pytest.mark.parametrize("count", [1, 3, 100, push.MOST_READINGS - 1])
def test_an_answer_is_a_small_multiple_of_its_question(door: Door, count: int, partial: bool) -> None:
    address = "/api/readings?partial=true" if partial else "/api/readings"
    status, answer, asked = door.send([*([{}] * count), GOOD], address=address)
    told = json.loads(answer)
    assert status == (201 if partial else 422)
    assert len(answer) <= 3 * asked + 6_000
    assert (told["refused"], told["places"]) == (count, f"0-{count - 1}" if count > 1 else "0")
    assert told["rejected"][0]["place"] == 0
    if partial:
        assert door.send([*([{}] * count), GOOD], address=address)[1] == answer


def test_a_partial_answer_is_kept_once_and_small(door: Door) -> None:
    rows = [GOOD, *([{}] * 15_000)]
    _, answer, asked = door.send(rows, address="/api/readings?partial=true")
    kept = find(door.data / "journal", json.loads(answer)["entry"]).payload
    assert len(kept) < 2 * asked
    assert len(json.dumps(Push.objects.get().answer)) < 200
    (row,) = pushed.opened(kept, ZoneInfo("Asia/Shanghai"))
    assert (row.place, row.point) == (0, "M1")


def test_entries_of_before_that_list_each_place_are_read_as_ever() -> None:
    body = json.dumps({"readings": [GOOD, GOOD, GOOD]}).encode()
    rows = pushed.opened(b'{"refused":[0,2]}\n' + body, ZoneInfo("Asia/Shanghai"))
    assert [row.place for row in rows] == [1]
    rows = pushed.opened(pushed.sealed(body, {0, 2}), ZoneInfo("Asia/Shanghai"))
    assert [row.place for row in rows] == [1]


def test_places_are_told_in_runs() -> None:
    assert pushed.runs([9, 0, 1, 2, -1, 5, 4]) == "0-2,4-5,9"
    assert pushed.runs([-1]) == ""


def test_nobody_waits_for_the_judging_of_a_large_body(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """The lock is held for the write alone."""
    held: list[bool] = []

    def judged(*_: object) -> Any:
        held.append(push._JOURNAL.lock.locked())
        return push._Judged(0, frozenset({0}), [])

    monkeypatch.setattr(push, "_judged", judged)
    door.send([{}])
    assert held == [False]
    assert isinstance(push._JOURNAL.lock, type(threading.Lock()))


@pytest.mark.parametrize("partial", ["", "?partial=true"])
def test_the_month_door_is_bounded_as_well(door: Door, partial: str) -> None:
    good = {"item": "coke", "amount": "1000", "unit": "t"}
    address = f"/api/months/E01/2025-03{partial}"
    status, answer, asked = door.send([good, *([{"item": "x", "amount": "y"}] * 1_500)], address=address)
    told = json.loads(answer)
    assert status == (201 if partial else 422)
    assert len(answer) <= 6 * asked + 12_000
    assert told["counts"]["errors"] >= 1_500
    if partial:
        kept = Submission.objects.get().answer
        assert len(json.dumps(kept, ensure_ascii=False)) < 200_000
        assert door.send([good, *([{"item": "x", "amount": "y"}] * 1_500)], address=address)[1] == answer


def test_a_huge_cell_is_not_told_back_whole(door: Door) -> None:
    status, answer, _ = door.send(
        [{"item": "coke", "amount": "x" * 500_000, "unit": "t"}], address="/api/months/E01/2025-03"
    )
    assert status == 422
    assert len(answer) < 6_000


def test_the_description_of_the_api_says_what_is_sent_and_what_comes_without_a_key(door: Door) -> None:
    told = Client().get("/api/openapi.json", headers={"host": "127.0.0.1"}).json()
    seen = 0
    for address, doors in told["paths"].items():
        for verb, each in doors.items():
            assert "401" in each["responses"], address
            if verb == "post":
                body = each["requestBody"]["content"]["application/json"]["schema"]
                assert body["properties"].keys() in ({"readings"}, {"rows"})
                assert "Idempotency-Key" in [parameter["name"] for parameter in each["parameters"]]
                seen += 1
    assert seen == 2
    readings = told["paths"]["/api/readings"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert set(readings["properties"]["readings"]["items"]["properties"]) == {"point", "at", "value", "flag"}
    assert Client().post("/api/readings", b"{}", "application/json", headers={"host": "127.0.0.1"}).status_code == 401
