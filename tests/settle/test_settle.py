"""Settle in use: each entry's readings come into the lake exactly once, whatever happens in between."""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from threading import Event, Timer

import pyarrow as pa
import pytest
from settle_folder import AT_ONCE, BEGIN, Folder, hour_frame

from xietong.journal import JournalReader
from xietong.lake.points import PointSpec
from xietong.protocols.hj212 import frame
from xietong.settle import SettleBusy, SettleLock
from xietong.settle.devices.live import Live
from xietong.settle.journals.followers import Followers

SO2 = "hj212:XT01/a21026/Avg@2061"
NOX = "hj212:XT01/a21002/Avg@2061"


def ids(*ordinals: int, journal: str = "intake-0") -> list[str]:
    return [f"{journal}/{ordinal}" for ordinal in ordinals]


def test_a_frame_becomes_its_readings(folder: Folder) -> None:
    folder.write(hour_frame(0, "23.45", flag="D"))
    folder.settler().run(Event(), once=True)
    assert folder.rows() == [
        (NOX, BEGIN, "50.000000", "N", "intake-0/1"),
        (SO2, BEGIN, "23.450000", "D", "intake-0/1"),
    ]
    table = folder.settler().lake.readings([SO2], BEGIN, BEGIN + timedelta(hours=1))
    assert table.column("recorded_at").to_pylist() == [BEGIN]


def test_what_came_later_is_added_and_nothing_twice(folder: Folder) -> None:
    folder.write(hour_frame(0))
    settler = folder.settler()
    assert settler.step() == 1
    assert settler.step() == 0
    folder.write(hour_frame(1), hour_frame(2))
    assert settler.step() == 2
    settler.finish()
    assert sorted(folder.entries()) == ids(1, 2, 3)
    assert settler.lake.positions() == {"intake-0": 3}


def test_a_crash_before_the_commit_loses_nothing(folder: Folder) -> None:
    folder.write(hour_frame(0), hour_frame(1))
    lazy = folder.settler(AT_ONCE._replace(commit=1e9))
    assert lazy.step() == 2  # taken, not committed; then the process dies
    assert folder.settler().lake.positions() == {}
    folder.settler().run(Event(), once=True)
    assert sorted(folder.entries()) == ids(1, 2)


