"""Table 3: an outlet's concentration with its highest hour; for everyone else hours kept, hours above the limit and the
outlet that stands highest against it. The hours themselves are judged in `outlet_hours`."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from xietong.accounting.books import Books
from xietong.accounting.extracts import Slice
from xietong.accounting.outlet_hours import Channel, Judged
from xietong.accounting.statements import spans_of
from xietong.calc.figures import Figure, Status
from xietong.calc.items import Item, item
from xietong.calc.pollutants import NO_MEAN_OF_OUTLETS
from xietong.park.nouns import Subject
from xietong.periods import Period
from xietong.texts import Text

_SIX = Decimal("0.000001")
_FORMULA = "Σ(浓度 concentration × 流量 flow) ÷ Σ 流量 flow"


class Outlet(NamedTuple):
    """One pollutant of one outlet over a period: the sums of its hours and the channel in force at the end."""

    subject: Subject
    channel: Channel
    hours: Judged
    due: int
    limited: Judged


def outlet_of(books: Books, subject: Subject, name: str, period: Period) -> Outlet | None:
    """The judged hours of an outlet; None where it does not measure that pollutant's concentration."""
    spans = spans_of(period)
    slices = [part for span in spans for part in books.extracts.outlet(subject.code, name, span)]
    if not slices:
        return None
    limited = [part for part in slices if part.channel.limit is not None]
    last = limited[-1] if limited else slices[-1]
    return Outlet(subject, last.channel, _added(slices), sum(part.observed for part in slices), _added(limited))


def _added(slices: Sequence[Slice]) -> Judged:
    parts = [part.judged for part in slices if part.judged]
    top = max((part for part in parts if part.highest is not None), key=_height, default=None)
    zero = Decimal(0)
    return Judged(
        valid=sum(part.valid for part in parts),
        judged=sum(part.judged for part in parts),
        above=sum(part.above for part in parts),
        highest=top.highest if top else None,
        highest_at=top.highest_at if top else None,
        measured_x_flow=sum((part.measured_x_flow for part in parts), zero),
        judged_x_flow=sum((part.judged_x_flow for part in parts), zero),
        flow=sum((part.flow for part in parts), zero),
        judged_flow=sum((part.judged_flow for part in parts), zero),
        measured_sum=sum((part.measured_sum for part in parts), zero),
        judged_sum=sum((part.judged_sum for part in parts), zero),
    )


def _height(part: Judged) -> tuple[Decimal, float]:
    """The highest value; of equal ones the earliest."""
    at = part.highest_at.timestamp() if part.highest_at else 0.0
    return part.highest or Decimal(0), -at


def concentration_inputs(books: Books, subject: Subject, period: Period, name: str) -> dict[str, Figure]:
    """The engine's inputs of table 3 of one pollutant: its `_concentration`, `_valid_hours` and `_exceeding_hours`."""
    outlets = books.boundary.outlets_below(subject.code)
    measured = [outlet_of(books, each, name, period) for each in outlets if name in books.outlet_items[each.code]]
    present = [each for each in measured if each is not None and each.channel.unit]
    limited = [each for each in present if each.channel.limit is not None]
    hours = _hours(name, [each for each in limited if each.limited.judged], bool(limited))
    return {**hours, f"{name}_concentration": _of_subject(subject, item(name), present, period)}


def concentration_keys(name: str) -> tuple[str, ...]:
    """The inputs that a pollutant has in table 3."""
    return *_keys(name), f"{name}_concentration"


def _of_subject(subject: Subject, pollutant: Item, measured: Sequence[Outlet], period: Period) -> Figure:
    key = f"{pollutant.item}_concentration"
    if subject.kind != "outlet":
        return Figure(key, None, "", "not_applicable", missing=(NO_MEAN_OF_OUTLETS,))
    if not measured:
        reason = Text(f"没有{pollutant.name.zh}的自动监测点。", f"no point measures {pollutant.name.en} here.")
        return Figure(key, None, "", "not_applicable", missing=(reason,))
    return _concentration(measured[0], pollutant.item, period)


def _hours(name: str, outlets: Sequence[Outlet], is_due: bool) -> dict[str, Figure]:
    if not outlets:
        status: Status = "missing" if is_due else "not_applicable"
        reasons = (_unjudged(name, is_due),)
        return {key: Figure(key, None, "h", status, missing=reasons) for key in _keys(name)}
    valid = tuple(_count(each, f"{name}_valid_hours", each.limited.judged) for each in outlets)
    above = tuple(_count(each, f"{name}_exceeding_hours", each.limited.above) for each in outlets)
    return {
        key: Figure(key, sum(part.value or 0.0 for part in parts), "h", _worst(parts), inputs=parts)
        for key, parts in zip(_keys(name), (valid, above), strict=True)
    }


def _worst(parts: Sequence[Figure]) -> Status:
    return "partial" if any(part.status == "partial" for part in parts) else "ok"


def _keys(name: str) -> tuple[str, str]:
    return f"{name}_valid_hours", f"{name}_exceeding_hours"


def _count(outlet: Outlet, key: str, hours: int) -> Figure:
    title = Text(outlet.subject.name, outlet.subject.name_en or outlet.subject.name)
    trace = {"subject": outlet.subject.code, "point": outlet.channel.value_point}
    return Figure(key, float(hours), "h", title=title, trace=trace, source="自动监测 automatic monitoring")


