"""Where the pages get what they show: registry, lake, figures, evaluation, live values.

The only module of the web that opens the data folder. The registry is kept until an act changes it; what was computed
from it is remembered by the room that computed it.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from django.conf import settings

from xietong.accounting.balances import balance_sheet
from xietong.accounting.balances.balance_sheet import Balance
from xietong.accounting.balances.one_total import TOTALS, Reconciliation, reconcile
from xietong.accounting.balances.statistical import Steps, statistical
from xietong.accounting.books.memory import stamp
from xietong.accounting.figures import standards
from xietong.accounting.figures.account import UnknownNameError, explain, figures
from xietong.accounting.figures.standards import StandardAccount
from xietong.accounting.figures.tables import table_keys
from xietong.calc.figures import Figure
from xietong.evaluation import Evaluation, evaluate
from xietong.intake.devices import BadSettings, DeviceBook
from xietong.intake.devices import stamp as file_stamp
from xietong.intake.source_state import read_states
from xietong.journal import JournalError, find, names, read
from xietong.lake.schemas import daily
from xietong.lake.standing import require_lake
from xietong.lake.store import Lake
from xietong.park.models import Act, ReportedAmount
from xietong.park.nouns import Point, Registry
from xietong.park.registry import load, point_specs
from xietong.periods import Period
from xietong.quality.cases import Case
from xietong.readings import Entry
from xietong.settle.doubts import cases_in
from xietong.settle.gone import gone
from xietong.texts import Text
from xietong.web import sources
from xietong.web.asked import number
from xietong.web.deadlines import Owed, owed
from xietong.web.devices import KnownDevice, devices, refused_of
from xietong.web.live import Live, live, read_live
from xietong.web.received import Calendar, Line, by_point, line, midnight
from xietong.web.reported_months import MonthCell, reported_months
from xietong.web.sources import KnownSource

Answer = TypeVar("Answer")
_KEPT = 8
# How far back in the intake's journals a refused frame is looked for, in entries, and how many are shown.
_TAIL, _MOST_REFUSED = 2000, 12
_FINENESS = timedelta(minutes=10)


def evidence_gone() -> list[Text]:
    """Journals that do not hold what figures were made of: the pages say so above the figures."""
    return [each.text for each in gone(Path(settings.DATA))]


class Shelf:
    """Answers that were computed once, the oldest given up first; who asks for the same thing waits for one answer."""

    def __init__(self, most: int = _KEPT) -> None:
        self._most, self._answers, self._lock = most, OrderedDict[Hashable, Any](), threading.Lock()
        self._gates: dict[Hashable, threading.Lock] = {}

    def get(self, key: Hashable, compute: Callable[[], Answer]) -> Answer:
        """The kept answer of that key, else a computed one."""
        with self._lock:
            gate = self._gates.setdefault(key, threading.Lock())
        with gate:
            with self._lock:
                if key in self._answers:
                    self._answers.move_to_end(key)
                    kept: Answer = self._answers[key]
                    return kept
            made = compute()
            self._keep(key, made)
            return made

    def _keep(self, key: Hashable, made: object) -> None:
        with self._lock:
            self._answers[key] = made
            while len(self._answers) > self._most:
                oldest, _ = self._answers.popitem(last=False)
                self._gates.pop(oldest, None)

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._answers.clear()


class BusyError(Exception):
    """Somebody else has a long period computed now; text says so, and that one should try again."""

    text = Text(
        "另一个很长的期间正在计算，这一页请稍后再打开；一两年以内的期间不受影响。",
        "another long period is being computed, so open this page again in a moment; periods of a year or two are not "
        "concerned.",
    )


SHELF = Shelf()
# Accounts are remembered where they are made, but two threads that ask at once would both make them. Those of more than
# two calendar years take long: they have a lock of their own, and who would have to wait for it is told so instead.
_ACCOUNTS, _LONG = threading.RLock(), threading.RLock()
_PATIENCE_S = 2.0
_MONTHS, _FILES = Shelf(12), Shelf(3)


def data_folder() -> Path:
    """The data folder."""
    return Path(settings.DATA)


def clock() -> datetime:
    """Now, UTC."""
    return datetime.now(UTC)


def registry() -> Registry:
    """The park as it stands; raises NoParkError where none was loaded."""
    return SHELF.get(("registry", data_folder(), _registry_version()), load)


def _registry_version() -> int:
    return Act.objects.order_by("-pk").values_list("pk", flat=True).first() or 0


def lake(park: Registry) -> Lake | None:
    """The park's lake; None before the first reading was settled."""
    root = data_folder() / "lake"
    require_lake(root)
    if not (root / "readings").is_dir():
        return None
    return SHELF.get(("lake", root, str(park.zone)), lambda: Lake(root, park.zone))


