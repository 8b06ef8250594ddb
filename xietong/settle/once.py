"""Settle with the park's own registry: the one place in this room that asks the database (through park)."""

import logging
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from zoneinfo import ZoneInfo

from django.db import DatabaseError

from xietong.lake.points import PointSpec
from xietong.park import models
from xietong.park.bringing.loading import unfinished
from xietong.park.nouns import Registry
from xietong.park.registry.snapshot import NoParkError, load, point_specs
from xietong.park.registry.stops import Stops
from xietong.park.traces import held_a_park
from xietong.settle.devices.due import NO_STOPS, Standstills
from xietong.settle.lock import SettleBusy, SettleLock
from xietong.settle.settler import Settler
from xietong.texts import Text

LOG = logging.getLogger("xietong.settle")
# What HJ 212 devices keep; it holds until a park with a zone of its own is loaded.
NO_PARK_ZONE = ZoneInfo("Asia/Shanghai")
RETRY_S = 5.0
_NOT_ASKED = -1


class RegistryUnreadable(Exception):
    """A park was loaded here and its database cannot be read now: neither its points nor where its days begin are
    known, and rolling up for no points would empty its hours and days. What comes waits in the journals."""

    def __init__(self, data: Path, reason: str) -> None:
        super().__init__(reason)
        zh = (
            f"{data} 的登记读不出来（{reason}），暂不结转；存证在日志里等候，没有丢失，小时值和日值照旧；"
            "请用 xietong doctor 查看"
        )
        en = (
            f"the registry of {data} cannot be read ({reason}), so nothing is settled now; evidence waits in the "
            "journals, and hours and days stay as they are. Ask xietong doctor what is wrong"
        )
        self.text = Text(zh, en)


class ZoneChanged(Exception):
    """The park that has been loaded meanwhile lies in another time zone: days begin elsewhere."""


def settle(data: Path, stop: Event, once: bool) -> None:
    """Settle until stop is set, or what is there; raises SettleBusy where another settle works on the folder.

    A disk that refuses and a registry that cannot be read are waited for, but not once: then OSError and
    RegistryUnreadable are the caller's.
    """
    with SettleLock(data):
        finished = False
        while not finished:
            _take_up_load(data)
            try:
                park = ParkMapping(data)
                settler = Settler(data, park.zone, park.points, lambda: datetime.now(UTC), load_stops=park.stops)
                settler.run(stop, once)
                finished = True
            except (OSError, RegistryUnreadable) as error:  # the next attempt goes on from what is durable
                if once:
                    raise
                LOG.warning("%s", _waits(data, error))
                stop.wait(RETRY_S)
                finished = stop.is_set()
            except ZoneChanged:
                LOG.warning("the park's time zone is not the one it was; settling goes on in its own")


def _waits(data: Path, error: OSError | RegistryUnreadable) -> str:
    if isinstance(error, RegistryUnreadable):
        return error.text.en
    return f"{data} refused a write ({error}); nothing is lost, settling is tried again"


def settle_waiting(data: Path) -> bool:
    """Settle what waits in the journals now; False where a running settle will do it by itself in a moment, or any
    settle later, because the disk refuses or the registry cannot be read now."""
    try:
        settle(data, Event(), once=True)
    except SettleBusy:
        return False
    except OSError as error:
        LOG.warning("%s refused a write (%s); what was brought waits in the journal for the next settle", data, error)
        return False
    except RegistryUnreadable as error:
        LOG.warning("%s", error.text.en)
        return False
    return True


class ParkMapping:
    """The points of the registry and their declared stops, read again only after somebody has acted. Without a park
    there are none: evidence is settled all the same, by what devices call themselves."""

    def __init__(self, data: Path | None = None) -> None:
        self._data = data
        registry = self._registry()
        self.zone = registry.zone if registry else NO_PARK_ZONE
        self._points: Sequence[PointSpec] = ()
        self._stops: Standstills = NO_STOPS
        self._act: int | None = _NOT_ASKED

    def points(self) -> Sequence[PointSpec]:
        """The mapping of the moment; raises ZoneChanged where the park's days are not the lake's, and
        RegistryUnreadable where a park that was loaded cannot be read."""
        if self._data is not None:
            _take_up_load(self._data)
        act = _newest_act()
        if act != self._act:
            registry = self._registry()
            if registry and registry.zone != self.zone:
                raise ZoneChanged
            self._points = point_specs(registry) if registry else ()
            self._stops = _stops(registry) if registry else NO_STOPS
            self._act = act
        return self._points

    def stops(self) -> Standstills:
        """The declared stops of production as of the mapping that was given last, by point."""
        return self._stops

    def _registry(self) -> Registry | None:
        """The registry; None where no park was ever loaded into this folder."""
        try:
            return load()
        except NoParkError:
            return None
        except DatabaseError as error:
            if self._data is not None and held_a_park(self._data):
                raise RegistryUnreadable(self._data, " ".join(str(error).split())) from error
            LOG.warning("the registry cannot be read, so nothing is rolled up for its points: %s", error)
            return None


def _take_up_load(data: Path) -> None:
    """Finish a load whose process was killed, in a process of its own: its files are kept, and it is one act."""
    begun = unfinished(data)
    if begun is not None:
        LOG.warning("%s", begun.text.en)
        subprocess.run([sys.executable, "-m", "xietong", "load", "--take-up", "--data", str(data)], check=False)


def _stops(registry: Registry) -> Standstills:
    declared = Stops(registry)
    spans = ((point.code, declared.spans(point.subject)) for point in registry.points.values())
    return {code: found for code, found in spans if found}


def _newest_act() -> int | None:
    try:
        return models.Act.objects.order_by("-id").values_list("id", flat=True).first()
    except DatabaseError:
        return None
