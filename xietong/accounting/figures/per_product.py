"""Energy per product 单位产品综合能耗: how the energy of an enterprise is allocated to each of its products.

By processes first: where every product is made by processes that state it and their energy, what they share (auxiliary
and ancillary systems) follows their own energy. Else by output, where all products are counted in one unit (GB/T 2589).
A group's product has the energy that those of its units that make it have for it, and nothing of the others.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple, Protocol

from xietong.accounting.books.consolidation import Books
from xietong.accounting.boundary import GROUPS
from xietong.accounting.factors.in_force import choices_of, day_of
from xietong.calc.engine.engine import calculate
from xietong.calc.factors.book import FactorBook
from xietong.calc.figures import Figure, Status, missing_figure, total
from xietong.calc.keys import kind_of
from xietong.park.nouns import Subject
from xietong.periods import Period
from xietong.texts import Text

KEY = "energy_per_product"
_ENERGY = "comprehensive_energy_consumption"
_BY_PROCESS = Text(
    "按工序分摊：各产品取其工序自身能耗，公用部分按工序能耗的比例分摊。",
    "allocated by processes: each product has its processes' own energy, what they share follows that energy.",
)
_BY_OUTPUT = Text(
    "按产量分摊：各产品同一单位产量的能耗相同。", "allocated by output: a unit of each product takes as much."
)
_TITLE = Text("单位产品综合能耗", "energy per product")
_OF_MAKERS = Text(
    "只计生产该产品的单位为它所用的能源，其他单位的能耗不分摊。",
    "the energy for it of the units that make it; nothing of the others is spread on it.",
)
_ONE = Text("只有一种产品，全部能耗归它。", "there is one product, and all energy is its.")


class Accounted(Protocol):
    """What is asked of an account here."""

    books: Books
    subject: Subject

    @property
    def inputs(self) -> Mapping[str, Figure]:
        """The engine's inputs by name."""

    @property
    def period(self) -> Period:
        """The period of its figures."""

    def figure(self, key: str) -> Figure:
        """The figure of a key."""

    def of(self, code: str) -> "Accounted":
        """The account of another subject for the same period."""


class Shares(NamedTuple):
    """What the energy is divided by, product by product, and how that is called."""

    basis: Text
    of: Mapping[str, Figure]


def keys_per_product(account: Accounted) -> list[str]:
    """The keys of a unit's products: energy_per_product:NAME; those of a group are answered when asked for."""
    if account.subject.kind in GROUPS:
        return []
    return [f"{KEY}:{name}" for name in sorted(account.inputs["product"].items())]


def per_product(account: Accounted, key: str) -> Figure:
    """The energy per unit of the product that the key names; without a name, of each product of the unit."""
    name = kind_of(key)
    if not name:
        return _every(account, key)
    amounts = _amounts(account)
    if name not in amounts:
        reason = Text(
            f"{account.subject.name} {account.period.label} 没有产品“{name}”的产量；请填报 product:{name}。",
            f'{account.subject.code} stated no amount of the product "{name}" for {account.period.label}; '
            f"report product:{name}.",
        )
        return missing_figure(key, "", reason, clause="6.3.2b")
    made = _of_makers(account, name) if account.subject.kind in GROUPS else _worked(account, name, KEY)
    title = Text(f"单位产品综合能耗（{name}）", f"energy per product ({name})")
    return replace(made, key=key, title=title, unit=f"tce/{amounts[name].unit}")


def _every(account: Accounted, key: str) -> Figure:
    lines = tuple(per_product(account, each) for each in keys_per_product(account))
    named = tuple(replace(line, key=kind_of(line.key)) for line in lines)
    if named:
        return Figure(
            key, None, unit="", status=named[0].status, kind="items", clause="6.3.2b", title=_TITLE, inputs=named
        )
    reason = Text("没有产品产量，单位产品能耗不能计算。", "no product was stated, so there is no energy per product.")
    return Figure(key, None, "", "not_applicable", clause="6.3.2b", missing=(reason,))


def _amounts(account: Accounted) -> dict[str, Figure]:
    return {each.key: each for each in account.inputs["product"].inputs if each.value is not None}


def _worked(account: Accounted, name: str, key: str) -> Figure:
    """The product's energy, or energy per unit, by the rules of calc.energy."""
    shares = _shares(account)
    if isinstance(shares, Text):
        return Figure(key, None, "", "not_applicable", clause="6.3.2b", missing=(shares,))
    own = replace(shares.of[name], key="product_share", remarks=(*shares.of[name].remarks, shares.basis))
    inputs = {
        _ENERGY: account.figure(_ENERGY),
        "product_share": own,
        "shares_of_all_products": total("shares_of_all_products", own.unit, shares.of.values()),
        "product_amount": replace(_amounts(account)[name], key="product_amount"),
    }
    day, choices = day_of(account.period), choices_of(account.books.registry)
    return calculate([key], inputs, FactorBook.default(), day, choices)[key]


