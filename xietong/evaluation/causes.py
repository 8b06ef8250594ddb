"""Why a figure is short of its target, in one sentence: the largest part of an intensity or total, the largest users of
energy that is not clean or not renewable for a share, the measures that saved less than expected for the reduction.

Where nothing of the kind can be said, nothing is: a share that should rise has no largest part that worsens it.
"""

from typing import NamedTuple

from xietong.accounting.boundary import GROUPS
from xietong.accounting.figures.account import Account
from xietong.accounting.inputs.reductions import Shortfall, shortfalls
from xietong.calc.rounding import told_apart, written
from xietong.evaluation.contributors import Contributor
from xietong.texts import Text

MOST_NAMED = 3
_SHARES = {
    "renewable_energy_share": Text("非可再生能源", "energy that is not renewable"),
    "clean_energy_share": Text("非清洁能源", "energy that is not clean"),
}
_TOTAL = "comprehensive_energy_consumption"
REDUCTION = "carbon_emission_reduction"


class Consumer(NamedTuple):
    """A unit and the tce it used that do not count for a share."""

    name: Text
    tce: float


def cause_of(own: Account, key: str, largest: Contributor | None) -> Text | None:
    """The sentence for a key that missed its target; largest: the largest contributor, where the figure should fall."""
    if key in _SHARES:
        return _of_share(consumers(own, key), _SHARES[key])
    if key == REDUCTION:
        return _of_reduction(shortfalls(own.books, own.subject, own.period))
    return None if largest is None else _of_part(own, largest)


def consumers(own: Account, share: str) -> tuple[Consumer, ...]:
    """The units below a group by the energy that does not count for a share, the largest first; only what was used."""
    if own.subject.kind not in GROUPS:
        return ()
    found = []
    for unit in own.books.boundary.units(own.subject.code):
        account = own.of(unit.code)
        used, counted = account.figure(_TOTAL).value, account.figure(share).value
        if used is not None and counted is not None:
            found.append(Consumer(Text(unit.name, unit.name_en or unit.name), used * (1 - counted / 100)))
    return tuple(sorted((each for each in found if each.tce > 0), key=lambda each: -each.tce))


def _of_share(users: tuple[Consumer, ...], kind: Text) -> Text | None:
    if not users:
        return None
    whole = sum(each.tce for each in users)
    named = users[:MOST_NAMED]
    zh = "、".join(f"{each.name.zh}（{written(each.tce)} tce，占 {each.tce / whole:.1%}）" for each in named)
    en = ", ".join(f"{each.name.en} ({written(each.tce)} tce, {each.tce / whole:.1%})" for each in named)
    return Text(f"消费{kind.zh}最多的是{zh}", f"The largest users of {kind.en} are {en}")


def _of_reduction(short: tuple[Shortfall, ...]) -> Text:
    if not short:
        return Text(
            "已投运的措施都达到预期效果，缺口要靠新增措施",
            "Every measure in operation saved what was expected, so that the rest takes new measures",
        )
    named = short[:MOST_NAMED]
    zh = "、".join(f"{each.measure.name}（{each.measure.code}，{_told(each).zh}）" for each in named)
    en = ", ".join(f"{each.measure.name} ({each.measure.code}, {_told(each).en})" for each in named)
    return Text(f"减排未达预期的措施是{zh}", f"Measures that saved less than expected: {en}")


def _told(short: Shortfall) -> Text:
    if short.verified is None:
        return Text(
            f"预期 {written(short.expected)} tCO2e，未经核实", f"{written(short.expected)} tCO2e expected, unverified"
        )
    expected, verified = told_apart(short.expected, short.verified)
    return Text(f"预期 {expected} tCO2e，核实 {verified} tCO2e", f"{expected} tCO2e expected, {verified} verified")


def _of_part(own: Account, part: Contributor) -> Text:
    whose = own.books.registry.subjects.get(part.subject)
    name = Text(whose.name, whose.name_en or whose.name) if whose else part.name
    return Text(
        f"最大的部分是{part.item.zh or '其中'}，{name.zh}占其 {part.share:.1%}",
        f"The largest part is {part.item.en or 'it'}, {part.share:.1%} of it from {name.en}",
    )
