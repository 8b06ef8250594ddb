"""What changes between two states of a park: figures, factor rows and choices, by how much, and in which closed reports
the changed figures stand. Nothing is stored here; a closed report keeps its numbers whatever this says."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from xietong.calc.figures import Figure
from xietong.calc.rounding import apart
from xietong.texts import Text

ENERGY = "comprehensive_energy_consumption"
# A sum taken in another order may differ in its last binary digits: that is no difference.
NO_DIFFERENCE = 1e-12
Row = Mapping[str, str]


class Standing(NamedTuple):
    """A closed report in which a figure stands."""

    kind: str
    subject: str
    period: str
    revision: int


@dataclass(frozen=True, slots=True)
class FigureChange:
    """One figure that differs: before and after, in which closed reports it stands, and how much it weighs.

    weight: how far it moves the park, 0.01 for one per cent. Of an amount, its change over the park's own figure of the
    same key; of a ratio, its relative change times the subject's share of the park's energy.
    """

    subject: str
    period: str
    key: str
    title: Text
    unit: str
    before: float | None
    after: float | None
    status_before: str
    status_after: str
    closed_in: tuple["Standing", ...] = ()
    weight: float = 0.0

    @property
    def difference(self) -> float | None:
        """After less before; None where either has no value."""
        return None if self.before is None or self.after is None else apart(self.before, self.after)

    @property
    def ratio(self) -> float | None:
        """The relative change, 0.05 for 5 % more; None where there is none to give."""
        return None if self.difference is None or not self.before else self.difference / abs(self.before)

    def as_json(self) -> dict[str, Any]:
        """The change as plain values; numbers as text, exact to the last digit."""
        return {
            "subject": self.subject,
            "period": self.period,
            "key": self.key,
            "title": self.title._asdict(),
            "unit": self.unit,
            "before": exact(self.before),
            "after": exact(self.after),
            "difference": exact(self.difference),
            "ratio": self.ratio,
            "status_before": self.status_before,
            "status_after": self.status_after,
            "closed_in": [each._asdict() for each in self.closed_in],
            "weight": self.weight,
        }


class RowChange(NamedTuple):
    """A factor row or a choice that differs: its name (purpose, key, subject …), and how it was and is stated."""

    what: str
    name: Row
    before: Row | None
    after: Row | None

    def as_json(self) -> dict[str, Any]:
        """The change as plain values."""
        return {"change": self.what, **self.name, "before": self.before, "after": self.after}


def exact(value: float | None) -> str | None:
    """A number as the shortest text that reads back as the same number."""
    return None if value is None else repr(value)


def compared(
    subject: str, period: str, before: Mapping[str, Figure], after: Mapping[str, Figure]
) -> Iterator[FigureChange]:
    """The figures of one subject and period that differ in value, unit or status; one of them may be absent."""
    for key in dict.fromkeys((*before, *after)):
        old, new = before.get(key), after.get(key)
        shown = new or old
        assert shown is not None
        if old is not None and new is not None and _same(old, new):
            continue
        if _valueless(old) and _valueless(new):
            continue
        yield FigureChange(
            subject=subject,
            period=period,
            key=key,
            title=shown.title,
            unit=shown.unit,
            before=None if old is None else old.value,
            after=None if new is None else new.value,
            status_before="" if old is None else old.status,
            status_after="" if new is None else new.status,
        )


def _same(old: Figure, new: Figure) -> bool:
    if (old.unit, old.status) != (new.unit, new.status) or old.value is None or new.value is None:
        return (old.value, old.unit, old.status) == (new.value, new.unit, new.status)
    return is_nothing(new.value - old.value, old.value)


def is_nothing(gap: float, value: float) -> bool:
    """Whether a gap between two figures is only the noise of adding floats in another order."""
    return abs(gap) <= NO_DIFFERENCE * abs(value)


def _valueless(figure: Figure | None) -> bool:
    return figure is None or figure.value is None


Park = Callable[[str, str], float | None]


def weighed(
    changes: Iterable[FigureChange], park: Park, energy: Callable[[str, str], float | None]
) -> list[FigureChange]:
    """The changes with their weights, the heaviest first, those without a number before and after at the top.

    park: (key, period) → the park's figure before; energy: (subject, period) → a subject's energy before.
    """
    found = [replace(each, weight=_weight(each, park, energy)) for each in changes]
    return sorted(found, key=lambda each: (each.difference is not None, -each.weight, each.subject, each.key))


def _weight(change: FigureChange, park: Park, energy: Callable[[str, str], float | None]) -> float:
    if change.difference is None:
        return 0.0
    whole = park(change.key, change.period)
    if "/" not in change.unit and "%" not in change.unit:
        return abs(change.difference / whole) if whole else abs(change.ratio or 0.0)
    own, total = energy(change.subject, change.period), park(ENERGY, change.period)
    share = own / total if own is not None and total else 0.0
    return abs(change.ratio or 0.0) * abs(share)


def rows_changed(before: Sequence[Row], after: Sequence[Row], names: Sequence[str]) -> list[RowChange]:
    """Rows that differ, known by the columns `names`: changed, new and gone, in that order of the names."""
    old, new = ({tuple(row.get(name, "") for name in names): row for row in rows} for rows in (before, after))
    found = []
    for slot in sorted({*old, *new}):
        was, now = old.get(slot), new.get(slot)
        if was == now:
            continue
        what = "new" if was is None else "gone" if now is None else "changed"
        found.append(RowChange(what, dict(zip(names, slot, strict=True)), was, now))
    return found


def choices_changed(before: Row, after: Row) -> list[RowChange]:
    """Choices that differ, each as a row of one value."""
    old, new = ([{"choice": name, "value": row[name]} for name in row] for row in (before, after))
    return rows_changed(old, new, ("choice",))
