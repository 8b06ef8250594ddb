"""Charts as data: ECharts options and the geometry of bullet bars and sparklines, made from Figures.

A colour is the name of a token ("--energy"), which the page's script looks up, so one option serves both themes.
Missing is a hatched gap, estimated is hollow, partial is hatched; last year is a thin grey ghost; bars start at zero.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from xietong.calc.figures import Figure
from xietong.texts import Language
from xietong.wording.numbers import SIGNIFICANT_DIGITS, scale

Option = dict[str, Any]
Months = Sequence[Figure | None]

_HATCH = {
    "symbol": "rect",
    "symbolSize": 1,
    "dashArrayX": [1, 0],
    "dashArrayY": [1.5, 5],
    "rotation": -math.pi / 4,
}
_FONT = "Noto Sans SC, Noto Sans CJK SC, PingFang SC, Microsoft YaHei, sans-serif"
_MONTHS_EN = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
# The joint chart's frame and a label in it, in pixels (page.css .plot.tall less the room for the axis).
_TALL, _LABEL = 205.0, 17.0
SPARK_WIDTH, SPARK_HEIGHT = 112.0, 28.0


def month_names(language: Language) -> list[str]:
    """The twelve months as an axis writes them."""
    return [f"{month}月" for month in range(1, 13)] if language == "zh" else list(_MONTHS_EN)


def values(months: Months) -> list[float | None]:
    """The numbers of a row of months; None where there is none."""
    return [None if figure is None else figure.value for figure in months]


def rounded(value: float | None, divisor: float = 1.0) -> float | None:
    """A number for a chart, to the digits that mean something."""
    return None if value is None else float(f"{value / divisor:.{SIGNIFICANT_DIGITS}g}")


def nice_ceiling(value: float) -> float:
    """The least of 1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8 × a power of ten that is not below the value."""
    if value <= 0:
        return 1.0
    power = 10 ** math.floor(math.log10(value))
    steps = (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10)
    return float(f"{next(step for step in steps if step * power >= value * (1 - 1e-12)) * power:.6g}")


def months_chart(this: Months, last: Months, unit: str, colour: str, language: Language) -> Option:
    """Twelve bars of this year over last year's ghost; a month yet to come has nothing, a missing one a hatched gap."""
    numbers = [value for value in values(this) + values(last) if value is not None]
    largest = max((abs(value) for value in numbers), default=0.0)
    divisor, unit_shown = scale(largest, unit, language)
    top = nice_ceiling(largest / divisor)
    bars = [_bar(figure, divisor, top, colour) for figure in this]
    ghost = [rounded(value, divisor) for value in values(last)]
    option = _frame(month_names(language), unit_shown, top)
    option["series"] = [
        {"type": "bar", "name": "this", "data": bars, "barWidth": "62%", "animationDuration": 200},
        {
            "type": "line",
            "name": "last",
            "data": ghost,
            "step": "middle",
            "symbol": "none",
            "silent": True,
            "lineStyle": {"color": "--muted", "width": 1.25},
            "animation": False,
        },
    ]
    return option


def _bar(figure: Figure | None, divisor: float, top: float, colour: str) -> Option:
    if figure is None or figure.status == "not_applicable":
        return {"value": None}
    if figure.value is None:
        return {"value": top, "itemStyle": {"color": "transparent", "decal": {**_HATCH, "color": "--ghost"}}}
    value = rounded(figure.value, divisor)
    if figure.status == "estimated":
        return {"value": value, "itemStyle": {"color": "transparent", "borderColor": colour, "borderWidth": 1.5}}
    if figure.status == "partial":
        return {"value": value, "itemStyle": {"color": colour, "decal": {**_HATCH, "color": "--card"}}}
    return {"value": value, "itemStyle": {"color": colour}}


