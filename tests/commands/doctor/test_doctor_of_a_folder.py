"""`xietong doctor` of a whole data folder in this process: every check is told, and one damaged byte of the lake, of a
kept file or of the database is told with its file and what to do."""

import json
import os
import socket
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pysqlite3
import pytest
from pytest_django import Settings

from xietong.cli import main
from xietong.commands.doctor import command
from xietong.journal import JournalWriter
from xietong.lake.schemas import READINGS
from xietong.lake.store import Lake
from xietong.park.bringing.evidence import enter, keep, kept_path
from xietong.settle.journals.keeping import StandingKeeper

pytestmark = pytest.mark.django_db
AT = datetime(2025, 3, 1, tzinfo=UTC)


@pytest.fixture
def data(tmp_path: Path, settings: Settings) -> Path:
    """A journal of ten entries that is settled, a kept file, a lake and a database with a table and its index."""
    data = tmp_path / "data"
    (data / "journal").mkdir(parents=True)
    settings.DATA = data
    with socket.create_server(("127.0.0.1", 0)) as free:
        settings.WEB_PORT = settings.HJ212_PORT = free.getsockname()[1]
    with JournalWriter(data / "journal", "intake-0") as writer:
        for number in range(10):
            writer.append("hj212", "tcp:127.0.0.1:1", b"##frame %d" % number, AT)
        writer.commit()
    enter(data, [keep(data, b"subject,amount\n", "months.csv", "original")], "cli:director", AT)
    lake = Lake(data / "lake", ZoneInfo("Asia/Shanghai"))
    lake.positions()
    lake.append(READINGS.empty_table(), {"intake-0": 10, "cli-0": 1})
    lake.readings_table.checkpoint()
    StandingKeeper(lake).note(lake.marks(), is_rolled=False)
    database = pysqlite3.connect(str(data / "park.sqlite3"))
    database.execute("create table subject (code text primary key, name text)")
    database.executemany("insert into subject values (?, ?)", [(f"E{n:04}", "钢" * 20) for n in range(500)])
    database.commit()
    database.close()
    return data


def checks(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    capsys.readouterr()
    status = main(["doctor", "--json"])
    found: list[dict[str, Any]] = json.loads(capsys.readouterr().out)
    assert status == int(any(check["status"] == "failed" for check in found))
    return found


def failed(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """What failed; the tests' own database lies in memory, of which WAL cannot be asked."""
    return [check for check in checks(capsys) if check["status"] == "failed" and check["name"] != "sqlite"]


def flip(path: Path, place: int) -> None:
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.chmod(0o644)
    path.write_bytes(content)


def test_every_check_of_a_whole_folder_is_told(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = [(check["name"], check["status"]) for check in checks(capsys) if check["name"] != "sqlite"]
    assert found[:4] == [("folder", "ok"), ("space", "ok"), ("migrations", "ok"), ("database", "ok")]
    assert ("closed reports", "ok") in found
    assert found.count(("journal", "ok")) == 2
    assert ("evidence", "ok") in found
    assert {status for name, status in found if name == "lake"} == {"ok"}
    assert ("settle", "note") in found
    assert found[-2:] == [("port", "note"), ("port", "note")]


def test_it_says_line_by_line_what_is_well_and_on_standard_error_what_is_not(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = next(path for path in (data / "evidence").glob("*/*"))
    flip(kept, 0)
    assert main(["doctor"]) == 1
    told = capsys.readouterr()
    (line,) = (line for line in told.err.splitlines() if str(kept) in line)
    assert line.startswith("✗ evidence")
    assert ("months.csv" in line, "→ 从备份恢复它" in line) == (True, True)
    assert "· settle" in told.out
    assert "✓ journal" in told.out


def test_a_flipped_bit_of_the_lakes_log_and_of_its_checkpoint_is_told_with_its_file(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert failed(capsys) == []
    log = data / "lake/readings/_delta_log"
    for path in (sorted(log.glob("*.json"))[0], next(log.glob("*.checkpoint.parquet"))):
        whole = path.read_bytes()
        flip(path, len(whole) // 2)
        found = failed(capsys)
        assert [check["name"] for check in found] == ["lake"]
        assert str(path) in found[0]["found"]["en"]
        assert "restore it from a backup" in found[0]["remedy"]["en"]
        path.write_bytes(whole)
    assert failed(capsys) == []


def test_a_log_entry_that_is_gone_from_the_middle_is_told(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lake = Lake(data / "lake", ZoneInfo("Asia/Shanghai"))
    lake.append(READINGS.empty_table(), {"intake-0": 10, "cli-0": 1})
    lake.append(READINGS.empty_table(), {"intake-0": 10, "cli-0": 1})
    entries = sorted((data / "lake/readings/_delta_log").glob("*.json"))
    assert failed(capsys) == []
    entries[-2].unlink()
    assert "lake" in {check["name"] for check in failed(capsys)}


def test_a_damaged_database_file_is_told(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = data / "park.sqlite3"
    whole = path.read_bytes()
    size = int.from_bytes(whole[16:18], "big")  # the page size stands in the header, see sqlite.org/fileformat2
    path.write_bytes(whole[:size] + bytes(size) + whole[2 * size :])
    found = failed(capsys)
    assert {check["name"] for check in found} == {"database"}
    assert str(path) in found[0]["found"]["zh"]
    assert found[0]["remedy"]["en"] == "stop the platform and restore a backup"
    path.write_bytes(b"no database at all" * 100)
    (check,) = failed(capsys)
    assert "file is not a database" in check["found"]["en"]
    path.unlink()
    (check,) = failed(capsys)
    assert "restore the database" in check["remedy"]["en"]  # a park was here: init would found an empty one over it
    assert not path.exists()


def test_a_torn_tail_and_one_set_aside_are_notes(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (segment,) = (data / "journal/intake-0").glob("*.seg")
    (segment.parent / "1.torn").write_bytes(b"torn")
    notes = [
        check["found"]["en"] for check in checks(capsys) if (check["name"], check["status"]) == ("journal", "note")
    ]
    assert notes == [f"{segment.parent / '1.torn'} holds a tail that a power cut tore, or that was damaged"]
    segment.write_bytes(segment.read_bytes()[:-1])
    told = [check for check in failed(capsys) if str(segment) in check["found"]["en"]]
    assert len(told) == 1  # the tenth entry was settled, so that it was whole once: no power cut tore it
    assert "after entry 9" in told[0]["found"]["en"]


def test_a_folder_that_cannot_be_written_and_a_full_disk_are_told(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda path, _mode: Path(path) != data / "lake")
    (check,) = command.folder(data)
    assert (check.status, check.found.en) == ("failed", f"read-only, cannot write to {data / 'lake'}")
    monkeypatch.setattr(command, "LITTLE_SPACE", 1 << 62)
    (check,) = command.space(data)
    assert (check.status, check.remedy.en) == ("failed", "make room; without it devices get no answer")


def test_a_program_that_listens_is_seen(data: Path, settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        settings.WEB_PORT = taken.getsockname()[1]
        web, hj212 = command.doors(data)
    assert (web.status, web.found.en) == ("ok", f"web port {settings.WEB_PORT} is listened on")
    assert (hj212.status, hj212.found.en) == ("note", f"HJ 212 port {settings.HJ212_PORT} is free")


def test_a_kept_file_that_is_gone_is_told_with_its_entry(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept = next(path for path in (data / "evidence").glob("*/*"))
    assert kept == kept_path(data, kept.name)
    kept.unlink()
    (check,) = failed(capsys)
    assert check["found"]["en"] == f'kept file {kept} ("months.csv", entry cli-0/1) is gone'
