"""导入记录: files and pushes that were brought in, the newest first: who, when, what, how many rows, which entry.

Made from acts and answered pushes; the bytes themselves are the entry's page.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_safe

from xietong.park.models import Act, Push
from xietong.park.nouns import Registry
from xietong.readings import Entry
from xietong.texts import Text
from xietong.web.api.answers import answer_of
from xietong.web.evidence import behind_figures
from xietong.web.shell import links, park_data
from xietong.web.shell.asked import instant_or_404

MOST, MOST_CELLS, SHORT_HASH = 50, 100, 12
KINDS = {
    "load_package": gettext_lazy("园区数据包"),
    "bring_readings": gettext_lazy("监测值文件"),
    "correct_readings": gettext_lazy("更正监测值"),
    "push": gettext_lazy("程序推送"),
    "refuse_rows": gettext_lazy("没有采用的格"),
}
STATED = gettext_lazy("填报与登记表")
_VERBS = ("load_package", "bring_readings", "correct_readings", "refuse_rows")
_FILES = Q(verb__in=_VERBS) | Q(verb__startswith="state_")


@require_safe
def uploads(request: HttpRequest) -> HttpResponse:
    """The newest fifty, or those before an instant (`until`)."""
    registry = park_data.registry()
    asked = request.GET.get("until")
    until = instant_or_404(asked, None) if asked else None
    found = _newest(until)
    ids = [entry for row in found for entry in row["entries"].values()]
    known = behind_figures.entries_named(dict.fromkeys(ids))
    context = {
        "here": "uploads",
        "rows": [_shown(row, known, registry) for row in found],
        "older": _older(found),
        "is_newest": until is None,
    }
    return render(request, "web/uploads.html", context)


def _newest(until: datetime | None) -> list[dict[str, Any]]:
    acts, pushes = Act.objects.filter(_FILES), Push.objects.select_related("key")
    if until is not None:
        acts, pushes = acts.filter(at__lt=until), pushes.filter(at__lt=until)
    rows = [_of_act(each) for each in acts.order_by("-at")[:MOST]]
    rows += [_of_push(each) for each in pushes.order_by("-at")[:MOST]]
    return sorted(rows, key=lambda row: row["at"], reverse=True)[:MOST]


def _older(found: list[dict[str, Any]]) -> str:
    if len(found) < MOST:
        return ""
    return reverse("uploads") + "?" + urlencode({"until": found[-1]["at"].isoformat()})


def _of_act(act: Act) -> dict[str, Any]:
    what: Mapping[str, Any] = act.what
    entries = dict(what.get("entries", {}))
    if act.entry:
        entries = {str(what.get("file", "")): act.entry}
    return {
        "at": act.at,
        "who": act.who,
        "kind": str(KINDS.get(act.verb, STATED)),
        "table": act.verb.removeprefix("state_") if act.verb.startswith("state_") else "",
        "entries": entries,
        "rows": what.get("rows", what.get("readings")),
        "rejected": int(what.get("rejected", 0)),
        "cells": [_cell(each) for each in what.get("cells", [])],
        "reason": what.get("reason", ""),
        "evidence": what.get("evidence", ""),
        "is_correction": act.verb == "correct_readings",
    }


def _of_push(push: Push) -> dict[str, Any]:
    answer: Mapping[str, Any] = push.answer
    return {
        "at": push.at,
        "who": push.key.name,
        "kind": str(KINDS["push"]),
        "table": "",
        "entries": {push.idempotency: answer.get("entry", "")},
        "rows": answer.get("accepted"),
        "rejected": answer.get("refused", len(answer.get("rejected", []))),
        "push": push,
        "reason": "",
        "evidence": "",
        "is_correction": False,
    }


def _cell(told: Mapping[str, Any]) -> dict[str, Any]:
    """One refused cell: where it stands, what it says, the rule and clause, and the sentence with the remedy."""
    where = [str(told.get(name) or "") for name in ("file", "sheet", "cell")]
    if not where[2] and told.get("row"):
        where[2] = gettext("第 %(n)s 行") % {"n": told["row"]} + (f" {told['column']}" if told.get("column") else "")
    return {
        "where": " · ".join(filter(None, where)),
        "value": str(told.get("value", "")),
        "rule": str(told.get("rule", "")),
        "clause": str(told.get("clause", "")),
        "text": Text(str(told.get("zh", "")), str(told.get("en", ""))),
    }


def _pushed_cell(told: Mapping[str, Any]) -> dict[str, Any]:
    place = gettext("第 %(n)s 项") % {"n": int(told.get("place", 0)) + 1}
    sentence = str(told.get("message", ""))
    where = f"{place} {told.get('field', '')}".strip()
    return {"where": where, "value": "", "rule": "", "clause": "", "text": Text(sentence, sentence)}


def _shown(row: Mapping[str, Any], known: Mapping[str, Entry], registry: Registry) -> dict[str, Any]:
    files = [_file(name, entry, known.get(entry)) for name, entry in row["entries"].items() if entry]
    if "push" in row:
        told = answer_of(row["push"], known.get(str(row["push"].answer.get("entry", ""))))
        row = {**row, "cells": [_pushed_cell(each) for each in told.get("rejected", [])[:MOST_CELLS]]}
    return {**row, "at": row["at"].astimezone(registry.zone), "first": files[:1], "others": files[1:]}


def _file(name: str, entry: str, found: Entry | None) -> dict[str, Any]:
    """A file with its entry and the hash of its bytes: of the original where the entry names one, else of the entry."""
    told = _told(found)
    digest = str(told.get("sha256") or (found.payload_sha256.hex() if found else ""))
    return {
        "name": name or str(told.get("name", "")),
        "entry": entry,
        "href": links.entry_href(entry),
        "sha256": digest,
        "short": digest[:SHORT_HASH],
        "is_lost": found is None,
    }


def _told(found: Entry | None) -> Mapping[str, Any]:
    if found is None or found.kind != "file":
        return {}
    told = json.loads(found.payload)
    return told if isinstance(told, dict) else {}
