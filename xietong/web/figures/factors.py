"""系数库: every factor as the park uses it on a day, searchable, its own rows first, each with why it counts or does
not; and the national emission limits."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_safe

from xietong.accounting.factors.library import library
from xietong.calc.factors.book import PURPOSES
from xietong.calc.factors.choice import Listed
from xietong.calc.judgement.emission_limits import EmissionLimit, emission_limits
from xietong.texts import Language
from xietong.web.shell import park_data
from xietong.web.shell.asked import NothingThereError, year_or_404
from xietong.web.shell.languages import reading_language
from xietong.wording.words import name_of, spoken

MOST = 150
CONFIDENCE = {
    "verified": gettext_lazy("已核对来源"),
    "knowledge": gettext_lazy("参考值，未核对"),
    "park": gettext_lazy("园区自有"),
}


@require_safe
def factors(request: HttpRequest) -> HttpResponse:
    """The library: `q` words to look for, `purpose`, `on` a day, `all` also rows that do not count."""
    registry = park_data.registry()
    language = reading_language()
    asked = request.GET.get("q", "").strip()
    purpose = request.GET.get("purpose", "")
    everything = request.GET.get("all") == "1"
    on = _day(request.GET.get("on"), park_data.clock().astimezone(registry.zone).date())
    listed = [each for each in library(registry, on, purpose=purpose) if each.counts or each.row.own or everything]
    rows = [row for row in (_row(each, language) for each in _own_first(listed)) if _has(row, asked)]
    limits = [row for row in (_limit(each, language) for each in emission_limits()) if _has(row, asked)]
    context = {
        "q": asked,
        "purpose": purpose,
        "purposes": [{"key": key, "name": name.in_language(language)} for key, name in PURPOSES.items()],
        "on": on.isoformat(),
        "all": everything,
        "rows": rows[:MOST],
        "count": len(rows),
        "hidden": max(0, len(rows) - MOST),
        "limits": [] if purpose else limits,
    }
    return render(request, "web/factors.html", context)


def _day(text: str | None, usual: date) -> date:
    """The asked day, of the years that a park can have."""
    if not text:
        return usual
    try:
        found = date.fromisoformat(text)
    except ValueError as error:
        raise NothingThereError(gettext("“%(text)s”不是日期；请写成 2025-06-30。") % {"text": text}) from error
    year_or_404(f"{found.year:04}")
    return found


def _own_first(rows: Iterable[Listed]) -> list[Listed]:
    return sorted(rows, key=lambda each: not each.row.own)


def called(key: str, language: Language) -> str:
    """What a factor's key is called: the item's name, or the carrier's."""
    return spoken(name_of(key), language)


def _row(each: Listed, language: Language) -> dict[str, Any]:
    row = each.row
    purpose = PURPOSES.get(row.purpose)
    valid_from = "" if row.valid_from == date.min else row.valid_from.isoformat()
    return {
        "name": called(row.key, language),
        "key": row.key,
        "purpose": purpose.in_language(language) if purpose else row.purpose,
        "subject": row.subject,
        "value": f"{row.value:f}",
        "unit": row.unit,
        "range": f"{row.low}–{row.high}" if row.low is not None and row.high is not None else "",
        "source": " ".join(part for part in (row.source, row.edition, row.table_row) if part),
        "where": " ".join(part for part in (row.region, row.series) if part),
        "validity": f"{valid_from or '…'} – {'' if row.valid_to == date.max else row.valid_to.isoformat()}",
        "confidence": str(CONFIDENCE.get(row.confidence, row.confidence)),
        "is_own": row.own,
        "counts": each.counts,
        "why": each.why.in_language(language),
    }


def _limit(limit: EmissionLimit, language: Language) -> dict[str, Any]:
    return {
        "name": spoken(name_of(limit.item), language),
        "class": limit.class_name.in_language(language),
        "value": f"{limit.value}",
        "unit": limit.unit,
        "oxygen": "" if limit.o2_reference is None else f"{limit.o2_reference} %",
        "source": f"{limit.source} {limit.edition} {limit.table_row}",
        "region": limit.region,
        "confidence": str(CONFIDENCE[limit.confidence]),
    }


def _has(row: dict[str, Any], asked: str) -> bool:
    """Whether every asked word stands somewhere in the row."""
    text = " ".join(str(value) for value in row.values()).casefold()
    return all(word in text for word in asked.casefold().split())
