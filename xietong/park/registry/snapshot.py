"""The registry as one value: every subject, point and fact in force at an instant, read in one go.

Reading only; what changes it is in `actions`.
"""

import json
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import fields, replace
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import QuerySet

from xietong.calc.factors.revisions import REVISED_AT, REVISED_FROM, REVISED_UNTIL
from xietong.lake.points import MeterChange, PointSpec
from xietong.park import models, nouns
from xietong.park.fields import plain
from xietong.park.package.rules import Known
from xietong.park.package.schema import TABLES
from xietong.park.registry.presence import here_of, points_here
from xietong.park.registry.revisions import BATCH, in_force
from xietong.periods import Period
from xietong.quality.bounds import NOTHING_KNOWN, bounds_of
from xietong.readings import CORRECTED
from xietong.texts import Text
from xietong.units import unit_of

Noun = TypeVar("Noun")


class NoParkError(LookupError):
    """The data folder holds no park yet (or held none at that instant)."""

    def __init__(self) -> None:
        self.text = Text(
            "数据目录里还没有园区；请先用 xietong load 载入一个园区数据包。",
            "the data folder holds no park yet; load a park package first with xietong load.",
        )
        super().__init__(self.text.en)


def load(as_of: datetime | None = None) -> nouns.Registry:
    """Read the registry now, or as it was at an instant; raises NoParkError where there was no park."""
    read_at = _read_at(as_of)
    park = in_force(models.Park, as_of).first()
    if park is None:
        raise NoParkError
    subjects = _subjects(as_of)
    found = nouns.Registry(
        code=park.code,
        name=park.name,
        name_en=park.name_en,
        region=park.region,
        zone=ZoneInfo(park.timezone),
        choices={**nouns.DEFAULT_CHOICES, **park.choices},
        subjects=subjects,
        points={point.code: point for point in _nouns(nouns.Point, models.Point, as_of)},
        reported=tuple(_reported(in_force(models.ReportedAmount, as_of))),
        targets=tuple(
            _nouns(nouns.Target, models.Target, as_of, target=_float, basic=_float, base_value=_float),
        ),
        limits=tuple(_nouns(nouns.Limit, models.Limit, as_of)),
        expected=tuple(_nouns(nouns.Expected, models.Expected, as_of)),
        factors=tuple(_factors(as_of, ZoneInfo(park.timezone))),
        events=tuple(_nouns(nouns.Event, models.Event, as_of)),
        key_lists=tuple(_nouns(nouns.KeyListing, models.KeyList, as_of)),
        measures={measure.code: measure for measure in _nouns(nouns.Measure, models.Measure, as_of)},
        effects=tuple(_nouns(nouns.Effect, models.Effect, as_of)),
        flows=tuple(_nouns(nouns.Flow, models.Flow, as_of, period=_period)),
        accounts=tuple(_nouns(nouns.Account, models.Account, as_of)),
        documents=tuple(_nouns(nouns.Document, models.Document, as_of)),
    )
    return found.as_read_at(read_at) if read_at else found


def _read_at(as_of: datetime | None) -> str:
    """What tells this reading of the registry from every other: database, newest act and instant asked for.

    "" inside a transaction, whose acts may be taken back. Asked before the tables are read: a change in between is then
    known under the older act, which nobody asks for again.
    """
    if connection.in_atomic_block:
        return ""
    act = models.Act.objects.order_by("-pk").values_list("pk", "at").first()
    return json.dumps([str(connection.settings_dict["NAME"]), *map(str, act or ()), str(as_of)])


def stated_by(subjects: Collection[str]) -> tuple[nouns.ReportedAmount, ...]:
    """The amounts in force that these subjects state, of every item and period. No other row of the table is read."""
    codes = sorted(subjects)
    batches = (codes[start : start + BATCH] for start in range(0, len(codes), BATCH))
    rows = (in_force(models.ReportedAmount, None).filter(subject__in=batch) for batch in batches)
    return tuple(each for batch in rows for each in _reported(batch))


def _reported(rows: QuerySet[models.ReportedAmount]) -> Iterator[nouns.ReportedAmount]:
    return _as_nouns(nouns.ReportedAmount, rows, period=_period)


def known_codes() -> Known:
    """The codes that a package may refer to without bringing them."""
    known = Known()
    known.add("subjects", in_force(models.Subject, None).values_list("code", flat=True))
    known.add("points", in_force(models.Point, None).values_list("code", flat=True))
    known.add("measures", in_force(models.Measure, None).values_list("code", flat=True))
    known.factors = tuple(_factor(row) for row in in_force(models.FactorRow, None))
    known.park = in_force(models.Subject, None).filter(kind="park").values_list("code", flat=True).first() or ""
    return known


def _subjects(as_of: datetime | None) -> dict[str, nouns.Subject]:
    """Every subject; one that names no parent belongs to the park."""
    subjects = list(_nouns(nouns.Subject, models.Subject, as_of))
    park = next((subject.code for subject in subjects if subject.kind == "park"), "")
    homeless = [subject for subject in subjects if not subject.parent and subject.kind != "park"]
    placed = {subject.code: replace(subject, parent=park) for subject in homeless}
    return {subject.code: placed.get(subject.code, subject) for subject in subjects}


def _nouns(
    noun: Callable[..., Noun],
    model: type[models.Revision],
    as_of: datetime | None,
    **readers: Callable[[Any], Any],
) -> Iterator[Noun]:
    """The facts of a table as nouns."""
    return _as_nouns(noun, in_force(model, as_of), **readers)


