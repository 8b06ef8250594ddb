"""The cockpit, the live panel and the working of a figure: one plain function per URL."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from xietong.accounting.boundary import GROUPS
from xietong.accounting.figures.account import UnknownNameError
from xietong.accounting.figures.tables import table_keys
from xietong.calc.figures import Figure
from xietong.calc.grade import Judged
from xietong.park.nouns import Registry, Subject
from xietong.periods import Period
from xietong.texts import Text
from xietong.web import cockpit as model
from xietong.web import gathering, pages, verdicts
from xietong.web.asked import NothingThereError, period_or_404, subject_or_404, year_or_404
from xietong.web.evidence import BREADTH, DEPTH, hours_behind, tree, walk
from xietong.web.languages import reading_language
from xietong.web.related import related
from xietong.wording.formulas import with_names, with_numbers
from xietong.wording.places import full_name
from xietong.wording.words import name_of, spoken, title_of

MOST_REASONS, ALL = 6, 500


def page_or_fragment(request: HttpRequest, name: str, context: Mapping[str, Any]) -> HttpResponse:
    """web/NAME.html, or only the part of it that the drawer shows (web/_NAME.html) where htmx asks.

    One address has two bodies, so caches must tell them apart; the drawer leaves the cockpit's address as it is.
    """
    asked_by_htmx = bool(request.headers.get("HX-Request"))
    response = render(request, f"web/_{name}.html" if asked_by_htmx else f"web/{name}.html", context)
    patch_vary_headers(response, ["HX-Request"])
    if asked_by_htmx:
        response.headers["HX-Push-Url"] = "false"
    return response


@require_safe
def cockpit(request: HttpRequest) -> HttpResponse:
    """总览: the grade, three columns, tables 1 to 5, what moved, and what is coming in now."""
    registry = gathering.registry()
    subject = subject_or_404(registry, request.GET.get("subject") or registry.park.code)
    years = years_of(registry)
    year = year_or_newest(request.GET.get("year"), years)
    return render(request, "web/cockpit.html", cockpit_context(registry, subject, year) | {"years": years})


def years_of(registry: Registry) -> list[int]:
    """The years that can be looked at, the newest first."""
    found = {row.period.start.year for row in registry.reported} | {target.year for target in registry.targets}
    return sorted(found or {gathering.clock().year}, reverse=True)


def newest_year(years: list[int]) -> int:
    """The newest of the years that has begun."""
    this_year = gathering.clock().year
    return next((year for year in years if year <= this_year), years[0])


def year_or_newest(asked: str | None, years: list[int]) -> int:
    """The asked year, the newest where none is asked."""
    return year_or_404(asked) if asked else newest_year(years)


def cockpit_context(registry: Registry, subject: Subject, asked_year: int) -> dict[str, Any]:
    """Everything the cockpit's templates print of one subject and year."""
    language = reading_language()
    now = gathering.clock().astimezone(registry.zone).replace(tzinfo=None)
    evaluation = gathering.evaluation(registry, subject.code, asked_year)
    goals = {line.judged.key: line.judged for line in evaluation.lines if not line.judged.requirement}

    def figures_of(period: Period) -> Mapping[str, Figure]:
        return gathering.subject_figures(registry, subject.code, period)

    year = model.gather(figures_of, asked_year, now)
    place = pages.Place(registry, subject.code, year, language)
    panels = [model.panel(plan, year, goals, language) for plan in model.PANELS]
    better, worse = model.movers(year, gathering.all_keys(registry, subject.code))
    return {
        "subject": subject.code,
        "subject_name": pages.subject_name(subject, language),
        "subjects": pages.subject_groups(registry, language),
        "year": asked_year,
        "is_group": subject.kind in GROUPS,
        "verdict": verdicts.verdict(evaluation, language),
        "completeness": verdicts.completeness(evaluation.coverage),
        "columns": pages.columns(place, panels),
        "joint": pages.joint_chart(place),
        "tables": (tables := _tables(place, goals, subject)),
        "are_five": len(tables) == 5,
        "better": pages.mover_lines(place, better),
        "worse": pages.mover_lines(place, worse),
        **verdicts.findings(evaluation, place),
        **pages.owed_lines(place, gathering.owed_reports(registry, now.date()), now.date()),
        "live": gathering.live_view(registry),
        "gone": [each.in_language(language) for each in gathering.evidence_gone()],
    }


def _tables(place: pages.Place, goals: Mapping[str, Judged], subject: Subject) -> list[dict[str, Any]]:
    found = []
    for number, keys in table_keys(subject.kind).items():
        rows = [model.row(key, place.year, goals) for key in keys]
        found.append(pages.pollutant_table(place, rows) if number == 3 else pages.table(place, number, rows))
    return found


@require_safe
def live(request: HttpRequest) -> HttpResponse:
    """实时: the newest readings with their age, one line a device; a fragment for htmx, a page without it."""
    registry = gathering.registry()
    return page_or_fragment(request, "live", {"live": gathering.live_view(registry)})


@require_safe
def figure(request: HttpRequest, subject: str, key: str, period: str) -> HttpResponse:
    """依据: how a figure came about; the drawer's fragment for htmx, a whole page without it."""
    registry = gathering.registry()
    whose, span = subject_or_404(registry, subject), period_or_404(period)
    try:
        root = gathering.figure_tree(registry, subject, key, span)
        path = list(walk(root, request.GET.get("at", "")))
    except UnknownNameError as error:
        raise NothingThereError(error.text.in_language(reading_language())) from error
    except LookupError as error:
        raise NothingThereError(gettext("这个指标没有这一项输入；请从指标本身点开。")) from error
    context = working(path, request.path, request.GET.get("all") == "1") | {
        "base": request.path,
        "gone": [each.in_language(reading_language()) for each in gathering.evidence_gone()],
        "subject": subject,
        "subject_name": full_name(registry, whose.code).in_language(reading_language()),
        "period": span.label,
        "year": span.start.year,
        "months": _months(subject, key, span) if len(path) == 1 else [],
        "weak": _weak_sentences(registry, subject, key, span) if len(path) == 1 else [],
        "related": related(whose, key, span) if len(path) == 1 else [],
        "revisions": pages.revision_lines(gathering.revisions_of(*_stated_in(path[-1][1])), registry.zone),
    }
    return page_or_fragment(request, "figure", context)


def _weak_sentences(registry: Registry, subject: str, key: str, span: Period) -> list[Text]:
    """What the year's evaluation found weak about the figure; only a figure with a target is asked for."""
    year = span.start.year
    targets = ((each.subject, each.indicator, each.year) for each in registry.targets)
    if span != Period.year(year) or (subject, key, year) not in targets:
        return []
    weak = gathering.evaluation(registry, subject, year).weak
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
        "hours": pages.completeness_bar(hours_behind(shown)),
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
    return [{"href": pages.figure_href(subject, key, month), "label": month.label} for month in span.months()]