@contextmanager
def _counting(period: Period) -> Iterator[None]:
    """One account at a time; those of long periods beside the others. Raises BusyError where one would wait long."""
    if period.end.year - period.start.year <= 2:
        with _ACCOUNTS:
            yield
        return
    if not _LONG.acquire(timeout=_PATIENCE_S):
        raise BusyError
    try:
        yield
    finally:
        _LONG.release()


def subject_figures(park: Registry, subject: str, period: Period) -> Mapping[str, Figure]:
    """Every figure of tables 1 to 5 of a subject and period."""
    with _counting(period):
        return figures(park, lake(park), subject, period, all_keys(park, subject))


def all_keys(park: Registry, subject: str) -> tuple[str, ...]:
    """The keys of tables 1 to 5 for that kind of subject, each once, in the order of the standard."""
    tables = table_keys(park.subjects[subject].kind)
    return tuple(dict.fromkeys(key for keys in tables.values() for key in keys))


def figure_tree(park: Registry, subject: str, key: str, period: Period) -> Figure:
    """One figure with its whole working; raises UnknownNameError for a key that does not exist."""
    with _counting(period):
        return explain(park, lake(park), key, subject, period)


class OneTotal(NamedTuple):
    """A group's totals reconciled, and the way to the statistical figure."""

    totals: tuple[Reconciliation, ...]
    way: Steps


def balance(park: Registry, subject: str, period: Period) -> Balance:
    """The balances of a subject's media; kept until registry or readings change."""
    return _kept("balance", park, (subject, period), lambda: balance_sheet.balance(park, lake(park), subject, period))


def one_total(park: Registry, subject: str, period: Period) -> OneTotal:
    """Energy and carbon of a group reconciled; kept until registry or readings change."""

    def made() -> OneTotal:
        totals = tuple(reconcile(park, lake(park), subject, period, key) for key in TOTALS)
        return OneTotal(totals, statistical(park, lake(park), subject, period))

    return _kept("one-total", park, (subject, period), made)


def _kept(name: str, park: Registry, asked: tuple[str, Period], compute: Callable[[], Answer]) -> Answer:
    """The answer for a subject and period, by what it was made of."""
    store, (_, period) = lake(park), asked
    years = range(period.start.year - 1, period.end.year + 1)
    key = (name, data_folder(), _registry_version(), asked, tuple(stamp(store, year) for year in years))

    def locked() -> Answer:
        with _counting(period):
            return compute()

    return SHELF.get(key, locked)


def evaluation(park: Registry, subject: str, year: int) -> Evaluation:
    """The year's evaluation."""
    with _counting(Period.year(year)):
        return evaluate(park, lake(park), subject, year)


def quality_cases(park: Registry, year: int) -> list[Case]:
    """What is doubtful in the readings of a year; kept until registry or readings of that year change."""
    store = lake(park)
    if store is None:
        return []
    span = Period.year(year).utc(park.zone)
    key = ("cases", data_folder(), _registry_version(), year, stamp(store, year))
    return SHELF.get(key, lambda: list(cases_in(store, point_specs(park), span)))


def owed_reports(park: Registry, today: date) -> list[Owed]:
    """What the whole park has not reported as of a park day; kept until the registry or the day changes."""
    return SHELF.get(("owed", data_folder(), _registry_version(), today), lambda: owed(park, today))


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
    store = lake(park)
    return [] if store is None else sorted(store.hourly([point], start, end).to_pylist(), key=lambda row: row["hour"])


def readings_of(park: Registry, addresses: Iterable[str], start: datetime, end: datetime) -> list[dict[str, Any]]:
    """The readings of the addresses as they came, in order."""
    store = lake(park)
    return [] if store is None else store.readings(addresses, start, end).to_pylist()


def standard_account(park: Registry, subject: str, period: Period, standard: str) -> StandardAccount:
    """What another standard says of a subject and period; raises UnknownNameError for a standard nobody knows."""
    with _counting(period):
        return standards.standard_account(park, lake(park), subject, period, standard)


def standard_figure(park: Registry, subject: str, key: str, period: Period, standard: str) -> Figure:
    """One figure of another standard with its whole working; raises UnknownNameError for a key it does not know."""
    with _counting(period):
        return standards.standard_figure(park, lake(park), key, subject, period, standard)


