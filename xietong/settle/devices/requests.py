"""requests.json: what intake is to ask devices for, by what is missing, what was asked in vain, who never answers."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from xietong.intake.devices import DeviceBook
from xietong.lake.files.durable import replace_file
from xietong.settle.devices.device import Device, file_wanted
from xietong.settle.devices.due import Span
from xietong.texts import Text

MOST_A_DEVICE, MOST_REQUESTS = 4, 5_000
READ_AGAIN = PROBE_AGAIN = timedelta(days=1)


def plan(
    spans: list[Span], devices: Mapping[str, Device], book: DeviceBook, now: datetime
) -> list[dict[str, str | None]]:
    """What to ask now, at most a few a device; marks devices as one-way and says for which an enterprise must help."""
    found: list[dict[str, str | None]] = []
    lacking: dict[str, list[Span]] = {}
    for span in spans:
        lacking.setdefault(span.mn, []).append(span)
    for mn, device in devices.items():
        rule = book.rule(mn)
        device.one_way = device.asked.get("silent", 0) >= book.asking.give_up
        wanted, hopeless = _sorted_out(lacking.get(mn, []), device, book.asking.give_up)
        _want_file(mn, device, lacking.get(mn, []) if device.one_way else hopeless)
        if not rule.ask or (device.one_way and not _may_probe(device, now)):
            continue
        found += [_asked(span) for span in wanted[:MOST_A_DEVICE]]
        found += [_read(mn, word) for word in rule.reading if _is_due(device, word.partition(":")[0], now)]
    return found[:MOST_REQUESTS]


def write(path: Path, requests: list[dict[str, str | None]], positions: Mapping[str, int], now: datetime) -> None:
    """Replace requests.json. positions: up to which entry of each journal this is known."""
    content = {"written_at": now.isoformat(), "positions": dict(positions), "requests": requests}
    replace_file(path, json.dumps(content, ensure_ascii=False).encode())


def _sorted_out(spans: list[Span], device: Device, give_up: int) -> tuple[list[Span], list[Span]]:
    """What is worth asking for, and what was asked for often enough."""
    vain: list[list[Any]] = [each for each in device.asked.get("vain", []) if each[3] >= give_up]
    given_up = [(cn, datetime.fromisoformat(begin), datetime.fromisoformat(end)) for cn, begin, end, _ in vain]
    wanted: list[Span] = []
    hopeless: list[Span] = []
    for span in spans:
        is_vain = any(cn == span.cn and begin <= span.begin and span.end <= end for cn, begin, end in given_up)
        (hopeless if is_vain else wanted).append(span)
    return wanted, hopeless


def _want_file(mn: str, device: Device, spans: list[Span]) -> None:
    if not spans:
        device.file_wanted = None
        return
    begin, end = min(span.begin for span in spans).isoformat(), max(span.end for span in spans).isoformat()
    count = sum(span.instants for span in spans)
    text: Text = file_wanted(mn, begin, end, count, one_way=device.one_way)
    device.file_wanted = {"begin": begin, "end": end, "count": count, "zh": text.zh, "en": text.en}


def _may_probe(device: Device, now: datetime) -> bool:
    """A one-way device is asked once a day all the same: it may have been mended."""
    last = device.asked.get("last", {}).get("at")
    return last is None or now - datetime.fromisoformat(last) >= PROBE_AGAIN


def _is_due(device: Device, cn: str, now: datetime) -> bool:
    last = device.asked.get("read", {}).get(cn)
    return last is None or now - datetime.fromisoformat(last) >= READ_AGAIN


def _asked(span: Span) -> dict[str, str | None]:
    return {"mn": span.mn, "cn": span.cn, "begin": span.begin.isoformat(), "end": span.end.isoformat()}


def _read(mn: str, word: str) -> dict[str, str | None]:
    cn, _, factor = word.partition(":")
    return {"mn": mn, "cn": cn, "begin": None, "end": None, "factor": factor or None}
