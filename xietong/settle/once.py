"""Settle with the park's own registry: the one place in this room that asks the database (through park.registry)."""

import logging
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from zoneinfo import ZoneInfo

from django.db import DatabaseError

from xietong.lake.points import PointSpec
from xietong.park.nouns import Registry
from xietong.park.registry import NoParkError, load, point_specs
from xietong.settle.lock import SettleBusy, SettleLock
from xietong.settle.settler import Settler

LOG = logging.getLogger("xietong.settle")
# HJ 212 knows this time only; it holds until a park with its own zone is loaded.
NO_PARK_ZONE = ZoneInfo("Asia/Shanghai")


def settle(data: Path, stop: Event, once: bool) -> None:
    """Settle until stop is set, or what is there; raises SettleBusy where another settle works on the folder."""
    with SettleLock(data):
        Settler(data, _zone(), _points, lambda: datetime.now(UTC)).run(stop, once)


def settle_waiting(data: Path) -> bool:
    """Settle what waits in the journals now; False where a running settle will do it by itself in a moment."""
    try:
        settle(data, Event(), once=True)
    except SettleBusy:
        return False
    return True


def _registry() -> Registry | None:
    """The park, or None while there is none: evidence is settled all the same, by what devices call themselves."""
    try:
        return load()
    except NoParkError:
        return None
    except DatabaseError as error:
        LOG.warning("the registry cannot be read, so nothing is rolled up for its points: %s", error)
        return None


def _zone() -> ZoneInfo:
    registry = _registry()
    return registry.zone if registry else NO_PARK_ZONE


def _points() -> Sequence[PointSpec]:
    registry = _registry()
    return point_specs(registry) if registry else []
