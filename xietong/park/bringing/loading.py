"""A load is one act: begun, and then whole, or taken up again by settle, and named while it is not.

Before anything of a package is entered its files are kept as evidence and DATA/loading.json says which; that note goes
when all of it is in. Whoever loads holds a lock that the kernel releases when that process ends.
"""

import fcntl
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from xietong.lake.files.durable import replace_file, sync_folder
from xietong.park.bringing.evidence import bytes_of, keep, kept_path
from xietong.park.package.reading import Package
from xietong.park.package.schema import CLOSED_FOLDER
from xietong.texts import Text


class Begun(NamedTuple):
    """A load that was begun: the package's folder by name, in whose name, when (UTC), and its files by hash."""

    folder: str
    who: str
    at: str
    files: Mapping[str, str]

    @property
    def text(self) -> Text:
        """What to say while it is not whole."""
        return Text(
            f"{self.who} 于 {self.at} 开始载入的数据包“{self.folder}”还没有载入完：登记和监测值可能不是同一份；"
            "运行中的平台会自动续完，也可运行 xietong settle --once。",
            f'the package "{self.folder}" that {self.who} began to load at {self.at} is not wholly in: registry and '
            "readings may be of different packages. A running platform finishes it, and so does xietong settle --once.",
        )


def begin(data: Path, folder: Path, package: Package, who: str, at: str) -> None:
    """Keep every file of a package that was found to be one, then note that its load has begun; durable."""
    kept = {name: keep(data, content, name, "original").sha256 for name, content in package.files.items()}
    rest = [*package.readings, *(path for path in (folder / CLOSED_FOLDER).glob("*") if path.is_file())]
    for path in rest:
        name = str(path.relative_to(folder))
        kept[name] = keep(data, path, name, "original").sha256
    replace_file(_note(data), json.dumps([folder.resolve().name, who, at, kept], ensure_ascii=False).encode())


def end(data: Path) -> None:
    """All of it is in."""
    _note(data).unlink(missing_ok=True)
    sync_folder(data)


def unfinished(data: Path) -> Begun | None:
    """The load that was begun and is not whole; None where there is none, or somebody is at it just now."""
    try:
        begun = Begun(*json.loads(_note(data).read_bytes()))
    except FileNotFoundError:
        return None
    handle = os.open(_lock(data), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return None
    finally:
        os.close(handle)
    return begun


@contextmanager
def one_at_a_time(data: Path) -> Iterator[None]:
    """One load at a time for each data folder; the next one waits."""
    handle = os.open(_lock(data), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def begun_before(data: Path) -> Begun | None:
    """The load that a process which is gone has begun; for whoever is within `one_at_a_time`."""
    try:
        return Begun(*json.loads(_note(data).read_bytes()))
    except FileNotFoundError:
        return None


def unpacked(data: Path, begun: Begun, within: Path) -> Path:
    """The package again, from the evidence, in a folder of its own name."""
    folder = within / begun.folder
    for name, sha256 in begun.files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        with bytes_of(kept_path(data, sha256)) as source, (folder / name).open("wb") as target:
            shutil.copyfileobj(source, target)
    return folder


def _note(data: Path) -> Path:
    return data / "loading.json"


def _lock(data: Path) -> Path:
    return data / "loading.lock"
