"""OwnBook: the shipped factors with a park's own rows, each where it belongs.

A row with evidence and approval goes before the shipped ones and says what it outranks; one without evidence, or of a
statutory factor without its legal basis and a second person, only fills a gap; a proposed one never counts. What is
left aside is named in the remarks of the factor that counts instead.
A net calorific value and a coal equivalent are one measured property (GB/T 2589: k = NCV ÷ 29.3076 GJ/tce, what was
measured before the table): a row of either counts in the energy account and in the carbon account.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from xietong.calc.engine.engine import UnknownValueError
from xietong.calc.factors.book import FactorBook
from xietong.calc.factors.classes import may_fill_a_gap
from xietong.calc.factors.physics import GJ_PER_TCE
from xietong.calc.factors.revisions import FactorRevisions
from xietong.calc.factors.rows import unit_needed
from xietong.calc.figures import Figure
from xietong.calc.keys import without_subject
from xietong.texts import Text

Row = Mapping[str, str]
# Two ways to state the heat of a fuel: GJ a unit, and tce a unit.
_SAME_PROPERTY = {"coal_equivalent": "calorific_value", "calorific_value": "coal_equivalent"}
_WHY = {
    "no evidence": Text("没有凭证", "it has no evidence"),
    "not approved": Text("待批", "it is proposed and not approved"),
    "statutory": Text(
        "欲替换法定系数，而没有法律依据或未经第二人批准",
        "it would replace a statutory factor without a legal basis or a second person",
    ),
}
_REMEDIES = {
    "no evidence": Text("请补凭证（evidence）", "name its evidence"),
    "not approved": Text("请批准（xietong factors approve）", "approve it (xietong factors approve)"),
    "statutory": Text(
        "有法律或主管部门公告的，请在 legal_basis 写明并由第二人批准（xietong factors approve）；没有的请删去该行",
        "where a law or a ministry's notice sets it, name that under legal_basis and let a second person approve it "
        "(xietong factors approve); where none does, take the row out",
    ),
}


class Aside(NamedTuple):
    """Own rows that do not go before shipped ones: without evidence, not approved, of a statutory factor."""

    unproved: Sequence[Row] = ()
    proposed: Sequence[Row] = ()
    protected: Sequence[Row] = ()


class OwnBook(FactorBook):
    """Where accounting asks for factors of a park with rows of its own."""

    def __init__(self, counting: Sequence[Row], aside: Aside, subjects: Iterable[str]) -> None:
        whose = tuple(subjects)
        super().__init__([], whose)
        self._shipped = FactorBook.default()
        self._first = self._shipped.with_rows(counting, whose)
        self._own = FactorBook([]).with_rows(counting, whose)
        self._aside = {
            "no evidence": FactorBook([]).with_rows(aside.unproved, whose),
            "not approved": FactorBook([]).with_rows(aside.proposed, whose),
            "statutory": FactorBook([]).with_rows(aside.protected, whose),
        }
        self._revisions = FactorRevisions((*counting, *aside.unproved, *aside.protected))
        filling = [row for row in (*aside.unproved, *aside.protected) if may_fill_a_gap(row)]
        self._filling = FactorBook([]).with_rows(filling, whose)

    def days_of_change(self, after: date, until: date, purpose: str = "") -> tuple[date, ...]:
        """The days on which a shipped row or one of the park's begins or ends, also one that only fills a gap."""
        books = (self._first, self._filling)
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
            gap = _found(self._filling, purpose, key, on, choices)
            if gap is None:
                raise
            gap = self._revisions.told(gap, on)
            trace = {name: said for name, said in gap.trace.items() if name != "own"}  # it goes before nothing
            is_unproved = _found(self._aside["no evidence"], purpose, key, on, choices) is not None
            said = _fills_a_gap(gap) if is_unproved else _stands_alone(gap)
            return replace(gap, trace={**trace, "aside": "yes"}, remarks=(*gap.remarks, said))
        if _found(self._own, purpose, key, on, choices) is not None:
            found = self._revisions.told(found, on)
            return replace(
                found, remarks=(*found.remarks, _outranks(found, _found(self._shipped, purpose, key, on, choices)))
            )
        stated = [each for each in (purpose, _SAME_PROPERTY.get(purpose, "")) if each]
        aside = {why: [_found(book, each, key, on, choices) for each in stated] for why, book in self._aside.items()}
        remarks = [_left_aside(row, why) for why, rows in aside.items() for row in rows if row is not None]
        if not remarks:
            return found
        return replace(found, remarks=(*found.remarks, *remarks), trace={**found.trace, "aside": "yes"})

    def _measured_otherwise(self, purpose: str, key: str, on: date, choices: Mapping[str, str]) -> Figure | None:
        """A heat of fuel that the park states under the other purpose, and none nearer under this one."""
        other = _SAME_PROPERTY.get(purpose)
        stated = None if other is None else _found(self._own, other, key, on, choices)
        if stated is None:
            return None
        own = _found(self._own, purpose, key, on, choices)
        if own is not None and not (stated.trace.get("subject") and not own.trace.get("subject")):
            return None
        stated = self._revisions.told(stated, on)
        return _converted(purpose, without_subject(key), stated, _found(self._shipped, purpose, key, on, choices))


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


def _left_aside(own: Figure, why: str) -> Text:
    reason, remedy = _WHY[why], _REMEDIES[why]
    return Text(
        f"自有系数 {_said(own)} {reason.zh}，未采用；{remedy.zh}。",
        f"the own factor {_said(own)} is not used: {reason.en}; {remedy.en}.",
    )


def _stands_alone(own: Figure) -> Text:
    evidence = own.trace.get("table_row", "")
    return Text(
        f"没有公布的内置值，采用园区自报的 {_said(own)}（凭证 {evidence}）；请在 legal_basis 写明依据的法律或公告。",
        f"no published value is built in, so the park's own {_said(own)} counts (evidence {evidence}); name the law or "
        "notice that sets it under legal_basis.",
    )


def _fills_a_gap(own: Figure) -> Text:
    return Text(
        f"没有内置值，暂用没有凭证的自有系数 {_said(own)}；请补凭证。",
        f"there is no built-in value, so the own factor {_said(own)} counts although it has no evidence; give it.",
    )
