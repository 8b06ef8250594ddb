"""Files as evidence: the very bytes in DATA/evidence under their hash, and one journal entry that names each.

A file is safe (file, folder and journal fsynced) before anything made of it is kept. What shrinks is kept compressed,
as HASH.zst by RFC 8878: the hash is always that of the bytes as they came (`zstd -dc HASH.zst | sha256sum`).
"""

import hashlib
import io
import json
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO, Literal, cast

import pyarrow as pa

from xietong.intake.opening import open_journal
from xietong.journal import JournalWriter, Said, make_folder, sync_folder

CHUNK = 1 << 20
# A smaller file is kept as it came, and so is one whose beginning does not shrink so far: Parquet, workbooks.
LEAST_COMPRESSED, WORTH = 64 << 10, 0.75
COMPRESSED = ".zst"
# How what is on its way into the folder begins.
INCOMING = "incoming-"
Purpose = Literal["package-table", "readings", "correction", "original"]
# What opens the journal of a data folder that a process writes: for one entry, or the one it holds as long as it lives.
Opened = Callable[[Path], AbstractContextManager[JournalWriter]]


@dataclass(frozen=True, slots=True)
class Evidence:
    """One file that is kept: its name as given, its hash, its size in bytes, and what it is for.

    more: what settle must know of a file of readings: how it was read (see prepared), the points and how many rows.
    """

    name: str
    sha256: str
    size: int
    purpose: Purpose
    more: Mapping[str, object] = field(default_factory=dict)

    @property
    def payload(self) -> bytes:
        """The journal entry's payload."""
        stated = {"name": self.name, "purpose": self.purpose, "sha256": self.sha256, "size": self.size, **self.more}
        return json.dumps(stated, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


# ---- what is kept ----


def kept_path(data: Path, sha256: str) -> Path:
    """Where the file of that hash lies, as it came or compressed; where it would lie, if it is not there."""
    plain = data / "evidence" / sha256[:2] / sha256
    compressed = plain.with_suffix(COMPRESSED)
    return compressed if compressed.is_file() and not plain.is_file() else plain


def bytes_of(path: Path) -> IO[bytes]:
    """Open a kept file: the bytes as they came. What is no sound file of zstd raises OSError as it is read."""
    if path.suffix != COMPRESSED:
        return path.open("rb")
    return io.BufferedReader(cast("io.RawIOBase", pa.CompressedInputStream(pa.OSFile(str(path)), "zstd")), CHUNK)


def hash_of(path: Path) -> str:
    """The SHA-256 of a kept file's bytes as they came; "" where it cannot be read to its end."""
    try:
        with bytes_of(path) as file:
            return hashlib.file_digest(cast("io.BufferedReader", file), "sha256").hexdigest()
    except OSError:
        return ""


@contextmanager
def as_named(data: Path, sha256: str, name: str) -> Iterator[Path]:
    """A kept file under a name by whose suffix readers go, for a while, in a folder of its own; of a compressed one a
    copy."""
    kept = kept_path(data, sha256)
    with tempfile.TemporaryDirectory(prefix="xietong-") as folder:
        named = Path(folder) / Path(name).name
        if kept.suffix == COMPRESSED:
            with bytes_of(kept) as source, named.open("wb") as target:
                _copy(source, target.write)
        else:
            named.symlink_to(kept.absolute())
        yield named


# ---- keeping ----


def keep(
    data: Path, source: Path | bytes, name: str, purpose: Purpose, more: Mapping[str, object] | None = None
) -> Evidence:
    """Keep a file's bytes for ever, durable when this returns; the same bytes are kept once."""
    incoming = data / "evidence"
    make_folder(incoming)
    handle, temporary = tempfile.mkstemp(dir=incoming, prefix=INCOMING)
    path = Path(temporary)
    try:
        with os.fdopen(handle, "wb") as file, _opened(source) as given:
            suffix = COMPRESSED if _shrinks(source) else ""
            sha256, size = _copy(given, _compressing(file.write) if suffix else file.write)
            file.flush()
            os.fchmod(file.fileno(), 0o444)
            os.fsync(file.fileno())
        plain = incoming / sha256[:2] / sha256
        make_folder(plain.parent)
        path.replace(plain.with_suffix(suffix))
        plain.with_suffix("" if suffix else COMPRESSED).unlink(missing_ok=True)
        sync_folder(plain.parent)
    finally:
        path.unlink(missing_ok=True)
    sync_folder(incoming)
    return Evidence(name, sha256, size, purpose, more or {})


def _opened(source: Path | bytes) -> IO[bytes]:
    return io.BytesIO(source) if isinstance(source, bytes) else source.open("rb")


def _shrinks(source: Path | bytes) -> bool:
    """Whether compressing pays, by the beginning of the file."""
    with _opened(source) as file:
        start = file.read(CHUNK)
    return len(start) >= LEAST_COMPRESSED and len(_compressed(start)) <= WORTH * len(start)


def _compressing(write: Callable[[bytes], object]) -> Callable[[bytes], object]:
    return lambda chunk: write(_compressed(chunk))


def _compressed(chunk: bytes) -> bytes:
    """A frame of zstd; frames one after another are a file of it."""
    return bytes(pa.compress(chunk, "zstd", asbytes=True))


def _copy(source: IO[bytes], write: Callable[[bytes], object]) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    while chunk := source.read(CHUNK):
        digest.update(chunk)
        write(chunk)
        size += len(chunk)
    return digest.hexdigest(), size


def of_a_command(data: Path) -> JournalWriter:
    """The journal of a command, which is open only while it enters something."""
    return open_journal(data, "cli")


def enter(
    data: Path, kept: Iterable[Evidence], origin: str, at: datetime, journal: Opened = of_a_command
) -> dict[str, str]:
    """Write one journal entry a file; gives file name → entry id once all are durable.

    origin: who brought them, such as "cli:director"; at: UTC. Raises journal.JournalWriteError where the disk refuses.
    """
    files = list(kept)
    with journal(data) as writer:
        ordinals = writer.record_all([Said("file", origin, file.payload) for file in files], at)
        return {file.name: f"{writer.name}/{ordinal}" for file, ordinal in zip(files, ordinals, strict=True)}
