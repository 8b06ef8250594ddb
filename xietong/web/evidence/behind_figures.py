"""What lies behind a figure, row by row: statements and their revisions, hours, readings, journal entries."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from xietong.accounting.figures.account import UnknownNameError
from xietong.journal import JournalError, find
from xietong.park.models import ReportedAmount
from xietong.park.nouns import Registry
from xietong.periods import Period
from xietong.readings import Entry
from xietong.web.shell import park_data, park_figures
from xietong.web.shell.asked import number


def revisions_of(entry: str, row: str) -> list[ReportedAmount]:
    """Every statement, the oldest first, of the reported amount that a row of an entry states; [] for other rows."""
    place = number(row)
    if place is None:
        return []
    stated = ReportedAmount.objects.filter(entry=entry, row=place).first()
    if stated is None:
        return []
    return list(ReportedAmount.objects.filter(key=stated.key).select_related("act").order_by("recorded_at"))


def hours_of(park: Registry, point: str, start: datetime, end: datetime) -> list[dict[str, Any]]:
    """The hourly rows of one point, in order; [] where nothing came."""
    store = park_data.lake(park)
    return [] if store is None else sorted(store.hourly([point], start, end).to_pylist(), key=lambda row: row["hour"])


def readings_of(park: Registry, addresses: Iterable[str], start: datetime, end: datetime) -> list[dict[str, Any]]:
    """The readings of the addresses as they came, in order."""
    store = park_data.lake(park)
    return [] if store is None else store.readings(addresses, start, end).to_pylist()


def substituted_hours(park: Registry, outlet: str, item: str, month: Period) -> Mapping[str, tuple[int, int]]:
    """Concentration point → hours of the month for which a substitute stands in the outlet's emission, and those that
    lack one; empty where nothing is substituted."""
    try:
        waiting = [park_figures.figure_tree(park, outlet, f"{item}_emission", month)]
    except UnknownNameError:
        return {}
    found: dict[str, tuple[int, int]] = {}
    while waiting:
        node = waiting.pop()
        trace = node.trace
        if trace.get("hours_due") and trace.get("hours_substituted"):
            found[trace["point"]] = int(trace["hours_substituted"]), int(trace.get("hours_missing", 0))
        else:
            waiting += node.inputs
    return found


def entries_named(ids: Iterable[str]) -> dict[str, Entry]:
    """The journal entries of those ids, as far as they can be read."""
    found = {}
    for each in ids:
        try:
            found[each] = find(park_data.data_folder() / "journal", each)
        except JournalError:
            continue
    return found