def _unjudged(name: str, is_due: bool) -> Text:
    label = item(name).name
    if is_due:
        return Text(f"{label.zh}没有可判定的有效小时；请检查设备。", f"{label.en}: no valid hour to judge.")
    return Text(
        f"没有同时具备{label.zh}自动监测和排放限值的排放口。",
        f"no outlet has both automatic monitoring and a limit of {label.en}.",
    )


def _concentration(outlet: Outlet, name: str, period: Period) -> Figure:
    """The period's mean: flow-weighted, corrected to the limit's oxygen where it names one, the measured one beside."""
    channel, hours = outlet.channel, outlet.hours
    unit, label = channel.unit, item(name).name
    trace = {
        "subject": outlet.subject.code,
        "point": channel.value_point,
        "start": period.start.isoformat(),
        "end": period.end.isoformat(),
        "period": period.label,
        "hours": str(hours.valid),
        "hours_due": str(outlet.due),
    }
    mean = _mean(hours.judged_x_flow, hours.judged_flow, hours.judged_sum, hours.judged)
    if mean is None:
        reason = Text(
            f"排放口 {outlet.subject.code} 的{label.zh}在 {period.label} 没有有效小时；请检查设备。",
            f"outlet {outlet.subject.code} has no valid hour of {label.en} in {period.label}; check the device.",
        )
        return Figure(f"{name}_concentration", None, unit, "missing", missing=(reason,), trace=trace)
    short = hours.valid < outlet.due
    reason = Text(
        f"排放口 {outlet.subject.code} 的{label.zh}应有 {outlet.due} 小时，有效 {hours.valid} 小时。",
        f"outlet {outlet.subject.code}: {hours.valid} of {outlet.due} hours of {label.en} are valid.",
    )
    return Figure(
        f"{name}_concentration",
        float(mean),
        unit,
        "partial" if short else "ok",
        title=Text(f"{label.zh}（{_basis(channel).zh}）", f"{label.en} ({_basis(channel).en})"),
        missing=(reason,) if short else (),
        formula=_FORMULA,
        inputs=tuple(_beside(outlet, name, trace)),
        source="自动监测 automatic monitoring",
        trace=trace,
    )


def _basis(channel: Channel) -> Text:
    if channel.oxygen_reference is None:
        return Text("实测", "measured")
    reference = f"{channel.oxygen_reference.normalize():f}"
    return Text(f"折算至 {reference} % 含氧量", f"corrected to {reference} % oxygen")


def _mean(weighted: Decimal, flow: Decimal, plain: Decimal, hours: int) -> Decimal | None:
    if not hours:
        return None
    return ((weighted / flow) if flow else (plain / hours)).quantize(_SIX)


def _beside(outlet: Outlet, name: str, trace: dict[str, str]) -> Iterable[Figure]:
    """What stands beside the mean: the measured one, the highest hour, the limit and the hours."""
    channel, hours = outlet.channel, outlet.hours
    measured = _mean(hours.measured_x_flow, hours.flow, hours.measured_sum, hours.valid)
    if measured is not None and channel.oxygen_reference is not None:
        title = Text("实测浓度均值", "mean of the measured concentration")
        yield Figure(f"{name}_measured", float(measured), channel.unit, title=title, trace=trace)
    if hours.highest is not None:
        yield _highest(outlet, name)
    if channel.limit is not None:
        yield _limit(channel, name)
        yield _count(outlet, f"{name}_valid_hours", outlet.limited.judged)
        yield _count(outlet, f"{name}_exceeding_hours", outlet.limited.above)


def _highest(outlet: Outlet, name: str) -> Figure:
    at = outlet.hours.highest_at
    trace = {"subject": outlet.subject.code, "point": outlet.channel.value_point, "at": at.isoformat() if at else ""}
    title = Text("最高日均浓度", "highest day") if outlet.channel.daily else Text("最高小时浓度", "highest hour")
    value = float(outlet.hours.highest or 0)
    return Figure(f"{name}_highest_hour", value, outlet.channel.unit, title=title, trace=trace)


def _limit(channel: Channel, name: str) -> Figure:
    title = Text("排放限值", "limit") if not channel.daily else Text("排放限值（日均）", "limit (daily mean)")
    return Figure(f"{name}_limit", float(channel.limit or 0), channel.unit, kind="factor", title=title)


class Highest(NamedTuple):
    """The outlet whose highest hour stands highest against its limit."""

    outlet: Subject
    value: float
    limit: float
    unit: str
    at: datetime | None


def highest_outlet(books: Books, subject: Subject, name: str, period: Period) -> Highest | None:
    """The outlet below a subject with the highest hour of a pollutant relative to its limit; None without limits."""
    best: Highest | None = None
    for each in books.boundary.below(subject.code):
        if each.kind != "outlet" or name not in books.outlet_items[each.code]:
            continue
        found = outlet_of(books, each, name, period)
        if found is None or found.limited.highest is None or not found.channel.limit:
            continue
        hours = found.limited
        this = Highest(
            each, float(hours.highest or 0), float(found.channel.limit), found.channel.unit, hours.highest_at
        )
        if best is None or this.value / this.limit > best.value / best.limit:
            best = this
    return best
