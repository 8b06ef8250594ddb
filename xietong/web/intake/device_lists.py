"""设备清单: the devices that the park knows or hears, fifty a page, found by words and by what they need; and what was
refused lately, whoever sent it.
"""

from collections.abc import Callable, Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from xietong.park.nouns import Registry
from xietong.protocols.hj212 import decode
from xietong.protocols.hj212.violations import violations
from xietong.readings import Entry
from xietong.web.intake import intake_state
from xietong.web.intake.device_model import (
    CLOCK_TOLERANCE_S,
    KnownDevice,
    claimed_mn,
    href_of,
    points_of_devices,
    reason_text,
)
from xietong.web.intake.device_pages import STATES, lines_of, reasons, summary, yesterday
from xietong.web.shell import links, park_data
from xietong.web.shell.asked import page_or_404
from xietong.web.shell.languages import reading_language
from xietong.wording.words import spoken

A_PAGE, MOST_PEERS = 50, 12
NEEDS = {
    **STATES,
    "file": gettext_lazy("要请企业提供文件"),
    "clock": gettext_lazy("时钟偏差大"),
    "breach": gettext_lazy("有不合标准之处"),
    "refused": gettext_lazy("有拒收"),
    "stranger": gettext_lazy("登记簿里没有"),
}
_FINDS: Mapping[str, Callable[[KnownDevice], object]] = {
    "file": lambda each: each.file_wanted,
    "clock": lambda each: abs(each.clock_offset_s or 0.0) > CLOCK_TOLERANCE_S,
    "breach": lambda each: each.told.get("violations"),
    "refused": lambda each: each.refused,
    "stranger": lambda each: not each.is_registered,
}


@require_safe
def device_list(request: HttpRequest) -> HttpResponse:
    """The devices, those that need a person first. q: words; need: one of NEEDS; page: from 1."""
    registry = park_data.registry()
    known, words, need = (
        intake_state.known_devices(registry),
        request.GET.get("q", "").strip(),
        request.GET.get("need", ""),
    )
    found = [each for each in known if _is_wanted(each, words, need)]
    page, last = page_or_404(request.GET.get("page", "1"), len(found), A_PAGE)
    shown = found[(page - 1) * A_PAGE : page * A_PAGE]
    lines, intake = lines_of(registry, shown), intake_state.intake_counts()
    context = {
        "here": "devices",
        "devices": [summary(each, lines, registry) for each in shown],
        "counts": [
            (str(word), sum(each.state == state for each in known), _href("", state, 1))
            for state, word in STATES.items()
        ],
        "found": len(found),
        "all": len(known),
        "words": words,
        "need": need,
        "needs": [(name, str(word)) for name, word in NEEDS.items()],
        "page": page,
        "last": last,
        "before": _href(words, need, page - 1) if page > 1 else "",
        "after": _href(words, need, page + 1) if page < last else "",
        "refusals": reasons(intake.get("refused", {})),
        "junk": int(intake.get("junk", 0)),
        "peers": _peers(intake.get("peers", {})),
        "refused": [_refused_entry(each, registry) for each in intake_state.newest_refused()],
        "yesterday": yesterday(registry),
        "problem": intake_state.device_book()[1],
    }
    return render(request, "web/devices.html", context)


def _is_wanted(each: KnownDevice, words: str, need: str) -> bool:
    if words and not each.matches(words):
        return False
    if need in STATES:
        return each.state == need
    return need not in _FINDS or bool(_FINDS[need](each))


def _href(words: str, need: str, page: int) -> str:
    asked = {"q": words, "need": need, "page": "" if page == 1 else str(page)}
    told = urlencode({name: value for name, value in asked.items() if value})
    return reverse("devices") + (f"?{told}" if told else "")


def _peers(peers: Mapping[str, Mapping[str, int]]) -> list[dict[str, Any]]:
    """Network addresses from which something came that could not be used, the worst first."""
    found = [(int(counts.get("refused", 0)), int(counts.get("junk", 0)), peer) for peer, counts in peers.items()]
    worst = sorted(found, key=lambda each: -(each[0] + each[1]))[:MOST_PEERS]
    return [{"peer": peer, "refused": refused, "junk": junk} for refused, junk, peer in worst]


def _refused_entry(entry: Entry, registry: Registry) -> dict[str, Any]:
    mn = claimed_mn(entry)
    peer, _, rule = entry.origin.partition("#")
    names = [rule] if rule else violations(decode(entry.payload)) if entry.kind == "hj212-refused" else []
    return {
        "id": entry.id,
        "href": links.entry_href(entry.id),
        "at": entry.received_at.astimezone(registry.zone),
        "peer": peer,
        "mn": mn,
        "device_href": href_of(mn) if mn in points_of_devices(registry) else "",
        "words": [spoken(reason_text(name), reading_language()) for name in names],
        "is_junk": entry.kind == "junk",
        "size": len(entry.payload),
    }
