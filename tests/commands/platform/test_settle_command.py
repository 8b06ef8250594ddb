"""`xietong settle`: with the park's registry, without one, and beside another settle."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from zoneinfo import ZoneInfo

import pytest
from deltalake import DeltaTable
from django.conf import settings
from django.db import DatabaseError

from xietong.cli import main
from xietong.journal import JournalWriter
from xietong.park import models
from xietong.park.nouns import Registry
from xietong.park.registry.snapshot import load
from xietong.protocols.hj212 import frame
from xietong.settle import SettleLock, Settler, once

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 3, 14, 4, tzinfo=UTC)


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(settings, "DATA", tmp_path)
    monkeypatch.setattr("signal.signal", lambda *_: None)
    with JournalWriter(tmp_path / "journal", "intake-0") as writer:
        content = "DataTime=20260314120000;a21026-Avg=23.4,a21026-Flag=N"
        raw = frame(f"QN=20260314130000000;ST=31;CN=2061;PW=1;MN=XT01;Flag=5;CP=&&{content}&&")
        writer.append("hj212", "tcp:127.0.0.1:50122", raw, NOON + timedelta(hours=1))
        writer.commit()
    return tmp_path


def test_once_settles_what_is_there_even_without_a_park(data: Path) -> None:
    assert main(["settle", "--once"]) == 0
    assert DeltaTable(data / "lake/readings").transaction_version("intake-0") == 1
    assert json.loads((data / "live.json").read_bytes())["devices"]["XT01"]["frames"] == 1
    assert json.loads((data / "registry.json").read_bytes())["points"] == []


def test_a_second_settle_leaves_with_a_sentence(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with SettleLock(data):
        assert main(["settle", "--once"]) == 1
        assert once.settle_waiting(data) is False
    assert "another settle" in capsys.readouterr().err
    assert once.settle_waiting(data) is True


def test_a_full_disk_is_one_sentence(
    data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("xietong.lake.store.Lake.append", full)
    assert main(["settle", "--once"]) == 1
    assert "nothing is lost" in capsys.readouterr().err
    monkeypatch.undo()
    monkeypatch.setattr(settings, "DATA", data)
    assert once.settle_waiting(data) is True
    assert DeltaTable(data / "lake/readings").transaction_version("intake-0") == 1


def test_a_park_that_cannot_be_read_is_waited_for_and_keeps_its_hours(
    data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def unreadable() -> Registry:
        raise DatabaseError("file is not a database")

    known = {"mapping": "1", "devices": ["XT01"], "points": [{"point": "SO2"}]}
    (data / "registry.json").write_text(json.dumps(known))
    monkeypatch.setattr(once, "load", unreadable)
    assert main(["settle", "--once"]) == 1
    assert "cannot be read (file is not a database), so nothing is settled now" in capsys.readouterr().err
    assert once.settle_waiting(data) is False
    assert json.loads((data / "registry.json").read_bytes()) == known
    assert not (data / "lake/hourly").exists()
    monkeypatch.setattr(once, "load", load)
    _park("Asia/Shanghai")
    assert once.settle_waiting(data) is True
    assert DeltaTable(data / "lake/readings").transaction_version("intake-0") == 1


def test_a_settle_that_runs_says_why_it_waits(
    data: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    stop = Event()

    def unreadable() -> Registry:
        stop.set()
        raise DatabaseError("file is not a database")

    (data / "registry.json").write_text(json.dumps({"points": [{"point": "SO2"}]}))
    monkeypatch.setattr(once, "load", unreadable)
    once.settle(data, stop, once=False)
    (said,) = [record.getMessage() for record in caplog.records]
    assert said.startswith(f"the registry of {data} cannot be read (file is not a database)")


def test_a_park_that_cannot_be_read_any_more_is_not_rolled_up_for_no_points(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _park("Asia/Shanghai")
    (data / "registry.json").write_text(json.dumps({"points": [{"point": "SO2"}]}))
    mapping = once.ParkMapping(data)
    mapping.points()

    def unreadable(*_: object) -> Registry:
        raise DatabaseError("disk I/O error")

    monkeypatch.setattr(once, "load", unreadable)
    monkeypatch.setattr(models.Act.objects, "order_by", unreadable)
    with pytest.raises(once.RegistryUnreadable, match=r"^disk I/O error$"):
        mapping.points()


def _act(verb: str) -> models.Act:
    return models.Act.objects.create(who="director", verb=verb, at=NOON)


def _park(zone: str) -> None:
    models.Park.objects.create(
        key="park", code="P", name="园区", timezone=zone, choices={}, act=_act("load"), recorded_at=NOON
    )


def test_the_registry_is_read_again_only_after_an_act(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _park("Asia/Shanghai")
    mapping = once.ParkMapping()
    loads: list[int] = []

    def counting_load() -> Registry:
        loads.append(1)
        return load()

    monkeypatch.setattr(once, "load", counting_load)
    mapping.points()
    mapping.points()
    assert len(loads) == 1
    _act("anything")
    mapping.points()
    assert len(loads) == 2


def test_a_park_in_another_zone_begins_its_days_there(
    data: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    zones: list[ZoneInfo] = []

    class Watched(Settler):
        def run(self, stop: Event, once: bool = False) -> None:
            zones.append(self.lake.zone)
            if len(zones) == 1:
                _park("America/Chicago")
            super().run(stop, once)

    monkeypatch.setattr(once, "Settler", Watched)
    once.settle(data, Event(), once=True)
    assert zones == [ZoneInfo("Asia/Shanghai"), ZoneInfo("America/Chicago")]
    assert "the park's time zone is not the one it was" in caplog.text
    assert DeltaTable(data / "lake/readings").transaction_version("intake-0") == 1
