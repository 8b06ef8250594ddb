"""Files of readings on their way from evidence into the lake, in the order of the journal."""

import hashlib
import json
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from threading import Event
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from settle_folder import AT_ONCE, BEGIN, Folder, hour_frame

from xietong.journal import JournalReader
from xietong.lake.points import PointSpec
from xietong.settle.settler import Settler


def kept(folder: Folder, content: bytes, **more: object) -> bytes:
    """Keep a file as evidence; gives the payload of its entry."""
    sha256 = hashlib.sha256(content).hexdigest()
    path = folder.data / "evidence" / sha256[:2] / sha256
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return json.dumps({"sha256": sha256, "name": "meter.parquet", "purpose": "readings", **more}).encode()


def parquet(tmp_path: Path, *values: str) -> bytes:
    table = pa.table(
        {
            "point": pa.array(["P1"] * len(values)),
            "at": pa.array([BEGIN + timedelta(hours=hour) for hour in range(len(values))], pa.timestamp("us", "UTC")),
            "value": pa.array([Decimal(value) for value in values], pa.decimal128(18, 6)),
            "flag": pa.array([""] * len(values)),
        }
    )
    pq.write_table(table, tmp_path / "readings.parquet")
    return (tmp_path / "readings.parquet").read_bytes()


def settled(folder: Folder) -> Settler:
    settler = folder.settler()
    settler.run(Event(), once=True)
    return settler


def test_a_file_becomes_readings_of_its_points_and_then_hours(folder: Folder, tmp_path: Path) -> None:
    folder.points = [PointSpec("P1", "sheet:P1")]
    folder.write(kept(folder, parquet(tmp_path, "1.5", "2.25")), kind="file", journal="cli-0")
    settler = settled(folder)
    assert folder.rows() == [
        ("sheet:P1", BEGIN, "1.500000", "", "cli-0/1"),
        ("sheet:P1", BEGIN + timedelta(hours=1), "2.250000", "", "cli-0/1"),
    ]
    hours = settler.lake.hourly(["P1"], BEGIN, BEGIN + timedelta(days=1))
    assert hours.column("total").to_pylist() == [Decimal("1.5"), Decimal("2.25")]


def test_frames_before_and_after_a_file_keep_their_places(folder: Folder, tmp_path: Path) -> None:
    folder.write(hour_frame(0))
    folder.write(kept(folder, parquet(tmp_path, "1")), kind="file")
    folder.write(hour_frame(1))
    settler = settled(folder)
    assert settler.lake.positions() == {"intake-0": 3}
    assert sorted({entry for *_, entry in folder.rows()}) == ["intake-0/1", "intake-0/2", "intake-0/3"]


def test_a_crash_before_the_file_is_in_leaves_it_for_the_next_start(
    folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.write(hour_frame(0))
    folder.write(kept(folder, parquet(tmp_path, "1")), kind="file")
    dying = folder.settler()
    monkeypatch.setattr(dying.lake, "append_file", lambda *_: (_ for _ in ()).throw(OSError(28, "no space")))
    with pytest.raises(OSError, match="no space"):
        dying.step()
    assert folder.settler().lake.positions() == {"intake-0": 1}
    settled(folder)
    assert [entry for *_, entry in folder.rows() if entry == "intake-0/2"] == ["intake-0/2"]


def test_what_came_before_a_file_is_in_the_lake_before_it_and_the_journal_is_safe(
    folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The commit of a file moves the position past every frame before it: a crash after it must lose none."""
    folder.write(hour_frame(0))
    folder.write(kept(folder, parquet(tmp_path, "1")), kind="file")
    dying = folder.settler(AT_ONCE._replace(commit=1e9))
    order: list[str] = []

    def told(what: str, act: Callable[..., Any]) -> Callable[..., Any]:
        def call(*given: Any) -> Any:
            order.append(what)
            return act(*given)

        return call

    monkeypatch.setattr(JournalReader, "sync", told("journal", JournalReader.sync))
    for what in ("append", "append_file"):
        monkeypatch.setattr(dying.lake, what, told(what, getattr(dying.lake, what)))
    dying.step()  # and then the process dies
    assert order == ["journal", "append", "journal", "append_file"]
    assert sorted({entry for *_, entry in folder.rows()}) == ["intake-0/1", "intake-0/2"]
    settled(folder)
    assert sorted({entry for *_, entry in folder.rows()}) == ["intake-0/1", "intake-0/2"]


def test_what_is_kept_for_itself_gives_no_readings(folder: Folder) -> None:
    folder.write(kept(folder, b"code,kind\n", purpose="package-table"), kind="file", journal="cli-0")
    settler = settled(folder)
    assert settler.lake.version() < 1
    assert json.loads((folder.data / "live.json").read_bytes())["damage"] == []


def _lose(folder: Folder, payload: bytes) -> bytes:
    for path in (folder.data / "evidence").glob("*/*"):
        path.unlink()
    return payload


def _change(folder: Folder, payload: bytes) -> bytes:
    for path in (folder.data / "evidence").glob("*/*"):
        path.write_bytes(path.read_bytes() + b"x")
    return payload


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (_lose, "evidence holds no file"),
        (_change, "has changed"),
        (lambda _folder, _payload: b"{not json", "no JSON object"),
        (lambda folder, _payload: kept(folder, b"point,at,value\nP1,someday,1\n"), "1 rows could not be taken"),
    ],
)
def test_a_file_that_cannot_be_read_is_told_and_stops_nothing(
    folder: Folder, tmp_path: Path, spoil: Callable[[Folder, bytes], bytes], said: str
) -> None:
    payload = spoil(folder, kept(folder, parquet(tmp_path, "1")))
    folder.write(payload, kind="file")
    folder.write(hour_frame(0))
    settled(folder)
    assert folder.entries() == ["intake-0/2"]
    (damage,) = json.loads((folder.data / "live.json").read_bytes())["damage"]
    assert damage["entry"] == "intake-0/1"
    assert said in damage["en"]
