"""Weak points (7.3.6) and advice (7.3.7) of an evaluation: plain sentences made by rule from its lines and workings."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, Protocol

from xietong.accounting.figures.account import Account, Coverage
from xietong.calc.figures import Figure
from xietong.calc.indicators.pollutants import TABLE_3
from xietong.calc.items import item
from xietong.calc.judgement.grade import Judged
from xietong.calc.rounding import share_apart, told_apart, written
from xietong.evaluation.causes import REDUCTION, cause_of
from xietong.evaluation.contributors import Contributor, largest_contributor
from xietong.park.nouns import Registry
from xietong.texts import Text

MOST_LINES, MOST_GAPS = 8, 5


class LineLike(Protocol):
    """A judged target."""

    @property
    def subject(self) -> str: ...
    @property
    def title(self) -> Text: ...
    @property
    def judged(self) -> Judged: ...
    @property
    def figure(self) -> Figure: ...


class Weakness(NamedTuple):
    """One weak point: its kind (target, basic, exceedance, data), subject and figure, its sentence, and why."""

    kind: str
    subject: str
    key: str
    sentence: Text
    contributor: Contributor | None = None
    cause: Text | None = None

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        found: dict[str, Any] = {"kind": self.kind, "subject": self.subject, "key": self.key}
        found["sentence"] = self.sentence._asdict()
        if self.contributor is not None:
            found["contributor"] = {
                "subject": self.contributor.subject,
                "item": self.contributor.item._asdict(),
                "share": self.contributor.share,
            }
        if self.cause is not None:
            found["cause"] = self.cause._asdict()
        return found


def weak_points(
    own: Account, registry: Registry, lines: tuple[Sequence[LineLike], Sequence[LineLike]], came: Coverage
) -> tuple[Weakness, ...]:
    """The subject's short indicators, worst first; outlets above a limit; subjects below; then lacking data."""
    short, below = (_short(each, own) for each in lines)
    return (*short, *_exceedances(own), *below, *_lacking(lines[0], registry), *_absent(own, came))


def _short(lines: Iterable[LineLike], own: Account) -> tuple[Weakness, ...]:
    missed = [line for line in lines if line.judged.meets_target is False]
    missed.sort(key=lambda line: (line.judged.completion is None, line.judged.completion or 0.0, line.judged.key))
    return tuple(_missed(line, own.of(line.subject)) for line in missed[:MOST_LINES])


def _missed(line: LineLike, own: Account) -> Weakness:
    judged, whose = line.judged, own.subject
    below_basic = judged.meets_basic is False
    basic = judged.basic if below_basic else None
    actual, target, least = told_apart(judged.actual, judged.target, basic)
    zh = f"{whose.name}的{line.title.zh}为 {actual} {judged.unit}，未达目标 {target}"
    en = f"{line.title.en} of {whose.name_en or whose.name} is {actual} {judged.unit}, short of its target {target}"
    if judged.completion is not None:
        reached = share_apart(judged.completion, 1.0)
        zh, en = f"{zh}（完成率 {reached}）", f"{en} ({reached} reached)"
    if basic is not None:
        zh, en = f"{zh}，也未达基本值 {least}", f"{en} and of its basic value {least}"
    kind, sentence = "basic" if below_basic else "target", Text(zh + "。", en + ".")
    part = largest_contributor(line.figure, line.subject) if judged.better == "lower" else None
    return Weakness(
        kind, line.subject, key=judged.key, sentence=sentence, contributor=part, cause=cause_of(own, judged.key, part)
    )


def _exceedances(own: Account) -> tuple[Weakness, ...]:
    found = []
    for name in TABLE_3:
        hours = own.figure(f"{name}_exceedance_hours")
        if not hours.value:
            continue
        whole = next((part for part in hours.inputs if part.value), hours)
        worst = max(whole.inputs, key=lambda part: part.value or 0.0, default=whole)
        label, at, code = item(name).name, worst.title, worst.trace.get("subject", "")
        above, there = written(hours.value), written(worst.value)
        sentence = Text(
            f"{label.zh}超标 {above} 小时，其中排放口{at.zh}（{code}）{there} 小时。",
            f"{label.en} was above its limit for {above} h, {there} h of them at {at.en} ({code}).",
        )
        found.append(Weakness("exceedance", code or own.subject.code, hours.key, sentence))
    return tuple(found)


