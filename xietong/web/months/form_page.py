"""填报: the browser form of a month: what is due, last month's amounts beside it, verdicts beside each field.

Judged by the rule set of the workbook and the API (park.months). A page for each step, so that it works without
JavaScript; what was typed is never lost: it is kept as a draft, or printed again.
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import uuid4

from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import AbstractUser
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_safe

from xietong.journal import JournalError
from xietong.park.bringing.months import (
    Desk,
    Month,
    OtherBodyError,
    Outcome,
    Sent,
    as_csv,
    check,
    drafts,
    may_report,
    save_draft,
    submit,
)
from xietong.park.bringing.template import Line, lines_owed
from xietong.park.models import Draft, Submission
from xietong.park.nouns import Registry
from xietong.periods import Period
from xietong.web.months.form_fields import OF, FormLine, Place, Typed, as_rows, choices, form_lines, stamp_of, typed
from xietong.web.shell import own_journal, park_data
from xietong.web.shell.asked import NothingThereError, number, period_or_404, subject_or_404
from xietong.web.shell.languages import reading_language
from xietong.web.shell.links import entry_href
from xietong.wording.places import full_name

MONTHS_SHOWN = 12
_OWNERS = ("enterprise", "supply")
# What of an owed line is typed; the rest of it stands fast.
_TYPED = frozenset({"amount", "unit", "opening", "closing", "counterparty", "note"})
Answer = Mapping[str, Any]


@require_safe
def month_list(request: HttpRequest) -> HttpResponse:
    """The months that the person may fill in, by enterprise, the newest first, with what is still lacking."""
    registry = park_data.registry()
    today = park_data.clock().astimezone(registry.zone).date()
    mine = [each for each in registry.subjects.values() if each.kind in _OWNERS and _may(request, registry, each.code)]
    asked = request.GET.get("subject") or (mine[0].code if mine else "")
    if asked and asked not in {each.code for each in mine}:
        raise PermissionDenied
    context = {
        "here": "months",
        "subjects": [(each.code, full_name(registry, each.code).in_language(reading_language())) for each in mine],
        "subject": asked,
        "months": [_month_line(registry, asked, month, today) for month in _last_months(today)] if asked else [],
    }
    return render(request, "web/months.html", context)


def _may(request: HttpRequest, registry: Registry, subject: str) -> bool:
    return isinstance(request.user, AbstractUser) and may_report(request.user, registry, subject)


def _last_months(today: date) -> list[Period]:
    """The months that have begun, the newest first."""
    last = today.year * 12 + today.month - 1
    return [Period.month(each // 12, each % 12 + 1) for each in range(last, last - MONTHS_SHOWN, -1)]


def _month_line(registry: Registry, subject: str, month: Period, today: date) -> dict[str, Any]:
    owed = lines_owed(registry, subject, month)
    stated = sum(1 for line in owed if line.now)
    return {
        "label": month.label,
        "href": reverse("month", args=[subject, month.label]),
        "owed": len(owed),
        "stated": stated,
        "lacking": len(owed) - stated,
        "runs": month.end.date() > today,
        "draft": _draft_words(registry, drafts(Month(subject, month))),
    }


def _draft_words(registry: Registry, kept: Sequence[Draft]) -> dict[str, Any]:
    return {"who": kept[0].who, "at": kept[0].at.astimezone(registry.zone)} if kept else {}


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def month(request: HttpRequest, subject: str, period: str) -> HttpResponse:
    """One month of a subject: the form, and what becomes of it."""
    if not request.user.is_authenticated:
        return _signed_out(request)
    registry = park_data.registry()
    asked = Month(subject_or_404(registry, subject).code, _span_or_404(period))
    if not _may(request, registry, subject):
        raise PermissionDenied
    sheet = _Sheet(request, registry, asked)
    return sheet.posted() if request.method == "POST" else sheet.shown()


def _span_or_404(text: str) -> Period:
    span = period_or_404(text)
    if not 1 <= span.month_count <= 12:
        raise NothingThereError(gettext("“%(text)s”不是可填报的期间；请从月份列表里选。") % {"text": text})
    return span


def _signed_out(request: HttpRequest) -> HttpResponse:
    """Who was signed out while typing keeps what was typed on the page; who typed nothing signs in first."""
    kept = [(name, text) for name, text in request.POST.items() if name != "csrfmiddlewaretoken"]
    if request.method != "POST" or not kept:
        return redirect(f"{reverse('sign-in')}?next={request.path}")
    return render(request, "web/month_kept.html", {"kept": kept}, status=401)


def forged(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form whose token does not hold: nothing is done; a month's form comes back with what was typed on it."""
    match = request.resolver_match
    if match is None or match.url_name != "month" or not request.user.is_authenticated:
        stranger = request.headers.get("Origin", "")[:200] if reason.startswith("Origin checking failed") else ""
        return render(request, "403_csrf.html", {"origin": stranger}, status=403)
    registry = park_data.registry()
    asked = Month(subject_or_404(registry, match.kwargs["subject"]).code, _span_or_404(match.kwargs["period"]))
    if not _may(request, registry, asked.subject):
        return render(request, "403_csrf.html", status=403)
    said = gettext("登录已更新，这一次没有提交；填的都在下面，请核对后再按一次。")
    return _Sheet(request, registry, asked).shown(alert=said, status=403)


