"""A web process keeps one journal: what programs push, months by every door, orders to devices."""

import json
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from month_park import FILES, NOW, fill_workbook, month_park, person

from xietong.journal import JournalWriteError, names, read
from xietong.journal.writer import JournalWriter
from xietong.park.actions import make_api_key
from xietong.park.bringing.receiving import Reception
from xietong.park.models import Push, Submission
from xietong.web.api import push

pytestmark = pytest.mark.django_db
POINTS = "code,subject,quantity,item,unit,shape,interval_s\nM1,E01,energy,electricity_purchased,kWh,amount,3600\n"
MONTH = "/months/E01/2025-03/"


@pytest.fixture
def data(tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder, more = month_park(tmp_path, settings, monkeypatch), tmp_path / "more"
    monkeypatch.setattr(push, "_JOURNAL", push._Journal())
    more.mkdir()
    (more / "points.csv").write_text(POINTS)
    (more / "park.toml").write_text(FILES["park.toml"], encoding="utf-8")
    assert Reception(folder, "director", datetime(2025, 3, 6, tzinfo=UTC)).package(more).rejected == []
    (folder / "devices.toml").write_text("[device.MN1]\nown = true\n")
    User.objects.create_superuser("boss")
    return folder


def sent(data: Path) -> list[tuple[str, str]]:
    """Kind and origin of every entry of the process's journal, in order."""
    return [(entry.kind, entry.origin) for entry in read(data / "journal", "web-0")]


def pushed(secret: str) -> int:
    body = json.dumps({"readings": [{"point": "M1", "at": "2025-03-01T08:00", "value": 12.5}]})
    return post(secret, "/api/readings", body)


def post(secret: str, address: str, body: str) -> int:
    headers = {"Authorization": f"Bearer {secret}", "Idempotency-Key": "k", "Host": "127.0.0.1"}
    return Client().post(address, body, "application/json", headers=headers).status_code


def typed(clerk: Client, amount: str) -> int:
    row = {"r0-item": "coke", "r0-amount": amount, "r0-unit": "t"}
    page = clerk.get(MONTH).content.decode()
    seen = page.partition('name="seen" value="')[2].partition('"')[0]
    return clerk.post(MONTH, {**row, "action": "send", "seen": seen, "sending": amount}).status_code


def test_every_door_of_a_process_writes_the_one_journal(data: Path, tmp_path: Path) -> None:
    before = len(list(read(data / "journal", "cli-0")))
    secret, clerk = make_api_key("scada", "E01", "boss", NOW), person("clerk", "clerk", "subject:E01")
    assert pushed(secret) == 201
    assert typed(clerk, "1150") == 302
    rows = json.dumps({"rows": [{"item": "raw_coal", "amount": "41", "unit": "t", "use": "fuel"}]})
    assert post(secret, "/api/months/E01/2025-03?partial=true", rows) == 201
    template = tmp_path / "template.xlsx"
    template.write_bytes(clerk.get(f"{MONTH}workbook.xlsx").content)
    book = BytesIO(fill_workbook(template, tmp_path / "in.xlsx", {"coke": {"amount": "1170"}}).read_bytes())
    book.name = "in.xlsx"
    assert clerk.post(f"{MONTH}workbook.xlsx", {"file": book}).status_code == 200
    assert person("wang", "director").post("/orders/propose/", {"mn": "MN1", "cn": "1062"}).status_code == 302
    assert sent(data) == [
        ("pushed", "http:scada"),
        ("file", "form:clerk"),
        ("file", "api:key:scada"),
        ("file", "form:clerk"),
        ("note", "web:order"),
    ]
    assert names(data / "journal") == ["cli-0", "web-0"]
    assert len(list(read(data / "journal", "cli-0"))) == before
    assert [each.answer["entry"] for each in Submission.objects.order_by("pk")] == ["web-0/2", "web-0/3"]


def test_a_folder_of_several_journals_goes_on_and_what_they_hold_is_still_noted(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A push whose answer was not noted, in a journal of before, gets the answer it had."""
    secret = make_api_key("scada", "E01", "boss", NOW)
    with JournalWriter(data / "journal", "web-1"):
        assert pushed(secret) == 201
    Push.objects.all().delete()
    monkeypatch.setattr(push, "_JOURNAL", push._Journal())
    assert pushed(secret) == 201
    assert [each.answer["entry"] for each in Push.objects.all()] == ["web-0/1"]
    assert len(sent(data)) == 1


def test_a_month_is_acknowledged_only_once_its_entry_is_safe(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clerk = person("clerk", "clerk", "subject:E01")

    def refused(writer: JournalWriter) -> int:
        raise JournalWriteError(writer.folder, OSError(28, "No space left on device"))

    with monkeypatch.context() as broken:
        broken.setattr(JournalWriter, "commit", refused)
        assert typed(clerk, "1150") == 503
    assert Submission.objects.count() == 0
    assert typed(clerk, "1160") == 302
    assert Submission.objects.count() == 1
