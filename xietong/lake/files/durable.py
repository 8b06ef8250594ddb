"""What a power cut may not take back: files and names that are fsynced before anybody relies on them.

deltalake never calls fsync (docs/decisions/0004-lake-on-delta.md), so the lake does it for every file it leaves behind.
"""

import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

# fsyncs that wait together can share one journal commit of the file system.
_TOGETHER = 8


def sync_file(path: Path) -> None:
    """fsync what a file holds."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_folder(folder: Path) -> None:
    """fsync the names in a folder."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_files(paths: Iterable[Path]) -> None:
    """fsync many files, a few at a time, then the folders that name them; raises the first OSError."""
    files = list(paths)
    folders = sorted({path.parent for path in files})
    if len(files) == 1:
        sync_file(files[0])
        sync_folder(folders[0])
        return
    with ThreadPoolExecutor(_TOGETHER) as pool:
        list(pool.map(sync_file, files))
        list(pool.map(sync_folder, folders))


def make_folder(folder: Path) -> None:
    """Make a folder and its missing parents; the new names are durable when this returns."""
    missing = [folder]
    while not missing[-1].parent.is_dir():
        missing.append(missing[-1].parent)
    for each in reversed(missing):
        each.mkdir(exist_ok=True)
        sync_folder(each.parent)


def make_folders(folders: Iterable[Path]) -> None:
    """Make several folders of one parent that exists; folders that stand already cost nothing."""
    new = [folder for folder in folders if not folder.is_dir()]
    for folder in new:
        folder.mkdir(exist_ok=True)
    for parent in {folder.parent for folder in new}:
        sync_folder(parent)


def replace_file(path: Path, content: bytes) -> None:
    """Put a whole file in the place of another: a reader, and a power cut, see the old one or the new one."""
    beside = path.with_name(path.name + ".new")
    beside.write_bytes(content)
    sync_file(beside)
    beside.replace(path)
    sync_folder(path.parent)
