"""What `xietong doctor` finds of the files that figures come from: journals, kept files, the lake, the database.

Each is read whole and held against its own hashes; what is not what was written is named with its place. SQLite has no
hashes: of its file only what breaks its structure is found.
"""

import json
import os
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pysqlite3
from deltalake.exceptions import DeltaError

from xietong.commands.doctor.checks import MOST_NAMED, Check
from xietong.journal import UNFINISHED, CorruptSegment, JournalReader, names
from xietong.lake.errors import LakeError
from xietong.lake.files.table import DurableTable
from xietong.lake.store import Lake
from xietong.park.bringing.evidence import hash_of, kept_path
from xietong.readings import Entry
from xietong.settle.journals.gone import RESTORE, gone
from xietong.texts import Text

PATIENCE_S = 0.3


def evidence(data: Path) -> Iterator[Check]:
    """Every entry of every journal is read and its hashes verified, and so is every file that an entry names; damage is
    located; settle is not ahead of a journal."""
    table = Lake(data / "lake", ZoneInfo("UTC")).readings_table
    files: dict[str, dict[str, Any]] = {}
    for name in names(data / "journal"):
        reader = _Reading(data / "journal", name)
        reader.run(files)
        settled = _settled_upto(table, name)
        for damage in reader.damages:
            yield Check("journal", "failed", damage.text, _restore(damage, settled))
        if reader.rest is not None:
            yield _torn(reader.rest, reader.last, settled)
        if not reader.damages:
            found = Text(
                f"日志 {name}：{reader.count:,} 条存证完好", f"journal {name}: {reader.count:,} entries are whole"
            )
            yield Check("journal", "ok", found)
        yield from _settled(name, settled, reader.last)
    for each in gone(data):
        yield Check("journal", "failed", each.text, RESTORE)
    for path in sorted((data / "journal").glob("*/*.torn")):
        said = Text(
            f"{path} 是断电时未写完或损坏的尾部", f"{path} holds a tail that a power cut tore, or that was damaged"
        )
        yield Check("journal", "note", said, Text("保留它，以便核对", "keep it, to compare with"))
    yield from _kept(data, files)


class _Reading:
    """One journal read through: its damages, its last ordinal, how many entries are whole, what follows the last."""

    def __init__(self, root: Path, name: str) -> None:
        self.damages: list[CorruptSegment] = []
        self.last = self.count = 0
        self.rest: CorruptSegment | None = None
        self._reader = JournalReader(root, name, on_damage=self.damages.append)

    def run(self, files: dict[str, dict[str, Any]]) -> None:
        """Read it; files gathers what its entries say of kept files, by hash."""
        try:
            self._read(files)
            self.rest = self._reader.rest()
            if self.rest is not None:  # perhaps somebody is writing it just now
                time.sleep(PATIENCE_S)
                self._read(files)
                self.rest = self._reader.rest()
        finally:
            self._reader.close()

    def _read(self, files: dict[str, dict[str, Any]]) -> None:
        while entries := self._reader.read():
            self.count += len(entries)
            self.last = self._reader.position
            files.update((str(told["sha256"]), told) for told in map(_told, entries) if told)


def _told(entry: Entry) -> dict[str, Any]:
    """What an entry says of a kept file, with the entry's id; empty where it is of no file."""
    try:
        told = json.loads(entry.payload) if entry.kind == "file" else {}
    except ValueError:
        return {}
    return {**told, "entry": entry.id} if isinstance(told, dict) and "sha256" in told else {}


def _restore(damage: CorruptSegment, settled: int) -> Text:
    zh, en = (
        f"从备份恢复 {damage.path.name}；其余存证仍然有效",
        f"restore {damage.path.name} from a backup; all other entries hold",
    )
    if damage.lost and damage.lost[1] <= settled:
        zh += "，这些条目的监测值已在数据湖中"
        en += ", and the readings of the lost ones are in the lake already"
    return Text(zh, en)


