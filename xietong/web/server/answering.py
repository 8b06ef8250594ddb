"""What holds for every answer: it has an id, browsers keep nothing of who is signed in, no role means no page."""

import secrets
from collections.abc import Callable

from django.contrib.auth.models import AbstractUser
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from xietong.park.people import has_role
from xietong.web.server.logs import REQUEST
from xietong.web.server.signing_in import later
from xietong.web.shell.park_figures import BusyError

# What a person without a role may open: the way out, and the language of the sentence.
_OPEN = frozenset({"/sign-in/", "/sign-out/", "/language/", "/healthz"})


class Answering:
    """Middleware: gives each request its id, says it with the answer, and lets nobody keep what is not everybody's."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """The answer with its id; a page of somebody who is signed in is kept by no browser and no proxy."""
        request.META[REQUEST] = secrets.token_hex(6)
        response = self._get_response(request)
        response.headers["X-Request-ID"] = request.META[REQUEST]
        user = getattr(request, "user", None)
        if (user is not None and user.is_authenticated) or request.path.startswith(("/sign-in/", "/api/")):
            response.headers["Cache-Control"] = "private, no-store"
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Where somebody else's long period is being computed: a page that says so, to be opened again."""
        return later(request, exception.text) if isinstance(exception, BusyError) else None


def only_with_a_role(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: an account without any role sees nothing but a sentence that says so."""

    def middleware(request: HttpRequest) -> HttpResponse:
        user = request.user
        if isinstance(user, AbstractUser) and request.path not in _OPEN and not has_role(user):
            return render(request, "web/no_role.html", status=403)
        return get_response(request)

    return middleware
