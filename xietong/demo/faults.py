"""What goes wrong in the demo park: faults planted in places that the seed chooses, and the list of them.

The list (`Planted`) is for tests; it never enters the package, since finding these is the platform's task.
"""

import json
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from xietong.demo.emissions import OutletYear
from xietong.demo.layout import Dice, Layout, Outlet
from xietong.demo.meters import HOUR_US, SUFFIX, Meter, first_hour_us, outlet_points, reads_outlet
from xietong.demo.series import MICRO


@dataclass(frozen=True, slots=True)
class Fault:
    """One planted fault: gap, stuck, meter_change, late, conflict or out_of_range, over [start, end) in UTC."""

    kind: str
    point: str
    start: datetime
    end: datetime


@dataclass(slots=True)
class Delivery:
    """How one device's hours reach the platform; hours are indices into the year.

    offline: never sent; late: (first, last+1, sent at this hour); again: (hour, item, another value in micro-units);
    repeated: hours sent twice with the same content, because an acknowledgement was lost on the way.
    """

    offline: list[tuple[int, int]] = field(default_factory=list)
    late: list[tuple[int, int, int]] = field(default_factory=list)
    again: list[tuple[int, str, int]] = field(default_factory=list)
    repeated: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Planted:
    """What `generate` made: the package, the frames of each device, and the truth about the faults."""

    seed: int
    year: int
    package: Path
    frames: Path
    faults: tuple[Fault, ...]

    def save(self, path: Path) -> None:
        """Write the truth as JSON, outside the package."""
        faults = [asdict(f) | {"start": f.start.isoformat(), "end": f.end.isoformat()} for f in self.faults]
        path.write_text(
            json.dumps({"seed": self.seed, "year": self.year, "faults": faults}, indent=1, ensure_ascii=False)
        )


class Saboteur:
    """Plants faults of every kind, each where the seed says, no two on one device."""

    def __init__(self, cast: Layout, meters: dict[str, Meter], years: dict[str, OutletYear], hours: int) -> None:
        self.cast, self.meters, self.years, self.hours = cast, meters, years, hours
        self.dice = Dice(cast.seed).of("faults")
        self.faults: list[Fault] = []
        self.deliveries = {outlet.code: Delivery() for outlet in cast.devices}
        self.late_rows: dict[str, tuple[int, int]] = {}

    def plant(self) -> None:
        """Plant them all."""
        order = self.dice.permutation(len(self.cast.devices)).tolist()
        devices = [self.cast.devices[index] for index in order]
        self._gap(devices[0], self._between(5, 12))
        self._gap(devices[1], self._between(26, 60))
        self._stuck(devices[2])
        self._late_device(devices[3])
        self._conflict(devices[4])
        self._out_of_range(devices[5])
        self.deliveries[devices[6].code].repeated = self.dice.integers(0, self.hours, 12).tolist()
        self._meters()

    def _between(self, low: int, high: int) -> int:
        return int(self.dice.integers(low, high))

    def _span(self, length: int) -> tuple[int, int]:
        first = self._between(200, self.hours - 400 - length)
        return first, first + length

    def _unmarked_span(self, outlet: Outlet, length: int) -> tuple[int, int]:
        """A span in which the device marks nothing itself: where it did, nobody need find the fault."""
        while True:
            first, last = self._span(length)
            if (self.years[outlet.code].flags[first:last] == "N").all():
                return first, last

    def _note(self, kind: str, point: str, first: int, last: int) -> None:
        start = first_hour_us(self.cast.year)
        at = [datetime.fromtimestamp((start + hour * HOUR_US) // MICRO, UTC) for hour in (first, last)]
        self.faults.append(Fault(kind, point, *at))

    def _gap(self, outlet: Outlet, length: int) -> None:
        span = self._span(length)
        self.deliveries[outlet.code].offline.append(span)
        for point in reads_outlet(outlet):
            self._note("gap", point, *span)

    def _stuck(self, outlet: Outlet) -> None:
        first, last = self._span(self._between(26, 70))
        item = outlet.items[self._between(0, len(outlet.items))]
        values = self.years[outlet.code].measured[item]
        values[first:last] = values[first]
        self._note("stuck", f"{outlet.code}-{SUFFIX[item]}", first, last)

    def _late_device(self, outlet: Outlet) -> None:
        first, last = self._span(24 * self._between(2, 4))
        self.deliveries[outlet.code].late.append((first, last, last + self._between(70, 140)))
        for point in reads_outlet(outlet):
            self._note("late", point, first, last)

    def _conflict(self, outlet: Outlet) -> None:
        first, last = self._unmarked_span(outlet, self._between(2, 5))
        item = outlet.items[self._between(0, len(outlet.items))]
        values = self.years[outlet.code].measured[item]
        for hour in range(first, last):
            other = int(values[hour]) * 7 // 10 // 100_000 * 100_000
            self.deliveries[outlet.code].again.append((hour, item, other))
        self._note("conflict", f"{outlet.code}-{SUFFIX[item]}", first, last)

    def _out_of_range(self, outlet: Outlet) -> None:
        first, last = self._unmarked_span(outlet, self._between(2, 5))
        item = outlet.items[self._between(0, len(outlet.items))]
        point = f"{outlet.code}-{SUFFIX[item]}"
        high = float(next(row["high"] for row in outlet_points(self.cast) if row["code"] == point))
        self.years[outlet.code].measured[item][first:last] = int(high * 1.6) * MICRO
        self._note("out_of_range", point, first, last)

    def _meters(self) -> None:
        amounts = sorted(code for code, meter in self.meters.items() if meter.row["shape"] == "amount")
        steady = [code for code in amounts if (self.meters[code].values > 0).all()]
        gap, late = self.dice.choice(len(steady), 2, replace=False).tolist()
        self._meter_gap(self.meters[steady[gap]])
        self.late_rows[steady[late]] = span = self._span(24 * self._between(3, 6))
        self._note("late", steady[late], *span)
        counters = sorted(code for code, meter in self.meters.items() if meter.row["shape"] == "counter")
        self._meter_change(self.meters[counters[self._between(0, len(counters))]])

    def _meter_gap(self, meter: Meter) -> None:
        first, last = self._span(self._between(18, 40))
        keep = np.ones(len(meter.at), bool)
        keep[first:last] = False
        meter.at, meter.values = meter.at[keep], meter.values[keep]
        self._note("gap", meter.code, first, last)

    def _meter_change(self, meter: Meter) -> None:
        """The new meter starts near zero; what flowed while it was being fitted is lost."""
        hour = self._between(1000, self.hours - 1000)
        meter.values[hour:] += self._between(0, 90) * 10_000 - meter.values[hour]
        self._note("meter_change", meter.code, hour - 1, hour)
