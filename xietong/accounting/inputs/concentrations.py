"""Table 3: an outlet's concentration with its highest hour; for everyone else hours kept, hours above the limit and the
outlet that stands highest against it. The hours themselves are judged in `outlets.hours`."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from xietong.accounting.books.consolidation import Books
from xietong.accounting.inputs.filling import LEAST_SHARE
from xietong.accounting.left_out import left_out_together
from xietong.accounting.outlets.hours import Channel, Judged
from xietong.accounting.outlets.means import mean_concentration, working_of_mean
from xietong.accounting.sources.lake_years import Slice
from xietong.accounting.sources.statements import spans_of
from xietong.calc.figures import Figure, total
from xietong.calc.indicators.outlet_gas import HIGHEST_OXYGEN
from xietong.calc.indicators.pollutants import NO_MEAN_OF_OUTLETS
from xietong.calc.items import Item, item
from xietong.park.nouns import Subject
from xietong.periods import Period
from xietong.texts import Text

_FORMULA = "Σ(浓度 concentration × 流量 flow) ÷ Σ 流量 flow"


class Outlet(NamedTuple):
    """One pollutant of one outlet over a period: the sums of its hours and the channel in force at the end.

    limited: of the hours under a limit alone; limited_due: how many of those were due; unjudged, unweighted: values
    that came and do not count, of what is judged and of the flow beside it.
    """

    subject: Subject
    channel: Channel
    hours: Judged
    due: int
    limited: Judged
    limited_due: int
    unjudged: tuple[Text, ...] = ()
    unweighted: tuple[Text, ...] = ()

    @property
    def to_judge(self) -> int:
        """The hours under a limit that there were to judge: those due without those that nothing asks to judge."""
        return max(self.limited.held, self.limited_due - self.limited.exempt)


def outlet_of(books: Books, subject: Subject, name: str, period: Period) -> Outlet | None:
    """The judged hours of an outlet; None where it does not measure that pollutant's concentration. Made once: the
    outlet, its unit, and every group above ask for it."""
    key = ("judged hours", subject.code, name, period)
    return books.keep(key, lambda: _outlet_of(books, subject, name, period))


def _outlet_of(books: Books, subject: Subject, name: str, period: Period) -> Outlet | None:
    spans = spans_of(period)
    slices = [part for span in spans for part in books.extracts.outlet(subject.code, name, span)]
    if not slices:
        return None
    limited = [part for part in slices if part.channel.limit is not None]
    last = limited[-1] if limited else slices[-1]
    unjudged, unweighted = (
        left_out_together(
            (part.left_out for part in slices), {point for part in slices for point in points(part.channel)}
        )
        for points in (_judged_by, _weighted_by)
    )
    return Outlet(
        subject,
        last.channel,
        hours=_added(slices),
        due=sum(map(_due, slices)),
        limited=_added(limited),
        limited_due=sum(map(_due, limited)),
        unjudged=unjudged,
        unweighted=unweighted,
    )


def _judged_by(channel: Channel) -> tuple[str, ...]:
    return channel.value_point, channel.oxygen_point


def _weighted_by(channel: Channel) -> tuple[str, ...]:
    return (channel.flow_point,)


def _due(part: Slice) -> int:
    """The hours that were due; of samples, of which nothing says how many there should be, those that came."""
    if part.channel.sampled:
        return part.judged.valid if part.judged else 0
    return part.observed


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
        came=sum(part.came for part in parts),
        held=sum(part.held for part in parts),
        exempt=sum(part.exempt for part in parts),
        doubtful=sum(part.doubtful for part in parts),
    )


def _height(part: Judged) -> tuple[Decimal, float]:
    """The highest value; of equal ones the earliest."""
    at = part.highest_at.timestamp() if part.highest_at else 0.0
    return part.highest or Decimal(0), -at


def concentration_inputs(
    books: Books, subject: Subject, period: Period, name: str, filled: bool = False
) -> dict[str, Figure]:
    """The engine's inputs of table 3 of one pollutant: its `_concentration`, `_valid_hours` and `_exceeding_hours`.

    filled: hours that could not be judged counted as those that could, for trying what they could change.
    """
    outlets = books.boundary.outlets_below(subject.code)
    measured = [outlet_of(books, each, name, period) for each in outlets if name in books.outlet_items[each.code]]
    present = [each for each in measured if each is not None and each.channel.unit]
    limited = [each for each in present if each.channel.limit is not None]
    hours = _hours(name, [each for each in limited if each.to_judge])
    if filled:
        hours = {key: _filled(figure) for key, figure in hours.items()}
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


def _hours(name: str, outlets: Sequence[Outlet]) -> dict[str, Figure]:
    """Hours held against a limit and hours above it, outlet by outlet; an outlet of which none could be judged makes
    the sum partial, all of them missing."""
    if not outlets:
        return {key: Figure(key, None, "h", "not_applicable", missing=(_unlimited(name),)) for key in _keys(name)}
    found = {}
    for key, hours in zip(_keys(name), ("held", "above"), strict=True):
        parts = tuple(_count(each, key, getattr(each.limited, hours)) for each in outlets)
        held, due = sum(each.limited.held for each in outlets), sum(each.to_judge for each in outlets)
        unit = "次" if all(each.channel.sampled for each in outlets) else "h"
        remarks = tuple(samples_said(each.subject.code, name, each.limited) for each in outlets if each.channel.sampled)
        remarks += tuple(said for each in outlets for said in each.unjudged)
        trace = {"coverage_number": f"{held / due:.4f}"}
        found[key] = replace(total(key, unit, parts), trace=trace, remarks=remarks)
    return found


def _filled(hours: Figure) -> Figure:
    """Hours scaled up to all that there were to judge; left partial where too few were judged."""
    share = float(hours.trace.get("coverage_number", 0))
    if hours.status != "partial" or hours.value is None or share < LEAST_SHARE:
        return hours
    return replace(hours, value=hours.value / share, status="estimated", missing=())


def _keys(name: str) -> tuple[str, str]:
    return f"{name}_valid_hours", f"{name}_exceeding_hours"


def _count(outlet: Outlet, key: str, hours: int) -> Figure:
    """So many of an outlet's hours, with those that there were to judge; missing where none could be judged."""
    held, due = outlet.limited.held, outlet.to_judge
    short = held < due
    counts = samples_counted(outlet.limited) if outlet.channel.sampled else _counts(outlet.limited, outlet.limited_due)
    trace = {"subject": outlet.subject.code, "point": outlet.channel.value_point, **counts}
    return Figure(
        key,
        float(hours) if held else None,
        "次" if outlet.channel.sampled else "h",
        "ok" if not short else "partial" if held else "missing",
        title=Text(outlet.subject.name, outlet.subject.name_en or outlet.subject.name),
        missing=(_short_of(outlet), *outlet.unjudged) if short else (),
        source=_source(outlet.channel),
        trace=trace,
    )


