"""数据源: brokers, Modbus devices, OPC UA servers and programs that push: who is connected, when last heard, what is
wrong with what they say; and where addresses and points do not meet.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db.models import Count, Max
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from xietong.intake.source_state import SourceError
from xietong.park.models import ApiKey, Push
from xietong.park.nouns import Point, Registry
from xietong.texts import Text
from xietong.web.api.answers import answer_of
from xietong.web.intake import intake_state
from xietong.web.intake.device_model import href_of
from xietong.web.intake.device_pages import completeness, lines_over_a_month
from xietong.web.intake.source_model import KnownSource, Unused
from xietong.web.shell import links, park_data
from xietong.web.shell.languages import reading_language
from xietong.wording.places import full_name
from xietong.wording.words import name_of, spoken

MOST_UNUSED, MOST_UNHEARD, MOST_SOURCES = 200, 200, 500
STATES = {
    "connected": gettext_lazy("已连接"),
    "away": gettext_lazy("没有连接"),
    "unknown": gettext_lazy("接收进程没有运行"),
}
_MARKS = {"connected": "met", "away": "short", "unknown": "missing"}
KINDS = {"mqtt": "MQTT", "modbus": "Modbus TCP", "opcua": "OPC UA"}


@require_safe
def source_list(request: HttpRequest) -> HttpResponse:
    """Every source, key, unused address and point without a source; q finds among them."""
    registry, words = park_data.registry(), request.GET.get("q", "").strip()
    known, problems = intake_state.known_sources(registry)
    found = [each for each in known if _fits(words, each.told.name, each.told.address, each.told.kind)]
    shown = found[:MOST_SOURCES]
    loose = [each for each in intake_state.unused_addresses(registry) if _fits(words, each.address)]
    silent, are_more = intake_state.unheard_points(registry, MOST_UNHEARD)
    lines = lines_over_a_month(registry, [point.code for each in shown for point in each.points])
    context = {
        "here": "sources",
        "words": words,
        "sources": [_source(each, lines, registry) for each in shown],
        "more_sources": len(found) - len(shown),
        "problems": problems,
        "keys": [each for each in _keys(registry) if _fits(words, each["name"])],
        "loose": [_loose(each, registry) for each in loose[:MOST_UNUSED]],
        "loose_count": len(loose),
        "silent": [_silent(each, registry) for each in silent if _fits(words, each.code, each.source)],
        "are_more_silent": are_more,
    }
    return render(request, "web/sources.html", context)


def _fits(words: str, *named: str) -> bool:
    return words.casefold() in "\n".join(named).casefold()


def _source(known: KnownSource, lines: Mapping[str, Any], registry: Registry) -> dict[str, Any]:
    told = known.told
    return {
        "name": told.name,
        "kind": KINDS.get(told.kind, told.kind),
        "address": told.address,
        "state": str(STATES[known.state]),
        "mark": _MARKS[known.state],
        "age": known.age,
        "since": _local(told.since, registry),
        "messages": told.messages,
        "readings": told.readings,
        "refused": told.refused,
        "missed": told.missed,
        "points": len(known.points),
        "href": href_of(f"{told.kind}:{told.name}") if known.points and told.kind != "mqtt" else "",
        "errors": [_error(each, registry) for each in known.errors],
        **completeness([lines[point.code] for point in known.points]),
    }


def _error(each: SourceError, registry: Registry) -> dict[str, Any]:
    return {
        "text": Text(each.zh, each.en),
        "at": _local(each.at, registry),
        "times": each.times,
        "excerpt": each.excerpt,
        "entry": each.entry,
        "href": links.entry_href(each.entry) if each.entry else "",
    }


def _keys(registry: Registry) -> list[dict[str, Any]]:
    """The keys of programs that push, and when each was last used."""
    used = {each["key"]: each for each in Push.objects.values("key").annotate(last=Max("at"), pushes=Count("id"))}
    found = []
    for key in ApiKey.objects.order_by("revoked_at", "name"):
        pushed = used.get(key.pk)
        last = pushed["last"] if pushed else None
        found.append(
            {
                "name": key.name,
                "place": full_name(registry, key.subject),
                "made": key.made_at.astimezone(registry.zone),
                "revoked": key.revoked_at.astimezone(registry.zone) if key.revoked_at else None,
                "pushes": pushed["pushes"] if pushed else 0,
                "age": park_data.clock() - last if last else None,
                **_last_answer(key),
            }
        )
    return found


def _last_answer(key: ApiKey) -> dict[str, Any]:
    """What became of its newest push."""
    last = Push.objects.filter(key=key).order_by("-at").first()
    answer: Mapping[str, Any] = answer_of(last) if last else {}
    entry = str(answer.get("entry", ""))
    return {
        "accepted": int(answer.get("accepted", 0)),
        "rejected": [str(each.get("message", "")) for each in answer.get("rejected", [])][:5],
        "href": links.entry_href(entry) if entry else "",
    }


def _loose(each: Unused, registry: Registry) -> dict[str, Any]:
    return {
        "address": each.address,
        "device": each.device,
        "device_href": href_of(each.device) if each.device else "",
        "value": each.value,
        "at": each.at.astimezone(registry.zone),
        "href": links.entry_href(each.entry) if each.entry else "",
    }


def _silent(point: Point, registry: Registry) -> dict[str, Any]:
    return {
        "name": spoken(name_of(point.item), reading_language()),
        "code": point.code,
        "place": full_name(registry, point.subject),
        "source": point.source,
        "href": reverse("point", args=[point.code]),
    }


def _local(text: str, registry: Registry) -> datetime | None:
    return datetime.fromisoformat(text).astimezone(registry.zone) if text else None
