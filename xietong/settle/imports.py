"""Files of readings: a journal entry names a kept file, and its rows become readings of sheet:POINT.

The file was checked row by row when it was brought; here it is only made sure that it is the very file.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from xietong.lake.store import Lake
from xietong.readings import Entry
from xietong.texts import Text


class FileProblem(Exception):
    """A file that a journal entry names cannot be brought in; its entry counts as settled without readings."""

    def __init__(self, entry: Entry, name: str, zh: str, en: str) -> None:
        self.text = Text(
            f"存证 {entry.id} 的监测值文件“{name}”没有结转：{zh}；请从备份恢复该文件后重新导入。",
            f'entry {entry.id}: the file of readings "{name}" was not settled, because {en}. Restore it from a backup '
            "and import it again.",
        )
        super().__init__(self.text.en)


def import_file(lake: Lake, data: Path, entry: Entry, positions: Mapping[str, int]) -> bool:
    """Bring the readings of a file entry into the lake in one commit with the positions.

    False where the file holds no readings (a package's table, an original kept as evidence). Raises FileProblem.
    """
    told = _told(entry)
    if told.get("purpose", "readings") != "readings":
        return False
    name, sha256 = str(told.get("name", "")), str(told.get("sha256", ""))
    path = data / "evidence" / sha256[:2] / sha256
    if not sha256.isalnum() or not path.is_file():
        raise FileProblem(entry, name, f"存证目录里没有 {sha256 or '它'}", f"evidence holds no {sha256 or 'such file'}")
    if _hash(path) != sha256:
        raise FileProblem(entry, name, f"{path} 的内容已改变", f"the content of {path} has changed")
    lake.append_file(path, entry.id, entry.received_at, positions)
    return True


def _told(entry: Entry) -> dict[str, Any]:
    try:
        told = json.loads(entry.payload)
    except ValueError:
        told = None
    if not isinstance(told, dict):
        raise FileProblem(entry, "", "条目不是 JSON", "the entry is no JSON object")
    return told


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
