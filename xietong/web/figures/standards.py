"""另一标准: what a standard beside the park's own says of a subject and year: figures, requirements, verdicts, how sure
each point is, and how what it leaves open is read here."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from xietong.accounting.figures.account import UnknownNameError
from xietong.accounting.figures.standards import StandardAccount
from xietong.calc.judgement.verdicts import Judged
from xietong.standard.text import clauses, interpretations
from xietong.web.evidence.tree import walk
from xietong.web.figures.balance_context import Reader
from xietong.web.figures.balances import asked_reader, page_context
from xietong.web.figures.figure import working
from xietong.web.shell import park_data, park_figures
from xietong.web.shell.asked import NothingThereError, page_or_fragment, period_or_404, subject_or_404
from xietong.web.shell.languages import reading_language
from xietong.wording.numbers import unit_name
from xietong.wording.places import full_name
from xietong.wording.words import term

KINDS = ("park", "zone", "sector", "enterprise", "supply")
STATES = {"met": "met", "not_met": "short", "not_classed": "none", "not_assessable": "missing", "none": "none"}
COUNTED = ("met", "not_met", "not_assessable", "not_classed")


@require_safe
def standard(request: HttpRequest, standard: str) -> HttpResponse:
    """零碳园区 and its like: `subject` and `period`, the park and its newest year by default."""
    reader = asked_reader(request)
    try:
        found = park_figures.standard_account(reader.registry, reader.subject.code, reader.period, standard)
    except UnknownNameError as error:
        raise NothingThereError(error.text.in_language(reader.language)) from error
    lines = [_line(reader, found, each) for each in found.rows]
    context = page_context(reader, request, KINDS) | {
        "about": found.about,
        "confidence": term("confidence", found.about.confidence),
        "finding": _finding(found),
        "asked": [line for line in lines if line["verdict"]],
        "others": [line for line in lines if not line["verdict"] and line["figure"].status != "not_applicable"],
        "readings": [each.sentence(reader.registry.choices) for each in interpretations(standard)],
    }
    return render(request, "web/standard.html", context)


def _finding(found: StandardAccount) -> str:
    """How many of the requirements are met, as a sentence."""
    verdicts: list[str] = [each.verdict for each in found.rows if each.verdict != "none"]
    language = reading_language()
    counts = [(verdicts.count(name), term("verdict", name).in_language(language)) for name in COUNTED]
    between = " 项" if language == "zh" else " "
    told = gettext("，").join(f"{count}{between}{word}" for count, word in counts if count)
    return gettext("要求共 %(count)s 项：%(told)s。") % {"count": len(verdicts), "told": told}


def _line(reader: Reader, found: StandardAccount, each: Judged) -> dict[str, Any]:
    point, figure = clauses(found.about.name)[each.row.id], each.figure
    where = (found.about.name, reader.subject.code, figure.key if figure else "", reader.period.label)
    return {
        "id": each.row.id,
        "gloss": point.gloss,
        "main": each.row.main,
        "figure": figure,
        "href": reverse("standard-figure", args=where) if figure else "",
        "asked": _asked(reader, each),
        "against": each.threshold.value if each.threshold else None,
        "verdict": "" if each.verdict == "none" else each.verdict,
        "state": STATES[each.verdict],
        "word": term("verdict", each.verdict),
        "reason": None if each.verdict in ("met", "not_met") else each.reason,
        "confidence": term("confidence", point.confidence),
    }


def _asked(reader: Reader, each: Judged) -> str:
    """The threshold with its sign and unit: "≤ 0.2 tCO₂/tce"."""
    if each.threshold is None or each.figure is None:
        return ""
    unit = unit_name(each.figure.unit, reader.language)
    return f"{each.sign} {each.threshold.value:g} {unit}".rstrip()


@require_safe
def standard_figure(request: HttpRequest, standard: str, subject: str, key: str, period: str) -> HttpResponse:
    """依据 of a figure by another standard's rules."""
    registry, language = park_data.registry(), reading_language()
    whose, span = subject_or_404(registry, subject), period_or_404(period)
    try:
        root = park_figures.standard_figure(registry, subject, key, span, standard)
        path = list(walk(root, request.GET.get("at", "")))
    except UnknownNameError as error:
        raise NothingThereError(error.text.in_language(language)) from error
    except LookupError as error:
        raise NothingThereError(gettext("这个指标没有这一项输入；请从指标本身点开。")) from error
    context = working(path, request.path, request.GET.get("all") == "1") | {
        "base": request.path,
        "subject": subject,
        "subject_name": full_name(registry, whose.code).in_language(language),
        "period": span.label,
        "year": span.start.year,
        "back": f"{reverse('standard', args=[standard])}?subject={subject}&period={span.label}",
    }
    return page_or_fragment(request, "figure", context)
