"""What `xietong doctor` finds of the lake: every file of it, whether it is the one that settle left, and what waits."""

from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

from deltalake.exceptions import DeltaError
from django.db import DatabaseError

from xietong.commands.doctor.checks import MOST_NAMED, Check
from xietong.journal import last_ordinal
from xietong.lake.errors import DamagedFile, LakeBehind, LakeError
from xietong.lake.files.marks import logged_marks
from xietong.lake.files.standing import read_standing, standing_path
from xietong.lake.files.table import DurableTable
from xietong.lake.files.whole import carries_hash, chain_damage, entry_damage, file_damage
from xietong.lake.store import Lake
from xietong.park.nouns import Registry
from xietong.park.registry.snapshot import NoParkError, load, point_specs
from xietong.settle.journals.keeping import lacking
from xietong.settle.lock import is_settling
from xietong.settle.once import NO_PARK_ZONE
from xietong.texts import Text

_SETTLE = Text(
    "运行 xietong settle --once，或启动平台（xietong serve），它会补做",
    "run xietong settle --once, or the platform (xietong serve), which makes it good",
)


def lake(data: Path) -> Iterator[Check]:
    """Every log entry, checkpoint and active Parquet file of the lake is what was written, and the newest there was;
    hours and days stand for the newest readings."""
    made = Lake(data / "lake", ZoneInfo("UTC"))
    whole = True
    for table in (made.readings_table, made.hourly_table, made.daily_table):
        for check in _table(table):
            whole = whole and check.status != "failed"
            yield check
    yield from _lacking(data)
    if whole and made.readings_table.log.is_dir():
        yield from _waiting(data)


def _lacking(data: Path) -> Iterator[Check]:
    """What had been settled once and is not in the lake any more, with whether settle can bring it back."""
    path = standing_path(data / "lake")
    try:
        said = read_standing(path)
    except DamagedFile as error:
        yield Check("lake", "failed", error.text, _SETTLE)
        return
    if said is None:
        if (data / "lake" / "readings").is_dir():
            found = Text(
                f"{path} 不在，数据湖是不是最新的一份无从核对", f"{path} is not there to tell an older lake by"
            )
            yield Check("lake", "note", found, _SETTLE)
        return
    try:
        marks = logged_marks(data / "lake")
    except DamagedFile:  # said by the table
        return
    for name, (first, last) in lacking(said, marks).items():
        there = last_ordinal(data / "journal", name) >= last
        found = Text(
            f"日志 {name} 第 {first} 至 {last} 条曾经结转，现在不在数据湖里",
            f"entries {first} to {last} of {name} had been settled and are not in the lake",
        )
        yield Check("lake", "failed", found, _SETTLE if there else _GIVE_UP)


_GIVE_UP = Text(
    "它们的存证也不在：请恢复较新的数据湖或日志；确实没有了就停止平台，运行 xietong settle --once --give-up，"
    "按现有的数据核算",
    "their evidence is gone too: restore a newer lake or journal; where there is none, stop the platform and run "
    "xietong settle --once --give-up, and figures are made of what there is",
)


def _waiting(data: Path) -> Iterator[Check]:
    """Whether hours and days lag behind the readings: figures are made of them."""
    try:
        registry: Registry | None = load()
    except NoParkError:
        registry = None
    except DatabaseError:  # other checks say so
        return
    made = Lake(data / "lake", registry.zone if registry else NO_PARK_ZONE)
    try:
        days = made.days_behind(point_specs(registry) if registry else ())
    except (LakeError, DeltaError, OSError) as error:
        said = str(error).partition("\n")[0]
        yield Check("lake", "failed", Text(f"小时值和日值核对不了：{said}", f"hours and days: {said}"), _SETTLE)
        return
    if days:
        found = Text(
            f"有 {days} 天的小时值和日值落后于监测值，指标里还没有它们",
            f"on {days} days hours and days lag behind the readings: figures are without them",
        )
        yield Check("lake", "note" if is_settling(data) else "failed", found, _SETTLE)


def _table(table: DurableTable) -> Iterator[Check]:
    broken = list(_broken_log(table)) if table.log.is_dir() else []
    files: tuple[Path, ...] = ()
    if not broken:
        try:
            snapshot = table.view()
            files = tuple(file.path for file in snapshot.files)
        except LakeBehind as error:
            yield Check("lake", "failed", error.text, _SETTLE)
            return
        except (LakeError, DeltaError, OSError, ValueError) as error:
            broken.append((table.log, str(error).partition("\n")[0]))
    if not table.log.is_dir():
        return
    broken += [(path, reason) for path in files if (reason := file_damage(path))]
    for path, reason in broken[:MOST_NAMED]:
        found = Text(
            f"数据湖文件 {path} 不是写入时的内容：{reason}",
            f"file {path} of the lake is not what was written: {reason}",
        )
        yield Check("lake", "failed", found, _ANEW)
    if not broken:
        whole = Text(
            f"数据湖 {table.folder.name}：{len(files)} 个文件完好",
            f"lake {table.folder.name}: {len(files)} files are whole",
        )
        yield Check("lake", "ok", whole)
    unsaid = sum(not carries_hash(path) for path in files)
    if unsaid:
        said = Text(
            f"{table.folder.name} 有 {unsaid} 个文件由旧版本写入，不带哈希，损坏查不出",
            f"an older edition wrote {unsaid} files of {table.folder.name} without hashes: damage is not found",
        )
        yield Check("lake", "note", said, _ANEW)


def _broken_log(table: DurableTable) -> Iterator[tuple[Path, str]]:
    entries = sorted(table.log.glob("*.json"))
    wrong = [(path, reason) for path in entries if (reason := entry_damage(path))]
    yield from wrong
    unlinked = chain_damage(entries)
    if unlinked is not None and not wrong:
        yield unlinked
    for version in table.checkpoints():
        path = table.log / f"{version:020d}.checkpoint.parquet"
        reason = file_damage(path)
        if reason:
            yield path, reason


_ANEW = Text(
    "从备份恢复；或停止平台、移走数据目录下的 lake，再运行 xietong settle --once 从存证重新生成",
    "restore it from a backup; or stop the platform, move lake out of the data folder and run xietong settle --once, "
    "which makes it anew from the evidence",
)
