"""Amounts of an outlet from its measured hours: mass of a pollutant, volume of gas or water, each with its working.

Mass is Σ concentration × flow over the hours that have both (3.2 of HJ 212-2017 annex D); hours without are left out of
the sum and named, never filled in.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from xietong.accounting.amounts import Amount, absent, amount, idle
from xietong.accounting.channels import VOLUMES
from xietong.accounting.extracts import Slice
from xietong.calc.figures import Figure
from xietong.calc.items import item
from xietong.periods import Period
from xietong.texts import Text

# An automatic month counts as valid data from this share of its hours on (HJ 75-2017: 75 %).
VALID_SHARE = Decimal("0.75")
_TONNES = {"mg/m3": Decimal("1e-9"), "mg/L": Decimal("1e-6")}
_SIX = Decimal("0.000001")


class OutletAmount(NamedTuple):
    """What an outlet's instruments say of one span, and the share of its hours behind it."""

    amount: Amount
    share: Decimal


def outlet_amount(slices: Sequence[Slice], name: str, span: Period) -> OutletAmount:
    """Mass in t of a pollutant, m3 of waste gas or t of wastewater; idle where no instrument was in service."""
    wanted = [each for each in slices if each.channel.flow_point]
    due = sum(each.due for each in wanted)
    unit = item(name).unit
    if not due:
        return OutletAmount(idle(name, unit), Decimal(0))
    hours = sum(_hours(each, name) for each in wanted)
    trace = _trace(wanted[0], span) | {"hours": str(hours), "hours_due": str(due)}
    if not hours:
        return OutletAmount(absent(name, unit, _missing(wanted[0], span, 0, due), trace=trace), Decimal(0))
    is_volume = name in VOLUMES.values()
    exact = _volume(wanted) if is_volume else _mass(wanted)
    figure = Figure(
        name,
        None,
        unit,
        "ok" if hours >= due else "partial",
        title=Text(span.label, span.label),
        source="自动监测 automatic monitoring",
        formula="Σ 流量 flow" if is_volume else "平均浓度 mean concentration × 流量 flow × " + _factor(wanted[0]),
        inputs=() if is_volume else _working(wanted, span),
        missing=() if hours >= due else (_missing(wanted[0], span, hours, due),),
        trace=trace,
    )
    share = Decimal(min(hours, due)) / due
    return OutletAmount(amount(figure, exact, share=share), share)


def _hours(part: Slice, name: str) -> int:
    if name in VOLUMES.values():
        return min(part.due, part.flow.hours) if part.flow else 0
    return min(part.due, part.mass.hours) if part.mass else 0


def _volume(parts: Sequence[Slice]) -> Decimal:
    return sum((part.flow.m3 for part in parts if part.flow), Decimal(0))


def _mass(parts: Sequence[Slice]) -> Decimal:
    return sum((part.mass.mg_per_unit * _TONNES[part.channel.unit] for part in parts if part.mass), Decimal(0))


def _factor(part: Slice) -> str:
    return "10⁻⁹ t/mg" if part.channel.unit == "mg/m3" else "10⁻⁶ t/g"


def _working(parts: Sequence[Slice], span: Period) -> tuple[Figure, ...]:
    """The flow-weighted mean and the flow of the same hours: their product is the mass."""
    first = parts[0].channel
    flow = sum((part.judged.flow for part in parts if part.judged), Decimal(0))
    weighted = sum((part.judged.measured_x_flow for part in parts if part.judged), Decimal(0))
    if not flow:
        return ()
    start, end = span.start.isoformat(), span.end.isoformat()
    mean = Figure(
        f"{first.item}_mean",
        float((weighted / flow).quantize(_SIX)),
        first.unit,
        title=Text("流量加权平均浓度（实测）", "flow-weighted mean concentration (measured)"),
        trace={"point": first.value_point, "start": start, "end": end, "period": span.label},
    )
    volume = Figure(
        "flow",
        float(flow),
        "m3",
        title=Text("同时段流量", "flow of the same hours"),
        trace={"point": first.flow_point, "start": start, "end": end, "period": span.label},
    )
    return mean, volume


def _trace(part: Slice, span: Period) -> dict[str, str]:
    channel = part.channel
    trace = {
        "subject": channel.outlet,
        "item": channel.item,
        "point": channel.value_point or channel.flow_point,
        "flow_point": channel.flow_point if channel.value_point else "",
        "start": span.start.isoformat(),
        "end": span.end.isoformat(),
        "period": span.label,
    }
    return {name: text for name, text in trace.items() if text}


def _missing(part: Slice, span: Period, hours: int, due: int) -> Text:
    outlet, name = part.channel.outlet, item(part.channel.item).name
    return Text(
        f"排放口 {outlet} 的{name.zh}在 {span.label} 应有 {due} 小时有效数据，实有 {hours} 小时"
        f"（{hours / due:.1%}）；缺失时段未计入。",
        f"outlet {outlet}, {name.en}: {hours} of {due} hours of {span.label} are valid ({hours / due:.1%}); "
        "the rest is not in the sum.",
    )
