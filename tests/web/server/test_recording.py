"""Who looked at what is kept: small, once an hour, readable by the owner alone, and by its own command."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import handmade
import pytest
from django.test import Client
from handmade import PASSWORD

from xietong.cli import main
from xietong.park.access import Access, Recorder, read
from xietong.park.nouns import Registry
from xietong.web.server import recording

pytest_plugins = ["handmade_fixtures"]
NOW = datetime(2026, 11, 30, 8, tzinfo=UTC)


@pytest.fixture(autouse=True)
def fresh() -> None:
    recording._recorder.cache_clear()


def told(data: Path) -> list[tuple[object, ...]]:
    return [(each["who"], each["what"], each["path"], each["status"]) for each in read(data)]


@pytest.mark.django_db
def test_sign_ins_views_and_refusals_are_kept(park: Registry, data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    handmade.inspector("wang", password=PASSWORD)
    client = Client(headers={"host": "127.0.0.1"}, REMOTE_ADDR="192.0.2.8")
    client.post("/sign-in/", {"username": "wang", "password": "wrong\x1b"})
    client.post("/sign-in/", {"username": "wang", "password": PASSWORD, "next": "/secret"})
    for _ in range(3):
        client.get("/?subject=PARK")
    client.get("/static/web/page.css")
    client.get("/healthz")
    client.post("/sign-out/")
    client.get("/")
    assert told(data) == [
        ("wang", "refused", "/sign-in/", 200),
        ("wang", "sign-in", "/sign-in/", 302),
        ("wang", "view", "/?subject=PARK", 200),
        ("wang", "sign-out", "/sign-out/", 302),
    ]
    assert {each["address"] for each in read(data)} == {"192.0.2.8"}
    assert PASSWORD not in "".join(path.read_text() for path in (data / "access").iterdir())
    assert main(["access", "--what", "view", "--json", "--data", str(data)]) == 0
    (line,) = json.loads(capsys.readouterr().out)
    assert line["who"] == "wang"


def test_the_record_is_the_owners_alone_and_old_months_go(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, 1)  # six at least
    for months in (9, 6, 5, 0):
        recorder.write(Access(NOW - timedelta(days=30.5 * months), "wang", "192.0.2.8", "view", "/", 200))
    kept = sorted(path.name for path in (tmp_path / "access").iterdir())
    assert kept == ["2026-05.jsonl", "2026-06.jsonl", "2026-11.jsonl"]
    assert (tmp_path / "access").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "access" / kept[0]).stat().st_mode & 0o777 == 0o600


def test_a_page_counts_once_an_hour_and_changes_each_time(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, 12)
    for minutes in (0, 10, 59, 60):
        for what in ("view", "change"):
            recorder.write(Access(NOW + timedelta(minutes=minutes), "wang", "", what, "/x" * 4_000, 200))
    lines = list(read(tmp_path))
    assert [each["what"] for each in lines].count("view") == 2
    assert [each["what"] for each in lines].count("change") == 4
    assert all(len(str(each["path"])) <= 300 for each in lines)


def test_a_torn_line_hides_nothing_else(tmp_path: Path) -> None:
    Recorder(tmp_path, 12).write(Access(NOW, "wang", "", "view", "/", 200))
    path = tmp_path / "access" / "2026-11.jsonl"
    path.write_bytes(b'{"torn\n' + path.read_bytes() + b'"x"\n')
    assert len(list(read(tmp_path))) == 1
