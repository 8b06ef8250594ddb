"""Files as evidence: byte for byte what came, compressed where that pays, and nothing beside it."""

import hashlib
import json
import random
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from park_packages import write_package

from xietong.commands.doctor.files import evidence
from xietong.journal import find
from xietong.park.bringing.evidence import LEAST_COMPRESSED, as_named, bytes_of, enter, hash_of, keep, kept_path
from xietong.park.bringing.loading import begin, begun_before, unpacked
from xietong.park.bringing.receiving import Reception
from xietong.park.package.mapping import FileMapping
from xietong.park.package.reading import read_package
from xietong.park.registry import snapshot
from xietong.settle.settler import Settler
from xietong.web.evidence.raw_entry import Wanted, shown

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SHANGHAI = ZoneInfo("Asia/Shanghai")
POINTS = "code,subject,quantity,item,unit,shape,interval_s\nA,E01,energy,electricity_purchased,kWh,amount,60\n"
PACKAGE: dict[str, str | bytes | None] = {"points.csv": POINTS, "limits.csv": None}
MINUTES = 5_000


def values() -> list[float]:
    chance = random.Random(1)
    return [round(chance.uniform(0, 50), 3) for _ in range(MINUTES)]


def minute(number: int) -> datetime:
    return datetime(2025, 1, 1, tzinfo=SHANGHAI) + timedelta(minutes=number)


def sheet(path: Path) -> Path:
    lines = [f"A,{minute(n):%Y-%m-%dT%H:%M},{value}\n" for n, value in enumerate(values())]
    path.write_text("point,at,value\n" + "".join(lines))
    return path


def columnar(path: Path) -> Path:
    at = pa.array([minute(n).replace(tzinfo=None) for n in range(MINUTES)], pa.timestamp("us"))
    pq.write_table(pa.table({"point": ["A"] * MINUTES, "at": at, "value": values()}), path, compression="zstd")
    return path


def size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"1,2,3\n" * LEAST_COMPRESSED, ".zst"),
        (b"1,2,3\n" * (LEAST_COMPRESSED // 6), ""),  # a little too small
        (random.Random(1).randbytes(3 * LEAST_COMPRESSED), ""),
        (b"", ""),
    ],
)
@pytest.mark.parametrize("from_disk", [False, True])
def test_what_is_kept_is_what_came_however_it_lies(tmp_path: Path, content: bytes, name: str, from_disk: bool) -> None:
    (tmp_path / "came").write_bytes(content)
    kept = keep(tmp_path, tmp_path / "came" if from_disk else content, "a.csv", "original")
    sha256 = hashlib.sha256(content).hexdigest()
    assert (kept.sha256, kept.size) == (sha256, len(content))
    path = kept_path(tmp_path, sha256)
    assert path == tmp_path / "evidence" / sha256[:2] / f"{sha256}{name}"
    assert path.stat().st_mode & 0o777 == 0o444
    with bytes_of(path) as file:
        assert file.read() == content
    assert hash_of(path) == sha256
    with as_named(tmp_path, sha256, "../a.csv") as named:
        assert (named.name, named.read_bytes()) == ("a.csv", content)
    assert [each for each in (tmp_path / "evidence").rglob("*") if each.is_file()] == [path]


def test_zstd_itself_gives_the_bytes_back(tmp_path: Path) -> None:
    """Whoever audits needs no program of ours. Where the tool is not there, pyarrow's own reader is asked instead."""
    content = b"".join(b"%d,%d\n" % (n, n * n) for n in range(200_000))
    path = kept_path(tmp_path, keep(tmp_path, content, "a.csv", "original").sha256)
    assert path.read_bytes()[:4] == bytes.fromhex("28b52ffd")  # RFC 8878, 3.1.1
    try:
        told = subprocess.run(["zstd", "-dc", path], capture_output=True, check=True).stdout
    except FileNotFoundError:
        told = pa.input_stream(str(path), compression="zstd").read()
    assert told == content


@pytest.mark.parametrize("compressed_first", [False, True])
def test_the_same_bytes_are_kept_once_and_a_damaged_file_is_mended_by_bringing_it_again(
    tmp_path: Path, compressed_first: bool
) -> None:
    content = b"1,2,3\n" * LEAST_COMPRESSED
    sha256 = keep(tmp_path, content, "a.csv", "original").sha256
    path = kept_path(tmp_path, sha256)
    path.chmod(0o644)
    if compressed_first:
        path.write_bytes(path.read_bytes()[:-9])
    else:  # an older edition kept it as it came
        path.unlink()
        path.with_suffix("").write_bytes(content[:-9])
    assert hash_of(kept_path(tmp_path, sha256)) != sha256
    keep(tmp_path, content, "a.csv", "original")
    (kept,) = path.parent.iterdir()
    assert hash_of(kept) == sha256


