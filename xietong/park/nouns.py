"""Subject 主体, Point 监测点, Target 目标 and the other facts of a park as plain values.

The database keeps them (park.models) and the package carries them; every other room reads these.
Dates are park days; `until` is the first day no longer in force; None is open.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Literal
from zoneinfo import ZoneInfo

from xietong.periods import Period
from xietong.readings import CORRECTED
from xietong.standard.text import choices

SubjectKind = Literal[
    "park", "zone", "sector", "enterprise", "supply", "process", "equipment", "treatment", "outlet", "recycling"
]
Shape = Literal["counter", "amount", "mean", "instant", "state", "sample"]

# What counts where a park chose nothing: the first reading of each open point of the standards.
DEFAULT_CHOICES: Mapping[str, str] = {name: values[0] for name, values in choices().items()}


@dataclass(frozen=True, slots=True)
class Subject:
    """Whatever figures can be asked of: the park, a zone, a sector, an enterprise, a facility, an outlet.

    parent: code of the subject it belongs to ("" for the park); zone, sector: names, inherited by what lies below;
    discharges_to: for an outlet "environment" or the code of the works that receives it.
    """

    code: str
    kind: SubjectKind
    name: str
    name_en: str = ""
    parent: str = ""
    zone: str = ""
    sector: str = ""
    key_energy: bool = False
    key_pollution: bool = False
    key_carbon: bool = False
    key_recycling: bool = False
    since: date | None = None
    until: date | None = None
    uscc: str = ""
    permit_no: str = ""
    permit_class: str = ""
    reporting_class: str = ""
    lon: float | None = None
    lat: float | None = None
    datum: str = ""
    discharges_to: str = ""


@dataclass(frozen=True, slots=True)
class Point:
    """Where one quantity is measured: what it is, how its readings are shaped and which address they come under."""

    code: str
    subject: str
    quantity: str
    item: str
    unit: str
    shape: Shape
    interval_s: int
    low: Decimal | None = None
    high: Decimal | None = None
    source: str = "sheet"
    since: date | None = None
    until: date | None = None
    role: Literal["total", "sub", "check"] = "total"
    sign: int = 1
    multiplier: Decimal = Decimal(1)
    digits: int | None = None
    basis: str = ""

    @property
    def addresses(self) -> tuple[str, ...]:
        """The lake addresses whose readings are this point's: its device's, what sheets gave for it, and what persons
        corrected."""
        own = (f"sheet:{self.code}", f"{CORRECTED}{self.code}")
        return own if self.source == "sheet" else (device_address(self.source, self.interval_s), *own)


def device_address(source: str, interval_s: int) -> str:
    """The lake address of a source.

    A device may send the same code and field every minute (CN 2051), hour (2061) and day (2031); the address therefore
    carries the command, chosen by the field and the point's interval unless the source already names it with "@".
    """
    if not source.startswith("hj212:") or "@" in source:
        return source
    field_name = source.rpartition("/")[2]
    if field_name.endswith("Rtd"):
        return f"{source}@2011"
    if field_name == "Info":
        return f"{source}@3020"
    if interval_s >= 86_400:
        return f"{source}@2031"
    return f"{source}@2061" if interval_s >= 3_600 else f"{source}@2051"


@dataclass(frozen=True, slots=True)
class ReportedAmount:
    """An amount that a subject reported for a period, as stated.

    amount is None below detection; `below` is then the detection limit, 0 where the word was only "ND".
    """

    subject: str
    period: Period
    item: str
    amount: Decimal | None
    unit: str
    entry: str
    row: int
    recorded_at: datetime
    note: str = ""
    method: str = ""
    use: str = ""
    counterparty: str = ""
    opening: Decimal | None = None
    closing: Decimal | None = None
    below: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """What an indicator of a subject must reach in a year.

    waiver: a recorded reason for grading it by incomplete data, or, if it is not main, for leaving it out without any.
    """

    indicator: str
    subject: str
    year: int
    target: float | None
    basic: float | None
    main: bool
    form: str = "value"
    base_year: int | None = None
    base_value: float | None = None
    owner: str = ""
    reference: str = ""
    requirement: str = ""
    kind: str = ""
    source: str = ""
    waiver: str = ""


@dataclass(frozen=True, slots=True)
class Limit:
    """An emission limit of an outlet."""

    subject: str
    item: str
    kind: Literal["concentration", "rate", "annual"]
    value: Decimal
    unit: str
    averaging: str = ""
    o2_reference: Decimal | None = None
    source: str = ""
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Expected:
    """What a subject owes and when (without it, due is what the subject reported in the last twelve months)."""

    subject: str
    item: str
    frequency: str
    due_day: int | None = None
    since: date | None = None
    until: date | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    """A stop, a start-up, a calibration …: why values are absent or unlike; start and end are UTC, end None = still.

    Of a meter change: the point, and what the old meter's register and the new one's showed.
    """

    subject: str
    kind: Literal["stop", "start_up", "shut_down", "calibration", "maintenance", "fault", "meter_change"]
    start: datetime
    end: datetime | None = None
    reason: str = ""
    evidence: str = ""
    point: str = ""
    closing: Decimal | None = None
    opening: Decimal | None = None


@dataclass(frozen=True, slots=True)
class KeyListing:
    """Membership of a subject in a list of key units (名录) in a year."""

    subject: str
    list_name: str
    year: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Measure:
    """An undertaking that saves energy, carbon or pollutants; capex 万元, opex 万元 a year, in prices of price_year."""

    code: str
    subject: str
    name: str
    kind: str = ""
    stage: str = ""
    status: str = ""
    start: date | None = None
    commissioned: date | None = None
    capex: Decimal | None = None
    opex: Decimal | None = None
    price_year: int | None = None
    owner: str = ""
    evidence: str = ""


@dataclass(frozen=True, slots=True)
class Effect:
    """What a measure saves of an item in a year (positive), expected or verified; or what its boundary used of the item
    in a year before and with it, baseline and actual, whose difference it saved."""

    measure: str
    item: str
    amount: Decimal
    unit: str
    stage: Literal["expected", "verified", "baseline", "actual"] = "expected"
    method: str = ""


@dataclass(frozen=True, slots=True)
class Account:
    """The account number 户号 of a subject at a utility; a subject may have several."""

    utility: Literal["electricity", "gas", "heat", "water"]
    number: str
    subject: str
    since: date | None = None
    until: date | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Flow:
    """A material or energy that one subject gives another; an end may be "outside:NAME"."""

    origin: str
    destination: str
    material: str
    amount: Decimal
    unit: str
    period: Period
    grade: str = ""
    evidence: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """A scheme, a rule or a report with its version."""

    code: str
    title: str
    kind: str = ""
    version: str = ""
    effective: date | None = None
    review: date | None = None
    owner: str = ""
    file: str = ""


_GROUPS = ("park", "zone", "sector")


@dataclass(frozen=True, slots=True)
class Registry:
    """The whole park as one value, read in one go; codes are unique within each kind of thing.

    read_at: at which act, and as of when, it was read; "" of one that was made otherwise, also by `replace`.
    known: what was found out of its content once, by name; nothing that is part of it.
    """

    code: str
    name: str
    name_en: str
    region: str
    zone: ZoneInfo
    choices: Mapping[str, str]
    subjects: Mapping[str, Subject]
    points: Mapping[str, Point]
    reported: tuple[ReportedAmount, ...] = ()
    targets: tuple[Target, ...] = ()
    limits: tuple[Limit, ...] = ()
    expected: tuple[Expected, ...] = ()
    factors: tuple[Mapping[str, str], ...] = ()
    events: tuple[Event, ...] = ()
    key_lists: tuple[KeyListing, ...] = ()
    measures: Mapping[str, Measure] = field(default_factory=dict)
    effects: tuple[Effect, ...] = ()
    flows: tuple[Flow, ...] = ()
    documents: tuple[Document, ...] = ()
    accounts: tuple[Account, ...] = ()
    read_at: str = field(default="", init=False, compare=False, repr=False)
    known: dict[str, str] = field(default_factory=dict, init=False, compare=False, repr=False)

    def as_read_at(self, act: str) -> "Registry":
        """The same registry, which says by what it was read."""
        made = replace(self)
        object.__setattr__(made, "read_at", act)
        return made

    @property
    def facts(self) -> tuple[str, ...]:
        """The names of what it holds."""
        return tuple(each.name for each in fields(self) if each.compare)

    @property
    def park(self) -> Subject:
        """The subject of kind park."""
        return next(subject for subject in self.subjects.values() if subject.kind == "park")

    def below(self, code: str) -> tuple[Subject, ...]:
        """Every subject under this one, itself included; a zone or sector gathers what names it: enterprises
        and supplies, and whatever else belongs to the park, a zone or a sector itself."""
        root = self.subjects[code]
        gathered = [code]
        if root.kind in ("zone", "sector"):
            gathered += [s.code for s in self.subjects.values() if self._may_name(s) and self._in(s, root)]
        index = 0
        while index < len(gathered):
            gathered += [
                s.code for s in self.subjects.values() if s.parent == gathered[index] and s.code not in gathered
            ]
            index += 1
        return tuple(self.subjects[each] for each in gathered)

    def _may_name(self, subject: Subject) -> bool:
        """Whether the zone and sector that a subject names gather it: what lies below a unit goes with that."""
        if subject.kind in ("enterprise", "supply"):
            return True
        above = self.subjects.get(subject.parent)
        return subject.kind not in _GROUPS and (above is None or above.kind in _GROUPS)

    @staticmethod
    def _in(subject: Subject, group: Subject) -> bool:
        named = subject.zone if group.kind == "zone" else subject.sector
        return named in (group.code, group.name)
