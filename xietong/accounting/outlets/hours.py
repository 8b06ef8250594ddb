"""What an outlet sent out, hour by hour: concentration × flow, joined and summed by month.

Every hourly value is first rounded to a decimal of six places, so the sums are exact in any order. An hour counts where
at least three quarters of its readings are valid (HJ 75-2017, HJ 356-2019). Mass takes the measured concentration; the
limit is judged by the concentration corrected to its reference oxygen (HJ 212-2017 annex D), once an hour and outlet
however many ducts it has. No figures are made here; what stands in for hours without a value is in `substitution`.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from xietong.accounting.left_out import LeftOut, left_out_of
from xietong.accounting.outlets.substitution import Hours
from xietong.accounting.outlets.tax_concentrations import Taxable, taxable_means
from xietong.lake.queries import outlet_hours as asked
from xietong.lake.queries.outlet_hours import BUCKETS, CHANNELS, STRUCK, DaysRow, JudgedRow, OutletTables
from xietong.standard.thresholds import ratio_of, seconds_of


class Channel(NamedTuple):
    """One pollutant of one outlet and the points it is measured by ("" where there is none).

    unit: mg/m3 or mg/L, "" for a channel of volume alone; flow_factor turns the flow point's unit into m3 an hour (or
    m3), value_factor the concentration into `unit`; flow_is_mean: an hour's flow is the mean of its readings, else
    their sum; limit: in `unit`; daily: it holds for the mean of a park day; hour_limit: what holds for each hour
    beside a daily limit, hour_oxygen_reference its own reference oxygen; start, end: validity, UTC;
    sampled: its values are samples of a laboratory, not hours; value_s, flow_s: for how long a reading holds.
    """

    outlet: str
    item: str
    unit: str
    value_point: str
    value_factor: Decimal
    flow_point: str
    flow_factor: Decimal
    flow_is_mean: bool
    oxygen_point: str
    oxygen_reference: Decimal | None
    limit: Decimal | None
    daily: bool
    start: datetime
    end: datetime
    hour_limit: Decimal | None = None
    hour_oxygen_reference: Decimal | None = None
    sampled: bool = False
    value_s: int = 3600
    flow_s: int = 3600
    flow_is_counter: bool = False

    @property
    def is_sliced(self) -> bool:
        """Whether concentration and flow meet in other slices than hours: of water wherever one of them is not read
        hourly, of gas where one is of more than an hour; a volume alone where it is of more than an hour."""
        value_s = self.value_s if self.value_point else 3600
        flow_s = self.flow_s if self.flow_point and not (self.flow_is_counter and self.flow_s > 3600) else 3600
        finer = bool(self.value_point and self.flow_point) and self.unit == "mg/L" and min(value_s, flow_s) < 3600
        return not self.sampled and (finer or max(value_s, flow_s) > 3600)

    @property
    def is_coarse(self) -> bool:
        """Whether its values are of too long a time to be held against a limit of hours."""
        return self.value_s > LONGEST_CYCLE_S


class Bucket(NamedTuple):
    """One span to sum over: its number, its bounds in UTC and the park's offset from UTC in seconds."""

    number: int
    start: datetime
    end: datetime
    offset_s: int


class Struck(NamedTuple):
    """One hour of a channel (its number) that events.csv takes out: of everything, or of the comparison with a limit
    alone (start-up, shut-down)."""

    channel: int
    hour: datetime
    is_invalid: bool


class Mass(NamedTuple):
    """mg emitted in a bucket, over so many hours with both concentration and flow, and the m3 that went with it.

    parts: hours of which only a part has both (what it has is in the mass); below: hours below detection, zero here.
    """

    mg_per_unit: Decimal
    hours: int
    m3: Decimal = Decimal(0)
    parts: int = 0
    below: int = 0