def _of_makers(group: Accounted, name: str) -> Figure:
    """The energy of a product in the units of a group that make it, per unit of it; missing where one has none."""
    makers = [unit for unit in group.books.boundary.units(group.subject.code) if _makes(group, unit.code, name)]
    if not makers:
        return Figure(KEY, None, "", "not_applicable", clause="6.3.2b", missing=(_no_makers(group, name),))
    lines = [_titled(unit, _worked(group.of(unit.code), name, "product_energy")) for unit in makers]
    absent = [line for line in lines if line.value is None]
    if absent:
        reasons = tuple(dict.fromkeys(reason for line in absent for reason in line.missing))
        status: Status = "missing" if any(line.status == "missing" for line in absent) else "not_applicable"
        return Figure(KEY, None, "", status, clause="6.3.2b", missing=reasons, inputs=tuple(lines))
    energy = replace(total("product_energy", "tce", lines), title=_OF_MAKERS, remarks=(_OF_MAKERS,))
    amount = replace(_amounts(group)[name], key="product_amount")
    day, choices = day_of(group.period), choices_of(group.books.registry)
    inputs = {"product_energy": energy, "product_amount": amount}
    return calculate([KEY], inputs, FactorBook.default(), day, choices)[KEY]


def _makes(group: Accounted, code: str, name: str) -> bool:
    return group.books.knows(code, f"product:{name}") and name in _amounts(group.of(code))


def _titled(unit: Subject, energy: Figure) -> Figure:
    label = unit.name_en or unit.name
    return replace(energy, key=unit.code, title=Text(unit.name, label))


def _shares(account: Accounted) -> Shares | Text:
    """What the energy of the account is divided by, or the sentence why it cannot be."""
    amounts = _amounts(account)
    if len(amounts) == 1:
        return Shares(_ONE, amounts)
    by_process = _of_processes(account, amounts)
    if set(by_process) == set(amounts):
        return Shares(_BY_PROCESS, by_process)
    units = sorted({figure.unit for figure in amounts.values()})
    if len(units) == 1:
        return Shares(_BY_OUTPUT, amounts)
    return Text(
        f"{len(amounts)} 种产品分别以 {'、'.join(units)} 计，产量不能相加，能耗无从分摊；"
        "请把工序登记为本企业的下级，并按工序填报产品和能源。",
        f"the {len(amounts)} products are counted in {', '.join(units)} and do not add up, so the energy cannot be "
        "allocated; register the processes below this enterprise and report product and energy of each.",
    )


def without_strangers(group: Accounted, figure: Figure) -> Figure:
    """An emission per product of a group; not applicable where units that do not make the product emit too."""
    emitted = [child.key for child in figure.inputs if child.key != "product"]
    names = figure.child("product").items()
    strangers = [
        unit
        for unit in group.books.boundary.units(group.subject.code)
        if not any(_makes(group, unit.code, name) for name in names)
        and any(_has_any(group.of(unit.code).figure(key)) for key in emitted)
    ]
    if not strangers:
        return figure
    zh, en = "、".join(unit.name for unit in strangers), ", ".join(unit.name_en or unit.name for unit in strangers)
    reason = Text(
        f"{zh}不生产该产品而有排放，合计排放不能分摊到产品上；请看生产企业的指标。",
        f"{en} emitted without making the product, so that the sum is no emission of the product; see its makers.",
    )
    return replace(figure, value=None, status="not_applicable", missing=(reason,))


def _has_any(figure: Figure) -> bool:
    return bool(figure.value) or any(line.value for line in figure.inputs if figure.kind == "items")


def _no_makers(group: Accounted, name: str) -> Text:
    whose = group.subject
    return Text(
        f"产品“{name}”的产量只在{whose.name}一级填报，不知道由哪家企业生产，能耗无从归属；请由生产企业填报 "
        f"product:{name}。",
        f'the amount of "{name}" is stated for {whose.name_en or whose.name} itself and not by the enterprise '
        "that makes "
        f"it, so that no energy is known to be its; let the maker report product:{name}.",
    )


def _of_processes(account: Accounted, amounts: Mapping[str, Figure]) -> dict[str, Figure]:
    """The energy of the processes right below, by product."""
    found: dict[str, list[Figure]] = defaultdict(list)
    books = account.books
    for part in books.boundary.parts(account.subject.code):
        made = [name for name in amounts if books.knows(part.code, f"product:{name}")]
        if not made:
            continue
        below = account.of(part.code)
        for name in set(made) & set(_amounts(below)):
            energy = _worked(below, name, "product_energy")
            if energy.value is not None:
                title = Text(f"{part.name}：{name}", f"{part.name_en or part.name}: {name}")
                found[name].append(replace(energy, title=title))
    return {name: total(name, "tce", lines) for name, lines in found.items()}
