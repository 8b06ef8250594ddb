"""The state of the intake as of now: devices, sources, addresses, refused frames, what came and what is in doubt."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from xietong.accounting.books.memory import stamp
from xietong.intake.devices import BadSettings, DeviceBook
from xietong.intake.source_state import read_states
from xietong.journal import JournalError, names, read
from xietong.lake.queries.stamps import first_days
from xietong.lake.store import Lake
from xietong.park.nouns import Point, Registry
from xietong.park.registry.snapshot import point_specs
from xietong.periods import Period
from xietong.quality.cases import Case
from xietong.readings import Entry
from xietong.settle.doubts import cases_in
from xietong.texts import Text
from xietong.web.evidence.due_and_received import Calendar, Line, by_point, line, midnight
from xietong.web.intake import source_model
from xietong.web.intake.device_model import KnownDevice, devices, refused_of
from xietong.web.intake.source_model import KnownSource
from xietong.web.shell import park_data
from xietong.web.shell.shelf import MONTHS, SHELF

# How far back in the intake's journals a refused frame is looked for, in entries, and how many are shown.
_TAIL, _MOST_REFUSED = 2000, 12
_FINENESS = timedelta(minutes=10)


def quality_cases(park: Registry, year: int) -> list[Case]:
    """What is doubtful in the readings of a year; kept until registry or readings of that year change."""
    store = park_data.lake(park)
    if store is None:
        return []
    span = Period.year(year).utc(park.zone)
    key = ("cases", park_data.data_folder(), park_data.registry_version(), year, stamp(store, year))
    return SHELF.get(key, lambda: list(cases_in(store, point_specs(park), span)))


def device_book() -> tuple[DeviceBook, Text | None]:
    """What is settled about devices (devices.toml), and what is wrong with the file where it cannot be used."""
    try:
        return DeviceBook.read(park_data.data_folder() / "devices.toml"), None
    except BadSettings as error:
        return DeviceBook(), error.text


def known_devices(park: Registry) -> list[KnownDevice]:
    """Every device by registry or by what it sent, as of now."""
    newest, requests = (park_data.told_by_settle(name) for name in ("live.json", "requests.json"))
    return devices(newest, requests, park, park_data.clock())


def known_sources(park: Registry) -> tuple[list[KnownSource], list[tuple[str, Text]]]:
    """Brokers, Modbus devices and OPC UA servers as of now, and what of their settings is not used, by process."""
    told = read_states(park_data.data_folder())
    return source_model.sources(told, park, park_data.clock()), source_model.problems(told)


def unused_addresses(park: Registry) -> list[source_model.Unused]:
    """Addresses that come and no point uses."""
    return source_model.unused(park_data.told_by_settle("live.json"), park)


def unheard_points(park: Registry, most: int) -> tuple[list[Point], bool]:
    """Points whose source never came, by live.json and by the lake; at most so many, and whether there are more."""
    silent = source_model.unheard(park_data.told_by_settle("live.json"), park)
    today = park_data.clock().astimezone(park.zone).date()
    lines = received_lines(park, [today], [point.code for point in silent[: most + 1]])
    never = [point for point in silent[: most + 1] if lines[point.code].first is None]
    return never[:most], len(never) > most or len(silent) > most + 1


def intake_counts() -> Mapping[str, Any]:
    """What live.json tells of all connections together: frames, refused by reason, junk, peers."""
    found: Mapping[str, Any] = park_data.told_by_settle("live.json").get("intake", {})
    return found


def newest_refused(mn: str = "") -> list[Entry]:
    """The newest refused frames and junk among the last entries of the intake's journals, whoever sent them or of one
    device by what they claim."""
    root = park_data.data_folder() / "journal"
    reached = park_data.told_by_settle("live.json").get("positions", {})
    found: list[Entry] = []
    for name in names(root):
        if name.startswith("intake"):
            try:
                found += read(root, name, max(0, int(reached.get(name, 0)) - _TAIL), 2 * _TAIL)
            except JournalError:
                continue  # damage is told by the doctor and on the entry's own page
    return refused_of(found, _MOST_REFUSED, mn)


def received_lines(park: Registry, days: Sequence[date], codes: Collection[str] | None = None) -> Mapping[str, Line]:
    """Point → what was due and came of it on each of those park days; kept until registry, readings or time change.

    codes: of these points only, where a page does not show them all.
    """
    store, now = park_data.lake(park), park_data.clock()
    now -= timedelta(seconds=now.timestamp() % _FINENESS.total_seconds())
    known_until = min(now, midnight(days[-1] + timedelta(days=1), park.zone))
    stamps = tuple(stamp(store, year) for year in sorted({days[0].year, days[-1].year}))
    wanted = tuple(park.points) if codes is None else tuple(sorted(codes))
    key = (
        "received",
        park_data.data_folder(),
        park_data.registry_version(),
        tuple(days),
        stamps,
        known_until,
        None if codes is None else wanted,
    )
    return MONTHS.get(key, lambda: _lines(park, store, Calendar(park, days, now), wanted))


def _lines(park: Registry, store: Lake | None, calendar: Calendar, codes: Sequence[str]) -> dict[str, Line]:
    firsts: Mapping[str, date] = {}
    rows: dict[str, dict[date, Mapping[str, Any]]] = {}
    if store is not None and codes:
        (start, _), (_, end) = calendar.span(calendar.days[0]), calendar.span(calendar.days[-1])
        firsts = first_days(store, codes, end)
        rows = dict(by_point(store.daily(codes, start, end).to_pylist()))
    return {code: line(park.points[code], rows.get(code, {}), firsts.get(code), calendar) for code in codes}
