"""Keeps the record of access: every answer to somebody who is signed in, every sign-in, refused ones too, every key.

Static files and the health page are not in it. Where the record cannot be written the answer is given all the same, and
the log says so.
"""

import logging
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from xietong.park.access import Access, Recorder
from xietong.park.models import ApiKey
from xietong.web.server.logs import REQUEST
from xietong.web.shell import park_data

LOG = logging.getLogger("xietong.web")
_UNTOLD = ("/static/", "/healthz", "/language/")
_FOUND = 302


@lru_cache(maxsize=4)
def _recorder(data: Path) -> Recorder:
    return Recorder(data, settings.ACCESS_MONTHS)


def recording(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: one line for what is worth one."""

    def middleware(request: HttpRequest) -> HttpResponse:
        before = request.user.get_username()
        response = get_response(request)
        if not request.path.startswith(_UNTOLD):
            _note(request, response, before)
        return response

    return middleware


def _note(request: HttpRequest, response: HttpResponse, before: str) -> None:
    who, what = _told(request, response, before)
    if not who:
        return
    path = request.path if what in ("sign-in", "refused") else request.get_full_path()
    address = request.META.get("REMOTE_ADDR", "")
    number = str(request.META.get(REQUEST, ""))
    access = Access(
        park_data.clock(), who, address=address, what=what, path=path, status=response.status_code, request=number
    )
    try:
        _recorder(park_data.data_folder()).write(access)
    except OSError:
        LOG.warning("the record of access cannot be written", exc_info=True)


def _told(request: HttpRequest, response: HttpResponse, before: str) -> tuple[str, str]:
    """Who, and what they did; "" where nobody is known."""
    if request.path == "/sign-in/" and request.method == "POST":
        return request.POST.get("username", "")[:150], "sign-in" if response.status_code == _FOUND else "refused"
    if request.path == "/sign-out/":
        return before, "sign-out"
    key = getattr(request, "auth", None)
    who = f"key:{key.name}" if isinstance(key, ApiKey) else request.user.get_username()
    return who, "view" if request.method in ("GET", "HEAD") else "change"
