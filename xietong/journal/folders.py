"""Names made durable: a file or folder survives a power cut only when the folder that names it was fsynced too."""

import os
from pathlib import Path


def sync_folder(folder: Path) -> None:
    """fsync a folder, so that the names in it (created, renamed, removed) survive a power cut."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def make_folder(folder: Path) -> None:
    """Make a folder and its missing parents, each name durable before this returns.

    A folder that stands already is fsynced into its parent as well: who made it may have died before doing so.
    """
    missing = [folder]
    while not missing[-1].parent.is_dir():
        missing.append(missing[-1].parent)
    for each in reversed(missing):
        each.mkdir(exist_ok=True)
        sync_folder(each.parent)
