"""What a reader should know of a figure that adds up and yet says something odd: energy below zero, a subject that was
not yet or no longer here, a factor of the park's own or a second statement of an amount somewhere in its working. No
arithmetic."""

from collections.abc import Sequence
from dataclasses import replace

from xietong.accounting.books.consolidation import Books
from xietong.accounting.boundary import GROUPS
from xietong.calc.figures import Figure
from xietong.park.nouns import Subject
from xietong.park.registry.presence import Presence, is_here
from xietong.periods import Period
from xietong.texts import Text

_ENERGY = "comprehensive_energy_consumption"
_PER_ENERGY = ("energy_per_output_value", "energy_per_added_value", "energy_utilization_efficiency")
_CARBON = ("carbon_emission_total", "energy_carbon_emission", "net_electricity_emission", "net_heat_emission")
_CARBON_BELOW_ZERO = Text(
    "外供或回收扣减的碳排放多于购入和产生的，合计小于零。请核对：外供的电、热来自没有填报的购入或燃料时请补报；"
    "自产的按来源填 electricity_made:solar、heat_made:waste_heat 等。",
    "more carbon is taken off for supply to others or recovery than was bought or emitted, so that the figure is below "
    "zero. Check it: report the purchase or fuel behind the supply; what was made here is reported by source as "
    "electricity_made:solar, heat_made:waste_heat and so on.",
)
_BELOW_ZERO = Text(
    "外供多于购入和消耗，综合能源消耗量小于零：外供的电或热来自没有填报的能源。请填报投入的燃料；太阳能、风能、余热等"
    "自产的电、热按来源填 electricity_made:solar、heat_made:waste_heat 等。",
    "more was supplied to others than was bought and used, so that energy is below zero: what was supplied came from "
    "energy that is not reported. Report the fuel behind it; power and heat made of sun, wind or waste "
    "heat is reported "
    "by source as electricity_made:solar, heat_made:waste_heat and so on.",
)


def cautioned(figure: Figure) -> Figure:
    """The figure with what it does not say of itself; an intensity or efficiency below zero has no value."""
    below_zero = figure.value is not None and figure.value < 0
    if below_zero and figure.key in _PER_ENERGY:
        return replace(figure, value=None, status="missing", missing=(*figure.missing, _BELOW_ZERO))
    if below_zero and figure.key == _ENERGY:
        return replace(figure, remarks=(*figure.remarks, _BELOW_ZERO))
    if below_zero and figure.key in _CARBON:
        return replace(figure, remarks=(*figure.remarks, _CARBON_BELOW_ZERO))
    return figure


# What the trace of a part of the working holds where its remarks are for the reader of every figure made of it: a
# factor that stands in for one of another area or is the park's own (counting or not), a statement beside another,
# power or heat made here whose reading is open, an amount that is not known before and after its factor changed.
CARRIED = ("stands_in_for", "own", "aside", "beside", "own_make", "unsplit")


def carried(figure: Figure) -> tuple[Text, ...]:
    """What the working of a figure says of its factors and amounts that its reader should know, each once."""
    found: dict[Text, None] = {}
    opened, seen = [figure], {id(figure)}
    while opened:
        each = opened.pop()
        if any(name in each.trace for name in CARRIED):
            found.update(dict.fromkeys(each.remarks))
        if each.kind != "input":
            below = [child for child in each.inputs if id(child) not in seen]
            seen.update(id(child) for child in below)
            opened += below[::-1]
    return tuple(found)


def with_carried(figure: Figure) -> Figure:
    """The figure with what its working says beside its own remarks."""
    more = tuple(each for each in carried(figure) if each not in figure.remarks)
    return replace(figure, remarks=(*more, *figure.remarks)) if more else figure


def absent(books: Books, subject: Subject, period: Period) -> Text | None:
    """Why nothing is due of a subject that came after the period or left before it, by its own dates or those of what
    it belongs to, or of a group of which no unit was here; None of one that was here."""
    here = books.ground.here
    if subject.code in here and not here[subject.code].presence.meets(period):
        return _said_absent(subject, here[subject.code].presence, period)
    units = books.boundary.units(subject.code) if subject.kind in GROUPS else ()
    if units and not any(is_here(here, unit.code, period) for unit in units):
        return _said_empty(subject, units, period)
    return None


def clipped(subject: Subject, asked: Period, counted: Period) -> Text:
    """What a figure of a group that came or left in the period is of."""
    return Text(
        f"{subject.name}只在 {counted.label} 属于园区，{asked.label} 的数只计这些月份。",
        f"{subject.name_en or subject.name} was part of the park in {counted.label} alone; of {asked.label} those "
        "months count.",
    )


def _said_absent(subject: Subject, presence: Presence, period: Period) -> Text:
    name, name_en = subject.name, subject.name_en or subject.name
    if presence.since is not None and period.end.date() <= presence.since:
        return Text(
            f"{name}自 {presence.since} 起才在园区，{period.label} 没有应报的数据。",
            f"{name_en} is in the park from {presence.since} on; nothing was due for {period.label}.",
        )
    return Text(
        f"{name}到 {presence.until} 已离开园区（该日不含），{period.label} 没有应报的数据。",
        f"{name_en} had left the park by {presence.until}; nothing was due for {period.label}.",
    )


def _said_empty(group: Subject, units: Sequence[Subject], period: Period) -> Text:
    zh, en = "、".join(unit.name for unit in units), ", ".join(unit.name_en or unit.name for unit in units)
    return Text(
        f"{group.name}的单位（{zh}）在 {period.label} 都不在园区，没有应报的数据。",
        f"no unit of {group.name_en or group.name} ({en}) was in the park in {period.label}; nothing was due.",
    )