def _counts(hours: Judged, due: int) -> dict[str, str]:
    """How many hours were due, came, were valid and could be judged."""
    return {
        "hours": str(hours.valid),
        "hours_due": str(due),
        "hours_came": str(hours.came),
        "hours_judged": str(hours.judged),
    }


def _short_of(outlet: Outlet) -> Text:
    """Which hours could not be held against the limit, and why."""
    hours, label = outlet.limited, item(outlet.channel.item).name
    if outlet.channel.is_coarse and not outlet.channel.daily:
        lasting = f"{outlet.channel.value_s // 3600} h"
        return Text(
            f"排放口 {outlet.subject.code} 的{label.zh}每 {lasting} 一个值，不能判定小时限值"
            "（averaging = day 的限值可以判定）；请接入小时数据，或登记日均限值。",
            f"outlet {outlet.subject.code}: a value of {label.en} is of {lasting} and cannot meet a limit of "
            "hours (one with averaging = day can); bring hourly data, or register the limit of days.",
        )
    idle = hours.exempt
    unjudged = hours.valid - hours.held - idle
    zh = (
        f"排放口 {outlet.subject.code} 的{label.zh}应有 {outlet.limited_due} 小时：收到 {hours.came}、"
        f"有效 {hours.valid}、可判定 {hours.held} 小时"
    )
    en = (
        f"outlet {outlet.subject.code}, {label.en}: of {outlet.limited_due} hours due {hours.came} came, {hours.valid} "
        f"are valid and {hours.held} could be judged"
    )
    if idle:
        zh, en = zh + f"，{idle} 小时无排放或启停、不判定", en + f"; {idle} h without discharge or of start-up are not"
    if unjudged > 0:
        zh += f"；{unjudged} 小时没有合理的含氧量（0–{HIGHEST_OXYGEN:g} %），不能折算，不作达标计"
        en += f"; {unjudged} h lack a sensible oxygen (0–{HIGHEST_OXYGEN:g} %) to correct by and do not count as kept"
    if hours.doubtful:
        zh += f"，其中 {hours.doubtful} 小时实测值已高于限值"
        en += f", and {hours.doubtful} of them are above the limit as measured"
    return Text(f"{zh}；请检查设备。", f"{en}; check the device.")


