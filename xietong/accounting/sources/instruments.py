"""Amounts of an outlet from its measured hours: mass of a pollutant, volume of gas or water, each with its working.

Mass is Σ concentration × flow over the hours that have both (3.2 of HJ 212-2017 annex D). What stands in for hours
without (see `outlets.substitution`) is a line of its own in the working and makes the amount an estimate; hours for
which there is no rule are left out of the sum and named.
"""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import NamedTuple

from xietong.accounting.amounts import Amount, absent, amount, idle
from xietong.accounting.left_out import left_out_together
from xietong.accounting.outlets.channels import VOLUMES
from xietong.accounting.outlets.substitution import Stand
from xietong.accounting.sources.lake_years import Slice
from xietong.calc.figures import Figure
from xietong.calc.items import item
from xietong.periods import Period
from xietong.standard.thresholds import decimal_of
from xietong.texts import Text

# An automatic month counts as valid data from this share of its hours on.
VALID_SHARE = decimal_of("sources.valid_hours_of_a_month")
_TONNES = {"mg/m3": Decimal("1e-9"), "mg/L": Decimal("1e-6")}


class OutletAmount(NamedTuple):
    """What an outlet's instruments say of one span, and the share of its hours behind it, substituted ones included."""

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
    stands = [] if name in VOLUMES.values() else _stands(wanted)
    stood = min(sum(each.hours for each in stands), due - hours)
    counted = {"samples": str(hours)} if wanted[0].channel.sampled else {"hours": str(hours), "hours_due": str(due)}
    trace = _trace(wanted[0], span) | counted
    if stood:
        trace |= {"hours_substituted": str(stood), "hours_missing": str(due - hours - stood)}
    if not hours and not stood and not any(part.mass.parts for part in wanted if part.mass):
        none = absent(name, unit, _missing(wanted[0], span, (0, due, 0)), trace=trace)
        return OutletAmount(none._replace(figure=_with_left_out(none.figure, wanted, name)), Decimal(0))
    exact, figure = _summed(wanted, stands, name)
    figure = replace(
        figure,
        status="partial" if hours + stood < due else "estimated" if stood else "ok",
        title=Text(span.label, span.label),
        missing=() if hours + stood >= due else (_missing(wanted[0], span, (hours, due, stood)),),
        inputs=() if name in VOLUMES.values() else (*_working(wanted, span), *_stood(wanted[0], stands, span)),
        trace=trace,
        remarks=(*((_substituted(wanted[0], span, (hours, due, stood)),) if stood else ()), *_how(wanted, name)),
    )
    figure = _with_left_out(figure, wanted, name)
    share = Decimal(min(hours, due)) / due
    return OutletAmount(amount(figure, exact, share=share), Decimal(hours + stood) / due)


def _with_left_out(figure: Figure, wanted: Sequence[Slice], name: str) -> Figure:
    """With the values that came and do not count; where the figure lacks hours they are among what it lacks."""
    points = {part.channel.flow_point for part in wanted}
    if name not in VOLUMES.values():
        points |= {part.channel.value_point for part in wanted}
    said = left_out_together((part.left_out for part in wanted), points)
    return replace(figure, remarks=(*figure.remarks, *said), missing=(*figure.missing, *said) if figure.missing else ())


def _summed(wanted: Sequence[Slice], stands: Sequence[Stand], name: str) -> tuple[Decimal, Figure]:
    """The exact amount, and its figure as far as it says how that came about."""
    is_volume = name in VOLUMES.values()
    mean = "平均浓度 mean concentration × 流量 flow × " + ("" if is_volume else _factor(wanted[0]))
    formula = "Σ 流量 flow" if is_volume else mean + (" + Σ 替代量 substituted" if stands else "")
    figure = Figure(name, None, item(name).unit, source="自动监测 automatic monitoring", formula=formula)
    if is_volume:
        return _volume(wanted), figure
    return _mass(wanted) + sum((_tonnes(wanted[0], each) for each in stands), Decimal(0)), figure


def _tonnes(part: Slice, stand: Stand) -> Decimal:
    return stand.mg_per_unit * _TONNES[part.channel.unit]


def _stands(wanted: Sequence[Slice]) -> list[Stand]:
    """What stands in for hours of the span, by rule."""
    every = [stand for each in wanted for stand in each.stands]
    found = []
    for rule, rate in sorted({(stand.rule, stand.rate) for stand in every}):
        alike = [stand for stand in every if (stand.rule, stand.rate) == (rule, rate)]
        whole = sum((stand.mg_per_unit for stand in alike), Decimal(0))
        found.append(Stand(rule, rate, sum(stand.hours for stand in alike), whole))
    return found


def _stood(part: Slice, stands: Sequence[Stand], span: Period) -> tuple[Figure, ...]:
    """One line a rule: how many hours, what stands in for them and why."""
    return tuple(
        Figure(
            f"{part.channel.item}_substituted",
            float(_tonnes(part, each)),
            item(part.channel.item).unit,
            "estimated",
            title=_rule(each),
            source="HJ 356-2019" if part.channel.unit == "mg/L" else "HJ 75-2017",
            trace={
                "subject": part.channel.outlet,
                "point": part.channel.value_point,
                "period": span.label,
                "hours_substituted": str(each.hours),
                "valid_share": f"{each.rate:.4f}",
            },
        )
        for each in stands
    )


