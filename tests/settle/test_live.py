"""live.json and registry.json: what pages may read while settle runs, exact over restarts."""

import json
from datetime import timedelta
from typing import Any

import pytest
from settle_folder import AT_ONCE, BEGIN, ZONE, Folder, hour_frame

from xietong.lake.points import PointSpec
from xietong.settle import Settler
from xietong.settle.devices.live import Live

OTHER_EDITION = b'{"readings":{},"devices":{"XT01":{"mood":1}},"intake":{"frames":0,"refused":{},"junk":0,"peers":{}}}'
SO2 = "hj212:XT01/a21026/Avg@2061"


def told(folder: Folder) -> Any:
    return json.loads((folder.data / "live.json").read_bytes())


def settle(folder: Folder) -> Any:
    settler = folder.settler()
    while settler.step():
        pass
    settler.finish()
    return told(folder)


def test_the_newest_reading_of_each_address_stands_there(folder: Folder) -> None:
    folder.write(hour_frame(2, "30"), hour_frame(1, "29"), hour_frame(2, "31"))
    live = settle(folder)
    assert live["readings"][SO2] == {
        "at": (BEGIN + timedelta(hours=2)).isoformat(),
        "value": "31",
        "flag": "N",
        "entry": "intake-0/3",
        "received_at": (BEGIN + timedelta(seconds=2)).isoformat(),
    }
    folder.write(hour_frame(0, "28"))  # a late upload is not the newest
    assert settle(folder)["readings"][SO2]["value"] == "31"


def test_a_device_is_described_by_what_it_sent(folder: Folder) -> None:
    folder.write(hour_frame(0), hour_frame(0))
    broken = hour_frame(1)[:-6] + b"FFFF\r\n"
    folder.write(broken, broken[:90], kind="hj212-refused")
    device = settle(folder)["devices"]["XT01"]
    known = {key: device[key] for key in ("last_seen", "frames", "refused", "edition", "clock_offset_s")}
    assert known == {
        "last_seen": (BEGIN + timedelta(seconds=1)).isoformat(),
        "frames": 2,
        "refused": {"crc": 1, "length": 1},
        "edition": "2017",
        "clock_offset_s": -0.5,  # QN says 08:00:00.500 park time, received at 08:00:01
    }
    assert {name: seen["times"] for name, seen in device["violations"].items()} == {"crc": 1, "length": 1, "mn_form": 2}
    assert device["violations"]["crc"]["entry"] == "intake-0/3"
    assert device["peer"] == "127.0.0.1"


def test_refusals_and_junk_are_counted_by_reason_and_peer(folder: Folder) -> None:
    folder.write(b"junk", b"more", kind="junk", origin="tcp:[::1]:4711")
    folder.write(b"##0003abcFFFF\r\n", kind="hj212-refused")
    left_out = {"left_out": "junk", "peer": "10.0.0.7", "minute": BEGIN.isoformat(), "pieces": 40, "bytes": 4000}
    folder.write(json.dumps(left_out).encode(), kind="junk", origin="intake:refusals")
    folder.write(json.dumps({**left_out, "left_out": "hj212-refused"}).encode(), kind="junk", origin="intake:refusals")
    folder.write(b"{not json", kind="junk", origin="intake:refusals")
    live = settle(folder)
    assert live["intake"]["junk"] == 2 + 40 + 1
    assert live["intake"]["refused"] == {"crc": 1, "left_out": 40}
    assert live["intake"]["peers"] == {
        "[::1]": {"junk": 2},
        "127.0.0.1": {"refused": 1},
        "10.0.0.7": {"junk": 40, "refused": 40},
        "intake": {"junk": 1},
    }
    assert live["devices"] == {}


def test_junk_that_the_lake_has_not_passed_is_counted_once(folder: Folder) -> None:
    folder.write(hour_frame(0))
    settle(folder)
    folder.write(b"junk", b"junk", kind="junk")
    assert [settle(folder)["intake"]["junk"] for _ in range(3)] == [2, 2, 2]
    folder.write(hour_frame(1))
    live = settle(folder)
    assert (live["intake"]["junk"], live["intake"]["frames"], live["devices"]["XT01"]["frames"]) == (2, 2, 2)