def _told(name: str) -> Mapping[str, Any]:
    """What settle wrote into a file of the data folder, {} before it did; read again when it was replaced."""
    path = data_folder() / name
    return _FILES.get((path, file_stamp(path)), lambda: read_live(path))


def live_view(park: Registry) -> Live:
    """The newest readings as of now."""
    return live(_told("live.json"), park, clock())


def device_book() -> tuple[DeviceBook, Text | None]:
    """What is settled about devices (devices.toml), and what is wrong with the file where it cannot be used."""
    try:
        return DeviceBook.read(data_folder() / "devices.toml"), None
    except BadSettings as error:
        return DeviceBook(), error.text


def known_devices(park: Registry) -> list[KnownDevice]:
    """Every device by registry or by what it sent, as of now."""
    return devices(_told("live.json"), _told("requests.json"), park, clock())


def known_sources(park: Registry) -> tuple[list[KnownSource], list[tuple[str, Text]]]:
    """Brokers, Modbus devices and OPC UA servers as of now, and what of their settings is not used, by process."""
    told = read_states(data_folder())
    return sources.sources(told, park, clock()), sources.problems(told)


def unused_addresses(park: Registry) -> list[sources.Unused]:
    """Addresses that come and no point uses."""
    return sources.unused(_told("live.json"), park)


def unheard_points(park: Registry, most: int) -> tuple[list[Point], bool]:
    """Points whose source never came, by live.json and by the lake; at most so many, and whether there are more."""
    silent = sources.unheard(_told("live.json"), park)
    lines = received_lines(park, [clock().astimezone(park.zone).date()], [point.code for point in silent[: most + 1]])
    never = [point for point in silent[: most + 1] if lines[point.code].first is None]
    return never[:most], len(never) > most or len(silent) > most + 1


def intake_counts() -> Mapping[str, Any]:
    """What live.json tells of all connections together: frames, refused by reason, junk, peers."""
    found: Mapping[str, Any] = _told("live.json").get("intake", {})
    return found


def newest_refused(mn: str = "") -> list[Entry]:
    """The newest refused frames and junk among the last entries of the intake's journals, whoever sent them or of one
    device by what they claim."""
    root = data_folder() / "journal"
    reached = _told("live.json").get("positions", {})
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
    store, now = lake(park), clock()
    now -= timedelta(seconds=now.timestamp() % _FINENESS.total_seconds())
    known_until = min(now, midnight(days[-1] + timedelta(days=1), park.zone))
    stamps = tuple(stamp(store, year) for year in sorted({days[0].year, days[-1].year}))
    wanted = tuple(park.points) if codes is None else tuple(sorted(codes))
    key = (
        "received",
        data_folder(),
        _registry_version(),
        tuple(days),
        stamps,
        known_until,
        None if codes is None else wanted,
    )
    return _MONTHS.get(key, lambda: _lines(park, store, Calendar(park, days, now), wanted))


def _lines(park: Registry, store: Lake | None, calendar: Calendar, codes: Sequence[str]) -> dict[str, Line]:
    firsts: dict[str, date] = {}
    rows: dict[str, dict[date, Mapping[str, Any]]] = {}
    if store is not None and codes:
        (start, _), (_, end) = calendar.span(calendar.days[0]), calendar.span(calendar.days[-1])
        begun = daily.filter(daily.point.isin(sorted(codes))).group_by("point").aggregate(first=daily.day.min())
        found = store.ask(begun, datetime(1970, 1, 2, tzinfo=UTC), end).to_pylist()
        firsts = {each["point"]: each["first"] for each in found}
        rows = dict(by_point(store.daily(codes, start, end).to_pylist()))
    return {code: line(park.points[code], rows.get(code, {}), firsts.get(code), calendar) for code in codes}


def months_reported(park: Registry, year: int, today: date) -> Mapping[str, tuple[MonthCell, ...]]:
    """Subject → what was due and reported of it, month by month; kept until the registry or the day changes."""
    key = ("reported", data_folder(), _registry_version(), year, today)
    return _MONTHS.get(key, lambda: reported_months(park, year, today))


def substituted_hours(park: Registry, outlet: str, item: str, month: Period) -> Mapping[str, tuple[int, int]]:
    """Concentration point → hours of the month for which a substitute stands in the outlet's emission, and those that
    lack one; empty where nothing is substituted."""
    try:
        waiting = [figure_tree(park, outlet, f"{item}_emission", month)]
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
            found[each] = find(data_folder() / "journal", each)
        except JournalError:
            continue
    return found
