"""Doubts 存疑: what stated amounts say against each other: a jump that a wrong unit makes, stocks that do not join; and
energy beyond what any output value needs; grades of steam and hot water that say nothing of heat.

Nothing is refused for a doubt; `load` prints it as a remark and accounting stands it beside the figure.
"""

from collections import defaultdict, deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from itertools import pairwise
from typing import Any, NamedTuple

from xietong.calc.energy_grades import GradeError, steam_nodes, water_temperature
from xietong.calc.items import UnknownItemError, item
from xietong.park.nouns import Flow, Registry, ReportedAmount
from xietong.park.package.cells import CellError
from xietong.park.package.sheets import Rejection, Row, rejection
from xietong.park.registry.energy_per_output import canonical_ratio, output_items, outputs_of, said_too_much, too_much
from xietong.park.registry.presence import flow_said_outside, here_of, said_outside
from xietong.periods import Period
from xietong.standard.thresholds import decimal_of, int_of
from xietong.texts import Text

# m3 for 10⁴ m3 is 10,000 times too much, kWh for MWh or kg for t 1,000 times; a season moves a fuel by far less.
JUMP, REMEMBERED = int_of("statement.jump"), int_of("statement.remembered")
_ENERGY = frozenset({"fuel", "electricity", "heat", "steam", "medium"})
_SAME_STOCK = decimal_of("sources.same_stock")


_NAMED = ("subject", "period", "item", "method", "use", "counterparty")
_NAMED_OF_FLOW = ("origin", "destination", "material", "period")


class Doubt(NamedTuple):
    """A statement that does not go with another one, or a flow that does not count: which column, by which rule, and
    the sentence.

    beside: the other statement, where that may be the wrong one as well.
    """

    row: ReportedAmount | Flow
    column: str
    rule: str
    text: Text
    beside: ReportedAmount | None = None

    def as_json(self) -> dict[str, Any]:
        """The doubt as plain values."""
        columns = _NAMED_OF_FLOW if isinstance(self.row, Flow) else _NAMED
        named = {name: text for name, text in zip(columns, _key_of(self.row), strict=True) if text}
        return {"kind": "doubt", **named, "column": self.column, "rule": self.rule, "sentence": self.text._asdict()}

    @property
    def subject(self) -> str:
        """Whose it is: who stated it, or who gave what flowed."""
        return self.row.origin if isinstance(self.row, Flow) else self.row.subject


def doubts(rows: Iterable[ReportedAmount], outputs: Sequence[ReportedAmount] = ()) -> Iterator[Doubt]:
    """The doubts among the statements of one subject and item, whatever their periods and order; outputs: the output
    values that the same subject stated."""
    lines: dict[tuple[str, str, str], list[ReportedAmount]] = defaultdict(list)
    for row in rows:
        lines[row.item, row.use, row.counterparty].append(row)
    for line in lines.values():
        line.sort(key=lambda row: (row.period.start, row.period.end))
        jumps = list(_jumps(line))
        yield from jumps
        yield from _per_output(line, outputs, {id(jump.row) for jump in jumps})
        yield from _gaps(line)


def of_registry(park: Registry, period: Period | None = None) -> list[Doubt]:
    """Every doubt about the statements in force, of those of a period where one is named; in order of subject."""
    groups, outputs = _grouped(park.reported), _outputs(park.reported)
    found = [
        doubt
        for (subject, _), group in groups.items()
        for doubt in (*doubts(group, outputs[subject]), *_grades(group, park.factors))
    ]
    found += of_flows(park)
    chosen = [each for each in found if period is None or _touches(each, period)]
    return sorted(chosen, key=lambda each: (_key_of(each.row), each.rule))


def _touches(doubt: Doubt, period: Period) -> bool:
    """Whether a statement lies within a period, or a flow that does not count meets it."""
    row = doubt.row
    if isinstance(row, Flow):
        return row.period.start < period.end and period.start < row.period.end
    return period.contains(row.period)


def of_flows(park: Registry) -> Iterator[Doubt]:
    """The flows that are kept and not counted, because an end was not in the park in all of their months."""
    known = here_of(park.subjects)
    for flow in park.flows if known else ():
        text = flow_said_outside(flow, known)
        if text is not None:
            yield Doubt(flow, "period", "outside", text)