def test_counts_are_exact_over_a_crash_between_the_lake_and_the_file(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.write(hour_frame(0))
    settle(folder)
    folder.write(hour_frame(1), b"junk")
    with monkeypatch.context() as dying:
        dying.setattr(Live, "write", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            settle(folder)
    assert told(folder)["intake"]["frames"] == 1
    assert settle(folder)["intake"]["frames"] == 3
    assert settle(folder)["intake"]["frames"] == 3
    assert sorted(folder.entries()) == ["intake-0/1", "intake-0/2"]


@pytest.mark.parametrize("content", [b"", b"[]", b"{half", b"\xff", b'{"positions": []}', OTHER_EDITION])
def test_a_lost_live_file_only_begins_counting_anew(folder: Folder, content: bytes) -> None:
    folder.write(hour_frame(0))
    settle(folder)
    (folder.data / "live.json").write_bytes(content)
    folder.write(hour_frame(1))
    live = settle(folder)
    assert live["intake"]["frames"] == 1
    assert live["readings"][SO2]["entry"] == "intake-0/2"
    assert sorted(folder.entries()) == ["intake-0/1", "intake-0/2"]


def test_a_damage_is_told_once_with_its_place(folder: Folder) -> None:
    folder.write(hour_frame(0), hour_frame(1), hour_frame(2))
    (segment,) = (folder.data / "journal/intake-0").glob("*.seg")
    data = bytearray(segment.read_bytes())
    data[len(data) // 2] ^= 1
    segment.write_bytes(data)
    settle(folder)
    (damage,) = settle(folder)["damage"]
    assert damage["path"] == f"journal/intake-0/{segment.name}"
    assert int(damage["offset"]) > 0
    assert segment.name in damage["zh"]


def test_a_journal_older_than_the_lake_is_told_and_stops_nobody_else(folder: Folder) -> None:
    folder.write(hour_frame(0), hour_frame(1))
    settle(folder)
    (segment,) = (folder.data / "journal/intake-0").glob("*.seg")
    whole = segment.read_bytes()
    segment.write_bytes(whole[: len(whole) // 2 + 32])
    folder.write(hour_frame(5), journal="intake-1")
    live = settle(folder)
    assert "older" in live["damage"][0]["en"]
    assert sorted(folder.entries()) == ["intake-0/1", "intake-0/2", "intake-1/1"]


def test_the_registry_file_follows_the_mapping(folder: Folder) -> None:
    folder.points = [PointSpec("SO2", SO2, since_utc=BEGIN, shape="mean", interval_s=3600)]
    settler = folder.settler()
    settler.finish()
    first = json.loads((folder.data / "registry.json").read_bytes())
    assert first["devices"] == ["XT01"]
    assert first["points"][0]["point"] == "SO2"
    assert first["points"][0]["since_utc"] == "2026-03-14 00:00:00+00:00"
    folder.points = []
    settler.finish()
    assert json.loads((folder.data / "registry.json").read_bytes())["devices"] == []


def test_strangers_never_crowd_out_a_registered_address(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xietong.settle.devices.live.MOST_ADDRESSES", 1)
    folder.points = [PointSpec("SO2", SO2, shape="mean")]
    folder.write(*(hour_frame(0, mn=f"MADE{number}") for number in range(3)))
    settler = folder.settler()
    settler.step()
    settler.finish()
    folder.write(hour_frame(1), hour_frame(1, mn="MADE9"))
    while settler.step():
        pass
    settler.finish()
    kept = set(told(folder)["readings"])
    assert SO2 in kept
    assert not any("MADE9" in address for address in kept)


def test_strangers_never_crowd_out_a_registered_device(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xietong.settle.devices.live.MOST_DEVICES", 3)
    folder.points = [PointSpec("SO2", SO2, shape="mean")]
    folder.write(*(hour_frame(0, mn=f"MADE{number}") for number in range(6)))
    settler = folder.settler()
    settler.step()
    folder.write(hour_frame(1), hour_frame(1, mn="MADE9"))
    while settler.step():
        pass
    settler.finish()
    assert set(told(folder)["devices"]) == {"MADE0", "MADE1", "MADE2", "XT01"}


@pytest.mark.parametrize(("late", "asks"), [(timedelta(seconds=5), True), (timedelta(hours=1), False)])
def test_devices_are_asked_though_there_is_always_a_newer_entry_unless_settle_is_behind(
    folder: Folder, late: timedelta, asks: bool
) -> None:
    folder.write(hour_frame(0), hour_frame(1))
    settler = Settler(folder.data, ZONE, lambda: folder.points, lambda: BEGIN + late, AT_ONCE)
    assert settler.step() == 2
    assert (folder.data / "requests.json").exists() == asks
    assert settler.step() == 0  # nothing waits any more
    assert (folder.data / "requests.json").exists()