def _rule(stand: Stand) -> Text:
    if stand.rule == "day":
        zh, en = "有效日内按当日有效小时均值", "the mean of the same valid day's valid hours"
    elif stand.rule == "30d":
        zh, en = "取此前 30 个有效日中最大日排放量", "the highest of the 30 valid days before"
    else:
        zh, en = f"取此前 {stand.rule} 个有效小时中最大值", f"the highest of the {stand.rule} valid hours before"
    share_zh, share_en = ("月有效日", "valid days of the month")
    if stand.rule.isdecimal():
        share_zh, share_en = ("季度有效数据捕集率", "valid hours of the quarter")
    return Text(
        f"替代 {stand.hours} 小时：{zh}（{share_zh} {stand.rate:.1%}）",
        f"{stand.hours} h substituted: {en} ({share_en}: {stand.rate:.1%})",
    )


def _substituted(part: Slice, span: Period, counts: tuple[int, int, int]) -> Text:
    hours, due, stood = counts
    name = item(part.channel.item).name
    standard = "HJ 356-2019" if part.channel.unit == "mg/L" else "HJ 75-2017"
    return Text(
        f"排放口 {part.channel.outlet} 的{name.zh}在 {span.label} 应有 {due} 小时：有效 {hours}、按 {standard} 替代 "
        f"{stood}、缺失 {due - hours - stood} 小时；只替代排放量，监测值不变。",
        f"outlet {part.channel.outlet}, {name.en}, {span.label}: of {due} hours {hours} are valid, {stood} substituted "
        f"by {standard} and {due - hours - stood} missing; only the amount is substituted, no reading changes.",
    )


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
    flow = sum((part.mass.m3 for part in parts if part.mass), Decimal(0))
    weighted = sum((part.mass.mg_per_unit for part in parts if part.mass), Decimal(0))
    if not flow:
        return ()
    start, end = span.start.isoformat(), span.end.isoformat()
    mean = Figure(
        f"{first.item}_mean",
        float(weighted / flow),
        first.unit,
        title=_measured(parts),
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


def _measured(parts: Sequence[Slice]) -> Text:
    if any(part.mass.below for part in parts if part.mass):
        return Text(
            "流量加权平均浓度（实测，低于检出限按零计）",
            "flow-weighted mean concentration (measured, below detection as zero)",
        )
    return Text("流量加权平均浓度（实测）", "flow-weighted mean concentration (measured)")


def _how(parts: Sequence[Slice], name: str) -> tuple[Text, ...]:
    """How the mass was summed, where that is not hour by hour; and what of an hour is not in it."""
    first = parts[0].channel
    if not first.is_sliced or name in VOLUMES.values():
        return ()
    value, flow = _lasting(first.value_s), _lasting(first.flow_s)
    said = [
        Text(
            f"按浓度（每 {value} 一个，在其采样间隔内有效）与流量（每 {flow} 一个）的最小公共时段逐段相乘求和"
            "（HJ 212-2017 D.1.2）。",
            f"summed over the finest slices that concentration (one per {value}, each holding for its interval) and "
            f"flow (one per {flow}) have in common (HJ 212-2017 D.1.2).",
        )
    ]
    in_parts = sum(part.mass.parts for part in parts if part.mass)
    if in_parts and first.unit == "mg/L":
        said.append(
            Text(
                f"其中 {in_parts} 小时只有一部分时段同时有浓度和流量：已有的时段在合计内，缺的时段不作零。",
                f"of {in_parts} hours only some slices have both: these are in the sum, the rest is missing, not zero.",
            )
        )
    return tuple(said)


def _lasting(seconds: int) -> str:
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds % size == 0:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


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


def _missing(part: Slice, span: Period, counts: tuple[int, int, int]) -> Text:
    hours, due, stood = counts
    outlet, name = part.channel.outlet, item(part.channel.item).name
    if part.channel.sampled:
        return Text(
            f"排放口 {outlet} 的{name.zh}在 {span.label} 只有 {hours} 个手工监测样品有同时的流量：合计只含取样的时段，"
            "不代表全期；请填报全期排放量。",
            f"outlet {outlet}, {name.en}, {span.label}: only {hours} samples of a laboratory have a flow beside them; "
            "the sum is of the times of sampling alone and not of the period: report the amount of the period.",
        )
    also_zh = f"、替代 {stood} 小时" if stood else ""
    also_en = f" and {stood} substituted" if stood else ""
    return Text(
        f"排放口 {outlet} 的{name.zh}在 {span.label} 应有 {due} 小时有效数据，实有 {hours} 小时"
        f"（{hours / due:.1%}）{also_zh}；其余时段未计入。",
        f"outlet {outlet}, {name.en}: {hours} of {due} hours of {span.label} are valid ({hours / due:.1%}){also_en}; "
        "the rest is not in the sum.",
    )
