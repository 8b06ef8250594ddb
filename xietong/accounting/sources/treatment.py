"""Treatment facilities 治理设施: how long they ran, by the state of their devices, and what they removed, by both ends.

A facility's own concentration and flow points are its inlet; what is left is what leaves at its outlets. What is stated
(run hours, electricity, reagents, kilograms removed) comes as any statement does and goes first (see `precedence`).
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import NamedTuple

from xietong.accounting.amounts import Amount, absent, amount, idle, summed
from xietong.accounting.sources.lake_years import Extracts, Slice
from xietong.calc.figures import Figure
from xietong.calc.items import item
from xietong.calc.rounding import told_apart
from xietong.park.nouns import Registry, Subject
from xietong.periods import Period
from xietong.texts import Text

REMOVED = "pollutant_removed"
_KG = {"mg/m3": Decimal("1e-6"), "mg/L": Decimal("1e-3")}


class Load(NamedTuple):
    """kg of one pollutant at one end of a facility, over so many of the hours due."""

    kg: Decimal
    hours: int
    due: int
    point: str


def removed(extracts: Extracts, code: str, span: Period) -> Amount:
    """The kg that a facility took out in a span, pollutant by pollutant; idle where its inlet is not measured."""
    facility = extracts.registry.subjects[code]
    parts = [_of(extracts, facility, name, span) for name in extracts.inlet_items(code)]
    return summed(REMOVED, "kg", parts, Text(span.label, span.label))


def _of(extracts: Extracts, facility: Subject, name: str, span: Period) -> Amount:
    inlet = _load([extracts.outlet(facility.code, name, span)])
    measured = [code for code in extracts.outlets() if name in extracts.outlet_items(code)]
    behind = outlets_of(extracts.registry, facility, measured)
    left = _load([extracts.outlet(each.code, name, span) for each in behind])
    trace = {"subject": facility.code, "item": name, "period": span.label}
    if inlet is None or not inlet.due:
        return idle(name, "kg")
    if left is None or not inlet.hours or not left.hours:
        return absent(name, "kg", _one_end(facility, name, span), trace=trace)
    if left.kg > inlet.kg:
        return absent(name, "kg", _exchanged(facility, name, span, inlet, left), trace=trace)
    ends = (_end(name, inlet, Text("进口", "inlet"), span), _end(name, left, Text("出口", "outlet"), span))
    short = min(Decimal(each.hours) / each.due for each in (inlet, left))
    figure = Figure(
        name,
        None,
        "kg",
        "ok" if short >= 1 else "partial",
        title=item(name).name,
        source="自动监测 automatic monitoring",
        formula="进口 inlet − 出口 outlet",
        inputs=ends,
        missing=() if short >= 1 else (_short(facility, name, span, inlet, left),),
        trace={**trace, "point": inlet.point},
    )
    return amount(figure, inlet.kg - left.kg, share=min(Decimal(1), short))


def outlets_of(registry: Registry, facility: Subject, measured: Iterable[str]) -> tuple[Subject, ...]:
    """Where what a facility treated leaves: the outlets that belong to it, else the one measured outlet of the subject
    that it belongs to; nothing where several could be meant."""
    listed = [registry.subjects[code] for code in measured]
    own = tuple(each for each in listed if each.parent == facility.code)
    beside = tuple(each for each in listed if each.parent == facility.parent)
    return own or (beside if len(beside) == 1 else ())


def _load(slices: Iterable[Sequence[Slice]]) -> Load | None:
    parts = [part for each in slices for part in each if part.channel.flow_point]
    if not parts:
        return None
    kg = sum((part.mass.mg_per_unit * _KG[part.channel.unit] for part in parts if part.mass), Decimal(0))
    hours = sum(min(part.due, part.mass.hours) for part in parts if part.mass)
    return Load(kg, hours, sum(part.due for part in parts), parts[0].channel.value_point)


def _end(name: str, load: Load, title: Text, span: Period) -> Figure:
    trace = {"point": load.point, "period": span.label, "hours": str(load.hours), "hours_due": str(load.due)}
    return Figure(f"{name}_load", float(load.kg), "kg", title=title, trace=trace)


def _one_end(facility: Subject, name: str, span: Period) -> Text:
    label = item(name).name
    return Text(
        f"{facility.name}（{facility.code}）的{label.zh}在 {span.label} 缺进口或出口的浓度与流量，去除量不能计算；"
        "请检查设备，或把排放口的上级登记为该设施。",
        f"{label.en} of {facility.name_en or facility.name} ({facility.code}): concentration and flow of one end are "
        f"lacking for {span.label}, so nothing removed can be computed; check the device, or register the facility as "
        "the parent of its outlet.",
    )


def _exchanged(facility: Subject, name: str, span: Period, inlet: Load, left: Load) -> Text:
    label = item(name).name
    went, came = told_apart(float(left.kg), float(inlet.kg), digits=6, thousands="")
    return Text(
        f"{facility.name}（{facility.code}）{span.label} 出口的{label.zh} {went} kg 多于进口 {came} kg；"
        "请核对进、出口监测点，二者可能接反。",
        f"{facility.name_en or facility.name} ({facility.code}), {span.label}: more {label.en} left "
        f"({went} kg) than entered ({came} kg); check both ends, they may be exchanged.",
    )


def _short(facility: Subject, name: str, span: Period, inlet: Load, left: Load) -> Text:
    label = item(name).name
    ends = f"{inlet.hours}/{inlet.due}", f"{left.hours}/{left.due}"
    return Text(
        f"{facility.name}（{facility.code}）的{label.zh}去除量在 {span.label} 不全："
        f"有效小时进口 {ends[0]}、出口 {ends[1]}。",
        f"{label.en} removed by {facility.name_en or facility.name} ({facility.code}) in {span.label} is incomplete: "
        f"inlet {ends[0]} h, outlet {ends[1]} h valid.",
    )
