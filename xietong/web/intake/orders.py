"""Commands to the park's own devices, given on a device's page: one signed-in person proposes, another confirms.

What may be commanded and by whom is xietong.park.ordering's and xietong.intake.hj212.gate's; here are the two forms.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from django.contrib import messages
from django.contrib.auth.models import AbstractUser
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from xietong.intake.devices import BadSettings
from xietong.intake.hj212 import gate
from xietong.journal import JournalError
from xietong.park import ordering
from xietong.park.people import RefusedError
from xietong.web.intake.device_model import href_of
from xietong.web.shell import own_journal, park_data
from xietong.web.shell.languages import reading_language


@require_POST
def propose(request: HttpRequest) -> HttpResponse:
    """The first person: mn, cn and parameters, a KEY=VALUE a line."""
    mn, cn = request.POST.get("mn", ""), request.POST.get("cn", "")
    lines = [line.strip() for line in request.POST.get("parameters", "").splitlines() if line.strip()]
    wish = gate.Wish(mn, cn, dict(line.partition("=")[::2] for line in lines))

    def act(user: AbstractUser) -> str:
        data = park_data.data_folder()
        entry = ordering.propose(
            data, own_journal.writer(data), wish=wish, user=user, origin=ordering.ON_A_PAGE, now=_now()
        )
        return gettext("已提议，存证 %(entry)s；一小时内请另一人确认。") % {"entry": entry}

    return _done(request, mn, act)


@require_POST
def confirm(request: HttpRequest) -> HttpResponse:
    """The second person: the entry of the proposal."""
    proposal = request.POST.get("order", "")

    def act(user: AbstractUser) -> str:
        data = park_data.data_folder()
        given = ordering.confirm(
            data, own_journal.writer(data), proposal=proposal, user=user, origin=ordering.ON_A_PAGE, now=_now()
        )
        return gettext("已确认，存证 %(entry)s；设备在线时发出一次。") % {"entry": given.confirmation}

    return _done(request, request.POST.get("mn", ""), act)


def _done(request: HttpRequest, mn: str, act: Callable[[AbstractUser], str]) -> HttpResponse:
    """Act, and go back to the device's page with what became of it."""
    user: Any = request.user
    try:
        messages.success(request, act(user))
    except (RefusedError, gate.GateClosed, BadSettings, JournalError) as error:
        messages.error(request, error.text.in_language(reading_language()))
    return HttpResponseRedirect(f"{href_of(mn)}#orders")


def _now() -> datetime:
    return datetime.now(UTC)
