"""Doors: what a key may push, what a push is known by, how much of a file is taken, what the pages then list."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import handmade
import pytest
from django.core.files.uploadhandler import StopUpload
from django.db import OperationalError
from django.http import HttpRequest
from django.test import Client
from small_parks import park, point, subject

from xietong.journal import JournalReader, JournalWriteError, open_writer
from xietong.park.actions import key_hash
from xietong.park.models import Act, ApiKey, Push
from xietong.park.nouns import Limit
from xietong.protocols import pushed
from xietong.web.api import push
from xietong.web.evidence import uploads
from xietong.web.months.workbook_page import MOST_BYTES, BoundedUpload
from xietong.web.shell.live import live

POINTS = (point("M1", "A", "electricity_purchased", "kWh"), point("M2", "B", "electricity_purchased", "kWh"))
PARK = park(subject("A"), subject("B"), subject("A-1", "equipment", "A"), points=POINTS)
NOW = datetime(2026, 3, 1, tzinfo=UTC)


def body(code: str) -> bytes:
    return json.dumps({"readings": [{"point": code, "at": "2025-03-01T08:00", "value": 12.5}]}).encode()


@pytest.mark.parametrize(
    ("whose", "of", "accepted"), [("A", "M1", 1), ("A", "M2", 0), ("A-1", "M1", 0), ("P", "M2", 1)]
)
def test_a_key_pushes_for_its_subject_and_those_below_alone(whose: str, of: str, accepted: int) -> None:
    judged = push._judged(body(of), PARK, whose)
    assert judged.accepted == accepted
    assert [each.field for each in judged.problems] == ["point"] * (1 - accepted)


@pytest.fixture
def door(monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Path, db: None) -> Path:
    """The data folder behind a fresh journal of pushes, with a key of A."""
    settings.DATA = tmp_path
    monkeypatch.setattr(push, "_JOURNAL", push._Journal())
    monkeypatch.setattr("xietong.web.shell.park_data.registry", lambda: PARK)
    ApiKey.objects.create(name="scada", secret_sha256=key_hash("secret"), subject="A", made_at=NOW)
    return tmp_path


def send(query: str = "") -> tuple[int, dict[str, Any]]:
    headers = {"Authorization": "Bearer secret", "Idempotency-Key": "k", "Host": "127.0.0.1"}
    answer = Client().post(f"/api/readings{query}", body("M1"), "application/json", headers=headers)
    return answer.status_code, answer.json()


def entries(data: Path) -> int:
    reader = JournalReader(data / "journal", "web-0", 0)
    found = len(reader.read())
    reader.close()
    return found


def test_a_push_for_a_part_is_another_than_one_for_all(door: Path) -> None:
    assert [send()[0], send("?partial=true")[0], send()[0]] == [201, 409, 201]
    assert entries(door) == 1


def test_a_push_whose_answer_the_database_refused_is_entered_once(door: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The entry is durable and its answer is not noted: sent again, it is known by its entry."""
    send_first = Push.objects.create

    def full(**_: object) -> None:
        raise OperationalError("database or disk is full")

    monkeypatch.setattr(Push.objects, "create", full)
    assert send()[0] == 503
    monkeypatch.setattr(Push.objects, "create", send_first)
    status, answer = send()
    assert (status, answer["accepted"], answer["entry"]) == (201, 1, "web-0/1")
    assert (entries(door), Push.objects.count()) == (1, 1)


def test_a_push_is_noted_only_once_its_entry_is_surely_on_the_disk(door: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever wrote it may have died before the fsync: where that fails now, nothing is noted."""
    note = {"key": "scada", "idempotency": "k", "sha256": "0", "answer": {"accepted": 1, "rejected": [], "refused": 0}}
    with open_writer(door / "journal", "web") as writer:
        writer.append("pushed", "http:scada", pushed.sealed(body("M1"), frozenset(), note), NOW)
        writer.commit()

    def refused(_: JournalReader) -> None:
        raise JournalWriteError(door, OSError(5, "Input/output error"))

    with monkeypatch.context() as broken:
        broken.setattr(JournalReader, "sync", refused)
        assert push.note_pushes(door / "journal") == 0
    assert push.note_pushes(door / "journal") == 1


def test_an_upload_ends_where_it_is_longer_than_a_workbook_may_be() -> None:
    handler = BoundedUpload(HttpRequest())
    assert handler.receive_data_chunk(b"x", MOST_BYTES - 1) == b"x"
    with pytest.raises(StopUpload):
        handler.receive_data_chunk(b"xx", MOST_BYTES - 1)


@pytest.mark.django_db
def test_what_was_brought_before_an_instant_is_listed_alone() -> None:
    key = ApiKey.objects.create(name="scada", secret_sha256="0", subject="A", made_at=NOW)
    for hour in range(4):
        at = NOW + timedelta(hours=hour)
        Act.objects.create(who=f"act {hour}", verb="load_package", at=at)
        Push.objects.create(key=key, idempotency=str(hour), body_sha256="0", answer={}, at=at + timedelta(minutes=5))
    found = [row["at"] - NOW for row in uploads._newest(NOW + timedelta(hours=2))]
    assert found == [timedelta(minutes=minutes) for minutes in (65, 60, 5, 0)]
    assert len(uploads._newest(None)) == 8


@pytest.mark.parametrize(
    ("item", "unit", "basis", "above"),
    [("nox", "mg/m3", "dry", False), ("nox", "mg/m3", "corrected", True), ("cod", "mg/L", "", True)],
)
def test_a_measured_concentration_of_a_furnace_is_not_held_against_the_limit(
    item: str, unit: str, basis: str, above: bool
) -> None:
    """41.25 above a limit of 40: only what is corrected to the limit's oxygen can say so, and water."""
    code = {"nox": "a21002", "cod": "w01018"}[item]
    source = f"hj212:{handmade.MN}/{code}/Avg"
    registry = park(
        subject("O", "outlet", "P"),
        points=[replace(point("C", "O", item, unit, "mean"), source=source, basis=basis)],
        limits=[Limit("O", item, "concentration", Decimal(40), unit)],
    )
    at = {"at": NOW.isoformat(), "value": "41.25", "entry": "intake-0/1"}
    (device,) = live({"readings": {f"{source}@2061": at}}, registry, NOW).devices
    assert [value.above_limit for value in device.values] == [above]
