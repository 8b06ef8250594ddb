"""Account 核算: the figures of one subject and period, each with its whole working.

The door of this room. Amounts come from `inputs.inputs`, arithmetic from `calc`; nothing is stored, results are
remembered in memory by what they were made from (see `books.memory`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from difflib import get_close_matches
from functools import partial
from typing import NamedTuple

from xietong.accounting.books.consolidation import EMITTED, Books
from xietong.accounting.books.memory import books_for
from xietong.accounting.boundary import GROUPS
from xietong.accounting.factors.in_force import choices_of, day_of, factor_book, list_of_clean_energy
from xietong.accounting.figures.carbon_keys import carbon_keys
from xietong.accounting.figures.cautions import absent, cautioned, clipped, with_carried
from xietong.accounting.figures.factor_changes import Spanned, span_figures
from xietong.accounting.figures.per_product import KEY as ENERGY_PER_PRODUCT
from xietong.accounting.figures.per_product import keys_per_product, per_product, without_strangers
from xietong.accounting.figures.refusals import may_be_refused, refusal, without_refused
from xietong.accounting.figures.tables import (
    BY_POLLUTANT,
    CIRCULATION,
    OF_ONE_PRODUCT,
    WHERE_KNOWN,
    table_keys,
)
from xietong.accounting.figures.tax import KEY as TAX
from xietong.accounting.figures.unit_factors import Group, apart_figures
from xietong.accounting.figures.without_a_rule import further, further_keys
from xietong.accounting.inputs.concentrations import highest_outlet
from xietong.accounting.inputs.inputs import engine_inputs
from xietong.accounting.own_make.inputs import OWN_MAKE, nothing_made
from xietong.calc.engine.engine import RULES, Calculation
from xietong.calc.engine.names import name_of
from xietong.calc.engine.rule_packs import PARK_STANDARD, RulePack
from xietong.calc.figures import Figure, retitled
from xietong.calc.indicators.pollutants import TABLE_3
from xietong.calc.items import UnknownItemError, all_items, item
from xietong.calc.judgement.indicator_kinds import BEYOND, FACILITIES, applies, has_figure
from xietong.calc.keys import HIGHEST_OUTLET, TAXED, TO_WORKS, derived_of, group_of, parted
from xietong.lake.store import Lake
from xietong.park.nouns import Registry, Subject
from xietong.periods import Period
from xietong.standard.text import terms
from xietong.texts import Text

PER_PRODUCT = "_per_product"


class UnknownNameError(LookupError):
    """A subject or a key that does not exist, with the nearest names."""

    def __init__(self, text: Text) -> None:
        super().__init__(text.en)
        self.text = text


class Coverage(NamedTuple):
    """The item-months that were due, how many came, their share (None where nothing was due), and what is absent."""

    due: int
    received: float
    share: float | None
    absent: tuple[Text, ...]


class Account:
    """The figures of one subject and period, computed when asked for."""

    def __init__(
        self, books: Books, subject: Subject, period: Period, filled: bool = False, estimated: bool = False
    ) -> None:
        counted = books.within(subject.code, period)
        self.books, self.subject, self._period = books, subject, counted or period
        self._gone = absent(books, subject, period) if counted is None else None
        self._clipped = None if counted is None or counted == period else clipped(subject, period, counted)
        self._filled, self._estimated = filled, estimated
        registry = books.registry
        self.inputs = engine_inputs(books, subject, period, filled, estimated)
        below = [subject.code] if subject.kind in GROUPS else [each.code for each in books.boundary.below(subject.code)]
        self._factors = factor_book(registry, below)
        self._figures: dict[str, Figure] = {}
        self._calculation = self.under({})

    def under(self, choices: Mapping[str, str], pack: RulePack = PARK_STANDARD) -> Calculation:
        """The same inputs under other choices than the park's, for a line that says what a choice makes of a figure,
        or by the rules of another standard."""
        chosen = {**choices_of(self.books.registry), **choices}
        on = day_of(self._period)

        def bare(code: str) -> Calculation:
            unit = self.of(code)
            return Calculation(unit.inputs, unit._factors, on, chosen)

        inside = Group(
            self.books,
            self.subject,
            span=self._period,
            inputs=self.inputs,
            factors=self._factors,
            on=on,
            choices=chosen,
            of=self._of_unit,
            bare=bare,
        )
        apart = apart_figures(inside)

        def over(given: Mapping[str, Figure]) -> Calculation:
            beside = {**apart, **given}
            return Calculation(self.inputs.beside(beside) if beside else self.inputs, self._factors, on, chosen, pack)

        def of_span(span: Period) -> Calculation:
            return self._of_span(span).under(choices, pack)

        return over(span_figures(Spanned(self._period, self._factors, chosen, of_span, over)))

    def _of_span(self, span: Period) -> "Account":
        """The account of a part of the period, as this one is filled up or estimated."""
        key = ("span", self.subject.code, span, self._filled, self._estimated)
        return self.books.remember(key, lambda: Account(self.books, self.subject, span, self._filled, self._estimated))

    def _of_unit(self, code: str, key: str) -> Figure:
        return self.of(code).figure(key)

    def of(self, code: str) -> "Account":
        """The account of another subject of the park for the same period."""
        return _kept(self.books, self.books.registry.subjects[code], self._period)

    @property
    def estimated(self) -> "Account":
        """The account with an estimate for the absent units of a group."""
        key = ("estimated", self.subject.code, self._period)
        return self.books.remember(key, lambda: Account(self.books, self.subject, self._period, estimated=True))

    @property
    def period(self) -> Period:
        """The period of these figures."""
        return self._period

    def keys(self) -> list[str]:
        """Every key worth showing: tables 1–5, what lies beyond them, and the amounts that stand behind.

        Of a facility or an outlet only what applies to its kind or has a value.
        """
        tables = [key for keys in table_keys(self.subject.kind).values() for key in keys]
        emitted = [name for name in self.books.names if name in EMITTED and self._may_emit(name)]
        emissions = [f"{name}_emission" for name in emitted if f"{name}_emission" in RULES]
        sewers = [
            f"{name}{TO_WORKS}"
            for name in (emitted if self.books.boundary.outlets(self.subject.code, to_works=True) else ())
            if self.books.to_works(self.subject.code, name, self._period).has_value
        ]
        amounts = [
            name
            for name in self.books.names
            if "#" not in name and not self.books.amount(self.subject.code, name, self._period).is_idle
        ]
        worth = [key for key in (*tables, *BEYOND) if self._is_worth(key)]
        worth += [key for key, name in CIRCULATION.items() if self._has(name)]
        worth += [form.format(name) for given, form in BY_POLLUTANT.items() for name in self._named(given)]
        known = (*WHERE_KNOWN, *carbon_keys(self.subject.kind, self.inputs))
        worth += [key for key in known if _is_known(self.figure(key))]
        products = [*self._per_product(emissions), *keys_per_product(self)]
        found = list(dict.fromkeys([*worth, *emissions, *sewers, *amounts, *products]))
        return [*found, *further_keys(self, found)]

    def _has(self, name: str) -> bool:
        """Whether an input has a value, or amounts by name."""
        given = self.inputs.get(name)
        return given is not None and (given.value is not None or bool(given.items()))

    def _named(self, name: str) -> Iterable[str]:
        """The names of an input's amounts."""
        given = self.inputs.get(name)
        return () if given is None else given.items()

    def _may_emit(self, name: str) -> bool:
        """Whether an emission is worth showing: of a facility or an outlet only what it knows of."""
        return self.subject.kind not in FACILITIES or self.books.knows(self.subject.code, name)

    def _is_worth(self, key: str) -> bool:
        kind = self.subject.kind
        if applies(key, kind) and (kind != "outlet" or self._carries(key)):
            return True
        return self.figure(key).value is not None

    def _carries(self, key: str) -> bool:
        """Whether an outlet knows the pollutant that a key of table 3 is about."""
        name = next((name for name in TABLE_3 if key.startswith(f"{name}_")), None)
        return name is None or self.books.knows(self.subject.code, name)

    def _per_product(self, emissions: Iterable[str]) -> list[str]:
        """The emissions per product of a unit with one product, where there are any."""
        if self.subject.kind in GROUPS or len(self.inputs["product"].items()) != 1:
            return []
        each = [f"{key}{PER_PRODUCT}" for key in emissions if self.figure(key).value is not None]
        return [*each, *(key for key in OF_ONE_PRODUCT if self.figure(key).value is not None)]

    def figure(self, key: str) -> Figure:
        """The figure of a key: an indicator, an engine input, or an item's amount; raises UnknownNameError."""
        known = self._figures.get(key)
        if known is None:
            made = self._made(key) if self._gone is None else self._of_nobody(key, self._gone)
            made = self._unrefused(made) if may_be_refused(key) else made
            tells = self.books.has_to_tell or self.inputs.has_to_tell
            made = with_carried(made) if tells else made
            if self._clipped is not None and made.value is not None:
                made = replace(made, remarks=(*made.remarks, self._clipped))
            known = self._figures[key] = made
        return known

    def _of_nobody(self, key: str, gone: Text) -> Figure:
        """Any figure of a group that was not in the park."""
        if not has_figure(key):
            raise UnknownNameError(_unknown_key(key))
        return Figure(key, None, "", "not_applicable", title=name_of(key), missing=(gone,))

    def _unrefused(self, made: Figure) -> Figure:
        """A group's figure without what was refused of its units; of a unit it is kept whether it was refused."""
        if self.subject.kind in GROUPS:
            of = partial(self._of_unit, key=made.key)
            return without_refused(self.books, self.subject, self._period, made, of)
        if not (self._filled or self._estimated):
            refusal(self.books, self.subject.code, made.key, self._period, lambda _: made)
        return made

    def _made(self, key: str) -> Figure:
        of, ending = derived_of(key, EMITTED)
        if ending == HIGHEST_OUTLET:
            return self._highest(key, of)
        if ending == TO_WORKS:
            return self._to_works(key, of)
        if group_of(key) == ENERGY_PER_PRODUCT:
            return per_product(self, key)
        if (found := further(self, key)) is not None:
            return found
        if key in RULES or key in self.inputs or self._is_part(key):
            return self._told(self._calculation.figure(key))
        if key in OWN_MAKE:
            return nothing_made(key)
        return self._amount(key)

    def _is_part(self, key: str) -> bool:
        """Whether a key names one amount of several ("fuel_energy:diesel"); "product:steel" is an item."""
        group, part = parted(key)
        return bool(part) and group not in all_items() and (group in RULES or group in self.inputs)

    def _told(self, figure: Figure) -> Figure:
        """The figure in the unit its product is counted in; without a value, why it says nothing of such a subject."""
        if figure.value is None and not applies(figure.key, self.subject.kind):
            return replace(figure, status="not_applicable", missing=(_not_for(figure.key, self.books, self.subject),))
        if figure.status == "missing" and (gone := absent(self.books, self.subject, self._period)) is not None:
            return replace(figure, status="not_applicable", missing=(gone,))
        figure = cautioned(figure)
        if figure.key == "clean_energy_share":
            return replace(figure, remarks=(*figure.remarks, *list_of_clean_energy(self.books.registry)))
        if figure.value is None or not figure.key.endswith(PER_PRODUCT):
            return figure
        if self.subject.kind in GROUPS:
            figure = without_strangers(self, figure)
        product = next(part for part in figure.child("product").inputs if part.value is not None)
        return replace(figure, unit=f"{figure.unit.partition('/')[0]}/{product.unit}")

    def _amount(self, key: str) -> Figure:
        try:
            known = item(key)
        except UnknownItemError:
            raise UnknownNameError(_unknown_key(key)) from None
        figure = self.books.amount(self.subject.code, key, self._period).figure
        title = name_of(key) if known.kind else known.name
        named = retitled(figure, key, title)
        return named if named.unit else replace(named, unit=known.unit)

    def _to_works(self, key: str, name: str) -> Figure:
        label = item(name).name
        figure = self.books.to_works(self.subject.code, name, self._period).figure
        title = Text(f"{label.zh.removesuffix('排放量')}纳管量", f"{label.en} sent to works inside the park")
        return replace(figure, key=key, title=title, clause="6.4.3b")

    def _highest(self, key: str, name: str) -> Figure:
        label = item(name).name
        title = Text(f"{label.zh}最高排放口", f"highest outlet of {label.en}")
        found = highest_outlet(self.books, self.subject, name, self._period)
        if found is None:
            reason = Text(
                f"没有可与限值比较的{label.zh}小时值。", f"no hour of {label.en} can be held against a limit."
            )
            return Figure(key, None, "", "not_applicable", title=title, clause="6.4.4", missing=(reason,))
        trace = {
            "subject": found.outlet.code,
            "name": found.outlet.name,
            "name_en": found.outlet.name_en or found.outlet.name,
            "at": found.at.isoformat() if found.at else "",
            "limit": f"{found.limit:g}",
        }
        limit = Figure(f"{name}_limit", found.limit, found.unit, kind="factor", title=Text("排放限值", "limit"))
        return Figure(
            key,
            found.value,
            unit=found.unit,
            status="ok",
            kind="indicator",
            clause="6.4.4",
            title=title,
            inputs=(limit,),
            trace=trace,
        )


