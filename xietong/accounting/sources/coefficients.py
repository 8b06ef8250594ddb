"""Emissions by balance and coefficient 物料衡算与产排污系数, where a subject's own factors make one possible.

A row of factors.csv that names a subject and a sulfur content, an ash content or an emission coefficient says that its
emission may be computed; what it burnt or made comes from its own statements, else from its parent's where no sibling
claims the same. The arithmetic is in calc.emission_methods; that measured data come first is decided in `precedence`.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import NamedTuple

from xietong.accounting.amounts import Amount, amount, idle
from xietong.accounting.factors.in_force import choices_of, day_of, factor_book
from xietong.calc.engine.engine import calculate
from xietong.calc.factors.book import FactorBook
from xietong.calc.factors.rows import problem
from xietong.calc.figures import Figure
from xietong.calc.items import item
from xietong.park.nouns import Registry, Subject
from xietong.periods import Period
from xietong.texts import Text

Stated = Callable[[Subject, str, Period], Amount]
_PROOFS = (
    "treatment_run_hours",
    "production_run_hours",
    "treatment_electricity",
    "treatment_electricity_normal",
    "treatment_reagent_used",
    "treatment_reagent_normal",
)


class Method(NamedTuple):
    """One way to an emission: its name, the input it takes, and the rule that gives its lines."""

    name: Text
    given: str
    rule: str


# By the purpose of the factor that makes it possible; balances before coefficients, as in `statements.METHODS`.
_METHODS: Mapping[str, Method] = {
    "sulfur_content": Method(Text("硫平衡", "sulfur balance"), "fuel_burnt", "so2_by_sulfur_balance"),
    "ash_content": Method(Text("灰平衡", "ash balance"), "fuel_burnt", "particulate_by_ash_balance"),
    "emission_coefficient": Method(
        Text("产排污系数", "emission coefficient"), "emission_activity", "emission_by_coefficient"
    ),
}
_BALANCED = {"sulfur_content": "so2", "ash_content": "particulate"}


def method_rows(registry: Registry) -> Iterable[tuple[str, str, str, str]]:
    """(subject, pollutant, purpose, key) of every own factor that makes an emission computable."""
    for row in registry.factors:
        purpose, key = row["purpose"], row["key"]
        if row.get("subject") and purpose in _METHODS and problem(row) is None:
            yield row["subject"], _BALANCED.get(purpose) or key.partition("/")[0], purpose, key


class EmissionMethods:
    """What can be computed of the emissions of one registry."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._keys: dict[tuple[str, str], dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        for subject, pollutant, purpose, key in method_rows(registry):
            listed = self._keys[subject, pollutant][purpose]
            if key not in listed:
                listed.append(key)
        self._books: dict[tuple[str, ...], FactorBook] = {}

    @property
    def pairs(self) -> Iterable[tuple[str, str]]:
        """Every subject and pollutant whose emission can be computed."""
        return self._keys.keys()

    def makes(self, subject: str, pollutant: str) -> bool:
        """Whether the subject's emission of that pollutant can be computed at all."""
        return (subject, pollutant) in self._keys

    def emission(self, subject: Subject, pollutant: str, span: Period, stated: Stated) -> Amount:
        """The computed emission of a span with its working; idle where nothing was burnt or made in it.

        stated: what a subject itself states or meters of an item.
        """
        purposes = self._keys[subject.code, pollutant]
        purpose = next(each for each in _METHODS if each in purposes)
        method, keys = _METHODS[purpose], purposes[purpose]
        used = [(key, self._activity(subject, _item_of(key), span, stated)) for key in keys]
        if all(part.is_idle for _, part in used):
            return idle(pollutant, "t")
        lines = tuple(replace(part.figure, key=key, title=item(_item_of(key)).name) for key, part in used)
        given = {method.given: Figure(method.given, None, "", kind="items", inputs=lines)}
        if purpose == "emission_coefficient":
            given |= self._proofs(subject, span, stated)
        found = calculate([method.rule], given, self._book(subject), day_of(span), choices_of(self._registry))[
            method.rule
        ]
        is_unproved = purpose == "emission_coefficient" and len(given) == 1
        return self._as_amount(subject, pollutant, span, replace(found, remarks=_unproved() if is_unproved else ()))

    def _book(self, subject: Subject) -> FactorBook:
        """The factors of the subject, before those of the ones above it and the park's."""
        codes = tuple(each.code for each in self._upwards(subject))
        if codes not in self._books:
            self._books[codes] = factor_book(self._registry, codes)
        return self._books[codes]

    def _activity(self, subject: Subject, name: str, span: Period, stated: Stated) -> Amount:
        """What the subject burnt or made: its own statement, else its parent's where no sibling claims the same."""
        own = stated(subject, name, span)
        parent = self._registry.subjects.get(subject.parent)
        if not own.is_idle or subject.kind != "outlet" or parent is None:
            return own
        of_parent = stated(parent, name, span)
        claimed = [code for code, each in self._registry.subjects.items() if self._claims(each, parent, name)]
        if of_parent.is_idle or claimed == [subject.code]:
            return of_parent
        label = item(name).name
        return _unshared(name, of_parent.figure.unit, subject, label, claimed)

    def _claims(self, subject: Subject, parent: Subject, name: str) -> bool:
        if subject.parent != parent.code:
            return False
        listed = (purposes for (code, _), purposes in self._keys.items() if code == subject.code)
        return any(_item_of(key) == name for purposes in listed for keys in purposes.values() for key in keys)

    def _proofs(self, subject: Subject, span: Period, stated: Stated) -> dict[str, Figure]:
        """What proves that treatment ran, of the subject or the nearest one above it that states it."""
        found: dict[str, Figure] = {}
        for name in _PROOFS:
            parts = (stated(each, name, span) for each in self._upwards(subject))
            part = next((part for part in parts if not part.is_idle), None)
            if part is not None:
                found[name] = replace(part.figure, key=name, title=item(name).name)
        return found

    def _upwards(self, subject: Subject) -> list[Subject]:
        """The subject and those above it up to its enterprise."""
        chain = [subject]
        while chain[-1].kind not in ("enterprise", "supply") and chain[-1].parent in self._registry.subjects:
            chain.append(self._registry.subjects[chain[-1].parent])
        return chain

    def _as_amount(self, subject: Subject, pollutant: str, span: Period, found: Figure) -> Amount:
        """The sum of the lines, each of which keeps its working."""
        method = next(each for each in _METHODS.values() if each.rule == found.key)
        figure = Figure(
            pollutant,
            None,
            "t",
            found.status,
            title=Text(f"{span.label}（{method.name.zh}）", f"{span.label} ({method.name.en})"),
            missing=found.missing,
            formula=f"sum({found.key}.values())",
            inputs=(found,),
            source=f"{method.name.zh} {method.name.en}",
            trace={"subject": subject.code, "item": pollutant, "period": span.label},
            remarks=found.remarks,
        )
        lines = found.items()
        months = max(1, span.month_count)
        if not lines:
            return Amount(figure, None, months)
        exact = sum((Decimal(repr(value)) for value in lines.values()), Decimal(0))
        return amount(figure, exact, due=months)


def _item_of(key: str) -> str:
    """The fuel or the activity of a factor's key: raw_coal, or natural_gas of "nox/natural_gas"."""
    return key.partition("/")[2] or key


def _unshared(name: str, unit: str, subject: Subject, label: Text, claimed: Iterable[str]) -> Amount:
    """The sentence where several outlets share one statement of their parent and nobody says how."""
    codes = "、".join(claimed)
    reason = Text(
        f"{subject.name}所属企业的{label.zh}同时供 {codes}，不知各用多少；请在 reported.csv 中按排放口填报{label.zh}。",
        f"{label.en} of the enterprise of {subject.name_en or subject.name} serves {codes.replace('、', ', ')} and "
        f"nobody says how much each; report {label.en} by outlet in reported.csv.",
    )
    return Amount(Figure(name, None, unit, "missing", missing=(reason,)), None, 1)


def _unproved() -> tuple[Text, ...]:
    return (
        Text(
            "没有治理设施的运行时间、用电或药剂记录，去除未计；请填报 treatment_run_hours 与 production_run_hours。",
            "no run time, electricity or reagent proves that treatment ran, so its removal is not counted; report "
            "treatment_run_hours and production_run_hours.",
        ),
    )
