"""Gather: the engine's inputs for one subject and period, each a Figure with its whole working below it.

What was never due is given as not_applicable, what was due and did not come as missing; the table of items decides
which item feeds which input. The arithmetic of the standard is in `calc`.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from typing import NamedTuple

from xietong.accounting.amounts import Amount, reasons
from xietong.accounting.books.consolidation import Books
from xietong.accounting.boundary import GROUPS
from xietong.accounting.inputs.carbon_products import CARBON_OUTPUT, unbalanced
from xietong.accounting.inputs.certificates import CERTIFICATES, TRADED, Holders, counted_certificates
from xietong.accounting.inputs.concentrations import concentration_inputs, concentration_keys
from xietong.accounting.inputs.estimates import estimates, with_added, with_estimate
from xietong.accounting.inputs.filling import filled_up
from xietong.accounting.inputs.monitoring import MONITORED, monitoring_inputs
from xietong.accounting.inputs.prices import VALUES, at_chosen_prices
from xietong.accounting.inputs.reductions import BY_YEAR, measure_reductions, reductions_by_year
from xietong.accounting.inputs.waste_and_water import CIRCULATED, circulation_inputs
from xietong.accounting.own_make.inputs import OWN_MAKE, SELF_USED, own_make_inputs, resold_by_units
from xietong.accounting.own_make.inputs import Asked as OwnMake
from xietong.accounting.sources.statement_figures import stated_item
from xietong.accounting.trade.beyond_input import Asked as Sales
from xietong.accounting.trade.supplied_outside import SUPPLIED, left
from xietong.accounting.trade.unstated_sales import SOLD, with_unstated_sale
from xietong.calc.engine.names import name_of
from xietong.calc.figures import Figure, Kind, Status, retitled, worst
from xietong.calc.items import all_items, item, pollutants
from xietong.calc.items import inputs as item_inputs
from xietong.calc.keys import use_of, without_use
from xietong.park.nouns import Subject
from xietong.periods import Period
from xietong.texts import Text

_USES: Mapping[str, str] = {"feedstock": "fuel_feedstock", "conversion": "conversion_input"}
_EMITTED = "pollutant_emission:"


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
) -> "Inputs":
    """Every input that the rules of `calc` may ask for; filled: for trying what the absent part could change;
    estimated: with an estimate for the absent."""
    return Inputs(Asked(books, subject, period, filled, estimated))


class Inputs(Mapping[str, Figure]):
    """The engine's inputs by name, each made when it is asked for, for most of them nobody asks.

    What is made together, and is neither of items nor of table 3, is in `_together`.
    """

    def __init__(self, asked: Asked) -> None:
        self._asked = asked
        self._made: dict[str, Figure] = {}
        self._own: Mapping[str, Figure] | None = None
        # Whether what is made here has something to tell to the reader of every figure made of it (`figures.cautions`).
        self.has_to_tell = False

    def __getitem__(self, key: str) -> Figure:
        found = self._made.get(key)
        if found is None:
            self._make(key)
            found = self._made[key]
        return found

    def __contains__(self, key: object) -> bool:
        if key in self._made or key in _known_keys():
            return True
        if key in OWN_MAKE:
            return key in self._own_make()
        if not isinstance(key, str) or not key.startswith(_EMITTED):
            return False
        self._make(key)
        return key in self._made

    def _own_make(self) -> Mapping[str, Figure]:
        """What is made here, where it says more than its items; kept, for every figure of energy asks."""
        own = self._own
        if own is None:
            own = own_make_inputs(self._own_asked())
            # In this order: another thread that finds it kept finds its figures too, and what they have to tell.
            self.has_to_tell = any(figure.remarks for figure in own.values())
            self._made |= {key: figure for key, figure in own.items() if key not in self._made}
            self._own = own
        return own

    def _own_asked(self) -> OwnMake:
        books, subject, period = self._asked[:3]
        return OwnMake(books, subject, period, lambda unit: engine_inputs(books, unit, period), self[SELF_USED])

    def __iter__(self) -> Iterator[str]:
        emitted = (f"{_EMITTED}{each.item}" for each in pollutants())
        return iter((*_known_keys(), *(key for key in (*OWN_MAKE, *emitted) if key in self)))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def beside(self, given: Mapping[str, Figure]) -> "Inputs":
        """The same inputs with these before them."""
        other = Inputs(self._asked)
        other._made = {**self._made, **given}
        return other

    def _make(self, key: str) -> None:
        """Make the input, and those that are made together with it."""
        if key in OWN_MAKE:
            self._own_make()
            return
        together = _together().get(key)
        if together is not None:
            self._made |= together(self)
        elif key in _shapes():
            self._made[key] = self._of_items(key)
        elif key in _pollutant_of():
            books, subject, period, filled = self._asked[:4]
            self._made |= concentration_inputs(books, subject, period, _pollutant_of()[key], filled)
        elif key.startswith(_EMITTED):
            never = _never_due(key, self["pollutant_emission"])
            self._made |= {} if never is None else {key: never}

    def _of_items(self, target: str) -> Figure:
        """An input as items feed it."""
        names = self._asked.books.remember("names by input", lambda: _by_input(self._asked.books.names)).get(target)
        shape = _shapes()[target]
        if names is None:
            found = _never_stated(target, shape)
        else:
            found = (_items if shape == "items" else _number)(self._asked, target, names)
        if target == CARBON_OUTPUT:
            return unbalanced(*self._asked[:3], self["fuel_feedstock"], found)
        return self._of_sales(target, found) if target in SOLD else found

    def _of_sales(self, target: str, found: Figure) -> Figure:
        """What a group sold without what stayed inside it; what buyers alone state is missing."""
        books, subject, period, filled, estimated = self._asked
        if subject.kind in GROUPS and target in SUPPLIED:
            sales = Sales(books, subject, period, lambda unit: engine_inputs(books, unit, period), filled or estimated)
            found = left(sales, target, found)
        return with_unstated_sale(books, subject, period, target, found)

    def values_at_prices(self) -> Mapping[str, Figure]:
        """Output and added value at the prices that the park chose; which of them counts as output is a choice too."""
        books, subject, period = self._asked[:3]
        priced = at_chosen_prices(books, subject, period, {name: self._of_items(name) for name in VALUES})
        return {**priced, "output_value": _output_value(books, subject, period, priced)}

    def certificates(self) -> Mapping[str, Figure]:
        """The certificates and the green power that count."""
        given = {key: self._of_items(key) for key in (CERTIFICATES, TRADED)}
        if all(figure.value is None for figure in given.values()):
            return given
        return {**given, **counted_certificates(Holders(*self._asked[:3], resold_by_units(self._own_asked())), given)}

    def reductions(self) -> Mapping[str, Figure]:
        """What measures saved."""
        return {"measure_reductions": measure_reductions(*self._asked[:3])}

    def reductions_by_year(self) -> Mapping[str, Figure]:
        """What measures saved in every year since the first of them started."""
        return {BY_YEAR: reductions_by_year(*self._asked[:3])}

    def circulation(self) -> Mapping[str, Figure]:
        """Waste by kind, hazardous stock, water leaving, permitted emissions."""
        return circulation_inputs(*self._asked[:3])

    def monitoring(self) -> Mapping[str, Figure]:
        """How much is automatic, how much came."""
        return monitoring_inputs(*self._asked[:3])


@cache
def _together() -> Mapping[str, Callable[[Inputs], Mapping[str, Figure]]]:
    """What makes the inputs that are not of items one by one: several keys that are made together."""
    groups: tuple[tuple[Iterable[str], Callable[[Inputs], Mapping[str, Figure]]], ...] = (
        (VALUES, Inputs.values_at_prices),
        ((CERTIFICATES, TRADED), Inputs.certificates),
        (("measure_reductions",), Inputs.reductions),
        ((BY_YEAR,), Inputs.reductions_by_year),
        (CIRCULATED, Inputs.circulation),
        (MONITORED, Inputs.monitoring),
    )
    return {key: make for keys, make in groups for key in keys}


@cache
def _known_keys() -> Mapping[str, None]:
    """Every input that there always is."""
    return dict.fromkeys((*_shapes(), *_together(), *_pollutant_of()))


@cache
def _shapes() -> Mapping[str, str]:
    """The inputs that items feed: "number" or "items"."""
    return {**item_inputs(), **dict.fromkeys(_USES.values(), "items")}


@cache
def _pollutant_of() -> Mapping[str, str]:
    """The inputs of table 3 and the pollutant that each is about."""
    return {key: each.item for each in pollutants() for key in concentration_keys(each.item)}


def _by_input(names: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
    """The names that feed each input."""
    grouped: dict[str, list[str]] = defaultdict(list)
    for name in names:
        target = _input_of(name)
        if target:
            grouped[target].append(name)
    return {target: tuple(each) for target, each in grouped.items()}


def _input_of(name: str) -> str:
    """The input a name feeds; "" for uses that are no consumption."""
    base, use = without_use(name), use_of(name)
    return _USES.get(use, "") if use else item(base).input


def _number(asked: Asked, target: str, names: Iterable[str]) -> Figure:
    parts = [asked.amount(name) for name in names]
    present = [part.figure for part in parts if not part.is_idle]
    if not present:
        return _idle(target, parts)
    label = present[0].trace.get("subject", "")
    title = present[0].title if label != asked.subject.code else _name_of(target)
    return retitled(present[0], target, title)


def _items(asked: Asked, target: str, names: Iterable[str]) -> Figure:
    parts = [(name, key, part) for name in names for key, part in asked.parts(target, name)]
    lines = tuple(
        retitled(part.figure, key, _line_title(name, key, part.figure.title))
        for name, key, part in parts
        if not part.is_idle or part.figure.missing
    )
    if all(part.is_idle for _, _, part in parts):
        idle = _idle(target, [part for _, _, part in parts], "items")
        return replace(idle, inputs=lines) if lines else idle
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


def _idle(target: str, parts: Iterable[Amount], kind: Kind = "input") -> Figure:
    stated = tuple(dict.fromkeys(reason for part in parts for reason in part.figure.missing))
    if stated:
        return Figure(target, None, "", "not_applicable", kind, missing=stated)
    return _never_stated(target, kind)


@cache
def _never_stated(target: str, kind: str) -> Figure:
    """What nobody ever owed is the same figure for everyone."""
    name = name_of(target)
    nothing = Text(f"没有应报的{name.zh}。", f"no {name.en} was due.")
    return Figure(target, None, "", "not_applicable", "items" if kind == "items" else "input", missing=(nothing,))


def _output_value(books: Books, subject: Subject, period: Period, found: Mapping[str, Figure]) -> Figure:
    """Gross output or added value by the park's choice; every intensity needs it."""
    choices = books.registry.choices
    added = choices.get("output_value") == "added"
    name = "added_value" if added else "output_value"
    figure = replace(found[name], key="output_value")
    if added:
        figure = replace(figure, title=item(name).name, trace={**figure.trace, "chosen": name})
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


def _never_due(key: str, emitted: Figure) -> Figure | None:
    """A pollutant that nobody owes here, or that all goes to a works: not due rather than missing; else None."""
    name = key.removeprefix(_EMITTED)
    line = next((each for each in emitted.inputs if each.key == name), None)
    if line is None and name in _pollutants():
        return Figure(key, None, "t", "not_applicable", title=item(name).name, missing=(_never(name),))
    return replace(line, key=key) if line is not None and line.status == "not_applicable" else None


@cache
def _pollutants() -> frozenset[str]:
    return frozenset(each.item for each in pollutants())


def _never(name: str) -> Text:
    label = item(name).name
    return Text(f"没有应报的{label.zh}排放量。", f"no emission of {label.en} was due.")
