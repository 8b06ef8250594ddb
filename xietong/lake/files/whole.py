"""Whole or not: what the lake keeps proves by its own hashes that it is still what was written. Nothing is mended here.

A Parquet file carries its hash in its name, which the log states; a log entry carries a seal over what it says, and the
hash of the entry before it; a checkpoint has its hash beside it. What is not what was written is never read as figures:
DamagedFile says where.
"""

import hashlib
import json
import re
import threading
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from xietong.lake.errors import DamagedFile

LINES, SEAL, BEFORE = "lines", "seal", "before"  # what our commits add to the first line of a log entry
_DIGITS = 32
_NAME = re.compile(rf"part-\d{{20}}-\d+-([0-9a-f]{{{_DIGITS}}})\.parquet")
_CHECKPOINT = ".checkpoint.parquet"
# What this process has proven, by path. Settle writes some forty files a minute for years, and nearly all of them are
# soon replaced: where so many are remembered, those that are gone are forgotten.
_MOST_PROVEN = 20_000
_proven: dict[str, tuple[int, int, int]] = {}
_lock = threading.Lock()


def digest(content: bytes | memoryview) -> str:
    """The hash that a file's name carries: SHA-256, cut to 128 bits."""
    return hashlib.sha256(content).hexdigest()[:_DIGITS]


def seal(actions: Iterable[tuple[object, ...]]) -> str:
    """One hash over what a commit says, in whatever order: see `added`, `removed` and `moved`."""
    lines = sorted(json.dumps(action) for action in actions)
    return digest("\n".join(lines).encode())


def linked(before: str) -> tuple[object, ...]:
    """The hash of the log entry before."""
    return BEFORE, before


def added(path: str, partition: str, numbers: tuple[int, int, int], data_change: bool) -> tuple[object, ...]:
    """A file that comes; path within the table's folder; numbers: its size, its rows, its time in ms."""
    return "add", path, partition, numbers, data_change


def removed(path: str, data_change: bool) -> tuple[object, ...]:
    """A file that goes."""
    return "remove", path, data_change


def moved(name: str, version: int) -> tuple[object, ...]:
    """A transaction version that is set."""
    return "txn", name, version


def entry_damage(entry: Path) -> str:
    """What is wrong with a log entry: "" where it has every line that its first promises and they match its seal."""
    try:
        lines = [json.loads(line) for line in entry.read_text().splitlines()]
        told = lines[0]["commitInfo"]
        if len(lines) != told.get(LINES, len(lines)):
            return f"{len(lines)} lines where {told[LINES]} were written"
        if SEAL in told and told[SEAL] != seal([linked(told.get(BEFORE, "")), *map(_said, lines[1:])]):
            return "its lines do not match its seal"
    except (ValueError, LookupError, TypeError, AttributeError) as error:  # broken JSON, bytes that are no text
        return f"it cannot be read: {error}"
    return ""


def chain_damage(entries: Sequence[Path]) -> tuple[Path, str] | None:
    """The first of these consecutive log entries that is not what the one after it was built on; None where all are."""
    for entry, following in pairwise(entries):
        try:
            expected = json.loads(following.read_text().partition("\n")[0])["commitInfo"].get(BEFORE)
        except (ValueError, LookupError, TypeError, AttributeError):
            return following, "it cannot be read"
        if expected is not None and expected != digest(entry.read_bytes()):
            return entry, "its content does not match the hash in the entry after it"
    return None


def _said(line: Mapping[str, Any]) -> tuple[object, ...]:
    if "add" in line:
        add = line["add"]
        (partition,) = add["partitionValues"].values()
        rows = json.loads(add["stats"])["numRecords"]
        return added(unquote(add["path"]), partition, (add["size"], rows, add["modificationTime"]), add["dataChange"])
    if "remove" in line:
        return removed(unquote(line["remove"]["path"]), line["remove"]["dataChange"])
    return moved(line["txn"]["appId"], line["txn"]["version"])


def sum_beside(checkpoint: Path) -> Path:
    """Where the hash of a checkpoint stands."""
    return checkpoint.with_name(checkpoint.name[:20] + ".checkpoint.sha256")


def file_damage(path: Path) -> str:
    """What is wrong with a Parquet file or checkpoint; "" where it is what was written, or carries no hash (an older
    edition wrote it)."""
    if path.name.endswith(_CHECKPOINT):
        beside = sum_beside(path)
        expected = beside.read_text(errors="replace").strip() if beside.exists() else ""
    else:
        named = _NAME.fullmatch(path.name)
        expected = named[1] if named else ""
    if not path.exists():
        return "it is not there"
    if expected and digest(path.read_bytes()) != expected:
        return "its content does not match its hash"
    return ""


def carries_hash(path: Path) -> bool:
    """Whether a data file's name says its hash."""
    return _NAME.fullmatch(path.name) is not None


def prove(paths: Iterable[Path]) -> None:
    """Raise DamagedFile for the first of these files that is not what was written.

    A file is read for it once a process, and again when its size or time has changed.
    """
    for path in paths:
        key = _key(path)
        with _lock:
            known = key is not None and _proven.get(str(path)) == key
        if known:
            continue
        wrong = entry_damage(path) if path.suffix == ".json" else file_damage(path)
        if wrong:
            raise DamagedFile(path, wrong)
        if key is not None:
            with _lock:
                _proven[str(path)] = key
            _forget_gone()


def _forget_gone() -> None:
    """Where much is remembered, forget the files that are gone; where all are there, the oldest half."""
    with _lock:
        if len(_proven) < _MOST_PROVEN:
            return
        for path in [path for path in _proven if not Path(path).exists()]:
            del _proven[path]
        for path in list(_proven)[: len(_proven) - _MOST_PROVEN // 2]:
            del _proven[path]


def _key(path: Path) -> tuple[int, int, int] | None:
    try:
        stat = path.stat()
    except FileNotFoundError:
        return None
    return stat.st_ino, stat.st_size, stat.st_mtime_ns
