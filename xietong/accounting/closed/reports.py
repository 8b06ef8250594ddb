"""Closed reports: what is written down of a subject and period when a person closes it, and reading it back.

The document holds figures with their whole working and what they were made from; nothing in it changes afterwards, so
what is printed of it are the same bytes whatever happens to factors, readings and statements. The verbs that close and
reopen are in `actions`, the comparison with today's figures in `differences`.
"""

import hashlib
import json
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from xietong import __version__
from xietong.accounting.closed.frozen import freeze, thaw
from xietong.accounting.factors.in_force import choices_of
from xietong.accounting.figures.account import figures
from xietong.accounting.models import ClosedReport
from xietong.calc.figures import Figure, walked
from xietong.calc.keys import parted
from xietong.lake.store import Lake
from xietong.park.models import Act
from xietong.park.nouns import Registry
from xietong.periods import Period
from xietong.texts import Text

FORMAT = "xietong closed report 1"
_OF_FACTOR = (
    "published",
    "source",
    "edition",
    "table_row",
    "region",
    "series",
    "range",
    "valid_from",
    "valid_to",
    "confidence",
    "own",
    "evidence",
)


class BrokenReportError(Exception):
    """A stored report whose bytes are not those that were closed."""

    def __init__(self, report: ClosedReport) -> None:
        self.text = Text(
            f"封存的 {report.subject} {report.period} 第 {report.revision} 版与封存时的校验值不符，已被改动，不能采用；"
            "请从备份恢复数据库，并查明是谁改的。",
            f"the closed report of {report.subject} {report.period}, revision {report.revision}, is not what was "
            "closed: its bytes were altered and cannot be used; restore the database from a backup and find out who.",
        )
        super().__init__(self.text.en)


@dataclass(frozen=True, slots=True)
class Basis:
    """What figures are made from: registry (as of an act), lake, park choices, program."""

    registry: Registry
    lake: Lake | None
    as_of: datetime | None
    act: int

    def stated(self) -> dict[str, Any]:
        """The basis as plain values."""
        return {
            "program": __version__,
            "registry_as_of": "" if self.as_of is None else self.as_of.isoformat(),
            "registry_act": self.act,
            "lake_version": None if self.lake is None else self.lake.version(),
            "choices": dict(sorted(choices_of(self.registry).items())),
        }


@dataclass(frozen=True, slots=True)
class Closed:
    """A closed report read back: who closed it, when and why, and what it holds."""

    id: int
    kind: str
    subject: str
    period: str
    revision: int
    at: datetime
    person: str
    reason: str
    sha256: str
    document: Mapping[str, Any]
    reopened: "Reopened | None" = None

    @property
    def figures(self) -> dict[str, Figure]:
        """The figures with their working, as they were."""
        return thaw(self.document)

    @property
    def made_from(self) -> Mapping[str, Any]:
        """What the figures were made from."""
        found: Mapping[str, Any] = self.document["made_from"]
        return found


@dataclass(frozen=True, slots=True)
class Reopened:
    """Who reopened a closed report, when and why."""

    person: str
    at: datetime
    reason: str


def account_document(basis: Basis, subject: str, period: Period) -> dict[str, Any]:
    """What is kept of an account: every figure worth showing; raises UnknownNameError for an unknown subject."""
    found = figures(basis.registry, basis.lake, subject, period)
    return document("account", basis, subject, period, found)


def document(
    kind: str, basis: Basis, subject: str, period: Period, found: Mapping[str, Figure], **more: object
) -> dict[str, Any]:
    """The document of a closed report of any kind: figures, what they were made from, and what else it says."""
    registry = basis.registry
    of = registry.subjects[subject]
    return {
        "format": FORMAT,
        "kind": kind,
        "park": {
            "code": registry.code,
            "name": registry.name,
            "name_en": registry.name_en,
            "timezone": str(registry.zone),
        },
        "subject": {"code": of.code, "name": of.name, "name_en": of.name_en, "kind": of.kind},
        "period": period.label,
        "made_from": {**basis.stated(), "factors": list(factors_used(found.values()))},
        **freeze(found),
        **more,
    }


def factors_used(found: Iterable[Figure]) -> Iterator[dict[str, str]]:
    """The factor rows that figures rest on, each once, with value in the unit used, source and validity."""
    slots: dict[tuple[str, ...], dict[str, str]] = {}
    for figure in walked(found):
        if figure.kind == "factor" and ":" in figure.key:
            row = _factor(figure)
            slots[row["purpose"], row["key"], row["subject"], row.get("source", "")] = row
    yield from (slots[slot] for slot in sorted(slots))


def _factor(figure: Figure) -> dict[str, str]:
    purpose, key = parted(figure.key)
    known = {**figure.trace, "source": figure.source}
    stated = {name: known[name] for name in _OF_FACTOR if known.get(name)}
    return {
        "purpose": purpose,
        "key": key,
        "subject": figure.trace.get("subject", ""),
        "value": repr(figure.value),
        "unit": figure.unit,
        **stated,
    }


def packed(content: Mapping[str, Any]) -> tuple[bytes, str]:
    """The canonical JSON of a document packed, and the SHA-256 of that JSON."""
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    return zlib.compress(text, 6), hashlib.sha256(text).hexdigest()


def latest_act() -> tuple[int, datetime | None]:
    """The newest act and its instant: what the registry is as of now."""
    found = Act.objects.order_by("-pk").values_list("pk", "at").first()
    return found or (0, None)


# ---- reading back ----


def closed_reports(kind: str = "", subject: str = "", period: str = "") -> list[ClosedReport]:
    """The rows of closed reports without their documents, newest revision first; a filter of "" lets all pass."""
    asked = {name: value for name, value in (("kind", kind), ("subject", subject), ("period", period)) if value}
    rows = ClosedReport.objects.filter(**asked).defer("document").select_related("reopening")
    return sorted(rows, key=lambda row: (row.subject, row.period, row.kind, -row.revision))


def in_force(kind: str, subject: str, period: str) -> ClosedReport | None:
    """The newest closed report of a subject and period, unless it was reopened."""
    rows = closed_reports(kind, subject, period)
    return None if not rows or is_reopened(rows[0]) else rows[0]


def is_reopened(row: ClosedReport) -> bool:
    """Whether somebody reopened it."""
    return hasattr(row, "reopening")


def opened(row: ClosedReport) -> Closed:
    """A closed report with what it holds; raises BrokenReportError where the bytes are not those that were closed."""
    try:
        text = zlib.decompress(bytes(row.document))
    except zlib.error:
        raise BrokenReportError(row) from None
    said = Act.objects.get(pk=row.act_id).what.get("sha256", "")
    if hashlib.sha256(text).hexdigest() != row.sha256 or said != row.sha256:
        raise BrokenReportError(row)
    again = row.reopening if is_reopened(row) else None
    return Closed(
        id=row.pk,
        kind=row.kind,
        subject=row.subject,
        period=row.period,
        revision=row.revision,
        at=row.closed_at,
        person=row.person,
        reason=row.reason,
        sha256=row.sha256,
        document=json.loads(text),
        reopened=None if again is None else Reopened(again.person, again.reopened_at, again.reason),
    )
