"""What is wrong where the park's database cannot be used, in one sentence with what to do."""

import os
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from xietong.park.founding import is_lost_park
from xietong.park.traces import LOST_PARK
from xietong.texts import Text

UPGRADE = Text("运行 xietong init，把它升级", "run xietong init, which brings it up to date")
_DAMAGED = ("file is not a database", "malformed", "database corruption")
_READ_ONLY = ("readonly database", "unable to open database file", "read-only")


def why_unusable(error: BaseException) -> Text:
    """The sentence for an error of the database; changes nothing."""
    data, reason = Path(settings.DATA), " ".join(str(error).split())
    path = data / "park.sqlite3"
    for holds, text in (
        (is_lost(data), LOST_PARK),
        (_says(reason, _DAMAGED), damaged(path, reason)),
        (_says(reason, _READ_ONLY) and unwritable(data), read_only(data)),
        ("locked" in reason, _locked(path)),
        (is_outdated(), outdated(data)),
    ):
        if holds:
            return text
    return Text(
        f"数据目录 {data} 的数据库不能使用（{reason}），什么也没有改动；"
        "请核对 --data，新目录先运行 xietong init 或 xietong load。",
        f"the database of {data} cannot be used ({reason}) and nothing was changed; check --data, or begin a new "
        "folder with xietong init or xietong load.",
    )


def damaged(path: Path, reason: str) -> Text:
    """The database file is not what SQLite wrote."""
    return Text(
        f"数据库 {path} 已损坏（{reason}），什么也没有改动；请停止平台，恢复它的备份；"
        "存证和监测值不在其中，没有受影响。",
        f"the database {path} is damaged ({reason}) and nothing was changed; stop the platform and restore it from a "
        "backup. Evidence and readings are not in it and are unharmed.",
    )


def read_only(data: Path) -> Text:
    """The folder or the database can be read and not written."""
    return Text(
        f"数据目录 {data} 只读，数据库因此打不开，它没有损坏；请让运行平台的用户可以写入它，或改以可写方式挂载。",
        f"the data folder {data} is read-only, so the database cannot be opened; it is not damaged. Let the user that "
        "runs the platform write to it, or mount it writable.",
    )


def outdated(data: Path) -> Text:
    """An older edition made the database."""
    return Text(
        f"{data} 的数据库是旧版本建立的，没有使用；请先运行 xietong init 升级，再重试。",
        f"the database of {data} was made by an older edition and was not used; run xietong init to bring it up to "
        "date, then try again.",
    )


def is_outdated() -> bool:
    """Whether the database has tables and lacks some of today's; False where it cannot be asked."""
    try:
        executor = MigrationExecutor(connection)
        applied = executor.loader.applied_migrations
        return bool(applied and executor.migration_plan(executor.loader.graph.leaf_nodes()))
    except DatabaseError:
        return False


def unwritable(data: Path) -> list[Path]:
    """What of the folder this user cannot write to."""
    parts = (data, data / "journal", data / "lake", data / "park.sqlite3")
    return [path for path in parts if path.exists() and not os.access(path, os.W_OK)]


def is_lost(data: Path) -> bool:
    """Whether a park was here and its database is gone; False where that cannot be asked."""
    try:
        return is_lost_park(data)
    except DatabaseError:
        return False


def _locked(path: Path) -> Text:
    return Text(
        f"数据库 {path} 被另一个程序占用，等了 20 秒；请稍后重试。",
        f"the database {path} is held by another program, for 20 s now; try again in a while.",
    )


def _says(reason: str, words: tuple[str, ...]) -> bool:
    return any(each in reason.lower() for each in words)
