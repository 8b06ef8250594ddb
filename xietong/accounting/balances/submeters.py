"""Sub-meters 分表: what the points of role `sub` measured of a medium, and how they stand against their head meter.

A sub-meter divides its head's amount and never enters a total; what no sub-meter explains is the unmetered rest.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from xietong.accounting.amounts import Amount, summed
from xietong.accounting.books.consolidation import Books
from xietong.accounting.sources.meters import is_amount_point, metered_amount
from xietong.accounting.sources.statements import spans_of
from xietong.accounting.trade.lines import difference, line, share
from xietong.accounting.trade.media import Medium, is_called
from xietong.calc.figures import Figure
from xietong.calc.items import Item, item
from xietong.park.nouns import Point, Subject
from xietong.periods import Period
from xietong.texts import Text

_HEAD = Text("总表", "head meter")
_SUBS = Text("分表合计", "sum of the sub-meters")
_REST = Text("未分项计量", "not sub-metered")
_REST_SHARE = Text("未分项计量占总表", "not sub-metered, of the head meter")


class MeterCheck(NamedTuple):
    """A head meter against its sub-meters: what each side measured, and the rest in the medium's unit and in %."""

    head: Figure
    subs: Figure
    rest: Figure
    share: Figure


class SubMeters:
    """The points of role `sub` of one registry, by subject."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self._points: dict[str, list[Point]] = defaultdict(list)
        for point in sorted(books.registry.points.values(), key=lambda point: point.code):
            if point.role == "sub":
                self._points[point.subject].append(point)

    def of(self, subject: str, medium: Medium, span: Period) -> list[Amount]:
        """What the subject's own sub-meters of a medium measured, one amount a meter."""
        return [self._measured(point, medium, span) for point in self._points.get(subject, ()) if _fits(point, medium)]

    def below(self, subject: Subject, medium: Medium, span: Period) -> list[Amount]:
        """Its own sub-meters and those of its parts, parts with an amount of their own left out with all below them."""
        found = self.of(subject.code, medium, span)
        for part in self._books.boundary.parts(subject.code):
            if not any(self._books.knows(part.code, name) for name in medium.items):
                found += self.below(part, medium, span)
        return found

    def _measured(self, point: Point, medium: Medium, span: Period) -> Amount:
        extracts, measured, zone = self._books.extracts, _item(medium), self._books.registry.zone
        parts = [
            metered_amount(
                point,
                measured,
                span=each,
                came=extracts.metered(point.code, each),
                stopped=extracts.stopped(point, each),
                zone=zone,
            )
            for each in spans_of(span)
        ]
        title = Text(f"分表 {point.code}", f"sub-meter {point.code}")
        found = line(f"{medium.key}_use:{point.code}", title, medium.unit, parts)
        trace = {"subject": point.subject, "meter": point.code, "period": span.label}
        return found._replace(figure=replace(found.figure, trace=trace))

    def check(self, subject: Subject, medium: Medium, span: Period, subs: Sequence[Amount]) -> MeterCheck | None:
        """The subject's head meters (role total) of what it receives against these sub-meters; None without both."""
        extracts = self._books.extracts
        heads = extracts.amount_points(subject.code, medium.bought)
        if not heads or not subs:
            return None
        parts = [
            metered_amount(
                point, item(point.item), each, extracts.metered(point.code, each), zone=self._books.registry.zone
            )
            for point in heads
            for each in spans_of(span)
        ]
        head = line(f"{medium.key}_head_meter", _HEAD, medium.unit, [summed(medium.bought, medium.unit, parts)])
        whole = line(f"{medium.key}_sub_meters", _SUBS, medium.unit, subs)
        rest = difference(f"{medium.key}_unmetered", _REST, medium.unit, [head], [whole])
        part = share(f"{medium.key}_unmetered_share", _REST_SHARE, rest, head)
        return MeterCheck(head.figure, whole.figure, rest.figure, part)


def _fits(point: Point, medium: Medium) -> bool:
    """Whether the point measures use of that medium: what it is called and its unit both say so."""
    if not is_called(medium, point.item):
        return False
    return is_amount_point(replace(point, role="total"), _item(medium))


def _item(medium: Medium) -> Item:
    return item(medium.bought)
