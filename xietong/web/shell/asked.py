"""What an address asks for, held within bounds: subjects, years, periods, instants and numbers of every page; and
whether as a whole page or as the part that the drawer shows.

One calendar for all of them: the years that a park can have (xietong.periods), and on pages ten years at most at once.
Whatever else is asked for is a page that does not exist, with the sentence that says so.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote
from zoneinfo import ZoneInfo

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import register_converter
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext

from xietong.park.nouns import Registry, Subject
from xietong.periods import FIRST_YEAR, LAST_YEAR, Period, PeriodError
from xietong.web.shell import park_data
from xietong.web.shell.languages import reading_language

# A page makes people wait for what it computes; reports of longer periods are a command's.
MOST_MONTHS = 120
# Numbers that a database can hold; longer ones name nothing.
MOST_DIGITS = 18
_FIRST, _LAST = datetime(FIRST_YEAR, 1, 2, tzinfo=UTC), datetime(LAST_YEAR, 12, 31, tzinfo=UTC)


class NothingThereError(Http404):
    """A page that does not exist, with the sentence that says what was asked for and what to do."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class CodeInAnAddress:
    """A code as one step of an address, whatever it holds: "/" and what a browser would take for a way are escaped.

    The package refuses such codes; a park that has some from before is shown all the same.
    """

    regex = "[^/]+"

    def to_python(self, value: str) -> str:
        """The code that an address names."""
        return unquote(value.replace("~", "%")) if "~" in value else value

    def to_url(self, value: str) -> str:
        """The code as it stands in an address."""
        if value in (".", ".."):
            return value.replace(".", "~2E")
        return "".join(f"~{ord(each):02X}" if each in "/\\~%" else each for each in value)


class NumberInAnAddress:
    """A whole number that a database can hold."""

    regex = f"[0-9]{{1,{MOST_DIGITS}}}"

    def to_python(self, value: str) -> int:
        """The number that an address names."""
        return int(value)

    def to_url(self, value: int) -> str:
        """The number as it stands in an address."""
        return str(value)


def register() -> None:
    """Let addresses be written with <code:…> and <number:…>."""
    register_converter(CodeInAnAddress, "code")
    register_converter(NumberInAnAddress, "number")


def number(text: str) -> int | None:
    """A whole number from nought that a database can hold; None for any other text."""
    is_one = text.isascii() and text.isdecimal() and len(text) <= MOST_DIGITS
    return int(text) if is_one else None


def subject_or_404(registry: Registry, code: str) -> Subject:
    """The subject of that code."""
    if code not in registry.subjects:
        raise NothingThereError(gettext("园区里没有代码为“%(code)s”的主体；请从总览的列表里选。") % {"code": code})
    return registry.subjects[code]


def period_or_404(text: str) -> Period:
    """The period that an address names, of ten years at most."""
    try:
        period = Period.parse(text)
    except PeriodError as error:
        raise NothingThereError(error.text.in_language(reading_language())) from error
    if period.month_count > MOST_MONTHS:
        sentence = gettext("页面一次最多看 %(years)s 年，%(text)s 太长；更长的期间请用命令 xietong account。")
        raise NothingThereError(sentence % {"years": MOST_MONTHS // 12, "text": text})
    return period


def year_or_404(text: str) -> int:
    """The year that an address names."""
    found = number(text) if len(text) == 4 else None
    if found is None:
        raise NothingThereError(gettext("“%(asked)s”不是年度；请写成四位数字，如 2025。") % {"asked": text})
    return period_or_404(text).start.year


def instant_or_404(text: str, zone: ZoneInfo | None) -> datetime:
    """The instant that an address names, UTC; one without an offset is park time, or none where there is no zone."""
    sentence = gettext("“%(text)s”不是时刻，或不在 %(first)s 至 %(last)s 年；请从列表里点开。")
    wrong = NothingThereError(sentence % {"text": text, "first": FIRST_YEAR, "last": LAST_YEAR})
    try:
        at = datetime.fromisoformat(text)
        if at.tzinfo is None and zone is None:
            raise wrong
        at = (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise wrong from error
    if not _FIRST <= at <= _LAST:
        raise wrong
    return at


def page_or_404(text: str, found: int, a_page: int) -> tuple[int, int]:
    """The page that is asked for, from 1, and the last one of what was found."""
    last, asked = max(1, -(-found // a_page)), number(text)
    if asked is None or not 1 <= asked <= last:
        raise NothingThereError(gettext("没有第“%(text)s”页；请从列表里翻页。") % {"text": text})
    return asked, last


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


def years_of(registry: Registry) -> list[int]:
    """The years that can be looked at, the newest first."""
    found = {row.period.start.year for row in registry.reported} | {target.year for target in registry.targets}
    return sorted(found or {park_data.clock().year}, reverse=True)


def newest_year(years: list[int]) -> int:
    """The newest of the years that has begun."""
    this_year = park_data.clock().year
    return next((year for year in years if year <= this_year), years[0])


def year_or_newest(asked: str | None, years: list[int]) -> int:
    """The asked year, the newest where none is asked."""
    return year_or_404(asked) if asked else newest_year(years)
