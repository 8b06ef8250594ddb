"""Frames whose DataTime is no time: named by `quality` and `doctor` with the device and how many."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from xietong.commands.doctor.command import devices
from xietong.commands.terminal.unread import unread_frames
from xietong.protocols.hj212.crc import crc16
from xietong.protocols.hj212.frames import decode
from xietong.protocols.hj212.violations import violations
from xietong.readings import Entry
from xietong.settle.devices.live import Live


def frame(time: str) -> bytes:
    content = f"CP=&&DataTime={time};a21026-Avg=10,a21026-Flag=N&&"
    segment = f"QN=20250311080000195;ST=31;CN=2061;PW=123456;MN=XT001;Flag=5;{content}"
    return f"##{len(segment):04d}{segment}{crc16(segment.encode()):04X}".encode()


@pytest.mark.parametrize("time", ["22000101000000", "20250231000000", "20250311250000", "0"])
def test_a_time_that_is_none_is_a_violation(time: str) -> None:
    assert "data_time" in violations(decode(frame(time)))


def test_device_and_count_are_named(tmp_path: Path) -> None:
    live = Live(tmp_path / "live.json")
    at = datetime(2025, 3, 11, tzinfo=UTC)
    for number, time in enumerate(["20250311070000", "22000101000000", "20250231000000"], start=1):
        entry = Entry("intake-0", number, "hj212", at, "tcp:127.0.0.1:1", frame(time), b"")
        live.frame(entry, None, decode(frame(time)))
    live.write(at, {})
    (found,) = unread_frames(tmp_path)
    assert (found.mn, found.frames, found.entry) == ("XT001", 2, "intake-0/3")
    assert found.sentence in [check.found for check in devices(tmp_path)]
    assert json.loads(json.dumps(found.as_json()))["frames"] == 2


@pytest.mark.parametrize("content", ["", "[]", "{", '{"devices":{"X":{}}}'])
def test_what_cannot_be_read_names_nothing(tmp_path: Path, content: str) -> None:
    (tmp_path / "live.json").write_text(content, encoding="utf-8")
    assert unread_frames(tmp_path) == []
