"""Guessing is bounded, and nobody locks another out.

A name that failed five times from an address is refused there for a while (django-axes), and so is everybody from an
address with many failures, whatever the names. A browser in which a person has signed in before is known by a cookie of
its own: its failures are counted alone, so wrong passwords of others at the same address do not shut it out.
"""

import secrets
import time
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from axes.models import AccessAttempt
from django.conf import settings
from django.core import signing
from django.db.models import Sum
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone

COOKIE, _SALT, _AGE_S = "known-browser", "xietong.known-browser", 180 * 86_400
MOST_FROM_AN_ADDRESS, MOST_OF_A_BROWSER, _MOST_NAMES, _MOST_COUNTED = 30, 10, 8, 4_096


class Failures:
    """Failures of known browsers since each began to fail; a while later it may try again. Bounded in size."""

    def __init__(self) -> None:
        self._counted: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def add(self, mark: str, now: float) -> None:
        """One more."""
        since, count = self._counted.pop(mark, (now, 0))
        self._counted[mark] = (since, count + 1)
        while len(self._counted) > _MOST_COUNTED:
            self._counted.popitem(last=False)

    def are_many(self, mark: str, now: float) -> bool:
        """Whether a browser has failed too often; forgets what is over."""
        since, count = self._counted.get(mark, (now, 0))
        if now - since > settings.AXES_COOLOFF_TIME.total_seconds():
            del self._counted[mark]
            return False
        return count >= MOST_OF_A_BROWSER


FAILURES = Failures()


def is_known(request: HttpRequest, credentials: Mapping[str, Any] | None) -> bool:
    """Whether the named person signed in with this browser before, and it has not failed too often since."""
    mark = _marks(request).get(_name(credentials))
    return mark is not None and not FAILURES.are_many(mark, time.monotonic())


def address_failed_often(request: HttpRequest) -> bool:
    """Whether too many sign-ins failed from that address lately, whatever the names."""
    since = timezone.now() - settings.AXES_COOLOFF_TIME
    tried = AccessAttempt.objects.filter(ip_address=request.META.get("REMOTE_ADDR"), attempt_time__gte=since)
    failed: int | None = tried.aggregate(failed=Sum("failures_since_start"))["failed"]
    return (failed or 0) >= MOST_FROM_AN_ADDRESS


def failed(request: HttpRequest, credentials: Mapping[str, Any]) -> None:
    """A known browser's failure counts against it alone."""
    mark = _marks(request).get(_name(credentials))
    if mark is not None:
        FAILURES.add(mark, time.monotonic())


def remember(request: HttpRequest, response: HttpResponseBase, name: str) -> None:
    """Let the browser be known as one in which that person signed in."""
    marks = {**_marks(request), name.casefold(): secrets.token_hex(8)}
    kept = dict(list(marks.items())[-_MOST_NAMES:])
    response.set_cookie(
        COOKIE,
        signing.dumps(kept, salt=_SALT),
        max_age=_AGE_S,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
        path="/sign-in/",
    )


def _name(credentials: Mapping[str, Any] | None) -> str:
    return str((credentials or {}).get("username") or "").casefold()


def _marks(request: HttpRequest) -> dict[str, str]:
    """Name → the mark of this browser, as its cookie says and we have signed."""
    try:
        found = signing.loads(request.COOKIES.get(COOKIE, ""), salt=_SALT, max_age=_AGE_S)
    except signing.BadSignature:
        return {}
    return found if isinstance(found, dict) else {}