def remarks_of_flows(rows: Iterable[Row], park: Registry) -> list[Rejection]:
    """The flows that a file has just brought and that do not count."""
    brought = {tuple(str(row.values.get(name) or "") for name in _NAMED_OF_FLOW): row for row in rows}
    found = [(brought.get(_key_of(doubt.row)), doubt) for doubt in of_flows(park)]
    return [_remark(row, doubt) for row, doubt in found if row is not None]


def _grouped(reported: Iterable[ReportedAmount]) -> dict[tuple[str, str], list[ReportedAmount]]:
    groups: dict[tuple[str, str], list[ReportedAmount]] = defaultdict(list)
    for stated in reported:
        groups[stated.subject, stated.item].append(stated)
    return groups


def _outputs(reported: Iterable[ReportedAmount]) -> defaultdict[str, list[ReportedAmount]]:
    """The output values that each subject stated."""
    stated: defaultdict[str, list[ReportedAmount]] = defaultdict(list)
    for row in reported:
        if row.item in output_items():
            stated[row.subject].append(row)
    return stated


def remarks(rows: Iterable[Row], park: Registry) -> list[Rejection]:
    """The doubts about the rows that a file has just brought, against all that is in force now."""
    brought = {_key(row.values): row for row in rows}
    named = {(subject, name) for subject, _, name, *_ in brought}
    valued = {subject for subject, name in named if name in output_items()}
    groups = _grouped(
        stated for stated in park.reported if stated.subject in valued or (stated.subject, stated.item) in named
    )
    outputs = _outputs(park.reported)
    of_amounts = (doubt for (subject, _), group in groups.items() for doubt in doubts(group, outputs[subject]))
    of_grades = (doubt for group in groups.values() for doubt in _grades(group, park.factors))
    away = _outside((row for group in groups.values() for row in group), park)
    found = [(_brought(doubt, brought), doubt) for doubt in (*of_amounts, *of_grades, *away)]
    told = [_remark(row, doubt) for row, doubt in found if row is not None]
    return sorted(told, key=lambda each: (each.file, each.row))


def _brought(doubt: Doubt, brought: Mapping[tuple[str, ...], Row]) -> Row | None:
    """The row that brought what is in doubt, else the one that brought what it is held beside."""
    row = brought.get(_key_of(doubt.row))
    return row if row is not None or doubt.beside is None else brought.get(_key_of(doubt.beside))


def _remark(row: Row, doubt: Doubt) -> Rejection:
    problem = CellError(doubt.rule, doubt.text.zh.rstrip("。"), doubt.text.en.rstrip("."))
    return rejection(row.file, row.number, doubt.column, row.cells.get(doubt.column) or "", problem)


def _key(values: Mapping[str, object]) -> tuple[str, ...]:
    return tuple(str(values.get(name) or "") for name in _NAMED)


def _key_of(row: ReportedAmount | Flow) -> tuple[str, ...]:
    if isinstance(row, Flow):
        return row.origin, row.destination, row.material, row.period.label
    return row.subject, row.period.label, row.item, row.method, row.use, row.counterparty


# ---- amounts of another size ----


def _jumps(line: Sequence[ReportedAmount]) -> Iterator[Doubt]:
    """The statements of an energy carrier that are hundreds of times what the line stated before."""
    if not _is_energy(line[0].item):
        return
    before: deque[tuple[float, str]] = deque(maxlen=REMEMBERED)
    for row in line:
        rate = _rate(row)
        if not rate:
            continue
        most, least = max(before, default=(rate, "")), min(before, default=(rate, ""))
        if rate >= JUMP * most[0]:
            yield _jump(row, rate / most[0], most[1], "大", "more")
        elif rate * JUMP <= least[0]:
            yield _jump(row, least[0] / rate, least[1], "小", "less")
        else:
            before.append((rate, row.period.label))


def _rate(row: ReportedAmount) -> float:
    """The amount a month in the canonical unit; 0 where it says nothing of its size."""
    if not row.amount:
        return 0.0
    return float(row.amount) * canonical_ratio(row.item, row.unit) / max(1, row.period.month_count)


@lru_cache(maxsize=1024)
def _is_energy(name: str) -> bool:
    try:
        return item(name).carrier in _ENERGY
    except UnknownItemError:
        return False


