"""Files of readings: a journal entry names a kept file, and its rows become readings of sheet:POINT.

The file was checked row by row when it was brought in; here it is only made sure that it is the very file, or that the
rows made again of it are the very rows. Once they are in the lake the prepared rows go.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from xietong.lake.filing import SHEET, SheetFile
from xietong.lake.store import Lake
from xietong.park.bringing import prepared
from xietong.park.bringing.evidence import hash_of, kept_path
from xietong.readings import CORRECTED, Entry
from xietong.texts import Text

# What becomes of the readings of a kept file, by its purpose; other files hold none.
PREFIXES = {"readings": SHEET, "correction": CORRECTED}


class Imported(NamedTuple):
    """What became of a file: whether readings and positions are in the lake, and what is wrong with it, if anything."""

    committed: bool
    problem: Text | None = None


def import_file(lake: Lake, data: Path, entry: Entry, upto: tuple[Mapping[str, int], Mapping[str, int]]) -> Imported:
    """Bring the readings of a file entry into the lake in one commit with the positions and prints of `upto`.

    A package's table and an original kept as evidence hold no readings. A file that is missing or changed gives none
    either: its entry then counts as settled, and the problem says what to do.
    """
    told = _told(entry)
    if told is None:
        return Imported(False, _problem(entry, "", "条目不是 JSON", "the entry is no JSON object"))
    purpose = told.get("purpose", "readings")
    if purpose not in PREFIXES:
        return Imported(False)
    name, sha256 = str(told.get("name", "")), str(told.get("sha256", ""))
    if not prepared.is_there(data, told):
        path = kept_path(data, sha256)
        if not sha256.isalnum() or not path.is_file():
            return Imported(
                False, _problem(entry, name, f"存证目录里没有 {sha256}", f"evidence holds no file {sha256}")
            )
        if hash_of(path) != sha256:
            return Imported(False, _problem(entry, name, f"{path} 的内容已改变", f"the content of {path} has changed"))
    try:
        with prepared.rows(data, told) as rows:
            filed = lake.append_file(SheetFile(rows, entry.id, entry.received_at, prefix=PREFIXES[purpose]), *upto)
    except prepared.Unlike as error:
        return Imported(False, _problem(entry, name, error.text.zh, error.text.en))
    prepared.let_go(data, told)
    if not filed.refused:
        return Imported(True)
    first = filed.rejected[0].sentence
    zh, en = f"{filed.refused} 行不能读入：{first.zh}", f"{filed.refused} rows could not be taken: {first.en}"
    return Imported(True, _problem(entry, name, zh, en))


def _told(entry: Entry) -> dict[str, Any] | None:
    try:
        told = json.loads(entry.payload)
    except ValueError:
        return None
    return told if isinstance(told, dict) else None


def _problem(entry: Entry, name: str, zh: str, en: str) -> Text:
    return Text(
        f"存证 {entry.id} 的监测值文件“{name}”没有完全结转：{zh}；请核对存证目录的备份，改正后重新导入。",
        f'entry {entry.id}: the file of readings "{name}" was not wholly settled: {en}. Compare evidence with its '
        "backup, mend the file and import it again.",
    )
