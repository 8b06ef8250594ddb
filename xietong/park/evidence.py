"""Files as evidence: the very bytes in DATA/evidence under their hash, and one journal entry that names each.

A file is safe (file, folder and journal fsynced) before anything made of it is kept.
"""

import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal

from xietong.intake.opening import open_journal
from xietong.journal import make_folder, sync_folder

CHUNK = 1 << 20
Purpose = Literal["package-table", "readings", "correction", "original"]


@dataclass(frozen=True, slots=True)
class Evidence:
    """One file that is kept: its name as given, its hash, its size in bytes, and what it is for.

    more: what settle must know of a file of readings (stamps, time zone, points …), or where a converted one came from.
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


def kept_path(data: Path, sha256: str) -> Path:
    """Where the file of that hash lies."""
    return data / "evidence" / sha256[:2] / sha256


def keep(
    data: Path, source: Path | bytes, name: str, purpose: Purpose, more: Mapping[str, object] | None = None
) -> Evidence:
    """Keep a file's bytes for ever, durable when this returns; the same bytes are kept once."""
    incoming = data / "evidence"
    make_folder(incoming)
    handle, temporary = tempfile.mkstemp(dir=incoming, prefix="incoming-")
    path = Path(temporary)
    try:
        with os.fdopen(handle, "wb") as file:
            sha256, size = _copy(source, file.write)
            file.flush()
            os.fchmod(file.fileno(), 0o444)
            os.fsync(file.fileno())
        target = kept_path(data, sha256)
        make_folder(target.parent)
        path.replace(target)
        sync_folder(target.parent)
    finally:
        path.unlink(missing_ok=True)
    sync_folder(incoming)
    return Evidence(name, sha256, size, purpose, more or {})


def _copy(source: Path | bytes, write: Callable[[bytes], object]) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    for chunk in _chunks(source):
        digest.update(chunk)
        write(chunk)
        size += len(chunk)
    return digest.hexdigest(), size


def _chunks(source: Path | bytes) -> Iterable[bytes]:
    if isinstance(source, bytes):
        yield source
        return
    with source.open("rb") as file:
        while chunk := file.read(CHUNK):
            yield chunk


def enter(data: Path, kept: Iterable[Evidence], origin: str, at: datetime) -> dict[str, str]:
    """Write one journal entry a file; gives file name → entry id once all are durable.

    origin: who brought them, such as "cli:director"; at: UTC. Raises journal.JournalWriteError where the disk refuses.
    """
    with open_journal(data, "cli") as writer:
        ordinals = {file.name: writer.append("file", origin, file.payload, at) for file in kept}
        writer.commit()
        return {name: f"{writer.name}/{ordinal}" for name, ordinal in ordinals.items()}
