"""A package or a factors.csv as if it were loaded: the registry that would come of it, with nothing kept.

The same verbs run as in a load, in a transaction that is taken back. Readings are no part of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.db import transaction

from xietong.park.actions import load_package, state_facts
from xietong.park.nouns import Registry
from xietong.park.package.reading import PackageError, read_package
from xietong.park.package.rules import judge
from xietong.park.package.schema import TABLES
from xietong.park.package.sheets import Rejection, Sheet, read_sheet
from xietong.park.registry import snapshot
from xietong.park.registry.revisions import Change

FACTORS = "factors"


@dataclass(slots=True)
class Trial:
    """The registry as it is and as it would be; what was refused and remarked; changes by table; readings left out."""

    before: Registry
    after: Registry
    accepted: int
    rejected: list[Rejection]
    remarks: list[Rejection]
    changes: Mapping[str, Change]
    readings: int = 0


def as_if_loaded(path: Path, who: str, at: datetime) -> Trial:
    """What loading a package folder, or one factors.csv, would make of the park.

    Raises NoParkError where there is no park yet, PackageError where the folder is no package or the file no table.
    """
    before = snapshot.load()
    with transaction.atomic():
        trial = _package(path, before, who, at) if path.is_dir() else _factors(path, before, who, at)
        transaction.set_rollback(True)
    return trial


def _package(folder: Path, before: Registry, who: str, at: datetime) -> Trial:
    package = read_package(folder, snapshot.known_codes())
    changes = load_package(package, {}, who, at).changes
    return Trial(
        before,
        snapshot.load(),
        accepted=package.accepted,
        rejected=package.rejected,
        remarks=package.remarks,
        changes=changes,
        readings=len(package.readings),
    )


def _factors(path: Path, before: Registry, who: str, at: datetime) -> Trial:
    sheet = read_factors(path, before)
    changes = {FACTORS: state_facts(FACTORS, sheet.rows, {}, who, at)}
    return Trial(
        before,
        snapshot.load(),
        accepted=len(sheet.rows),
        rejected=sheet.rejected,
        remarks=sheet.remarks,
        changes=changes,
    )


def read_factors(path: Path, park: Registry) -> Sheet:
    """A factors.csv on its own, judged as in a package; raises PackageError where there is no such file."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise PackageError(
            f"{path} 读不出来（{error.strerror}），什么也没有改动；请核对路径。",
            f"{path} cannot be read ({error.strerror}) and nothing was changed; check the path.",
        ) from error
    table = TABLES[FACTORS]
    sheet = read_sheet(table, path.name, content, park.zone)
    judge(table, sheet, snapshot.known_codes())
    return sheet