def _is_known(figure: Figure) -> bool:
    """Whether a figure has a value, or lines with values."""
    return figure.value is not None or (figure.kind == "items" and bool(figure.items()))


def _not_for(key: str, books: Books, subject: Subject) -> Text:
    kind, name = terms()["noun"][subject.kind], name_of(key)
    above = books.registry.subjects.get(subject.parent, books.registry.park)
    return Text(
        f"{name.zh}不按{kind.zh}核算；请看{above.name}（{above.code}）。",
        f"{name.en} is not computed for a {kind.en}; see {above.name_en or above.name} ({above.code}).",
    )


def account(registry: Registry, lake: Lake | None, subject: str, period: Period, filled: bool = False) -> Account:
    """The account of a subject and period, remembered while registry and lake stay as they are.

    filled: partial amounts scaled up to what was due, for verdicts only. Raises UnknownNameError, nearest codes named.
    """
    return _kept(books_of(registry, lake, subject, period), registry.subjects[subject], period, filled)


def books_of(registry: Registry, lake: Lake | None, subject: str, period: Period) -> Books:
    """The books that a subject's figures of a period come from; raises UnknownNameError, nearest codes named."""
    if subject not in registry.subjects:
        raise UnknownNameError(_unknown_subject(registry, subject))
    return books_for(registry, lake, period)


