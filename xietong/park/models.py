"""The registry's tables. Every row is a revision: a changed fact is a new row, the old one says when it was superseded,
and both say which evidence and which act they came from (docs/decisions/0007-revisions-not-updates.md).

`key` is the fact's natural key as a JSON list, so that one rule (one current row a key) holds for every table.
"""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from xietong.park.fields import ExactDecimalField


class Act(models.Model):
    """What a person did: who, which verb, what it touched; written in one transaction with the change itself."""

    who = models.CharField(max_length=150)
    verb = models.CharField(max_length=60)
    what = models.JSONField(default=dict)
    at = models.DateTimeField(db_index=True)
    entry = models.CharField(max_length=80, blank=True, help_text="journal/ordinal of the evidence, if there is any")

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.who} {self.verb}"


class Revision(models.Model):
    """One statement of one fact. Only superseded_at is ever written after the row was made, and only once."""

    key = models.CharField(max_length=700)
    recorded_at = models.DateTimeField(db_index=True, help_text="UTC")
    superseded_at = models.DateTimeField(null=True, help_text="UTC; empty while the row is in force")
    entry = models.CharField(max_length=80, blank=True, help_text="journal/ordinal of the file it came in")
    row = models.PositiveIntegerField(default=0, help_text="row of that file; the header is row 1")
    act = models.ForeignKey(Act, on_delete=models.PROTECT, related_name="+")

    class Meta:
        abstract = True
        ordering = ["key", "recorded_at"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["key"], condition=Q(superseded_at__isnull=True), name="%(class)s_one_current"
            ),
            models.CheckConstraint(
                condition=Q(superseded_at__isnull=True) | Q(superseded_at__gt=F("recorded_at")),
                name="%(class)s_superseded_later",
            ),
        ]

    def __str__(self) -> str:
        return self.key


def _code(length: int = 60) -> "models.CharField[str, str]":
    return models.CharField(max_length=length, blank=True, default="")


def _words() -> "models.TextField[str, str]":
    return models.TextField(blank=True, default="")


def _decimal(unit: str, null: bool = False, default: str | None = None) -> ExactDecimalField:
    return ExactDecimalField(max_length=40, help_text=unit, null=null, default=default)


class Park(Revision):
    """The park itself; one data folder holds one."""

    code = _code()
    name = _words()
    name_en = _words()
    region = _words()
    timezone = _code()
    choices = models.JSONField(default=dict)


class Subject(Revision):
    """Whatever figures can be asked of."""

    code = _code()
    kind = _code()
    name = _words()
    name_en = _words()
    parent = _code()
    zone = _words()
    sector = _words()
    key_energy = models.BooleanField(default=False)
    key_pollution = models.BooleanField(default=False)
    key_carbon = models.BooleanField(default=False)
    key_recycling = models.BooleanField(default=False)
    since = models.DateField(null=True)
    until = models.DateField(null=True)
    uscc = _words()
    permit_no = _words()
    permit_class = _words()
    reporting_class = _words()
    lon = models.FloatField(null=True, help_text="degrees east")
    lat = models.FloatField(null=True, help_text="degrees north")
    datum = _words()
    discharges_to = _code()


class Point(Revision):
    """Where one quantity is measured."""

    code = _code()
    subject = _code()
    quantity = _words()
    item = _code(100)
    unit = _code(20)
    shape = _code(20)
    interval_s = models.PositiveIntegerField(default=0, help_text="seconds")
    low = _decimal("in unit", null=True)
    high = _decimal("in unit", null=True)
    source = models.CharField(max_length=300, default="sheet")
    since = models.DateField(null=True)
    until = models.DateField(null=True)
    role = _code(20)
    sign = models.SmallIntegerField(default=1)
    multiplier = _decimal("CT×PT", default="1")
    digits = models.PositiveSmallIntegerField(null=True, help_text="digits of the counter before it starts again")
    basis = _words()


class ReportedAmount(Revision):
    """An amount that a subject reported for a period."""

    subject = _code()
    period = _code(40)
    item = _code(100)
    amount = _decimal("in unit; empty below detection", null=True)
    below = _decimal("in unit; the detection limit, 0 where it was not stated", null=True)
    unit = _code(20)
    note = _words()
    method = _code(20)
    use = _code(20)
    counterparty = _code(120)
    opening = _decimal("stock in unit", null=True)
    closing = _decimal("stock in unit", null=True)


class Target(Revision):
    """What an indicator of a subject must reach in a year."""

    indicator = _code(100)
    subject = _code()
    year = models.PositiveSmallIntegerField()
    target = _decimal("in the indicator's unit", null=True)
    basic = _decimal("in the indicator's unit", null=True)
    main = models.BooleanField(default=False)
    kind = _words()
    form = _code(30)
    base_year = models.PositiveSmallIntegerField(null=True)
    base_value = _decimal("in the indicator's unit", null=True)
    owner = _words()
    source = _words()
    reference = _words()
    requirement = _words()
    waiver = _words()


class Limit(Revision):
    """An emission limit of an outlet."""

    subject = _code()
    item = _code(100)
    kind = _code(20)
    value = _decimal("in unit")
    unit = _code(20)
    averaging = _code(120)
    o2_reference = _decimal("% by volume, dry", null=True)
    source = _words()
    since = models.DateField(null=True)
    until = models.DateField(null=True)