class _Sheet:
    """One request for one month's form."""

    def __init__(self, request: HttpRequest, registry: Registry, asked: Month) -> None:
        self.request, self.registry, self.asked = request, registry, asked
        self.owed: Sequence[Line] = lines_owed(registry, asked.subject, asked.period)
        self.rows: list[Typed] = []
        if request.method == "POST":
            self.rows = typed(request.POST.dict(), asked.period.label, asked.subject)

    def posted(self) -> HttpResponse:
        """Keep as draft, check, or send in."""
        action = self.request.POST.get("action", "check")
        try:
            if action == "draft":
                self._keep()
                return self._back(saved="1")
            return self._checked() if action == "check" else self._sent()
        except JournalError as error:
            return self.shown(alert=error.text.in_language(reading_language()), status=503)

    def _keep(self) -> Draft:
        cells = [{**each.cells, OF: each.of} for each in self.rows]
        return save_draft(self.asked, self.request.user.get_username(), cells, park_data.clock())

    def _back(self, **query: str) -> HttpResponseRedirect:
        address = reverse("month", args=[self.asked.subject, self.asked.period.label])
        return HttpResponseRedirect(f"{address}?{'&'.join(f'{name}={value}' for name, value in query.items())}")

    def _sending(self) -> Sent:
        body = as_csv([each.cells for each in self.rows])
        file = f"{self.asked.subject}-{self.asked.period.label}-form.csv"
        token = self.request.POST.get("sending", "")[:60]
        return Sent(
            door="form",
            who=self.request.user.get_username(),
            # The same page sent twice is one sending; corrected and sent again it is another.
            idempotency=f"{token}:{hashlib.sha256(body).hexdigest()}",
            rows=as_rows(self.rows, file),
            body=body,
            file=file,
            own=frozenset(each.code for each in self.registry.below(self.asked.subject)),
            partial=self.request.POST.get("partial") == "1",
        )

    def _desk(self) -> Desk:
        return Desk(park_data.data_folder(), self.registry, own_journal.opened)

    def _checked(self) -> HttpResponse:
        outcome = check(self._desk(), self._sending(), park_data.clock())
        return self.shown(outcome=outcome, checked=True)

    def _sent(self) -> HttpResponse:
        sent = self._sending()
        known = Submission.objects.filter(sender=f"{sent.door}:{sent.who}", idempotency=sent.idempotency).exists()
        if not known and self.request.POST.get("seen", "") != stamp_of(self.owed):
            self._keep()
            said = gettext("您填的时候别人报过或改过这个月，已报的数列在各行；您填的还没有提交，请核对后再按一次。")
            return self.shown(alert=said, status=409)
        try:
            outcome = submit(self._desk(), self.asked, sent, park_data.clock())
        except OtherBodyError:
            return self.shown(alert=gettext("这一页已经提交过，请核对后再按一次。"), status=409)
        if outcome.entered:
            return self._back(sent=str(outcome.submission))
        self._keep()
        return self.shown(outcome=outcome, status=422)

    def shown(
        self, outcome: Outcome | None = None, alert: str = "", status: int = 200, checked: bool = False
    ) -> HttpResponse:
        """The form as it stands."""
        language, asked = reading_language(), self.asked
        kept = drafts(asked)
        draft = self._draft(kept)
        rows = self.rows or (_of_draft(draft, asked) if draft else [])
        answer: Answer = outcome.answer if outcome else {}
        lines = list(form_lines(self.owed, rows, answer, Place(self.registry, asked.subject, language)))
        context = {
            "here": "months",
            "subject": asked.subject,
            "subject_name": full_name(self.registry, asked.subject).in_language(language),
            "below": self._below(),
            "period": asked.period.label,
            "lines": lines,
            "choices": choices(language),
            "answer": answer,
            "tried": bool(answer) and not checked,
            "checked": checked,
            "problems": _problems(lines),
            "alert": alert,
            "saved": self.request.GET.get("saved") == "1",
            "draft": None if self.rows else draft,
            "draft_at": self._here(draft.at) if draft else None,
            "drafts": [{"pk": each.pk, "who": each.who, "at": self._here(each.at)} for each in kept if each != draft],
            **self._done(),
            "seen": stamp_of(self.owed),
            "sending": uuid4().hex,
            "stated": sum(1 for line in self.owed if line.now),
        }
        response = render(self.request, "web/month.html", context, status=status)
        response.headers["Cache-Control"] = "no-store"
        return response

    def _below(self) -> list[tuple[str, str]]:
        found = self.registry.below(self.asked.subject)
        return [(each.code, full_name(self.registry, each.code).in_language(reading_language())) for each in found]

    def _draft(self, kept: Sequence[Draft]) -> Draft | None:
        asked = self.request.GET.get("draft", "")
        chosen = [each for each in kept if str(each.pk) == asked]
        return next(iter(chosen or kept), None)

    def _here(self, at: datetime) -> datetime:
        """An instant in park time."""
        return at.astimezone(self.registry.zone)

    def _done(self) -> dict[str, Any]:
        """The sending that the address names, where it is one of this month."""
        asked = self.request.GET.get("sent", "")
        named = {"subject": self.asked.subject, "period": self.asked.period.label}
        pk = number(asked)
        found = None if pk is None else Submission.objects.filter(pk=pk, **named).first()
        if found is None:
            return {"done": None}
        return {"done": found, "done_at": self._here(found.at), "done_href": entry_href(found.answer["entry"])}


def _problems(lines: Sequence[FormLine]) -> list[dict[str, Any]]:
    """Every error with the field that it is about, in the order of the form."""
    return [
        {"href": _field(line, column), "title": line.title or line.cells.get("item", ""), **verdict}
        for line in lines
        for column, verdicts in line.errors.items()
        for verdict in verdicts
    ]


def _field(line: FormLine, column: str) -> str:
    return f"r{line.number}-{column if column in _TYPED or not line.is_owed else 'amount'}"


def _of_draft(draft: Draft, asked: Month) -> list[Typed]:
    posted = {f"r{n}-{name}": text for n, row in enumerate(draft.cells) for name, text in row.items()}
    return typed(posted, asked.period.label, asked.subject)