def _lacking(lines: Iterable[LineLike], registry: Registry) -> tuple[Weakness, ...]:
    """The indicators that could not be judged for want of data."""
    silent = [line for line in lines if line.judged.meets_target is None and not line.judged.requirement]
    return tuple(
        Weakness("data", line.subject, line.judged.key, _said(line, registry)) for line in silent if line.judged.reasons
    )


def _said(line: LineLike, registry: Registry) -> Text:
    whose, reason = registry.subjects[line.subject], line.judged.reasons[0]
    return Text(
        f"{whose.name}的{line.title.zh}不能评定：{reason.zh}",
        f"{line.title.en} of {whose.name_en or whose.name} cannot be judged: {reason.en}",
    )


def _absent(own: Account, came: Coverage) -> tuple[Weakness, ...]:
    return tuple(Weakness("data", own.subject.code, "data_completeness", reason) for reason in came.absent[:MOST_GAPS])


_STEPS: tuple[tuple[tuple[str, ...], Text], ...] = (
    (
        ("compliance", "exceedance", "concentration"),
        Text(
            "核查该排放口治理设施的运行记录和药剂、电耗，确认是否需要检修或提标改造（5.5.2、5.5.3），并开具整改。",
            "check the run log, reagents and power of its treatment, decide on repair or upgrade (5.5.2, 5.5.3) "
            "and open a rectification",
        ),
    ),
    (
        (REDUCTION,),
        Text(
            "查明这些措施未达预期的原因并核实效果，不足的部分补充新措施（5.6.3、6.5.3e）。",
            "find why these measures fell short and verify them, and add measures for the rest (5.6.3, 6.5.3e)",
        ),
    ),
    (
        ("renewable", "clean"),
        Text(
            "优先在这些用户处安排绿电、分布式光伏或清洁燃料替代，并列入项目清单（5.4.2、6.3.4）。",
            "plan green power, solar or fuel switching with these users first and list the projects (5.4.2, 6.3.4)",
        ),
    ),
    (
        ("carbon",),
        Text(
            "核对其主要排放环节，先看燃料替代与外购电力的绿电比例，再列减排措施并核实效果（5.6.2、5.6.3）。",
            "look at its main sources of emission, fuel switching and green power first, then plan measures and verify "
            "them (5.6.2, 5.6.3)",
        ),
    ),
    (
        ("energy",),
        Text(
            "对其主要用能设备做能效诊断，列入节能改造或可再生能源项目（5.4.3、5.4.5、6.3.4）。",
            "diagnose its main energy users and plan savings or renewables (5.4.3, 5.4.5, 6.3.4)",
        ),
    ),
    (
        ("waste_gas", "wastewater", "emission", "pollutant"),
        Text(
            "从源头和工艺上减量，再看末端治理效率，优先安排最大的排放口（5.5.2、6.4.4）。",
            "reduce at source and in the process before the end of pipe, the largest outlet first (5.5.2, 6.4.4)",
        ),
    ),
    (
        ("utilization", "reuse", "resource"),
        Text(
            "为未利用的部分寻找园区内的用户，列入资源循环利用项目清单（5.7.3、5.7.4）。",
            "find users inside the park for what is not used and list the project (5.7.3, 5.7.4)",
        ),
    ),
)
_OTHERWISE = Text("分析原因并列入整改（5.8.4、7.6.2）。", "find the cause and open a rectification (5.8.4, 7.6.2)")
_DATA = Text(
    "先补齐数据：联系所列主体补报或修复设备，再重新评估（6.1.4）。",
    "Complete the data first: have the subjects named report or mend their devices, then evaluate again (6.1.4).",
)


def advice_on(subject: str, weak: Sequence[Weakness]) -> tuple[Text, ...]:
    """What to do about each weak point of the subject itself, in the same order, each sentence once."""
    found: list[Text] = []
    for each in weak:
        if each.kind == "data":
            found.append(_DATA)
        elif each.kind == "exceedance" or each.subject == subject:
            found.append(_advice(each))
    return tuple(dict.fromkeys(found))


def _advice(weak: Weakness) -> Text:
    step = next((step for words, step in _STEPS if any(word in weak.key for word in words)), _OTHERWISE)
    zh, en = weak.sentence.zh.rstrip("。"), weak.sentence.en.rstrip(".")
    if weak.cause is not None:
        zh, en = f"{zh}。{weak.cause.zh}", f"{en}. {weak.cause.en}"
    return Text(f"{zh}。下一步：{step.zh}", f"{en}. Next: {step.en}.")
