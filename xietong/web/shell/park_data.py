"""The park as the pages find it: registry, lake, clock, live values, and what settle tells.

The only module of the web that opens the data folder for all of them. The registry is kept until an act changes it.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings

from xietong.intake.devices import stamp as file_stamp
from xietong.lake.files.standing import require_lake
from xietong.lake.store import Lake
from xietong.park.models import Act
from xietong.park.nouns import Registry
from xietong.park.registry.snapshot import load
from xietong.settle.journals.gone import gone
from xietong.texts import Text
from xietong.web.shell.live import Live, live, read_live
from xietong.web.shell.shelf import FILES, SHELF


def evidence_gone() -> list[Text]:
    """Journals that do not hold what figures were made of: the pages say so above the figures."""
    return [each.text for each in gone(Path(settings.DATA))]


def data_folder() -> Path:
    """The data folder."""
    return Path(settings.DATA)


def clock() -> datetime:
    """Now, UTC."""
    return datetime.now(UTC)


def registry() -> Registry:
    """The park as it stands; raises NoParkError where none was loaded."""
    return SHELF.get(("registry", data_folder(), registry_version()), load)


def registry_version() -> int:
    """The newest act: whatever is read of the registry is kept under it."""
    return Act.objects.order_by("-pk").values_list("pk", flat=True).first() or 0


def lake(park: Registry) -> Lake | None:
    """The park's lake; None before the first reading was settled."""
    root = data_folder() / "lake"
    require_lake(root)
    if not (root / "readings").is_dir():
        return None
    return SHELF.get(("lake", root, str(park.zone)), lambda: Lake(root, park.zone))


def told_by_settle(name: str) -> Mapping[str, Any]:
    """What settle wrote into a file of the data folder, {} before it did; read again when it was replaced."""
    path = data_folder() / name
    return FILES.get((path, file_stamp(path)), lambda: read_live(path))


def live_view(park: Registry) -> Live:
    """The newest readings as of now."""
    return live(told_by_settle("live.json"), park, clock())
