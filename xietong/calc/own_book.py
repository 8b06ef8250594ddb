"""OwnBook: the shipped factors with a park's own rows, each where it belongs.

A row with evidence and approval goes before the shipped ones and says what it outranks; one without evidence only fills
a gap; a proposed one never counts. What is left aside is named in the remarks of the factor that counts instead.
A net calorific value and a coal equivalent are one measured property (GB/T 2589: k = NCV ÷ 29.3076 GJ/tce, what was
measured before the table): a row of either counts in the energy account and in the carbon account.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal

from xietong.calc.engine import UnknownValueError
from xietong.calc.factor_physics import GJ_PER_TCE
from xietong.calc.factor_rows import unit_needed
from xietong.calc.factors import FactorBook
from xietong.calc.figures import Figure
from xietong.texts import Text

Row = Mapping[str, str]
# Two ways to state the heat of a fuel: GJ a unit, and tce a unit.
_SAME_PROPERTY = {"coal_equivalent": "calorific_value", "calorific_value": "coal_equivalent"}
_WHY = {
    "no evidence": Text("没有凭证", "it has no evidence"),
    "not approved": Text("待批", "it is proposed and not approved"),
}


class OwnBook(FactorBook):
    """Where accounting asks for factors of a park with rows of its own."""

    def __init__(
        self, counting: Iterable[Row], unproved: Iterable[Row], proposed: Iterable[Row], subjects: Iterable[str]
    ) -> None:
        whose = tuple(subjects)
        super().__init__([], whose)
        self._shipped = FactorBook.default()
        self._first = self._shipped.with_rows(counting, whose)
        self._own = FactorBook([]).with_rows(counting, whose)
        self._aside = {
            "no evidence": FactorBook([]).with_rows(unproved, whose),
            "not approved": FactorBook([]).with_rows(proposed, whose),
        }

    def days_of_change(self, after: date, until: date, purpose: str = "") -> tuple[date, ...]:
        """The days on which a shipped row or one of the park's begins or ends, also one that only fills a gap."""
        books = (self._first, self._aside["no evidence"])
        days = {day for book in books for day in book.days_of_change(after, until, purpose)}
        if purpose in _SAME_PROPERTY:
            days.update(self._own.days_of_change(after, until, _SAME_PROPERTY[purpose]))
        return tuple(sorted(days))

    def find(self, purpose: str, key: str, on: date, choices: Mapping[str, str]) -> Figure:
        """The factor in force on that day, with why it was chosen; raises UnknownValueError with the remedy."""
        measured = self._measured_otherwise(purpose, key, on, choices)
        if measured is not None:
            return measured
        try:
            found = self._first.find(purpose, key, on, choices)
        except UnknownValueError:
            gap = _found(self._aside["no evidence"], purpose, key, on, choices)
            if gap is None:
                raise
            trace = {name: said for name, said in gap.trace.items() if name != "own"}  # it goes before nothing
            return replace(gap, trace=trace, remarks=(*gap.remarks, _fills_a_gap(gap)))
        if _found(self._own, purpose, key, on, choices) is not None:
            return replace(
                found, remarks=(*found.remarks, _outranks(found, _found(self._shipped, purpose, key, on, choices)))
            )
        stated = [each for each in (purpose, _SAME_PROPERTY.get(purpose, "")) if each]
        aside = {why: [_found(book, each, key, on, choices) for each in stated] for why, book in self._aside.items()}
        remarks = [_left_aside(row, _WHY[why]) for why, rows in aside.items() for row in rows if row is not None]
        return replace(found, remarks=(*found.remarks, *remarks)) if remarks else found

    def _measured_otherwise(self, purpose: str, key: str, on: date, choices: Mapping[str, str]) -> Figure | None:
        """A heat of fuel that the park states under the other purpose, and none nearer under this one."""
        other = _SAME_PROPERTY.get(purpose)
        stated = None if other is None else _found(self._own, other, key, on, choices)
        if stated is None:
            return None
        own = _found(self._own, purpose, key, on, choices)
        if own is not None and not (stated.trace.get("subject") and not own.trace.get("subject")):
            return None
        return _converted(purpose, key.partition("@")[0], stated, _found(self._shipped, purpose, key, on, choices))


def _found(book: FactorBook, purpose: str, key: str, on: date, choices: Mapping[str, str]) -> Figure | None:
    """A row of the book; what a grade says of itself (the temperature of hot water) is no row."""
    try:
        found = book.find(purpose, key, on, choices)
    except UnknownValueError:
        return None
    return found if "published" in found.trace else None


def _converted(purpose: str, key: str, stated: Figure, shipped: Figure | None) -> Figure:
    """The same heat of a fuel in tce instead of GJ a unit, or the other way round."""
    heat = Decimal(repr(stated.value or 0.0))
    value = heat / GJ_PER_TCE if purpose == "coal_equivalent" else heat * GJ_PER_TCE
    unit = unit_needed(purpose, key)
    sign = "÷" if purpose == "coal_equivalent" else "×"
    instead_zh = f"，不用附录值 {_said(shipped)}" if shipped else ""
    instead = f", in place of the table's {_said(shipped)}" if shipped else ""
    remark = Text(
        f"按自有实测值 {_said(stated)}（凭证 {stated.trace.get('table_row', '')}）{sign} {GJ_PER_TCE} GJ/tce 折算"
        f"{instead_zh}：GB/T 2589 有实测低位发热量时先用实测值，能耗与碳排放用同一实测值。",
        f"from the park's own measured {_said(stated)} (evidence {stated.trace.get('table_row', '')}) {sign} "
        f"{GJ_PER_TCE} GJ/tce{instead}: by GB/T 2589 what was measured goes first, and energy and carbon use "
        "one value.",
    )
    return replace(
        stated,
        key=f"{purpose}:{key}",
        value=float(value),
        unit=unit,
        inputs=(stated,),
        remarks=(*stated.remarks, remark),
    )


def _said(figure: Figure) -> str:
    return figure.trace.get("published", "")


def _outranks(own: Figure, shipped: Figure | None) -> Text:
    evidence = own.trace.get("table_row", "")
    if shipped is None:
        return Text(
            f"采用自有系数 {_said(own)}（凭证 {evidence}），没有内置值。",
            f"the own factor {_said(own)} counts (evidence {evidence}); there is no built-in one.",
        )
    return Text(
        f"自有系数 {_said(own)} 有凭证（{evidence}）并已批准，优先于内置的 {_said(shipped)}（{shipped.source}）。",
        f"the own factor {_said(own)} has evidence ({evidence}) and approval and goes before the built-in "
        f"{_said(shipped)} ({shipped.source}).",
    )


def _left_aside(own: Figure, why: Text) -> Text:
    return Text(
        f"自有系数 {_said(own)} {why.zh}，未采用；请补凭证或批准（xietong factors approve）。",
        f"the own factor {_said(own)} is not used: {why.en}; give its evidence or approve it "
        "(xietong factors approve).",
    )


def _fills_a_gap(own: Figure) -> Text:
    return Text(
        f"没有内置值，暂用没有凭证的自有系数 {_said(own)}；请补凭证。",
        f"there is no built-in value, so the own factor {_said(own)} counts although it has no evidence; give it.",
    )