def _unlimited(name: str) -> Text:
    label = item(name).name
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
        **(samples_counted(hours) if channel.sampled else _counts(hours, outlet.due)),
    }
    mean = mean_concentration(hours.judged_x_flow, hours.judged_flow, hours.judged_sum, hours.judged)
    if mean is None:
        reason = _no_mean(outlet, period)
        return Figure(f"{name}_concentration", None, unit, "missing", missing=(reason, *outlet.unjudged), trace=trace)
    short = hours.judged + hours.exempt < outlet.due
    return Figure(
        f"{name}_concentration",
        float(mean),
        unit,
        "partial" if short else "ok",
        title=Text(f"{label.zh}（{_basis(channel).zh}）", f"{label.en} ({_basis(channel).en})"),
        missing=(_short_mean(outlet), *outlet.unjudged, *outlet.unweighted) if short else (),
        formula=_FORMULA if not channel.sampled else "Σ 样品浓度 samples ÷ 样品数 number",
        inputs=tuple(_beside(outlet, name, trace)),
        source=_source(channel),
        trace=trace | working_of_mean(channel, hours),
        remarks=(
            *((samples_said(outlet.subject.code, name, hours),) if channel.sampled else ()),
            *outlet.unjudged,
            *outlet.unweighted,
        ),
    )


def _no_mean(outlet: Outlet, period: Period) -> Text:
    label, hours = item(outlet.channel.item).name, outlet.hours
    if hours.valid > hours.exempt:
        return Text(
            f"排放口 {outlet.subject.code} 的{label.zh}在 {period.label} 有 {hours.valid} 小时有效，"
            "但都没有合理的含氧量，不能折算；请检查氧量仪。",
            f"outlet {outlet.subject.code}: {hours.valid} hours of {label.en} in {period.label} are valid, but none "
            "has a sensible oxygen to correct it by; check the oxygen analyser.",
        )
    return Text(
        f"排放口 {outlet.subject.code} 的{label.zh}在 {period.label} 没有有效小时；请检查设备。",
        f"outlet {outlet.subject.code} has no valid hour of {label.en} in {period.label}; check the device.",
    )


def _short_mean(outlet: Outlet) -> Text:
    """Which hours are not in the mean."""
    label, hours = item(outlet.channel.item).name, outlet.hours
    zh = f"排放口 {outlet.subject.code} 的{label.zh}应有 {outlet.due} 小时，收到 {hours.came}、有效 {hours.valid} 小时"
    en = f"outlet {outlet.subject.code}: of {outlet.due} hours of {label.en} {hours.came} came, {hours.valid} are valid"
    if hours.judged + hours.exempt < hours.valid:
        zh += f"，能折算到基准氧的 {hours.judged} 小时；均值只含这些小时"
        en += f" and {hours.judged} could be corrected to the reference oxygen: the mean is of these alone"
    return Text(f"{zh}。", f"{en}.")


def samples_counted(hours: Judged) -> dict[str, str]:
    """How many samples of a laboratory there are, for a trace: they are no hours, and nothing says how many are due."""
    return {"samples": str(hours.valid)}


def samples_said(code: str, name: str, hours: Judged) -> Text:
    """How many samples of an outlet there are and how many stand above the limit."""
    label = item(name).name
    return Text(
        f"排放口 {code} 的{label.zh}为 {hours.valid} 个手工监测样品（超限 {hours.above} 个），按样品计，不是小时。",
        f"outlet {code}, {label.en}: {hours.valid} samples of a laboratory ({hours.above} above the limit), counted as "
        "samples, not hours.",
    )


def _source(channel: Channel) -> str:
    return "手工监测 samples" if channel.sampled else "自动监测 automatic monitoring"


def _basis(channel: Channel) -> Text:
    if channel.oxygen_reference is None:
        return Text("实测", "measured")
    reference = f"{channel.oxygen_reference.normalize():f}"
    return Text(f"折算至 {reference} % 含氧量", f"corrected to {reference} % oxygen")


def _beside(outlet: Outlet, name: str, trace: dict[str, str]) -> Iterable[Figure]:
    """What stands beside the mean: the measured one, the highest hour, the limit and the hours."""
    channel, hours = outlet.channel, outlet.hours
    measured = mean_concentration(hours.measured_x_flow, hours.flow, hours.measured_sum, hours.valid)
    if measured is not None and channel.oxygen_reference is not None:
        title = Text("实测浓度均值", "mean of the measured concentration")
        yield Figure(f"{name}_measured", float(measured), channel.unit, title=title, trace=trace)
    if hours.highest is not None:
        yield _highest(outlet, name)
    if channel.limit is not None:
        yield _limit(channel, name)
        yield _count(outlet, f"{name}_valid_hours", outlet.limited.held)
        yield _count(outlet, f"{name}_exceeding_hours", outlet.limited.above)


def _highest(outlet: Outlet, name: str) -> Figure:
    at = outlet.hours.highest_at
    trace = {"subject": outlet.subject.code, "point": outlet.channel.value_point, "at": at.isoformat() if at else ""}
    title = Text("最高小时浓度", "highest hour")
    if outlet.channel.sampled or outlet.channel.value_s > 3600:
        title = Text("最高样品", "highest sample") if outlet.channel.sampled else Text("最高值", "highest value")
    if outlet.channel.daily:
        title = Text("最高日均浓度", "highest day")
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
