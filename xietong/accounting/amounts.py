"""Amount: a Figure together with the exact decimal behind it and the count of what was due for it.

Sums are made here, in decimals that give the same digits in any order; the float of a Figure is made once from them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import NamedTuple

from xietong.calc.figures import Figure, Status, retitled, worst
from xietong.calc.rounding import share_apart, told_apart
from xietong.standard.thresholds import decimal_of
from xietong.texts import Text

DEVIATION = decimal_of("sources.deviation")
_UNTITLED = Text("", "")
_ALL = Decimal(1)


class Amount(NamedTuple):
    """A figure, its exact value (None where it has none) and how many of the months due for it were received."""

    figure: Figure
    exact: Decimal | None
    due: int = 0
    received: Decimal = Decimal(0)

    @property
    def has_value(self) -> bool:
        """Whether a number stands behind it."""
        return self.exact is not None

    @property
    def is_idle(self) -> bool:
        """Whether nothing was due and nothing came."""
        return self.figure.status == "not_applicable"


def amount(figure: Figure, exact: Decimal, due: int = 1, share: Decimal = _ALL) -> Amount:
    """One amount that stands for that many months, of which that share came; the figure's float is made here."""
    return Amount(replace(figure, value=float(exact)), exact, due, due * share)


def absent(key: str, unit: str, reason: Text, due: int = 1, trace: Mapping[str, str] | None = None) -> Amount:
    """What was due for that many months and did not come."""
    return Amount(Figure(key, None, unit, "missing", missing=(reason,), trace=trace or {}), None, due)


def idle(key: str, unit: str, reason: Text | None = None) -> Amount:
    """What was never due."""
    return Amount(Figure(key, None, unit, "not_applicable", missing=(reason,) if reason else ()), None)


def summed(key: str, unit: str, parts: Iterable[Amount], title: Text = _UNTITLED) -> Amount:
    """The exact sum of parts: missing parts make it partial, all missing makes it missing; so do parts that are kept in
    different units, such as a product counted by one and weighed by another. unit: where no part has a value.

    No parts at all, or only idle ones, give not_applicable: nothing was due. Idle parts with something to say stay in
    the working, silent ones are left out.
    """
    every = [part for part in parts if not part.is_idle or part.figure.missing or part.figure.inputs]
    if len(every) == 1:
        return _alone(key, unit, every[0], title)
    values = [part.exact for part in every if part.exact is not None]
    units = tuple(dict.fromkeys(part.figure.unit for part in every if part.exact is not None)) or (unit,)
    if len(units) > 1:
        return _mixed(key, units, every)
    unit, exact = units[0], sum(values, Decimal(0)) if values else None
    figure = Figure(
        key,
        None if exact is None else float(exact),
        unit,
        _status(every, bool(values)),
        missing=reasons(part.figure for part in every),
        title=title,
        inputs=tuple(part.figure for part in every),
    )
    due, received = sum(part.due for part in every), sum((part.received for part in every), Decimal(0))
    return Amount(figure, exact, due, received)


def _alone(key: str, unit: str, part: Amount, title: Text) -> Amount:
    """The sum of one part, which most sums of a month are: what `summed` makes of it, without the counting."""
    given = part.figure
    exact = None if part.exact is None else Decimal(0) + part.exact
    figure = Figure(
        key,
        None if exact is None else float(exact),
        unit if exact is None else given.unit,
        given.status,
        missing=() if given.status == "not_applicable" else tuple(dict.fromkeys(given.missing)),
        title=title,
        inputs=(given,),
    )
    return Amount(figure, exact, part.due, Decimal(0) + part.received)


def told(part: Amount, title: Text, trace: Mapping[str, str]) -> Amount:
    """The amount under a title and with a trace of its own."""
    figure = retitled(part.figure, part.figure.key, title, trace=trace)
    return Amount(figure, part.exact, part.due, part.received)


def _mixed(key: str, units: Iterable[str], parts: Iterable[Amount]) -> Amount:
    names = "、".join(units)
    reason = Text(
        f"各部分分别以 {names} 计，不能相加；请统一单位后填报。",
        f"the parts are kept in {names.replace('、', ', ')} and do not add up; report them in one unit.",
    )
    every = tuple(parts)
    figures = tuple(part.figure for part in every)
    return Amount(Figure(key, None, "", "missing", missing=(reason,), inputs=figures), None, sum(p.due for p in every))


def _status(parts: list[Amount], has_values: bool) -> Status:
    if not has_values:
        return "missing" if any(part.figure.status == "missing" for part in parts) else "not_applicable"
    return worst("partial" if part.figure.status == "missing" else part.figure.status for part in parts)


def reasons(figures: Iterable[Figure]) -> tuple[Text, ...]:
    """The sentences of what is absent, each once, in order; those of idle figures do not count."""
    return tuple(
        dict.fromkeys(reason for figure in figures if figure.status != "not_applicable" for reason in figure.missing)
    )


def beside(chosen: Amount, other: Amount, name: Text) -> Amount:
    """Stand another source of the same quantity beside the chosen one: a remark where they differ by more than 5 %."""
    if chosen.exact is None or other.exact is None or "partial" in (chosen.figure.status, other.figure.status):
        return chosen
    if chosen.figure.unit != other.figure.unit:
        return chosen
    base = abs(chosen.exact)
    if abs(other.exact - chosen.exact) <= DEVIATION * base:
        return chosen
    percent = share_apart(float(abs(other.exact - chosen.exact) / base), float(DEVIATION)) if base else "—"
    unit = chosen.figure.unit
    value, used = told_apart(float(other.exact), float(chosen.exact), digits=6, thousands="")
    remark = Text(
        f"{name.zh}为 {value} {unit}，与采用的 {used} {unit} 相差 {percent}（超过 5 %）；请核对。",
        f"{name.en} says {value} {unit}, {percent} away from the {used} {unit} used (more than 5 %); check it.",
    )
    return chosen._replace(figure=replace(chosen.figure, remarks=(*chosen.figure.remarks, remark)))
