"""Whether a data folder held a park once: by what was loaded into it, where its database is gone. No Django here."""

import json
from pathlib import Path

from xietong.texts import Text

LOST_PARK = Text(
    "这个目录里有园区的存证，而数据库不见了：请恢复数据库（park.sqlite3）的备份；新建会得到一个空园区。",
    "this folder holds the evidence of a park and its database is gone: restore the database (park.sqlite3) from a "
    "backup; a new one would be an empty park.",
)


def held_a_park(data: Path) -> bool:
    """Whether files were brought in, or settle knew points: both come from a park alone."""
    if any(path.is_file() for path in (data / "evidence").glob("*/*")):
        return True
    try:
        return bool(json.loads((data / "registry.json").read_bytes())["points"])
    except (OSError, ValueError, LookupError, TypeError):
        return False
