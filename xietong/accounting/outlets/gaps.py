"""The gaps of outlets: which due hours of a pollutant have no valid amount, and what stands in for each of them.

A replaced analyser goes on where the old one ended, so the channels of one pollutant and one duct are one series. What
the rules are is in `substitution`; hours of a stop were never due, and nothing stands in for what is still to come.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import reduce

import numpy as np

from xietong.accounting.outlets.hours import Bucket, Channel, Gapped, Key, OutletHours
from xietong.accounting.outlets.substitution import (
    BY_HOURS,
    REACH_DAYS,
    Calendar,
    Hours,
    Series,
    Stand,
    Stands,
    by_days,
    by_hours,
)
from xietong.park.registry.stops import Stops

_HOUR_S = 3600


def stands_of(hours: OutletHours, buckets: Sequence[Bucket], stops: Stops) -> Mapping[Key, list[Stand]]:
    """What stands in, by (channel number, bucket number); of several channels of a series the first in service has it.

    buckets: those whose gaps are asked for, one after another without a break.
    """
    edges = np.array([*(_hour(each.start) for each in buckets), _hour(buckets[-1].end)], np.int64)
    calendar = Calendar(edges, buckets[0].offset_s // _HOUR_S)
    alike: dict[tuple[str, str, str], list[int]] = defaultdict(list)
    for number, channel in enumerate(hours.channels):
        if channel.unit and channel.flow_point and (channel.unit == "mg/L" or channel.item in BY_HOURS):
            alike[channel.outlet, channel.item, channel.flow_point].append(number)
    found: dict[Key, list[Stand]] = {}
    for numbers in alike.values():
        if numbers[0] in hours.gapped:
            for place, stands in _of_series(hours, numbers, calendar, stops).items():
                bucket = buckets[place]
                found[_bearer(hours.channels, numbers, bucket), bucket.number] = stands
    return found


def _of_series(hours: OutletHours, numbers: Sequence[int], calendar: Calendar, stops: Stops) -> Stands:
    parts = [hours.gapped[number] for number in numbers]
    valid, amounts, stopped, in_parts, part_amounts = (
        np.concatenate([getattr(part, name) for part in parts]) for name in Gapped._fields
    )
    order = np.argsort(valid, kind="stable")
    due = reduce(np.union1d, [_service(hours.channels[number], hours.newest, calendar) for number in numbers])
    due = np.setdiff1d(due, _declared(hours.channels[numbers[0]].outlet, stops, due), assume_unique=True)
    due = np.setdiff1d(due, np.setdiff1d(stopped, valid), assume_unique=True)
    if not len(due) or not len(valid):
        return {}
    rule = by_days if hours.channels[numbers[0]].unit == "mg/L" else by_hours
    return rule(Series(valid[order], amounts[order], due, in_parts, part_amounts), calendar)


def _service(channel: Channel, newest: datetime, calendar: Calendar) -> Hours:
    """The hours of a channel, from some way before the first bucket on and no later than anything that came."""
    start = max(_hour(channel.start), int(calendar.edges[0]) - REACH_DAYS * 24)
    end = min(_hour(channel.end), int(calendar.edges[-1]), _hour(newest) + 1)
    return np.arange(start, max(start, end), dtype=np.int64)


def _declared(outlet: str, stops: Stops, due: Hours) -> Hours:
    spans = [
        due[(due >= -(-_seconds(opens) // _HOUR_S)) & (due < _seconds(closes) // _HOUR_S)]
        for opens, closes in stops.spans(outlet)
    ]
    return np.concatenate([*spans, np.array([], np.int64)])


def _bearer(channels: Sequence[Channel], numbers: Sequence[int], bucket: Bucket) -> int:
    within = [each for each in numbers if channels[each].start < bucket.end and bucket.start < channels[each].end]
    return min(within, default=numbers[0])


def _hour(at: datetime) -> int:
    return _seconds(at) // _HOUR_S


def _seconds(at: datetime) -> int:
    return int(at.timestamp())
