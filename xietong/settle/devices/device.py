"""Device: what is known of one device by what it sent and how it answered, as live.json keeps it for pages.

Made from the journals alone and folded entry by entry: nothing here is a figure, and all of it may be made anew.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from xietong.protocols.hj212 import Frame, Value
from xietong.protocols.hj212.content import read_time
from xietong.protocols.hj212.parts import Gap
from xietong.protocols.hj212.tables import READING
from xietong.protocols.hj212.violations import violations
from xietong.readings import Entry
from xietong.texts import Text

MOST_PASSWORDS = 4
MOST_GAPS, MOST_SPANS, MOST_TOLD, MOST_VIOLATIONS, MOST_HISTORY = 20, 200, 60, 40, 30
_VAIN = ("done", "no_data", "refused", "failed", "unfinished")


@dataclass
class Device:
    """One device.

    refused: frames not used, by reason; violations: what is not as the standard wants it, by name (the names are those
    of protocols/hj212/violations.csv), how often, and where it was last seen (entry, at); resent: frames marked RF=1;
    heartbeat: when the last came; told: what it said of itself when it was read; gaps: messages with a part missing,
    the newest last; asked: how it answers (see `answered`); one_way: it sends and never answers; file_wanted: what the
    enterprise is to give in a file, since the device cannot; passwords: hashes of those it spoke with, four at most.
    """

    last_seen: str = ""
    frames: int = 0
    refused: dict[str, int] = field(default_factory=dict)
    edition: str = ""
    clock_offset_s: float | None = None
    peer: str = ""
    violations: dict[str, dict[str, Any]] = field(default_factory=dict)
    resent: int = 0
    heartbeat: str = ""
    told: dict[str, str] = field(default_factory=dict)
    gaps: list[dict[str, Any]] = field(default_factory=list)
    asked: dict[str, Any] = field(default_factory=dict)
    one_way: bool = False
    file_wanted: dict[str, Any] | None = None
    passwords: list[str] = field(default_factory=list)

    def breaks(self, names: Iterable[str], entry: Entry, times: int = 1) -> None:
        """Name what an entry breaks of the standard, and others before it that break the same."""
        for name in names:
            if name in self.violations or len(self.violations) < MOST_VIOLATIONS:
                seen = self.violations.setdefault(name, {"times": 0})
                seen |= {"times": seen["times"] + times, "entry": entry.id, "at": entry.received_at.isoformat()}

    def speaks_with(self, password: str, mn: str, entry: Entry) -> None:
        """Note which password it used: a second one is a device set anew, or somebody who poses as it."""
        told = hashlib.blake2b(password.encode(), key=mn.encode()[:64], digest_size=8).hexdigest()
        if told not in self.passwords and len(self.passwords) < MOST_PASSWORDS:
            self.passwords.append(told)
            if len(self.passwords) > 1:
                self.breaks(["passwords"], entry)

    def said(self, frame: Frame, entry: Entry) -> None:
        """Take in a frame that was decoded whole."""
        self.speaks_with(frame.pw, frame.mn, entry)
        self.breaks(violations(frame), entry)
        self.resent += frame.rf
        if frame.cn == "9015":
            self.heartbeat = entry.received_at.isoformat()
        if frame.cn in READING:
            told = {**frame.parameters, **{_name(each): str(each.value) for each in frame.values}}
            self.told = dict(list((self.told | told).items())[-MOST_TOLD:])

    def describe(self, edition: str, qn: str, entry: Entry) -> None:
        """Take in the newest frame of a while: when, from where, in which edition, how its clock goes."""
        self.last_seen = entry.received_at.isoformat()
        self.edition = edition
        self.peer = host(entry.origin)
        sent_at = read_time(qn)
        if sent_at is not None:
            self.clock_offset_s = round((sent_at - entry.received_at).total_seconds(), 3)

    def lacks(self, gap: Gap, entry: Entry) -> None:
        """Mark the gap of a message whose missing part did not come in time."""
        marked = {**gap._asdict(), "missing": list(gap.missing), "entry": entry.id}
        self.gaps = [*self.gaps, marked][-MOST_GAPS:]
        self.breaks(["parts"], entry)

    def answered(self, note: Mapping[str, Any], at: datetime, entry: str = "") -> None:
        """Take in how an exchange ended. silent: exchanges in a row without any answer; vain: [CN, begin, end, times]
        of what was asked for and may still be missing; last: the newest exchange; history: the newest ones, that one
        last; read: CN → when it was last read."""
        outcome = str(note["exchange"])
        asked = self.asked
        asked["exchanges"] = asked.get("exchanges", 0) + 1
        asked["last"] = {key: note.get(key) for key in ("exchange", "cn", "begin", "end", "code", "frames")}
        asked["last"]["at"] = at.isoformat()
        told = {"sent": note.get("sent"), "entry": entry, **({"order": note["order"]} if note.get("order") else {})}
        asked["history"] = [*asked.get("history", []), {**asked["last"], **told}][-MOST_HISTORY:]
        if outcome == "silent":
            asked["silent"] = asked.get("silent", 0) + 1
        elif outcome != "cut":
            asked["silent"] = 0
            self.one_way = False
        if note.get("code") == "3" and outcome == "refused":
            self.violations.setdefault("password", {"times": 0})["times"] += 1
        if note["cn"] in READING:
            asked.setdefault("read", {})[str(note["cn"])] = at.isoformat()
        elif outcome in _VAIN and note.get("begin"):
            self._asked_for(str(note["cn"]), str(note["begin"]), str(note["end"]))

    def _asked_for(self, cn: str, begin: str, end: str) -> None:
        spans: list[list[Any]] = self.asked.setdefault("vain", [])
        for span in spans:
            if span[:3] == [cn, begin, end]:
                span[3] += 1
                return
        self.asked["vain"] = [*spans, [cn, begin, end, 1]][-MOST_SPANS:]


def _name(value: Value) -> str:
    """What a device says of itself, by name: each analyser for itself."""
    return f"{value.owner} {value.code}-{value.field}".strip()


def host(origin: str) -> str:
    """The peer of an origin without its port and without the reason behind #."""
    plain = origin.partition("#")[0]
    return plain.removeprefix("tcp:").rpartition(":")[0] or plain


def file_wanted(mn: str, begin: str, end: str, count: int, *, one_way: bool) -> Text:
    """The reason for which an enterprise is asked for a file."""
    why_zh = "只上报、不应答" if one_way else "的存储里也没有这些数据"
    why_en = "only sends and never answers" if one_way else "does not have them in its memory either"
    return Text(
        f"设备 {mn} 从 {begin} 到 {end} 缺 {count} 个数据时间，设备{why_zh}；请企业提供这段数据的文件（表格导入），"
        "否则这些时段按缺失计。",
        f"device {mn} lacks {count} times of data from {begin} to {end} and {why_en}. Ask the enterprise for a file of "
        "them (import it as a sheet); until then these hours count as missing.",
    )
