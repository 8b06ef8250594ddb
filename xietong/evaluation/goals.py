"""Which targets of a year can be held against figures, and a sentence for each that cannot: one bad row of targets.csv
never keeps the rest from being graded."""

import math
from collections.abc import Iterable
from typing import NamedTuple

from xietong.accounting.figures.account import UnknownNameError
from xietong.calc.engine.names import name_of
from xietong.calc.judgement.indicator_kinds import nothing_of
from xietong.park.nouns import Registry, Target
from xietong.texts import Text


class Goals(NamedTuple):
    """The targets that can be judged, in the registry's order, and what is to be said of the others."""

    targets: tuple[Target, ...]
    remarks: tuple[Text, ...]


def goals_of(registry: Registry, subject: str, year: int) -> Goals:
    """The targets of one subject and year."""
    stated = [each for each in registry.targets if each.subject == subject and each.year == year]
    remarks = [said for each in stated if (said := _fault(each)) is not None]
    last = {(each.indicator, each.form, each.kind): each for each in stated if _fault(each) is None}
    good = [each for each in stated if _fault(each) is None]
    chosen = [each for each in good if last[each.indicator, each.form, each.kind] is each]
    remarks += [_twice(each) for each in good if each not in chosen]
    return Goals(tuple(chosen), tuple(remarks))


def of_nobody(registry: Registry, year: int) -> tuple[Text, ...]:
    """What is to be said of the year's targets of subjects that do not exist; told with the park's evaluation."""
    strangers = [each for each in registry.targets if each.year == year and each.subject not in registry.subjects]
    return tuple(_told(each, _nobody(each.subject)) for each in strangers)


def unknown_indicator(target: Target, error: UnknownNameError) -> Text:
    """What is to be said of a target whose indicator does not exist, the nearest names with it."""
    return _told(target, error.text)


def nothing_to_judge(registry: Registry, target: Target) -> Text | None:
    """What is to be said of a target that has no figure, where its indicator has none for its kind of subject."""
    kind = registry.subjects[target.subject].kind
    why = None if target.form == "requirement" else nothing_of(target.indicator, kind)
    return None if why is None else _told(target, why)


def _nobody(code: str) -> Text:
    return Text(f"没有代码为“{code}”的主体。", f'there is no subject "{code}".')


def _fault(target: Target) -> Text | None:
    """Why a target has no number to compare with; None where it has, or is a requirement in words."""
    if target.form == "requirement":
        return None
    if target.target is None:
        return _told(target, Text("没有目标值。", "it has no target value."))
    if not _are_numbers((target.target, target.basic, target.base_value)):
        return _told(target, Text("目标值、基本值或基准值不是有限数。", "one of its values is not a finite number."))
    if target.form == "reduction_percent" and target.base_value is None:
        return _told(
            target, Text("按百分比下降的目标没有基准值 base_value。", "a percentage has no base_value to be taken of.")
        )
    return None


def _are_numbers(values: Iterable[float | None]) -> bool:
    return all(value is None or math.isfinite(value) for value in values)


def _twice(target: Target) -> Text:
    return _told(target, Text("同一指标同一年写了两次，按后一行评定。", "it is stated twice: the later row counts."))


def _told(target: Target, why: Text) -> Text:
    name = name_of(target.indicator)
    key_zh, key_en = (f"（{target.indicator}）", f" ({target.indicator})") if name.en != target.indicator else ("", "")
    return Text(
        f"{target.subject} {target.year} 年的目标“{name.zh or target.indicator}”{key_zh}没有参加评定："
        f"{why.zh}其余目标照常评定；请在 targets.csv 中改正。",
        f'the target of {target.subject} for {target.year}, "{name.en or target.indicator}"{key_en}, is '
        f"not judged: {why.en} The others are; correct it in targets.csv.",
    )
