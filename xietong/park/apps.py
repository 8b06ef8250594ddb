"""The Django app of the registry, and the one thing it refuses to start on: an SQLite whose WAL can lose a commit."""

import pysqlite3
from django.apps import AppConfig
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

SAFE_SQLITE = (3, 51, 3)


def refuse_unsafe_sqlite(engine: str, version: tuple[int, ...]) -> None:
    """Raise ImproperlyConfigured where the database is SQLite older than the fix of its WAL-reset bug.

    See docs/decisions/0003-sqlite-by-wheel.md.
    """
    if engine.endswith("sqlite3") and version < SAFE_SQLITE:
        found, wanted = (".".join(map(str, each)) for each in (version, SAFE_SQLITE))
        raise ImproperlyConfigured(
            f"SQLite {found} 的预写日志可能丢失已提交的数据，平台不启动；请安装 pysqlite3，使其不低于 {wanted}。 · "
            f"SQLite {found} can lose committed data in WAL mode, so the platform does not start; "
            f"install a pysqlite3 that carries SQLite {wanted} or later, or set DATABASE_URL."
        )


class ParkConfig(AppConfig):
    """Registry of subjects, points and what is promised of them."""

    name = "xietong.park"
    label = "park"
    verbose_name = "园区 Park"

    def ready(self) -> None:
        """Check the database library before anything is written."""
        engine = str(settings.DATABASES["default"]["ENGINE"])
        refuse_unsafe_sqlite(engine, pysqlite3.sqlite_version_info)
