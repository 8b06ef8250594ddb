"""Closed reports: the figures of a subject and period as they were when a person closed them, and their reopenings.

Rows are only ever added (docs/decisions/0014-closed-reports.md). What a report holds is written by `closed.reports`.
"""

from typing import ClassVar

from django.db import models

from xietong.park.models import Act


class ClosedReport(models.Model):
    """One revision of one closed report; `document` is its canonical JSON, packed with zlib."""

    kind = models.CharField(max_length=20, help_text="account or evaluation")
    subject = models.CharField(max_length=60)
    period = models.CharField(max_length=40)
    revision = models.PositiveIntegerField(help_text="1, 2, 3 … of this kind, subject and period")
    closed_at = models.DateTimeField(help_text="UTC")
    person = models.CharField(max_length=150)
    reason = models.TextField()
    sha256 = models.CharField(max_length=64, help_text="of the canonical JSON before packing; the act says it too")
    document = models.BinaryField()
    act = models.OneToOneField(Act, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["subject", "period", "kind", "revision"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["kind", "subject", "period", "revision"], name="closed_report_once"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject} {self.period} rev. {self.revision}"


class Reopening(models.Model):
    """A closed report that is no longer the last word on its period, and why."""

    report = models.OneToOneField(ClosedReport, on_delete=models.PROTECT, related_name="reopening")
    reopened_at = models.DateTimeField(help_text="UTC")
    person = models.CharField(max_length=150)
    reason = models.TextField()
    act = models.OneToOneField(Act, on_delete=models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return f"{self.report} reopened"
