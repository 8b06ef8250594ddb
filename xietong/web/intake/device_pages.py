"""设备: one device with all that it sent, broke and was asked, the rules that hold for it, and, for the park's own, the
commands that wait for their second person.

Reading only: what may be set about devices is devices.toml, which a person edits; commands are given in `orders`.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from django.contrib.auth.models import AbstractUser
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_safe

from xietong.intake.devices import Rule
from xietong.intake.hj212 import gate
from xietong.park import ordering
from xietong.park.nouns import Registry
from xietong.protocols.hj212 import decode
from xietong.protocols.hj212.tables import CONTROLLING
from xietong.protocols.hj212.violations import violations
from xietong.readings import Entry
from xietong.web.evidence.due_and_received import Line, share
from xietong.web.evidence.raw_entry import without_password
from xietong.web.intake import intake_state
from xietong.web.intake.device_model import (
    CLOCK_TOLERANCE_S,
    Breach,
    KnownDevice,
    Question,
    command_text,
    href_of,
    reason_text,
)
from xietong.web.shell import links, park_data
from xietong.web.shell.asked import NothingThereError, page_or_fragment
from xietong.web.shell.languages import reading_language
from xietong.wording import numbers
from xietong.wording.words import name_of, spoken

MONTH_DAYS, MOST_SHOWN = 30, 1200
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


_ENDS = {"done": "met", "silent": "short", "refused": "short", "failed": "short"}


@require_safe
def device(request: HttpRequest, mn: str) -> HttpResponse:
    """One device; a fragment for the drawer."""
    registry = park_data.registry()
    known = next((each for each in intake_state.known_devices(registry) if each.mn == mn), None)
    if known is None:
        sentence = gettext("没有设备 %(mn)s：登记簿里没有它，它也没有发来过正确的报文。")
        raise NothingThereError(sentence % {"mn": mn})
    lines, language = lines_of(registry, [known]), reading_language()
    book, problem = intake_state.device_book()
    context = {
        "here": "devices",
        "device": known,
        **summary(known, lines, registry),
        "points": [
            {
                "name": spoken(name_of(point.item), language),
                "code": point.code,
                "unit": point.unit,
                "source": point.source,
                "href": reverse("point", args=[point.code]) + _period_of(lines, point.code),
                **completeness([lines[point.code]]),
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
        "refused_frames": [_raw(each, registry) for each in intake_state.newest_refused(mn)],
        "rules": None if problem else _rules(book.rule(mn)),
        "rules_problem": problem,
        **_orders(request, mn, registry, is_own=book.rule(mn).own),
    }
    return page_or_fragment(request, "device", context)


def summary(known: KnownDevice, lines: Mapping[str, Line], registry: Registry) -> dict[str, Any]:
    """What the list and the head of the page say of a device."""
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
        "refusals": reasons(known.refused),
        "latest_refused": links.entry_href(latest.entry) if latest else "",
        "breach_count": len(known.breaches),
        "file_wanted": known.file_wanted,
        **completeness([lines[point.code] for point in known.points]),
    }


def completeness(lines: Iterable[Line]) -> dict[str, Any]:
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


def reasons(refused: Mapping[str, int]) -> list[dict[str, Any]]:
    """Why frames were not used, in words, with how many, the most frequent first."""
    left_out = gettext("来得太多，只计数不保存")
    language = reading_language()
    return [
        {"name": name, "words": left_out if name == "left_out" else spoken(reason_text(name), language), "count": count}
        for name, count in sorted(refused.items(), key=lambda each: (-int(each[1]), each[0]))
    ]


def _breach(breach: Breach, registry: Registry) -> dict[str, Any]:
    return {
        "name": breach.name,
        "text": breach.text,
        "clause": breach.clause,
        "is_refused": breach.is_refused,
        "times": breach.times,
        "at": breach.at.astimezone(registry.zone) if breach.at else None,
        "href": links.entry_href(breach.entry) if breach.entry else "",
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
        "history": [_question(each, registry) for each in known.questions],
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
        "mark": _ENDS.get(question.outcome, "partial"),
        "sent": question.sent,
        "href": links.entry_href(question.entry) if question.entry else "",
        "order": links.entry_href(question.order) if question.order else "",
    }


def _raw(entry: Entry, registry: Registry) -> dict[str, Any]:
    """A refused frame as it came, its password hidden, and why."""
    rule = entry.origin.partition("#")[2]
    names = [rule] if rule else violations(decode(entry.payload))
    return {
        "id": entry.id,
        "href": links.entry_href(entry.id),
        "at": entry.received_at.astimezone(registry.zone),
        "words": [spoken(reason_text(name), reading_language()) for name in names],
        "text": without_password(entry.payload[:MOST_SHOWN]) + ("…" if len(entry.payload) > MOST_SHOWN else ""),
    }


def _rules(rule: Rule) -> list[tuple[str, str]]:
    """What devices.toml settles about the device, without its secrets."""
    any_word, yes, no = gettext("不限"), gettext("是"), gettext("否")
    return [
        (gettext("口令"), gettext("须与登记的一致，否则拒收") if rule.password else any_word),
        (gettext("网络地址"), ", ".join(map(str, rule.addresses)) or any_word),
        (gettext("SM4 密钥"), gettext("%(n)s 把") % {"n": len(rule.sm4_keys)} if rule.sm4_keys else gettext("没有")),
        (gettext("缺数时去问它"), yes if rule.ask else no),
        (gettext("每日读取"), "、".join(rule.reading) or gettext("没有")),
        (gettext("园区自有，可以命令"), yes if rule.own else gettext("否：园区不得改动企业的法定监测设备")),
    ]


def _orders(request: HttpRequest, mn: str, registry: Registry, *, is_own: bool) -> dict[str, Any]:
    """Commands to the park's own device: what waits for its second person, and what this one may do about it."""
    if not is_own or not isinstance(request.user, AbstractUser):
        return {"is_own": False}
    waiting = [each for each in gate.proposals(park_data.data_folder(), park_data.clock()) if each.mn == mn]
    return {
        "is_own": True,
        "proposals": [
            {
                "id": each.id,
                "href": links.entry_href(each.id),
                "command": command_text(each.cn),
                "content": without_password(each.content.encode()),
                "by": each.by,
                "at": each.at.astimezone(registry.zone),
                "is_mine": each.by == request.user.get_username(),
            }
            for each in waiting
        ],
        "commands": [{"cn": cn, "text": command_text(cn)} for cn in sorted(CONTROLLING)],
        "may_propose": ordering.may_propose(request.user),
        "may_confirm": ordering.may_confirm(request.user),
    }


def _local(text: object, registry: Registry) -> datetime | None:
    return datetime.fromisoformat(str(text)).astimezone(registry.zone) if text else None


def yesterday(registry: Registry) -> date:
    """The last whole park day."""
    return park_data.clock().astimezone(registry.zone).date() - timedelta(days=1)


def lines_of(registry: Registry, known: Iterable[KnownDevice]) -> Mapping[str, Line]:
    """The last thirty whole days of every point of those devices."""
    return lines_over_a_month(registry, [point.code for each in known for point in each.points])


def lines_over_a_month(registry: Registry, codes: Collection[str]) -> Mapping[str, Line]:
    """The last thirty whole days of those points."""
    last = yesterday(registry)
    days = [last - timedelta(days=back) for back in reversed(range(MONTH_DAYS))]
    return intake_state.received_lines(registry, days, codes)


def _period_of(lines: Mapping[str, Line], code: str) -> str:
    return f"?period={lines[code].cells[-1].day:%Y-%m}"
