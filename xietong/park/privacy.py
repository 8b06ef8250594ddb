"""A data folder is its owner's alone: 0700, and 0600 what lies at its top, whatever the umask. No Django here.

A folder that nobody else may enter shields everything below; the files at its top are shut all the same, because a
copy of one of them is easily made.
"""

import stat
from pathlib import Path

_OTHERS = 0o077


def open_to_others(data: Path) -> list[Path]:
    """The folder, where others may enter it, and what at its top others may read."""
    looked = [data, *(path for path in data.iterdir() if path.is_file())] if data.is_dir() else []
    return sorted(path for path in looked if stat.S_IMODE(path.stat().st_mode) & _OTHERS)


def shut_to_others(data: Path) -> list[Path]:
    """Take away what others may do there; answers what was mended. What is another user's the doctor names."""
    mended = []
    for path in open_to_others(data):
        try:
            path.chmod(stat.S_IMODE(path.stat().st_mode) & ~_OTHERS)
        except OSError:
            continue
        mended.append(path)
    return mended
