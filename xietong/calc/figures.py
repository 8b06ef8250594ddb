"""Figure: a number with its working. One shape for results, inputs, factors and the facts below them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from xietong.texts import Text

Status = Literal["ok", "estimated", "partial", "missing", "not_applicable"]
Kind = Literal["indicator", "items", "input", "factor"]

_ORDER: tuple[Status, ...] = ("ok", "estimated", "partial", "missing")
_RANKS: Mapping[str, int] = {"not_applicable": 0, **{status: rank for rank, status in enumerate(_ORDER)}}


@dataclass(slots=True)
class Figure:
    """A number that can be opened.

    value is None exactly where status is missing or not_applicable, and for kind "items" (several named amounts,
    whose children carry the values). missing holds the sentences that say what is absent and what to do;
    inputs is the working, one level down; formula is the rule's expression with names; source says where an input or
    factor comes from; trace points further down (entry and row of a reported amount; point, start, end of readings);
    remarks say what a reader should know although nothing is absent (another source that differs, a choice made).

    Made once and never changed (tests/calc/test_figures.py looks for who would); it is not declared frozen because a
    frozen one takes six times as long to make, and a park's year has a million.
    """

    key: str
    value: float | None
    unit: str
    status: Status = "ok"
    kind: Kind = "input"
    clause: str = ""
    title: Text = Text("", "")
    missing: tuple[Text, ...] = ()
    formula: str = ""
    inputs: tuple["Figure", ...] = ()
    source: str = ""
    trace: Mapping[str, str] = field(default_factory=dict)
    remarks: tuple[Text, ...] = ()

    def items(self) -> dict[str, float]:
        """The named amounts of an "items" figure that have a value."""
        return {child.key: child.value for child in self.inputs if child.value is not None}

    def child(self, key: str) -> "Figure":
        """The direct input of that key; raises KeyError."""
        for child in self.inputs:
            if child.key == key:
                return child
        raise KeyError(key)

    def has(self, key: str) -> bool:
        """Whether a direct input has that key."""
        return any(child.key == key for child in self.inputs)


def walked(figures: Iterable[Figure]) -> Iterator[Figure]:
    """The figures and all that they rest on, each once: several of them share much of their working."""
    seen: set[int] = set()
    waiting = list(figures)
    while waiting:
        figure = waiting.pop()
        if id(figure) not in seen:
            seen.add(id(figure))
            waiting += figure.inputs
            yield figure


def retitled(
    figure: Figure, key: str, title: Text, clause: str | None = None, trace: Mapping[str, str] | None = None
) -> Figure:
    """The figure under another key and title, with a clause and a trace of its own where they are given (spelt out:
    `replace` costs twice as much, and a park's year has a hundred thousand)."""
    return Figure(
        key,
        figure.value,
        unit=figure.unit,
        status=figure.status,
        kind=figure.kind,
        clause=figure.clause if clause is None else clause,
        title=title,
        missing=figure.missing,
        formula=figure.formula,
        inputs=figure.inputs,
        source=figure.source,
        trace=figure.trace if trace is None else trace,
        remarks=figure.remarks,
    )


def worst(statuses: Iterable[Status]) -> Status:
    """The status of a sum: the worst of its parts; not_applicable parts do not count."""
    rank = 0
    for status in statuses:
        rank = max(rank, _RANKS[status])
    return _ORDER[rank]


def missing_figure(key: str, unit: str, *reasons: Text, clause: str = "") -> Figure:
    """A figure that could not be obtained, with the sentences that say why."""
    return Figure(key, None, unit, "missing", clause=clause, missing=reasons)


def total(key: str, unit: str, parts: Iterable[Figure], source: str = "") -> Figure:
    """Sum parts of one unit into an input: missing parts make it partial, all missing makes it missing.

    No parts at all, or only not-applicable ones, give not_applicable: nothing was due.
    """
    every = tuple(parts)
    values = [part.value for part in every if part.value is not None]
    reasons = tuple(dict.fromkeys(reason for part in every for reason in part.missing))
    if not values:
        status: Status = "missing" if any(part.status == "missing" for part in every) else "not_applicable"
        return Figure(key, None, unit, status, missing=reasons, inputs=every, source=source)
    status = worst("partial" if part.status == "missing" else part.status for part in every)
    return Figure(key, sum(values), unit, status, missing=reasons, inputs=every, source=source)
