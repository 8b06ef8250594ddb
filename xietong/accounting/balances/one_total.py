"""One total reconciled 一个总量的勾稽: a group's energy or carbon from both ends on one page (decision 0011).

From the units: what each of them receives and burns, less what one supplied to another, less what left the park.
From the fence: what is burnt inside, plus what came over the fence, less what left over it. Both end at the group's own
figure; what stands between them is a line with a name, and anything else a difference that is shown.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Literal, NamedTuple

from xietong.accounting.amounts import reasons
from xietong.accounting.balances.carriers import HEAT_PARTS, POWER_PARTS, Carrier, carriers, factor_in, trades_of
from xietong.accounting.balances.terms import Component, components
from xietong.accounting.boundary import GROUPS
from xietong.accounting.figures.account import Account, account
from xietong.accounting.trade.inside_trade import Trade
from xietong.accounting.trade.media import ELECTRICITY, Medium
from xietong.calc.figures import Figure, worst
from xietong.calc.keys import without_subject
from xietong.lake.store import Lake
from xietong.park.nouns import Registry, Subject
from xietong.periods import Period
from xietong.texts import Text

Total = Literal["comprehensive_energy_consumption", "carbon_emission_total"]
TOTALS: tuple[Total, ...] = ("comprehensive_energy_consumption", "carbon_emission_total")
CLOSES = 1e-9
_CLAUSES: Mapping[str, str] = {TOTALS[0]: "6.3.2a", TOTALS[1]: "6.5.3a"}


class View(NamedTuple):
    """Lines that add up to a result, each with its sign, and how far the result is from the group's own figure."""

    title: Text
    lines: tuple[Figure, ...]
    result: Figure
    difference: Figure


class Reconciliation(NamedTuple):
    """A group's total from its units and from its fence, each unit's own total, and the trade behind the transfers."""

    subject: Subject
    period: Period
    key: Total
    whole: Figure
    units: tuple[Figure, ...]
    from_units: View
    from_fence: View
    trades: tuple[tuple[Medium, Trade], ...]


class NotAGroupError(ValueError):
    """A subject that gathers no units, so that nothing can be reconciled."""

    def __init__(self, text: Text) -> None:
        super().__init__(text.en)
        self.text = text


def reconcile(registry: Registry, lake: Lake | None, subject: str, period: Period, key: Total) -> Reconciliation:
    """Energy (tce) or carbon (tCO2e) of a park, zone or sector, reconciled.

    Raises UnknownNameError, and NotAGroupError for an enterprise or what is below it.
    """
    own = account(registry, lake, subject, period)
    if own.subject.kind not in GROUPS:
        raise NotAGroupError(_no_group(own.subject))
    return _Reconciling(own, key).reconciliation()