def _jump(row: ReportedAmount, times: float, period: str, more_zh: str, more_en: str) -> Doubt:
    name = item(row.item).name
    amount = f"{row.amount:f} {row.unit}"
    return Doubt(
        row,
        "amount",
        "magnitude",
        Text(
            f"{row.period.label} 的{name.zh} {amount}，按月比 {period} {more_zh}约 {times:.0f} 倍；"
            "多半是单位写错（m3 与 10^4m3 差 1 万倍，kWh 与 MWh、kg 与 t 差 1000 倍），请核对单位和数量。",
            f"{name.en} of {row.period.label}, {amount}, is about {times:.0f} times {more_en} a month than {period}; "
            "the unit is probably wrong (m3 for 10^4m3 is 10,000 times, kWh for MWh or kg for t 1,000): "
            "check unit and amount.",
        ),
    )


# ---- more energy than any output value needs ----


def _per_output(
    line: Sequence[ReportedAmount], outputs: Sequence[ReportedAmount], named: Collection[int]
) -> Iterator[Doubt]:
    """The statements of energy beyond any sector's need for the output value stated; a jump is not named twice."""
    if not outputs or not _is_energy(line[0].item):
        return
    held = outputs_of(outputs)
    for row in line:
        found = None if id(row) in named else too_much(row, held)
        if found is not None:
            yield Doubt(row, "amount", "energy_per_output", said_too_much(row, found), found.output)


# ---- stocks that do not join ----


def _gaps(line: Sequence[ReportedAmount]) -> Iterator[Doubt]:
    """Statements whose opening stock is not the closing stock of the statement that ends where they begin."""
    stocked = [row for row in line if row.opening is not None and row.closing is not None]
    for before, after in pairwise(stocked):
        if before.period.end != after.period.start or before.closing is None or after.opening is None:
            continue
        closed, opened = (
            value * Decimal(str(canonical_ratio(row.item, row.unit)))
            for value, row in ((before.closing, before), (after.opening, after))
        )
        if abs(closed - opened) > _SAME_STOCK * max(abs(closed), abs(opened)):
            yield _gap(before, after)


def _gap(before: ReportedAmount, after: ReportedAmount) -> Doubt:
    name = item(after.item).name
    closed, opened = f"{before.closing:f} {before.unit}", f"{after.opening:f} {after.unit}"
    return Doubt(
        after,
        "opening",
        "stock_gap",
        Text(
            f"{name.zh}：{before.period.label} 期末库存 {closed} 与 {after.period.label} 期初库存 {opened} 不等，"
            "差额既没有计入消费也没有来源；请核对两期的盘点。",
            f"{name.en}: the closing stock of {before.period.label}, {closed}, is not the opening stock of "
            f"{after.period.label}, {opened}, so the difference is neither used nor received; check both counts.",
        ),
    )


# ---- statements of a time at which the subject was not here ----


def _outside(rows: Iterable[ReportedAmount], park: Registry) -> Iterator[Doubt]:
    """Statements that are kept and not counted, because their subject was not in the park in all of their months."""
    known = here_of(park.subjects)
    for row in rows if known else ():
        here = known.get(row.subject)
        if here is not None and not here.presence.admits(row.period):
            yield Doubt(row, "period", "outside", said_outside(row, here.subject, here.presence, item(row.item).name))


# ---- grades of steam and hot water ----


def _grades(rows: Iterable[ReportedAmount], factors: Iterable[Mapping[str, str]]) -> Iterator[Doubt]:
    """Statements of steam or hot water whose grade says nothing of heat and has no factor of the park's own."""
    for row in rows:
        base, _, grade = row.item.partition(":")
        purpose, read = _GRADED.get(base, ("", None))
        own = ((each.get("purpose"), each.get("key")) for each in factors)
        if read is None or not grade or (purpose, grade) in own:
            continue
        try:
            read(grade)
        except GradeError as error:
            yield Doubt(row, "item", "grade", error.text)


_GRADED: Mapping[str, tuple[str, Callable[[str], object]]] = {
    "steam_purchased": ("steam_enthalpy", steam_nodes),
    "steam_sold": ("steam_enthalpy", steam_nodes),
    "hot_water_purchased": ("water_temperature", water_temperature),
    "hot_water_sold": ("water_temperature", water_temperature),
}
