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
from xietong.texts import Text
from xietong.web.server import sign_ins
from xietong.web.server.logs import REQUEST


@login_not_required
def sign_in(request: HttpRequest) -> HttpResponseBase:
    """The sign-in page; a fragment asked for after the session ended reloads its whole page instead."""
    if request.headers.get("HX-Request"):
        return HttpResponse(headers={"HX-Refresh": "true"})
    credentials = {"username": request.POST.get("username", "")}
    is_known = sign_ins.is_known(request, credentials)
    if request.method == "POST" and not is_known and sign_ins.address_failed_often(request):
        return locked_out(request, everybody=True)
    response = LoginView.as_view(template_name="web/sign_in.html", redirect_authenticated_user=True)(request)
    if request.method == "POST" and request.user.is_authenticated:
        sign_ins.remember(request, response, request.user.get_username())
    elif request.method == "POST" and is_known:
        sign_ins.failed(request, credentials)
    return response


def locked_out(request: HttpRequest, *_: object, everybody: bool = False) -> HttpResponse:
    """What django-axes answers once a name has failed five times from one address: the page says so, the door stays
    shut for that name and address until the time is over."""
    minutes = int(settings.AXES_COOLOFF_TIME.total_seconds() // 60)
    context = {"locked_for": minutes, "everybody": everybody, "next": request.POST.get("next", "")}
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


def later(request: HttpRequest, said: Text) -> HttpResponse:
    """The page for what cannot be answered now and can be soon."""
    page = render_to_string("500.html", {"said": said, "id": request.META.get(REQUEST, "")})
    return HttpResponse(page, status=503, headers={"Retry-After": str(RETRY_AFTER_S)})


def failed(request: HttpRequest) -> HttpResponse:
    """The page for what went wrong on our side, and why: a file of the lake that is damaged, or a full disk, which is
    503 and to be tried again. It shows the id under which the log has it."""
    error = sys.exc_info()[1]
    full = error is not None and is_full(error)
    said = error.text if isinstance(error, DamagedFile) else None
    if full:
        return later(request, FULL)
    # without the request: it may be what failed
    page = render_to_string("500.html", {"said": said, "id": request.META.get(REQUEST, "")})
    return HttpResponse(page, status=500)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The page for what does not exist, with the sentence that says what was asked for; a fragment in the drawer."""
    name = "web/_not_found.html" if request.headers.get("HX-Request") else "404.html"
    return render(request, name, {"sentence": getattr(exception, "sentence", "")}, status=404)
