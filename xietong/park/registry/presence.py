"""Presence 在园期间: from which day to which a subject belongs to the park, by its own dates and those above it.

What is stated or measured for times at which a subject was not here is kept and never counted.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import NamedTuple

from xietong.park.nouns import Flow, Point, ReportedAmount, Subject
from xietong.periods import Period
from xietong.texts import Text


class Presence(NamedTuple):
    """The first day and the first day no longer; None is open."""

    since: date | None = None
    until: date | None = None

    @property
    def is_open(self) -> bool:
        """Whether the subject was always here."""
        return self.since is None and self.until is None

    def within(self, since: date | None, until: date | None) -> "Presence":
        """What both have in common: a part's own days within those of what it belongs to."""
        first = max((day for day in (self.since, since) if day is not None), default=None)
        last = min((day for day in (self.until, until) if day is not None), default=None)
        return Presence(first, last)

    def meets(self, span: Period) -> bool:
        """Whether the subject was here on some day of the span."""
        last = (span.end - timedelta(microseconds=1)).date()
        return (self.since is None or self.since <= last) and (self.until is None or self.until > span.start.date())

    def of(self, span: Period) -> Period:
        """The part of a span on which it was here; empty where it was not."""
        start = max(span.start, _midnight(self.since)) if self.since else span.start
        end = min(span.end, _midnight(self.until)) if self.until else span.end
        return Period(start, max(start, end))

    def admits(self, period: Period) -> bool:
        """Whether an amount of the period can be the subject's own: it was here in each of its months (or on some day
        of a period without whole months). A month in which it came or left is its own month."""
        return self.is_open or all(self.meets(span) for span in (tuple(period.months()) or (period,)))

    def within_period(self, period: Period) -> Period | None:
        """The months of a period in which the subject was here, as one period; all of a period without whole months;
        None where it was not here."""
        here = [span for span in tuple(period.months()) or (period,) if self.meets(span)]
        return Period(here[0].start, here[-1].end) if here else None


def _midnight(day: date) -> datetime:
    return datetime.combine(day, datetime.min.time())


class Here(NamedTuple):
    """A subject that was not always here, and when it was."""

    subject: Subject
    presence: Presence


def here_of(subjects: Mapping[str, Subject]) -> dict[str, Here]:
    """The subjects that were not always here, by code: their own dates within those of whatever they belong to."""
    found: dict[str, Here] = {}
    for code, subject in subjects.items():
        presence = _of(code, subjects)
        if not presence.is_open:
            found[code] = Here(subject, presence)
    return found


def is_here(known: Mapping[str, Here], code: str, span: Period) -> bool:
    """Whether a subject was here on some day of the span; known: as `here_of` answers."""
    return code not in known or known[code].presence.meets(span)


def points_here(points: Mapping[str, Point], known: Mapping[str, Here]) -> dict[str, Point]:
    """The points by code, each dated by its own days within those of the subject that it measures: nothing is due of
    an instrument, and none of its readings counts, while that was not here."""
    found = {}
    for code, point in points.items():
        here = known.get(point.subject)
        days = Presence(point.since, point.until) if here is None else here.presence.within(point.since, point.until)
        found[code] = point if here is None else replace(point, since=days.since, until=days.until)
    return found


def flows_here(flows: Iterable[Flow], known: Mapping[str, Here]) -> tuple[Flow, ...]:
    """The flows that count: both ends were here; an end outside the park always is."""
    if not known:
        return tuple(flows)
    return tuple(flow for flow in flows if not any(_absent_ends(flow, known)))


def flow_said_outside(flow: Flow, known: Mapping[str, Here]) -> Text | None:
    """Why a flow does not count, by the first end that was not here, and what to do; None of one that counts."""
    end = next(_absent_ends(flow, known), None)
    return None if end is None else _of_flow(flow, end)


def _absent_ends(flow: Flow, known: Mapping[str, Here]) -> Iterator[Here]:
    ends = (known.get(code) for code in (flow.origin, flow.destination))
    return (end for end in ends if end is not None and not end.presence.admits(flow.period))


def _of_flow(flow: Flow, end: Here) -> Text:
    subject, here = end.subject, _here(end.presence)
    way, amount = f"{flow.origin} → {flow.destination}", f"{flow.amount.normalize():f} {flow.unit}"
    remedy = _remedy(flow.period, end.presence)
    return Text(
        f"{subject.name}（{subject.code}）{here.zh}在园，物料流 {way} {flow.material} {flow.period.label} {amount} "
        f"含不在园的月份，没有计入；{remedy.zh}。",
        f"{subject.name_en or subject.name} ({subject.code}) was in the park {here.en}; the flow {way} of "
        f"{flow.material} in {flow.period.label}, {amount}, reaches into months outside and was not counted; "
        f"{remedy.en}.",
    )


def _of(code: str, subjects: Mapping[str, Subject]) -> Presence:
    presence, seen = Presence(), set[str]()
    while code in subjects and code not in seen:
        seen.add(code)
        presence = presence.within(subjects[code].since, subjects[code].until)
        code = subjects[code].parent
    return presence


def said_outside(row: ReportedAmount, subject: Subject, presence: Presence, name: Text) -> Text:
    """Why a statement does not count: when the subject was here, and what to do. name: of the item."""
    who, who_en = f"{subject.name}（{subject.code}）", f"{subject.name_en or subject.name} ({subject.code})"
    amount = "" if row.amount is None else f" {row.amount.normalize():f} {row.unit}"
    here, remedy = _here(presence), _remedy(row.period, presence)
    return Text(
        f"{who}{here.zh}在园，{row.period.label} 的{name.zh}{amount} 含不在园的月份，没有计入；{remedy.zh}。",
        f"{who_en} was in the park {here.en}; {name.en} of {row.period.label},{amount or ' stated'}, reaches into "
        f"months outside and was not counted; {remedy.en}.",
    )


def _here(presence: Presence) -> Text:
    zh = "".join(
        part
        for part in (
            f"自 {presence.since} 起" if presence.since else "",
            f"到 {presence.until} 止（该日不含）" if presence.until else "",
        )
    )
    en = " ".join(
        part
        for part in (
            f"from {presence.since}" if presence.since else "",
            f"up to {presence.until} (that day not included)" if presence.until else "",
        )
        if part
    )
    return Text(zh, en)


def _remedy(period: Period, presence: Presence) -> Text:
    fitting = _fitting(period, presence)
    if not fitting:
        return Text("请核对期间，或改正主体的起止日", "check the period, or correct its dates")
    return Text(f"请按在园的月份 {fitting} 重新填报", f"report it for the months it was here, {fitting}")


def _fitting(period: Period, presence: Presence) -> str:
    """The months of the period in which the subject was here, as one period; "" where there are none."""
    fitting = presence.within_period(period) if tuple(period.months()) else None
    return fitting.label if fitting else ""
