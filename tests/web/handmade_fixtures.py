"""The hand-made park behind the pages, and who looks at it: the director, and a stranger who is not signed in."""

import json
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import handmade
import pytest
from django.test import Client
from pytest_django import Settings

from xietong.journal import open_writer
from xietong.park.bringing.evidence import enter, keep
from xietong.park.nouns import Registry
from xietong.protocols import hj212
from xietong.web.evidence import behind_figures
from xietong.web.intake import intake_state
from xietong.web.shell import park_data, park_figures

SEGMENT = (
    f"QN=20250314070500000;ST=31;CN=2061;PW=secret1;MN={handmade.MN};Flag=5;"
    "CP=&&DataTime=20250314070000;a21002-Avg=41.25,a21002-Flag=N;a21026-Avg=12.5,a21026-Flag=N&&"
)
REPORTED = "subject,period,item,amount,unit\nE01,2025-01,output_value,20000,万元\nE01,2025-01,coke,1200,t\n"


@pytest.fixture
def data(settings: Settings, tmp_path: Path) -> Path:
    """A data folder with one frame, one refused frame and one reported file in its journals, and live values."""
    settings.DATA = tmp_path
    frame = hj212.frame(SEGMENT)
    with open_writer(tmp_path / "journal", "intake") as writer:
        writer.append("hj212", "tcp:127.0.0.1:50122", frame, handmade.NOW)
        writer.append("hj212-refused", "tcp:127.0.0.1:50122", frame.replace(b"41.25", b"41.52"), handmade.NOW)
        writer.append("junk", "tcp:127.0.0.1:50123", b"\x00\xffhello<script>", handmade.NOW)
        writer.commit()
    kept = keep(tmp_path, REPORTED.encode(), "reported.csv", "package-table")
    assert enter(tmp_path, [kept], "cli:director", handmade.NOW) == {"reported.csv": handmade.ENTRY}
    (tmp_path / "live.json").write_text(json.dumps(live_content()), encoding="utf-8")
    return tmp_path


def live_content() -> dict[str, Any]:
    """live.json as settle writes it, in short: a fresh device with one refused frame, and a silent stranger."""
    seen = handmade.NOW - timedelta(seconds=7)
    value = {"at": "2026-03-04T01:00:00+00:00", "value": "41.25", "flag": "N", "entry": "intake-0/1"}
    device = {"last_seen": seen.isoformat(), "frames": 1234, "refused": {"crc": 3}, "edition": "2017"}
    silent = {"last_seen": (handmade.NOW - timedelta(days=3)).isoformat(), "frames": 2, "refused": {}}
    return {
        "readings": {f"hj212:{handmade.MN}/a21002/Avg@2061": value},
        "devices": {handmade.MN: device, "XTSTRANGER": silent},
        "intake": {"frames": 1236, "refused": {"crc": 3, "length": 1}, "junk": 2},
    }


@pytest.fixture
def park(monkeypatch: pytest.MonkeyPatch, data: Path) -> Registry:
    """Pages that read the hand-made park instead of a database and a lake."""
    registry = handmade.park()
    rows: Mapping[str, Any] = {"readings": handmade.readings(), "hours": handmade.hours()}
    monkeypatch.setattr(park_data, "registry", lambda: registry)
    monkeypatch.setattr(park_data, "clock", lambda: handmade.NOW)
    monkeypatch.setattr(park_figures, "subject_figures", handmade.figures)
    monkeypatch.setattr(park_figures, "figure_tree", handmade.explained)
    monkeypatch.setattr(park_figures, "evaluation", handmade.evaluation)
    monkeypatch.setattr(intake_state, "quality_cases", lambda *_: handmade.cases())
    monkeypatch.setattr(behind_figures, "hours_of", lambda *_: rows["hours"])
    monkeypatch.setattr(behind_figures, "readings_of", lambda *_: rows["readings"])
    return registry


@pytest.fixture
def stranger() -> Client:
    """A browser that nobody signed in."""
    return Client(headers={"host": "127.0.0.1"})


@pytest.fixture
def director(db: None, park: Registry) -> Client:
    """The park's director, signed in."""
    client = Client(headers={"host": "127.0.0.1"})
    client.force_login(handmade.inspector("director"))
    return client
