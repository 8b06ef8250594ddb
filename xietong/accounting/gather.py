"""Gather: the engine's inputs for one subject and period, each a Figure with its whole working below it.

What was never due is given as not_applicable, what was due and did not come as missing; the table of items decides
which item feeds which input. The arithmetic of the standard is in `calc`.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import NamedTuple

from xietong.accounting.amounts import Amount, reasons
from xietong.accounting.books import Books
from xietong.accounting.boundary import GROUPS
from xietong.accounting.certificates import counted_certificates
from xietong.accounting.circulation import circulation_inputs
from xietong.accounting.concentrations import concentration_inputs
from xietong.accounting.estimates import estimates, with_added, with_estimate
from xietong.accounting.filling import filled_up
from xietong.accounting.monitoring import monitoring_inputs
from xietong.accounting.prices import at_chosen_prices
from xietong.accounting.reductions import measure_reductions
from xietong.accounting.statements import stated_item
from xietong.calc.figures import Figure, Status, worst
from xietong.calc.items import all_items, item, pollutants
from xietong.calc.items import inputs as item_inputs
from xietong.calc.names import name_of
from xietong.park.nouns import Subject
from xietong.periods import Period
from xietong.texts import Text

_USES: Mapping[str, str] = {"feedstock": "fuel_feedstock", "conversion": "conversion_input"}


class Asked(NamedTuple):
    """Whose inputs, of which period; filled: partial amounts scaled up to what was due (see `filling`); estimated: with
    an estimate for a group's absent units (see `estimates`)."""

    books: Books
    subject: Subject
    period: Period
    filled: bool = False
    estimated: bool = False

    def amount(self, name: str) -> Amount:
        """The subject's amount of an item, filled up or with an estimate where that was asked."""
        if self.estimated:
            return with_estimate(self.books, self.subject, name, self.period)
        return self._filled(self.books.amount(self.subject.code, name, self.period))

    def parts(self, target: str, name: str) -> list[tuple[str, Amount]]:
        """The amount under its factor's key; of a group, that of units with their own factor under key@SUBJECT."""
        key, own = stated_item(name).part, self.books.own_factors
        if self.subject.kind not in GROUPS:
            return [(key, self.amount(name))]
        units = {unit.code for unit in self.books.boundary.units(self.subject.code)}
        apart = {unit: of for unit in units if (of := own.subject_of(unit, target, key))}
        if apart and self.estimated:
            return self._estimated(name, key, apart)
        parted = self.books.parted(self.subject.code, name, self.period, apart) if apart else [("", self.amount(name))]
        return [(f"{key}@{of}" if of else key, self._filled(part)) for of, part in parted]

    def _estimated(self, name: str, key: str, apart: Mapping[str, str]) -> list[tuple[str, Amount]]:
        """The same with an estimate for the absent: each part's own are added to it."""
        parts = dict(self.books.parted(self.subject.code, name, self.period, apart))
        for each in estimates(self.books, self.subject, name, self.period):
            of = apart.get(each.unit.code, "")
            if each.exact is not None:
                parts[of] = with_added(parts.get(of), each)
        return [(f"{key}@{of}" if of else key, part) for of, part in parts.items()]

    def _filled(self, found: Amount) -> Amount:
        return filled_up(found) if self.filled else found


def engine_inputs(
    books: Books, subject: Subject, period: Period, filled: bool = False, estimated: bool = False
) -> dict[str, Figure]:
    """Every input that the rules of `calc` may ask for; filled: for trying what the absent part could change;
    estimated: with an estimate for the absent."""
    asked = Asked(books, subject, period, filled, estimated)
    grouped: dict[str, list[str]] = defaultdict(list)
    for name in books.names:
        target = _input_of(name)
        if target:
            grouped[target].append(name)
    shapes = {**item_inputs(), **dict.fromkeys(_USES.values(), "items")}
    found = {
        target: (_items if shape == "items" else _number)(asked, target, grouped.get(target, []))
        for target, shape in shapes.items()
    }
    found |= at_chosen_prices(books, subject, period, found)
    found |= counted_certificates(books, subject, period, found)
    found["output_value"] = _output_value(books, subject, period, found)
    found |= _never_due(found["pollutant_emission"])
    found["measure_reductions"] = measure_reductions(books, subject, period)
    found |= circulation_inputs(books, subject, period)
    return found | concentration_inputs(books, subject, period) | monitoring_inputs(books, subject, period)


def _input_of(name: str) -> str:
    """The input a name feeds; "" for uses that are no consumption."""
    base, _, use = name.partition("#")
    return _USES.get(use, "") if use else item(base).input


