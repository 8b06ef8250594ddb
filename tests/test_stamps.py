"""One rule for stamps at every door: a file, a push, a message and a notice of one stamp give one instant."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xietong.intake.grids import Grids
from xietong.lake.points import PointSpec
from xietong.park.nouns import Point, Shape
from xietong.park.package.grid import to_grid
from xietong.protocols import mqtt, opcua, pushed
from xietong.settle.devices.register import Register
from xietong.stamps import grid_s, on_grid

ZONE = ZoneInfo("Asia/Shanghai")
EIGHT = datetime(2025, 3, 1, tzinfo=UTC)  # 08:00 of the park
RECEIVED = EIGHT + timedelta(seconds=3)
KINDS: tuple[tuple[Shape, int], ...] = (
    ("mean", 3600), ("amount", 900), ("amount", 86400), ("mean", 10), ("mean", 7000), ("counter", 3600), ("instant", 0),
)  # fmt: skip


def by_file(at: datetime, shape: Shape, interval_s: int, zone: ZoneInfo) -> datetime:
    point = Point("P", "O", "q", "i", "u", shape, interval_s)
    found = to_grid(pa.array([at], pa.timestamp("us", "UTC")), pa.array([0], pa.int32()), [point], zone)
    moved = found.at.to_pylist()[0]
    assert isinstance(moved, datetime)
    return moved


def by_mqtt(at: datetime, shape: Shape, interval_s: int, zone: ZoneInfo) -> datetime:
    body = json.dumps({"ts": at.isoformat(), "v": 1}).encode()
    mapping = mqtt.TopicMapping("ts", "iso", ("v",))
    heard = mqtt.Heard("t", 1, False, 7, mapping, None, body, {"v": grid_s(shape, interval_s)})
    (value,) = mqtt.decode(mqtt.opened(mqtt.sealed(heard)), RECEIVED, zone).values
    return value.at


def by_opcua(at: datetime, shape: Shape, interval_s: int, zone: ZoneInfo) -> datetime:
    stated = opcua.Stated("v", "Double", "1", 0, at, None)
    grid = {"v": grid_s(shape, interval_s), "of another": 10}
    notice = opcua.Notice("s", "opc.tcp://h", "notified", RECEIVED, (opcua.Node("v", "ns=2;s=v"),), (stated,), grid)
    assert b"of another" not in opcua.sealed(notice)
    (value,) = opcua.decode(opcua.opened(opcua.sealed(notice)), zone).values
    return value.at


DOORS = (by_file, by_mqtt, by_opcua)


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize(
    ("shape", "interval_s", "beside_us", "expected_us"),
    [
        ("mean", 3600, -10_000, 0),  # 07:59:59.99
        ("mean", 3600, -500_000, 0),
        ("mean", 3600, 499_999, 0),
        ("mean", 3600, -500_001, -500_001),  # off the grid: taken as it is
        ("amount", 900, -10_000, 0),
        ("amount", 86400, -10_000, -10_000),  # 08:00 begins no day
        ("counter", 3600, -10_000, -10_000),  # a register may be read at any moment
        ("counter", 3600, -999, 0),  # but nobody's clock shows 999.9999 ms
        ("instant", 0, 1_001, 1_001),
    ],
)
def test_a_hair_beside_the_grid_is_on_it(
    door: Callable[[datetime, Shape, int, ZoneInfo], datetime],
    shape: Shape,
    interval_s: int,
    beside_us: int,
    expected_us: int,
) -> None:
    found = door(EIGHT + timedelta(microseconds=beside_us), shape, interval_s, ZONE)
    assert found - EIGHT == timedelta(microseconds=expected_us)


@given(
    st.integers(-24 * 366 * 86400, 74 * 365 * 86400),
    st.sampled_from(KINDS),
    st.sampled_from(["Asia/Shanghai", "Asia/Kolkata", "Europe/Berlin", "America/St_Johns"]),
)
def test_every_door_gives_the_same_instant(seconds: int, kind: tuple[Shape, int], zone: str) -> None:
    for beside_us in (0, -10_000, 499_999, -700_000, 900):
        at = EIGHT + timedelta(seconds=seconds, microseconds=beside_us)
        assert len({door(at, *kind, ZoneInfo(zone)) for door in DOORS}) == 1


def test_an_entry_of_before_and_a_time_of_receipt_stay_as_they_are() -> None:
    body = json.dumps({"ts": "2025-03-01T07:59:59.99+08:00", "v": 1}).encode()
    before = mqtt.Heard("t", 1, False, 7, mqtt.TopicMapping("ts", "iso", ("v",)), None, body)
    assert b"grid" not in mqtt.sealed(before)
    (value,) = mqtt.decode(mqtt.opened(mqtt.sealed(before)), RECEIVED, ZONE).values
    assert value.at == EIGHT - timedelta(microseconds=10_000)
    untimed = before._replace(mapping=mqtt.TopicMapping(values=("v",)), grid={"v": 3600})
    (value,) = mqtt.decode(mqtt.opened(mqtt.sealed(untimed)), EIGHT - timedelta(microseconds=10), ZONE).values
    assert value == ("mqtt:t#v", EIGHT - timedelta(microseconds=10), Decimal(1), "")


def test_the_registry_tells_intake_the_grids_of_its_points(tmp_path: Path) -> None:
    specs = [
        PointSpec("A", "mqtt:works/m1#e.kwh", shape="amount", interval_s=900),
        PointSpec("B", "mqtt:works/m1#kw#2", shape="instant", interval_s=60),
        PointSpec("C", "opcua:scada/flow", shape="mean", interval_s=3600),
        PointSpec("D", "mqtt:works/m2#v", shape="mean", interval_s=3600, until_utc=EIGHT),
        PointSpec("E", "mqtt:works/m2#v", shape="mean", interval_s=60, since_utc=EIGHT),  # nobody knows which is meant
        PointSpec("F", "hj212:MN/w01018/Avg@2061", shape="mean", interval_s=3600),
    ]
    Register(tmp_path / "registry.json", lambda: specs, dict).look()
    grids = Grids(tmp_path / "registry.json")
    assert grids.of("mqtt:works/m1") == {"e.kwh": 900, "kw#2": 0}
    assert grids.of("opcua:scada") == {"flow": 3600}
    assert grids.of("mqtt:works/m2") == grids.of("mqtt:unknown") == {}


def test_a_registry_that_cannot_be_read_says_nothing_until_it_can(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("xietong.intake.grids.LOOK_S", 0.0)
    path = tmp_path / "registry.json"
    grids = Grids(path)
    for content in (None, "half a fi", "[]", '{"points": [{}]}', '{"points": 7}'):
        if content is not None:
            path.write_text(content)
        assert grids.of("mqtt:works/m1") == {}
    Register(path, lambda: [PointSpec("A", "mqtt:works/m1#v", interval_s=60)], dict).look()
    assert grids.of("mqtt:works/m1") == {"v": 60}


def test_pushes_and_sheets_round_to_the_same_second() -> None:
    for beside_us in (-500_000, -10_000, 499_999):
        at = EIGHT + timedelta(microseconds=beside_us)
        assert on_grid(at, 3600, ZONE) == pushed.full_second(at) == EIGHT
