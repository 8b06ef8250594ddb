"""设备: every device that the park knows or hears, and one device with all that it sent, broke and was asked.

Reading only; what may be set about devices is devices.toml, which a person edits.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_safe

from xietong.park.nouns import Registry
from xietong.protocols.hj212 import decode
from xietong.protocols.hj212.violations import violations
from xietong.readings import Entry
from xietong.web import gathering, numbers, pages
from xietong.web.devices import (
    CLOCK_TOLERANCE_S,
    Breach,
    KnownDevice,
    Question,
    claimed_mn,
    href_of,
    points_of_devices,
    reason_text,
)
from xietong.web.languages import reading_language
from xietong.web.received import Line, share
from xietong.web.views import NothingThereError, page_or_fragment
from xietong.web.words import name_of, spoken

MONTH_DAYS, MOST_PEERS = 30, 12
STATES = {
    "online": gettext_lazy("在线"),
    "one_way": gettext_lazy("在线，只上报不应答"),
    "silent": gettext_lazy("静默"),
    "never": gettext_lazy("从未出现"),
}
_MARKS = {"online": "met", "one_way": "basic", "silent": "short", "never": "missing"}
OUTCOMES = {
    "done": gettext_lazy("已答复"),
    "no_data": gettext_lazy("答复：没有数据"),
    "refused": gettext_lazy("被设备拒绝"),
    "failed": gettext_lazy("设备执行失败"),
    "unfinished": gettext_lazy("数据没有发完"),
    "silent": gettext_lazy("没有应答"),
    "cut": gettext_lazy("连接中断"),
}


@require_safe
def device_list(request: HttpRequest) -> HttpResponse:
    """Every device, those that need a person first, and what was refused lately whoever sent it."""
    registry = gathering.registry()
    known, lines = gathering.known_devices(registry), _lines(registry)
    intake = gathering.intake_counts()
    context = {
        "here": "devices",
        "devices": [_summary(each, lines, registry) for each in known],
        "counts": [(str(word), sum(each.state == state for each in known)) for state, word in STATES.items()],
        "refusals": _reasons(intake.get("refused", {})),
        "junk": int(intake.get("junk", 0)),
        "peers": _peers(intake.get("peers", {})),
        "refused": [_refused_entry(each, registry) for each in gathering.newest_refused()],
        "yesterday": _yesterday(registry),
    }
    return render(request, "web/devices.html", context)


@require_safe
def device(request: HttpRequest, mn: str) -> HttpResponse:
    """One device; a fragment for the drawer."""
    registry = gathering.registry()
    known = next((each for each in gathering.known_devices(registry) if each.mn == mn), None)
    if known is None:
        sentence = gettext("没有设备 %(mn)s：登记簿里没有它，它也没有发来过正确的报文。")
        raise NothingThereError(sentence % {"mn": mn})
    lines, language = _lines(registry), reading_language()
    context = {
        "here": "devices",
        "device": known,
        **_summary(known, lines, registry),
        "points": [
            {
                "name": spoken(name_of(point.item), language),
                "code": point.code,
                "unit": point.unit,
                "source": point.source,
                "href": reverse("point", args=[point.code]) + _period_of(lines, point.code),
                **_completeness([lines[point.code]]),
            }
            for point in known.points
        ],
        "breaches": [_breach(each, registry) for each in known.breaches],
        "asked": _asked(known, registry),
        "gaps": known.told.get("gaps", []),
        "said": sorted(known.told.get("told", {}).items()),
        "heartbeat": _local(known.told.get("heartbeat"), registry),
        "resent": int(known.told.get("resent", 0)),
        "peer": known.told.get("peer", ""),
    }
    return page_or_fragment(request, "device", context)


def _summary(known: KnownDevice, lines: Mapping[str, Line], registry: Registry) -> dict[str, Any]:
    latest = known.latest_refused
    return {
        "mn": known.mn,
        "href": href_of(known.mn),
        "place": known.place,
        "is_registered": known.is_registered,
        "state": str(STATES[known.state]),
        "mark": _MARKS[known.state],
        "age": known.age,
        "last_seen": known.last_seen.astimezone(registry.zone) if known.last_seen else None,
        "edition": str(known.told.get("edition", "")),
        "clock": clock_words(known.clock_offset_s),
        "clock_is_off": abs(known.clock_offset_s or 0.0) > CLOCK_TOLERANCE_S,
        "frames": known.frames,
        "refused_total": sum(known.refused.values()),
        "refusals": _reasons(known.refused),
        "latest_refused": pages.entry_href(latest.entry) if latest else "",
        "breach_count": len(known.breaches),
        "file_wanted": known.file_wanted,
        **_completeness([lines[point.code] for point in known.points]),
    }


def _completeness(lines: Iterable[Line]) -> dict[str, Any]:
    """Received ÷ due of yesterday and of the last thirty days, in words; a dash where nothing was due."""
    cells = [each.cells for each in lines]
    return {
        "day": share_words(share(each[-1] for each in cells)),
        "month": share_words(share(cell for each in cells for cell in each)),
    }


def share_words(ratio: float | None) -> str:
    """A share in per cent; a dash for none. Never rounded up to a full 100 %."""
    if ratio is None:
        return "—"
    return "100 %" if ratio == 1 else f"{numbers.digits(ratio * 100, '%')} %"


def clock_words(offset_s: float | None) -> str:
    """How a device's clock goes against ours; "" where it was not told."""
    if offset_s is None:
        return ""
    if abs(offset_s) < 1:
        return gettext("准")
    length = _length(abs(offset_s))
    return (gettext("快 %(length)s") if offset_s > 0 else gettext("慢 %(length)s")) % {"length": length}


