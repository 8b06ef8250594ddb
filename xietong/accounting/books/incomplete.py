"""Incomplete sums 数据不全: the sentence that names which units of a group are absent, and what share came."""

from collections.abc import Sequence
from decimal import Decimal

from xietong.accounting.amounts import Amount
from xietong.accounting.sources.precedence import share_of
from xietong.accounting.sources.statement_figures import name_stated
from xietong.park.nouns import Subject
from xietong.periods import Period
from xietong.texts import Text

Named = tuple[Subject, Amount]


def said_incomplete(
    group: Subject, name: str, period: Period, parts: Sequence[Named], shares: tuple[Decimal, Decimal | None]
) -> Text:
    """Who of a group's units is absent, and how much of what was due came. parts: the units' amounts; shares: of what
    was due, and weighed by the amounts of a year before."""
    label, (share, weight) = name_stated(name), shares
    lacking = [(unit, part) for unit, part in parts if part.figure.status in ("missing", "partial")]
    whole = f"{len(parts) - len(lacking)}/{len(parts)}"
    zh = "、".join(f"{unit.name}（{_lack(part).zh}）" for unit, part in lacking)
    en = ", ".join(f"{unit.name_en or unit.name} ({_lack(part).en})" for unit, part in lacking)
    by_weight_zh = "" if weight is None else f"，按上年量 {weight:.1%}"
    by_weight_en = "" if weight is None else f", {weight:.1%} by last year's amounts"
    return Text(
        f"{group.name} {period.label} 的{label.zh}数据不全：{whole} 家报全，按应报数收到 {share:.1%}{by_weight_zh}；"
        f"不全的有 {zh}。",
        f"{label.en} of {group.name_en or group.name} in {period.label} is incomplete: {whole} came whole, {share:.1%} "
        f"of what was due came{by_weight_en}; incomplete: {en}.",
    )


def _lack(part: Amount) -> Text:
    if part.figure.status == "missing":
        if any("entry" in each.trace for each in part.figure.inputs):
            return Text("填报值不能采用", "what came cannot be used")
        return Text("未收到", "nothing came")
    return Text(f"收到 {share_of(part):.1%}", f"{share_of(part):.1%} came")
