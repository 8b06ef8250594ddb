"""Events of an outlet (events.csv) as hours taken out: while its instruments are calibrated, maintained or out of order
they say nothing, and while the plant starts up or shuts down what they say is not held against a limit.

Stops of production are in `stops`: hours on which nothing was due.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from xietong.accounting.outlets.hours import Channel, Struck
from xietong.park.nouns import Event, Registry
from xietong.periods import Period
from xietong.standard.thresholds import float_of

_INVALID = frozenset({"calibration", "maintenance", "fault"})
_UNJUDGED = frozenset({"start_up", "shut_down"})
_HOUR = timedelta(hours=1)
# What takes more of an hour than a valid one may lack takes it out.
MOST_TAKEN = _HOUR * (1 - float_of("validity.readings_of_an_hour"))


def struck_hours(registry: Registry, channels: Sequence[Channel], extent: Period) -> list[Struck]:
    """The hours of each channel that events of its outlet, or start-ups of what the outlet belongs to, take out."""
    events: dict[str, list[Event]] = defaultdict(list)
    for event in registry.events:
        if event.kind in _INVALID or event.kind in _UNJUDGED:
            events[event.subject].append(event)
    if not events:
        return []
    start, end = extent.utc(registry.zone)
    return [
        Struck(number, hour, event.kind in _INVALID)
        for number, channel in enumerate(channels)
        if channel.value_point
        for event in _of(registry, channel.outlet, events)
        for hour in _hours(event, max(start, channel.start), min(end, channel.end))
    ]


def _of(registry: Registry, outlet: str, events: dict[str, list[Event]]) -> Iterable[Event]:
    """The outlet's own events; of what it belongs to only those of the plant."""
    yield from events.get(outlet, ())
    code, seen = registry.subjects[outlet].parent, {outlet}
    while code in registry.subjects and code not in seen:
        seen.add(code)
        yield from (event for event in events.get(code, ()) if event.kind in _UNJUDGED)
        code = registry.subjects[code].parent


def _hours(event: Event, start: datetime, end: datetime) -> Iterable[datetime]:
    """The hours between two instants of which the event takes more than a quarter."""
    opens, closes = max(start, event.start), min(end, event.end or end)
    hour = opens.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    while hour < closes:
        if min(closes, hour + _HOUR) - max(opens, hour) > MOST_TAKEN:
            yield hour
        hour += _HOUR