def _length(seconds: float) -> str:
    if seconds >= 2 * 86_400:
        return gettext("%(n)s 天") % {"n": round(seconds / 86_400)}
    if seconds >= 2 * 3600:
        return gettext("%(n)s 小时") % {"n": round(seconds / 3600)}
    if seconds >= 120:
        return gettext("%(n)s 分钟") % {"n": round(seconds / 60)}
    return gettext("%(n)s 秒") % {"n": round(seconds)}


def _reasons(refused: Mapping[str, int]) -> list[dict[str, Any]]:
    left_out = gettext("来得太多，只计数不保存")
    language = reading_language()
    return [
        {"name": name, "words": left_out if name == "left_out" else spoken(reason_text(name), language), "count": count}
        for name, count in sorted(refused.items(), key=lambda each: (-int(each[1]), each[0]))
    ]


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
        "href": pages.entry_href(entry.id),
        "at": entry.received_at.astimezone(registry.zone),
        "peer": peer,
        "mn": mn,
        "device_href": href_of(mn) if mn in points_of_devices(registry) else "",
        "words": [spoken(reason_text(name), reading_language()) for name in names],
        "is_junk": entry.kind == "junk",
        "size": len(entry.payload),
    }


def _breach(breach: Breach, registry: Registry) -> dict[str, Any]:
    return {
        "name": breach.name,
        "text": breach.text,
        "is_refused": breach.is_refused,
        "times": breach.times,
        "at": breach.at.astimezone(registry.zone) if breach.at else None,
        "href": pages.entry_href(breach.entry) if breach.entry else "",
        "entry": breach.entry,
    }


def _asked(known: KnownDevice, registry: Registry) -> dict[str, Any]:
    asked = known.told.get("asked", {})
    return {
        "exchanges": int(asked.get("exchanges", 0)),
        "silent": int(asked.get("silent", 0)),
        "last": _question(known.last_question, registry) if known.last_question else None,
        "vain": [{**_question(each, registry), "times": times} for each, times in known.vain][-12:],
        "waiting": [_question(each, registry) for each in known.waiting],
    }


def _question(question: Question, registry: Registry) -> dict[str, Any]:
    span = [
        each.astimezone(registry.zone).strftime("%Y-%m-%d %H:%M") for each in (question.begin, question.end) if each
    ]
    return {
        "command": question.command,
        "span": " – ".join(span),
        "outcome": str(OUTCOMES.get(question.outcome, question.outcome)),
        "said": question.said,
        "frames": question.frames,
        "at": question.at.astimezone(registry.zone) if question.at else None,
    }


def _local(text: object, registry: Registry) -> datetime | None:
    return datetime.fromisoformat(str(text)).astimezone(registry.zone) if text else None


def _yesterday(registry: Registry) -> date:
    return gathering.clock().astimezone(registry.zone).date() - timedelta(days=1)


def _lines(registry: Registry) -> Mapping[str, Line]:
    """The last thirty whole days of every point."""
    last = _yesterday(registry)
    return gathering.received_lines(registry, [last - timedelta(days=back) for back in reversed(range(MONTH_DAYS))])


def _period_of(lines: Mapping[str, Line], code: str) -> str:
    return f"?period={lines[code].cells[-1].day:%Y-%m}"