def _as_nouns(noun: Callable[..., Noun], rows: "QuerySet[Any]", **readers: Callable[[Any], Any]) -> Iterator[Noun]:
    """Rows of a table as nouns, whose fields have the columns' names; readers turn what is kept otherwise.

    Tuples rather than model objects: half the time on a table of 100,000 rows.
    """
    assert isinstance(noun, type)
    names = [each.name for each in fields(noun)]
    turned = [(names.index(name), reader) for name, reader in readers.items()]
    for row in rows.values_list(*names).iterator(chunk_size=2000):
        values = list(row)
        for place, reader in turned:
            values[place] = reader(values[place])
        yield noun(*values)


@lru_cache(maxsize=4096)
def _period(label: str) -> Period:
    return Period.parse(label)


def _float(value: object) -> float | None:
    return None if value is None else float(str(value))


def _factors(as_of: datetime | None, zone: ZoneInfo) -> Iterator[Mapping[str, str]]:
    """The own factors, each whose value was changed with the day of that and what it was."""
    rows = list(in_force(models.FactorRow, as_of))
    before = _replaced(as_of) if rows else {}
    for row in rows:
        yield {**_factor(row), **_revision([*before.get(row.key, ()), row], zone)}


def _replaced(as_of: datetime | None) -> dict[str, list[models.FactorRow]]:
    """By key, the approved factors that others have taken the place of, in order of time."""
    gone = models.FactorRow.objects.filter(superseded_at__isnull=False, approval="approved")
    if as_of is not None:
        gone = gone.filter(superseded_at__lte=as_of)
    found: dict[str, list[models.FactorRow]] = {}
    for row in gone.order_by("recorded_at"):
        found.setdefault(row.key, []).append(row)
    return found


def _revision(rows: list[models.FactorRow], zone: ZoneInfo) -> dict[str, str]:
    """When the last of the rows of one factor got its value, and from which; nothing where it always had it."""
    value = (rows[-1].value, rows[-1].unit)
    last = max((place for place, row in enumerate(rows) if (row.value, row.unit) != value), default=None)
    if last is None:
        return {}
    old, since = _factor(rows[last]), rows[last + 1].recorded_at
    return {
        REVISED_AT: since.astimezone(zone).date().isoformat(),
        REVISED_FROM: f"{old['value']} {old['unit']}",
        REVISED_UNTIL: old["valid_to"],
    }


def _factor(row: models.FactorRow) -> Mapping[str, str]:
    """A factor row as the file states it, column by column in words."""
    stated = {}
    for column in TABLES["factors"].columns:
        value = getattr(row, column.attribute)
        stated[column.name] = "" if value is None else plain(value) if column.kind == "decimal" else str(value)
    return stated


def point_specs(registry: nouns.Registry) -> list[PointSpec]:
    """What the roll-up must know of every point, one spec an address, dated by its days in park time and by those of
    the subject that it measures: readings of a time at which that was not here stay and do not count."""
    changes = _meter_changes(registry)
    days = points_here(registry.points, here_of(registry.subjects))
    parted = _parted(registry)
    is_zero = registry.choices.get("below_detection") == "zero"
    return [
        _spec(point, address, _instants(days[point.code], registry.zone), changes.get(point.code, ()))._replace(
            parted=point.code in parted, undetected_zero=is_zero or point.shape == "amount"
        )
        for point in registry.points.values()
        for address in point.addresses
    ]


def _parted(registry: nouns.Registry) -> frozenset[str]:
    """The points whose readings are multiplied with another's inside the hour or over more than one: concentration and
    flow of outlets of water (HJ 212-2017 D.1.2), and of any outlet those read less often than hourly."""
    ends = {code for code, subject in registry.subjects.items() if subject.kind in ("outlet", "treatment")}
    points = [each for each in registry.points.values() if each.subject in ends and each.shape in _FLOWING]
    water = {each.subject for each in points if _is_of_water(each)}
    return frozenset(each.code for each in points if each.subject in water or each.interval_s > 3600)


_FLOWING = frozenset({"amount", "mean", "instant", "counter"})


def _is_of_water(point: nouns.Point) -> bool:
    return point.item == "wastewater" or unit_of(point.unit).dimension == "water_concentration"


def _instants(point: nouns.Point, zone: ZoneInfo) -> tuple[datetime | None, datetime | None]:
    return _midnight(point.since, zone), _midnight(point.until, zone)


def _spec(
    point: nouns.Point,
    address: str,
    span: tuple[datetime | None, datetime | None],
    changes: tuple[MeterChange, ...],
) -> PointSpec:
    """What devices and sheets say is held against the bounds of the quantity where the point states none; what a person
    corrected stands as stated, within the point's own bounds."""
    said = not address.startswith(CORRECTED)
    known = bounds_of(point.item, point.unit, point.shape, point.interval_s) if said else NOTHING_KNOWN
    return PointSpec(
        point=point.code,
        address=address,
        since_utc=span[0],
        until_utc=span[1],
        shape=point.shape,
        interval_s=point.interval_s,
        low=known.low if point.low is None else point.low,
        high=known.high if point.high is None else point.high,
        multiplier=point.multiplier,
        sign=point.sign,
        digits=point.digits or 0,
        changes=changes,
        daily_reset="daily_reset" in point.basis,
        checked=said,
        drift=known.drift and point.low is None,
        peak_times=known.peak_times,
        peak_floor=known.peak_floor,
    )


def _meter_changes(registry: nouns.Registry) -> dict[str, tuple[MeterChange, ...]]:
    """The recorded changes of every point's meter, in order of time."""
    changes: dict[str, list[MeterChange]] = {}
    for event in registry.events:
        if event.kind == "meter_change" and event.closing is not None and event.opening is not None:
            changes.setdefault(event.point, []).append(MeterChange(event.start, event.closing, event.opening))
    return {point: tuple(sorted(each)) for point, each in changes.items()}


def _midnight(day: date | None, zone: ZoneInfo) -> datetime | None:
    return None if day is None else datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
