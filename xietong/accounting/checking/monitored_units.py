"""Watched 监测覆盖: whether every key unit is monitored (clause 6.2.2), and one table of what is monitored how and how
often (clause 6.2.4).

A unit counts as monitored where anything that its list is about came in the period, by instrument or by statement.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from xietong.accounting.books.consolidation import EMITTED, Books
from xietong.accounting.checking.key_enterprises import KINDS, codes_listed
from xietong.accounting.sources.due import is_listed
from xietong.calc.items import all_items
from xietong.calc.keys import group_of, without_use
from xietong.park.nouns import Registry, Subject
from xietong.park.registry.presence import here_of, is_here
from xietong.periods import Period
from xietong.texts import Text

_NAMES = {
    "energy": Text("重点用能单位", "key energy user"),
    "pollution": Text("重点排污单位", "key polluter"),
    "carbon": Text("重点碳排放单位", "key carbon emitter"),
    "recycling": Text("重点资源循环利用单位", "key recycling unit"),
}
_ENERGY = frozenset(
    {
        "fuel_consumed",
        "electricity_purchased",
        "electricity_renewable_self_used",
        "heat_purchased",
        "steam_purchased",
        "hot_water_purchased",
    }
)
_CARBON = _ENERGY | {"process_input", "calcined_product", "gas_emission", "n2o_product", "carbon_output"}
_RECYCLED = (
    "byproduct",
    "solid_waste",
    "hazardous_waste",
    "water_reused",
    "water_reclaimed",
    "waste_heat",
    "waste_pressure",
)
_ABOUT: Mapping[str, Callable[[str], bool]] = {
    "energy": lambda base: all_items()[base].input in _ENERGY,
    "carbon": lambda base: all_items()[base].input in _CARBON,
    "pollution": lambda base: base in EMITTED,
    "recycling": lambda base: base.startswith(_RECYCLED),
}


class Unwatched(NamedTuple):
    """A key unit of which nothing came that its list is about."""

    subject: Subject
    kind: str
    period: Period
    sentence: Text

    def as_json(self) -> dict[str, Any]:
        """The finding as plain values."""
        of = {"kind": "unwatched", "subject": self.subject.code, "list": self.kind, "period": self.period.label}
        return {**of, "clause": "6.2.2", "sentence": self.sentence._asdict()}


def unwatched(books: Books, period: Period) -> tuple[Unwatched, ...]:
    """The key units of the park's lists that are not monitored in a period, list by list."""
    found, here = [], here_of(books.registry.subjects)
    for kind in KINDS:
        for code in codes_listed(books.registry, kind, period):
            subject = books.registry.subjects[code]
            if is_here(here, code, period) and not _is_watched(books, subject, kind, period):
                found.append(Unwatched(subject, kind, period, _sentence(subject, kind, period)))
    return tuple(found)


def _is_watched(books: Books, subject: Subject, kind: str, period: Period) -> bool:
    names = [name for name in books.names if books.knows(subject.code, name) and _ABOUT[kind](_base(name))]
    if any(books.amount(subject.code, name, period).has_value for name in names):
        return True
    if kind != "pollution":
        return False
    return any(books.to_works(subject.code, name, period).has_value for name in names)


def _base(name: str) -> str:
    return group_of(without_use(name))


def _sentence(subject: Subject, kind: str, period: Period) -> Text:
    name = _NAMES[kind]
    return Text(
        f"{subject.name}（{subject.code}）是{name.zh}，{period.label} 没有任何相关监测值或填报量，监测体系没有覆盖它"
        "（6.2.2）；请接入测点，或列入应报清单并填报。",
        f"{subject.name_en or subject.name} ({subject.code}) is a {name.en} and nothing about it was measured or "
        f"reported in {period.label}, so monitoring does not cover it (6.2.2); connect a point, or put it on the due "
        "list and report.",
    )


# ---- how often ----


class Watch(NamedTuple):
    """What is monitored of a subject: the item, how, how often, and when it is due; point: "" for what is reported."""

    subject: Subject
    item: str
    name: Text
    way: Text
    every: Text
    due_day: int | None
    point: str
    is_key: bool

    def as_json(self) -> dict[str, Any]:
        """One row as plain values."""
        return {
            "subject": self.subject.code,
            "item": self.item,
            "name": self.name._asdict(),
            "way": self.way._asdict(),
            "every": self.every._asdict(),
            "due_day": self.due_day,
            "point": self.point,
            "key": self.is_key,
        }


def watch_table(registry: Registry, period: Period) -> tuple[Watch, ...]:
    """What is monitored and due in a period: every point with its way and interval, every duty with its frequency."""
    rows = [*_points(registry, period), *_duties(registry, period)]
    return tuple(sorted(rows, key=lambda row: (not row.is_key, row.subject.code, row.item, row.point)))


def _points(registry: Registry, period: Period) -> Iterator[Watch]:
    for point in registry.points.values():
        subject = registry.subjects[point.subject]
        if is_listed(point.since, point.until, period):
            way = _BY_SHEET if point.source == "sheet" else _AUTOMATIC
            every = _EACH_SAMPLE if point.shape == "sample" else _interval(point.interval_s)
            yield Watch(
                subject,
                point.item,
                name=_called(point.item),
                way=way,
                every=every,
                due_day=None,
                point=point.code,
                is_key=_key(registry, subject),
            )


def _duties(registry: Registry, period: Period) -> Iterator[Watch]:
    for each in registry.expected:
        subject = registry.subjects.get(each.subject)
        if subject is not None and is_listed(each.since, each.until, period):
            every = Text(each.frequency, each.frequency)
            key = _key(registry, subject)
            yield Watch(
                subject,
                each.item,
                name=_called(each.item),
                way=_REPORTED,
                every=every,
                due_day=each.due_day,
                point="",
                is_key=key,
            )


def _called(name: str) -> Text:
    base = _base(name)
    return all_items()[base].name if base in all_items() else Text(name, name)


def _interval(seconds: int) -> Text:
    for size, zh, en in _UNITS:
        if seconds >= size and seconds % size == 0:
            count = seconds // size
            return Text(f"每 {count} {zh}", f"every {count} {en}")
    return Text(f"每 {seconds} 秒", f"every {seconds} s")


def _key(registry: Registry, subject: Subject | None) -> bool:
    """Whether a subject, or what it belongs to, is marked as key."""
    while subject is not None:
        if any(getattr(subject, each.mark) for each in KINDS.values()):
            return True
        subject = registry.subjects.get(subject.parent)
    return False


_UNITS: Iterable[tuple[int, str, str]] = ((86_400, "天", "days"), (3600, "小时", "h"), (60, "分钟", "min"))
_AUTOMATIC = Text("自动监测", "automatic")
_BY_SHEET = Text("人工录入", "by hand")
_REPORTED = Text("填报", "reported")
_EACH_SAMPLE = Text("每次采样", "each sample")
