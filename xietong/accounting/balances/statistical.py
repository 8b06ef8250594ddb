"""The way to the statistical 综合能源消费量: from the platform's figure to the statistical one, a line for each step.

Statistics count no working media, electricity and heat at their calorific value (当量值; 等价值 stands beside it),
energy used as raw material with the rest, and only enterprises above the statistical size (规上) where subjects are
marked so (reporting_class of subjects.csv).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from xietong.accounting.amounts import reasons
from xietong.accounting.boundary import GROUPS
from xietong.accounting.figures.account import Account, account
from xietong.calc.figures import Figure, worst
from xietong.lake.store import Lake
from xietong.park.nouns import Registry, Subject
from xietong.periods import Period
from xietong.texts import Text

KEY, WITH_FEEDSTOCK = "comprehensive_energy_consumption", "energy_with_feedstock"
CLAUSE = "6.3.2a"
ABOVE_SIZE = ("规上", "规模以上", "above_scale", "above_size", "designated")
_NO_MEDIA = {"working_media": "left_out"}
_EQUIVALENT = {**_NO_MEDIA, "electricity_basis": "equivalent"}
_EQUAL_VALUE = {**_NO_MEDIA, "electricity_basis": "equal_value"}


class Steps(NamedTuple):
    """The platform's figure, the steps in order (each a signed amount, 0 where it changes nothing), the statistical
    figure, and what stands beside it: the same by 等价值, and without energy used as raw material."""

    subject: Subject
    period: Period
    platform: Figure
    steps: tuple[Figure, ...]
    statistical: Figure
    beside: tuple[Figure, ...]


def statistical(registry: Registry, lake: Lake | None, subject: str, period: Period) -> Steps:
    """The steps of a subject and period, in tce; raises UnknownNameError."""
    own = account(registry, lake, subject, period)
    platform = own.figure(KEY)
    if platform.value is None:
        return Steps(
            own.subject,
            period,
            platform=platform,
            steps=(),
            statistical=replace(platform, title=_STATISTICAL, key="statistical"),
            beside=(),
        )
    media = _under(own, _NO_MEDIA, KEY)
    basis = _under(own, _EQUIVALENT, KEY)
    feedstock = _under(own, _EQUIVALENT, WITH_FEEDSTOCK)
    steps = [
        _step("without_media", _MEDIA, media, platform),
        _step("basis", _BASIS, basis, media),
        _step("feedstock", _FEEDSTOCK, feedstock, basis),
        _below_size(own, _EQUIVALENT),
    ]
    end = _end("statistical", _STATISTICAL, platform, steps)
    return Steps(
        own.subject,
        period,
        platform=platform,
        steps=tuple(steps),
        statistical=end,
        beside=tuple(_beside(own, end, steps)),
    )


def _under(own: Account, choices: Mapping[str, str], key: str) -> Figure:
    return own.under(choices).figure(key)


def _step(key: str, title: Text, after: Figure, before: Figure) -> Figure:
    """What a change of basis makes of a figure: the figure after it less the one before."""
    if after.value is None or before.value is None:
        return Figure(key, None, "tce", "missing", clause=CLAUSE, title=title, missing=after.missing, inputs=(after,))
    status = worst([after.status, before.status])
    line = Figure(
        key,
        after.value - before.value,
        unit="tce",
        status=status,
        kind="indicator",
        clause=CLAUSE,
        title=title,
        missing=after.missing,
    )
    return replace(line, formula="after - before", inputs=(after, before))


def _below_size(own: Account, choices: Mapping[str, str]) -> Figure:
    """Less the units that are not marked 规上; where nobody is marked the step is left out and says so."""
    units = [own.subject] if own.subject.kind not in GROUPS else list(own.books.boundary.units(own.subject.code))
    if not any(_is_above(unit) for unit in units):
        return Figure("below_size", None, "tce", "not_applicable", clause=CLAUSE, title=_SIZE, missing=(_UNMARKED,))
    found = [
        replace(own.of(unit.code).under(choices).figure(WITH_FEEDSTOCK), title=_named(unit))
        for unit in units
        if not _is_above(unit)
    ]
    parts = [figure for figure in found if figure.status != "not_applicable"]
    value = -sum(figure.value for figure in parts if figure.value is not None)
    status = worst("partial" if figure.status == "missing" else figure.status for figure in parts)
    line = Figure(
        "below_size",
        value,
        unit="tce",
        status=status,
        kind="indicator",
        clause=CLAUSE,
        title=_SIZE,
        missing=reasons(parts),
    )
    return replace(line, formula="- sum of units not marked", inputs=tuple(parts))


def _is_above(unit: Subject) -> bool:
    return any(word in unit.reporting_class for word in ABOVE_SIZE)


def _named(unit: Subject) -> Text:
    return Text(unit.name, unit.name_en or unit.name)


def _end(key: str, title: Text, platform: Figure, steps: Sequence[Figure]) -> Figure:
    every = [platform, *(step for step in steps if step.status != "not_applicable")]
    absent = [figure for figure in every if figure.value is None]
    inputs, formula = tuple(every), " + ".join(figure.key for figure in every)
    if absent:
        reason = reasons(absent)
        return Figure(
            key,
            None,
            unit="tce",
            status="missing",
            kind="indicator",
            clause=CLAUSE,
            title=title,
            missing=reason,
            formula=formula,
            inputs=inputs,
        )
    value = sum(figure.value for figure in every if figure.value is not None)
    status = worst(figure.status for figure in every)
    return Figure(
        key,
        value,
        unit="tce",
        status=status,
        kind="indicator",
        clause=CLAUSE,
        title=title,
        missing=reasons(every),
        formula=formula,
        inputs=inputs,
    )


def _beside(own: Account, end: Figure, steps: Iterable[Figure]) -> list[Figure]:
    """The same units by 等价值, and without energy used as raw material, as the dual control of energy counts."""
    equal, below = _under(own, _EQUAL_VALUE, WITH_FEEDSTOCK), _below_size(own, _EQUAL_VALUE)
    found = [_end("statistical_equal_value", _EQUAL, equal, [below])]
    feedstock = next(step for step in steps if step.key == "feedstock")
    if end.value is not None and feedstock.value is not None:
        line = replace(end, key="dual_control", value=end.value - feedstock.value, title=_DUAL)
        found.append(replace(line, formula="statistical - feedstock", inputs=(end, feedstock)))
    return found


_MEDIA = Text("减：耗能工质（统计不计）", "less working media, which statistics do not count")
_BASIS = Text("电力、热力改按当量值", "electricity and heat at their calorific value")
_FEEDSTOCK = Text("加：原料用能（统计计入）", "plus energy used as raw material, which statistics count")
_SIZE = Text("减：规模以下单位", "less units below the statistical size")
_STATISTICAL = Text("统计口径综合能源消费量（当量值）", "statistical energy consumption, at calorific value")
_EQUAL = Text("统计口径综合能源消费量（等价值）", "statistical energy consumption, by the coal its supply took")
_DUAL = Text("扣除原料用能（能耗双控口径）", "without raw material, as the dual control of energy counts")
_UNMARKED = Text(
    "没有主体标注规上（subjects.csv 的 reporting_class），未扣规模以下单位；请标注。",
    "no subject is marked as above the statistical size (reporting_class of subjects.csv), so none was taken off; "
    "mark them.",
)