def _kept(books: Books, subject: Subject, period: Period, filled: bool = False) -> Account:
    return books.remember(("account", subject.code, period, filled), lambda: Account(books, subject, period, filled))


def coverage(registry: Registry, lake: Lake | None, subject: str, period: Period) -> Coverage:
    """How much of what was due of a subject came, over all its items."""
    books = account(registry, lake, subject, period).books
    amounts = [(name, books.amount(subject, name, period)) for name in books.names]
    due = sum(part.due for _, part in amounts)
    received = sum((part.received for _, part in amounts), Decimal(0))
    absent = dict.fromkeys(reason for _, part in amounts if not part.is_idle for reason in part.figure.missing)
    return Coverage(due, float(received), float(received / due) if due else None, tuple(absent))


def figures(
    registry: Registry,
    lake: Lake | None,
    subject: str,
    period: Period,
    keys: Iterable[str] | None = None,
) -> dict[str, Figure]:
    """The figures of a subject and period by key, each with its whole working; without keys, all that is worth showing.

    lake: None where there are no readings. Raises UnknownNameError for a subject or key that does not exist.
    """
    own = account(registry, lake, subject, period)
    return {key: own.figure(key) for key in (own.keys() if keys is None else keys)}


def explain(registry: Registry, lake: Lake | None, key: str, subject: str, period: Period) -> Figure:
    """One figure with its whole working: leaves trace to entry and row, or to point, start and end."""
    return account(registry, lake, subject, period).figure(key)


def known_keys() -> list[str]:
    """Every key that `figures` answers, items included."""
    named = [f"{name}{ending}" for name in TABLE_3 for ending in (HIGHEST_OUTLET, TO_WORKS, TAXED)]
    return sorted({*RULES, *all_items(), *named, TAX})


def _unknown_key(key: str) -> Text:
    near = get_close_matches(key, known_keys(), 3, 0.5)
    return Text(
        f"没有名为“{key}”的指标或项目" + (f"；相近的有 {'、'.join(near)}。" if near else "。"),
        f'there is no indicator or item "{key}"' + (f"; the nearest are {', '.join(near)}." if near else "."),
    )


def _unknown_subject(registry: Registry, code: str) -> Text:
    named = {subject.name: each for each, subject in registry.subjects.items()}
    near = get_close_matches(code, [*registry.subjects, *named], 3, 0.4)
    codes = list(dict.fromkeys(named.get(each, each) for each in near))
    return Text(
        f"没有代码为“{code}”的主体" + (f"；相近的有 {'、'.join(codes)}。" if codes else "。"),
        f'there is no subject "{code}"' + (f"; the nearest are {', '.join(codes)}." if codes else "."),
    )
