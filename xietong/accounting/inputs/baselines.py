"""Baselines 基准: what a measure saves in a year as baseline less actual within its boundary, a saving counted once.

The boundary is the measure's subject and the item. Measures that follow each other in one boundary stand on each other:
a later baseline above what the earlier measure left is taken down to it, so that all of them together save no more than
the first baseline less the last actual. Tonnes of CO2e are made of it in `reductions`.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from xietong.calc.figures import Figure
from xietong.park.nouns import Effect, Measure, Registry
from xietong.texts import Text
from xietong.units import UnitError, convert

_ESTIMATED_WORDS = ("estimate", "coefficient", "balance", "model", "估", "系数", "衡算", "推算", "测算", "模拟")


class Saving(NamedTuple):
    """What counts of a measure and an item: the saving a year, where it comes from, measured or estimated."""

    effect: Effect
    estimated: bool
    working: tuple[Figure, ...] = ()
    remarks: tuple[Text, ...] = ()


def savings(registry: Registry) -> Mapping[str, tuple[Saving, ...]]:
    """The savings that count of every measure: baseline less actual, else what was verified as it was stated."""
    stated: dict[tuple[str, str], dict[str, Effect]] = defaultdict(dict)
    for effect in registry.effects:
        stated[effect.measure, effect.item][effect.stage] = effect
    boundaries: dict[tuple[str, str], list[Measure]] = defaultdict(list)
    for code, item in stated:
        if code in registry.measures:
            boundaries[registry.measures[code].subject, item].append(registry.measures[code])
    found: dict[str, list[Saving]] = defaultdict(list)
    for (_, item), measures in boundaries.items():
        for code, saving in _in_boundary(measures, item, stated):
            found[code].append(saving)
    return {code: tuple(each) for code, each in found.items()}


def _in_boundary(
    measures: Iterable[Measure], item: str, stated: Mapping[tuple[str, str], Mapping[str, Effect]]
) -> Iterable[tuple[str, Saving]]:
    """The savings of the measures of one boundary in the order of their start."""
    ordered = sorted(measures, key=lambda each: (each.commissioned or date.min, each.code))
    alone = [each.code for each in ordered if "verified" in stated[each.code, item]]
    left: Effect | None = None
    for measure in ordered:
        stages = stated[measure.code, item]
        if "baseline" in stages and "actual" in stages:
            saving = _difference(stages["baseline"], stages["actual"], left)
            left = stages["actual"]
        else:
            saving = _as_stated(stages, [code for code in alone if code != measure.code])
        if saving is not None:
            yield measure.code, saving


def _difference(baseline: Effect, actual: Effect, left: Effect | None) -> Saving | None:
    """Baseline less actual; the baseline at most what the measure before left."""
    try:
        spent = convert(actual.amount, actual.unit, baseline.unit)
        before = baseline.amount if left is None else convert(left.amount, left.unit, baseline.unit)
    except UnitError:
        return None
    start = min(baseline.amount, before)
    remarks = () if start == baseline.amount or left is None else (_lowered(baseline, left, start),)
    method = " − ".join(dict.fromkeys(each.method for each in (baseline, actual) if each.method))
    effect = replace(baseline, amount=start - spent, stage="verified", method=method)
    working = (_figure("baseline", start, baseline), _figure("actual", spent, actual, baseline.unit))
    return Saving(effect, _is_estimated(baseline) or _is_estimated(actual), working, remarks)


def _as_stated(stages: Mapping[str, Effect], others: list[str]) -> Saving | None:
    """What was verified as it was stated, with the remark that measures of one boundary may count one saving twice."""
    if "verified" not in stages:
        return None
    verified = stages["verified"]
    return Saving(verified, _is_estimated(verified), (), (_overlap(verified, others),) if others else ())


def _figure(stage: str, amount: Decimal, effect: Effect, unit: str = "") -> Figure:
    name = Text("基准", "baseline") if stage == "baseline" else Text("实际", "actual")
    trace = {"measure": effect.measure, "item": effect.item, "stated": f"{effect.amount} {effect.unit}"}
    return Figure(stage, float(amount), unit or effect.unit, title=name, source=effect.method, trace=trace)


def _is_estimated(effect: Effect) -> bool:
    return any(word in effect.method.casefold() for word in _ESTIMATED_WORDS)


def _lowered(baseline: Effect, left: Effect, start: Decimal) -> Text:
    return Text(
        f"{baseline.measure} 的基准 {baseline.amount} {baseline.unit} 高于先行措施 {left.measure} 之后的实际值，"
        f"按 {start} {baseline.unit} 计，同一减量不计两次。",
        f"the baseline {baseline.amount} {baseline.unit} of {baseline.measure} is above what {left.measure} left, so "
        f"{start} {baseline.unit} counts: no saving is counted twice.",
    )


def _overlap(verified: Effect, others: list[str]) -> Text:
    named = "、".join(others)
    return Text(
        f"{verified.measure} 与 {named} 在同一边界减少同一项目，可能重复；请在 effects.csv 填 baseline 和 actual。",
        f"{verified.measure} and {', '.join(others)} save the same item in one boundary and may count one saving "
        "twice; state baseline and actual in effects.csv.",
    )
