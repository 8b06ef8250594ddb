"""Register: the point mapping of the moment, and registry.json, in which other processes find it without a database."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

from xietong.lake.files.durable import replace_file
from xietong.lake.points import PointSpec, mapping_number
from xietong.settle.devices.due import NO_STOPS, Standstills


class Register:
    """Asks for the mapping and the declared stops, and rewrites registry.json when the mapping has changed."""

    def __init__(
        self, path: Path, load_points: Callable[[], Sequence[PointSpec]], load_stops: Callable[[], Standstills]
    ) -> None:
        self._path, self._load_points, self._load_stops = path, load_points, load_stops
        self._number: int | None = None
        self._asked: Sequence[PointSpec] | None = None
        self.points: Sequence[PointSpec] = ()
        self.devices: Sequence[str] = ()
        self.stops: Standstills = NO_STOPS

    def look(self) -> bool:
        """Ask anew; whether the mapping differs from the one before (true the first time)."""
        points = self._load_points()
        self.stops = self._load_stops()
        if points is self._asked:  # the very same list: nobody has acted since
            return False
        self._asked = points
        number = mapping_number(points)
        if number == self._number:
            return False
        self.points, self.devices, self._number = points, _devices(points), number
        content = {"mapping": f"{number:014x}", "devices": self.devices, "points": [_told(each) for each in points]}
        replace_file(self._path, json.dumps(content, ensure_ascii=False).encode())
        return True


def _devices(points: Sequence[PointSpec]) -> list[str]:
    """The MN of every HJ 212 device that a point names."""
    addresses = {point.address for point in points if point.address.startswith("hj212:")}
    return sorted({address.removeprefix("hj212:").partition("/")[0] for address in addresses})


def _told(point: PointSpec) -> dict[str, object]:
    return {name: None if value is None else _plain(value) for name, value in point._asdict().items()}


def _plain(value: object) -> str | int:
    return value if isinstance(value, int) else str(value)
