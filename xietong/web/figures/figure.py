"""The working of a figure: 依据, how it came about, down to what it was made of."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from xietong.accounting.figures.account import UnknownNameError
from xietong.calc.figures import Figure
from xietong.park.nouns import Registry
from xietong.periods import Period
from xietong.texts import Text
from xietong.web.evidence import behind_figures
from xietong.web.evidence.lines import completeness_bar, revision_lines
from xietong.web.evidence.tree import BREADTH, DEPTH, hours_behind, tree, walk
from xietong.web.figures.related import related
from xietong.web.shell import park_data, park_figures
from xietong.web.shell.asked import NothingThereError, page_or_fragment, period_or_404, subject_or_404
from xietong.web.shell.languages import reading_language
from xietong.web.shell.links import figure_href
from xietong.wording.formulas import with_names, with_numbers
from xietong.wording.places import full_name
from xietong.wording.words import name_of, spoken, title_of

MOST_REASONS, ALL = 6, 500


@require_safe
def figure(request: HttpRequest, subject: str, key: str, period: str) -> HttpResponse:
    """依据: how a figure came about; the drawer's fragment for htmx, a whole page without it."""
    registry = park_data.registry()
    whose, span = subject_or_404(registry, subject), period_or_404(period)
    try:
        root = park_figures.figure_tree(registry, subject, key, span)
        path = list(walk(root, request.GET.get("at", "")))
    except UnknownNameError as error:
        raise NothingThereError(error.text.in_language(reading_language())) from error
    except LookupError as error:
        raise NothingThereError(gettext("这个指标没有这一项输入；请从指标本身点开。")) from error
    context = working(path, request.path, request.GET.get("all") == "1") | {
        "base": request.path,
        "gone": [each.in_language(reading_language()) for each in park_data.evidence_gone()],
        "subject": subject,
        "subject_name": full_name(registry, whose.code).in_language(reading_language()),
        "period": span.label,
        "year": span.start.year,
        "months": _months(subject, key, span) if len(path) == 1 else [],
        "weak": _weak_sentences(registry, subject, key, span) if len(path) == 1 else [],
        "related": related(whose, key, span) if len(path) == 1 else [],
        "revisions": revision_lines(behind_figures.revisions_of(*_stated_in(path[-1][1])), registry.zone),
    }
    return page_or_fragment(request, "figure", context)


def _weak_sentences(registry: Registry, subject: str, key: str, span: Period) -> list[Text]:
    """What the year's evaluation found weak about the figure; only a figure with a target is asked for."""
    year = span.start.year
    targets = ((each.subject, each.indicator, each.year) for each in registry.targets)
    if span != Period.year(year) or (subject, key, year) not in targets:
        return []
    weak = park_figures.evaluation(registry, subject, year).weak
    return [each.sentence for each in weak if (each.subject, each.key) == (subject, key)]


def _stated_in(figure: Figure) -> tuple[str, str]:
    """The entry and row that state a figure; empty where it was not reported."""
    return figure.trace.get("entry", ""), figure.trace.get("row", "")


def working(path: list[tuple[str, Figure]], base: str, everything: bool) -> dict[str, Any]:
    """What the working of the last figure of a path prints; path: places and figures from the first one down."""
    language = reading_language()
    at, shown = path[-1]
    node = tree(shown, at, DEPTH, ALL if everything else BREADTH)
    return {
        "node": node,
        "inputs": [child for child in node.children if child.figure.kind != "factor"],
        "factors": [child for child in node.children if child.figure.kind == "factor"],
        "crumbs": [{"href": f"{base}?at={place}", "title": title_of(figure)} for place, figure in path[:-1]],
        "description": _description(shown),
        "hours": completeness_bar(hours_behind(shown)),
        "reasons": shown.missing[:MOST_REASONS],
        "more_reasons": max(0, len(shown.missing) - MOST_REASONS),
        "numbers_formula": with_numbers(shown, language),
        "names_formula": with_names(shown, lambda key: name_of(key).in_language(language), language),
        "here": f"{base}?at={at}",
    }


def _description(shown: Figure) -> str:
    """The rule's own sentence where the title says less: English titles are terms, English sentences explain them."""
    said, named = shown.title.in_language(reading_language()), title_of(shown).in_language(reading_language())
    return "" if said in ("", named) else spoken(shown.title, reading_language())


def _months(subject: str, key: str, span: Period) -> list[dict[str, str]]:
    """The same figure month by month, where the period is longer than one."""
    if span.month_count < 2:
        return []
    return [{"href": figure_href(subject, key, month), "label": month.label} for month in span.months()]