def _frame(categories: Sequence[str], unit_shown: str, top: float | None) -> Option:
    text = {"color": "--muted", "fontFamily": _FONT, "fontSize": 12}
    return {
        "backgroundColor": "transparent",
        "textStyle": text,
        "grid": {"left": 4, "right": 8, "top": 26, "bottom": 4, "containLabel": True},
        "tooltip": _tooltip(),
        "xAxis": {
            "type": "category",
            "data": list(categories),
            "axisTick": {"show": False},
            "axisLine": {"lineStyle": {"color": "--muted"}},
            "axisLabel": {**text, "hideOverlap": True},
        },
        "yAxis": {
            "type": "value",
            "name": unit_shown,
            "nameTextStyle": {**text, "align": "left"},
            "min": 0 if top is not None else None,
            "max": top,
            "interval": None if top is None else top / 2,
            "axisLabel": text,
            "splitLine": {"lineStyle": {"color": "--hairline"}},
        },
    }


def _tooltip() -> Option:
    """A tooltip drawn on the canvas: the HTML one would need inline styles, which the content policy forbids."""
    return {
        "trigger": "axis",
        "renderMode": "richText",
        "confine": True,
        "backgroundColor": "--card",
        "borderColor": "--hairline",
        "textStyle": {"color": "--ink", "fontFamily": _FONT, "fontSize": 12},
    }


@dataclass(frozen=True, slots=True)
class IndexLine:
    """One line of the joint chart: its name, its colour, its numbers by month (base year = 100), which are partial."""

    name: str
    colour: str
    numbers: tuple[float | None, ...]
    partial: tuple[bool, ...] = ()


def indexed(months: Months, base: float | None) -> tuple[float | None, ...]:
    """Each month as a share of the base, base = 100."""
    if not base:
        return tuple(None for _ in months)
    return tuple(None if value is None else round(value / base * 100, 1) for value in values(months))


def partials(months: Months) -> tuple[bool, ...]:
    """Which months rest on part of their data."""
    return tuple(figure is not None and figure.status == "partial" for figure in months)


def month_mean(months: Months) -> float | None:
    """The mean month of a year: the base of an index; None unless at least half the months are there."""
    numbers = [value for value in values(months) if value is not None]
    return sum(numbers) / len(numbers) if len(numbers) >= 6 else None


def index_chart(lines: Sequence[IndexLine], categories: Sequence[str], base_word: str) -> Option:
    """The joint line: several subjects on one axis, labelled at their ends, the base a dashed line."""
    known = [number for line in lines for number in line.numbers if number is not None]
    low, high = min([*known, 100.0]), max([*known, 100.0])
    margin = max(5.0, (high - low) * 0.1)
    option = _frame(categories, "", None)
    option["grid"]["right"] = 96
    option["yAxis"]["min"] = max(0, math.floor((low - margin) / 10) * 10)
    option["yAxis"]["max"] = math.ceil((high + margin) / 10) * 10
    option["yAxis"]["name"] = base_word
    axis = option["yAxis"]
    ends = [_end(line, axis["min"], axis["max"]) for line in lines]
    option["series"] = [_index_line(line, shift) for line, shift in zip(lines, apart(ends), strict=True)]
    if option["series"]:
        option["series"][0]["markLine"] = {
            "silent": True,
            "symbol": "none",
            "lineStyle": {"color": "--muted", "type": "dashed", "width": 1},
            "label": {"show": False},
            "data": [{"yAxis": 100}],
        }
    return option


def _end(line: IndexLine, low: float, high: float) -> float:
    """How many pixels below the top of the frame a line ends; one without numbers at the top."""
    last = next((number for number in reversed(line.numbers) if number is not None), high)
    return (high - last) / (high - low) * _TALL


def apart(ends: Sequence[float], least: float = _LABEL) -> list[float]:
    """By how many pixels labels at these heights must move so that neighbours stand `least` apart, in all the least.

    Labels that would touch form a block that stands around the mean of their own heights.
    """
    order = sorted(range(len(ends)), key=lambda index: ends[index])
    blocks: list[list[float]] = []
    for place, index in enumerate(order):
        blocks.append([ends[index] - place * least])
        while len(blocks) > 1 and _mean(blocks[-2]) > _mean(blocks[-1]):
            top = blocks.pop()
            blocks[-1] += top
    tops = [_mean(block) for block in blocks for _ in block]
    moved = {index: tops[place] + place * least - ends[index] for place, index in enumerate(order)}
    return [round(moved[index], 1) for index in range(len(ends))]


