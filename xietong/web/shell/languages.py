"""Which language a page speaks: 中文 unless the reader chose English by the switch.

Django's own middleware would follow the browser's Accept-Language, so that an English browser never met the 中文 page
that is the default here; therefore only the cookie of the switch counts.
"""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation

from xietong.texts import Language


def chosen_language(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: activates the language of the switch's cookie for the request."""
    known = {code for code, _ in settings.LANGUAGES}

    def middleware(request: HttpRequest) -> HttpResponse:
        cookie = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
        code = cookie if cookie in known else settings.LANGUAGE_CODE
        with translation.override(code):
            response = get_response(request)
            response.headers.setdefault("Content-Language", code)
        return response

    return middleware


def reading_language() -> Language:
    """The language of the page being made, as Text knows it."""
    return "en" if (translation.get_language() or "").startswith("en") else "zh"