def _number(asked: Asked, target: str, names: Iterable[str]) -> Figure:
    parts = [asked.amount(name) for name in names]
    present = [part for part in parts if not part.is_idle]
    if not present:
        return _idle(target, parts)
    label = present[0].figure.trace.get("subject", "")
    title = present[0].figure.title if label != asked.subject.code else _name_of(target)
    return replace(present[0].figure, key=target, title=title)


def _items(asked: Asked, target: str, names: Iterable[str]) -> Figure:
    parts = [(name, key, part) for name in names for key, part in asked.parts(target, name)]
    lines = tuple(
        replace(part.figure, key=key, title=_line_title(name, key, part.figure.title))
        for name, key, part in parts
        if not part.is_idle or part.figure.missing
    )
    if all(part.is_idle for _, _, part in parts):
        return replace(_idle(target, [part for _, _, part in parts]), kind="items", inputs=lines)
    return Figure(target, None, "", _status(lines), "items", missing=reasons(lines), inputs=lines)


def _line_title(name: str, key: str, whose: Text) -> Text:
    """The item's name; with the unit's where the line is apart for its own factor."""
    label = stated_item(name).name
    return Text(f"{label.zh}（{whose.zh}）", f"{label.en} ({whose.en})") if "@" in key else label


def _name_of(target: str) -> Text:
    """What an input that is one number is called: the item that feeds it under its own name, else nothing."""
    known = all_items().get(target)
    return known.name if known else Text("", "")


def _status(lines: Iterable[Figure]) -> Status:
    listed = tuple(lines)
    if not any(line.value is not None for line in listed):
        return "missing"
    return worst("partial" if line.status == "missing" else line.status for line in listed)


def _idle(target: str, parts: Iterable[Amount]) -> Figure:
    stated = tuple(dict.fromkeys(reason for part in parts for reason in part.figure.missing))
    name = name_of(target)
    nothing = Text(f"没有应报的{name.zh}。", f"no {name.en} was due.")
    return Figure(target, None, "", "not_applicable", missing=stated or (nothing,))


def _output_value(books: Books, subject: Subject, period: Period, found: Mapping[str, Figure]) -> Figure:
    """Gross output or added value by the park's choice; every intensity needs it."""
    choices = books.registry.choices
    added = choices.get("output_value") == "added"
    name = "added_value" if added else "output_value"
    figure = replace(found[name], key="output_value")
    if figure.status == "not_applicable" and subject.kind in (*GROUPS, "enterprise", "supply"):
        label = item(name).name
        reason = Text(
            f"没有收到{subject.name} {period.label} 的{label.zh}，强度类指标不能计算；请填报。",
            f"no {label.en} of {subject.name_en or subject.name} for {period.label} came, so no intensity can be "
            f"computed; report it.",
        )
        return replace(figure, unit="万元", status="missing", missing=(reason,))
    if figure.value is not None:
        return replace(figure, remarks=(*figure.remarks, item(name).name, *_without(books, subject, period)))
    return figure


def _without(books: Books, subject: Subject, period: Period) -> tuple[Text, ...]:
    """Units that use energy but state no output: the numerator is wider than the denominator."""
    if subject.kind not in GROUPS:
        return ()
    name = "added_value" if books.registry.choices.get("output_value") == "added" else "output_value"
    silent = [
        unit
        for unit in books.boundary.units(subject.code)
        if unit.kind in ("enterprise", "supply")
        and books.amount(unit.code, name, period).is_idle
        and books.amount(unit.code, "electricity_purchased", period).has_value
    ]
    if not silent or len(silent) == len(books.boundary.units(subject.code)):
        return ()
    zh, en = "、".join(unit.name for unit in silent), ", ".join(unit.name_en or unit.name for unit in silent)
    return (Text(f"{zh}有用能而没有产值，分子与分母口径不一。", f"{en} used energy but stated no output value."),)


def _never_due(emitted: Figure) -> dict[str, Figure]:
    """The pollutants that nobody owes here, or that all go to a works: not due rather than missing."""
    lines = {line.key: line for line in emitted.inputs}
    found = {}
    for each in pollutants():
        key = f"pollutant_emission:{each.item}"
        usual = Figure(key, None, "t", "not_applicable", title=each.name, missing=(_never(each.item),))
        line = lines.get(each.item, usual)
        if line.status == "not_applicable":
            found[key] = replace(line, key=key)
    return found


def _never(name: str) -> Text:
    label = item(name).name
    return Text(f"没有应报的{label.zh}排放量。", f"no emission of {label.en} was due.")
