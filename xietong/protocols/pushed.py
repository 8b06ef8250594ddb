"""Readings that a program pushes over HTTP: a JSON body in, rows and problems out. No sockets and no park here.

    {"readings": [{"point": "M1", "at": "2025-03-01T08:00", "value": 12.5, "flag": "N"}, …]}

`at` is the start of the interval for amounts and means, the instant otherwise; without an offset it is park time. A
value below detection is "<0.02" (or "ND"), or its limit under the flag "<": half the limit is kept (see detection).
"""

import json
import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple, TypeGuard
from zoneinfo import ZoneInfo

from xietong.detection import device_limit_in, kept, mark_of
from xietong.periods import is_skipped
from xietong.readings import BELOW, MILLIONTH
from xietong.texts import Text

_NUMBER = re.compile(r"\s*[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?\s*")
_LARGEST = Decimal(10) ** 12
_FLAG_LENGTH, _POINT_LENGTH = 8, 60
_FIRST, _LAST = datetime(1900, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


class PushedRow(NamedTuple):
    """One reading of a body: its place there, the point's code, UTC, the exact value, the mark."""

    place: int
    point: str
    at: datetime
    value: Decimal
    flag: str


class Problem(NamedTuple):
    """What is wrong with one reading of a body (place −1: with the body), in which field, and what to do."""

    place: int
    field: str
    sentence: Text


class Pushed(NamedTuple):
    """A body taken apart: what can be used, and what cannot."""

    rows: tuple[PushedRow, ...]
    problems: tuple[Problem, ...]


def sealed(
    body: bytes, refused: Collection[int], note: Mapping[str, object] | None = None, seconds: Collection[int] = ()
) -> bytes:
    """The payload of the journal entry: which readings the door refused, a line feed, and the very body.

    note: what the door needs to know the same push again, whatever happens before it has written that down elsewhere;
    seconds: the readings whose stamps lie a hair beside their point's grid, and count at their nearest full second.
    """
    head: dict[str, object] = {"refused": runs(refused)}
    head |= {"seconds": runs(seconds)} if seconds else {}
    head |= {"note": note} if note else {}
    return json.dumps(head, ensure_ascii=False, separators=(",", ":")).encode() + b"\n" + body


def note_of(payload: bytes) -> Mapping[str, Any]:
    """The note of such a payload; empty where it has none."""
    found = json.loads(payload.partition(b"\n")[0]).get("note", {})
    return found if isinstance(found, Mapping) else {}


def opened(payload: bytes, zone: ZoneInfo) -> tuple[PushedRow, ...]:
    """The readings of such a payload that the door took."""
    head, _, body = payload.partition(b"\n")
    told = json.loads(head)
    refused, seconds = _places(told["refused"]), _places(told.get("seconds", ""))
    taken = (row for row in decode(body, zone).rows if row.place not in refused)
    return tuple(row._replace(at=full_second(row.at)) if row.place in seconds else row for row in taken)


def full_second(at: datetime) -> datetime:
    """The nearest full second; the later one of two as near."""
    return (at + timedelta(microseconds=500_000)).replace(microsecond=0)


def runs(places: Iterable[int]) -> str:
    """Places as runs, in order: "0-5,9"; −1, the body, is none of them."""
    found: list[list[int]] = []
    for place in sorted(set(places) - {-1}):
        if found and place == found[-1][1] + 1:
            found[-1][1] = place
        else:
            found.append([place, place])
    return ",".join(f"{first}" if first == last else f"{first}-{last}" for first, last in found)


def _places(stated: str | list[int]) -> set[int]:
    """The places that runs name; older entries list each of them."""
    if isinstance(stated, list):
        return set(stated)
    ends = [each.split("-") for each in stated.split(",") if each]
    return {place for each in ends for place in range(int(each[0]), int(each[-1]) + 1)}


def decode(body: bytes, zone: ZoneInfo, most: int | None = None) -> Pushed:
    """Take a body apart; the same bytes always give the same rows, which is how settle reads them again later.

    most: readings that a door takes at once; of more than that none is looked at. What is kept is read without it.
    """
    try:
        told = json.loads(body, parse_float=Decimal, parse_int=Decimal, object_pairs_hook=_object)
        listed = told["readings"]
    except (ValueError, KeyError, TypeError, RecursionError, InvalidOperation):
        listed = None
    if not isinstance(listed, list):
        return Pushed((), (Problem(-1, "", _NO_READINGS),))
    if most is not None and isinstance(told, _Twice):
        return Pushed((), (Problem(-1, told.name, _BODY_TWICE),))
    if not listed:
        return Pushed((), (Problem(-1, "", _EMPTY),))
    if most is not None and len(listed) > most:
        said = Text(*(each.format(len(listed), most) for each in _TOO_MANY))
        return Pushed((), (Problem(-1, "", said),))
    clocks = _Clocks(zone)
    found = [each for index, stated in enumerate(listed) for each in _taken(index, stated, clocks)]
    rows = tuple(each for each in found if isinstance(each, PushedRow))
    return Pushed(rows, tuple(each for each in found if isinstance(each, Problem)))


class _Twice(dict[str, Any]):
    """An object in which a name stands more than once: which of its values is meant, nobody knows."""

    name = ""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    twice = _Twice(found)
    names = [name for name, _ in pairs]
    twice.name = next(name for name in names if names.count(name) > 1)
    return twice


class _Clocks:
    """The park's clocks over one body: of times without an offset that they show twice, the second row of a point is
    the second; over which they go forward, there is none."""

    def __init__(self, zone: ZoneInfo) -> None:
        self.zone = zone
        self._seen: set[tuple[str, datetime]] = set()

    def instant(self, at: datetime, point: object) -> datetime | None:
        """A time of the body as an instant; None where clocks never show it."""
        if at.tzinfo:
            return at.astimezone(UTC)
        first, second = (at.replace(tzinfo=self.zone, fold=fold).astimezone(UTC) for fold in (0, 1))
        if first == second:
            return first
        if is_skipped(at, self.zone):
            return None
        key = str(point), first
        is_second = key in self._seen
        self._seen.add(key)
        return second if is_second else first


def _taken(index: int, stated: object, clocks: _Clocks) -> Iterator[PushedRow | Problem]:
    if not isinstance(stated, Mapping):
        yield Problem(index, "", Text("不是一条监测值；请写成对象。", "it is no reading; write it as an object."))
        return
    if isinstance(stated, _Twice):  # named, and refused at the door; what a door has taken stays as it was read
        yield Problem(index, stated.name[:_POINT_LENGTH], _TWICE)
    point, flag = stated.get("point"), _mark(stated.get("flag", ""))
    at, value = _instant(stated.get("at"), point, clocks), _value(stated.get("value"), flag)
    wrong = [
        Problem(index, name, said)
        for name, said, is_wrong in (
            ("point", _POINT, not _is_word(point) or not 0 < len(point) <= _POINT_LENGTH),
            ("at", _AT, at is None),
            ("value", _VALUE, value is None),
            ("flag", _FLAG, not _is_word(flag) or len(flag) > _FLAG_LENGTH),
        )
        if is_wrong
    ]
    if wrong or at is None or value is None:
        yield from wrong
        return
    yield PushedRow(index, str(point), at, value.kept, mark_of(str(flag)) if value.is_below else str(flag))


def _is_word(stated: object) -> TypeGuard[str]:
    """Text that can be kept: JSON may also hold half a character (\\ud800) or control characters."""
    return isinstance(stated, str) and stated.isprintable()


_NO_READINGS = Text(
    '请求体不是 UTF-8 编码、形如 {"readings": [...]} 的 JSON，什么也没有收下；请按文档改写。',
    'the body is no JSON in UTF-8 of the form {"readings": [...]}, so nothing was taken; write it as documented.',
)
_BODY_TWICE = Text(
    "请求体里这个名称出现两次，不知道以哪一个为准，什么也没有收下；请只写一个 readings。",
    "this name stands twice in the body and nobody knows which is meant, so nothing was taken; write one readings.",
)
_TWICE = Text(
    "同一条监测值里这个名称出现两次，不知道以哪一个为准；请只写一次，两个值请写成两条。",
    "this name stands twice in the reading and nobody knows which is meant; write it once, and two values as two "
    "readings.",
)
_EMPTY = Text(
    "请求体里没有监测值，什么也没有收下；没有数据时不必发送。",
    "the body holds no reading and nothing was taken; send nothing where there is nothing.",
)
_TOO_MANY = Text(
    "请求体有 {0} 条监测值，一次最多 {1} 条，什么也没有收下；请分批发送。",
    "the body holds {0} readings and {1} are taken at once, so nothing was taken; send less at once.",
)
_POINT = Text("没有监测点代码；请写明 point。", "there is no code of a point; state it under point.")
_AT = Text(
    "时刻读不懂，或不在 1900 至 2199 年，或时钟拨快而当天没有这一刻；请写成 2025-03-01T08:00，可带时区。",
    "the time cannot be read, is not in 1900 to 2199, or clocks go forward over it; write it like 2025-03-01T08:00, "
    "with an offset if you like.",
)
_VALUE = Text(
    "不是数（不能有逗号等分隔符，小数点用“.”），或小数点前超过 12 位、后超过 6 位；缺失不等于零，没有值的请不要发送；"
    "低于检出限的写 <0.02。",
    "it is no number (no comma, space or other separator may stand in one, and the decimal point is “.”), or has more "
    "than 12 digits before or 6 after the point; missing is not zero: send no value where there is none, and <0.02 "
    "where it lies below detection.",
)
_FLAG = Text(
    "标记过长或有不可见字符；请写 HJ 212 的标记，如 N。",
    "the mark is too long or not printable; use a mark of HJ 212 such as N.",
)


def _instant(stated: object, point: object, clocks: _Clocks) -> datetime | None:
    if not isinstance(stated, str):
        return None
    try:
        at = clocks.instant(datetime.fromisoformat(stated), point)
    except (ValueError, OverflowError):
        return None
    return at if at and _FIRST <= at < _LAST else None


class _Value(NamedTuple):
    """A value as it is kept, and whether it was stated as below detection."""

    kept: Decimal
    is_below: bool


def _mark(stated: object) -> object:
    """A mark as the standard writes it: one letter in the other case, or full-width, is that letter."""
    if not isinstance(stated, str):
        return stated
    plain = unicodedata.normalize("NFKC", stated).strip()
    return plain.upper() if len(plain) == 1 else plain


def _value(stated: object, flag: object) -> _Value | None:
    """The value; below detection what is kept of it, where the text says so or the mark stands at its limit."""
    limit = device_limit_in(stated) if isinstance(stated, str) else None
    number = _number(stated if limit is None else limit)
    if number is None or (limit is None and flag != BELOW):
        return None if number is None else _Value(number, is_below=False)
    return _Value(kept(number), is_below=True) if number >= 0 else None


def _number(stated: object) -> Decimal | None:
    if isinstance(stated, bool) or not isinstance(stated, Decimal | str):
        return None
    if isinstance(stated, str) and not _NUMBER.fullmatch(stated):  # Decimal would also take 1_000 and digits of others
        return None
    try:
        value = Decimal(stated)
        exact = value.quantize(MILLIONTH)
    except InvalidOperation:
        return None
    return exact if value.is_finite() and exact == value and abs(value) < _LARGEST else None