def test_the_doctor_looks_into_compressed_files(tmp_path: Path) -> None:
    file = keep(tmp_path, b"1,2,3\n" * LEAST_COMPRESSED, "a.csv", "original")
    enter(tmp_path, [file], "cli:li", NOON)
    assert [each.status for each in evidence(tmp_path) if each.name == "evidence"] == ["ok"]
    path = kept_path(tmp_path, file.sha256)
    path.chmod(0o644)
    whole = path.read_bytes()
    for spoilt in (whole[:-5], whole[:40] + bytes([whole[40] ^ 1]) + whole[41:], b"", b"1,2,3\n"):
        path.write_bytes(spoilt)
        (found,) = [each for each in evidence(tmp_path) if each.name == "evidence"]
        assert (found.status, "a.csv" in found.found.en, file.sha256 in found.found.en) == ("failed", True, True)
    path.unlink()
    (found,) = [each for each in evidence(tmp_path) if each.name == "evidence"]
    assert "is gone" in found.found.en


@pytest.mark.django_db
@pytest.mark.parametrize(("make", "name", "most"), [(columnar, "a.parquet", 1.0), (sheet, "a.csv", 0.34)])
def test_a_file_of_readings_leaves_no_more_than_itself(tmp_path: Path, make: object, name: str, most: float) -> None:
    assert callable(make)
    data = tmp_path / "data"
    Reception(data, "clerk", NOON).package(write_package(tmp_path / "package", PACKAGE))
    before, path = size(data / "evidence"), make(tmp_path / name)
    answer = Reception(data, "clerk", NOON).file(path, FileMapping())
    assert answer.readings == MINUTES
    settler = Settler(data, SHANGHAI, lambda: snapshot.point_specs(snapshot.load()), lambda: NOON)
    settler.run(Event(), once=True)
    left = size(data / "evidence") + size(data / "prepared") - before
    assert left <= most * path.stat().st_size
    assert [each.status for each in evidence(data) if each.name == "evidence"] == ["ok"]

    entry = find(data / "journal", answer.entries[name])
    page = shown(entry, Wanted("sheet:A", minute(1000).isoformat(), ""), data, snapshot.load())
    (row,) = [line for line in page["lines"] if line["marked"]]
    assert (row["number"], f"{values()[1000]:.6f}" in row["text"]) == (1002 - (name == "a.parquet"), True)
    assert page["original"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert len(page["lines"]) == 241


@pytest.mark.django_db
def test_a_damaged_original_is_told_on_its_page(tmp_path: Path) -> None:
    data = tmp_path / "data"
    Reception(data, "clerk", NOON).package(write_package(tmp_path / "package", PACKAGE))
    answer = Reception(data, "clerk", NOON).file(sheet(tmp_path / "a.csv"), FileMapping())
    entry = find(data / "journal", answer.entries["a.csv"])
    path = kept_path(data, json.loads(entry.payload)["sha256"])
    path.chmod(0o644)
    path.write_bytes(b"no longer zstd")
    for wanted in (Wanted("sheet:A", minute(1000).isoformat(), ""), Wanted()):
        assert "xietong doctor" in shown(entry, wanted, data, snapshot.load())["note"]


@pytest.mark.django_db
def test_a_load_that_was_cut_off_is_unpacked_from_compressed_files(tmp_path: Path) -> None:
    folder = write_package(tmp_path / "package", PACKAGE)
    sheet(folder / "readings.csv")
    (tmp_path / "data").mkdir()
    begin(tmp_path / "data", folder, read_package(folder, snapshot.known_codes()), "clerk", NOON.isoformat())
    begun = begun_before(tmp_path / "data")
    assert begun is not None
    assert kept_path(tmp_path / "data", begun.files["readings.csv"]).suffix == ".zst"
    again = unpacked(tmp_path / "data", begun, tmp_path / "again")
    assert {path.name: path.read_bytes() for path in again.iterdir()} == {
        path.name: path.read_bytes() for path in folder.iterdir()
    }