class Judged(NamedTuple):
    """The concentrations of a bucket: decimals in mg/m3 or mg/L, hours valid, judged and above the limit.

    came: hours of which anything came; judged: hours whose concentration could be brought to the limit's oxygen; held:
    those that could be held against every limit in force; exempt: valid hours that nothing asks to judge (start-up,
    shut-down, nothing flowed); doubtful: neither held nor exempt, and above a limit as they were measured; highest: the
    highest hour, or the highest daily mean where the limit is one of daily means; it begins at highest_at.
    """

    valid: int
    judged: int
    above: int
    highest: Decimal | None
    highest_at: datetime | None
    measured_x_flow: Decimal
    judged_x_flow: Decimal
    flow: Decimal
    judged_flow: Decimal
    measured_sum: Decimal
    judged_sum: Decimal
    held: int = 0
    exempt: int = 0
    doubtful: int = 0
    came: int = 0

    def is_enough(self, due: int) -> bool:
        """Whether a month's hours allow a verdict on the month as a whole: three quarters of those to be judged were
        (HJ 75-2017), and none that could not be judged was above the limit as measured."""
        return self.held > 0 and self.held * _OF >= (due - self.exempt) * _JUDGED_FROM and not self.doubtful


class Flow(NamedTuple):
    """m3 that passed in a bucket, over so many hours."""

    m3: Decimal
    hours: int


class Gapped(NamedTuple):
    """A channel's hours with a valid amount of a pollutant, in hours since 1970, their amounts in millionths of mg per
    unit, the hours on which its device reported a stop, and those of which only a part is known, with its amount."""

    valid: Hours
    amounts: Hours
    stopped: Hours
    parts: Hours
    part_amounts: Hours


Key = tuple[int, int]
# Analysers of water measure once in one to four hours (HJ 353-2019): each value stands for its hours, unlike a day's.
LONGEST_CYCLE_S = seconds_of("validity.water_analyser_cycle")
_JUDGED_FROM, _OF = ratio_of("validity.judged_hours_of_a_month")

_SUMS = Judged._fields[5:11]
_NO_SUMS: dict[str, Any] = dict.fromkeys(_SUMS, Decimal(0))
_NOTHING = Judged(0, 0, 0, None, None, **_NO_SUMS)


class OutletHours(NamedTuple):
    """The sums of all channels by (channel number, bucket number).

    gapped: the hours of the channels with fewer of them than they were in service; newest: the last hour of all;
    taxable: what the environmental tax goes by; left_out: how many values of which points came and do not count.
    """

    channels: tuple[Channel, ...]
    mass: Mapping[Key, Mass]
    flow: Mapping[Key, Flow]
    judged: Mapping[Key, Judged]
    stops: Mapping[Key, int]
    gapped: Mapping[int, Gapped]
    newest: datetime
    taxable: Mapping[Key, Taxable]
    left_out: Mapping[Key, LeftOut]


def outlet_hours(
    hourly: pa.Table, channels: Iterable[Channel], buckets: Iterable[Bucket], struck: Iterable[Struck] = ()
) -> OutletHours:
    """Sum the hourly values (the lake's `hourly` columns) of every channel over every bucket.

    Mass is Σ C·Q in mg per m3 × m3 for gas and in mg per L × m3 (that is g) for water. struck: hours taken out.
    """
    listed, spans = tuple(channels), tuple(buckets)
    stricken = pa.Table.from_pylist([each._asdict() for each in struck], schema=STRUCK)
    with asked.outlet_tables(hourly, _channel_table(listed), _bucket_table(spans), stricken) as tables:
        mass = {key: Mass(*row) for key, row in asked.masses(tables).items()}
        flow = {key: Flow(*row) for key, row in asked.volumes(tables).items()}
        taxable, left_out = taxable_means(tables, listed), left_out_of(tables)
        gapped = _gapped(tables, _with_gaps(listed, spans, mass))
        stops, judged, last = asked.hours_stopped(tables), _all_judged(tables), asked.newest(tables)
    return OutletHours(
        listed,
        mass,
        flow=flow,
        judged=judged,
        stops=stops,
        gapped=gapped,
        newest=last,
        taxable=taxable,
        left_out=left_out,
    )


def _with_gaps(channels: Sequence[Channel], buckets: Sequence[Bucket], mass: Mapping[Key, Mass]) -> list[int]:
    """The channels with concentration and flow that have fewer hours of both than they were in service, and those that
    such a channel follows or precedes at the same duct. Buckets before the first (below 0) do not count."""
    duct: dict[int, tuple[str, str, str]] = {
        number: (channel.outlet, channel.item, channel.flow_point)
        for number, channel in enumerate(channels)
        if channel.unit and channel.flow_point
    }
    asked = [bucket for bucket in buckets if bucket.number >= 0]
    short = {duct[number] for number in duct if _is_short(channels[number], number, asked, mass)}
    return [number for number in duct if duct[number] in short]


