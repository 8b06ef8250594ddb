"""The crowd's measurement measures what it says: whatever was acknowledged is in the journal once. No figure is judged.

The journal is read here by its bytes, as journal/layout.py describes them, with nothing of the project's own.
"""

import argparse
import hashlib
import json
import re
import shutil
import struct
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from xietong.bench import devices
from xietong.protocols.hj212 import decode

pytestmark = pytest.mark.slow
CONNECTIONS, CLIENTS = 200, 50
PRELUDE = struct.Struct(">8sIBBHIQq")
NAMED = re.compile(rb"##\d{4}QN=(\d{17});ST=31;CN=2011;PW=123456;MN=([^;]+);")


def payloads(folder: Path) -> Iterator[bytes]:
    """What the entries of a journal hold, each held against its SHA-256."""
    for segment in sorted(folder.glob("*.seg")):
        data, at = segment.read_bytes(), 64
        while at < len(data):
            _, _, _, _, origin, length, _, _ = PRELUDE.unpack_from(data, at)
            hash_at = at + PRELUDE.size + origin
            at = hash_at + 64 + length
            payload = data[hash_at + 64 : at]
            assert hashlib.sha256(payload).digest() == data[hash_at : hash_at + 32]
            yield payload


def measured(folder: Path, *options: str) -> dict[str, object]:
    parser = argparse.ArgumentParser()
    devices.add_arguments(parser)
    sizes = ["--connections", str(CONNECTIONS), "--clients", str(CLIENTS), "--interval", "1"]
    return devices.run(parser.parse_args([*sizes, "--folder", str(folder), *options]))


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the data folder as it was when the measurement counted."""
    counted, copy = devices._kept, tmp_path / "copy"

    def copied(root: Path) -> set[str]:
        shutil.copytree(root.parent, copy, ignore=shutil.ignore_patterns("lake", "*.sqlite3*"))
        return counted(root)

    monkeypatch.setattr(devices, "_kept", copied)
    return copy


def test_every_frame_and_message_sent_is_acknowledged_and_in_the_journal_once(tmp_path: Path, kept: Path) -> None:
    answer = measured(tmp_path, "--seconds", "3", "--sources", "7")
    assert {"name", "figure", "unit", "limit", "ratio", "machine", "kb_a_connection"} <= answer.keys()
    assert answer["dropped"] == 0
    frames = Counter(
        f"{found[2].decode()} {found[1].decode()}"
        for found in map(NAMED.match, payloads(kept / "journal/intake-0"))
        if found
    )
    acknowledged = (kept / "first.txt").read_text().splitlines() + (kept / "again.txt").read_text().splitlines()
    assert frames == Counter(acknowledged)
    assert len({line.split()[0] for line in acknowledged}) == CONNECTIONS
    assert len(acknowledged) > 4 * CONNECTIONS  # at the start, three in the steady phase, and after the power failure
    bodies = [json.loads(payload.partition(b"\n")[2]) for payload in payloads(kept / "journal/mqtt-0")]
    heard = (kept / "mqtt.txt").read_text().splitlines()
    assert Counter(body["n"] for body in bodies) == Counter(int(line.split()[1]) for line in heard)
    assert len(heard) > 4 * CLIENTS
    assert [path.name for path in tmp_path.iterdir()] == ["copy"]


def test_frames_are_good_ones_of_five_factors(tmp_path: Path, kept: Path) -> None:
    measured(tmp_path, "--seconds", "1", "--doors-only")
    frames = [decode(raw) for raw in payloads(kept / "journal/intake-0")]
    assert all(frame.ok and not frame.errors and len(frame.values) == 5 for frame in frames)


def test_the_measurement_fails_where_something_was_acknowledged_and_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted = devices._kept
    monkeypatch.setattr(devices, "_kept", lambda root: set(sorted(counted(root))[1:]))
    with pytest.raises(RuntimeError, match=r"1 of \d+ acknowledged are not in the journal: CROWD"):
        measured(tmp_path, "--seconds", "1", "--doors-only")


def test_it_says_so_where_too_few_files_may_be_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("resource.getrlimit", lambda _: (256, 512))
    with pytest.raises(OSError, match=r"the hard limit of open files \(ulimit -Hn\) is 512 and 750 are needed"):
        measured(tmp_path)
