"""Factor revisions 系数修订: own factors whose value was changed after the time of a figure, told with date and both
values.

What was printed before the revision holds the earlier value; a reader who compares the two should know why they differ.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date

from xietong.calc.figures import Figure
from xietong.texts import Text

# What a registry adds to an own row whose value was changed: the day on which the present one began to count (park
# time), what it was before ("0.65 tce/t"), and the first day on which that was no longer in force ("" for open).
REVISED_AT, REVISED_FROM, REVISED_UNTIL = "revised_at", "revised_from", "revised_until"
_Slot = tuple[str, str, str, str]


class FactorRevisions:
    """The revisions among the own rows of a park."""

    def __init__(self, rows: Iterable[Mapping[str, str]]) -> None:
        self._rows: dict[_Slot, Mapping[str, str]] = {_slot(row): row for row in rows if row.get(REVISED_AT)}

    def told(self, found: Figure, on: date) -> Figure:
        """An own factor with a remark where it was revised after that day and was in force on it before."""
        row = self._rows.get(_slot_of(found)) if self._rows else None
        if row is None or date.fromisoformat(row[REVISED_AT]) <= on:
            return found
        until = row.get(REVISED_UNTIL)
        if until and date.fromisoformat(until) <= on:
            return found
        return replace(found, remarks=(*found.remarks, _said(found, row)))


def _slot(row: Mapping[str, str]) -> _Slot:
    first = row.get("valid_from") or date.min.isoformat()
    return f"{row['purpose']}:{row['key']}", row.get("subject") or "", row.get("region") or "", first


def _slot_of(found: Figure) -> _Slot:
    trace = found.trace
    return found.key, trace.get("subject", ""), trace.get("region", ""), trace.get("valid_from", "")


def _said(found: Figure, row: Mapping[str, str]) -> Text:
    day, before, now = row[REVISED_AT], row[REVISED_FROM], found.trace.get("published", "")
    return Text(
        f"自有系数 {found.key} 在期末之后（{day}）由 {before} 改为 {now}，本数按新值计；此前报出的按 {before} 计。",
        f"the own factor {found.key} was changed after the end of the period, on {day}, from {before} to {now}: the "
        f"new value counts here, whatever was reported before by {before}.",
    )