class _Reconciling:
    """One group's total taken apart."""

    def __init__(self, own: Account, key: Total) -> None:
        self._own, self._key = own, key
        self._whole = own.figure(key)
        self._unit = self._whole.unit or ("tce" if key == TOTALS[0] else "tCO2e")
        self._units = [unit for unit in own.books.boundary.units(own.subject.code) if unit.code != own.subject.code]
        self._parts = components(self._whole)
        self._trades = trades_of(own)
        self._carriers = carriers(own, self._parts, self._trades)

    def reconciliation(self) -> Reconciliation:
        units = [self._unit_total(unit) for unit in self._units]
        units = [figure for figure in units if figure.status != "not_applicable"]
        return Reconciliation(
            self._own.subject,
            self._own.period,
            key=self._key,
            whole=self._whole,
            units=tuple(units),
            from_units=self._from_units(units),
            from_fence=self._from_fence(),
            trades=self._trades,
        )

    def _unit_total(self, unit: Subject) -> Figure:
        figure = self._own.of(unit.code).figure(self._key)
        return replace(figure, title=Text(unit.name, unit.name_en or unit.name), trace={"subject": unit.code})

    # ---- the two views ----

    def _from_units(self, units: Sequence[Figure]) -> View:
        values = [figure.value for figure in units if figure.value is not None]
        passed = sum(each.sold_by_units() * each.counts() for each in self._carriers)
        missing = reasons(units)
        status = worst("partial" if figure.status == "missing" else figure.status for figure in units)
        net = Figure("units_net", sum(values), self._unit, status, title=_NET, missing=missing, inputs=tuple(units))
        given = self._line("passed_on", _ADDED_BACK, passed, "sold * factor")
        gross = replace(net, key="units_gross", value=sum(values) + passed, title=_GROSS, inputs=(net, given))
        lines = [replace(gross, formula="units_net + passed_on", clause=_CLAUSES[self._key])]
        lines += [
            self._carrier_line(each, f"inside_{index}", _INSIDE, -each.inside(), "- sold_inside")
            for index, each in enumerate(self._carriers)
        ]
        lines += [
            self._carrier_line(each, f"lost_{index}", _LOST, each.lost(), "sold_inside - bought_inside")
            for index, each in enumerate(self._carriers)
        ]
        lines += self._left()
        lines += self._between(units)
        return self._view(_FROM_UNITS, lines)

    def _from_fence(self) -> View:
        direct = [part for part in self._parts if not part.key.startswith((*POWER_PARTS, *HEAT_PARTS))]
        lines = [self._direct(direct)]
        lines += [self._own_power(), self._own_heat()]
        for index, each in enumerate(self._carriers):
            lines.append(self._carrier_line(each, f"import_{index}", _IMPORT, each.over_fence(), "bought_outside"))
        lines += self._left()
        lines += [self._without_emission(True), self._without_emission(False)]
        lines += [self._certified(), *self._open_trade(), *self._own_factors()]
        return self._view(_FROM_FENCE, lines)

    def _view(self, title: Text, lines: Sequence[Figure]) -> View:
        least = CLOSES * max(1.0, abs(self._whole.value or 0.0))
        shown = tuple(line for line in lines if abs(line.value or 0.0) > least or line.key == "units_gross")
        value = sum(line.value for line in shown if line.value is not None)
        formula = " + ".join(line.key for line in shown)
        status = self._whole.status if self._whole.value is not None else "missing"
        result = Figure(
            "reconciled", value, self._unit, "ok" if status == "missing" else status, title=_RESULT, inputs=shown
        )
        result = replace(result, formula=formula, missing=self._whole.missing, clause=_CLAUSES[self._key])
        return View(title, shown, result, self._difference(value))

    def _difference(self, value: float) -> Figure:
        if self._whole.value is None:
            return Figure("difference", None, self._unit, "missing", title=_DIFFERENCE, missing=self._whole.missing)
        left = self._whole.value - value
        if abs(left) <= CLOSES * max(1.0, abs(self._whole.value)):
            left = 0.0
        return Figure("difference", left, self._unit, title=_DIFFERENCE, formula=f"{self._key} - reconciled")

    # ---- their lines ----

    def _direct(self, parts: Iterable[Component]) -> Figure:
        listed = tuple(
            replace(part.figure, key=part.key, value=part.value, title=part.title)
            for part in parts
            if part.value is not None
        )
        value = sum(part.value for part in listed if part.value is not None)
        return replace(self._line("direct", _DIRECT, value, " + ".join(part.key for part in listed)), inputs=listed)

    def _own_power(self) -> Figure:
        """Power made here and direct lines: energy that came over no fence; in carbon they count nothing."""
        return self._made_here("own_power", _OWN_POWER, ("electricity_own", "renewable_direct"), is_power=True)

    def _own_heat(self) -> Figure:
        return self._made_here("own_heat", _OWN_HEAT, ("heat_own",), is_power=False)

    def _made_here(self, key: str, title: Text, names: Iterable[str], is_power: bool) -> Figure:
        figures = [figure for name in names if (figure := self._own.figure(name)).value is not None]
        factor = self._factor(is_power)
        if self._key != TOTALS[0] or factor is None or not figures:
            return self._line(key, title, 0.0, "")
        value = sum(figure.value or 0.0 for figure in figures) * (factor.value or 0.0)
        line = self._line(key, title, value, "(made here) * factor")
        return replace(line, inputs=(*figures, factor))

    def _factor(self, is_power: bool) -> Figure | None:
        """What one unit of power or heat counts for."""
        return next((each.factor for each in self._carriers if (each.name == ELECTRICITY.name) == is_power), None)

    def _without_emission(self, is_power: bool) -> Figure:
        """What was made here without emission and left: in carbon it takes nothing off."""
        supplied, deducted = _SUPPLIED[is_power]
        key, factor = f"free_{supplied}", self._factor(is_power)
        if self._key == TOTALS[0] or factor is None:
            return self._line(key, _FREE, 0.0, "")
        left = (self._own.figure(supplied).value or 0.0) - (self._own.figure(deducted).value or 0.0)
        return self._line(key, _FREE, left * (factor.value or 0.0), f"({supplied} - {deducted}) * factor")

    def _left(self) -> list[Figure]:
        """What left the group, to outside and to nobody knows whom."""
        found = []
        for index, each in enumerate(self._carriers):
            found.append(self._carrier_line(each, f"export_{index}", _EXPORT, -each.exported(), "- sold_outside"))
            found.append(self._carrier_line(each, f"unnamed_{index}", _UNNAMED, -each.unnamed(), "- sold_unnamed"))
            found.append(self._carrier_line(each, f"kept_{index}", _KEPT, each.not_taken_off(), "not_taken_off"))
        return found

    def _open_trade(self) -> list[Figure]:
        """What sellers and buyers inside do not agree on: lost on the way or not reported."""
        return [
            self._carrier_line(
                each,
                f"trade_{index}",
                _TRADE,
                each.bought - each.over_fence() - each.inside() + each.lost(),
                "bought_inside - sold_inside + lost",
            )
            for index, each in enumerate(self._carriers)
        ]

    def _certified(self) -> Figure:
        """Purchases proved to be non-fossil, where the view takes them off."""
        part = next((part for part in self._parts if part.key.startswith("purchased_electricity")), None)
        if part is None or not part.figure.has("certified_electricity"):
            return self._line("certified", _CERTIFIED, 0.0, "")
        certified = part.figure.child("certified_electricity")
        factor = factor_in(part.figure)
        value = -(certified.value or 0.0) * ((factor.value if factor else None) or 0.0)
        return replace(self._line("certified", _CERTIFIED, value, "- certified * factor"), inputs=(certified,))

    def _own_factors(self) -> list[Figure]:
        """What units with factors of their own change: the component less what one factor for all would give."""
        found = []
        for index, each in enumerate(self._carriers):
            value = sum(part.value or 0.0 for part in self._parts if part.key.startswith(each.parts))
            usual = (each.bought - each.sold) * each.counts()
            is_power = each.name == ELECTRICITY.name
            own = (self._own_power(), self._certified()) if is_power else (self._own_heat(),)
            usual += sum(line.value or 0.0 for line in (*own, self._without_emission(is_power)))
            found.append(self._line(f"own_factors_{index}", _said_own(each.name), value - usual, ""))
        return found

    def _between(self, units: Iterable[Figure]) -> list[Figure]:
        """By component, what the group counts more (or less) than its units together: its own statements, or a factor
        that differs."""
        summed: dict[str, float] = {}
        for figure in units:
            for part in components(self._own.of(figure.trace["subject"]).figure(self._key)):
                name = without_subject(part.key)
                summed[name] = summed.get(name, 0.0) + (part.value or 0.0)
        group: dict[str, float] = {}
        titles: dict[str, Text] = {}
        for part in self._parts:
            name = without_subject(part.key)
            group[name] = group.get(name, 0.0) + (part.value or 0.0)
            titles[name] = part.title
        for each in self._carriers:  # what stayed inside has lines of its own
            name = next((name for name in group if name.startswith(each.parts) and not name.startswith("purch")), "")
            if name:
                group[name] -= (each.lost() + each.not_taken_off()) * each.counts()
        least = CLOSES * max(1.0, abs(self._whole.value or 0.0))
        found = []
        for name in {**group, **summed}:
            left = group.get(name, 0.0) - summed.get(name, 0.0)
            if abs(left) > least:
                title = titles.get(name, Text(name, name))
                found.append(self._line(f"group_{name}", _said_between(title), left, f"{name} - sum of units"))
        return found

    def _carrier_line(self, carrier: Carrier, key: str, title: Text, amount: float, formula: str) -> Figure:
        said = Text(f"{title.zh}：{carrier.name.zh}", f"{title.en}: {carrier.name.en}")
        moved = Figure(
            formula.removeprefix("- "),
            abs(amount),
            carrier.factor.unit.rpartition("/")[2],
            title=_said_amount(carrier.name),
        )
        line = self._line(key, said, amount * carrier.counts(), f"{formula} * factor")
        absent = carrier.absent()
        return replace(line, inputs=(moved, carrier.factor), status="partial" if absent else "ok", missing=absent)

    def _line(self, key: str, title: Text, value: float, formula: str) -> Figure:
        clause = _CLAUSES[self._key]
        return Figure(
            key, value, unit=self._unit, status="ok", kind="indicator", clause=clause, title=title, formula=formula
        )


