"""What was due of every device against what came: the matrix from which the platform asks devices for the rest.

Pure over the lake's readings, the point mapping, the declared stops and an instant. Hours, minutes and days that a
point's device sends by itself (CN 2061, 2051, 2031, 2041) are looked at; real-time values are not kept by devices and
cannot be asked for. Nothing is due of a period that lies wholly in a declared stop of production (HJ 75-2017 12.2).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import NamedTuple, TypeAlias

import numpy as np

from xietong.lake.points import PointSpec
from xietong.lake.queries.stamps import instants_heard
from xietong.lake.store import Lake
from xietong.protocols.hj212.tables import FETCHING
from xietong.standard.thresholds import seconds_of

HOUR, DAY = 3600, 86_400
# How long after its end a value is waited for before it counts as missing, in seconds.
GRACE: Mapping[str, int] = {cn: seconds_of(f"device.wait_{cn}") for cn in ("2051", "2061", "2031", "2041")}
# How many values one request asks for at most: what a logger can read out within its time-out.
AT_ONCE: Mapping[str, int] = {"2051": 36, "2061": 24, "2031": 31, "2041": 31}
Seconds: TypeAlias = np.ndarray[tuple[int], np.dtype[np.int64]]
# Point → its declared stops of production, in order, those that touch as one.
Standstills: TypeAlias = Mapping[str, Sequence[tuple[datetime, datetime]]]
NO_STOPS: Standstills = MappingProxyType({})


class Series(NamedTuple):
    """What one device sends under one command: the addresses, seconds between its values, since when and until when."""

    mn: str
    cn: str
    addresses: tuple[str, ...]
    step: int
    since: datetime | None
    until: datetime | None


class Span(NamedTuple):
    """A stretch of missing values of a device: first and last DataTime, and how many are missing."""

    mn: str
    cn: str
    begin: datetime
    end: datetime
    instants: int


class Row(NamedTuple):
    """One address in the matrix: the instants due (seconds since 1970, UTC) and which of them came."""

    mn: str
    cn: str
    address: str
    due: Seconds
    came: np.ndarray[tuple[int], np.dtype[np.bool_]]


def series(points: Iterable[PointSpec]) -> list[Series]:
    """What devices send that can be asked for again, from the mapping."""
    found: dict[tuple[str, str, int], list[PointSpec]] = {}
    for point in points:
        source, _, cn = point.address.rpartition("@")
        if source.startswith("hj212:") and cn in FETCHING and point.interval_s > 0:
            mn = source.removeprefix("hj212:").partition("/")[0]
            found.setdefault((mn, cn, _step(cn, point.interval_s)), []).append(point)
    return [
        Series(
            mn,
            cn,
            addresses=tuple(sorted({each.address for each in specs})),
            step=step,
            since=_bound([each.since_utc for each in specs], first=True),
            until=_bound([each.until_utc for each in specs], first=False),
        )
        for (mn, cn, step), specs in sorted(found.items())
    ]


def matrix(
    lake: Lake, wanted: Sequence[Series], begin: datetime, end: datetime, stops: Standstills = NO_STOPS
) -> Iterator[Row]:
    """Due against received in [begin, end): one row an address. An address from which nothing ever came in that time is
    left out where others of its series did come: the device does not send it at all. stops: by address here."""
    came = _received(lake, [address for each in wanted for address in each.addresses], begin, end)
    for each in wanted:
        seen = {address: came[address] for address in each.addresses if address in came}
        due = _due(lake, each, seen.values(), begin, end)
        for address in seen or each.addresses:
            owed = _without(due, each.step, stops.get(address, ()))
            yield Row(each.mn, each.cn, address, owed, np.isin(owed, seen.get(address, _NONE)))


def missing(
    lake: Lake, points: Sequence[PointSpec], now: datetime, window: timedelta, stops: Standstills = NO_STOPS
) -> list[Span]:
    """What every device still owes of the last while, in spans that one request can ask for, the oldest first.

    stops: by point; nothing is missing of what they cover.
    """
    wanted = series(points)
    if not wanted:
        return []
    lacking: dict[tuple[str, str], list[Seconds]] = {}
    steps = {(each.mn, each.cn): each.step for each in wanted}
    for row in matrix(lake, wanted, now - window, now, _by_address(points, stops)):
        step = steps[row.mn, row.cn]
        ended = row.due + step + GRACE[row.cn] <= now.timestamp()
        lacking.setdefault((row.mn, row.cn), []).append(row.due[ended & ~row.came])
    spans = [
        span
        for (mn, cn), found in lacking.items()
        for span in _spans(mn, cn, np.unique(np.concatenate(found)), steps[mn, cn])
    ]
    return sorted(spans, key=lambda span: (span.begin, span.mn, span.cn))


# ---- inside ----

_NONE = np.empty(0, np.int64)


def _by_address(points: Sequence[PointSpec], stops: Standstills) -> Standstills:
    """Address → the stops of the one point that it fills; an address of several points goes on being due."""
    if not stops:
        return NO_STOPS
    filled: dict[str, set[str]] = {}
    for point in points:
        filled.setdefault(point.address, set()).add(point.point)
    return {address: stops[point] for address, (point, *others) in filled.items() if not others and point in stops}


def _without(due: Seconds, step: int, stops: Sequence[tuple[datetime, datetime]]) -> Seconds:
    """Those instants whose period does not lie wholly in a stop."""
    for opens, closes in stops:
        due = due[(due < opens.timestamp()) | (due + step > closes.timestamp())]
    return due


def _step(cn: str, interval_s: int) -> int:
    return {"2061": HOUR, "2051": min(interval_s, HOUR)}.get(cn, DAY)


def _bound(instants: Sequence[datetime | None], *, first: bool) -> datetime | None:
    """The earliest beginning or the latest end; None (open) where any is open."""
    known = [each for each in instants if each is not None]
    if len(known) < len(instants):
        return None
    return min(known) if first else max(known)


def _received(lake: Lake, addresses: list[str], begin: datetime, end: datetime) -> dict[str, Seconds]:
    table = instants_heard(lake, addresses, begin, end)
    names = table.column("address").combine_chunks()
    instants = np.asarray(table.column("at").cast("timestamp[s]").cast("int64"))
    found: dict[str, Seconds] = {}
    if len(instants):
        changes = np.flatnonzero(np.asarray(names)[1:] != np.asarray(names)[:-1]) + 1
        for part in np.split(np.arange(len(instants)), changes):
            found[names[int(part[0])].as_py()] = instants[part]
    return found


def _due(lake: Lake, each: Series, seen: Iterable[Seconds], begin: datetime, end: datetime) -> Seconds:
    """The instants due. Without a date of its own a series is due from its first value on."""
    firsts = [int(instants[0]) for instants in seen]
    since = each.since.timestamp() if each.since else (min(firsts) if firsts else end.timestamp())
    until = each.until.timestamp() if each.until else end.timestamp()
    first, last = max(begin.timestamp(), since), min(end.timestamp(), until)
    offset = _midnight_offset(lake, first) if each.step == DAY else 0
    start = -(-(first - offset) // each.step) * each.step + offset
    return np.arange(int(start), max(int(start), int(np.ceil(last))), each.step, dtype=np.int64)


def _midnight_offset(lake: Lake, at: float) -> int:
    """Where a park day begins, in seconds after midnight UTC."""
    shift = datetime.fromtimestamp(at, UTC).astimezone(lake.zone).utcoffset() or timedelta()
    return -int(shift.total_seconds()) % DAY


def _spans(mn: str, cn: str, instants: Seconds, step: int) -> Iterator[Span]:
    if not len(instants):
        return
    breaks = np.flatnonzero(np.diff(instants) != step) + 1
    for run in np.split(instants, breaks):
        for first in range(0, len(run), AT_ONCE[cn]):
            part = run[first : first + AT_ONCE[cn]]
            begin, end = (datetime.fromtimestamp(int(each), UTC) for each in (part[0], part[-1]))
            yield Span(mn, cn, begin, end, len(part))
