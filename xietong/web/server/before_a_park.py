"""Before there is a park every page says so, with what to do; no page needs to ask."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from xietong.park.registry.snapshot import NoParkError


class BeforeAPark:
    """Middleware: the page for a data folder without a park, wherever a page found none."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Nothing of its own."""
        return self._get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """The page, where that is what went wrong."""
        if isinstance(exception, NoParkError):
            return render(request, "web/no_park.html", {"sentence": exception.text})
        return None
