"""A month comes in by the browser form or the API: judged by the one rule set, entered once, answered alike again.

Drafts are kept here too; nothing of a draft counts. The workbook of a month comes in by `receiving`.
"""

import csv
import hashlib
import io
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from django.contrib.auth.models import AbstractUser
from django.db import IntegrityError, transaction

from xietong.park.bringing.evidence import Opened
from xietong.park.bringing.receiving import LONGEST_VALUE, Answer, Reception
from xietong.park.models import Draft, Submission
from xietong.park.nouns import Registry
from xietong.park.package.schema import TABLES
from xietong.park.package.sheets import Rejection, Row
from xietong.park.people import may
from xietong.periods import Period

COLUMNS: tuple[str, ...] = tuple(column.name for column in TABLES["reported"].columns)
# How many savings of one month's draft are kept; the oldest go first.
DRAFTS = 30
# Verdicts of a sending that are kept in words; of more the number is kept.
MOST_KEPT = 200


class Month(NamedTuple):
    """Which subject's statement of which period."""

    subject: str
    period: Period


class Sent(NamedTuple):
    """One sending: who sends it (name) by which door, the key that says which sending it is, the rows as typed, and
    the bytes that are kept of it under a file name.

    own: the subjects whose amounts the sender may state; partial: take what can be used although some cannot.
    """

    door: str
    who: str
    idempotency: str
    rows: tuple[Row, ...]
    body: bytes
    file: str
    own: frozenset[str]
    partial: bool = False


class OtherBodyError(Exception):
    """The idempotency key was used for another body."""


class Outcome(NamedTuple):
    """What became of a sending, as plain values (see `told`), whether it was entered, and its submission's id."""

    answer: Mapping[str, Any]
    entered: bool
    submission: int = 0


def may_report(user: AbstractUser, park: Registry, subject: str) -> bool:
    """Whether a person may state amounts of a subject: it, or one above it, is theirs to state."""
    code, seen = subject, set[str]()
    while code in park.subjects and code not in seen:
        if may(user, "report", code):
            return True
        seen.add(code)
        code = park.subjects[code].parent
    return False


class Desk(NamedTuple):
    """Where months come in: a data folder, the park as it stands, and what opens the journal of this process."""

    data: Path
    park: Registry
    journal: Opened

    def reception(self, sent: Sent, at: datetime) -> Reception:
        """Where one sending comes in."""
        return Reception(self.data, sent.who, at=at, door=sent.door, own=sent.own, journal=self.journal)


def submit(desk: Desk, month: Month, sent: Sent, at: datetime) -> Outcome:
    """Enter a month once: durable when this returns (evidence, journal and registry), or nothing of it entered.

    The same sender, key and body give the same outcome again. Raises OtherBodyError where the key was used for another
    body, JournalError where the disk refuses.
    """
    digest = hashlib.sha256(sent.body + bytes([sent.partial])).hexdigest()
    sender = f"{sent.door}:{sent.who}"
    try:
        with transaction.atomic():
            before = _before(sender, sent.idempotency, digest)
            return before or _enter(desk, month, sent, digest, at)
    except IntegrityError:
        before = _before(sender, sent.idempotency, digest)
        if before is None:
            raise
        return before


def _before(sender: str, idempotency: str, digest: str) -> Outcome | None:
    found = Submission.objects.filter(sender=sender, idempotency=idempotency).first()
    if found is None:
        return None
    if found.body_sha256 != digest:
        raise OtherBodyError
    return Outcome(found.answer, True, found.pk)


def _enter(desk: Desk, month: Month, sent: Sent, digest: str, at: datetime) -> Outcome:
    reception = desk.reception(sent, at)
    answer = reception.statement(sent.body, sent.file, sent.rows, sent.partial, desk.park)
    plain = _answer(answer, sent)
    if not answer.entries:
        return Outcome(plain, False)
    made = Submission.objects.create(
        sender=f"{sent.door}:{sent.who}",
        idempotency=sent.idempotency,
        body_sha256=digest,
        subject=month.subject,
        period=month.period.label,
        answer=_small(plain),
        at=at,
    )
    Draft.objects.filter(subject=month.subject, period=month.period.label).delete()
    return Outcome(plain, True, made.pk)


def _answer(answer: Answer, sent: Sent) -> dict[str, Any]:
    return {
        "entry": answer.entries.get(sent.file, ""),
        "sha256": hashlib.sha256(sent.body).hexdigest() if answer.entries else "",
        "accepted": answer.accepted,
        "usable": answer.usable,
        "changes": {name: change._asdict() for name, change in answer.changes.items()},
        "errors": [told(each) for each in answer.rejected],
        "remarks": [told(each) for each in answer.remarks],
    }


def _small(plain: Mapping[str, Any]) -> dict[str, Any]:
    """What is kept of an answer: the first verdicts in words, and how many there were."""
    first = {name: plain[name][:MOST_KEPT] for name in ("errors", "remarks")}
    return {**plain, **first, "counts": {name: len(plain[name]) for name in first}}


def check(desk: Desk, sent: Sent, at: datetime) -> Outcome:
    """What the one rule set says of a sending; nothing of it is kept or entered."""
    reception = desk.reception(sent, at)
    reception.verdicts(sent.rows, desk.park)
    return Outcome(_answer(reception.answer, sent), False)


def told(found: Rejection) -> dict[str, Any]:
    """A rejection or remark as plain values: where (row of the file kept, column), rule, clause, sentence, remedy."""
    return {
        "row": found.row,
        "column": found.column,
        "value": found.value[:LONGEST_VALUE],
        "rule": found.rule,
        "clause": found.clause,
        "sentence": found.said._asdict(),
        "remedy": found.remedy._asdict(),
    }


def as_csv(rows: Sequence[Mapping[str, str]]) -> bytes:
    """Rows of a month as the file that is kept of a form: what was typed, a line a row under our own header."""
    target = io.StringIO()
    writer = csv.writer(target, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows([row.get(name, "") for name in COLUMNS] for row in rows)
    return target.getvalue().encode()


def save_draft(month: Month, who: str, cells: Sequence[Mapping[str, str]], at: datetime) -> Draft:
    """Keep what was typed, beside what was kept before; the same as the newest is not kept twice."""
    subject, period = month.subject, month.period.label
    with transaction.atomic():
        kept = list(Draft.objects.filter(subject=subject, period=period).order_by("-at", "-pk"))
        if kept and kept[0].cells == list(cells):
            return kept[0]
        Draft.objects.filter(pk__in=[each.pk for each in kept[DRAFTS - 1 :]]).delete()
        return Draft.objects.create(subject=subject, period=period, who=who, cells=list(cells), at=at)


def drafts(month: Month) -> list[Draft]:
    """What was kept of a month and not sent in yet, the newest first."""
    return list(Draft.objects.filter(subject=month.subject, period=month.period.label).order_by("-at", "-pk"))