def _is_short(channel: Channel, number: int, buckets: Sequence[Bucket], mass: Mapping[Key, Mass]) -> bool:
    spans = ((max(channel.start, each.start), min(channel.end, each.end)) for each in buckets)
    served = sum(max(timedelta(), closes - opens) // timedelta(hours=1) for opens, closes in spans)
    return sum(mass[number, each.number].hours for each in buckets if (number, each.number) in mass) < served


def _gapped(tables: OutletTables, wanted: list[int]) -> dict[int, Gapped]:
    if not wanted:
        return {}
    came, parts = asked.amounts_by_hour(tables, wanted), asked.amounts_of_parts(tables, wanted)
    stopped = asked.stopped_by_hour(tables, wanted)
    return {
        number: Gapped(
            _part(came, number, "hour"),
            _part(came, number, "amount"),
            _part(stopped, number, "hour"),
            _part(parts, number, "hour"),
            _part(parts, number, "amount"),
        )
        for number in wanted
    }


def _part(columns: Mapping[str, Any], number: int, name: str) -> Hours:
    """A channel's part of columns that are sorted by channel."""
    first, last = np.searchsorted(columns["channel"], [number, number + 1])
    return np.asarray(columns[name][first:last], np.int64)


def _shared(channels: Sequence[Channel]) -> list[int | None]:
    """For each channel whose concentration another one has at the same time, the number of the first of them."""
    alike: dict[tuple[str, str, str], list[int]] = defaultdict(list)
    for number, channel in enumerate(channels):
        if channel.value_point:
            alike[channel.outlet, channel.item, channel.value_point].append(number)
    found: list[int | None] = [None] * len(channels)
    for numbers in alike.values():
        for number in numbers:
            own = channels[number]
            others = [channels[each] for each in numbers if each != number]
            if any(own.start < other.end and other.start < own.end for other in others):
                found[number] = numbers[0]
    return found


def _all_judged(tables: OutletTables) -> dict[Key, Judged]:
    """The judged hours of every channel and bucket of which anything came."""
    days, came = asked.days_judged(tables), asked.hours_came(tables)
    judged = {key: _judged(row, days.get(key)) for key, row in asked.hours_judged(tables).items()}
    every = {**dict.fromkeys(came, _NOTHING), **judged}
    # A value read before the bucket may hold into it.
    return {key: each._replace(came=max(each.valid, came.get(key, 0))) for key, each in every.items()}


def _judged(row: JudgedRow, days: DaysRow | None) -> Judged:
    """Hours as they were judged; under a daily limit the hours of the days above it, those of other days that are above
    the limit of hours, and the highest day."""
    above, top = (row.above, row.top) if days is None else days
    highest, highest_at = top or (None, None)
    totals: dict[str, Any] = {name: each or Decimal(0) for name, each in zip(_SUMS, row.sums, strict=True)}
    counts: dict[str, Any] = dict(row.counts)
    return Judged(row.valid, row.judged, above, highest, highest_at, **totals, **counts)


def _channel_table(channels: tuple[Channel, ...]) -> pa.Table:
    shared = _shared(channels)
    rows = [
        {
            "channel": number,
            "value_point": channel.value_point,
            "value_factor": channel.value_factor,
            "flow_point": channel.flow_point,
            "flow_factor": channel.flow_factor,
            "flow_is_mean": channel.flow_is_mean,
            "oxygen_point": channel.oxygen_point,
            "oxygen_reference": channel.oxygen_reference,
            "bound": channel.limit,
            "daily": channel.daily,
            "hour_bound": channel.hour_limit,
            "hour_reference": channel.hour_oxygen_reference,
            "since": channel.start,
            "until": channel.end,
            "shared": shared[number],
            "unit": channel.unit,
            "value_s": channel.value_s,
            "flow_s": channel.flow_s,
            "flow_is_counter": channel.flow_is_counter,
            "sliced": channel.is_sliced,
            "coarse": channel.is_coarse,
        }
        for number, channel in enumerate(channels)
    ]
    return pa.Table.from_pylist(rows, schema=CHANNELS)


def _bucket_table(buckets: Iterable[Bucket]) -> pa.Table:
    names = ("bucket", "opens", "closes", "offset_s")
    return pa.Table.from_pylist([dict(zip(names, bucket, strict=True)) for bucket in buckets], schema=BUCKETS)