class Expected(Revision):
    """What a subject owes and when."""

    subject = _code()
    item = _code(100)
    frequency = _code(20)
    due_day = models.PositiveSmallIntegerField(null=True)
    since = models.DateField(null=True)
    until = models.DateField(null=True)
    reason = _words()


class Event(Revision):
    """A stop, a start-up, a calibration …: why values are absent or unlike."""

    subject = _code()
    kind = _code(20)
    start = models.DateTimeField(help_text="UTC")
    end = models.DateTimeField(null=True, help_text="UTC; empty while it lasts")
    reason = _words()
    evidence = _words()
    point = _code()
    closing = _decimal("the point's unit, before the multiplier", null=True)
    opening = _decimal("the point's unit, before the multiplier", null=True)


class KeyList(Revision):
    """Membership of a subject in a list of key units in a year."""

    subject = _code()
    list_name = _code(120)
    year = models.PositiveSmallIntegerField()
    reason = _words()


class Measure(Revision):
    """An undertaking that saves energy, carbon or pollutants."""

    code = _code()
    subject = _code()
    kind = _words()
    stage = _code(30)
    name = _words()
    status = _words()
    start = models.DateField(null=True)
    commissioned = models.DateField(null=True)
    capex = _decimal("万元", null=True)
    opex = _decimal("万元 a year", null=True)
    price_year = models.PositiveSmallIntegerField(null=True)
    owner = _words()
    evidence = _words()


class Effect(Revision):
    """What a measure saves in a year, expected or verified."""

    measure = _code()
    item = _code(100)
    amount = _decimal("in unit, a year; a saving is positive")
    unit = _code(20)
    stage = _code(20)
    method = _words()


class Account(Revision):
    """The account number of a subject at a utility."""

    utility = _code()
    number = _code()
    subject = _code()
    since = models.DateField(null=True)
    until = models.DateField(null=True)
    note = _words()


class Flow(Revision):
    """A material or energy that one subject gives another."""

    origin = _code(200)
    destination = _code(200)
    material = _code(120)
    amount = _decimal("in unit")
    unit = _code(20)
    period = _code(40)
    grade = _words()
    evidence = _words()


class Document(Revision):
    """A scheme, a rule or a report with its version."""

    code = _code()
    kind = _words()
    title = _words()
    version = _code(120)
    effective = models.DateField(null=True)
    review = models.DateField(null=True)
    owner = _words()
    file = _words()


class FactorRow(Revision):
    """A park's own factor, which goes before the built-in one of the same key."""

    name = _code(100)
    value = _decimal("in unit")
    low = _decimal("in unit", null=True)
    high = _decimal("in unit", null=True)
    unit = _words()
    source = _words()
    edition = _words()
    region = _code(120)
    purpose = _code(120)
    subject = _code()
    valid_from = models.DateField(null=True)
    valid_to = models.DateField(null=True)
    evidence = _words()
    approval = models.CharField(max_length=20, default="approved")
    legal_basis = _words()


class ApiKey(models.Model):
    """What a program proves itself by; the secret itself was shown once and is not kept."""

    name = models.CharField(max_length=60, unique=True)
    secret_sha256 = models.CharField(max_length=64, unique=True)
    subject = models.CharField(max_length=60, help_text="it may push for points of this subject and of those below")
    made_at = models.DateTimeField(help_text="UTC")
    revoked_at = models.DateTimeField(null=True, help_text="UTC; empty while it holds")

    def __str__(self) -> str:
        return self.name


class Push(models.Model):
    """A push that was answered: the same key and idempotency key get the same answer again."""

    key = models.ForeignKey(ApiKey, on_delete=models.PROTECT, related_name="+")
    idempotency = models.CharField(max_length=120)
    body_sha256 = models.CharField(max_length=64)
    answer = models.JSONField()
    at = models.DateTimeField(help_text="UTC")

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["key", "idempotency"], name="push_once"),
        ]

    def __str__(self) -> str:
        return f"{self.key} {self.idempotency}"


class Submission(models.Model):
    """A month that was typed in or sent by a program, and was answered: the same sender and key get the same again."""

    sender = models.CharField(max_length=220, help_text="person:NAME or key:NAME")
    idempotency = models.CharField(max_length=160)
    body_sha256 = models.CharField(max_length=64)
    subject = models.CharField(max_length=60)
    period = models.CharField(max_length=40)
    answer = models.JSONField()
    at = models.DateTimeField(help_text="UTC")

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["sender", "idempotency"], name="submission_once"),
        ]

    def __str__(self) -> str:
        return f"{self.sender} {self.subject} {self.period}"


class Draft(models.Model):
    """What somebody has typed of a month and not sent in yet; each saving is a row of its own, so that none is lost."""

    subject = models.CharField(max_length=60)
    period = models.CharField(max_length=40)
    who = models.CharField(max_length=150)
    cells = models.JSONField(help_text="a list of rows, column → what was typed")
    at = models.DateTimeField(help_text="UTC")

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["subject", "period", "at"], name="draft_of_month")
        ]

    def __str__(self) -> str:
        return f"{self.subject} {self.period} {self.who}"
