"""Coming and going: sign-in, sign-out, the language switch, and the health page for whoever watches the server."""

import sys

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import LoginView, LogoutView
from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.views.decorators.http import require_GET, require_POST
from django.views.i18n import set_language

from xietong.disks import FULL, RETRY_AFTER_S, is_full
from xietong.lake.errors import DamagedFile


@login_not_required
def sign_in(request: HttpRequest) -> HttpResponseBase:
    """The sign-in page; a fragment asked for after the session ended reloads its whole page instead."""
    if request.headers.get("HX-Request"):
        return HttpResponse(headers={"HX-Refresh": "true"})
    return LoginView.as_view(template_name="web/sign_in.html", redirect_authenticated_user=True)(request)


def locked_out(request: HttpRequest, *_: object) -> HttpResponse:
    """What django-axes answers once a name has failed five times from one address: the page says so, the door stays
    shut for that name and address until the time is over."""
    minutes = int(settings.AXES_COOLOFF_TIME.total_seconds() // 60)
    context = {"locked_for": minutes, "next": request.POST.get("next", "")}
    return render(request, "web/sign_in.html", context, status=429)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponseBase:
    """Sign out and show the sign-in page."""
    return LogoutView.as_view()(request)


@login_not_required
@require_POST
def language(request: HttpRequest) -> HttpResponseBase:
    """Remember the chosen language in a cookie and go back to the page that was open."""
    response: HttpResponseBase = set_language(request)
    return response


@login_not_required
@require_GET
def health(_request: HttpRequest) -> JsonResponse:
    """Whether the pages can reach their database; says nothing about the park."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        cursor.fetchone()
    return JsonResponse({"status": "ok"})


def failed(_request: HttpRequest) -> HttpResponse:
    """The page for what went wrong on our side, and why: a file of the lake that is damaged, or a full disk, which is
    503 and to be tried again."""
    error = sys.exc_info()[1]
    full = error is not None and is_full(error)
    said = FULL if full else error.text if isinstance(error, DamagedFile) else None
    page = render_to_string("500.html", {"said": said})  # without the request: it may be what failed
    response = HttpResponse(page, status=503 if full else 500)
    if full:
        response["Retry-After"] = str(RETRY_AFTER_S)
    return response


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The page for what does not exist, with the sentence that says what was asked for; a fragment in the drawer."""
    name = "web/_not_found.html" if request.headers.get("HX-Request") else "404.html"
    return render(request, name, {"sentence": getattr(exception, "sentence", "")}, status=404)
