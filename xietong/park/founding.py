"""A data folder comes into being: its folders, its key, its database and its roles, each durable."""

import os
import secrets
from pathlib import Path

from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from xietong.journal import make_folder, sync_folder
from xietong.park.people import make_roles
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


def found(data: Path) -> None:
    """Make or bring up to date everything a data folder needs; safe to run again."""
    make_folder(data)
    for name in FOLDERS:
        make_folder(data / name)
    _make_key(data / "secret.key")
    call_command("migrate", verbosity=0, interactive=False, skip_checks=True)
    make_roles()
    sync_folder(data)


def found_if_new(data: Path) -> None:
    """Found a data folder that has no database yet; raises OutdatedError where an older edition made it."""
    make_folder(data)
    executor = MigrationExecutor(connection)
    if not executor.loader.applied_migrations:
        found(data)
    elif executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise OutdatedError


def _make_key(path: Path) -> None:
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with os.fdopen(handle, "w") as file:
        file.write(secrets.token_urlsafe(48))
        file.flush()
        os.fsync(file.fileno())
