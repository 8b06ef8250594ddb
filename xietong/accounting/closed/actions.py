"""The verbs of accounting: close the figures of a subject and period, and reopen them, each with its Act in one
transaction. What is closed is never changed: once it is reopened, closing again adds a revision."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from xietong.accounting.closed.reports import closed_reports, in_force, packed
from xietong.accounting.models import ClosedReport, Reopening
from xietong.park.actions import record_act
from xietong.park.models import Act
from xietong.park.nouns import Registry
from xietong.park.people import RefusedError, check_person, check_reason
from xietong.periods import Period


@dataclass(frozen=True, slots=True)
class Deed:
    """Who does it, when (UTC) and why."""

    person: str
    at: datetime
    reason: str


def close_report(content: Mapping[str, Any], deed: Deed) -> ClosedReport:
    """Keep a document of `reports` for good; raises RefusedError where the person may not, no reason is given, or a
    closed report of the same is still in force: what was closed is reopened first, with a reason of its own."""
    kind, subject, period = content["kind"], content["subject"]["code"], content["period"]
    _check(deed, subject)
    if not any("value" in node for node in content["nodes"]):
        raise RefusedError(
            f"{subject} {period} 没有任何数值，没有可封存的；请先填报或接入数据。",
            f"nothing of {subject} in {period} has a value, so there is nothing to close; bring its data first.",
        )
    document, sha256 = packed(content)
    with transaction.atomic():
        _check_not_closed(kind, subject, period)
        revision = max((row.revision for row in closed_reports(kind, subject, period)), default=0) + 1
        what = {"kind": kind, "subject": subject, "period": period, "revision": revision}
        what |= {"sha256": sha256, "reason": deed.reason, "figures": len(content["figures"])}
        made: list[ClosedReport] = []

        def keep() -> None:
            act = Act.objects.latest("pk")  # the one that record_act has just written, in this transaction
            report = ClosedReport(kind=kind, subject=subject, period=period, revision=revision)
            report.closed_at, report.person, report.reason = act.at, deed.person, deed.reason
            report.sha256, report.document, report.act = sha256, document, act
            report.save(force_insert=True)
            made.append(report)

        record_act(deed.person, "close_report", what, deed.at, keep)
    return made[0]


def reopen_report(kind: str, subject: str, period: str, deed: Deed) -> ClosedReport:
    """Say that the newest closed report of a period is no longer the last word; it stays as it is.

    Raises RefusedError where nothing is closed, the person may not, or no reason is given.
    """
    _check(deed, subject)
    with transaction.atomic():
        report = in_force(kind, subject, period)
        if report is None:
            raise RefusedError(
                f"{subject} {period} 没有可重开的封存报告；用 --closed 查看已封存的报告。",
                f"no closed report of {subject} {period} is there to reopen; xietong closed lists what is closed.",
            )
        what = {"kind": kind, "subject": subject, "period": period, "revision": report.revision}

        def keep() -> None:
            act = Act.objects.latest("pk")
            again = Reopening(report=report, reopened_at=act.at, person=deed.person, reason=deed.reason, act=act)
            again.save(force_insert=True)

        record_act(deed.person, "reopen_report", {**what, "reason": deed.reason}, deed.at, keep)
    return report


def check_ended(registry: Registry, period: Period, now: datetime) -> None:
    """Raise RefusedError where the period has not ended in park time: its figures would not be final."""
    if period.utc(registry.zone)[1] > now:
        raise RefusedError(
            f"{period.label} 还没有结束，数字还会变，不能封存；请等期间结束。",
            f"{period.label} has not ended and its figures will change, so it cannot be closed; wait for its end.",
        )


def _check_not_closed(kind: str, subject: str, period: str) -> None:
    report = in_force(kind, subject, period)
    if report is not None:
        at = report.closed_at.date().isoformat()
        raise RefusedError(
            f"{subject} {period} 已由 {report.person} 于 {at} 封存（第 {report.revision} 版），数字不能再封存一次；"
            "确需更正的，请先重开并写明理由，再封存为新的一版。",
            f"{subject} {period} was closed by {report.person} on {at} (revision {report.revision}) and cannot be "
            "closed again; where it must be corrected, reopen it first, with a reason, then close it anew.",
        )


def _check(deed: Deed, subject: str) -> None:
    check_person(deed.person, "verify", subject)
    check_reason(deed.reason)
