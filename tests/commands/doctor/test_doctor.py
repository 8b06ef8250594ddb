"""The doctor: a healthy folder passes, a flipped bit is found where it is, what is stale or missing is told."""

import argparse
import fcntl
import json
import socket
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings

from xietong.commands.doctor import command, files
from xietong.commands.doctor.checks import Check
from xietong.journal import JournalWriter
from xietong.lake.schemas import READINGS
from xietong.lake.store import Lake
from xietong.park.bringing.evidence import enter, keep, kept_path
from xietong.settle.lock import is_settling

AT = datetime(2025, 3, 1, tzinfo=UTC)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A folder with one journal of 200 entries."""
    (tmp_path / "journal").mkdir()
    writer = JournalWriter(tmp_path / "journal", "intake-0")
    for number in range(200):
        writer.append("hj212", "tcp:127.0.0.1:1", b"##frame %d" % number, AT)
    writer.commit()
    writer.close()
    return tmp_path


def statuses(data: Path) -> dict[str, str]:
    return {check.name: check.status for check in files.evidence(data)}


def test_a_whole_journal_is_well_and_its_backlog_is_told(data: Path) -> None:
    found = list(files.evidence(data))
    assert [(check.name, check.status) for check in found] == [("journal", "ok"), ("lake", "note"), ("evidence", "ok")]
    assert "200" in found[0].found.en
    assert "200 entries" in found[1].found.en


def test_any_flipped_bit_in_the_middle_is_found_and_located(data: Path) -> None:
    (segment,) = (data / "journal/intake-0").glob("*.seg")
    whole = segment.read_bytes()
    for place in (3, 70, len(whole) // 2, len(whole) * 3 // 4):
        segment.write_bytes(whole[:place] + bytes([whole[place] ^ 4]) + whole[place + 1 :])
        failed = [check for check in files.evidence(data) if check.status == "failed"]
        assert failed, place
        assert str(segment) in failed[0].found.en
        assert failed[0].remedy.en
    segment.write_bytes(whole)
    assert statuses(data)["journal"] == "ok"


def failed_of(data: Path) -> list[Check]:
    return [check for check in files.evidence(data) if check.status == "failed"]


def test_it_says_which_entries_are_lost_and_whether_their_readings_are_in_the_lake(data: Path) -> None:
    (segment,) = (data / "journal/intake-0").glob("*.seg")
    whole = segment.read_bytes()
    at = whole.index(b"##frame 99")
    segment.write_bytes(whole[:at] + b"!" + whole[at + 1 :])
    (check,) = failed_of(data)
    assert "entries 100 to 100" in check.found.en
    assert "in the lake" not in check.remedy.en
    lake = Lake(data / "lake", ZoneInfo("Asia/Shanghai"))
    lake.positions()
    lake.append(READINGS.empty_table(), {"intake-0": 200})
    (check,) = failed_of(data)
    assert "in the lake already" in check.remedy.en


def test_a_damaged_last_entry_is_no_torn_one(data: Path) -> None:
    (segment,) = (data / "journal/intake-0").glob("*.seg")
    whole = segment.read_bytes()
    segment.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    (check,) = failed_of(data)
    assert (str(segment) in check.found.en, "after entry 199" in check.found.en) == (True, True)
    segment.write_bytes(whole[:-1])
    assert failed_of(data) == []
    (note,) = (check for check in files.evidence(data) if "after entry 199" in check.found.en)
    assert note.status == "note"


def test_a_kept_file_that_is_changed_or_gone_is_told_with_its_name(data: Path) -> None:
    kept = keep(data, b"subject,amount\n", "months.csv", "original")
    enter(data, [kept], "cli:director", AT)
    assert failed_of(data) == []
    path = kept_path(data, kept.sha256)
    path.chmod(0o644)
    path.write_bytes(b"subject,amounts")
    (changed,) = failed_of(data)
    path.unlink()
    (gone,) = failed_of(data)
    for check in (changed, gone):
        assert str(path) in check.found.en
        assert "months.csv" in check.found.zh
        assert "cli-0/1" in check.found.zh


def test_a_lake_ahead_of_its_journal_is_told(data: Path) -> None:
    lake = Lake(data / "lake", ZoneInfo("Asia/Shanghai"))
    lake.positions()
    lake.append(READINGS.empty_table(), {"intake-0": 500})
    assert statuses(data)["journal"] == "failed"


def test_a_settled_journal_is_well(data: Path) -> None:
    lake = Lake(data / "lake", ZoneInfo("Asia/Shanghai"))
    lake.positions()
    lake.append(READINGS.empty_table(), {"intake-0": 200})
    assert statuses(data)["lake"] == "ok"


def test_a_key_that_others_can_read_is_told(data: Path) -> None:
    key = data / "secret.key"
    key.write_text("secret")
    key.chmod(0o644)
    assert [check.status for check in command.folder(data)] == ["failed"]
    key.chmod(0o600)
    assert [check.status for check in command.folder(data)] == ["ok"]


def test_no_folder_is_one_failed_check(tmp_path: Path) -> None:
    (check,) = command.examine(tmp_path / "nothing")
    assert check.status == "failed"
    assert "xietong init" in check.remedy.en


def test_looking_for_a_database_makes_none(tmp_path: Path) -> None:
    (check,) = command.database(tmp_path)
    assert check.status == "failed"
    assert list(tmp_path.iterdir()) == []


def test_a_held_lock_is_seen_without_taking_it(tmp_path: Path) -> None:
    assert not is_settling(tmp_path)
    with (tmp_path / "settle.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert is_settling(tmp_path)
    assert not is_settling(tmp_path)


def test_old_sqlite_and_other_modes_are_refused() -> None:
    assert command._sqlite("3.40.1", "wal").status == "failed"
    assert command._sqlite("3.53.4", "delete").status == "failed"
    assert command._sqlite("3.53.4", "wal").status == "ok"


def test_it_answers_in_json(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "DATA", tmp_path / "nothing")
    arguments = argparse.Namespace(json=True)
    assert command.run(arguments) == 1
    (check,) = json.loads(capsys.readouterr().out)
    assert (check["name"], check["status"]) == ("folder", "failed")


def test_device_settings_that_cannot_be_used_or_that_others_can_read_are_told(data: Path) -> None:
    assert list(command.devices(data)) == []
    settings_file = data / "devices.toml"
    settings_file.write_text("[device.A]\nsm4_keys = ['0000000000000000']\n")
    settings_file.chmod(0o644)
    (check,) = command.devices(data)
    assert (check.status, check.remedy.en) == ("failed", f"run chmod 600 {settings_file}")
    settings_file.chmod(0o600)
    assert list(command.devices(data)) == []
    settings_file.write_text("[device.A]\nsm4_keys = ['short']\n")
    (check,) = command.devices(data)
    assert "[device.A] sm4_keys" in check.found.en


def test_an_open_listener_is_found_with_the_kernels_own_list(
    data: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for host, failed in (("127.0.0.1", 0), ("0.0.0.0", 1)):
        with socket.create_server((host, 0)) as server:
            port = server.getsockname()[1]
            assert command.listening_hosts(port) == [host]
            monkeypatch.setattr(settings, "HJ212_PORT", port, raising=False)
            warned = [check for check in command.devices(data) if check.name == "listener"]
            assert len(warned) == failed
    assert all("without TLS and an allow-list" in check.found.en for check in warned)
    assert command.listening_hosts(1, [tmp_path / "absent"]) == []