def test_a_crash_after_the_commit_doubles_nothing(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.write(hour_frame(0), hour_frame(1))
    with monkeypatch.context() as dying:
        dying.setattr(Live, "write", _die)
        with pytest.raises(_Died):
            folder.settler().run(Event(), once=True)
    assert sorted(folder.entries()) == ids(1, 2)
    folder.write(hour_frame(2))
    folder.settler().run(Event(), once=True)
    folder.settler().run(Event(), once=True)
    assert sorted(folder.entries()) == ids(1, 2, 3)


class _Died(Exception):
    pass


def _die(*_: object) -> None:
    raise _Died


def test_a_lake_that_refuses_leaves_the_entries_for_the_next_start(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.write(hour_frame(0))
    settler = folder.settler()
    with monkeypatch.context() as failing:
        failing.setattr(settler.lake, "append", _die)
        with pytest.raises(_Died):
            settler.step()
    folder.settler().run(Event(), once=True)
    assert folder.entries() == ids(1)


def test_the_journal_is_made_durable_before_the_lake_relies_on_it(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []
    folder.write(hour_frame(0))
    settler = folder.settler()
    append = settler.lake.append

    def noting_append(batch: pa.Table, positions: Mapping[str, int], prints: Mapping[str, int]) -> int:
        order.append("lake")
        return append(batch, positions, prints)

    monkeypatch.setattr(JournalReader, "sync", lambda _: order.append("journal"))
    monkeypatch.setattr(settler.lake, "append", noting_append)
    settler.step()
    assert order == ["journal", "lake"]
    assert folder.entries() == ids(1)


def test_a_frame_sent_twice_is_kept_twice_and_counts_once(folder: Folder) -> None:
    folder.points = [PointSpec("SO2", SO2, shape="mean")]
    folder.write(hour_frame(0), hour_frame(0))
    settler = folder.settler()
    settler.run(Event(), once=True)
    assert sorted(folder.entries()) == ids(1, 2)
    hours = settler.lake.hourly(["SO2"], BEGIN, BEGIN + timedelta(hours=1)).to_pylist()
    assert [(hour["total"], hour["readings"], hour["conflicts"]) for hour in hours] == [(Decimal("23.4"), 1, 0)]


def test_a_device_nobody_registered_is_kept_and_counts_once_it_is(folder: Folder) -> None:
    address = "hj212:STRANGER/a21026/Avg@2061"
    folder.write(hour_frame(0, mn="STRANGER"))
    settler = folder.settler()
    settler.run(Event(), once=True)
    assert folder.rows()[-1][0] == address
    folder.points = [PointSpec("NEW", address, shape="mean")]
    later = folder.settler()
    later.run(Event(), once=True)
    assert later.lake.hourly(["NEW"], BEGIN, BEGIN + timedelta(hours=1)).num_rows == 1


def test_a_torn_tail_is_waited_for_and_then_read(folder: Folder) -> None:
    folder.write(hour_frame(0), hour_frame(1))
    (segment,) = (folder.data / "journal/intake-0").glob("*.seg")
    whole = segment.read_bytes()
    segment.write_bytes(whole[:-20])
    settler = folder.settler()
    assert settler.step() == 1
    assert settler.step() == 0
    segment.write_bytes(whole)
    assert settler.step() == 1
    assert sorted(folder.entries()) == ids(1, 2)


def test_two_journals_and_one_that_appears_later(folder: Folder) -> None:
    folder.write(hour_frame(0))
    folder.write(hour_frame(1), hour_frame(2), journal="intake-1")
    settler = folder.settler()
    settler.step()
    folder.write(hour_frame(3), journal="web-0")
    settler.run(Event(), once=True)
    assert sorted(folder.entries()) == ids(1) + ids(1, 2, journal="intake-1") + ids(1, journal="web-0")
    assert settler.lake.positions() == {"intake-0": 1, "intake-1": 2, "web-0": 1}


def test_junk_alone_moves_nothing_in_the_lake(folder: Folder) -> None:
    folder.write(hour_frame(0))
    folder.settler().run(Event(), once=True)
    before = folder.settler().lake.version()
    folder.write(b"junk", kind="junk")
    folder.write(hour_frame(1)[:-6] + b"FFFF\r\n", kind="hj212-refused")
    folder.settler().run(Event(), once=True)
    again = folder.settler()
    again.run(Event(), once=True)
    assert again.lake.version() == before
    assert again.lake.positions() == {"intake-0": 1}
    folder.write(hour_frame(2))
    folder.settler().run(Event(), once=True)
    assert sorted(folder.entries()) == ids(1, 4)


def test_much_junk_moves_the_position_without_readings(folder: Folder) -> None:
    folder.write(*[b"junk"] * 5, kind="junk")
    settler = folder.settler(AT_ONCE._replace(batch=5))
    settler.run(Event(), once=True)
    assert settler.lake.positions() == {"intake-0": 5}
    assert folder.rows() == []


def test_a_full_batch_is_committed_without_waiting(folder: Folder) -> None:
    folder.write(*(hour_frame(hour) for hour in range(4)))
    settler = folder.settler(AT_ONCE._replace(batch=4, commit=1e9))
    settler.step()
    assert sorted(folder.entries()) == ids(1, 2, 3, 4)


def test_a_damaged_entry_is_located_and_never_read_and_the_rest_goes_on(
    folder: Folder, caplog: pytest.LogCaptureFixture
) -> None:
    folder.write(hour_frame(0), hour_frame(1, "77.7"), hour_frame(2))
    folder.write(hour_frame(3), journal="intake-1")
    (segment,) = (folder.data / "journal/intake-0").glob("*.seg")
    data = segment.read_bytes()
    place = data.index(b"77.7")
    segment.write_bytes(data[:place] + b"88.8" + data[place + 4 :])
    settler = folder.settler()
    settler.run(Event(), once=True)
    assert sorted(folder.entries()) == ids(1, 3) + ids(1, journal="intake-1")
    assert settler.lake.positions() == {"intake-0": 3, "intake-1": 1}
    assert segment.name in caplog.text


def test_one_settle_a_folder(folder: Folder) -> None:
    with SettleLock(folder.data), pytest.raises(SettleBusy, match="another settle"):
        SettleLock(folder.data)
    SettleLock(folder.data).close()


def test_running_until_it_is_stopped(folder: Folder) -> None:
    stop = Event()
    settler = folder.settler(AT_ONCE._replace(commit=1e9))
    folder.write(hour_frame(0))
    Timer(0.2, stop.set).start()
    settler.run(stop)
    assert folder.entries() == ids(1)  # what waited was committed at the end


def test_frames_of_a_command_settle_without_readings(folder: Folder) -> None:
    folder.write(frame("QN=20260314080000500;ST=91;CN=9011;PW=123456;MN=XT01;Flag=4;CP=&&QnRtn=1&&"))
    settler = folder.settler()
    assert settler.step() == 1
    settler.finish()
    assert folder.rows() == []


def test_a_journal_without_an_entry_is_settled_up_to_none(folder: Folder) -> None:
    followers = Followers(folder.data / "journal", {"gone-0": 3}, {}, lambda _: None)
    (folder.data / "journal" / "web-0").mkdir(parents=True)
    assert [each.taken for each in followers.look()] == [0]
    assert followers.positions() == {"web-0": 0, "gone-0": 3}
    followers.close()