def _mean(numbers: Sequence[float]) -> float:
    return sum(numbers) / len(numbers)


def _index_line(line: IndexLine, shift: float) -> Option:
    return {
        "type": "line",
        "name": line.name,
        "data": [
            {"value": number, "symbol": "emptyCircle", "symbolSize": 5}
            if is_partial
            else {"value": number, "symbol": "none"}
            for number, is_partial in zip_longest(line.numbers, line.partial, fillvalue=False)
        ],
        "connectNulls": False,
        "lineStyle": {"color": line.colour, "width": 2},
        "itemStyle": {"color": line.colour},
        "endLabel": {
            "show": True,
            "formatter": "{a}",
            "color": line.colour,
            "fontFamily": _FONT,
            "fontSize": 12,
            "offset": [0, shift],
        },
        "animationDuration": 200,
    }


@dataclass(frozen=True, slots=True)
class Bullet:
    """A bullet bar in per cent of its width: how long the value is, where target and basic value stand."""

    value: float
    target: float | None
    basic: float | None
    top: float


def bullet(value: float | None, target: float | None, basic: float | None) -> Bullet | None:
    """The figure against its target on an axis from zero; None where there is no figure."""
    if value is None or value < 0:
        return None
    top = nice_ceiling(max(value, target or 0, basic or 0) * 1.05)
    place = {name: None if each is None else each / top * 100 for name, each in (("t", target), ("b", basic))}
    return Bullet(value / top * 100, place["t"], place["b"], top)


@dataclass(frozen=True, slots=True)
class Sparkline:
    """Twelve months in a word-sized picture: SVG paths in a box of SPARK_WIDTH × SPARK_HEIGHT, gaps left open."""

    line: str
    ghost: str
    end: tuple[float, float] | None
    gaps: tuple[float, ...]


def sparkline(this: Months, last: Months = ()) -> Sparkline | None:
    """The paths of this year's line and last year's ghost on one scale from their least to their largest value."""
    numbers = [value for value in values(this) + values(last) if value is not None]
    if not [value for value in values(this) if value is not None]:
        return None
    low, high = min(numbers), max(numbers)
    span = (high - low) or 1.0

    def spot(month: int, value: float) -> tuple[float, float]:
        height = SPARK_HEIGHT / 2 if high == low else SPARK_HEIGHT - 3 - (value - low) / span * (SPARK_HEIGHT - 6)
        return round(4 + month * (SPARK_WIDTH - 8) / 11, 1), round(height, 1)

    spots = [None if value is None else spot(month, value) for month, value in enumerate(values(this))]
    ghosts = [None if value is None else spot(month, value) for month, value in enumerate(values(last))]
    gaps = tuple(spot(m, low)[0] for m, figure in enumerate(this) if figure is not None and figure.status == "missing")
    end = next(place for place in reversed(spots) if place is not None)
    return Sparkline(_path(spots), _path(ghosts), end, gaps)


def _path(spots: Sequence[tuple[float, float] | None]) -> str:
    """An SVG path that lifts its pen at every gap; a lone month becomes a dot by a line of no length."""
    commands: list[str] = []
    for index, place in enumerate(spots):
        if place is None:
            continue
        starts = index == 0 or spots[index - 1] is None
        commands.append(f"{'M' if starts else 'L'}{place[0]:g} {place[1]:g}")
        if starts and (index + 1 == len(spots) or spots[index + 1] is None):
            commands.append("h0")
    return "".join(commands)


def chart_table(series: Mapping[str, Sequence[float | None]], names: Sequence[str]) -> list[dict[str, object]]:
    """The table twin of a chart: one row a category with the number of every series."""
    return [
        {"name": name, "numbers": [numbers[index] if index < len(numbers) else None for numbers in series.values()]}
        for index, name in enumerate(names)
    ]
