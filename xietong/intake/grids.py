"""Grids: the intervals of the registry's points, as registry.json tells them to processes without a database.

An entry of MQTT or OPC UA carries the grid of its points that was in force when it came, as it carries the mapping: so
settle reads the same stamps of it whenever it reads it again.
"""

import json
import time
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from xietong.intake.devices import stamp
from xietong.protocols.values import source_of
from xietong.stamps import grid_s

LOOK_S = 1.0
NO_GRID: Mapping[str, int] = MappingProxyType({})


class Grids:
    """registry.json as it is now, looked at once a second; one that cannot be read says nothing."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: tuple[int, int, int] | None = None
        self._looked_at = float("-inf")
        self._by_source: dict[str, dict[str, int]] = {}

    def of(self, source: str) -> Mapping[str, int]:
        """Of a source (mqtt:TOPIC, opcua:SERVER): what stands behind it in an address → its grid in seconds (0: none).

        An address that two points with different intervals have in turn has none: its stamps stay as they come.
        """
        self._look()
        return self._by_source.get(source, NO_GRID)

    def _look(self) -> None:
        now = time.monotonic()
        if now - self._looked_at < LOOK_S:
            return
        self._looked_at = now
        seen = stamp(self._path)
        if seen == self._seen:
            return
        self._seen = seen
        try:
            self._by_source = _by_source(json.loads(self._path.read_bytes())["points"])
        except (OSError, ValueError, TypeError, LookupError, AttributeError):
            self._by_source = {}


def _by_source(points: list[Mapping[str, str | int]]) -> dict[str, dict[str, int]]:
    steps: dict[str, set[int]] = {}
    for point in points:
        address = str(point["address"])
        if address.startswith(("mqtt:", "opcua:")):
            steps.setdefault(address, set()).add(grid_s(str(point["shape"]), int(point["interval_s"])))
    found: dict[str, dict[str, int]] = {}
    for address, told in steps.items():
        source = source_of(address)
        if len(told) == 1:
            found.setdefault(source, {})[address[len(source) + 1 :]] = told.pop()
    return found
