"""A data folder comes into being: its folders, its key, its database and its roles, each durable."""

import os
import secrets
from pathlib import Path

from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from xietong.journal import make_folder, sync_folder
from xietong.park.people import make_roles
from xietong.park.privacy import shut_to_others
from xietong.park.traces import LOST_PARK, held_a_park
from xietong.texts import Text

FOLDERS = ("journal", "evidence", "lake")


class OutdatedError(Exception):
    """A database that an older edition made."""

    def __init__(self) -> None:
        self.text = Text(
            "数据库是旧版本建立的，先运行 xietong init 升级，再重试。",
            "the database was made by an older edition; run xietong init to bring it up to date, then try again.",
        )
        super().__init__(self.text.en)


class LostParkError(Exception):
    """A folder that held a park and has no database any more: an empty park is not founded over it."""

    def __init__(self) -> None:
        super().__init__(LOST_PARK.en)
        self.text = LOST_PARK


def found(data: Path) -> None:
    """Make or bring up to date everything a data folder needs; safe to run again. Raises LostParkError."""
    make_folder(data)
    if is_lost_park(data):
        raise LostParkError
    for name in FOLDERS:
        make_folder(data / name)
    _make_key(data / "secret.key")
    call_command("migrate", verbosity=0, interactive=False, skip_checks=True)
    make_roles()
    shut_to_others(data)
    sync_folder(data)


def found_if_new(data: Path) -> None:
    """Found a data folder that has no database yet; raises OutdatedError where an older edition made it."""
    make_folder(data)
    if is_lost_park(data):
        raise LostParkError
    executor = MigrationExecutor(connection)
    if not executor.loader.applied_migrations:
        found(data)
    elif executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise OutdatedError


def is_lost_park(data: Path) -> bool:
    """Whether the database of a folder that held a park is gone, or a new and empty one stands there; makes no file."""
    if not held_a_park(data):
        return False
    file = Path(str(connection.settings_dict["NAME"]))  # in memory it is no path
    if connection.vendor == "sqlite" and file.is_absolute() and not file.exists():
        return True
    return not MigrationExecutor(connection).loader.applied_migrations


def _make_key(path: Path) -> None:
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with os.fdopen(handle, "w") as file:
        file.write(secrets.token_urlsafe(48))
        file.flush()
        os.fsync(file.fileno())