_FROM_UNITS = Text("从各单位加总", "from the units")
_FROM_FENCE = Text("从边界核算", "from the fence")
_NET = Text("各单位合计（各自扣除外供）", "sum of the units, each less what it supplied to others")
_ADDED_BACK = Text("加回各单位的外供", "what units supplied to others, added back")
_GROSS = Text("各单位之和（受入与直接使用，未扣外供）", "sum of the units: what each burns and receives")
_INSIDE = Text(
    "减：内部转移（一家外供、另一家购入）", "less internal transfers, one unit's sale being another's purchase"
)
_EXPORT = Text("减：输出到边界外", "less supplied over the fence")
_UNNAMED = Text("减：外供（未写明对方）", "less supplied, receiver not named")
_DIRECT = Text("直接：边界内消耗的燃料与过程", "direct: fuels and processes inside")
_OWN_POWER = Text("自产（无计量投入）与直连的电力", "power made here without a counted input, and by direct line")
_OWN_HEAT = Text("自产（无计量投入）的热力", "heat made here without a counted input")
_FREE = Text("加回：自产无排放的外供，不扣减", "kept: made here without emission and supplied, nothing is taken off")
_SUPPLIED = {
    True: ("electricity_sold", "electricity_sold_deducted"),
    False: ("heat_supplied", "heat_supplied_deducted"),
}
_IMPORT = Text("从边界外购入", "bought over the fence")
_CERTIFIED = Text("减：绿电、绿证抵扣", "less certified non-fossil electricity")
_LOST = Text(
    "加回：内部售出而无人购入（网络损失或漏报），属园区消费",
    "kept: sold inside and bought by nobody (lost in the network or not reported), used by the park",
)
_KEPT = Text(
    "加回：不能确认已离开边界的外供", "kept: supplied out of the group, but not known to have left or to have come in"
)
_TRADE = Text("内部买卖未能抵销的部分", "trade inside that does not cancel")
_RESULT = Text("各行之和", "sum of the lines")
_DIFFERENCE = Text("与总量之差", "difference from the total")


def _no_group(subject: Subject) -> Text:
    return Text(
        f"{subject.name}不是园区、区域或行业，没有下属单位可以勾稽；请看园区或它所在的区域。",
        f"{subject.name_en or subject.name} is no park, zone or sector and gathers no units to reconcile; look at the "
        "park or its zone.",
    )


def _said_amount(name: Text) -> Text:
    return Text(f"{name.zh}的数量", f"amount of {name.en}")


def _said_own(name: Text) -> Text:
    return Text(
        f"{name.zh}：部分单位自有系数、期内系数变化的影响",
        f"{name.en}: what units with factors of their own, or a factor changed inside the period, change",
    )


def _said_between(title: Text) -> Text:
    return Text(
        f"{title.zh}：总口径与各单位之和的差（本级自报或系数不同）",
        f"{title.en}: the group's figure less its units' (its own statement, or another factor)",
    )
