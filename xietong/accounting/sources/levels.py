"""Levels 层级: what a unit states for itself against what its parts (processes, equipment) state of the same item.

At one grain the unit's own statement counts: parts seldom hold all of it. Where it is known for a longer span only, the
parts that fill every month of it and come to as much, or more, count in its place, so that the span is the sum of its
months; where they come to less, they are a part, and a month known by them alone is not whole.
"""

from dataclasses import replace
from decimal import Decimal
from typing import Protocol

from xietong.accounting.amounts import DEVIATION, Amount
from xietong.accounting.sources.statement_figures import name_stated
from xietong.accounting.sources.statements import Statements, spans_of
from xietong.park.nouns import Subject
from xietong.periods import Period
from xietong.texts import Text

_OWN = Text("本级自报值", "the subject's own statement")
_BELOW = Text("下级填报的合计", "what its parts state")


class Stating(Protocol):
    """The books, as far as they are asked here."""

    statements: Statements

    def of_parts(self, subject: Subject, name: str, period: Period) -> Amount:
        """What the parts of a subject have of an item."""

    def held_beside(self, subject: Subject, name: str, period: Period, levels: tuple[Amount, Amount, Text]) -> Amount:
        """The first of two amounts of one quantity, with the second told beside it."""

    def of_its_own(self, subject: Subject, name: str, period: Period) -> Amount:
        """What a subject itself states or measures of an item."""


class Levels:
    """One unit's item, stated by itself and by its parts."""

    def __init__(self, books: Stating, subject: Subject, name: str) -> None:
        self._books, self._subject, self._name = books, subject, name

    def chosen(self, period: Period, own: Amount, below: Amount) -> Amount:
        """What counts of a period; below: what the parts have, which is something."""
        if not own.has_value:
            return self._of_parts_alone(period, below)
        if own.exact is None or below.exact is None or not self._is_coarser(period):
            return self._held(period, own, below)
        if below.figure.status != "ok" or below.exact < own.exact * (1 - DEVIATION) or not self._fill(period):
            return self._held(period, own, below)
        return self._books.held_beside(self._subject, self._name, period, (below, own, _OWN))

    def _held(self, period: Period, own: Amount, below: Amount) -> Amount:
        """The unit's own amount, with the parts named where they come to more than the whole."""
        if own.exact is None or below.exact is None or below.exact <= own.exact:
            return own
        return self._books.held_beside(self._subject, self._name, period, (own, below, _BELOW))

    def _is_coarser(self, period: Period) -> bool:
        """Whether the unit's own amount is known for none of the months of the period."""
        months = spans_of(period)
        return len(months) > 1 and not any(self._own(month).has_value for month in months)

    def _fill(self, period: Period) -> bool:
        return all(self._parts(month).figure.status == "ok" for month in spans_of(period))

    def _of_parts_alone(self, period: Period, below: Amount) -> Amount:
        """A span that the parts alone state: whole, but where the unit's own longer statement is more."""
        wider = self._wider(period)
        if wider is None or below.figure.status != "ok":
            return below
        own, parts = self._own(wider), self._parts(wider)
        if own.exact is None or parts.exact is None or parts.exact >= own.exact * (1 - DEVIATION):
            return below
        missing = _said_part(self._subject, self._name, (period, wider), (parts.exact, own.exact))
        return below._replace(figure=replace(below.figure, status="partial", missing=(missing,)))

    def _wider(self, period: Period) -> Period | None:
        rows = self._books.statements.of(self._subject.code, self._name)
        holding = (row.period for row in rows if row.period.contains(period) and row.period != period)
        return min(holding, key=lambda each: each.end - each.start, default=None)

    def _own(self, span: Period) -> Amount:
        return self._books.of_its_own(self._subject, self._name, span)

    def _parts(self, span: Period) -> Amount:
        return self._books.of_parts(self._subject, self._name, span)


def _said_part(subject: Subject, name: str, spans: tuple[Period, Period], amounts: tuple[Decimal, Decimal]) -> Text:
    label, (span, wider), (parts, own) = name_stated(name), spans, amounts
    return Text(
        f"{subject.name}的{label.zh}：本级只有 {wider.label} 的合计 {own.normalize():f}，下级同期合计 "
        f"{parts.normalize():f}，少于它；{span.label} 只有下级的量，公用等部分未分到，请按月填报本级的量。",
        f"{label.en} of {subject.name_en or subject.name}: it states {own.normalize():f} for {wider.label} as a whole, "
        f"its parts {parts.normalize():f} for the same time, which is less; {span.label} has the parts alone and lacks "
        "what they share: report it by months for the subject itself.",
    )
