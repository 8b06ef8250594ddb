"""Two states of a park held against each other: a closed report against today, or a park before and after a change that
is not accepted yet. The comparison itself is in `differences`; both sides are recomputed here, nothing is stored."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from xietong.accounting.closed.differences import (
    ENERGY,
    FigureChange,
    Row,
    RowChange,
    Standing,
    choices_changed,
    compared,
    rows_changed,
    weighed,
)
from xietong.accounting.closed.reports import Closed, closed_reports, factors_used, is_reopened, opened
from xietong.accounting.factors.in_force import choices_of, day_of, factor_book
from xietong.accounting.figures.account import UnknownNameError, account, figures
from xietong.accounting.models import ClosedReport
from xietong.calc.engine.engine import UnknownValueError
from xietong.calc.figures import Figure, walked
from xietong.lake.store import Lake
from xietong.park.nouns import Registry
from xietong.periods import Period

USED_SLOT = ("purpose", "key", "subject", "region")
STATED_SLOT = ("purpose", "key", "subject", "region", "valid_from")
_MOST_STATEMENTS = 200


@dataclass(frozen=True, slots=True)
class Difference:
    """What changes: figures (the heaviest first), factor rows, choices, statements; compared: how many figures were."""

    figures: tuple[FigureChange, ...]
    factors: tuple[RowChange, ...]
    choices: tuple[RowChange, ...]
    statements: tuple[RowChange, ...] = ()
    compared: int = 0

    def as_json(self) -> dict[str, Any]:
        """The difference as plain values."""
        return {
            "compared": self.compared,
            "factors": [each.as_json() for each in self.factors],
            "choices": [each.as_json() for each in self.choices],
            "statements": [each.as_json() for each in self.statements],
            "figures": [each.as_json() for each in self.figures],
            "closed_reports": self.closed_reports(),
        }

    def closed_reports(self) -> list[dict[str, Any]]:
        """The closed reports in which changed figures stand, with how many; they keep their numbers."""
        counted = Counter(standing for each in self.figures for standing in each.closed_in)
        return [{**standing._asdict(), "figures": count} for standing, count in sorted(counted.items())]


def against_today(closed: Closed, registry: Registry, lake: Lake | None) -> Difference:
    """A closed report against what the same figures come to now, with the factor rows and statements that differ.

    Raises UnknownNameError where the registry no longer has the subject.
    """
    before, period = closed.figures, Period.parse(closed.period)
    after: dict[str, Figure] = {}
    for key in before:
        after |= _if_known(registry, lake, closed.subject, period, key)
    itself = (Standing(closed.kind, closed.subject, closed.period, closed.revision),)
    changed = [replace(each, closed_in=itself) for each in compared(closed.subject, closed.period, before, after)]
    return Difference(
        figures=tuple(_weighed(changed, registry, lake)),
        factors=tuple(rows_changed(closed.made_from["factors"], list(factors_used(after.values())), USED_SLOT)),
        choices=tuple(choices_changed(closed.made_from["choices"], choices_of(registry))),
        statements=tuple(_statements_changed(before.values(), after.values())),
        compared=len(before),
    )


def _if_known(registry: Registry, lake: Lake | None, subject: str, period: Period, key: str) -> dict[str, Figure]:
    """The figure of "SUBJECT key" (as evaluations keep them) or of a key; nothing for a key no longer known."""
    whose, _, name = key.rpartition(" ")
    try:
        return {key: account(registry, lake, whose or subject, period).figure(name)}
    except UnknownNameError:
        if subject not in registry.subjects:
            raise
        return {}


def _weighed(changed: Iterable[FigureChange], registry: Registry, lake: Lake | None) -> list[FigureChange]:
    def figure(subject: str, key: str, label: str) -> float | None:
        try:
            return account(registry, lake, subject, Period.parse(label)).figure(key).value
        except UnknownNameError:
            return None

    park = registry.park.code
    return weighed(
        changed,
        lambda key, label: figure(park, key.rpartition(" ")[2], label),
        lambda subject, label: figure(subject, ENERGY, label),
    )


# ---- statements: the leaves that were reported ----


def _statements_changed(before: Iterable[Figure], after: Iterable[Figure]) -> Iterator[RowChange]:
    old, new = (_statements(figures_) for figures_ in (before, after))
    gone = sorted(set(old) - set(new))
    come = sorted(set(new) - set(old))
    for what, slots, rows in (("gone", gone, old), ("new", come, new)):
        for slot in slots[:_MOST_STATEMENTS]:
            row = rows[slot]
            name = {"item": row["item"], "subject": row["subject"], "period": row["period"]}
            yield RowChange(what, name, *((row, None) if what == "gone" else (None, row)))


def _statements(found: Iterable[Figure]) -> dict[tuple[str, ...], Row]:
    """Every reported amount under the figures, by what it says and where it stands."""
    rows: dict[tuple[str, ...], Row] = {}
    for figure in walked(found):
        trace = figure.trace
        if trace.get("entry") and not figure.inputs:
            stated = {name: trace.get(name, "") for name in ("subject", "item", "period", "amount", "unit")}
            stated["item"] = stated["item"] or figure.key
            rows[(*stated.values(), trace["entry"], trace.get("row", ""))] = {
                **stated,
                "entry": trace["entry"],
                "row": trace.get("row", ""),
            }
    return rows


# ---- before a change is accepted ----


def before_and_after(
    before: Registry, after: Registry, lake: Lake | None, periods: Sequence[Period], subjects: Sequence[str] = ()
) -> Difference:
    """What accepting a change would do: every figure of the subjects (all of them where none is named) and periods,
    and of every closed report that stands, computed from both registries."""
    standings = _standings()
    closed = {(each.subject, each.period) for places in standings.values() for each in places if each.kind == "account"}
    touched = subjects or _touched(before, after)
    asked = [(code, period) for period in periods for code in touched]
    asked += [(code, Period.parse(label)) for code, label in closed if code in touched]
    changed: list[FigureChange] = []
    counted = 0
    for code, period in dict.fromkeys(asked):
        if code not in before.subjects or code not in after.subjects:
            continue
        old = figures(before, lake, code, period)
        new = {**figures(after, lake, code, period, old), **figures(after, lake, code, period)}
        counted += len(new)
        found = compared(code, period.label, old, new)
        for each in found:
            here = [standings.get((code, period.label, key), ()) for key in ("", each.key)]
            changed.append(replace(each, closed_in=(*here[0], *here[1])))
    days = [day_of(period) for period in periods]
    return Difference(
        figures=tuple(_weighed(changed, before, lake)),
        factors=tuple(_displacing(rows_changed(before.factors, after.factors, STATED_SLOT), before, days)),
        choices=tuple(choices_changed(choices_of(before), choices_of(after))),
        compared=counted,
    )


def _touched(before: Registry, after: Registry) -> list[str]:
    """The subjects whose figures a change can move: all of them, unless only factors of named subjects change."""
    everyone = [code for code in before.subjects if code in after.subjects]
    if any(getattr(before, name) != getattr(after, name) for name in before.__slots__ if name != "factors"):
        return everyone
    rows = rows_changed(before.factors, after.factors, STATED_SLOT)
    whose = {row.name.get("subject", "") for row in rows}
    if "" in whose:
        return everyone
    return [code for code in everyone if any(each.code in whose or code in whose for each in before.below(code))]


def _standings() -> dict[tuple[str, str, str], tuple[Standing, ...]]:
    """The closed reports that stand, by subject, period and key: "" for an account, which holds every figure."""
    found: dict[tuple[str, str, str], tuple[Standing, ...]] = {}
    seen: set[tuple[str, str, str]] = set()
    for row in closed_reports():
        slot = (row.kind, row.subject, row.period)
        is_newest = slot not in seen
        seen.add(slot)
        if not is_newest or is_reopened(row):
            continue
        standing = Standing(row.kind, row.subject, row.period, row.revision)
        for subject, key in _pairs(row):
            found[subject, row.period, key] = (*found.get((subject, row.period, key), ()), standing)
    return found


def _pairs(row: ClosedReport) -> Iterator[tuple[str, str]]:
    if row.kind == "account":
        yield row.subject, ""
        return
    for name, _ in opened(row).document["figures"]:
        subject, _, key = name.partition(" ")
        yield subject, key


def _displacing(changes: Iterable[RowChange], before: Registry, days: Sequence[date]) -> Iterator[RowChange]:
    """A new row also says which factor counted before it, on the last of the days asked that it is in force."""
    for each in changes:
        if each.before is not None or each.after is None:
            yield each
            continue
        stated = each.after
        on = next((day for day in reversed(days) if stated.get("valid_from", "") <= day.isoformat()), None)
        known = None if on is None else _in_force(before, stated, on)
        yield each._replace(before=known)


def _in_force(registry: Registry, stated: Mapping[str, str], on: date) -> Row | None:
    whose = [stated["subject"]] if stated.get("subject") else []
    try:
        found = factor_book(registry, whose).find(stated["purpose"], stated["key"], on, choices_of(registry))
    except UnknownValueError:
        return None
    return {
        "value": found.trace.get("published", f"{found.value!r} {found.unit}"),
        "unit": "",
        "source": found.source,
        "valid_from": found.trace.get("valid_from", ""),
        "valid_to": found.trace.get("valid_to", ""),
        "default": "yes" if "own" not in found.trace else "",
    }


def years_known(registry: Registry) -> list[Period]:
    """The calendar years for which the park has statements or targets, the oldest first."""
    years = {row.period.start.year for row in registry.reported} | {target.year for target in registry.targets}
    return [Period.year(year) for year in sorted(years)]