def _torn(rest: CorruptSegment, last: int, settled: int) -> Check:
    """What stands behind the last whole entry: torn by a power cut, which lost nothing acknowledged, or damage."""
    found = Text(
        f"存证文件 {rest.path} 在字节 {rest.offset} 处（第 {last} 条之后）不是完整的条目：{rest.reason}",
        f"segment {rest.path} holds no whole entry at byte {rest.offset}, after entry {last}: {rest.reason}",
    )
    if rest.reason == UNFINISHED and settled <= last:
        remedy = Text(
            "断电所致，未曾应答；下次启动时自动截去", "torn by a power cut, never acknowledged; cut at the next start"
        )
        return Check("journal", "note", found, remedy)
    remedy = Text(
        "若刚断过电，重新启动即可；否则第一条已应答的可能在此损坏，请用备份核对后再启动（启动时移到 .torn）",
        "after a power cut just start again; else an acknowledged entry may be damaged here: compare with a backup "
        "before you start the platform, which moves these bytes to a .torn file",
    )
    return Check("journal", "failed", found, remedy)


def _settled_upto(table: DurableTable, name: str) -> int:
    try:
        return table.transaction(name) or 0
    except (LakeError, DeltaError, OSError):  # `lake` says so
        return 0


def _settled(name: str, settled: int, last: int) -> Iterator[Check]:
    """How many entries wait; of a journal that ends before what was settled, `gone` tells."""
    if settled <= last:
        behind = Text(f"{name}：{last - settled:,} 条待结转", f"{name}: {last - settled:,} entries to be settled")
        yield Check("lake", "ok" if last == settled else "note", behind)


# ---- kept files ----


def _kept(data: Path, files: dict[str, dict[str, Any]]) -> Iterator[Check]:
    """Every file of the evidence folder is what its name says, and every one that an entry names is there."""
    broken = 0
    for path, reason in _broken_files(data, files):
        broken += 1
        told = files.get(path.stem, {})
        named = told.get("name", "?"), told.get("entry", "?")
        found = Text(
            f"存证文件 {path}（“{named[0]}”，条目 {named[1]}）{reason.zh}",
            f'kept file {path} ("{named[0]}", entry {named[1]}) {reason.en}',
        )
        remedy = Text(
            "从备份恢复它；已结转的监测值不受影响，未结转的不会从它读入",
            "restore it from a backup; what was settled of it stays, and nothing more is read from it",
        )
        yield Check("evidence", "failed", found, remedy)
    if not broken:
        yield Check("evidence", "ok", Text(f"{len(files)} 个存证文件完好", f"{len(files)} kept files are whole"))


def _broken_files(data: Path, files: Iterable[str]) -> Iterator[tuple[Path, Text]]:
    there = {path for path in (data / "evidence").glob("*/*") if len(path.parent.name) == 2}
    for path in sorted(there):
        if path.stem != hash_of(path) or path.parent.name != path.name[:2]:
            yield path, Text("的内容与其哈希不符", "does not match its hash")
    for sha256 in files:
        if kept_path(data, sha256) not in there:
            yield kept_path(data, sha256), Text("不见了", "is gone")


# ---- the database ----


def pages(data: Path) -> Iterator[Check]:
    """The database file's own structure; what a cell says has no hash in SQLite and cannot be judged."""
    path = data / "park.sqlite3"
    if not path.exists():
        return
    try:
        wrong = _integrity(path)
    except pysqlite3.DatabaseError as error:
        wrong = [str(error)]
    if wrong == ["ok"]:
        yield Check("database", "ok", Text("数据库文件结构完好", "the database file's structure is whole"))
        return
    for reason in wrong[:MOST_NAMED]:
        found = Text(f"数据库文件 {path} 损坏：{reason}", f"database file {path} is damaged: {reason}")
        yield Check(
            "database", "failed", found, Text("停止平台，恢复数据库备份", "stop the platform and restore a backup")
        )


def _integrity(path: Path) -> list[str]:
    # In a read-only folder SQLite has no place for its lock and could not open even an undamaged file.
    how = "mode=ro" if os.access(path.parent, os.W_OK) else "mode=ro&immutable=1"
    connection = pysqlite3.connect(f"file:{path}?{how}", uri=True, timeout=20)
    try:
        return [str(row[0]) for row in connection.execute("PRAGMA integrity_check")]
    finally:
        connection.close()
